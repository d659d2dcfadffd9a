#!/bin/sh
# Weights made up under a network's own names and shapes: the same as from a spec that lists them.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

printf '>a\nMKVLAAGGYW\n' >"$work/a.fasta"
for weights in synth: synth:examples/demo.weights.json; do
  expect 0 'SYNTHETIC WEIGHTS' fold "$work/a.fasta" -o "$work/out" --weights "$weights" --model model_3_ptm \
    --num-recycle 0
  cat "$work"/out/*.pdb >"$work/$(printf '%s' "$weights" | tr -c 'a-z\n' _).pdb"
  rm -r "$work/out"
done
check 'other atoms than with the spec' cmp "$work/synth_.pdb" "$work/synth_examples_demo_weights_json.pdb"
check 'no atoms' grep -q '^ATOM' "$work/synth_.pdb"
expect 4 'name a spec, synth:SPEC.json' weights verify synth: --model model_3_ptm
report
