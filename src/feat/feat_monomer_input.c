/* Raw monomer features: checks, HHblits ids to restypes, one-hot to indices, templates.
 * Source: alphafold/model/tf/data_transforms.py (correct_msa_restypes, squeeze_features, fix_templates_aatype,
 * make_template_mask, crop_templates).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_monomer_priv.h"
#include "feat/feat_priv.h"
#include "feat/feat_rows.h"
#include "io/fasta.h"
#include "tensor/numbers.h"

enum { AATYPE_CLASSES = 21, TEMPLATE_CLASSES = 22 };

/* A numeric array of the given shape; -1 fits any size. */
static pleat_status find_array(const pleat_arrays *raw, const char *name, int rank, const int64_t *shape,
                               const pleat_array **out_array, pleat_error *err) {
  char wanted[PLEAT_SHAPE_TEXT], found[PLEAT_SHAPE_TEXT];
  const pleat_array *array = pleat_arrays_find(raw, name);
  pleat_shape_text(rank, shape, wanted, sizeof wanted);
  if (array == NULL) PLEAT_FAIL(err, PLEAT_INPUT, "raw feature '%s' is missing: expected numbers %s", name, wanted);
  bool is_fit = array->rank == rank && pleat_array_is_numeric(array);
  for (int i = 0; is_fit && i < rank; i++) is_fit = shape[i] < 0 || array->shape[i] == shape[i];
  if (!is_fit) {
    pleat_shape_text(array->rank, array->shape, found, sizeof found);
    PLEAT_FAIL(err, PLEAT_SHAPE, "raw feature '%s' is %s %s: expected numbers %s", name, pleat_dtype_text(array->dtype),
               found, wanted);
  }
  *out_array = array;
  return PLEAT_OK;
}

/* First class of the largest value, as numpy's argmax. */
static int argmax(const pleat_array *one_hot, int64_t first, int n_classes) {
  int best = 0;
  for (int k = 1; k < n_classes; k++) {
    if (pleat_array_number(one_hot, first + k) > pleat_array_number(one_hot, first + best)) best = k;
  }
  return best;
}

static pleat_status read_residues(const pleat_arrays *raw, pleat_feat_monomer_input *input, pleat_error *err) {
  int64_t N = input->n_res;
  const pleat_array *aatype = NULL;
  const pleat_array *residue_index = NULL;
  const pleat_array *breaks = NULL;
  PLEAT_TRY(find_array(raw, "aatype", 2, (const int64_t[]){N, AATYPE_CLASSES}, &aatype, err));
  PLEAT_TRY(find_array(raw, "residue_index", 1, &N, &residue_index, err));
  if (pleat_arrays_find(raw, "between_segment_residues")) {
    PLEAT_TRY(find_array(raw, "between_segment_residues", 1, &N, &breaks, err));
  }
  for (int64_t i = 0; i < N; i++) {
    double index = pleat_array_number(residue_index, i);
    if (!(index >= INT32_MIN && index <= INT32_MAX)) {
      PLEAT_FAIL(err, PLEAT_INPUT, "residue_index %lld is %g: expected a whole number of 32 bits", (long long)i, index);
    }
    double n_between = breaks ? pleat_array_number(breaks, i) : 0.0;
    input->aatype[i] = argmax(aatype, i * AATYPE_CLASSES, AATYPE_CLASSES);
    input->residue_index[i] = (int32_t)index;
    input->has_break[i] = n_between <= 0.0 ? 0.0f : n_between >= 1.0 ? 1.0f : (float)n_between;
  }
  return PLEAT_OK;
}

static pleat_status read_rows(const pleat_array *ids, const pleat_array *deletions, pleat_feat_monomer_input *input,
                              pleat_error *err) {
  for (int64_t i = 0; i < input->n_rows * input->n_res; i++) {
    double id = pleat_array_number(ids, i);
    double deletion = pleat_array_number(deletions, i);
    if (!(id >= 0 && id < PLEAT_PROFILE_CLASSES) || id != (int)id || !(deletion >= 0)) {
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "row %lld, residue %lld: msa %g, deletions %g; expected HHblits ids 0 to %d and "
                 "counts from 0",
                 (long long)(i / input->n_res), (long long)(i % input->n_res), id, deletion, PLEAT_PROFILE_CLASSES - 1);
    }
    input->tokens[i] = pleat_hhblits_to_restype[(int)id];
    input->deletions[i] = (float)deletion;
  }
  return PLEAT_OK;
}

