/* Conversions between float32 and the two 16-bit floats; round to nearest, ties to even.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_HALF_H
#define PLEAT_TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

static inline float pleat_f32_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t pleat_bits_from_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float pleat_f32_from_bf16(uint16_t half) { return pleat_f32_from_bits((uint32_t)half << 16); }

/* NaN stays NaN (made quiet, so that truncation cannot turn it into infinity). */
static inline uint16_t pleat_bf16_from_f32(float value) {
  uint32_t bits = pleat_bits_from_f32(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

static inline float pleat_f32_from_f16(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  uint32_t exponent = half >> 10 & 0x1Fu;
  uint32_t fraction = half & 0x3FFu;
  if (exponent == 0x1F) return pleat_f32_from_bits(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return pleat_f32_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  float magnitude = (float)fraction * 0x1p-24f; /* zero and subnormal halves: exact */
  return pleat_f32_from_bits(sign | pleat_bits_from_f32(magnitude));
}

/* Values from 65520 on become infinity. */
static inline uint16_t pleat_f16_from_f32(float value) {
  uint32_t bits = pleat_bits_from_f32(value);
  uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return (uint16_t)(sign | 0x7E00u);
  if (magnitude >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);
  if (magnitude < 0x38800000u) {
    /* Below the smallest normal half: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits. */
    float shifted = pleat_f32_from_bits(magnitude) + 0.5f;
    return (uint16_t)(sign | (pleat_bits_from_f32(shifted) - 0x3F000000u));
  }
  uint32_t rounded = magnitude - (112u << 23) + 0xFFFu + (magnitude >> 13 & 1u);
  return (uint16_t)(sign | rounded >> 13);
}

#endif
