/* Synthetic weights: every value is a pure function of tensor name, flat index and seed, made when it is read.
 * Source: shared/golden/README.md and synth.py, reproduced bit by bit; hence no FMA contraction in this folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/rng.h"
#include "weights/weights_json.h"
#include "weights/weights_priv.h"

/* A full name taken apart: "scope//leaf", or "scope/leaf" where there is no "//". */
typedef struct name_parts {
  const char *scope;
  size_t n_scope;
  const char *separator;
  const char *leaf;
  bool is_stacked; /* axis 0 counts blocks */
} name_parts;

/* An object in JSON, after blanks. */
static bool probe(const uint8_t *data, size_t n) {
  size_t i = 0;
  while (i < n && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n')) i++;
  return i < n && data[i] == '{';
}

static bool has_text(const char *text, size_t n, const char *wanted) {
  size_t n_wanted = strlen(wanted);
  for (size_t i = 0; i + n_wanted <= n; i++) {
    if (memcmp(text + i, wanted, n_wanted) == 0) return true;
  }
  return false;
}

/* Does a folder of the scope start with `folder`? */
static bool has_folder(const name_parts *parts, const char *folder) {
  size_t n_folder = strlen(folder);
  for (size_t i = 0; i + n_folder <= parts->n_scope; i++) {
    bool is_start = i == 0 || parts->scope[i - 1] == '/';
    if (is_start && memcmp(parts->scope + i, folder, n_folder) == 0) return true;
  }
  return false;
}

static bool split_name(const char *name, name_parts *out_parts) {
  size_t n = strlen(name);
  bool has_double = has_text(name, n, "//");
  size_t n_separator = has_double ? 2 : 1;
  for (size_t at = n < n_separator ? 0 : n - n_separator + 1; at-- > 0;) {
    if (memcmp(name + at, "//", n_separator) != 0) continue;
    *out_parts = (name_parts){name, at, has_double ? "//" : "/", name + at + n_separator, false};
    out_parts->is_stacked = has_folder(out_parts, "evoformer_iteration") || has_folder(out_parts, "extra_msa_stack") ||
                            has_text(name, at, "__layer_stack_no_state");
    return true;
  }
  return false;
}

static bool is_any(const char *text, const char *const *list) {
  for (; *list; list++) {
    if (strcmp(text, *list) == 0) return true;
  }
  return false;
}

/* Is the last folder of the scope one of the list? */
static bool is_layer(const name_parts *parts, const char *const *list) {
  size_t begin = parts->n_scope;
  while (begin > 0 && parts->scope[begin - 1] != '/') begin--;
  for (; *list; list++) {
    size_t n = strlen(*list);
    if (n == parts->n_scope - begin && memcmp(parts->scope + begin, *list, n) == 0) return true;
  }
  return false;
}

/* Elements of one block. */
static int64_t body_elements(const pleat_weight_tensor *tensor, bool is_stacked) {
  int64_t n = 1;
  for (int i = is_stacked ? 1 : 0; i < tensor->info.rank; i++) n *= tensor->info.shape[i];
  return n;
}

/* The tensor that holds the biases of a matrix; NULL when it has none. */
static pleat_status find_bias(const pleat_weights *weights, const name_parts *parts,
                              const pleat_weight_tensor **out_bias, pleat_error *err) {
  static const char *const pairs[][2] = {{"weights", "bias"}, {"output_w", "output_b"}, {"gating_w", "gating_b"}};
  *out_bias = NULL;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (strcmp(parts->leaf, pairs[i][0]) != 0) continue;
    pleat_buf name = {0};
    pleat_buf_append(&name, parts->scope, parts->n_scope);
    pleat_buf_puts(&name, parts->separator);
    pleat_buf_puts(&name, pairs[i][1]);
    int64_t bias = name.is_failed ? -1 : pleat_weights_find(weights, name.data);
    bool is_failed = name.is_failed;
    pleat_buf_fini(&name);
    if (is_failed) return pleat_weights_fail_memory(weights, err);
    if (bias >= 0) *out_bias = &weights->tensors[bias];
  }
  return PLEAT_OK;
}

/* Inputs summed by one output of a matrix. */
static pleat_status find_fan_in(const pleat_weights *weights, const name_parts *parts,
                                const pleat_weight_tensor *tensor, int64_t *out_fan_in, pleat_error *err) {
  const pleat_weight_tensor *bias;
  int first_axis = parts->is_stacked ? 1 : 0;
  PLEAT_TRY(find_bias(weights, parts, &bias, err));
  if (!bias && tensor->info.rank <= first_axis) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected a matrix of at least %d axes, found %d", tensor->info.name,
                         first_axis + 1, tensor->info.rank);
  }
  if (!bias) {
    *out_fan_in = tensor->info.shape[first_axis];
    return PLEAT_OK;
  }
  *out_fan_in = body_elements(tensor, parts->is_stacked) / body_elements(bias, parts->is_stacked);
  if (*out_fan_in > 0) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                       "tensor %.300s: expected a matrix at least as large as its bias %.300s", tensor->info.name,
                       bias->info.name);
}

