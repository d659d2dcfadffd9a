/* .npz: a zip archive of .npy members, read into and written from a set of named arrays.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "tensor/half.h"
#include "tensor/le.h"

static const char suffix[] = ".npy";
enum { N_SUFFIX = sizeof suffix - 1 };

pleat_status pleat_npz_peek(const pleat_zip *zip, const pleat_zip_member *member, pleat_npy *out_npy,
                            pleat_error *err) {
  uint8_t head[PLEAT_NPY_MAX_HEADER];
  pleat_npy_source source = {zip->bad_status, zip->path, member->name};
  size_t n_name = strlen(member->name);
  if (n_name <= N_SUFFIX || strcmp(member->name + n_name - N_SUFFIX, suffix) != 0) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected a name that ends in .npy: the archive is no .npz of numpy.savez",
                         member->name);
  }
  if (member->size > SIZE_MAX) {
    return pleat_fail_at(err, PLEAT_NOMEM, zip->path, 0, 0, "member %.300s: %llu bytes exceed the address space",
                         member->name, (unsigned long long)member->size);
  }
  size_t n_head = member->size < sizeof head ? (size_t)member->size : sizeof head;
  PLEAT_TRY(pleat_zip_peek(zip, member, head, n_head, err));
  return pleat_npy_parse(head, n_head, member->size, &source, out_npy, err);
}

/* What becomes of an element type without a pleat dtype: the smallest signed one that holds all its values. */
static pleat_dtype dtype_of(const pleat_npy *npy) {
  switch (npy->kind) {
    case 'S': return PLEAT_BYTES;
    case 'f': return npy->item_size == 2 ? PLEAT_F16 : npy->item_size == 4 ? PLEAT_F32 : PLEAT_F64;
    case 'i': return npy->item_size == 8 ? PLEAT_I64 : PLEAT_I32;
    case 'b': return PLEAT_U8;
    default: return npy->item_size == 1 ? PLEAT_U8 : npy->item_size == 2 ? PLEAT_I32 : PLEAT_I64;
  }
}

static bool is_same_in_memory(const pleat_npy *npy) {
  if (npy->kind == 'f' || npy->kind == 'S') return true;
  return npy->kind == 'i' ? npy->item_size >= 4 : npy->item_size == 1;
}

static int64_t load_integer(const uint8_t *src, const pleat_npy *npy) {
  switch (npy->item_size) {
    case 1: return (int8_t)src[0];
    case 2: return npy->kind == 'i' ? (int16_t)pleat_le_load16(src) : pleat_le_load16(src);
    case 4: return pleat_le_load32(src);
    default: return (int64_t)pleat_le_load64(src);
  }
}

/* Widens i1, i2, u2 to i32 and u4, u8 to i64. */
static pleat_status widen(const uint8_t *src, const pleat_npy *npy, const pleat_npy_source *source, void *dst,
                          pleat_error *err) {
  bool is_i32 = dtype_of(npy) == PLEAT_I32;
  for (int64_t i = 0; i < npy->n_elements; i++, src += npy->item_size) {
    int64_t value = load_integer(src, npy);
    if (value < 0 && npy->kind == 'u') {
      return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                           "array %.300s: expected values below 2^63, found a larger one at element %lld", source->name,
                           (long long)i);
    }
    if (is_i32) {
      ((int32_t *)dst)[i] = (int32_t)value;
    } else {
      ((int64_t *)dst)[i] = value;
    }
  }
  return PLEAT_OK;
}

static pleat_status read_member(const pleat_zip *zip, const pleat_zip_member *member, pleat_arrays *set,
                                pleat_error *err) {
  uint8_t head[PLEAT_NPY_MAX_HEADER];
  pleat_npy npy = {0};
  PLEAT_TRY(pleat_npz_peek(zip, member, &npy, err));
  size_t n_name = strlen(member->name) - N_SUFFIX;
  size_t n_body = (size_t)npy.n_elements * npy.item_size;
  pleat_dtype dtype = dtype_of(&npy);
  char *name = malloc(n_name + 1);
  if (!name) return pleat_fail_at(err, PLEAT_NOMEM, zip->path, 0, 0, "no memory for a member name");
  memcpy(name, member->name, n_name);
  name[n_name] = '\0';
  void *dst = NULL;
  pleat_status status = dtype == PLEAT_BYTES
                            ? pleat_arrays_add_bytes(set, name, npy.item_size, npy.rank, npy.shape, NULL, &dst, err)
                            : pleat_arrays_add(set, name, dtype, npy.rank, npy.shape, NULL, &dst, err);
  free(name);
  if (status) return status;
  if (is_same_in_memory(&npy)) {
    PLEAT_TRY(pleat_zip_read(zip, member, head, npy.n_header, dst, n_body, err));
  } else {
    uint8_t *body = malloc(n_body + 1);
    if (!body) {
      return pleat_fail_at(err, PLEAT_NOMEM, zip->path, 0, 0, "member %.300s: no memory for %zu bytes", member->name,
                           n_body);
    }
    pleat_npy_source source = {zip->bad_status, zip->path, member->name};
    status = pleat_zip_read(zip, member, head, npy.n_header, body, n_body, err);
    if (!status) status = widen(body, &npy, &source, dst, err);
    free(body);
    if (status) return status;
  }
  uint8_t *bytes = dst;
  for (size_t i = 0; npy.kind == 'b' && i < n_body; i++) bytes[i] = bytes[i] != 0;
  return PLEAT_OK;
}

