/* The table of published parameters and databases.
 * Source: scripts of google-deepmind/alphafold c77e5d2 (addresses, folders, sizes of its README), colabfold/download.py of
 * sokrypton/ColabFold 3b808f0 (archives and markers).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "net/catalog.h"

#include <string.h>

#define GCS      "https://storage.googleapis.com/alphafold/"
#define GCS_DB   "https://storage.googleapis.com/alphafold-databases/"
#define UNIPROT  "https://ftp.ebi.ac.uk/pub/databases/uniprot/"
#define UNIPROT2 "https://ftp.uniprot.org/pub/databases/uniprot/"
#define KB       "current_release/knowledgebase/complete/"
#define MMSEQS   "https://opendata.mmseqs.org/colabfold/"

/* clang-format off: a table */
static const pleat_catalog_entry entries[] = {
    {{"params", "monomer, _ptm and _multimer_v3", 5.3, 5.3},
     "params",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS "alphafold_params_2022-12-06.tar"}},
     "params_model_5_multimer_v3.npz",
     {"download_finished.txt", "download_complexes_multimer_v3_finished.txt"}},
    {{"params-v2", "monomer, _ptm and _multimer_v2", 5.3, 5.3},
     "params",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS "alphafold_params_2022-03-02.tar"}},
     "params_model_5_multimer_v2.npz",
     {"download_finished.txt", "download_complexes_multimer_v2_finished.txt"}},
    {{"params-v1", "monomer, _ptm and _multimer", 5.3, 5.3},
     "params",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS "alphafold_params_2022-01-19.tar"}},
     "params_model_5_multimer.npz",
     {"download_finished.txt", "download_complexes_multimer_v1_finished.txt"}},
    {{"params-ptm", "monomer and _ptm", 3.73, 3.73},
     "params",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS "alphafold_params_2021-07-14.tar"}},
     "params_model_5_ptm.npz",
     {"download_finished.txt"}},
    {{"bfd", "BFD", 271.6, 1800},
     "bfd",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS_DB "casp14_versions/bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt.tar.gz"}},
     "bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt_a3m.ffdata",
     {NULL}},
    {{"small_bfd", "BFD, one sequence of each cluster", 9.6, 17},
     "small_bfd",
     "bfd-first_non_consensus_sequences.fasta",
     PLEAT_FORM_GZIP,
     {{GCS_DB "reduced_dbs/bfd-first_non_consensus_sequences.fasta.gz"}},
     "bfd-first_non_consensus_sequences.fasta",
     {NULL}},
    {{"mgnify", "MGnify clusters 2022-05", 67, 120},
     "mgnify",
     "mgy_clusters_2022_05.fa",
     PLEAT_FORM_GZIP,
     {{GCS_DB "v2.3/mgy_clusters_2022_05.fa.gz"}},
     "mgy_clusters_2022_05.fa",
     {NULL}},
    {{"uniref90", "UniRef90, current release", 34, 67},
     "uniref90",
     "uniref90.fasta",
     PLEAT_FORM_GZIP,
     {{UNIPROT "uniref/uniref90/uniref90.fasta.gz", UNIPROT2 "uniref/uniref90/uniref90.fasta.gz"}},
     "uniref90.fasta",
     {NULL}},
    {{"uniref30", "UniRef30 2021-03, for HHblits", 52.5, 206},
     "uniref30",
     NULL,
     PLEAT_FORM_TAR,
     {{GCS_DB "v2.3/UniRef30_2021_03.tar.gz"}},
     "UniRef30_2021_03_a3m.ffdata",
     {NULL}},
    {{"uniprot", "UniProt, current release", 53, 105},
     "uniprot",
     "uniprot.fasta",
     PLEAT_FORM_GZIP,
     {{UNIPROT KB "uniprot_trembl.fasta.gz", UNIPROT2 KB "uniprot_trembl.fasta.gz"},
      {UNIPROT KB "uniprot_sprot.fasta.gz", UNIPROT2 KB "uniprot_sprot.fasta.gz"}},
     "uniprot.fasta",
     {NULL}},
    {{"pdb70", "PDB70 2020-04-01, for HHsearch", 19.5, 56},
     "pdb70",
     NULL,
     PLEAT_FORM_TAR,
     {{"https://wwwuser.gwdg.de/~compbiol/data/hhsuite/databases/hhsuite_dbs/old-releases/"
       "pdb70_from_mmcif_200401.tar.gz",
       "https://wwwuser.gwdguser.de/~compbiol/data/hhsuite/databases/hhsuite_dbs/old-releases/"
       "pdb70_from_mmcif_200401.tar.gz"}},
     "pdb70_a3m.ffdata",
     {NULL}},
    {{"pdb_seqres", "sequences of the PDB, proteins", 0.2, 0.2},
     "pdb_seqres",
     "pdb_seqres.txt",
     PLEAT_FORM_SEQRES,
     {{"https://files.wwpdb.org/pub/pdb/derived_data/pdb_seqres.txt"}},
     "pdb_seqres.txt",
     {NULL}},
    {{"pdb_obsolete", "list of withdrawn PDB entries", 0.001, 0.001},
     "pdb_mmcif",
     "obsolete.dat",
     PLEAT_FORM_PLAIN,
     {{"https://files.wwpdb.org/pub/pdb/data/status/obsolete.dat"}},
     "obsolete.dat",
     {NULL}},
};
/* clang-format on */
enum { N_ENTRIES = sizeof entries / sizeof *entries };

static const char *const monomer_reduced[] = {"params", "small_bfd", "mgnify", "uniref90", NULL};
static const char *const monomer_full[] = {"params", "bfd", "uniref30", "mgnify", "uniref90", NULL};
static const char *const multimer_reduced[] = {"params", "small_bfd", "mgnify", "uniref90", "uniprot", NULL};
static const char *const multimer_full[] = {"params", "bfd", "uniref30", "mgnify", "uniref90", "uniprot", NULL};
static const char *const monomer_templates[] = {"pdb70", "pdb_obsolete", NULL};
static const char *const multimer_templates[] = {"pdb_seqres", "pdb_obsolete", NULL};
static const pleat_dataset_preset presets[] = {
    {"monomer-reduced", monomer_reduced},     {"monomer-full", monomer_full},
    {"multimer-reduced", multimer_reduced},   {"multimer-full", multimer_full},
    {"monomer-templates", monomer_templates}, {"multimer-templates", multimer_templates}};

const pleat_dataset *pleat_dataset_get(size_t i) { return i < N_ENTRIES ? &entries[i].dataset : NULL; }

const pleat_dataset_preset *pleat_dataset_presets(size_t *out_n) {
  *out_n = sizeof presets / sizeof *presets;
  return presets;
}

const pleat_catalog_entry *pleat_catalog_find(const char *name) {
  for (size_t i = 0; i < N_ENTRIES; i++) {
    if (strcmp(entries[i].dataset.name, name) == 0) return &entries[i];
  }
  return NULL;
}

const char *pleat_catalog_base(const char *url) {
  const char *slash = strrchr(url, '/');
  return slash ? slash + 1 : url;
}
