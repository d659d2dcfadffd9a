/* Datasets in a folder: are they there, and how they get there.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "base/store.h"
#include "net/dataset_priv.h"
#include "net/fetch.h"
#include "net/unpack.h"

enum { MAX_CHANGES = 3 };

static pleat_status find(const char *name, const pleat_catalog_entry **out_entry, pleat_error *err) {
  *out_entry = pleat_catalog_find(name);
  if (*out_entry) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INVALID, "there is no dataset '%s'", name);
}

json_t *pleat_dataset_record(const char *dir, const char *name) {
  char path[PLEAT_DATASET_PATH];
  json_error_t json_err;
  snprintf(path, sizeof path, "%s/" PLEAT_DATASET_WORK "/%s.json", dir, name);
  return json_load_file(path, 0, &json_err);
}

static pleat_status hash_file(const char *path, char sha_text[PLEAT_SHA256_TEXT], pleat_error *err) {
  pleat_sha256 *sha = NULL;
  pleat_in_file *file = NULL;
  enum { PIECE = 1 << 16 };
  char *piece = malloc(PIECE);
  size_t n = 1;
  pleat_status status = piece ? pleat_sha256_create(&sha, err) : pleat_fail(err, PLEAT_NOMEM, "no memory");
  if (!status) status = pleat_in_file_open(path, &file, err);
  while (!status && n > 0) {
    status = pleat_in_file_read(file, piece, PIECE, &n, err);
    if (!status) pleat_sha256_add(sha, piece, n);
  }
  if (!status) pleat_sha256_take(sha, sha_text);
  pleat_in_file_close(file);
  pleat_sha256_destroy(sha);
  free(piece);
  return status;
}

/* Every recorded file. A file that is missing means that the dataset is not there; one that differs is an error. */
static pleat_status check_record(const json_t *record, const char *folder, bool is_thorough, bool *out_is_there,
                                 pleat_error *err) {
  size_t i;
  const json_t *file;
  json_array_foreach(json_object_get(record, "files"), i, file) {
    char path[2 * PLEAT_DATASET_PATH], sha[PLEAT_SHA256_TEXT];
    const char *name = json_string_value(json_object_get(file, "path"));
    const char *want = json_string_value(json_object_get(file, "sha256"));
    pleat_path_info info;
    if (!name || !want || !pleat_unpack_is_safe(name)) return PLEAT_OK;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!pleat_path_stat(path, &info)) return PLEAT_OK;
    json_int_t size = json_integer_value(json_object_get(file, "size"));
    if (size != (json_int_t)info.size_bytes) {
      PLEAT_FAIL(err, PLEAT_MISMATCH, "'%s' has %llu bytes, recorded are %lld: remove it to have it fetched again",
                 path, (unsigned long long)info.size_bytes, (long long)size);
    }
    if (!is_thorough) continue;
    PLEAT_TRY(hash_file(path, sha, err));
    if (strcmp(sha, want) == 0) continue;
    PLEAT_FAIL(err, PLEAT_MISMATCH, "'%s' has SHA-256 %s, recorded is %s: remove it to have it fetched again", path,
               sha, want);
  }
  *out_is_there = i > 0;
  return PLEAT_OK;
}

/* What somebody else's script has fetched and unpacked: its last file, and no archive beside it any more. */
static bool is_foreign(const pleat_catalog_entry *entry, const char *dir) {
  char path[PLEAT_DATASET_PATH];
  pleat_path_info info;
  snprintf(path, sizeof path, "%s/%s/%s", dir, entry->folder, entry->proof);
  if (!pleat_path_stat(path, &info) || info.is_dir || info.size_bytes == 0) return false;
  if (entry->form == PLEAT_FORM_PLAIN || entry->form == PLEAT_FORM_SEQRES) {
    snprintf(path, sizeof path, "%s/%s/%s.aria2", dir, entry->folder, entry->proof);
    return !pleat_path_exists(path);
  }
  for (int i = 0; i < PLEAT_CATALOG_FILES && entry->urls[i][0]; i++) {
    snprintf(path, sizeof path, "%s/%s/%s", dir, entry->folder, pleat_catalog_base(entry->urls[i][0]));
    if (pleat_path_exists(path)) return false;
  }
  return true;
}

