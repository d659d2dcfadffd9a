#!/bin/sh
# Many targets in one run: order, shards, resuming after kill -9, what is marked as done, and what is folded again.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# fold_to DIR OPTIONS...: must succeed.
fold_to() {
  dir=$1
  shift
  expect 0 '' fold "$work/in.fasta" --weights "$monomer" --num-recycle 2 -o "$dir" "$@"
}

# The same results: every file but times and logs, and nothing left over.
same() {
  n_done=$((n_done + 1))
  diff -r -x log.txt -x '*_timings.json' "$work/whole" "$1" >"$log" 2>&1 || failed "$1 differs from an uninterrupted run"
}

printf '>a\nMKVLAAGGSSPP\n>b\nMKVL\n>c\nPPLLEEKKMAAG\n>d\nMKVLAAGGSS\n>e\nMK\n>f\nGGLLEEKKMAAG\n' >"$work/in.fasta"

# Short ones first; targets of equal length share one plan, and give the bytes that they give alone.
fold_to "$work/whole" --log-level debug
check 'not sorted by length' [ "$(sed -n 's/.* Query .*: \(.\) (.*/\1/p' "$work/whole/log.txt" | tr -d '\n')" = ebdacf ]
check 'plans were not used again' grep -q '^pleat: 4 plans were made, 2 times one was used again$' "$log"
printf '>f\nGGLLEEKKMAAG\n' >"$work/f.fasta"
expect 0 '' fold "$work/f.fasta" --weights "$monomer" --num-recycle 2 -o "$work/alone"
for file in "$work"/alone/f_unrelaxed_*; do
  check "${file##*/} depends on the others" cmp -s "$file" "$work/whole/${file##*/}"
done

# Other orders; results do not depend on them.
for order in none:abcdef msa_depth:abcdef; do
  fold_to "$work/${order%:*}" --sort-queries-by "${order%:*}"
  check "order ${order%:*}" [ "$(sed -n 's/.* Query .*: \(.\) (.*/\1/p' "$work/${order%:*}/log.txt" | tr -d '\n')" = "${order#*:}" ]
  same "$work/${order%:*}"
done
fold_to "$work/random" --sort-queries-by random
same "$work/random"

# Deep alignments first.
mkdir "$work/msas"
printf '>q\nMKVL\n' >"$work/msas/one.a3m"
printf '>q\nMKVLA\n>r\nMK-LA\n>s\nM--LA\n' >"$work/msas/three.a3m"
printf '>q\nMK\n>r\nM-\n' >"$work/msas/two.a3m"
expect 0 '' fold "$work/msas" --weights "$monomer" --num-recycle 0 -o "$work/deep" --sort-queries-by msa_depth
check 'not by depth' [ "$(sed -n 's/.* Query .*: \(.*\) (.*/\1/p' "$work/deep/log.txt" | tr '\n' ' ')" = 'three two one ' ]

# Shards divide the targets among them, in one folder.
for shard in 2/3 1/3 3/3; do fold_to "$work/shards" --shard $shard; done
same "$work/shards"
check 'a shard has more than its share' [ "$(grep -c ' Query ' "$work/shards/log.txt")" = 6 ]
expect 2 'must be I/N' fold "$work/in.fasta" --weights "$monomer" -o "$work/out" --shard 4/3
expect 2 'must be I/N' fold "$work/in.fasta" --weights "$monomer" -o "$work/out" --shard 0/3

# What is done stays done, unless it is to be replaced; weights are not even opened then.
fold_to "$work/whole"
check 'something was folded again' [ "$(grep -c ': done already' "$log")" = 6 ]
expect 0 '6 targets: 0 done, 0 failed, 6 were done already' fold "$work/in.fasta" --weights "$work/none.npz" -o "$work/whole"
fold_to "$work/again"
echo old >"$work/again/b_unrelaxed_rank_001_alphafold2_ptm_model_1_seed_000.pdb"
fold_to "$work/again" --overwrite-existing-results
same "$work/again"

