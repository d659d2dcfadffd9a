#!/bin/sh
# pleat msa and db check: searches with HMMER, HH-suite and MMseqs2 in miniature databases, compared with the programs
# called by hand, and all that can go wrong on the way.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

families=$PLEAT_SHARED/features/msas
[ -d "$families" ] || skip "no alignments in $families to make databases of"
find_python 'import sys; assert sys.version_info >= (3, 7)' || skip 'no Python to make databases'
db=$work/db
"$python" tests/cli/lib/mini_databases.py "$PLEAT_SHARED" "$db" >"$work/made" 2>"$log" || failed 'databases cannot be made'
has() { grep -qw "$1" "$work/made" || { echo "skipped by name: no $1"; return 1; }; }

query_of() { sed -n 2p "$families/$1/bfd_uniref_hits.a3m"; }
q1=$(query_of 4zey_A)
q2=$(query_of 1hf9_A)
printf '>one\n%s\n' "$q1" >"$work/one.fasta"
printf '>trimer\n%s:%s:%s\n' "$q1" "$q2" "$q1" >"$work/trimer.fasta"

rows_of_sto() { grep -v '^#' "$1" | grep -v '^//' | awk 'NF { print $1 }' | sort -u | wc -l; }
same() { # MESSAGE FILE FILE
  n_done=$((n_done + 1))
  cmp -s "$2" "$3" || { diff "$2" "$3" | head -n 5 >"$log"; failed "$1"; }
}

# A program under the name of one of HMMER's: says its version, then does what its body says.
fake() { # NAME BODY
  printf '#!/bin/sh\nif [ "$1" = -h ]; then echo "# HMMER 9.9 (made up)"; exit; fi\n%s\n' "$2" >"$work/$1"
  chmod +x "$work/$1"
}

# ---- Programs by hand against pleat.

jackhmmer_by_hand() { # FASTA DATABASE OUT
  jackhmmer -o /dev/null -A "$3" --noali --F1 0.0005 --F2 5e-05 --F3 5e-07 --incE 0.0001 -E 0.0001 --cpu 1 -N 1 "$1" "$2"
}

if has hmmer; then
  reduced="--db $db --db-preset reduced_dbs"
  out=$work/reduced
  expect 0 'one: uniref90_hits.sto: 59 hits in' msa "$work/one.fasta" -o "$out" $reduced --no-templates
  msas=$out/one/msas
  jackhmmer_by_hand "$work/one.fasta" "$db/uniref90/uniref90.fasta" "$work/by_hand.sto" >/dev/null
  # The published pipeline keeps rows and their descriptions, no other markup, whatever the number of rows.
  check 'rows of uniref90 differ from jackhmmer by hand' [ "$(rows_of_sto "$work/by_hand.sto")" = "$(rows_of_sto "$msas/uniref90_hits.sto")" ]
  grep -v '^#\|^$\|^//' "$work/by_hand.sto" | tr -s ' ' >"$work/want"
  grep -v '^#\|^$\|^//' "$msas/uniref90_hits.sto" | tr -s ' ' >"$work/got"
  same 'letters of uniref90 differ from jackhmmer by hand' "$work/want" "$work/got"
  jackhmmer_by_hand "$work/one.fasta" "$db/small_bfd/bfd-first_non_consensus_sequences.fasta" "$work/by_hand.sto" >/dev/null
  sed '/^#=GF/d' "$work/by_hand.sto" >"$work/want"
  sed '/^#=GF/d' "$msas/small_bfd_hits.sto" >"$work/got"
  same 'small_bfd_hits.sto differs from jackhmmer by hand' "$work/want" "$work/got"
  for file in uniref90_hits.sto mgnify_hits.sto small_bfd_hits.sto pleat_manifest.json; do
    check "no $file" [ -s "$msas/$file" ]
  done
  check 'files that do not belong there' [ "$(find "$out" -type f | wc -l)" = 4 ]
  check 'the manifest does not name the version' grep -q '"version": "3\.[0-9.]* (' "$msas/pleat_manifest.json"
  check 'the manifest does not tell the command' grep -q 'jackhmmer -o /dev/null -A .* --incE 0.0001 .*-N 1 .*uniref90.fasta' "$msas/pleat_manifest.json"
  "$python" - "$msas" <<'END' >"$log" 2>&1 || failed 'checksums of the manifest'
