#!/bin/sh
# Alignments from an MSA server: every state and misbehaviour of a server, tickets that outlive a killed run, and for
# recorded replies the same text as ColabFold writes.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/net.sh
start_server

printf '>one\nMKVLAAGGSSPP\n' >"$work/one.fasta"
printf '>two\nMKVLAAGGSSPP:PPLLEEKK:MKVLAAGGSSPP\n' >"$work/two.fasta"
printf '>same\nMKVLAAGGSSPP:MKVLAAGGSSPP\n' >"$work/same.fasta"

# align CODE PATTERN MODE INPUT OUT [OPTIONS]
align() {
  want=$1
  pattern=$2
  host=$url/msa/$3
  input=$4
  out=$5
  shift 5
  expect "$want" "$pattern" colabfold_batch "$work/$input.fasta" "$work/$out" --msa-only --host-url "$host" \
    --msa-wait 0.01 "$@"
}
if ! "$PLEAT" colabfold_batch --msa-only --host-url "$url/msa/ok" --msa-wait 0.01 "$work/one.fasta" "$work/ok" >"$log" 2>&1 &&
  grep -q 'built without' "$log"; then
  skip 'built without libcurl or libarchive'
fi

check 'the texts of a chain' [ "$(cat "$work/ok/one.a3m")" = "$(printf '#12\t1\n>101\nMKVLAAGGSSPP\n>hit101a\t10\nAKVLAAGGSSPP\n>hit101b\t9\n-KVLAAGGSSPxyW\n>101\nMKVLAAGGSSPP\n>env101\nMKVLAAGGSSP-')" ]
check 'no reply is kept' [ -s "$work/ok/one_env/out.tar.gz" ]
check 'the request' [ "$(n_requests '"path": "/msa/ok/ticket/msa", "agent": "pleat/[0-9.]* .*"body": "q=%3E101%0AMKVLAAGGSSPP%0A&mode=env"')" = 1 ]
before=$(wc -l <"$requests")
align 0 'one: 5 rows' ok one ok
check 'what is there is asked for again' [ "$(wc -l <"$requests")" = "$before" ]

# Complexes: which endpoints and modes, and how rows go together.
align 0 '' ok two two
check 'the header of a complex' [ "$(sed -n 1p "$work/two/two.a3m")" = "$(printf '#12,8\t2,1')" ]
check 'paired rows' [ "$(sed -n 2,3p "$work/two/two.a3m")" = "$(printf '>101\t102\nMKVLAAGGSSPPPPLLEEKK')" ]
check 'rows of the first chain' grep -qx 'AKVLAAGGSSPP--------' "$work/two/two.a3m"
check 'rows of the second chain' grep -qx -e '------------APLLEEKK' "$work/two/two.a3m"
check 'greedy pairs' [ -s "$work/two/two_pairgreedy/out.tar.gz" ]
check 'a chain twice' [ "$(n_requests '%3E103')" = 0 ]
align 0 '' ok two two_c --pair-strategy complete --msa-mode mmseqs2_uniref_env_envpair --pair-mode paired
check 'complete pairs' [ -s "$work/two_c/two_paircomplete-env/out.tar.gz" ]
check 'unpaired rows were asked for' [ ! -e "$work/two_c/two_env" ]
align 0 '' ok two two_u --msa-mode mmseqs2_uniref --pair-mode unpaired
check 'searched without environmental sequences' [ -s "$work/two_u/two_all/out.tar.gz" ]
check 'pairs were asked for' [ "$(find "$work/two_u" -name '*pair*' | wc -l)" -eq 0 ]
align 0 '' ok same same
check 'copies are paired by themselves' [ "$(sed -n 1,3p "$work/same/same.a3m")" = "$(printf '#12\t2\n>101\nMKVLAAGGSSPP')" ]

# States and misbehaviour.
for how in ratelimit unknown http500 http429 drop cut; do
  align 0 'one: 5 rows' $how one "$how"
  check "$how: another text" cmp -s "$work/ok/one.a3m" "$work/$how/one.a3m"
done
align 11 'under maintenance: try again' maintenance one maintenance
align 3 'reports an error for these sequences' error one error
align 11 "is no MSA server or broken: expected JSON .*<html>Welcome" html one html
align 11 'is no MSA server or broken' badid one badid
align 11 'answers with status 400: what do you mean' http400 one http400
align 11 "'..*out.tar.gz' is no tar archive, or it is damaged" page one page
align 11 'is the answer to another search' other one other
align 11 'a path that leaves its folder' escape one escape
check 'a file outside' [ -z "$(find "$work" -name 'escaped*')" ]
for how in maintenance error html badid http400 page other escape; do
  check "$how: an alignment" [ ! -e "$work/$how/one.a3m" ]
  check "$how: a reply is kept" [ ! -e "$work/$how/one_env/out.tar.gz" ]
done
url_ok=$url
url=http://127.0.0.1:1
align 11 'cannot fetch .http://127.0.0.1:1/' ok one nobody
url=$url_ok
align 11 "cannot fetch .*proxy\|cannot fetch" ok one proxy --proxy http://127.0.0.1:1

# Killed while the server works: the ticket is taken up again, and nothing is handed in twice.
: >"$requests"
"$PLEAT" colabfold_batch "$work/one.fasta" "$work/killed" --msa-only --host-url "$url/msa/pending" --msa-wait 0.05 \
  >"$work/killed.log" 2>&1 &
killed=$!
n=0
while [ ! -s "$work/killed/one_env/ticket.json" ] && [ $n -lt 200 ]; do
  n=$((n + 1))
  sleep 0.05
done
kill -9 $killed
wait $killed 2>/dev/null
touch "$requests.go"
align 0 'one: 5 rows' pending one killed
check 'handed in again' [ "$(n_requests '"POST"')" = 1 ]

# A reply of other sequences in the folder is not taken for this one.
printf '>one\nMKVLAAGGSSPA\n' >"$work/one.fasta"
align 0 '' ok one killed
check 'the old reply is used' grep -q MKVLAAGGSSPA "$work/killed/one.a3m"

# Folding with it; without being asked for, nobody is asked.
: >"$requests"
expect 0 'rank 1' fold "$work/two.fasta" -o "$work/fold" --weights "$multimer" --num-recycle 0
check 'sequences left the machine' [ ! -s "$requests" ]
expect 0 "two: its sequence goes to the MSA server $url" fold "$work/two.fasta" -o "$work/fold" --weights "$multimer" --num-recycle 0 \
  --msa-mode mmseqs2_uniref_env --host-url "$url/msa/ok" --msa-wait 0.01 --overwrite-existing-results
check 'the alignment is not in the results' grep -q '>hit101a' "$work/fold/two.a3m"
check 'the configuration' grep -q '"msa_mode": "mmseqs2_uniref_env"' "$work/fold/config.json"
expect 2 '--msa-wait must be a number' fold "$work/two.fasta" -o "$work/fold" --msa-wait 0

# Recorded replies give ColabFold's own text.
features=$PLEAT_SHARED/features/F_colabfold
if [ -d "$features" ]; then
  for job in 5AWL_1 Q60262_uniref 3G5O_A_3G5O_B 3G5O_AAB_paired_only; do
    "$python" - "$features/$job/case.json" "$work/case.fasta" >"$work/options" <<'PY'
import json, sys
case = json.load(open(sys.argv[1]))
open(sys.argv[2], "w").write(">case\n" + ":".join(case["sequences"]) + "\n")
print("--msa-mode", case["msa_mode"], "--pair-mode", case["pair_mode"])
PY
    # shellcheck disable=SC2046 # options
    align 0 '' ok case "$job" $(cat "$work/options")
    check "$job: not ColabFold's text" "$python" - "$features/$job/case.json" "$work/$job/case.a3m" <<'PY'
import hashlib, json, sys
want = json.load(open(sys.argv[1]))["msa_to_str"]
text = open(sys.argv[2], "rb").read()
assert len(text) == want["chars"] and hashlib.sha256(text).hexdigest() == want["sha256"], (len(text), want)
PY
  done
fi
report
