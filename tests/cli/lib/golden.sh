# Sourced by the tests that compare with the reference arrays: where they are ($golden, $multimers), or a skip.
# SPDX-License-Identifier: Apache-2.0
golden=$(realpath "$PLEAT_SHARED" 2>/dev/null)/golden
[ -f "$golden/manifest.json" ] || skip "no reference arrays in $golden"

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

# expect_golden FILTER [OPTIONS]: every array of the cases is within its allowance.
expect_golden() {
  filter=$1
  shift
  case $filter in
    tiny_multimer*) expect 0 'all within the allowance' selftest --golden "$multimers" --filter "$filter" "$@" ;;
    *) expect 0 'all within the allowance' selftest --golden "$golden" --filter "$filter" "$@" ;;
  esac
}
