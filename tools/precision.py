#!/usr/bin/env python3
"""How far --precision bf16 moves predictions from float32, and how much of that is due to rounded weights alone.

Predicts three times: in float32 (f32), in float32 with the matrices of the trunk's blocks rounded to bfloat16
beforehand (rounded), and with --precision bf16. Prints for every number of passes
  bf16      bf16 against f32
  control   rounded against f32: what anything with bf16 weights differs, however exact its arithmetic
  kernels   bf16 against rounded: what rounding activations adds
as a table of differences of pLDDT (mean; largest of a residue) and pTM, RMSD in angstrom of CA atoms (superposed; as they
stand) and of all atoms (superposed), relative L2 in % of the single and pair representations. Inputs are the full
cases of ../shared/golden (the gain of a multimer's template stack set right; --fan-in 0: as it is; doc/numerics.md,
Sensitivity), or with --a3m an alignment and made-up weights of model_3_ptm: the first columns and the first distinct
rows, insertions left out, clusters drawn anew in every pass. With --within the exit code is 1 when bf16 exceeds a bound
on the RMSD of CA atoms, mean pLDDT, pTM, single or pair.

Usage:  tools/precision.py [--case full_model_3 ...] [--passes 1 2 3 4]                          (needs numpy)
        tools/precision.py --a3m FILE --rows 512:1024 [--residues 60] [--passes 1 4] [--seed 0]
        tools/precision.py --case full_model_3 --passes 1 --no-control --within 0.8 0.3 0.01 0.75 1.3
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import pathlib
import re
import sys
import tempfile

import numpy as np

import cases

TOKENS = "ARNDCQEGHILKMFPSTWYVX-"
CASES = ["full_model_3", "full_model_1_ptm", "full_model_1_multimer_v3"]
DEMO_WEIGHTS = cases.ROOT / "examples/demo.weights.json"  # all of model_3_ptm
BLOCKS = re.compile("evoformer_iteration|extra_msa_stack|__layer_stack_no_state|template_embedding_iteration")
VECTORS = ("scale", "offset", "bias", "output_b", "gating_b", "trainable_point_weights")
CA = 1
COLUMNS = ("ΔpLDDT", "largest", "ΔpTM", "CA, Å", "not superposed", "all atoms, Å", "single, %", "pair, %")


def round_to_bf16(name, tensor):
    """Matrices of the trunk's blocks to the nearest bfloat16, ties to even; other tensors as they are."""
    if not BLOCKS.search(name) or name.split("/")[-1] in VECTORS:
        return tensor
    bits = np.ascontiguousarray(tensor).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).view(np.float32)


def read_a3m(path, n_residues):
    """Token numbers of the distinct rows with a letter in the first columns; insertions are left out."""
    rows, of = [], {letter: i for i, letter in enumerate(TOKENS)}
    for record in path.read_text().split(">")[1:]:
        letters = [c for c in "".join(record.split("\n")[1:]) if c == "-" or c.isupper()][:n_residues]
        rows.append([of.get(c, of["X"]) for c in letters])
    first = {tuple(row): i for i, row in reversed(list(enumerate(rows)))}
    return np.array([row for row, _ in sorted(first.items(), key=lambda x: x[1]) if min(row) < of["-"]])


def draw(msa, n_clusters, random):
    """Features of one pass: clusters with the profiles of the rows nearest to them, and the other rows."""
    order = np.concatenate([[0], 1 + random.permutation(len(msa) - 1)])
    clusters, extra = msa[order[:n_clusters]], msa[order[n_clusters:]]
    one_hot, extra_one_hot = (np.eye(len(TOKENS) + 1, dtype=np.float32)[x] for x in (clusters, extra))
    nearest = (extra_one_hot.reshape(len(extra), -1) @ one_hot.reshape(len(clusters), -1).T).argmax(1)
    profile = one_hot.copy()
    np.add.at(profile, nearest, extra_one_hot)
    profile /= 1 + np.bincount(nearest, minlength=len(clusters))[:, None, None]
    no_deletion = np.zeros(clusters.shape + (1,))
    return {
        "aatype": msa[0],
        "residue_index": np.arange(msa.shape[1]),
        "seq_length": msa.shape[1],
        "seq_mask": np.ones(msa.shape[1]),
        "target_feat": np.eye(22)[1 + msa[0]],
        "msa_feat": np.concatenate([one_hot, no_deletion, no_deletion, profile, no_deletion], -1),
        "msa_mask": np.ones(clusters.shape),
        "extra_msa": extra,
        "extra_msa_mask": np.ones(extra.shape),
        "extra_has_deletion": np.zeros(extra.shape),
        "extra_deletion_value": np.zeros(extra.shape),
    }


