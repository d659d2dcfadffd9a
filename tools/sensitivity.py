#!/usr/bin/env python3
"""How far a network's positions move when template coordinates move by one unit in the last place.

Runs a multimer case of ../shared/golden as it is and with every template coordinate moved by -1, 0 or +1 ulp at random,
prints the RMSD of the final positions between all runs and to the reference. With --fan-in 64 the weights of the template
stack whose synthetic gain took the number of blocks for the fan-in are rescaled first (doc/numerics.md, Sensitivity).

Usage:  tools/sensitivity.py [--case full_model_1_multimer_v3] [--runs 6] [--fan-in 64]      (needs numpy)
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import pathlib
import re
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
POSITIONS = "structure_module/final_atom_positions"
COORDINATES = "in/template_all_atom_positions"
WRONG_FAN_IN = re.compile(r"/template_embedding_iteration/.*(query_w|key_w|value_w|feat_2d_weights)$")


def pleat(*arguments):
    subprocess.run([ROOT / "build/pleat", *map(str, arguments), "--log-level", "quiet"], check=True)


def rescaled(spec, folder, fan_in):
    """The case's weights as a file, with the gain of the matrices concerned set right."""
    path = folder / "weights.npz"
    pleat("weights", "convert", f"synth:{spec}", "--out", path)
    tensors = dict(np.load(path))
    for name, tensor in tensors.items():
        if WRONG_FAN_IN.search(name):
            tensors[name] = (tensor * np.sqrt(tensor.shape[0] / fan_in)).astype(np.float32)
    np.savez(path, **tensors)
    return path


def moved(inputs, random):
    """The inputs with every template coordinate moved by at most one ulp."""
    coordinates = inputs[COORDINATES]
    steps = np.where(coordinates != 0, random.integers(-1, 2, coordinates.shape), 0).astype(np.int32)
    return {**inputs, COORDINATES: (coordinates.view(np.int32) + steps).view(np.float32)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--golden", type=pathlib.Path, default=ROOT.parent / "shared/golden")
    parser.add_argument("--case", default="full_model_1_multimer_v3")
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--fan-in", type=int)
    options = parser.parse_args()
    cases = json.loads((options.golden / "manifest.json").read_text())["cases"]
    case = next(c for c in cases if c["file"] == options.case + ".npz")
    arrays = dict(np.load(options.golden / case["file"]))
    inputs = {name: array for name, array in arrays.items() if name.startswith("in/")}
    present = arrays["out/structure_module/final_atom_mask"] > 0
    spec = options.golden / case["weights"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        weights = rescaled(spec, folder, options.fan_in) if options.fan_in else f"synth:{spec}"

        def predict(features):
            np.savez(folder / "in.npz", **features)
            pleat("run", "--weights", weights, "--model", case["model"], "--features", folder / "in.npz", "--out",
                  folder / "out.npz", "--num-recycle", case["num_recycle"], "--num-msa", case["num_msa"],
                  "--num-extra-msa", case["num_extra_msa"], "--msa-order", case["msa_order"], "--msa-mask-fraction",
                  case["msa_mask_fraction"], "--early-stop-tolerance", case["early_stop_tolerance"])
            return np.load(folder / "out.npz")[POSITIONS]

        results = {} if options.fan_in else {"reference": arrays["out/" + POSITIONS]}
        results["as given"] = predict(inputs)
        random = np.random.default_rng(1)
        for run in range(options.runs):
            positions = predict(moved(inputs, random))
            distances = {other: np.sqrt(((positions - there)**2).sum(-1)[present].mean())
                         for other, there in results.items()}
            print(f"moved {run}:", ", ".join(f"{other} {rmsd:.3f} A" for other, rmsd in distances.items()), flush=True)
            results[f"moved {run}"] = positions


main()
