/* Opening, looking up and reading weights of any format.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/half.h"
#include "weights/weights_priv.h"

static const char synth_prefix[] = "synth:";
static const char inline_spec[] = "synth:(given as text)"; /* what messages call it */
const char pleat_weights_synthetic_note[] = "synthetic weights: no prediction";

pleat_status pleat_weights_fail_memory(const pleat_weights *weights, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, weights->path, 0, 0, "no memory to read the weights");
}

pleat_status pleat_weights_reserve(pleat_weights *weights, size_t n, pleat_error *err) {
  if (n == 0) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0, "expected tensors, found none");
  }
  weights->tensors = n < SIZE_MAX / 2 / sizeof *weights->tensors
                         ? pleat_arena_alloc(&weights->arena, n * sizeof *weights->tensors)
                         : NULL;
  if (!weights->tensors) return pleat_weights_fail_memory(weights, err);
  weights->n_reserved = n;
  return PLEAT_OK;
}

pleat_status pleat_weights_add(pleat_weights *weights, const char *name, size_t n_name, pleat_dtype dtype, int rank,
                               const int64_t *shape, pleat_weight_tensor **out_tensor, pleat_error *err) {
  PLEAT_ASSERT(weights->n_tensors < weights->n_reserved);
  pleat_weight_tensor *tensor = &weights->tensors[weights->n_tensors];
  uint32_t existing;
  char *copy = pleat_arena_strndup(&weights->arena, name, n_name);
  if (!copy || !pleat_map_insert(&weights->index, copy, n_name, (uint32_t)weights->n_tensors, &existing)) {
    return pleat_weights_fail_memory(weights, err);
  }
  if (existing != PLEAT_MAP_NONE) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0, "tensor %.300s: expected once, found twice", copy);
  }
  tensor->info = (pleat_weight_info){.name = copy, .dtype = dtype, .rank = rank};
  tensor->n_elements = 1;
  /* An axis of size 0 must not hide an overflow of the others. */
  int64_t n_left = PLEAT_WEIGHTS_MAX_ELEMENTS - weights->n_elements;
  for (int i = 0; i < rank; i++) {
    if (shape[i] > n_left) {
      return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                           "tensor %.300s: expected at most %lld elements in all tensors together, found more", copy,
                           (long long)PLEAT_WEIGHTS_MAX_ELEMENTS);
    }
    tensor->info.shape[i] = shape[i];
    tensor->n_elements *= shape[i];
    if (shape[i] > 0) n_left /= shape[i];
  }
  weights->n_elements += tensor->n_elements;
  weights->n_tensors++;
  *out_tensor = tensor;
  return PLEAT_OK;
}

/* Chooses the format by content; only synthetic weights are asked for by name, since their file holds no values. */
static pleat_status choose_format(pleat_weights *weights, bool is_synth, pleat_error *err) {
  static const pleat_weights_format *const formats[] = {&pleat_weights_format_npz, &pleat_weights_format_safetensors};
  const uint8_t *data = weights->data;
  size_t n = weights->n;
  if (is_synth) weights->format = &pleat_weights_format_synth;
  for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !weights->format; i++) {
    if (formats[i]->probe(data, n)) weights->format = formats[i];
  }
  if (weights->format) return PLEAT_OK;
  if (pleat_weights_format_synth.probe(data, n)) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "expected .npz or .safetensors weights, found JSON: write synth:%.300s to use it as a spec of "
                         "synthetic weights",
                         weights->path);
  }
  return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                       "expected .npz or .safetensors weights, found %zu bytes of another format", n);
}

/* `path` is the end of `spec`. */
static pleat_status open_data(const char *spec, const char *path, const uint8_t *data, size_t n, pleat_weights **out,
                              pleat_error *err) {
  pleat_weights *weights = calloc(1, sizeof *weights);
  if (!weights) return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory to open the weights");
  weights->path = path;
  weights->data = data;
  weights->n = n;
  weights->source = pleat_arena_strdup(&weights->arena, spec);
  pleat_status status = weights->source ? PLEAT_OK : pleat_weights_fail_memory(weights, err);
  if (!status) {
    weights->path = weights->source + (path - spec);
    status = choose_format(weights, path != spec, err);
  }
  if (!status) status = weights->format->open(weights, err);
  if (status) {
    pleat_weights_close(weights);
    return status;
  }
  *out = weights;
  return PLEAT_OK;
}

static const char *path_of(const char *spec) {
  size_t n_prefix = sizeof synth_prefix - 1;
  return strncmp(spec, synth_prefix, n_prefix) == 0 ? spec + n_prefix : spec;
}

pleat_status pleat_weights_open(const char *spec, pleat_weights **out_weights, pleat_error *err) {
  pleat_file_map file;
  const char *path = path_of(spec);
  *out_weights = NULL;
  /* The text is only read while it is parsed, so the caller may free it. */
  if (path != spec && *path == '{')
    return pleat_weights_open_bytes(inline_spec, (const uint8_t *)path, strlen(path), out_weights, err);
  if (path != spec && !*path)
    PLEAT_FAIL(err, PLEAT_WEIGHTS,
               "synth: alone means a network's own names and shapes, but no network is opened here: name a spec, "
               "synth:SPEC.json");
  PLEAT_TRY(pleat_file_map_open(path, &file, err));
  pleat_status status = open_data(spec, path, file.data, file.n, out_weights, err);
  if (status) {
    pleat_file_map_close(&file);
  } else {
    (*out_weights)->file = file;
  }
  return status;
}

