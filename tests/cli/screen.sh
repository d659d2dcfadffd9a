#!/bin/sh
# pleat screen: rows that depend on nothing but their sequence, memory that does not grow, and kill -9 at any moment.
# SCREEN_N=1000 tests/cli/screen.sh: with so many sequences (default 60) and, from 200 on, ten kills instead of three and
# an eye on resident memory.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

n=${SCREEN_N:-60}
[ -n "$watched" ] && n=14
kills='1 2 3'
[ "$n" -ge 200 ] && kills='1 2 3 4 5 6 7 8 9 10'
n_kills_wanted=${kills##* }
tab=$(printf '\t')

# designs COUNT SEED: random sequences of 20 to 60 residues, every length once among 41.
designs() {
  awk -v n="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    for (i = 1; i <= n; i++) {
      printf ">design_%d\n", i
      for (k = 20 + i * 17 % 41; k > 0; k--) printf "%s", substr("ACDEFGHIKLMNPQRSTVWY", 1 + int(20 * rand()), 1)
      printf "\n"
    }
  }'
}

# screen_to DIR INPUT OPTIONS...: all succeed.
screen_to() {
  dir=$1
  input=$2
  shift 2
  expect 0 '' screen "$input" -o "$dir" --weights "$monomer" --num-recycle 0 --keep-top 5 "$@"
}

# The rows without what differs between runs: their time, and the place in the input.
rows() { cat "$@" | grep -v '^index' | cut -f 2-18,20- | sort; }

same_rows() {
  n_done=$((n_done + 1))
  rows "$work/whole/screen.tsv" >"$work/want"
  rows "$@" >"$work/got"
  cmp -s "$work/want" "$work/got" || {
    diff "$work/want" "$work/got" | head -n 5 >"$log"
    failed "rows of $1 differ from those of the first run"
  }
}

# Resident kilobytes of a process; 0 where the system has no /proc.
resident() { awk '/^VmRSS/ { kb = $2 } END { print kb + 0 }' "/proc/$1/status" 2>/dev/null || echo 0; }
# Whole rows of a table.
count_rows() { cat "$1" 2>/dev/null | grep -c '^[0-9].*	'; }

designs "$n" 1 >"$work/in.fasta"

# The first run, watched: the most memory from row 50 to 100, by when every length has been there, and behind.
n_done=$((n_done + 1))
"$PLEAT" screen "$work/in.fasta" -o "$work/whole" --weights "$monomer" --num-recycle 0 --keep-top 5 >"$log" 2>&1 &
pid=$!
early=0
late=0
while kill -0 "$pid" 2>/dev/null; do
  kb=$(resident "$pid")
  done_rows=$(count_rows "$work/whole/screen.tsv")
  if [ "$done_rows" -ge 50 ] && [ "$done_rows" -lt 100 ] && [ "$kb" -gt "$early" ]; then early=$kb; fi
  if [ "$done_rows" -ge 100 ] && [ "$kb" -gt "$late" ]; then late=$kb; fi
  sleep 0.1
done
wait "$pid" || failed "the first run failed"
check "$(count_rows "$work/whole/screen.tsv") rows, expected $n" [ "$(count_rows "$work/whole/screen.tsv")" = "$n" ]
check 'not 5 structures were kept' [ "$(find "$work/whole/best" -type f | wc -l)" -eq 5 ]
if [ "$n" -ge 200 ] && [ "$early" -gt 0 ]; then
  echo "resident: at most $early kB from row 50 to 100, $late kB from there to row $n"
  check "resident memory grew from $early to $late kB" [ "$late" -le $((early + 1024)) ]
fi
awk -F"$tab" 'NR > 1 && ($3 < 20 || $5 != "ok" || $7 < 0 || $7 > 100 || $14 <= 0 || $15 + $16 + $17 < 0.999)' \
  "$work/whole/screen.tsv" >"$work/odd"
check 'a row has odd values' [ ! -s "$work/odd" ]
head -n 1 "$work/whole/screen.tsv" | tr '\t' '\n' >"$work/columns"
check 'not 21 columns' [ "$(wc -l <"$work/columns")" -eq 21 ]
awk -F"$tab" 'NF != 21' "$work/whole/screen.tsv" >"$work/odd"
check 'a row has another number of cells' [ ! -s "$work/odd" ]

