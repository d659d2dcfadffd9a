#!/bin/sh
# A drop-in colabfold_batch for nf-core/proteinfold 2.0.0: its call, and what its next steps make of the files.
# Source: modules/local/colabfold_batch/main.nf, conf/modules_colabfold.config, bin/extract_metrics.py (5338c24).
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/colabfold_params.sh

check 'no link colabfold_batch in the build folder' [ -L "$PLEAT_BUILD/colabfold_batch" ]
program=$(launcher "$(cd "$PLEAT_BUILD" && pwd)/colabfold_batch")
colabfold_batch() { "$program" "$@"; }
add_family "$monomer" _ptm
add_family "$multimer" _multimer_v3

# Of the pipeline's own script only the reading is repeated: what it takes from where, and would stop at.
cat >"$work/metrics.py" <<'PY'
import glob, json, sys
meta_id, n_models, sequence = sys.argv[1], int(sys.argv[2]), sys.argv[3]
n_res = len(sequence.replace(":", ""))

scores = sorted(glob.glob("raw/*scores_rank*.json"))
assert len(scores) == n_models, scores
ranks = []
for name in scores:
    data = json.load(open(name))
    ranks.append(int(name.split("rank_")[1].split("_")[0]) - 1)
    rows = [[float(f"{x:.4f}") for x in row] for row in data["pae"]]
    assert len(rows) == n_res and all(len(row) == n_res for row in rows), name
    assert max(map(max, rows)) <= data["max_pae"] + 0.005, name
    assert len(data["plddt"]) == n_res and 0 <= data["ptm"] <= 1, name
    assert ("iptm" in data) == (":" in sequence), (name, sorted(data))
assert ranks == list(range(n_models)), ranks

def plddts(path):
    atoms = [line for line in open(path) if line.startswith("ATOM")]
    residues = {(line[21], int(line[22:26])): float(line[60:66]) for line in atoms}
    return [value for key, value in sorted(residues.items())]

structures = sorted(glob.glob("raw/*_unrelaxed_rank*.pdb"))
assert len(structures) == n_models, structures
for structure, name in zip(structures, scores):
    found = plddts(structure)
    assert len(found) == n_res, (structure, len(found))
    assert max(abs(a - b) for a, b in zip(found, json.load(open(name))["plddt"])) < 0.011, structure

lines = open(f"raw/{meta_id}.a3m").read().splitlines()
rows = ["".join(c for c in line if not c.islower()) for line in lines if line[:1] not in ">#"]
distinct = "".join(dict.fromkeys(sequence.split(":")))
assert rows[0] == distinct and {len(row) for row in rows} == {len(distinct)}, rows
PY

# predict META_ID TYPE FASTA SEQUENCE [ARGUMENTS]: the script of the process, in a work folder of its own where the input
# and the parameters are staged as links.
predict() {
  id=$1
  type=$2
  fasta=${3##*/}
  sequence=$4
  task=$work/task_$id
  mkdir -p "$task/params"
  ln -s "$work"/data/params/* "$task/params"
  ln -s "$3" "$task/$fasta"
  shift 4
  n_done=$((n_done + 1))
  (
    cd "$task" || exit 1
    touch params/download_finished.txt
    touch params/download_complexes_multimer_v3_finished.txt
    colabfold_batch "$@" --num-recycle 3 --data $PWD --model-type $type $fasta raw/
  ) >"$log" 2>&1 || failed "$id: the call failed"
  best=$(echo "$task"/raw/*_unrelaxed_rank_001*.pdb)
  check "$id: not the best structure" [ "${best%model_[1-5]_seed_000.pdb}" = "$task/raw/${id}_unrelaxed_rank_001_${type}_" ]
  # The pipeline copies the coverage as PNG, which needs a pleat with cairo.
  grep -q 'as SVG only' "$log" || check "$id: no coverage" cp "$task"/raw/*_coverage.png "$work/${id}_seq_coverage.png"
  check "$id: no coverage as SVG" [ -s "$task/raw/${id}_coverage.svg" ]
  check "$id: no marker" [ -e "$task/raw/${id}.done.txt" ]
  if find_python 'import json'; then
    n_done=$((n_done + 1))
    (cd "$task" && "$python" "$work/metrics.py" "$id" 5 "$sequence") >>"$log" 2>&1 || failed "$id: not the metrics"
  fi
}

# From colabfold_search, one chain and a complex; then with what the configuration adds for a GPU.
printf '>101\nMKVLAAGGSSPP\n>r1\nMKVLAA-GSSPP\n>r2\nMRVLAAGGsaSSPP\n' >"$work/T1024.a3m"
predict T1024 alphafold2_ptm "$work/T1024.a3m" MKVLAAGGSSPP
printf '#8,6\t1,2\n>101\t102\nMKVLAAGGPPLLEE\n>r1\tr2\nMKV-AAGGPPLlLEE\n>101\nMKVLAAGG------\n' >"$work/H1065.a3m"
predict H1065 alphafold2_multimer_v3 "$work/H1065.a3m" MKVLAAGG:PPLLEE:PPLLEE --use-gpu-relax
check 'an option without effect is not named' grep -q 'note: --use-gpu-relax has no effect' "$log"

# A sequence that has no alignment yet asks its server; one that is out of reach is named, and nothing is folded.
printf '>T1026\nMKVLAAGGSSPP\n' >"$work/in.fasta"
PLEAT=$program
"$PLEAT" --num-recycle 3 --data "$work/data" --model-type alphafold2_ptm --host-url http://127.0.0.1:1 --msa-wait 0.001 \
  "$work/in.fasta" "$work/refused/" >"$log" 2>&1
check 'the server is not named' grep -q 'T1026: its sequence goes to the MSA server http://127.0.0.1:1' "$log"
check 'folded without an alignment' [ "$(find "$work/refused" -name '*.pdb' | wc -l)" -eq 0 ]
report
