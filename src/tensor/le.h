/* Little-endian numbers at any address, as zip, .npy and .safetensors store them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_LE_H
#define PLEAT_TENSOR_LE_H

#include <stdint.h>

/* Arrays are read and written as they lie in memory, so a big-endian host would need a byte swap in every reader. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pleat needs a little-endian machine"
#endif

static inline uint16_t pleat_le_load16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

static inline uint32_t pleat_le_load32(const uint8_t *p) {
  return pleat_le_load16(p) | (uint32_t)pleat_le_load16(p + 2) << 16;
}

static inline uint64_t pleat_le_load64(const uint8_t *p) {
  return pleat_le_load32(p) | (uint64_t)pleat_le_load32(p + 4) << 32;
}

/* Stores the low n bytes of value and returns the address behind them. */
static inline uint8_t *pleat_le_store(uint8_t *p, uint64_t value, int n) {
  for (int i = 0; i < n; i++) p[i] = (uint8_t)(value >> (8 * i));
  return p + n;
}

#endif
