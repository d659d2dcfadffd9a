/* A3M reader and the split of ColabFold's complexes. What is accepted and refused: a3m.h.
 * Source: alphafold/data/parsers.py (parse_a3m), ColabFold colabfold/input.py (unserialize_msa).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/a3m.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/os.h"
#include "io/fasta.h"
#include "io/lines.h"

/* What a byte of a sequence line is. */
enum { BYTE_BAD, BYTE_COLUMN, BYTE_INSERTION, BYTE_SKIPPED };

typedef struct a3m_parser {
  pleat_lines *lines;
  const char *path;
  pleat_a3m *a3m;
  int64_t max_rows;
  uint8_t byte_kinds[256];
  int64_t capacity;  /* rows that there is room for */
  pleat_buf first;   /* letters of the first row, whose width is not known yet */
  char *description; /* of the row being read */
  /* The current line without blanks around it. */
  const char *line;
  size_t n;
  int64_t column; /* of line[0], from 1 */
  /* The row being read; row_line 0 = none yet. */
  int64_t row_line;
  int64_t n_columns;
  int64_t n_insertions; /* since its last column */
  pleat_error *err;
} a3m_parser;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Moves to the next line that is not blank. */
static pleat_status next_line(a3m_parser *p, bool *out_is_line) {
  while (true) {
    PLEAT_TRY(pleat_lines_next(p->lines, out_is_line, p->err));
    if (!*out_is_line) return PLEAT_OK;
    const char *line = p->lines->line, *end = line + p->lines->n;
    while (line < end && is_blank(*line)) line++;
    while (end > line && is_blank(end[-1])) end--;
    p->line = line;
    p->n = (size_t)(end - line);
    p->column = line - p->lines->line + 1;
    if (p->n > 0) return PLEAT_OK;
  }
}

static pleat_status no_memory(a3m_parser *p) {
  return pleat_fail_at(p->err, PLEAT_NOMEM, p->path, 0, 0, "no memory for this alignment");
}

/* ColabFold's "#len,len<TAB>card,card": nothing but digits, commas and one tab. Anything else behind '#' is a
 * comment. */
static bool is_complex_header(const char *line, size_t n) {
  size_t n_tabs = 0;
  if (n < 2 || line[0] != '#' || !is_digit(line[1])) return false;
  for (size_t i = 1; i < n; i++) {
    n_tabs += line[i] == '\t';
    if (!is_digit(line[i]) && line[i] != ',' && line[i] != '\t') return false;
  }
  return n_tabs == 1;
}

/* Reads "8,4": numbers in [1, PLEAT_MAX_RESIDUES], at most `capacity` of them. -1: not such a list. */
static int64_t parse_numbers(const char *text, const char *end, int64_t capacity, int64_t *dst) {
  int64_t n = 0;
  while (n < capacity) {
    int64_t number = 0;
    const char *begin = text;
    for (; text < end && is_digit(*text); text++) {
      number = 10 * number + (*text - '0');
      if (number > PLEAT_MAX_RESIDUES) return -1;
    }
    if (text == begin || number == 0) return -1;
    dst[n++] = number;
    if (text == end) return n;
    if (*text++ != ',') return -1;
  }
  return -1;
}

static pleat_status parse_complex_header(a3m_parser *p) {
  pleat_a3m *a3m = p->a3m;
  const char *begin = p->line + 1;
  const char *end = p->line + p->n;
  const char *tab = memchr(begin, '\t', (size_t)(end - begin));
  int64_t capacity = (int64_t)p->n; /* each number takes at least one byte */
  a3m->chain_lengths = calloc((size_t)capacity, sizeof *a3m->chain_lengths);
  a3m->cardinalities = calloc((size_t)capacity, sizeof *a3m->cardinalities);
  if (!a3m->chain_lengths || !a3m->cardinalities) return no_memory(p);
  int64_t n_lengths = parse_numbers(begin, tab, capacity, a3m->chain_lengths);
  int64_t n_cardinalities = parse_numbers(tab + 1, end, capacity, a3m->cardinalities);
  if (n_lengths < 0 || n_cardinalities < 0 || n_lengths != n_cardinalities) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->lines->number, p->column,
                         "header '%.*s' of a complex: expected as many chain lengths as copies, all from 1 to %d, "
                         "like \"#120,85<TAB>2,1\"",
                         (int)(p->n < 100 ? p->n : 100), p->line, PLEAT_MAX_RESIDUES);
  }
  int64_t n_residues = 0;
  for (int64_t k = 0; k < n_lengths && n_residues <= PLEAT_MAX_RESIDUES; k++) {
    n_residues += a3m->chain_lengths[k] * a3m->cardinalities[k];
  }
  if (n_residues > PLEAT_MAX_RESIDUES) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->lines->number, p->column,
                         "the complex has more than %d residues, the most that pleat reads: leave chains out",
                         PLEAT_MAX_RESIDUES);
  }
  a3m->n_chains = n_lengths;
  return PLEAT_OK;
}

