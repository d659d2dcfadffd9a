/* Builds small zip archives in memory, well-formed or not, for the tests of the readers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_ZIP_BUILDER_H
#define PLEAT_TESTS_ZIP_BUILDER_H

#include <zlib.h>

#include "base/buf.h"
#include "check.h"
#include "tensor/le.h"
#include "tensor/npy.h"

enum { ZB_MAX_MEMBERS = 8 };

/* How a member is written; zero-initialised it is stored and plain. */
typedef struct zb_member {
  const char *name;
  const void *data;
  size_t n;
  bool is_deflated;
  bool is_zip64; /* sizes and offset in extra fields */
  bool has_descriptor;
} zb_member;

/* The archive and where its records start, for tests that damage them. */
typedef struct zb_archive {
  pleat_buf bytes;
  size_t local_at[ZB_MAX_MEMBERS];
  size_t data_at[ZB_MAX_MEMBERS];
  size_t central_at[ZB_MAX_MEMBERS];
  size_t end_at;
} zb_archive;

static inline void zb_put(pleat_buf *buf, uint64_t value, int n) {
  uint8_t bytes[8];
  pleat_le_store(bytes, value, n);
  pleat_buf_append(buf, bytes, (size_t)n);
}

static inline void zb_set(zb_archive *zip, size_t at, uint64_t value, int n) {
  pleat_le_store((uint8_t *)zip->bytes.data + at, value, n);
}

/* Raw deflate; empty when nothing is to be deflated. */
static inline pleat_buf zb_pack(const zb_member *member) {
  pleat_buf packed = {0};
  z_stream stream = {0};
  uint8_t out[4096];
  CHECK_INT(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = (Bytef *)(uintptr_t)member->data;
  stream.avail_in = (uInt)member->n;
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = out;
    stream.avail_out = sizeof out;
    code = deflate(&stream, Z_FINISH);
    pleat_buf_append(&packed, out, sizeof out - stream.avail_out);
  }
  deflateEnd(&stream);
  return packed;
}

/* Version, flags, method, time, checksum, sizes, length of the name: common to both headers. */
static inline void zb_put_common(pleat_buf *buf, const zb_member *member, uint32_t crc, size_t n_packed) {
  size_t n_name = strlen(member->name);
  zb_put(buf, member->is_zip64 ? 45 : 20, 2);
  zb_put(buf, member->has_descriptor ? 8 : 0, 2);
  zb_put(buf, member->is_deflated ? 8 : 0, 2);
  zb_put(buf, 0, 4);
  zb_put(buf, crc, 4);
  zb_put(buf, member->is_zip64 ? UINT32_MAX : n_packed, 4);
  zb_put(buf, member->is_zip64 ? UINT32_MAX : member->n, 4);
  zb_put(buf, n_name, 2);
}

static inline void zb_put_member(zb_archive *zip, pleat_buf *central, int i, const zb_member *member) {
  pleat_buf packed = {0}, *buf = &zip->bytes;
  if (member->is_deflated) packed = zb_pack(member);
  const void *data = member->is_deflated ? packed.data : member->data;
  size_t n_packed = member->is_deflated ? packed.n : member->n;
  uint32_t crc = member->n ? (uint32_t)crc32(0, member->data, (uInt)member->n) : 0;
  uint64_t at = buf->n;
  zip->local_at[i] = buf->n;
  zb_put(buf, 0x04034B50, 4);
  zb_put_common(buf, member, member->has_descriptor ? 0 : crc, n_packed);
  if (member->has_descriptor) zb_set(zip, buf->n - 10, 0, 8);
  zb_put(buf, member->is_zip64 ? 20 : 0, 2);
  pleat_buf_puts(buf, member->name);
  if (member->is_zip64) zb_put(buf, 16 << 16 | 1, 4), zb_put(buf, member->n, 8), zb_put(buf, n_packed, 8);
  zip->data_at[i] = buf->n;
  pleat_buf_append(buf, data, n_packed);
  if (member->has_descriptor) zb_put(buf, 0x08074B50, 4), zb_put(buf, crc, 4), zb_put(buf, n_packed, 4);
  if (member->has_descriptor) zb_put(buf, member->n, 4);
  zip->central_at[i] = central->n;
  zb_put(central, 0x02014B50, 4);
  zb_put(central, 45, 2);
  zb_put_common(central, member, crc, n_packed);
  zb_put(central, member->is_zip64 ? 28 : 0, 2);
  zb_put(central, 0, 6);
  zb_put(central, 0, 4);
  zb_put(central, member->is_zip64 ? UINT32_MAX : at, 4);
  pleat_buf_puts(central, member->name);
  if (member->is_zip64) {
    zb_put(central, 24 << 16 | 1, 4), zb_put(central, member->n, 8), zb_put(central, n_packed, 8);
    zb_put(central, at, 8);
  }
  pleat_buf_fini(&packed);
}