pleat_status pleat_feat_monomer_input_init(const pleat_arrays *raw, pleat_feat_monomer_input *input, pleat_error *err) {
  const pleat_array *ids = NULL;
  const pleat_array *deletions = NULL;
  *input = (pleat_feat_monomer_input){0};
  PLEAT_TRY(find_array(raw, "msa", 2, (const int64_t[]){-1, -1}, &ids, err));
  const char *name = pleat_arrays_find(raw, "deletion_matrix") ? "deletion_matrix" : "deletion_matrix_int";
  PLEAT_TRY(find_array(raw, name, 2, ids->shape, &deletions, err));
  if (ids->shape[0] < 1 || ids->shape[0] > INT32_MAX || ids->shape[1] < 1 || ids->shape[1] > PLEAT_MAX_RESIDUES) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "raw feature 'msa' has %lld rows of %lld residues: expected 1 to 2^31 - 1 of 1 to %d",
               (long long)ids->shape[0], (long long)ids->shape[1], PLEAT_MAX_RESIDUES);
  }
  input->n_rows = ids->shape[0];
  input->n_res = ids->shape[1];
  size_t n_tokens = (size_t)(input->n_rows * input->n_res); /* the array `ids` is larger already */
  input->tokens = malloc(n_tokens);
  input->deletions = calloc(n_tokens, sizeof *input->deletions);
  input->aatype = calloc((size_t)input->n_res, sizeof *input->aatype);
  input->residue_index = calloc((size_t)input->n_res, sizeof *input->residue_index);
  input->has_break = calloc((size_t)input->n_res, sizeof *input->has_break);
  if (!input->tokens || !input->deletions || !input->aatype || !input->residue_index || !input->has_break) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %lld rows of %lld residues", (long long)input->n_rows,
               (long long)input->n_res);
  }
  PLEAT_TRY(read_rows(ids, deletions, input, err));
  return read_residues(raw, input, err);
}

void pleat_feat_monomer_input_fini(pleat_feat_monomer_input *input) {
  free(input->tokens);
  free(input->deletions);
  free(input->aatype);
  free(input->residue_index);
  free(input->has_break);
  *input = (pleat_feat_monomer_input){0};
}

/* Adds [n_draws, n_templ, ...]: the first n_templ parts of src as F32, in every draw. */
static pleat_status add_copies(const pleat_array *src, int64_t n_draws, int64_t n_templ, pleat_arrays *features,
                               pleat_error *err) {
  int64_t shape[PLEAT_MAX_RANK] = {n_draws, n_templ};
  int64_t n = n_templ;
  void *data = NULL;
  for (int i = 1; i < src->rank; i++) {
    shape[i + 1] = src->shape[i];
    n *= src->shape[i];
  }
  PLEAT_TRY(pleat_arrays_add(features, src->name, PLEAT_F32, src->rank + 1, shape, NULL, &data, err));
  for (int64_t i = 0; i < n; i++) ((float *)data)[i] = (float)pleat_array_number(src, i);
  for (int64_t d = 1; d < n_draws; d++) memcpy((float *)data + d * n, data, (size_t)n * sizeof(float));
  return PLEAT_OK;
}

static pleat_status add_template_types(const pleat_array *one_hot, int64_t n_res, int64_t n_draws, int64_t n_templ,
                                       pleat_arrays *features, pleat_error *err) {
  void *data = NULL;
  PLEAT_TRY(pleat_arrays_add(features, "template_aatype", PLEAT_I32, 3, (const int64_t[]){n_draws, n_templ, n_res},
                             NULL, &data, err));
  int32_t *types = data;
  int64_t n = n_templ * n_res;
  for (int64_t i = 0; i < n; i++) {
    types[i] = pleat_hhblits_to_restype[argmax(one_hot, i * TEMPLATE_CLASSES, TEMPLATE_CLASSES)];
  }
  for (int64_t d = 1; d < n_draws; d++) memcpy(types + d * n, types, (size_t)n * sizeof *types);
  return PLEAT_OK;
}

pleat_status pleat_feat_monomer_templates(const pleat_arrays *raw, int64_t n_res, int64_t n_draws,
                                          pleat_arrays *features, pleat_error *err) {
  const pleat_array *aatype = pleat_arrays_find(raw, "template_aatype");
  const pleat_array *positions = NULL;
  const pleat_array *masks = NULL;
  const pleat_array *sum_probs = pleat_arrays_find(raw, "template_sum_probs");
  /* A search without hits leaves arrays without rows, of whatever rank. */
  if (aatype == NULL || aatype->rank < 1 || aatype->shape[0] == 0) return PLEAT_OK;
  int64_t n_found = aatype->shape[0];
  PLEAT_TRY(find_array(raw, "template_aatype", 3, (const int64_t[]){n_found, n_res, TEMPLATE_CLASSES}, &aatype, err));
  PLEAT_TRY(find_array(raw, "template_all_atom_positions", 4, (const int64_t[]){n_found, n_res, PLEAT_N_ATOM37, 3},
                       &positions, err));
  PLEAT_TRY(
      find_array(raw, "template_all_atom_masks", 3, (const int64_t[]){n_found, n_res, PLEAT_N_ATOM37}, &masks, err));
  int64_t n_templ = n_found < PLEAT_MAX_TEMPLATES ? n_found : PLEAT_MAX_TEMPLATES;
  PLEAT_TRY(add_template_types(aatype, n_res, n_draws, n_templ, features, err));
  PLEAT_TRY(add_copies(positions, n_draws, n_templ, features, err));
  PLEAT_TRY(add_copies(masks, n_draws, n_templ, features, err));
  if (sum_probs) {
    PLEAT_TRY(find_array(raw, "template_sum_probs", 2, (const int64_t[]){n_found, 1}, &sum_probs, err));
    PLEAT_TRY(add_copies(sum_probs, n_draws, n_templ, features, err));
  }
  void *data = NULL;
  PLEAT_TRY(
      pleat_arrays_add(features, "template_mask", PLEAT_F32, 2, (const int64_t[]){n_draws, n_templ}, NULL, &data, err));
  for (int64_t i = 0; i < n_draws * n_templ; i++) ((float *)data)[i] = 1.0f;
  return PLEAT_OK;
}
