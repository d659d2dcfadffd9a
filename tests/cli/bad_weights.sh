#!/bin/sh
# Weights that are missing, damaged or of another network: exit code 4 and nothing written.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

printf '>a\nMKVLAAGG\n' >"$work/a.fasta"
# refuse WEIGHTS PATTERN [MODEL]
refuse() {
  expect 4 "$2" fold "$work/a.fasta" -o "$work/out" --weights "$1" --model "${3:-model_1_ptm}" --num-recycle 0
  expect_empty "$work/out"
}

refuse "$work/none.npz" 'none.npz'
mkdir "$work/folder"
refuse "$work/folder" 'holds no params_model_1_ptm.npz'
refuse synth:none.json 'none.json'
: >"$work/empty.npz"
refuse "$work/empty.npz" 'empty.npz'
printf 'these are no weights, whatever the name says\n' >"$work/text.npz"
refuse "$work/text.npz" 'text.npz'
refuse tests/data/weights/stored.npz 'stored.npz'
refuse "$multimer" . model_1_ptm
refuse "$monomer" . model_1_multimer_v3
expect 4 'none.npz' weights list "$work/none.npz"
expect 4 'none.npz' weights verify "$work/none.npz"
expect 6 'no/out.npz' weights convert "$monomer" --out "$work/no/out.npz"

# Good ones, from a file and from a folder.
expect 0 . weights convert "$monomer" --out "$work/folder/params_model_1_ptm.npz"
good=$work/folder/params_model_1_ptm.npz
expect 0 'ok: every value is finite, names and shapes are those of model_1_ptm' \
  weights verify "$good" --model model_1_ptm
expect 0 'alphafold/alphafold_iteration/evoformer' weights list "$good"
expect 0 'rank 1' fold "$work/a.fasta" -o "$work/good" --weights "$work/folder" --num-recycle 0
expect 4 . weights verify "$good" --model model_1_multimer_v3

head -c 100000 "$good" >"$work/truncated.npz"
refuse "$work/truncated.npz" 'truncated.npz'
expect 4 'truncated.npz' weights verify "$work/truncated.npz"

# The rest is made by rewriting a member of the good file.
if find_python 'import zipfile'; then
  cat >"$work/damage.py" <<'PY'
import struct, sys, zipfile
source, target, how = sys.argv[1:4]
victim = "alphafold/alphafold_iteration/evoformer/right_single//weights.npy"
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
    for name in old.namelist():
        data = old.read(name)
        if name == victim:
            if how == "missing":
                continue
            if how == "shape":
                data = data.replace(b"(22, 128)", b"(128, 22)", 1)
            if how == "nan":
                data = data[:-4] + struct.pack("<f", float("nan"))
            if how == "short":
                data = data[:-400]
            if how == "name":
                name = name.replace("right_single", "right_singel")
        new.writestr(name, data)
    if how == "traversal":
        new.writestr("../evil.npy", data)
    if how == "bomb":
        new.writestr("bomb.npy", bytes(64 << 20), zipfile.ZIP_DEFLATED)
PY
  for how in missing shape nan short name traversal bomb; do
    "$python" "$work/damage.py" "$good" "$work/$how.npz" $how
    expect 4 . weights verify "$work/$how.npz" --model model_1_ptm
    refuse "$work/$how.npz" .
  done
  expect 4 'right_single' weights verify "$work/nan.npz"
  expect 4 'right_single//weights' weights verify "$work/missing.npz" --model model_1_ptm
  expect 4 'right_single//weights.*22, 128' weights verify "$work/shape.npz" --model model_1_ptm
  expect 4 'evil' weights verify "$work/traversal.npz"
  expect 4 'bomb' weights verify "$work/bomb.npz"
  check 'a member was unpacked outside' [ ! -e "$work/evil.npy" ]
fi
report
