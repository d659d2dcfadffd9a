/* Cases of the self-test from a manifest.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "selftest_cases.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

enum { N_PUBLISHED_BLOCKS = 48 }; /* of the Evoformer */

static char *join(const char *a, const char *b, const char *c, const char *d) {
  size_t n = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
  char *text = malloc(n);
  if (text) snprintf(text, n, "%s%s%s%s", a, b, c, d);
  return text;
}

static int64_t integer_of(const json_t *object, const char *key, int64_t absent) {
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) ? (int64_t)json_integer_value(value) : absent;
}

static double number_of(const json_t *object, const char *key, double absent) {
  const json_t *value = json_object_get(object, key);
  return json_is_number(value) ? json_number_value(value) : absent;
}

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

/* Whether the weights have all blocks: the leading axis of the Evoformer's stacked tensors. */
static bool has_all_blocks(const char *path) {
  json_error_t ignored;
  json_t *spec = json_load_file(path, 0, &ignored);
  json_t *tensors = json_object_get(spec, "tensors");
  const char *name;
  json_t *shape;
  int64_t n_blocks = 0;
  json_object_foreach(tensors, name, shape) {
    if (!strstr(name, "evoformer_iteration/")) continue;
    int64_t n = (int64_t)json_integer_value(json_array_get(shape, 0));
    if (n > n_blocks) n_blocks = n;
  }
  json_decref(spec);
  return n_blocks >= N_PUBLISHED_BLOCKS;
}

static pleat_status read_kind(const char *text, const char *manifest, selftest_kind *out_kind, pleat_error *err) {
  static const char *const kinds[] = {"sublayers", "monomer", "multimer"};
  for (int i = 0; text && i < 3; i++) {
    if (strcmp(kinds[i], text)) continue;
    *out_kind = (selftest_kind)i;
    return PLEAT_OK;
  }
  return cli_error(err, PLEAT_INPUT, "%s: a case of kind '%s': expected sublayers, monomer or multimer", manifest,
                   text ? text : "(none)");
}

static pleat_status read_case(const char *folder, const char *manifest, const json_t *entry, selftest_case *out,
                              pleat_error *err) {
  const char *file = text_of(entry, "file"), *weights = text_of(entry, "weights"), *model = text_of(entry, "model");
  const char *order = text_of(entry, "msa_order");
  pleat_status status = read_kind(text_of(entry, "kind"), manifest, &out->kind, err);
  if (status) return status;
  if (!file || !weights || (!model && out->kind != SELFTEST_SUBLAYERS)) {
    return cli_error(err, PLEAT_INPUT, "%s: a case lacks \"file\", \"weights\" or \"model\"", manifest);
  }
  char *weights_path = join(folder, "/", weights, "");
  out->arrays_path = join(folder, "/", file, "");
  out->weights = join("synth:", folder, "/", weights);
  out->name = strdup(file);
  out->model = model ? strdup(model) : NULL;
  bool is_complete = weights_path && out->arrays_path && out->weights && out->name && (out->model || !model);
  out->is_full = is_complete && has_all_blocks(weights_path);
  free(weights_path);
  if (!is_complete) return cli_error(err, PLEAT_NOMEM, "no memory for the cases of %s", manifest);
  char *suffix = strstr(out->name, ".npz");
  if (suffix) *suffix = '\0';
  out->num_recycle = integer_of(entry, "num_recycle", -1);
  out->num_ensemble = integer_of(entry, "num_ensemble", 1);
  out->num_msa = integer_of(entry, "num_msa", 0);
  out->num_extra_msa = integer_of(entry, "num_extra_msa", 0);
  out->is_identity_order = !order || strcmp(order, "identity") == 0;
  out->msa_mask_fraction = number_of(entry, "msa_mask_fraction", 0);
  out->early_stop_tolerance = number_of(entry, "early_stop_tolerance", -1);
  return PLEAT_OK;
}

pleat_status selftest_cases_read(const char *folder, selftest_cases *out_cases, pleat_error *err) {
  *out_cases = (selftest_cases){0};
  char *path = join(folder, "/manifest.json", "", "");
  if (!path) return cli_error(err, PLEAT_NOMEM, "no memory for a path");
  json_error_t problem;
  json_t *manifest = json_load_file(path, 0, &problem);
  const json_t *cases = json_object_get(manifest, "cases");
  pleat_status status = PLEAT_OK;
  if (!manifest) {
    bool is_missing = json_error_code(&problem) == json_error_cannot_open_file;
    status = cli_error(err, is_missing ? PLEAT_IO : PLEAT_INPUT, "cannot read the reference folder's %s: %s", path,
                       problem.text);
  } else if (!json_is_array(cases) || json_array_size(cases) == 0) {
    status = cli_error(err, PLEAT_INPUT, "%s: expected a list \"cases\"", path);
  } else {
    out_cases->items = calloc(json_array_size(cases), sizeof *out_cases->items);
    if (!out_cases->items) status = cli_error(err, PLEAT_NOMEM, "no memory for the cases of %s", path);
  }
  for (size_t i = 0; !status && out_cases->items && i < json_array_size(cases); i++) {
    selftest_case item = {0};
    status = read_case(folder, path, json_array_get(cases, i), &item, err);
    out_cases->items[out_cases->n_items++] = item;
  }
  json_decref(manifest);
  free(path);
  return status;
}

void selftest_cases_fini(selftest_cases *cases) {
  for (size_t i = 0; i < cases->n_items; i++) {
    selftest_case *item = &cases->items[i];
    pleat_arrays_destroy(item->arrays);
    free(item->name);
    free(item->model);
    free(item->weights);
    free(item->arrays_path);
  }
  free(cases->items);
  *cases = (selftest_cases){0};
}
