/* The searches of AlphaFold's data pipeline.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_STEPS_H
#define PLEAT_SEARCH_STEPS_H

#include "search/search_priv.h"

typedef enum pleat_step_id {
  PLEAT_STEP_UNIREF90,
  PLEAT_STEP_BFD,
  PLEAT_STEP_SMALL_BFD,
  PLEAT_STEP_MGNIFY,
  PLEAT_STEP_UNIPROT,
  PLEAT_STEP_PDB70,
  PLEAT_STEP_PDB_SEQRES,
  PLEAT_N_STEPS
} pleat_step_id;

typedef enum pleat_step_format { PLEAT_STEP_STO, PLEAT_STEP_A3M, PLEAT_STEP_HHR, PLEAT_STEP_PDB_STO } pleat_step_format;

typedef struct pleat_step {
  const char *file; /* in msas/ */
  pleat_step_format format;
  pleat_program program;
  int n_dbs;
  pleat_db dbs[2];
  int64_t max_rows;         /* kept of an .sto; 0 = all */
  const char *const *words; /* %q query, %o output, %c processors, %d and %e databases */
  bool is_after_uniref90;   /* its query is that alignment */
} pleat_step;

extern const pleat_step pleat_steps[PLEAT_N_STEPS];
/* hmmbuild, which makes the query of hmmsearch: %h from %q. */
extern const char *const pleat_hmmbuild_words[];

/* Is the step a part of the search for a target of this kind? */
bool pleat_step_is_wanted(pleat_step_id id, const pleat_search_options *options, bool is_multimer, bool has_distinct);

/* How many sequences or hits a result has, besides the query; and whether its first row is the query, as it is in the
 * files of all steps but the PDB's. opt_query NULL: not compared. Errors: IO, INPUT (not such a file, another query),
 * NOMEM. */
PLEAT_CHECKED pleat_status pleat_step_inspect(pleat_step_id id, const char *path, const char *opt_query, size_t n_query,
                                              int64_t *out_n_hits, pleat_error *err);

#endif
