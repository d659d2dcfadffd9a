/* Kernels for any processor: no intrinsics; 128-bit vectors, which compilers turn into SSE2, NEON or plain code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/kern/kern.h"

#define VL        4
#define MR        4
#define KERN_INIT pleat_cpu_kernels_generic
#include "backend/cpu/kern/vec.inc"

static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_max(vf a, vf b) { return vf_select(a > b, a, b); }
static inline vf vf_min(vf a, vf b) { return vf_select(a < b, a, b); }
static inline vf vf_load_some(const float *src, int64_t n) { return vf_load_some_plain(src, n); }
static inline void vf_store_some(float *dst, vf x, int64_t n) { vf_store_some_plain(dst, x, n); }
static inline vf vf_load_bf16(const uint16_t *src) { return vf_widen_bf16(src); }
static inline void vf_store_bf16(uint16_t *dst, vf x) { vf_narrow_bf16(dst, x); }
static inline vf vf_dot_bf16(vf sum, vi a, vi b) { return vf_dot_bf16_plain(sum, a, b); }
static inline vf vf_ldexp(vf x, vf n) { return vf_ldexp_plain(x, n); }

static inline float vf_sum(vf x) { return vf_sum_plain(x); }

static inline float vf_largest(vf x) { return vf_largest_plain(x); }

static inline void transpose_block(const float *src, int64_t lds, float *dst, int64_t ldd) {
  for (int64_t i = 0; i < VL; i++)
    for (int64_t j = 0; j < VL; j++) dst[j * ldd + i] = src[i * lds + j];
}

#include "backend/cpu/kern/kern_impl.inc"
