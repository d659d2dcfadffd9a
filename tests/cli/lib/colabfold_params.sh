# Sourced by the tests of colabfold_batch: parameters as ColabFold stores them, of small made-up networks.
# SPDX-License-Identifier: Apache-2.0
pleat=$PLEAT # tests go on with the program's other name

# add_params SPEC MODEL: params_MODEL.npz in $work/data/params.
add_params() {
  mkdir -p "$work/data/params"
  "$pleat" weights convert "$1" --out "$work/data/params/params_$2.npz" >"$log" 2>&1 || failed "no $2"
}

# add_family SPEC SUFFIX: all five networks of a family, each with values of its own; models 3 to 5 of the monomers have
# no templates.
add_family() {
  for i in 1 2 3 4 5; do
    awk -v seed="$i" -v suffix="$2" '/^"seed"/ { print "\"seed\": " seed ","; next }
      seed > 2 && suffix == "_ptm" && /template_/ { is_skipped = 1 }
      !is_skipped { print }
      /^]/ { is_skipped = 0 }' "${1#synth:}" >"$work/spec.json"
    add_params "synth:$work/spec.json" "model_$i$2"
  done
}
