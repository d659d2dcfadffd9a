/* Counter-based random numbers: same seed, same bytes, on every machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_RNG_H
#define PLEAT_BASE_RNG_H

#include <stdint.h>

typedef struct pleat_rng {
  uint64_t key;
  uint64_t counter;
} pleat_rng;

/* 2^64 / golden ratio: the increment of splitmix64. */
#define PLEAT_MIX64_STEP UINT64_C(0x9e3779b97f4a7c15)
/* The finaliser of splitmix64; inline, because synthetic weights call it once per value. */
static inline uint64_t pleat_mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}
/* A stream of its own for every (seed, stream) pair. */
pleat_rng pleat_rng_init(uint64_t seed, uint64_t stream);
uint64_t pleat_rng_u64(pleat_rng *rng);
/* Number i of a stream, from 0, as pleat_rng_u64 would give it after i others. */
static inline uint64_t pleat_rng_at(const pleat_rng *stream, uint64_t i) {
  return pleat_mix64(stream->key + (i + 1) * PLEAT_MIX64_STEP);
}
double pleat_rng_uniform(pleat_rng *rng);                            /* [0, 1), 53 bits */
uint64_t pleat_rng_below(pleat_rng *rng, uint64_t n);                /* uniform in [0, n), n > 0, without modulo bias */
void pleat_rng_permutation(pleat_rng *rng, int64_t n, int32_t *dst); /* random order of 0..n-1 (Fisher-Yates) */

#endif
