"""Miniature databases for tests of searches, made with the programs' own tools.

mini_databases.py SHARED DIR: reads the alignments in SHARED/features/msas and writes what AlphaFold's scripts make below
DIR, and ColabFold's below DIR/colabfold where mmseqs is there. Prints what was made, a word each: hmmer hhsuite mmseqs.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import random
import shutil
import subprocess
import sys

FAMILIES = ['1hf9_A', '2q2k_A', '3u8v_A', '4zey_A']
LETTERS = 'ACDEFGHIKLMNPQRSTVWY'
BFD = 'bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt'
ROWS = 60  # of an alignment


def read_a3m(path):
    rows = []
    for line in open(path):
        line = line.rstrip()
        if line.startswith('>'):
            rows.append([line[1:], ''])
        else:
            rows[-1][1] += line
    return rows


def read_sto(path):
    names, rows = {}, {}
    for line in open(path):
        words = line.split(None, 3)
        if len(words) == 4 and words[0] == '#=GS' and words[2] == 'DE':
            names[words[1]] = words[3].strip().replace('[subseq from] ', '')
        elif words and not line.startswith(('#', '//')):
            rows[words[0]] = rows.get(words[0], '') + words[1]
    return [(name.split('/')[0] + ' ' + names.get(name, ''), row) for name, row in rows.items()]


def ungapped(row):
    return ''.join(c for c in row if c.isalpha()).upper()


def noise(n, seed):
    rng = random.Random(seed)
    return [(f'random_{seed}_{i}', ''.join(rng.choices(LETTERS, k=rng.randint(40, 300)))) for i in range(n)]


def write_fasta(path, records):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    seen = set()
    with open(path, 'w') as f:
        for name, sequence in records:
            if name.split()[0] in seen:
                continue
            seen.add(name.split()[0])
            f.write(f'>{name}\n{sequence}\n')


def write_ffindex(path, entries):
    offset = 0
    with open(path + '.ffdata', 'wb') as data, open(path + '.ffindex', 'w') as index:
        for name, content in sorted(entries):
            data.write(content + b'\0')
            index.write(f'{name}\t{offset}\t{len(content) + 1}\n')
            offset += len(content) + 1


def find_cstranslate():
    for path in (shutil.which('cstranslate'), '/usr/libexec/hhsuite/cstranslate-plain'):  # Debian hides it
        if path and os.path.exists(path):
            return path
    return None


def find_hhsuite_data():
    around = os.path.dirname(os.path.realpath(shutil.which('hhmake')))
    for path in (os.environ.get('HHLIB', '') + '/data', '/usr/share/hhsuite/data', around + '/../data'):
        if os.path.exists(path + '/cs219.lib'):
            return path
    return None


def write_hhsuite(path, alignments):
    """alignments: name -> rows of an a3m."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    a3m, hhm = [], []
    for name, rows in alignments.items():
        text = f'#{name}\n' + ''.join(f'>{title}\n{row}\n' for title, row in rows)
        a3m.append((name, text.encode()))
        made = subprocess.run(['hhmake', '-v', '0', '-i', 'stdin', '-o', 'stdout'], input=text.encode(), check=True,
                              stdout=subprocess.PIPE)
        hhm.append((name, made.stdout))
    write_ffindex(path + '_a3m', a3m)
    write_ffindex(path + '_hhm', hhm)
    data = find_hhsuite_data()
    subprocess.run([find_cstranslate(), '-A', data + '/cs219.lib', '-D', data + '/context_data.lib', '-x', '0.3', '-c', '4',
                    '-f', '-i', path + '_a3m', '-o', path + '_cs219', '-I', 'a3m', '-b'], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def write_mmseqs(path, records):
    """A database of clusters as ColabFold has it: representatives, members, their alignments, and organisms of members."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_fasta(path + '.fasta', records)

    def mmseqs(*words):
        subprocess.run(['mmseqs', *words], check=True, stdout=subprocess.DEVNULL)
    mmseqs('createdb', path + '.fasta', path + '_seq', '--shuffle', '0')
    mmseqs('linclust', path + '_seq', path + '_clu', path + '_tmp', '--threads', '2')
    mmseqs('createsubdb', path + '_clu', path + '_seq', path)
    mmseqs('align', path + '_seq', path + '_seq', path + '_clu', path + '_aln', '-a', '--threads', '2')
    organisms = {}
    names_of = [line[1:].split()[0] for line in open(path + '.fasta') if line.startswith('>')]
    with open(path + '_mapping', 'w') as f:
        for key, name in enumerate(names_of):
            organism = organisms.setdefault(name.split('_')[-1], len(organisms) + 1)
            f.write(f'{key}\t{organism + 1}\n')
    with open(path + '_nodes.dmp', 'w') as nodes, open(path + '_names.dmp', 'w') as names:
        for taxon in range(1, len(organisms) + 2):
            nodes.write(f'{taxon}\t|\t1\t|\t{"species" if taxon > 1 else "no rank"}\t|\n')
            names.write(f'{taxon}\t|\torganism {taxon}\t|\t\t|\tscientific name\t|\n')
    with open(path + '_merged.dmp', 'w') as f:
        f.write('9999999\t|\t1\t|\n')
    shutil.copy(path + '_mapping', path + '_seq_mapping')
    shutil.rmtree(path + '_tmp')
    os.remove(path + '.fasta')


def sequences_of(msas, file):
    records = []
    for family in FAMILIES:
        records += [(name, ungapped(row)) for name, row in read_sto(f'{msas}/{family}/{file}')[1:ROWS]]
    return records


def main():
    shared, out = sys.argv[1:]
    msas = shared + '/features/msas'
    alignments = {family: read_a3m(f'{msas}/{family}/bfd_uniref_hits.a3m')[:ROWS] for family in FAMILIES}
    queries = [(family, ungapped(rows[0][1])) for family, rows in alignments.items()]
    write_fasta(f'{out}/uniref90/uniref90.fasta', sequences_of(msas, 'uniref90_hits.sto') + noise(200, 1))
    write_fasta(f'{out}/mgnify/mgy_clusters_2022_05.fa', noise(150, 2) + sequences_of(msas, 'mgnify_hits.sto'))
    write_fasta(f'{out}/uniprot/uniprot.fasta', sequences_of(msas, 'uniprot_hits.sto') + noise(150, 3))
    small = [(name, ungapped(row)) for rows in alignments.values() for name, row in rows[1:]]
    write_fasta(f'{out}/small_bfd/bfd-first_non_consensus_sequences.fasta', small + noise(100, 4))
    seqres = [(f'{name.lower()} mol:protein length:{len(row)}  {name}', row) for name, row in queries]
    write_fasta(f'{out}/pdb_seqres/pdb_seqres.txt', seqres + noise(50, 5))
    write_fasta(f'{out}/queries.fasta', queries)
    made = ['hmmer'] if shutil.which('jackhmmer') and shutil.which('hmmsearch') else []
    if shutil.which('hhmake') and find_cstranslate() and find_hhsuite_data():
        names = {name: rows for name, rows in alignments.items()}
        write_hhsuite(f'{out}/bfd/{BFD}', names)
        write_hhsuite(f'{out}/uniref30/UniRef30_2021_03', {'UniRef100_' + n: rows[:20] for n, rows in names.items()})
        write_hhsuite(f'{out}/pdb70/pdb70', {name.upper(): rows[:30] for name, rows in names.items()})
        made.append('hhsuite')
    if shutil.which('mmseqs'):
        uniprot = sequences_of(msas, 'uniprot_hits.sto')
        write_mmseqs(f'{out}/colabfold/uniref30_2302_db', uniprot + noise(150, 6))
        write_mmseqs(f'{out}/colabfold/spire_ctg10_2401_db', uniprot[::2] + noise(50, 7))
        write_mmseqs(f'{out}/colabfold/colabfold_envdb_202108_db', sequences_of(msas, 'mgnify_hits.sto') + noise(150, 8))
        write_mmseqs(f'{out}/colabfold/pdb100_230517', queries + noise(30, 9))
        made.append('mmseqs')
    print(*made)


main()
