#!/usr/bin/env python3
"""How far a network's positions move when template coordinates move by one unit in the last place.

Runs a multimer case of ../shared/golden as it is and with every template coordinate moved by -1, 0 or +1 ulp at random,
prints the RMSD of the final positions between all runs and to the reference. With --fan-in 64 the weights of the template
stack whose synthetic gain took the number of blocks for the fan-in are rescaled first (doc/numerics.md, Sensitivity).

Usage:  tools/sensitivity.py [--case full_model_1_multimer_v3] [--runs 6] [--fan-in 64]      (needs numpy)
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import pathlib
import tempfile

import numpy as np

import cases

POSITIONS = "structure_module/final_atom_positions"
COORDINATES = "in/template_all_atom_positions"


def moved(inputs, random):
    """The inputs with every template coordinate moved by at most one ulp."""
    coordinates = inputs[COORDINATES]
    steps = np.where(coordinates != 0, random.integers(-1, 2, coordinates.shape), 0).astype(np.int32)
    return {**inputs, COORDINATES: (coordinates.view(np.int32) + steps).view(np.float32)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--golden", type=pathlib.Path, default=cases.GOLDEN)
    parser.add_argument("--case", default="full_model_1_multimer_v3")
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--fan-in", type=int)
    options = parser.parse_args()
    case = cases.find_case(options.golden, options.case)
    program = cases.ROOT / "build/pleat"
    arrays = dict(np.load(options.golden / case["file"]))
    inputs = {name: array for name, array in arrays.items() if name.startswith("in/")}
    present = arrays["out/structure_module/final_atom_mask"] > 0
    spec = options.golden / case["weights"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        weights = f"synth:{spec}"
        if options.fan_in:
            weights = cases.change_weights(program, weights, folder / "weights.npz",
                                           lambda name, tensor: cases.rescaled(name, tensor, options.fan_in))

        def predict(features):
            np.savez(folder / "in.npz", **features)
            cases.pleat(program, "run", "--weights", weights, "--model", case["model"], "--features", folder / "in.npz",
                        "--out", folder / "out.npz", "--num-recycle", case["num_recycle"], *cases.run_options(case))
            return np.load(folder / "out.npz")[POSITIONS]

        results = {} if options.fan_in else {"reference": arrays["out/" + POSITIONS]}
        results["as given"] = predict(inputs)
        random = np.random.default_rng(1)
        for run in range(options.runs):
            positions = predict(moved(inputs, random))
            distances = {other: cases.rmsd(positions[present], there[present])
                         for other, there in results.items()}
            print(f"moved {run}:", ", ".join(f"{other} {rmsd:.3f} A" for other, rmsd in distances.items()), flush=True)
            results[f"moved {run}"] = positions


main()
