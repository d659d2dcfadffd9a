/* Thread pool: one run at a time, cut into pieces of which every thread owns a fixed range.
 *
 * A thread works through its own range and then helps others. The range does not depend on chance, so a thread meets
 * what it wrote in the run before in its own cache, and first touches the memory that it will work on (NUMA).
 *
 * Each range has a `ticket`: run number << 32 | pieces left. A thread that wants a piece reads a ticket, reads the job,
 * and then takes the piece by compare-and-swap from the ticket it read. The job only changes when no ticket has a piece
 * left, so a swap that succeeds proves that the job it read belongs to this run: nobody waits for sleeping threads.
 *
 * Who is about to sleep, and who is about to find a sleeper, writes one word and then reads the other's. The write is
 * an exchange where a store would do by C11: qemu 7.2 lets an arm64 guest's load pass its own earlier store (STLR, LDAR).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/fail.h"
#include "base/os.h"

enum {
  THREADS_MAX = 1024,
  PIECES_PER_THREAD = 8, /* balances uneven cores without many claims */
  SPINS = 2000,          /* some 20 to 100 microseconds: longer than the gap between two kernels of a plan */
  STACK_BYTES = 2 << 20, /* the default is 512 KiB on macOS and 128 KiB with musl */
  CACHE_LINE = 64
};

typedef struct worker {
  pleat_threads *pool;
  pthread_t handle;
  int index;
} worker;

/* Pieces of one thread; on a cache line of its own, because taking one's own piece should disturb nobody. */
typedef struct range {
  _Alignas(CACHE_LINE) _Atomic uint64_t ticket;
} range;

struct pleat_threads {
  _Alignas(CACHE_LINE) _Atomic uint32_t run; /* its number: changes when there is work */
  _Atomic bool is_stopping;
  /* The job. Atomic because a late thread may read it while the next run writes it; its claim then fails. */
  _Atomic(pleat_threads_fn *) fn;
  _Atomic(void *) arg;
  _Atomic int64_t n;
  _Atomic int64_t n_per_piece;
  _Atomic int64_t n_pieces;
  _Alignas(CACHE_LINE) _Atomic int64_t n_done;
  _Atomic int n_sleeping;
  _Atomic bool is_main_waiting;
  bool is_running;
  int n_spins;
  int n_threads;
  int n_workers; /* started */
  pthread_mutex_t mutex;
  pthread_cond_t has_work;
  pthread_cond_t has_finished;
  worker *workers;
  range *ranges; /* n_threads */
};

static uint32_t pieces_left(uint64_t ticket) { return (uint32_t)ticket; }

/* The first piece of a thread's range, or of the one behind the last: the end. */
static int64_t first_piece(const pleat_threads *pool, int64_t n_pieces, int thread) {
  return n_pieces * thread / pool->n_threads;
}

/* Runs pieces of owner's range until none is left; returns how many. */
static int64_t work_range(pleat_threads *pool, int owner, int thread) {
  int64_t n_done = 0;
  _Atomic uint64_t *place = &pool->ranges[owner].ticket;
  uint64_t ticket = atomic_load(place);
  while (pieces_left(ticket)) {
    pleat_threads_fn *fn = atomic_load_explicit(&pool->fn, memory_order_relaxed);
    void *arg = atomic_load_explicit(&pool->arg, memory_order_relaxed);
    int64_t n = atomic_load_explicit(&pool->n, memory_order_relaxed);
    int64_t n_per_piece = atomic_load_explicit(&pool->n_per_piece, memory_order_relaxed);
    int64_t n_pieces = atomic_load_explicit(&pool->n_pieces, memory_order_relaxed);
    if (!atomic_compare_exchange_weak(place, &ticket, ticket - 1)) continue;

    int64_t begin = (first_piece(pool, n_pieces, owner + 1) - pieces_left(ticket)) * n_per_piece;
    fn(arg, thread, begin, n - begin < n_per_piece ? n : begin + n_per_piece);
    n_done++;
    ticket = atomic_load(place);
  }
  return n_done;
}

static void work(pleat_threads *pool, int thread) {
  int64_t n_done = 0;
  for (int i = 0; i < pool->n_threads; i++) n_done += work_range(pool, (thread + i) % pool->n_threads, thread);
  /* Pieces of one run only: no other begins before these are counted. */
  if (n_done == 0) return;
  int64_t n_pieces = atomic_load_explicit(&pool->n_pieces, memory_order_relaxed);
  if (atomic_fetch_add(&pool->n_done, n_done) + n_done == n_pieces && atomic_load(&pool->is_main_waiting)) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->has_finished);
    pthread_mutex_unlock(&pool->mutex);
  }
}

static bool is_wanted(pleat_threads *pool, uint32_t last_run) {
  return atomic_load(&pool->run) != last_run || atomic_load(&pool->is_stopping);
}

static void wait_for_work(pleat_threads *pool, uint32_t last_run) {
  for (int i = 0; i < pool->n_spins; i++) {
    if (is_wanted(pool, last_run)) return;
    pleat_spin_hint();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->n_sleeping, 1);
  while (!is_wanted(pool, last_run)) pthread_cond_wait(&pool->has_work, &pool->mutex);
  atomic_fetch_sub(&pool->n_sleeping, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *arg) {
  worker *self = arg;
  while (!atomic_load(&self->pool->is_stopping)) {
    uint32_t run = atomic_load(&self->pool->run);
    work(self->pool, self->index);
    wait_for_work(self->pool, run);
  }
  return NULL;
}

static void wake_workers(pleat_threads *pool) {
  if (!atomic_load(&pool->n_sleeping)) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->has_work);
  pthread_mutex_unlock(&pool->mutex);
}

