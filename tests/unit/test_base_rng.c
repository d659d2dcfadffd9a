/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include "check.h"

/* splitmix64 of Vigna's reference program with state 0 begins with these values. */
static void test_mix64(void) {
  const uint64_t phi = UINT64_C(0x9e3779b97f4a7c15);
  CHECK(pleat_mix64(phi) == UINT64_C(0xe220a8397b1dcdaf));
  CHECK(pleat_mix64(2 * phi) == UINT64_C(0x6e789e6aa1b965f4));
  CHECK(pleat_mix64(3 * phi) == UINT64_C(0x06c45d188009454f));
}

/* Regression: the bytes of every run with a seed depend on these. */
static void test_fixed_values(void) {
  static const uint64_t want[4] = {UINT64_C(0x2d15d081fd830f51), UINT64_C(0x5a6d9049c9d125be),
                                   UINT64_C(0x7ce1351fb0d23fcf), UINT64_C(0x54751fd1944cea13)};
  pleat_rng rng = pleat_rng_init(1, 2);
  for (int i = 0; i < 4; i++) {
    uint64_t got = pleat_rng_u64(&rng);
    if (!CHECK(got == want[i])) fprintf(stderr, "  value %d is 0x%016llx\n", i, (unsigned long long)got);
  }
  static const int32_t want_order[8] = {1, 5, 4, 3, 6, 7, 0, 2};
  int32_t order[8];
  rng = pleat_rng_init(0, 0);
  pleat_rng_permutation(&rng, 8, order);
  for (int i = 0; i < 8; i++) CHECK_INT(order[i], want_order[i]);
}

/* A number by its place is the number drawn there. */
static void test_places(void) {
  pleat_rng rng = pleat_rng_init(5, 6);
  const pleat_rng stream = rng;
  for (uint64_t i = 0; i < 100; i++) CHECK(pleat_rng_u64(&rng) == pleat_rng_at(&stream, i));
}

static void test_streams_differ(void) {
  enum { N_SEEDS = 40, N_STREAMS = 40 };
  uint64_t first[N_SEEDS * N_STREAMS];
  int n = 0;
  for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
    for (uint64_t stream = 0; stream < N_STREAMS; stream++) {
      pleat_rng rng = pleat_rng_init(seed, stream);
      first[n] = pleat_rng_u64(&rng);
      for (int i = 0; i < n; i++) CHECK(first[i] != first[n]);
      n++;
    }
  }
}

static void test_uniform(void) {
  enum { N = 200000, N_BINS = 16 };
  pleat_rng rng = pleat_rng_init(7, 0);
  double sum = 0, sum_square = 0, sum_lag = 0, last = 0.5;
  int bins[N_BINS] = {0};
  for (int i = 0; i < N; i++) {
    double x = pleat_rng_uniform(&rng);
    CHECK(x >= 0 && x < 1);
    bins[(int)(x * N_BINS)]++;
    sum += x;
    sum_square += x * x;
    sum_lag += (x - 0.5) * (last - 0.5);
    last = x;
  }
  /* Five standard deviations of each estimate. */
  CHECK_NEAR(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
  CHECK_NEAR(sum_square / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
  CHECK_NEAR(sum_lag / N, 0, 5 * sqrt(1.0 / 144 / N));
  double chi2 = 0;
  for (int i = 0; i < N_BINS; i++) {
    double expected = (double)N / N_BINS;
    chi2 += (bins[i] - expected) * (bins[i] - expected) / expected;
  }
  CHECK(chi2 < 44.3); /* 15 degrees of freedom, p = 1e-4 */
}

static void test_below(void) {
  pleat_rng rng = pleat_rng_init(3, 1);
  int counts[7] = {0};
  for (int i = 0; i < 70000; i++) {
    uint64_t x = pleat_rng_below(&rng, 7);
    if (CHECK(x < 7)) counts[x]++;
  }
  for (int i = 0; i < 7; i++) CHECK_NEAR(counts[i], 10000, 5 * sqrt(70000.0 * 6 / 49));
  for (int i = 0; i < 100; i++) CHECK_INT(pleat_rng_below(&rng, 1), 0);
  /* Beyond 2^63 nearly half of the draws are rejected. */
  const uint64_t n = (UINT64_C(1) << 63) + 1;
  for (int i = 0; i < 1000; i++) CHECK(pleat_rng_below(&rng, n) < n);
}

static void test_permutation(void) {
  enum { N = 1009 };
  int32_t order[N];
  int seen[N] = {0};
  pleat_rng rng = pleat_rng_init(5, 5);
  pleat_rng_permutation(&rng, N, order);
  for (int i = 0; i < N; i++) {
    if (CHECK(order[i] >= 0 && order[i] < N)) seen[order[i]]++;
  }
  for (int i = 0; i < N; i++) CHECK_INT(seen[i], 1);
  pleat_rng_permutation(&rng, 0, order);

  /* All six orders of three are equally likely. */
  int counts[27] = {0};
  for (int i = 0; i < 60000; i++) {
    pleat_rng_permutation(&rng, 3, order);
    counts[order[0] * 9 + order[1] * 3 + order[2]]++;
  }
  int n_orders = 0;
  for (int i = 0; i < 27; i++) {
    if (!counts[i]) continue;
    n_orders++;
    CHECK_NEAR(counts[i], 10000, 5 * sqrt(60000.0 * 5 / 36));
  }
  CHECK_INT(n_orders, 6);
}

int main(void) {
  test_mix64();
  test_fixed_values();
  test_places();
  test_streams_differ();
  test_uniform();
  test_below();
  test_permutation();
  return check_report();
}
