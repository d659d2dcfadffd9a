"""What tools/sensitivity.py and tools/precision.py share: reference cases, their weights, runs of pleat, distances.

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import re
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT.parent / "shared/golden"
MULTIMER_OPTIONS = ("num_msa", "num_extra_msa", "msa_order", "msa_mask_fraction", "early_stop_tolerance")
WRONG_FAN_IN = re.compile(r"/template_embedding_iteration/.*(query_w|key_w|value_w|feat_2d_weights)$")


def find_case(golden, name):
    """The manifest's entry of a reference case."""
    cases = json.loads((golden / "manifest.json").read_text())["cases"]
    return next(case for case in cases if case["file"] == name + ".npz")


def run_options(case):
    """What draws a case's alignment, as arguments of pleat run."""
    return [word for key in MULTIMER_OPTIONS if key in case for word in ("--" + key.replace("_", "-"), case[key])]


def pleat(program, *arguments):
    subprocess.run([program, *map(str, arguments), "--log-level", "quiet"], check=True)


def change_weights(program, source, path, change):
    """Writes an .npz of weights where change(name, tensor) has replaced every tensor."""
    pleat(program, "weights", "convert", source, "--out", path)
    tensors = dict(np.load(path))
    np.savez(path, **{name: change(name, tensor) for name, tensor in tensors.items()})
    return path


def rescaled(name, tensor, fan_in=64):
    """A tensor with the synthetic gain set right where it took the number of blocks for the fan-in."""
    return (tensor * np.sqrt(tensor.shape[0] / fan_in)).astype(np.float32) if WRONG_FAN_IN.search(name) else tensor


def rmsd(x, y):
    return np.sqrt(((x - y)**2).sum(-1).mean())