import json, sys, zlib
manifest = json.load(open(sys.argv[1] + '/pleat_manifest.json'))
assert len(manifest['files']) == 3
for name, entry in manifest['files'].items():
    content = open(f'{sys.argv[1]}/{name}', 'rb').read()
    assert entry['bytes'] == len(content) and entry['crc32'] == f'{zlib.crc32(content):08x}', name
    assert entry['databases'][0]['changed'][:2] == '20' and entry['hits'] > 0
END

  # What is there is kept; what is missing is searched; what was changed by hand is kept, too, with a word.
  touch -t 202001010000 "$msas/uniref90_hits.sto"
  rm "$msas/mgnify_hits.sto"
  printf '\n' >>"$msas/small_bfd_hits.sto"
  expect 0 'uniref90_hits.sto: 59 hits, there already' msa "$work/one.fasta" -o "$out" $reduced --no-templates
  check 'a missing file was not searched' grep -q 'mgnify_hits.sto: 14 hits in' "$log"
  check 'a changed file goes unmentioned' grep -q 'small_bfd_hits.sto: 60 hits, there already; changed' "$log"
  check 'a file was written again' [ "$(find "$msas" -name uniref90_hits.sto -newermt 2021-01-01)" = '' ]
  expect 0 'uniref90_hits.sto: 59 hits in' msa "$work/one.fasta" -o "$out" $reduced --no-templates --overwrite-existing-results
  # Another sequence under this name; also where AlphaFold wrote the files, without a manifest.
  printf '>one\n%s\n' "$q2" >"$work/other.fasta"
  expect 3 'are of another sequence than .one.' msa "$work/other.fasta" -o "$out" $reduced --no-templates
  rm "$msas/pleat_manifest.json"
  expect 3 'uniref90_hits.sto:.*of another sequence' msa "$work/other.fasta" -o "$out" $reduced --no-templates
  expect 0 'uniref90_hits.sto: 59 hits, there already$' msa "$work/one.fasta" -o "$out" $reduced --no-templates

  # ---- Multimers: a folder for each distinct chain, UniProt, and hmmsearch with AlphaFold's flags, spelt as there.
  out=$work/multimer
  expect 0 'trimer/B: pdb_hits.sto: [1-9]' msa "$work/trimer.fasta" -o "$out" --db_preset=reduced_dbs --model_preset=multimer \
    --uniref90_database_path="$db/uniref90/uniref90.fasta" --mgnify_database_path="$db/mgnify/mgy_clusters_2022_05.fa" \
    --small_bfd_database_path "$db/small_bfd/bfd-first_non_consensus_sequences.fasta" \
    --uniprot_database_path="$db/uniprot/uniprot.fasta" --pdb_seqres_database_path="$db/pdb_seqres/pdb_seqres.txt"
  for chain in A B; do
    for file in uniref90_hits.sto mgnify_hits.sto small_bfd_hits.sto uniprot_hits.sto pdb_hits.sto; do
      check "no $chain/$file" [ -s "$out/trimer/msas/$chain/$file" ]
    done
  done
  check 'the same chain was searched twice' [ ! -e "$out/trimer/msas/C" ]
  check 'the PDB entry itself was not found' grep -q '^4zey_a/' "$out/trimer/msas/A/pdb_hits.sto"
  "$python" - "$out/trimer/msas/chain_id_map.json" "$q1" "$q2" <<'END' >"$log" 2>&1 || failed 'chain_id_map.json'
