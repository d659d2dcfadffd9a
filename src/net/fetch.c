/* One large file in parts: which server, what is there already, and reading from the beginning while the rest comes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "net/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "base/os.h"
#include "net/fetch_priv.h"

enum { MIN_PIECE = 8 << 20, MAX_PIECES = 4096, MAX_PROBES = 4 };

static bool poll_caller(void *arg) {
  const pleat_download_options *options = ((const pleat_fetch *)arg)->options;
  return !options->opt_poll || options->opt_poll(options->ctx);
}

/* Ends a request whose headers are all that is wanted. */
static pleat_status stop_body(void *arg, const pleat_http_reply *reply, pleat_error *err) {
  (void)reply;
  (void)err;
  *(bool *)arg = true;
  return PLEAT_INVALID;
}

/* Its first byte, for length, date and ETag. */
static pleat_status probe_once(pleat_fetch *fetch, pleat_http *http, bool *out_is_transient, pleat_error *err) {
  bool is_there = false;
  pleat_http_reply reply;
  const pleat_http_request request = {
      .url = fetch->url, .opt_range = "0-0", .opt_on_begin = stop_body, .arg = &is_there};
  pleat_status status = pleat_http_run(http, &request, &reply, err);
  *out_is_transient = status == PLEAT_NETWORK || (!status && pleat_http_is_transient(reply.code));
  if (!is_there) {
    if (status) return status;
    PLEAT_FAIL(err, PLEAT_NETWORK, "'%s' answers with status %d: %s", fetch->url, reply.code, reply.text);
  }
  fetch->has_ranges = reply.code == 206 && reply.total >= 0;
  int64_t total = fetch->has_ranges ? reply.total : reply.length;
  if (total <= 0) PLEAT_FAIL(err, PLEAT_NETWORK, "'%s': the server does not say how long it is", fetch->url);
  fetch->total = (uint64_t)total;
  snprintf(fetch->etag, sizeof fetch->etag, "%s", reply.etag);
  snprintf(fetch->modified, sizeof fetch->modified, "%s", reply.last_modified);
  return PLEAT_OK;
}

static pleat_status probe(pleat_fetch *fetch, pleat_http *http, pleat_error *err) {
  double wait_s = fetch->options->wait_s > 0 ? fetch->options->wait_s : 2;
  for (int i = 1;; i++) {
    bool is_transient;
    pleat_status status = probe_once(fetch, http, &is_transient, err);
    if (!status || !is_transient || i == MAX_PROBES) return status;
    if (!pleat_os_wait(wait_s * i, poll_caller, fetch)) PLEAT_FAIL(err, PLEAT_CANCELLED, "interrupted");
  }
}

/* The address, with its beginning replaced as --mirror says. */
static void set_url(pleat_fetch *fetch, const char *url) {
  const char *mirror = fetch->options->opt_mirror;
  const char *to = mirror ? strchr(mirror, '=') : NULL;
  size_t n_from = to ? (size_t)(to - mirror) : 0;
  if (to && strncmp(url, mirror, n_from) == 0) {
    snprintf(fetch->url, sizeof fetch->url, "%s%s", to + 1, url + n_from);
  } else {
    snprintf(fetch->url, sizeof fetch->url, "%s", url);
  }
}

static pleat_status choose_mirror(pleat_fetch *fetch, const char *const *urls, pleat_error *err) {
  pleat_status status = PLEAT_INVALID;
  for (size_t i = 0; urls[i]; i++) {
    set_url(fetch, urls[i]);
    status = probe(fetch, fetch->workers[0].http, err);
    if (!status || status == PLEAT_CANCELLED) return status;
  }
  return status;
}

