/* Kernels for NEON (Advanced SIMD of arm64): 128-bit vectors, fused multiply-add.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arm_neon.h>

#include "backend/cpu/kern/kern.h"

#define VL        4
#define MR        8
#define KERN_INIT pleat_cpu_kernels_neon
#include "backend/cpu/kern/vec.inc"

static inline vf vf_fma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
/* NaN when either is. */
static inline vf vf_max(vf a, vf b) { return (vf)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
static inline vf vf_min(vf a, vf b) { return (vf)vminq_f32((float32x4_t)a, (float32x4_t)b); }
static inline vf vf_ldexp(vf x, vf n) { return vf_ldexp_plain(x, n); }

static inline vf vf_dot_bf16(vf sum, vi a, vi b) { return vf_dot_bf16_plain(sum, a, b); }
static inline vf vf_load_some(const float *src, int64_t n) { return vf_load_some_plain(src, n); }
static inline void vf_store_some(float *dst, vf x, int64_t n) { vf_store_some_plain(dst, x, n); }

static inline vf vf_load_bf16(const uint16_t *src) { return (vf)vshll_n_u16(vld1_u16(src), 16); }

static inline void vf_store_bf16(uint16_t *dst, vf x) {
  uint32x4_t bits = (uint32x4_t)x;
  uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
  uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
  uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
  uint32x4_t is_number = vceqq_f32((float32x4_t)x, (float32x4_t)x);
  vst1_u16(dst, vshrn_n_u32(vbslq_u32(is_number, rounded, quiet), 16));
}

/* The order of vf_sum_plain: lanes two apart first. */
static inline float vf_sum(vf x) {
  float32x2_t half = vadd_f32(vget_low_f32((float32x4_t)x), vget_high_f32((float32x4_t)x));
  return vget_lane_f32(half, 0) + vget_lane_f32(half, 1);
}

static inline float vf_largest(vf x) { return vmaxvq_f32((float32x4_t)x); }

static inline void transpose_block(const float *src, int64_t lds, float *dst, int64_t ldd) {
  float32x4x2_t a = vtrnq_f32(vld1q_f32(src), vld1q_f32(src + lds));
  float32x4x2_t b = vtrnq_f32(vld1q_f32(src + 2 * lds), vld1q_f32(src + 3 * lds));
  /* a.val[c] holds, in its half p, column 2 p + c of rows 0 and 1; b.val[c] those of rows 2 and 3. */
  for (int c = 0; c < 2; c++) {
    vst1q_f32(dst + c * ldd, vcombine_f32(vget_low_f32(a.val[c]), vget_low_f32(b.val[c])));
    vst1q_f32(dst + (c + 2) * ldd, vcombine_f32(vget_high_f32(a.val[c]), vget_high_f32(b.val[c])));
  }
}

#include "backend/cpu/kern/kern_impl.inc"
