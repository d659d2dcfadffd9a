/* Kernels for AVX-512 (F, BW, DQ, VL): 512-bit vectors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <immintrin.h>

#include "backend/cpu/kern/kern.h"

#define VL        16
#define MR        12
#define KERN_INIT pleat_cpu_kernels_avx512
#include "backend/cpu/kern/vec.inc"

static inline vf vf_fma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
/* The second operand is the result when either is NaN. */
static inline vf vf_max(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
static inline vf vf_min(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
static inline vf vf_ldexp(vf x, vf n) { return (vf)_mm512_scalef_ps((__m512)x, (__m512)n); }

static inline vf vf_load_bf16(const uint16_t *src) {
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)src));
  return (vf)_mm512_slli_epi32(wide, 16);
}

static inline void vf_store_bf16(uint16_t *dst, vf x) {
  __m512i bits = (__m512i)x;
  __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF))), 16);
  __m512i quiet = _mm512_or_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(0x40));
  __mmask16 is_nan = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
  __m512i half = _mm512_mask_blend_epi32(is_nan, rounded, quiet);
  _mm256_storeu_si256((__m256i *)(void *)dst, _mm512_cvtepi32_epi16(half));
}

static inline float vf_sum(vf x) { return _mm512_reduce_add_ps((__m512)x); }

static inline float vf_largest(vf x) { return _mm512_reduce_max_ps((__m512)x); }

static inline void transpose_block(const float *src, int64_t lds, float *dst, int64_t ldd) {
  __m512 r[16], s[16];
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_ps(src + i * lds);
  for (int i = 0; i < 16; i += 2) {
    s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  /* r[4 q + c] holds, in its 128-bit part p, column 4 p + c of rows 4 q .. 4 q + 3. */
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm512_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  for (int c = 0; c < 4; c++) {
    __m512 low01 = _mm512_shuffle_f32x4(r[c], r[c + 4], 0x44), high01 = _mm512_shuffle_f32x4(r[c], r[c + 4], 0xEE);
    __m512 low23 = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0x44);
    __m512 high23 = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0xEE);
    _mm512_storeu_ps(dst + c * ldd, _mm512_shuffle_f32x4(low01, low23, 0x88));
    _mm512_storeu_ps(dst + (c + 4) * ldd, _mm512_shuffle_f32x4(low01, low23, 0xDD));
    _mm512_storeu_ps(dst + (c + 8) * ldd, _mm512_shuffle_f32x4(high01, high23, 0x88));
    _mm512_storeu_ps(dst + (c + 12) * ldd, _mm512_shuffle_f32x4(high01, high23, 0xDD));
  }
}

#include "backend/cpu/kern/kern_impl.inc"