static pleat_status make_pieces(pleat_fetch *fetch, pleat_error *err) {
  fetch->piece_bytes = fetch->total / MAX_PIECES + 1;
  if (fetch->piece_bytes < MIN_PIECE) fetch->piece_bytes = MIN_PIECE;
  if (!fetch->has_ranges) fetch->piece_bytes = fetch->total;
  fetch->n_pieces = (size_t)((fetch->total + fetch->piece_bytes - 1) / fetch->piece_bytes);
  fetch->pieces = calloc(fetch->n_pieces, sizeof *fetch->pieces);
  if (!fetch->pieces) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu parts", fetch->n_pieces);
  for (size_t i = 0; i < fetch->n_pieces; i++) {
    uint64_t first = i * fetch->piece_bytes, left = fetch->total - first;
    fetch->pieces[i] = (pleat_fetch_piece){.first = first, .n = left < fetch->piece_bytes ? left : fetch->piece_bytes};
  }
  return PLEAT_OK;
}

/* Another program's copy of the whole file, by its length; then nothing has to come. */
static pleat_status adopt(pleat_fetch *fetch, const char *opt_whole, bool *out_is_adopted, pleat_error *err) {
  pleat_path_info info;
  *out_is_adopted = opt_whole && !pleat_path_exists(fetch->path) && pleat_path_stat(opt_whole, &info) && !info.is_dir &&
                    info.size_bytes == fetch->total;
  return *out_is_adopted ? pleat_path_rename(opt_whole, fetch->path, err) : PLEAT_OK;
}

static pleat_status start(pleat_fetch *fetch, const char *const *urls, const char *opt_whole, pleat_error *err) {
  bool is_adopted;
  const pleat_http_options http_options = {.opt_proxy = fetch->options->opt_proxy};
  int n_workers = fetch->options->n_connections > 0 ? fetch->options->n_connections : 4;
  if (n_workers > PLEAT_FETCH_MAX_CONNECTIONS) n_workers = PLEAT_FETCH_MAX_CONNECTIONS;
  for (int i = 0; i < n_workers; i++) {
    fetch->workers[i].fetch = fetch;
    PLEAT_TRY(pleat_http_open(&http_options, &fetch->workers[i].http, err));
    fetch->n_workers++;
  }
  PLEAT_TRY(choose_mirror(fetch, urls, err));
  PLEAT_TRY(make_pieces(fetch, err));
  PLEAT_TRY(adopt(fetch, opt_whole, &is_adopted, err));
  PLEAT_TRY(pleat_store_open(fetch->path, &fetch->store, err));
  if (!pleat_store_lock(fetch->store)) {
    pleat_store_close(fetch->store);
    fetch->store = NULL; /* nor is the journal ours */
    PLEAT_FAIL(err, PLEAT_IO, "another process is fetching '%s': wait for it, or end it", fetch->path);
  }
  for (size_t i = 0; is_adopted && i < fetch->n_pieces; i++) fetch->pieces[i].n_done = fetch->pieces[i].n;
  if (!is_adopted) PLEAT_TRY(pleat_fetch_load_journal(fetch, err));
  PLEAT_TRY(pleat_fetch_save_journal(fetch, err));
  for (int i = 0; i < fetch->n_workers; i++) {
    pleat_fetch_worker *worker = &fetch->workers[i];
    worker->is_running = pthread_create(&worker->thread, NULL, pleat_fetch_work, worker) == 0;
    if (!worker->is_running) PLEAT_FAIL(err, PLEAT_NOMEM, "cannot start %d threads", n_workers);
  }
  return PLEAT_OK;
}

static char *with_suffix(const char *path, const char *suffix) {
  char *joined = malloc(strlen(path) + strlen(suffix) + 1);
  if (joined) strcat(strcpy(joined, path), suffix);
  return joined;
}

pleat_status pleat_fetch_open(const char *const *urls, const char *path, const char *opt_whole,
                              const pleat_download_options *options, pleat_fetch **out_fetch, pleat_error *err) {
  *out_fetch = NULL;
  pleat_fetch *fetch = calloc(1, sizeof *fetch);
  if (!fetch) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to fetch '%s'", urls[0]);
  fetch->options = options;
  fetch->path = with_suffix(path, "");
  fetch->journal = with_suffix(path, ".journal");
  fetch->has_lock = pthread_mutex_init(&fetch->lock, NULL) == 0 && pthread_cond_init(&fetch->changed, NULL) == 0;
  pleat_status status = PLEAT_OK;
  if (!fetch->path || !fetch->journal || !fetch->has_lock) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to fetch '%s'", urls[0]);
  } else {
    status = start(fetch, urls, opt_whole, err);
  }
  if (status) {
    pleat_fetch_close(fetch);
    return status;
  }
  *out_fetch = fetch;
  return PLEAT_OK;
}

