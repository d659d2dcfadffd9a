#!/bin/sh
# PDB and mmCIF of a fold are read by Biopython and gemmi, with the sequence, chains and pLDDT that were written.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

find_python 'import Bio.PDB, gemmi' || skip 'python3 has no Biopython or gemmi'

cat >"$work/parse.py" <<'PY'
import json, sys
import gemmi
from Bio.PDB import MMCIFParser, PDBParser
from Bio.PDB.Polypeptide import three_to_one

pdb, cif, scores, sequence = sys.argv[1:5]
chains = sequence.split(":")
plddt = json.load(open(scores))["plddt"]
assert len(plddt) == sum(map(len, chains)), "pLDDT of every residue"

def check(what, found, values):
    assert found == chains, f"{what}: chains {found}, expected {chains}"
    worst = max(abs(a - b) for a, b in zip(values, plddt))
    assert len(values) == len(plddt) and worst < 0.011, f"{what}: B factors differ from the scores by {worst}"

for parser, path in ((PDBParser(), pdb), (MMCIFParser(), cif)):
    model = next(iter(parser.get_structure("x", path)))
    names = [c.id for c in model]
    assert names == list("ABCDEFGH")[: len(chains)], names
    residues = [r for c in model for r in c]
    check(f"Biopython {path}", ["".join(three_to_one(r.resname) for r in c) for c in model],
          [next(iter(r)).bfactor for r in residues])
    assert [r.id[1] for c in model for r in c] == [i + 1 for c in chains for i in range(len(c))]

for path in (pdb, cif):
    structure = gemmi.read_structure(path)
    structure.setup_entities()
    model = structure[0]
    check(f"gemmi {path}", [gemmi.one_letter_code([r.name for r in c]) for c in model],
          [r[0].b_iso for c in model for r in c])

block = gemmi.cif.read(cif).sole_block()
quality = block.find("_ma_qa_metric_local.", ["label_asym_id", "label_seq_id", "metric_value"])
assert len(quality) == len(plddt), "a local quality of every residue"
assert "SYNTHETIC WEIGHTS" in block.find_value("_struct.pdbx_model_details")
PY

# parse FOLDER JOB SEQUENCE
parse() {
  scores=$(ls "$1/$2"_scores_rank_001_*.json)
  structure=$(ls "$1/$2"_unrelaxed_rank_001_*.pdb)
  n_done=$((n_done + 1))
  "$python" "$work/parse.py" "$structure" "${structure%.pdb}.cif" "$scores" "$3" >"$log" 2>&1 || failed "$2 does not parse"
}

sequence=MKVLAAGGSSPPWYHRNDCQEFIT
printf '>one\n%s\n' $sequence >"$work/one.fasta"
expect 0 'rank 1' fold "$work/one.fasta" -o "$work/out" --weights "$monomer" --num-recycle 0
parse "$work/out" one $sequence
printf '>pair\nMKVLAAGG:PPLLEEKKM:MKVLAAGG\n' >"$work/pair.fasta"
expect 0 'rank 1' fold "$work/pair.fasta" -o "$work/out" --weights "$multimer" --num-recycle 0
parse "$work/out" pair MKVLAAGG:PPLLEEKKM:MKVLAAGG

# A real alignment, 191 residues.
alignment=$PLEAT_SHARED/features/msas/6KWC_1/bfd_uniref_hits.a3m
if [ -f "$alignment" ] && [ -z "$watched" ]; then
  cp "$alignment" "$work/6KWC.a3m"
  expect 0 'rank 1' fold "$work/6KWC.a3m" -o "$work/out" --weights "$monomer" --num-recycle 0 --max-msa 64:128
  sequence=$(awk '/^>/ { n++; next } n == 1 { printf "%s", $0 } n > 1 { exit }' "$work/6KWC.a3m")
  parse "$work/out" 6KWC "$sequence"
fi
report
