/* A file while it is fetched.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_FETCH_PRIV_H
#define PLEAT_NET_FETCH_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/store.h"
#include "net/fetch.h"
#include "net/http.h"

enum { PLEAT_FETCH_MAX_CONNECTIONS = 16, PLEAT_FETCH_MAX_URL = 1024 };

typedef struct pleat_fetch_piece {
  uint64_t first, n;
  uint64_t n_done; /* from its beginning on */
  bool is_taken;
} pleat_fetch_piece;

typedef struct pleat_fetch_worker {
  pleat_fetch *fetch;
  pleat_http *http;
  pthread_t thread;
  bool is_running;
} pleat_fetch_worker;

struct pleat_fetch {
  const pleat_download_options *options;
  char *path, *journal;
  char url[PLEAT_FETCH_MAX_URL];
  char etag[PLEAT_HTTP_MAX_VALUE], modified[PLEAT_HTTP_MAX_VALUE]; /* of the file on the server; "" = not said */
  bool has_ranges;
  uint64_t total, piece_bytes;
  pleat_store *store;
  pleat_fetch_piece *pieces;
  size_t n_pieces;
  double saved_ms, shown_ms; /* when the journal was written, progress told */
  pleat_fetch_worker workers[PLEAT_FETCH_MAX_CONNECTIONS];
  int n_workers;
  _Atomic bool is_stopped;
  bool has_lock;        /* mutex and condition are initialised */
  pthread_mutex_t lock; /* of pieces, status, err */
  pthread_cond_t changed;
  pleat_status status; /* of the first worker that gave up */
  pleat_error err;
};

/* Takes over what an earlier process fetched of the same file. */
PLEAT_CHECKED pleat_status pleat_fetch_load_journal(pleat_fetch *fetch, pleat_error *err);
/* Bytes first, then what is said of them. */
PLEAT_CHECKED pleat_status pleat_fetch_save_journal(pleat_fetch *fetch, pleat_error *err);
/* A worker's thread: fetches pieces until none is left, or nothing more can be done. */
void *pleat_fetch_work(void *worker);

#endif
