/* Root and reciprocal of an NVIDIA GPU: all results of an H100, by checksum, and a few by value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/gpu_float.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

static uint32_t to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* Sum over i of (2 i + 1) times the bits of f(x_i), for the `count` numbers from 1 upwards. */
static uint64_t checksum(float (*f)(float), uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += (2 * (uint64_t)i + 1) * to_bits(f(from_bits(to_bits(1) + i)));
  return sum;
}

/* The expected sums were taken from PTX sqrt.approx.ftz.f32 and rcp.approx.ftz.f32 on an H100 (sm_90). */
static void test_every_fraction(void) {
  CHECK(checksum(pleat_gpu_sqrt, UINT32_C(1) << 24) == UINT64_C(0xcc77ea131d601793));
  CHECK(checksum(pleat_gpu_reciprocal, UINT32_C(1) << 23) == UINT64_C(0x46f42047e2dddf03));
}

static void test_scales(void) {
  for (int exponent = -60; exponent <= 60; exponent++) {
    CHECK(pleat_gpu_sqrt(ldexpf(1.7f, 2 * exponent)) == ldexpf(pleat_gpu_sqrt(1.7f), exponent));
    CHECK(pleat_gpu_sqrt(ldexpf(3.4f, 2 * exponent)) == ldexpf(pleat_gpu_sqrt(3.4f), exponent));
    CHECK(pleat_gpu_reciprocal(ldexpf(1.7f, exponent)) == ldexpf(pleat_gpu_reciprocal(1.7f), -exponent));
    CHECK(pleat_gpu_reciprocal(ldexpf(-1.7f, exponent)) == -ldexpf(pleat_gpu_reciprocal(1.7f), -exponent));
  }
  CHECK(pleat_gpu_sqrt(16.0f) == 4.0f);
  CHECK(pleat_gpu_reciprocal(4.0f) == 0.25f);
}

static void test_not_numbers(void) {
  CHECK(isnan(pleat_gpu_sqrt(NAN)));
  CHECK(isnan(pleat_gpu_reciprocal(NAN)));
  CHECK(pleat_gpu_sqrt(INFINITY) == INFINITY);
  CHECK(pleat_gpu_reciprocal(INFINITY) == 0);
}

int main(void) {
  test_every_fraction();
  test_scales();
  test_not_numbers();
  return check_report();
}
