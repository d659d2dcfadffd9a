/* Folders and archives of mmCIF entries; see mmcif_source.h. The archive is written in mmcif_pack.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/os.h"
#include "io/text_file.h"
#include "tensor/zip.h"

enum { MAX_ID = 64, MAX_PATH = 4096 };

struct pleat_mmcif_source {
  char *path;
  bool is_archive;
  pleat_file_map file;
  pleat_zip zip;
  pleat_arena ids;
  pleat_map members; /* id in lower case -> member */
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

static bool is_id_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool ends(const char *name, size_t n, const char *suffix) {
  size_t n_suffix = strlen(suffix);
  return n >= n_suffix && memcmp(name + n - n_suffix, suffix, n_suffix) == 0;
}

size_t pleat_mmcif_id_of(const char *name, size_t *out_begin, bool *out_is_packed) {
  const char *slash = strrchr(name, '/');
  *out_begin = slash ? (size_t)(slash - name) + 1 : 0;
  const char *id = name + *out_begin;
  size_t n = strlen(id);
  *out_is_packed = ends(id, n, ".gz");
  if (*out_is_packed) n -= strlen(".gz");
  if (!ends(id, n, ".cif")) return 0;
  n -= strlen(".cif");
  for (size_t i = 0; i < n; i++)
    if (!is_id_byte(id[i])) return 0;
  return n <= MAX_ID ? n : 0;
}

/* ---- Opening ---- */

static pleat_status fail_memory(const char *path, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the list of this archive's entries");
}

static pleat_status list_members(pleat_mmcif_source *source, pleat_error *err) {
  for (size_t i = 0; i < source->zip.n_members; i++) {
    size_t begin;
    bool is_packed;
    const char *name = source->zip.members[i].name;
    size_t n = pleat_mmcif_id_of(name, &begin, &is_packed);
    if (!n) continue;
    char *id = pleat_arena_strndup(&source->ids, name + begin, n);
    uint32_t existing = PLEAT_MAP_NONE;
    if (!id) return fail_memory(source->path, err);
    for (size_t k = 0; k < n; k++) id[k] = lower(id[k]);
    if (!pleat_map_insert(&source->members, id, n, (uint32_t)i, &existing)) return fail_memory(source->path, err);
    if (existing != PLEAT_MAP_NONE)
      return pleat_fail_at(err, PLEAT_INPUT, source->path, 0, 0,
                           "the archive has the entry %s twice: as %.200s and as %.200s", id,
                           source->zip.members[existing].name, name);
  }
  if (source->members.n_used) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_INPUT, source->path, 0, 0,
                       "the archive has no entries: expected members like 1abc.cif or 1abc.cif.gz");
}

static pleat_status open_archive(pleat_mmcif_source *source, pleat_error *err) {
  source->is_archive = true;
  PLEAT_TRY(pleat_file_map_open(source->path, &source->file, err));
  PLEAT_TRY(pleat_zip_parse_directory(source->file.data, source->file.n, source->path, PLEAT_INPUT, &source->zip, err));
  return list_members(source, err);
}

pleat_status pleat_mmcif_source_open(const char *path, pleat_mmcif_source **out_source, pleat_error *err) {
  *out_source = NULL;
  pleat_mmcif_source *source = calloc(1, sizeof *source);
  if (source) source->path = pleat_copy(path, strlen(path));
  if (!source || !source->path) {
    free(source);
    return fail_memory(path, err);
  }
  pleat_status status = pleat_path_is_dir(path) ? PLEAT_OK : open_archive(source, err);
  if (status) {
    pleat_mmcif_source_close(source);
    return status;
  }
  *out_source = source;
  return PLEAT_OK;
}

void pleat_mmcif_source_close(pleat_mmcif_source *source) {
  if (!source) return;
  pleat_zip_fini(&source->zip);
  pleat_file_map_close(&source->file);
  pleat_map_fini(&source->members);
  pleat_arena_fini(&source->ids);
  free(source->path);
  free(source);
}

/* ---- Finding ---- */

/* The middle letters, "ab" of "1abc"; of the longer ids to come, the same from behind. */
static bool make_path(const pleat_mmcif_source *source, const char *id, bool is_divided, const char *suffix,
                      char path[MAX_PATH]) {
  size_t n_id = strlen(id);
  if (is_divided && n_id < 4) return false;
  int n = snprintf(path, MAX_PATH, "%s/%.*s%s%s%s", source->path, is_divided ? 2 : 0, is_divided ? id + n_id - 3 : "",
                   is_divided ? "/" : "", id, suffix);
  return n > 0 && n < MAX_PATH && pleat_path_is_file(path);
}