/* How many rows there will be, by the bytes of those that were there; doubles while that is not known. A file of a few
 * bytes cannot ask for much memory: the rows that were there were as wide as all will be. */
static size_t expected_rows(const a3m_parser *p) {
  enum { FEWEST = 16, ENOUGH = 1024 };
  uint64_t n_done, n_left;
  if (p->capacity < ENOUGH) return p->capacity ? 2 * (size_t)p->capacity : FEWEST;
  if (!pleat_lines_place(p->lines, &n_done, &n_left)) return 2 * (size_t)p->capacity;
  double n_more = (double)p->capacity * (double)n_left / (double)n_done;
  if (n_more > (double)(p->max_rows - p->capacity)) n_more = (double)(p->max_rows - p->capacity);
  return (size_t)p->capacity + (size_t)(n_more * 1.02) + FEWEST;
}

/* Room for one more row; deletions are zero. */
static pleat_status make_room(a3m_parser *p) {
  pleat_msa *msa = &p->a3m->msa;
  if (msa->n_rows < p->capacity) return PLEAT_OK;
  size_t n_rows = expected_rows(p), n_cols = (size_t)msa->n_cols;
  if (n_rows > SIZE_MAX / sizeof(int32_t) / n_cols) return no_memory(p);
  char *letters = realloc(msa->letters, n_rows * n_cols);
  if (letters) msa->letters = letters;
  char **descriptions = letters ? realloc(msa->descriptions, n_rows * sizeof *descriptions) : NULL;
  if (descriptions) msa->descriptions = descriptions;
  /* Large memory of calloc is zero without being written. */
  int32_t *deletions = descriptions ? calloc(n_rows * n_cols, sizeof *deletions) : NULL;
  if (!deletions) return no_memory(p);
  if (msa->n_rows) memcpy(deletions, msa->deletions, (size_t)msa->n_rows * n_cols * sizeof *deletions);
  free(msa->deletions);
  msa->deletions = deletions;
  pleat_os_pages_want_large(letters, n_rows * n_cols);
  pleat_os_pages_want_large(deletions, n_rows * n_cols * sizeof *deletions);
  p->capacity = (int64_t)n_rows;
  return PLEAT_OK;
}

/* The first row is complete: it says how wide all others are. */
static pleat_status set_width(a3m_parser *p) {
  pleat_msa *msa = &p->a3m->msa;
  if (p->first.is_failed) return no_memory(p);
  msa->n_cols = p->n_columns;
  PLEAT_TRY(make_room(p));
  memcpy(msa->letters, p->first.data, (size_t)msa->n_cols);
  p->byte_kinds['-'] = BYTE_COLUMN;
  memset(&p->byte_kinds['a'], BYTE_INSERTION, 26);
  return PLEAT_OK;
}

/* Checks the width of the row just read and keeps it. No row: no effect. */
static pleat_status end_row(a3m_parser *p) {
  pleat_msa *msa = &p->a3m->msa;
  if (p->row_line == 0) return PLEAT_OK;
  if (p->n_columns == 0) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->row_line, 0,
                         "row %lld is empty: expected an aligned sequence below its header line",
                         (long long)msa->n_rows + 1);
  }
  if (msa->n_cols == 0) PLEAT_TRY(set_width(p));
  if (p->n_columns != msa->n_cols) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->row_line, 0,
                         "row %lld has %lld columns (upper case and '-'), expected %lld as in the first row: the "
                         "alignment is damaged or not in a3m format",
                         (long long)msa->n_rows + 1, (long long)p->n_columns, (long long)msa->n_cols);
  }
  msa->descriptions[msa->n_rows++] = p->description;
  p->description = NULL;
  return PLEAT_OK;
}

