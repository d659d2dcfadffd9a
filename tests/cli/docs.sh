#!/bin/sh
# Manual pages and completions: there for every command, with every option, and without mistakes for who reads them.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

expect 0 '^pleat-fold$' docs man list
cp "$log" "$work/pages"
n_commands=$("$PLEAT" --help | awk '/^Commands:/ { on = 1; next } on && NF == 0 { exit } on { n++ } END { print n - 2 }')
check 'not a page for every command' [ "$(wc -l <"$work/pages")" = $((n_commands + 1)) ]
for shell in bash zsh fish; do
  expect 0 'Completion of pleat' docs completion $shell
  cp "$log" "$work/$shell"
done

lint=
command -v mandoc >/dev/null 2>&1 && lint='mandoc -T lint -W error'
[ -z "$lint" ] && command -v groff >/dev/null 2>&1 && lint='groff -man -Tascii -ww -z'
[ -z "$lint" ] && command -v man >/dev/null 2>&1 && lint='man --warnings -l'
[ -n "$lint" ] || echo 'skipped by name: no mandoc, groff or man to read the pages'
while read -r page; do
  expect 0 '^.SH NAME$' docs man "$page"
  cp "$log" "$work/$page.1"
  if [ -n "$lint" ]; then
    $lint "$work/$page.1" >"$work/formatted" 2>"$log"
    check "$lint $page.1 has something to say" [ ! -s "$log" ]
  fi
  command=${page#pleat-}
  [ "$page" = pleat ] && continue
  # Every option of the help that is neither without effect nor refused.
  "$PLEAT" "$command" --help | awk '/^Options:/ { on = 1; next } on && NF == 0 { exit } on' |
    sed -n 's/^ *\(-., \)\{0,1\}--\([a-z0-9-]*\).*/\2/p' >"$work/options"
  [ "$command" = docs ] || check "no options in the help of $command" [ -s "$work/options" ]
  sed 's/\\-/-/g; s/\\fB//g; s/\\fR/ /g' "$work/$page.1" >"$work/plain"
  while read -r name; do
    check "$page.1 lacks --$name" grep -q -e "--$name " "$work/plain"
    check "bash lacks --$name" grep -q -e "--$name[ ']" "$work/bash"
    check "zsh lacks --$name" grep -q -e "[',]--$name[\[}]" "$work/zsh"
    check "fish lacks --$name" grep -q -e "-l $name " "$work/fish"
  done <"$work/options"
done <"$work/pages"

for shell in bash zsh fish; do
  if command -v $shell >/dev/null 2>&1; then
    n_done=$((n_done + 1))
    $shell -n "$work/$shell" >"$log" 2>&1 || failed "$shell does not parse its completion"
    check "$shell has something to say" [ ! -s "$log" ]
  else
    echo "skipped by name: no $shell to parse its completion"
  fi
done

# completed WORDS...: what bash offers for the last of them.
completed() {
  bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pleat; echo "${COMPREPLY[*]}"' - "$work/bash" "$@"
}
if command -v bash >/dev/null 2>&1; then
  check 'commands are not completed' [ "$(completed pleat scr)" = screen ]
  check 'options are not completed' [ "$(completed pleat screen in.fasta --keep)" = --keep-top ]
  check 'values are not completed' [ "$(completed pleat fold --precision b)" = bf16 ]
  check 'models are not completed' [ "$(completed pleat run -m model_5_multimer_v3)" = model_5_multimer_v3 ]
  check 'colabfold_batch is not completed' [ "$(completed colabfold_batch --num-mod)" = --num-models ]
fi
# What fish offers for a command line, without the descriptions.
fish_completed() { fish -N -c "source $work/fish; complete -C '$1'" | cut -f 1; }
if command -v fish >/dev/null 2>&1; then
  check 'fish: commands are not completed' [ "$(fish_completed 'pleat scr')" = screen ]
  check 'fish: options are not completed' [ "$(fish_completed 'pleat screen in.fasta --keep')" = --keep-top ]
  check 'fish: values are not completed' [ "$(fish_completed 'pleat fold --precision b')" = bf16 ]
  check 'fish: colabfold_batch is not completed' [ "$(fish_completed 'colabfold_batch --num-mod')" = --num-models ]
fi

expect 2 'is no manual page' docs man pleat-flod
expect 2 "expected man or completion, found 'mann', did you mean 'man'" docs mann fold
expect 2 'expected bash, zsh or fish' docs completion csh
report
