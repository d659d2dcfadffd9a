/* The kernels, written once; each instruction set includes this file with its own vectors (vec.h).
 * Contracts: kern.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_KERN_IMPL_H
#define PLEAT_CPU_KERN_IMPL_H

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* e^x with a relative error below 1.5 ulp: x = n ln 2 + r, e^r by a polynomial fitted on |r| <= ln(2) / 2 (largest error
 * 3.2e-9), n ln 2 subtracted in two parts. NaN stays NaN. */
ALWAYS_INLINE vf vf_exp(vf x) {
  const float magic = 12582912.0f;
  x = vf_max(vf_set(-104.0f), vf_min(vf_set(89.0f), x));
  vf n = vf_fma(x, vf_set(0x1.7154760000000p+0f), vf_set(magic)) - magic;
  vf r = vf_fma(n, vf_set(-0.693359375f), x);
  r = vf_fma(n, vf_set(0x1.bd01060000000p-13f), r);
  vf p = vf_set(0x1.6db4e80000000p-10f);
  p = vf_fma(p, r, vf_set(0x1.123bde0000000p-7f));
  p = vf_fma(p, r, vf_set(0x1.55545e0000000p-5f));
  p = vf_fma(p, r, vf_set(0x1.55548e0000000p-3f));
  p = vf_fma(p, r, vf_set(0.5f));
  p = vf_fma(p * r, r, r) + 1.0f;
  return vf_ldexp(p, n);
}

ALWAYS_INLINE vf vf_sigmoid(vf x) { return 1.0f / (vf_exp(-x) + 1.0f); }

/* NaN stays NaN. */
ALWAYS_INLINE vf vf_relu(vf x) { return vf_max(vf_set(0.0f), x); }

ALWAYS_INLINE vf load_b(const void *b, int64_t at, bool is_bf16) {
  return is_bf16 ? vf_load_bf16((const uint16_t *)b + at) : vf_load((const float *)b + at);
}

/* m <= MR rows of C by nv vectors; m, nv and the flag are constants where this is inlined, so that the sums live in
 * registers. Rows of A are reached from one pointer in three, which keeps the address registers few. */
ALWAYS_INLINE void gemm_tile(int m, int nv, bool is_bf16, const pleat_cpu_gemm *g, const float *a, float *c) {
  vf sum[MR][2];
  const float *row[(MR + 2) / 3];
  UNROLL
  for (int i = 0; i < m; i++) {
    UNROLL
    for (int j = 0; j < nv; j++) sum[i][j] = g->is_adding ? vf_load(c + i * g->ldc + j * VL) : vf_set(0);
  }
  UNROLL
  for (int i = 0; i < m; i += 3) row[i / 3] = a + i * g->a_rs;
  int64_t a_rs = g->a_rs, a_ks = g->a_ks, b_ks = g->b_ks, at = 0;
  const void *b = g->b;
  for (int64_t k = 0; k < g->K; k++, at += b_ks) {
    vf b0 = load_b(b, at, is_bf16), b1 = nv > 1 ? load_b(b, at + VL, is_bf16) : b0;
    UNROLL
    for (int i = 0; i < m; i++) {
      vf x = vf_set(row[i / 3][(i % 3) * a_rs]);
      sum[i][0] = vf_fma(x, b0, sum[i][0]);
      if (nv > 1) sum[i][1] = vf_fma(x, b1, sum[i][1]);
    }
    UNROLL
    for (int i = 0; i < m; i += 3) row[i / 3] += a_ks;
  }
  UNROLL
  for (int i = 0; i < m; i++) {
    UNROLL
    for (int j = 0; j < nv; j++) vf_store(c + i * g->ldc + j * VL, sum[i][j]);
  }
}