pleat_status pleat_weights_open_bytes(const char *spec, const uint8_t *data, size_t n, pleat_weights **out_weights,
                                      pleat_error *err) {
  *out_weights = NULL;
  return open_data(spec, path_of(spec), data, n, out_weights, err);
}

void pleat_weights_close(pleat_weights *weights) {
  if (!weights) return;
  if (weights->format && weights->format->close) weights->format->close(weights);
  pleat_map_fini(&weights->index);
  pleat_arena_fini(&weights->arena);
  pleat_file_map_close(&weights->file);
  free(weights);
}

bool pleat_weights_is_synthetic(const pleat_weights *weights) { return weights->is_synthetic; }

const char *pleat_weights_source(const pleat_weights *weights) { return weights->source; }

size_t pleat_weights_count(const pleat_weights *weights) { return weights->n_tensors; }

void pleat_weights_get(const pleat_weights *weights, size_t i, pleat_weight_info *out_info) {
  PLEAT_ASSERT(i < weights->n_tensors);
  *out_info = weights->tensors[i].info;
}

int64_t pleat_weights_find(const pleat_weights *weights, const char *name) {
  uint32_t i = pleat_map_find(&weights->index, name, strlen(name));
  return i == PLEAT_MAP_NONE ? -1 : (int64_t)i;
}

void pleat_weights_to_f32(pleat_dtype dtype, const uint8_t *src, int64_t n, float *dst) {
  uint16_t half;
  double wide;
  switch (dtype) {
    case PLEAT_F32: memcpy(dst, src, (size_t)n * sizeof *dst); break;
    case PLEAT_F64:
      for (int64_t i = 0; i < n; i++) {
        memcpy(&wide, src + i * (int64_t)sizeof wide, sizeof wide);
        dst[i] = (float)wide;
      }
      break;
    case PLEAT_BF16:
    case PLEAT_F16:
      for (int64_t i = 0; i < n; i++) {
        memcpy(&half, src + i * (int64_t)sizeof half, sizeof half);
        dst[i] = dtype == PLEAT_F16 ? pleat_f32_from_f16(half) : pleat_f32_from_bf16(half);
      }
      break;
    default: PLEAT_ASSERT(!"a reader let through a type that is no float");
  }
}

/* An all-ones exponent is NaN or infinity. Two passes: the first has no branch, so that it is vectorised. */
static pleat_status check_finite(const pleat_weights *weights, const pleat_weight_tensor *tensor, int64_t first,
                                 int64_t n, const float *values, pleat_error *err) {
  const uint32_t exponent = 0x7F800000u;
  uint32_t n_bad = 0;
  for (int64_t i = 0; i < n; i++) n_bad += (pleat_bits_from_f32(values[i]) & exponent) == exponent;
  for (int64_t i = 0; i < n && n_bad > 0; i++) {
    uint32_t bits = pleat_bits_from_f32(values[i]);
    if ((bits & exponent) != exponent) continue;
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected finite values, found %s at flat index %lld", tensor->info.name,
                         bits & 0x7FFFFFu ? "NaN" : "infinity", (long long)(first + i));
  }
  return PLEAT_OK;
}

pleat_status pleat_weights_read(const pleat_weights *weights, size_t i, int64_t first, int64_t n, float *dst,
                                pleat_error *err) {
  if (i >= weights->n_tensors) {
    return pleat_fail_at(err, PLEAT_INVALID, weights->path, 0, 0, "expected a tensor below %zu, found %zu",
                         weights->n_tensors, i);
  }
  const pleat_weight_tensor *tensor = &weights->tensors[i];
  if (first < 0 || n < 0 || first > tensor->n_elements || n > tensor->n_elements - first) {
    return pleat_fail_at(err, PLEAT_INVALID, weights->path, 0, 0,
                         "tensor %.300s: expected a range inside its %lld elements, found %lld from %lld",
                         tensor->info.name, (long long)tensor->n_elements, (long long)n, (long long)first);
  }
  /* Reading block by block skips the checksum: it would cost a pass over the whole tensor for every block. */
  if (n == tensor->n_elements && weights->format->verify) PLEAT_TRY(weights->format->verify(weights, tensor, err));
  if (n == 0) return PLEAT_OK;
  PLEAT_TRY(weights->format->read(weights, tensor, first, n, dst, err));
  /* Read to its end, most likely for good: the mapped copy would double what the parameters take. */
  if (weights->file.data && tensor->opt_values && first + n == tensor->n_elements)
    pleat_os_pages_forget(tensor->opt_values, (size_t)tensor->n_elements * pleat_dtype_size(tensor->info.dtype));
  return check_finite(weights, tensor, first, n, dst, err);
}
