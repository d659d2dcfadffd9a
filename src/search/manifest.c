/* pleat_manifest.json: checksums, programs, command lines and databases of the files beside it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/manifest.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/os.h"

enum { MAX_MANIFEST_BYTES = 1 << 28 };

static pleat_status no_memory(pleat_error *err) { return pleat_fail(err, PLEAT_NOMEM, "no memory for a manifest"); }

static pleat_status begin(pleat_manifest *manifest, const char *name, const char *opt_sequence, size_t n,
                          pleat_error *err) {
  json_t *root = json_pack("{s:s, s:{}}", "pleat_manifest", "1", "files");
  manifest->root = root;
  if (!root) return no_memory(err);
  if (!opt_sequence) return PLEAT_OK;
  json_t *query = json_pack("{s:s, s:s%}", "name", name, "sequence", opt_sequence, n);
  return json_object_set_new(root, "query", query) ? no_memory(err) : PLEAT_OK;
}

/* A manifest that cannot be read counts as none: its files are then compared with the sequence. */
static void read_existing(pleat_manifest *manifest) {
  char *text = NULL;
  size_t n = 0;
  if (!pleat_path_is_file(manifest->path)) return;
  if (pleat_file_read(manifest->path, MAX_MANIFEST_BYTES, &text, &n, NULL)) return;
  json_t *root = json_loadb(text, n, 0, NULL);
  free(text);
  if (!json_is_object(json_object_get(root, "files"))) {
    json_decref(root);
    return;
  }
  manifest->root = root;
}

pleat_status pleat_manifest_open(const char *folder, const char *name, const char *opt_sequence, size_t n, bool is_new,
                                 pleat_manifest *out_manifest, pleat_error *err) {
  *out_manifest = (pleat_manifest){0};
  size_t n_path = strlen(folder) + sizeof "/" PLEAT_MANIFEST;
  out_manifest->path = malloc(n_path);
  if (!out_manifest->path) return no_memory(err);
  snprintf(out_manifest->path, n_path, "%s/" PLEAT_MANIFEST, folder);
  if (!is_new) read_existing(out_manifest);
  if (!out_manifest->root) return begin(out_manifest, name, opt_sequence, n, err);
  if (!opt_sequence) return PLEAT_OK;
  const json_t *query = json_object_get(json_object_get(out_manifest->root, "query"), "sequence");
  if (json_string_length(query) == n && memcmp(json_string_value(query), opt_sequence, n) == 0) return PLEAT_OK;
  return pleat_fail_at(
      err, PLEAT_INPUT, out_manifest->path, 0, 0,
      "the alignments here are of another sequence than '%s': take another folder, or search again with "
      "--overwrite-existing-results",
      name);
}

void pleat_manifest_fini(pleat_manifest *manifest) {
  json_decref(manifest->root);
  free(manifest->path);
  *manifest = (pleat_manifest){0};
}

/* Size and CRC-32 of a file of any size. */
static pleat_status sum_file(const pleat_manifest *manifest, const char *file, uint64_t *out_size, uint32_t *out_crc,
                             pleat_error *err) {
  enum { PIECE_BYTES = 1 << 16 };
  const char *slash = strrchr(manifest->path, '/');
  size_t n_path = strlen(manifest->path) + strlen(file) + 2;
  char *path = malloc(n_path), *bytes = malloc(PIECE_BYTES);
  pleat_in_file *in = NULL;
  pleat_status status = path && bytes ? PLEAT_OK : no_memory(err);
  if (!status) snprintf(path, n_path, "%.*s%s", (int)(slash + 1 - manifest->path), manifest->path, file);
  if (!status) status = pleat_in_file_open(path, &in, err);
  uLong crc = crc32(0, NULL, 0);
  *out_size = 0;
  for (size_t n = 1; !status && n > 0;) {
    status = pleat_in_file_read(in, bytes, PIECE_BYTES, &n, err);
    crc = crc32(crc, (const Bytef *)bytes, (uInt)n);
    *out_size += n;
  }
  *out_crc = (uint32_t)crc;
  pleat_in_file_close(in);
  free(bytes);
  free(path);
  return status;
}

pleat_status pleat_manifest_compare(const pleat_manifest *manifest, const char *file, pleat_manifest_match *out_match,
                                    pleat_error *err) {
  *out_match = PLEAT_MANIFEST_UNKNOWN;
  const json_t *entry = json_object_get(json_object_get(manifest->root, "files"), file);
  if (!entry) return PLEAT_OK;
  uint64_t size;
  uint32_t crc;
  char text[16];
  PLEAT_TRY(sum_file(manifest, file, &size, &crc, err));
  snprintf(text, sizeof text, "%08x", crc);
  const char *known = json_string_value(json_object_get(entry, "crc32"));
  bool is_same =
      known && strcmp(known, text) == 0 && json_integer_value(json_object_get(entry, "bytes")) == (json_int_t)size;
  *out_match = is_same ? PLEAT_MANIFEST_SAME : PLEAT_MANIFEST_CHANGED;
  return PLEAT_OK;
}

static void format_time(time_t when, char text[32]) {
  struct tm parts;
  text[0] = '\0';
  if (gmtime_r(&when, &parts)) strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

pleat_status pleat_manifest_add(pleat_manifest *manifest, const pleat_manifest_entry *entry, pleat_error *err) {
  uint64_t size;
  uint32_t crc;
  char sum[16], when[32], date[32];
  PLEAT_TRY(sum_file(manifest, entry->file, &size, &crc, err));
  snprintf(sum, sizeof sum, "%08x", crc);
  format_time(time(NULL), when);
  json_t *commands = json_array();
  for (const char *line = entry->commands; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    json_array_append_new(commands, json_stringn(line, strcspn(line, "\n")));
  }
  json_t *dbs = json_array();
  for (int i = 0; i < entry->n_dbs; i++) {
    const pleat_db_report *db = entry->dbs[i];
    format_time((time_t)db->changed_s, date);
    json_array_append_new(dbs, json_pack("{s:s, s:s, s:I, s:s}", "name", pleat_db_name(db->db), "path", db->path,
                                         "bytes", (json_int_t)db->size_bytes, "changed", date));
  }
  json_t *item = json_pack("{s:s, s:I, s:I, s:s, s:o, s:o, s:I, s:s}", "crc32", sum, "bytes", (json_int_t)size, "hits",
                           (json_int_t)entry->n_hits, "version", entry->version, "commands", commands, "databases", dbs,
                           "milliseconds", (json_int_t)entry->time_ms, "finished", when);
  if (!item || json_object_set_new(json_object_get(manifest->root, "files"), entry->file, item)) return no_memory(err);
  char *text = json_dumps(manifest->root, JSON_INDENT(2));
  if (!text) return no_memory(err);
  pleat_status status = pleat_file_write(manifest->path, text, strlen(text), err);
  free(text);
  return status;
}
