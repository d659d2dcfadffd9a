/* The best structures of a screen.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "screen_best.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

static const char *const suffixes[] = {"pdb", "cif"};

static bool is_worse(double score, int64_t index, const screen_best_item *than) {
  return score < than->score || (score == than->score && index > than->index);
}

bool screen_best_takes(const screen_best *best, double plddt, double score, int64_t index) {
  if (best->n_max == 0 || !(plddt >= best->min_plddt)) return false;
  return best->n_items < best->n_max || !is_worse(score, index, &best->items[0]);
}

void screen_best_path(const screen_best *best, int64_t index, const char *id, const char *suffix, char *out,
                      size_t n_out) {
  snprintf(out, n_out, "%s/%06lld_%s.%s", best->folder, (long long)index, id, suffix);
}

static void swap(screen_best_item *a, screen_best_item *b) {
  screen_best_item kept = *a;
  *a = *b;
  *b = kept;
}

static void sift_up(screen_best *best, int64_t i) {
  screen_best_item *items = best->items;
  for (; i > 0 && is_worse(items[i].score, items[i].index, &items[(i - 1) / 2]); i = (i - 1) / 2) {
    swap(&items[i], &items[(i - 1) / 2]);
  }
}

static void sift_down(screen_best *best) {
  screen_best_item *items = best->items;
  for (int64_t i = 0, child; (child = 2 * i + 1) < best->n_items; i = child) {
    int64_t other = child + 1;
    if (other < best->n_items && is_worse(items[other].score, items[other].index, &items[child])) child = other;
    if (!is_worse(items[child].score, items[child].index, &items[i])) return;
    swap(&items[i], &items[child]);
  }
}

static void remove_worst(screen_best *best) {
  screen_best_item *worst = &best->items[0];
  for (size_t k = 0; k < sizeof suffixes / sizeof *suffixes; k++) {
    char path[CLI_MAX_PATH];
    screen_best_path(best, worst->index, worst->id, suffixes[k], path, sizeof path);
    unlink(path);
  }
  free(worst->id);
  *worst = best->items[--best->n_items];
  sift_down(best);
}

pleat_status screen_best_add(screen_best *best, double score, int64_t index, const char *id, pleat_error *err) {
  if (best->n_items == best->capacity) {
    int64_t capacity = best->capacity ? 2 * best->capacity : 64;
    screen_best_item *items = realloc(best->items, (size_t)capacity * sizeof *items);
    if (!items) return cli_error(err, PLEAT_NOMEM, "no memory for the names of the best structures");
    best->items = items;
    best->capacity = capacity;
  }
  char *own_id = strdup(id);
  if (!own_id) return cli_error(err, PLEAT_NOMEM, "no memory for the names of the best structures");
  best->items[best->n_items] = (screen_best_item){score, index, own_id};
  sift_up(best, best->n_items++);
  if (best->n_items > best->n_max) remove_worst(best);
  return PLEAT_OK;
}

static int compare_indices(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Is this the name of a file that a screen of this shard wrote, or was writing when it was killed? */
static bool is_own_file(const char *name, const int64_t shard[2], int64_t *out_index) {
  char *end;
  bool is_temporary = *name == '.';
  name += is_temporary;
  if (*name < '0' || *name > '9') return false;
  *out_index = strtoll(name, &end, 10);
  const char *dot = strrchr(end, '.');
  if (*end != '_' || !dot) return false;
  if (shard[1] && (*out_index - 1) % shard[1] != shard[0] - 1) return false;
  if (is_temporary) return strncmp(dot, ".tmp-", 5) == 0;
  return strcmp(dot, ".pdb") == 0 || strcmp(dot, ".cif") == 0;
}

void screen_best_tidy(const screen_best *best, const int64_t shard[2]) {
  DIR *dir = opendir(best->folder);
  int64_t *kept = malloc(((size_t)best->n_items + 1) * sizeof *kept);
  const struct dirent *entry;
  for (int64_t i = 0; kept && i < best->n_items; i++) kept[i] = best->items[i].index;
  if (kept) qsort(kept, (size_t)best->n_items, sizeof *kept, compare_indices);
  while (dir && kept && (entry = readdir(dir)) != NULL) {
    char path[CLI_MAX_PATH];
    int64_t index;
    if (!is_own_file(entry->d_name, shard, &index)) continue;
    bool is_kept =
        entry->d_name[0] != '.' && bsearch(&index, kept, (size_t)best->n_items, sizeof *kept, compare_indices) != NULL;
    snprintf(path, sizeof path, "%s/%s", best->folder, entry->d_name);
    if (!is_kept) unlink(path);
  }
  free(kept);
  if (dir) closedir(dir);
}

void screen_best_fini(screen_best *best) {
  for (int64_t i = 0; i < best->n_items; i++) free(best->items[i].id);
  free(best->items);
  *best = (screen_best){0};
}
