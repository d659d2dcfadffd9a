/* Structures that are given as templates: which chain of them lies on which chain of a target.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"
#include "base/os.h"
#include "feat/feat_templates.h"
#include "pleat/io.h"
#include "template/chain_match.h"
#include "template/pdb_lists.h"
#include "template/structure_entry.h"

enum { MAX_PATH = 4096, MIN_EQUAL = 10, MAX_USED = 4 };
static const double min_identity = 0.25, min_covered = 0.1; /* the second as published for hits */

typedef struct given_chain {
  uint32_t entry;
  size_t chain;
  bool is_named;
} given_chain;

struct pleat_template_files {
  pleat_mmcif_entry *entries;
  uint32_t n_entries, entries_capacity;
  given_chain *chains;
  uint32_t n_chains, chains_capacity;
};

static pleat_status no_memory(pleat_error *err) { return pleat_fail(err, PLEAT_NOMEM, "no memory for templates"); }

/* ---- Files ---- */

pleat_status pleat_template_files_create(pleat_template_files **out_files, pleat_error *err) {
  *out_files = calloc(1, sizeof **out_files);
  return *out_files ? PLEAT_OK : no_memory(err);
}

void pleat_template_files_destroy(pleat_template_files *files) {
  if (!files) return;
  for (uint32_t i = 0; i < files->n_entries; i++) pleat_mmcif_entry_fini(&files->entries[i]);
  free(files->entries);
  free(files->chains);
  free(files);
}

/* Has the entry this chain already, under another name? */
static bool is_copy(const pleat_mmcif_entry *entry, size_t chain) {
  for (size_t c = 0; c < chain; c++) {
    if (strcmp(entry->chains[c].sequence, entry->chains[chain].sequence) == 0) return true;
  }
  return false;
}

static pleat_status add_chains(pleat_template_files *files, const char *opt_name, pleat_error *err) {
  const pleat_mmcif_entry *entry = &files->entries[files->n_entries];
  for (size_t c = 0; c < entry->n_chains; c++) {
    if (opt_name ? strcmp(entry->chains[c].author_id, opt_name) != 0 : is_copy(entry, c)) continue;
    if (!pleat_grow(&files->chains, files->n_chains, &files->chains_capacity, sizeof *files->chains)) {
      return no_memory(err);
    }
    files->chains[files->n_chains++] = (given_chain){files->n_entries, c, opt_name != NULL};
    if (opt_name) break;
  }
  return PLEAT_OK;
}

static pleat_status refuse_chain(const pleat_mmcif_entry *entry, const char *path, const char *name, pleat_error *err) {
  char names[200];
  size_t n = 0;
  names[0] = '\0';
  for (size_t c = 0; c < entry->n_chains && n < sizeof names; c++) {
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", c ? ", " : "", entry->chains[c].author_id);
  }
  return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0, "there is no protein chain %s: the file has %s", name, names);
}

static pleat_status add_file(pleat_template_files *files, const char *path, const char *opt_chain, int32_t max_day,
                             pleat_error *err) {
  if (!pleat_grow(&files->entries, files->n_entries, &files->entries_capacity, sizeof *files->entries)) {
    return no_memory(err);
  }
  pleat_mmcif_entry *entry = &files->entries[files->n_entries];
  PLEAT_TRY(pleat_structure_read(path, entry, err));
  int32_t day;
  bool is_late = pleat_date_parse(entry->release_date, strlen(entry->release_date), &day) && day > max_day;
  uint32_t n_before = files->n_chains;
  pleat_status status = is_late ? PLEAT_OK : add_chains(files, opt_chain, err);
  if (!status && opt_chain && files->n_chains == n_before) status = refuse_chain(entry, path, opt_chain, err);
  if (status || is_late) {
    files->n_chains = n_before;
    pleat_mmcif_entry_fini(entry);
    return status;
  }
  files->n_entries++;
  return PLEAT_OK;
}

pleat_status pleat_template_files_add(pleat_template_files *files, const char *path, pleat_error *err) {
  const char *colon = strrchr(path, ':');
  char file[MAX_PATH];
  if (pleat_path_is_file(path) || !colon || colon == path || !colon[1])
    return add_file(files, path, NULL, INT32_MAX, err);
  snprintf(file, sizeof file, "%.*s", (int)(colon - path < MAX_PATH ? colon - path : MAX_PATH - 1), path);
  return add_file(files, file, colon + 1, INT32_MAX, err);
}

