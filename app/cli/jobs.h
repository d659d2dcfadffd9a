/* The queue of a batch: which targets are folded, in which order and under which names, and what became of each.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_JOBS_H
#define PLEAT_CLI_JOBS_H

#include "options.h"
#include "pleat/io.h"

typedef enum cli_outcome { CLI_JOB_WAITING, CLI_JOB_DONE, CLI_JOB_SKIPPED, CLI_JOB_FAILED } cli_outcome;

typedef struct cli_job {
  pleat_target target; /* borrows the texts of the list; its name may be own_name */
  char *own_name;      /* with --jobname-prefix */
  char *own_a3m;       /* from an MSA server */
  cli_outcome outcome;
  cli_exit code; /* of a failure */
  char *reason;  /* of a failure: its message */
} cli_job;

typedef struct cli_jobs {
  cli_job *items;
  int64_t n_items;
} cli_jobs;

/* Orders the targets (--sort-queries-by), names them (--jobname-prefix), and keeps this shard's (--shard). What is done
 * already is SKIPPED unless results are to be overwritten. Released with cli_jobs_fini. */
PLEAT_CHECKED pleat_status cli_jobs_init(const cli_args *args, const pleat_targets *targets, cli_jobs *out_jobs,
                                         pleat_error *err);
void cli_jobs_fini(cli_jobs *jobs);

/* Jobs that can be tried: waiting, and not known to be wrong. */
int64_t cli_jobs_count_open(const cli_jobs *jobs);
/* Reports a failure and remembers it. */
void cli_job_fail(cli_job *job, pleat_status status, const pleat_error *err);

/* The end of a job, as an event (--progress json). */
void cli_job_tell(const cli_job *job);

/* "DIR/NAME.done.txt", which says that all files of the job are there. */
void cli_job_marker_path(const char *folder, const char *name, char *out, size_t n_out);

/* What became of all jobs, and of those that failed, why; nothing when there was only one. */
void cli_jobs_print_summary(const cli_jobs *jobs);
/* OK; the failures' code when nothing else was achieved and they are of one kind; else PARTIAL. */
cli_exit cli_jobs_exit(const cli_jobs *jobs);

#endif
