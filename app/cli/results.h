/* The predictions of one target: ranked, written under ColabFold's names, and summed up.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_RESULTS_H
#define PLEAT_CLI_RESULTS_H

#include "models.h"
#include "progress.h"

typedef struct cli_result {
  const cli_model *model;
  int64_t seed;
  pleat_arrays *prediction;
  pleat_estimate estimate;
  double features_ms, plan_ms, predict_ms;
  cli_progress progress; /* time of every pass */
  double ranking, plddt; /* ranking: 0 to 100; plddt: mean */
  double ptm, iptm;      /* NAN: the network does not predict it */
  int64_t n_recycles;
  pleat_arrays **passes; /* --save-recycles: what is written of each pass */
  int64_t n_passes;
  pleat_error pass_error; /* why a pass could not be kept; status 0 = all were */
} cli_result;

typedef struct cli_results {
  const pleat_target *target;
  const char *folder;           /* where files are being written: a folder of the job's own until all are there */
  const pleat_targets *opt_run; /* given: the run's own files come with this target's */
  cli_result *items;
  int64_t n_items;
} cli_results;

/* Reads the scores out of a prediction; rank_by as in --rank. */
void cli_result_read_scores(cli_result *result, const char *rank_by);
/* pleat_predict_options.opt_pass_result: copies the pass into the cli_result `ctx`. */
bool cli_result_keep_pass(void *ctx, int64_t recycle, const pleat_arrays *pass);
/* Best first; equal ones keep their order. */
void cli_results_rank(cli_results *results);
/* Writes all files of the target into a hidden folder, moves them to where they belong, and marks the job as done, with
 * --zip by the archive alone; on failure none of them stays. Killed at any moment, it leaves whole files without the mark, or none. */
PLEAT_CHECKED pleat_status cli_results_write(cli_results *results, const cli_args *args, pleat_error *err);
/* The structure of a result as PDB or mmCIF. Errors: INPUT when a PDB file cannot hold it; those of writing. */
PLEAT_CHECKED pleat_status cli_result_write_structure(const pleat_target *target, const cli_result *result, bool is_pdb,
                                                      const char *path, pleat_error *err);
/* As PDB; left out with a warning where that cannot hold it. */
PLEAT_CHECKED pleat_status cli_result_write_pdb_if_fit(const pleat_target *target, const cli_result *result,
                                                       const char *path, pleat_error *err);
/* A few lines to standard output. */
void cli_results_print(const cli_results *results, const cli_args *args);
void cli_results_fini(cli_results *results);

#endif
