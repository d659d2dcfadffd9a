/* Archives of a dataset to its files, hashed and unpacked as they come.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "net/dataset_priv.h"
#include "net/fetch.h"
#include "net/unpack.h"

enum { PIECE = 256 * 1024 };

typedef struct builder {
  const pleat_catalog_entry *entry;
  const char *staging;
  json_t *files; /* borrowed: what has been written so far */
  pleat_fetch *fetch;
  uint64_t offset; /* in the archive */
  bool is_changed;
  pleat_sha256 *archive_sha, *file_sha;
  pleat_out_file *out;
  char out_name[1100];
  uint64_t n_out;
  bool is_line_begun, is_line_kept; /* of a FASTA file whose records are chosen */
  char piece[PIECE];
} builder;

static pleat_status read_piece(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err) {
  builder *b = arg;
  pleat_status status = pleat_fetch_read(b->fetch, b->offset, b->piece, sizeof b->piece, out_n, err);
  b->is_changed |= status == PLEAT_MISMATCH;
  if (status) return status;
  pleat_sha256_add(b->archive_sha, b->piece, *out_n);
  b->offset += *out_n;
  *out_bytes = b->piece;
  return PLEAT_OK;
}

static pleat_status open_output(builder *b, const char *name, pleat_error *err) {
  char path[2 * PLEAT_DATASET_PATH], folder[2 * PLEAT_DATASET_PATH];
  while (name[0] == '.' && name[1] == '/') name += 2;
  snprintf(b->out_name, sizeof b->out_name, "%s", name);
  snprintf(path, sizeof path, "%s/%s", b->staging, name);
  snprintf(folder, sizeof folder, "%s", path);
  *strrchr(folder, '/') = '\0';
  b->n_out = 0;
  PLEAT_TRY(pleat_folder_make(folder, err));
  return pleat_out_file_open(path, &b->out, err);
}

static pleat_status begin_member(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err) {
  (void)size;
  (void)out_is_wanted;
  return open_output(arg, path, err);
}

static pleat_status put(builder *b, const void *bytes, size_t n, pleat_error *err) {
  pleat_sha256_add(b->file_sha, bytes, n);
  b->n_out += n;
  return pleat_out_file_write(b->out, bytes, n, err);
}

static pleat_status write_bytes(void *arg, const void *bytes, size_t n, pleat_error *err) {
  return put(arg, bytes, n, err);
}

static pleat_status end_output(void *arg, pleat_error *err) {
  builder *b = arg;
  char sha[PLEAT_SHA256_TEXT];
  pleat_out_file *out = b->out;
  b->out = NULL;
  pleat_sha256_take(b->file_sha, sha);
  PLEAT_TRY(pleat_out_file_close(out, true, err));
  json_t *file = json_pack("{s:s, s:I, s:s}", "path", b->out_name, "size", (json_int_t)b->n_out, "sha256", sha);
  if (file && json_array_append_new(b->files, file) == 0) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the record of '%s'", b->out_name);
}

/* Lines of a chain's header and sequence, of proteins only: what hmmsearch is given must not be a nucleic acid. */
static pleat_status put_proteins(builder *b, const char *bytes, size_t n, pleat_error *err) {
  for (size_t i = 0; i < n;) {
    const char *newline = memchr(bytes + i, '\n', n - i);
    size_t n_part = newline ? (size_t)(newline - (bytes + i)) + 1 : n - i;
    if (b->is_line_kept) PLEAT_TRY(put(b, bytes + i, n_part, err));
    b->is_line_begun = !newline;
    i += n_part;
  }
  return PLEAT_OK;
}

/* As it is; a page instead of the file is told by its first letter. */
static pleat_status copy_plain(builder *b, pleat_error *err) {
  const void *bytes;
  size_t n;
  char head[2048];
  size_t n_head = 0;
  bool is_seqres = b->entry->form == PLEAT_FORM_SEQRES;
  PLEAT_TRY(read_piece(b, &bytes, &n, err));
  if (n > 0 && (*(const char *)bytes == '<' || (is_seqres && *(const char *)bytes != '>'))) {
    PLEAT_FAIL(err, PLEAT_INPUT, "'%s' is another file than expected: it begins with '%.*s'", pleat_fetch_url(b->fetch),
               n < 40 ? (int)n : 40, (const char *)bytes);
  }
  for (; n > 0;) {
    const char *at = bytes, *end = at + n;
    if (!is_seqres) {
      PLEAT_TRY(put(b, bytes, n, err));
      at = end;
    }
    /* Header lines are gathered before it is decided; they may lie across two pieces. */
    while (at < end) {
      if (n_head == 0 && (b->is_line_begun || *at != '>')) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        PLEAT_TRY(put_proteins(b, at, (size_t)(next - at), err));
        at = next;
        continue;
      }
      if (n_head + 1 >= sizeof head) PLEAT_FAIL(err, PLEAT_INPUT, "'%s': a header is too long", b->out_name);
      head[n_head++] = *at++;
      if (head[n_head - 1] != '\n') continue;
      head[n_head] = '\0';
      b->is_line_kept = strstr(head, " mol:protein") != NULL;
      PLEAT_TRY(put_proteins(b, head, n_head, err));
      n_head = 0;
    }
    PLEAT_TRY(read_piece(b, &bytes, &n, err));
  }
  return PLEAT_OK;
}

