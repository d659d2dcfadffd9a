#!/bin/sh
# The self-test: sub-layers and shortened networks within the allowances, and what it says when they are not.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

golden=$(realpath "$PLEAT_SHARED" 2>/dev/null)/golden
[ -f "$golden/manifest.json" ] || skip "no reference arrays in $golden"
expect 0 'all within the allowance' selftest --golden "$golden" --filter sublayers
expect 0 'all within the allowance' selftest --golden "$golden" --filter tiny_monomer

# The names and shapes that come with the shortened multimers say two template blocks; the manifest and the expected
# values say one (doc/numerics.md).
multimers=$work/multimers
mkdir "$multimers"
ln -s "$golden"/*.npz "$golden/manifest.json" "$golden/sublayers.weights.json" "$multimers"
for version in v2 v3; do
  awk 'stacked && /^2,$/ { $0 = "1," }
       { print; stacked = /template_embedding_iteration/ }' \
    "$golden/tiny_multimer_$version.weights.json" >"$multimers/tiny_multimer_$version.weights.json"
done
expect 0 'all within the allowance' selftest --golden "$multimers" --filter tiny_multimer

if [ -z "$watched" ]; then
  expect 0 'all within the allowance' selftest --golden "$golden" --filter sublayers --backend ref
  expect 0 'all within the allowance' selftest --golden "$golden" --filter full_model_3
  expect 0 'all within the allowance' selftest --golden "$golden" --filter full_model_1_ptm
fi
expect 6 'manifest.json' selftest --golden "$work"
printf '{"cases": [' >"$work/manifest.json"
expect 3 'manifest.json' selftest --golden "$work"
expect 2 "no case has 'nothing' in its name" selftest --golden "$golden" --filter nothing

# A reference that differs is noticed: the weights of another seed give other numbers.
cp "$golden/tiny_monomer.npz" "$work/"
sed 's/"seed": 0/"seed": 1/' "$golden/tiny_monomer.weights.json" >"$work/tiny_monomer.weights.json"
cat >"$work/manifest.json" <<'JSON'
{"cases": [{"file": "tiny_monomer.npz", "weights": "tiny_monomer.weights.json", "kind": "monomer",
            "model": "model_1_ptm", "num_recycle": 1}]}
JSON
expect 1 'final_atom_positions .*FAIL' selftest --golden "$work"
report
