/* Thread pool with a static partition: the same work goes to the same index whatever the number of threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_THREADS_H
#define PLEAT_BASE_THREADS_H

#include "pleat/status.h"

typedef struct pleat_threads pleat_threads;

/* n_threads <= 0: one per usable core (affinity mask and cgroup limit honoured). The calling thread works as thread 0
 * of every run, so n_threads - 1 threads are started. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_threads_create(int n_threads, pleat_threads **out_pool, pleat_error *err);
void pleat_threads_destroy(pleat_threads *pool); /* NULL is allowed */
int pleat_threads_count(const pleat_threads *pool);

/* Calls fn(arg, thread, begin, end) for a partition of [0, n) into pieces of at least `grain` items (and multiples of
 * it); returns when all are done. Thread t begins with the t-th share of the pieces and then helps others: results must
 * not depend on who computes what, so fn computes each item the same way wherever it runs. `thread` < count indexes
 * per-thread scratch. */
typedef void pleat_threads_fn(void *arg, int thread, int64_t begin, int64_t end);
void pleat_threads_run(pleat_threads *pool, int64_t n, int64_t grain, pleat_threads_fn *fn, void *arg);

#endif
