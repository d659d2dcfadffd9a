/* Confidences and constant arrays beside what the network computed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/confidence.h"
#include "bio/confidence_chains.h"
#include "engine/engine_priv.h"
#include "tensor/linspace.h"

static void linspace(float first, float last, int64_t n, float *dst) {
  for (int64_t i = 0; i < n; i++) dst[i] = pleat_linspace(first, last, n, i);
}

/* config.py: first_break, last_break. */
static void distogram_edges(int64_t n, float *dst) { linspace(2.3125f, 21.6875f, n, dst); }

static pleat_status add_scalar(pleat_arrays *out, const char *name, double value, pleat_error *err) {
  float x = (float)value;
  return pleat_arrays_add(out, name, PLEAT_F32, 0, NULL, &x, NULL, err);
}

static pleat_status add_atom_mask(const pleat_variant *variant, const pleat_inputs *inputs, pleat_arrays *out,
                                  pleat_error *err) {
  int64_t n = pleat_inputs_n_res(inputs);
  void *data;
  PLEAT_TRY(pleat_arrays_add(out, "structure_module/final_atom_mask", PLEAT_F32, 2, (const int64_t[]){n, 37},
                             pleat_inputs_atom37_exists(inputs), &data, err));
  if (!variant->is_multimer) return PLEAT_OK;
  for (int64_t i = 0; i < n * 37; i++) ((float *)data)[i] *= pleat_inputs_seq_mask(inputs)[i / 37];
  return PLEAT_OK;
}

static pleat_status add_plddt(pleat_arrays *out, double *out_mean, pleat_error *err) {
  const pleat_array *logits = pleat_arrays_find(out, "predicted_lddt/logits");
  if (!logits) PLEAT_FAIL(err, PLEAT_INTERNAL, "the network has no lDDT head");
  int64_t n = logits->shape[0];
  double *plddt = malloc((size_t)n * sizeof *plddt + 1);
  if (!plddt) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for confidences");
  pleat_confidence_plddt(logits->data, n, (int)logits->shape[1], plddt);
  *out_mean = pleat_confidence_mean(plddt, n);
  void *data;
  pleat_status status = pleat_arrays_add(out, "confidence/plddt", PLEAT_F32, 1, &n, NULL, &data, err);
  for (int64_t i = 0; i < n && !status; i++) ((float *)data)[i] = (float)plddt[i];
  free(plddt);
  return status;
}

static pleat_status add_pae_arrays(const pleat_pae *pae, const pleat_pair_logits *from, pleat_arrays *out,
                                   pleat_pae_tm *out_tm, pleat_error *err) {
  int64_t n = pae->N_res;
  void *matrix;
  PLEAT_TRY(pleat_arrays_add(out, "confidence/predicted_aligned_error", PLEAT_F32, 2, (const int64_t[]){n, n}, NULL,
                             &matrix, err));
  pleat_pae_tm *rows = malloc((size_t)n * sizeof *rows + 1);
  float *logits = malloc((size_t)n * (size_t)pae->n_bins * sizeof *logits + 1);
  pleat_status status = PLEAT_OK;
  if (!rows || !logits) status = pleat_fail(err, PLEAT_NOMEM, "no memory for confidences");
  for (int64_t i = 0; i < n && !status; i++) {
    status = pleat_read_row(from->backend, from->be, from->program, from->pae, i, logits, err);
    if (!status) pleat_pae_row(pae, i, logits, (float *)matrix + i * n, &rows[i]);
  }
  if (!status) *out_tm = pleat_pae_best(pae, rows);
  free(logits);
  free(rows);
  return status;
}

static pleat_status add_matrix(pleat_arrays *out, const char *name, int rank, int64_t n, const double *values,
                               pleat_error *err) {
  void *data;
  const int64_t shape[] = {n, n};
  PLEAT_TRY(pleat_arrays_add(out, name, PLEAT_F32, rank, shape, NULL, &data, err));
  for (int64_t k = 0; k < (rank == 2 ? n * n : n); k++) ((float *)data)[k] = (float)values[k];
  return PLEAT_OK;
}

/* Both matrices of logits, row by row; contacts first where they must be known for both residues of a pair. */
static pleat_status score_chains(const pleat_pair_logits *from, pleat_chain_scores *scores, float *pae,
                                 float *distogram, pleat_error *err) {
  int n_bins = (int)from->distogram->operand.size[2];
  for (int64_t i = 0; i < scores->N_res && scores->is_binary; i++) {
    PLEAT_TRY(pleat_read_row(from->backend, from->be, from->program, from->distogram, i, distogram, err));
    pleat_chain_scores_add_contacts(scores, i, distogram, n_bins);
  }
  for (int64_t i = 0; i < scores->N_res; i++) {
    PLEAT_TRY(pleat_read_row(from->backend, from->be, from->program, from->pae, i, pae, err));
    PLEAT_TRY(pleat_read_row(from->backend, from->be, from->program, from->distogram, i, distogram, err));
    pleat_chain_scores_add_row(scores, i, pae, distogram, n_bins);
  }
  return PLEAT_OK;
}

