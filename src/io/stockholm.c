/* Stockholm reader: rows are gathered over the chunks of the file, then cut to the columns of the query.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/stockholm.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"
#include "base/os.h"
#include "io/fasta.h"
#include "io/stockholm_priv.h"

enum { CHECK_BLOCK = 32 };

static pleat_status no_memory(const pleat_sto_reader *r) {
  return pleat_fail_at(r->err, PLEAT_NOMEM, r->lines->path, 0, 0, "no memory for this alignment (%u rows so far)",
                       r->n_rows);
}

void pleat_sto_fini(pleat_sto_reader *r) {
  for (uint32_t i = 0; i < r->n_rows; i++) {
    free(r->rows[i].name);
    free(r->rows[i].letters);
  }
  free(r->rows);
  free(r->runs);
  pleat_map_fini(&r->names);
}

static pleat_status refuse_line(const pleat_sto_reader *r, const char *what) {
  const pleat_lines *lines = r->lines;
  return pleat_fail_at(r->err, PLEAT_INPUT, lines->path, lines->number, 0,
                       "%s: expected a row of a Stockholm alignment, \"name sequence\", or markup behind '#': '%.*s'",
                       what, (int)(lines->n < 60 ? lines->n : 60), lines->line);
}

static bool is_named(const pleat_sto_row *row, const char *name, size_t n) {
  return row->n_name == n && memcmp(row->name, name, n) == 0;
}

/* The row of this name, a new one if need be; NULL: beyond the rows wanted. */
static pleat_status find_row(pleat_sto_reader *r, const char *name, size_t n_name, pleat_sto_row **out_row) {
  *out_row = NULL;
  if (r->i_next >= r->n_rows) r->i_next = 0;
  if (r->n_rows && is_named(&r->rows[r->i_next], name, n_name)) {
    *out_row = &r->rows[r->i_next++];
    return PLEAT_OK;
  }
  uint32_t found = pleat_map_find(&r->names, name, n_name);
  if (found != PLEAT_MAP_NONE) {
    *out_row = &r->rows[found];
    r->i_next = found + 1;
    return PLEAT_OK;
  }
  if (r->n_rows >= r->max_rows) return PLEAT_OK;
  if (memchr(name, '\0', n_name)) return refuse_line(r, "a NUL byte in a name");
  if (!pleat_grow(&r->rows, r->n_rows, &r->capacity, sizeof *r->rows)) return no_memory(r);
  char *copy = pleat_copy(name, n_name);
  if (!copy) return no_memory(r);
  r->rows[r->n_rows] = (pleat_sto_row){.name = copy, .n_name = n_name, .line = r->lines->number};
  *out_row = &r->rows[r->n_rows];
  if (!pleat_map_insert(&r->names, copy, n_name, r->n_rows++, NULL)) return no_memory(r);
  r->i_next = r->n_rows;
  return PLEAT_OK;
}

static pleat_status append(const pleat_sto_reader *r, pleat_sto_row *row, const char *letters, size_t n) {
  if (!row->letters || n > row->capacity - row->n) {
    size_t capacity = row->n + n + (row->n ? row->n / 2 : 0);
    char *grown = realloc(row->letters, capacity);
    if (!grown) return no_memory(r);
    row->letters = grown;
    row->capacity = capacity;
  }
  memcpy(row->letters + row->n, letters, n);
  row->n += n;
  return PLEAT_OK;
}

static pleat_status add_line(pleat_sto_reader *r) {
  const char *at = r->lines->line, *end = at + r->lines->n;
  if (at < end && *at == '#') return PLEAT_OK; /* most of what is not a row */
  while (at < end && pleat_is_blank(*at)) at++;
  while (end > at && pleat_is_blank(end[-1])) end--;
  if (at == end || *at == '#' || (end - at >= 2 && at[0] == '/' && at[1] == '/')) return PLEAT_OK;
  size_t n_name;
  const char *name = pleat_next_field(&at, end, &n_name);
  while (at < end && pleat_is_blank(*at)) at++;
  if (at == end) return refuse_line(r, "a line with one word");
  if (r->has_blanks) end = r->lines->line + r->lines->n;
  size_t n = (size_t)(end - at);
  if (!r->has_blanks && (memchr(at, ' ', n) || memchr(at, '\t', n))) {
    return refuse_line(r, "a line with more than two words");
  }
  pleat_sto_row *row = NULL;
  PLEAT_TRY(find_row(r, name, n_name, &row));
  return row ? append(r, row, at, n) : PLEAT_OK;
}

