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

static void test_gemm_shape(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t m, int64_t K, int flags) {
  bool is_wide = flags & 1, is_adding = flags & 2, is_turned = flags & 4;
  int64_t width = is_wide ? 2 * kern->vl : kern->vl, ldc = width + 3;
  int64_t a_rs = is_turned ? 1 : K + 5, a_ks = is_turned ? m + 2 : 1;
  guarded a = guarded_new((m + 2) * (K + 5)), b = guarded_new(K * width), c = guarded_new(m * ldc);
  float *before = malloc((size_t)(m * ldc + 1) * sizeof *before);
  if (!before) abort();
  draw(rng, a.n, a.data, 1);
  draw(rng, b.n, b.data, 1);
  draw(rng, c.n, c.data, 1);
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
      near_scaled(c.data[i * ldc + j], want, size, 1e-6, "gemm");
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
  for (int flags = 0; flags < 8; flags++) test_gemm_shape(kern, rng, 3 * kern->mr + 1, 33, flags);
}

static uint16_t draw_bf16(pleat_rng *rng) { return pleat_bf16_from_f32((float)(pleat_rng_uniform(rng) * 2 - 1)); }

/* Rows of pairs along k, or (is_turned) pairs of rows, as the outer product mean has them. */
static void test_gemm_bf16_shape(const pleat_cpu_kernels *kern, pleat_rng *rng, int64_t m, int64_t n_pairs, int flags) {
  bool is_wide = flags & 1, is_adding = flags & 2, is_turned = flags & 4;
  int64_t width = is_wide ? 2 * kern->vl : kern->vl, ldc = width + 3, b_ps = 2 * width;
  int64_t a_rs = is_turned ? 2 : 2 * n_pairs + 7, a_ps = is_turned ? 2 * m + 6 : 2;
  int64_t n_a = (m + 2) * (2 * n_pairs + 7), n_b = n_pairs * b_ps;
  uint16_t *a = malloc((size_t)(n_a + 1) * sizeof *a), *b = malloc((size_t)(n_b + 1) * sizeof *b);
  guarded c = guarded_new(m * ldc);
  float *before = malloc((size_t)(m * ldc + 1) * sizeof *before);
  if (!a || !b || !before) abort();
  for (int64_t i = 0; i < n_a; i++) a[i] = draw_bf16(rng);
  for (int64_t i = 0; i < n_b; i++) b[i] = draw_bf16(rng);
  draw(rng, c.n, c.data, 1);
  memcpy(before, c.data, (size_t)c.n * sizeof *before);
  kern->gemm_bf16(&(pleat_cpu_gemm_bf16){.m = m,
                                         .width = width,
                                         .n_pairs = n_pairs,
                                         .a = a,
                                         .a_rs = a_rs,
                                         .a_ps = a_ps,
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
          double term = (double)pleat_f32_from_bf16(a[i * a_rs + k / 2 * a_ps + k % 2]) *
                        pleat_f32_from_bf16(b[k / 2 * b_ps + 2 * j + k % 2]);
          want += term;
          size += fabs(term);
        }
      }
      near_scaled(c.data[i * ldc + j], want, size, 1e-6, "gemm_bf16");
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
    for (int d = 0; d < 6; d++) test_gemm_bf16_shape(kern, rng, m, depths[d], (int)(pleat_rng_u64(rng) % 8));
  for (int flags = 0; flags < 8; flags++) test_gemm_bf16_shape(kern, rng, 3 * kern->mr + 1, 33, flags);
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
    memcpy(old, y, sizeof y);
    guarded dst = guarded_new(320);
    pleat_cpu_epilogue e = {.rows = ROWS, .n = n, .ld = LD, .y = y, .act = (uint8_t)(bits >> 1) % 3, .dst_at = at};
    pleat_cpu_rows_view *views[4] = {&e.mul, &e.mul2, &e.divisor, &e.residual};
    for (int v = 0; v < 4; v++)
      if (bits >> (8 + v) & 1) *views[v] = (pleat_cpu_rows_view){view[v], at};
    if (bits >> 12 & 1) e.bias = bias;
    if (bits >> 13 & 1) e.gate = gate;
    if (bits >> 14 & 1) e.gate_bias = gate_bias;
    if (bits >> 15 & 1) e.row_mul = row_mul;
    if (bits >> 16 & 1) e.row_div = row_div;
    int target = (int)(bits >> 17) % 3;
    if (target == 1) e.dst_f32 = dst.data;
    if (target == 2) e.dst_bf16 = half;
    kern->epilogue(&e);
    for (int r = 0; r < ROWS; r++) {
      for (int64_t j = 0; j < n; j++) {
        double want = old[r * LD + j] + (e.bias ? bias[j] : 0);
        if (e.act == PLEAT_ACT_RELU && want < 0) want = 0;
        if (e.act == PLEAT_ACT_SIGMOID) want = sigmoid_of(want);
        if (e.gate) want *= sigmoid_of(gate[r * LD + j] + (e.gate_bias ? gate_bias[j] : 0));
        if (e.mul.x) want *= view[0][at[r] + j];
        if (e.mul2.x) want *= view[1][at[r] + j];
        if (e.row_mul) want *= row_mul[r];
        if (e.divisor.x) want /= view[2][at[r] + j];
        if (e.row_div) want /= row_div[r];
        if (e.residual.x) want += view[3][at[r] + j];
        float got = target == 1   ? dst.data[at[r] + j]
                    : target == 2 ? pleat_f32_from_bf16(half[at[r] + j])
                                  : y[r * LD + j];
        near_scaled(got, want, fabs(want) + 20, target == 2 ? 4e-3 : 1e-6, "epilogue");
      }
    }
    guarded_check(&dst, "epilogue");
  }
}

