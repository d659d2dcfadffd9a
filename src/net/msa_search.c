/* A target's alignment by an MSA server: which searches, and one text from their replies.
 * Source: colabfold/batch.py get_msa_and_templates, colabfold/colabfold.py run_mmseqs2 (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "net/msa_priv.h"

static void free_chains(pleat_msa_chains *chains) {
  free(chains->sequences);
  free(chains->lengths);
  free(chains->n_copies);
}

static pleat_status find_chains(const char *sequence, pleat_msa_chains *out_chains, pleat_error *err) {
  size_t n_max = 1;
  for (const char *p = sequence; *p; p++) n_max += *p == ':';
  *out_chains = (pleat_msa_chains){.sequences = calloc(n_max, sizeof *out_chains->sequences),
                                   .lengths = calloc(n_max, sizeof *out_chains->lengths),
                                   .n_copies = calloc(n_max, sizeof *out_chains->n_copies)};
  if (!out_chains->sequences || !out_chains->lengths || !out_chains->n_copies) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu chains", n_max);
  }
  for (const char *p = sequence; *p;) {
    size_t n = strcspn(p, ":"), k = 0;
    while (k < out_chains->n && (out_chains->lengths[k] != n || memcmp(out_chains->sequences[k], p, n))) k++;
    if (k == out_chains->n) {
      out_chains->sequences[k] = p;
      out_chains->lengths[k] = n;
      out_chains->n++;
    }
    out_chains->n_copies[k]++;
    p += n + (p[n] == ':');
  }
  if (out_chains->n == 0) PLEAT_FAIL(err, PLEAT_INPUT, "there is no sequence to search with");
  return PLEAT_OK;
}

static void set_mode(pleat_msa_job *job) {
  const pleat_msa_server *server = job->server;
  const char *mode;
  if (job->is_pair) {
    static const char *const pair_modes[2][2] = {{"pairgreedy", "pairgreedy-env"},
                                                 {"paircomplete", "paircomplete-env"}};
    mode = pair_modes[server->is_complete_pairing][server->has_env_pairs];
  } else {
    static const char *const modes[2][2] = {{"all", "env"}, {"nofilter", "env-nofilter"}};
    mode = modes[server->is_unfiltered][server->has_env];
  }
  snprintf(job->mode, sizeof job->mode, "%s", mode);
}

/* The reply that is in the folder already, or the server's. One that belongs to other sequences is replaced. */
static pleat_status get_reply(pleat_msa_job *job, const char *archive, pleat_msa_reply *out_reply, pleat_error *err) {
  if (pleat_path_is_file(archive)) {
    pleat_status status = pleat_msa_reply_read(archive, job->chains, job->is_pair, out_reply, err);
    if (!status || (status != PLEAT_INPUT && status != PLEAT_NETWORK)) return status;
    pleat_msa_reply_fini(out_reply);
    pleat_path_remove(archive);
  }
  PLEAT_TRY(pleat_msa_run_ticket(job, archive, err));
  pleat_status status = pleat_msa_reply_read(archive, job->chains, job->is_pair, out_reply, err);
  if (status == PLEAT_INPUT || status == PLEAT_NETWORK) {
    pleat_path_remove(archive); /* asked for again next time */
    char path[PLEAT_MSA_MAX_PATH + 32];
    snprintf(path, sizeof path, "%s/ticket.json", job->folder);
    pleat_path_remove(path);
    status = PLEAT_NETWORK;
    if (err) err->status = status;
  }
  return status;
}

static pleat_status search(pleat_msa_job *job, const char *prefix, bool is_pair, pleat_msa_reply *out_reply,
                           pleat_error *err) {
  char archive[PLEAT_MSA_MAX_PATH + 32];
  job->is_pair = is_pair;
  set_mode(job);
  int n = snprintf(job->folder, sizeof job->folder, "%s_%s", prefix, job->mode);
  if (n < 0 || (size_t)n >= sizeof job->folder) {
    PLEAT_FAIL(err, PLEAT_INVALID, "the path of the alignments is longer than %d bytes", PLEAT_MSA_MAX_PATH);
  }
  PLEAT_TRY(pleat_folder_make(job->folder, err));
  snprintf(archive, sizeof archive, "%s/out.tar.gz", job->folder);
  PLEAT_TRY(get_reply(job, archive, out_reply, err));
  if (is_pair || !job->server->want_templates || !out_reply->templates.n) return PLEAT_OK;
  return pleat_msa_fetch_templates(job, &out_reply->templates, err);
}

/* Copies of one sequence are paired by the sequence itself, and nobody has to be asked. */
static pleat_status pair_copies(const pleat_msa_chains *chains, pleat_msa_reply *out_reply, pleat_error *err) {
  out_reply->n_chains = 1;
  out_reply->a3m = calloc(1, sizeof *out_reply->a3m);
  if (out_reply->a3m) {
    pleat_buf_printf(out_reply->a3m, ">%d\n", PLEAT_MSA_FIRST_QUERY);
    pleat_buf_append(out_reply->a3m, chains->sequences[0], chains->lengths[0]);
    pleat_buf_puts(out_reply->a3m, "\n");
  }
  if (!out_reply->a3m || out_reply->a3m->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an alignment");
  return PLEAT_OK;
}

static pleat_status search_all(pleat_msa_job *job, const char *prefix, pleat_buf *out, pleat_error *err) {
  const pleat_msa_chains *chains = job->chains;
  pleat_msa_reply unpaired = {0}, paired = {0};
  bool is_complex = chains->n > 1 || chains->n_copies[0] > 1;
  pleat_msa_pairing pairing = is_complex ? job->server->pairing : PLEAT_MSA_UNPAIRED;
  pleat_status status = PLEAT_OK;
  if (pairing != PLEAT_MSA_PAIRED || job->server->want_templates) status = search(job, prefix, false, &unpaired, err);
  if (!status && pairing != PLEAT_MSA_UNPAIRED) {
    status = chains->n > 1 ? search(job, prefix, true, &paired, err) : pair_copies(chains, &paired, err);
  }
  if (!status) {
    status = pleat_msa_join(chains, paired.a3m, pairing == PLEAT_MSA_PAIRED ? NULL : unpaired.a3m, out, err);
  }
  pleat_msa_reply_fini(&unpaired);
  pleat_msa_reply_fini(&paired);
  return status;
}

pleat_status pleat_msa_search(const char *sequence, const char *prefix, const pleat_msa_server *server, char **out_a3m,
                              size_t *out_n, pleat_error *err) {
  *out_a3m = NULL;
  *out_n = 0;
  pleat_msa_chains chains = {0};
  pleat_buf text = {0};
  pleat_msa_job job = {.server = server, .chains = &chains};
  const pleat_http_options options = {.opt_proxy = server->opt_proxy};
  job.rng = pleat_rng_init((uint64_t)(pleat_os_time_ms() * 1e3), (uint64_t)(uintptr_t)&job);
  pleat_status status = find_chains(sequence, &chains, err);
  if (!status) status = pleat_http_open(&options, &job.http, err);
  if (!status) status = search_all(&job, prefix, &text, err);
  pleat_http_close(job.http);
  free_chains(&chains);
  if (status) {
    pleat_buf_fini(&text);
    return status;
  }
  *out_a3m = text.data;
  *out_n = text.n;
  return PLEAT_OK;
}