def alignment_target(options, folder):
    """(title, weights, arguments of pleat run) of an alignment; writes its features."""
    random = np.random.default_rng(options.seed)
    n_clusters, n_extra = map(int, options.rows.split(":"))
    msa = read_a3m(options.a3m, options.residues)[:n_clusters + n_extra]
    if len(msa) <= n_clusters:
        sys.exit(f"{options.a3m}: {len(msa)} distinct rows; --rows {options.rows} takes more than {n_clusters}")
    draws = [draw(msa, n_clusters, random) for _ in range(max(options.passes))]
    features = {name: np.stack([one[name] for one in draws]) for name in draws[0]}
    np.savez(folder / "in.npz", **{name: x.astype(np.float32 if x.dtype.kind == "f" else np.int32)
                                   for name, x in features.items()})
    rows, extra = draws[0]["msa_mask"].shape[0], draws[0]["extra_msa"].shape[0]
    title = f"{options.a3m.name}, model_3_ptm, {msa.shape[1]} residues, {rows}:{extra} rows, seed {options.seed}"
    return title, f"synth:{DEMO_WEIGHTS}", ["--model", "model_3_ptm", "--features", folder / "in.npz"]


def reference_target(options, name, folder):
    case = cases.find_case(options.golden, name)
    weights = f"synth:{options.golden / case['weights']}"
    if case["kind"] == "multimer" and options.fan_in:
        name += f", fan-in {options.fan_in}"
        weights = cases.change_weights(options.pleat, weights, folder / "rescaled.npz",
                                       lambda name, tensor: cases.rescaled(name, tensor, options.fan_in))
    return name, weights, ["--model", case["model"], "--features", options.golden / case["file"],
                           *cases.run_options(case)]


def superposed(x, y):
    """RMSD after the rotation and shift that bring x closest to y."""
    a, b = x - x.mean(0), y - y.mean(0)
    u, _, v = np.linalg.svd(a.T @ b)
    u[:, 2] *= np.linalg.det(u @ v)
    return cases.rmsd(a @ u @ v, b)


def compare(got, want):
    """The figures under COLUMNS; NaN where the network has none."""
    def change(name, of=np.mean):
        return of(got[name].astype(float) - want[name]) if name in want else np.nan

    def relative(name):
        return 100 * np.linalg.norm(got[name] - want[name]) / np.linalg.norm(want[name])

    present = want["structure_module/final_atom_mask"] > 0
    x, y = (arrays["structure_module/final_atom_positions"].astype(float) for arrays in (got, want))
    is_ca = present[:, CA]
    return (change("confidence/plddt"), change("confidence/plddt", lambda d: abs(d).max()), change("confidence/ptm"),
            superposed(x[is_ca, CA], y[is_ca, CA]), cases.rmsd(x[is_ca, CA], y[is_ca, CA]),
            superposed(x[present], y[present]), relative("representations/single"), relative("representations/pair"))


def print_row(passes, name, figures):
    text = (f"{x:.{digits}f}" if np.isfinite(x) else "-" for x, digits in zip(figures, (3, 3, 4, 3, 3, 3, 2, 2)))
    print(f"| {passes} | {name} |" + "".join(f" {x} |" for x in text), flush=True)


def is_within(figures, bounds):
    plddt, _, ptm, rmsd, _, _, single, pair = figures
    return not any(abs(x) > bound for x, bound in zip((rmsd, plddt, ptm, single, pair), bounds))


def measure(options, title, weights, arguments, folder):
    """Prints the table of a target; is bf16 within the bounds?"""
    def predict(source, precision):
        cases.pleat(options.pleat, "run", "--weights", source, *arguments, "--out", folder / "out.npz", "--num-recycle",
                    passes - 1, "--precision", precision)
        return dict(np.load(folder / "out.npz"))

    print(f"\n{title}\n\n| passes | compared |" + "".join(f" {name} |" for name in COLUMNS))
    print("|---:|---|" + "---:|" * len(COLUMNS), flush=True)
    if options.control:
        rounded_weights = cases.change_weights(options.pleat, weights, folder / "rounded.npz", round_to_bf16)
    is_good = True
    for passes in options.passes:
        exact, small = predict(weights, "f32"), predict(weights, "bf16")
        figures = compare(small, exact)
        print_row(passes, "bf16", figures)
        is_good &= is_within(figures, options.within)
        if options.control:
            rounded = predict(rounded_weights, "f32")
            print_row(passes, "control", compare(rounded, exact))
            print_row(passes, "kernels", compare(small, rounded))
    return is_good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pleat", default=cases.ROOT / "build/pleat")
    parser.add_argument("--golden", type=pathlib.Path, default=cases.GOLDEN)
    parser.add_argument("--case", nargs="+", default=CASES)
    parser.add_argument("--fan-in", type=int, default=64)
    parser.add_argument("--a3m", type=pathlib.Path)
    parser.add_argument("--rows", default="512:1024", help="clustered and extra rows")
    parser.add_argument("--residues", type=int, help="columns of the alignment (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the rows drawn")
    parser.add_argument("--passes", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--no-control", dest="control", action="store_false")
    parser.add_argument("--within", type=float, nargs=5, metavar=("RMSD", "PLDDT", "PTM", "SINGLE", "PAIR"),
                        default=[np.inf] * 5)
    options = parser.parse_args()
    is_good = True
    for name in [None] if options.a3m else options.case:
        with tempfile.TemporaryDirectory() as path:
            folder = pathlib.Path(path)
            target = alignment_target(options, folder) if options.a3m else reference_target(options, name, folder)
            is_good &= measure(options, *target, folder)
    return is_good


sys.exit(not main())
