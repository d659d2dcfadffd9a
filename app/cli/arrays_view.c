/* Array sets by a prefix of their names.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "arrays_view.h"

#include <string.h>

static pleat_status copy_array(const pleat_array *array, const char *name, pleat_arrays *set, pleat_error *err) {
  if (array->dtype == PLEAT_BYTES) {
    return pleat_arrays_add_bytes(set, name, array->item_size, array->rank, array->shape, array->data, NULL, err);
  }
  return pleat_arrays_add(set, name, array->dtype, array->rank, array->shape, array->data, NULL, err);
}

pleat_status cli_arrays_select(const pleat_arrays *set, const char *prefix, pleat_arrays **out_set, pleat_error *err) {
  pleat_arrays *selected = NULL;
  size_t n_prefix = strlen(prefix);
  pleat_status status = pleat_arrays_create(&selected, err);
  for (size_t i = 0; i < pleat_arrays_count(set) && !status; i++) {
    const pleat_array *array = pleat_arrays_get(set, i);
    if (strncmp(array->name, prefix, n_prefix) == 0) status = copy_array(array, array->name + n_prefix, selected, err);
  }
  if (status) {
    pleat_arrays_destroy(selected);
    return status;
  }
  *out_set = selected;
  return PLEAT_OK;
}

static bool has_prefix(const pleat_arrays *set, const char *prefix) {
  for (size_t i = 0; i < pleat_arrays_count(set); i++) {
    if (strncmp(pleat_arrays_get(set, i)->name, prefix, strlen(prefix)) == 0) return true;
  }
  return false;
}

pleat_status cli_arrays_features(const pleat_arrays *file, pleat_arrays **out_features, pleat_error *err) {
  return cli_arrays_select(file, has_prefix(file, "in/") ? "in/" : "", out_features, err);
}

int64_t cli_features_iterations(const pleat_arrays *features) {
  const pleat_array *aatype = pleat_arrays_find(features, "aatype");
  return aatype && aatype->rank == 2 ? aatype->shape[0] : 0;
}
