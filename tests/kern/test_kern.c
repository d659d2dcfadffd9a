/* Every SIMD kernel at every instruction set of this machine against float64 arithmetic written out here: odd sizes,
 * guards around results, NaN, infinities, denormals, huge logits, fully masked rows.
 *   test_kern            checks            test_kern --bench     GFLOP/s and GB/s of kernels and of the model's shapes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"

#include "backend/cpu/kern/kern.h"
#include "base/rng.h"
#include "kern/kern_bench.h"
#include "tensor/half.h"

enum { GUARD = 64, MAX_N = 4096 };
static const float guard_value = -12345.5f;

static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 257};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

/* A guarded array: data[0, n) inside a larger one. */
typedef struct guarded {
  float *all, *data;
  int64_t n;
} guarded;

static guarded guarded_new(int64_t n) {
  guarded g = {.all = malloc((size_t)(n + 2 * GUARD) * sizeof(float)), .n = n};
  if (!g.all) abort();
  for (int64_t i = 0; i < n + 2 * GUARD; i++) g.all[i] = guard_value;
  g.data = g.all + GUARD - 3; /* not aligned */
  return g;
}

static void guarded_check(guarded *g, const char *what) {
  bool is_intact = true;
  for (float *p = g->all; p < g->data; p++) is_intact &= *p == guard_value;
  for (float *p = g->data + g->n; p < g->all + g->n + 2 * GUARD; p++) is_intact &= *p == guard_value;
  if (!CHECK(is_intact)) fprintf(stderr, "  written outside its result: %s\n", what);
  free(g->all);
}

/* Half an ulp of 1: what one rounding may add, relative to the result. */
static const double rounding = 0x1p-24;

/* Error of a sum of n terms in `lanes` partial sums and a tail, relative to the sum of their sizes: one rounding per
 * addition that a term goes through, and `extra` for what was done to it before. */
static double sum_tolerance(int64_t n, int64_t lanes, double extra) {
  int64_t n_tail = n < 2 * lanes ? n : 2 * lanes;
  return ((double)(n / lanes + n_tail) + log2((double)lanes) + extra) * rounding;
}

static void draw(pleat_rng *rng, int64_t n, float *dst, double scale) {
  for (int64_t i = 0; i < n; i++) dst[i] = (float)((pleat_rng_uniform(rng) * 2 - 1) * scale);
}

/* |got - want| <= tol * size, where size bounds the terms that were added. NaN equals NaN. */
static void near_scaled(float got, double want, double size, double tol, const char *what) {
  if (isnan(want) || isinf(want)) {
    if (!CHECK(isnan(want) ? isnan(got) : (double)got == want)) fprintf(stderr, "  %s: %g, not %g\n", what, got, want);
  } else if (!CHECK(fabs(got - want) <= tol * size + 1e-44)) {
    fprintf(stderr, "  %s: %.9g, not %.9g\n", what, got, want);
  }
}

static bool same_bits(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

static void test_gemm_shape(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t m, int64_t K, int flags) {
  bool is_wide = flags & 1, is_adding = flags & 2, is_turned = flags & 4, has_special = flags & 8;
  int64_t width = is_wide ? 2 * kern->vl : kern->vl, ldc = width + 3;
  int64_t a_rs = is_turned ? 1 : K + 5, a_ks = is_turned ? m + 2 : 1;
  guarded a = guarded_new((m + 2) * (K + 5)), b = guarded_new(K * width), c = guarded_new(m * ldc);
  float *before = malloc((size_t)(m * ldc + 1) * sizeof *before);
  if (!before) abort();
  draw(rng, a.n, a.data, 1);
  draw(rng, b.n, b.data, 1);
  draw(rng, c.n, c.data, 1);
  if (has_special) {
    a.data[(m - 1) * a_rs] = NAN;
    a.data[(m / 2) * a_rs] = INFINITY;
    b.data[(K - 1) * width + width - 1] = -INFINITY;
    b.data[(K - 1) * width] = 0;
  }
  memcpy(before, c.data, (size_t)c.n * sizeof *before);
  kern->gemm(&(pleat_cpu_gemm){.m = m,
                               .width = width,
                               .K = K,
                               .a = a.data,
                               .a_rs = a_rs,
                               .a_ks = a_ks,
                               .b = b.data,
                               .b_ks = width,
                               .c = c.data,
                               .ldc = ldc,
                               .is_adding = is_adding});
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < ldc; j++) {
      double want = before[i * ldc + j], size = fabs(want);
      if (j < width) {
        if (!is_adding) want = size = 0;
        for (int64_t k = 0; k < K; k++) {
          double term = (double)a.data[i * a_rs + k * a_ks] * b.data[k * width + j];
          want += term;
          size += fabs(term);
        }
      }
      /* one or two roundings per term */
      near_scaled(c.data[i * ldc + j], want, size, sum_tolerance(2 * K, 1, 1), "gemm");
    }
  }
  free(before);
  guarded_check(&a, "gemm a");
  guarded_check(&b, "gemm b");
  guarded_check(&c, "gemm c");
}

static void test_gemm(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  static const int64_t depths[] = {0, 1, 2, 7, 32, 65};
  for (int64_t m = 0; m <= 2 * kern->mr + 1; m++)
    for (int d = 0; d < 6; d++) test_gemm_shape(kern, rng, m, depths[d], (int)(pleat_rng_u64(rng) % 8));
  for (int flags = 0; flags < 16; flags++) test_gemm_shape(kern, rng, 3 * kern->mr + 1, 33, flags);
  for (int flags = 0; flags < 4; flags++) test_gemm_shape(kern, rng, kern->mr + 1, 2000, flags);
}

