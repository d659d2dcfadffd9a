/* HHsearch's hits: "No N", the name, a summary, then blocks of lines of a fixed width. Accepts and refuses: hhr.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/hhr.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/lines.h"
#include "io/span.h"

enum { NAME_COLUMNS = 17, MAX_POSITION = 1 << 30 }; /* sequence lines begin with 17 characters of name */

/* What a line of a paragraph is, by its number below "No N". */
enum { LINE_NAME = 1, LINE_SUMMARY, LINE_BLOCKS };

typedef struct hhr_reader {
  pleat_lines lines;
  pleat_template_hits *hits;
  int64_t i_line; /* in the paragraph; 0 = before the first */
  /* The hit being read. */
  pleat_buf query, hit_sequence, indices_query, indices_hit;
  size_t n_block; /* width of the last query line */
  int64_t hit_line;
  pleat_error *err;
} hhr_reader;

static pleat_status no_memory(const hhr_reader *r) {
  return pleat_fail_at(r->err, PLEAT_NOMEM, r->lines.path, 0, 0, "no memory for the template hits");
}

static pleat_status refuse(const hhr_reader *r, const char *expected) {
  const pleat_lines *lines = &r->lines;
  return pleat_fail_at(r->err, PLEAT_INPUT, lines->path, lines->number, 0, "expected %s, found '%.*s'", expected,
                       (int)(lines->n < 80 ? lines->n : 80), lines->line);
}

static bool starts_with(const pleat_lines *lines, const char *prefix) {
  size_t n = strlen(prefix);
  return lines->n >= n && memcmp(lines->line, prefix, n) == 0;
}

/* Digits as a number; -1: none, or beyond what a position can be. */
static int64_t read_digits(const char **at, const char *end) {
  int64_t value = 0;
  const char *begin = *at;
  for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
    if (value <= MAX_POSITION) value = 10 * value + (**at - '0');
  }
  return *at == begin || value > MAX_POSITION ? -1 : value;
}

static void skip_blanks(const char **at, const char *end) {
  while (*at < end && (**at == ' ' || **at == '\t')) (*at)++;
}

/* ---- A hit as a whole ---- */

static pleat_status end_hit(hhr_reader *r) {
  if (r->i_line == 0) return PLEAT_OK;
  pleat_template_hit *hit = &r->hits->hits[r->hits->n_hits - 1];
  if (r->i_line <= LINE_SUMMARY) {
    return pleat_fail_at(r->err, PLEAT_INPUT, r->lines.path, r->hit_line, 0,
                         "a hit that ends too early: expected its name and its summary below");
  }
  if (r->query.is_failed || r->hit_sequence.is_failed || r->indices_query.is_failed || r->indices_hit.is_failed) {
    return no_memory(r);
  }
  if (r->query.n != r->hit_sequence.n) {
    return pleat_fail_at(r->err, PLEAT_INPUT, r->lines.path, r->hit_line, 0,
                         "a hit with %zu columns of the query and %zu of the template: expected lines of both",
                         r->query.n, r->hit_sequence.n);
  }
  hit->n_cols = (int64_t)r->query.n;
  hit->query = pleat_copy(r->query.data, r->query.n);
  hit->hit_sequence = pleat_copy(r->hit_sequence.data, r->hit_sequence.n);
  hit->indices_query = (void *)pleat_copy(r->indices_query.data, r->indices_query.n);
  hit->indices_hit = (void *)pleat_copy(r->indices_hit.data, r->indices_hit.n);
  return hit->query && hit->hit_sequence && hit->indices_query && hit->indices_hit ? PLEAT_OK : no_memory(r);
}

static pleat_status begin_hit(hhr_reader *r) {
  PLEAT_TRY(end_hit(r));
  pleat_template_hit *hit = pleat_template_hits_add(r->hits);
  if (!hit) return no_memory(r);
  /* The number is the last word. */
  const char *end = r->lines.line + r->lines.n;
  while (end > r->lines.line && pleat_is_blank(end[-1])) end--;
  const char *at = end;
  while (at > r->lines.line && !pleat_is_blank(at[-1])) at--;
  hit->index = read_digits(&at, end);
  if (hit->index < 0 || at != end) return refuse(r, "\"No N\", the number of a hit");
  pleat_buf_clear(&r->query);
  pleat_buf_clear(&r->hit_sequence);
  pleat_buf_clear(&r->indices_query);
  pleat_buf_clear(&r->indices_hit);
  r->n_block = 0;
  r->hit_line = r->lines.number;
  return PLEAT_OK;
}

static pleat_status read_name(hhr_reader *r) {
  pleat_template_hit *hit = &r->hits->hits[r->hits->n_hits - 1];
  if (!starts_with(&r->lines, ">")) return refuse(r, "\">\" and the name of a hit");
  hit->name = pleat_copy(r->lines.line + 1, r->lines.n - 1);
  return hit->name ? PLEAT_OK : no_memory(r);
}

