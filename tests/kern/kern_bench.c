/* Benchmarks: micro-kernels in cache, and one-launch programs of the cpu backend. The shortest of several runs counts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kern/kern_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/cpu/kern/kern.h"
#include "base/os.h"

enum { MAX_WEIGHTS = 8 };

static void bench_kernels(const char *level) {
  enum { M = 96, K = 128, N_EXP = 1024, RUNS = 20, CALLS = 200 };
  static float a[M * K], b[K * PLEAT_CPU_MAX_NR], c[M * PLEAT_CPU_MAX_NR], x[N_EXP];
  pleat_cpu_kernels kern;
  if (!pleat_cpu_kernels_pick(level, &kern)) return;
  for (int i = 0; i < M * K; i++) a[i] = (float)(i % 7);
  int64_t nr = 2 * kern.vl;
  float max = 0.5f, sum;
  double best_gemm = 1e9, best_exp = 1e9;
  for (int run = 0; run < RUNS; run++) {
    double start = pleat_os_time_ms();
    for (int i = 0; i < CALLS; i++)
      kern.gemm(&(pleat_cpu_gemm){
          .m = M, .width = nr, .K = K, .a = a, .a_rs = K, .a_ks = 1, .b = b, .b_ks = nr, .c = c, .ldc = nr});
    double middle = pleat_os_time_ms();
    for (int i = 0; i < CALLS; i++)
      kern.exp_sum(&(pleat_cpu_logits){.rows = 1, .n = N_EXP, .x = x, .max = &max, .sum = &sum});
    double end = pleat_os_time_ms();
    if (middle - start < best_gemm) best_gemm = middle - start;
    if (end - middle < best_exp) best_exp = end - middle;
  }
  printf("%-8s gemm %6.1f GFLOP/s   exp %5.2f G/s   (1 thread, in cache)\n", kern.name,
         2e-6 * M * K * (double)nr * CALLS / best_gemm, 1e-6 * N_EXP * CALLS / best_exp);
}

static pleat_status read_weight(void *ctx, const char *name, int64_t first, int64_t n, float *dst, pleat_error *err) {
  (void)ctx, (void)name, (void)err;
  for (int64_t i = 0; i < n; i++) dst[i] = (float)((first + i) * 7 % 13 - 6) * 0.02f;
  return PLEAT_OK;
}

/* places, a letter per input: A arena f32, H arena bf16, M matrix of one summed axis, Q of two, B and R the same in bf16,
 * P plain parameter, - absent. A letter more is the result's; without, it has the type of the first input. alias: the input
 * that the result overwrites, -1 = none. */
typedef struct shape {
  const char *name;
  pleat_op op;
  const char *spec, *places, *sizes;
  pleat_attr attr;
  int alias;
  double flops;
} shape;

typedef struct bench {
  pleat_node node;
  pleat_launch launch;
  pleat_plan_weight weights[MAX_WEIGHTS];
  pleat_plan plan;
  double bytes;
} bench;

static int64_t size_of(const char *sizes, char letter) {
  const char *p = strchr(sizes, letter);
  return p ? strtoll(p + 1, NULL, 10) : 1;
}

static void add_operand(bench *b, const char *sizes, char place, const char *letters, pleat_operand *x) {
  if (place == '-') return;
  int64_t n = 1;
  x->rank = (uint8_t)strlen(letters);
  x->dtype = place == 'H' || place == 'B' || place == 'R' ? PLEAT_BF16 : PLEAT_F32;
  for (int d = x->rank - 1; d >= 0; d--) {
    x->size[d] = size_of(sizes, letters[d]);
    x->stride[d] = n;
    n *= x->size[d];
  }
  if (place == 'A' || place == 'H') {
    x->space = PLEAT_SPACE_ARENA;
    x->offset = (int64_t)b->plan.arena_bytes;
    b->plan.arena_bytes += (uint64_t)(n * 4 + 63) / 64 * 64;
    b->bytes += (double)n * (place == 'H' ? 2 : 4);
    return;
  }
  static const char *const names[MAX_WEIGHTS] = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"};
  int64_t K = place == 'P' ? 1 : x->size[0] * (place == 'Q' || place == 'R' ? x->size[1] : 1);
  if (K == 0) return;
  x->space = PLEAT_SPACE_WEIGHT;
  x->weight = b->plan.n_weights++;
  b->weights[x->weight] =
      (pleat_plan_weight){.name = names[x->weight], .K = K, .N = n / K, .n_blocks = 1, .block_elements = n};
  b->weights[x->weight].dtype = x->dtype;
}