/* Ends the row before; *out_is_full: it was the last one wanted. */
static pleat_status begin_row(a3m_parser *p, bool *out_is_full) {
  PLEAT_TRY(end_row(p));
  *out_is_full = p->a3m->msa.n_rows >= p->max_rows;
  p->row_line = *out_is_full ? 0 : p->lines->number;
  if (*out_is_full) return PLEAT_OK;
  p->n_columns = 0;
  p->n_insertions = 0;
  if (p->a3m->msa.n_cols) PLEAT_TRY(make_room(p));
  free(p->description); /* there is none: end_row has taken it */
  p->description = malloc(p->n);
  if (p->description == NULL) return no_memory(p);
  memcpy(p->description, p->line + 1, p->n - 1);
  p->description[p->n - 1] = '\0';
  return PLEAT_OK;
}

static pleat_status refuse_byte(a3m_parser *p, size_t i) {
  char c = p->line[i];
  int64_t line = p->lines->number, column = p->column + (int64_t)i;
  long long row = (long long)p->a3m->msa.n_rows + 1;
  unsigned char byte = (unsigned char)c;
  if (byte < 0x20 || byte > 0x7e) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "byte 0x%02x in row %lld: expected letters, '-' and '.' (plain text)", byte, row);
  }
  if (row == 1 && c == '-') {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "gap in the first row: it must be the query without gaps; make the columns follow it");
  }
  if (row == 1 && c >= 'a' && c <= 'z') {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "lower case '%c' in the first row: it must be the query, all in upper case", c);
  }
  return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                       "'%c' in row %lld: expected A-Z and '-' for columns, a-z for insertions, '.'", c, row);
}

static pleat_status add_columns(a3m_parser *p, const char *columns, size_t n) {
  pleat_msa *msa = &p->a3m->msa;
  if (msa->n_cols == 0) {
    pleat_buf_append(&p->first, columns, n);
  } else if (p->n_columns < msa->n_cols) {
    int64_t at = msa->n_rows * msa->n_cols + p->n_columns;
    size_t n_room = (size_t)(msa->n_cols - p->n_columns), n_stored = n < n_room ? n : n_room;
    memcpy(msa->letters + at, columns, n_stored);
    if (p->n_insertions) msa->deletions[at] = p->n_insertions < INT32_MAX ? (int32_t)p->n_insertions : INT32_MAX;
  }
  p->n_columns += (int64_t)n;
  p->n_insertions = 0;
  if (msa->n_cols || p->n_columns <= PLEAT_MAX_RESIDUES) return PLEAT_OK;
  return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->lines->number, 0,
                       "the first row has more than %d columns, the most that pleat reads: split the protein",
                       PLEAT_MAX_RESIDUES);
}

/* Runs of equal kinds are long: most rows have few insertions. */
static pleat_status add_sequence_line(a3m_parser *p) {
  size_t i = 0;
  while (i < p->n) {
    size_t begin = i;
    uint8_t kind = p->byte_kinds[(unsigned char)p->line[begin]];
    if (kind == BYTE_BAD) return refuse_byte(p, begin);
    while (i < p->n && p->byte_kinds[(unsigned char)p->line[i]] == kind) i++;
    if (kind == BYTE_INSERTION) p->n_insertions += (int64_t)(i - begin);
    if (kind == BYTE_COLUMN) PLEAT_TRY(add_columns(p, p->line + begin, i - begin));
  }
  return PLEAT_OK;
}

static pleat_status check_complex(a3m_parser *p, int64_t header_line) {
  int64_t n_cols = 0;
  if (p->a3m->n_chains == 0) return PLEAT_OK;
  for (int64_t k = 0; k < p->a3m->n_chains; k++) n_cols += p->a3m->chain_lengths[k];
  if (n_cols == p->a3m->msa.n_cols) return PLEAT_OK;
  return pleat_fail_at(p->err, PLEAT_INPUT, p->path, header_line, 0,
                       "the chain lengths in the header add up to %lld, but the first row has %lld columns: the header "
                       "belongs to another alignment",
                       (long long)n_cols, (long long)p->a3m->msa.n_cols);
}

