/* Packed matrices: panels of two vectors of columns, in the order in which the micro-kernel reads them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_priv.h"
#include "tensor/half.h"

const void *pleat_cpu_panel(const pleat_cpu_kernels *kern, const pleat_cpu_packed *matrix, int64_t panel, int64_t k) {
  int64_t K = pleat_cpu_packed_rows(matrix->K, matrix->is_bf16);
  int64_t at = panel * 2 * kern->vl * K + k * pleat_cpu_panel_width(kern, matrix->N, panel);
  if (matrix->is_bf16) return (const uint16_t *)matrix->data + at;
  return (const float *)matrix->data + at;
}

void pleat_cpu_pack(const pleat_cpu_kernels *kern, const float *src, int64_t K, int64_t N, bool is_bf16, void *dst) {
  int64_t rows = pleat_cpu_packed_rows(K, is_bf16);
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, N); panel++) {
    int64_t first = panel * 2 * kern->vl, width = pleat_cpu_panel_width(kern, N, panel), base = first * rows;
    for (int64_t k = 0; k < rows; k++) {
      for (int64_t j = 0; j < width; j++) {
        float value = k < K && first + j < N ? src[k * N + first + j] : 0;
        if (is_bf16) {
          ((uint16_t *)dst)[base + (k / 2 * width + j) * 2 + k % 2] = pleat_bf16_from_f32(value);
        } else {
          ((float *)dst)[base + k * width + j] = value;
        }
      }
    }
  }
}

pleat_cpu_packed pleat_cpu_matrix_f32(const pleat_cpu_kernels *kern, pleat_cpu_bump *bump,
                                      const pleat_cpu_packed *matrix) {
  if (!matrix->is_bf16) return *matrix;
  float *dst = pleat_cpu_take_f32(bump, pleat_cpu_packed_elements(kern, matrix->K, matrix->N, false));
  pleat_cpu_packed result = {.K = matrix->K, .N = matrix->N, .data = dst};
  for (int64_t panel = 0; dst && matrix->data && panel < pleat_cpu_panels(kern, matrix->N); panel++) {
    int64_t width = pleat_cpu_panel_width(kern, matrix->N, panel);
    const uint16_t *pairs = pleat_cpu_panel(kern, matrix, panel, 0);
    float *rows = dst + panel * 2 * kern->vl * matrix->K;
    for (int64_t k = 0; k + 1 < matrix->K; k += 2, pairs += 2 * width, rows += 2 * width) {
      for (int64_t j = 0; j < width; j++) rows[j] = pleat_f32_from_bf16(pairs[2 * j]);
      for (int64_t j = 0; j < width; j++) rows[width + j] = pleat_f32_from_bf16(pairs[2 * j + 1]);
    }
    for (int64_t j = 0; matrix->K % 2 && j < width; j++) rows[j] = pleat_f32_from_bf16(pairs[2 * j]);
  }
  return result;
}

/* Row k of columns col_line[first, first + n) as bf16: where it lies, or in buf; zeros behind the last row. */
static const uint16_t *row_of_pairs(const pleat_cpu_tensor *x, int64_t at, const pleat_cpu_line *k_line,
                                    const pleat_cpu_line *col_line, int64_t first, int64_t n, int64_t k,
                                    uint16_t *buf) {
  if (k >= k_line->n) {
    memset(buf, 0, (size_t)n * sizeof *buf);
    return buf;
  }
  const uint16_t *src = (const uint16_t *)(const void *)x->data + at + k_line->at[k];
  if (col_line->has_step && col_line->step == 1) return src + col_line->at[first];
  for (int64_t j = 0; j < n; j++) buf[j] = src[col_line->at[first + j]];
  return buf;
}

void pleat_cpu_pack_pairs(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *k_line, const pleat_cpu_line *col_line, int64_t first_col, int64_t n,
                          int64_t width, uint16_t *dst) {
  int64_t n_pairs = pleat_cpu_blocks(k_line->n, 2);
  if (n_pairs == 0 || n == 0) return;
  if (n < width)
    for (int64_t p = 0; p < n_pairs; p++) memset(dst + (p * width + n) * 2, 0, (size_t)(width - n) * 2 * sizeof *dst);
  const uint16_t *src = (const uint16_t *)(const void *)x->data + at + k_line->at[0] + col_line->at[first_col];
  bool are_pairs = k_line->has_step && k_line->step == 1 && k_line->n % 2 == 0 && col_line->has_step &&
                   col_line->step % 2 == 0 && (uintptr_t)src % sizeof(float) == 0;
  if (are_pairs) { /* pairs lie together: they are turned as units of 32 bits */
    kern->transpose(n, n_pairs, (const float *)(const void *)src, col_line->step / 2, (float *)(void *)dst, width);
    return;
  }
  int64_t p = 0;
  if (k_line->has_step && col_line->has_step && col_line->step == 1) {
    p = k_line->n / 2;
    kern->pair_rows(p, n, src, src + k_line->step, 2 * k_line->step, dst, 2 * width);
  }
  uint16_t even[PLEAT_CPU_MAX_NR], odd[PLEAT_CPU_MAX_NR];
  for (; p < n_pairs; p++)
    kern->pair_rows(1, n, row_of_pairs(x, at, k_line, col_line, first_col, n, 2 * p, even),
                    row_of_pairs(x, at, k_line, col_line, first_col, n, 2 * p + 1, odd), 0, dst + p * width * 2, 0);
}