void pleat_fetch_close(pleat_fetch *fetch) {
  if (!fetch) return;
  atomic_store(&fetch->is_stopped, true);
  for (int i = 0; i < fetch->n_workers; i++) {
    if (fetch->workers[i].is_running) pthread_join(fetch->workers[i].thread, NULL);
  }
  /* The worst that a failure here can do is that bytes are fetched twice. */
  if (fetch->store && fetch->pieces && fetch->status != PLEAT_MISMATCH) (void)!pleat_fetch_save_journal(fetch, NULL);
  for (int i = 0; i < fetch->n_workers; i++) pleat_http_close(fetch->workers[i].http);
  pleat_store_close(fetch->store);
  if (fetch->has_lock) {
    pthread_cond_destroy(&fetch->changed);
    pthread_mutex_destroy(&fetch->lock);
  }
  free(fetch->pieces);
  free(fetch->path);
  free(fetch->journal);
  free(fetch);
}

uint64_t pleat_fetch_size(const pleat_fetch *fetch) { return fetch->total; }

const char *pleat_fetch_url(const pleat_fetch *fetch) { return fetch->url; }

void pleat_fetch_forget(const char *path) {
  char *journal = with_suffix(path, ".journal");
  pleat_path_remove(path);
  if (journal) pleat_path_remove(journal);
  free(journal);
}

/* While others work: keeps the journal and tells how far it is. */
static pleat_status attend(pleat_fetch *fetch, bool is_end, pleat_error *err) {
  enum { SAVE_MS = 500, SHOW_MS = 200 };
  double now_ms = pleat_os_time_ms();
  if (!poll_caller(fetch)) PLEAT_FAIL(err, PLEAT_CANCELLED, "interrupted; the same command goes on from here");
  if ((is_end || now_ms - fetch->shown_ms > SHOW_MS) && fetch->options->opt_progress) {
    uint64_t n_done = 0;
    pthread_mutex_lock(&fetch->lock);
    for (size_t i = 0; i < fetch->n_pieces; i++) n_done += fetch->pieces[i].n_done;
    pthread_mutex_unlock(&fetch->lock);
    const char *slash = strrchr(fetch->url, '/');
    fetch->options->opt_progress(fetch->options->ctx, slash ? slash + 1 : fetch->url, n_done, fetch->total);
    fetch->shown_ms = now_ms;
  }
  if (now_ms - fetch->saved_ms < SAVE_MS) return PLEAT_OK;
  fetch->saved_ms = now_ms;
  return pleat_fetch_save_journal(fetch, err);
}

static void wait_for_change(pleat_fetch *fetch) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 100000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_cond_timedwait(&fetch->changed, &fetch->lock, &until);
}

pleat_status pleat_fetch_read(pleat_fetch *fetch, uint64_t offset, void *bytes, size_t n_max, size_t *out_n,
                              pleat_error *err) {
  *out_n = 0;
  bool is_end = offset >= fetch->total;
  PLEAT_TRY(attend(fetch, is_end, err));
  if (is_end) return PLEAT_OK;
  const pleat_fetch_piece *piece = &fetch->pieces[offset / fetch->piece_bytes];
  for (;;) {
    pthread_mutex_lock(&fetch->lock);
    uint64_t end = piece->first + piece->n_done;
    pleat_status status = fetch->status;
    if (end <= offset && !status) wait_for_change(fetch);
    pthread_mutex_unlock(&fetch->lock);
    if (status) { /* no worker writes it again */
      if (err) *err = fetch->err;
      return status;
    }
    if (end > offset) {
      *out_n = end - offset < n_max ? (size_t)(end - offset) : n_max;
      return pleat_store_read(fetch->store, offset, bytes, *out_n, err);
    }
    PLEAT_TRY(attend(fetch, false, err));
  }
}
