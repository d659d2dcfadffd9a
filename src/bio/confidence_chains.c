/* Scores of chains and of pairs of chains, one row of the matrices at a time. Formulas: confidence_chains.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/confidence_chains.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"

static const double contact_ang = 8, certain_contact = 0.6;
static const double least_weight = 1e-8; /* as published: a sum without weights is 0 */

/* Sums of a row over the residues of one chain. */
enum { SUM_COUNT, SUM_TM, SUM_OWN_TM, SUM_WEIGHT, SUM_WEIGHTED_TM, N_SUMS };

int pleat_contact_bins(const float *edges, int64_t n_edges) {
  int n = 1; /* the first bin begins at 0 */
  while (n <= n_edges && edges[n - 1] < contact_ang) n++;
  return n;
}

/* Chains by their first residue, and how many residues each has. */
static int64_t number_chains(const pleat_pae *pae, int32_t *chain) {
  int64_t n_chains = 0;
  for (int64_t i = 0; i < pae->N_res; i++) {
    int64_t k = i;
    while (pae->opt_asym_id && k > 0 && pae->opt_asym_id[k - 1] != pae->opt_asym_id[i]) k--;
    bool is_first = pae->opt_asym_id ? k == 0 : i == 0;
    chain[i] = is_first ? (int32_t)n_chains++ : pae->opt_asym_id ? chain[k - 1] : 0;
  }
  return n_chains;
}

static double d0_of(int64_t n_res) { return 1.24 * cbrt((double)(n_res > 19 ? n_res : 19) - 15) - 1.8; }

static pleat_status fail_memory(int64_t n_res, pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory for the scores of the chains of %lld residues", (long long)n_res);
}

pleat_status pleat_chain_scores_init(const pleat_pae *pae, int n_contact_bins, bool is_binary, pleat_chain_scores *out,
                                     pleat_error *err) {
  size_t n = (size_t)pae->N_res;
  *out = (pleat_chain_scores){.N_res = pae->N_res,
                              .n_pae_bins = pae->n_bins,
                              .n_contact_bins = n_contact_bins,
                              .pae = pae,
                              .is_binary = is_binary,
                              .chain = malloc(n * sizeof *out->chain)};
  if (!out->chain) return fail_memory(pae->N_res, err);
  out->n_chains = number_chains(pae, out->chain);
  PLEAT_ASSERT(pae->N_res > 0 && out->n_chains > 0);
  size_t n_chains = (size_t)out->n_chains;
  out->tm_of_bin = calloc(n_chains * PLEAT_MAX_PAE_BINS, sizeof *out->tm_of_bin);
  out->has_contact = calloc(n * n_chains, 1);
  out->sums = calloc(n_chains * N_SUMS, sizeof *out->sums);
  out->per_chain_ptm = calloc(n_chains, sizeof *out->per_chain_ptm);
  out->pairwise_iptm = calloc(n_chains * n_chains, sizeof *out->pairwise_iptm);
  out->pairwise_actifptm = calloc(n_chains * n_chains, sizeof *out->pairwise_actifptm);
  if (!out->tm_of_bin || !out->has_contact || !out->sums || !out->per_chain_ptm || !out->pairwise_iptm ||
      !out->pairwise_actifptm) {
    return fail_memory(pae->N_res, err);
  }
  for (int64_t k = 0; k < out->n_chains; k++) {
    int64_t n_own = 0;
    for (int64_t i = 0; i < pae->N_res; i++) n_own += out->chain[i] == k;
    double d0 = d0_of(n_own);
    for (int b = 0; b < pae->n_bins; b++) {
      double center = pae->centers_ang[b];
      out->tm_of_bin[k * PLEAT_MAX_PAE_BINS + b] = 1 / (1 + center * center / (d0 * d0));
    }
  }
  return PLEAT_OK;
}

void pleat_chain_scores_fini(pleat_chain_scores *scores) {
  free(scores->chain);
  free(scores->tm_of_bin);
  free(scores->has_contact);
  free(scores->sums);
  free(scores->per_chain_ptm);
  free(scores->pairwise_iptm);
  free(scores->pairwise_actifptm);
  *scores = (pleat_chain_scores){0};
}

