#!/bin/sh
# pleat db pack: an archive that other programs read, and nothing where it fails.
# SPDX-License-Identifier: Apache-2.0
. tests/cli/lib/expect.sh

mkdir -p "$work/in/ab"
cp tests/fuzz/corpus/mmcif_entry/small.cif "$work/in/1abd.cif"
cp tests/fuzz/corpus/mmcif_entry/small.cif.gz "$work/in/ab/1abc.cif.gz"
echo other >"$work/in/readme"
expect 0 'out.zip: 2 entries from .* MB, 1 other files passed over' db pack "$work/in" --out "$work/out.zip"
cp "$work/out.zip" "$work/first.zip"
expect 0 '' db pack "$work/in" --out "$work/out.zip"
check "the same folder gives another archive" cmp "$work/first.zip" "$work/out.zip"
if find_python 'import zipfile'; then
  check "zipfile of Python reads something else" "$python" - "$work/out.zip" <<'EOF'
import gzip, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
want = open("tests/fuzz/corpus/mmcif_entry/small.cif", "rb").read()
assert archive.testzip() is None and archive.namelist() == ["1abd.cif", "1abc.cif.gz"], archive.namelist()
assert archive.read("1abd.cif") == want and gzip.decompress(archive.read("1abc.cif.gz")) == want
EOF
fi

mkdir "$work/empty" "$work/stays"
expect 3 'has no entries' db pack "$work/empty" --out "$work/stays/out.zip"
expect 6 'none' db pack "$work/none" --out "$work/stays/out.zip"
cp tests/fuzz/corpus/mmcif_entry/small.cif "$work/in/2abc.cif.gz"
expect 3 'compressed by gzip, as its name says' db pack "$work/in" --out "$work/stays/out.zip"
expect_empty "$work/stays"
report