/* An element comes out the same, bit for bit, wherever it lies in the block that is computed. */
static void test_gemm_blocks(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  enum { M = 2 * PLEAT_CPU_MAX_NR + 1, K = 37, LD = PLEAT_CPU_MAX_NR };
  float a[M * K], b[K * LD], whole[M * LD], part[LD];
  draw(rng, M * K, a, 1);
  draw(rng, K * LD, b, 1);
  pleat_cpu_gemm g = {.m = M, .width = 2 * kern->vl, .K = K, .a = a, .a_rs = K, .a_ks = 1, .b = b, .b_ks = LD};
  g.c = whole;
  g.ldc = LD;
  kern->gemm(&g);
  bool is_same = true;
  for (int64_t i = 0; i < M; i++) {
    for (int64_t j = 0; j < 2 * kern->vl; j += kern->vl) {
      pleat_cpu_gemm one = {.m = 1, .width = kern->vl, .K = K, .a = a + i * K, .a_rs = K, .a_ks = 1, .b = b + j};
      one.b_ks = LD;
      one.c = part;
      one.ldc = LD;
      kern->gemm(&one);
      is_same &= memcmp(part, whole + i * LD + j, (size_t)kern->vl * sizeof *part) == 0;
    }
  }
  if (!CHECK(is_same)) fprintf(stderr, "  %s: a row or a vector alone differs from the block\n", kern->name);
}

static uint16_t draw_bf16(pleat_rng *rng) { return pleat_bf16_from_f32((float)(pleat_rng_uniform(rng) * 2 - 1)); }

static void test_gemm_bf16_shape(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t m, int64_t n_pairs, int flags) {
  bool is_wide = flags & 1, is_adding = flags & 2, has_special = flags & 4;
  int64_t width = is_wide ? 2 * kern->vl : kern->vl, ldc = width + 3, b_ps = 2 * width;
  int64_t a_rs = 2 * n_pairs + 7, n_a = m * a_rs, n_b = n_pairs * b_ps;
  uint16_t *a = malloc((size_t)(n_a + 1) * sizeof *a), *b = malloc((size_t)(n_b + 1) * sizeof *b);
  guarded c = guarded_new(m * ldc);
  float *before = malloc((size_t)(m * ldc + 1) * sizeof *before);
  if (!a || !b || !before) abort();
  for (int64_t i = 0; i < n_a; i++) a[i] = draw_bf16(rng);
  for (int64_t i = 0; i < n_b; i++) b[i] = draw_bf16(rng);
  draw(rng, c.n, c.data, 1);
  if (has_special) {
    uint16_t *last = b + (n_pairs - 1) * b_ps + 1; /* odd k of column 0 */
    a[(m - 1) * a_rs] = pleat_bf16_from_f32(NAN);
    a[(m / 2) * a_rs] = pleat_bf16_from_f32(INFINITY);
    last[2 * (width - 1)] = pleat_bf16_from_f32(-INFINITY);
    last[0] = 0;
  }
  memcpy(before, c.data, (size_t)c.n * sizeof *before);
  kern->gemm_bf16(&(pleat_cpu_gemm_bf16){.m = m,
                                         .width = width,
                                         .n_pairs = n_pairs,
                                         .a = a,
                                         .a_rs = a_rs,
                                         .b = b,
                                         .b_ps = b_ps,
                                         .c = c.data,
                                         .ldc = ldc,
                                         .is_adding = is_adding});
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < ldc; j++) {
      double want = before[i * ldc + j], size = fabs(want);
      if (j < width) {
        if (!is_adding) want = size = 0;
        for (int64_t k = 0; k < 2 * n_pairs; k++) {
          double term =
              (double)pleat_f32_from_bf16(a[i * a_rs + k]) * pleat_f32_from_bf16(b[k / 2 * b_ps + 2 * j + k % 2]);
          want += term;
          size += fabs(term);
        }
      }
      /* Two halves of an ulp per term at most: a rounding to nearest for each, or one to odd, off by up to an ulp, for the
       * sum of the pair and one for its addition (bfmmla). In long sums they cancel. */
      near_scaled(c.data[i * ldc + j], want, size, fmin(1e-6, sum_tolerance(2 * n_pairs, 1, 1)), "gemm_bf16");
    }
  }
  free(a);
  free(b);
  free(before);
  guarded_check(&c, "gemm_bf16 c");
}

static void test_gemm_bf16(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  static const int64_t depths[] = {0, 1, 2, 7, 16, 65};
  for (int64_t m = 0; m <= 2 * kern->mr + 1; m++)
    for (int d = 0; d < 6; d++) test_gemm_bf16_shape(kern, rng, m, depths[d], (int)(pleat_rng_u64(rng) % 4));
  for (int flags = 0; flags < 8; flags++) test_gemm_bf16_shape(kern, rng, 3 * kern->mr + 1, 33, flags);
  for (int flags = 0; flags < 4; flags++) test_gemm_bf16_shape(kern, rng, kern->mr + 1, 1001, flags);
}

/* The same for rows; a panel has one width, and AMX is for wide ones. */
static void test_gemm_bf16_blocks(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t width) {
  enum { M = 2 * PLEAT_CPU_MAX_NR + 1, PAIRS = 37, LD = PLEAT_CPU_MAX_NR };
  uint16_t a[M * 2 * PAIRS], b[PAIRS * 2 * LD];
  float whole[M * LD], part[LD];
  for (int i = 0; i < M * 2 * PAIRS; i++) a[i] = draw_bf16(rng);
  for (int i = 0; i < PAIRS * 2 * LD; i++) b[i] = draw_bf16(rng);
  pleat_cpu_gemm_bf16 g = {.m = M, .width = width, .n_pairs = PAIRS, .a = a, .a_rs = 2 * PAIRS, .b = b, .ldc = LD};
  g.b_ps = 2 * width;
  g.c = whole;
  kern->gemm_bf16(&g);
  bool is_same = true;
  for (int64_t i = 0; i < M; i++) {
    pleat_cpu_gemm_bf16 one = g;
    one.m = 1;
    one.a = a + i * g.a_rs;
    one.c = part;
    kern->gemm_bf16(&one);
    is_same &= memcmp(part, whole + i * LD, (size_t)width * sizeof *part) == 0;
  }
  if (!CHECK(is_same)) fprintf(stderr, "  %s: bf16: a row alone differs from the block\n", kern->name);
}

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }

