#!/bin/sh
# pleat bench: the table, the JSON, and shapes that cannot be.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# The real network, made-up weights.
expect 0 '^sub-layer  *calls  *launches  *ms  *% time  *GFLOP/s  *roofline ms  *% reached$' bench --shape 12,1,0
number='[0-9][0-9]*\.[0-9][0-9]*'
for row in 'msa row attn  *48  *336' 'tri-attn end  *48  *336' 'structure module  *8  *[0-9]*' 'total  *[0-9]*'; do
  check "no row '$row'" grep -qE "^$row +$number +$number +$number +$number +$number\$" "$log"
done
check 'rows of an empty extra alignment' sh -c "! grep -q '^extra row attn' '$log'"
check 'no peaks' grep -qE "^peaks: $number GFLOP/s f32, ($number|-) GFLOP/s bf16, $number GB/s copied\$" "$log"
check 'no time of the structure' \
  grep -qE "^structure: $number s, median of 1 after a warm-up; $number % of the fused roofline of $number s\$" "$log"
check 'no memory' grep -qE "^memory: $number MB activations .* = $number MB\$" "$log"

# The other options, on few blocks.
tiny="bench --weights $monomer --model model_1_ptm"
# shellcheck disable=SC2086 # words
{
  expect 0 '^extra row attn  *2  *14 ' $tiny --shape 9,4,3 --recycles 1 --repeat 3 --threads 1
  check 'other shape' grep -q '^shape 9,4,3: .*; 1 recycles; synthetic weights$' "$log"
  expect 0 '^model_1_ptm, bf16, backend cpu: ' $tiny --shape 9,4,0 --precision bf16
  expect 0 '^pair transition .* - *-$' $tiny --shape 3,1,0 --backend ref
  expect 0 '^templates  *2 ' bench --weights "$multimer" --model model_1_multimer_v3 --shape 9,4,3
  expect 0 '"sublayers"' $tiny --shape 9,4,3 --json
}
if find_python 'import json'; then
  check 'no good JSON' "$python" - "$log" <<'PY'
import json, sys
bench = json.load(open(sys.argv[1]))
assert bench["model"] == "model_1_ptm" and bench["synthetic_weights"] is True
assert bench["shape"] == {"n_res": 9, "n_seq": 4, "n_extra": 3} and bench["recycles"] == 0 and bench["repeats"] == 1
rows = {row["name"]: row for row in bench["sublayers"]}
assert rows["msa col attn"]["calls"] == 2 and rows["extra col global attn"]["calls"] == 1, rows
for row in rows.values():
    assert 0 < row["ms"] <= bench["total"]["ms"] and row["gflop"] > 0, row
    assert abs(row["gflop"] / row["ms"] * 1e3 / row["gflop_per_s"] - 1) < 1e-3, row
assert sum(row["launches"] for row in rows.values()) == bench["total"]["launches"]
assert bench["structure"]["seconds"] > 0 and bench["peaks"]["copy_gb_per_s"] > 0
assert bench["memory_bytes"]["total"] > bench["memory_bytes"]["activations"]
PY
fi

expect 2 'must be three integers N,S,E' bench --shape 100
expect 2 'must be three integers N,S,E' bench --shape 100,1,0,0
expect 2 'must be three integers N,S,E' bench --shape 100,1,-1
expect 2 'must be three integers N,S,E' bench --shape 100,,0
expect 2 'shape 0,1,0: expected 1 to' bench --shape 0,1,0
expect 2 'shape 10,0,0: expected 1 to' bench --shape 10,0,0
expect 2 'shape 1,21,0: there are not so many different rows' bench --shape 1,21,0
expect 2 'must be an integer from 1' bench --repeat 0
expect 2 'runs nothing that could be measured' bench --backend null
expect 2 'unknown backend "gpu"' bench --backend gpu
expect 4 'none.npz' bench --weights "$work/none.npz"
report
