#!/bin/sh
# Help, versions, and what is said about a wrong command line.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

expect 0 '^pleat [0-9]*\.[0-9]*\.[0-9]*$' --version
expect 0 '^pleat [0-9]' version
expect 0 '^  fold ' --help
expect 0 '130  interrupted' help
expect 0 '^pleat [0-9]' info
for command in fold screen msa db docs run selftest bench estimate graph weights info; do
  expect 0 "^Usage: pleat $command" "$command" --help
  expect 0 "^  pleat $command" help "$command"
  check "help of $command has no examples" grep -q '^Examples:' "$log"
done

expect 2 'a command is missing'
expect 2 "unknown command 'flod', did you mean 'fold'?" flod
expect 2 "unknown command 'slefest', did you mean 'selftest'?" help slefest
expect 2 "unknown command 'qqqqqqqq'" qqqqqqqq
expect 2 'expected INPUT after' fold
expect 2 '--out DIR is missing' fold x.fasta
expect 2 '--weights W is missing' screen x.fasta -o "$work/out"
expect 2 "unknown option '--wieghts=1', did you mean '--weights'?" fold x.fasta --wieghts=1
expect 2 "unknown option '-q'" fold x.fasta -q
expect 2 'one argument too many' fold x.fasta y.fasta
expect 2 "unknown model 'model_1_pmt', did you mean 'model_1_ptm'?" fold x.fasta --model model_3,model_1_pmt
expect 2 "unknown model 'model_6'" graph --model model_6
expect 2 "unknown model ''" fold x.fasta --model model_1,
expect 2 'mixes monomer and multimer' fold x.fasta -o "$work/out" -w "$monomer" -m model_1,model_1_multimer_v3
expect 2 'must be an integer from 0 to 1000' fold x.fasta --num-recycle 3x
expect 2 'must be an integer from 0 to 1000' fold x.fasta --num-recycle -1
expect 2 'must be an integer from 0 to' fold x.fasta --seed 99999999999999999999
expect 2 'must be an integer' fold x.fasta --threads ''
expect 2 'must be two integers A:B' fold x.fasta --max-msa 512
expect 2 'must be two integers A:B' fold x.fasta --max-msa 512:1024:2
expect 2 'must be a number of bytes' fold x.fasta --memory 8Q
expect 2 'must be a number of bytes' fold x.fasta --memory -8G
expect 2 'must be a number from 0 to 1' run --msa-mask-fraction 1.5
expect 2 'must be one of f32, bf16' fold x.fasta --precision f64
expect 2 'must be one of identity, random' run --msa-order sorted
expect 2 'mask "sse9" names no instruction set' graph --cpu-mask=sse9 --model model_1 --n-res 8 --n-seq 4 --n-extra 4
expect 2 'must be one of build, .*plan' graph --dump=fise
expect 2 'needs a value' fold x.fasta --seed --threads 2
expect 2 'takes no value' run --unfused=yes
expect 2 'needs a value' fold x.fasta --num_seeds --threads 2
expect 2 '--n-extra N is missing' graph --model model_1 --n-res 8 --n-seq 4
expect 2 "unknown action 'lst'.*did you mean 'list'" weights lst x.npz
expect 2 'expected list|verify|convert FILE' weights list
expect 2 '--out FILE is missing' weights convert "$monomer"
expect 2 "unknown action 'pakc'.*did you mean 'pack'" db pakc .
expect 2 '--out FILE is missing' db pack .
expect_empty "$work/out"

if [ -c /dev/full ]; then
  n_done=$((n_done + 1))
  "$PLEAT" --help >/dev/full 2>"$log"
  code=$?
  [ "$code" = 6 ] || failed "a full standard output: exit code $code, expected 6"
fi
report