import json, sys
path, q1, q2 = sys.argv[1:]
chains = json.load(open(path))
assert {k: v['sequence'] for k, v in chains.items()} == {'A': q1, 'B': q2, 'C': q1}
assert open(path).read() == json.dumps(chains, indent=4, sort_keys=True)
END
  # Copies of one chain need no pairing.
  printf '>dimer\n%s:%s\n' "$q1" "$q1" >"$work/dimer.fasta"
  expect 0 'dimer/A: pdb_hits.sto' msa "$work/dimer.fasta" -o "$out" $reduced
  check 'UniProt was searched for copies of one chain' [ ! -e "$out/dimer/msas/A/uniprot_hits.sto" ]
  expect 3 'has 3 chains: the monomer presets take one' msa "$work/trimer.fasta" -o "$out" $reduced --model-preset monomer

  # ---- Odd letters in pdb_seqres, which hmmsearch alone does not survive.
  cp -r "$db" "$work/odd"
  printf '>9odd_A mol:protein length:9\nMKV0TLIAK\n>9odd_B mol:protein length:84\n%s\n' "$q1" >>"$work/odd/pdb_seqres/pdb_seqres.txt"
  expect 0 'cannot read 1 of its records.*the first has .0. in line' msa "$work/dimer.fasta" -o "$work/odd_out" --db "$work/odd" --db-preset reduced_dbs
  check 'a record behind the odd one was not found' grep -q '^9odd_B/' "$work/odd_out/dimer/msas/A/pdb_hits.sto"

  # ---- At most 501 rows of MGnify, the query among them.
  mkdir -p "$work/deep/mgnify"
  cp -r "$db/uniref90" "$db/small_bfd" "$work/deep"
  awk -v q="$q1" 'BEGIN { for (i = 0; i < 700; i++) { at = 2 + i % 80
    printf ">MGYP%09d PL=00\n%s%s%s\n", i, substr(q, 1, at - 1), substr("ACDEFGHIKL", 1 + int(i / 80), 1), substr(q, at + 1) } }' >"$work/deep/mgnify/mgy_clusters.fa"
  expect 0 'mgnify_hits.sto: 500 hits' msa "$work/one.fasta" -o "$work/deep_out" --db "$work/deep" --db-preset reduced_dbs --no-templates
  check 'not 501 rows' [ "$(rows_of_sto "$work/deep_out/one/msas/mgnify_hits.sto")" = 501 ]

  # ---- No hits at all.
  printf '>lonely\n%s\n' WCWCHWMPWCYWHWCPMWHCWYCWMPHWCYWPWHMCYWCHWPM >"$work/lonely.fasta"
  expect 0 'lonely: no database has a sequence that is like it' msa "$work/lonely.fasta" -o "$work/lonely" $reduced --no-templates
  printf '>1aaa_A mol:protein length:8\nGGGGGGGG\n' >"$work/seqres.txt"
  expect 0 'lonely/A: pdb_hits.sto: 0 hits in' msa "$work/lonely.fasta" -o "$work/lonely2" $reduced --model-preset multimer \
    --pdb-seqres-database-path "$work/seqres.txt"
  check 'no empty pdb_hits.sto' [ -e "$work/lonely2/lonely/msas/A/pdb_hits.sto" ]

  # ---- Programs that are missing or fail.
  expect 10 'jackhmmer of HMMER was not found at /nowhere/jackhmmer; packages: Debian, Ubuntu, Fedora and Homebrew: hmmer' msa "$work/one.fasta" -o "$work/none" $reduced --jackhmmer-binary-path /nowhere/jackhmmer
  fake jackhmmer 'echo reading >&2; echo "Error: database is damaged" >&2; exit 3'
  expect 10 'jackhmmer failed with exit code 3.*it said: reading' msa "$work/one.fasta" -o "$work/fails" $reduced --no-templates --jackhmmer-binary-path "$work/jackhmmer"
  check 'a failure is not told at once' grep -q '^pleat: one: uniref90_hits.sto: failed' "$log"
  check 'the reason of the program is lost' grep -q 'Error: database is damaged; command: .*--incE 0.0001' "$log"
  check 'a result of a failure' [ "$(find "$work/fails" -name '*.sto' -o -name '.search*')" = '' ]
  fake jackhmmer 'sleep 60 & sleep 60'
  expect 10 'took longer than the time limit of 0.5 s' msa "$work/one.fasta" -o "$work/slow" $reduced --no-templates --jackhmmer-binary-path "$work/jackhmmer" --time-limit 0.5

  # ---- Ctrl-C: no program stays, no half result.
  fake jackhmmer "sleep 60 & echo \$! >>'$work/pids'; : >'$work/started'; wait"
  "$PLEAT" msa "$work/one.fasta" -o "$work/cut" $reduced --no-templates --jackhmmer-binary-path "$work/jackhmmer" >"$log" 2>&1 &
  pid=$!
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$work/started" ] || sleep 0.5; done
  kill -HUP $pid
  kill -TERM $pid
  wait $pid
  code=$?
  check "exit code $code of a cancelled search, expected 130" [ "$code" = 130 ]
  check 'a half result stayed' [ "$(find "$work/cut" -type f)" = '' ]
  alive=''
  for i in 1 2 3 4 5 6; do
    alive=$(ps -o stat= -p "$(tr '\n' ',' <"$work/pids")0" 2>/dev/null | grep -v Z)
    [ -z "$alive" ] || sleep 0.5
  done
  check 'a program outlived the search' [ -z "$alive" ]

  # ---- Processors: 8 for each, and no more programs at a time than that allows.
  fake jackhmmer "while [ \$# -gt 2 ]; do [ \"\$1\" = --cpu ] && echo \"cpu \$2\" >>'$work/cpus'; [ \"\$1\" = -A ] && a=\$2; shift; done