static float largest(const float *x, int n) {
  float max = x[0];
  for (int b = 1; b < n; b++) max = x[b] > max ? x[b] : max;
  return max;
}

static double contact_probability(const pleat_chain_scores *scores, const float *x, int n_bins) {
  float max = largest(x, n_bins);
  double sum = 0, below = 0;
  for (int b = 0; b < n_bins; b++) {
    double p = expf(x[b] - max);
    sum += p;
    if (b < scores->n_contact_bins) below += p;
  }
  return below / sum;
}

void pleat_chain_scores_add_contacts(pleat_chain_scores *scores, int64_t i, const float *distogram, int n_bins) {
  for (int64_t j = 0; j < scores->N_res; j++) {
    if (scores->chain[i] == scores->chain[j]) continue;
    bool is_contact = contact_probability(scores, distogram + j * n_bins, n_bins) >= certain_contact;
    if (is_contact) scores->has_contact[i * scores->n_chains + scores->chain[j]] = 1;
  }
}

/* TM terms of pair (i, j): with d0 of the complex, and with that of i's chain. */
static void tm_terms(const pleat_chain_scores *scores, int32_t own, const float *x, double *out_tm, double *out_own) {
  const double *tm_of_bin = scores->pae->tm_of_bin, *own_tm = scores->tm_of_bin + (ptrdiff_t)own * PLEAT_MAX_PAE_BINS;
  int n_bins = scores->n_pae_bins;
  float max = largest(x, n_bins);
  double sum = 0, tm = 0, tm_own = 0;
  for (int b = 0; b < n_bins; b++) {
    double p = expf(x[b] - max);
    sum += p;
    tm += p * tm_of_bin[b];
    tm_own += p * own_tm[b];
  }
  *out_tm = tm / sum;
  *out_own = tm_own / sum;
}

/* A NaN wins, so that it cannot go unseen. */
static void keep_larger(double *best, double score) {
  if (isnan(score) || score > *best) *best = score;
}

void pleat_chain_scores_add_row(pleat_chain_scores *scores, int64_t i, const float *pae_logits, const float *distogram,
                                int n_distogram_bins) {
  int64_t n_chains = scores->n_chains;
  int32_t own = scores->chain[i];
  for (int64_t k = 0; k < n_chains * N_SUMS; k++) scores->sums[k] = 0;
  for (int64_t j = 0; j < scores->N_res; j++) {
    int32_t other = scores->chain[j];
    double *sums = scores->sums + (ptrdiff_t)other * N_SUMS, tm, own_tm, weight = 0;
    tm_terms(scores, own, pae_logits + j * scores->n_pae_bins, &tm, &own_tm);
    sums[SUM_COUNT]++;
    sums[SUM_TM] += tm;
    sums[SUM_OWN_TM] += own_tm;
    if (other == own) continue;
    if (scores->is_binary) {
      weight = scores->has_contact[i * n_chains + other] && scores->has_contact[j * n_chains + own];
    } else {
      weight = contact_probability(scores, distogram + j * n_distogram_bins, n_distogram_bins);
    }
    sums[SUM_WEIGHT] += weight;
    sums[SUM_WEIGHTED_TM] += weight * tm;
  }
  double weights = least_weight, weighted = 0;
  for (int64_t k = 0; k < n_chains; k++) {
    const double *sums = scores->sums + k * N_SUMS;
    if (k == own) {
      keep_larger(&scores->per_chain_ptm[k], sums[SUM_OWN_TM] / (least_weight + sums[SUM_COUNT]));
      continue;
    }
    int64_t pairs[] = {own * n_chains + k, k * n_chains + own};
    for (int p = 0; p < 2; p++) {
      keep_larger(&scores->pairwise_iptm[pairs[p]], sums[SUM_TM] / (least_weight + sums[SUM_COUNT]));
      keep_larger(&scores->pairwise_actifptm[pairs[p]], sums[SUM_WEIGHTED_TM] / (least_weight + sums[SUM_WEIGHT]));
    }
    weights += sums[SUM_WEIGHT];
    weighted += sums[SUM_WEIGHTED_TM];
  }
  keep_larger(&scores->actifptm, weighted / weights);
}
