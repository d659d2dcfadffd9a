/* hmmsearch's hits, by way of a3m as the published code reads them. Accepts and refuses: hmmsearch.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/hmmsearch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/lines.h"
#include "io/stockholm.h"

enum { MAX_POSITION = 1 << 30 };

typedef struct hit_reader {
  const char *path;
  const char *query;
  size_t n_query;
  pleat_template_hits *hits;
  pleat_error *err;
} hit_reader;

static pleat_status no_memory(const hit_reader *r) {
  return pleat_fail_at(r->err, PLEAT_NOMEM, r->path, 0, 0, "no memory for the template hits");
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

static const char *find_text(const char *at, const char *end, const char *text) {
  size_t n = strlen(text);
  for (; (size_t)(end - at) >= n; at++) {
    if (memcmp(at, text, n) == 0) return at;
  }
  return NULL;
}

/* "1abc_A/2-90 [subseq from] mol:protein length:100  name": the part before the slash, and 2. */
static bool read_description(const char *text, size_t n, size_t *out_n_name, int64_t *out_first) {
  const char *at = text, *end = text + n;
  while (at < end && (is_lower(*at) || is_digit(*at))) at++;
  if (at == text || at == end || *at++ != '_') return false;
  const char *chain = at;
  while (at < end && (is_lower(*at) || is_upper(*at) || is_digit(*at) || *at == '_')) at++;
  if (at == chain || at == end || *at != '/') return false;
  *out_n_name = (size_t)(at - text);
  const char *first = ++at;
  *out_first = 0;
  for (; at < end && is_digit(*at); at++) {
    if (*out_first < MAX_POSITION) *out_first = 10 * *out_first + (*at - '0');
  }
  if (at == first || *out_first < 1 || *out_first >= MAX_POSITION || at == end || *at++ != '-') return false;
  if (at == end || !is_digit(*at)) return false;
  static const char length[] = "protein length:";
  while ((at = find_text(at, end, length))) {
    at += sizeof length - 1;
    if (at < end && is_digit(*at)) return true;
  }
  return false;
}

/* Columns are everything but lower case, which are insertions. */
static size_t count_columns(const char *letters, size_t n) {
  size_t n_cols = 0;
  for (size_t i = 0; i < n; i++) n_cols += !is_lower(letters[i]);
  return n_cols;
}

static void fill_indices(const char *letters, size_t n, int64_t first, int32_t *indices) {
  size_t column = 0;
  for (size_t i = 0; i < n; i++) {
    if (letters[i] == '-') {
      indices[column++] = -1;
    } else if (is_lower(letters[i])) {
      first++;
    } else {
      indices[column++] = (int32_t)first++;
    }
  }
}

static pleat_status add_hit(hit_reader *r, int64_t index, const char *description, size_t n_description,
                            const char *letters, size_t n) {
  if (!find_text(description, description + n_description, "mol:protein")) return PLEAT_OK;
  size_t n_name = 0, n_cols = count_columns(letters, n);
  int64_t first = 0;
  int n_shown = (int)(n_description < 80 ? n_description : 80);
  if (!read_description(description, n_description, &n_name, &first) || n > MAX_POSITION) {
    return pleat_fail_at(
        r->err, PLEAT_INPUT, r->path, 0, 0,
        "hit %lld is called '%.*s': expected \"1abc_A/2-90 [subseq from] mol:protein length:100 ...\", "
        "as hmmsearch writes for pdb_seqres.txt",
        (long long)index, n_shown, description);
  }
  if (n_cols != r->n_query) {
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                         "hit %lld, '%.*s', has %zu columns, but the query has %zu residues: expected hits of this "
                         "query's profile",
                         (long long)index, (int)n_name, description, n_cols, r->n_query);
  }
  for (size_t i = 0; i < n; i++) {
    if (is_upper(letters[i]) || is_lower(letters[i]) || letters[i] == '-') continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                         "hit %lld, '%.*s', has '%c' in its sequence: expected letters, '-' and '.'", (long long)index,
                         (int)n_name, description, letters[i]);
  }
  pleat_template_hit *hit = pleat_template_hits_add(r->hits);
  if (!hit) return no_memory(r);
  hit->index = index;
  hit->sum_probs = NAN;
  hit->n_cols = (int64_t)n_cols;
  hit->name = pleat_copy(description, n_name);
  hit->query = pleat_copy(r->query, r->n_query);
  hit->hit_sequence = pleat_copy(letters, n);
  hit->indices_query = calloc(n_cols, sizeof *hit->indices_query);
  hit->indices_hit = calloc(n_cols, sizeof *hit->indices_hit);
  if (!hit->name || !hit->query || !hit->hit_sequence || !hit->indices_query || !hit->indices_hit) return no_memory(r);
  fill_indices(r->query, r->n_query, 0, hit->indices_query);
  fill_indices(letters, n, first - 1, hit->indices_hit);
  for (size_t i = 0; i < n; i++) {
    hit->aligned_cols += is_upper(letters[i]);
    if (is_lower(letters[i])) hit->hit_sequence[i] = (char)(letters[i] - 'a' + 'A');
  }
  return PLEAT_OK;
}

static void strip(const char **text, size_t *n) {
  while (*n && pleat_is_blank(**text)) (*text)++, (*n)--;
  while (*n && pleat_is_blank((*text)[*n - 1])) (*n)--;
}

/* The text is our own: a header line and a sequence line per hit. */
static pleat_status read_hits(hit_reader *r, const pleat_buf *a3m) {
  pleat_lines lines = pleat_lines_of(a3m->data, a3m->n, r->path, UINT32_C(1) << '\n');
  bool is_line = true;
  for (int64_t index = 1;; index++) {
    PLEAT_TRY(pleat_lines_next(&lines, &is_line, r->err));
    if (!is_line) return PLEAT_OK;
    const char *description = lines.line + 1;
    size_t n_description = lines.n - 1;
    PLEAT_TRY(pleat_lines_next(&lines, &is_line, r->err));
    const char *letters = lines.line;
    size_t n = lines.n;
    strip(&description, &n_description);
    strip(&letters, &n);
    PLEAT_TRY(add_hit(r, index, description, n_description, letters, n));
  }
}

static bool has_rows(const char *text, size_t n) {
  pleat_lines lines = pleat_lines_of(text, n, "", PLEAT_LINES_SPLIT);
  bool is_line = true;
  while (!pleat_lines_next(&lines, &is_line, NULL) && is_line) {
    const char *line = lines.line;
    size_t n_line = lines.n;
    strip(&line, &n_line);
    if (n_line && *line != '#' && !(n_line > 1 && line[0] == '/' && line[1] == '/')) return true;
  }
  return false;
}

pleat_status pleat_hmmsearch_parse(const char *text, size_t n, const char *path, const char *query,
                                   pleat_template_hits *out_hits, pleat_error *err) {
  *out_hits = (pleat_template_hits){0};
  hit_reader r = {.path = path, .query = query, .n_query = strlen(query), .hits = out_hits, .err = err};
  /* DEVIATION: the published code stops with an exception where nothing was found. */
  if (!has_rows(text, n)) return PLEAT_OK;
  pleat_buf a3m = {0};
  pleat_status status = pleat_stockholm_to_a3m(text, n, path, PLEAT_ALL_ROWS, true, &a3m, err);
  if (!status) status = read_hits(&r, &a3m);
  if (status) pleat_template_hits_fini(out_hits);
  pleat_buf_fini(&a3m);
  return status;
}
