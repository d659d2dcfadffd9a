/* The table of options of searches. Names of databases and programs are those of alphafold/run_alphafold.py and
 * colabfold_search.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "option_table.h"

static const char *const modes[] = {"local", "local_mmseqs2", NULL};
static const char *const db_presets[] = {"full_dbs", "reduced_dbs", NULL};
static const char *const model_presets[] = {"monomer", "monomer_casp14", "monomer_ptm", "multimer", NULL};

#define FIELD(name) offsetof(cli_args, name)
#define ROW(id)     [CLI_OPT_##id - CLI_OPT_SEARCH_FIRST]
/* A path of a database or program; 0 or 1. */
#define PATH_OF(option_name, value_name, field, text) \
  { .name = option_name, .kind = KIND_TEXT, .value = value_name, .offset = FIELD(field), .help = text }
#define SWITCH(option_name, field, text) \
  { .name = option_name, .kind = KIND_INTEGER, .value = "0|1", .offset = FIELD(field), .max = 1, .help = text }

const option cli_search_options[CLI_OPT_NET_FIRST - CLI_OPT_SEARCH_FIRST] = {
    ROW(DB) = {.name = "db",
               .kind = KIND_TEXT,
               .value = "DIR",
               .offset = FIELD(db_dir),
               .help =
                   "folder with the databases, in subfolders as AlphaFold's scripts make them, or as ColabFold's do"},
    ROW(SEARCH_MODE) = {.name = "msa-mode",
                        .kind = KIND_CHOICE,
                        .value = "MODE",
                        .offset = FIELD(search_mode),
                        .help = "AlphaFold's way with HMMER and HH-suite (default), or ColabFold's with MMseqs2",
                        .choices = modes},
    ROW(DB_PRESET) = {.name = "db-preset",
                      .kind = KIND_CHOICE,
                      .value = "PRESET",
                      .offset = FIELD(db_preset),
                      .help = "BFD and UniRef30 by hhblits (default), or small BFD by jackhmmer",
                      .choices = db_presets},
    ROW(MODEL_PRESET) = {.name = "model-preset",
                         .kind = KIND_CHOICE,
                         .value = "PRESET",
                         .offset = FIELD(model_preset),
                         .help = "what the search is for (default: multimer where there are several chains)",
                         .choices = model_presets},
    ROW(CPUS) = {.name = "cpus",
                 .kind = KIND_INTEGER,
                 .value = "N",
                 .offset = FIELD(cpus),
                 .min = 1,
                 .max = 4096,
                 .help = "processors for all programs that run at the same time (default: all usable cores)"},
    ROW(NO_TEMPLATES) = {.name = "no-templates",
                         .kind = KIND_FLAG,
                         .offset = FIELD(no_templates),
                         .help = "do not search the PDB"},
    ROW(TIME_LIMIT) = {.name = "time-limit",
                       .kind = KIND_REAL,
                       .value = "SECONDS",
                       .offset = FIELD(time_limit_s),
                       .max = 1e9,
                       .help = "end a program that takes longer (default: none)"},
    ROW(SEARCH_OVERWRITE) = {.name = "overwrite-existing-results",
                             .kind = KIND_FLAG,
                             .offset = FIELD(is_overwriting),
                             .help = "search again what is there already"},
    ROW(SEARCH_SHARD) = {.name = "shard",
                         .kind = KIND_SHARD,
                         .value = "I/N",
                         .offset = FIELD(shard),
                         .min = 1,
                         .max = 1e6,
                         .help = "only every N-th target, from the I-th on: one of N processes on the same input"},
    ROW(UNIREF90) = PATH_OF("uniref90-database-path", "FASTA", db_paths[PLEAT_DB_UNIREF90], "UniRef90"),
    ROW(MGNIFY) = PATH_OF("mgnify-database-path", "FASTA", db_paths[PLEAT_DB_MGNIFY], "MGnify clusters"),
    ROW(BFD) = PATH_OF("bfd-database-path", "PREFIX", db_paths[PLEAT_DB_BFD],
                       "BFD: its six files without _a3m.ffdata and so on"),
    ROW(UNIREF30) = PATH_OF("uniref30-database-path", "PREFIX", db_paths[PLEAT_DB_UNIREF30], "UniRef30, the same"),
    ROW(SMALL_BFD) = PATH_OF("small-bfd-database-path", "FASTA", db_paths[PLEAT_DB_SMALL_BFD], "small BFD"),
    ROW(UNIPROT) = PATH_OF("uniprot-database-path", "FASTA", db_paths[PLEAT_DB_UNIPROT],
                           "UniProt, to pair the chains of complexes"),
    ROW(PDB70) = PATH_OF("pdb70-database-path", "PREFIX", db_paths[PLEAT_DB_PDB70], "PDB70, for templates of monomers"),
    ROW(PDB_SEQRES) = PATH_OF("pdb-seqres-database-path", "FASTA", db_paths[PLEAT_DB_PDB_SEQRES],
                              "sequences of the PDB, for templates of multimers"),
    ROW(JACKHMMER) =
        PATH_OF("jackhmmer-binary-path", "FILE", program_paths[PLEAT_PROGRAM_JACKHMMER], "default: on PATH"),
    ROW(HHBLITS) = PATH_OF("hhblits-binary-path", "FILE", program_paths[PLEAT_PROGRAM_HHBLITS], "default: on PATH"),
    ROW(HHSEARCH) = PATH_OF("hhsearch-binary-path", "FILE", program_paths[PLEAT_PROGRAM_HHSEARCH], "default: on PATH"),
    ROW(HMMBUILD) = PATH_OF("hmmbuild-binary-path", "FILE", program_paths[PLEAT_PROGRAM_HMMBUILD], "default: on PATH"),
    ROW(HMMSEARCH) =
        PATH_OF("hmmsearch-binary-path", "FILE", program_paths[PLEAT_PROGRAM_HMMSEARCH], "default: on PATH"),
    ROW(MMSEQS) = PATH_OF("mmseqs-binary-path", "FILE", program_paths[PLEAT_PROGRAM_MMSEQS], "default: on PATH"),
    ROW(DB1) =
        PATH_OF("db1", "PREFIX", db_paths[PLEAT_DB_CF_UNIREF30], "ColabFold's UniRef30, e.g. DIR/uniref30_2302_db"),
    ROW(DB2) = PATH_OF("db2", "PREFIX", db_paths[PLEAT_DB_CF_PDB], "ColabFold's PDB100, for --use-templates 1"),
    ROW(DB3) = PATH_OF("db3", "PREFIX", db_paths[PLEAT_DB_CF_ENV], "ColabFold's environmental sequences"),
    ROW(DB4) = PATH_OF("db4", "PREFIX", db_paths[PLEAT_DB_CF_SPIRE], "environmental sequences to pair, SPIRE"),
    ROW(USE_ENV) = SWITCH("use-env", use_env, "local_mmseqs2: search --db3 (default 1)"),
    ROW(USE_ENV_PAIRING) =
        SWITCH("use-env-pairing", use_env_pairing, "local_mmseqs2: pair chains in --db4, too (default 0)"),
    ROW(USE_TEMPLATES) = SWITCH("use-templates", use_templates, "local_mmseqs2: search --db2 (default 0)"),
    ROW(FILTER_MSA) = SWITCH("filter", filter_msa, "local_mmseqs2: filter the alignments (default 1)"),
    ROW(SENSITIVITY) = {.name = "sensitivity",
                        .letter = 's',
                        .kind = KIND_REAL,
                        .value = "S",
                        .offset = FIELD(sensitivity),
                        .min = 1,
                        .max = 9,
                        .help =
                            "local_mmseqs2: lower is faster and finds less (default: as ColabFold's server, about 8)"},
    ROW(PAIRING_STRATEGY) = SWITCH("pairing-strategy", pairing_strategy,
                                   "local_mmseqs2: 0 pairs as many chains as an organism has (default), 1 all or none"),
    ROW(USE_PRECOMPUTED) = {.name = "use-precomputed-msas",
                            .kind = KIND_FLAG,
                            .help = "files of an earlier search are used anyway, unless they are of another sequence",
                            .fate = FATE_NOTED},
};
#undef FIELD
