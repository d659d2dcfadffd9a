#!/bin/sh
# The reference arrays at every instruction set of this machine below its best one, which tests/cli/selftest.sh has.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/golden.sh

levels=$("$PLEAT" info | sed -n 's/^ *instruction sets *//p' | tr -d ,)
n_levels=0
for level in ${levels% *}; do
  [ "$levels" != "$level" ] || break # the best is the only one
  for filter in sublayers tiny_monomer tiny_multimer; do expect_golden "$filter" --cpu-mask "$level"; done
  if [ -z "$watched" ]; then
    for filter in full_model_3 full_model_1_ptm; do expect_golden "$filter" --cpu-mask "$level"; done
  fi
  n_levels=$((n_levels + 1))
done
[ "$n_levels" != 0 ] || skip "this machine has portable C only"
report
