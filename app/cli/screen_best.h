/* The best structures of a screen: a folder of at most so many files, which follows from the rows of the table.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SCREEN_BEST_H
#define PLEAT_CLI_SCREEN_BEST_H

#include "models.h"

typedef struct screen_best_item {
  double score;
  int64_t index;
  char *id;
} screen_best_item;

/* A heap, the worst on top. */
typedef struct screen_best {
  const char *folder; /* borrowed */
  screen_best_item *items;
  int64_t n_items, capacity, n_max;
  double min_plddt;
} screen_best;

/* Would a result with these be among the best so far? Of equal scores the earlier one is better. */
bool screen_best_takes(const screen_best *best, double plddt, double score, int64_t index);
/* Takes it, and removes the file of the one that must go. Its own file is written before. Errors: NOMEM. */
PLEAT_CHECKED pleat_status screen_best_add(screen_best *best, double score, int64_t index, const char *id,
                                           pleat_error *err);
/* "FOLDER/INDEX_ID.SUFFIX" */
void screen_best_path(const screen_best *best, int64_t index, const char *id, const char *suffix, char *out,
                      size_t n_out);
/* Removes files of this shard's sequences that are not among the best: what a killed run left. shard as of --shard. */
void screen_best_tidy(const screen_best *best, const int64_t shard[2]);
void screen_best_fini(screen_best *best);

#endif