static void test_epilogue(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  enum { ROWS = 5, LD = 40 };
  int64_t at[ROWS] = {80, 0, 160, 240, 40};
  for (int trial = 0; trial < 64; trial++) {
    uint64_t bits = pleat_rng_u64(rng);
    int64_t n = bits & 1 ? kern->vl : 2 * kern->vl;
    float y[ROWS * LD], gate[ROWS * LD], bias[LD], gate_bias[LD], row_mul[ROWS], row_div[ROWS], view[4][320],
        old[ROWS * LD];
    uint16_t half[320];
    draw(rng, ROWS * LD, y, 3);
    draw(rng, ROWS * LD, gate, 3);
    draw(rng, LD, bias, 1);
    draw(rng, LD, gate_bias, 1);
    draw(rng, ROWS, row_mul, 2);
    draw(rng, 4 * 320, view[0], 2);
    for (int i = 0; i < ROWS; i++) row_div[i] = 0.5f + (float)i;
    for (int i = 0; i < 320; i++) view[2][i] = 1.5f + view[2][i] / 2;
    if (bits >> 20 & 1) y[0] = NAN;
    if (bits >> 21 & 1) y[LD + 1] = INFINITY;
    if (bits >> 22 & 1) y[2 * LD + n - 1] = -INFINITY;
    memcpy(old, y, sizeof y);
    for (int i = 0; i < 320; i++) half[i] = 0xABCD;
    guarded dst = guarded_new(320);
    pleat_cpu_epilogue e = {.rows = ROWS, .n = n, .ld = LD, .y = y, .act = (uint8_t)(bits >> 1) % 3, .dst_at = at};
    pleat_cpu_rows_view *views[4] = {&e.mul, &e.mul2, &e.divisor, &e.residual};
    uint16_t half_view[4][320];
    for (int v = 0; v < 4; v++) {
      bool is_half = bits >> (23 + v) & 1;
      if (bits >> (8 + v) & 1)
        *views[v] =
            (pleat_cpu_rows_view){.x = is_half ? NULL : view[v], .x_bf16 = is_half ? half_view[v] : NULL, .at = at};
      for (int i = 0; i < 320; i++) {
        half_view[v][i] = pleat_bf16_from_f32(view[v][i]);
        if (is_half) view[v][i] = pleat_f32_from_bf16(half_view[v][i]);
      }
    }
    if (bits >> 12 & 1) e.bias = bias;
    if (bits >> 13 & 1) e.gate = gate;
    if (bits >> 14 & 1) e.gate_bias = gate_bias;
    if (bits >> 15 & 1) e.row_mul = row_mul;
    if (bits >> 16 & 1) e.row_div = row_div;
    int target = (int)((bits >> 17) % 3);
    bool is_intact = true;
    if (target == 1) e.dst_f32 = dst.data;
    if (target == 2) e.dst_bf16 = half;
    kern->epilogue(&e);
    for (int r = 0; r < ROWS; r++) {
      for (int64_t j = 0; j < n; j++) {
        double want = old[r * LD + j] + (e.bias ? bias[j] : 0);
        if (e.act == PLEAT_ACT_RELU && want < 0) want = 0;
        if (e.act == PLEAT_ACT_SIGMOID) want = sigmoid_of(want);
        if (e.gate) want *= sigmoid_of(gate[r * LD + j] + (e.gate_bias ? gate_bias[j] : 0));
        if (bits >> 8 & 1) want *= view[0][at[r] + j];
        if (bits >> 9 & 1) want *= view[1][at[r] + j];
        if (e.row_mul) want *= row_mul[r];
        if (bits >> 10 & 1) want /= view[2][at[r] + j];
        if (e.row_div) want /= row_div[r];
        if (bits >> 11 & 1) want += view[3][at[r] + j];
        float got = target == 1   ? dst.data[at[r] + j]
                    : target == 2 ? pleat_f32_from_bf16(half[at[r] + j])
                                  : y[r * LD + j];
        near_scaled(got, want, fabs(want) + 20, target == 2 ? 4e-3 : 1e-6, "epilogue");
      }
      for (int64_t j = target == 0 ? n : 0; j < LD; j++) is_intact &= same_bits(y[r * LD + j], old[r * LD + j]);
      for (int64_t j = target == 1 ? n : 0; j < LD; j++) is_intact &= dst.data[at[r] + j] == guard_value;
      for (int64_t j = target == 2 ? n : 0; j < LD; j++) is_intact &= half[at[r] + j] == 0xABCD;
    }
    CHECK(is_intact);
    guarded_check(&dst, "epilogue");
  }
}

