/* Tables of jobs as ColabFold takes them: CSV or TSV with a header line and the columns id and sequence.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_TABLE_H
#define PLEAT_IO_TABLE_H

#include <stddef.h>

#include "pleat/status.h"

/* One row below the header. Cells are as written (quotes removed); NULL: the column is not there or the cell is empty.
 * opt_error: the row cannot be used, and why. */
typedef struct pleat_table_row {
  char *id, *sequence, *opt_a3m_path, *opt_template_path;
  int64_t line;            /* where the row begins */
  int64_t sequence_column; /* of the sequence's first character, when it stands in that line; else 0 */
  pleat_error *opt_error;
} pleat_table_row;

typedef struct pleat_table {
  pleat_table_row *rows;
  size_t n_rows;
} pleat_table;

/* Reads cells by the rules of RFC 4180 (also with LF, a byte order mark, blank lines): a cell in '"' may hold
 * separators, line ends and doubled quotes. The header names the columns, in any order: "id" and "sequence" are
 * required, "a3mpath" and "templatepath" optional, others ignored. A row with another number of cells, without an id or
 * without a sequence keeps its error. Refuses with file, line and column: no header, a missing or repeated column, a
 * quote without its end or with text behind it, NUL bytes. Errors: INPUT, NOMEM. Released with pleat_table_fini. */
PLEAT_CHECKED pleat_status pleat_table_parse(const char *text, size_t n, char separator, const char *path,
                                             pleat_table *out_table, pleat_error *err);
/* The same of rows that stand elsewhere than their header, in a part of a file that begins with line first_line. */
PLEAT_CHECKED pleat_status pleat_table_parse_part(const char *header, size_t n_header, const char *text, size_t n,
                                                  int64_t first_line, char separator, const char *path,
                                                  pleat_table *out_table, pleat_error *err);
void pleat_table_fini(pleat_table *table);

#endif
