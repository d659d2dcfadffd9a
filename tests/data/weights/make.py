"""Makes the files of this directory; the values come from the definition of synthetic weights itself.

Run from the repository root: /usr/bin/python3 tests/data/weights/make.py ../shared/golden
"""
import json
import struct
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import synth

HERE = 'tests/data/weights/'
SPEC = {
    'seed': 1,
    'tensors': {
        'net/norm//scale': [5],
        'net/norm//offset': [5],
        'net/linear//weights': [6, 4],
        'net/linear//bias': [4],
        'net/no_bias//weights': [6, 4],
        'net/transition2//weights': [3, 7],
        'net/rigid//weights': [7, 2, 3],
        'net/rigid//bias': [2, 3],
        'net/attention//query_w': [8, 2, 4],
        'net/attention//output_w': [2, 4, 8],
        'net/attention//output_b': [8],
        'net/attention//gating_w': [8, 2, 4],
        'net/attention//gating_b': [2, 4],
        'net/evoformer_iteration/attention//key_w': [3, 8, 2, 4],
        'net/evoformer_iteration/transition1//weights': [3, 8, 16],
        'net/evoformer_iteration/transition1//bias': [3, 16],
        'net/evoformer_iteration_2//weights': [3, 8, 16],
        'extra_msa_stack_x//feat_2d_weights': [2, 9, 3],
        'net/stack__layer_stack_no_state/output_projection//weights': [2, 9, 3],
        'net/not_evoformer_iteration//weights': [3, 8, 16],
        'net/point//trainable_point_weights': [12],
        'net/scalar//bias': [],
        'plain/slash/value_w': [5, 3],
        'net/long//weights': [1000, 4],
    },
}


def write_expected(shapes, values):
  """Lines `name TAB index TAB float32 bits`: the first five values of each tensor and its last."""
  with open(HERE + 'synth_expected.tsv', 'w') as f:
    for name in shapes:
      flat = values[name].reshape(-1)
      for i in sorted(set(range(min(5, flat.size))) | {flat.size - 1}):
        f.write(f'{name}\t{i}\t{flat[i:i+1].view(np.uint32)[0]:08x}\n')


def write_safetensors(path):
  """One tensor of each dtype, all with the values -2, -1.5, ... 0.5."""
  x = (np.arange(6, dtype=np.float32) * 0.5 - 2).reshape(2, 3)
  bf16 = (x.view(np.uint32) >> 16).astype('<u2')
  parts = {'a//f32': ('F32', x.tobytes()), 'a//f16': ('F16', x.astype('<f2').tobytes()),
           'a//bf16': ('BF16', bf16.tobytes()), 'a//f64': ('F64', x.astype('<f8').tobytes())}
  header, body = {'__metadata__': {'format': 'np'}}, b''
  for name, (dtype, raw) in parts.items():
    header[name] = {'dtype': dtype, 'shape': [2, 3], 'data_offsets': [len(body), len(body) + len(raw)]}
    body += raw
  text = json.dumps(header).encode()
  with open(path, 'wb') as f:
    f.write(struct.pack('<Q', len(text)) + text + body)


shapes = {k: tuple(v) for k, v in SPEC['tensors'].items()}
values = {k: synth.make(k, s, shapes, SPEC['seed']) for k, s in shapes.items()}
with open(HERE + 'synth.json', 'w') as f:
  json.dump(SPEC, f, indent=1)
write_expected(shapes, values)
some = {k: values[k] for k in ('net/norm//scale', 'net/evoformer_iteration/attention//key_w', 'net/long//weights')}
some['net/half//weights'] = values['net/linear//weights'].astype('f2')
some['net/wide//weights'] = values['net/linear//weights'].astype('f8')
np.savez(HERE + 'stored.npz', **some)
np.savez_compressed(HERE + 'deflated.npz', **some)
write_safetensors(HERE + 'dtypes.safetensors')
