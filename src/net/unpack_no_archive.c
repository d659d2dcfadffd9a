/* What stands in for unpack_archive.c where CMake finds no libarchive or nettle.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fail.h"
#include "net/unpack.h"

pleat_status pleat_unpack_run(const pleat_unpack *unpack, pleat_error *err) {
  PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
             "cannot unpack '%s': this pleat was built without libarchive; build it where pkg-config finds libarchive "
             "and nettle",
             unpack->name);
}

pleat_status pleat_sha256_create(pleat_sha256 **out_sha, pleat_error *err) {
  *out_sha = NULL;
  PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
             "this pleat was built without nettle and cannot check digests: build it where pkg-config finds libarchive "
             "and nettle");
}

void pleat_sha256_destroy(pleat_sha256 *sha) { (void)sha; }

void pleat_sha256_add(pleat_sha256 *sha, const void *bytes, size_t n) { (void)sha, (void)bytes, (void)n; }

void pleat_sha256_take(pleat_sha256 *sha, char out_text[PLEAT_SHA256_TEXT]) {
  (void)sha;
  out_text[0] = '\0';
}