pleat_status pleat_sto_gather(pleat_sto_reader *r) {
  bool is_line = true;
  while (true) {
    PLEAT_TRY(pleat_lines_next(r->lines, &is_line, r->err));
    if (!is_line) break;
    r->n_before = r->n_rows;
    PLEAT_TRY(add_line(r));
  }
  if (r->n_rows) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->lines->path, 0, 0,
                       "the file has no rows: expected a Stockholm alignment whose first row is the query");
}

/* Which columns are the query's. */
static pleat_status plan_columns(pleat_sto_reader *r) {
  const pleat_sto_row *query = &r->rows[0];
  for (size_t c = 0; c < query->n;) {
    pleat_sto_run run = {0};
    for (; c < query->n && query->letters[c] == '-'; c++) run.n_dropped++;
    for (; c < query->n && query->letters[c] != '-'; c++) run.n_kept++;
    r->n_cols += (int64_t)run.n_kept;
    if (!pleat_grow(&r->runs, r->n_runs, &r->runs_capacity, sizeof *r->runs)) return no_memory(r);
    r->runs[r->n_runs++] = run;
  }
  if (r->n_cols >= 1 && r->n_cols <= PLEAT_MAX_RESIDUES) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->lines->path, query->line, 0,
                       "the first row, '%.100s', has %lld residues: expected the query, 1 to %d residues", query->name,
                       (long long)r->n_cols, PLEAT_MAX_RESIDUES);
}

static bool is_column(char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }

/* Blocks of constant size let the compiler look at whole vectors. */
static bool are_columns(const char *letters, size_t n) {
  uint8_t bad = 0, lanes[CHECK_BLOCK] = {0};
  size_t i = 0;
  for (; i + CHECK_BLOCK <= n; i += CHECK_BLOCK) {
    for (int k = 0; k < CHECK_BLOCK; k++) {
      uint8_t c = (uint8_t)letters[i + k];
      lanes[k] |= (uint8_t)(((uint8_t)(c - 'A') > 25) & (c != '-'));
    }
  }
  for (; i < n; i++) bad |= !is_column(letters[i]);
  for (int k = 0; k < CHECK_BLOCK; k++) bad |= lanes[k];
  return !bad;
}

static pleat_status refuse_letter(const pleat_sto_reader *r, const pleat_sto_row *row, const char *kept) {
  int64_t c = 0;
  while (is_column(kept[c])) c++;
  unsigned char byte = (unsigned char)kept[c];
  return pleat_fail_at(r->err, PLEAT_INPUT, r->lines->path, row->line, 0,
                       byte > 0x20 && byte < 0x7f ? "row '%.100s' has '%c' at residue %lld of the query: expected A-Z "
                                                    "or '-'; an alignment to a profile, without the query in its "
                                                    "first row, is for the template search"
                                                  : "row '%.100s' has byte 0x%02x at residue %lld of the query: "
                                                    "expected A-Z or '-'",
                       row->name, byte, (long long)c + 1);
}

static size_t count_letters(const char *letters, size_t n) {
  size_t n_letters = 0, i = 0;
  for (; i + CHECK_BLOCK <= n; i += CHECK_BLOCK) {
    uint8_t lanes[CHECK_BLOCK];
    for (int k = 0; k < CHECK_BLOCK; k++) lanes[k] = letters[i + k] != '-';
    for (int k = 0; k < CHECK_BLOCK; k++) n_letters += lanes[k];
  }
  for (; i < n; i++) n_letters += letters[i] != '-';
  return n_letters;
}

