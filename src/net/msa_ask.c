/* Questions to a server that may be busy, slow or broken: tried again, more and more rarely.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "base/store.h"
#include "net/msa_priv.h"

enum {
  MAX_TRIES = 7,
  MAX_DOUBLINGS = 4,
  MAX_TEXT_BYTES = 1 << 20,
  MAX_ARCHIVE_BYTES = 1 << 30,
  MAX_WAIT_S = 60,
  MAX_ASKED_WAIT_S = 600
};

/* Where a reply goes: into memory, or into a file. */
typedef struct sink {
  pleat_msa_job *job;
  const char *url;
  pleat_buf *opt_text;
  pleat_out_file *opt_file;
  uint64_t n, n_max;
} sink;

static bool poll_caller(void *arg) {
  const pleat_msa_server *server = ((const sink *)arg)->job->server;
  return !server->opt_poll || server->opt_poll(server->ctx);
}

static pleat_status take(void *arg, const char *bytes, size_t n, pleat_error *err) {
  sink *s = arg;
  s->n += n;
  if (s->n > s->n_max) {
    PLEAT_FAIL(err, PLEAT_INPUT, "the reply of '%s' is longer than %llu bytes, the most that is accepted here", s->url,
               (unsigned long long)s->n_max);
  }
  if (s->opt_file) return pleat_out_file_write(s->opt_file, bytes, n, err);
  pleat_buf_append(s->opt_text, bytes, n);
  if (s->opt_text->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the reply of '%s'", s->url);
  return PLEAT_OK;
}

pleat_status pleat_msa_wait(pleat_msa_job *job, int n_before, double retry_after_s, pleat_error *err) {
  const pleat_msa_server *server = job->server;
  double wait_s = server->wait_s > 0 ? server->wait_s : 5;
  /* Many programs that were refused at the same moment should not all come back at the same moment. */
  wait_s *= 1 + pleat_rng_uniform(&job->rng);
  for (int i = 0; i < n_before && i < MAX_DOUBLINGS; i++) wait_s *= 2;
  if (wait_s > MAX_WAIT_S) wait_s = MAX_WAIT_S;
  if (retry_after_s > MAX_ASKED_WAIT_S) {
    PLEAT_FAIL(err, PLEAT_NETWORK, "the MSA server wants to be left alone for %.0f minutes: try again then",
               retry_after_s / 60);
  }
  if (retry_after_s > wait_s) wait_s = retry_after_s;
  if (pleat_os_wait(wait_s, server->opt_poll, server->ctx)) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_CANCELLED, "interrupted while waiting for the MSA server");
}

/* One try. *out_is_transient: it may go better next time. */
static pleat_status ask_once(sink *s, const char *opt_form, bool *out_is_transient, double *out_retry_after_s,
                             pleat_error *err) {
  pleat_http_reply reply;
  const pleat_http_request request = {
      .url = s->url, .opt_form = opt_form, .opt_on_body = take, .opt_poll = poll_caller, .arg = s};
  pleat_status status = pleat_http_run(s->job->http, &request, &reply, err);
  *out_retry_after_s = reply.retry_after_s;
  *out_is_transient = status == PLEAT_NETWORK || (!status && pleat_http_is_transient(reply.code));
  if (status || (reply.code >= 200 && reply.code < 300)) return status;
  PLEAT_FAIL(err, PLEAT_NETWORK, "'%s' answers with status %d: %s", s->url, reply.code, reply.text);
}

pleat_status pleat_msa_ask(pleat_msa_job *job, const char *url, const char *opt_form, pleat_buf *out_text,
                           pleat_error *err) {
  for (int i = 0;; i++) {
    sink s = {.job = job, .url = url, .opt_text = out_text, .n_max = MAX_TEXT_BYTES};
    bool is_transient;
    double retry_after_s;
    pleat_buf_clear(out_text);
    pleat_status status = ask_once(&s, opt_form, &is_transient, &retry_after_s, err);
    if (!status || !is_transient || i + 1 == MAX_TRIES) return status;
    PLEAT_TRY(pleat_msa_wait(job, i, retry_after_s, err));
  }
}

static pleat_status fetch_once(pleat_msa_job *job, const char *url, const char *path, bool *out_is_transient,
                               double *out_retry_after_s, pleat_error *err) {
  sink s = {.job = job, .url = url, .n_max = MAX_ARCHIVE_BYTES};
  *out_is_transient = false;
  PLEAT_TRY(pleat_out_file_open(path, &s.opt_file, err));
  pleat_status status = ask_once(&s, NULL, out_is_transient, out_retry_after_s, err);
  pleat_status close_status = pleat_out_file_close(s.opt_file, status == PLEAT_OK, err);
  return status ? status : close_status;
}

pleat_status pleat_msa_fetch(pleat_msa_job *job, const char *url, const char *path, pleat_error *err) {
  for (int i = 0;; i++) {
    bool is_transient;
    double retry_after_s = 0;
    pleat_status status = fetch_once(job, url, path, &is_transient, &retry_after_s, err);
    if (!status || !is_transient || i + 1 == MAX_TRIES) return status;
    PLEAT_TRY(pleat_msa_wait(job, i, retry_after_s, err));
  }
}
