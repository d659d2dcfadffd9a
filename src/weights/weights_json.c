/* Bounded JSON for the headers of .safetensors and the specs of synthetic weights.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "weights/weights_json.h"

#include "base/fail.h"
#include "weights/weights_priv.h"

pleat_status pleat_weights_parse_json(const pleat_weights *weights, const char *text, size_t n, json_t **out_object,
                                      pleat_error *err) {
  json_error_t error;
  *out_object = NULL;
  if (n > PLEAT_WEIGHTS_MAX_JSON) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0, "expected at most %d bytes of JSON, found %zu",
                         PLEAT_WEIGHTS_MAX_JSON, n);
  }
  json_t *object = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
  if (!object && json_error_code(&error) == json_error_out_of_memory) return pleat_weights_fail_memory(weights, err);
  if (!object) {
    /* jansson says -1 where it knows no place. */
    int line = error.line > 0 ? error.line : 0, column = error.column > 0 ? error.column : 0;
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, line, column,
                         "expected JSON with unique keys, found an error: %s", error.text);
  }
  if (!json_is_object(object)) {
    json_decref(object);
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 1, 1, "expected a JSON object, found another value");
  }
  *out_object = object;
  return PLEAT_OK;
}

pleat_status pleat_weights_parse_shape(const pleat_weights *weights, const char *name, const json_t *opt_list,
                                       int64_t min_size, int *out_rank, int64_t *out_shape, pleat_error *err) {
  size_t rank = json_array_size(opt_list);
  if (!json_is_array(opt_list) || rank > PLEAT_MAX_RANK) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected a shape of at most %d integers, found %s", name, PLEAT_MAX_RANK,
                         opt_list ? "another value" : "none");
  }
  for (size_t i = 0; i < rank; i++) {
    const json_t *size = json_array_get(opt_list, i);
    if (!json_is_integer(size) || json_integer_value(size) < min_size) {
      return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                           "tensor %.300s: expected an integer of at least %lld as axis %zu of the shape, found %s",
                           name, (long long)min_size, i, json_is_integer(size) ? "a smaller one" : "another value");
    }
    out_shape[i] = json_integer_value(size);
  }
  *out_rank = (int)rank;
  return PLEAT_OK;
}
