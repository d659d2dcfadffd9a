/* Opponents of the linear kernels: OpenBLAS and oneDNN on the shapes of `test_kern --bench peer`, printed the same way.
 *   linear_peers THREADS          (bench/peers/run builds and runs it; never linked into the product)
 * C[M, N] = A[M, K] W[K, N]; the shortest of several runs; oneDNN gets W in the layout that it prefers, packed before.
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include <cblas.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dnnl.h"

enum { RUNS = 12 };

static void check(dnnl_status_t status, int line) {
  if (status == dnnl_success) return;
  fprintf(stderr, "oneDNN says %d in line %d\n", (int)status, line);
  exit(1);
}
#define CHECK(call) check(call, __LINE__)

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void print(const char *peer, const char *type, long M, long K, long N, int threads, double ms) {
  printf("%-9s %-5s M %6ld K %3ld N %3ld %dT %9.3f ms %7.1f GFLOP/s\n", peer, type, M, K, N, threads, ms,
         2e-6 * (double)M * (double)K * (double)N / ms);
}

static double openblas_ms(long M, long K, long N, const float *a, const float *w, float *c) {
  double best = 1e9;
  for (int i = 0; i < RUNS; i++) {
    double start = now_ms();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, a, (int)K, w, (int)N, 0, c,
                (int)N);
    double ms = now_ms() - start;
    if (i && ms < best) best = ms;
  }
  return best;
}

static dnnl_memory_t memory_of(dnnl_engine_t engine, const dnnl_memory_desc_t *desc) {
  dnnl_memory_t memory;
  CHECK(dnnl_memory_create(&memory, desc, engine, DNNL_MEMORY_ALLOCATE));
  void *data;
  CHECK(dnnl_memory_get_data_handle(memory, &data));
  memset(data, 0, dnnl_memory_desc_get_size(desc));
  return memory;
}

static double onednn_ms(dnnl_engine_t engine, dnnl_stream_t stream, dnnl_data_type_t type, long M, long K, long N) {
  dnnl_dims_t a_dims = {M, K}, w_dims = {K, N}, c_dims = {M, N};
  dnnl_memory_desc_t a, w, c;
  CHECK(dnnl_memory_desc_init_by_tag(&a, 2, a_dims, type, dnnl_ab));
  CHECK(dnnl_memory_desc_init_by_tag(&w, 2, w_dims, type, dnnl_format_tag_any));
  CHECK(dnnl_memory_desc_init_by_tag(&c, 2, c_dims, type, dnnl_ab));
  dnnl_matmul_desc_t desc;
  CHECK(dnnl_matmul_desc_init(&desc, &a, &w, NULL, &c));
  dnnl_primitive_desc_t pd;
  CHECK(dnnl_primitive_desc_create(&pd, &desc, NULL, engine, NULL));
  const dnnl_memory_desc_t *packed = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
  dnnl_primitive_t primitive;
  CHECK(dnnl_primitive_create(&primitive, pd));
  dnnl_exec_arg_t args[3] = {{DNNL_ARG_SRC, memory_of(engine, &a)},
                             {DNNL_ARG_WEIGHTS, memory_of(engine, packed)},
                             {DNNL_ARG_DST, memory_of(engine, &c)}};
  double best = 1e9;
  for (int i = 0; i < RUNS; i++) {
    double start = now_ms();
    CHECK(dnnl_primitive_execute(primitive, stream, 3, args));
    CHECK(dnnl_stream_wait(stream));
    double ms = now_ms() - start;
    if (i && ms < best) best = ms;
  }
  for (int i = 0; i < 3; i++) dnnl_memory_destroy(args[i].memory);
  dnnl_primitive_destroy(primitive);
  dnnl_primitive_desc_destroy(pd);
  return best;
}

int main(int argc, char **argv) {
  static const long sizes[][2] = {{128, 128}, {256, 256}, {128, 512}, {512, 128}}, rows[] = {16384, 147456};
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  openblas_set_num_threads(threads);
  omp_set_num_threads(threads);
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  for (int r = 0; r < 2; r++) {
    for (int s = 0; s < 4; s++) {
      long M = rows[r], K = sizes[s][0], N = sizes[s][1];
      float *a = calloc((size_t)(M * K), sizeof *a), *w = calloc((size_t)(K * N), sizeof *w);
      float *c = calloc((size_t)(M * N), sizeof *c);
      if (!a || !w || !c) return 1;
      print("OpenBLAS", "f32", M, K, N, threads, openblas_ms(M, K, N, a, w, c));
      free(a);
      free(w);
      free(c);
      print("oneDNN", "f32", M, K, N, threads, onednn_ms(engine, stream, dnnl_f32, M, K, N));
      print("oneDNN", "bf16", M, K, N, threads, onednn_ms(engine, stream, dnnl_bf16, M, K, N));
    }
  }
  return 0;
}