static pleat_status parse_rows(a3m_parser *p) {
  int64_t header_line = 0;
  bool is_line = true, is_full = false;
  for (bool is_first_line = true; !is_full; is_first_line = false) {
    PLEAT_TRY(next_line(p, &is_line));
    if (!is_line) break;
    if (p->line[0] == '#') {
      if (!is_first_line || !is_complex_header(p->line, p->n)) continue;
      header_line = p->lines->number;
      PLEAT_TRY(parse_complex_header(p));
    } else if (p->line[0] == '>') {
      PLEAT_TRY(begin_row(p, &is_full));
    } else if (p->row_line == 0) {
      return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->lines->number, p->column,
                           "text before the first '>': expected an a3m alignment, a header line \">name\" above each "
                           "row");
    } else {
      PLEAT_TRY(add_sequence_line(p));
    }
  }
  if (p->row_line == 0 && !is_full) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "the file is empty: expected an a3m alignment whose first row is the query");
  }
  PLEAT_TRY(end_row(p));
  return check_complex(p, header_line);
}

/* Gives back the room of rows that did not come. */
static void shrink(pleat_msa *msa) {
  size_t n_letters = (size_t)(msa->n_rows * msa->n_cols);
  if (n_letters == 0) return;
  void *letters = realloc(msa->letters, n_letters);
  if (letters) msa->letters = letters;
  void *deletions = realloc(msa->deletions, n_letters * sizeof *msa->deletions);
  if (deletions) msa->deletions = deletions;
}

static pleat_status parse(pleat_lines *lines, int64_t max_rows, pleat_a3m *out_a3m, pleat_error *err) {
  *out_a3m = (pleat_a3m){0};
  a3m_parser p = {.lines = lines, .path = lines->path, .a3m = out_a3m, .max_rows = max_rows, .err = err};
  memset(p.byte_kinds, BYTE_BAD, sizeof p.byte_kinds);
  memset(&p.byte_kinds['A'], BYTE_COLUMN, 26);
  p.byte_kinds['.'] = p.byte_kinds[' '] = p.byte_kinds['\t'] = p.byte_kinds['\r'] = BYTE_SKIPPED;
  pleat_status status = parse_rows(&p);
  if (status) {
    pleat_a3m_fini(out_a3m);
  } else {
    shrink(&out_a3m->msa);
  }
  free(p.description);
  pleat_buf_fini(&p.first);
  return status;
}

pleat_status pleat_a3m_parse(const char *text, size_t n, const char *path, pleat_a3m *out_a3m, pleat_error *err) {
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_NUL);
  return parse(&lines, PLEAT_ALL_ROWS, out_a3m, err);
}

pleat_status pleat_a3m_read(const char *path, int64_t max_rows, pleat_a3m *out_a3m, pleat_error *err) {
  *out_a3m = (pleat_a3m){0};
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_NUL, &lines, err));
  pleat_status status = parse(&lines, max_rows, out_a3m, err);
  pleat_lines_close(&lines);
  return status;
}

void pleat_a3m_fini(pleat_a3m *a3m) {
  pleat_msa_fini(&a3m->msa);
  free(a3m->chain_lengths);
  free(a3m->cardinalities);
  *a3m = (pleat_a3m){0};
}

/* Where the rows of a complex go. Chain k has columns [first[k], first[k + 1]). */
typedef struct split_plan {
  const pleat_a3m *a3m;
  int64_t n_chains;
  int64_t *first;
  uint8_t *is_kept;   /* [n_rows]: not a repetition of an earlier row */
  uint8_t *is_paired; /* [n_rows]: residues in more than one chain */
  uint8_t *has_chain; /* [n_rows, n_chains]: residues in that chain */
} split_plan;

static void plan_fini(split_plan *plan) {
  free(plan->first);
  free(plan->is_kept);
  free(plan->is_paired);
  free(plan->has_chain);
}

/* ColabFold drops rows that repeat both header and sequence. Three 64-bit hashes stand for a row: the strings
 * themselves would need a copy of the alignment. A plain a3m keeps every row. */
static pleat_status mark_repetitions(split_plan *plan, pleat_error *err) {
  const pleat_msa *msa = &plan->a3m->msa;
  memset(plan->is_kept, 1, (size_t)msa->n_rows);
  if (plan->a3m->n_chains == 0) return PLEAT_OK;
  enum { N_HASHES = 3 };
  size_t n_cols = (size_t)msa->n_cols;
  pleat_map seen = {0};
  uint64_t *keys = calloc((size_t)msa->n_rows, N_HASHES * sizeof *keys);
  bool is_ok = keys != NULL;
  for (int64_t r = 0; is_ok && r < msa->n_rows; r++) {
    uint64_t *key = keys + r * N_HASHES;
    uint32_t existing = PLEAT_MAP_NONE;
    key[0] = pleat_hash64(msa->descriptions[r], strlen(msa->descriptions[r]));
    key[1] = pleat_hash64(msa->letters + (size_t)r * n_cols, n_cols);
    key[2] = pleat_hash64(msa->deletions + (size_t)r * n_cols, n_cols * sizeof *msa->deletions);
    is_ok = pleat_map_insert(&seen, (const char *)key, N_HASHES * sizeof *key, 0, &existing);
    plan->is_kept[r] = existing == PLEAT_MAP_NONE;
  }
  pleat_map_fini(&seen);
  free(keys);
  if (!is_ok) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to split an alignment of %lld rows", (long long)msa->n_rows);
  return PLEAT_OK;
}

