#!/bin/sh
# colabfold_batch: the call of nf-core/proteinfold, the choice of networks, and every option that is refused or noted.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

# The program under its other name, also under an emulator.
pleat=$PLEAT
check 'no link colabfold_batch in the build folder' [ -L "$PLEAT_BUILD/colabfold_batch" ]
PLEAT=$(launcher "$PLEAT_BUILD/colabfold_batch")
colabfold_batch() { "$PLEAT" "$@"; }

# Parameters as ColabFold stores them, of small made-up networks; models 3 to 5 have no templates.
mkdir -p "$work/data/params"
convert() {
  "$pleat" weights convert "$1" --out "$work/data/params/params_$2.npz" >"$log" 2>&1 || failed "no $2"
}
for i in 1 2 3 4 5; do
  awk -v seed="$i" '/^"seed"/ { print "\"seed\": " seed ","; next }
    seed > 2 && /template_/ { is_skipped = 1 }
    !is_skipped { print }
    /^]/ { is_skipped = 0 }' tests/data/tiny_monomer.weights.json >"$work/spec.json"
  convert "synth:$work/spec.json" "model_${i}_ptm"
done
convert "$multimer" model_1_multimer_v3

# modules/local/colabfold_batch/main.nf of nf-core/proteinfold, as it stands there, with what conf/modules_colabfold.config
# adds for a GPU; the alignment comes from its search step.
printf '#12\t1\n>101\nMKVLAAGGSSPP\n>r1\nMKVLAA-GSSPP\n>r2\nMRVLAAGGsaSSPP\n' >"$work/T1024.a3m"
n_done=$((n_done + 1))
(
  cd "$work/data" || exit 1
  touch params/download_finished.txt
  touch params/download_complexes_multimer_v3_finished.txt
  fasta=$work/T1024.a3m
  colabfold_batch \
    --use-gpu-relax \
    --num-recycle 3 \
    --data $PWD \
    --model-type alphafold2_ptm \
    ${fasta} \
    raw/
) >"$log" 2>&1 || failed 'the call of nf-core/proteinfold failed'
raw=$work/data/raw
# What the module does next.
check 'no best structure' sh -c "cp $raw/*_unrelaxed_rank_001*.pdb $work/T1024_colabfold.pdb && test -s $work/T1024_colabfold.pdb"
check 'not five structures' [ "$(find "$raw" -name '*relaxed_rank_*.pdb' | wc -l)" -eq 5 ]
check 'not five scores' [ "$(find "$raw" -name '*scores_rank*.json' | wc -l)" -eq 5 ]
check 'no alignment' cmp -s "$raw/T1024.a3m" "$work/T1024.a3m"
for name in coverage plddt pae; do check "no plot $name" [ -s "$raw/T1024_$name.svg" ]; done
check 'not marked as done' [ -e "$raw/T1024.done.txt" ]
check 'no log' grep -q ' Query 1/1: T1024 (length 12)$' "$raw/log.txt"
for key in plddt max_pae pae ptm; do
  check "the scores have no $key" grep -q "\"$key\":" "$raw"/T1024_scores_rank_001_alphafold2_ptm_model_[1-5]_seed_000.json
done
check 'an option without effect is not named' grep -q 'note: --use-gpu-relax has no effect' "$log"

# The same with a FASTA file: its search needs a server, unless it is told to do without.
printf '>T1026 x\nMKVLAAGGSSPP\n' >"$work/in.fasta"
run() {
  want=$1
  pattern=$2
  shift 2
  expect "$want" "$pattern" --data "$work/data" "$work/in.fasta" "$work/out" "$@"
}
run 2 "--msa-mode mmseqs2_uniref_env is refused for 'T1026_x', which has no alignment" --num-recycle 3
run 2 '--msa-mode mmseqs2_uniref is refused' --msa-mode mmseqs2_uniref
run 0 'rank 2  model_[23]_ptm' --num-recycle 3 --model-type alphafold2_ptm --msa-mode single_sequence --num-models 2 \
  --model-order 3,5,2 --random-seed 7 --rank ptm
check 'not the first two of the order' [ "$(find "$work/out" -name 'T1026_x_unrelaxed_rank_00[12]_*_model_[23]_seed_007.pdb' | wc -l)" -eq 2 ]
check 'no alignment of a single sequence' [ "$(cat "$work/out/T1026_x.a3m")" = "$(printf '#12\t1\n>101\nMKVLAAGGSSPP')" ]
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
run 4 'holds no params_model_1_multimer_v2.npz' --msa-mode single_sequence --model-type alphafold2_multimer_v2 \
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
check 'dropout changes nothing' sh -c "! cmp -s '$work/out/pair_$tag.pdb' '$work/pair_plain.pdb'"
run 9 'failed: single: .*the structure has 14 residues, the target 6: GLY 7 of chain .A. is more' --msa-mode single_sequence \
  --num-models 1 --num-recycle 0 --overwrite-existing-results --initial-guess "$work/pair_r0.pdb"

# The first multimers, under the name that later installations gave them; here the file is one of v3, which is seen.
convert "$multimer" model_1_multimer_v1
run 4 'params_model_1_multimer_v1.npz: the tensor .* of model_1_multimer is missing' --msa-mode single_sequence \
  --model-type alphafold2_multimer_v1 --num-models 1 --overwrite-existing-results

# Shortened options, as Python's argparse takes them; a missing folder of parameters is ColabFold's own.
run 0 '' --msa-mode=single_sequence --num-rec 0 --num-m 1 --overwrite
run 2 "unknown option '--num'" --num 3
HOME=$work XDG_CACHE_HOME=$work/cache expect 4 "cache/colabfold'*:* " "$work/T1024.a3m" "$work/other"

# Everything that is refused says why and does nothing.
rm -rf "$work/out"
refused() {
  pattern=$1
  shift
  run 2 "$pattern" --msa-mode single_sequence "$@"
  check "a folder was made for $*" [ ! -e "$work/out" ]
}
refused '--templates is refused: templates from files and servers' --templates
refused '--amber is refused: there is no relaxation' --amber
refused '--num-relax 1 is refused: there is no relaxation' --num-relax 1
refused '--initial-guess needs a value: FILE' --initial-guess
refused '--disable-cluster-profile is refused' --disable-cluster-profile
refused '--save-all is refused: Python pickles' --save-all
refused '--msa-only is refused: no MSA server' --msa-only
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
run 0 '' --msa-mode single_sequence --num-models 1 --num-recycle 0 --pair-mode paired --pair-strategy complete \
  --host-url http://x --custom-template-path x --custom-template-cache-path x --pdb-hit-file x --local-pdb-path x \
  --max-template-date 2020-01-01 --max-template-hits 4 --relax-max-iterations 1 --relax-tolerance 1 \
  --relax-stiffness 1 --relax-max-outer-iterations 1 --use-gpu-relax --disable-unified-memory \
  --recompile-padding 0 --use-pallas --compile-mode fast --num-relax 0
for option in pair-mode pair-strategy host-url custom-template-path custom-template-cache-path pdb-hit-file \
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
