#!/usr/bin/env python3
"""Writes src/bio/residue_tables.c from the literature geometry of the 20 amino acids.

Source: AF2 supplement tables 1 and 2, Alg. 24; the numbers are those of alphafold/common/residue_constants.py.
Usage:  tools/gen_residue_tables.py > src/bio/residue_tables.c        (needs numpy; never needed to build)
SPDX-License-Identifier: Apache-2.0
"""
import sys

import numpy as np

ATOM37 = ("N CA C CB O CG CG1 CG2 OG OG1 SG CD CD1 CD2 ND1 ND2 OD1 OD2 SD CE CE1 CE2 CE3 NE NE1 NE2 OE1 OE2 CH2 "
          "NH1 NH2 OH CZ CZ2 CZ3 NZ OXT").split()
LETTERS = "ARNDCQEGHILKMFPSTWYV"
HHBLITS = "ACDEFGHIKLMNPQRSTVWYX-"

# Per residue: name; atoms in atom14 order as "name group x y z" (angstrom, in the frame of the rigid group: 0 backbone,
# 3 psi, 4..7 chi1..chi4); the path of the chi angles, chi k turning about the bond path[k] - path[k + 1].
RESIDUES = {
    "A": ("ALA", "N 0 -.525 1.363 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .627 1.062 0|CB 0 -.529 -.774 -1.205", ""),
    "R": ("ARG", "N 0 -.524 1.362 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .626 1.062 0|CB 0 -.524 -.778 -1.209|"
          "CG 4 .616 1.390 0|CD 5 .564 1.414 0|NE 6 .539 1.357 0|CZ 7 .758 1.093 0|NH1 7 .206 2.301 0|"
          "NH2 7 2.078 .978 0", "N CA CB CG CD NE CZ"),
    "N": ("ASN", "N 0 -.536 1.357 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .625 1.062 0|CB 0 -.531 -.787 -1.200|"
          "CG 4 .584 1.399 0|OD1 5 .633 1.059 0|ND2 5 .593 -1.188 .001", "N CA CB CG OD1"),
    "D": ("ASP", "N 0 -.525 1.362 0|CA 0 0 0 0|C 0 1.527 0 0|O 3 .626 1.062 0|CB 0 -.526 -.778 -1.208|"
          "CG 4 .593 1.398 0|OD1 5 .610 1.091 0|OD2 5 .592 -1.101 -.003", "N CA CB CG OD1"),
    "C": ("CYS", "N 0 -.522 1.362 0|CA 0 0 0 0|C 0 1.524 0 0|O 3 .625 1.062 0|CB 0 -.519 -.773 -1.212|"
          "SG 4 .728 1.653 0", "N CA CB SG"),
    "Q": ("GLN", "N 0 -.526 1.361 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .626 1.062 0|CB 0 -.525 -.779 -1.207|"
          "CG 4 .615 1.393 0|CD 5 .587 1.399 0|OE1 6 .634 1.060 0|NE2 6 .593 -1.189 -.001", "N CA CB CG CD OE1"),
    "E": ("GLU", "N 0 -.528 1.361 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .626 1.062 0|CB 0 -.526 -.781 -1.207|"
          "CG 4 .615 1.392 0|CD 5 .600 1.397 0|OE1 6 .607 1.095 0|OE2 6 .589 -1.104 -.001", "N CA CB CG CD OE1"),
    "G": ("GLY", "N 0 -.572 1.337 0|CA 0 0 0 0|C 0 1.517 0 0|O 3 .626 1.062 0", ""),
    "H": ("HIS", "N 0 -.527 1.360 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .625 1.063 0|CB 0 -.525 -.778 -1.208|"
          "CG 4 .600 1.370 0|ND1 5 .744 1.160 0|CD2 5 .889 -1.021 .003|CE1 5 2.030 .851 .002|NE2 5 2.145 -.466 .004",
          "N CA CB CG ND1"),
    "I": ("ILE", "N 0 -.493 1.373 0|CA 0 0 0 0|C 0 1.527 0 0|O 3 .627 1.062 0|CB 0 -.536 -.793 -1.213|"
          "CG1 4 .534 1.437 0|CG2 4 .540 -.785 -1.199|CD1 5 .619 1.391 0", "N CA CB CG1 CD1"),
    "L": ("LEU", "N 0 -.520 1.363 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .625 1.063 0|CB 0 -.522 -.773 -1.214|"
          "CG 4 .678 1.371 0|CD1 5 .530 1.430 0|CD2 5 .535 -.774 1.200", "N CA CB CG CD1"),
    "K": ("LYS", "N 0 -.526 1.362 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .626 1.062 0|CB 0 -.524 -.778 -1.208|"
          "CG 4 .619 1.390 0|CD 5 .559 1.417 0|CE 6 .560 1.416 0|NZ 7 .554 1.387 0", "N CA CB CG CD CE NZ"),
    "M": ("MET", "N 0 -.521 1.364 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .625 1.062 0|CB 0 -.523 -.776 -1.210|"
          "CG 4 .613 1.391 0|SD 5 .703 1.695 0|CE 6 .320 1.786 0", "N CA CB CG SD CE"),
    "F": ("PHE", "N 0 -.518 1.363 0|CA 0 0 0 0|C 0 1.524 0 0|O 3 .626 1.062 0|CB 0 -.525 -.776 -1.212|"
          "CG 4 .607 1.377 0|CD1 5 .709 1.195 0|CD2 5 .706 -1.196 0|CE1 5 2.102 1.198 0|CE2 5 2.098 -1.201 0|"
          "CZ 5 2.794 -.003 -.001", "N CA CB CG CD1"),
    # CD of proline stands two degrees wider than in the literature, as published, so that the ring can close.
    "P": ("PRO", "N 0 -.566 1.351 0|CA 0 0 0 0|C 0 1.527 0 0|O 3 .621 1.066 0|CB 0 -.546 -.611 -1.293|"
          "CG 4 .382 1.445 0|CD 5 .477 1.424 0", "N CA CB CG CD"),
    "S": ("SER", "N 0 -.529 1.360 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .626 1.062 0|CB 0 -.518 -.777 -1.211|"
          "OG 4 .503 1.325 0", "N CA CB OG"),
    "T": ("THR", "N 0 -.517 1.364 0|CA 0 0 0 0|C 0 1.526 0 0|O 3 .626 1.062 0|CB 0 -.516 -.793 -1.215|"
          "OG1 4 .472 1.353 0|CG2 4 .550 -.718 -1.228", "N CA CB OG1"),
    "W": ("TRP", "N 0 -.521 1.363 0|CA 0 0 0 0|C 0 1.525 0 0|O 3 .627 1.062 0|CB 0 -.523 -.776 -1.212|"
          "CG 4 .609 1.370 0|CD1 5 .824 1.091 0|CD2 5 .854 -1.148 -.005|NE1 5 2.140 .690 -.004|"
          "CE2 5 2.186 -.678 -.007|CE3 5 .622 -2.530 -.007|CZ2 5 3.283 -1.543 -.011|CZ3 5 1.715 -3.389 -.011|"
          "CH2 5 3.028 -2.890 -.013", "N CA CB CG CD1"),
    "Y": ("TYR", "N 0 -.522 1.362 0|CA 0 0 0 0|C 0 1.524 0 0|O 3 .627 1.062 0|CB 0 -.522 -.776 -1.213|"
          "CG 4 .607 1.382 0|CD1 5 .716 1.195 0|CD2 5 .713 -1.194 -.001|CE1 5 2.107 1.200 -.002|"
          "CE2 5 2.104 -1.201 -.003|CZ 5 2.791 -.001 -.003|OH 5 4.168 -.002 -.005", "N CA CB CG CD1"),
    "V": ("VAL", "N 0 -.494 1.373 0|CA 0 0 0 0|C 0 1.527 0 0|O 3 .627 1.062 0|CB 0 -.533 -.795 -1.213|"
          "CG1 4 .540 1.429 0|CG2 4 .533 -.776 1.203", "N CA CB CG1"),
}
# The chi angle (from 0) whose half turn maps the residue onto itself.
PI_PERIODIC = {"D": 1, "E": 2, "F": 1, "Y": 1}


