/* Template arrays of raw features; see feat_templates.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_templates.h"

#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_monomer_priv.h"
#include "feat/feat_priv.h"

enum { N_TYPES = 22, ATOMS = PLEAT_N_ATOM37, COORDINATES = PLEAT_N_ATOM37 * 3 };

static pleat_status check_length(const pleat_template *template_, int64_t n_res, pleat_error *err) {
  size_t n = strlen(template_->sequence);
  if ((int64_t)n == n_res) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INPUT, "template %s lies on %zu residues: expected the query's %lld", template_->name, n,
             (long long)n_res);
}

/* ---- One chain ---- */

/* Fixed-width texts, as numpy has them. */
static pleat_status add_texts(const pleat_templates *templates, const char *name, bool is_sequence, pleat_arrays *raw,
                              pleat_error *err) {
  size_t width = 1;
  for (size_t t = 0; t < templates->n_items; t++) {
    size_t n = strlen(is_sequence ? templates->items[t].sequence : templates->items[t].name);
    if (n > width) width = n;
  }
  void *data;
  PLEAT_TRY(
      pleat_arrays_add_bytes(raw, name, width, 1, (const int64_t[]){(int64_t)templates->n_items}, NULL, &data, err));
  for (size_t t = 0; t < templates->n_items; t++) {
    const char *text = is_sequence ? templates->items[t].sequence : templates->items[t].name;
    memcpy((char *)data + t * width, text, strlen(text));
  }
  return PLEAT_OK;
}

pleat_status pleat_feat_monomer_raw_templates(const pleat_templates *templates, int64_t N, pleat_arrays *raw,
                                              pleat_error *err) {
  int64_t n_templ = (int64_t)templates->n_items;
  if (n_templ == 0) return PLEAT_OK;
  for (int64_t t = 0; t < n_templ; t++) PLEAT_TRY(check_length(&templates->items[t], N, err));
  void *types, *positions, *masks, *sums;
  const int64_t shape[] = {n_templ, N, ATOMS, 3}, types_shape[] = {n_templ, N, N_TYPES}, sums_shape[] = {n_templ, 1};
  PLEAT_TRY(pleat_arrays_add(raw, "template_aatype", PLEAT_F32, 3, types_shape, NULL, &types, err));
  PLEAT_TRY(pleat_arrays_add(raw, "template_all_atom_positions", PLEAT_F32, 4, shape, NULL, &positions, err));
  PLEAT_TRY(pleat_arrays_add(raw, "template_all_atom_masks", PLEAT_F32, 3, shape, NULL, &masks, err));
  PLEAT_TRY(pleat_arrays_add(raw, "template_sum_probs", PLEAT_F32, 2, sums_shape, NULL, &sums, err));
  for (int64_t t = 0; t < n_templ; t++) {
    const pleat_template *from = &templates->items[t];
    for (int64_t i = 0; i < N; i++) {
      ((float *)types)[(t * N + i) * N_TYPES + pleat_hhblits_from_letter(from->sequence[i])] = 1.0f;
    }
    memcpy((float *)positions + t * N * COORDINATES, from->positions, (size_t)N * COORDINATES * sizeof(float));
    memcpy((float *)masks + t * N * ATOMS, from->mask, (size_t)N * ATOMS * sizeof(float));
    ((float *)sums)[t] = (float)from->sum_probs;
  }
  PLEAT_TRY(add_texts(templates, "template_domain_names", false, raw, err));
  return add_texts(templates, "template_sequence", true, raw, err);
}

pleat_status pleat_feat_monomer_add_templates(const pleat_templates *templates, pleat_arrays *features,
                                              pleat_error *err) {
  const pleat_array *aatype = pleat_arrays_find(features, "aatype");
  if (!aatype || aatype->rank != 2) PLEAT_FAIL(err, PLEAT_SHAPE, "expected processed features, with aatype [*, N_res]");
  int64_t n_draws = aatype->shape[0], N = aatype->shape[1];
  pleat_arrays *raw = NULL;
  PLEAT_TRY(pleat_arrays_create(&raw, err));
  pleat_status status = pleat_feat_monomer_raw_templates(templates, N, raw, err);
  if (!status) status = pleat_feat_monomer_templates(raw, N, n_draws, features, err);
  if (!status) status = pleat_feat_derive(features, err);
  pleat_arrays_destroy(raw);
  return status;
}

/* ---- Complexes ---- */

typedef struct merged_arrays {
  int64_t N_res;
  int32_t *aatype;
  float *positions, *mask;
} merged_arrays;

static void put_template(const merged_arrays *to, int64_t t, int64_t first_col, const pleat_template *from) {
  size_t n = strlen(from->sequence);
  int64_t first = t * to->N_res + first_col;
  for (size_t i = 0; i < n; i++) {
    to->aatype[first + (int64_t)i] = pleat_hhblits_to_restype[pleat_hhblits_from_letter(from->sequence[i])];
  }
  memcpy(to->positions + first * COORDINATES, from->positions, n * COORDINATES * sizeof(float));
  memcpy(to->mask + first * ATOMS, from->mask, n * ATOMS * sizeof(float));
}

/* Columns of the chain that begins at `first`. */
static int64_t chain_length(const pleat_array *asym_id, int64_t first) {
  int64_t end = first;
  while (end < pleat_array_elements(asym_id) && pleat_array_number(asym_id, end) == pleat_array_number(asym_id, first))
    end++;
  return end - first;
}

pleat_status pleat_feat_multimer_raw_templates(const pleat_templates *const *templates, size_t n_chains,
                                               pleat_arrays *raw, pleat_error *err) {
  const pleat_array *asym_id = pleat_arrays_find(raw, "asym_id");
  if (!asym_id) PLEAT_FAIL(err, PLEAT_INPUT, "raw feature 'asym_id' is missing");
  int64_t N = pleat_array_elements(asym_id), first_col = 0;
  const int64_t shape[] = {PLEAT_MAX_TEMPLATES, N, ATOMS, 3};
  void *aatype, *positions, *mask;
  PLEAT_TRY(pleat_arrays_add(raw, "template_aatype", PLEAT_I32, 2, shape, NULL, &aatype, err));
  PLEAT_TRY(pleat_arrays_add(raw, "template_all_atom_mask", PLEAT_F32, 3, shape, NULL, &mask, err));
  PLEAT_TRY(pleat_arrays_add(raw, "template_all_atom_positions", PLEAT_F32, 4, shape, NULL, &positions, err));
  const merged_arrays to = {N, aatype, positions, mask};
  asym_id = pleat_arrays_find(raw, "asym_id"); /* the set has changed */
  for (size_t c = 0; c < n_chains; c++) {
    int64_t n_res = chain_length(asym_id, first_col);
    size_t n = templates[c]->n_items < PLEAT_MAX_TEMPLATES ? templates[c]->n_items : PLEAT_MAX_TEMPLATES;
    for (size_t t = 0; t < n; t++) {
      PLEAT_TRY(check_length(&templates[c]->items[t], n_res, err));
      put_template(&to, (int64_t)t, first_col, &templates[c]->items[t]);
    }
    first_col += n_res;
  }
  return PLEAT_OK;
}
