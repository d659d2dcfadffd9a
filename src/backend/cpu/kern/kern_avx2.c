/* Kernels for AVX2 with FMA and F16C: 256-bit vectors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <immintrin.h>

#include "backend/cpu/kern/kern.h"

#define VL        8
#define MR        6
#define KERN_INIT pleat_cpu_kernels_avx2
#include "backend/cpu/kern/vec.inc"

static inline vf vf_fma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
/* The second operand is the result when either is NaN. */
static inline vf vf_max(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
static inline vf vf_min(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
static inline vf vf_dot_bf16(vf sum, vi a, vi b) { return vf_dot_bf16_plain(sum, a, b); }
static inline vf vf_ldexp(vf x, vf n) { return vf_ldexp_plain(x, n); }

/* All ones in lanes [0, n). */
static inline __m256i first_lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf vf_load_some(const float *src, int64_t n) { return (vf)_mm256_maskload_ps(src, first_lanes(n)); }
static inline void vf_store_some(float *dst, vf x, int64_t n) { _mm256_maskstore_ps(dst, first_lanes(n), (__m256)x); }

static inline vf vf_load_bf16(const uint16_t *src) {
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)src));
  return (vf)_mm256_slli_epi32(wide, 16);
}

static inline void vf_store_bf16(uint16_t *dst, vf x) {
  __m256i bits = (__m256i)x;
  __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
  __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  __m256i is_nan = (__m256i)_mm256_cmp_ps((__m256)x, (__m256)x, _CMP_UNORD_Q);
  __m256i half = _mm256_blendv_epi8(rounded, quiet, is_nan);
  __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(half, half), 0x08);
  _mm_storeu_si128((__m128i *)(void *)dst, _mm256_castsi256_si128(packed));
}

static inline float vf_sum(vf x) { return vf_sum_plain(x); }

static inline float vf_largest(vf x) { return vf_largest_plain(x); }

static inline void transpose_block(const float *src, int64_t lds, float *dst, int64_t ldd) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(src + i * lds);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(dst + i * ldd, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(dst + (i + 4) * ldd, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

#include "backend/cpu/kern/kern_impl.inc"
