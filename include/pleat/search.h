/* Alignments and template hits from local databases, by the programs that AlphaFold and ColabFold run.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_H
#define PLEAT_SEARCH_H

#include <stdbool.h>

#include "pleat/io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Databases and programs; their names are those of AlphaFold's flags. */
typedef enum pleat_db {
  PLEAT_DB_UNIREF90,
  PLEAT_DB_MGNIFY,
  PLEAT_DB_BFD,
  PLEAT_DB_UNIREF30,
  PLEAT_DB_SMALL_BFD,
  PLEAT_DB_UNIPROT,
  PLEAT_DB_PDB70,
  PLEAT_DB_PDB_SEQRES,
  PLEAT_DB_MMCIF,
  PLEAT_DB_OBSOLETE,
  PLEAT_DB_CF_UNIREF30, /* ColabFold's, for MMseqs2: --db1 to --db4 of colabfold_search */
  PLEAT_DB_CF_PDB,
  PLEAT_DB_CF_ENV,
  PLEAT_DB_CF_SPIRE,
  PLEAT_N_DBS
} pleat_db;

typedef enum pleat_program {
  PLEAT_PROGRAM_JACKHMMER,
  PLEAT_PROGRAM_HHBLITS,
  PLEAT_PROGRAM_HHSEARCH,
  PLEAT_PROGRAM_HMMBUILD,
  PLEAT_PROGRAM_HMMSEARCH,
  PLEAT_PROGRAM_MMSEQS,
  PLEAT_N_PROGRAMS
} pleat_program;

PLEAT_API const char *pleat_db_name(pleat_db db);
PLEAT_API const char *pleat_program_name(pleat_program program);

/* What `pleat_db_check` found out about one database. */
typedef enum pleat_db_state {
  PLEAT_DB_COMPLETE,
  PLEAT_DB_MISSING,
  PLEAT_DB_UNPACKED_PARTLY, /* begun: an archive, a download's control file, or some of its files */
  PLEAT_DB_DAMAGED
} pleat_db_state;

typedef struct pleat_db_report {
  pleat_db db;
  pleat_db_state state;
  char path[1024]; /* as the program gets it; "" when missing */
  char note[512];  /* release, or what is wrong and how to get the rest */
  uint64_t size_bytes;
  int64_t changed_s; /* of its newest file, since 1970; 0 = missing */
} pleat_db_report;

/* Looks for all databases in the subfolders of `dir` that AlphaFold's scripts make, and for ColabFold's in `dir`
 * itself. Reads the beginning and end of files only. Errors: IO (no such folder), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_db_check(const char *dir, pleat_db_report out_reports[PLEAT_N_DBS],
                                                    pleat_error *err);

typedef enum pleat_search_way {
  PLEAT_SEARCH_ALPHAFOLD, /* jackhmmer, hhblits, hhsearch, hmmsearch */
  PLEAT_SEARCH_COLABFOLD  /* mmseqs */
} pleat_search_way;

typedef enum pleat_search_event_kind {
  PLEAT_SEARCH_STARTED,
  PLEAT_SEARCH_DONE,
  PLEAT_SEARCH_REUSED, /* its file was there, and belongs to this sequence */
  PLEAT_SEARCH_FAILED,
  PLEAT_SEARCH_NOTE /* something worth knowing; `text` */
} pleat_search_event_kind;

typedef struct pleat_search_event {
  pleat_search_event_kind kind;
  const char *target, *chain; /* chain: "" for a monomer */
  const char *step;           /* its file, e.g. "uniref90_hits.sto"; "" for a note on all of a target */
  const char *text;           /* program and database, or the note */
  int64_t n_hits;             /* DONE, REUSED: rows besides the query, or template hits */
  double time_ms;
} pleat_search_event;

/* Zeroed: AlphaFold's way with full_dbs. */
typedef struct pleat_search_options {
  pleat_search_way way;
  bool is_reduced;                                 /* --db_preset reduced_dbs: small BFD instead of BFD and UniRef30 */
  bool is_monomer, is_multimer;                    /* --model_preset; neither: by the number of chains */
  bool no_templates;                               /* no search of the PDB */
  const char *opt_db_dir;                          /* databases in their usual subfolders */
  const char *opt_db_paths[PLEAT_N_DBS];           /* and where they are elsewhere */
  const char *opt_program_paths[PLEAT_N_PROGRAMS]; /* NULL: on PATH */
  int n_cpus;                                      /* of all programs that run at the same time; 0 = all usable cores */
  double time_limit_s;                             /* of each program; 0 = none */
  bool is_overwriting;                             /* search again what is there */
  bool no_env, has_env_pairing;                    /* ColabFold's --use-env 0, --use-env-pairing 1 */
  bool is_unfiltered;                              /* its --filter 0 */
  double sensitivity;                              /* its -s; 0 = the k-mer score of its server */
  int pairing_strategy;                            /* 0 greedy, 1 complete */
  bool has_db_templates;                           /* its --use-templates 1 */
  /* Called from several threads, one at a time. opt_poll from any of them, at any time: false cancels. */
  void (*opt_on_event)(void *ctx, const pleat_search_event *event);
  bool (*opt_poll)(void *ctx);
  void *ctx;
} pleat_search_options;

typedef struct pleat_search pleat_search;

/* Finds programs, their versions, and databases, so that what is missing is known before anything runs. `targets` say
 * what is needed (multimers: UniProt, pdb_seqres; monomers: pdb70). The options are copied, their strings borrowed.
 * Errors: PROGRAM (missing, with the package that has it), INPUT (a database is missing, with what fetches it; a preset
 * and databases that do not fit), IO, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_search_open(const pleat_search_options *options,
                                                       const pleat_target *const *targets, size_t n_targets,
                                                       pleat_search **out_search, pleat_error *err);
PLEAT_API void pleat_search_close(pleat_search *search); /* NULL is allowed */
/* One line per program and database that will be used; lives as long as the search. */
PLEAT_API const char *pleat_search_text(const pleat_search *search);

/* AlphaFold's way, one target: writes FOLDER/msas as AlphaFold does, with pleat_manifest.json beside the files. What is
 * there already and belongs to the same sequence is kept. Errors: PROGRAM, CANCELLED, IO, NOMEM, INPUT (what is there
 * belongs to another sequence). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_search_target(pleat_search *search, const pleat_target *target,
                                                         const char *folder, pleat_error *err);
/* ColabFold's way, all targets at once: writes FOLDER/NAME.a3m of each. Errors: as above. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_search_batch(pleat_search *search, const pleat_target *const *targets,
                                                        size_t n_targets, const char *folder, pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