static bool is_structure(const char *name) {
  static const char *const suffixes[] = {".cif", ".pdb", ".cif.gz", ".pdb.gz"};
  size_t n = strlen(name);
  for (int s = 0; s < 4; s++) {
    size_t n_suffix = strlen(suffixes[s]);
    if (n > n_suffix && strcmp(name + n - n_suffix, suffixes[s]) == 0) return name[0] != '.';
  }
  return false;
}

pleat_status pleat_template_files_add_folder(pleat_template_files *files, const char *path, const char *opt_max_date,
                                             pleat_error *err) {
  int32_t max_day = INT32_MAX;
  if (opt_max_date && !pleat_date_parse(opt_max_date, strlen(opt_max_date), &max_day)) {
    PLEAT_FAIL(err, PLEAT_INPUT, "\"%s\" is no date: expected one as 2021-09-30", opt_max_date);
  }
  pleat_dir_names names;
  PLEAT_TRY(pleat_dir_list(path, &names, err));
  char file[MAX_PATH];
  pleat_status status = PLEAT_OK;
  size_t n_files = 0;
  for (size_t i = 0; i < names.n_items && !status; i++) {
    if (!is_structure(names.items[i])) continue;
    int n = snprintf(file, sizeof file, "%s/%s", path, names.items[i]);
    if (n < 0 || n >= MAX_PATH) status = pleat_fail(err, PLEAT_INPUT, "the path of '%s' is too long", names.items[i]);
    if (!status) status = add_file(files, file, NULL, max_day, err);
    n_files++;
  }
  pleat_dir_list_fini(&names);
  if (status || n_files > 0) return status;
  return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                       "the folder has no structures: expected .cif or .pdb files, plain or with .gz");
}

/* ---- Templates of a target ---- */

/* A chain of the target, with templates in the order of their equal residues. */
typedef struct target_chain {
  char *sequence;
  size_t original; /* the first chain of the same sequence */
  pleat_templates templates;
  int64_t *n_equal; /* of each template */
} target_chain;

typedef struct target {
  target_chain *chains;
  size_t n_chains;
  pleat_kalign kalign;
  pleat_buf notes;
} target;

static void target_fini(target *t) {
  for (size_t k = 0; t->chains && k < t->n_chains; k++) {
    free(t->chains[k].sequence);
    free(t->chains[k].n_equal);
    pleat_templates_fini(&t->chains[k].templates);
  }
  free(t->chains);
  pleat_buf_fini(&t->notes);
}

static pleat_status target_init(target *t, const char *sequence, size_t n_given, pleat_error *err) {
  *t = (target){.n_chains = 1};
  for (const char *p = sequence; *p; p++) t->n_chains += *p == ':';
  t->chains = calloc(t->n_chains, sizeof *t->chains);
  for (size_t k = 0; t->chains && k < t->n_chains; k++) {
    size_t n = strcspn(sequence, ":");
    target_chain *chain = &t->chains[k];
    chain->sequence = calloc(n + 1, 1);
    chain->n_equal = calloc(n_given + 1, sizeof *chain->n_equal);
    if (!chain->sequence || !chain->n_equal) return no_memory(err);
    memcpy(chain->sequence, sequence, n);
    while (strcmp(t->chains[chain->original].sequence, chain->sequence) != 0) chain->original++;
    sequence += n + 1;
  }
  return t->chains ? PLEAT_OK : no_memory(err);
}

/* Residues of the template on the query, and how many of them are the query's. */
static void count_residues(const pleat_template *template_, const char *query, int64_t *out_n, int64_t *out_n_equal) {
  *out_n = *out_n_equal = 0;
  for (size_t i = 0; query[i]; i++) {
    *out_n += template_->sequence[i] != '-';
    *out_n_equal += template_->sequence[i] == query[i];
  }
}

static pleat_status insert(target_chain *chain, pleat_template *made, int64_t n_equal, pleat_error *err) {
  PLEAT_TRY(pleat_templates_add(&chain->templates, made, err));
  pleat_template *items = chain->templates.items;
  for (size_t t = chain->templates.n_items - 1;; t--) {
    if (t == 0 || chain->n_equal[t - 1] >= n_equal) {
      chain->n_equal[t] = n_equal;
      return PLEAT_OK;
    }
    pleat_template lower = items[t - 1];
    items[t - 1] = items[t];
    items[t] = lower;
    chain->n_equal[t] = chain->n_equal[t - 1];
  }
}

/* The chain of the target that the given one resembles most. *out_made is empty, and a note says why, where it lies on
 * none. */
