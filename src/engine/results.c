/* Confidences and constant arrays beside what the network computed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/confidence.h"
#include "engine/engine_priv.h"
#include "tensor/linspace.h"

static void linspace(float first, float last, int64_t n, float *dst) {
  for (int64_t i = 0; i < n; i++) dst[i] = pleat_linspace(first, last, n, i);
}

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

static pleat_status add_pae_arrays(const pleat_pae *pae, const pleat_pae_logits *from, pleat_arrays *out,
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
    status = pleat_read_row(from->backend, from->be, from->program, from->binding, i, logits, err);
    if (!status) pleat_pae_row(pae, i, logits, (float *)matrix + i * n, &rows[i]);
  }
  if (!status) *out_tm = pleat_pae_best(pae, rows);
  free(logits);
  free(rows);
  return status;
}

static pleat_status add_pae(const pleat_variant *variant, const pleat_inputs *inputs, const pleat_pae_logits *logits,
                            bool want_logits, pleat_arrays *out, double *ranking, pleat_error *err) {
  if (!logits->binding) return PLEAT_OK;
  const int64_t *size = logits->binding->operand.size;
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
  if (!want_logits) return PLEAT_OK;
  return pleat_arrays_add(out, "predicted_aligned_error/breaks", PLEAT_F32, 1, &n_breaks, breaks, NULL, err);
}

pleat_status pleat_add_plddt(const pleat_variant *variant, const pleat_inputs *inputs, pleat_arrays *out,
                             double *out_mean_plddt, pleat_error *err) {
  PLEAT_TRY(add_atom_mask(variant, inputs, out, err));
  return add_plddt(out, out_mean_plddt, err);
}

pleat_status pleat_add_confidences(const pleat_variant *variant, const pleat_inputs *inputs,
                                   const pleat_pae_logits *pae_logits, bool want_logits, pleat_arrays *out,
                                   pleat_error *err) {
  double ranking;
  PLEAT_TRY(pleat_add_plddt(variant, inputs, out, &ranking, err));
  PLEAT_TRY(add_pae(variant, inputs, pae_logits, want_logits, out, &ranking, err));
  PLEAT_TRY(add_scalar(out, "confidence/ranking", ranking, err));
  const pleat_array *distogram = pleat_arrays_find(out, "distogram/logits");
  if (!distogram) return PLEAT_OK;
  int64_t n_edges = distogram->shape[2] - 1;
  void *edges;
  PLEAT_TRY(pleat_arrays_add(out, "distogram/bin_edges", PLEAT_F32, 1, &n_edges, NULL, &edges, err));
  linspace(2.3125f, 21.6875f, n_edges, edges); /* config.py: first_break, last_break */
  return PLEAT_OK;
}