# The best are those of the table, and each is what fold writes of it.
sort -t "$tab" -k 10,10nr -k 1,1n "$work/whole/screen.tsv" | grep -v '^index' | head -n 5 |
  awk -F"$tab" '{ printf "%06d_%s.pdb\n", $1, $2 }' | sort >"$work/want"
(cd "$work/whole/best" && ls) >"$work/got"
check 'not the best were kept' cmp -s "$work/want" "$work/got"
best=$(head -n 1 "$work/got")
id=$(echo "$best" | sed 's/^[0-9]*_\(.*\)\.pdb$/\1/')
grep -A 1 "^>$id\$" "$work/in.fasta" >"$work/best.fasta"
expect 0 '' fold "$work/best.fasta" -o "$work/fold" --weights "$monomer" --num-recycle 0
grep '^ATOM' "$work/fold/$id"_unrelaxed_*.pdb >"$work/want"
grep '^ATOM' "$work/whole/best/$best" >"$work/got"
check "$best differs from fold's" cmp -s "$work/want" "$work/got"

# Another order, one thread, a table as input, shards: the same rows and structures.
awk '/^>/ { name = $0; next } { print name "\n" $0 "\n" }' "$work/in.fasta" | awk -v RS= '{ r[NR] = $0 }
  END { for (i = NR; i > 0; i--) print r[i] }' >"$work/reversed.fasta"
screen_to "$work/reversed" "$work/reversed.fasta"
same_rows "$work/reversed/screen.tsv"
for file in "$work/whole/best/"*; do
  name=$(basename "$file" | sed "s/^[0-9]*_//")
  check "the structure of $name depends on the order" cmp -s "$file" "$work/reversed/best/"*"_$name"
done
awk 'BEGIN { print "sequence,id" } /^>/ { id = substr($0, 2); next } { print $0 "," id }' "$work/in.fasta" >"$work/in.csv"
screen_to "$work/thread" "$work/in.csv" --threads 1
same_rows "$work/thread/screen.tsv"
check 'structures depend on threads' diff -r "$work/whole/best" "$work/thread/best"
for shard in 2/3 3/3 1/3; do screen_to "$work/shards" "$work/in.fasta" --shard $shard; done
same_rows "$work/shards/screen.1-of-3.tsv" "$work/shards/screen.2-of-3.tsv" "$work/shards/screen.3-of-3.tsv"
check 'a shard keeps too many structures' [ "$(find "$work/shards/best" -type f | wc -l)" -le 15 ]
for file in "$work/whole/best/"*; do
  check "the shards lack ${file##*/}" cmp -s "$file" "$work/shards/best/${file##*/}"
done

# kill -9 at random moments of the run: what was reported stays as it is, the rest is done once.
table=$work/killed/screen.tsv
: >"$work/reported"
n_kills=0
n_told=0
for k in $kills; do
  "$PLEAT" screen "$work/in.fasta" -o "$work/killed" --weights "$monomer" --num-recycle 0 --keep-top 5 --progress json \
    >"$work/events" 2>"$log" &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [ "$(count_rows "$table")" -lt $((k * n / (n_kills_wanted + 2))) ]; do sleep 0.02; done
  sleep "$(awk -v k="$k" -v seed="$$" 'BEGIN { srand(seed + k); printf "%.3f", 0.15 * rand() }')"
  kill -9 "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  [ $? = 137 ] && n_kills=$((n_kills + 1))
  n_done=$((n_done + 1))
  head -c "$(wc -c <"$work/reported")" "$table" | cmp -s - "$work/reported" || failed "kill $k: reported rows are lost"
  sed -n 's/^{"event":"row","index":\([0-9]*\),.*}$/\1/p' "$work/events" >"$work/told"
  n_told=$((n_told + $(wc -l <"$work/told")))
  awk -F"$tab" 'NF == 21' "$table" >"$work/reported"
  awk -F"$tab" 'NR == FNR { is_there[$1] = 1; next } !is_there[$1]' "$work/reported" "$work/told" >"$work/odd"
  check "kill $k: events without rows" [ ! -s "$work/odd" ]
