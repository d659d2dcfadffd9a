/* Measured rates of this machine, and its name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { M = 96, K = 128, PRODUCTS = 200, COPY_ELEMENTS = 2 << 20, COPY_PIECE = 1 << 14, REPEATS = 3 };

typedef struct probe {
  const pleat_cpu_kernels *kern;
  float *a, *b, *c; /* c: M x nr per thread */
  float *src, *dst;
} probe;

static void gemm_task(void *arg, int thread, int64_t begin, int64_t end) {
  const probe *p = arg;
  int64_t nr = 2 * p->kern->vl;
  for (int64_t i = begin; i < end; i++)
    p->kern->gemm(&(pleat_cpu_gemm){.m = M,
                                    .width = nr,
                                    .K = K,
                                    .a = p->a,
                                    .a_rs = K,
                                    .a_ks = 1,
                                    .b = p->b,
                                    .b_ks = nr,
                                    .c = p->c + thread * M * PLEAT_CPU_MAX_NR,
                                    .ldc = PLEAT_CPU_MAX_NR});
}

static void copy_task(void *arg, int thread, int64_t begin, int64_t end) {
  const probe *p = arg;
  (void)thread;
  memcpy(p->dst + begin, p->src + begin, (size_t)(end - begin) * sizeof *p->dst);
}

/* Shortest of a few runs, in milliseconds. */
static double best_ms(pleat_threads *pool, int64_t n, int64_t grain, pleat_threads_fn *fn, probe *p) {
  double best = 1e9;
  for (int i = 0; i < REPEATS + 1; i++) { /* the first touches the memory */
    double start = pleat_os_time_ms();
    pleat_threads_run(pool, n, grain, fn, p);
    double ms = pleat_os_time_ms() - start;
    if (i && ms < best) best = ms;
  }
  return best > 1e-3 ? best : 1e-3;
}

pleat_cpu_rates pleat_cpu_measure(const pleat_cpu_kernels *kern, pleat_threads *pool) {
  int64_t n_threads = pleat_threads_count(pool), nr = 2 * kern->vl;
  pleat_cpu_rates rates = {.flops_per_s = 16e9 * (double)n_threads, .bytes_per_s = 20e9};
  size_t n_small = (size_t)(M * K + K * nr + n_threads * M * PLEAT_CPU_MAX_NR);
  float *small = calloc(n_small, sizeof *small), *large = calloc(2 * (size_t)COPY_ELEMENTS, sizeof *large);
  if (small && large) {
    probe p = {.kern = kern,
               .a = small,
               .b = small + M * K,
               .c = small + M * K + K * nr,
               .src = large,
               .dst = large + COPY_ELEMENTS};
    memset(large, 1, COPY_ELEMENTS * sizeof *large);
    double n_products = (double)(PRODUCTS * n_threads);
    rates.flops_per_s =
        2.0 * M * K * (double)nr * n_products / best_ms(pool, (int64_t)n_products, PRODUCTS / 8, gemm_task, &p) * 1e3;
    rates.bytes_per_s =
        2.0 * COPY_ELEMENTS * sizeof *large / best_ms(pool, COPY_ELEMENTS, COPY_PIECE, copy_task, &p) * 1e3;
  }
  free(small);
  free(large);
  return rates;
}

void pleat_cpu_brand(char *dst, size_t n) {
#if defined(__x86_64__)
  unsigned words[12] = {0}, top = 0, unused[3];
  if (__get_cpuid(0x80000000u, &top, &unused[0], &unused[1], &unused[2]) && top >= 0x80000004u) {
    for (unsigned i = 0; i < 3; i++)
      __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    char text[sizeof words + 1] = {0};
    memcpy(text, words, sizeof words);
    char *start = text + strspn(text, " "), *end = start + strlen(start);
    while (end > start && end[-1] == ' ') *--end = 0;
    if (*start) {
      snprintf(dst, n, "%s", start);
      return;
    }
  }
  snprintf(dst, n, "x86-64");
#elif defined(__aarch64__)
  snprintf(dst, n, "arm64");
#else
  snprintf(dst, n, "processor");
#endif
}
