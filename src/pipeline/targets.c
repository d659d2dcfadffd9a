/* What to fold: FASTA records and a3m files under names that are safe as file names.
 * Source: names as colabfold/input.py makes them (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/os.h"
#include "io/a3m.h"
#include "io/fasta.h"
#include "pleat/io.h"

enum {
  MAX_INPUT_BYTES = 1 << 30,
  /* File systems allow 255 bytes; what is added to a name (rank, model, seed, a temporary suffix) takes about 100. */
  MAX_NAME_BYTES = 120
};

struct pleat_targets {
  pleat_target *items;
  size_t n_items;
  char *text; /* of the a3m file; the target borrows it */
  pleat_buf warnings;
};

static char *copy_text(const char *text, size_t n) {
  char *copy = malloc(n + 1);
  if (!copy) return NULL;
  memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory for the targets of '%s'", path);
}

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

/* Makes target i's name unique among the targets before it, by appending _2, _3, ... */
static pleat_status resolve_duplicate(pleat_targets *targets, size_t i, pleat_map *names, pleat_error *err) {
  pleat_target *target = &targets->items[i];
  uint32_t existing;
  if (!pleat_map_insert(names, target->name, strlen(target->name), (uint32_t)i, &existing)) {
    return no_memory(target->source, err);
  }
  if (existing == PLEAT_MAP_NONE) return PLEAT_OK;
  size_t n_max = strlen(target->name) + 16;
  char *name = malloc(n_max);
  if (!name) return no_memory(target->source, err);
  for (size_t k = 2; existing != PLEAT_MAP_NONE; k++) {
    snprintf(name, n_max, "%s_%zu", target->name, k);
    if (pleat_map_insert(names, name, strlen(name), (uint32_t)i, &existing)) continue;
    free(name);
    return no_memory(target->source, err);
  }
  pleat_buf_printf(&targets->warnings, "%s: a second target is called '%s'; its files are called '%s'\n",
                   target->source, target->name, name);
  free((void *)(uintptr_t)target->name);
  target->name = name;
  return PLEAT_OK;
}

static pleat_status resolve_duplicates(pleat_targets *targets, pleat_error *err) {
  pleat_map names = {0};
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < targets->n_items && !status; i++) status = resolve_duplicate(targets, i, &names, err);
  pleat_map_fini(&names);
  return status;
}

/* Fills one item; takes `sequence` over, also on failure. An empty name falls back to the file's. */
static pleat_status add_target(pleat_targets *targets, const char *name, size_t n_name, char *sequence,
                               const char *path, pleat_error *err) {
  pleat_target *target = &targets->items[targets->n_items++];
  *target = (pleat_target){.sequence = sequence};
  if (n_name == 0) path_stem(path, &name, &n_name);
  char *safe = safe_name(name, n_name);
  target->name = safe;
  target->source = copy_text(path, strlen(path));
  if (!safe || !target->source || !sequence) return no_memory(path, err);
  if (strlen(safe) > MAX_NAME_BYTES) {
    safe[MAX_NAME_BYTES] = '\0';
    pleat_buf_printf(&targets->warnings, "%s: a name is longer than %d characters; its files are called '%s'\n", path,
                     MAX_NAME_BYTES, safe);
  }
  return PLEAT_OK;
}

static pleat_status read_fasta(const char *text, size_t n, const char *path, pleat_targets *targets, pleat_error *err) {
  pleat_fasta fasta = {0};
  pleat_status status = pleat_fasta_parse(text, n, path, &fasta, err);
  if (status) return status; /* the parser leaves nothing behind */
  if (fasta.opt_warning) pleat_buf_puts(&targets->warnings, fasta.opt_warning);
  targets->items = calloc(fasta.n_records, sizeof *targets->items);
  if (!targets->items) status = no_memory(path, err);
  for (size_t i = 0; i < fasta.n_records && !status; i++) {
    pleat_fasta_record *record = &fasta.records[i];
    const char *name = record->description;
    while (*name == ' ' || *name == '\t') name++;
    status = add_target(targets, name, strlen(name), record->sequence, path, err);
    record->sequence = NULL;
  }
  pleat_fasta_fini(&fasta);
  return status;
}

/* The first row, or for a complex its distinct chains as often as they occur, joined by ':'. The parser has bounded
 * the residues of all copies. */