static pleat_status read_members(const pleat_zip *zip, pleat_arrays **out_set, pleat_error *err) {
  pleat_arrays *set;
  PLEAT_TRY(pleat_arrays_create(&set, err));
  for (size_t i = 0; i < zip->n_members; i++) {
    pleat_status status = read_member(zip, &zip->members[i], set, err);
    if (status) {
      pleat_arrays_destroy(set);
      return status;
    }
  }
  *out_set = set;
  return PLEAT_OK;
}

pleat_status pleat_arrays_parse_npz(const uint8_t *data, size_t n, const char *path, pleat_arrays **out_set,
                                    pleat_error *err) {
  pleat_zip zip;
  *out_set = NULL;
  pleat_status status = pleat_zip_parse(data, n, path, PLEAT_INPUT, &zip, err);
  if (!status) status = read_members(&zip, out_set, err);
  pleat_zip_fini(&zip);
  return status;
}

pleat_status pleat_arrays_read_npz(const char *path, pleat_arrays **out_set, pleat_error *err) {
  pleat_file_map file;
  *out_set = NULL;
  PLEAT_TRY(pleat_file_map_open(path, &file, err));
  pleat_status status = pleat_arrays_parse_npz(file.data, file.n, path, out_set, err);
  pleat_file_map_close(&file);
  return status;
}

/* *out_body: the array's own data, or a converted copy in *out_copy (to be freed). */
static pleat_status prepare_body(const pleat_array *array, const void **out_body, void **out_copy, pleat_error *err) {
  *out_body = array->data;
  *out_copy = NULL;
  if (array->dtype != PLEAT_F16 && array->dtype != PLEAT_BF16) return PLEAT_OK;
  size_t n = (size_t)pleat_array_elements(array);
  const uint16_t *src = array->data;
  float *copy = malloc(n * sizeof *copy + 1); /* no overflow: 2 * n bytes exist, and fill less than half of memory */
  if (!copy) PLEAT_FAIL(err, PLEAT_NOMEM, "array %.300s: no memory to convert it to f32", array->name);
  for (size_t i = 0; i < n; i++) {
    copy[i] = array->dtype == PLEAT_F16 ? pleat_f32_from_f16(src[i]) : pleat_f32_from_bf16(src[i]);
  }
  *out_body = *out_copy = copy;
  return PLEAT_OK;
}

static void write_header(pleat_buf *head, const pleat_array *array) {
  static const char *const descrs[] = {
      [PLEAT_F32] = "<f4", [PLEAT_BF16] = "<f4", [PLEAT_F16] = "<f4", [PLEAT_I32] = "<i4",
      [PLEAT_U8] = "|u1",  [PLEAT_F64] = "<f8",  [PLEAT_I64] = "<i8", [PLEAT_BYTES] = NULL};
  char text[32];
  const char *descr = descrs[array->dtype];
  if (!descr) {
    snprintf(text, sizeof text, "|S%zu", array->item_size);
    descr = text;
  }
  pleat_buf_clear(head);
  pleat_npy_write_header(head, descr, array->rank, array->shape);
}

static pleat_status write_array(pleat_zip_writer *writer, const pleat_array *array, pleat_buf *head, pleat_buf *name,
                                pleat_error *err) {
  const void *body;
  void *copy;
  bool is_half = array->dtype == PLEAT_F16 || array->dtype == PLEAT_BF16;
  size_t n_body = (size_t)pleat_array_elements(array) * (is_half ? sizeof(float) : array->item_size);
  write_header(head, array);
  pleat_buf_clear(name);
  pleat_buf_puts(name, array->name);
  pleat_buf_puts(name, suffix);
  if (head->is_failed || name->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to write array %.300s", array->name);
  PLEAT_TRY(prepare_body(array, &body, &copy, err));
  pleat_status status = pleat_zip_writer_add(writer, name->data, head->data, head->n, body, n_body, err);
  free(copy);
  return status;
}

pleat_status pleat_array_write_npy(const char *path, const pleat_array *array, pleat_error *err) {
  const void *body;
  void *copy;
  pleat_buf head = {0};
  pleat_out_file *file = NULL;
  bool is_half = array->dtype == PLEAT_F16 || array->dtype == PLEAT_BF16;
  size_t n_body = (size_t)pleat_array_elements(array) * (is_half ? sizeof(float) : array->item_size);
  PLEAT_TRY(prepare_body(array, &body, &copy, err));
  write_header(&head, array);
  pleat_status status = head.is_failed ? pleat_fail(err, PLEAT_NOMEM, "no memory to write '%s'", path) : PLEAT_OK;
  if (!status) status = pleat_out_file_open(path, &file, err);
  if (!status) status = pleat_out_file_write(file, head.data, head.n, err);
  if (!status) status = pleat_out_file_write(file, body, n_body, err);
  pleat_status closed = pleat_out_file_close(file, status == PLEAT_OK, status ? NULL : err);
  pleat_buf_fini(&head);
  free(copy);
  return status ? status : closed;
}

pleat_status pleat_arrays_write_npz(const char *path, const pleat_arrays *set, pleat_error *err) {
  pleat_zip_writer *writer;
  pleat_buf head = {0}, name = {0};
  PLEAT_TRY(pleat_zip_writer_open(path, &writer, err));
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < pleat_arrays_count(set) && !status; i++) {
    status = write_array(writer, pleat_arrays_get(set, i), &head, &name, err);
  }
  pleat_buf_fini(&head);
  pleat_buf_fini(&name);
  /* A close that undoes a failed write has nothing to report itself. */
  pleat_status closed = pleat_zip_writer_close(writer, NULL, status == PLEAT_OK, status ? NULL : err);
  return status ? status : closed;
}
