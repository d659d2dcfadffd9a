# Sourced by the tests of the program: runs commands in a folder of their own and compares exit codes and messages.
# SPDX-License-Identifier: Apache-2.0
: "${PLEAT:=build/pleat}"
: "${PLEAT_SHARED:=../shared}"
if [ ! -x "$PLEAT" ]; then
  echo "skipped: no program at $PLEAT"
  exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/pleat-cli.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
log=$work/log
n_done=0
n_failed=0

# launcher PROGRAM: prints what to call instead of it; with $PLEAT_EMULATOR, a script that runs it under that.
launcher() {
  if [ -z "${PLEAT_EMULATOR:-}" ]; then
    echo "$1"
    return
  fi
  mkdir -p "$work/bin"
  # A link keeps its name: the program looks at it.
  printf '#!/bin/sh\nexec %s "%s/%s" "$@"\n' "$PLEAT_EMULATOR" "$(cd "$(dirname "$1")" && pwd)" "${1##*/}" >"$work/bin/${1##*/}"
  chmod +x "$work/bin/${1##*/}"
  echo "$work/bin/${1##*/}"
}
PLEAT=$(launcher "$PLEAT")

# Not empty under sanitizers and emulators, where large networks take an hour.
watched=${PLEAT_SANITIZED:-}${PLEAT_EMULATOR:-}

# Weights of a network with few blocks, made up: they cost milliseconds.
monomer=synth:tests/data/tiny_monomer.weights.json
multimer=synth:tests/data/tiny_multimer_v3.weights.json

failed() {
  n_failed=$((n_failed + 1))
  echo "FAILED: $1"
  echo "  --- output"
  sed 's/^/  /' "$log" | head -n 30
}

# expect CODE PATTERN ARGUMENTS...: the program ends with CODE, and its output (both streams, left in $log) has a line
# that matches PATTERN ('' = anything, also nothing).
expect() {
  want=$1
  pattern=$2
  shift 2
  n_done=$((n_done + 1))
  "$PLEAT" "$@" >"$log" 2>&1 </dev/null
  code=$?
  if [ "$code" != "$want" ]; then
    failed "pleat $*: exit code $code, expected $want"
  elif [ -n "$pattern" ] && ! grep -q -e "$pattern" "$log"; then
    failed "pleat $*: no line with '$pattern'"
  fi
}

# check MESSAGE COMMAND...: the command succeeds.
check() {
  message=$1
  shift
  n_done=$((n_done + 1))
  "$@" || failed "$message"
}

# Nothing but the log may stay in a folder after a failure: no results, no temporary files or folders.
expect_empty() {
  n_done=$((n_done + 1))
  [ -e "$1" ] || return 0
  stayed=$(find "$1" -mindepth 1 ! -name log.txt)
  [ -z "$stayed" ] || failed "files stayed in $1: $stayed"
}

# Python of the system, for what needs it; python3 may also be a wrapper without the modules.
find_python() {
  for python in /usr/bin/python3 python3; do
    if "$python" -c "$1" >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

skip() {
  echo "skipped: $1"
  exit 77
}

report() {
  echo "$n_done checks, $n_failed failed"
  [ "$n_failed" = 0 ]
}
