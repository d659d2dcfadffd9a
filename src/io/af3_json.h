/* Inputs of AlphaFold 3 as far as AlphaFold 2 can fold them: jobs of protein chains.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_AF3_JSON_H
#define PLEAT_IO_AF3_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* One job. opt_error: it cannot be folded, and why; then sequence is NULL. */
typedef struct pleat_af3_job {
  char *name;      /* "" when the job has none */
  char *sequence;  /* chains joined by ':', in the order of their ids in the file */
  char *opt_a3m;   /* unpairedMsa of a job of one chain */
  char *chain_ids; /* joined by ':' like the chains; "" where the dialect gives none */
  pleat_error *opt_error;
} pleat_af3_job;

typedef struct pleat_af3_jobs {
  pleat_af3_job *items;
  size_t n_items;
  char *opt_warning; /* what was left out without harm, one line each */
} pleat_af3_jobs;

/* Reads the dialects "alphafold3" (an object, one job) and "alphafoldserver" (a list of jobs). A job with anything but
 * protein chains (rna, dna, ligand, ion, modifications, glycans, bonds, a user CCD, templates, alignments of a complex)
 * keeps an error that names it. Seeds are left out with a warning. Refuses: no JSON (with line and column), JSON that is
 * neither dialect. *opt_out_is_other: the text is JSON, but not of this format. Errors: INPUT, NOMEM. Released with
 * pleat_af3_jobs_fini. */
PLEAT_CHECKED pleat_status pleat_af3_parse(const char *text, size_t n, const char *path, pleat_af3_jobs *out_jobs,
                                           bool *opt_out_is_other, pleat_error *err);
void pleat_af3_jobs_fini(pleat_af3_jobs *jobs);

#endif
