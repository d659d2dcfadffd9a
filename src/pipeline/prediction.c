/* Arrays of a prediction, checked against the sequence.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/fail.h"
#include "pipeline/pipeline_priv.h"

pleat_status pleat_prediction_find(const pleat_arrays *prediction, const char *name, int rank, const int64_t *shape,
                                   const pleat_array **out_array, pleat_error *err) {
  const pleat_array *array = pleat_arrays_find(prediction, name);
  if (!array) PLEAT_FAIL(err, PLEAT_INPUT, "the prediction lacks the array '%s'", name);
  if (array->dtype != PLEAT_F32 && array->dtype != PLEAT_F64) {
    PLEAT_FAIL(err, PLEAT_INPUT, "the prediction's array '%s' is %s: expected f32", name,
               pleat_dtype_text(array->dtype));
  }
  bool is_fit = array->rank == rank;
  for (int i = 0; i < rank && is_fit; i++) is_fit = array->shape[i] == shape[i];
  if (!is_fit) {
    PLEAT_FAIL(
        err, PLEAT_INPUT,
        "the prediction's array '%s' has %lld elements in %d axes: expected %lld residues in the first of %d axes "
        "(is this the sequence that was predicted?)",
        name, (long long)pleat_array_elements(array), array->rank, (long long)(rank ? shape[0] : 1), rank);
  }
  *out_array = array;
  return PLEAT_OK;
}

pleat_status pleat_prediction_find_f32(const pleat_arrays *prediction, const char *name, int rank, const int64_t *shape,
                                       const float **out_values, pleat_error *err) {
  const pleat_array *array;
  PLEAT_TRY(pleat_prediction_find(prediction, name, rank, shape, &array, err));
  if (array->dtype != PLEAT_F32) PLEAT_FAIL(err, PLEAT_INPUT, "the prediction's array '%s' must be f32", name);
  *out_values = array->data;
  return PLEAT_OK;
}

double pleat_prediction_score(const pleat_arrays *prediction, const char *name) {
  const pleat_array *array = pleat_arrays_find(prediction, name);
  if (!array || (array->dtype != PLEAT_F32 && array->dtype != PLEAT_F64) || pleat_array_elements(array) != 1) {
    return NAN;
  }
  return pleat_array_number(array, 0);
}

int64_t pleat_sequence_residues(const char *sequence) {
  int64_t n = 0;
  for (const char *p = sequence; *p; p++) n += *p != ':';
  return n;
}
