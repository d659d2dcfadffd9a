#!/bin/sh
# colabfold_batch: the choice of networks, what is written, and every option that is refused or noted.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/colabfold_params.sh

add_family "$monomer" _ptm
add_params "$multimer" model_1_multimer_v3
# The program under its other name, also under an emulator.
PLEAT=$(launcher "$PLEAT_BUILD/colabfold_batch")

# Without an alignment the server is asked, unless it is told to do without (msa_server.sh has the rest); built without
# the network, it says so.
printf '>T1026 x\nMKVLAAGGSSPP\n' >"$work/in.fasta"
run() {
  want=$1
  pattern=$2
  shift 2
  expect "$want" "$pattern" --data "$work/data" "$work/in.fasta" "$work/out" "$@"
}
"$PLEAT" --data "$work/data" "$work/in.fasta" "$work/out" --host-url http://127.0.0.1:1 --msa-wait 0.001 >"$log" 2>&1
check 'the server is not asked' grep -q "T1026_x: its sequence goes to the MSA server http://127.0.0.1:1" "$log"
check 'no reason' grep -q 'cannot fetch .http://127.0.0.1:1/\|built without' "$log"
rm -rf "$work/out"
run 0 'rank 2  model_[23]_ptm' --num-recycle 3 --model-type alphafold2_ptm --msa-mode single_sequence --num-models 2 \
  --model-order 3,5,2 --random-seed 7 --rank ptm
check 'not the first two of the order' [ "$(find "$work/out" -name 'T1026_x_unrelaxed_rank_00[12]_*_model_[23]_seed_007.pdb' | wc -l)" -eq 2 ]
check 'no alignment of a single sequence' [ "$(cat "$work/out/T1026_x.a3m")" = "$(printf '#12\t1\n>101\nMKVLAAGGSSPP')" ]
check 'no log' grep -q ' Query 1/1: T1026_x (length 12)$' "$work/out/log.txt"
for name in coverage plddt pae; do check "no plot $name" [ -s "$work/out/T1026_x_$name.svg" ]; done
run 0 'T1026_x: done already' --msa-mode single_sequence

# One complex makes multimers of all, as in ColabFold.
printf '>pair\nMKVLAAGG:PPLLEE\n>single\nMKVLAA\n' >"$work/in.fasta"
run 0 '' --msa-mode single_sequence --num-models 1 --num-recycle 0
for name in pair single; do
  check "$name: not by the multimer" [ -s "$work/out/${name}_unrelaxed_rank_001_alphafold2_multimer_v3_model_1_seed_000.pdb" ]
done
check 'a complex with another header' [ "$(sed -n 1p "$work/out/pair.a3m")" = "$(printf '#8,6\t1,1')" ]
run 9 'folds one chain, the target has 2' --msa-mode single_sequence --num-models 1 --num-recycle 0 \
  --model-type alphafold2_ptm --overwrite-existing-results
run 4 'found no params_model_1_multimer_v2.npz' --msa-mode single_sequence --model-type alphafold2_multimer_v2 \
  --overwrite-existing-results

# Structures of all recycles under ColabFold's names, and one of them as the next first guess.
run 0 '' --msa-mode single_sequence --num-models 1 --num-recycle 1 --overwrite-existing-results --save-recycles
tag=unrelaxed_rank_001_alphafold2_multimer_v3_model_1_seed_000
for name in pair single; do
  for k in 0 1; do check "$name: no recycle $k" [ -s "$work/out/${name}_$tag.r$k.pdb" ]; done
  check "$name: a recycle too many" [ ! -e "$work/out/${name}_$tag.r2.pdb" ]
done
cp "$work/out/pair_$tag.pdb" "$work/pair_plain.pdb"
cp "$work/out/pair_$tag.r0.pdb" "$work/pair_r0.pdb"
run 0 'rank 1' --msa-mode single_sequence --num-models 1 --num-recycle 1 --overwrite-existing-results --use-dropout
check 'dropout is not in the configuration' grep -q '"use_dropout": true' "$work/out/config.json"
check 'dropout changes nothing' sh -c "! cmp -s '$work/out/pair_$tag.pdb' '$work/pair_plain.pdb'"
# Without averages over the rows that are not seen: of multimers only, and said so of others.
printf '#8,6\t1,1\n>101\t102\nMKVLAAGGPPLLEE\n>r1\tr2\nMKV-AAGGPPLlLEE\n>r3\tr4\nMRVLAAGGPPALEE\n' >"$work/rows.a3m"
for option in --random-seed=0 --disable-cluster-profile; do
  expect 0 'rank 1' --data "$work/data" "$work/rows.a3m" "$work/rows$option" --num-models 1 --num-recycle 0 --max-msa 2:2 $option
