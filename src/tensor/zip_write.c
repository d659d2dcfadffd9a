/* Zip writer: stored and deflated members, in one pass, without seeking.
 * Source: PKWARE APPNOTE.TXT 6.3.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "tensor/le.h"
#include "tensor/zip.h"
#include "tensor/zip_priv.h"

enum {
  VERSION_PLAIN = 20,
  VERSION_ZIP64 = 45,
  FLAG_DESCRIPTOR = 1 << 3,
  FLAG_UTF8 = 1 << 11,
  METHOD_DEFLATE = 8,
  DOS_DATE_1980_01_01 = 1 << 5 | 1,
  LOCAL_ATTRIBUTES_RW_R_R = 0644
};

struct pleat_zip_writer {
  pleat_out_file *file;
  uint64_t offset; /* bytes written so far */
  uint64_t n_members;
  pleat_buf directory; /* grows along, written by close */
};

pleat_status pleat_zip_writer_open(const char *path, pleat_zip_writer **out_writer, pleat_error *err) {
  *out_writer = NULL;
  pleat_zip_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory to write the archive");
  pleat_status status = pleat_out_file_open(path, &writer->file, err);
  if (status) {
    free(writer);
    return status;
  }
  *out_writer = writer;
  return PLEAT_OK;
}

static pleat_status write_bytes(pleat_zip_writer *writer, const void *bytes, size_t n, pleat_error *err) {
  if (n > 0) PLEAT_TRY(pleat_out_file_write(writer->file, bytes, n, err));
  writer->offset += n;
  return PLEAT_OK;
}

/* A member as its headers describe it. */
typedef struct entry {
  const char *name;
  uint64_t size, packed_size;
  uint32_t crc;
  bool is_deflated; /* checksum and sizes stand behind the bytes, and below 4 GiB */
} entry;

static uint64_t clamp32(uint64_t value) { return value < UINT32_MAX ? value : UINT32_MAX; }

/* The nine fields that local and central headers share, from "version needed" to the length of the name. */
static uint8_t *store_common(uint8_t *p, bool is_zip64, const entry *member) {
  p = pleat_le_store(p, is_zip64 ? VERSION_ZIP64 : VERSION_PLAIN, 2);
  p = pleat_le_store(p, FLAG_UTF8 | (member->is_deflated ? FLAG_DESCRIPTOR : 0), 2);
  p = pleat_le_store(p, member->is_deflated ? METHOD_DEFLATE : 0, 2);
  p = pleat_le_store(p, 0, 2); /* time */
  p = pleat_le_store(p, DOS_DATE_1980_01_01, 2);
  p = pleat_le_store(p, member->crc, 4);
  p = pleat_le_store(p, clamp32(member->packed_size), 4);
  p = pleat_le_store(p, clamp32(member->size), 4);
  return pleat_le_store(p, strlen(member->name), 2);
}

static pleat_status write_local(pleat_zip_writer *writer, const entry *member, pleat_error *err) {
  uint8_t local[ZIP_LOCAL_SIZE], extra[20];
  uint64_t size = member->size;
  bool is_zip64 = size >= UINT32_MAX;
  uint8_t *p = pleat_le_store(local, ZIP_LOCAL_SIGNATURE, 4);
  p = store_common(p, is_zip64, member);
  pleat_le_store(p, is_zip64 ? sizeof extra : 0, 2);
  PLEAT_TRY(write_bytes(writer, local, sizeof local, err));
  PLEAT_TRY(write_bytes(writer, member->name, strlen(member->name), err));
  if (!is_zip64) return PLEAT_OK;
  p = pleat_le_store(extra, ZIP64_EXTRA_ID, 2);
  p = pleat_le_store(p, 16, 2);
  p = pleat_le_store(p, size, 8);
  pleat_le_store(p, size, 8);
  return write_bytes(writer, extra, sizeof extra, err);
}

