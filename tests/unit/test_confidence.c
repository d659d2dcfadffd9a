/* Confidences of logits whose answer is known by hand.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/confidence.h"

#include "check.h"

enum { N_RES = 4, N_BINS = 64 };

static const int bins_of_pairs[N_RES][N_RES] = {{0, 1, 2, 63}, {1, 0, 10, 20}, {5, 6, 0, 8}, {63, 63, 63, 0}};

static double center_of(int bin) { return 0.25 + 0.5 * bin; }

static double tm_of(double distance) {
  double d0 = 1.24 * pow(19 - 15, 1. / 3) - 1.8; /* short chains count as 19 residues */
  return 1 / (1 + distance * distance / (d0 * d0));
}

/* The published edges: 0, 0.5, ..., 31. */
static void make_breaks(float *breaks) {
  for (int b = 0; b < N_BINS - 1; b++) breaks[b] = 0.5f * (float)b;
}

static void test_plddt(void) {
  static float logits[3][50];
  logits[1][37] = 1e4f; /* all in one bin, without overflow */
  for (int b = 1; b < 49; b++) logits[2][b] = -1e4f;
  logits[2][0] = 2; /* two bins, one to three */
  logits[2][49] = 2 + logf(3);
  double plddt[3];
  pleat_confidence_plddt(&logits[0][0], 3, 50, plddt);
  CHECK_NEAR(plddt[0], 50, 1e-12);
  CHECK_NEAR(plddt[1], 75, 1e-12);
  CHECK_NEAR(plddt[2], (1 + 3 * 99) / 4., 1e-5);
  CHECK_NEAR(pleat_confidence_mean(plddt, 2), 62.5, 1e-12);
  CHECK_NEAR(pleat_confidence_multimer(0.5, 0.75), 0.7, 1e-12);
}

/* Scores the complex in which pair (i, j) lies in bin bins_of_pairs[i][j] with certainty. */
static pleat_pae_tm score(const float *weights, const int32_t *asym_id, float *pae) {
  static float logits[N_RES][N_BINS];
  float breaks[N_BINS - 1];
  make_breaks(breaks);
  pleat_pae reader;
  pleat_pae_tm rows[N_RES] = {{0}};
  pleat_error err = {0};
  if (!CHECK_OK(pleat_pae_init(N_RES, N_BINS, breaks, weights, asym_id, &reader, &err), &err)) return rows[0];
  CHECK_NEAR(pleat_pae_max(&reader), 31.75, 0);
  for (int i = 0; i < N_RES; i++) {
    for (int j = 0; j < N_RES; j++) {
      for (int b = 0; b < N_BINS; b++) logits[j][b] = b == bins_of_pairs[i][j] ? 200.f : 0.f;
    }
    pleat_pae_row(&reader, i, &logits[0][0], pae ? pae + i * N_RES : NULL, &rows[i]);
  }
  return pleat_pae_best(&reader, rows);
}

/* The best row by the definition; with asym_id over pairs of different chains. */
static double want_score(const float *weights, const int32_t *asym_id) {
  double best = 0;
  for (int i = 0; i < N_RES; i++) {
    double sum = 0, weight = 0;
    for (int j = 0; j < N_RES; j++) {
      if (asym_id && asym_id[i] == asym_id[j]) continue;
      double w = weights ? weights[i] * weights[j] : 1;
      sum += w * tm_of(center_of(bins_of_pairs[i][j]));
      weight += w;
    }
    if (weight > 0) best = fmax(best, sum / weight);
  }
  return best;
}

static void test_pae(void) {
  static const int32_t asym_id[N_RES] = {1, 1, 2, 2};
  static const float weights[N_RES] = {1, 0, 1, 1};
  float pae[N_RES * N_RES];
  pleat_pae_tm tm = score(NULL, NULL, pae);
  for (int k = 0; k < N_RES * N_RES; k++) CHECK_NEAR(pae[k], center_of(bins_of_pairs[k / N_RES][k % N_RES]), 1e-5);
  CHECK_NEAR(tm.ptm, want_score(NULL, NULL), 1e-7);
  CHECK_NEAR(tm.iptm, 0, 0);
  tm = score(NULL, asym_id, NULL);
  CHECK_NEAR(tm.ptm, want_score(NULL, NULL), 1e-7);
  CHECK_NEAR(tm.iptm, want_score(NULL, asym_id), 1e-7);
  tm = score(weights, asym_id, NULL);
  CHECK_NEAR(tm.ptm, want_score(weights, NULL), 1e-7);
  CHECK_NEAR(tm.iptm, want_score(weights, asym_id), 1e-7);
}

static void test_bad(void) {
  float breaks[N_BINS] = {0};
  pleat_pae reader;
  pleat_error err = {0};
  CHECK_INT(pleat_pae_init(N_RES, N_BINS, breaks, NULL, NULL, &reader, &err), PLEAT_INVALID); /* flat */
  make_breaks(breaks);
  CHECK_INT(pleat_pae_init(N_RES, N_BINS + 1, breaks, NULL, NULL, &reader, &err), PLEAT_INVALID);
  CHECK_INT(pleat_pae_init(N_RES, 2, breaks, NULL, NULL, &reader, &err), PLEAT_INVALID);
  CHECK_INT(pleat_pae_init(0, N_BINS, breaks, NULL, NULL, &reader, &err), PLEAT_INVALID);
  CHECK_OK(pleat_pae_init(2, N_BINS, breaks, NULL, NULL, &reader, &err), &err);
  pleat_pae_tm rows[2] = {{.ptm = 0.5, .iptm = NAN}, {.ptm = NAN, .iptm = 0.5}};
  pleat_pae_tm best = pleat_pae_best(&reader, rows);
  CHECK(isnan(best.ptm));
  CHECK(isnan(best.iptm));
}

int main(void) {
  test_plddt();
  test_pae();
  test_bad();
  return check_report();
}