static pleat_status plan_init(split_plan *plan, pleat_error *err) {
  const pleat_msa *msa = &plan->a3m->msa;
  size_t n_rows = (size_t)msa->n_rows;
  size_t n_chains = (size_t)plan->n_chains;
  plan->first = calloc(n_chains + 1, sizeof *plan->first);
  plan->is_kept = calloc(n_rows, 1);
  plan->is_paired = calloc(n_rows, 1);
  plan->has_chain = calloc(n_rows, n_chains); /* at most as large as the alignment */
  if (!plan->first || !plan->is_kept || !plan->is_paired || !plan->has_chain) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to split an alignment of %zu rows", n_rows);
  }
  for (size_t k = 0; k < n_chains; k++) {
    plan->first[k + 1] = plan->first[k] + (plan->a3m->n_chains ? plan->a3m->chain_lengths[k] : msa->n_cols);
  }
  for (size_t r = 0; r < n_rows; r++) {
    size_t n_present = 0;
    for (size_t k = 0; k < n_chains; k++) {
      const char *letters = msa->letters + r * (size_t)msa->n_cols;
      bool has_residue = false;
      for (int64_t c = plan->first[k]; c < plan->first[k + 1] && !has_residue; c++) has_residue = letters[c] != '-';
      /* A plain a3m is copied as it is, rows of gaps too. */
      plan->has_chain[r * n_chains + k] = has_residue || plan->a3m->n_chains == 0;
      n_present += has_residue;
    }
    plan->is_paired[r] = n_present > 1;
  }
  return mark_repetitions(plan, err);
}

static bool msa_init(pleat_msa *msa, int64_t n_rows, int64_t n_cols) {
  size_t n_letters = (size_t)n_rows * (size_t)n_cols + 1; /* + 1: NULL means failure also where there is no row */
  msa->n_cols = n_cols;
  msa->letters = malloc(n_letters);
  msa->deletions = malloc(n_letters * sizeof *msa->deletions);
  msa->descriptions = calloc((size_t)n_rows + 1, sizeof *msa->descriptions);
  return msa->letters && msa->deletions && msa->descriptions;
}

/* Appends columns [first, first + n_cols) of row r. */
static bool msa_append(pleat_msa *msa, const pleat_msa *src, int64_t r, int64_t first, const char *description,
                       size_t n_description) {
  size_t n_cols = (size_t)msa->n_cols;
  size_t from = (size_t)(r * src->n_cols + first);
  size_t to = (size_t)msa->n_rows * n_cols;
  char *copy = malloc(n_description + 1);
  if (copy == NULL) return false;
  memcpy(copy, description, n_description);
  copy[n_description] = '\0';
  memcpy(msa->letters + to, src->letters + from, n_cols);
  memcpy(msa->deletions + to, src->deletions + from, n_cols * sizeof *msa->deletions);
  msa->descriptions[msa->n_rows++] = copy;
  return true;
}

static bool append_query(const split_plan *plan, int64_t k, pleat_msa *msa) {
  char name[32];
  int n = snprintf(name, sizeof name, "%lld", 101 + (long long)k); /* ColabFold numbers chains from 101 */
  return msa_append(msa, &plan->a3m->msa, 0, plan->first[k], name, (size_t)n);
}