done
tag_rows=rows_unrelaxed_rank_001_alphafold2_multimer_v3_model_1_seed_000.pdb
check 'the cluster profile has no effect' [ -s "$work/rows--disable-cluster-profile/$tag_rows" ]
check 'the cluster profile is not left out' sh -c "! cmp -s '$work/rows--random-seed=0/$tag_rows' '$work/rows--disable-cluster-profile/$tag_rows'"
check 'a multimer is called none' sh -c "! grep -q 'has no effect' '$log'"
check 'it is not in the configuration' grep -q '"use_cluster_profile": false' "$work/rows--disable-cluster-profile/config.json"
check 'it is in the wrong configuration' grep -q '"use_cluster_profile": true' "$work/rows--random-seed=0/config.json"
run 9 'note: --disable-cluster-profile has no effect' --msa-mode single_sequence --num-models 1 --num-recycle 0 \
  --overwrite-existing-results --disable-cluster-profile --model-type alphafold2_ptm
run 9 'failed: single: .*the structure has 14 residues, the target 6: GLY 7 of chain .A. is more' --msa-mode single_sequence \
  --num-models 1 --num-recycle 0 --overwrite-existing-results --initial-guess "$work/pair_r0.pdb"

# The first multimers, under the name that later installations gave them; here the file is one of v3, which is seen.
add_params "$multimer" model_1_multimer_v1
run 4 'params_model_1_multimer_v1.npz: the tensor .* of model_1_multimer is missing' --msa-mode single_sequence \
  --model-type alphafold2_multimer_v1 --num-models 1 --overwrite-existing-results

# Shortened options, as Python's argparse takes them; a missing folder of parameters is ColabFold's own.
run 0 '' --msa-mode=single_sequence --num-rec 0 --num-m 1 --overwrite
run 2 "unknown option '--num'" --num 3
printf '>q\nMKVLAAGGSSPP\n' >"$work/q.a3m"
HOME=$work XDG_CACHE_HOME=$work/cache expect 4 "found no params_model_1_ptm.npz in .*/cache/colabfold, .*'pleat download params'" "$work/q.a3m" "$work/other"

# Everything that is refused says why and does nothing.
rm -rf "$work/out"
refused() {
  pattern=$1
  shift
  run 2 "$pattern" --msa-mode single_sequence "$@"
  check "a folder was made for $*" [ ! -e "$work/out" ]
}
refused '--templates is refused: no server is searched' --templates
refused '--amber is refused: there is no relaxation' --amber
refused '--num-relax 1 is refused: there is no relaxation' --num-relax 1
refused '--initial-guess needs a value: FILE' --initial-guess
refused '--save-all is refused: Python pickles' --save-all
refused '--af3-json is refused: inputs of AlphaFold 3 are read' --af3-json
refused '--model-type deepfold_v1 is refused' --model-type deepfold_v1
refused '--model-type must be one of auto, alphafold2, ' --model-type AlphaFold3
refused '--model-order must be numbers from 1 to 5' --model-order 1,6
refused '--model-order must be numbers' --model-order 1,
refused '--num-models must be an integer from 1 to 5' --num-models 6
refused '--msa-mode must be one of' --msa-mode uniref
refused '--rank must be one of auto, plddt, ptm, iptm, multimer' --rank best
refused '--sort-queries-by must be one of none, length, msa_depth, random' --sort-queries-by name
refused '--max-msa must be two integers A:B' --max-msa 512
refused "unknown option '--frobnicate'" --frobnicate
expect 2 "expected INPUT RESULTS after 'colabfold_batch', found 1 argument" "$work/in.fasta"
check 'the help of another program is named' grep -q "^Try 'colabfold_batch --help'.$" "$log"

# What has no meaning here is accepted with a note.
run 0 '' --msa-mode single_sequence --num-models 1 --num-recycle 0 --custom-template-path x --custom-template-cache-path x --pdb-hit-file x --local-pdb-path x \
  --max-template-date 2020-01-01 --max-template-hits 4 --relax-max-iterations 1 --relax-tolerance 1 \
  --relax-stiffness 1 --relax-max-outer-iterations 1 --use-gpu-relax --disable-unified-memory \
  --recompile-padding 0 --use-pallas --compile-mode fast --num-relax 0
for option in custom-template-path custom-template-cache-path pdb-hit-file \
  local-pdb-path max-template-date max-template-hits relax-max-iterations relax-tolerance relax-stiffness \
  relax-max-outer-iterations use-gpu-relax disable-unified-memory recompile-padding use-pallas \
  compile-mode; do
  check "no note about --$option" grep -q "^pleat: note: --$option has no effect: " "$log"
done

# Plots, scores of chains, and one archive, as asked for.
rm -rf "$work/out"
run 0 'out/single.result.zip' --msa-mode single_sequence --num-models 1 --num-recycle 0 --calc-extra-ptm --no-use-probs-extra --zip
check 'not two archives' [ "$(find "$work/out" -name '*.result.zip' | wc -l)" -eq 2 ]
run 0 'single: done already' --msa-mode single_sequence --num-models 1 --zip

# Under pleat's own name it is a command.
expect 0 '^Usage: colabfold_batch INPUT RESULTS' --help
expect 0 '^pleat [0-9]' --version
PLEAT=$pleat
expect 0 '^Usage: colabfold_batch INPUT RESULTS' colabfold_batch --help
report
