/* The queue of a batch.
 * Source: order and names as colabfold/input.py get_queries and colabfold/batch.py run (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "files.h"
#include "models.h"
#include "progress.h"

/* A target's place in the order: smaller keys first, then as read. */
typedef struct order_key {
  int64_t key;
  size_t index;
} order_key;

static int compare_keys(const void *a, const void *b) {
  const order_key *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* splitmix64: the same order from the same seed, in every shard. */
static uint64_t next_random(uint64_t *state) {
  uint64_t x = *state += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static int64_t key_of(const cli_args *args, const pleat_target *target, uint64_t *random) {
  if (strcmp(args->sort_by, "length") == 0) return cli_sequence_residues(target->sequence);
  if (strcmp(args->sort_by, "msa_depth") == 0) return -target->n_rows;
  if (strcmp(args->sort_by, "random") == 0) return (int64_t)(next_random(random) >> 1);
  return 0;
}

static order_key *make_order(const cli_args *args, const pleat_targets *targets) {
  size_t n = pleat_targets_count(targets);
  uint64_t random = (uint64_t)args->seed;
  order_key *keys = calloc(n + 1, sizeof *keys);
  if (!keys) return NULL;
  for (size_t i = 0; i < n; i++) {
    keys[i] = (order_key){.key = key_of(args, pleat_targets_get(targets, i), &random), .index = i};
  }
  qsort(keys, n, sizeof *keys, compare_keys);
  return keys;
}

/* PREFIX_NNN, the number as wide as that of all targets; characters as in the targets' own names. */
static char *prefixed_name(const char *prefix, size_t i, size_t n) {
  static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  size_t n_max = strlen(prefix) + 32;
  char *name = malloc(n_max);
  if (!name) return NULL;
  int width = snprintf(NULL, 0, "%zu", n);
  snprintf(name, n_max, "%s_%0*zu", prefix, width, i);
  for (char *p = name; *p; p++) {
    if (!strchr(safe, *p)) *p = '_';
  }
  return name;
}

void cli_job_marker_path(const char *folder, const char *name, char *out, size_t n_out) {
  snprintf(out, n_out, "%s/%s.done.txt", folder, name);
}

/* ColabFold's two signs: the marker, or the archive of all results. */
static bool is_done(const cli_args *args, const char *name) {
  char path[CLI_MAX_PATH];
  cli_job_marker_path(args->out, name, path, sizeof path);
  if (access(path, F_OK) == 0) return true;
  snprintf(path, sizeof path, "%s/%s.result.zip", args->out, name);
  return access(path, F_OK) == 0;
}

static pleat_status add_job(const cli_args *args, const pleat_target *target, size_t i, size_t n, cli_jobs *jobs,
                            pleat_error *err) {
  cli_job *job = &jobs->items[jobs->n_items++];
  job->target = *target;
  if (args->jobname_prefix) {
    job->own_name = prefixed_name(args->jobname_prefix, i, n);
    if (!job->own_name) return cli_error(err, PLEAT_NOMEM, "no memory for the names of %zu targets", n);
    job->target.name = job->own_name;
  }
  if (!args->is_overwriting && !target->opt_error && is_done(args, job->target.name)) job->outcome = CLI_JOB_SKIPPED;
  return PLEAT_OK;
}

pleat_status cli_jobs_init(const cli_args *args, const pleat_targets *targets, cli_jobs *out_jobs, pleat_error *err) {
  *out_jobs = (cli_jobs){0};
  size_t n = pleat_targets_count(targets);
  order_key *order = make_order(args, targets);
  out_jobs->items = calloc(n + 1, sizeof *out_jobs->items);
  if (!order || !out_jobs->items) {
    free(order);
    free(out_jobs->items);
    out_jobs->items = NULL;
    return cli_error(err, PLEAT_NOMEM, "no memory for a queue of %zu targets", n);
  }
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < n && !status; i++) {
    /* Dealt out like cards, so that every shard has short and long ones. */
    if (args->shard[1] && (int64_t)i % args->shard[1] != args->shard[0] - 1) continue;
    status = add_job(args, pleat_targets_get(targets, order[i].index), i, n, out_jobs, err);
  }
  free(order);
  if (status) cli_jobs_fini(out_jobs);
  return status;
}

void cli_jobs_fini(cli_jobs *jobs) {
  for (int64_t i = 0; i < jobs->n_items; i++) {
    free(jobs->items[i].own_name);
    pleat_text_free(jobs->items[i].own_a3m);
    free(jobs->items[i].reason);
  }
  free(jobs->items);
  *jobs = (cli_jobs){0};
}

int64_t cli_jobs_count_open(const cli_jobs *jobs) {
  int64_t n = 0;
  for (int64_t i = 0; i < jobs->n_items; i++) {
    n += jobs->items[i].outcome == CLI_JOB_WAITING && !jobs->items[i].target.opt_error;
  }
  return n;
}

void cli_job_fail(cli_job *job, pleat_status status, const pleat_error *err) {
  char text[CLI_MAX_ERROR_TEXT];
  cli_error_format(err, text, sizeof text);
  job->outcome = CLI_JOB_FAILED;
  job->reason = strdup(text);
  job->code = cli_fail(status, err);
}

void cli_job_tell(const cli_job *job) {
  static const char *const outcomes[] = {[CLI_JOB_WAITING] = "interrupted",
                                         [CLI_JOB_DONE] = "done",
                                         [CLI_JOB_SKIPPED] = "skipped",
                                         [CLI_JOB_FAILED] = "failed"};
  if (!cli_events_are_on()) return;
  cli_event(json_pack("{s:s, s:s, s:s, s:s}", "event", "job", "job", job->target.name, "outcome",
                      outcomes[job->outcome], "reason", job->reason ? job->reason : ""));
}

static int64_t count(const cli_jobs *jobs, cli_outcome outcome) {
  int64_t n = 0;
  for (int64_t i = 0; i < jobs->n_items; i++) n += jobs->items[i].outcome == outcome;
  return n;
}

static void tell_summary(const cli_jobs *jobs) {
  cli_event(json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", "end", "jobs", (json_int_t)jobs->n_items, "done",
                      (json_int_t)count(jobs, CLI_JOB_DONE), "failed", (json_int_t)count(jobs, CLI_JOB_FAILED),
                      "skipped", (json_int_t)count(jobs, CLI_JOB_SKIPPED)));
}

