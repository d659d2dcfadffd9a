/* Queries of search programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/query.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "io/lines.h"
#include "io/stockholm.h"

static pleat_status write_buf(const char *path, pleat_buf *buf, pleat_error *err) {
  if (buf->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for '%s'", path);
  return pleat_file_write(path, buf->data ? buf->data : "", buf->n, err);
}

pleat_status pleat_query_write_fasta(const char *path, const char *name, const char *sequence, size_t n,
                                     pleat_error *err) {
  pleat_buf buf = {0};
  pleat_buf_printf(&buf, ">%s\n", name);
  pleat_buf_append(&buf, sequence, n);
  pleat_buf_puts(&buf, "\n");
  pleat_status status = write_buf(path, &buf, err);
  pleat_buf_fini(&buf);
  return status;
}

pleat_status pleat_query_write_template(const char *path, const char *uniref90_path, int64_t max_rows, bool is_a3m,
                                        pleat_error *err) {
  pleat_buf first = {0}, distinct = {0}, dense = {0}, a3m = {0};
  pleat_status status = pleat_stockholm_truncate_file(uniref90_path, max_rows, &first, err);
  if (!status) status = pleat_stockholm_deduplicate(first.data, first.n, uniref90_path, &distinct, err);
  pleat_buf_fini(&first);
  if (!status) status = pleat_stockholm_remove_empty_columns(distinct.data, distinct.n, uniref90_path, &dense, err);
  pleat_buf_fini(&distinct);
  if (!status && is_a3m) {
    status = pleat_stockholm_to_a3m(dense.data, dense.n, uniref90_path, PLEAT_ALL_ROWS, false, &a3m, err);
  }
  if (!status) status = write_buf(path, is_a3m ? &a3m : &dense, err);
  pleat_buf_fini(&dense);
  pleat_buf_fini(&a3m);
  return status;
}

pleat_status pleat_query_write_truncated(const char *path, const char *sto_path, int64_t max_rows, pleat_error *err) {
  pleat_buf buf = {0};
  pleat_status status = pleat_stockholm_truncate_file(sto_path, max_rows, &buf, err);
  if (!status) status = write_buf(path, &buf, err);
  pleat_buf_fini(&buf);
  return status;
}

/* FASTA without records that HMMER cannot read. */

static char find_odd(const char *line, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char c = line[i];
    bool is_residue =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == ' ' || c == '\t' || c == '\r';
    if (!is_residue) return c;
  }
  return '\0';
}

/* One pass over a file's records. With `out`, writes the good ones. */
typedef struct cleaner {
  pleat_out_file *out;
  pleat_buf record;
  bool is_odd;
  int64_t n_odd;
  char *first_odd;
} cleaner;

static pleat_status end_record(cleaner *c, pleat_error *err) {
  pleat_status status = PLEAT_OK;
  if (c->record.is_failed) return pleat_fail(err, PLEAT_NOMEM, "no memory for a record");
  if (c->out && !c->is_odd && c->record.n) status = pleat_out_file_write(c->out, c->record.data, c->record.n, err);
  pleat_buf_clear(&c->record);
  c->is_odd = false;
  return status;
}

static pleat_status take_line(cleaner *c, const pleat_lines *lines, pleat_error *err) {
  bool is_header = lines->n > 0 && lines->line[0] == '>';
  if (is_header) PLEAT_TRY(end_record(c, err));
  char odd = is_header ? '\0' : find_odd(lines->line, lines->n);
  if (odd && !c->is_odd) {
    if (c->n_odd++ == 0) {
      snprintf(c->first_odd, 160, "'%c' in line %lld", odd >= ' ' && odd < 0x7f ? odd : '?', (long long)lines->number);
    }
    c->is_odd = true;
  }
  if (!c->out) return PLEAT_OK;
  pleat_buf_append(&c->record, lines->line, lines->n);
  pleat_buf_puts(&c->record, "\n");
  return PLEAT_OK;
}

static pleat_status clean(const char *path, cleaner *c, pleat_error *err) {
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  c->n_odd = 0;
  bool is_line;
  pleat_status status;
  while (!(status = pleat_lines_next(&lines, &is_line, err)) && is_line && !(status = take_line(c, &lines, err))) {
  }
  if (!status) status = end_record(c, err);
  pleat_lines_close(&lines);
  return status;
}

pleat_status pleat_query_clean_fasta(const char *path, const char *clean_path, int64_t *out_n_odd, char first_odd[160],
                                     pleat_error *err) {
  cleaner c = {.first_odd = first_odd};
  first_odd[0] = '\0';
  pleat_status status = clean(path, &c, err);
  *out_n_odd = c.n_odd;
  if (!status && c.n_odd > 0) {
    status = pleat_out_file_open(clean_path, &c.out, err);
    if (!status) {
      status = clean(path, &c, err);
      pleat_status close_status = pleat_out_file_close(c.out, status == PLEAT_OK, err);
      if (!status) status = close_status;
    }
  }
  pleat_buf_fini(&c.record);
  return status;
}
