#!/bin/sh
# The built-in self-test: passes without any file, on every instruction set and in every way to run a network.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

PLEAT=$(realpath "$PLEAT")
cd "$work" || exit 1
expect 0 '^52 arrays of 14 networks and sub-layers on cpu, f32: all within the allowance$' selftest
for options in '--threads 1' '--unfused --chunks 3' '--unhoisted --keep-padding'; do
  # shellcheck disable=SC2086 # two words each
  expect 0 'all within the allowance' selftest $options
done
for mask in generic avx2; do
  PLEAT_CPU_MASK=$mask
  export PLEAT_CPU_MASK
  expect 0 'all within the allowance' selftest
done
unset PLEAT_CPU_MASK
expect 0 'nothing was judged' selftest --precision bf16
expect 0 '^4 arrays of 4 networks and sub-layers on ref' selftest --backend ref --filter triangle_multiplication
expect 0 '^{"sublayers/pair_transition/out",$' selftest --fingerprints --filter pair_transition
expect 2 "no case has 'nothing' in its name" selftest --filter nothing
expect 2 'fingerprints is about the built-in set' selftest --fingerprints --golden .
report