void cli_jobs_print_summary(const cli_jobs *jobs) {
  if (cli_events_are_on()) tell_summary(jobs);
  if (jobs->n_items < 2) return;
  int64_t n_waiting = count(jobs, CLI_JOB_WAITING), n_skipped = count(jobs, CLI_JOB_SKIPPED);
  char skipped[48] = "", waiting[48] = "";
  if (n_skipped) snprintf(skipped, sizeof skipped, ", %lld were done already", (long long)n_skipped);
  if (n_waiting) snprintf(waiting, sizeof waiting, ", %lld were not tried", (long long)n_waiting);
  cli_log_info("%lld targets: %lld done, %lld failed%s%s", (long long)jobs->n_items,
               (long long)count(jobs, CLI_JOB_DONE), (long long)count(jobs, CLI_JOB_FAILED), skipped, waiting);
  for (int64_t i = 0; i < jobs->n_items; i++) {
    const cli_job *job = &jobs->items[i];
    if (job->outcome == CLI_JOB_FAILED)
      cli_log_info("failed: %s: %s", job->target.name, job->reason ? job->reason : "");
  }
}

cli_exit cli_jobs_exit(const cli_jobs *jobs) {
  cli_exit code = CLI_EXIT_OK;
  for (int64_t i = 0; i < jobs->n_items; i++) {
    const cli_job *job = &jobs->items[i];
    if (job->outcome != CLI_JOB_FAILED) continue;
    code = code == CLI_EXIT_OK || code == job->code ? job->code : CLI_EXIT_PARTIAL;
  }
  bool is_nothing_done = count(jobs, CLI_JOB_DONE) + count(jobs, CLI_JOB_SKIPPED) == 0;
  return code == CLI_EXIT_OK || is_nothing_done ? code : CLI_EXIT_PARTIAL;
}
