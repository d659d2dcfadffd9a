/* CIF syntax: tokens, and the rows of the categories that a reader wants.
 * Source: CIF 1.1 (IUCr).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_CIF_H
#define PLEAT_IO_CIF_H

#include "io/span.h"
#include "pleat/status.h"

/* PLEAT_CIF_OTHER: save_, global_, stop_. */
typedef enum pleat_cif_kind {
  PLEAT_CIF_END,
  PLEAT_CIF_TAG,
  PLEAT_CIF_LOOP,
  PLEAT_CIF_DATA,
  PLEAT_CIF_OTHER,
  PLEAT_CIF_VALUE
} pleat_cif_kind;

typedef struct pleat_cif_token {
  pleat_cif_kind kind;
  bool is_quoted;
  pleat_text_span text; /* without quotes; borrowed from the text */
  int64_t line;
} pleat_cif_token;

typedef struct pleat_cif_reader {
  const char *path, *begin, *next, *end;
  int64_t line; /* of `next` */
  pleat_cif_token now;
  pleat_error *err;
} pleat_cif_reader;

/* Does the text begin as CIF does, with comments and then "data_"? */
bool pleat_cif_is(const char *text, size_t n);
/* Checks that this is text and reads the first token. `path` is only for messages and, as `err`, borrowed. All of these
 * fail with INPUT, file and line: a NUL byte, a quote or text block without end. */
PLEAT_CHECKED pleat_status pleat_cif_open(const char *text, size_t n, const char *path, pleat_cif_reader *out_reader,
                                          pleat_error *err);
/* Reads the next token to reader->now. */
PLEAT_CHECKED pleat_status pleat_cif_next(pleat_cif_reader *reader);
/* '.' and '?' without quotes say that there is no value, and a missing column has none. */
bool pleat_cif_has_value(const pleat_cif_token *token);

/* A column of a category; opt_other stands in for `name` where that is missing or has no value. */
typedef struct pleat_cif_column {
  const char *name, *opt_other;
  bool is_needed;
} pleat_cif_column;

enum { PLEAT_CIF_COLUMNS = 256 }; /* of one loop, and of one pleat_cif_category */

/* A row: one cell for every column of the category, of kind PLEAT_CIF_END where the file has no such column. */
typedef pleat_status pleat_cif_row_fn(void *arg, const pleat_cif_token *cells);
typedef struct pleat_cif_category {
  const char *prefix; /* "_atom_site." */
  const char *noun;   /* for messages: "atoms" */
  const pleat_cif_column *columns;
  int n_columns;
  pleat_cif_row_fn *row;
} pleat_cif_category;

/* With the reader at a tag of the category behind loop_ (which stood in `line`): gives all rows of the loop to
 * category->row and stands behind it. Errors: those of `row`; INPUT (a needed column is missing, a row is cut). */
PLEAT_CHECKED pleat_status pleat_cif_read_loop(pleat_cif_reader *reader, const pleat_cif_category *category,
                                               int64_t line, void *arg);
/* Reads the first data block, from reader->now to its end: rows of the categories, in loops or as single items, which
 * count when the block ends. Errors: as pleat_cif_read_loop; INPUT (a category in two loops); NOMEM. */
PLEAT_CHECKED pleat_status pleat_cif_read_block(pleat_cif_reader *reader, const pleat_cif_category *categories,
                                                int n_categories, void *arg);

#endif