ALWAYS_INLINE void gemm_rest(int m, int nv, bool is_bf16, const pleat_cpu_gemm *g, const float *a, float *c) {
  switch (m) {
#if MR > 8
    case 11: gemm_tile(11, nv, is_bf16, g, a, c); break;
    case 10: gemm_tile(10, nv, is_bf16, g, a, c); break;
    case 9: gemm_tile(9, nv, is_bf16, g, a, c); break;
    case 8: gemm_tile(8, nv, is_bf16, g, a, c); break;
#endif
#if MR > 6
    case 7: gemm_tile(7, nv, is_bf16, g, a, c); break;
    case 6: gemm_tile(6, nv, is_bf16, g, a, c); break;
#endif
#if MR > 4
    case 5: gemm_tile(5, nv, is_bf16, g, a, c); break;
    case 4: gemm_tile(4, nv, is_bf16, g, a, c); break;
#endif
    case 3: gemm_tile(3, nv, is_bf16, g, a, c); break;
    case 2: gemm_tile(2, nv, is_bf16, g, a, c); break;
    case 1: gemm_tile(1, nv, is_bf16, g, a, c); break;
    default: break;
  }
}

ALWAYS_INLINE void gemm_rows(int nv, bool is_bf16, const pleat_cpu_gemm *g) {
  int64_t i = 0;
  for (; i + MR <= g->m; i += MR) gemm_tile(MR, nv, is_bf16, g, g->a + i * g->a_rs, g->c + i * g->ldc);
  gemm_rest((int)(g->m - i), nv, is_bf16, g, g->a + i * g->a_rs, g->c + i * g->ldc);
}

static void gemm_f32_1(const pleat_cpu_gemm *g) { gemm_rows(1, false, g); }
static void gemm_f32_2(const pleat_cpu_gemm *g) { gemm_rows(2, false, g); }
static void gemm_bf16_1(const pleat_cpu_gemm *g) { gemm_rows(1, true, g); }
static void gemm_bf16_2(const pleat_cpu_gemm *g) { gemm_rows(2, true, g); }

static void gemm(const pleat_cpu_gemm *g) {
  if (g->is_b_bf16) {
    (g->width > VL ? gemm_bf16_2 : gemm_bf16_1)(g);
  } else {
    (g->width > VL ? gemm_f32_2 : gemm_f32_1)(g);
  }
}

static void epilogue(const pleat_cpu_epilogue *e) {
  for (int64_t i = 0; i < e->n; i += VL) {
    vf y = vf_load(e->y + i);
    if (e->bias) y += vf_load(e->bias + i);
    if (e->act == PLEAT_ACT_RELU) y = vf_relu(y);
    if (e->act == PLEAT_ACT_SIGMOID) y = vf_sigmoid(y);
    if (e->gate) {
      vf gate = vf_load(e->gate + i);
      if (e->gate_bias) gate += vf_load(e->gate_bias + i);
      y *= vf_sigmoid(gate);
    }
    if (e->mul) y *= vf_load(e->mul + i);
    if (e->mul2) y *= vf_load(e->mul2 + i);
    y *= e->factor;
    if (e->divisor) y /= vf_load(e->divisor + i);
    if (e->residual) y += vf_load(e->residual + i);
    if (e->dst_f32) {
      vf_store(e->dst_f32 + i, y);
    } else if (e->dst_bf16) {
      vf_store_bf16(e->dst_bf16 + i, y);
    } else {
      vf_store(e->y + i, y);
    }
  }
}

static float sum(int64_t n, const float *x) {
  vf total[4] = {vf_set(0), vf_set(0), vf_set(0), vf_set(0)};
  int64_t i = 0;
  for (; i + 4 * VL <= n; i += 4 * VL)
    for (int j = 0; j < 4; j++) total[j] += vf_load(x + i + j * VL);
  for (; i + VL <= n; i += VL) total[0] += vf_load(x + i);
  if (i < n) total[1] += vf_load_some(x + i, n - i);
  return vf_sum((total[0] + total[1]) + (total[2] + total[3]));
}

/* sum of (x - mean)^2 */
static float sum_square(int64_t n, const float *x, float mean) {
  vf total[2] = {vf_set(0), vf_set(0)};
  int64_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    for (int j = 0; j < 2; j++) {
      vf d = vf_load(x + i + j * VL) - mean;
      total[j] = vf_fma(d, d, total[j]);
    }
  }
  float rest = 0;
  for (; i < n; i++) rest += (x[i] - mean) * (x[i] - mean);
  return vf_sum(total[0] + total[1]) + rest;
}

