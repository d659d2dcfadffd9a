#!/bin/sh
# Weights that are missing, damaged or of another network: exit code 4 and nothing written.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

printf '>a\nMKVLAAGG\n' >"$work/a.fasta"
# refuse WEIGHTS PATTERN [MODEL]
refuse() {
  expect 4 "$2" fold "$work/a.fasta" -o "$work/out" --weights "$1" --model "${3:-model_1_ptm}" --num-recycle 0
  expect_empty "$work/out"
  check "a page of text for $1" [ "$(wc -c <"$log")" -lt 1000 ]
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

  # A bit that flipped on disk.
  "$python" - "$good" "$work/flipped.npz" <<'PY'
import sys, zipfile
data = bytearray(open(sys.argv[1], "rb").read())
member = zipfile.ZipFile(sys.argv[1]).getinfo("alphafold/alphafold_iteration/evoformer/right_single//weights.npy")
data[member.header_offset + 30 + len(member.filename) + 300] ^= 0x10
open(sys.argv[2], "wb").write(data)
PY
  refuse "$work/flipped.npz" 'flipped.npz: member .*right_single//weights.npy: expected CRC-32 .*damaged; fetch it again'

  # Finite values that nobody trained: what the network makes of them is no number, and no result.
  cat >"$work/overflow.py" <<'PY'
import struct, sys, zipfile
source, target, victim = sys.argv[1:4]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
    for name in old.namelist():
        data = old.read(name)
        if victim == "W" and ("left_single//w" in name or "right_single//w" in name):
            at = len(data) - 22 * 512 + 18 * 512  # the row of tryptophan, of 22 rows of 128 values
            data = data[:at] + struct.pack("<128f", *[3e38] * 128) + data[at + 512:]
        if victim in name:
            data = data[:-80] + struct.pack("<20f", *[3e38] * 20)
        new.writestr(name, data)
PY
  "$python" "$work/overflow.py" "$good" "$work/positions.npz" fold_iteration/affine_update//weights
  "$python" "$work/overflow.py" "$good" "$work/confidences.npz" predicted_lddt_head/
  expect 0 'ok: every value is finite' weights verify "$work/positions.npz" --model model_1_ptm
  refuse "$work/positions.npz" 'the network computed .*nan .*final_atom_positions.*expected finite numbers: the weights are damaged'
  refuse "$work/confidences.npz" 'the network computed .*nan .*confidence/plddt'
  # Of one target only: the others are folded, once the weights have shown that they can.
  "$python" "$work/overflow.py" "$good" "$work/tryptophan.npz" W
  printf '>a\nMKVL\n>b\nMKVWL\n>c\nMKVLAA\n' >"$work/three.fasta"
  expect 9 'failed: b: b: the network computed ' fold "$work/three.fasta" -o "$work/three" --weights "$work/tryptophan.npz" --num-recycle 0
  check 'the summary does not count' grep -q '^pleat: 3 targets: 2 done, 1 failed$' "$log"
  expect 4 '3 targets: 0 done, 1 failed, 2 were not tried' fold "$work/three.fasta" -o "$work/ended" \
    --weights "$work/positions.npz" --num-recycle 0
fi
report
