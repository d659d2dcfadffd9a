/* A prediction in a few numbers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "bio/gyration.h"
#include "bio/secondary.h"
#include "pipeline/pipeline_priv.h"
#include "pleat/io.h"

static void summarize_pae(const pleat_structure *s, const float *pae, pleat_summary *out) {
  double sum = 0, between = 0, largest = 0;
  int64_t n = s->n_res, n_between = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      double x = (double)pae[i * n + j];
      sum += x;
      if (x > largest) largest = x;
      if (s->chain_index[i] == s->chain_index[j]) continue;
      between += x;
      n_between++;
    }
  }
  out->pae_mean = sum / (double)(n * n);
  out->pae_max = largest;
  if (n_between) out->pae_interface = between / (double)n_between;
}

static pleat_status summarize_secondary(const pleat_structure *s, pleat_summary *out, pleat_error *err) {
  size_t n = (size_t)s->n_res, count[3] = {0};
  uint8_t *states = malloc(n);
  if (!states) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the secondary structure of %zu residues", n);
  pleat_status status = pleat_secondary_assign(s, states, err);
  for (size_t i = 0; i < n && !status; i++) count[states[i]]++;
  free(states);
  out->helix = (double)count[PLEAT_SECONDARY_HELIX] / (double)n;
  out->strand = (double)count[PLEAT_SECONDARY_STRAND] / (double)n;
  out->coil = (double)count[PLEAT_SECONDARY_COIL] / (double)n;
  return status;
}

pleat_status pleat_summarize(const char *sequence, const pleat_arrays *prediction, pleat_summary *out_summary,
                             pleat_error *err) {
  static const char pae_name[] = "confidence/predicted_aligned_error";
  pleat_owned_structure structure = {0};
  *out_summary = (pleat_summary){.pae_mean = NAN, .pae_max = NAN, .pae_interface = NAN};
  pleat_status status = pleat_owned_structure_fill(sequence, prediction, &structure, err);
  const pleat_structure *s = &structure.view;
  const int64_t shape[] = {s->n_res, s->n_res};
  if (!status && pleat_arrays_find(prediction, pae_name)) {
    const float *pae;
    status = pleat_prediction_find_f32(prediction, pae_name, 2, shape, &pae, err);
    if (!status) summarize_pae(s, pae, out_summary);
  }
  if (!status) status = summarize_secondary(s, out_summary, err);
  if (!status) {
    double sum = 0;
    for (int64_t i = 0; i < s->n_res; i++) sum += (double)s->b_factors[i * 37];
    out_summary->plddt = sum / (double)s->n_res;
    out_summary->ptm = pleat_prediction_score(prediction, "confidence/ptm");
    out_summary->iptm = pleat_prediction_score(prediction, "confidence/iptm");
    out_summary->gyration_ang = pleat_radius_of_gyration(s);
  }
  pleat_owned_structure_fini(&structure);
  return status;
}
