/* Writing weights as .npz or .safetensors, one tensor in memory at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "tensor/half.h"
#include "tensor/le.h"
#include "tensor/npy.h"
#include "tensor/zip.h"
#include "weights/weights_json.h"
#include "weights/weights_priv.h"

static bool has_suffix(const char *path, const char *suffix) {
  size_t n = strlen(path), n_suffix = strlen(suffix);
  return n > n_suffix && strcmp(path + n - n_suffix, suffix) == 0;
}

/* Memory for the largest tensor as f32. */
static pleat_status alloc_values(const pleat_weights *weights, float **out_values, pleat_error *err) {
  int64_t n_max = 1;
  for (size_t i = 0; i < weights->n_tensors; i++) {
    if (weights->tensors[i].n_elements > n_max) n_max = weights->tensors[i].n_elements;
  }
  *out_values = (uint64_t)n_max <= SIZE_MAX / sizeof(float) ? malloc((size_t)n_max * sizeof(float)) : NULL;
  if (*out_values) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_NOMEM, weights->path, 0, 0, "no memory for a tensor of %lld values",
                       (long long)n_max);
}

static pleat_status write_npz_tensors(const pleat_weights *weights, pleat_zip_writer *writer, float *values,
                                      pleat_error *err) {
  pleat_buf head = {0}, name = {0};
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < weights->n_tensors && !status; i++) {
    const pleat_weight_tensor *tensor = &weights->tensors[i];
    status = pleat_weights_read(weights, i, 0, tensor->n_elements, values, err);
    if (status) break;
    pleat_buf_clear(&head);
    pleat_npy_write_header(&head, "<f4", tensor->info.rank, tensor->info.shape);
    pleat_buf_clear(&name);
    pleat_buf_puts(&name, tensor->info.name);
    pleat_buf_puts(&name, ".npy");
    size_t n_bytes = (size_t)tensor->n_elements * sizeof *values;
    status = head.is_failed || name.is_failed
                 ? pleat_weights_fail_memory(weights, err)
                 : pleat_zip_writer_add(writer, name.data, head.data, head.n, values, n_bytes, err);
  }
  pleat_buf_fini(&head);
  pleat_buf_fini(&name);
  return status;
}

static pleat_status write_npz(const pleat_weights *weights, const char *path, float *values, pleat_error *err) {
  pleat_zip_writer *writer;
  PLEAT_TRY(pleat_zip_writer_open(path, &writer, err));
  pleat_status status = write_npz_tensors(weights, writer, values, err);
  const char *note = weights->is_synthetic ? pleat_weights_synthetic_note : NULL;
  pleat_status closed = pleat_zip_writer_close(writer, note, status == PLEAT_OK, status ? NULL : err);
  return status ? status : closed;
}

/* The header object; *out_header is NULL when memory is exhausted or a name is no UTF-8. */
static json_t *make_header(const pleat_weights *weights, pleat_dtype dtype) {
  const char *dtype_text = dtype == PLEAT_F32 ? "F32" : dtype == PLEAT_BF16 ? "BF16" : "F16";
  int64_t at = 0;
  json_t *header = json_object();
  bool is_ok = header != NULL;
  if (is_ok && weights->is_synthetic) {
    is_ok = json_object_set_new(header, "__metadata__", json_pack("{s:s}", "pleat", pleat_weights_synthetic_note)) == 0;
  }
  for (size_t i = 0; i < weights->n_tensors && is_ok; i++) {
    const pleat_weight_tensor *tensor = &weights->tensors[i];
    int64_t end = at + tensor->n_elements * (int64_t)pleat_dtype_size(dtype);
    json_t *shape = json_array();
    for (int k = 0; k < tensor->info.rank; k++) {
      is_ok = json_array_append_new(shape, json_integer(tensor->info.shape[k])) == 0 && is_ok;
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_text, "shape", shape, "data_offsets",
                              (json_int_t)at, (json_int_t)end);
    is_ok = json_object_set_new(header, tensor->info.name, entry) == 0 && is_ok;
    at = end;
  }
  if (is_ok) return header;
  json_decref(header);
  return NULL;
}