echo begin >>'$work/cpus'; sleep 0.4; echo end >>'$work/cpus'
printf '# STOCKHOLM 1.0\n\none %s\n#=GC RF x\n//\n' '$q1' >\"\$a\""
  for n in 8 16; do
    rm -f "$work/cpus"
    expect 0 'uniref90_hits.sto: 0 hits' msa "$work/one.fasta" -o "$work/cpus_$n" $reduced --no-templates --cpus $n --jackhmmer-binary-path "$work/jackhmmer"
    most=$(awk '/begin/ { n++; if (n > most) most = n } /end/ { n-- } END { print most }' "$work/cpus")
    check "$most programs at a time with $n processors" [ "$most" = $((n / 8)) ]
    check 'not 8 processors each' [ "$(grep -c 'cpu 8' "$work/cpus")" = 3 ]
  done
fi

if has hhsuite; then
  out=$work/full
  expect 0 'one: bfd_uniref_hits.a3m: 59 hits in' msa "$work/one.fasta" -o "$out" --db "$db" --cpus 2
  bfd=$db/bfd/bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt
  hhblits -i "$work/one.fasta" -cpu 1 -oa3m "$work/by_hand.a3m" -o /dev/null -n 3 -e 0.001 -maxseq 1000000 -realign_max 100000 \
    -maxfilt 100000 -min_prefilter_hits 1000 -d "$bfd" -d "$db/uniref30/UniRef30_2021_03" >/dev/null 2>&1
  same 'bfd_uniref_hits.a3m differs from hhblits by hand' "$work/by_hand.a3m" "$out/one/msas/bfd_uniref_hits.a3m"
  check 'the PDB entry itself is not the first hit' grep -q '^  1 4ZEY_A' "$out/one/msas/pdb_hits.hhr"
  check 'files that do not belong there' [ "$(find "$out" -type f | wc -l)" = 5 ]
  expect 0 'pdb_hits.hhr: 2 hits, there already' msa "$work/one.fasta" -o "$out" --db "$db"
  cp -r "$db" "$work/half"
  rm "$work/half/bfd/bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt_hhm.ffdata"
  expect 3 'database bfd cannot be used: .*one of its six files is missing.*download_bfd.sh' msa "$work/one.fasta" -o "$work/none" --db "$work/half"
fi

# ---- What is there.
expect 3 'the database uniref90 is missing: expected .*/uniref90/uniref90.fasta; .*download_uniref90.sh fetches it (34 GB' msa "$work/one.fasta" -o "$work/none" --db "$work" --jackhmmer-binary-path "$work/jackhmmer" --db-preset reduced_dbs --no-templates
expect 3 'the database uniref90 is needed: say by --db in which folder databases are' msa "$work/one.fasta" -o "$work/none" --jackhmmer-binary-path "$work/jackhmmer" --db-preset reduced_dbs --no-templates
expect 3 'the preset reduced_dbs searches neither bfd nor uniref30' msa "$work/one.fasta" -o "$work/none" --db "$db" --db-preset reduced_dbs --bfd-database-path x
expect_empty "$work/none"
expect 0 '^uniref90  *complete  *[0-9.]* kB  20[0-9-]*  .*uniref90.fasta' db check "$db"
check 'a database that is not there is not called missing' grep -q '^template_mmcif_dir  *missing' "$log"
mkdir -p "$work/begun/uniref90" "$work/begun/mgnify" "$work/begun/pdb_mmcif/raw/00" "$work/begun/pdb_mmcif/mmcif_files" "$work/begun/bfd" "$work/begun/uniprot"
: >"$work/begun/uniref90/uniref90.fasta.gz.aria2"
: >"$work/begun/uniref90/uniref90.fasta.gz"
printf '>a\nMKV\n>b\nMK' >"$work/begun/mgnify/mgy_clusters_2022_05.fa"
printf 'x' >"$work/begun/pdb_mmcif/mmcif_files/1abc.cif"
printf 'x' >"$work/begun/bfd/bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt.tar.gz"
printf '>sp\nMKV\n' >"$work/begun/uniprot/uniprot_sprot.fasta"
expect 1 '^uniref90  *unfinished.*begun but not finished: uniref90.fasta.gz' db check "$work/begun"
check 'a FASTA file that ends within a line' grep -q '^mgnify  *damaged .*ends within a line' "$log"
check 'mmCIF files half unpacked' grep -q "^template_mmcif_dir  *unfinished .*'raw' is still there" "$log"
check 'an archive that was not unpacked' grep -q '^bfd  *unfinished .*tar.gz' "$log"
check 'UniProt in parts' grep -q '^uniprot  *unfinished .*uniprot_sprot.fasta' "$log"
expect 6 'there is no folder' db check "$work/nowhere"
expect 2 "unknown action 'chekc'" db chekc "$db"

