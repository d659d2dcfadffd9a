/* Raw multimer features as sampling reads them: checks, conversion from any numeric dtype, and the order of rows.
 * Source: alphafold/model/modules_multimer.py sample_msa, gumbel_argsort_sample_idx (google-deepmind/alphafold
 * c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"
#include "tensor/numbers.h"

/* An array of the given shape (n_columns < 0: rank 1); *out_array is NULL when it is absent and need not be there. */
static pleat_status find_array(const pleat_arrays *raw, const char *name, bool is_required, int64_t n_rows,
                               int64_t n_columns, const pleat_array **out_array, pleat_error *err) {
  int rank = n_columns < 0 ? 1 : 2;
  const pleat_array *array = pleat_arrays_find(raw, name);
  *out_array = array;
  if (!array) {
    if (!is_required) return PLEAT_OK;
    PLEAT_FAIL(err, PLEAT_INPUT, "features: array \"%s\" is missing; multimer models need it", name);
  }
  if (!pleat_array_is_numeric(array)) {
    PLEAT_FAIL(err, PLEAT_INPUT, "features: array \"%s\" has type %s; expected f32, f64, i32, i64 or u8", name,
               pleat_dtype_text(array->dtype));
  }
  if (array->rank != rank) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "features: array \"%s\" has %d axes, expected %d", name, array->rank, rank);
  }
  if (rank == 1 && array->shape[0] != n_rows) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "features: array \"%s\" has %" PRId64 " elements, expected %" PRId64 " as \"msa\" has",
               name, array->shape[0], n_rows);
  }
  if (rank == 2 && (array->shape[0] != n_rows || array->shape[1] != n_columns)) {
    PLEAT_FAIL(err, PLEAT_SHAPE,
               "features: array \"%s\" is [%" PRId64 ", %" PRId64 "], expected [%" PRId64 ", %" PRId64
               "] as \"msa\" is",
               name, array->shape[0], array->shape[1], n_rows, n_columns);
  }
  return PLEAT_OK;
}

static pleat_status find_arrays(const pleat_arrays *raw, pleat_multimer_rows *rows, const pleat_array **out_msa,
                                const pleat_array **out_mask, pleat_error *err) {
  const pleat_array *msa = pleat_arrays_find(raw, "msa");
  if (msa) rows->N_seq = msa->shape[0];
  if (msa && msa->rank == 2) rows->N_res = msa->shape[1];
  PLEAT_TRY(find_array(raw, "msa", true, rows->N_seq, rows->N_res, out_msa, err));
  if (rows->N_seq < 1 || rows->N_res < 1 || rows->N_seq > INT32_MAX) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "features: array \"msa\" is [%" PRId64 ", %" PRId64 "]; expected at least one row",
               rows->N_seq, rows->N_res);
  }
  PLEAT_TRY(find_array(raw, "msa_mask", true, rows->N_seq, rows->N_res, out_mask, err));
  PLEAT_TRY(find_array(raw, "deletion_matrix", true, rows->N_seq, rows->N_res, &rows->deletions, err));
  PLEAT_TRY(find_array(raw, "aatype", true, rows->N_res, -1, &rows->aatype, err));
  PLEAT_TRY(find_array(raw, "bert_mask", false, rows->N_seq, rows->N_res, &rows->opt_bert_mask, err));
  return find_array(raw, "cluster_bias_mask", false, rows->N_seq, -1, &rows->opt_cluster_bias, err);
}

/* Whole numbers 0..max (is_whole), or finite numbers from 0 to max. */
static pleat_status check_values(const pleat_array *array, const float *values, int64_t n, bool is_whole, float max,
                                 int64_t first, pleat_error *err) {
  for (int64_t i = 0; i < n; i++) {
    float value = values[i];
    if (value >= 0.0f && value <= max && (!is_whole || value == floorf(value))) continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "features: array \"%s\", element %" PRId64 ": expected %s from 0 to %g, found %g",
               array->name, first + i, is_whole ? "a whole number" : "a number", (double)max, (double)value);
  }
  return PLEAT_OK;
}