/* "Probab=99.8  E-value=1e-20 ...": every key once and in this order. */
static pleat_status read_summary(hhr_reader *r) {
  static const char *const keys[] = {
      "Probab=", "E-value=", "Score=", "Aligned_cols=", "Identities=", "Similarity=", "Sum_probs=", "Template_Neff="};
  enum { N_KEYS = sizeof keys / sizeof *keys, ALIGNED_COLS = 3, IDENTITIES = 4, SUM_PROBS = 6 };
  pleat_template_hit *hit = &r->hits->hits[r->hits->n_hits - 1];
  const char *at = r->lines.line, *end = at + r->lines.n;
  double values[N_KEYS];
  for (int k = 0; k < N_KEYS; k++) {
    size_t n_key = strlen(keys[k]), n;
    while (k > 0 && at < end && (*at == ' ' || *at == '\t')) at++;
    if ((size_t)(end - at) < n_key || memcmp(at, keys[k], n_key) != 0) break;
    at += n_key;
    const char *value = pleat_next_field(&at, end, &n);
    if (k == IDENTITIES && (n == 0 || value[--n] != '%')) break;
    if (!pleat_span_double((pleat_text_span){value, n}, &values[k])) break;
    if (k < N_KEYS - 1) continue;
    if (!(values[ALIGNED_COLS] >= 0 && values[ALIGNED_COLS] <= MAX_POSITION)) break;
    hit->aligned_cols = (int64_t)values[ALIGNED_COLS];
    hit->sum_probs = values[SUM_PROBS];
    return PLEAT_OK;
  }
  return refuse(r,
                "the hit's summary, \"Probab=... E-value=... Score=... Aligned_cols=... Identities=...% "
                "Similarity=... Sum_probs=... Template_Neff=...\" with numbers");
}

/* ---- Blocks ---- */

static bool is_sequence_of(const pleat_lines *lines, char who) {
  static const char *const others[] = {" ss_dssp", " ss_pred", " Consensus"};
  if (lines->n < 2 || lines->line[0] != who || lines->line[1] != ' ') return false;
  for (int i = 0; i < 3; i++) {
    size_t n = strlen(others[i]);
    if (lines->n > n && memcmp(lines->line + 1, others[i], n) == 0) return false;
  }
  return true;
}

static void add_indices(const char *letters, size_t n, int64_t position, pleat_buf *indices) {
  for (size_t i = 0; i < n; i++) {
    int32_t index = letters[i] == '-' ? -1 : (int32_t)position++;
    pleat_buf_append(indices, &index, sizeof index);
  }
}

/* "    3 TIQ-PG   8 (191)": first position, letters, last position, length of the whole sequence. */
static pleat_status read_sequence(hhr_reader *r, bool is_query) {
  static const char form[] = "a line of a sequence, \"Q name  3 TIQ-PG  7 (191)\"";
  const char *at = r->lines.line, *end = at + r->lines.n;
  at += r->lines.n < NAME_COLUMNS ? r->lines.n : NAME_COLUMNS;
  skip_blanks(&at, end);
  int64_t first = read_digits(&at, end);
  if (first < 1 || at == end || *at++ != ' ') return refuse(r, form);
  const char *letters = at;
  size_t n_gaps = 0;
  for (; at < end && ((*at >= 'A' && *at <= 'Z') || *at == '-'); at++) n_gaps += *at == '-';
  size_t n = (size_t)(at - letters);
  skip_blanks(&at, end);
  int64_t last = read_digits(&at, end);
  /* The published pattern lets a hit's last position be missing. */
  if (last < 0 && is_query) return refuse(r, form);
  if (at < end && *at == ' ') at++;
  if (at == end || at[-1] != ' ' || *at++ != '(') return refuse(r, form);
  while (at < end && *at >= '0' && *at <= '9') at++;
  if (at == end || *at != ')') return refuse(r, form);
  if (is_query && last - first + 1 + (int64_t)n_gaps != (int64_t)n) {
    return refuse(r, "as many letters as the positions before and behind them say");
  }
  if (!is_query && n != r->n_block) return refuse(r, "as many columns as in the query's line above");
  if (is_query) r->n_block = n;
  if ((size_t)first + n > MAX_POSITION) return refuse(r, form);
  pleat_buf_append(is_query ? &r->query : &r->hit_sequence, letters, n);
  add_indices(letters, n, first - 1, is_query ? &r->indices_query : &r->indices_hit);
  return PLEAT_OK;
}

static pleat_status read_line(hhr_reader *r) {
  if (starts_with(&r->lines, "No ")) {
    PLEAT_TRY(begin_hit(r));
    r->i_line = LINE_NAME;
    return PLEAT_OK;
  }
  switch (r->i_line) {
    case 0: return PLEAT_OK;
    case LINE_NAME: PLEAT_TRY(read_name(r)); break;
    case LINE_SUMMARY: PLEAT_TRY(read_summary(r)); break;
    default:
      if (is_sequence_of(&r->lines, 'Q')) PLEAT_TRY(read_sequence(r, true));
      if (is_sequence_of(&r->lines, 'T')) PLEAT_TRY(read_sequence(r, false));
      return PLEAT_OK;
  }
  r->i_line++;
  return PLEAT_OK;
}

pleat_status pleat_hhr_parse(const char *text, size_t n, const char *path, pleat_template_hits *out_hits,
                             pleat_error *err) {
  *out_hits = (pleat_template_hits){0};
  hhr_reader r = {.lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT), .hits = out_hits, .err = err};
  pleat_status status = PLEAT_OK;
  bool is_line = true;
  while (!status) {
    status = pleat_lines_next(&r.lines, &is_line, err);
    if (status || !is_line) break;
    status = read_line(&r);
  }
  if (!status) status = end_hit(&r);
  if (status) pleat_template_hits_fini(out_hits);
  pleat_buf_fini(&r.query);
  pleat_buf_fini(&r.hit_sequence);
  pleat_buf_fini(&r.indices_query);
  pleat_buf_fini(&r.indices_hit);
  return status;
}
