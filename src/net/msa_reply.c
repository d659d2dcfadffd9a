/* A server's reply: an archive of alignments, each with the entries of all chains, which NUL bytes separate.
 * Source: what colabfold/colabfold.py run_mmseqs2 makes of it (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "net/msa_priv.h"
#include "net/unpack.h"

enum { MAX_REPLY_BYTES = 1 << 30, PIECE = 64 * 1024 };

/* Files of a reply, in the order in which their rows follow each other. */
enum { FILE_UNIREF, FILE_ENV, FILE_PAIR, FILE_TEMPLATES, N_FILES };
static const char *const file_names[N_FILES] = {"uniref.a3m", "bfd.mgnify30.metaeuk30.smag30.a3m", "pair.a3m",
                                                "pdb70.m8"};

/* An archive while it is read into memory. */
typedef struct loader {
  const char *path;
  pleat_in_file *file;
  pleat_buf texts[N_FILES];
  bool is_there[N_FILES];
  int i_file; /* that is read now */
  char piece[PIECE];
} loader;

static pleat_status read_piece(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err) {
  loader *l = arg;
  *out_bytes = l->piece;
  return pleat_in_file_read(l->file, l->piece, sizeof l->piece, out_n, err);
}

static pleat_status begin_member(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err) {
  loader *l = arg;
  (void)size;
  (void)err;
  if (path[0] == '.' && path[1] == '/') path += 2;
  for (l->i_file = 0; l->i_file < N_FILES && strcmp(path, file_names[l->i_file]); l->i_file++) continue;
  *out_is_wanted = l->i_file < N_FILES && !l->is_there[l->i_file];
  if (*out_is_wanted) l->is_there[l->i_file] = true;
  return PLEAT_OK;
}

static pleat_status take_bytes(void *arg, const void *bytes, size_t n, pleat_error *err) {
  loader *l = arg;
  pleat_buf_append(&l->texts[l->i_file], bytes, n);
  if (l->texts[l->i_file].is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the reply '%s'", l->path);
  return PLEAT_OK;
}

/* Which chain a header line ">101" begins; -1: none. */
static int64_t chain_of(const char *line, size_t n, size_t n_chains) {
  int64_t number = 0;
  while (n > 0 && strchr(" \t\r\n", line[n - 1])) n--;
  if (n < 2 || n > 10) return -1;
  for (size_t i = 1; i < n; i++) {
    if (line[i] < '0' || line[i] > '9') return -1;
    number = number * 10 + (line[i] - '0');
  }
  number -= PLEAT_MSA_FIRST_QUERY;
  return number >= 0 && (uint64_t)number < n_chains ? number : -1;
}

static void append_without_nul(const char *line, size_t n, pleat_buf *out) {
  while (n > 0) {
    const char *nul = memchr(line, '\0', n);
    size_t n_part = nul ? (size_t)(nul - line) : n;
    pleat_buf_append(out, line, n_part);
    line += n_part + (nul != NULL);
    n -= n_part + (nul != NULL);
  }
}

pleat_status pleat_msa_reply_split(const char *name, const char *text, size_t n, pleat_msa_reply *reply,
                                   pleat_error *err) {
  const char *end = text + n;
  int64_t k = -1, i_line = 0;
  bool is_new = true;
  while (text < end) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *line = text, *line_end = newline ? newline + 1 : end;
    text = line_end;
    i_line++;
    if (memchr(line, '\0', (size_t)(line_end - line))) is_new = true;
    while (line < line_end && *line == '\0') line++;
    if (line == line_end) continue;
    if (is_new && *line == '>') {
      k = chain_of(line, (size_t)(line_end - line), reply->n_chains);
      is_new = false;
      if (k < 0) {
        pleat_fail_at(err, PLEAT_NETWORK, name, i_line, 1,
                      "the server's reply is not for this search: expected a header from >%d to >%zu, found '%.40s'",
                      PLEAT_MSA_FIRST_QUERY, PLEAT_MSA_FIRST_QUERY + reply->n_chains - 1, line);
        return PLEAT_NETWORK;
      }
    }
    if (k < 0) {
      return pleat_fail_at(err, PLEAT_NETWORK, name, i_line, 1,
                           "the server's reply is no alignment: expected a line '>%d', found '%.40s'",
                           PLEAT_MSA_FIRST_QUERY, line);
    }
    append_without_nul(line, (size_t)(line_end - line), &reply->a3m[k]);
    if (reply->a3m[k].is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the alignment '%s'", name);
  }
  return PLEAT_OK;
}

/* The first row of every chain must be that chain: a folder may hold the reply to another search. */
static pleat_status check_queries(const char *path, const pleat_msa_chains *chains, const pleat_msa_reply *reply,
                                  pleat_error *err) {
  for (size_t k = 0; k < chains->n; k++) {
    const char *text = reply->a3m[k].data ? reply->a3m[k].data : "";
    const char *row = strchr(text, '\n');
    row = row ? row + 1 : "";
    size_t n = strcspn(row, "\n");
    if (n == chains->lengths[k] && memcmp(row, chains->sequences[k], n) == 0) continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "'%s' is the answer to another search: its alignment %zu begins with '%.*s'", path,
               PLEAT_MSA_FIRST_QUERY + k, n < 40 ? (int)n : 40, row);
  }
  return PLEAT_OK;
}

static pleat_status load(loader *l, bool is_pair, pleat_error *err) {
  const pleat_unpack unpack = {.name = l->path,
                               .read = read_piece,
                               .opt_on_member = begin_member,
                               .on_bytes = take_bytes,
                               .arg = l,
                               .max_bytes = MAX_REPLY_BYTES};
  PLEAT_TRY(pleat_in_file_open(l->path, &l->file, err));
  PLEAT_TRY(pleat_unpack_run(&unpack, err));
  int expected = is_pair ? FILE_PAIR : FILE_UNIREF;
  if (l->is_there[expected]) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INPUT, "'%s' holds no %s: no reply of an MSA server", l->path, file_names[expected]);
}

pleat_status pleat_msa_reply_read(const char *path, const pleat_msa_chains *chains, bool is_pair,
                                  pleat_msa_reply *out_reply, pleat_error *err) {
  *out_reply = (pleat_msa_reply){.n_chains = chains->n};
  loader *l = calloc(1, sizeof *l);
  out_reply->a3m = calloc(chains->n, sizeof *out_reply->a3m);
  if (!l || !out_reply->a3m) {
    free(l);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the reply '%s'", path);
  }
  l->path = path;
  pleat_status status = load(l, is_pair, err);
  for (int i = is_pair ? FILE_PAIR : FILE_UNIREF; i <= (is_pair ? FILE_PAIR : FILE_ENV) && !status; i++) {
    const pleat_buf *text = &l->texts[i];
    if (text->n) status = pleat_msa_reply_split(file_names[i], text->data, text->n, out_reply, err);
    pleat_buf_fini(&l->texts[i]);
  }
  if (!status) status = check_queries(path, chains, out_reply, err);
  out_reply->templates = l->texts[FILE_TEMPLATES];
  l->texts[FILE_TEMPLATES] = (pleat_buf){0};
  for (int i = 0; i < N_FILES; i++) pleat_buf_fini(&l->texts[i]);
  pleat_in_file_close(l->file);
  free(l);
  return status;
}

void pleat_msa_reply_fini(pleat_msa_reply *reply) {
  for (size_t k = 0; reply->a3m && k < reply->n_chains; k++) pleat_buf_fini(&reply->a3m[k]);
  free(reply->a3m);
  pleat_buf_fini(&reply->templates);
  *reply = (pleat_msa_reply){0};
}