/* The table of the README, "centre and gain by leaf name". */
static pleat_status set_distribution(const pleat_weights *weights, pleat_weight_tensor *tensor, pleat_error *err) {
  static const char *const shifts[] = {"offset", "bias", "output_b", NULL};
  static const char *const logits[] = {"query_w", "key_w", NULL};
  static const char *const last_layers[] = {"transition2", "output_projection", "affine_update", "quat_rigid", "rigid",
                                            NULL};
  name_parts parts;
  int64_t fan_in = 1;
  if (!split_name(tensor->info.name, &parts)) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected a name like scope//leaf, found no '/'", tensor->info.name);
  }
  tensor->gain = 0.1;
  if (strcmp(parts.leaf, "scale") == 0 || strcmp(parts.leaf, "gating_b") == 0) {
    tensor->centre = 1.0;
  } else if (is_any(parts.leaf, shifts)) {
    tensor->centre = 0.0;
  } else if (strcmp(parts.leaf, "trainable_point_weights") == 0) {
    tensor->centre = 0.541324854612918; /* softplus of it is 1 */
  } else {
    PLEAT_TRY(find_fan_in(weights, &parts, tensor, &fan_in, err));
    double g = is_any(parts.leaf, logits)                                             ? 1.5
               : strcmp(parts.leaf, "output_w") == 0 || is_layer(&parts, last_layers) ? 0.3
                                                                                      : 1.0;
    tensor->centre = 0.0;
    tensor->gain = g * sqrt(3.0 / (double)fan_in);
  }
  return PLEAT_OK;
}

static pleat_status open_tensors(pleat_weights *weights, json_t *spec, pleat_error *err) {
  json_t *seed = json_object_get(spec, "seed"), *tensors = json_object_get(spec, "tensors");
  if (!json_is_integer(seed) || !json_is_object(tensors) || json_object_size(spec) != 2) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "expected {\"seed\": integer, \"tensors\": {name: shape, ...}}, found %s",
                         !json_is_integer(seed)     ? "no integer seed"
                         : !json_is_object(tensors) ? "no object tensors"
                                                    : "more keys");
  }
  PLEAT_TRY(pleat_weights_reserve(weights, json_object_size(tensors), err));
  const char *name;
  json_t *list;
  json_object_foreach(tensors, name, list) {
    int rank;
    int64_t shape[PLEAT_MAX_RANK];
    pleat_weight_tensor *tensor;
    PLEAT_TRY(pleat_weights_parse_shape(weights, name, list, 1, &rank, shape, err));
    size_t n_name = strlen(name);
    PLEAT_TRY(pleat_weights_add(weights, name, n_name, PLEAT_F32, rank, shape, &tensor, err));
    tensor->key = pleat_mix64(pleat_hash64(name, n_name) ^ (uint64_t)json_integer_value(seed));
  }
  for (size_t i = 0; i < weights->n_tensors; i++) PLEAT_TRY(set_distribution(weights, &weights->tensors[i], err));
  return PLEAT_OK;
}

static pleat_status open_synth(pleat_weights *weights, pleat_error *err) {
  json_t *spec;
  weights->is_synthetic = true;
  PLEAT_TRY(pleat_weights_parse_json(weights, (const char *)weights->data, weights->n, &spec, err));
  pleat_status status = open_tensors(weights, spec, err);
  json_decref(spec);
  return status;
}

static pleat_status read_synth(const pleat_weights *weights, const pleat_weight_tensor *tensor, int64_t first,
                               int64_t n, float *dst, pleat_error *err) {
  (void)weights, (void)err;
  const double centre = tensor->centre, gain = tensor->gain;
  uint64_t state = tensor->key + (uint64_t)first * PLEAT_MIX64_STEP;
  for (int64_t i = 0; i < n; i++) {
    state += PLEAT_MIX64_STEP;
    double u = (double)(int32_t)(pleat_mix64(state) >> 40) * 0x1p-23 - 1.0;
    dst[i] = (float)(centre + gain * u);
  }
  return PLEAT_OK;
}

const pleat_weights_format pleat_weights_format_synth = {probe, open_synth, read_synth, NULL, NULL};
