/* What writers and summaries take out of a prediction, checked against the sequence.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PIPELINE_PIPELINE_PRIV_H
#define PLEAT_PIPELINE_PIPELINE_PRIV_H

#include "bio/structure.h"
#include "pleat/arrays.h"

/* An array of f32 or f64 with this shape. Errors: INPUT, naming it. */
PLEAT_CHECKED pleat_status pleat_prediction_find(const pleat_arrays *prediction, const char *name, int rank,
                                                 const int64_t *shape, const pleat_array **out_array, pleat_error *err);
/* The same for f32 only. */
PLEAT_CHECKED pleat_status pleat_prediction_find_f32(const pleat_arrays *prediction, const char *name, int rank,
                                                     const int64_t *shape, const float **out_values, pleat_error *err);
/* A score that the model may not have: NAN then. */
double pleat_prediction_score(const pleat_arrays *prediction, const char *name);

/* Residues of "AAA:BBB". */
int64_t pleat_sequence_residues(const char *sequence);

/* A structure with storage of its own for what a prediction does not hold as the writers want it. */
typedef struct pleat_owned_structure {
  pleat_structure view;
  uint8_t *aatype;
  int32_t *residue_index, *chain_index;
  float *b_factors;
} pleat_owned_structure;

/* Zero-initialise. Residues, chains and numbers come from the sequence (':' between chains), positions are borrowed from
 * the prediction. Released with pleat_owned_structure_fini, also after a failure. Errors: INPUT (not the prediction of
 * this sequence), NOMEM. */
PLEAT_CHECKED pleat_status pleat_owned_structure_fill(const char *sequence, const pleat_arrays *prediction,
                                                      pleat_owned_structure *s, pleat_error *err);
void pleat_owned_structure_fini(pleat_owned_structure *s);

#endif
