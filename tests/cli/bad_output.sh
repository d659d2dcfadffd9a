#!/bin/sh
# Output that cannot be written, too little memory, Ctrl-C: one message, a code of its own, nothing half-written.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

printf '>a\nMKVLAAGGSSPPLLKKEE\n' >"$work/a.fasta"
fold() {
  expect "$1" "$2" fold "$work/a.fasta" -o "$3" --weights "$monomer" --num-recycle 0
}

# Not a folder, and a folder that cannot be made.
: >"$work/file"
fold 6 'expected a folder, found a file' "$work/file"
fold 6 "cannot make the folder" "$work/file/below"
if [ "$(id -u)" != 0 ]; then
  mkdir "$work/closed"
  chmod 500 "$work/closed"
  fold 6 'cannot write into the folder' "$work/closed"
fi

# A full disk, by a limit on the size of files (blocks of 512 or 1024 bytes).
(
  ulimit -f 8
  expect 6 'File too large\|No space left' fold "$work/a.fasta" -o "$work/full" --weights "$monomer" --num-recycle 0
  expect_empty "$work/full"
  exit "$n_failed"
) || n_failed=$((n_failed + 1))
n_done=$((n_done + 2))

# A full disk, in earnest.
if [ "$(id -u)" = 0 ] && mkdir "$work/disk" && mount -t tmpfs -o size=16k tmpfs "$work/disk" 2>/dev/null; then
  fold 6 'No space left' "$work/disk"
  expect_empty "$work/disk"
  umount "$work/disk"
fi

# Results of an earlier run are not touched by a run that fails before it writes.
fold 0 'rank 1' "$work/kept"
cp -R "$work/kept" "$work/copy"
expect 5 '.' fold "$work/a.fasta" -o "$work/kept" --weights "$monomer" --memory 1M --overwrite-existing-results
check 'a failed run changed earlier results' diff -r -x log.txt "$work/kept" "$work/copy"

# Too little memory: refused before anything runs.
expect 5 'a: .*need.*budget' fold "$work/a.fasta" -o "$work/memory" --weights "$monomer" --memory 1M
expect_empty "$work/memory"
expect 5 ' no$' estimate "$work/a.fasta" --weights "$monomer" --memory 1M
expect 0 ' yes$' estimate "$work/a.fasta" --weights "$monomer" --memory 8G

# Ctrl-C and a termination request while the network runs.
{
  echo '>long'
  awk 'BEGIN { for (i = 0; i < 100; i++) printf "AG"; print "" }'
} >"$work/long.fasta"
interrupt() {
  n_done=$((n_done + 1))
  "$PLEAT" fold "$work/long.fasta" -o "$work/interrupted" --weights "$monomer" --num-recycle 900 >"$log" 2>&1 &
  pid=$!
  sleep "$2"
  kill "-$1" "$pid"
  wait "$pid"
  code=$?
  [ "$code" = 130 ] || failed "SIG$1 after $2 s: exit code $code, expected 130"
  expect_empty "$work/interrupted"
}
interrupt INT 2
interrupt TERM 1
report
