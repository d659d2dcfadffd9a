/* Archives by libarchive, SHA-256 by nettle.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <archive.h>
#include <archive_entry.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "net/unpack.h"

/* One archive while it is read. */
typedef struct reader {
  const pleat_unpack *unpack;
  struct archive *archive;
  pleat_error *err;
  pleat_status status; /* of a function of the caller's */
  uint64_t n_bytes;
} reader;

static la_ssize_t read_piece(struct archive *archive, void *arg, const void **out_bytes) {
  reader *r = arg;
  size_t n = 0;
  r->status = r->unpack->read(r->unpack->arg, out_bytes, &n, r->err);
  if (!r->status) return (la_ssize_t)n;
  archive_set_error(archive, -1, "reading failed");
  return -1;
}

static pleat_status fail_damaged(reader *r) {
  if (r->status) return r->status;
  const char *reason = archive_error_string(r->archive);
  PLEAT_FAIL(r->err, PLEAT_INPUT, "'%s' is no %s, or it is damaged or cut off: %s", r->unpack->name,
             r->unpack->is_plain ? "gzip file" : "tar archive", reason ? reason : "it has no such beginning");
}

static pleat_status copy_bytes(reader *r) {
  for (;;) {
    const void *bytes;
    size_t n;
    la_int64_t offset;
    int code = archive_read_data_block(r->archive, &bytes, &n, &offset);
    if (code == ARCHIVE_EOF) return PLEAT_OK;
    if (code != ARCHIVE_OK) return fail_damaged(r);
    /* A member with holes would be written without them. */
    r->n_bytes += n;
    if (r->unpack->max_bytes && r->n_bytes > r->unpack->max_bytes) {
      PLEAT_FAIL(r->err, PLEAT_INPUT, "'%s' unpacks to more than %llu bytes, the most that is accepted here",
                 r->unpack->name, (unsigned long long)r->unpack->max_bytes);
    }
    PLEAT_TRY(r->unpack->on_bytes(r->unpack->arg, bytes, n, r->err));
  }
}

static pleat_status check_member(reader *r, struct archive_entry *entry) {
  const char *path = archive_entry_pathname(entry);
  bool is_link = archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG;
  if (is_link || archive_entry_sparse_count(entry) > 0) {
    PLEAT_FAIL(r->err, PLEAT_INPUT, "'%s' holds '%.200s', which is no regular file: refused", r->unpack->name,
               path ? path : "");
  }
  if (pleat_unpack_is_safe(path)) return PLEAT_OK;
  PLEAT_FAIL(r->err, PLEAT_INPUT, "'%s' holds '%.200s', a path that leaves its folder: refused", r->unpack->name,
             path ? path : "");
}

static pleat_status copy_member(reader *r, struct archive_entry *entry) {
  const pleat_unpack *unpack = r->unpack;
  bool is_wanted = true;
  if (archive_entry_filetype(entry) == AE_IFDIR) return PLEAT_OK;
  PLEAT_TRY(check_member(r, entry));
  if (unpack->opt_on_member) {
    uint64_t size = archive_entry_size(entry) > 0 ? (uint64_t)archive_entry_size(entry) : 0;
    PLEAT_TRY(unpack->opt_on_member(unpack->arg, archive_entry_pathname(entry), size, &is_wanted, r->err));
  }
  if (!is_wanted) return PLEAT_OK;
  PLEAT_TRY(copy_bytes(r));
  return unpack->opt_on_member_end ? unpack->opt_on_member_end(unpack->arg, r->err) : PLEAT_OK;
}

static pleat_status read_members(reader *r) {
  struct archive_entry *entry;
  int64_t n_members = 0;
  for (;;) {
    int code = archive_read_next_header(r->archive, &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK) return fail_damaged(r);
    /* What is not compressed would pass as it is: a page that says what went wrong, for a database. */
    if (r->unpack->is_plain && archive_filter_code(r->archive, 0) != ARCHIVE_FILTER_GZIP) return fail_damaged(r);
    PLEAT_TRY(r->unpack->is_plain ? copy_bytes(r) : copy_member(r, entry));
    n_members++;
  }
  /* To libarchive an empty file is an empty archive. */
  return n_members > 0 ? PLEAT_OK : fail_damaged(r);
}

pleat_status pleat_unpack_run(const pleat_unpack *unpack, pleat_error *err) {
  reader r = {.unpack = unpack, .archive = archive_read_new(), .err = err};
  if (!r.archive) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to unpack '%s'", unpack->name);
  int code = archive_read_support_filter_gzip(r.archive);
  if (code == ARCHIVE_OK) {
    code = unpack->is_plain ? archive_read_support_format_raw(r.archive) : archive_read_support_format_tar(r.archive);
  }
  if (code == ARCHIVE_OK) code = archive_read_open(r.archive, &r, NULL, read_piece, NULL);
  pleat_status status = code == ARCHIVE_OK ? read_members(&r) : fail_damaged(&r);
  archive_read_free(r.archive);
  return status;
}

/* SHA-256. */

struct pleat_sha256 {
  struct sha256_ctx state;
};

pleat_status pleat_sha256_create(pleat_sha256 **out_sha, pleat_error *err) {
  *out_sha = malloc(sizeof **out_sha);
  if (!*out_sha) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a digest");
  sha256_init(&(*out_sha)->state);
  return PLEAT_OK;
}

void pleat_sha256_destroy(pleat_sha256 *sha) { free(sha); }

void pleat_sha256_add(pleat_sha256 *sha, const void *bytes, size_t n) { sha256_update(&sha->state, n, bytes); }

void pleat_sha256_take(pleat_sha256 *sha, char out_text[PLEAT_SHA256_TEXT]) {
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(&sha->state, sizeof digest, digest);
  for (size_t i = 0; i < sizeof digest; i++) snprintf(out_text + 2 * i, 3, "%02x", digest[i]);
}