done
check "only $n_kills of $n_kills_wanted runs were killed" [ "$n_kills" -ge $((n_kills_wanted - 1)) ]
check 'no row was told of before a kill' [ "$n_told" -gt 0 ]
screen_to "$work/killed" "$work/in.fasta"
check 'reported rows changed' [ "$(head -c "$(wc -c <"$work/reported")" "$table" | cksum)" = "$(cksum <"$work/reported")" ]
same_rows "$table"
check 'structures differ after kills' diff -r "$work/whole/best" "$work/killed/best"

# A half-written last row, and what a killed run left among the structures.
head -c $(($(wc -c <"$table") - 30)) "$table" >"$work/cut" && cp "$work/cut" "$table"
cp "$work/whole/best/$best" "$work/killed/best/999999_x.pdb"
cp "$work/whole/best/$best" "$work/killed/best/.000001_design_1.pdb.tmp-1-0"
screen_to "$work/killed" "$work/in.fasta"
check 'more than the last row was done again' grep -q "^pleat: $((n - 1)) sequences are done already" "$log"
same_rows "$table"
check 'structures were not tidied' diff -r "$work/whole/best" "$work/killed/best"
head -c 20 "$table" >"$work/cut" && cp "$work/cut" "$table"
screen_to "$work/killed" "$work/best.fasta"
check 'half a header is no table' [ "$(count_rows "$table")" = 1 ]

# Sequences that are wrong are rows; the others are done.
{
  head -n 4 "$work/in.fasta"
  printf '>digit\nMK1V\n>none\n>star\nM*K\n>pair\nMKVLAAGG:MKVLAAGG\n'
  tail -n 2 "$work/in.fasta"
} >"$work/mixed.fasta"
expect 9 '7 sequences: 3 ok, 4 failed; .*screen.tsv' screen "$work/mixed.fasta" -o "$work/mixed" --weights "$monomer" \
  --num-recycle 0 --model model_1_ptm
cut -f 2,4,5 "$work/mixed/screen.tsv" | tail -n 5 | head -n 4 >"$work/got"
printf 'digit\t0\tbad_input\nnone\t0\tbad_input\nstar\t0\tbad_input\npair\t2\tunsupported\n' >"$work/want"
check 'wrong sequences have wrong rows' cmp -s "$work/want" "$work/got"
check 'the reason is missing' grep -q "^3.digit.*mixed.fasta:6:3: '1'" "$work/mixed/screen.tsv"
expect 9 '7 sequences: 3 ok, 4 failed, 7 of them before' screen "$work/mixed.fasta" -o "$work/mixed" \
  --weights "$monomer" --num-recycle 0 --model model_1_ptm
printf '>a\nM1\n' >"$work/bad.fasta"
expect 3 '1 sequences: 0 ok, 1 failed' screen "$work/bad.fasta" -o "$work/bad" --weights "$work/none.npz"

# A complex: scores of its interface.
printf '>pair\nMKVLAAGG:MKVLAAGG\n' >"$work/pair.fasta"
expect 0 '' screen "$work/pair.fasta" -o "$work/pair" --weights "$multimer" --num-recycle 0
check 'no ipTM or no PAE of the interface' \
  awk -F"$tab" 'NR == 2 { exit !($3 == 16 && $4 == 2 && $6 == "model_1_multimer_v3" && $9 != "" && $13 > 0) }' \
  "$work/pair/screen.tsv"
cat "$work/best.fasta" "$work/pair.fasta" >"$work/both.fasta"
mkdir "$work/weights"
expect 0 . weights convert "$monomer" --out "$work/weights/params_model_1_ptm.safetensors"
expect 0 . weights convert "$multimer" --out "$work/weights/params_model_1_multimer_v3.safetensors"
expect 0 'warning: the input has single chains and complexes' screen "$work/both.fasta" -o "$work/both" \
  --weights "$work/weights" --num-recycle 0
expect 0 '' screen "$work/both.fasta" -o "$work/both_plddt" --weights "$work/weights" --num-recycle 0 --rank plddt
check 'a warning without reason' [ "$(grep -c warning "$log")" = 0 ]

