/* Projections of arrays on fixed random signs.
 * Source of the bits: splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fingerprint.h"

#include <math.h>
#include <stdio.h>

uint64_t cli_random_bits(uint64_t i) {
  uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static void compute(const pleat_array *array, double out[CLI_FINGERPRINT]) {
  enum { N = CLI_FINGERPRINT - 1 };
  double sum[N] = {0}, squares = 0;
  int64_t n = pleat_array_elements(array);
  for (int64_t i = 0; i < n; i++) {
    double x = pleat_array_number(array, i);
    uint64_t bits = cli_random_bits((uint64_t)i);
    for (int k = 0; k < N; k++) sum[k] += bits >> k & 1 ? x : -x;
    squares += x * x;
  }
  for (int k = 0; k < N; k++) out[k] = sum[k] / sqrt(N);
  out[N] = sqrt(squares);
}

pleat_status cli_fingerprints(const pleat_arrays *set, pleat_arrays **out_fingerprints, pleat_error *err) {
  static const int64_t shape[] = {CLI_FINGERPRINT};
  pleat_arrays *fingerprints;
  pleat_status status = pleat_arrays_create(&fingerprints, err);
  if (status) return status;
  for (size_t i = 0; i < pleat_arrays_count(set) && !status; i++) {
    const pleat_array *array = pleat_arrays_get(set, i);
    double numbers[CLI_FINGERPRINT];
    if (array->dtype == PLEAT_BYTES) continue;
    compute(array, numbers);
    status = pleat_arrays_add(fingerprints, array->name, PLEAT_F64, 1, shape, numbers, NULL, err);
  }
  if (status) {
    pleat_arrays_destroy(fingerprints);
  } else {
    *out_fingerprints = fingerprints;
  }
  return status;
}

void cli_fingerprints_print(const pleat_arrays *fingerprints, const char *prefix) {
  for (size_t i = 0; i < pleat_arrays_count(fingerprints); i++) {
    const pleat_array *array = pleat_arrays_get(fingerprints, i);
    printf("{\"%s%s\",\n {", prefix, array->name);
    for (int64_t k = 0; k < CLI_FINGERPRINT; k++) printf("%s%.9g", k ? ", " : "", pleat_array_number(array, k));
    printf("}},\n");
  }
}