static bool split_unpaired(const split_plan *plan, int64_t k, pleat_msa *out_msa) {
  const pleat_msa *msa = &plan->a3m->msa;
  size_t n_cols = (size_t)(plan->first[k + 1] - plan->first[k]);
  int64_t n_rows = 0;
  int64_t r_first = -1;
  for (int64_t r = 0; r < msa->n_rows; r++) {
    if (!plan->is_kept[r] || plan->is_paired[r] || !plan->has_chain[r * plan->n_chains + k]) continue;
    if (r_first < 0) r_first = r;
    n_rows++;
  }
  /* DEVIATION: ColabFold's file may hold no unpaired query row, and its reader then puts the sequence in later. */
  const char *query = msa->letters + plan->first[k];
  bool has_query = r_first >= 0 && memcmp(query + r_first * msa->n_cols, query, n_cols) == 0;
  bool is_ok = msa_init(out_msa, n_rows + !has_query, (int64_t)n_cols) && (has_query || append_query(plan, k, out_msa));
  for (int64_t r = 0; is_ok && r < msa->n_rows; r++) {
    if (!plan->is_kept[r] || plan->is_paired[r] || !plan->has_chain[r * plan->n_chains + k]) continue;
    is_ok = msa_append(out_msa, msa, r, plan->first[k], msa->descriptions[r], strlen(msa->descriptions[r]));
  }
  return is_ok;
}

/* The parts of a paired row. Its description is "a<TAB>b<TAB>..."; a part that is missing there is empty. */
static bool append_paired_row(const split_plan *plan, int64_t r, pleat_msa *out_msas) {
  const pleat_msa *msa = &plan->a3m->msa;
  const char *part = msa->descriptions[r];
  bool is_ok = true;
  for (int64_t k = 0; is_ok && k < plan->n_chains; k++) {
    size_t n_part = strcspn(part, "\t");
    is_ok = msa_append(&out_msas[k], msa, r, plan->first[k], part, n_part);
    part += n_part + (part[n_part] == '\t');
  }
  return is_ok;
}

static bool split_paired(const split_plan *plan, pleat_msa *out_msas) {
  const pleat_msa *msa = &plan->a3m->msa;
  /* Copies of one sequence are paired by nothing but the query. */
  if (plan->n_chains == 1) return msa_init(out_msas, 1, msa->n_cols) && append_query(plan, 0, out_msas);
  int64_t n_rows = 0;
  bool is_ok = true;
  for (int64_t r = 0; r < msa->n_rows; r++) n_rows += plan->is_kept[r] && plan->is_paired[r];
  for (int64_t k = 0; is_ok && k < plan->n_chains; k++) {
    is_ok = msa_init(&out_msas[k], n_rows, plan->first[k + 1] - plan->first[k]);
  }
  for (int64_t r = 0; is_ok && r < msa->n_rows; r++) {
    if (plan->is_kept[r] && plan->is_paired[r]) is_ok = append_paired_row(plan, r, out_msas);
  }
  return is_ok;
}

static void free_msas(pleat_msa *msas, int64_t n) {
  for (int64_t k = 0; msas && k < n; k++) pleat_msa_fini(&msas[k]);
  free(msas);
}

pleat_status pleat_a3m_split(const pleat_a3m *a3m, pleat_msa **out_unpaired, pleat_msa **out_paired, size_t *out_n,
                             pleat_error *err) {
  if (a3m->msa.n_rows < 1) PLEAT_FAIL(err, PLEAT_INPUT, "the alignment has no row: expected at least the query");
  split_plan plan = {.a3m = a3m, .n_chains = a3m->n_chains ? a3m->n_chains : 1};
  pleat_msa *unpaired = NULL;
  pleat_msa *paired = NULL;
  /* A protein alone has nothing to pair. */
  bool is_complex = a3m->n_chains > 1 || (a3m->n_chains == 1 && a3m->cardinalities[0] > 1);
  pleat_status status = plan_init(&plan, err);
  if (status) goto done;
  unpaired = calloc((size_t)plan.n_chains, sizeof *unpaired);
  paired = calloc((size_t)plan.n_chains, sizeof *paired);
  bool is_ok = unpaired && paired && (!is_complex || split_paired(&plan, paired));
  for (int64_t k = 0; is_ok && k < plan.n_chains; k++) is_ok = split_unpaired(&plan, k, &unpaired[k]);
  if (!is_ok) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to split an alignment of %lld rows", (long long)a3m->msa.n_rows);
    goto done;
  }
  *out_unpaired = unpaired;
  *out_paired = is_complex ? paired : NULL;
  *out_n = (size_t)plan.n_chains;
  unpaired = NULL;
  if (is_complex) paired = NULL;
done:
  free_msas(unpaired, plan.n_chains);
  free_msas(paired, plan.n_chains);
  plan_fini(&plan);
  return status;
}
