#!/bin/sh
# pleat download against a server that breaks off, lies, changes its files and answers nonsense: what arrives is right, or
# nothing does; killed at any moment, the same bytes come.
#   PLEAT_DOWNLOAD_MB=4096 tests/cli/download.sh      the large run, with ten kills (default 17 MB, three kills)
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh
. tests/cli/lib/net.sh
n_mb=${PLEAT_DOWNLOAD_MB:-17}

# Archives as published: params is a tar, uniref90 and uniprot are gzip, pdb_seqres is text.
mkdir -p "$work/www"
"$python" - "$work/www" "$n_mb" <<'PY'
import gzip, io, os, random, sys, tarfile
www, n_mb = sys.argv[1], int(sys.argv[2])
random.seed(1)
block = random.randbytes(1 << 20)
class Blocks(io.RawIOBase):
    """n_mb numbered blocks, without holding them."""
    def __init__(self, n): self.n, self.at = n << 20, 0
    def read(self, n=-1):
        i, k = divmod(self.at, 1 << 20)
        if self.at >= self.n: return b""
        data = (i.to_bytes(8, "little") + block[8:])[k : k + (n if n > 0 else 1 << 20)]
        self.at += len(data)
        return data
for suffix in ("", ".new"):
    with tarfile.open(f"{www}/alphafold_params_2022-12-06.tar{suffix}", "w") as tar:
        for name, n in (("params_model_1.npz", n_mb), ("params_model_5_multimer_v3.npz", 1)):
            info = tarfile.TarInfo(name)
            info.size = n << 20
            tar.addfile(info, Blocks(n))
    block = random.randbytes(1 << 20)
    if n_mb > 1000: break
def gz(name, data):
    os.makedirs(os.path.dirname(f"{www}/{name}"), exist_ok=True)
    open(f"{www}/{name}", "wb").write(gzip.compress(data, 1))
fasta = b"".join(b">U%d\n%s\n" % (i, random.randbytes(60).hex().encode()) for i in range(20000))
gz("uniref/uniref90/uniref90.fasta.gz", fasta)
gz("current_release/knowledgebase/complete/uniprot_trembl.fasta.gz", fasta[:1000000])
gz("current_release/knowledgebase/complete/uniprot_sprot.fasta.gz", b">last\nAAA\n")
open(f"{www}/uniref90.want", "wb").write(fasta)
open(f"{www}/uniprot.want", "wb").write(fasta[:1000000] + b">last\nAAA\n")
os.makedirs(f"{www}/pub/pdb/derived_data")
rows = [(f">{i:04d}_A mol:{'protein' if i % 3 else 'na'} length:9  X\n", "A" * (i % 70 + 1) + "\n") for i in range(30000)]
open(f"{www}/pub/pdb/derived_data/pdb_seqres.txt", "w").write("".join(a + b for a, b in rows))
open(f"{www}/pdb_seqres.want", "w").write("".join(a + b for a, b in rows if "mol:protein" in a))
PY
start_server "$work/www"

gcs=https://storage.googleapis.com/alphafold
uniprot=https://ftp.ebi.ac.uk/pub/databases/uniprot
# fetch CODE PATTERN NAME HOW FROM DIR [OPTIONS]
fetch() {
  want=$1
  pattern=$2
  name=$3
  mirror=$5=$url/files/$4
  dir=$work/$6
  shift 6
  expect "$want" "$pattern" download "$name" --dir "$dir" --mirror "$mirror" --retry-wait 0.01 --force "$@"
}
expect 0 '^params  *5.3 GB  *5.3 GB' download list
expect 0 '^monomer-reduced  *115.9 GB  *209.3 GB  params small_bfd mgnify uniref90' download list
expect 0 'to fetch: 115.9 GB, at most 276.3 GB of disk (209.3 GB in the end); 3 h 13 min at 10 MB/s, 19 min at 100 MB/s' \
  download monomer-reduced --dir "$work/none" --dry-run
check 'a dry run made a folder' [ ! -e "$work/none" ]
expect 2 "there is no 'uniref9' to download, did you mean 'uniref90'" download uniref9
expect 6 'GB free, up to .* GB are needed' download bfd,bfd,uniref30,multimer-full --dir "$work/none"
"$PLEAT" download params --dir "$work/ok" --mirror "$gcs=$url/files/ok" >"$log" 2>&1
if grep -q 'built without' "$log"; then skip 'built without libcurl or libarchive'; fi

tar=$work/www/alphafold_params_2022-12-06.tar
mkdir "$work/want" "$work/want.new"
tar -xf "$tar" -C "$work/want"
tar -xf "$tar.new" -C "$work/want.new"
# same DIR: everything of the archive is in its place, and nothing that was half done stays.
same() {
  for file in params_model_1.npz params_model_5_multimer_v3.npz; do
    check "$1: another $file" cmp -s "$work/want/$file" "$work/$1/params/$file"
  done
  check "$1: ColabFold's mark" [ -e "$work/$1/params/download_complexes_multimer_v3_finished.txt" ]
  check "$1: something half done stays" [ "$(ls "$work/$1/.pleat-download")" = params.json ]
}
nothing() { # DIR: no file of the archive is there
  check "$1: a wrong file" [ "$(find "$work/$1/params" -name '*.npz' 2>/dev/null | wc -l)" -eq 0 ]
}
same ok
before=$(wc -l <"$requests")
fetch 0 '(is there)' params ok "$gcs" ok
check 'fetched again' [ "$(wc -l <"$requests")" = "$before" ]
fetch 0 '' params ok "$gcs" ok --check