static pleat_status unpack(builder *b, pleat_error *err) {
  if (b->entry->form == PLEAT_FORM_PLAIN || b->entry->form == PLEAT_FORM_SEQRES) return copy_plain(b, err);
  bool is_tar = b->entry->form == PLEAT_FORM_TAR;
  const pleat_unpack plan = {.name = pleat_catalog_base(pleat_fetch_url(b->fetch)),
                             .is_plain = !is_tar,
                             .read = read_piece,
                             .opt_on_member = begin_member,
                             .on_bytes = write_bytes,
                             .opt_on_member_end = is_tar ? end_output : NULL,
                             .arg = b};
  return pleat_unpack_run(&plan, err);
}

/* An archive that is recorded under the same signs must be the same. */
static pleat_status record_archive(builder *b, const json_t *opt_old, json_t *archives, pleat_error *err) {
  char sha[PLEAT_SHA256_TEXT];
  const char *url = pleat_fetch_url(b->fetch);
  size_t i;
  const json_t *old;
  pleat_sha256_take(b->archive_sha, sha);
  json_array_foreach(json_object_get(opt_old, "archives"), i, old) {
    const char *old_url = json_string_value(json_object_get(old, "url"));
    const char *old_sha = json_string_value(json_object_get(old, "sha256"));
    json_int_t old_size = json_integer_value(json_object_get(old, "size"));
    if (!old_url || !old_sha || strcmp(old_url, url) || old_size != (json_int_t)b->offset) continue;
    if (strcmp(old_sha, sha) == 0) continue;
    PLEAT_FAIL(
        err, PLEAT_MISMATCH,
        "'%s' is not what it was when it was first fetched: SHA-256 %s, recorded is %s; if the change is wanted, "
        "remove the record in " PLEAT_DATASET_WORK,
        url, sha, old_sha);
  }
  json_t *archive = json_pack("{s:s, s:I, s:s}", "url", url, "size", (json_int_t)b->offset, "sha256", sha);
  if (archive && json_array_append_new(archives, archive) == 0) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the record of '%s'", url);
}

static pleat_status build_file(builder *b, const char *dir, size_t i_file, const pleat_download_options *options,
                               const json_t *opt_old, json_t *archives, pleat_error *err) {
  const pleat_catalog_entry *entry = b->entry;
  const char *urls[PLEAT_CATALOG_MIRRORS + 1] = {NULL};
  for (int i = 0; i < PLEAT_CATALOG_MIRRORS; i++) urls[i] = entry->urls[i_file][i];
  const char *base = pleat_catalog_base(urls[0]);
  char path[PLEAT_DATASET_PATH], whole[PLEAT_DATASET_PATH], control[PLEAT_DATASET_PATH + 8];
  snprintf(path, sizeof path, "%s/" PLEAT_DATASET_WORK "/%s", dir, base);
  snprintf(whole, sizeof whole, "%s/%s/%s", dir, entry->folder, base);
  snprintf(control, sizeof control, "%s.aria2", whole);
  b->offset = 0;
  /* What aria2 has not finished may have holes. */
  PLEAT_TRY(pleat_fetch_open(urls, path, pleat_path_exists(control) ? NULL : whole, options, &b->fetch, err));
  pleat_status status = unpack(b, err);
  const void *rest; /* behind the end of a tar: it counts for the digest */
  for (size_t n = 1; !status && n > 0;) status = read_piece(b, &rest, &n, err);
  if (!status) status = record_archive(b, opt_old, archives, err);
  bool is_whole = b->offset == pleat_fetch_size(b->fetch);
  pleat_fetch_close(b->fetch);
  b->fetch = NULL;
  /* A wrong file is not gone on with. */
  if (b->is_changed || status == PLEAT_INPUT || (status == PLEAT_MISMATCH && is_whole)) pleat_fetch_forget(path);
  return status;
}

static pleat_status build_files(builder *b, const char *dir, const pleat_download_options *options,
                                const json_t *opt_old, json_t *archives, pleat_error *err) {
  const pleat_catalog_entry *entry = b->entry;
  if (entry->opt_output) PLEAT_TRY(open_output(b, entry->opt_output, err));
  for (size_t i = 0; i < PLEAT_CATALOG_FILES && entry->urls[i][0]; i++) {
    PLEAT_TRY(build_file(b, dir, i, options, opt_old, archives, err));
  }
  return entry->opt_output ? end_output(b, err) : PLEAT_OK;
}

pleat_status pleat_dataset_build(const pleat_catalog_entry *entry, const char *dir, const char *staging,
                                 const pleat_download_options *options, json_t *record, bool *out_is_changed,
                                 pleat_error *err) {
  json_t *archives = json_array(), *files = json_array(), *old = pleat_dataset_record(dir, entry->dataset.name);
  builder *b = calloc(1, sizeof *b);
  *out_is_changed = false;
  pleat_status status = PLEAT_OK;
  if (!b || json_object_set_new(record, "archives", archives) || json_object_set_new(record, "files", files)) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for '%s'", entry->dataset.name);
  } else {
    b->entry = entry;
    b->staging = staging;
    b->files = files;
    status = pleat_sha256_create(&b->archive_sha, err);
    if (!status) status = pleat_sha256_create(&b->file_sha, err);
    if (!status) status = build_files(b, dir, options, old, archives, err);
    *out_is_changed = b->is_changed;
    if (b->out) (void)!pleat_out_file_close(b->out, false, NULL);
    pleat_sha256_destroy(b->archive_sha);
    pleat_sha256_destroy(b->file_sha);
  }
  free(b);
  json_decref(old);
  return status;
}
