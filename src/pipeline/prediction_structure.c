/* The structure that a prediction is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "pipeline/pipeline_priv.h"

void pleat_owned_structure_fini(pleat_owned_structure *s) {
  free(s->aatype);
  free(s->residue_index);
  free(s->chain_index);
  free(s->b_factors);
}

/* Residue types, chains and numbers; numbering restarts in every chain. */
static pleat_status number_residues(const char *sequence, pleat_owned_structure *s, pleat_error *err) {
  int64_t i = 0;
  int32_t chain = 0, number = 0;
  for (const char *p = sequence; *p; p++) {
    if (*p == ':') {
      chain++;
      number = 0;
      continue;
    }
    int restype = pleat_restype_from_letter(*p);
    if (restype < 0 || restype > PLEAT_RESTYPE_X) {
      PLEAT_FAIL(err, PLEAT_INPUT, "'%c' in a sequence to write: expected letters and ':' between chains", *p);
    }
    s->aatype[i] = (uint8_t)restype;
    s->chain_index[i] = chain;
    s->residue_index[i] = ++number;
    i++;
  }
  return PLEAT_OK;
}

pleat_status pleat_owned_structure_fill(const char *sequence, const pleat_arrays *prediction, pleat_owned_structure *s,
                                        pleat_error *err) {
  int64_t n_res = pleat_sequence_residues(sequence);
  if (n_res < 1 || n_res > 1 << 20) {
    PLEAT_FAIL(err, PLEAT_INPUT, "the sequence to write has %lld residues: expected 1 to 2^20", (long long)n_res);
  }
  const int64_t shape[] = {n_res, PLEAT_N_ATOM37, 3};
  const pleat_array *plddt;
  pleat_structure *view = &s->view;
  PLEAT_TRY(pleat_prediction_find_f32(prediction, "structure_module/final_atom_positions", 3, shape,
                                      &view->atom_positions, err));
  PLEAT_TRY(pleat_prediction_find_f32(prediction, "structure_module/final_atom_mask", 2, shape, &view->atom_mask, err));
  PLEAT_TRY(pleat_prediction_find(prediction, "confidence/plddt", 1, shape, &plddt, err));
  size_t n = (size_t)n_res;
  s->aatype = malloc(n);
  s->residue_index = malloc(n * sizeof *s->residue_index);
  s->chain_index = malloc(n * sizeof *s->chain_index);
  s->b_factors = malloc(n * PLEAT_N_ATOM37 * sizeof *s->b_factors);
  if (!s->aatype || !s->residue_index || !s->chain_index || !s->b_factors) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to write a structure of %lld residues", (long long)n_res);
  }
  PLEAT_TRY(number_residues(sequence, s, err));
  for (int64_t i = 0; i < n_res; i++) {
    for (int a = 0; a < PLEAT_N_ATOM37; a++) s->b_factors[i * PLEAT_N_ATOM37 + a] = (float)pleat_array_number(plddt, i);
  }
  view->n_res = n_res;
  view->aatype = s->aatype;
  view->residue_index = s->residue_index;
  view->chain_index = s->chain_index;
  view->b_factors = s->b_factors;
  return PLEAT_OK;
}
