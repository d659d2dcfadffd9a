/* Tables that follow from residue types, and pseudo-beta atoms of templates.
 * Source: alphafold/model/tf/data_transforms.py (make_atom14_masks, pseudo_beta_fn).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat.h"

/* Adds dst[..., width] = table[aatype[...]][width] as I32 or F32. A feature that is there already stays. */
static pleat_status add_table(pleat_arrays *features, const pleat_array *aatype, const char *name, pleat_dtype dtype,
                              int width, const uint8_t *table, pleat_error *err) {
  if (pleat_arrays_find(features, name)) return PLEAT_OK;
  int64_t shape[PLEAT_MAX_RANK] = {0};
  memcpy(shape, aatype->shape, sizeof shape);
  shape[aatype->rank] = width;
  void *data = NULL;
  PLEAT_TRY(pleat_arrays_add(features, name, dtype, aatype->rank + 1, shape, NULL, &data, err));
  int64_t n = pleat_array_elements(aatype);
  for (int64_t i = 0; i < n; i++) {
    const uint8_t *row = table + (int64_t)pleat_array_number(aatype, i) * width;
    for (int k = 0; k < width; k++) {
      if (dtype == PLEAT_I32) {
        ((int32_t *)data)[i * width + k] = row[k];
      } else {
        ((float *)data)[i * width + k] = row[k];
      }
    }
  }
  return PLEAT_OK;
}

static pleat_status check_types(const pleat_array *aatype, pleat_error *err) {
  int64_t n = pleat_array_elements(aatype);
  for (int64_t i = 0; i < n; i++) {
    double type = pleat_array_number(aatype, i);
    if (type >= 0 && type <= PLEAT_RESTYPE_X && type == (int)type) continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "feature '%s': value %g at element %lld, expected residue types 0 to %d", aatype->name,
               type, (long long)i, PLEAT_RESTYPE_X);
  }
  return PLEAT_OK;
}

static pleat_status derive_atom_tables(pleat_arrays *features, pleat_error *err) {
  const pleat_array *found = pleat_arrays_find(features, "aatype");
  if (found == NULL) PLEAT_FAIL(err, PLEAT_SHAPE, "feature 'aatype' is missing: expected [N_res] residue types");
  if (found->rank < 1 || found->rank >= PLEAT_MAX_RANK || !pleat_array_is_numeric(found)) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "feature 'aatype' has rank %d and type %s: expected whole numbers [..., N_res]",
               found->rank, pleat_dtype_text(found->dtype));
  }
  PLEAT_TRY(check_types(found, err));
  pleat_array aatype = *found; /* adding to the set moves its entries, but not their data */
  PLEAT_TRY(add_table(features, &aatype, "residx_atom14_to_atom37", PLEAT_I32, PLEAT_N_ATOM14,
                      &pleat_atom14_to_atom37[0][0], err));
  PLEAT_TRY(add_table(features, &aatype, "residx_atom37_to_atom14", PLEAT_I32, PLEAT_N_ATOM37,
                      &pleat_atom37_to_atom14[0][0], err));
  PLEAT_TRY(
      add_table(features, &aatype, "atom14_atom_exists", PLEAT_F32, PLEAT_N_ATOM14, &pleat_atom14_exists[0][0], err));
  return add_table(features, &aatype, "atom37_atom_exists", PLEAT_F32, PLEAT_N_ATOM37, &pleat_atom37_exists[0][0], err);
}

/* positions [..., N_res, 37, 3], mask [..., N_res, 37], aatype [..., N_res]. */
static bool are_template_shapes(const pleat_array *positions, const pleat_array *mask, const pleat_array *aatype) {
  int rank = positions->rank;
  if (rank < 3 || mask->rank != rank - 1 || aatype->rank != rank - 2) return false;
  if (positions->shape[rank - 2] != PLEAT_N_ATOM37 || positions->shape[rank - 1] != 3) return false;
  return memcmp(mask->shape, positions->shape, (size_t)(rank - 1) * sizeof *mask->shape) == 0 &&
         memcmp(aatype->shape, positions->shape, (size_t)(rank - 2) * sizeof *aatype->shape) == 0;
}

static void fill_pseudo_beta(const pleat_array *positions, const pleat_array *mask, const pleat_array *aatype,
                             float *dst_beta, float *dst_mask) {
  const int glycine = pleat_restype_from_letter('G');
  int64_t n = pleat_array_elements(aatype);
  for (int64_t i = 0; i < n; i++) {
    int64_t atom = i * PLEAT_N_ATOM37 + (pleat_array_number(aatype, i) == glycine ? PLEAT_ATOM_CA : PLEAT_ATOM_CB);
    for (int k = 0; k < 3; k++) dst_beta[3 * i + k] = (float)pleat_array_number(positions, 3 * atom + k);
    dst_mask[i] = (float)pleat_array_number(mask, atom);
  }
}

static pleat_status derive_pseudo_beta(pleat_arrays *features, pleat_error *err) {
  const pleat_array *found_positions = pleat_arrays_find(features, "template_all_atom_positions");
  const pleat_array *found_mask = pleat_arrays_find(features, "template_all_atom_masks"); /* monomer's name */
  const pleat_array *found_aatype = pleat_arrays_find(features, "template_aatype");
  if (found_mask == NULL) found_mask = pleat_arrays_find(features, "template_all_atom_mask");
  bool has_both =
      pleat_arrays_find(features, "template_pseudo_beta") && pleat_arrays_find(features, "template_pseudo_beta_mask");
  if (found_positions == NULL || has_both) return PLEAT_OK;
  if (found_mask == NULL || found_aatype == NULL) {
    PLEAT_FAIL(err, PLEAT_SHAPE, "feature 'template_all_atom_positions' comes without '%s'",
               found_mask ? "template_aatype" : "template_all_atom_masks");
  }
  pleat_array positions = *found_positions;
  pleat_array mask = *found_mask;
  pleat_array aatype = *found_aatype;
  if (!pleat_array_is_numeric(&positions) || !pleat_array_is_numeric(&mask) || !pleat_array_is_numeric(&aatype) ||
      !are_template_shapes(&positions, &mask, &aatype)) {
    PLEAT_FAIL(err, PLEAT_SHAPE,
               "template features do not fit each other: expected template_aatype [..., N_templ, "
               "N_res], %s [..., N_templ, N_res, 37] and template_all_atom_positions [..., N_templ, N_res, 37, 3]",
               mask.name);
  }
  void *data_beta = NULL;
  void *data_mask = NULL;
  int64_t shape[PLEAT_MAX_RANK] = {0};
  memcpy(shape, aatype.shape, sizeof shape);
  shape[aatype.rank] = 3;
  PLEAT_TRY(
      pleat_arrays_add(features, "template_pseudo_beta", PLEAT_F32, aatype.rank + 1, shape, NULL, &data_beta, err));
  PLEAT_TRY(
      pleat_arrays_add(features, "template_pseudo_beta_mask", PLEAT_F32, aatype.rank, shape, NULL, &data_mask, err));
  fill_pseudo_beta(&positions, &mask, &aatype, data_beta, data_mask);
  return PLEAT_OK;
}

pleat_status pleat_feat_derive(pleat_arrays *features, pleat_error *err) {
  PLEAT_TRY(derive_atom_tables(features, err));
  return derive_pseudo_beta(features, err);
}
