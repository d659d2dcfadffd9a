/* Loads and stores of any dtype as float32: single elements, lines and transposed blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_priv.h"
#include "tensor/half.h"

float pleat_cpu_load(const pleat_cpu_tensor *x, int64_t at) {
  switch (x->dtype) {
    case PLEAT_F32: return ((const float *)(const void *)x->data)[at];
    case PLEAT_BF16: return pleat_f32_from_bf16(((const uint16_t *)(const void *)x->data)[at]);
    case PLEAT_F16: return pleat_f32_from_f16(((const uint16_t *)(const void *)x->data)[at]);
    case PLEAT_I32: return (float)((const int32_t *)(const void *)x->data)[at];
    default: return x->data[at];
  }
}

void pleat_cpu_store(const pleat_cpu_tensor *x, int64_t at, float value) {
  switch (x->dtype) {
    case PLEAT_F32: ((float *)(void *)x->data)[at] = value; break;
    case PLEAT_BF16: ((uint16_t *)(void *)x->data)[at] = pleat_bf16_from_f32(value); break;
    case PLEAT_F16: ((uint16_t *)(void *)x->data)[at] = pleat_f16_from_f32(value); break;
    case PLEAT_I32: ((int32_t *)(void *)x->data)[at] = (int32_t)value; break;
    default: x->data[at] = (uint8_t)value; break;
  }
}

void pleat_cpu_load_step(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t step, int64_t n,
                         float *dst) {
  if (step == 1 && x->dtype == PLEAT_F32) {
    memcpy(dst, (const float *)(const void *)x->data + at, (size_t)n * sizeof *dst);
  } else if (step == 1 && x->dtype == PLEAT_BF16) {
    kern->f32_from_bf16(n, (const uint16_t *)(const void *)x->data + at, dst);
  } else if (x->dtype == PLEAT_F32) {
    const float *src = (const float *)(const void *)x->data + at;
    for (int64_t i = 0; i < n; i++) dst[i] = src[i * step];
  } else {
    for (int64_t i = 0; i < n; i++) dst[i] = pleat_cpu_load(x, at + i * step);
  }
}

void pleat_cpu_store_step(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t step, int64_t n,
                          const float *src) {
  if (step == 1 && x->dtype == PLEAT_F32) {
    memcpy((float *)(void *)x->data + at, src, (size_t)n * sizeof *src);
  } else if (step == 1 && x->dtype == PLEAT_BF16) {
    kern->bf16_from_f32(n, src, (uint16_t *)(void *)x->data + at);
  } else if (x->dtype == PLEAT_F32) {
    float *dst = (float *)(void *)x->data + at;
    for (int64_t i = 0; i < n; i++) dst[i * step] = src[i];
  } else {
    for (int64_t i = 0; i < n; i++) pleat_cpu_store(x, at + i * step, src[i]);
  }
}

/* Length of the contiguous piece that starts at element i of a line without a common step. */
static int64_t piece(const pleat_cpu_line *line, int64_t i, int64_t end) {
  return pleat_cpu_min(line->run - i % line->run, end - i);
}

void pleat_cpu_load_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                         const pleat_cpu_line *line, int64_t first, int64_t n, float *dst) {
  if (line->has_step) {
    if (n > 0) pleat_cpu_load_step(kern, x, at + line->at[first], line->step, n, dst);
    return;
  }
  for (int64_t i = first, end = first + n, m; i < end; i += m, dst += m) {
    m = piece(line, i, end);
    if (m == 1) {
      *dst = pleat_cpu_load(x, at + line->at[i]);
    } else {
      pleat_cpu_load_step(kern, x, at + line->at[i], 1, m, dst);
    }
  }
}

void pleat_cpu_store_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *line, int64_t first, int64_t n, const float *src) {
  if (line->has_step) {
    if (n > 0) pleat_cpu_store_step(kern, x, at + line->at[first], line->step, n, src);
    return;
  }
  for (int64_t i = first, end = first + n, m; i < end; i += m, src += m) {
    m = piece(line, i, end);
    if (m == 1) {
      pleat_cpu_store(x, at + line->at[i], *src);
    } else {
      pleat_cpu_store_step(kern, x, at + line->at[i], 1, m, src);
    }
  }
}

void pleat_cpu_load_transposed(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t row_step,
                               int64_t rows, int64_t cols, float *dst, int64_t ldd) {
  if (x->dtype == PLEAT_F32) {
    kern->transpose(rows, cols, (const float *)(const void *)x->data + at, row_step, dst, ldd);
    return;
  }
  float tile[PLEAT_CPU_MAX_VL * PLEAT_CPU_MAX_NR];
  for (int64_t r = 0; r < rows; r += PLEAT_CPU_MAX_VL) {
    int64_t n_r = pleat_cpu_min(rows - r, PLEAT_CPU_MAX_VL);
    for (int64_t c = 0; c < cols; c += PLEAT_CPU_MAX_NR) {
      int64_t n_c = pleat_cpu_min(cols - c, PLEAT_CPU_MAX_NR);
      for (int64_t i = 0; i < n_r; i++)
        pleat_cpu_load_step(kern, x, at + (r + i) * row_step + c, 1, n_c, tile + i * PLEAT_CPU_MAX_NR);
      kern->transpose(n_r, n_c, tile, PLEAT_CPU_MAX_NR, dst + c * ldd + r, ldd);
    }
  }
}

const float *pleat_cpu_view_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                                 const pleat_cpu_line *line, int64_t first, int64_t n, float *buf) {
  if (x->dtype == PLEAT_F32 && line->has_step && line->step == 1)
    return (const float *)(const void *)x->data + at + line->at[first];
  pleat_cpu_load_line(kern, x, at, line, first, n, buf);
  return buf;
}
