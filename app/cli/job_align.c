/* Alignments of jobs that bring none, from an MSA server where that is asked for.
 * Source: meanings of the options as in colabfold/batch.py get_msa_and_templates (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "job_align.h"

#include <stdio.h>
#include <string.h>

#include "files.h"
#include "models.h"
#include "progress.h"

static bool go_on(void *ctx) {
  (void)ctx;
  return !cli_interrupt_is_raised();
}

static void tell_state(void *ctx, const char *state) {
  const cli_job *job = ctx;
  char line[256];
  snprintf(line, sizeof line, "%.60s  MSA server: %s", job->target.name, state);
  if (cli_progress_show_line(line)) {
    cli_log_file_only("%s", line);
  } else {
    cli_log_info("%s", line);
  }
}

static pleat_msa_server server_of(const cli_args *args, cli_job *job) {
  static const struct {
    const char *name;
    pleat_msa_pairing pairing;
  } pairings[] = {
      {"unpaired_paired", PLEAT_MSA_UNPAIRED_PAIRED}, {"unpaired", PLEAT_MSA_UNPAIRED}, {"paired", PLEAT_MSA_PAIRED}};
  pleat_msa_server server = {.opt_host_url = args->host_url,
                             .opt_proxy = args->proxy,
                             .has_env = strcmp(args->msa_mode, "mmseqs2_uniref") != 0,
                             .has_env_pairs = strcmp(args->msa_mode, "mmseqs2_uniref_env_envpair") == 0,
                             .is_complete_pairing = strcmp(args->pair_strategy, "complete") == 0,
                             .wait_s = args->msa_wait_s,
                             .opt_poll = go_on,
                             .opt_tell = tell_state,
                             .ctx = job};
  for (size_t i = 0; i < sizeof pairings / sizeof *pairings; i++) {
    if (strcmp(args->pair_mode, pairings[i].name) == 0) server.pairing = pairings[i].pairing;
  }
  return server;
}

pleat_status cli_job_align(cli_job *job, const cli_args *args, pleat_error *err) {
  const pleat_target *target = &job->target;
  char prefix[CLI_MAX_PATH];
  if (target->opt_error || target->n_rows > 0 || strcmp(args->msa_mode, "single_sequence") == 0) return PLEAT_OK;
  const pleat_msa_server server = server_of(args, job);
  cli_log_info("%s: its sequence goes to the MSA server %s", target->name, args->host_url);
  snprintf(prefix, sizeof prefix, "%s/%s", args->out, target->name);
  size_t n = 0;
  pleat_status status = pleat_msa_search(target->sequence, prefix, &server, &job->own_a3m, &n, err);
  if (status) return status;
  job->target.opt_a3m = job->own_a3m;
  job->target.n_a3m = n;
  for (const char *p = job->own_a3m; (p = strchr(p, '>')) != NULL; p++) job->target.n_rows++;
  return PLEAT_OK;
}

pleat_status cli_job_write_alignment(const cli_job *job, const cli_args *args, pleat_error *err) {
  char path[CLI_MAX_PATH];
  if (job->target.opt_error) {
    *err = *job->target.opt_error;
    return PLEAT_INPUT;
  }
  snprintf(path, sizeof path, "%s/%s.a3m", args->out, job->target.name);
  pleat_status status = job->own_a3m ? cli_file_write(path, job->own_a3m, job->target.n_a3m, err)
                                     : pleat_write_a3m(path, &job->target, err);
  if (!status) cli_log_info("%s: %lld rows in %s", job->target.name, (long long)job->target.n_rows, path);
  return status;
}

void cli_job_forget_alignment(cli_job *job) {
  if (!job->own_a3m) return;
  pleat_text_free(job->own_a3m);
  job->own_a3m = NULL;
  job->target.opt_a3m = NULL;
}
