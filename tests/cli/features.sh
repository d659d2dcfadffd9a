#!/bin/sh
# pleat features, and --msas: folders of AlphaFold's searches and ColabFold's files, what is said when nothing fits, and
# the published features of the reference data.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

has_file() { check "no file $1" [ -s "$1" ]; }

# One chain: 3 + 2 + 2 rows in the published order, of which the query is there three times.
seq=MKVLAAGGSS
msas=$work/afout/mine/msas
mkdir -p "$msas"
printf '>mine\n%s\n' $seq >"$work/mine.fasta"
printf '# STOCKHOLM 1.0\n\nmine MKVLA-AGGSS\na/1-9 MKVLAWAGG-S\nb MK---------\n//\n' >"$msas/uniref90_hits.sto"
printf '>mine\n%s\n>c\nMKVLSAkGGSS\n' $seq >"$msas/bfd_uniref_hits.a3m"
printf 'mine %s\nd MRVLAAGGSS\n' $seq | gzip >"$msas/mgnify_hits.sto.gz"

for path in "$work/afout" "$work/afout/mine" "$msas"; do
  expect 0 'mine: 10 residues, 7 alignment rows' features "$work/mine.fasta" --msas "$path" --raw --out "$work/raw.npz"
done
has_file "$work/raw.npz"
expect 0 '' features "$work/mine.fasta" --msas "$work/afout" --model model_3_ptm --num-recycle 0 --out "$work/processed.npz"
expect 0 '' run --weights "$monomer" --model model_1_ptm --features "$work/processed.npz" --out "$work/run.npz"
expect 0 '' fold "$work/mine.fasta" -o "$work/out" --weights "$monomer" --num-recycle 0 --msas "$work/afout"
# Rows once each; insertions, whose letters are not kept, as x.
printf '#10\t1\n>mine\n%s\n>a/1-9\nMKVLAxAGG-S\n>b\nMK--------\n>c\nMKVLSAxGGSS\n>d\nMRVLAAGGSS\n' $seq >"$work/want.a3m"
check 'the alignment written differs' cmp "$work/want.a3m" "$work/out/mine.a3m"
check 'no coverage plot of 5 rows' grep -q '>5<' "$work/out/mine_coverage.svg"
expect 0 'mine' estimate "$work/mine.fasta" --weights "$monomer" --msas "$work/afout"

# ColabFold's results, and a file.
mkdir "$work/cf"
printf '>mine\n%s\n>c\nMKVLSAkGGSS\n' $seq >"$work/cf/mine.a3m"
expect 0 '2 alignment rows' features "$work/mine.fasta" --msas "$work/cf" --out "$work/cf.npz"
expect 0 '2 alignment rows' features "$work/mine.fasta" --msas "$work/cf/mine.a3m" --out "$work/cf.npz"