static void append_central(pleat_zip_writer *writer, const entry *member, uint64_t at) {
  uint8_t central[ZIP_CENTRAL_SIZE], extra[28];
  uint64_t size = member->size; /* a member that long is stored, so packed_size is the same */
  uint8_t *end = extra + 4;
  if (size >= UINT32_MAX) end = pleat_le_store(pleat_le_store(end, size, 8), size, 8);
  if (at >= UINT32_MAX) end = pleat_le_store(end, at, 8);
  bool is_zip64 = end > extra + 4;
  size_t n_extra = is_zip64 ? (size_t)(end - extra) : 0;
  pleat_le_store(pleat_le_store(extra, ZIP64_EXTRA_ID, 2), n_extra - 4, 2);
  uint8_t *p = pleat_le_store(central, ZIP_CENTRAL_SIGNATURE, 4);
  p = pleat_le_store(p, 3 << 8 | VERSION_ZIP64, 2); /* made by: Unix, so that extracted files are readable */
  p = store_common(p, is_zip64, member);
  p = pleat_le_store(p, n_extra, 2);
  p = pleat_le_store(p, 0, 6); /* comment, disk, internal attributes */
  p = pleat_le_store(p, (uint64_t)LOCAL_ATTRIBUTES_RW_R_R << 16, 4);
  pleat_le_store(p, clamp32(at), 4);
  pleat_buf_append(&writer->directory, central, sizeof central);
  pleat_buf_append(&writer->directory, member->name, strlen(member->name));
  pleat_buf_append(&writer->directory, extra, n_extra);
}

static pleat_status check_name(const char *name, pleat_error *err) {
  const char *problem = pleat_zip_name_problem(name, strlen(name));
  if (!problem && strlen(name) > UINT16_MAX) problem = "is longer than 65535 bytes";
  if (problem) PLEAT_FAIL(err, PLEAT_INVALID, "member name \"%.300s\" %s: give it another name", name, problem);
  return PLEAT_OK;
}

pleat_status pleat_zip_writer_add(pleat_zip_writer *writer, const char *name, const void *head, size_t n_head,
                                  const void *body, size_t n_body, pleat_error *err) {
  PLEAT_TRY(check_name(name, err));
  uint64_t size = (uint64_t)n_head + n_body, at = writer->offset;
  uLong crc = n_head > 0 ? crc32_z(0, head, n_head) : 0;
  if (n_body > 0) crc = crc32_z(crc, body, n_body);
  const entry member = {.name = name, .size = size, .packed_size = size, .crc = (uint32_t)crc};
  PLEAT_TRY(write_local(writer, &member, err));
  PLEAT_TRY(write_bytes(writer, head, n_head, err));
  PLEAT_TRY(write_bytes(writer, body, n_body, err));
  append_central(writer, &member, at);
  writer->n_members++;
  return PLEAT_OK;
}

/* Packs through a buffer on the stack. */
static pleat_status write_deflated(pleat_zip_writer *writer, const uint8_t *bytes, size_t n, pleat_error *err) {
  enum { RAW_WINDOW = -15, MEMORY_LEVEL = 8 };
  uint8_t packed[32 * 1024];
  z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to pack a member of the archive");
  pleat_status status = PLEAT_OK;
  int state = Z_OK;
  while (state == Z_OK && !status) {
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    state = deflate(&stream, Z_FINISH);
    status = write_bytes(writer, packed, sizeof packed - stream.avail_out, err);
  }
  deflateEnd(&stream);
  if (!status && state != Z_STREAM_END) status = pleat_fail(err, PLEAT_INTERNAL, "zlib could not pack a member");
  return status;
}

