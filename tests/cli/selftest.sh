#!/bin/sh
# The self-test: sub-layers and shortened networks within the allowances, and what it says when they are not.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/golden.sh

for filter in sublayers tiny_monomer tiny_multimer; do expect_golden "$filter"; done
if [ -z "$watched" ]; then
  expect_golden sublayers --backend ref
  expect_golden full_model_3
  expect_golden full_model_1_ptm
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