# A complex, by the map of chains and by their order; copies share a folder.
complex=$work/complex
mkdir -p "$complex/A" "$complex/C"
printf '>pair\n%s:%s:WWYYG\n' $seq $seq >"$work/pair.fasta"
cp "$msas"/* "$complex/A"
printf 'mine WWYYG\ne WWYFG\n' >"$complex/C/uniref90_hits.sto"
printf 'q %s\nsp|P0C2L1|A3X1_HUMAN/3-9 MRVLAAGGSS\n' $seq >"$complex/A/uniprot_hits.sto"
printf 'q WWYYG\nsp|P0C2L2|B3X1_HUMAN/3-9 WWFYG\n' >"$complex/C/uniprot_hits.sto"
expect 0 'pair: 25 residues, 9 alignment rows' features "$work/pair.fasta" --msas "$complex" --out "$work/pair.npz"
printf '{"A": {"sequence": "WWYYG"}, "B": {"sequence": "%s"}}' $seq >"$complex/chain_id_map.json"
mv "$complex/A" "$complex/B"
mv "$complex/C" "$complex/A"
expect 0 'pair: 25 residues, 9 alignment rows' features "$work/pair.fasta" --msas "$complex" --out "$work/pair2.npz"
check 'the map of chains changes features' cmp "$work/pair.npz" "$work/pair2.npz"
expect 0 '' fold "$work/pair.fasta" -o "$work/out" --weights "$multimer" --num-recycle 0 --msas "$complex"
check 'rows of a complex' grep -q '^----------WWYFG$' "$work/out/pair.a3m"

# What does not fit.
expect 2 'out F.npz is missing' features "$work/mine.fasta"
expect 2 'expected one of them' features "$work/mine.fasta" --raw --processed --out "$work/x.npz"
expect 6 "there is no '$work/nowhere'" features "$work/mine.fasta" --msas "$work/nowhere" --out "$work/x.npz"
mkdir "$work/empty" "$work/mapped"
expect 3 "no alignment for 'mine' in '$work/empty': expected mine.a3m" \
  features "$work/mine.fasta" --msas "$work/empty" --out "$work/x.npz"
printf '{"A": {"sequence": "WWYYG"}}' >"$work/mapped/chain_id_map.json"
expect 3 'chain 1 of the target is not in .*chain_id_map.json' \
  features "$work/mine.fasta" --msas "$work/mapped" --out "$work/x.npz"
printf '{"A": ' >"$work/mapped/chain_id_map.json"
expect 3 'chain_id_map.json:1:[0-9]*: no JSON' \
  features "$work/mine.fasta" --msas "$work/mapped" --out "$work/x.npz"
printf '>other\nMKVLAAGGSW\n' >"$work/other.fasta"
expect 3 "first row of alignment 1 of chain 1 is not the sequence of 'other'" \
  features "$work/other.fasta" --msas "$msas" --out "$work/x.npz"
expect 3 "first row is not the sequence of 'other'" \
  features "$work/other.fasta" --msas "$work/cf/mine.a3m" --out "$work/x.npz"
printf 'mine %s\na MK\n' $seq >"$msas/uniref90_hits.sto"
expect 3 "uniref90_hits.sto:2: row 'a' has 2 columns" \
  features "$work/mine.fasta" --msas "$msas" --out "$work/x.npz"
expect 7 'model_1_ptm folds one chain' \
  features "$work/pair.fasta" --model model_1_ptm --out "$work/x.npz"
cat "$work/mine.fasta" "$work/other.fasta" >"$work/two.fasta"
expect 3 'has 2 targets: expected one' features "$work/two.fasta" --out "$work/x.npz"
check 'a file in spite of a failure' [ ! -e "$work/x.npz" ]

# The published features.
reference=$PLEAT_SHARED/features
if [ -d "$reference/msas" ] && find_python 'import numpy'; then
  cat >"$work/compare.py" <<'END'
import sys
import numpy as np

# Absent in ours, or of our own naming: templates, atoms that no network reads, stages inside, the name.
got, want = np.load(sys.argv[1]), np.load(sys.argv[2])
is_processed, n = sys.argv[3] == "processed", 0
for name in want.files:
    if name.startswith(("template_", "all_atom_", "stage_")) or name in ("num_templates", "domain_name"):
        continue
    x, y = got[name], want[name]
    if is_processed:  # one iteration; the published arrays are padded with zeros
        padded = np.zeros_like(y)
        padded[tuple(slice(0, k) for k in x[0].shape)] = x[0]
        x = padded
    same = (x == y).all() if y.dtype.kind == "S" else np.abs(x.astype(float) - y).max(initial=0) <= 1e-6
    if x.shape != y.shape or not same:
        sys.exit(name + " differs")
    n += 1
print(n, "arrays")
sys.exit(n < int(sys.argv[4]))
END
  same_as() {
    n_done=$((n_done + 1))
    "$python" "$work/compare.py" "$work/features.npz" "$reference/$1" "$2" "$3" >"$log" 2>&1 || failed "$1"
  }
  for chain in 2q2k_A 3u8v_A 6KWC_1; do
    expect 0 '' features "$reference/B_monomer_raw/$chain/query.fasta" --msas "$reference/msas/$chain" --raw \
      --out "$work/features.npz"
    same_as "B_monomer_raw/$chain/features.npz" raw 9
  done
  for chain in 2q2k_A 6KWC_1; do
    expect 0 '' features "$reference/B_monomer_raw/$chain/query.fasta" --msas "$reference/msas/$chain" --processed \
      --model model_3_ptm --num-recycle 0 --num-msa 64 --num-extra-msa 128 --msa-order identity --msa-mask-fraction 0 \
      --out "$work/features.npz"
    same_as "D_monomer_processed/$chain/model_3_ptm_64_128.npz" processed 18
  done
  case=$reference/E_multimer/hetero_4zey_1hf9
  mkdir "$work/hetero"
  cp "$case/chain_id_map.json" "$work/hetero"
  ln -s "$(cd "$reference/msas/4zey_A" && pwd)" "$work/hetero/A"
  ln -s "$(cd "$reference/msas/1hf9_A" && pwd)" "$work/hetero/B"
  awk 'BEGIN { print ">hetero" } !/^>/ { printf "%s%s", (NR > 2 ? ":" : ""), $0 } END { print "" }' "$case/input.fasta" \
    >"$work/hetero.fasta"
  expect 0 '' features "$work/hetero.fasta" --msas "$work/hetero" --out "$work/features.npz"
  same_as E_multimer/hetero_4zey_1hf9/features.npz raw 15
else
  echo "note: not compared with published features (no reference data, or no numpy)"
fi
report
