/* Structures that a search found, from the server's own collection.
 * Source: colabfold/colabfold.py run_mmseqs2 (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "base/store.h"
#include "net/msa_priv.h"
#include "net/unpack.h"

enum { MAX_TEMPLATES = 20, MAX_TEMPLATE_BYTES = 1 << 30, PIECE = 64 * 1024 };

/* "101<TAB>1abc_A<TAB>...": adds ",1abc_A" to the list of its chain. */
static void take_line(const char *line, size_t n, size_t n_chains, pleat_buf *lists, int *n_hits) {
  size_t n_query = 0, k = 0;
  while (n_query < n && line[n_query] >= '0' && line[n_query] <= '9' && n_query < 6)
    k = k * 10 + (line[n_query++] - '0');
  const char *hit = line + n_query;
  const char *end = line + n;
  while (hit < end && (*hit == '\t' || *hit == ' ')) hit++;
  size_t n_hit = 0;
  while (hit + n_hit < end && !strchr(" \t\r", hit[n_hit])) n_hit++;
  if (k < PLEAT_MSA_FIRST_QUERY || k - PLEAT_MSA_FIRST_QUERY >= n_chains || n_hit == 0 || n_hit > 32) return;
  for (size_t i = 0; i < n_hit; i++) {
    char c = hit[i];
    bool is_safe = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    if (!is_safe) return; /* it becomes part of an address */
  }
  k -= PLEAT_MSA_FIRST_QUERY;
  if (n_hits[k]++ >= MAX_TEMPLATES) return;
  if (lists[k].n) pleat_buf_puts(&lists[k], ",");
  pleat_buf_append(&lists[k], hit, n_hit);
}

/* An archive while it is written to a folder. */
typedef struct extraction {
  pleat_in_file *in;
  pleat_out_file *out;
  const char *folder;
  char piece[PIECE];
} extraction;

static pleat_status read_piece(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err) {
  extraction *e = arg;
  *out_bytes = e->piece;
  return pleat_in_file_read(e->in, e->piece, sizeof e->piece, out_n, err);
}

static pleat_status begin_file(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err) {
  extraction *e = arg;
  char place[2 * PLEAT_MSA_MAX_PATH + 2];
  (void)size;
  if (path[0] == '.' && path[1] == '/') path += 2;
  /* One flat folder is all that the server sends. */
  *out_is_wanted = !strchr(path, '/');
  if (!*out_is_wanted) return PLEAT_OK;
  snprintf(place, sizeof place, "%s/%s", e->folder, path);
  return pleat_out_file_open(place, &e->out, err);
}

static pleat_status write_bytes(void *arg, const void *bytes, size_t n, pleat_error *err) {
  return pleat_out_file_write(((extraction *)arg)->out, bytes, n, err);
}

static pleat_status end_file(void *arg, pleat_error *err) {
  extraction *e = arg;
  pleat_out_file *out = e->out;
  e->out = NULL;
  return pleat_out_file_close(out, true, err);
}

static pleat_status extract(const char *archive_path, const char *folder, pleat_error *err) {
  extraction *e = calloc(1, sizeof *e);
  if (!e) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to unpack '%s'", archive_path);
  e->folder = folder;
  const pleat_unpack unpack = {.name = archive_path,
                               .read = read_piece,
                               .opt_on_member = begin_file,
                               .on_bytes = write_bytes,
                               .opt_on_member_end = end_file,
                               .arg = e,
                               .max_bytes = MAX_TEMPLATE_BYTES};
  pleat_status status = pleat_in_file_open(archive_path, &e->in, err);
  if (!status) status = pleat_unpack_run(&unpack, err);
  if (e->out) (void)!pleat_out_file_close(e->out, false, NULL);
  pleat_in_file_close(e->in);
  free(e);
  return status;
}

/* Unpacked beside and renamed, so that the folder is whole or absent. */
static pleat_status fetch_chain(pleat_msa_job *job, size_t k, const char *list, pleat_error *err) {
  const char *host = job->server->opt_host_url ? job->server->opt_host_url : PLEAT_MSA_DEFAULT_HOST;
  char folder[PLEAT_MSA_MAX_PATH + 32], temporary[PLEAT_MSA_MAX_PATH + 40], archive[PLEAT_MSA_MAX_PATH + 40];
  char url[PLEAT_MSA_MAX_PATH];
  snprintf(folder, sizeof folder, "%s/templates_%zu", job->folder, PLEAT_MSA_FIRST_QUERY + k);
  if (pleat_path_is_dir(folder)) return PLEAT_OK;
  snprintf(temporary, sizeof temporary, "%s.part", folder);
  snprintf(archive, sizeof archive, "%s.tar.gz", folder);
  snprintf(url, sizeof url, "%s/template/%s", host, list);
  PLEAT_TRY(pleat_msa_fetch(job, url, archive, err));
  pleat_path_remove(temporary);
  pleat_status status = pleat_folder_make(temporary, err);
  if (!status) status = extract(archive, temporary, err);
  if (!status) status = pleat_path_rename(temporary, folder, err);
  pleat_path_remove(archive);
  if (status) pleat_path_remove(temporary);
  return status;
}

pleat_status pleat_msa_fetch_templates(pleat_msa_job *job, const pleat_buf *m8, pleat_error *err) {
  size_t n_chains = job->chains->n;
  pleat_buf *lists = calloc(n_chains, sizeof *lists);
  int *n_hits = calloc(n_chains, sizeof *n_hits);
  pleat_status status = PLEAT_OK;
  if (!lists || !n_hits) status = pleat_fail(err, PLEAT_NOMEM, "no memory for the templates of %zu chains", n_chains);
  for (const char *at = m8->data, *end = at + m8->n; !status && at < end;) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t n = (size_t)((newline ? newline : end) - at);
    take_line(at, n, n_chains, lists, n_hits);
    at += n + (newline != NULL);
  }
  for (size_t k = 0; k < n_chains && !status; k++) {
    if (lists[k].n) status = fetch_chain(job, k, lists[k].data, err);
  }
  for (size_t k = 0; lists && k < n_chains; k++) pleat_buf_fini(&lists[k]);
  free(lists);
  free(n_hits);
  return status;
}