# Left by a process that was killed while it wrote: a folder of its own, and files without the mark.
mkdir -p "$work/killed/.a.partial"
echo half >"$work/killed/.a.partial/a_unrelaxed_rank_001_alphafold2_ptm_model_1_seed_000.pdb"
echo half >"$work/killed/.a.partial/.a.cif.tmp-1-0"
echo half >"$work/killed/c_unrelaxed_rank_001_alphafold2_ptm_model_1_seed_000.pdb"
fold_to "$work/killed"
same "$work/killed"

# kill -9 at any moment: what is marked as done is whole, and the next run goes on where that one stopped.
n_kills=0
while :; do
  n_done=$((n_done + 1))
  "$PLEAT" fold "$work/in.fasta" --weights "$monomer" --num-recycle 2 -o "$work/resumed" >"$log" 2>&1 &
  pid=$!
  sleep "$(awk "BEGIN { print (1 + $n_kills) / 10 }")" # longer each time, so that a slow machine gets there
  kill -9 "$pid" 2>/dev/null
  wait "$pid"
  code=$?
  for mark in "$work"/resumed/*.done.txt; do
    [ -e "$mark" ] || continue
    job=$(basename "$mark" .done.txt)
    for file in "$work/whole/$job"_unrelaxed_* "$work/whole/$job"_scores_* "$work/whole/$job.a3m"; do
      cmp -s "$file" "$work/resumed/${file##*/}" || failed "marked as done, but ${file##*/} is not"
    done
  done
  [ "$code" = 0 ] && break
  n_kills=$((n_kills + 1))
  if [ "$code" != 137 ] || [ "$n_kills" -gt 100 ]; then
    failed "exit code $code after $n_kills kills"
    break
  fi
done
check 'no run was killed' [ "$n_kills" -gt 0 ]
same "$work/resumed"

# Names by number; outputs left out and added; enough seeds after a good one.
fold_to "$work/named" --jobname-prefix 'my job' --skip-output msa,plots --save-pair-representations
for file in my_job_0.done.txt my_job_5_pair_repr_rank_001_alphafold2_ptm_model_1_seed_000.npy; do
  check "no $file" [ -e "$work/named/$file" ]
done
check 'alignments were not left out' [ -z "$(find "$work/named" -name '*.a3m')" ]
expect 2 'must be a list of msa, plots, pae_json' fold "$work/in.fasta" -o "$work/out" --skip-output msa,pdb
expect 0 '' fold "$work/f.fasta" --weights "$monomer" --num-recycle 0 -o "$work/stopped" --num-seeds 5 --stop-at-score 1
check 'not stopped at the first good score' [ "$(find "$work/stopped" -name '*.pdb' | wc -l)" -eq 1 ]
expect 0 '' fold "$work/f.fasta" --weights "$monomer" --num-recycle 0 -o "$work/unstopped" --num-seeds 3 --stop-at-score 90
check 'stopped below the score' [ "$(find "$work/unstopped" -name '*.pdb' | wc -l)" -eq 3 ]

# A termination request between two targets' writes ends the batch with what is done.
n_done=$((n_done + 1))
"$PLEAT" fold "$work/in.fasta" --weights "$monomer" --num-recycle 900 -o "$work/stopping" >"$log" 2>&1 &
pid=$!
n_waits=0
until grep -qs ' Query ' "$work/stopping/log.txt" || [ "$n_waits" = 300 ]; do
  n_waits=$((n_waits + 1))
  sleep 0.2
done
kill -TERM "$pid"
wait "$pid"
code=$?
[ "$code" = 130 ] || failed "SIGTERM: exit code $code, expected 130"
check 'the summary says nothing of what was not tried' grep -q '^pleat: 6 targets: .* were not tried' "$log"
check 'something half-written stayed' [ -z "$(find "$work/stopping" -name '.*' -mindepth 1)" ]
report
