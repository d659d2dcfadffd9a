/* The lines of a text in memory, or of a file that never lies in memory as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_LINES_H
#define PLEAT_IO_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* Sets of bytes below 32 that end a line; "\r\n" is one end where both are in the set. Python's text files know
 * the first set, str.splitlines the second (whose ends outside of ASCII are not known here). Alignments that the MSA
 * server concatenates are separated by NUL. */
#define PLEAT_LINES_FILE  (UINT32_C(1) << '\n' | UINT32_C(1) << '\r')
#define PLEAT_LINES_SPLIT (PLEAT_LINES_FILE | UINT32_C(1) << '\v' | UINT32_C(1) << '\f' | UINT32_C(7) << 0x1c)
#define PLEAT_LINES_NUL   (UINT32_C(1) << '\n' | UINT32_C(1) << '\0')

typedef struct pleat_line_source pleat_line_source;

typedef struct pleat_lines {
  /* The current line without its end, borrowed until the next call, and the number of the file's line it is in, from 1:
   * one more behind each '\n', and behind each '\r' that ends a line. */
  const char *line;
  size_t n;
  int64_t number;
  bool is_ended; /* false: the text ends without a line end */
  const char *path;
  /* The rest is for lines.c: what has been read and not yet given out. */
  const char *begin, *next, *end; /* begin: of the text in memory */
  uint32_t ends;
  bool is_counted;           /* the coming line has a number of its own */
  bool has_rare;             /* an end other than '\n' may stand in [next, end) */
  pleat_line_source *source; /* NULL: all is in [next, end) */
} pleat_lines;

/* A byte order mark at the beginning is skipped. The text and `path` (for messages) are borrowed. */
pleat_lines pleat_lines_of(const char *text, size_t n, const char *path, uint32_t ends);
/* A file, plain or packed by gzip; "-" is standard input. `path` is borrowed. Errors: IO, NOMEM; INPUT (damaged gzip
 * data). Released with close. */
PLEAT_CHECKED pleat_status pleat_lines_open(const char *path, uint32_t ends, pleat_lines *out_lines, pleat_error *err);
void pleat_lines_close(pleat_lines *lines);

/* Moves to the next line; *out_is_line = false at the end. Errors: those of open; INPUT (a line above
 * PLEAT_LINE_BYTES of a file). */
PLEAT_CHECKED pleat_status pleat_lines_next(pleat_lines *lines, bool *out_is_line, pleat_error *err);
enum { PLEAT_LINE_BYTES = 1 << 28 };

/* Bytes given out and still to come; false: unknown (a pipe, or packed). */
bool pleat_lines_place(const pleat_lines *lines, uint64_t *out_n_done, uint64_t *out_n_left);

/* Blanks of Python's str.split and str.strip, in ASCII. */
static inline bool pleat_is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

/* The next run of characters that are no blanks, from *at; *at moves behind it. Its length is 0 at the end. */
static inline const char *pleat_next_field(const char **at, const char *end, size_t *out_n) {
  while (*at < end && pleat_is_blank(**at)) (*at)++;
  const char *field = *at;
  while (*at < end && !pleat_is_blank(**at)) (*at)++;
  *out_n = (size_t)(*at - field);
  return field;
}

#endif
