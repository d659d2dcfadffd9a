/* What to fold: the list of targets, under names that are safe as file names and unique.
 * Source: names as colabfold/input.py makes them (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"
#include "base/map.h"
#include "base/os.h"
#include "pipeline/targets_priv.h"

enum {
  /* File systems allow 255 bytes; what is added to a name (rank, model, seed, a temporary suffix) takes about 100. */
  MAX_NAME_BYTES = 120
};

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory for the targets of '%s'", path);
}

/* The texts of a target are const to the public. */
static void free_text(const void *text) { free((void *)(uintptr_t)text); }

/* File name without directories and without its last suffix. */
static void path_stem(const char *path, const char **out_stem, size_t *out_n) {
  const char *slash = strrchr(path, '/');
  *out_stem = slash ? slash + 1 : path;
  const char *dot = strrchr(*out_stem, '.');
  *out_n = dot && dot != *out_stem ? (size_t)(dot - *out_stem) : strlen(*out_stem);
}

/* DEVIATION: ColabFold keeps letters of all scripts; here one character outside ASCII becomes one '_', so that a name
 * means the same on every file system. */
static char *safe_name(const char *text, size_t n) {
  char *name = malloc(n + 1);
  if (!name) return NULL;
  size_t n_name = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    bool is_continuation = (c & 0xc0) == 0x80;
    if (is_continuation && n_name > 0) continue;
    bool is_safe =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    name[n_name++] = is_safe ? (char)c : '_';
  }
  name[n_name] = '\0';
  return name;
}

/* Makes target i's name unique among the targets before it, by appending _2, _3, ...
 * DEVIATION: ColabFold takes the second target of a name for done. */
static pleat_status resolve_duplicate(pleat_targets *targets, uint32_t i, pleat_map *names, pleat_error *err) {
  pleat_target *target = &targets->items[i];
  uint32_t existing;
  if (!pleat_map_insert(names, target->name, strlen(target->name), i, &existing)) {
    return no_memory(target->source, err);
  }
  if (existing == PLEAT_MAP_NONE) return PLEAT_OK;
  size_t n_max = strlen(target->name) + 16;
  char *name = malloc(n_max);
  if (!name) return no_memory(target->source, err);
  for (size_t k = 2; existing != PLEAT_MAP_NONE; k++) {
    snprintf(name, n_max, "%s_%zu", target->name, k);
    if (pleat_map_insert(names, name, strlen(name), i, &existing)) continue;
    free(name);
    return no_memory(target->source, err);
  }
  pleat_buf_printf(&targets->warnings, "%s: a second target is called '%s'; its files are called '%s'\n",
                   target->source, target->name, name);
  free_text(target->name);
  target->name = name;
  return PLEAT_OK;
}

static pleat_status resolve_duplicates(pleat_targets *targets, pleat_error *err) {
  pleat_map names = {0};
  pleat_status status = PLEAT_OK;
  for (uint32_t i = 0; i < targets->n_items && !status; i++) status = resolve_duplicate(targets, i, &names, err);
  pleat_map_fini(&names);
  return status;
}

static pleat_status set_name(pleat_targets *targets, pleat_target *target, const pleat_new_target *from,
                             pleat_error *err) {
  const char *name = from->opt_name ? from->opt_name : "";
  while (*name == ' ' || *name == '\t') name++;
  size_t n = strlen(name);
  if (n == 0) path_stem(from->path, &name, &n);
  char *safe = safe_name(name, n);
  target->name = safe;
  if (!safe) return no_memory(from->path, err);
  if (strlen(safe) <= MAX_NAME_BYTES) return PLEAT_OK;
  safe[MAX_NAME_BYTES] = '\0';
  pleat_buf_printf(&targets->warnings, "%s: a name is longer than %d characters; its files are called '%s'\n",
                   from->path, MAX_NAME_BYTES, safe);
  return PLEAT_OK;
}

static pleat_status fill(pleat_targets *targets, pleat_target *target, const pleat_new_target *from, pleat_error *err) {
  PLEAT_TRY(set_name(targets, target, from, err));
  target->source = pleat_copy(from->path, strlen(from->path));
  if (!target->sequence) target->sequence = pleat_copy("", 0);
  if (!target->source || !target->sequence) return no_memory(from->path, err);
  if (from->opt_a3m_path) {
    target->opt_a3m_path = pleat_copy(from->opt_a3m_path, strlen(from->opt_a3m_path));
    if (!target->opt_a3m_path) return no_memory(from->path, err);
  }
  if (from->opt_error) {
    pleat_error *error = malloc(sizeof *error);
    if (!error) return no_memory(from->path, err);
    *error = *from->opt_error;
    target->opt_error = error;
  }
  return PLEAT_OK;
}

pleat_status pleat_targets_add(pleat_targets *targets, const pleat_new_target *from, pleat_error *err) {
  if (!pleat_grow(&targets->items, targets->n_items, &targets->capacity, sizeof *targets->items)) {
    free(from->sequence);
    free(from->opt_a3m);
    return no_memory(from->path, err);
  }
  pleat_target *target = &targets->items[targets->n_items++];
  *target = (pleat_target){
      .sequence = from->sequence, .opt_a3m = from->opt_a3m, .n_a3m = from->n_a3m, .n_rows = from->n_rows};
  return fill(targets, target, from, err);
}

pleat_status pleat_targets_read(const char *path, pleat_targets **out_targets, pleat_error *err) {
  *out_targets = NULL;
  pleat_targets *targets = calloc(1, sizeof *targets);
  if (!targets) return no_memory(path, err);
  pleat_status status = pleat_targets_read_path(targets, path, err);
  if (!status) status = resolve_duplicates(targets, err);
  if (!status && targets->warnings.is_failed) status = no_memory(path, err);
  if (status) {
    pleat_targets_destroy(targets);
    return status;
  }
  *out_targets = targets;
  return PLEAT_OK;
}

void pleat_targets_clear(pleat_targets *targets) {
  for (uint32_t i = 0; i < targets->n_items; i++) {
    pleat_target *target = &targets->items[i];
    free_text(target->name);
    free_text(target->sequence);
    free_text(target->opt_a3m);
    free_text(target->opt_a3m_path);
    free_text(target->opt_msas_path);
    free_text(target->source);
    free_text(target->opt_error);
  }
  targets->n_items = 0;
  pleat_buf_clear(&targets->warnings);
}

void pleat_targets_destroy(pleat_targets *targets) {
  if (!targets) return;
  pleat_targets_clear(targets);
  free(targets->items);
  pleat_buf_fini(&targets->warnings);
  free(targets);
}

size_t pleat_targets_count(const pleat_targets *targets) { return targets->n_items; }

const pleat_target *pleat_targets_get(const pleat_targets *targets, size_t i) {
  return i < targets->n_items ? &targets->items[i] : NULL;
}

const char *pleat_targets_warnings(const pleat_targets *targets) {
  return targets->warnings.data ? targets->warnings.data : "";
}
