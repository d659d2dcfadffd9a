/* What AMX does better than AVX-512 with BF16: bf16 matrix products on tiles of 16 rows.
 * Source: Intel SDM volume 1, chapter 18; a tile of B holds 16 pairs of k by 16 columns, which is how panels are packed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <immintrin.h>

#include "backend/cpu/kern/kern.h"

#define VL 16
#define MR 12
#include "backend/cpu/kern/vec.inc"

static inline vf vf_dot_bf16(vf sum, vi a, vi b) { return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b); }
static inline vf vf_fma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }

#include "backend/cpu/kern/gemm_bf16.inc"

enum { TILE = 16, PAIRS = 16, N_TILES = 8 }; /* rows or columns, and pairs of k, of a tile */

typedef struct tile_config {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

/* Compilers do not know that a tile load reads memory: what was stored before must be there. */
static inline void finish_stores(void) { __asm__ volatile("" ::: "memory"); }

static void configure(void) {
  tile_config config = {.palette = 1};
  for (int i = 0; i < N_TILES; i++) {
    config.row_bytes[i] = 64;
    config.rows[i] = TILE;
  }
  finish_stores();
  _tile_loadconfig(&config);
}

/* 16 rows, or 32, by 32 columns: tiles 0..3 are sums, 4 and 5 rows of A, 6 and 7 columns of B. */
ALWAYS_INLINE void whole_block(bool is_two, const pleat_cpu_gemm_bf16 *g, int64_t n_pairs, const uint16_t *a,
                               float *c) {
  size_t a_bytes = (size_t)g->a_rs * 2, b_bytes = (size_t)g->b_ps * 2, c_bytes = (size_t)g->ldc * 4;
  float *lower = c + TILE * g->ldc;
  if (g->is_adding) {
    _tile_loadd(0, c, c_bytes);
    _tile_loadd(1, c + TILE, c_bytes);
    if (is_two) _tile_loadd(2, lower, c_bytes);
    if (is_two) _tile_loadd(3, lower + TILE, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if (is_two) _tile_zero(2);
    if (is_two) _tile_zero(3);
  }
  for (int64_t p = 0; p < n_pairs; p += PAIRS) {
    const uint16_t *b = g->b + p * g->b_ps;
    _tile_loadd(6, b, b_bytes);
    _tile_loadd(7, b + 2 * TILE, b_bytes);
    _tile_loadd(4, a + 2 * p, a_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (!is_two) continue;
    _tile_loadd(5, a + 2 * p + TILE * g->a_rs, a_bytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + TILE, c_bytes);
  if (is_two) _tile_stored(2, lower, c_bytes);
  if (is_two) _tile_stored(3, lower + TILE, c_bytes);
}

/* Fewer than 16 rows by 32 columns. Rows that a tile lacks are zeros: every row is computed by the same instructions,
 * wherever it lies. */
static void part_block(const pleat_cpu_gemm_bf16 *g, int64_t rows, int64_t n_pairs, const uint16_t *a, float *c) {
  uint16_t a_rows[TILE][2 * PAIRS] = {{0}};
  float c_rows[TILE][2 * TILE] = {{0}};
  size_t b_bytes = (size_t)g->b_ps * 2;
  for (int64_t i = 0; g->is_adding && i < rows; i++) memcpy(c_rows[i], c + i * g->ldc, sizeof c_rows[i]);
  finish_stores();
  _tile_loadd(0, c_rows, sizeof c_rows[0]);
  _tile_loadd(1, c_rows[0] + TILE, sizeof c_rows[0]);
  for (int64_t p = 0; p < n_pairs; p += PAIRS) {
    const uint16_t *b = g->b + p * g->b_ps;
    for (int64_t i = 0; i < rows; i++) memcpy(a_rows[i], a + i * g->a_rs + 2 * p, sizeof a_rows[i]);
    finish_stores();
    _tile_loadd(4, a_rows, sizeof a_rows[0]);
    _tile_loadd(6, b, b_bytes);
    _tile_loadd(7, b + 2 * TILE, b_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, c_rows, sizeof c_rows[0]);
  _tile_stored(1, c_rows[0] + TILE, sizeof c_rows[0]);
  finish_stores();
  for (int64_t i = 0; i < rows; i++) memcpy(c + i * g->ldc, c_rows[i], sizeof c_rows[i]);
}

/* Whole tiles of k here, the rest of k as without AMX. */
static void gemm_amx(const pleat_cpu_gemm_bf16 *g) {
  int64_t n_pairs = g->n_pairs / PAIRS * PAIRS;
  if (g->width != 2 * VL || n_pairs == 0) {
    gemm_bf16(g);
    return;
  }
  finish_stores();
  int64_t i = 0;
  for (; i + 2 * TILE <= g->m; i += 2 * TILE) whole_block(true, g, n_pairs, g->a + i * g->a_rs, g->c + i * g->ldc);
  for (; i + TILE <= g->m; i += TILE) whole_block(false, g, n_pairs, g->a + i * g->a_rs, g->c + i * g->ldc);
  if (i < g->m) part_block(g, g->m - i, n_pairs, g->a + i * g->a_rs, g->c + i * g->ldc);
  if (n_pairs == g->n_pairs) return;
  pleat_cpu_gemm_bf16 rest = *g;
  rest.n_pairs = g->n_pairs - n_pairs;
  rest.a += 2 * n_pairs;
  rest.b += n_pairs * g->b_ps;
  rest.is_adding = true;
  gemm_bf16(&rest);
}

/* What the processor could do: four sums, nothing loaded. */
static void spin_amx(int64_t n, float *dst) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  /* One step counts as 4 mr_bf16 vl products; four instructions make 4 16 16 32. */
  const int64_t products_per_round = 4 * TILE * TILE * 2 * PAIRS, products_per_step = 4 * TILE * VL;
  for (int64_t k = 0; k < n * products_per_step; k += products_per_round) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, dst, 0);
}

void pleat_cpu_kernels_amx(pleat_cpu_kernels *out) {
  out->mr_bf16 = TILE;
  out->k_bf16 = 2 * PAIRS;
  out->enter = configure;
  out->gemm_bf16 = gemm_amx;
  out->gemm_bf16_epilogue = NULL; /* that of the level below multiplies without tiles */
  out->spin_bf16 = spin_amx;
}