# Which structures are kept.
expect 0 '' screen "$work/best.fasta" -o "$work/none" --weights "$monomer" --num-recycle 0 --keep-top 0
check 'a structure was kept' [ ! -e "$work/none/best" ]
expect 0 '' screen "$work/best.fasta" -o "$work/poor" --weights "$monomer" --num-recycle 0 --min-plddt 99
check 'a poor structure was kept' [ -z "$(ls "$work/poor/best")" ]

# A table of another input, other settings, or no table of ours.
expect 3 'is not what the input has there' screen "$work/pair.fasta" -o "$work/killed" --weights "$monomer" \
  --num-recycle 0 --keep-top 5
expect 2 "made with 'num-recycle 0', now it is 'num-recycle 1'" screen "$work/best.fasta" -o "$work/killed" \
  --weights "$monomer" --num-recycle 1 --keep-top 5
expect 0 '' screen "$work/pair.fasta" -o "$work/killed" --weights "$multimer" --num-recycle 0 --overwrite-existing-results
check 'the old table is not gone' [ "$(count_rows "$table")" = 1 ]
check 'the old structures are not gone' [ "$(ls "$work/killed/best")" = 000001_pair.pdb ]
mkdir "$work/other"
echo 'some,table' >"$work/other/screen.tsv"
expect 3 "screen.tsv:1: not a table of this 'pleat screen'" screen "$work/in.fasta" -o "$work/other" --weights "$monomer"
check 'a file of somebody else was changed' [ "$(cat "$work/other/screen.tsv")" = 'some,table' ]

# Inputs that are no list of sequences; a list that ends in the middle.
printf '>a\nMKV\n' >"$work/x.a3m"
expect 3 'is not read record by record' screen "$work/x.a3m" -o "$work/out" --weights "$monomer"
expect 3 'is a directory' screen "$work" -o "$work/out" --weights "$monomer"
expect 6 'cannot open' screen "$work/no.fasta" -o "$work/out" --weights "$monomer"
check 'a folder was made' [ ! -e "$work/out" ]
expect 4 'none.npz' screen "$work/best.fasta" -o "$work/out" --weights "$work/none.npz"

# Standard input, events for programs; and a second process is told that the table is in use.
n_done=$((n_done + 1))
mkfifo "$work/pipe"
"$PLEAT" screen - -o "$work/piped" --weights "$monomer" --num-recycle 0 --progress json <"$work/pipe" >"$work/events" 2>"$log" &
pid=$!
exec 3>"$work/pipe"
cat "$work/best.fasta" >&3
printf '>bad\nM1\n>more\n' >&3
i=0
while [ "$(count_rows "$work/piped/screen.tsv")" -lt 2 ] && [ $i -lt 300 ]; do
  sleep 0.1
  i=$((i + 1))
done
expect 6 "another 'pleat screen' is writing" screen "$work/best.fasta" -o "$work/piped" --weights "$monomer" --num-recycle 0
printf 'MKVLAAGG\n' >&3
exec 3>&-
wait "$pid"
code=$?
[ "$code" = 9 ] || failed "a screen of standard input ended with $code, expected 9"
check 'no event for a row' grep -q "^{\"event\":\"row\",\"index\":1,\"job\":\"$id\",.*\"status\":\"ok\"" "$work/events"
check 'no event for a failure' grep -q '"job":"bad".*"status":"bad_input","plddt":null.*"reason":"stdin:' "$work/events"
check 'no event for the end' grep -q '^{"event":"end","rows":3,"failed":1,"skipped":0,' "$work/events"

# SIGTERM ends it behind a whole row.
n_done=$((n_done + 1))
"$PLEAT" screen "$work/in.fasta" -o "$work/stopped" --weights "$monomer" --num-recycle 20 >"$log" 2>&1 &
pid=$!
i=0
while [ "$(count_rows "$work/stopped/screen.tsv")" -lt 1 ] && [ $i -lt 300 ]; do
  sleep 0.1
  i=$((i + 1))
done
kill -TERM "$pid"
wait "$pid"
code=$?
[ "$code" = 130 ] || failed "SIGTERM: exit code $code, expected 130"
awk -F"$tab" 'NF != 21' "$work/stopped/screen.tsv" >"$work/odd"
check 'SIGTERM left half a row' [ ! -s "$work/odd" ]
report