static void wait_for_end(pleat_threads *pool, int64_t n_pieces) {
  for (int i = 0; i < pool->n_spins; i++) {
    if (atomic_load(&pool->n_done) == n_pieces) return;
    pleat_spin_hint();
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_exchange(&pool->is_main_waiting, true);
  while (atomic_load(&pool->n_done) != n_pieces) pthread_cond_wait(&pool->has_finished, &pool->mutex);
  atomic_store(&pool->is_main_waiting, false);
  pthread_mutex_unlock(&pool->mutex);
}

void pleat_threads_run(pleat_threads *pool, int64_t n, int64_t grain, pleat_threads_fn *fn, void *arg) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  int64_t n_grains = (n - 1) / grain + 1;
  if (pool->n_workers == 0 || n_grains == 1) {
    fn(arg, 0, 0, n);
    return;
  }
  PLEAT_ASSERT(!pool->is_running); /* a run inside a run */
  pool->is_running = true;

  int64_t n_grains_per_piece = (n_grains - 1) / ((int64_t)pool->n_threads * PIECES_PER_THREAD) + 1;
  int64_t n_pieces = (n_grains - 1) / n_grains_per_piece + 1;
  atomic_store_explicit(&pool->fn, fn, memory_order_relaxed);
  atomic_store_explicit(&pool->arg, arg, memory_order_relaxed);
  atomic_store_explicit(&pool->n, n, memory_order_relaxed);
  atomic_store_explicit(&pool->n_per_piece, n_grains_per_piece * grain, memory_order_relaxed);
  atomic_store_explicit(&pool->n_pieces, n_pieces, memory_order_relaxed);
  atomic_store_explicit(&pool->n_done, 0, memory_order_relaxed);
  uint32_t run = atomic_load_explicit(&pool->run, memory_order_relaxed) + 1;
  for (int i = 0; i < pool->n_threads; i++) {
    uint64_t n_own = (uint64_t)(first_piece(pool, n_pieces, i + 1) - first_piece(pool, n_pieces, i));
    atomic_store_explicit(&pool->ranges[i].ticket, (uint64_t)run << 32 | n_own, memory_order_release);
  }
  atomic_exchange(&pool->run, run);

  wake_workers(pool);
  work(pool, 0);
  wait_for_end(pool, n_pieces);
  pool->is_running = false;
}

/* Signals belong to the program's own threads: a handler must not run on a thread it has never heard of. */
static int start_workers(pleat_threads *pool) {
  pthread_attr_t attr;
  int code = pthread_attr_init(&attr);
  if (code) return code;
  pthread_attr_setstacksize(&attr, STACK_BYTES);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int i = 0; i < pool->n_threads - 1 && !code; i++) {
    pool->workers[i] = (worker){.pool = pool, .index = i + 1};
    code = pthread_create(&pool->workers[i].handle, &attr, worker_main, &pool->workers[i]);
    if (!code) pool->n_workers++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return code;
}

pleat_status pleat_threads_create(int n_threads, pleat_threads **out_pool, pleat_error *err) {
  *out_pool = NULL;
  int n_cores = pleat_os_cores();
  if (n_threads <= 0) n_threads = n_cores;
  if (n_threads > THREADS_MAX) n_threads = THREADS_MAX;
  pleat_threads *pool = aligned_alloc(CACHE_LINE, sizeof *pool);
  worker *workers = calloc((size_t)n_threads, sizeof *workers);
  range *ranges = aligned_alloc(CACHE_LINE, (size_t)n_threads * sizeof *ranges);
  if (!pool || !workers || !ranges) {
    free(pool);
    free(workers);
    free(ranges);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a pool of %d threads", n_threads);
  }
  for (int i = 0; i < n_threads; i++) atomic_init(&ranges[i].ticket, 0);
  /* With more threads than cores a spinning thread only keeps another from working. */
  *pool = (pleat_threads){
      .n_threads = n_threads, .workers = workers, .ranges = ranges, .n_spins = n_threads <= n_cores ? SPINS : 0};
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->has_work, NULL);
  pthread_cond_init(&pool->has_finished, NULL);

  int code = n_threads > 1 ? start_workers(pool) : 0;
  if (code) {
    char text[128];
    int n_started = pool->n_workers;
    pleat_threads_destroy(pool);
    PLEAT_FAIL(err, PLEAT_NOMEM, "only %d of %d threads could be started (%s); ask for fewer threads", n_started + 1,
               n_threads, pleat_errno_text(code, text, sizeof text));
  }
  *out_pool = pool;
  return PLEAT_OK;
}

void pleat_threads_destroy(pleat_threads *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->is_stopping, true);
  pthread_cond_broadcast(&pool->has_work);
  pthread_mutex_unlock(&pool->mutex);
  for (int i = 0; i < pool->n_workers; i++) pthread_join(pool->workers[i].handle, NULL);
  pthread_cond_destroy(&pool->has_finished);
  pthread_cond_destroy(&pool->has_work);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->ranges);
  free(pool->workers);
  free(pool);
}

int pleat_threads_count(const pleat_threads *pool) { return pool->n_threads; }