static void layer_norm(int64_t n, const float *x, const float *scale, const float *offset, float eps, float *dst) {
  float mean = sum(n, x) / (float)n;
  float factor = 1.0f / sqrtf(sum_square(n, x, mean) / (float)n + eps);
  int64_t i = 0;
  for (; i + VL <= n; i += VL)
    vf_store(dst + i, vf_fma((vf_load(x + i) - mean) * factor, vf_load(scale + i), vf_load(offset + i)));
  if (i == n) return;
  vf y = vf_fma((vf_load_some(x + i, n - i) - mean) * factor, vf_load_some(scale + i, n - i),
                vf_load_some(offset + i, n - i));
  vf_store_some(dst + i, y, n - i);
}

ALWAYS_INLINE vf masked_logits(vf x, vf bias, vf mask) { return vf_select(mask != 0, x + bias, vf_set(-1e9f)); }

static float logits_max(int64_t n, float *x, const float *bias, const float *mask) {
  vf best = vf_set(-INFINITY), none = vf_set(0), all = vf_set(1);
  int64_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf y = vf_load(x + i);
    if (bias || mask) {
      y = masked_logits(y, bias ? vf_load(bias + i) : none, mask ? vf_load(mask + i) : all);
      vf_store(x + i, y);
    }
    best = vf_max(best, y);
  }
  float lane[VL], largest = -INFINITY;
  vf_store(lane, best);
  for (int j = 0; j < VL; j++) largest = lane[j] > largest ? lane[j] : largest;
  for (; i < n; i++) {
    x[i] = mask && mask[i] == 0 ? -1e9f : bias ? x[i] + bias[i] : x[i];
    largest = x[i] > largest ? x[i] : largest;
  }
  return largest;
}

static float exp_sum(int64_t n, float *x, float max) {
  vf total[2] = {vf_set(0), vf_set(0)};
  int64_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    for (int j = 0; j < 2; j++) {
      vf y = vf_exp(vf_load(x + i + j * VL) - max);
      vf_store(x + i + j * VL, y);
      total[j] += y;
    }
  }
  for (; i + VL <= n; i += VL) {
    vf y = vf_exp(vf_load(x + i) - max);
    vf_store(x + i, y);
    total[0] += y;
  }
  float rest = 0;
  if (i < n) {
    vf_store_some(x + i, vf_exp(vf_load_some(x + i, n - i) - max), n - i);
    for (; i < n; i++) rest += x[i];
  }
  return vf_sum(total[0] + total[1]) + rest;
}

ALWAYS_INLINE vf binary_of(uint8_t op, vf a, vf b) {
  switch (op) {
    case PLEAT_OP_ADD: return a + b;
    case PLEAT_OP_SUB: return a - b;
    case PLEAT_OP_MUL: return a * b;
    default: return a / b;
  }
}

ALWAYS_INLINE void binary_loop(uint8_t op, int64_t n, const float *a, const float *b, float *dst) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) vf_store(dst + i, binary_of(op, vf_load(a + i), vf_load(b + i)));
  if (i < n) vf_store_some(dst + i, binary_of(op, vf_load_some(a + i, n - i), vf_load_some(b + i, n - i)), n - i);
}

static void binary(uint8_t op, int64_t n, const float *a, const float *b, float *dst) {
  switch (op) {
    case PLEAT_OP_ADD: binary_loop(PLEAT_OP_ADD, n, a, b, dst); break;
    case PLEAT_OP_SUB: binary_loop(PLEAT_OP_SUB, n, a, b, dst); break;
    case PLEAT_OP_MUL: binary_loop(PLEAT_OP_MUL, n, a, b, dst); break;
    default: binary_loop(PLEAT_OP_DIV, n, a, b, dst); break;
  }
}

