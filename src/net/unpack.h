/* Archives (tar and gzip) as they come, without trust in what they say; and SHA-256.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_UNPACK_H
#define PLEAT_NET_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* What is unpacked and who takes it. Any function may fail; that ends the work and is returned. */
typedef struct pleat_unpack {
  const char *name; /* of the archive, for messages */
  bool is_plain;    /* not a tar: one file, compressed by gzip; it has no member, only bytes */
  /* The next piece of the archive, borrowed until the next call; *out_n = 0 at its end. */
  pleat_status (*read)(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err);
  /* A member begins: a regular file under a path that stays in the folder that it is unpacked to. *out_is_wanted is
   * true; false passes it over. */
  pleat_status (*opt_on_member)(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err);
  pleat_status (*on_bytes)(void *arg, const void *bytes, size_t n, pleat_error *err);
  pleat_status (*opt_on_member_end)(void *arg, pleat_error *err);
  void *arg;          /* for all of them */
  uint64_t max_bytes; /* of all members together; 0: no bound */
} pleat_unpack;

/* Folders of the archive are passed over. Errors: INPUT: no such archive, damaged, cut off, larger than max_bytes, or with a
 * link, a device or a path that leaves the folder; UNSUPPORTED: built without libarchive; NOMEM. */
PLEAT_CHECKED pleat_status pleat_unpack_run(const pleat_unpack *unpack, pleat_error *err);

/* May this path of an archive be written below a folder? Relative, without "..", without control characters. */
bool pleat_unpack_is_safe(const char *path);

enum { PLEAT_SHA256_TEXT = 65 };
typedef struct pleat_sha256 pleat_sha256;
/* Errors: UNSUPPORTED: built without nettle; NOMEM. */
PLEAT_CHECKED pleat_status pleat_sha256_create(pleat_sha256 **out_sha, pleat_error *err);
void pleat_sha256_destroy(pleat_sha256 *sha); /* NULL is allowed */
void pleat_sha256_add(pleat_sha256 *sha, const void *bytes, size_t n);
/* In hexadecimal; it then begins anew. */
void pleat_sha256_take(pleat_sha256 *sha, char out_text[PLEAT_SHA256_TEXT]);

#endif
