/* What pleat screen says while it works: a line on a terminal, a message now and then elsewhere, or events.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SCREEN_PROGRESS_H
#define PLEAT_CLI_SCREEN_PROGRESS_H

#include "screen_table.h"

/* Zero-initialise. */
typedef struct screen_progress {
  int64_t n_skipped, n_done, n_failed; /* rows of earlier runs; of this one; failures in both */
  double start_ms, told_ms;
  double start_fraction; /* of the input that was done before; < 0: unknown */
  double best_score;
} screen_progress;

/* A row of an earlier run. */
void screen_progress_skip(screen_progress *progress, bool is_ok);
/* Folding begins. `fraction` of the input, here and below, as of pleat_target_stream_fraction. */
void screen_progress_begin(screen_progress *progress, double fraction);
void screen_progress_row(screen_progress *progress, const screen_row *row, double fraction);
void screen_progress_end(const screen_progress *progress, const char *table_path);
/* OK; INPUT when all have failed; PARTIAL when some have. */
cli_exit screen_progress_exit(const screen_progress *progress);

#endif
