/* Vectors of VL floats in the compilers' common extension, for the kernel files only. Included once per file, after VL
 * is defined; the file adds what the extension cannot say (vf_fma, vf_max, vf_min, vf_ldexp, bf16 moves).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_VEC_H
#define PLEAT_CPU_VEC_H

#include <math.h>
#include <string.h>

#include "tensor/half.h"

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));

static inline vf vf_load(const float *src) {
  vf x;
  memcpy(&x, src, sizeof x);
  return x;
}

static inline void vf_store(float *dst, vf x) { memcpy(dst, &x, sizeof x); }

static inline vf vf_set(float x) { return (vf){0} + x; }

static inline vi vi_set(int32_t x) { return (vi){0} + x; }

static inline vf vf_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

/* First n < VL elements; the rest is zero, and is not touched in memory. */
static inline vf vf_load_some(const float *src, int64_t n) {
  vf x = {0};
  memcpy(&x, src, (size_t)n * sizeof *src);
  return x;
}

static inline void vf_store_some(float *dst, vf x, int64_t n) { memcpy(dst, &x, (size_t)n * sizeof *dst); }

static inline float vf_sum(vf x) {
  float lane[VL];
  vf_store(lane, x);
  for (int width = VL / 2; width; width /= 2)
    for (int i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}

/* x 2^n for whole n in [-300, 300], in two steps because 2^n itself may not be a float. */
static inline vf vf_ldexp_plain(vf x, vf n) {
  const float magic = 12582912.0f; /* 1.5 2^23: adding it leaves the integer in the low bits */
  vi whole = (vi)(n + magic) - vi_set(0x4B400000);
  vi half = whole >> 1;
  vf first = (vf)((half + 127) << 23), second = (vf)((whole - half + 127) << 23);
  return x * first * second;
}

static inline vf vf_widen_bf16(const uint16_t *src) {
  float lane[VL];
  for (int i = 0; i < VL; i++) lane[i] = pleat_f32_from_bf16(src[i]);
  return vf_load(lane);
}

static inline void vf_narrow_bf16(uint16_t *dst, vf x) {
  float lane[VL];
  vf_store(lane, x);
  for (int i = 0; i < VL; i++) dst[i] = pleat_bf16_from_f32(lane[i]);
}

#endif