/* The two together give, bit for bit, what they give one after the other: every set of parts, and rows left over. */
static void test_gemm_epilogue(const pleat_cpu_kernels *kern, pleat_rng *rng, bool is_bf16, unsigned parts) {
  enum { M = 2 * PLEAT_CPU_MAX_NR + 1, K = 12, NR = PLEAT_CPU_MAX_NR, LD = NR + 9 };
  int64_t m = (int64_t)(pleat_rng_u64(rng) % (M + 1)), nr = parts & 1 ? kern->vl : 2 * kern->vl, at[M];
  float a[M * K], b[2][K * NR], view[2][M * LD], vector[2][M], product[3][M * NR], gate[3][M * NR];
  float f32[2][M * LD];
  uint16_t a_bf16[M * K], b_bf16[2 * K * NR], view_bf16[M * LD], bf16[2][M * LD];
  draw(rng, M * K, a, 1);
  draw(rng, 2 * K * NR, b[0], 1);
  draw(rng, 2 * M * LD, view[0], 1);
  draw(rng, 2 * M, vector[0], 1);
  draw(rng, M * NR, product[0], 1);
  for (int i = 0; i < M * K; i++) a_bf16[i] = draw_bf16(rng);
  for (int i = 0; i < 2 * K * NR; i++) b_bf16[i] = draw_bf16(rng);
  for (int i = 0; i < M * LD; i++) view_bf16[i] = draw_bf16(rng);
  if (parts & 2) a[0] = NAN, a[K] = INFINITY;
  for (int i = 0; i < M; i++) at[i] = (i ^ 1) < m ? (i ^ 1) * LD : i * LD; /* rows in pairs, swapped */
  for (int way = 0; way < 2; way++) {
    float *y = memcpy(product[1 + way], product[0], sizeof product[0]);
    for (int i = 0; i < M * LD; i++) f32[way][i] = guard_value, bf16[way][i] = 0xABCD;
    pleat_cpu_epilogue e = {.rows = m, .n = nr, .ld = NR, .y = y, .act = (uint8_t)(parts >> 2 & 3) % 3, .dst_at = at};
    if (parts & 16) e.gate = gate[way];
    if (parts & 32) e.bias = e.gate_bias = vector[0];
    if (parts & 64) e.row_mul = vector[1];
    if (parts & 128) e.mul = (pleat_cpu_rows_view){.x_bf16 = view_bf16, .at = at};
    if (parts & 256) e.residual = (pleat_cpu_rows_view){.x = view[0], .at = at};
    if ((parts & 1536) == 1536) e.mul2 = (pleat_cpu_rows_view){.x = view[1], .at = at};
    if ((parts & 1536) == 1024) e.row_div = vector[1];
    if (parts & 2048) e.dst_f32 = f32[way];
    if ((parts & 6144) == 4096) e.dst_bf16 = bf16[way];
    pleat_cpu_gemm g = {m, nr, K, a, K, 1, b[0], nr, y, NR, parts & 8192}, gate_g = g;
    pleat_cpu_gemm_bf16 h = {m, nr, K / 2, a_bf16, K, b_bf16, 2 * nr, y, NR, parts & 8192}, gate_h = h;
    gate_g.b = b[1], gate_h.b = b_bf16 + K * NR;
    gate_g.c = gate_h.c = gate[way];
    gate_g.is_adding = gate_h.is_adding = false;
    if (way && is_bf16) {
      kern->gemm_bf16_epilogue(&h, e.gate ? &gate_h : NULL, &e);
    } else if (way) {
      kern->gemm_epilogue(&g, e.gate ? &gate_g : NULL, &e);
    } else {
      is_bf16 ? kern->gemm_bf16(&h) : kern->gemm(&g);
      if (e.gate) is_bf16 ? kern->gemm_bf16(&gate_h) : kern->gemm(&gate_g);
      kern->epilogue(&e);
    }
    if (!(parts & 6144)) /* the result stays in y */
      for (int64_t r = 0; r < m; r++) memcpy(f32[way] + r * LD, y + r * NR, (size_t)nr * sizeof *y);
  }
  bool is_same = true; /* a NaN of two may be either */
  for (int i = 0; i < M * LD; i++) {
    float half[2] = {pleat_f32_from_bf16(bf16[0][i]), pleat_f32_from_bf16(bf16[1][i])};
    is_same &= same_bits(f32[0][i], f32[1][i]) || (isnan(f32[0][i]) && isnan(f32[1][i]));
    is_same &= bf16[0][i] == bf16[1][i] || (isnan(half[0]) && isnan(half[1]));
  }
  if (!CHECK(is_same)) fprintf(stderr, "  %s: gemm%s_epilogue, parts %x\n", kern->name, is_bf16 ? "_bf16" : "", parts);
}

/* kind: 0 a mean that dwarfs the spread, 1 no spread at all, 2 an infinity, 3 NaN; odd sizes are normalised in place. */
static void test_layer_norm(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t n, int kind) {
  guarded x = guarded_new(n), scale = guarded_new(n), offset = guarded_new(n), result = guarded_new(n);
  draw(rng, n, x.data, kind == 1 ? 0 : 4);
  draw(rng, n, scale.data, 2);
  draw(rng, n, offset.data, 2);
  for (int64_t i = 0; i < n; i++) x.data[i] += 100;
  if (kind >= 2) x.data[n / 2] = kind == 2 ? INFINITY : NAN;
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < n; i++) mean += x.data[i] / (double)n;
  for (int64_t i = 0; i < n; i++) variance += (x.data[i] - mean) * (x.data[i] - mean) / (double)n;
  double spread = sqrt(variance + 1e-5), tolerance = sum_tolerance(n, kern->vl, 8);
  float *dst = result.data;
  if (n % 2) dst = memcpy(dst, x.data, (size_t)n * sizeof *dst);
  kern->layer_norm(n, n % 2 ? dst : x.data, scale.data, offset.data, 1e-5f, dst);
  for (int64_t i = 0; i < n; i++) {
    double y = (x.data[i] - mean) / spread * scale.data[i];
    /* the mean, up to 104, is rounded too */
    double size = fabs(y) + fabs((double)offset.data[i]) + 104 / spread * fabs((double)scale.data[i]);
    near_scaled(dst[i], kind >= 2 ? (double)NAN : y + offset.data[i], size, tolerance, "layer_norm");
  }
  guarded_check(&x, "layer_norm x");
  guarded_check(&scale, "layer_norm scale");
  guarded_check(&offset, "layer_norm offset");
  guarded_check(&result, "layer_norm dst");
}