/* The file of an entry in a folder, under the id in lower case or as it is. */
static bool find_file(const pleat_mmcif_source *source, const char *id, char path[MAX_PATH]) {
  char lowered[MAX_ID + 1];
  size_t n = strlen(id);
  for (size_t i = 0; i <= n; i++) lowered[i] = lower(id[i]);
  const char *const names[] = {lowered, id};
  for (int k = 0; k < (strcmp(lowered, id) ? 2 : 1); k++) {
    for (int is_divided = 0; is_divided < 2; is_divided++)
      if (make_path(source, names[k], is_divided, ".cif", path) ||
          make_path(source, names[k], is_divided, ".cif.gz", path))
        return true;
  }
  return false;
}

static const pleat_zip_member *find_member(const pleat_mmcif_source *source, const char *id) {
  char lowered[MAX_ID + 1];
  size_t n = strlen(id);
  for (size_t i = 0; i < n; i++) lowered[i] = lower(id[i]);
  uint32_t at = pleat_map_find(&source->members, lowered, n);
  return at == PLEAT_MAP_NONE ? NULL : &source->zip.members[at];
}

static bool is_id(const char *id) {
  size_t n = 0;
  while (n <= MAX_ID && is_id_byte(id[n])) n++;
  return n > 0 && n <= MAX_ID && !id[n];
}

bool pleat_mmcif_source_has(const pleat_mmcif_source *source, const char *id) {
  char path[MAX_PATH];
  if (!is_id(id)) return false;
  return source->is_archive ? find_member(source, id) != NULL : find_file(source, id, path);
}

/* ---- Reading ---- */

static pleat_status read_member(const pleat_mmcif_source *source, const pleat_zip_member *listed, char **out_text,
                                size_t *out_n, pleat_error *err) {
  pleat_zip_member member;
  PLEAT_TRY(pleat_zip_locate(&source->zip, listed, &member, err));
  if (member.size > PLEAT_MMCIF_MAX_BYTES)
    return pleat_fail_at(err, PLEAT_INPUT, source->path, 0, 0, "member %.200s: expected at most %zu bytes, found %llu",
                         member.name, PLEAT_MMCIF_MAX_BYTES, (unsigned long long)member.size);
  char *text = malloc((size_t)member.size + 1);
  if (!text) return pleat_fail_at(err, PLEAT_NOMEM, source->path, 0, 0, "no memory to read %.200s", member.name);
  pleat_status status = pleat_zip_read(&source->zip, &member, NULL, 0, text, (size_t)member.size, err);
  text[member.size] = '\0';
  if (!status && pleat_gzip_is(text, (size_t)member.size)) {
    status = pleat_gzip_unpack(text, (size_t)member.size, member.name, PLEAT_MMCIF_MAX_BYTES, out_text, out_n, err);
    free(text);
    return status;
  }
  if (status) {
    free(text);
    return status;
  }
  *out_text = text;
  *out_n = (size_t)member.size;
  return PLEAT_OK;
}

/* Also says, for messages, which file or member it is. */
static pleat_status read_text(const pleat_mmcif_source *source, const char *id, char name[MAX_PATH], char **out_text,
                              size_t *out_n, pleat_error *err) {
  *out_text = NULL;
  *out_n = 0;
  if (!is_id(id))
    PLEAT_FAIL(err, PLEAT_INVALID, "'%.80s' is no id of an entry: expected letters, digits, '_' and '-', like 1abc",
               id);
  if (source->is_archive) {
    const pleat_zip_member *member = find_member(source, id);
    if (!member)
      return pleat_fail_at(err, PLEAT_IO, source->path, 0, 0, "the archive has no entry %s among its %zu", id,
                           source->members.n_used);
    snprintf(name, MAX_PATH, "%s:%s", source->path, member->name);
    return read_member(source, member, out_text, out_n, err);
  }
  if (!find_file(source, id, name))
    return pleat_fail_at(err, PLEAT_IO, source->path, 0, 0,
                         "the folder has no entry %s: neither %s.cif nor %s.cif.gz, nor one of these in the folder of "
                         "its middle letters",
                         id, id, id);
  return pleat_text_file_read(name, PLEAT_MMCIF_MAX_BYTES, out_text, out_n, err);
}

pleat_status pleat_mmcif_source_read(const pleat_mmcif_source *source, const char *id, char **out_text, size_t *out_n,
                                     pleat_error *err) {
  char name[MAX_PATH];
  return read_text(source, id, name, out_text, out_n, err);
}

pleat_status pleat_mmcif_source_entry(const pleat_mmcif_source *source, const char *id, pleat_mmcif_entry *out_entry,
                                      pleat_error *err) {
  char name[MAX_PATH], *text = NULL;
  size_t n = 0;
  *out_entry = (pleat_mmcif_entry){0};
  PLEAT_TRY(read_text(source, id, name, &text, &n, err));
  pleat_status status = pleat_mmcif_read_entry(text, n, name, out_entry, err);
  free(text);
  return status;
}