pleat_status pleat_zip_writer_add_deflated(pleat_zip_writer *writer, const char *name, const void *bytes, size_t n,
                                           pleat_error *err) {
  /* Bytes that do not shrink grow by less than this leaves to 4 GiB. */
  if (n > UINT32_MAX - (64u << 20)) return pleat_zip_writer_add(writer, name, NULL, 0, bytes, n, err);
  PLEAT_TRY(check_name(name, err));
  uint64_t at = writer->offset;
  entry member = {.name = name, .is_deflated = true};
  PLEAT_TRY(write_local(writer, &member, err));
  uint64_t begin = writer->offset;
  PLEAT_TRY(write_deflated(writer, bytes, n, err));
  member.size = n;
  member.packed_size = writer->offset - begin;
  member.crc = n > 0 ? (uint32_t)crc32_z(0, bytes, n) : 0;
  uint8_t descriptor[ZIP_DESCRIPTOR_SIZE];
  uint8_t *p = pleat_le_store(descriptor, ZIP_DESCRIPTOR_SIGNATURE, 4);
  p = pleat_le_store(p, member.crc, 4);
  pleat_le_store(pleat_le_store(p, member.packed_size, 4), member.size, 4);
  PLEAT_TRY(write_bytes(writer, descriptor, sizeof descriptor, err));
  append_central(writer, &member, at);
  writer->n_members++;
  return PLEAT_OK;
}

static pleat_status write_end(pleat_zip_writer *writer, const char *comment, pleat_error *err) {
  uint8_t end64[ZIP_END64_SIZE + ZIP_LOCATOR_SIZE], end[ZIP_END_SIZE];
  uint64_t n_members = writer->n_members, at = writer->offset, size = writer->directory.n;
  size_t n_comment = strlen(comment);
  PLEAT_ASSERT(n_comment <= UINT16_MAX);
  if (writer->directory.is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the directory of the archive");
  PLEAT_TRY(write_bytes(writer, writer->directory.data, size, err));
  if (n_members >= UINT16_MAX || at >= UINT32_MAX || size >= UINT32_MAX) {
    uint64_t end64_at = writer->offset;
    uint8_t *p = pleat_le_store(end64, ZIP_END64_SIGNATURE, 4);
    p = pleat_le_store(p, ZIP_END64_SIZE - 12, 8); /* what follows this field */
    p = pleat_le_store(p, 3 << 8 | VERSION_ZIP64, 2);
    p = pleat_le_store(p, VERSION_ZIP64, 2);
    p = pleat_le_store(p, 0, 8); /* two disk numbers */
    p = pleat_le_store(pleat_le_store(p, n_members, 8), n_members, 8);
    p = pleat_le_store(pleat_le_store(p, size, 8), at, 8);
    p = pleat_le_store(p, ZIP_LOCATOR_SIGNATURE, 4);
    p = pleat_le_store(p, 0, 4);
    pleat_le_store(pleat_le_store(p, end64_at, 8), 1, 4);
    PLEAT_TRY(write_bytes(writer, end64, sizeof end64, err));
  }
  uint64_t n_short = n_members < UINT16_MAX ? n_members : UINT16_MAX;
  uint8_t *p = pleat_le_store(end, ZIP_END_SIGNATURE, 4);
  p = pleat_le_store(p, 0, 4); /* two disk numbers */
  p = pleat_le_store(pleat_le_store(p, n_short, 2), n_short, 2);
  p = pleat_le_store(pleat_le_store(p, clamp32(size), 4), clamp32(at), 4);
  pleat_le_store(p, n_comment, 2);
  PLEAT_TRY(write_bytes(writer, end, sizeof end, err));
  return write_bytes(writer, comment, n_comment, err);
}

pleat_status pleat_zip_writer_close(pleat_zip_writer *writer, const char *opt_comment, bool is_ok, pleat_error *err) {
  pleat_status status = is_ok ? write_end(writer, opt_comment ? opt_comment : "", err) : PLEAT_OK;
  /* After a failure its message stays: removing the file can add nothing to it. */
  bool is_complete = is_ok && status == PLEAT_OK;
  pleat_status closed = pleat_out_file_close(writer->file, is_complete, is_complete ? err : NULL);
  if (is_complete) status = closed;
  pleat_buf_fini(&writer->directory);
  free(writer);
  return status;
}