/* Rows at once, of float32 or bf16, to either; row 1 holds an infinity, row 2 a NaN: they stay alone. */
static void test_norm_rows(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t rows, int64_t n, int kind) {
  bool from_bf16 = kind & 1, to_bf16 = kind & 2;
  int64_t ld = n + 5, *at = malloc((size_t)(rows + 1) * sizeof *at);
  guarded x = guarded_new(rows * n), scale = guarded_new(n), offset = guarded_new(n), result = guarded_new(rows * ld);
  uint16_t *x_bf16 = malloc((size_t)(rows * n + 1) * sizeof *x_bf16), *half = calloc((size_t)(rows * ld + 1), 2);
  float *alone = malloc((size_t)n * sizeof *alone);
  if (!alone || !at || !x_bf16 || !half) abort();
  draw(rng, x.n, x.data, 4);
  draw(rng, n, scale.data, 2);
  draw(rng, n, offset.data, 2);
  for (int64_t r = 0; r < rows; r++) at[r] = (rows - 1 - r) * n;
  for (int64_t i = 0; i < x.n; i++) x.data[i] += 10;
  if (rows > 2) x.data[at[1] + n / 2] = INFINITY;
  if (rows > 2) x.data[at[2] + n / 3] = NAN;
  for (int64_t i = 0; i < x.n; i++) x_bf16[i] = pleat_bf16_from_f32(x.data[i]);
  for (int64_t i = 0; from_bf16 && i < x.n; i++) x.data[i] = pleat_f32_from_bf16(x_bf16[i]);
  kern->norm_rows(
      &(pleat_cpu_norm_rows){.rows = rows,
                             .n = n,
                             .x = {.x = from_bf16 ? NULL : x.data, .x_bf16 = from_bf16 ? x_bf16 : NULL, .at = at},
                             .scale = scale.data,
                             .offset = offset.data,
                             .eps = 1e-5f,
                             .dst_f32 = to_bf16 ? NULL : result.data,
                             .dst_bf16 = to_bf16 ? half : NULL,
                             .ld = ld});
  for (int64_t r = 0; r < rows; r++) {
    const float *row = x.data + at[r];
    bool is_special = rows > 2 && (r == 1 || r == 2), is_intact = true, is_same = true;
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < n; i++) mean += row[i] / (double)n;
    for (int64_t i = 0; i < n; i++) variance += (row[i] - mean) * (row[i] - mean) / (double)n;
    double spread = sqrt(variance + 1e-5), tolerance = sum_tolerance(n, kern->vl, 8);
    kern->layer_norm(n, row, scale.data, offset.data, 1e-5f, alone);
    for (int64_t i = 0; i < n; i++) {
      double y = (row[i] - mean) / spread * scale.data[i] + offset.data[i];
      double size = fabs(y) + fabs((double)offset.data[i]) * 2 + 14 / spread * fabs((double)scale.data[i]);
      float got = to_bf16 ? pleat_f32_from_bf16(half[r * ld + i]) : result.data[r * ld + i];
      near_scaled(got, is_special ? (double)NAN : y, size, tolerance + (to_bf16 ? 0x1p-8 : 0), "norm_rows");
      is_same &= is_special || (to_bf16 ? half[r * ld + i] == pleat_bf16_from_f32(alone[i]) : same_bits(got, alone[i]));
    }
    for (int64_t i = n; i < ld; i++) is_intact &= result.data[r * ld + i] == guard_value && half[r * ld + i] == 0;
    CHECK(is_intact);
    CHECK(is_same);
  }
  free(alone);
  free(at);
  free(x_bf16);
  free(half);
  guarded_check(&x, "norm_rows x");
  guarded_check(&scale, "norm_rows scale");
  guarded_check(&offset, "norm_rows offset");
  guarded_check(&result, "norm_rows dst");
}

static void test_rows(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  for (int64_t vectors = 1; vectors <= 17; vectors++)
    for (int kind = 0; kind < 4; kind++)
      test_norm_rows(kern, rng, (int64_t)(pleat_rng_u64(rng) % 40), vectors * kern->vl, kind);
  for (int s = 0; s < N_SIZES; s++) {
    int64_t n = sizes[s];
    for (int kind = 0; kind < 4; kind++) test_layer_norm(kern, rng, n, kind);
    guarded x = guarded_new(n), acc = guarded_new(n);
    double total = 0, size = 0;
    draw(rng, n, x.data, 4);
    draw(rng, n, acc.data, 1);
    for (int64_t i = 0; i < n; i++) {
      total += x.data[i];
      size += fabs((double)x.data[i]);
    }
    near_scaled(kern->sum(n, x.data), total, size, sum_tolerance(n, kern->vl, 0), "sum");
    float *before = malloc((size_t)n * sizeof *before);
    if (!before) abort();
    if (s % 2) x.data[n / 2] = s % 4 == 1 ? INFINITY : NAN;
    memcpy(before, acc.data, (size_t)n * sizeof *before);
    kern->add_square(n, x.data, 1.5f, acc.data);
    for (int64_t i = 0; i < n; i++) {
      double d = (double)x.data[i] - 1.5, want = before[i] + d * d;
      near_scaled(acc.data[i], want, fabs((double)before[i]) + d * d, 4 * rounding, "add_square");
    }
    if (s % 2) near_scaled(kern->sum(n, x.data), x.data[n / 2], 0, 0, "sum of a special value");
    free(before);
    guarded_check(&x, "rows x");
    guarded_check(&acc, "rows acc");
  }
  CHECK(kern->sum(0, NULL) == 0);
}

/* One row of logits. */
static float max_of(const pleat_cpu_kernels *kern, int64_t n, float *x, float scale, const float *bias,
                    const float *mask) {
  static const int64_t at;
  float max = NAN;
  kern->logits_max(&(pleat_cpu_logits){.rows = 1,
                                       .n = n,
                                       .x = x,
                                       .scale = scale,
                                       .bias = {.x = bias, .at = &at},
                                       .mask = {.x = mask, .at = &at},
                                       .max = &max});
  return max;
}

static float exp_of(const pleat_cpu_kernels *kern, int64_t n, float *x, float max, uint16_t *opt_dst) {
  float sum = NAN;
  kern->exp_sum(&(pleat_cpu_logits){.rows = 1, .n = n, .x = x, .max = &max, .sum = &sum, .dst_bf16 = opt_dst});
  return sum;
}