static void build(bench *b, const shape *s) {
  *b = (bench){.node = {.op = (uint8_t)s->op, .attr = s->attr, .scope = "bench"}};
  const char *p = s->spec;
  for (int slot = 0; *p; slot++) {
    size_t n = strcspn(p, ",-");
    bool is_out = p > s->spec && p[-1] == '>';
    char *letters = b->node.letters[is_out ? 0 : 1 + slot];
    memcpy(letters, p, n);
    char place = s->places[slot];
    if (is_out && !place) place = s->places[0] == 'H' ? 'H' : 'A';
    add_operand(b, s->sizes, place, letters, is_out ? &b->launch.out : &b->launch.in[slot]);
    if (!is_out) b->node.n_in++;
    p += n + (p[n] == '-') + (p[n] != 0);
  }
  if (s->alias >= 0) b->launch.out.offset = b->launch.in[s->alias].offset;
  b->launch.node = &b->node;
  b->plan.launches = &b->launch;
  b->plan.n_launches = 1;
  b->plan.weights = b->weights;
}

static void fill(const pleat_backend_vtbl *cpu, void *be, void *program, const pleat_operand *x) {
  pleat_error err;
  int64_t n = 1;
  for (int d = 0; d < x->rank; d++) n *= x->size[d];
  float *values = calloc((size_t)n + 1, sizeof *values);
  if (!values) return;
  for (int64_t i = 0; x->dtype == PLEAT_F32 && i < n; i++) values[i] = (float)(i * 31 % 17) / 17 - 0.4f;
  if (cpu->write(be, program, x, values, &err)) printf("%s\n", err.message);
  free(values);
}

static void bench_shape(const shape *s, int n_threads) {
  const pleat_backend_vtbl *cpu = &pleat_backend_cpu;
  pleat_backend_options options = {.n_threads = n_threads};
  pleat_weight_reader reader = {.read = read_weight};
  void *be = NULL, *model = NULL, *program = NULL;
  pleat_error err;
  bench b;
  build(&b, s);
  if (cpu->open(&options, &be, &err) || cpu->model_create(be, &reader, &model, &err) ||
      cpu->program_create(be, model, &b.plan, &program, &err)) {
    printf("%s: %s\n", s->name, err.message);
  } else {
    for (int i = 0; i < b.node.n_in; i++)
      if (b.launch.in[i].space == PLEAT_SPACE_ARENA) fill(cpu, be, program, &b.launch.in[i]);
    double best = 1e9, total = 0;
    for (int i = 0; i < 200 && (total < 1500 || i < 4) && (i < 20 || total < 200); i++) {
      double start = pleat_os_time_ms();
      if (cpu->run(be, program, 0, 1, 0, &err)) break;
      double ms = pleat_os_time_ms() - start;
      total += ms;
      if (i && ms < best) best = ms; /* the first touches the memory */
    }
    printf("%-24s %-26s %dT %9.3f ms %7.1f GFLOP/s %6.1f GB/s  scratch %.2f MB\n", s->name, s->sizes, n_threads, best,
           s->flops / best * 1e-6, b.bytes / best * 1e-6, (double)cpu->scratch_bytes(be, &b.launch) * 1e-6);
    cpu->program_destroy(be, program);
  }
  if (model) cpu->model_destroy(be, model);
  if (be) cpu->close(be);
}

#define LN \
  { .a = 1e-5f }