ALWAYS_INLINE vf unary_of(uint8_t op, vf x, vf p, vf q) {
  switch (op) {
    case PLEAT_OP_RELU: return vf_relu(x);
    case PLEAT_OP_SIGMOID: return vf_sigmoid(x);
    case PLEAT_OP_AFFINE: return vf_fma(x, p, q);
    default: return vf_select(x > 0, vf_set(1), vf_set(0));
  }
}

ALWAYS_INLINE void unary_loop(uint8_t op, int64_t n, const float *x, vf p, vf q, float *dst) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) vf_store(dst + i, unary_of(op, vf_load(x + i), p, q));
  if (i < n) vf_store_some(dst + i, unary_of(op, vf_load_some(x + i, n - i), p, q), n - i);
}

static void unary(uint8_t op, int64_t n, const float *x, float p, float q, float *dst) {
  switch (op) {
    case PLEAT_OP_RELU: unary_loop(PLEAT_OP_RELU, n, x, vf_set(p), vf_set(q), dst); break;
    case PLEAT_OP_SIGMOID: unary_loop(PLEAT_OP_SIGMOID, n, x, vf_set(p), vf_set(q), dst); break;
    case PLEAT_OP_AFFINE: unary_loop(PLEAT_OP_AFFINE, n, x, vf_set(p), vf_set(q), dst); break;
    case PLEAT_OP_SOFTPLUS: /* a few values per structure module */
      for (int64_t i = 0; i < n; i++) dst[i] = (x[i] < 0 ? 0 : x[i]) + log1pf(expf(-fabsf(x[i])));
      break;
    default: unary_loop(PLEAT_OP_GREATER_ZERO, n, x, vf_set(p), vf_set(q), dst); break;
  }
}

static void mask_fill(int64_t n, const float *x, const float *mask, float fill, float *dst) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) vf_store(dst + i, vf_select(vf_load(mask + i) != 0, vf_load(x + i), vf_set(fill)));
  for (; i < n; i++) dst[i] = mask[i] != 0 ? x[i] : fill;
}

static void add_square(int64_t n, const float *x, float y, float *acc) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf d = vf_load(x + i) - y;
    vf_store(acc + i, vf_fma(d, d, vf_load(acc + i)));
  }
  if (i < n) {
    vf d = vf_load_some(x + i, n - i) - y;
    vf_store_some(acc + i, vf_fma(d, d, vf_load_some(acc + i, n - i)), n - i);
  }
}

static void f32_from_bf16(int64_t n, const uint16_t *src, float *dst) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) vf_store(dst + i, vf_load_bf16(src + i));
  for (; i < n; i++) dst[i] = pleat_f32_from_bf16(src[i]);
}

static void bf16_from_f32(int64_t n, const float *src, uint16_t *dst) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) vf_store_bf16(dst + i, vf_load(src + i));
  for (; i < n; i++) dst[i] = pleat_bf16_from_f32(src[i]);
}

static void transpose(int64_t rows, int64_t cols, const float *src, int64_t lds, float *dst, int64_t ldd) {
  int64_t whole_rows = rows / VL * VL, whole_cols = cols / VL * VL;
  for (int64_t i = 0; i < whole_rows; i += VL)
    for (int64_t j = 0; j < whole_cols; j += VL) transpose_block(src + i * lds + j, lds, dst + j * ldd + i, ldd);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = i < whole_rows ? whole_cols : 0; j < cols; j++) dst[j * ldd + i] = src[i * lds + j];
}

void KERN_INIT(pleat_cpu_kernels *out) {
  *out = (pleat_cpu_kernels){.name = KERN_NAME,
                             .vl = VL,
                             .mr = MR,
                             .gemm = gemm,
                             .epilogue = epilogue,
                             .layer_norm = layer_norm,
                             .logits_max = logits_max,
                             .exp_sum = exp_sum,
                             .binary = binary,
                             .unary = unary,
                             .mask_fill = mask_fill,
                             .sum = sum,
                             .add_square = add_square,
                             .f32_from_bf16 = f32_from_bf16,
                             .bf16_from_f32 = bf16_from_f32,
                             .transpose = transpose};
}

#endif