/* Rows together are, bit for bit, what each is alone; the bias may be bf16. */
static void test_softmax_rows(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t rows, int64_t n, int kind) {
  int64_t room = (n + kern->vl - 1) / kern->vl * kern->vl, ld = room + 3, *at = malloc((size_t)(rows + 1) * sizeof *at);
  guarded x = guarded_new(rows * ld), bias = guarded_new(rows * n), mask = guarded_new(n);
  uint16_t *half_bias = malloc((size_t)(rows * n + 1) * 2), *half = malloc((size_t)(rows * ld + room + 1) * 2);
  float *alone = malloc((size_t)(rows * ld + 1) * sizeof *alone), *max = malloc((size_t)(2 * rows + 1) * sizeof *max);
  int64_t *zero = calloc((size_t)rows + 1, sizeof *zero);
  if (!at || !half_bias || !half || !alone || !max || !zero) abort();
  bool has_bias = kind & 1, is_half_bias = kind & 2, has_mask = kind & 4, to_bf16 = kind & 8;
  draw(rng, x.n, x.data, 10);
  draw(rng, bias.n, bias.data, 5);
  for (int64_t i = 0; i < bias.n; i++) half_bias[i] = pleat_bf16_from_f32(bias.data[i]);
  for (int64_t i = 0; is_half_bias && i < bias.n; i++) bias.data[i] = pleat_f32_from_bf16(half_bias[i]);
  for (int64_t i = 0; i < n; i++) mask.data[i] = (float)(pleat_rng_u64(rng) & 1);
  for (int64_t r = 0; r < rows; r++) at[r] = (rows - 1 - r) * n;
  for (int64_t i = 0; i < rows * ld + room; i++) half[i] = 0xABCD;
  memcpy(alone, x.data, (size_t)x.n * sizeof *alone);
  pleat_cpu_logits p = {
      .rows = rows, .n = n, .ld = ld, .x = x.data, .scale = 0.5f, .mask.at = zero, .max = max, .sum = max + rows};
  if (has_bias) p.bias = (pleat_cpu_rows_view){is_half_bias ? NULL : bias.data, is_half_bias ? half_bias : NULL, at};
  if (has_mask) p.mask.x = mask.data;
  if (to_bf16) p.dst_bf16 = half;
  kern->logits_max(&p);
  kern->exp_sum(&p);
  bool is_same = true;
  for (int64_t r = 0; r < rows; r++) {
    uint16_t *half_alone = half + rows * ld;
    float *row = alone + r * ld;
    is_same &= same_bits(max[r], max_of(kern, n, row, 0.5f, has_bias ? bias.data + at[r] : NULL, p.mask.x));
    is_same &= same_bits(max[rows + r], exp_of(kern, n, row, max[r], to_bf16 ? half_alone : NULL));
    is_same &= !memcmp(x.data + r * ld, row, (size_t)ld * sizeof *row);
    if (to_bf16) is_same &= !memcmp(half + r * ld, half_alone, (size_t)room * 2) && half[r * ld + room] == 0xABCD;
  }
  if (!CHECK(is_same)) fprintf(stderr, "  %s: %d rows of %d logits, kind %d\n", kern->name, (int)rows, (int)n, kind);
  free(at);
  free(half_bias);
  free(half);
  free(alone);
  free(max);
  free(zero);
  guarded_check(&x, "softmax rows x");
  guarded_check(&bias, "softmax rows bias");
  guarded_check(&mask, "softmax rows mask");
}

static void test_softmax(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  for (int s = 0; s < N_SIZES * 6; s++) {
    int64_t n = sizes[s % N_SIZES];
    int kind = s / N_SIZES; /* 0 plain, 1 bias, 2 mask, 3 all masked, 4 huge logits, 5 bias and mask */
    int64_t room = (n + kern->vl - 1) / kern->vl * kern->vl;
    guarded x = guarded_new(room), bias = guarded_new(n), mask = guarded_new(n);
    double *want = malloc((size_t)n * sizeof *want), max = -INFINITY, total = 0;
    if (!want) abort();
    draw(rng, room, x.data, kind == 4 ? 3e38 : 10);
    draw(rng, n, bias.data, 5);
    for (int64_t i = 0; i < n; i++) mask.data[i] = kind == 3 ? 0 : (float)(pleat_rng_u64(rng) & 1);
    bool has_bias = kind == 1 || kind == 5, has_mask = kind == 2 || kind == 3 || kind == 5;
    if (has_mask) { /* a mask removes whatever stands there */
      mask.data[n / 2] = 0;
      x.data[n / 2] = s % 2 ? NAN : INFINITY;
    }
    for (int64_t i = 0; i < n; i++) {
      want[i] = (double)x.data[i] * 0.5f + (has_bias ? bias.data[i] : 0);
      if (has_mask && mask.data[i] == 0) want[i] = -1e9f;
      max = fmax(max, want[i]);
    }
    float got_max = max_of(kern, n, x.data, 0.5f, has_bias ? bias.data : NULL, has_mask ? mask.data : NULL);
    near_scaled(got_max, max, fabs(max), 2e-7, "logits_max");
    uint16_t half[MAX_N + 1];
    half[room] = 0xABCD;
    float half_total = exp_of(kern, n, x.data, got_max, half);
    float got_total = exp_of(kern, n, x.data, got_max, NULL);
    for (int64_t i = 0; i < n; i++) total += want[i] = exp(want[i] - max);
    /* What goes into the exponential is two numbers up to 10 and their difference; it adds an ulp. */
    const double term = 10 + 10 + 20 + 2;
    near_scaled(half_total, total, total, sum_tolerance(n, kern->vl, term), "exp_sum_bf16");
    CHECK_INT(half[room], 0xABCD);
    for (int64_t i = n; i < room; i++) CHECK(half[i] == 0 && x.data[i] == 0);
    for (int64_t i = 0; i < n; i++)
      near_scaled(pleat_f32_from_bf16(half[i]), want[i], want[i] + 1e-36, 1.0 / 256, "exp_sum_bf16 term");
    near_scaled(got_total, total, total, sum_tolerance(n, kern->vl, term), "exp_sum");
    for (int64_t i = 0; i < n; i++) near_scaled(x.data[i], want[i], want[i], term * rounding, "exp_sum term");
    if (kind == 3) CHECK(x.data[0] == 1 && x.data[n - 1] == 1);
    free(want);
    guarded_check(&x, "softmax x");
    guarded_check(&bias, "softmax bias");
    guarded_check(&mask, "softmax mask");
  }
  CHECK(max_of(kern, 0, NULL, 1, NULL, NULL) == -INFINITY && exp_of(kern, 0, NULL, 0, NULL) == 0);
  float x[48] = {0};
  x[33] = NAN; /* unmasked: nothing of the row may look like a number */
  exp_of(kern, 40, x, max_of(kern, 40, x, 1, NULL, NULL), NULL);
  CHECK(isnan(x[33]));
  memset(x, 0, sizeof x);
  x[33] = NAN;
  CHECK(isnan(exp_of(kern, 40, x, max_of(kern, 40, x, 1, NULL, NULL), NULL)));
}

