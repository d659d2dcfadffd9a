/* What is known of a file that has come in part.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "net/fetch_priv.h"

/* Is this the journal of the file that the server has now? Without a sign to tell it by, no. */
static bool is_same_file(const pleat_fetch *fetch, const json_t *root) {
  const char *etag = json_string_value(json_object_get(root, "etag"));
  const char *modified = json_string_value(json_object_get(root, "last_modified"));
  json_int_t total = json_integer_value(json_object_get(root, "total"));
  json_int_t piece_bytes = json_integer_value(json_object_get(root, "piece_bytes"));
  if (!fetch->has_ranges || !etag || !modified || total != (json_int_t)fetch->total) return false;
  if (piece_bytes != (json_int_t)fetch->piece_bytes || strcmp(etag, fetch->etag)) return false;
  return strcmp(modified, fetch->modified) == 0 && (etag[0] || modified[0]);
}

pleat_status pleat_fetch_load_journal(pleat_fetch *fetch, pleat_error *err) {
  json_error_t json_err;
  json_t *root = json_load_file(fetch->journal, 0, &json_err);
  const json_t *done = json_object_get(root, "done");
  bool is_ours = root && is_same_file(fetch, root) && json_array_size(done) == fetch->n_pieces;
  uint64_t n_there = pleat_store_size(fetch->store);
  for (size_t i = 0; is_ours && i < fetch->n_pieces; i++) {
    json_int_t n = json_integer_value(json_array_get(done, i));
    pleat_fetch_piece *piece = &fetch->pieces[i];
    if (n > 0 && (uint64_t)n <= piece->n && piece->first + (uint64_t)n <= n_there) piece->n_done = (uint64_t)n;
  }
  json_decref(root);
  /* What is left of another file must not shine through. */
  return is_ours ? PLEAT_OK : pleat_store_resize(fetch->store, 0, err);
}

pleat_status pleat_fetch_save_journal(pleat_fetch *fetch, pleat_error *err) {
  json_t *done = json_array();
  pthread_mutex_lock(&fetch->lock);
  for (size_t i = 0; i < fetch->n_pieces; i++) {
    json_array_append_new(done, json_integer((json_int_t)fetch->pieces[i].n_done));
  }
  pthread_mutex_unlock(&fetch->lock);
  json_t *root =
      json_pack("{s:s, s:I, s:I, s:s, s:s, s:o}", "url", fetch->url, "total", (json_int_t)fetch->total, "piece_bytes",
                (json_int_t)fetch->piece_bytes, "etag", fetch->etag, "last_modified", fetch->modified, "done", done);
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  json_decref(root);
  if (!text) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for '%s'", fetch->journal);
  pleat_status status = pleat_store_sync(fetch->store, err);
  if (!status) status = pleat_file_write(fetch->journal, text, strlen(text), err);
  free(text);
  return status;
}
