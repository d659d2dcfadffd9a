#!/bin/sh
# Feature files with missing or misshapen arrays: exit code 3, the array is named, no output file.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# refuse CODE FILE PATTERN
refuse() {
  expect "$1" "$3" run --weights "$monomer" --model model_1_ptm --features "$2" --out "$work/out.npz"
  check "an output was written for $2" [ ! -e "$work/out.npz" ]
}

refuse 6 "$work/none.npz" 'none.npz'
printf 'no archive' >"$work/text.npz"
refuse 3 "$work/text.npz" 'text.npz'
refuse 3 tests/data/weights/stored.npz 'aatype'

golden=$PLEAT_SHARED/golden/tiny_monomer.npz
if [ -f "$golden" ] && find_python 'import zipfile'; then
  cat >"$work/damage.py" <<'PY'
import sys, zipfile
source, target, victim, how = sys.argv[1:5]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
    for name in old.namelist():
        data = old.read(name)
        if name == "in/" + victim + ".npy":
            if how == "missing":
                continue
            data = old.read("in/" + how + ".npy")
        new.writestr(name, data)
PY
  for array in aatype target_feat msa_feat residue_index extra_msa; do
    "$python" "$work/damage.py" "$golden" "$work/$array.npz" $array missing
    refuse 3 "$work/$array.npz" "$array"
    "$python" "$work/damage.py" "$golden" "$work/$array.npz" $array template_mask
    refuse 3 "$work/$array.npz" 'array .* has shape .* expected' # aatype's shape is what others are compared with
  done
  # Tables that follow from aatype may be missing.
  "$python" "$work/damage.py" "$golden" "$work/derived.npz" atom14_atom_exists missing
  expect 0 . run --weights "$monomer" --model model_1_ptm --features "$work/derived.npz" --out "$work/derived_out.npz" \
    --num-recycle 0
  head -c 5000 "$golden" >"$work/truncated.npz"
  refuse 3 "$work/truncated.npz" 'truncated.npz'
fi
report
