#!/bin/sh
# Templates from files: which chain lies on which, what is left out, and what is refused.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
command -v kalign >/dev/null || { echo 'skipped: no kalign'; exit 77; }

fold() {
  want=$1
  pattern=$2
  shift 2
  expect "$want" "$pattern" fold "$work/$input" --out "$work/out" --num-recycle 0 --overwrite-existing-results "$@"
}
printf '>q\nMKVLAAGGSSPPLLEEKWYFDR\n' >"$work/q.fasta"
printf '>other\nHHWWCCDDQQNNRRTTVVIIMM\n' >"$work/other.fasta"
printf '>pair\nMKVLAAGGSSPPLLEEKWYFDR:HHWWCCDDQQNNRRTTVVIIMM:MKVLAAGGSSPPLLEEKWYFDR\n' >"$work/pair.fasta"

# Structures to take templates from, and positions without any.
input=pair.fasta
fold 0 '' --weights "$multimer" --model model_1_multimer_v3
mkdir "$work/folder" "$work/empty"
cp "$work"/out/pair_unrelaxed_rank_001_*.pdb "$work/folder/three.pdb"
cp "$work"/out/pair_unrelaxed_rank_001_*.pdb "$work/plain.pdb"
gzip -c "$work/plain.pdb" >"$work/two.pdb.gz"
input=q.fasta
fold 0 '' --weights "$monomer" --model model_1_ptm
cp "$work"/out/q_unrelaxed_rank_001_*.pdb "$work/q_plain.pdb"

# One chain: the copies in the file count once, and what resembles nothing does not.
fold 0 'q: template three_A lies on chain 1: 22 residues on its 22, 22 of them equal' --weights "$monomer" \
  --model model_1_ptm --custom-template-path "$work/folder"
check 'a chain that is unlike is used' grep -q 'template three_B is too unlike even chain 1' "$log"
check 'a copy is used' sh -c "! grep -q three_C '$log'"
check 'templates change nothing' sh -c "! cmp -s '$work/q_plain.pdb' '$work'/out/q_unrelaxed_rank_001_*.pdb"
fold 0 'q: template two_B lies on chain 1' --weights "$monomer" --model model_1_ptm --template "$work/two.pdb.gz:B"
fold 0 'model_3_ptm takes no templates' --weights synth: --model model_3_ptm --template "$work/two.pdb.gz"

# A complex: each chain on the one that it resembles.
input=pair.fasta
fold 0 'template plain_A lies on chain 1: 22' --weights "$multimer" --model model_1_multimer_v3 \
  --template "$work/plain.pdb:A,$work/plain.pdb:B"
check 'the second chain' grep -q 'template plain_B lies on chain 2: 22 residues on its 22, 22 of them equal' "$log"
check 'templates change nothing in complexes' \
  sh -c "! cmp -s '$work/plain.pdb' '$work'/out/pair_unrelaxed_rank_001_*.pdb"

# Refused before anything is computed.
input=q.fasta
rm -rf "$work/out"
set -- --weights "$monomer" --model model_1_ptm
fold 3 'there is no protein chain Z: the file has A, B, C' "$@" --template "$work/plain.pdb:Z"
fold 3 'the folder has no structures' "$@" --custom-template-path "$work/empty"
fold 3 'is no date: expected one as 2021-09-30' "$@" --custom-template-path "$work/folder" --max-template-date 30.9.2021
fold 3 'expected FILE\[:CHAIN\]' "$@" --template ,
fold 3 '' "$@" --template "$work/other.fasta"
fold 6 'none.cif' "$@" --template "$work/none.cif"
check 'a folder was made' [ ! -e "$work/out" ]
report
