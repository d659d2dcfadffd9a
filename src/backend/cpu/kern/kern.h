/* The minimal set of SIMD kernels that must be fast for every operation above it to be fast.
 *
 * One struct of pointers, filled by portable C and then overwritten, level by level, by what the processor has. Kernels take
 * float32 (or bf16 where named), never allocate and never fail: shapes were proven at plan time. Sizes and strides are
 * in elements. Every element of a result is computed by the same operations in the same order wherever it lies in its
 * block, so that results do not depend on blocks or threads.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_KERN_H
#define PLEAT_CPU_KERN_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/ir.h"

enum {
  PLEAT_CPU_MAX_VL = 16, /* floats in the widest vector */
  PLEAT_CPU_MAX_NR = 32, /* columns of the widest panel: two vectors */
  PLEAT_CPU_ALIGN = 64
};

/* C[m, width] (+)= A[m, K] B[K, width] for one panel of B. width is vl or 2 vl; whole vectors are stored.
 * A[i, k] is a[i * a_rs + k * a_ks]; B[k, j] is b[k * b_ks + j]. Each element sums over k in order. */
typedef struct pleat_cpu_gemm {
  int64_t m, width, K;
  const float *a;
  int64_t a_rs, a_ks;
  const float *b;
  int64_t b_ks;
  float *c;
  int64_t ldc;
  bool is_adding;
} pleat_cpu_gemm;

/* The same with bf16 operands and float32 sums, two products a step: n_pairs pairs of k. A[i, k] is
 * a[i * a_rs + k]; B[k, j] is b[k / 2 * b_ps + 2 * j + k % 2]. Where K is odd the last k is a zero. */
typedef struct pleat_cpu_gemm_bf16 {
  int64_t m, width, n_pairs;
  const uint16_t *a;
  int64_t a_rs;
  const uint16_t *b;
  int64_t b_ps;
  float *c;
  int64_t ldc;
  bool is_adding;
} pleat_cpu_gemm_bf16;

/* An operand of a tile: row r starts at x[at[r]], or at x_bf16[at[r]]. Both NULL: absent. */
typedef struct pleat_cpu_rows_view {
  const float *x;
  const uint16_t *x_bf16;
  const int64_t *at;
} pleat_cpu_rows_view;

/* For each row of a tile of `rows` rows by n elements (n a multiple of vl, at most two vectors):
 *   y = act(y + bias); y *= sigmoid(gate + gate_bias); y *= mul; y *= mul2; y *= row_mul[r]; y /= divisor;
 *   y /= row_div[r]; y += residual
 * NULL pointers are skipped; every vector and row is readable to n. The result goes to dst_f32 or dst_bf16 (row r at
 * dst_at[r]), or stays in y when both are NULL. gate has the row distance of y. */
typedef struct pleat_cpu_epilogue {
  int64_t rows, n, ld;
  float *y;
  const float *gate;
  const float *bias, *gate_bias, *row_mul, *row_div;
  pleat_cpu_rows_view mul, mul2, divisor, residual;
  uint8_t act;
  float *dst_f32;
  uint16_t *dst_bf16;
  const int64_t *dst_at;
} pleat_cpu_epilogue;

/* dst = (x - mean) / sqrt(var + eps) * scale + offset for rows of n elements, a multiple of vl; to dst_f32 or dst_bf16,
 * rows ld apart. dst_f32 may be x. */
typedef struct pleat_cpu_norm_rows {
  int64_t rows, n;
  pleat_cpu_rows_view x;
  const float *scale, *offset;
  float eps;
  float *dst_f32;
  uint16_t *dst_bf16;
  int64_t ld;
} pleat_cpu_norm_rows;

/* Rows of n logits, ld apart, with room for whole vectors. bias and mask (of float32) may be absent; max and sum have a
 * value per row. */
typedef struct pleat_cpu_logits {
  int64_t rows, n, ld;
  float *x;
  float scale;
  pleat_cpu_rows_view bias, mask;
  float *max, *sum;
  uint16_t *dst_bf16; /* NULL: to x */
} pleat_cpu_logits;

