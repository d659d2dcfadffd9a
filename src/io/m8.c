/* MMseqs2's list of template hits. Accepts and refuses: m8.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/m8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/lines.h"

enum { MAX_POSITION = 1 << 30, MAX_COLUMNS = 1 << 20 };

enum {
  FIELD_QUERY,
  FIELD_TARGET,
  FIELD_QUERY_FIRST = 6,
  FIELD_QUERY_LAST,
  FIELD_TARGET_FIRST,
  FIELD_TARGET_LAST,
  FIELD_CIGAR = 12,
  N_FIELDS
};

typedef struct m8_reader {
  pleat_lines lines;
  const char *query;
  int64_t n_query;
  pleat_template_hits *hits;
  pleat_error *err;
} m8_reader;

typedef struct field {
  const char *text;
  size_t n;
} field;

static pleat_status no_memory(const m8_reader *r) {
  return pleat_fail_at(r->err, PLEAT_NOMEM, r->lines.path, 0, 0, "no memory for the template hits");
}

static pleat_status refuse(const m8_reader *r, const char *what, const field *found) {
  return pleat_fail_at(r->err, PLEAT_INPUT, r->lines.path, r->lines.number, 0,
                       "expected %s, found '%.*s' (columns: query, target, fident, alnlen, mismatch, gapopen, qstart, "
                       "qend, tstart, tend, evalue, bits, cigar)",
                       what, (int)(found->n < 60 ? found->n : 60), found->text);
}

/* Digits from *at on; -1: none, or too large. */
static int64_t read_digits(const char **at, const char *end) {
  int64_t value = 0;
  const char *begin = *at;
  for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
    if (value <= MAX_POSITION) value = 10 * value + (**at - '0');
  }
  return *at == begin || value > MAX_POSITION ? -1 : value;
}

static bool read_position(const field *f, int64_t *out_position) {
  const char *at = f->text;
  *out_position = read_digits(&at, f->text + f->n);
  return *out_position >= 1 && at == f->text + f->n;
}

/* "12M1I3D": columns of each kind. M has both sequences, I only the query, D only the target. */
typedef struct cigar_counts {
  int64_t n_both, n_query_only, n_target_only;
} cigar_counts;

static bool next_operation(const char **at, const char *end, int64_t *out_n, char *out_kind) {
  *out_n = read_digits(at, end);
  if (*out_n < 1 || *at == end) return false;
  *out_kind = *(*at)++;
  return true;
}

static bool count_cigar(const field *cigar, cigar_counts *counts) {
  const char *at = cigar->text, *end = at + cigar->n;
  *counts = (cigar_counts){0};
  while (at < end) {
    int64_t n;
    char kind;
    if (!next_operation(&at, end, &n, &kind)) return false;
    int64_t *count = kind == 'M'   ? &counts->n_both
                     : kind == 'I' ? &counts->n_query_only
                     : kind == 'D' ? &counts->n_target_only
                                   : NULL;
    if (!count || *count + n > MAX_COLUMNS) return false;
    *count += n;
  }
  return cigar->n > 0;
}

static void fill(const m8_reader *r, const field *cigar, int64_t i_query, int64_t i_target, pleat_template_hit *hit) {
  const char *at = cigar->text, *end = at + cigar->n;
  int64_t n = 0, column = 0;
  char kind = 0;
  while (at < end && next_operation(&at, end, &n, &kind)) {
    for (int64_t k = 0; k < n; k++, column++) {
      bool has_query = kind != 'D', has_target = kind != 'I';
      hit->indices_query[column] = has_query ? (int32_t)i_query : -1;
      hit->query[column] = has_query ? r->query[i_query++] : '-';
      hit->indices_hit[column] = has_target ? (int32_t)i_target++ : -1;
      hit->hit_sequence[column] = has_target ? 'X' : '-';
    }
  }
}

static pleat_status add_hit(m8_reader *r, const field *fields) {
  int64_t positions[4];
  cigar_counts counts;
  for (int k = 0; k < 4; k++) {
    const field *f = &fields[FIELD_QUERY_FIRST + k];
    if (!read_position(f, &positions[k])) return refuse(r, "a position, a whole number from 1", f);
  }
  if (positions[1] > r->n_query) return refuse(r, "a position within the query", &fields[FIELD_QUERY_LAST]);
  if (!count_cigar(&fields[FIELD_CIGAR], &counts) ||
      counts.n_both + counts.n_query_only != positions[1] - positions[0] + 1 ||
      counts.n_both + counts.n_target_only != positions[3] - positions[2] + 1) {
    return refuse(r, "a cigar of M, I and D that covers the positions", &fields[FIELD_CIGAR]);
  }
  pleat_template_hit *hit = pleat_template_hits_add(r->hits);
  if (!hit) return no_memory(r);
  hit->index = (int64_t)r->hits->n_hits;
  hit->aligned_cols = counts.n_both;
  hit->sum_probs = NAN;
  hit->n_cols = counts.n_both + counts.n_query_only + counts.n_target_only;
  hit->name = calloc(fields[FIELD_TARGET].n + 1, 1);
  hit->query = calloc((size_t)hit->n_cols + 1, 1);
  hit->hit_sequence = calloc((size_t)hit->n_cols + 1, 1);
  hit->indices_query = calloc((size_t)hit->n_cols, sizeof *hit->indices_query);
  hit->indices_hit = calloc((size_t)hit->n_cols, sizeof *hit->indices_hit);
  if (!hit->name || !hit->query || !hit->hit_sequence || !hit->indices_query || !hit->indices_hit) return no_memory(r);
  memcpy(hit->name, fields[FIELD_TARGET].text, fields[FIELD_TARGET].n);
  fill(r, &fields[FIELD_CIGAR], positions[0] - 1, positions[2] - 1, hit);
  return PLEAT_OK;
}

static pleat_status read_line(m8_reader *r, const char *opt_query_name) {
  field fields[N_FIELDS];
  const char *at = r->lines.line, *end = at + r->lines.n;
  int n = 0;
  for (; n < N_FIELDS; n++) {
    fields[n].text = pleat_next_field(&at, end, &fields[n].n);
    if (fields[n].n == 0) break;
  }
  if (n == 0) return PLEAT_OK; /* a blank line; the MSA server ends the list of a query with NUL */
  if (n < N_FIELDS) return refuse(r, "13 columns", &(field){r->lines.line, r->lines.n});
  if (opt_query_name && (strlen(opt_query_name) != fields[FIELD_QUERY].n ||
                         memcmp(opt_query_name, fields[FIELD_QUERY].text, fields[FIELD_QUERY].n) != 0)) {
    return PLEAT_OK;
  }
  return add_hit(r, fields);
}

pleat_status pleat_m8_parse(const char *text, size_t n, const char *path, const char *opt_query_name, const char *query,
                            pleat_template_hits *out_hits, pleat_error *err) {
  *out_hits = (pleat_template_hits){0};
  m8_reader r = {.lines = pleat_lines_of(text, n, path, PLEAT_LINES_FILE | UINT32_C(1) << '\0'),
                 .query = query,
                 .n_query = (int64_t)strlen(query),
                 .hits = out_hits,
                 .err = err};
  pleat_status status = PLEAT_OK;
  bool is_line = true;
  while (!status) {
    status = pleat_lines_next(&r.lines, &is_line, err);
    if (status || !is_line) break;
    status = read_line(&r, opt_query_name);
  }
  if (status) pleat_template_hits_fini(out_hits);
  return status;
}
