#!/bin/sh
# What is seen of a fold: events for programs, ColabFold's lines in log.txt, a line per target, the line on a terminal.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# fold_to DIR OPTIONS...: two targets, one of them wrong, with two networks and one recycle.
fold_to() {
  dir=$1
  shift
  "$PLEAT" fold "$work/in.fasta" -o "$dir" --weights "$monomer" --num-recycle 1 -m model_1_ptm,model_2_ptm "$@"
}
printf '>good\nMKVLAAGGSS\n>bad\nM1\n>last\nMKVLAAGGSSPP\n' >"$work/in.fasta"

# Events: nothing but JSON on standard output; every pass, result and target once, in order.
n_done=$((n_done + 1))
fold_to "$work/json" --progress json >"$work/events" 2>"$log"
[ $? = 9 ] || failed 'a fold with events did not end with 9'
sed 's/.*"event":"\([a-z]*\)".*"job":"\([a-z]*\)".*/\1 \2/; s/.*"event":"end".*/end/' "$work/events" >"$work/got"
printf '%s\n' 'job bad' 'pass good' 'pass good' 'pass good' 'pass good' 'result good' 'result good' 'job good' \
  'pass last' 'pass last' 'pass last' 'pass last' 'result last' 'result last' 'job last' end >"$work/want"
check 'other events' cmp -s "$work/want" "$work/got"
if find_python 'import json'; then
  n_done=$((n_done + 1))
  "$python" - "$work/events" >"$log" 2>&1 <<'EOF' || failed 'events are not what they should be'
import json, os, sys
events = [json.loads(line) for line in open(sys.argv[1])]
passes = [e for e in events if e['event'] == 'pass']
assert [e['recycle'] for e in passes] == [0, 1] * 4
for e in passes:
    assert e['num_recycle'] == 1 and e['jobs'] == 3 and 0 < e['plddt'] < 100 and 0 <= e['ptm'] <= 1
    assert e['iptm'] is None and (e['change_ang'] is None) == (e['recycle'] == 0)
    assert e['ms'] > 0 and (e['left_ms'] > 0 or e is passes[-1])
assert passes[-1]['left_ms'] == 0
for e in events:
    if e['event'] == 'result':
        last = [p for p in passes if (p['job'], p['model']) == (e['job'], e['model'])][-1]
        assert os.path.exists(e['file']) and abs(e['plddt'] - last['plddt']) < 1e-3 and e['recycles'] == 1
jobs = {e['job']: e for e in events if e['event'] == 'job'}
assert jobs['bad']['outcome'] == 'failed' and "'1'" in jobs['bad']['reason']
assert jobs['good']['outcome'] == jobs['last']['outcome'] == 'done'
assert events[-1] == {'event': 'end', 'jobs': 3, 'done': 2, 'failed': 1, 'skipped': 0}
EOF
fi

# What is done already is an event, too.
fold_to "$work/json" --progress json >"$work/events" 2>"$log"
check 'no event for what is skipped' [ "$(grep -c '"event":"job".*"outcome":"skipped"' "$work/events")" = 2 ]

# Passes in the log, as ColabFold names them: scores of each, the change from the second on.
log_line='^....-..-.. ..:..:.. alphafold2_ptm_model_1_seed_000 recycle'
check 'no first pass in the log' \
  [ "$(grep -c "$log_line=0 pLDDT=[0-9.]* pTM=[0-9.e-]* ([0-9]* ms)\$" "$work/json/log.txt")" = 2 ]
check 'no second pass in the log' \
  [ "$(grep -c "$log_line=1 pLDDT=[0-9.]* pTM=[0-9.e-]* tol=[0-9.e-]* ([0-9]* ms)\$" "$work/json/log.txt")" = 2 ]

# Without a terminal a line per target, the first with the time left; nothing of it when it is not wanted.
n_done=$((n_done + 1))
fold_to "$work/plain" >"$work/summary" 2>"$log"
check 'no line for the first target' grep -q '^pleat: \[2/3\] good: pLDDT [0-9.]*, [0-9]* m\{0,1\}s, about .* left$' "$log"
check 'no line for the last target' grep -q '^pleat: \[3/3\] last: pLDDT [0-9.]*, [0-9]* m\{0,1\}s$' "$log"
check 'no results' grep -q '^  rank 1  model_[12]_ptm  seed 0  pLDDT' "$work/summary"
fold_to "$work/none" --progress none >"$work/summary" 2>"$log"
check 'a line although none is wanted' [ "$(grep -c '\[[23]/3\]' "$log")" = 0 ]

# On a terminal: job, network, recycle, scores, milliseconds and time left, on one line.
if [ -z "$watched" ] && find_python 'import pty'; then
  n_done=$((n_done + 1))
  PLEAT=$PLEAT "$python" - "$work/in.fasta" "$work/terminal" "$monomer" >"$work/shown" 2>"$log" <<'EOF' || failed 'no terminal'
import os, pty, sys
pty.spawn([os.environ['PLEAT'], 'fold', sys.argv[1], '-o', sys.argv[2], '--weights', sys.argv[3], '--num-recycle', '1',
           '-m', 'model_1_ptm'], lambda fd: os.read(fd, 1024))
EOF
  tr '\r' '\n' <"$work/shown" >"$work/lines"
  check 'no line before the first pass' \
    grep -q '\[2/3\] good  model_1_ptm  first pass \.\.\.  about .* left' "$work/lines"
  check 'no line of a recycle' grep -q \
    '\[2/3\] good  model_1_ptm  recycle 1 of 1  pLDDT [0-9.]*  pTM [0-9.]*  change [0-9.]* A  [0-9]* ms  about .* left' \
    "$work/lines"
  check 'a line per target on a terminal' [ "$(grep -c '\[2/3\] good: pLDDT' "$work/lines")" = 0 ]
fi
expect 2 "progress must be" fold "$work/in.fasta" -o "$work/out" --weights "$monomer" --progress jsn
report
