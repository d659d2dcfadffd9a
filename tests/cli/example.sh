#!/bin/sh
# The example program folds a sequence through the shared library.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

: "${PLEAT_BUILD:=build}"
example=$PLEAT_BUILD/examples/fold_sequence
[ -x "$example" ] || skip "no program at $example"
example=$(launcher "$example")
n_done=$((n_done + 2))
"$example" "$monomer" model_1_ptm NLYIQWLKDGGPSSGRPPPS "$work/out.pdb" >"$log" 2>&1 || failed 'fold_sequence failed'
grep -q 'SER A  20' "$work/out.pdb" || failed 'fold_sequence wrote no residue 20'
check 'the example is longer than 60 lines' [ "$(wc -l <examples/fold_sequence.c)" -lt 60 ]
report