static pleat_status a3m_sequence(const pleat_a3m *a3m, const char *path, char **out_sequence, pleat_error *err) {
  const int64_t plain_lengths[] = {a3m->msa.n_cols}, plain_cardinalities[] = {1};
  const int64_t *lengths = a3m->n_chains > 0 ? a3m->chain_lengths : plain_lengths;
  const int64_t *cardinalities = a3m->n_chains > 0 ? a3m->cardinalities : plain_cardinalities;
  int64_t n_chains = a3m->n_chains > 0 ? a3m->n_chains : 1;
  pleat_buf buf = {0};
  int64_t column = 0;
  for (int64_t k = 0; k < n_chains; k++) {
    for (int64_t copy = 0; copy < cardinalities[k]; copy++) {
      if (buf.n) pleat_buf_puts(&buf, ":");
      pleat_buf_append(&buf, a3m->msa.letters + column, (size_t)lengths[k]);
    }
    column += lengths[k];
  }
  if (buf.is_failed) {
    pleat_buf_fini(&buf);
    return no_memory(path, err);
  }
  *out_sequence = buf.data;
  return PLEAT_OK;
}

static pleat_status read_a3m(char *text, size_t n, const char *path, pleat_targets *targets, pleat_error *err) {
  pleat_a3m a3m = {0};
  PLEAT_TRY(pleat_a3m_parse(text, n, path, &a3m, err));
  char *sequence = NULL;
  pleat_status status = a3m_sequence(&a3m, path, &sequence, err);
  pleat_a3m_fini(&a3m);
  if (status) return status;
  targets->items = calloc(1, sizeof *targets->items);
  if (!targets->items) {
    free(sequence);
    return no_memory(path, err);
  }
  PLEAT_TRY(add_target(targets, "", 0, sequence, path, err));
  targets->items[0].opt_a3m = text;
  targets->items[0].n_a3m = n;
  return PLEAT_OK;
}

static bool has_suffix(const char *path, const char *suffix) {
  size_t n_path = strlen(path), n_suffix = strlen(suffix);
  return n_path > n_suffix && strcasecmp(path + n_path - n_suffix, suffix) == 0;
}

/* The suffix decides; without a known one, ColabFold's header or a gap in a sequence line mean a3m. */
static bool is_a3m(const char *path, const char *text, size_t n) {
  static const char *const fasta_suffixes[] = {".fasta", ".fa", ".faa", ".fas", ".seq"};
  if (has_suffix(path, ".a3m")) return true;
  for (size_t i = 0; i < sizeof fasta_suffixes / sizeof *fasta_suffixes; i++) {
    if (has_suffix(path, fasta_suffixes[i])) return false;
  }
  if (n > 1 && text[0] == '#' && text[1] >= '0' && text[1] <= '9') return true;
  bool is_line_start = true, is_sequence = false;
  for (size_t i = 0; i < n; i++) {
    if (is_line_start) is_sequence = text[i] != '>' && text[i] != '#';
    if (is_sequence && text[i] == '-') return true;
    is_line_start = text[i] == '\n';
  }
  return false;
}

pleat_status pleat_targets_read(const char *path, pleat_targets **out_targets, pleat_error *err) {
  *out_targets = NULL;
  if (pleat_path_is_dir(path)) {
    PLEAT_FAIL(err, PLEAT_INPUT, "'%s' is a directory: expected a FASTA or a3m file; give one file at a time", path);
  }
  pleat_targets *targets = calloc(1, sizeof *targets);
  if (!targets) return no_memory(path, err);
  size_t n = 0;
  pleat_status status = pleat_file_read(path, MAX_INPUT_BYTES, &targets->text, &n, err);
  const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
  if (!status) {
    status = is_a3m(path, targets->text, n) ? read_a3m(targets->text, n, name, targets, err)
                                            : read_fasta(targets->text, n, name, targets, err);
  }
  if (!status) status = resolve_duplicates(targets, err);
  if (!status && targets->warnings.is_failed) status = no_memory(path, err);
  if (status) {
    pleat_targets_destroy(targets);
    return status;
  }
  *out_targets = targets;
  return PLEAT_OK;
}

void pleat_targets_destroy(pleat_targets *targets) {
  if (!targets) return;
  for (size_t i = 0; i < targets->n_items; i++) {
    pleat_target *target = &targets->items[i];
    free((void *)(uintptr_t)target->name);
    free((void *)(uintptr_t)target->sequence);
    free((void *)(uintptr_t)target->source);
  }
  free(targets->items);
  free(targets->text);
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

pleat_status pleat_target_features(const pleat_target *target, const pleat_model *model,
                                   const pleat_predict_options *opt_options, pleat_arrays **out_features,
                                   pleat_error *err) {
  if (target->opt_a3m) {
    return pleat_features_from_a3m(target->opt_a3m, target->n_a3m, target->source, model, opt_options, out_features,
                                   err);
  }
  return pleat_features_from_sequence(target->sequence, model, opt_options, out_features, err);
}