pleat_status pleat_dataset_check(const char *name, const char *dir, bool is_thorough, bool *out_is_there,
                                 pleat_error *err) {
  const pleat_catalog_entry *entry;
  char folder[PLEAT_DATASET_PATH];
  *out_is_there = false;
  PLEAT_TRY(find(name, &entry, err));
  json_t *record = pleat_dataset_record(dir, name);
  if (!record) {
    *out_is_there = is_foreign(entry, dir);
    return PLEAT_OK;
  }
  snprintf(folder, sizeof folder, "%s/%s", dir, entry->folder);
  pleat_status status = check_record(record, folder, is_thorough, out_is_there, err);
  json_decref(record);
  return status;
}

/* Files to their places, then the record, then ColabFold's marks; archives are done with. */
static pleat_status publish(const pleat_catalog_entry *entry, const char *dir, const char *staging, json_t *record,
                            pleat_error *err) {
  size_t i;
  const json_t *file;
  char from[3 * PLEAT_DATASET_PATH], to[3 * PLEAT_DATASET_PATH], folder[3 * PLEAT_DATASET_PATH];
  json_array_foreach(json_object_get(record, "files"), i, file) {
    const char *name = json_string_value(json_object_get(file, "path"));
    snprintf(from, sizeof from, "%s/%s", staging, name);
    snprintf(to, sizeof to, "%s/%s/%s", dir, entry->folder, name);
    snprintf(folder, sizeof folder, "%s", to);
    *strrchr(folder, '/') = '\0';
    PLEAT_TRY(pleat_folder_make(folder, err));
    PLEAT_TRY(pleat_path_rename(from, to, err));
  }
  char *text = json_dumps(record, JSON_INDENT(1));
  snprintf(to, sizeof to, "%s/" PLEAT_DATASET_WORK "/%s.json", dir, entry->dataset.name);
  pleat_status status =
      text ? pleat_file_write(to, text, strlen(text), err) : pleat_fail(err, PLEAT_NOMEM, "no memory");
  free(text);
  for (int k = 0; k < 2 && entry->markers[k] && !status; k++) {
    snprintf(to, sizeof to, "%s/%s/%s", dir, entry->folder, entry->markers[k]);
    status = pleat_file_write(to, "", 0, err);
  }
  for (int k = 0; k < PLEAT_CATALOG_FILES && entry->urls[k][0] && !status; k++) {
    snprintf(to, sizeof to, "%s/" PLEAT_DATASET_WORK "/%s", dir, pleat_catalog_base(entry->urls[k][0]));
    pleat_fetch_forget(to);
  }
  return status;
}

pleat_status pleat_dataset_fetch(const char *name, const char *dir, const pleat_download_options *options,
                                 pleat_error *err) {
  const pleat_catalog_entry *entry;
  char work[PLEAT_DATASET_PATH], staging[2 * PLEAT_DATASET_PATH], lock_path[2 * PLEAT_DATASET_PATH];
  pleat_store *lock = NULL;
  bool is_there, is_changed = true;
  PLEAT_TRY(pleat_dataset_check(name, dir, false, &is_there, err));
  if (is_there) return PLEAT_OK;
  PLEAT_TRY(find(name, &entry, err));
  if (strlen(dir) > PLEAT_DATASET_PATH / 2) PLEAT_FAIL(err, PLEAT_INVALID, "the path '%.60s...' is too long", dir);
  snprintf(work, sizeof work, "%s/" PLEAT_DATASET_WORK, dir);
  snprintf(staging, sizeof staging, "%s/" PLEAT_DATASET_WORK "/%s.new", dir, name);
  snprintf(lock_path, sizeof lock_path, "%s/%s.lock", work, name);
  PLEAT_TRY(pleat_folder_make(work, err));
  PLEAT_TRY(pleat_store_open(lock_path, &lock, err));
  if (!pleat_store_lock(lock)) {
    pleat_store_close(lock);
    PLEAT_FAIL(err, PLEAT_IO, "another process is fetching '%s' into '%s': wait for it, or end it", name, dir);
  }
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < MAX_CHANGES && is_changed; i++) {
    json_t *record = json_object();
    pleat_path_remove(staging);
    status = record ? pleat_folder_make(staging, err) : pleat_fail(err, PLEAT_NOMEM, "no memory");
    is_changed = false;
    if (!status) status = pleat_dataset_build(entry, dir, staging, options, record, &is_changed, err);
    if (!status) status = publish(entry, dir, staging, record, err);
    json_decref(record);
  }
  pleat_path_remove(staging);
  if (!status) pleat_path_remove(lock_path);
  pleat_store_close(lock);
  return status;
}
