/* Scores of chains: answers known by hand, and the definitions summed up over whole matrices.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/confidence_chains.h"

#include <stddef.h>

#include "check.h"

enum { N_BINS = 64, MAX_RES = 40 };

static float pae_logits[MAX_RES * MAX_RES * N_BINS], distogram[MAX_RES * MAX_RES * N_BINS];

/* Logits of pair (i, j) in a matrix of n residues. */
static float *at(float *logits, int n, int i, int j) { return logits + (ptrdiff_t)(i * n + j) * N_BINS; }

static double center_of(int bin) { return 0.25 + 0.5 * bin; }

static double tm_of(int bin, int n_res) {
  double d0 = 1.24 * pow((n_res > 19 ? n_res : 19) - 15, 1. / 3) - 1.8;
  return 1 / (1 + center_of(bin) * center_of(bin) / (d0 * d0));
}

/* The published edges: 2.3125, 2.625, ..., 21.6875; bin 19 is the last that begins below 8, at 7.9375. */
static int contact_bins(void) {
  float edges[N_BINS - 1];
  for (int b = 0; b < N_BINS - 1; b++) edges[b] = 2.3125f + 0.3125f * (float)b;
  return pleat_contact_bins(edges, N_BINS - 1);
}

/* All of a pair's probability in one bin. */
static void set_certain(float *logits, int bin) {
  for (int b = 0; b < N_BINS; b++) logits[b] = b == bin ? 200.f : 0.f;
}

static bool run(int n_res, const int32_t *asym_id, bool is_binary, pleat_pae *pae, pleat_chain_scores *scores) {
  float breaks[N_BINS - 1];
  pleat_error err = {0};
  for (int b = 0; b < N_BINS - 1; b++) breaks[b] = 0.5f * (float)b;
  if (!CHECK_OK(pleat_pae_init(n_res, N_BINS, breaks, NULL, asym_id, pae, &err), &err)) return false;
  if (!CHECK_OK(pleat_chain_scores_init(pae, contact_bins(), is_binary, scores, &err), &err)) return false;
  for (int i = 0; i < n_res && is_binary; i++)
    pleat_chain_scores_add_contacts(scores, i, at(distogram, n_res, i, 0), N_BINS);
  for (int i = 0; i < n_res; i++) {
    pleat_chain_scores_add_row(scores, i, at(pae_logits, n_res, i, 0), at(distogram, n_res, i, 0), N_BINS);
  }
  return true;
}

/* Chains of 2 and 1 residues. Errors: row i has bin 4 i + j. Only residues 1 and 2 are in contact. */
static void test_by_hand(void) {
  static const int32_t asym_id[] = {7, 7, 3};
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) {
      set_certain(at(pae_logits, 3, i, j), 4 * i + j);
      set_certain(at(distogram, 3, i, j), i + j == 3 ? 19 : 20); /* begins at 7.9375, at 8.25 */
    }
  }
  for (int is_binary = 0; is_binary < 2; is_binary++) {
    pleat_pae pae;
    pleat_chain_scores s;
    if (!run(3, asym_id, is_binary, &pae, &s)) return;
    CHECK_INT(s.n_chains, 2);
    CHECK_NEAR(s.per_chain_ptm[0], (tm_of(0, 2) + tm_of(1, 2)) / 2, 1e-7);
    CHECK_NEAR(s.per_chain_ptm[1], tm_of(10, 1), 1e-7);
    /* Rows 0 and 1 see residue 2; row 2 sees the mean of residues 0 and 1. */
    CHECK_NEAR(s.pairwise_iptm[1], tm_of(2, 3), 1e-7);
    CHECK_NEAR(s.pairwise_iptm[2], s.pairwise_iptm[1], 0);
    CHECK_NEAR(s.pairwise_iptm[0], 0, 0);
    /* Row 0 has no contact: row 1 is the best. */
    CHECK_NEAR(s.pairwise_actifptm[1], tm_of(6, 3), 1e-7);
    CHECK_NEAR(s.actifptm, tm_of(6, 3), 1e-7);
    pleat_chain_scores_fini(&s);
  }
}

/* A chain alone has a pTM and nothing else; so has a complex without contacts no actifpTM. */
static void test_no_contacts(void) {
  static const int32_t asym_id[] = {1, 2};
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < 2; j++) {
      set_certain(at(pae_logits, 2, i, j), 3);
      set_certain(at(distogram, 2, i, j), 63);
    }
  }
  pleat_pae pae;
  pleat_chain_scores s;
  if (!run(2, asym_id, true, &pae, &s)) return;
  CHECK_NEAR(s.pairwise_iptm[1], tm_of(3, 2), 1e-7);
  CHECK_NEAR(s.pairwise_actifptm[1], 0, 0);
  CHECK_NEAR(s.actifptm, 0, 0);
  pleat_chain_scores_fini(&s);
  if (!run(2, NULL, false, &pae, &s)) return;
  CHECK_INT(s.n_chains, 1);
  CHECK_NEAR(s.per_chain_ptm[0], tm_of(3, 2), 1e-7);
  CHECK_NEAR(s.actifptm, 0, 0);
  pleat_chain_scores_fini(&s);
}

