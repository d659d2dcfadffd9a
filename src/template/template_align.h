/* Lining up two protein sequences.
 * Source: alphafold/data/tools/kalign.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_ALIGN_H
#define PLEAT_TEMPLATE_ALIGN_H

#include <stdbool.h>

#include "pleat/status.h"

/* Two rows of equal length, letters and '-', each ending with NUL. */
typedef struct pleat_aligned_pair {
  char *a, *b;
} pleat_aligned_pair;
void pleat_aligned_pair_fini(pleat_aligned_pair *pair);

/* Lines up sequences a and b (letters A-Z). Errors: INPUT (these two cannot be lined up), any other: nothing can.
 * Released with pleat_aligned_pair_fini. */
typedef pleat_status pleat_align_fn(void *arg, const char *a, const char *b, pleat_aligned_pair *out_pair,
                                    pleat_error *err);

/* Kalign, run as another program. */
typedef struct pleat_kalign {
  const char *opt_program;     /* NULL: "kalign", looked for on PATH */
  bool (*opt_poll)(void *arg); /* as in pleat_process */
  void *poll_arg;
} pleat_kalign;

enum { PLEAT_KALIGN_MIN_RESIDUES = 6 };

/* A pleat_align_fn; `kalign` is a pleat_kalign. Errors: INPUT (fewer than PLEAT_KALIGN_MIN_RESIDUES), PROGRAM (missing,
 * with the package to install, or failed), CANCELLED, NOMEM. */
PLEAT_CHECKED pleat_status pleat_kalign_align(void *kalign, const char *a, const char *b, pleat_aligned_pair *out_pair,
                                              pleat_error *err);
/* Is the program there? Errors: PROGRAM with the package to install; NOMEM. */
PLEAT_CHECKED pleat_status pleat_kalign_check(const pleat_kalign *kalign, pleat_error *err);

#endif
