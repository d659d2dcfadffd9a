/* Alignments of jobs that bring none, from an MSA server where that is asked for.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_JOB_ALIGN_H
#define PLEAT_CLI_JOB_ALIGN_H

#include "jobs.h"

/* Gives the job an alignment as --msa-mode says; no effect where it has one, or shall have none. */
PLEAT_CHECKED pleat_status cli_job_align(cli_job *job, const cli_args *args, pleat_error *err);
/* DIR/NAME.a3m, for --msa-only. */
PLEAT_CHECKED pleat_status cli_job_write_alignment(const cli_job *job, const cli_args *args, pleat_error *err);
/* Releases what cli_job_align has got. */
void cli_job_forget_alignment(cli_job *job);

#endif