/* The exponential over its whole range, in ulps of the true value. */
static void test_exp(const pleat_cpu_kernels *kern) {
  double worst = 0;
  for (int i = 0; i < 200000; i++) {
    float x = -87 + (float)i * (87.0f / 200000), y[PLEAT_CPU_MAX_VL] = {x};
    exp_of(kern, 1, y, 0, NULL);
    double want = exp((double)x), ulp = ldexp(1, ilogb(want) - 23);
    worst = fmax(worst, fabs(y[0] - want) / ulp);
  }
  printf("%-8s exp: at most %.2f ulp\n", kern->name, worst);
  CHECK(worst < 2);
  static const float special[] = {0.0f, -0.0f, -103, -104, -200, -1e30f, -INFINITY, 1e-42f};
  for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
    float y[PLEAT_CPU_MAX_VL] = {special[i]};
    exp_of(kern, 1, y, 0, NULL);
    near_scaled(y[0], exp((double)special[i]), 1, 2e-7, "exp of a special value");
  }
  float nan_value[PLEAT_CPU_MAX_VL] = {NAN, 0, 1};
  CHECK(isnan(exp_of(kern, 3, nan_value, 0, NULL)) && isnan(nan_value[0]) && nan_value[1] == 1);
}

static double unary_of(uint8_t op, double x, double p, double q) {
  switch (op) {
    case PLEAT_OP_RELU: return x < 0 ? 0 : x;
    case PLEAT_OP_SIGMOID: return sigmoid_of(x);
    case PLEAT_OP_SOFTPLUS: return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
    case PLEAT_OP_AFFINE: return x * p + q;
    default: return x > 0;
  }
}

static double binary_of(uint8_t op, double a, double b) {
  return op == PLEAT_OP_ADD ? a + b : op == PLEAT_OP_SUB ? a - b : op == PLEAT_OP_MUL ? a * b : a / b;
}

/* The result may overwrite an operand. */
static void test_in_place(const pleat_cpu_kernels *kern, int64_t n, const float *a, const float *b, float *dst) {
  float copy[MAX_N];
  size_t n_bytes = (size_t)n * sizeof *copy;
  for (int operand = 0; operand < 2; operand++) {
    kern->binary(PLEAT_OP_SUB, n, a, b, dst);
    memcpy(copy, operand ? b : a, n_bytes);
    kern->binary(PLEAT_OP_SUB, n, operand ? a : copy, operand ? copy : b, copy);
    CHECK(memcmp(copy, dst, n_bytes) == 0);
  }
  kern->unary(PLEAT_OP_SIGMOID, n, a, 0, 0, dst);
  memcpy(copy, a, n_bytes);
  kern->unary(PLEAT_OP_SIGMOID, n, copy, 0, 0, copy);
  CHECK(memcmp(copy, dst, n_bytes) == 0);
}

static void test_map(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  static const uint8_t unary[] = {PLEAT_OP_RELU, PLEAT_OP_SIGMOID, PLEAT_OP_SOFTPLUS, PLEAT_OP_AFFINE,
                                  PLEAT_OP_GREATER_ZERO};
  static const uint8_t binary[] = {PLEAT_OP_ADD, PLEAT_OP_SUB, PLEAT_OP_MUL, PLEAT_OP_DIV};
  static const float special[] = {NAN, INFINITY, -INFINITY, 1e-42f, -1e-42f, 0, -0.0f, 1e30f, -1e30f, 88.9f, -88.9f};
  enum { N_SPECIAL = sizeof special / sizeof *special };
  for (int s = 0; s < N_SIZES; s++) {
    int64_t n = sizes[s];
    guarded a = guarded_new(n), b = guarded_new(n), dst = guarded_new(n);
    draw(rng, n, a.data, 20);
    draw(rng, n, b.data, 20);
    for (int64_t i = 0; i < n && i < N_SPECIAL; i++) a.data[(i * 7) % n] = special[(i + s) % N_SPECIAL];
    for (int u = 0; u < 5; u++) {
      kern->unary(unary[u], n, a.data, 1.5f, -0.25f, dst.data);
      for (int64_t i = 0; i < n; i++) {
        double want = unary_of(unary[u], a.data[i], 1.5, -0.25);
        double size = fabs(want) < 1.2e-38 ? 1 : fabs(want);                  /* a denormal result may be flushed */
        if (unary[u] == PLEAT_OP_AFFINE) size = fabs(a.data[i] * 1.5) + 0.25; /* two terms that may cancel */
        near_scaled(dst.data[i], want, size, 5e-7, pleat_ops[unary[u]].text);
      }
    }
    for (int u = 0; u < 4; u++) {
      kern->binary(binary[u], n, a.data, b.data, dst.data);
      for (int64_t i = 0; i < n; i++) {
        float want = (float)binary_of(binary[u], a.data[i], b.data[i]);
        near_scaled(dst.data[i], want, fabs((double)want), 1e-7, pleat_ops[binary[u]].text);
      }
    }
    test_in_place(kern, n, a.data, b.data, dst.data);
    for (int64_t i = 0; i < n; i += 2) b.data[i] = i % 4 ? 0.0f : -0.0f;
    kern->mask_fill(n, a.data, b.data, 7, dst.data);
    for (int64_t i = 0; i < n; i++) near_scaled(dst.data[i], b.data[i] != 0 ? a.data[i] : 7, 0, 0, "mask_fill");
    guarded_check(&a, "map a");
    guarded_check(&b, "map b");
    guarded_check(&dst, "map dst");
  }
}