static pleat_status load_row(const pleat_array *msa, const pleat_array *mask, pleat_multimer_rows *rows, int64_t s,
                             float *row, pleat_error *err) {
  const int64_t n = rows->N_res, first = s * n;
  pleat_array_read_f32(msa, first, n, row);
  PLEAT_TRY(check_values(msa, row, n, true, PLEAT_RESTYPE_GAP, first, err));
  for (int64_t i = 0; i < n; i++) rows->tokens[first + i] = (uint8_t)row[i];
  pleat_array_read_f32(mask, first, n, row);
  PLEAT_TRY(check_values(mask, row, n, true, 1.0f, first, err));
  for (int64_t i = 0; i < n; i++) rows->mask[first + i] = (uint8_t)row[i];
  pleat_array_read_f32(rows->deletions, first, n, row);
  PLEAT_TRY(check_values(rows->deletions, row, n, false, 1e9f, first, err));
  if (!rows->opt_bert_mask) return PLEAT_OK;
  pleat_array_read_f32(rows->opt_bert_mask, first, n, row);
  return check_values(rows->opt_bert_mask, row, n, true, 1.0f, first, err);
}

pleat_status pleat_multimer_rows_init(const pleat_arrays *raw, pleat_multimer_rows *rows, pleat_error *err) {
  const pleat_array *msa, *mask;
  *rows = (pleat_multimer_rows){0};
  PLEAT_TRY(find_arrays(raw, rows, &msa, &mask, err));
  size_t n_cells = (size_t)(rows->N_seq * rows->N_res);
  rows->tokens = malloc(n_cells);
  rows->mask = malloc(n_cells);
  float *row = malloc((size_t)rows->N_res * sizeof *row);
  pleat_status status = PLEAT_OK;
  if (!rows->tokens || !rows->mask || !row) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to sample from %" PRId64 " alignment rows of %" PRId64 " residues",
                        rows->N_seq, rows->N_res);
  }
  if (!status) {
    pleat_array_read_f32(rows->aatype, 0, rows->N_res, row);
    status = check_values(rows->aatype, row, rows->N_res, true, PLEAT_RESTYPE_X, 0, err);
  }
  for (int64_t s = 0; !status && s < rows->N_seq; s++) status = load_row(msa, mask, rows, s, row, err);
  free(row);
  return status;
}

void pleat_multimer_rows_fini(pleat_multimer_rows *rows) {
  free(rows->mask);
  free(rows->tokens);
  *rows = (pleat_multimer_rows){0};
}

typedef struct order_key {
  double logit;
  double uniform;
  int32_t row;
} order_key;

static int compare_keys(const void *a, const void *b) {
  const order_key *x = a, *y = b;
  if (x->logit != y->logit) return x->logit > y->logit ? -1 : 1;
  if (x->uniform != y->uniform) return x->uniform > y->uniform ? -1 : 1;
  return x->row < y->row ? -1 : 1;
}

static bool has_residue(const pleat_multimer_rows *rows, int64_t s) {
  for (int64_t i = 0; i < rows->N_res; i++) {
    if (rows->mask[s * rows->N_res + i]) return true;
  }
  return false;
}

/* Published: sort by logit + Gumbel(uniform), with logits 1e6 (biased), 0, -1e6 (all masked). The Gumbel transform
 * rises with its argument and spans less than 17, so that sorting by (logit, uniform) gives the same order without
 * the logarithms, which differ between machines. */
pleat_status pleat_multimer_rows_order(const pleat_multimer_rows *rows, const double *opt_uniform, int32_t *order,
                                       pleat_error *err) {
  if (!opt_uniform) {
    for (int64_t s = 0; s < rows->N_seq; s++) order[s] = (int32_t)s;
    return PLEAT_OK;
  }
  order_key *keys = malloc((size_t)rows->N_seq * sizeof *keys);
  if (!keys) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to sort %" PRId64 " alignment rows", rows->N_seq);
  for (int64_t s = 0; s < rows->N_seq; s++) {
    float bias = s == 0;
    if (rows->opt_cluster_bias) pleat_array_read_f32(rows->opt_cluster_bias, s, 1, &bias);
    keys[s] = (order_key){(double)bias - (has_residue(rows, s) ? 0.0 : 1.0), opt_uniform[s], (int32_t)s};
  }
  qsort(keys, (size_t)rows->N_seq, sizeof *keys, compare_keys);
  for (int64_t s = 0; s < rows->N_seq; s++) order[s] = keys[s].row;
  free(keys);
  return PLEAT_OK;
}