for how in drop flaky noranges change changedate changeblind; do
  fetch 0 'params: done' params $how "$gcs" $how
  case $how in
    change*) check "$how: parts of two files" cmp -s "$work/want.new/params_model_1.npz" "$work/$how/params/params_model_1.npz" ;;
    *) same $how ;;
  esac
done
# What is wrong does not arrive, and says why.
fetch 11 'answers with status 404' params missing "$gcs" missing
fetch 3 'is no tar archive, or it is damaged' params html "$gcs" html
fetch 11 'less came than was announced\|cannot fetch' params short "$gcs" short
for how in missing html short; do nothing $how; done
expect 11 'cannot fetch' download params --dir "$work/nobody" --mirror "$gcs=http://127.0.0.1:1" --retry-wait 0.01
fetch 3 'is no gzip file' uniref90 html "$uniprot" html90
fetch 3 'is another file than expected: it begins with .<html>' pdb_seqres html https://files.wwpdb.org html_seqres
check 'a page instead of a database' [ ! -e "$work/html90/uniref90/uniref90.fasta" ]
check 'a page instead of sequences' [ ! -e "$work/html_seqres/pdb_seqres/pdb_seqres.txt" ]

# What was recorded is compared when it is fetched again, and what lies there with --check.
fetch 0 '' params wrong "$gcs" wrong
rm "$work/wrong/params/params_model_1.npz"
touch "$requests.wrong"
fetch 1 'is not what it was when it was first fetched: SHA-256' params wrong "$gcs" wrong
check 'a file that is not as recorded' [ ! -e "$work/wrong/params/params_model_1.npz" ]
rm "$requests.wrong"
fetch 0 'params: done' params wrong "$gcs" wrong
same wrong
fetch 0 '' params ok "$gcs" wrong --check
printf x | dd of="$work/wrong/params/params_model_1.npz" bs=1 seek=5000 conv=notrunc 2>/dev/null
fetch 1 "params_model_1.npz' has SHA-256" params ok "$gcs" wrong --check
printf x >>"$work/wrong/params/params_model_1.npz"
fetch 1 "params_model_1.npz' has .* bytes, recorded are" params ok "$gcs" wrong

# Other forms: gzip, several files to one, lines of proteins.
fetch 0 '' uniref90,uniprot ok "$uniprot" db
check 'uniref90' cmp -s "$work/www/uniref90.want" "$work/db/uniref90/uniref90.fasta"
check 'uniprot' cmp -s "$work/www/uniprot.want" "$work/db/uniprot/uniprot.fasta"
fetch 0 '' pdb_seqres ok https://files.wwpdb.org db
check 'pdb_seqres' cmp -s "$work/www/pdb_seqres.want" "$work/db/pdb_seqres/pdb_seqres.txt"

# Folders of AlphaFold's own scripts: unpacked already; fetched and not unpacked; half fetched.
mkdir -p "$work/af/uniref90" "$work/af2/params"
echo '>x' >"$work/af/uniref90/uniref90.fasta"
fetch 0 'uniref90 .*(is there)' uniref90 ok "$uniprot" af
cp "$work/www/uniref/uniref90/uniref90.fasta.gz" "$work/af/uniref90/"
: >"$requests"
fetch 0 'uniref90: done' uniref90 ok "$uniprot" af
check 'the archive of the script was not used' [ "$(n_requests '"GET"')" = 1 ]
check 'from the archive of the script' cmp -s "$work/www/uniref90.want" "$work/af/uniref90/uniref90.fasta"
cp "$tar" "$work/af2/params/"
touch "$work/af2/params/alphafold_params_2022-12-06.tar.aria2"
fetch 0 'params: done' params ok "$gcs" af2
same af2

# Killed with -9 at random moments, and once by Ctrl-C; memory stays small.
n_kills=3
[ "$n_mb" -lt 1000 ] || n_kills=10
download() {
  exec "$PLEAT" download params --dir "$work/killed" --mirror "$gcs=$url/files/slow" --retry-wait 0.01
}
: >"$requests"
i=0
while [ $i -lt $n_kills ]; do
  i=$((i + 1))
  (download) >"$log" 2>&1 &
  pid=$!
  sleep "$("$python" -c "import random; print(random.uniform(0.7, 0.7 + $n_mb / 40))")"
  if kill -9 $pid 2>/dev/null; then n_killed=$((${n_killed:-0} + 1)); fi
  wait $pid 2>/dev/null
done
check 'no process was killed' [ "${n_killed:-0}" -gt 0 ]
nothing_or_done=$(find "$work/killed/params" -name '*.npz' 2>/dev/null | wc -l)
(download) >"$log" 2>&1 &
pid=$!
peak=0
while kill -0 $pid 2>/dev/null; do
  now=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status" 2>/dev/null) || now=0
  [ "${now:-0}" -le "$peak" ] || peak=$now
  sleep 0.1
done
check 'after the kills' wait $pid
same killed
check 'nothing was gone on with' grep -q '"range": "bytes=[1-9]' "$requests"
check 'all was fetched anew' sh -c "grep -o 'bytes=[0-9]*' '$requests' | tr -d 'a-z=' | awk '\$1 % 8388608 {n++} END {exit !n}'"
echo "killed ${n_killed:-0} times, $nothing_or_done files before the last run, peak resident memory $peak KiB, $(n_requests GET) requests"
[ -n "$watched" ] || check "memory: $peak KiB" [ "$peak" -lt 65536 ]
fetch 0 '' params ok "$gcs" killed --check
report