static pleat_status add_chain_scores(const pleat_pae *pae, const pleat_pair_logits *from, bool is_binary,
                                     pleat_arrays *out, pleat_error *err) {
  enum { MAX_EDGES = 256 };
  int64_t n_bins = from->distogram->operand.size[2];
  if (n_bins < 2 || n_bins > MAX_EDGES) PLEAT_FAIL(err, PLEAT_WEIGHTS, "the distogram head has %d bins", (int)n_bins);
  float edges[MAX_EDGES];
  distogram_edges(n_bins - 1, edges);
  pleat_chain_scores scores;
  pleat_status status = pleat_chain_scores_init(pae, pleat_contact_bins(edges, n_bins - 1), is_binary, &scores, err);
  size_t n = (size_t)pae->N_res;
  float *pae_logits = malloc(n * (size_t)pae->n_bins * sizeof *pae_logits + 1);
  float *distogram = malloc(n * (size_t)n_bins * sizeof *distogram + 1);
  if (!status && (!pae_logits || !distogram)) status = pleat_fail(err, PLEAT_NOMEM, "no memory for scores of chains");
  if (!status) status = score_chains(from, &scores, pae_logits, distogram, err);
  int64_t k = scores.n_chains;
  if (!status) status = add_matrix(out, "confidence/per_chain_ptm", 1, k, scores.per_chain_ptm, err);
  if (!status) status = add_matrix(out, "confidence/pairwise_iptm", 2, k, scores.pairwise_iptm, err);
  if (!status) status = add_matrix(out, "confidence/pairwise_actifptm", 2, k, scores.pairwise_actifptm, err);
  if (!status) status = add_scalar(out, "confidence/actifptm", scores.actifptm, err);
  free(distogram);
  free(pae_logits);
  pleat_chain_scores_fini(&scores);
  return status;
}

static pleat_status add_pae(const pleat_variant *variant, const pleat_inputs *inputs, const pleat_pair_logits *logits,
                            const pleat_predict_options *options, pleat_arrays *out, double *ranking,
                            pleat_error *err) {
  if (!logits->pae) return PLEAT_OK;
  const int64_t *size = logits->pae->operand.size;
  float breaks[PLEAT_MAX_PAE_BINS];
  int64_t n_breaks = size[2] - 1;
  if (n_breaks >= PLEAT_MAX_PAE_BINS) PLEAT_FAIL(err, PLEAT_WEIGHTS, "the aligned-error head has too many bins");
  linspace(0, 31, n_breaks, breaks); /* config.py: max_error_bin */
  pleat_pae pae;
  PLEAT_TRY(pleat_pae_init(size[0], (int)size[2], breaks, NULL, pleat_inputs_asym_id(inputs), &pae, err));
  pleat_pae_tm tm;
  PLEAT_TRY(add_pae_arrays(&pae, logits, out, &tm, err));
  PLEAT_TRY(add_scalar(out, "confidence/max_predicted_aligned_error", pleat_pae_max(&pae), err));
  PLEAT_TRY(add_scalar(out, "confidence/ptm", tm.ptm, err));
  if (variant->is_multimer) {
    PLEAT_TRY(add_scalar(out, "confidence/iptm", tm.iptm, err));
    *ranking = pleat_confidence_multimer(tm.ptm, tm.iptm);
  }
  if (options->want_chain_scores && logits->distogram) {
    PLEAT_TRY(add_chain_scores(&pae, logits, options->is_contact_binary, out, err));
  }
  if (!options->want_logits) return PLEAT_OK;
  return pleat_arrays_add(out, "predicted_aligned_error/breaks", PLEAT_F32, 1, &n_breaks, breaks, NULL, err);
}

pleat_status pleat_add_confidences(const pleat_variant *variant, const pleat_inputs *inputs,
                                   const pleat_pair_logits *logits, const pleat_predict_options *options,
                                   pleat_arrays *out, pleat_error *err) {
  double ranking;
  PLEAT_TRY(add_atom_mask(variant, inputs, out, err));
  PLEAT_TRY(add_plddt(out, &ranking, err));
  PLEAT_TRY(add_pae(variant, inputs, logits, options, out, &ranking, err));
  PLEAT_TRY(add_scalar(out, "confidence/ranking", ranking, err));
  const pleat_array *distogram = pleat_arrays_find(out, "distogram/logits");
  if (!distogram) return PLEAT_OK;
  int64_t n_edges = distogram->shape[2] - 1;
  void *edges;
  PLEAT_TRY(pleat_arrays_add(out, "distogram/bin_edges", PLEAT_F32, 1, &n_edges, NULL, &edges, err));
  distogram_edges(n_edges, edges);
  return PLEAT_OK;
}

pleat_status pleat_check_finite(const pleat_arrays *prediction, pleat_error *err) {
  static const char *const names[] = {"structure_module/final_atom_positions", "confidence/plddt",
                                      "confidence/predicted_aligned_error", "confidence/ptm"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    const pleat_array *array = pleat_arrays_find(prediction, names[k]);
    int64_t n = array ? pleat_array_elements(array) : 0;
    const float *values = array ? array->data : NULL;
    for (int64_t i = 0; i < n; i++) {
      if (isfinite(values[i])) continue;
      PLEAT_FAIL(
          err, PLEAT_WEIGHTS,
          "the network computed %g as element %lld of %s, expected finite numbers: the weights are damaged or of "
          "another network ('pleat weights verify' tells), or the features hold such numbers",
          (double)values[i], (long long)i, names[k]);
    }
  }
  return PLEAT_OK;
}
