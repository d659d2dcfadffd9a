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

enum { STEPS = 1 << 14, COPY_PIECE = 1 << 14, REPEATS = 3, SPIN_STRIDE = 2 * PLEAT_CPU_MAX_VL + 16 };

typedef struct probe {
  void (*enter)(void);
  void (*spin)(int64_t n, float *dst);
  float *sums; /* a stride per thread */
  float *src, *dst;
} probe;

static void spin_task(void *arg, int thread, int64_t begin, int64_t end) {
  const probe *p = arg;
  if (p->enter) p->enter();
  p->spin(end - begin, p->sums + thread * SPIN_STRIDE);
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

static double spin_rate(pleat_threads *pool, int64_t n_threads, double flops_per_step, probe *p) {
  double ms = best_ms(pool, STEPS * n_threads, STEPS / 8, spin_task, p);
  return flops_per_step * (double)(STEPS * n_threads) / ms * 1e3;
}

pleat_cpu_rates pleat_cpu_measure(const pleat_cpu_kernels *kern, pleat_threads *pool, int64_t copy_elements) {
  int64_t n_threads = pleat_threads_count(pool);
  double flops_per_row = 4.0 * kern->vl; /* two vectors, two operations a product */
  pleat_cpu_rates rates = {.flops_per_s = 16e9 * (double)n_threads, .bytes_per_s = 20e9};
  size_t n = (size_t)copy_elements;
  probe p = {.enter = kern->enter,
             .spin = kern->spin,
             .sums = calloc((size_t)n_threads * SPIN_STRIDE, sizeof(float)),
             .src = malloc(n * sizeof(float)),
             .dst = malloc(n * sizeof(float))};
  if (p.sums && p.src && p.dst) {
    rates.flops_per_s = spin_rate(pool, n_threads, flops_per_row * kern->mr, &p);
    p.spin = kern->spin_bf16;
    rates.bf16_flops_per_s = spin_rate(pool, n_threads, 2 * flops_per_row * kern->mr_bf16, &p);
    if (rates.bf16_flops_per_s <= rates.flops_per_s) rates.bf16_flops_per_s = 0;
    memset(p.src, 1, n * sizeof *p.src);
    rates.bytes_per_s = 2.0 * (double)n * sizeof *p.src / best_ms(pool, copy_elements, COPY_PIECE, copy_task, &p) * 1e3;
  }
  free(p.sums);
  free(p.src);
  free(p.dst);
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