def frame(ex, ey, origin):
    """The frame at `origin` with x along ex and y in the plane of ex and ey, as 4x4."""
    ex = ex / np.linalg.norm(ex)
    ey = ey - np.dot(ey, ex) * ex
    ey = ey / np.linalg.norm(ey)
    out = np.eye(4)
    out[:3] = np.stack([ex, ey, np.cross(ex, ey), origin], axis=1)
    return out


def group_frames(position, path):
    """Default frames of the 8 rigid groups in their parents' frames; groups a residue lacks stay zero."""
    frames = np.zeros((8, 4, 4))
    frames[0] = frames[1] = np.eye(4)
    x_axis = np.array([1.0, 0.0, 0.0])
    frames[2] = frame(position["N"] - position["CA"], x_axis, position["N"])
    frames[3] = frame(position["C"] - position["CA"], position["CA"] - position["N"], position["C"])
    for k in range(len(path) - 3):
        end = position[path[k + 2]]
        if k == 0:
            frames[4] = frame(end - position[path[1]], position[path[0]] - position[path[1]], end)
        else:  # the axis of chi k + 1 starts at the origin of the frame of chi k
            frames[4 + k] = frame(end, -x_axis, end)
    return frames


def build():
    t = {
        "letters": LETTERS + "X-",
        "hhblits": np.array([(LETTERS + "X-").index(c) for c in HHBLITS]),
        "names": [RESIDUES[c][0] for c in LETTERS] + ["UNK"],
        "atom14_names": [[""] * 14 for _ in range(21)],
        "to37": np.zeros((21, 14), int), "to14": np.zeros((21, 37), int),
        "exists14": np.zeros((21, 14), int), "exists37": np.zeros((21, 37), int),
        "chi": np.zeros((21, 4), int), "chi_atoms": np.zeros((21, 4, 4), int), "periodic": np.zeros((21, 4), int),
        "frames": np.zeros((21, 8, 4, 4)), "group": np.zeros((21, 14), int), "position": np.zeros((21, 14, 3)),
    }
    for r, letter in enumerate(LETTERS):
        _, atoms, path = RESIDUES[letter]
        path = path.split()
        position = {}
        for i, atom in enumerate(atoms.split("|")):
            name, group, *xyz = atom.split()
            a = ATOM37.index(name)
            position[name] = np.array(xyz, float)
            t["atom14_names"][r][i] = name
            t["to37"][r, i], t["to14"][r, a] = a, i
            t["exists14"][r, i] = t["exists37"][r, a] = 1
            t["group"][r, i], t["position"][r, i] = int(group), position[name]
        for k in range(len(path) - 3):
            t["chi"][r, k] = 1
            t["chi_atoms"][r, k] = [ATOM37.index(a) for a in path[k:k + 4]]
        if letter in PI_PERIODIC:
            t["periodic"][r, PI_PERIODIC[letter]] = 1
        t["frames"][r] = group_frames(position, path)
    return t


