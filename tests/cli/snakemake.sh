#!/bin/sh
# examples/snakemake: 20 sequences in 4 shards, one of which is killed with -9 at work; the workflow goes on when it is
# started again, and the results are those of one uninterrupted run.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
command -v snakemake >/dev/null || skip 'snakemake is missing; scripts/setup installs it where it can'

# Enough passes to be caught at work, few enough for an emulator.
n_recycles=4
[ -z "$watched" ] || n_recycles=2
weights=synth:$PWD/${monomer#synth:}
program=$(cd "$(dirname "$PLEAT")" && pwd)/${PLEAT##*/}

# A copy of the example, as a user would make it; the program leaves its process number behind.
cp -R examples/snakemake "$work/run"
awk 'BEGIN {
  letters = "ACDEFGHIKLMNPQRSTVWY"
  for (i = 0; i < 20; i++) {
    printf ">design_%02d\n", i
    for (k = 0; k < 10 + i; k++) printf "%s", substr(letters, (i * 7 + k * (i + 3)) % 20 + 1, 1)
    print ""
  }
}' >"$work/run/designs.fasta"
cat >"$work/run/pleat" <<END
#!/bin/sh
case "\$*" in *'--shard 2/4'*) echo \$\$ >"$work/pid" ;; esac
exec "$program" "\$@"
END
chmod +x "$work/run/pleat"
flow() {
  (cd "$work/run" && HOME=$work XDG_CACHE_HOME=$work/cache exec snakemake --cores 2 --config pleat=./pleat \
    weights="$weights" threads=1 mem_mb=2000 options="--num-recycle $n_recycles")
}

expect 0 '20 done, 0 failed' fold "$work/run/designs.fasta" -o "$work/whole" --weights "$weights" --num-recycle $n_recycles

# The second shard has the sequences 1, 5, 9, 13 and 17. It is killed when it says that the first is done; what else runs
# finishes.
flow >"$work/first" 2>&1 &
flow_pid=$!
n_waits=0
until grep -qs '^  rank 1 ' "$work/run/shards/2-of-4.log" || [ "$n_waits" = 6000 ]; do
  n_waits=$((n_waits + 1))
  sleep 0.02
done
kill -9 "$(cat "$work/pid")"
wait "$flow_pid"
code=$?
cp "$work/first" "$log"
check 'the workflow did not see that a shard was killed' [ "$code" != 0 ]
check 'the killed shard has its mark' [ ! -e "$work/run/shards/2-of-4.done" ]
check 'a target is done without its mark' [ -e "$work/run/results/design_01.done.txt" ]
check 'the killed shard was at its end' [ ! -e "$work/run/results/design_17.done.txt" ]
check 'there is a table of scores already' [ ! -e "$work/run/scores.tsv" ]

# Started again, it folds what is missing and nothing else.
n_done=$((n_done + 1))
flow >"$log" 2>&1 || failed 'the second run of the workflow'
n_kept=$(grep -c ': done already' "$work/run/shards/2-of-4.log")
check "what was done was folded again: $n_kept were kept" [ "$n_kept" -ge 1 ]
n_done=$((n_done + 1))
diff -r -x log.txt -x '*_timings.json' "$work/whole" "$work/run/results" >"$log" 2>&1 || failed 'the results differ'
check 'something was folded twice' [ "$(grep -c ' Query ' "$work/run/results/log.txt")" -le 21 ]
check 'not all scores' [ "$(grep -c 'results/design_[0-9]*_unrelaxed_rank_001_.*\.pdb$' "$work/run/scores.tsv")" = 20 ]
n_done=$((n_done + 1))
cut -f 4 "$work/run/scores.tsv" | (cd "$work/run" && sed 1d | xargs ls) >"$log" 2>&1 || failed 'a structure of the table is missing'

# And has nothing to do then.
n_done=$((n_done + 1))
flow >"$log" 2>&1 && grep -q 'Nothing to be done' "$log" || failed 'a third run does something'
report
