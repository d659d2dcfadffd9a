/* Weights in a .safetensors file: 8 bytes length, a JSON header, then the values, used where they lie in the map.
 * Source: github.com/huggingface/safetensors, README "Format".
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/le.h"
#include "weights/weights_json.h"
#include "weights/weights_priv.h"

enum { N_LENGTH = 8 };

typedef struct extent {
  uint64_t begin;
  uint64_t end;
  const char *name;
} extent;

static bool probe(const uint8_t *data, size_t n) { return n > N_LENGTH && data[N_LENGTH] == '{'; }

static bool find_dtype(const char *text, pleat_dtype *out_dtype) {
  static const struct {
    const char *text;
    pleat_dtype dtype;
  } known[] = {{"F32", PLEAT_F32}, {"BF16", PLEAT_BF16}, {"F16", PLEAT_F16}, {"F64", PLEAT_F64}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(text, known[i].text) != 0) continue;
    *out_dtype = known[i].dtype;
    return true;
  }
  return false;
}

/* "data_offsets": [begin, end] in the values; must hold exactly the tensor. */
static pleat_status read_offsets(const pleat_weights *weights, const char *name, const json_t *pair, uint64_t n_bytes,
                                 uint64_t n_values, extent *out_extent, pleat_error *err) {
  const json_t *begin = json_array_get(pair, 0), *end = json_array_get(pair, 1);
  if (json_array_size(pair) != 2 || !json_is_integer(begin) || !json_is_integer(end) || json_integer_value(begin) < 0 ||
      json_integer_value(end) < json_integer_value(begin)) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected data_offsets [begin, end], found another value", name);
  }
  *out_extent = (extent){(uint64_t)json_integer_value(begin), (uint64_t)json_integer_value(end), name};
  if (out_extent->end > n_values) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected its end inside the %llu bytes of values, found %llu: the file is "
                         "truncated; fetch it again",
                         name, (unsigned long long)n_values, (unsigned long long)out_extent->end);
  }
  if (out_extent->end - out_extent->begin != n_bytes) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected %llu bytes for its shape and dtype, found %llu", name,
                         (unsigned long long)n_bytes, (unsigned long long)(out_extent->end - out_extent->begin));
  }
  return PLEAT_OK;
}

static pleat_status open_tensor(pleat_weights *weights, const char *name, const json_t *entry, const uint8_t *values,
                                uint64_t n_values, extent *out_extent, pleat_error *err) {
  const char *dtype_text = json_string_value(json_object_get(entry, "dtype"));
  pleat_dtype dtype;
  if (!dtype_text || !find_dtype(dtype_text, &dtype)) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected dtype F32, BF16, F16 or F64, found %.40s", name,
                         dtype_text ? dtype_text : "none");
  }
  int rank;
  int64_t shape[PLEAT_MAX_RANK];
  pleat_weight_tensor *tensor;
  PLEAT_TRY(pleat_weights_parse_shape(weights, name, json_object_get(entry, "shape"), 0, &rank, shape, err));
  if (json_object_size(entry) != 3) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected the keys dtype, shape and data_offsets, found %zu keys", name,
                         json_object_size(entry));
  }
  PLEAT_TRY(pleat_weights_add(weights, name, strlen(name), dtype, rank, shape, &tensor, err));
  uint64_t n_bytes = (uint64_t)tensor->n_elements * pleat_dtype_size(dtype);
  PLEAT_TRY(read_offsets(weights, tensor->info.name, json_object_get(entry, "data_offsets"), n_bytes, n_values,
                         out_extent, err));
  tensor->opt_values = values + out_extent->begin;
  return PLEAT_OK;
}

static int compare_extents(const void *a, const void *b) {
  const extent *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* The format asks for values without holes, so that nothing can hide between tensors. */
static pleat_status check_contiguous(const pleat_weights *weights, extent *extents, size_t n, uint64_t n_values,
                                     pleat_error *err) {
  uint64_t at = 0;
  qsort(extents, n, sizeof *extents, compare_extents);
  for (size_t i = 0; i < n; i++) {
    if (extents[i].begin != at) {
      return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                           "tensor %.300s: expected its values at offset %llu, found them at %llu (%s)",
                           extents[i].name, (unsigned long long)at, (unsigned long long)extents[i].begin,
                           extents[i].begin < at ? "an overlap" : "a hole");
    }
    at = extents[i].end;
  }
  if (at == n_values) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                       "expected %llu bytes of values as the header says, found %llu", (unsigned long long)at,
                       (unsigned long long)n_values);
}

static pleat_status open_tensors(pleat_weights *weights, json_t *header, const uint8_t *values, uint64_t n_values,
                                 pleat_error *err) {
  static const char metadata_key[] = "__metadata__";
  const json_t *metadata = json_object_get(header, metadata_key);
  const char *note = json_string_value(json_object_get(metadata, "pleat"));
  weights->is_synthetic = note && strcmp(note, pleat_weights_synthetic_note) == 0;
  size_t n = json_object_size(header) - (metadata ? 1 : 0), n_done = 0;
  PLEAT_TRY(pleat_weights_reserve(weights, n, err));
  extent *extents = pleat_arena_alloc(&weights->arena, n * sizeof *extents);
  if (!extents) return pleat_weights_fail_memory(weights, err);
  const char *name;
  json_t *entry;
  json_object_foreach(header, name, entry) {
    if (strcmp(name, metadata_key) == 0) continue;
    PLEAT_TRY(open_tensor(weights, name, entry, values, n_values, &extents[n_done++], err));
  }
  return check_contiguous(weights, extents, n, n_values, err);
}

static pleat_status open_safetensors(pleat_weights *weights, pleat_error *err) {
  uint64_t n_header = pleat_le_load64(weights->data), n_rest = weights->n - N_LENGTH;
  if (n_header > n_rest) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "expected a .safetensors header of %llu bytes, found %llu bytes behind its length: the file "
                         "is truncated or of another format; fetch it again",
                         (unsigned long long)n_header, (unsigned long long)n_rest);
  }
  const uint8_t *text = weights->data + N_LENGTH;
  json_t *header;
  PLEAT_TRY(pleat_weights_parse_json(weights, (const char *)text, (size_t)n_header, &header, err));
  pleat_status status = open_tensors(weights, header, text + n_header, n_rest - n_header, err);
  json_decref(header);
  return status;
}

static pleat_status read_safetensors(const pleat_weights *weights, const pleat_weight_tensor *tensor, int64_t first,
                                     int64_t n, float *dst, pleat_error *err) {
  (void)weights, (void)err;
  size_t at = (size_t)first * pleat_dtype_size(tensor->info.dtype);
  pleat_weights_to_f32(tensor->info.dtype, tensor->opt_values + at, n, dst);
  return PLEAT_OK;
}

const pleat_weights_format pleat_weights_format_safetensors = {probe, open_safetensors, read_safetensors, NULL, NULL};
