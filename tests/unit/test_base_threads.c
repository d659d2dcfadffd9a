/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"

#include <stdatomic.h>

#include "check.h"

enum { N_MAX = 5000, THREADS_MAX = 8 };

typedef struct cover {
  _Atomic int seen[N_MAX];
  _Atomic int n_bad;
  int64_t n, grain;
  int n_threads;
} cover;

static void count_items(void *arg, int thread, int64_t begin, int64_t end) {
  cover *c = arg;
  bool is_ok = begin < end && begin >= 0 && end <= c->n && thread >= 0 && thread < c->n_threads;
  is_ok = is_ok && begin % c->grain == 0 && (end == c->n || (end - begin) % c->grain == 0);
  if (!is_ok) atomic_fetch_add(&c->n_bad, 1);
  for (int64_t i = begin; i < end && is_ok; i++) atomic_fetch_add(&c->seen[i], 1);
}

static void test_partition(void) {
  static const int64_t sizes[] = {0, 1, 2, 7, 63, 64, 65, 997, 4999, 5000};
  static const int64_t grains[] = {1, 3, 8, 64, 10000};
  static cover c;
  for (int n_threads = 1; n_threads <= THREADS_MAX; n_threads++) {
    pleat_error err;
    pleat_threads *pool = NULL;
    if (!CHECK_OK(pleat_threads_create(n_threads, &pool, &err), &err)) return;
    CHECK_INT(pleat_threads_count(pool), n_threads);
    for (size_t a = 0; a < sizeof sizes / sizeof *sizes; a++) {
      for (size_t b = 0; b < sizeof grains / sizeof *grains; b++) {
        memset(&c, 0, sizeof c);
        c.n = sizes[a];
        c.grain = grains[b];
        c.n_threads = n_threads;
        pleat_threads_run(pool, c.n, c.grain, count_items, &c);
        CHECK_INT(c.n_bad, 0);
        for (int64_t i = 0; i < N_MAX; i++) CHECK_INT(c.seen[i], i < c.n);
      }
    }
    pleat_threads_destroy(pool);
  }
}

typedef struct fill {
  int64_t *dst;
  int64_t run;
} fill;

static void fill_items(void *arg, int thread, int64_t begin, int64_t end) {
  (void)thread;
  fill *f = arg;
  for (int64_t i = begin; i < end; i++) f->dst[i] += f->run + i;
}

/* Many short runs back to back, each of which reads what another thread wrote before: lost or late pieces show. */
static void test_many_runs(void) {
  enum { N = 97, RUNS = 20000 };
  static int64_t dst[N];
  for (int n_threads = 2; n_threads <= 5; n_threads++) {
    pleat_error err;
    pleat_threads *pool = NULL;
    if (!CHECK_OK(pleat_threads_create(n_threads, &pool, &err), &err)) return;
    memset(dst, 0, sizeof dst);
    for (int64_t run = 0; run < RUNS; run++) pleat_threads_run(pool, N, 1, fill_items, &(fill){dst, run});
    for (int64_t i = 0; i < N; i++) CHECK_INT(dst[i], (int64_t)RUNS * (RUNS - 1) / 2 + RUNS * i);
    pleat_threads_destroy(pool);
  }
}

static void test_create(void) {
  pleat_error err;
  pleat_threads *pool = NULL;
  for (int i = 0; i < 50; i++) { /* destroyed before its threads have done anything */
    CHECK_OK(pleat_threads_create(4, &pool, &err), &err);
    pleat_threads_destroy(pool);
  }
  CHECK_OK(pleat_threads_create(0, &pool, &err), &err);
  CHECK(pleat_threads_count(pool) >= 1);
  pleat_threads_destroy(pool);
  pleat_threads_destroy(NULL);
}

int main(void) {
  test_create();
  test_partition();
  test_many_runs();
  return check_report();
}
