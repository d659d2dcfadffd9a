/* The table that pleat screen writes: a row per sequence, in the order of the input, appended when it is done.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SCREEN_TABLE_H
#define PLEAT_CLI_SCREEN_TABLE_H

#include <stdio.h>

#include "models.h"

typedef struct screen_row {
  int64_t index; /* in the input, from 1 */
  const char *id;
  int64_t n_res, n_chains;
  const char *status; /* "ok", or what kind of failure */
  const char *model;  /* "" when none was run, as `reason` on success */
  pleat_summary summary;
  double score; /* what the best are chosen by */
  int64_t recycles;
  double seconds;
  const char *sequence, *reason;
} screen_row;

/* Of a row, what is needed to go on behind it; borrowed until the next row is read. */
typedef struct screen_old_row {
  int64_t index;
  const char *id, *status, *sequence;
  double plddt, score; /* NAN: none */
} screen_old_row;

typedef struct screen_table {
  const char *path; /* borrowed */
  FILE *reader;     /* stays open: closing it would give up the lock */
  int fd;
  char *line; /* of the reader */
  size_t line_capacity;
  int64_t line_number;
  double synced_ms; /* when rows were last forced to the disk */
} screen_table;

/* A number as the table has it, so that decisions are the same for a row just made and for one read back. */
double screen_as_written(double value, int n_decimals);
enum { SCREEN_PLDDT_DECIMALS = 2, SCREEN_SCORE_DECIMALS = 4 };

/* Opens or creates it. Errors: IO, also when another process writes to it. */
PLEAT_CHECKED pleat_status screen_table_open(const char *path, screen_table *out_table, pleat_error *err);
void screen_table_close(screen_table *table);
/* The rows of earlier runs, one after the other; *out_has_row is false behind the last whole one. What a killed process
 * left half-written is cut off then. Errors: IO; INPUT for a file that is no such table. */
PLEAT_CHECKED pleat_status screen_table_next(screen_table *table, screen_old_row *out_row, bool *out_has_row,
                                             pleat_error *err);
/* Appends a row at once; only behind the last old one. Errors: IO (the table is then as before), NOMEM. */
PLEAT_CHECKED pleat_status screen_table_append(screen_table *table, const screen_row *row, pleat_error *err);

#endif
