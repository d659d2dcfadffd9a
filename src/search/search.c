/* Searches: what they need is found before anything runs; events, commands and chains that all ways share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "search/search_priv.h"

size_t pleat_search_chains(const char *sequence, pleat_chain chains[PLEAT_MAX_CHAINS]) {
  size_t n_chains = 0;
  for (const char *at = sequence; *at;) {
    if (n_chains == PLEAT_MAX_CHAINS) return 0;
    size_t n = strcspn(at, ":"), first = 0;
    while (first < n_chains && (chains[first].n != n || memcmp(chains[first].sequence, at, n))) first++;
    chains[n_chains++] = (pleat_chain){.sequence = at, .n = n, .first = first};
    at += n + (at[n] == ':');
  }
  return n_chains;
}

bool pleat_search_has_distinct(const pleat_chain *chains, size_t n_chains) {
  for (size_t i = 0; i < n_chains; i++) {
    if (chains[i].first > 0) return true;
  }
  return false;
}

bool pleat_search_is_multimer(const pleat_search_options *options, const pleat_target *target) {
  return options->is_multimer || (!options->is_monomer && strchr(target->sequence, ':'));
}

void pleat_search_tell(pleat_search *search, const pleat_search_event *event) {
  if (!search->options.opt_on_event) return;
  pthread_mutex_lock(&search->event_lock);
  search->options.opt_on_event(search->options.ctx, event);
  pthread_mutex_unlock(&search->event_lock);
}

pleat_status pleat_search_command(pleat_search *search, pleat_program program, const char *const *words,
                                  const char *const *values, pleat_buf *commands, pleat_error *err) {
  enum { LINE_BYTES = 16384 };
  char **argv = pleat_words_expand(search->programs[program].path, words, values);
  char *line = malloc(LINE_BYTES);
  pleat_process_result result;
  pleat_status status = argv && line ? PLEAT_OK : pleat_fail(err, PLEAT_NOMEM, "no memory for a command line");
  if (!status) {
    pleat_process_quote((const char *const *)argv, line, LINE_BYTES);
    pleat_buf_printf(commands, "%s\n", line);
    pleat_process process = {.argv = (const char *const *)argv,
                             .opt_poll = search->options.opt_poll,
                             .arg = search->options.ctx,
                             .time_limit_s = search->options.time_limit_s};
    status = pleat_process_run(&process, &result, err);
  }
  free(line);
  free(argv);
  return status;
}

/* What is needed, and finding it. */

static pleat_status check_options(const pleat_search_options *options, const pleat_target *const *targets,
                                  size_t n_targets, pleat_error *err) {
  if (options->is_monomer && options->is_multimer)
    PLEAT_FAIL(err, PLEAT_INVALID, "monomer and multimer at the same time");
  const char *const *paths = options->opt_db_paths;
  /* AlphaFold refuses these, too: one would think that the databases are searched. */
  if (options->is_reduced && (paths[PLEAT_DB_BFD] || paths[PLEAT_DB_UNIREF30])) {
    PLEAT_FAIL(err, PLEAT_INPUT, "the preset reduced_dbs searches neither bfd nor uniref30: leave out the path of %s",
               paths[PLEAT_DB_BFD] ? "bfd" : "uniref30");
  }
  if (!options->is_reduced && paths[PLEAT_DB_SMALL_BFD]) {
    PLEAT_FAIL(err, PLEAT_INPUT,
               "the preset full_dbs does not search small_bfd: leave out its path, or take reduced_dbs");
  }
  for (size_t i = 0; i < n_targets; i++) {
    pleat_chain chains[PLEAT_MAX_CHAINS];
    size_t n_chains = pleat_search_chains(targets[i]->sequence, chains);
    if (n_chains == 0) {
      PLEAT_FAIL(err, PLEAT_INPUT, "'%s' has no chain or more than %d, the most that AlphaFold's files can name",
                 targets[i]->name, PLEAT_MAX_CHAINS);
    }
    if (options->is_monomer && n_chains > 1 && options->way == PLEAT_SEARCH_ALPHAFOLD) {
      PLEAT_FAIL(err, PLEAT_INPUT, "'%s' has %zu chains: the monomer presets take one", targets[i]->name, n_chains);
    }
  }
  return PLEAT_OK;
}