static pleat_status find_nearest(target *t, const pleat_mmcif_entry *entry, const pleat_mmcif_chain *given,
                                 target_chain **out_nearest, pleat_template *out_made, pleat_error *err) {
  int64_t n_best = -1;
  pleat_error why = {0};
  *out_made = (pleat_template){0};
  for (size_t k = 0; k < t->n_chains; k++) {
    target_chain *chain = &t->chains[k];
    if (chain->original != k) continue;
    pleat_template made = {0};
    int64_t n, n_equal;
    pleat_status status =
        pleat_template_from_chain(given, entry->id, chain->sequence, pleat_kalign_align, &t->kalign, &made, &why);
    if (status == PLEAT_INPUT) continue;
    if (status) {
      if (err) *err = why;
      return status;
    }
    count_residues(&made, chain->sequence, &n, &n_equal);
    if (n_equal > n_best) {
      pleat_template_fini(out_made);
      *out_made = made;
      *out_nearest = chain;
      n_best = n_equal;
    } else {
      pleat_template_fini(&made);
    }
  }
  if (n_best < 0)
    pleat_buf_printf(&t->notes, "template %s_%s is left out: %s\n", entry->id, given->author_id, why.message);
  return PLEAT_OK;
}

static pleat_status place_chain(target *t, const pleat_mmcif_entry *entry, const given_chain *given, pleat_error *err) {
  target_chain *chain = NULL;
  pleat_template made;
  int64_t n, n_equal;
  PLEAT_TRY(find_nearest(t, entry, &entry->chains[given->chain], &chain, &made, err));
  if (!made.name) return PLEAT_OK;
  count_residues(&made, chain->sequence, &n, &n_equal);
  size_t n_query = strlen(chain->sequence);
  bool is_like =
      n_equal >= MIN_EQUAL && (double)n_equal >= min_identity * (double)n && (double)n > min_covered * (double)n_query;
  bool is_used = given->is_named || is_like;
  pleat_buf_printf(&t->notes, "template %s %s chain %zu: %lld residues on its %zu, %lld of them equal%s\n", made.name,
                   is_used ? "lies on" : "is too unlike even", (size_t)(chain - t->chains) + 1, (long long)n, n_query,
                   (long long)n_equal, is_used ? "" : "; FILE:CHAIN uses it all the same");
  if (is_used) return insert(chain, &made, n_equal, err);
  pleat_template_fini(&made);
  return PLEAT_OK;
}

static pleat_status add_features(const target *t, const pleat_model *model, pleat_arrays *features, pleat_error *err) {
  if (!pleat_model_is_multimer(model)) {
    return pleat_feat_monomer_add_templates(&t->chains[0].templates, features, err);
  }
  const pleat_templates **all = malloc((t->n_chains + 1) * sizeof(const pleat_templates *));
  if (!all) return no_memory(err);
  for (size_t k = 0; k < t->n_chains; k++) all[k] = &t->chains[t->chains[k].original].templates;
  pleat_status status = pleat_feat_multimer_raw_templates(all, t->n_chains, features, err);
  free(all);
  return status;
}

static pleat_status apply(const pleat_template_files *files, target *t, const pleat_model *model,
                          pleat_arrays *features, pleat_error *err) {
  PLEAT_TRY(pleat_kalign_check(&t->kalign, err));
  for (uint32_t i = 0; i < files->n_chains; i++) {
    PLEAT_TRY(place_chain(t, &files->entries[files->chains[i].entry], &files->chains[i], err));
  }
  for (size_t k = 0; k < t->n_chains; k++) {
    size_t n = t->chains[k].templates.n_items;
    if (n <= MAX_USED) continue;
    pleat_buf_printf(&t->notes, "chain %zu has %zu templates: the network takes %d, those with most equal residues\n",
                     k + 1, n, MAX_USED);
  }
  return add_features(t, model, features, err);
}

pleat_status pleat_template_files_apply(const pleat_template_files *files, const char *sequence,
                                        const pleat_model *model, pleat_arrays *features, char **out_notes,
                                        pleat_error *err) {
  *out_notes = NULL;
  target t = {0};
  pleat_status status = target_init(&t, sequence, files->n_chains, err);
  if (!status && pleat_model_has_templates(model)) {
    status = apply(files, &t, model, features, err);
  } else if (!status) {
    pleat_buf_printf(&t.notes, "%s takes no templates\n", pleat_model_name(model));
  }
  if (!status) {
    pleat_buf_append(&t.notes, "", 0);
    if (t.notes.is_failed) status = no_memory(err);
  }
  if (!status) {
    *out_notes = t.notes.data;
    t.notes.data = NULL;
  }
  target_fini(&t);
  return status;
}