void pleat_cpu_pack_panel(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *k_line, const pleat_cpu_line *col_line, int64_t first_col, int64_t n,
                          int64_t width, float *dst) {
  int64_t K = k_line->n;
  if (K == 0 || n == 0) return;
  if (n < width)
    for (int64_t k = 0; k < K; k++) memset(dst + k * width + n, 0, (size_t)(width - n) * sizeof *dst);
  if (k_line->has_step && k_line->step == 1 && col_line->has_step && col_line->step != 1) {
    pleat_cpu_load_transposed(kern, x, at + k_line->at[0] + col_line->at[first_col], col_line->step, n, K, dst, width);
    return;
  }
  if (x->dtype == PLEAT_F32 && col_line->has_step && col_line->step == 1) {
    enum { AHEAD = 8 }; /* rows may lie pages apart, where no hardware prefetcher follows */
    const float *src = (const float *)(const void *)x->data + at + col_line->at[first_col];
    for (int64_t k = 0; k < K; k++) {
      const float *next = src + k_line->at[pleat_cpu_min(k + AHEAD, K - 1)];
      __builtin_prefetch(next);
      __builtin_prefetch(next + PLEAT_CPU_MAX_VL);
      memcpy(dst + k * width, src + k_line->at[k], (size_t)n * sizeof *dst);
    }
    return;
  }
  for (int64_t k = 0; k < K; k++)
    pleat_cpu_load_line(kern, x, at + k_line->at[k], col_line, first_col, n, dst + k * width);
}

pleat_cpu_packed pleat_cpu_matrix_take(const pleat_cpu_call *call, pleat_cpu_bump *bump, const pleat_cpu_tensor *W,
                                       const pleat_cpu_axes *k_axes, const pleat_cpu_axes *n_axes) {
  if (!W->is_present) return (pleat_cpu_packed){0};
  if (W->is_packed) return W->packed;
  const pleat_cpu_kernels *kern = call->kern;
  int64_t K = pleat_cpu_axes_count(k_axes), N = pleat_cpu_axes_count(n_axes);
  float *data = pleat_cpu_take_f32(bump, pleat_cpu_packed_elements(kern, K, N, false));
  pleat_cpu_line k_line = pleat_cpu_line_take(bump, k_axes, W), n_line = pleat_cpu_line_take(bump, n_axes, W);
  pleat_cpu_packed matrix = {.K = K, .N = N, .data = data};
  if (!data || !W->data) return matrix;
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, N); panel++) {
    int64_t first = panel * 2 * kern->vl, width = pleat_cpu_panel_width(kern, N, panel);
    pleat_cpu_pack_panel(kern, W, 0, &k_line, &n_line, first, pleat_cpu_min(N - first, width), width, data + first * K);
  }
  return matrix;
}

/* Is letter of a weight one that is summed over? */
static bool is_summed(const pleat_node *node, int slot, char letter) {
  if (node->op != PLEAT_OP_TRANSITION) return !strchr(node->letters[0], letter);
  bool in_x = strchr(node->letters[1 + PLEAT_TR_X], letter) != NULL;
  return slot == PLEAT_TR_W1 ? in_x : !in_x && strchr(node->letters[1 + PLEAT_TR_W1], letter);
}

void pleat_cpu_matrix_shape(const pleat_launch *launch, int slot, int64_t *out_K, int64_t *out_N) {
  *out_K = *out_N = 1;
  for (int d = 0; d < launch->in[slot].rank; d++)
    *(is_summed(launch->node, slot, launch->node->letters[1 + slot][d]) ? out_K : out_N) *= launch->in[slot].size[d];
}

/* Stored as [K.., N..] in row-major order, and the letters that are summed stand first. */
bool pleat_cpu_is_packable(const pleat_launch *launch, int slot) {
  const pleat_operand *W = &launch->in[slot];
  const pleat_node *node = launch->node;
  if (W->space != PLEAT_SPACE_WEIGHT || W->offset || !pleat_node_is_matrix(node, slot)) return false;
  int64_t stride = 1;
  for (int d = W->rank - 1; d >= 0; d--) {
    if (W->size[d] != 1 && W->stride[d] != stride) return false;
    stride *= W->size[d];
  }
  const char *letters = node->letters[1 + slot];
  if (node->op == PLEAT_OP_OUTER_PRODUCT && !strchr(node->letters[1 + PLEAT_OP_A], *letters)) return false;
  bool is_outer = false;
  for (; *letters; letters++) {
    bool is_k = is_summed(node, slot, *letters);
    if (is_outer && is_k) return false;
    is_outer |= !is_k;
  }
  return true;
}

float *pleat_cpu_vector_take(const pleat_cpu_call *call, pleat_cpu_bump *bump, const pleat_cpu_tensor *x,
                             const pleat_cpu_axes *axes) {
  if (!x->is_present) return NULL;
  int64_t n = pleat_cpu_axes_count(axes);
  float *dst = pleat_cpu_take_f32(bump, n + PLEAT_CPU_MAX_NR);
  pleat_cpu_line line = pleat_cpu_line_take(bump, axes, x);
  if (!dst || !x->data) return NULL;
  if (n > 0) pleat_cpu_load_line(call->kern, x, 0, &line, 0, n, dst);
  memset(dst + n, 0, PLEAT_CPU_MAX_NR * sizeof *dst);
  return dst;
}
