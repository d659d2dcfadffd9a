/* Counter-based random numbers: value i of a stream is a function of (key, i) alone.
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (splitmix64), OOPSLA 2014.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/rng.h"

#include "base/fail.h"

/* The seed is mixed before the stream enters, so that (seed, stream) and (seed + 1, stream - 1) have nothing in
 * common. */
pleat_rng pleat_rng_init(uint64_t seed, uint64_t stream) {
  return (pleat_rng){pleat_mix64(pleat_mix64(seed + PLEAT_MIX64_STEP) ^ pleat_mix64(~stream)), 0};
}

uint64_t pleat_rng_u64(pleat_rng *rng) { return pleat_mix64(rng->key + ++rng->counter * PLEAT_MIX64_STEP); }

double pleat_rng_uniform(pleat_rng *rng) { return (double)(pleat_rng_u64(rng) >> 11) * 0x1p-53; }

/* Values below 2^64 mod n are rejected: what remains is a whole number of intervals of length n. */
uint64_t pleat_rng_below(pleat_rng *rng, uint64_t n) {
  PLEAT_ASSERT(n > 0);
  uint64_t n_rejected = (UINT64_C(0) - n) % n;
  uint64_t x;
  do {
    x = pleat_rng_u64(rng);
  } while (x < n_rejected);
  return x % n;
}

void pleat_rng_permutation(pleat_rng *rng, int64_t n, int32_t *dst) {
  PLEAT_ASSERT(n <= INT32_MAX);
  for (int64_t i = 0; i < n; i++) {
    int64_t j = (int64_t)pleat_rng_below(rng, (uint64_t)i + 1);
    if (j != i) dst[i] = dst[j];
    dst[j] = (int32_t)i;
  }
}
