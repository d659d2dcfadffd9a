/* Arrays of a prediction, checked against the sequence.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PIPELINE_PIPELINE_PRIV_H
#define PLEAT_PIPELINE_PIPELINE_PRIV_H

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

#endif