/* Released with pleat_buf_fini(&zip->bytes). */
static inline void zb_build(zb_archive *zip, const zb_member *members, int n) {
  pleat_buf central = {0};
  *zip = (zb_archive){0};
  for (int i = 0; i < n; i++) zb_put_member(zip, &central, i, &members[i]);
  size_t at = zip->bytes.n;
  bool is_zip64 = n > 0 && members[0].is_zip64;
  for (int i = 0; i < n; i++) zip->central_at[i] += at;
  pleat_buf_append(&zip->bytes, central.data, central.n);
  if (is_zip64) {
    size_t end64_at = zip->bytes.n;
    zb_put(&zip->bytes, 0x06064B50, 4);
    zb_put(&zip->bytes, 44, 8);
    zb_put(&zip->bytes, 45 << 16 | 45, 4);
    zb_put(&zip->bytes, 0, 8);
    zb_put(&zip->bytes, (uint64_t)n, 8), zb_put(&zip->bytes, (uint64_t)n, 8);
    zb_put(&zip->bytes, central.n, 8), zb_put(&zip->bytes, at, 8);
    zb_put(&zip->bytes, 0x07064B50, 4);
    zb_put(&zip->bytes, 0, 4), zb_put(&zip->bytes, end64_at, 8), zb_put(&zip->bytes, 1, 4);
  }
  zip->end_at = zip->bytes.n;
  zb_put(&zip->bytes, 0x06054B50, 4);
  zb_put(&zip->bytes, 0, 4);
  zb_put(&zip->bytes, is_zip64 ? UINT16_MAX : (uint64_t)n, 2);
  zb_put(&zip->bytes, is_zip64 ? UINT16_MAX : (uint64_t)n, 2);
  zb_put(&zip->bytes, is_zip64 ? UINT32_MAX : central.n, 4);
  zb_put(&zip->bytes, is_zip64 ? UINT32_MAX : at, 4);
  zb_put(&zip->bytes, 0, 2);
  pleat_buf_fini(&central);
}

/* A .npy file with the given text as its header. */
static inline pleat_buf zb_npy_text(const char *header, const void *data, size_t n) {
  pleat_buf buf = {0};
  pleat_buf_append(&buf, "\x93NUMPY\1\0", 8);
  zb_put(&buf, strlen(header), 2);
  pleat_buf_puts(&buf, header);
  pleat_buf_append(&buf, data, n);
  return buf;
}

/* A .npy file of one axis. */
static inline pleat_buf zb_npy(const char *descr, const void *data, int64_t n_elements, size_t n) {
  pleat_buf buf = {0};
  pleat_npy_write_header(&buf, descr, 1, &n_elements);
  pleat_buf_append(&buf, data, n);
  return buf;
}

/* The message of err holds the expected text; the whole is printed otherwise. */
static inline void zb_check_message(const pleat_error *err, const char *expected, const char *file, int line) {
  bool is_found = strstr(err->message, expected) != NULL;
  if (check_note(is_found, file, line))
    fprintf(stderr, "message is\n  \"%s\", expected\n  \"%s\"\n", err->message, expected);
}
#define CHECK_MESSAGE(err, expected) zb_check_message((err), (expected), __FILE__, __LINE__)

#endif
