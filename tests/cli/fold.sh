#!/bin/sh
# Folds with small made-up weights: names and contents of the files, ranking, seeds, inputs.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

has_file() { check "no file $1" [ -s "$1" ]; }
has_text() { check "no '$1' in $2" grep -q -e "$1" "$2"; }

# Two records with one name; every character outside A-Z a-z 0-9 _ . - becomes '_'.
printf '>sp|P0|my prot\nMKVLAAGGSSPP\n>sp|P0|my prot\nMKVLAAGGSSPPLL\n' >"$work/two.fasta"
expect 0 'rank 2  model_[12]_ptm  seed' fold "$work/two.fasta" -o "$work/two/deep" --weights "$monomer" \
  --model model_1_ptm,model_2_ptm --num-recycle 1
for job in sp_P0_my_prot sp_P0_my_prot_2; do
  for rank in 1 2; do
    for kind in unrelaxed:cif unrelaxed:pdb scores:json; do
      check "$job: no ${kind#*:} of rank $rank" [ -s "$(echo "$work"/two/deep/${job}_"${kind%:*}"_rank_00${rank}_alphafold2_ptm_model_[12]_seed_000."${kind#*:}")" ]
    done
  done
  has_file "$work/two/deep/${job}_timings.json"
done
for job in sp_P0_my_prot sp_P0_my_prot_2; do
  has_file "$work/two/deep/$job.a3m"
  check "$job is not marked as done" [ -e "$work/two/deep/$job.done.txt" ]
done
has_text 'Query 2/2: sp_P0_my_prot_2 (length 14)$' "$work/two/deep/log.txt"
# Plots of both: three kinds as SVG, and as PNG in a build with cairo.
n_plots=6
if [ -e "$work/two/deep/sp_P0_my_prot_pae.png" ]; then n_plots=12; else has_text 'SVG only: this pleat was built without cairo' "$log"; fi
for kind in coverage plddt pae; do has_file "$work/two/deep/sp_P0_my_prot_2_$kind.svg"; done
has_text '>2  model_[12]_ptm (' "$work/two/deep/sp_P0_my_prot_plddt.svg"
has_text 'SYNTHETIC WEIGHTS: random parameters, this is no prediction' "$work/two/deep/sp_P0_my_prot_pae.svg"
has_text '^{"predicted_aligned_error": \[\[[0-9.]*, .*\]\], "max_predicted_aligned_error": [0-9.]*}$' "$work/two/deep/sp_P0_my_prot_predicted_aligned_error_v1.json"
check 'other files than expected' [ "$(find "$work/two/deep" -mindepth 1 | wc -l)" -eq $((23 + n_plots)) ]
expect 0 '' fold "$work/two.fasta" -o "$work/skipped" --weights "$monomer" --num-recycle 0 --skip-output plots,pae_json
check 'plots that were not wanted' [ -z "$(find "$work/skipped" -name '*.svg' -o -name '*.png' -o -name '*aligned_error*')" ]
has_text 'a second target is called' "$log"

# Ranks follow the confidence.
best=$(sed -n 's/.*mean pLDDT \([0-9.]*\).*/\1/p' "$work"/two/deep/sp_P0_my_prot_unrelaxed_rank_001_*.pdb)
second=$(sed -n 's/.*mean pLDDT \([0-9.]*\).*/\1/p' "$work"/two/deep/sp_P0_my_prot_unrelaxed_rank_002_*.pdb)
check "rank 1 has pLDDT $best, rank 2 $second" awk "BEGIN { exit !($best >= $second) }"

# Made-up weights are named as such everywhere.
pdb=$(echo "$work"/two/deep/sp_P0_my_prot_unrelaxed_rank_001_*.pdb)
has_text '^REMARK   1 SYNTHETIC WEIGHTS: random parameters, this is no prediction' "$pdb"
has_text 'SYNTHETIC WEIGHTS: random parameters, this is no prediction' "${pdb%.pdb}.cif"
has_text 'SYNTHETIC WEIGHTS' "$log"

scores=$(echo "$work"/two/deep/sp_P0_my_prot_scores_rank_001_*.json)
for key in plddt max_pae pae ptm; do has_text "\"$key\":" "$scores"; done
check 'a monomer has no ipTM' [ "$(grep -c iptm "$scores")" = 0 ]
for key in rank model seed recycles features_ms plan_ms predict_ms pass_ms estimated_predict_ms estimated_bytes; do
  has_text "\"$key\":" "$work/two/deep/sp_P0_my_prot_timings.json"
done

# A complex: default network, chains A and B each from residue 1, TER after both.
printf '>pair\nMKVLAAGG:PPLLEEKKM\n' >"$work/pair.fasta"
expect 0 'model_1_multimer_v3 (default for a complex)' fold "$work/pair.fasta" -o "$work/pair" --weights "$multimer" \
  --num-recycle 0
pdb=$work/pair/pair_unrelaxed_rank_001_alphafold2_multimer_v3_model_1_seed_000.pdb
has_file "$pdb"
has_text '^ATOM .* MET A   1 ' "$pdb"
has_text '^ATOM .* PRO B   1 ' "$pdb"
check 'not two TER lines' [ "$(grep -c '^TER' "$pdb")" = 2 ]
has_text '"iptm":' "$work/pair/pair_scores_rank_001_alphafold2_multimer_v3_model_1_seed_000.json"

# Scores of chains and pairs, where they are asked for.
scores=pair_scores_rank_001_alphafold2_multimer_v3_model_1_seed_000.json
check 'scores of chains unasked' [ "$(grep -c per_chain_ptm "$work/pair/$scores")" = 0 ]
expect 0 '' fold "$work/pair.fasta" -o "$work/chains" --weights "$multimer" --num-recycle 0 --calc-extra-ptm
has_text '"pairwise_actifptm":{"A-B":[01][.0-9]*},"pairwise_iptm":{"A-B":[01][.0-9]*},"per_chain_ptm":{"A":[.0-9]*,"B":[.0-9]*},"actifptm":[.0-9]*,"ptm":' "$work/chains/$scores"
expect 0 '' fold "$work/pair.fasta" -o "$work/binary" --weights "$multimer" --num-recycle 0 --calc-extra-ptm --no-use-probs-extra
has_text '"actifptm":' "$work/binary/$scores"

# The same seed gives the same bytes, with any number of threads; another seed gives others.
printf '>q\nMKVLAAGGSSPP\n>r1\nMKVLAA-GSSPP\n>r2\nMRVLAAGGsaSSPP\n>r3\nMRILAAGGSSPA\n' >"$work/q.a3m"
for run in a:1:7 b:2:7 c:1:8; do
  seed=${run##*:}
  threads=${run#*:}
  expect 0 'rank 1' fold "$work/q.a3m" -o "$work/${run%%:*}" --weights "$monomer" --num-recycle 1 --seed "$seed" \
    --threads "${threads%:*}"
done
name=q_unrelaxed_rank_001_alphafold2_ptm_model_1_seed_007
for suffix in pdb cif; do
  check "threads change the .$suffix" cmp -s "$work/a/$name.$suffix" "$work/b/$name.$suffix"
done
check 'the seed changes nothing' sh -c "! cmp -s '$work/a/$name.pdb' '$work/c/${name%7}8.pdb'"

# Several seeds; quiet; standard input; an a3m without its suffix.
expect 0 '' fold "$work/q.a3m" -o "$work/seeds" --weights "$monomer" --num-recycle 0 --num-seeds 2 --seed 3 \
  --log-level quiet --model model_1_ptm
check 'quiet is not quiet' [ ! -s "$log" ]
check 'not two seeds' [ "$(find "$work/seeds" -name '*_seed_00[34].pdb' | wc -l)" -eq 2 ]
n_done=$((n_done + 1))
"$PLEAT" fold - -o "$work/stdin" --weights "$monomer" --num-recycle 0 <"$work/q.a3m" >"$log" 2>&1 ||
  failed 'standard input was not read'
has_file "$work/stdin/stdin_unrelaxed_rank_001_alphafold2_ptm_model_1_seed_000.pdb"

# Every recycle, and a first guess: the last one is the result, a guess changes it, and positions of zero do not.
expect 0 'rank 1' fold "$work/q.a3m" -o "$work/all" --weights "$monomer" --num-recycle 1 --seed 7 --save-recycles
for k in 0 1; do has_file "$work/all/$name.r$k.pdb"; done
has_text 'recycle 0, mean pLDDT' "$work/all/$name.r0.pdb"
check 'looking at recycles changes the result' cmp -s "$work/all/$name.cif" "$work/a/$name.cif"
atoms_differ() { ! [ "$(grep '^ATOM' "$1")" = "$(grep '^ATOM' "$2")" ]; }
check 'the last recycle is not the result' [ "$(grep '^ATOM' "$work/all/$name.r1.pdb")" = "$(grep '^ATOM' "$work/all/$name.pdb")" ]
check 'recycles are equal' atoms_differ "$work/all/$name.r0.pdb" "$work/all/$name.r1.pdb"
for suffix in pdb cif; do
  expect 0 'rank 1' fold "$work/q.a3m" -o "$work/guess_$suffix" --weights "$monomer" --num-recycle 1 --seed 7 \
    --initial-guess "$work/a/$name.$suffix"
  check "a guess from .$suffix changes nothing" atoms_differ "$work/guess_$suffix/$name.pdb" "$work/a/$name.pdb"
done
check 'the two formats give different guesses' cmp -s "$work/guess_pdb/$name.cif" "$work/guess_cif/$name.cif"
sed 's/^\(ATOM.\{26\}\).\{24\}/\1   0.000   0.000   0.000/' "$work/a/$name.pdb" >"$work/zeros.pdb"
expect 0 'rank 1' fold "$work/q.a3m" -o "$work/zeros" --weights "$monomer" --num-recycle 1 --seed 7 \
  --initial-guess "$work/zeros.pdb"
check 'positions of zero change the result' cmp -s "$work/zeros/$name.cif" "$work/a/$name.cif"

# One guess for several targets: those that it does not fit fail.
cat "$work/two.fasta" >"$work/three.fasta"
printf '>same\nMKVLAAGGSSPP\n' >>"$work/three.fasta"
expect 9 'failed: sp_P0_my_prot_2: .*the structure has 12 residues, the target 14: it ends with PRO 12' fold "$work/three.fasta" -o "$work/guesses" --weights "$monomer" --num-recycle 0 \
  --initial-guess "$work/a/$name.pdb"

# Dropout: another structure, the same for the same seed, with any number of threads.
for run in d:1 e:2; do
  expect 0 'rank 1' fold "$work/q.a3m" -o "$work/${run%%:*}" --weights "$monomer" --num-recycle 1 --seed 7 \
    --threads "${run##*:}" --use-dropout
done
check 'dropout changes nothing' atoms_differ "$work/d/$name.pdb" "$work/a/$name.pdb"
check 'threads change dropout' cmp -s "$work/d/$name.cif" "$work/e/$name.cif"

# Estimates and the graph.
expect 0 'model_1_ptm .* yes$' estimate "$work/q.a3m" --weights "$monomer"
expect 0 . graph --model model_1_ptm --n-res 16 --n-seq 4 --n-extra 4 --dump=build
expect 0 . graph --model model_1_multimer_v3 --n-res 16 --n-seq 4 --n-extra 4
report
