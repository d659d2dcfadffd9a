#!/bin/sh
# Sequences and alignments that are refused: exit code 3, file and place in the message, nothing written.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# refuse FILE PATTERN
refuse() {
  expect 3 "$2" fold "$1" -o "$work/out" --weights "$monomer"
  check "the message does not name $1" grep -q "^pleat: .*$(basename "$1")" "$log"
  check "more than one line is printed for $1" [ "$(grep -c '^pleat:' "$log")" = 1 ]
  check "a folder was made for $1" [ ! -e "$work/out" ]
}

# Of several records the others are folded, and the exit code tells the two apart.
for file in tests/bad/fasta/* tests/bad/a3m/*; do
  rm -rf "$work/records"
  want=3
  if [ "$(awk '/^>/ { n++ } END { print n + 0 }' "$file")" -gt 1 ] && [ "${file%.fasta}" != "$file" ]; then
    "$PLEAT" fold "$file" -o "$work/records" --weights "$monomer" --num-recycle 0 >"$log" 2>&1
    [ -e "$work/records" ] && want=9
  fi
  expect "$want" "^pleat: $file:" fold "$file" -o "$work/records" --weights "$monomer" --num-recycle 0
done

: >"$work/empty.fasta"
refuse "$work/empty.fasta" 'empty'
printf 'MKV\n>a\nMKV\n' >"$work/text.fasta"
refuse "$work/text.fasta" 'text.fasta:1:.*before the first'
printf '>a\nMK1V\n' >"$work/digit.fasta"
refuse "$work/digit.fasta" "digit.fasta:2:3: '1'"
printf '>a\nMK*V\n' >"$work/star.fasta"
refuse "$work/star.fasta" "star.fasta:2:3: '\\*' inside"
printf '>a\nMK-V\n' >"$work/gap.fasta"
refuse "$work/gap.fasta" "gap.fasta:2:3: gap '-'.*a3m"
printf '>a\nMKV\n>b\nMKVV\n' >"$work/ragged.a3m"
refuse "$work/ragged.a3m" 'ragged.a3m:3: row 2 has 4 columns.*expected 3'
printf '>a\nM-V\n>b\nMKV\n' >"$work/gaps.a3m"
refuse "$work/gaps.a3m" 'gaps.a3m:2:2: gap in the first row'
{
  echo '>long'
  awk 'BEGIN { for (i = 0; i < 65537; i++) printf "A"; print "" }'
} >"$work/long.fasta"
refuse "$work/long.fasta" 'more than 65536 residues'
mkdir "$work/none"
refuse "$work/none" 'the directory has no input'
printf '>a\nMKV:2\n' >"$work/copies.fasta"
refuse "$work/copies.fasta" "copies.fasta:2:5: '2' behind ':'.*'AAA:AAA' instead of 'AAA:2'"
printf 'id,seq\na,MK\n' >"$work/header.csv"
refuse "$work/header.csv" "header.csv:1: the header has no column 'sequence'"
printf '{"name": "x", "sequences": [{"ligand": {"id": "L", "smiles": "CC"}}]}' >"$work/ligand.json"
refuse "$work/ligand.json" "has a \"ligand\": AlphaFold 2 folds proteins only"
: >"$work/x.pdb"
refuse "$work/x.pdb" 'a structure as input cannot be read yet'

expect 6 'No such file' fold "$work/none.fasta" -o "$work/out" --weights "$monomer"
check 'a folder was made for an input that is not there' [ ! -e "$work/out" ]

# Lower case is accepted, and one '*' at the end with a warning.
printf '>a\nmkvlaa*\n' >"$work/lower.fasta"
expect 0 "warning: .*lower.fasta:2:7: '\\*' at the end" fold "$work/lower.fasta" -o "$work/lower" --weights "$monomer" \
  --num-recycle 0
check 'lower case was not folded' grep -q 'ALA A   6' "$work"/lower/a_unrelaxed_rank_001_*.pdb

# X takes its place in the chain and has no atoms, as in AlphaFold: the others keep their numbers.
printf '>a\nMKXVLAAX\n' >"$work/x.fasta"
expect 0 'rank 1' fold "$work/x.fasta" -o "$work/x" --weights "$monomer" --num-recycle 0
check 'X moves the others' [ "$(awk '/^ATOM.* CA / { printf "%s%d ", $4, $6 }' "$work"/x/a_unrelaxed_rank_001_*.pdb)" = \
  'MET1 LYS2 VAL4 LEU5 ALA6 ALA7 ' ]
printf '>a\nXXXX\n' >"$work/only_x.fasta"
expect 3 'a: the structure has 4 residues and no atoms: there is nothing to write' fold "$work/only_x.fasta" \
  -o "$work/only_x" --weights "$monomer" --num-recycle 0
expect_empty "$work/only_x"

# Wrapped lines, and the NUL bytes between the alignments of ColabFold's server: the same as without.
printf '>q\nMKVLAA\n>r\nMKV-AA\n>s\nMRVLAA\n' >"$work/plain.a3m"
printf '>q\nMKV\nLAA\n>r\nMKV-\nAA\n>s\nMRVL\nAA\n' >"$work/wrapped.a3m"
printf '>q\nMKVLAA\n>r\nMKV-AA\n\0>q\nMKVLAA\n>s\nMRVLAA\n' >"$work/nul.a3m"
for name in plain wrapped nul; do
  expect 0 'rank 1' fold "$work/$name.a3m" -o "$work/rows" --weights "$monomer" --num-recycle 0
  grep '^ATOM' "$work/rows/${name}"_unrelaxed_rank_001_*.pdb >"$work/$name.atoms"
  check "$name.a3m folds otherwise" cmp "$work/$name.atoms" "$work/plain.atoms"
done

# Alignments that come with a table or a job.
: >"$work/none.a3m"
printf 'id,sequence,a3mpath\na,MKV,%s\n' "$work/none.a3m" >"$work/empty.csv"
expect 3 'none.a3m: the file is empty: expected an a3m alignment' fold "$work/empty.csv" -o "$work/out" --weights "$monomer"
printf 'id,sequence,a3mpath\na,MKV,%s\n' "$work/lost.a3m" >"$work/lost.csv"
expect 3 "lost.a3m.*No such file" fold "$work/lost.csv" -o "$work/out" --weights "$monomer"
printf '{"name": "x", "sequences": [{"protein": {"id": "A", "sequence": "MKVL", "unpairedMsa": "%s"}}]}' \
  '>q\nMKVL\n>r\nMKV\n' >"$work/ragged.json"
expect 3 'row 2 has 3 columns.*expected 4' fold "$work/ragged.json" -o "$work/out" --weights "$monomer"

# A structure among the inputs is named, and the others are folded.
mkdir "$work/mixed"
cp "$work/x.pdb" "$work/plain.a3m" "$work/mixed"
expect 9 'failed: x: .*mixed/x.pdb: a structure as input cannot be read yet: expected a sequence' fold "$work/mixed" \
  -o "$work/mixed_out" --weights "$monomer" --num-recycle 0
check 'the alignment beside a structure was not folded' [ -e "$work/mixed_out/plain.done.txt" ]

# More chains than the PDB format has letters: mmCIF alone.
awk 'BEGIN { print ">c"; for (i = 0; i < 62; i++) printf "MK:"; print "MK" }' >"$work/chains.fasta"
expect 0 'warning: c: no PDB file: residue 125 is in chain 63, but the PDB format has letters for 62' \
  fold "$work/chains.fasta" -o "$work/chains" --weights "$multimer" --num-recycle 0
best=$(sed -n 's/^          //p' "$log")
check "the best is named as '$best'" [ "${best%_seed_000.cif}" = "$work/chains/c_unrelaxed_rank_001_alphafold2_multimer_v3_model_1" ]
check 'there is no mmCIF' [ -s "$best" ]
check 'there is half a PDB file' [ ! -e "${best%.cif}.pdb" ]

# One bad target does not stop the others, but shows in the exit code, the summary and the log.
printf '>pair\nMKV:AAC\n>single\nMKVLAA\n' >"$work/two.fasta"
expect 9 '^pleat: failed: pair: pair: .*multimer' fold "$work/two.fasta" -o "$work/two" --weights "$monomer" --model model_1_ptm --num-recycle 0
check 'the good target was not folded' [ -s "$work"/two/single_timings.json ]
check 'the summary does not count' grep -q '^pleat: 2 targets: 1 done, 1 failed$' "$log"
check 'the log does not say what failed' grep -q ' failed: pair: ' "$work/two/log.txt"
printf '>good\nMKVLAA\n>bad\nMK1\n>worse\nMK-\n>good too\nMKVLAAG\n' >"$work/four.fasta"
expect 9 '^pleat: 4 targets: 2 done, 2 failed$' fold "$work/four.fasta" -o "$work/four" --weights "$monomer" \
  --num-recycle 0
expect 3 "^pleat: .*four.fasta:4:3: '1'" estimate "$work/four.fasta" --weights "$monomer"
check 'estimate stops at a wrong record' [ "$(grep -c ' yes$' "$log")" = 2 ]
check 'a good record was lost' [ -s "$work"/four/good_too_timings.json ]
check 'the wrong record is not placed' grep -q " failed: bad: .*four.fasta:4:3: '1'" "$work/four/log.txt"
report
