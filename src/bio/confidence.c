/* pLDDT, predicted aligned error, pTM and ipTM from logits; one row at a time, sums in double.
 * Source: AF2 supplement 1.9.6, 1.9.7; AF2-Multimer eq. 2; alphafold/common/confidence.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/confidence.h"

#include <math.h>

#include "base/fail.h"

void pleat_confidence_plddt(const float *logits, int64_t N_res, int n_bins, double *out_plddt) {
  for (int64_t i = 0; i < N_res; i++) {
    const float *x = logits + i * n_bins;
    double max = x[0];
    for (int b = 1; b < n_bins; b++) max = x[b] > max ? x[b] : max;
    double sum = 0, weighted = 0;
    for (int b = 0; b < n_bins; b++) {
      double p = exp(x[b] - max);
      sum += p;
      weighted += p * (b + 0.5);
    }
    out_plddt[i] = 100 * weighted / (sum * n_bins);
  }
}

pleat_status pleat_pae_init(int64_t N_res, int n_bins, const float *breaks, const float *opt_weights,
                            const int32_t *opt_asym_id, pleat_pae *out_pae, pleat_error *err) {
  if (N_res < 1)
    PLEAT_FAIL(err, PLEAT_INVALID, "aligned error of %lld residues: at least 1 is needed", (long long)N_res);
  if (n_bins < 3 || n_bins > PLEAT_MAX_PAE_BINS)
    PLEAT_FAIL(err, PLEAT_INVALID, "%d aligned-error bins: 3 to %d are supported", n_bins, PLEAT_MAX_PAE_BINS);
  for (int b = 1; b < n_bins - 1; b++) {
    if (!(breaks[b] > breaks[b - 1]))
      PLEAT_FAIL(err, PLEAT_INVALID, "aligned-error breaks must rise, but break %d is %g after %g", b, breaks[b],
                 breaks[b - 1]);
  }
  *out_pae = (pleat_pae){.N_res = N_res, .n_bins = n_bins, .opt_weights = opt_weights, .opt_asym_id = opt_asym_id};
  double n_weighted = (double)N_res;
  if (opt_weights) {
    n_weighted = 0;
    for (int64_t i = 0; i < N_res; i++) n_weighted += opt_weights[i];
    n_weighted = floor(n_weighted);
  }
  /* Below 19 residues d0 of the TM-score would vanish or turn negative. */
  double d0 = 1.24 * cbrt((n_weighted > 19 ? n_weighted : 19) - 15) - 1.8;
  double step = (double)breaks[1] - breaks[0];
  for (int b = 0; b < n_bins; b++) {
    double center = b < n_bins - 1 ? breaks[b] + step / 2 : out_pae->centers_ang[b - 1] + step;
    out_pae->centers_ang[b] = center;
    out_pae->tm_of_bin[b] = 1 / (1 + center * center / (d0 * d0));
  }
  return PLEAT_OK;
}

double pleat_pae_max(const pleat_pae *pae) { return pae->centers_ang[pae->n_bins - 1]; }

void pleat_pae_row(const pleat_pae *pae, int64_t i, const float *logits, float *opt_out_row, pleat_pae_tm *out_tm) {
  const float *weights = pae->opt_weights;
  const int32_t *asym_id = pae->opt_asym_id;
  /* The published 1e-8 keeps a row without partners at 0. */
  double tm = 0, tm_weight = 1e-8, itm = 0, itm_weight = 1e-8;
  for (int64_t j = 0; j < pae->N_res; j++) {
    const float *x = logits + j * pae->n_bins;
    float max = x[0];
    for (int b = 1; b < pae->n_bins; b++) max = x[b] > max ? x[b] : max;
    double sum = 0, error = 0, term = 0;
    for (int b = 0; b < pae->n_bins; b++) {
      double p = expf(x[b] - max);
      sum += p;
      error += p * pae->centers_ang[b];
      term += p * pae->tm_of_bin[b];
    }
    if (opt_out_row) opt_out_row[j] = (float)(error / sum);
    double weight = weights ? (double)weights[i] * weights[j] : 1;
    tm += weight * term / sum;
    tm_weight += weight;
    if (asym_id && asym_id[i] != asym_id[j]) {
      itm += weight * term / sum;
      itm_weight += weight;
    }
  }
  *out_tm = (pleat_pae_tm){.ptm = tm / tm_weight, .iptm = itm / itm_weight};
}

/* The first row with the largest weighted score wins; a NaN wins over everything, so that it cannot go unseen. */
static bool is_better(double score, double best) { return isnan(score) ? !isnan(best) : score > best; }

pleat_pae_tm pleat_pae_best(const pleat_pae *pae, const pleat_pae_tm *rows) {
  pleat_pae_tm best_score = {.ptm = -1, .iptm = -1}, best = {0};
  for (int64_t i = 0; i < pae->N_res; i++) {
    double weight = pae->opt_weights ? pae->opt_weights[i] : 1;
    if (is_better(rows[i].ptm * weight, best_score.ptm)) {
      best_score.ptm = rows[i].ptm * weight;
      best.ptm = rows[i].ptm;
    }
    if (is_better(rows[i].iptm * weight, best_score.iptm)) {
      best_score.iptm = rows[i].iptm * weight;
      best.iptm = rows[i].iptm;
    }
  }
  return best;
}

double pleat_confidence_mean(const double *plddt, int64_t N_res) {
  double sum = 0;
  for (int64_t i = 0; i < N_res; i++) sum += plddt[i];
  return N_res > 0 ? sum / (double)N_res : 0;
}

double pleat_confidence_multimer(double ptm, double iptm) { return 0.8 * iptm + 0.2 * ptm; }