static void test_moves(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  for (int s = 0; s < N_SIZES; s++) {
    int64_t n = sizes[s];
    guarded x = guarded_new(n), back = guarded_new(n);
    uint16_t half[MAX_N + 2];
    draw(rng, n, x.data, 1e3);
    x.data[0] = s % 3 ? NAN : INFINITY;
    half[n] = 0xABCD;
    kern->bf16_from_f32(n, x.data, half);
    kern->f32_from_bf16(n, half, back.data);
    CHECK_INT(half[n], 0xABCD);
    for (int64_t i = 0; i < n; i++) {
      CHECK_INT(half[i], pleat_bf16_from_f32(x.data[i]));
      near_scaled(back.data[i], pleat_f32_from_bf16(half[i]), 0, 0, "bf16");
    }
    guarded_check(&x, "bf16 x");
    guarded_check(&back, "bf16 back");
    uint16_t pairs[2 * MAX_N + 1];
    pairs[2 * n] = 0xABCD;
    kern->pair_rows(1, n - 1, half, half + 1, 0, pairs, 0);
    kern->pair_rows(1, 1, half + n - 1, half, 0, pairs + 2 * (n - 1), 0);
    for (int64_t i = 0; i < n; i++) CHECK(pairs[2 * i] == half[i] && pairs[2 * i + 1] == half[(i + 1) % n]);
    CHECK_INT(pairs[2 * n], 0xABCD);
    for (int t = 0; t < N_SIZES; t += 3) {
      int64_t rows = n, cols = sizes[t], lds = cols + 2, ldd = rows + 1;
      guarded src = guarded_new(rows * lds), dst = guarded_new(cols * ldd);
      draw(rng, src.n, src.data, 1);
      kern->transpose(rows, cols, src.data, lds, dst.data, ldd);
      bool is_same = true;
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) is_same &= dst.data[j * ldd + i] == src.data[i * lds + j];
      for (int64_t j = 0; j < cols; j++) is_same &= dst.data[j * ldd + rows] == guard_value;
      CHECK(is_same);
      guarded_check(&src, "transpose src");
      guarded_check(&dst, "transpose dst");
    }
  }
}

/* Every bf16 value, and around each what rounds up, down, or to even. */
static void test_bf16(const pleat_cpu_kernels *kern) {
  static const uint32_t low[] = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
  enum { N_LOW = sizeof low / sizeof *low, N_HIGH = 64 };
  int64_t n_wrong = 0;
  for (uint32_t first = 0; first < 0x10000; first += N_HIGH) {
    float x[N_HIGH * N_LOW], wide[N_HIGH * N_LOW];
    uint16_t half[N_HIGH * N_LOW];
    for (uint32_t i = 0; i < N_HIGH * N_LOW; i++)
      x[i] = pleat_f32_from_bits((first + i / N_LOW) << 16 | low[i % N_LOW]);
    kern->bf16_from_f32(N_HIGH * N_LOW, x, half);
    kern->f32_from_bf16(N_HIGH * N_LOW, half, wide);
    for (int i = 0; i < N_HIGH * N_LOW; i++) {
      bool is_zero = fabsf(x[i]) < 0x1p-126f && (half[i] & 0x7FFF) == 0; /* what a denormal number may become */
      n_wrong +=
          (half[i] != pleat_bf16_from_f32(x[i]) && !is_zero) || !same_bits(wide[i], pleat_f32_from_bf16(half[i]));
    }
  }
  CHECK_INT(n_wrong, 0);
}

/* The levels are what they say, and the compiler's own look at the processor agrees. */
static void test_levels(void) {
  pleat_cpu_kernels kern;
  int highest = pleat_cpu_level_highest();
  CHECK(strcmp(pleat_cpu_level_name(0), "generic") == 0);
  CHECK(pleat_cpu_kernels_pick(NULL, &kern) && strcmp(kern.name, pleat_cpu_level_name(highest)) == 0);
  CHECK(pleat_cpu_kernels_pick("", &kern) && strcmp(kern.name, pleat_cpu_level_name(highest)) == 0);
  CHECK(!pleat_cpu_kernels_pick("sse9", &kern));
  int n = 0;
  for (; pleat_cpu_level_name(n); n++) {
    CHECK(pleat_cpu_kernels_pick(pleat_cpu_level_name(n), &kern));
    CHECK(strcmp(kern.name, pleat_cpu_level_name(n < highest ? n : highest)) == 0);
  }
  CHECK(highest < n);
#if defined(__x86_64__)
  bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  CHECK(has_avx2 == (highest >= 1) && has_avx512 == (highest >= 2));
#elif defined(__aarch64__)
  CHECK(highest >= 1); /* NEON is part of arm64 */
#endif
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--bench") == 0) return kern_bench(argc > 2 ? argv[2] : "");
  test_levels();
  for (int i = 0; i <= pleat_cpu_level_highest(); i++) {
    pleat_cpu_kernels kern;
    CHECK(pleat_cpu_kernels_pick(pleat_cpu_level_name(i), &kern));
    pleat_rng rng = pleat_rng_init(7, (uint64_t)i);
    if (kern.enter) kern.enter();
    test_gemm(&kern, &rng);
    test_gemm_blocks(&kern, &rng);
    test_gemm_bf16(&kern, &rng);
    test_gemm_bf16_blocks(&kern, &rng, kern.vl);
    test_gemm_bf16_blocks(&kern, &rng, 2 * kern.vl);
    test_epilogue(&kern, &rng);
    for (unsigned parts = 0; parts < 16384; parts += 1 + (unsigned)(pleat_rng_u64(&rng) % 7)) {
      if (kern.gemm_epilogue) test_gemm_epilogue(&kern, &rng, false, parts);
      if (kern.gemm_bf16_epilogue) test_gemm_epilogue(&kern, &rng, true, parts);
    }
    test_rows(&kern, &rng);
    test_softmax(&kern, &rng);
    for (int s = 0; s < N_SIZES * 16; s++)
      test_softmax_rows(&kern, &rng, (int64_t)(pleat_rng_u64(&rng) % 40), sizes[s % N_SIZES], s / N_SIZES);
    test_exp(&kern);
    test_map(&kern, &rng);
    test_moves(&kern, &rng);
    test_bf16(&kern);
  }
  return check_report();
}
