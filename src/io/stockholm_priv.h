/* Rows of a Stockholm alignment as the file has them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_STOCKHOLM_PRIV_H
#define PLEAT_IO_STOCKHOLM_PRIV_H

#include "base/map.h"
#include "io/lines.h"
#include "io/stockholm.h"

/* A row with its chunks joined, gaps of the query included. */
typedef struct pleat_sto_row {
  char *name;
  size_t n_name;
  char *letters;
  size_t n, capacity;
  int64_t line; /* of its first chunk */
} pleat_sto_row;

/* Columns of the alignment in the order: n_dropped where the query has a gap, then n_kept. */
typedef struct pleat_sto_run {
  size_t n_dropped, n_kept;
} pleat_sto_run;

typedef struct pleat_sto_reader {
  /* Set before gathering. */
  pleat_lines *lines;
  int64_t max_rows;
  bool has_blanks; /* what follows the name is taken as it stands; else it must be one word */
  pleat_error *err;
  /* Gathered. */
  pleat_sto_row *rows;
  uint32_t n_rows, capacity;
  uint32_t n_before; /* rows there were before the last line */
  pleat_map names;   /* to row numbers */
  /* For the reader. */
  uint32_t i_next; /* the row that the coming line probably belongs to: chunks repeat the order of the first */
  pleat_sto_run *runs;
  uint32_t n_runs, runs_capacity;
  int64_t n_cols; /* of the query */
} pleat_sto_reader;

/* Reads all lines; at least one row. Errors: those of the lines, INPUT, NOMEM. Released with fini, also on failure. */
PLEAT_CHECKED pleat_status pleat_sto_gather(pleat_sto_reader *reader);
void pleat_sto_fini(pleat_sto_reader *reader);

#endif