# ---- MMseqs2.
if has mmseqs; then
  out=$work/mmseqs
  printf '>mono\n%s\n>hetero\n%s:%s\n>homo\n%s:%s\n' "$(query_of 3u8v_A)" "$q1" "$q2" "$q2" "$q2" >"$work/batch.fasta"
  mmseqs_way="--db $db/colabfold --msa-mode local_mmseqs2"
  expect 0 'hetero: hetero.a3m: [1-9][0-9]* hits' msa "$work/batch.fasta" -o "$out" $mmseqs_way --use-templates 1
  check 'header of the complex' grep -q "^#84,41	1,1\$" "$out/hetero.a3m"
  check 'header of the copies' grep -q "^#41	2\$" "$out/homo.a3m"
  check 'header of the monomer' grep -q "^#93	1\$" "$out/mono.a3m"
  check 'no row pairs two chains' [ "$(grep -c "^>.*	.*	>\{0,1\}[A-Z0-9]*	" "$out/hetero.a3m")" -gt 3 ]
  check 'rows of different length' [ "$(awk '/^[^>#]/ { gsub(/[a-z]/, ""); print length($0) }' "$out/hetero.a3m" | sort -u | wc -l)" = 1 ]
  check 'not the environmental sequences, too' grep -q '^>MGYP' "$out/hetero.a3m"
  check 'the PDB entry itself is not a template' grep -q "^101	4zey_A	1.000" "$out/hetero_pdb100_230517.m8"
  check 'commands are not in the manifest' grep -q 'mmseqs pairaln .*mmseqs/qdb' "$out/pleat_manifest.json"
  check 'temporary databases stayed' [ "$(find "$out" -name '.search*')" = '' ]
  expect 0 'hetero: : 0 hits, there already\|hetero: hetero.a3m: .*there already' msa "$work/batch.fasta" -o "$out" $mmseqs_way
  # What comes out goes into the networks.
  expect 0 '' fold "$out/hetero.a3m" -o "$work/folded" --weights "$multimer" --num-recycle 0 --max-msa 8:8 --skip-output plots
  check 'no structure of the complex' [ "$(find "$work/folded" -name 'hetero_unrelaxed_rank_001*.pdb' | wc -l)" = 1 ]
  # Alone it has no header, as in ColabFold; without the environmental database.
  printf '>mono\n%s\n' "$(query_of 3u8v_A)" >"$work/mono.fasta"
  expect 0 'mono: mono.a3m: [1-9]' msa "$work/mono.fasta" -o "$work/mono" $mmseqs_way --use-env 0 -s 4
  check 'a header of a batch of monomers' [ "$(head -n 1 "$work/mono/mono.a3m")" = '>101' ]
  check 'a database that was not wanted' [ "$(grep -c '^>MGYP' "$work/mono/mono.a3m")" = 0 ]
  check 'the sensitivity' grep -q 'mmseqs search .* -s 4.0' "$work/mono/pleat_manifest.json"
  printf '>mono\n%s\n' "$q2" >"$work/mono.fasta"
  expect 3 "this alignment is not of 'mono'" msa "$work/mono.fasta" -o "$work/mono" $mmseqs_way --use-env 0
  expect 3 'the database colabfold_uniref30 is missing: expected .*uniref30_2302_db; ColabFold' msa "$work/mono.fasta" -o "$work/none" --db "$work" --msa-mode local_mmseqs2
fi
report