#define PAIR (256.0 * 256)
#define MSA  (128.0 * 256)
static const shape shapes[] = {
    {"linear in cache", PLEAT_OP_LINEAR, "ijc,cd,d->ijd", "AMP", "i64j64c128d128", {.a = 0}, -1, 2 * 4096. * 128 * 128},
    {"linear pair", PLEAT_OP_LINEAR, "ijc,cd,d->ijd", "AMP", "i256j256c128d128", {.a = 0}, -1, 2 * PAIR * 128 * 128},
    {"linear single", PLEAT_OP_LINEAR, "ic,cd,d->id", "AMP", "i58c384d384", {.a = 0}, -1, 2 * 58. * 384 * 384},
    {"fl norm", PLEAT_OP_FUSED_LINEAR, "ijc,c,c,cd,d,,,,,->ijd", "APPMP-----", "i256j256c128d128", LN, -1,
     2 * PAIR * 128 * 128},
    {"fl norm gate mask", PLEAT_OP_FUSED_LINEAR, "ijc,c,c,cd,d,cd,d,,ij,->ijd", "APPMPMP-A-", "i256j256c128d128", LN,
     -1, 4 * PAIR * 128 * 128},
    {"fl norm gate mask bf16", PLEAT_OP_FUSED_LINEAR, "ijc,c,c,cd,d,cd,d,,ij,->ijd", "HPPMPMP-A-", "i256j256c128d128",
     LN, -1, 4 * PAIR * 128 * 128},
    {"fl residual", PLEAT_OP_FUSED_LINEAR, "ijc,,,cd,d,,,,,ijd->ijd", "A--MP----A", "i256j256c128d128", LN, 9,
     2 * PAIR * 128 * 128},
    {"fl heads turned", PLEAT_OP_FUSED_LINEAR, "ijc,c,c,ch,,,,,,->hij", "APPM------", "i256j256c128h8", LN, -1,
     2 * PAIR * 128 * 8},
    {"transition pair", PLEAT_OP_TRANSITION, "ijc,c,c,ce,e,ed,d,ijd->ijd", "APPMPMPA", "i256j256c128e512d128", LN, 0,
     16 * PAIR * 128 * 128},
    {"transition msa", PLEAT_OP_TRANSITION, "sic,c,c,ce,e,ed,d,sid->sid", "APPMPMPA", "s128i256c256e1024d256", LN, 0,
     16 * MSA * 256 * 256},
    {"transition msa bf16", PLEAT_OP_TRANSITION, "sic,c,c,ce,e,ed,d,sid->sid", "APPBPBPA", "s512i128c256e1024d256", LN,
     0, 32 * MSA * 256 * 256},
    {"fl norm msa bf16", PLEAT_OP_FUSED_LINEAR, "sic,c,c,cd,d,,,,,->sid", "APPBP-----H", "s512i128c256d256", LN, -1,
     4 * MSA * 256 * 256},
    {"fl residual msa bf16", PLEAT_OP_FUSED_LINEAR, "sic,,,cd,d,,,,sid->sid", "H--BP----AA", "s512i128c256d256", LN, 9,
     4 * MSA * 256 * 256},
    {"attention row",
     PLEAT_OP_ATTENTION,
     "sihc,sjhc,sjhd,hij,sj,sihd->sihd",
     "AAAAAA",
     "s128i256j256h8c32d32",
     {.a = 0.17f},
     -1,
     4 * MSA * 256 * 256},
    {"attention column",
     PLEAT_OP_ATTENTION,
     "sihc,tihc,tihd,,ti,sihd->sihd",
     "AAA-AA",
     "s128t128i256h8c32d32",
     {.a = 0.17f},
     -1,
     4 * MSA * 128 * 256},
    {"attention msa row bf16",
     PLEAT_OP_ATTENTION,
     "sihc,sjhc,sjhd,hij,sj,sihd->sihd",
     "HHHHAH",
     "s512i128j128h8c32d32",
     {.a = 0.17f},
     -1,
     8 * MSA * 128 * 256},
    {"attention msa col bf16",
     PLEAT_OP_ATTENTION,
     "sihc,tihc,tihd,,ti,sihd->sihd",
     "HHH-AH",
     "s512t512i128h8c32d32",
     {.a = 0.17f},
     -1,
     8 * MSA * 512 * 256},
    {"attention triangle",
     PLEAT_OP_ATTENTION,
     "bihc,bjhc,bjhd,hij,bj,bihd->bihd",
     "AAAAAA",
     "b256i256j256h4c32d32",
     {.a = 0.17f},
     -1,
     4 * PAIR * 256 * 128},
    {"attention triangle bf16",
     PLEAT_OP_ATTENTION,
     "bihc,bjhc,bjhd,hij,bj,bihd->bihd",
     "HHHHAH",
     "b256i256j256h4c32d32",
     {.a = 0.17f},
     -1,
     4 * PAIR * 256 * 128},
    {"attention ending bf16",
     PLEAT_OP_ATTENTION,
     "ibhc,jbhc,jbhd,hij,jb,ibhd->ibhd",
     "HHHHAH",
     "b256i256j256h4c32d32",
     {.a = 0.17f},
     -1,
     4 * PAIR * 256 * 128},
    {"attention small bf16",
     PLEAT_OP_ATTENTION,
     "bihc,bjhc,bjhd,hij,bj,bihd->bihd",
     "HHHHAH",
     "b100i100j100h4c32d32",
     {.a = 0.17f},
     -1,
     4 * 1e6 * 128},
    {"attention extra row",
     PLEAT_OP_ATTENTION,
     "sihc,sjhc,sjhd,hij,sj,sihd->sihd",
     "AAAAAA",
     "s128i256j256h8c8d8",
     {.a = 0.35f},
     -1,
     4 * MSA * 256 * 64},
    {"triangle outgoing",
     PLEAT_OP_CONTRACT,
     "ikc,jkc->ijc",
     "AA",
     "i256j256k256c128",
     {.a = 0},
     -1,
     2 * PAIR * 256 * 128},
    {"triangle incoming",
     PLEAT_OP_CONTRACT,
     "kjc,kic->ijc",
     "AA",
     "i256j256k256c128",
     {.a = 0},
     -1,
     2 * PAIR * 256 * 128},
    {"triangle outgoing bf16",
     PLEAT_OP_CONTRACT,
     "ikc,jkc->ijc",
     "HH",
     "i256j256k256c128",
     {.a = 0},
     -1,
     2 * PAIR * 256 * 128},
    {"triangle incoming bf16",
     PLEAT_OP_CONTRACT,
     "kjc,kic->ijc",
     "HH",
     "i256j256k256c128",
     {.a = 0},
     -1,
     2 * PAIR * 256 * 128},
    {"triangle small bf16", PLEAT_OP_CONTRACT, "ikc,jkc->ijc", "HH", "i100j100k100c128", {.a = 0}, -1, 2 * 1e6 * 128},
    {"outer product deep",
     PLEAT_OP_OUTER_PRODUCT,
     "sic,sjd,cdz,z,ij,ijz->ijz",
     "AAQPAA",
     "s128i256j256c32d32z128",
     {.a = 0},
     5,
     (2048. * 128 + 262144) * PAIR},
    {"outer product single",
     PLEAT_OP_OUTER_PRODUCT,
     "sic,sjd,cdz,z,ij,ijz->ijz",
     "AAQPAA",
     "s1i256j256c32d32z128",
     {.a = 0},
     5,
     8192 * PAIR},
    {"outer product deep bf16",
     PLEAT_OP_OUTER_PRODUCT,
     "sic,sjd,cdz,z,ij,ijz->ijz",
     "HHRPAA",
     "s128i256j256c32d32z128",
     {.a = 0},
     5,
     (2048. * 128 + 262144) * PAIR},
    {"outer product single bf16",
     PLEAT_OP_OUTER_PRODUCT,
     "sic,sjd,cdz,z,ij,ijz->ijz",
     "HHRPAA",
     "s1i100j100c32d32z128",
     {.a = 0},
     5,
     8192 * 1e4},
#define PEER(rows, size, k, n)                                                                                \
  {"peer f32", PLEAT_OP_LINEAR, "ijc,cd->ijd", "AM", size, {.a = 0}, -1, 2. * (rows) * (rows) * (k) * (n)}, { \
    "peer bf16", PLEAT_OP_LINEAR, "ijc,cd->ijd", "HB", size, {.a = 0}, -1, 2. * (rows) * (rows) * (k) * (n)   \
  }
    PEER(128, "i128j128c128d128", 128, 128),
    PEER(128, "i128j128c256d256", 256, 256),
    PEER(128, "i128j128c128d512", 128, 512),
    PEER(128, "i128j128c512d128", 512, 128),
    PEER(384, "i384j384c128d128", 128, 128),
    PEER(384, "i384j384c256d256", 256, 256),
    PEER(384, "i384j384c128d512", 128, 512),
    PEER(384, "i384j384c512d128", 512, 128),
    {"layer_norm", PLEAT_OP_LAYER_NORM, "ijc,c,c->ijc", "APP", "i256j256c128", LN, -1, 0},
    {"add", PLEAT_OP_ADD, "ijc,ijc->ijc", "AA", "i256j256c128", {.a = 0}, -1, PAIR * 128},
    {"permute", PLEAT_OP_PERMUTE, "ijc->cij", "A", "i256j256c128", {.a = 0}, -1, 0},
    {"sum", PLEAT_OP_SUM, "sic->ic", "A", "s128i256c256", {.a = 0}, -1, MSA * 256},
    {"softmax", PLEAT_OP_SOFTMAX, "hij->hij", "A", "h8i256j256", {.letter = 'j'}, -1, 0},
    {"point logits", PLEAT_OP_POINT_LOGITS, "ihpx,jhpx,h->hij", "AAP", "i256j256h12p4x3", {.a = 0}, -1, 36 * PAIR * 12},
    {"lookup add", PLEAT_OP_LOOKUP_ADD, "rc,ij,,ijc->ijc", "PA-A", "r65i256j256c128", {.a = 0}, 3, 0},
};

int kern_bench(const char *filter) {
  for (int i = 0; i <= pleat_cpu_level_highest(); i++) bench_kernels(pleat_cpu_level_name(i));
  int n_cores = pleat_os_cores();
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (!strstr(shapes[i].name, filter)) continue;
    bench_shape(&shapes[i], 1);
    if (n_cores > 1) bench_shape(&shapes[i], n_cores);
  }
  return 0;
}