static pleat_status find_database(pleat_search *search, pleat_db db, pleat_error *err) {
  pleat_db_report *report = &search->dbs[db];
  const char *dir = search->options.opt_db_dir;
  const char *path = search->options.opt_db_paths[db];
  *report = (pleat_db_report){.db = db, .state = PLEAT_DB_MISSING};
  if (path) {
    if (strlen(path) >= sizeof report->path - 16)
      PLEAT_FAIL(err, PLEAT_INPUT, "the path of %s is too long", pleat_db_name(db));
    snprintf(report->path, sizeof report->path, "%s", path);
    PLEAT_TRY(pleat_db_inspect(db, report, err));
  } else if (dir) {
    PLEAT_TRY(pleat_db_locate(db, dir, report, err));
  }
  if (report->state != PLEAT_DB_COMPLETE) return pleat_db_fail(report, dir, err);
  pleat_buf_printf(&search->text, "database %s: %s%s%s\n", pleat_db_name(db), report->path, report->note[0] ? ", " : "",
                   report->note);
  return PLEAT_OK;
}

static pleat_status collect(void *arg, const char *bytes, size_t n, pleat_error *err) {
  (void)err;
  pleat_buf_append(arg, bytes, n);
  return PLEAT_OK;
}

/* Options that came with later releases: Debian 12 has MMseqs2 14, which lacks both. */
static bool mmseqs_has(const pleat_search *search, const char *module, const char *option) {
  const char *argv[] = {search->programs[PLEAT_PROGRAM_MMSEQS].path, module, "-h", NULL};
  pleat_buf text = {0};
  pleat_process_result result;
  pleat_process process = {.argv = argv, .opt_on_stdout = collect, .arg = &text, .time_limit_s = 30};
  pleat_status status = pleat_process_run(&process, &result, NULL);
  bool has = (status == PLEAT_OK || status == PLEAT_PROGRAM) && text.data && strstr(text.data, option);
  pleat_buf_fini(&text);
  return has;
}

static pleat_status find_all(pleat_search *search, const pleat_search_needs *needs, pleat_error *err) {
  for (int i = 0; i < PLEAT_N_PROGRAMS; i++) {
    if (!needs->programs[i]) continue;
    pleat_found_program *found = &search->programs[i];
    PLEAT_TRY(pleat_program_probe((pleat_program)i, search->options.opt_program_paths[i], found, err));
    pleat_buf_printf(&search->text, "program %s: %s, version %s\n", pleat_program_name((pleat_program)i), found->path,
                     found->version[0] ? found->version : "unknown");
  }
  if (needs->programs[PLEAT_PROGRAM_MMSEQS]) {
    search->has_prefilter_mode = mmseqs_has(search, "search", "--prefilter-mode");
    search->has_pairing_mode = mmseqs_has(search, "pairaln", "--pairing-dummy-mode");
  }
  for (int db = 0; db < PLEAT_N_DBS; db++) {
    if (needs->dbs[db]) PLEAT_TRY(find_database(search, (pleat_db)db, err));
  }
  if (search->text.is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a list of databases");
  return PLEAT_OK;
}

pleat_status pleat_search_open(const pleat_search_options *options, const pleat_target *const *targets,
                               size_t n_targets, pleat_search **out_search, pleat_error *err) {
  *out_search = NULL;
  PLEAT_TRY(check_options(options, targets, n_targets, err));
  pleat_search *search = calloc(1, sizeof *search);
  if (!search) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  if (pthread_mutex_init(&search->event_lock, NULL)) {
    free(search);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  }
  search->options = *options;
  search->n_cpus = options->n_cpus > 0 ? options->n_cpus : pleat_os_cores();
  pleat_search_needs needs = {0};
  for (size_t i = 0; i < n_targets; i++) {
    if (options->way == PLEAT_SEARCH_ALPHAFOLD)
      pleat_search_add_alphafold_needs(options, targets[i], &needs);
    else
      pleat_search_add_colabfold_needs(options, targets[i], &needs);
  }
  pleat_status status = find_all(search, &needs, err);
  if (status) {
    pleat_search_close(search);
    return status;
  }
  *out_search = search;
  return PLEAT_OK;
}

void pleat_search_close(pleat_search *search) {
  if (!search) return;
  for (int i = 0; i < PLEAT_N_PROGRAMS; i++) free(search->programs[i].path);
  pleat_buf_fini(&search->text);
  pthread_mutex_destroy(&search->event_lock);
  free(search);
}

const char *pleat_search_text(const pleat_search *search) { return search->text.data ? search->text.data : ""; }