static double softmax_sum(const float *x, const double *values) {
  double sum = 0, weighted = 0;
  for (int b = 0; b < N_BINS; b++) {
    sum += exp(x[b]);
    weighted += exp(x[b]) * values[b];
  }
  return weighted / sum;
}

/* max over i of the weighted mean over j, as published: matrices of terms and weights. */
static double best_row(int n, double (*tm)[MAX_RES], double (*weight)[MAX_RES]) {
  double best = 0;
  for (int i = 0; i < n; i++) {
    double sum = 0, weights = 1e-8;
    for (int j = 0; j < n; j++) {
      sum += weight[i][j] * tm[i][j];
      weights += weight[i][j];
    }
    best = fmax(best, sum / weights);
  }
  return best;
}

/* Weights of the pair (a, b): 1, probabilities, or residues in certain contact. */
typedef enum weighting { BY_ONE, BY_PROBABILITY, BY_CERTAINTY } weighting;

static double pair_weight(weighting by, int n, const int *chain, double (*contact)[MAX_RES], int i, int j) {
  if (by == BY_ONE) return 1;
  if (by == BY_PROBABILITY) return contact[i][j];
  bool has_i = false, has_j = false;
  for (int k = 0; k < n; k++) {
    has_i |= chain[k] == chain[j] && contact[i][k] >= 0.6;
    has_j |= chain[k] == chain[i] && contact[k][j] >= 0.6;
  }
  return has_i && has_j;
}

static double pair_score(weighting by, int n, const int *chain, double (*tm)[MAX_RES], double (*contact)[MAX_RES],
                         int a, int b) {
  static double weight[MAX_RES][MAX_RES];
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      bool is_pair = (chain[i] == a && chain[j] == b) || (chain[i] == b && chain[j] == a);
      bool is_any = a < 0 && chain[i] != chain[j];
      weight[i][j] = is_pair || is_any ? pair_weight(by, n, chain, contact, i, j) : 0;
    }
  }
  return best_row(n, tm, weight);
}

static void test_by_definition(bool is_binary) {
  enum { N = 37, N_CHAINS = 3 };
  static const int ends[N_CHAINS] = {9, 31, 37}; /* 9, 22 and 6 residues: below and above 19 */
  static double tm[MAX_RES][MAX_RES], own_tm[MAX_RES][MAX_RES], contact[MAX_RES][MAX_RES], weight[MAX_RES][MAX_RES];
  int chain[N];
  int32_t asym_id[N];
  uint32_t state = 5;
  for (int i = 0; i < N; i++) {
    chain[i] = (i >= ends[0]) + (i >= ends[1]);
    asym_id[i] = chain[i] + 1;
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      for (int b = 0; b < N_BINS; b++) {
        at(pae_logits, N, i, j)[b] = (float)((state = state * 1664525u + 1013904223u) >> 16) / 16384;
        float *x = at(distogram, N, i, j) + b;
        *x = j < i ? at(distogram, N, j, i)[b] : (float)((state = state * 1664525u + 1013904223u) >> 16) / 16384;
        if (b < 20 && j >= i && (i * 7 + j) % 3 == 0) *x += 2; /* some are certain contacts */
      }
    }
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      double values[3][N_BINS];
      int n_own = ends[chain[i]] - (chain[i] ? ends[chain[i] - 1] : 0);
      for (int b = 0; b < N_BINS; b++) {
        values[0][b] = tm_of(b, N);
        values[1][b] = tm_of(b, n_own);
        values[2][b] = b < 20;
      }
      tm[i][j] = softmax_sum(at(pae_logits, N, i, j), values[0]);
      own_tm[i][j] = softmax_sum(at(pae_logits, N, i, j), values[1]);
      contact[i][j] = softmax_sum(at(distogram, N, i, j), values[2]);
    }
  }
  pleat_pae pae;
  pleat_chain_scores s;
  if (!run(N, asym_id, is_binary, &pae, &s)) return;
  weighting by = is_binary ? BY_CERTAINTY : BY_PROBABILITY;
  CHECK_INT(s.n_chains, N_CHAINS);
  for (int a = 0; a < N_CHAINS; a++) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) weight[i][j] = chain[i] == a && chain[j] == a;
    }
    CHECK_NEAR(s.per_chain_ptm[a], best_row(N, own_tm, weight), 1e-6);
    for (int b = 0; b < N_CHAINS; b++) {
      if (a == b) continue;
      CHECK_NEAR(s.pairwise_iptm[a * N_CHAINS + b], pair_score(BY_ONE, N, chain, tm, contact, a, b), 1e-6);
      CHECK_NEAR(s.pairwise_actifptm[a * N_CHAINS + b], pair_score(by, N, chain, tm, contact, a, b), 1e-6);
    }
  }
  double want = pair_score(by, N, chain, tm, contact, -1, -1);
  CHECK_NEAR(s.actifptm, want, 1e-6);
  CHECK(want > 0.01);
  pleat_chain_scores_fini(&s);
}

int main(void) {
  CHECK_INT(contact_bins(), 20);
  test_by_hand();
  test_no_contacts();
  test_by_definition(false);
  test_by_definition(true);
  return check_report();
}