def number(x, is_float):
    if not is_float:
        return str(int(x))
    x = np.float32(x) + np.float32(0)  # no negative zero
    text = np.format_float_positional(x, unique=True, trim="0")
    return text + "f"


def braces(a, is_float):
    if a.ndim == 1:
        return "{" + ", ".join(number(x, is_float) for x in a) + "}"
    return "{" + ", ".join(braces(x, is_float) for x in a) + "}"


def table(decl, a, depth=1):
    """One row per index of the first axis; three-axis and larger tables are broken once more."""
    is_float = a.dtype.kind == "f"
    print(f"const {decl} = {{")
    for r, row in enumerate(a):
        if depth == 1:
            wrapped("  ", braces(row, is_float) + ",", NAMES[r])
        else:
            print(f"  {{ /* {NAMES[r]} */")
            for sub in row:
                wrapped("    ", braces(sub, is_float) + ",", None)
            print("  },")
    print("};\n")


def wrapped(indent, text, name):
    """Prints text broken at blanks so that no line passes 116 columns."""
    line = indent + (f"/* {name} */ " if name else "")
    empty = True
    for word in text.split(" "):
        if not empty and len(line) + 1 + len(word) > 116:
            print(line)
            line, empty = indent + (" " if name else ""), True
        line += word if empty else " " + word
        empty = False
    print(line)


def strings(items):
    return "{" + ", ".join(f'"{s}"' for s in items) + "}"


NAMES = [RESIDUES[c][0] for c in LETTERS] + ["UNK"]


def main():
    t = build()
    print("/* Residue and atom tables. Generated by tools/gen_residue_tables.py: edit that, not this.\n"
          " * Source: AF2 supplement tables 1 and 2, Alg. 24; alphafold/common/residue_constants.py (literature "
          "geometry).\n * SPDX-License-Identifier: Apache-2.0\n */\n#include \"bio/residue.h\"\n")
    print("/* clang-format off */")
    print(f"const char pleat_restype_letters[23] = \"{t['letters']}\";\n")
    print("const uint8_t pleat_hhblits_to_restype[22] =")
    print("  " + braces(t["hhblits"], False) + ";\n")
    print("const char pleat_restype_names[21][4] = {")
    wrapped("  ", strings(NAMES)[1:-1], None)
    print("};\n\nconst char pleat_atom37_names[37][4] = {")
    wrapped("  ", strings(ATOM37)[1:-1], None)
    print("};\n\nconst char pleat_atom14_names[21][14][4] = {")
    for r, names in enumerate(t["atom14_names"]):
        wrapped("  ", strings(names) + ",", NAMES[r])
    print("};\n")
    table("uint8_t pleat_atom14_to_atom37[21][14]", t["to37"])
    table("uint8_t pleat_atom37_to_atom14[21][37]", t["to14"])
    table("uint8_t pleat_atom14_exists[21][14]", t["exists14"])
    table("uint8_t pleat_atom37_exists[21][37]", t["exists37"])
    table("uint8_t pleat_chi_exists[21][4]", t["chi"])
    table("uint8_t pleat_chi_atoms[21][4][4]", t["chi_atoms"])
    table("uint8_t pleat_chi_pi_periodic[21][4]", t["periodic"])
    table("float pleat_group_frames[21][8][4][4]", t["frames"], depth=2)
    table("uint8_t pleat_atom14_group[21][14]", t["group"])
    table("float pleat_atom14_position[21][14][3]", t["position"])
    print("/* clang-format on */")


if __name__ == "__main__":
    sys.exit(main())