/* Row i without the columns of the query's gaps; its deletions were zero before. */
static pleat_status cut_row(const pleat_sto_reader *r, const pleat_sto_row *row, char *letters, int32_t *deletions) {
  const char *from = row->letters;
  size_t to = 0;
  for (uint32_t k = 0; k < r->n_runs; k++) {
    size_t n_letters = count_letters(from, r->runs[k].n_dropped);
    from += r->runs[k].n_dropped;
    if (r->runs[k].n_kept == 0) break; /* behind the last residue */
    if (n_letters) deletions[to] = n_letters < INT32_MAX ? (int32_t)n_letters : INT32_MAX;
    memcpy(letters + to, from, r->runs[k].n_kept);
    from += r->runs[k].n_kept;
    to += r->runs[k].n_kept;
  }
  return are_columns(letters, to) ? PLEAT_OK : refuse_letter(r, row, letters);
}

static pleat_status check_widths(const pleat_sto_reader *r) {
  for (uint32_t i = 1; i < r->n_rows; i++) {
    const pleat_sto_row *row = &r->rows[i];
    if (row->n == r->rows[0].n) continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->lines->path, row->line, 0,
                         "row '%.100s' has %zu columns, expected %zu as in the first row: the alignment is damaged",
                         row->name, row->n, r->rows[0].n);
  }
  return PLEAT_OK;
}

/* Each row is released as soon as it is cut; its name is handed over. All rows have letters in every column, so that
 * a small file cannot ask for much memory. */
static pleat_status cut_rows(pleat_sto_reader *r, pleat_msa *msa) {
  PLEAT_TRY(plan_columns(r));
  PLEAT_TRY(check_widths(r));
  size_t n_letters = (size_t)r->n_rows * (size_t)r->n_cols;
  *msa = (pleat_msa){.n_rows = r->n_rows, .n_cols = r->n_cols};
  msa->letters = malloc(n_letters);
  msa->deletions = calloc(n_letters, sizeof *msa->deletions);
  msa->descriptions = calloc(r->n_rows, sizeof *msa->descriptions);
  if (!msa->letters || !msa->deletions || !msa->descriptions) return no_memory(r);
  pleat_os_pages_want_large(msa->letters, n_letters);
  pleat_os_pages_want_large(msa->deletions, n_letters * sizeof *msa->deletions);
  for (uint32_t i = 0; i < r->n_rows; i++) {
    pleat_sto_row *row = &r->rows[i];
    size_t at = (size_t)i * (size_t)r->n_cols;
    PLEAT_TRY(cut_row(r, row, msa->letters + at, msa->deletions + at));
    msa->descriptions[i] = row->name;
    row->name = NULL;
    if (i > 0) free(row->letters);
    if (i > 0) row->letters = NULL;
  }
  return PLEAT_OK;
}

static pleat_status read_alignment(pleat_lines *lines, int64_t max_rows, pleat_msa *out_msa, pleat_error *err) {
  *out_msa = (pleat_msa){0};
  pleat_sto_reader reader = {.lines = lines, .max_rows = max_rows, .err = err};
  pleat_status status = pleat_sto_gather(&reader);
  if (!status) status = cut_rows(&reader, out_msa);
  if (status) pleat_msa_fini(out_msa);
  pleat_sto_fini(&reader);
  return status;
}

pleat_status pleat_stockholm_parse(const char *text, size_t n, const char *path, int64_t max_rows, pleat_msa *out_msa,
                                   pleat_error *err) {
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  return read_alignment(&lines, max_rows, out_msa, err);
}

pleat_status pleat_stockholm_read(const char *path, int64_t max_rows, pleat_msa *out_msa, pleat_error *err) {
  *out_msa = (pleat_msa){0};
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_SPLIT, &lines, err));
  pleat_status status = read_alignment(&lines, max_rows, out_msa, err);
  pleat_lines_close(&lines);
  return status;
}
