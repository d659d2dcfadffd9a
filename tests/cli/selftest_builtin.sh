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

# Every instruction set of this machine; one that it has not gives the one below.
expect 0 '^  instruction sets generic' info
levels=$(sed -n 's/^  instruction sets \(.*\)/\1/p' "$log" | tr -d ,)
for level in $levels; do
  PLEAT_CPU_MASK=$level
  export PLEAT_CPU_MASK
  expect 0 "^backend cpu .*, $level, " info
  unset PLEAT_CPU_MASK
  expect 0 'all within the allowance' selftest --cpu-mask "$level"
done
PLEAT_CPU_MASK=pentium
export PLEAT_CPU_MASK
expect 2 'PLEAT_CPU_MASK "pentium" names no instruction set .*; expected one of generic, ' selftest
expect 0 'all within the allowance' selftest --cpu-mask generic --filter pair_transition
unset PLEAT_CPU_MASK
expect 2 'mask "sse9" names no instruction set .*; expected one of generic, ' selftest --cpu-mask sse9

expect 0 'nothing was judged' selftest --precision bf16
expect 0 '^4 arrays of 4 networks and sub-layers on ref' selftest --backend ref --filter triangle_multiplication
expect 0 '^{"sublayers/pair_transition/out",$' selftest --fingerprints --filter pair_transition
expect 2 "no case has 'nothing' in its name" selftest --filter nothing
expect 2 'fingerprints is about the built-in set' selftest --fingerprints --golden .
report