static void test_rows(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  for (int s = 0; s < N_SIZES; s++) {
    int64_t n = sizes[s];
    guarded x = guarded_new(n), scale = guarded_new(n), offset = guarded_new(n), dst = guarded_new(n);
    draw(rng, n, x.data, 4);
    draw(rng, n, scale.data, 2);
    draw(rng, n, offset.data, 2);
    for (int64_t i = 0; i < n; i++) x.data[i] += 100; /* a mean that dwarfs the spread */
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < n; i++) mean += x.data[i] / (double)n;
    for (int64_t i = 0; i < n; i++) variance += (x.data[i] - mean) * (x.data[i] - mean) / (double)n;
    kern->layer_norm(n, x.data, scale.data, offset.data, 1e-5f, dst.data);
    for (int64_t i = 0; i < n; i++) {
      double spread = sqrt(variance + 1e-5), normal = (x.data[i] - mean) / spread;
      /* the mean itself is rounded: 100 eps32 / spread */
      near_scaled(dst.data[i], normal * scale.data[i] + offset.data[i], 3 + 200 / spread, 5e-7, "layer_norm");
    }
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += x.data[i];
    near_scaled(kern->sum(n, x.data), total, total, 5e-7, "sum");
    draw(rng, n, dst.data, 1);
    double before = dst.data[n - 1], d = (double)x.data[n - 1] - 99.5f;
    kern->add_square(n, x.data, 99.5f, dst.data);
    near_scaled(dst.data[n - 1], before + d * d, 30, 5e-7, "add_square");
    guarded_check(&x, "rows x");
    guarded_check(&scale, "rows scale");
    guarded_check(&offset, "rows offset");
    guarded_check(&dst, "rows dst");
  }
}