static pleat_status write_header(const pleat_weights *weights, pleat_dtype dtype, pleat_out_file *file,
                                 pleat_error *err) {
  json_t *header = make_header(weights, dtype);
  char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  if (!text) {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "cannot write the .safetensors header: no memory, or a name that is no UTF-8");
  }
  /* Blanks bring the values to a multiple of 8, as the published writer does. */
  size_t n_text = strlen(text), n_pad = (8 - n_text % 8) % 8;
  uint8_t length[8];
  pleat_le_store(length, n_text + n_pad, 8);
  pleat_status status = pleat_out_file_write(file, length, sizeof length, err);
  if (!status) status = pleat_out_file_write(file, text, n_text, err);
  if (!status && n_pad > 0) status = pleat_out_file_write(file, "       ", n_pad, err);
  free(text);
  return status;
}

/* Rounds to 16 bits in place: value i is read before anything is written at or behind it. */
static pleat_status round_values(const pleat_weights *weights, const pleat_weight_tensor *tensor, pleat_dtype dtype,
                                 float *values, pleat_error *err) {
  uint8_t *dst = (uint8_t *)values;
  const uint16_t infinity = dtype == PLEAT_F16 ? 0x7C00 : 0x7F80;
  for (int64_t i = 0; i < tensor->n_elements; i++) {
    float value = values[i];
    uint16_t half = dtype == PLEAT_F16 ? pleat_f16_from_f32(value) : pleat_bf16_from_f32(value);
    if ((half & 0x7FFF) == infinity) {
      return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                           "tensor %.300s: expected values that fit %s, found %g at flat index %lld: convert to f32",
                           tensor->info.name, pleat_dtype_text(dtype), (double)value, (long long)i);
    }
    memcpy(dst + i * (int64_t)sizeof half, &half, sizeof half);
  }
  return PLEAT_OK;
}

static pleat_status write_safetensors_values(const pleat_weights *weights, pleat_dtype dtype, pleat_out_file *file,
                                             float *values, pleat_error *err) {
  for (size_t i = 0; i < weights->n_tensors; i++) {
    const pleat_weight_tensor *tensor = &weights->tensors[i];
    if (tensor->n_elements == 0) continue;
    PLEAT_TRY(pleat_weights_read(weights, i, 0, tensor->n_elements, values, err));
    if (dtype != PLEAT_F32) PLEAT_TRY(round_values(weights, tensor, dtype, values, err));
    PLEAT_TRY(pleat_out_file_write(file, values, (size_t)tensor->n_elements * pleat_dtype_size(dtype), err));
  }
  return PLEAT_OK;
}

static pleat_status write_safetensors(const pleat_weights *weights, const char *path, pleat_dtype dtype, float *values,
                                      pleat_error *err) {
  pleat_out_file *file;
  PLEAT_TRY(pleat_out_file_open(path, &file, err));
  pleat_status status = write_header(weights, dtype, file, err);
  if (!status) status = write_safetensors_values(weights, dtype, file, values, err);
  pleat_status closed = pleat_out_file_close(file, status == PLEAT_OK, status ? NULL : err);
  return status ? status : closed;
}

pleat_status pleat_weights_convert(const pleat_weights *weights, const char *path, pleat_dtype dtype,
                                   pleat_error *err) {
  bool is_npz = has_suffix(path, ".npz");
  if (!is_npz && !has_suffix(path, ".safetensors")) {
    return pleat_fail_at(err, PLEAT_UNSUPPORTED, path, 0, 0,
                         "expected a file name that ends in .npz or .safetensors, which chooses the format");
  }
  if (dtype != PLEAT_F32 && dtype != PLEAT_BF16 && dtype != PLEAT_F16) {
    return pleat_fail_at(err, PLEAT_UNSUPPORTED, path, 0, 0, "expected f32, bf16 or f16 weights, found %s",
                         pleat_dtype_text(dtype));
  }
  if (is_npz && dtype != PLEAT_F32) {
    return pleat_fail_at(err, PLEAT_UNSUPPORTED, path, 0, 0, "expected f32 for a .npz, found %s: use .safetensors",
                         pleat_dtype_text(dtype));
  }
  float *values;
  PLEAT_TRY(alloc_values(weights, &values, err));
  pleat_status status =
      is_npz ? write_npz(weights, path, values, err) : write_safetensors(weights, path, dtype, values, err);
  free(values);
  return status;
}