typedef struct pleat_cpu_kernels {
  const char *name; /* of the level; set by pick */
  int vl;           /* floats per vector; panels are two vectors wide, the last may be one */
  int mr;           /* rows of the register tile of gemm */
  int mr_bf16;      /* the same of gemm_bf16 */
  int k_bf16;       /* elements of k that gemm_bf16 takes at once; another K is right, but slower */
  /* What a thread calls before gemm_bf16 and spin_bf16, and again after it ran code of others. NULL: nothing to do. */
  void (*enter)(void);
  void (*gemm)(const pleat_cpu_gemm *g);
  void (*gemm_bf16)(const pleat_cpu_gemm_bf16 *g);
  /* n times the arithmetic of one step of gemm, or of gemm_bf16, on registers alone: 2 mr vl products, or
   * 4 mr_bf16 vl. */
  void (*spin)(int64_t n, float *dst);
  void (*spin_bf16)(int64_t n, float *dst);
  void (*epilogue)(const pleat_cpu_epilogue *e);
  /* gemm of g and opt_gate, which multiplies the same A, then epilogue: y is g->c, gate is opt_gate->c. What products leave
   * in c is undefined: most stay in registers. NULL where a level has no faster way than the calls one by one. */
  void (*gemm_epilogue)(const pleat_cpu_gemm *g, const pleat_cpu_gemm *opt_gate, const pleat_cpu_epilogue *e);
  void (*gemm_bf16_epilogue)(const pleat_cpu_gemm_bf16 *g, const pleat_cpu_gemm_bf16 *opt_gate,
                             const pleat_cpu_epilogue *e);
  void (*norm_rows)(const pleat_cpu_norm_rows *p);
  /* The same, bit for bit, for one row of float32 of any length; dst may be x. */
  void (*layer_norm)(int64_t n, const float *x, const float *scale, const float *offset, float eps, float *dst);
  /* x = x * scale + bias, then -1e9 where mask is 0; max = the largest of each row, -inf for n = 0. What lies behind a
   * row, up to a whole vector, is undefined. */
  void (*logits_max)(const pleat_cpu_logits *p);
  /* x = exp(x - max), or to dst_bf16; zeros behind a row, up to a whole vector; sum = that of each row, of the values
   * before they are rounded. */
  void (*exp_sum)(const pleat_cpu_logits *p);
  /* ADD, SUB, MUL, DIV; dst may be a or b. */
  void (*binary)(uint8_t op, int64_t n, const float *a, const float *b, float *dst);
  /* RELU, SIGMOID, SOFTPLUS, AFFINE (x * p + q), GREATER_ZERO; dst may be x. */
  void (*unary)(uint8_t op, int64_t n, const float *x, float p, float q, float *dst);
  /* dst = mask != 0 ? x : fill */
  void (*mask_fill)(int64_t n, const float *x, const float *mask, float fill, float *dst);
  float (*sum)(int64_t n, const float *x);
  /* acc += (x - y)^2 */
  void (*add_square)(int64_t n, const float *x, float y, float *acc);
  void (*f32_from_bf16)(int64_t n, const uint16_t *src, float *dst);
  void (*bf16_from_f32)(int64_t n, const float *src, uint16_t *dst);
  /* dst[r * ldd + 2 i] = even[r * step + i], dst[r * ldd + 2 i + 1] = odd[r * step + i] for r < rows, i < n */
  void (*pair_rows)(int64_t rows, int64_t n, const uint16_t *even, const uint16_t *odd, int64_t step, uint16_t *dst,
                    int64_t ldd);
  /* dst[j * ldd + i] = src[i * lds + j] for i < rows, j < cols */
  void (*transpose)(int64_t rows, int64_t cols, const float *src, int64_t lds, float *dst, int64_t ldd);
} pleat_cpu_kernels;

/* One per instruction set; each exists on its own architecture only. */
void pleat_cpu_kernels_generic(pleat_cpu_kernels *out);
void pleat_cpu_kernels_avx2(pleat_cpu_kernels *out);
void pleat_cpu_kernels_avx512(pleat_cpu_kernels *out);
void pleat_cpu_kernels_avx512bf16(pleat_cpu_kernels *out);
void pleat_cpu_kernels_amx(pleat_cpu_kernels *out);
void pleat_cpu_kernels_neon(pleat_cpu_kernels *out);
void pleat_cpu_kernels_neonbf16(pleat_cpu_kernels *out);

/* Names of the instruction sets of this architecture, lowest first: level 0 is "generic"; NULL behind the last. */
const char *pleat_cpu_level_name(int level);
/* The highest that this machine has; it has all below. */
int pleat_cpu_level_highest(void);

/* What this machine has, at most the level named opt_mask when given (NULL and "" are not). A name of this architecture
 * that the machine has not gives the highest below it. false: no name of this architecture. */
bool pleat_cpu_kernels_pick(const char *opt_mask, pleat_cpu_kernels *out);

#endif
