/* Reader of job tables. What is accepted and refused: table.h.
 * Source: columns as colabfold/input.py (get_queries) names them, cells as RFC 4180 quotes them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"

typedef enum column { COL_ID, COL_SEQUENCE, COL_A3M, COL_TEMPLATE, N_COLUMNS } column;
static const char *const column_names[N_COLUMNS] = {"id", "sequence", "a3mpath", "templatepath"};

typedef struct cell {
  size_t offset; /* into the record's text, where it ends with a NUL */
  int64_t line, column;
} cell;

/* One record at a time; text and cells are reused. */
typedef struct table_reader {
  const char *path, *next, *end;
  char separator;
  int64_t line;           /* of `next` */
  const char *line_start; /* where that line begins */
  pleat_buf text;
  cell *cells;
  uint32_t n_cells, cell_capacity;
  int64_t record_line;
  int32_t place[N_COLUMNS]; /* cell of each column, -1 = not in this table */
  uint32_t n_header_cells;
  pleat_error *err;
} table_reader;

static pleat_status no_memory(const table_reader *r) {
  return pleat_fail_at(r->err, PLEAT_NOMEM, r->path, 0, 0, "no memory for this table");
}

static int64_t column_of(const table_reader *r, const char *at) { return at - r->line_start + 1; }

static void end_line(table_reader *r) {
  r->line++;
  r->line_start = r->next;
}

/* The text between quotes; `next` stands behind the opening one. */
static pleat_status read_quoted(table_reader *r) {
  int64_t line = r->line, first = column_of(r, r->next) - 1;
  while (r->next < r->end) {
    char c = *r->next++;
    if (c == '\n') end_line(r);
    if (c == '"') {
      if (r->next == r->end || *r->next != '"') return PLEAT_OK;
      r->next++;
    }
    pleat_buf_append(&r->text, &c, 1);
  }
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, first,
                       "a cell begins with '\"' and does not end: expected another '\"' behind it");
}

static bool is_cell_end(const table_reader *r) {
  if (r->next == r->end || *r->next == r->separator || *r->next == '\n') return true;
  return *r->next == '\r' && (r->next + 1 == r->end || r->next[1] == '\n');
}

static pleat_status read_cell(table_reader *r) {
  if (!pleat_grow(&r->cells, r->n_cells, &r->cell_capacity, sizeof *r->cells)) return no_memory(r);
  cell *c = &r->cells[r->n_cells++];
  bool is_quoted = r->next < r->end && *r->next == '"';
  *c = (cell){.offset = r->text.n, .line = r->line, .column = column_of(r, r->next) + is_quoted};
  if (is_quoted) {
    r->next++;
    PLEAT_TRY(read_quoted(r));
    if (!is_cell_end(r)) {
      return pleat_fail_at(
          r->err, PLEAT_INPUT, r->path, r->line, column_of(r, r->next),
          "text behind the closing '\"' of a cell: expected '%s' or the end of the line; a '\"' inside "
          "a cell is written twice",
          r->separator == '\t' ? "a tab" : ",");
    }
  }
  while (!is_cell_end(r)) pleat_buf_append(&r->text, r->next++, 1);
  pleat_buf_append(&r->text, "", 1);
  return r->text.is_failed ? no_memory(r) : PLEAT_OK;
}

static bool is_blank_line(const table_reader *r) {
  const char *p = r->next;
  while (p < r->end && (*p == ' ' || *p == '\r')) p++;
  return p == r->end || *p == '\n';
}

/* The next record that is not blank; *out_is_end when there is none. */
static pleat_status read_record(table_reader *r, bool *out_is_end) {
  while (r->next < r->end && is_blank_line(r)) {
    const char *newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
    r->next = newline ? newline + 1 : r->end;
    end_line(r);
  }
  *out_is_end = r->next == r->end;
  if (*out_is_end) return PLEAT_OK;
  pleat_buf_clear(&r->text);
  r->n_cells = 0;
  r->record_line = r->line;
  for (;;) {
    PLEAT_TRY(read_cell(r));
    if (r->next == r->end || *r->next != r->separator) break;
    r->next++;
  }
  if (r->next < r->end && *r->next == '\r') r->next++;
  if (r->next == r->end) return PLEAT_OK;
  r->next++; /* the '\n' */
  end_line(r);
  return PLEAT_OK;
}

static pleat_status read_header(table_reader *r) {
  bool is_end;
  PLEAT_TRY(read_record(r, &is_end));
  if (is_end) {
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                         "the table is empty: expected a header line with the columns 'id' and 'sequence'");
  }
  r->n_header_cells = r->n_cells;
  for (int k = 0; k < N_COLUMNS; k++) {
    r->place[k] = -1;
    for (uint32_t i = 0; i < r->n_cells; i++) {
      if (strcmp(r->text.data + r->cells[i].offset, column_names[k])) continue;
      if (r->place[k] >= 0) {
        return pleat_fail_at(r->err, PLEAT_INPUT, r->path, r->cells[i].line, r->cells[i].column,
                             "the header has two columns '%s': expected one", column_names[k]);
      }
      r->place[k] = (int32_t)i;
    }
    if (r->place[k] < 0 && k <= COL_SEQUENCE) {
      return pleat_fail_at(r->err, PLEAT_INPUT, r->path, r->record_line, 0,
                           "the header has no column '%s': expected 'id' and 'sequence' (also 'a3mpath', "
                           "'templatepath') in the first line, separated by %s",
                           column_names[k], r->separator == '\t' ? "tabs" : "commas");
    }
  }
  return PLEAT_OK;
}