static void test_softmax(const pleat_cpu_kernels *kern, pleat_rng *rng) {
  for (int s = 0; s < N_SIZES * 6; s++) {
    int64_t n = sizes[s % N_SIZES];
    int kind = s / N_SIZES; /* 0 plain, 1 bias, 2 mask, 3 all masked, 4 huge logits, 5 bias and mask */
    guarded x = guarded_new(n), bias = guarded_new(n), mask = guarded_new(n);
    double *want = malloc((size_t)n * sizeof *want), max = -INFINITY, total = 0;
    if (!want) abort();
    draw(rng, n, x.data, kind == 4 ? 3e38 : 10);
    draw(rng, n, bias.data, 5);
    for (int64_t i = 0; i < n; i++) mask.data[i] = kind == 3 ? 0 : (float)(pleat_rng_u64(rng) & 1);
    bool has_bias = kind == 1 || kind == 5, has_mask = kind == 2 || kind == 3 || kind == 5;
    for (int64_t i = 0; i < n; i++) {
      want[i] = (double)x.data[i] * 0.5f + (has_bias ? bias.data[i] : 0);
      if (has_mask && mask.data[i] == 0) want[i] = -1e9f;
      max = fmax(max, want[i]);
    }
    float got_max = kern->logits_max(n, x.data, 0.5f, has_bias ? bias.data : NULL, has_mask ? mask.data : NULL);
    near_scaled(got_max, max, fabs(max), 2e-7, "logits_max");
    uint16_t half[MAX_N + 1];
    half[n] = 0xABCD;
    float half_total = kern->exp_sum_bf16(n, x.data, got_max, half);
    float got_total = kern->exp_sum(n, x.data, got_max);
    for (int64_t i = 0; i < n; i++) total += want[i] = exp(want[i] - max);
    near_scaled(half_total, total, total, 3e-6, "exp_sum_bf16");
    CHECK_INT(half[n], 0xABCD);
    for (int64_t i = 0; i < n; i++)
      near_scaled(pleat_f32_from_bf16(half[i]), want[i], want[i] + 1e-36, 1.0 / 256, "exp_sum_bf16 term");
    near_scaled(got_total, total, total, 3e-6, "exp_sum");
    for (int64_t i = 0; i < n; i++) near_scaled(x.data[i], want[i], 1, 3e-6, "exp_sum term");
    if (kind == 3) CHECK(x.data[0] == 1 && x.data[n - 1] == 1);
    free(want);
    guarded_check(&x, "softmax x");
    guarded_check(&bias, "softmax bias");
    guarded_check(&mask, "softmax mask");
  }
}

/* The exponential over its whole range, in ulps of the true value. */
static void test_exp(const pleat_cpu_kernels *kern) {
  double worst = 0;
  for (int i = 0; i < 200000; i++) {
    float x = -87 + (float)i * (87.0f / 200000), y = x;
    kern->exp_sum(1, &y, 0);
    double want = exp((double)x), ulp = ldexp(1, ilogb(want) - 23);
    worst = fmax(worst, fabs(y - want) / ulp);
  }
  printf("%-8s exp: at most %.2f ulp\n", kern->name, worst);
  CHECK(worst < 2);
  static const float special[] = {0.0f, -0.0f, -103, -104, -200, -1e30f, -INFINITY, 1e-42f};
  for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
    float y = special[i];
    kern->exp_sum(1, &y, 0);
    near_scaled(y, exp((double)special[i]), 1, 2e-7, "exp of a special value");
  }
  float nan_value[3] = {NAN, 0, 1};
  CHECK(isnan(kern->exp_sum(3, nan_value, 0)) && isnan(nan_value[0]) && nan_value[1] == 1);
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
        double size = fabs(want) < 1.2e-38 ? 1 : fabs(want); /* a denormal result may be flushed */
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
    kern->pair_rows(n - 1, half, half + 1, pairs);
    kern->pair_rows(1, half + n - 1, half, pairs + 2 * (n - 1));
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

int main(int argc, char **argv) {
  static const char *const masks[] = {"generic", "avx2", "avx512", "avx512bf16"};
  const char *done = "";
  pleat_cpu_kernels kern;
  CHECK(!pleat_cpu_kernels_pick("sse9", &kern));
  if (argc > 1 && strcmp(argv[1], "--bench") == 0) return kern_bench(argc > 2 ? argv[2] : "");
  for (int i = 0; i < 4; i++) {
    CHECK(pleat_cpu_kernels_pick(masks[i], &kern));
    if (strcmp(kern.name, done) == 0) continue; /* the machine has no more */
    done = kern.name;
    pleat_rng rng = pleat_rng_init(7, (uint64_t)i);
    test_gemm(&kern, &rng);
    test_gemm_bf16(&kern, &rng);
    test_epilogue(&kern, &rng);
    test_rows(&kern, &rng);
    test_softmax(&kern, &rng);
    test_exp(&kern);
    test_map(&kern, &rng);
    test_moves(&kern, &rng);
  }
  return check_report();
}
