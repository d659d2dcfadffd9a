/* The pieces of a file, each by a request of its own that is repeated until all of it has come.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/store.h"
#include "net/fetch_priv.h"

enum { MAX_TRIES = 8, MAX_WAIT_S = 60 };

/* One request for the rest of a piece. */
typedef struct transfer {
  pleat_fetch *fetch;
  pleat_fetch_piece *piece;
  uint64_t n_before; /* of the piece, when it began */
} transfer;

static bool go_on(void *arg) { return !atomic_load(&((const transfer *)arg)->fetch->is_stopped); }

static pleat_status fail_changed(const pleat_fetch *fetch, const char *what, pleat_error *err) {
  PLEAT_FAIL(err, PLEAT_MISMATCH, "'%s' changed while it was fetched (%s)", fetch->url, what);
}

/* The same file as before, and the part of it that was asked for? */
static pleat_status on_begin(void *arg, const pleat_http_reply *reply, pleat_error *err) {
  const transfer *t = arg;
  const pleat_fetch *fetch = t->fetch;
  if (!fetch->has_ranges) return t->n_before ? fail_changed(fetch, "the server sends no parts", err) : PLEAT_OK;
  if (reply->code != 206) return fail_changed(fetch, "the server sends all of it", err);
  if (reply->total != (int64_t)fetch->total) return fail_changed(fetch, "another length", err);
  if (reply->etag[0] && fetch->etag[0] && strcmp(reply->etag, fetch->etag)) {
    return fail_changed(fetch, "another ETag", err);
  }
  if (reply->last_modified[0] && fetch->modified[0] && strcmp(reply->last_modified, fetch->modified)) {
    return fail_changed(fetch, "another date", err);
  }
  if (reply->first == (int64_t)(t->piece->first + t->n_before)) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_NETWORK, "'%s': asked for bytes from %llu on, the server sends those from %lld on", fetch->url,
             (unsigned long long)(t->piece->first + t->n_before), (long long)reply->first);
}

static pleat_status on_body(void *arg, const char *bytes, size_t n, pleat_error *err) {
  const transfer *t = arg;
  pleat_fetch *fetch = t->fetch;
  pleat_fetch_piece *piece = t->piece;
  if (n > piece->n - piece->n_done) PLEAT_FAIL(err, PLEAT_NETWORK, "'%s': more came than was announced", fetch->url);
  PLEAT_TRY(pleat_store_write(fetch->store, piece->first + piece->n_done, bytes, n, err));
  pthread_mutex_lock(&fetch->lock);
  piece->n_done += n;
  pthread_cond_signal(&fetch->changed);
  pthread_mutex_unlock(&fetch->lock);
  return PLEAT_OK;
}

/* One try for the rest of a piece. */
static pleat_status try_piece(pleat_fetch_worker *worker, pleat_fetch_piece *piece, double *out_retry_after_s,
                              bool *out_is_final, pleat_error *err) {
  pleat_fetch *fetch = worker->fetch;
  transfer t = {.fetch = fetch, .piece = piece, .n_before = piece->n_done};
  pleat_http_reply reply;
  char range[64];
  snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)(piece->first + piece->n_done),
           (unsigned long long)(piece->first + piece->n - 1));
  const char *if_range = fetch->etag[0] && strncmp(fetch->etag, "W/", 2) ? fetch->etag : fetch->modified;
  const pleat_http_request request = {.url = fetch->url,
                                      .opt_range = fetch->has_ranges ? range : NULL,
                                      .opt_if_range = fetch->has_ranges && if_range[0] ? if_range : NULL,
                                      .opt_on_begin = on_begin,
                                      .opt_on_body = on_body,
                                      .opt_poll = go_on,
                                      .arg = &t};
  pleat_status status = pleat_http_run(worker->http, &request, &reply, err);
  *out_retry_after_s = reply.retry_after_s;
  *out_is_final = status && status != PLEAT_NETWORK;
  if (status) return status;
  if (reply.code == 416) return *out_is_final = true, fail_changed(fetch, "it became shorter", err);
  if (reply.code < 200 || reply.code > 299) {
    *out_is_final = !pleat_http_is_transient(reply.code);
    PLEAT_FAIL(err, PLEAT_NETWORK, "'%s' answers with status %d: %s", fetch->url, reply.code, reply.text);
  }
  if (piece->n_done == piece->n) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_NETWORK, "'%s': less came than was announced", fetch->url);
}

/* Tried again as long as something comes, and some times when nothing does. */
static pleat_status fetch_piece(pleat_fetch_worker *worker, pleat_fetch_piece *piece, pleat_error *err) {
  pleat_fetch *fetch = worker->fetch;
  double base_s = fetch->options->wait_s > 0 ? fetch->options->wait_s : 2, wait_s = base_s;
  for (int n_tries = 0;;) {
    uint64_t n_before = piece->n_done;
    double retry_after_s = 0;
    bool is_final;
    pleat_status status = try_piece(worker, piece, &retry_after_s, &is_final, err);
    if (!status || is_final) return status;
    bool has_progressed = piece->n_done > n_before;
    n_tries = has_progressed ? 0 : n_tries + 1;
    wait_s = has_progressed ? base_s : wait_s * 2;
    if (n_tries == MAX_TRIES) return status;
    double pause_s = wait_s < MAX_WAIT_S ? wait_s : MAX_WAIT_S;
    if (retry_after_s > pause_s && retry_after_s < 10 * MAX_WAIT_S) pause_s = retry_after_s;
    transfer t = {.fetch = fetch};
    if (!pleat_os_wait(pause_s, go_on, &t)) PLEAT_FAIL(err, PLEAT_CANCELLED, "interrupted");
  }
}

/* The first piece that nobody has taken; those in front are wanted first. */
static pleat_fetch_piece *take_piece(pleat_fetch *fetch) {
  pleat_fetch_piece *found = NULL;
  pthread_mutex_lock(&fetch->lock);
  for (size_t i = 0; i < fetch->n_pieces && !found; i++) {
    pleat_fetch_piece *piece = &fetch->pieces[i];
    if (!piece->is_taken && piece->n_done < piece->n) found = piece;
  }
  if (found) found->is_taken = true;
  pthread_mutex_unlock(&fetch->lock);
  return found;
}

void *pleat_fetch_work(void *arg) {
  pleat_fetch_worker *worker = arg;
  pleat_fetch *fetch = worker->fetch;
  pleat_error err = {0};
  pleat_status status = PLEAT_OK;
  while (!status && !atomic_load(&fetch->is_stopped)) {
    pleat_fetch_piece *piece = take_piece(fetch);
    if (!piece) break;
    status = fetch_piece(worker, piece, &err);
  }
  if (!status) return NULL;
  pthread_mutex_lock(&fetch->lock);
  if (!fetch->status && !atomic_load(&fetch->is_stopped)) {
    fetch->status = status;
    fetch->err = err;
  }
  atomic_store(&fetch->is_stopped, true);
  pthread_cond_signal(&fetch->changed);
  pthread_mutex_unlock(&fetch->lock);
  return NULL;
}