/* The text of a column in the record just read; *out NULL when empty. */
static bool copy_cell(const table_reader *r, column k, char **out) {
  *out = NULL;
  if (r->place[k] < 0 || (uint32_t)r->place[k] >= r->n_cells) return true;
  const char *text = r->text.data + r->cells[r->place[k]].offset;
  if (!text[strspn(text, " \t")]) return true;
  *out = pleat_copy(text, strlen(text));
  return *out != NULL;
}

/* What is wrong with a row whose cells are all there to look at. */
static pleat_status check_row(const table_reader *r, const pleat_table_row *row, pleat_error *error) {
  if (r->n_cells != r->n_header_cells) {
    PLEAT_FAIL(error, PLEAT_INPUT, "the row has %u cells, the header %u: expected as many", r->n_cells,
               r->n_header_cells);
  }
  if (!row->id) PLEAT_FAIL(error, PLEAT_INPUT, "the row has no id: expected a name in the column 'id'");
  if (!row->sequence) {
    PLEAT_FAIL(error, PLEAT_INPUT, "row '%.100s' has no sequence: expected residues in the column 'sequence'", row->id);
  }
  return PLEAT_OK;
}

static pleat_status fill_row(const table_reader *r, pleat_table_row *row) {
  row->line = r->record_line;
  if (!copy_cell(r, COL_ID, &row->id) || !copy_cell(r, COL_SEQUENCE, &row->sequence) ||
      !copy_cell(r, COL_A3M, &row->opt_a3m_path) || !copy_cell(r, COL_TEMPLATE, &row->opt_template_path)) {
    return no_memory(r);
  }
  pleat_error error = {0};
  if (check_row(r, row, &error)) {
    row->opt_error = malloc(sizeof error);
    if (!row->opt_error) return no_memory(r);
    pleat_error_set(row->opt_error, PLEAT_INPUT, r->path, row->line, 0, "%s", error.message);
    return PLEAT_OK;
  }
  const cell *sequence = &r->cells[r->place[COL_SEQUENCE]];
  if (sequence->line == row->line) row->sequence_column = sequence->column;
  return PLEAT_OK;
}

static pleat_status read_rows(table_reader *r, pleat_table *table) {
  uint32_t capacity = 0;
  for (;;) {
    bool is_end;
    PLEAT_TRY(read_record(r, &is_end));
    if (is_end) break;
    if (!pleat_grow(&table->rows, (uint32_t)table->n_rows, &capacity, sizeof *table->rows)) return no_memory(r);
    pleat_table_row *row = &table->rows[table->n_rows++];
    *row = (pleat_table_row){0};
    PLEAT_TRY(fill_row(r, row));
  }
  if (table->n_rows) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                       "the table has no rows below its header: expected one per job");
}

/* From here on records come from this text. */
static pleat_status begin_text(table_reader *r, const char *text, size_t n, int64_t line) {
  bool has_mark = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
  r->next = r->line_start = has_mark ? text + 3 : text;
  r->end = text + n;
  r->line = line;
  const char *nul = n ? memchr(text, '\0', n) : NULL;
  if (!nul) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0, "NUL byte at offset %lld: expected a text file",
                       (long long)(nul - text));
}

static pleat_status parse(const char *header, size_t n_header, const char *opt_text, size_t n, table_reader *r,
                          int64_t first_line, pleat_table *out_table) {
  *out_table = (pleat_table){0};
  pleat_status status = begin_text(r, header, n_header, 1);
  if (!status) status = read_header(r);
  if (!status && opt_text) status = begin_text(r, opt_text, n, first_line);
  if (!status) status = read_rows(r, out_table);
  pleat_buf_fini(&r->text);
  free(r->cells);
  if (status) pleat_table_fini(out_table);
  return status;
}

pleat_status pleat_table_parse(const char *text, size_t n, char separator, const char *path, pleat_table *out_table,
                               pleat_error *err) {
  table_reader r = {.path = path ? path : "", .separator = separator, .err = err};
  return parse(text, n, NULL, 0, &r, 1, out_table);
}

pleat_status pleat_table_parse_part(const char *header, size_t n_header, const char *text, size_t n, int64_t first_line,
                                    char separator, const char *path, pleat_table *out_table, pleat_error *err) {
  table_reader r = {.path = path ? path : "", .separator = separator, .err = err};
  return parse(header, n_header, text, n, &r, first_line, out_table);
}

void pleat_table_fini(pleat_table *table) {
  for (size_t i = 0; i < table->n_rows; i++) {
    pleat_table_row *row = &table->rows[i];
    free(row->id);
    free(row->sequence);
    free(row->opt_a3m_path);
    free(row->opt_template_path);
    free(row->opt_error);
  }
  free(table->rows);
  *table = (pleat_table){0};
}
