/* The list of targets while its files are read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PIPELINE_TARGETS_PRIV_H
#define PLEAT_PIPELINE_TARGETS_PRIV_H

#include "base/buf.h"
#include "pleat/io.h"

struct pleat_targets {
  pleat_target *items; /* whose texts are owned */
  uint32_t n_items, capacity;
  pleat_buf warnings;
};

/* A target to add. Its strings are copied, except for `sequence` and `opt_a3m`, which are taken over (also on
 * failure). Without a name it is called like the file. */
typedef struct pleat_new_target {
  const char *path;
  const char *opt_name;
  char *sequence; /* NULL with opt_error */
  char *opt_a3m;
  size_t n_a3m;
  const char *opt_a3m_path;
  int64_t n_rows;
  const pleat_error *opt_error;
} pleat_new_target;

PLEAT_CHECKED pleat_status pleat_targets_add(pleat_targets *targets, const pleat_new_target *target, pleat_error *err);

/* Adds what a file or directory holds. Errors: as pleat_targets_read. */
PLEAT_CHECKED pleat_status pleat_targets_read_path(pleat_targets *targets, const char *path, pleat_error *err);

/* Releases the targets and warnings; the list itself stays. */
void pleat_targets_clear(pleat_targets *targets);

/* A target's alignment as a3m, wherever it lies: borrowed from the target, or read and owned. Of AlphaFold's searches it
 * has every row once, insertions as 'x' (their letters are not kept), and of complexes the rows of each chain by itself.
 * Errors: IO, INPUT, NOMEM. Released with fini. */
typedef struct pleat_target_text {
  const char *opt_text; /* NULL: there is no alignment */
  size_t n;
  char *owned;
} pleat_target_text;
PLEAT_CHECKED pleat_status pleat_target_text_read(const pleat_target *target, pleat_target_text *out_text,
                                                  pleat_error *err);
void pleat_target_text_fini(pleat_target_text *text);

/* Rows of the alignment in a file, whose query must be the sequence of the target called `name`. Errors: IO, INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_targets_scan_a3m(const char *path, const char *name, const char *sequence,
                                                  int64_t *out_n_rows, pleat_error *err);

/* Files that can be read in parts of whole records. */
typedef enum pleat_part_format { PLEAT_PART_NONE, PLEAT_PART_FASTA, PLEAT_PART_CSV, PLEAT_PART_TSV } pleat_part_format;

typedef struct pleat_input_part {
  pleat_part_format format;
  const char *path;
  const char *text;
  size_t n;
  int64_t first_line;     /* of the text in the file, from 1 */
  const char *opt_header; /* of a table */
  size_t n_header;
} pleat_input_part;

/* From the path's suffix or else the beginning of the file. */
pleat_part_format pleat_part_format_of(const char *path, const char *text, size_t n);
/* Adds what a part holds. Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_targets_read_part(pleat_targets *targets, const pleat_input_part *part,
                                                   pleat_error *err);

enum { PLEAT_MAX_INPUT_BYTES = 1 << 30 };

#endif
