/* Zip archives: a reader over mapped memory and a writer.
 * Source: PKWARE APPNOTE.TXT 6.3 (sections 4.3, 4.4, 4.5.3).
 * Why not libzip: stored members of a parameter archive are used where they lie in the map, and libzip hides offsets.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_ZIP_H
#define PLEAT_TENSOR_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "pleat/status.h"

typedef struct pleat_zip_member {
  const char *name;     /* safe: relative, no "..", no backslash, no control characters */
  uint64_t size;        /* uncompressed bytes */
  uint64_t packed_size; /* bytes in the file */
  uint64_t offset;      /* of the packed bytes in the file; after pleat_zip_parse_directory: see there */
  uint64_t central;     /* of its entry in the central directory */
  uint32_t crc32;
  bool is_stored;
} pleat_zip_member;

/* A parsed directory over bytes that somebody else owns and keeps alive. */
typedef struct pleat_zip {
  const uint8_t *data;
  size_t n;
  const char *path;        /* for messages; borrowed */
  pleat_status bad_status; /* what a malformed archive is called: INPUT or WEIGHTS */
  pleat_zip_member *members;
  size_t n_members;
  uint64_t directory_offset;
  const char *comment; /* of the archive; not NUL-terminated, borrowed from data */
  size_t n_comment;
  pleat_arena arena;
} pleat_zip;

/* Reads the central directory; zip64 and data descriptors are understood. Refuses unsafe and duplicate names,
 * overlapping, encrypted or oddly compressed members, archives in several parts, truncation, and declared sizes that
 * deflate cannot reach. Directory entries are left out. Errors: bad_status, NOMEM. Released with pleat_zip_fini, also
 * after a failure. */
PLEAT_CHECKED pleat_status pleat_zip_parse(const uint8_t *data, size_t n, const char *path, pleat_status bad_status,
                                           pleat_zip *out_zip, pleat_error *err);
/* The same without a look at the members themselves: of an archive larger than memory, only the directory is read. That
 * members do not overlap is not checked, and a member must be located before it is read. */
PLEAT_CHECKED pleat_status pleat_zip_parse_directory(const uint8_t *data, size_t n, const char *path,
                                                     pleat_status bad_status, pleat_zip *out_zip, pleat_error *err);
/* Fills out_member with the member and the offset of its bytes, from its local header. Errors: bad_status. */
PLEAT_CHECKED pleat_status pleat_zip_locate(const pleat_zip *zip, const pleat_zip_member *member,
                                            pleat_zip_member *out_member, pleat_error *err);
void pleat_zip_fini(pleat_zip *zip);

/* Copies the first n <= size bytes of a member; its checksum is not known then. Errors: bad_status, NOMEM. */
PLEAT_CHECKED pleat_status pleat_zip_peek(const pleat_zip *zip, const pleat_zip_member *member, void *dst, size_t n,
                                          pleat_error *err);
/* Reads the whole member, its first n_head bytes to `head`, the other n_body (head + body = size) to `body`, and
 * compares the CRC-32. Errors: bad_status, NOMEM. */
PLEAT_CHECKED pleat_status pleat_zip_read(const pleat_zip *zip, const pleat_zip_member *member, void *head,
                                          size_t n_head, void *body, size_t n_body, pleat_error *err);
/* Checksum of a stored member where it lies. Errors: bad_status. */
PLEAT_CHECKED pleat_status pleat_zip_check_stored(const pleat_zip *zip, const pleat_zip_member *member,
                                                  pleat_error *err);

/* NULL when a member of that name is safe to read or write, else the reason ("is absolute", ...). */
const char *pleat_zip_name_problem(const char *name, size_t n_name);

/* Writes members one after another; zip64 only where a size, an offset or the number of members needs it. The
 * same members give the same bytes (no time stamps). The file appears when close succeeds. */
typedef struct pleat_zip_writer pleat_zip_writer;
PLEAT_CHECKED pleat_status pleat_zip_writer_open(const char *path, pleat_zip_writer **out_writer, pleat_error *err);
/* Errors: INVALID (unsafe name), IO, NOMEM. */
PLEAT_CHECKED pleat_status pleat_zip_writer_add(pleat_zip_writer *writer, const char *name, const void *head,
                                                size_t n_head, const void *body, size_t n_body, pleat_error *err);
/* The same, packed; the archive never holds more than a buffer of it in memory. From about 4 GiB on it is stored. */
PLEAT_CHECKED pleat_status pleat_zip_writer_add_deflated(pleat_zip_writer *writer, const char *name, const void *bytes,
                                                         size_t n, pleat_error *err);
/* Frees the writer in any case; is_ok = false removes what was written. opt_comment: shorter than 64 KiB. */
PLEAT_CHECKED pleat_status pleat_zip_writer_close(pleat_zip_writer *writer, const char *opt_comment, bool is_ok,
                                                  pleat_error *err);

#endif
