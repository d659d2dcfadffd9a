#!/bin/sh
# What a run leaves behind beside its structures: configuration and citations, one archive per job (--zip), AlphaFold's
# own directory layout (--af2-layout); read back by Python.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
find_python 'import json, zipfile' || skip 'Python is missing'

printf '>one\nMKVLAAGGSSPP\n' >"$work/one.fasta"
printf '>pair\nMKVLAAGG:PPLLEEKKM\n' >"$work/pair.fasta"
printf '>q\nMKVLAAGGSSPP\n>r1\nMKVLAA-GSSPP\n' >"$work/q.a3m"

# The run's own files.
expect 0 'rank 2' fold "$work/one.fasta" -o "$work/out" --weights "$monomer" --model model_1_ptm,model_2_ptm --num-recycle 0
check 'config.json is wrong' "$python" - "$work/out/config.json" <<'END'
import json, sys
config = json.load(open(sys.argv[1]))
assert config["num_queries"] == 1 and config["models"] == ["model_1_ptm", "model_2_ptm"], config
assert config["model_type"] == "alphafold2_ptm" and config["model_order"] == [1, 2], config
assert config["num_recycles"] == 0 and config["max_seq"] is None and config["random_seed"] == 0, config
END
check 'no citation' grep -q '10.1038/s41586-021-03819-2' "$work/out/cite.bibtex"
check 'a citation too many' [ "$(grep -c '^@' "$work/out/cite.bibtex")" = 1 ]

# A run that fails leaves its log.
printf '>big\n%s\n' "$(head -c 4000 /dev/zero | tr '\0' A)" >"$work/big.fasta"
expect 5 . fold "$work/big.fasta" -o "$work/none" --weights "$monomer" --num-recycle 0 --memory 1M
check 'a failed run left more than its log' [ "$(ls "$work/none")" = log.txt ]

# One archive with the same files, which are then gone; the run's files stay beside it.
expect 0 'out/one.result.zip' fold "$work/one.fasta" -o "$work/zip/out" --weights "$monomer" --model model_1_ptm,model_2_ptm \
  --num-recycle 0 --zip
check 'more than the archive and the files of the run' [ "$(ls "$work/zip/out" | tr '\n' ' ')" = 'cite.bibtex config.json log.txt one.result.zip ' ]
check 'the archive differs from the files' "$python" - "$work/zip/out/one.result.zip" "$work/out" <<'END'
import os, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
names = sorted(archive.namelist())
assert names == sorted(set(os.listdir(sys.argv[2])) - {"log.txt", "one.done.txt"}), names
for name in names:
    want, got = open(os.path.join(sys.argv[2], name), "rb").read(), archive.read(name)
    assert want == got or "timings" in name, name
    packed = archive.getinfo(name).compress_type == zipfile.ZIP_DEFLATED
    assert packed != name.endswith(".png"), name
END

expect 0 'one: done already' fold "$work/one.fasta" -o "$work/zip/out" --weights "$monomer" --num-recycle 0 --zip
expect 0 'rank 1' fold "$work/one.fasta" -o "$work/zip/out" --weights "$monomer" --num-recycle 0 --overwrite-existing-results
check 'the archive of an earlier run stayed' [ ! -e "$work/zip/out/one.result.zip" ]

# AlphaFold's layout, of a monomer with two seeds and of a complex.
expect 0 'out/q/ranked_0.pdb' fold "$work/q.a3m" -o "$work/af2/out" --weights "$monomer" --model model_1_ptm,model_2_ptm \
  --num-seeds 2 --seed 5 --num-recycle 0 --af2-layout
expect 0 'pair/ranked_0.pdb' fold "$work/pair.fasta" -o "$work/af2/out" --weights "$multimer" --num-recycle 0 --af2-layout
check "AlphaFold's layout is wrong" "$python" - "$work/af2/out" <<'END'
import json, os, sys

def names_of(models, n_ranks):
    names = {"ranking_debug.json", "timings.json"}
    for model in models:
        names |= {f"unrelaxed_{model}.pdb", f"unrelaxed_{model}.cif", f"confidence_{model}.json", f"pae_{model}.json"}
    return names | {f"ranked_{i}.{suffix}" for i in range(n_ranks) for suffix in ("pdb", "cif")}

def load(folder, name):
    return json.load(open(os.path.join(folder, name)))

def text(folder, name):
    return open(os.path.join(folder, name)).read()

folder = os.path.join(sys.argv[1], "q")
models = [f"model_{m}_ptm_pred_{k}" for m in (1, 2) for k in (0, 1)]
assert set(os.listdir(folder)) == names_of(models, 4), os.listdir(folder)
ranking = load(folder, "ranking_debug.json")
assert list(ranking) == ["plddts", "order"] and list(ranking["plddts"]) == models, ranking
scores = [ranking["plddts"][model] for model in ranking["order"]]
assert scores == sorted(scores, reverse=True) and len(scores) == 4, ranking
for i, model in enumerate(ranking["order"]):
    assert text(folder, f"ranked_{i}.pdb") == text(folder, f"unrelaxed_{model}.pdb")
    confidence = load(folder, f"confidence_{model}.json")
    assert confidence["residueNumber"] == list(range(1, 13))
    assert abs(sum(confidence["confidenceScore"]) / 12 - scores[i]) < 0.01
    pae = load(folder, f"pae_{model}.json")[0]
    assert len(pae["predicted_aligned_error"]) == 12 and pae["max_predicted_aligned_error"] == 31.75, pae
timings = load(folder, "timings.json")
assert set(timings) == {f"{what}_{m}" for m in models for what in ("process_features", "predict_and_compile")}, timings

folder = os.path.join(sys.argv[1], "pair")
ranking = load(folder, "ranking_debug.json")
assert list(ranking) == ["iptm+ptm", "order"] and ranking["order"] == ["model_1_multimer_v3_pred_0"], ranking
assert 0 <= ranking["iptm+ptm"]["model_1_multimer_v3_pred_0"] <= 1
assert set(os.listdir(folder)) == names_of(ranking["order"], 1), os.listdir(folder)
END
check 'no citation of the multimer' grep -q '10.1101/2021.10.04.463034' "$work/af2/out/cite.bibtex"
expect 2 'leave out --af2-layout' fold "$work/one.fasta" -o "$work/both" --weights "$monomer" --zip --af2-layout
expect 2 'has no place for' fold "$work/one.fasta" -o "$work/both" --weights "$monomer" --save-recycles --af2-layout
report
