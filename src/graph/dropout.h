/* The random numbers of DROPOUT_MASK, which every backend must draw alike.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_GRAPH_DROPOUT_H
#define PLEAT_GRAPH_DROPOUT_H

#include "base/rng.h"

/* key: the seed's low and high half, then the pass's. A stream of its own for every block and place in the network. */
static inline pleat_rng pleat_dropout_stream(const int32_t key[4], int64_t block, int32_t place) {
  uint64_t seed = (uint32_t)key[0] | (uint64_t)(uint32_t)key[1] << 32;
  uint64_t pass = (uint32_t)key[2] | (uint64_t)(uint32_t)key[3] << 32;
  return pleat_rng_init(seed, pleat_mix64(pass + PLEAT_MIX64_STEP) ^ ((uint64_t)block << 32 | (uint32_t)place));
}

/* The mask's value from its number in the stream. */
static inline float pleat_dropout_value(uint64_t number, float rate) {
  return (double)(number >> 11) * 0x1p-53 >= (double)rate ? (float)(1 / (1 - (double)rate)) : 0;
}

#endif
