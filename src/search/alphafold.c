/* AlphaFold's way: the steps of all chains of a target, as many at a time as there are processors for.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "search/manifest.h"
#include "search/query.h"
#include "search/steps.h"

/* More processors make none of the programs faster (AlphaFold's flags stop at 8, too); fewer than 4 each, and all of
 * them take so long that a failure is seen late. */
enum { MIN_SHARE = 4, MAX_SHARE = 8, PATH_BYTES = 4096 };

/* A distinct chain, or the only one. */
typedef struct chain_work {
  const pleat_chain *chain;
  char id[2]; /* "" for monomers */
  char folder[PATH_BYTES - 512];
  pleat_manifest manifest;
} chain_work;

typedef enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED } job_state;

typedef struct job {
  pleat_step_id step;
  chain_work *chain;
  job_state state;
} job;

typedef struct work {
  pleat_search *search;
  const pleat_target *target;
  chain_work *chains;
  size_t n_chains;
  job *jobs;
  int n_jobs;
  pthread_mutex_t lock; /* of what follows, the states and the manifests */
  pthread_cond_t has_changed;
  int n_free; /* processors */
  pleat_status status;
  pleat_error *err;
  int64_t n_rows; /* found in all alignments */
} work;

static void tell(const work *w, const job *j, pleat_search_event_kind kind, const char *text, int64_t n_hits,
                 double time_ms) {
  const pleat_search_event event = {.kind = kind,
                                    .target = w->target->name,
                                    .chain = j ? j->chain->id : "",
                                    .step = j ? pleat_steps[j->step].file : "",
                                    .text = text,
                                    .n_hits = n_hits,
                                    .time_ms = time_ms};
  pleat_search_tell(w->search, &event);
}

/* One step. */

/* What it is done with; all but `result` lies in a folder that is removed at the end. */
typedef struct step_files {
  char folder[PATH_BYTES], query[PATH_BYTES + 32], hmm[PATH_BYTES + 32], output[PATH_BYTES + 32],
      clean[PATH_BYTES + 32];
  char result[PATH_BYTES];
} step_files;

static void name_files(const job *j, step_files *f) {
  const pleat_step *step = &pleat_steps[j->step];
  snprintf(f->folder, sizeof f->folder, "%s/.search-%s", j->chain->folder, step->file);
  snprintf(f->query, sizeof f->query, "%s/query%s", f->folder,
           !step->is_after_uniref90         ? ".fasta"
           : step->format == PLEAT_STEP_HHR ? ".a3m"
                                            : ".sto");
  snprintf(f->hmm, sizeof f->hmm, "%s/query.hmm", f->folder);
  snprintf(f->output, sizeof f->output, "%s/output", f->folder);
  snprintf(f->clean, sizeof f->clean, "%s/clean.fasta", f->folder);
  snprintf(f->result, sizeof f->result, "%s/%s", j->chain->folder, step->file);
}

static pleat_status write_query(const work *w, const job *j, const step_files *f, pleat_error *err) {
  const pleat_step *step = &pleat_steps[j->step];
  if (!step->is_after_uniref90) {
    return pleat_query_write_fasta(f->query, w->target->name, j->chain->chain->sequence, j->chain->chain->n, err);
  }
  char uniref90[PATH_BYTES];
  snprintf(uniref90, sizeof uniref90, "%s/%s", j->chain->folder, pleat_steps[PLEAT_STEP_UNIREF90].file);
  return pleat_query_write_template(f->query, uniref90, pleat_steps[PLEAT_STEP_UNIREF90].max_rows,
                                    step->format == PLEAT_STEP_HHR, err);
}

/* Odd letters in the PDB's sequences come and go with its releases: worth a copy without them. */
static pleat_status prepare_seqres(const work *w, const job *j, const step_files *f, const char **db_path,
                                   pleat_error *err) {
  int64_t n_odd;
  char first[160], text[512];
  PLEAT_TRY(pleat_query_clean_fasta(*db_path, f->clean, &n_odd, first, err));
  if (n_odd == 0) return PLEAT_OK;
  snprintf(text, sizeof text, "%s: hmmsearch cannot read %lld of its records, which are left out; the first has %s",
           *db_path, (long long)n_odd, first);
  tell(w, j, PLEAT_SEARCH_NOTE, text, n_odd, 0);
  *db_path = f->clean;
  return PLEAT_OK;
}

static pleat_status run_programs(const work *w, const job *j, const step_files *f, int n_cpus, pleat_buf *commands,
                                 pleat_error *err) {
  const pleat_step *step = &pleat_steps[j->step];
  char cpus[16];
  snprintf(cpus, sizeof cpus, "%d", n_cpus);
  const char *values[PLEAT_N_WORD_VALUES] = {
      ['q'] = f->query, ['o'] = f->output, ['h'] = f->hmm, ['c'] = cpus, ['d'] = w->search->dbs[step->dbs[0]].path};
  if (step->n_dbs > 1) values['e'] = w->search->dbs[step->dbs[1]].path;
  if (step->program == PLEAT_PROGRAM_HMMSEARCH) {
    PLEAT_TRY(prepare_seqres(w, j, f, &values['d'], err));
    PLEAT_TRY(pleat_search_command(w->search, PLEAT_PROGRAM_HMMBUILD, pleat_hmmbuild_words, values, commands, err));
  }
  return pleat_search_command(w->search, step->program, step->words, values, commands, err);
}

/* The result under its name: complete or not at all. */
static pleat_status publish(const pleat_step *step, const step_files *f, pleat_error *err) {
  if (step->max_rows > 0) return pleat_query_write_truncated(f->result, f->output, step->max_rows, err);
  /* hmmsearch without a hit may write no file. */
  if (step->format == PLEAT_STEP_PDB_STO && !pleat_path_exists(f->output))
    return pleat_file_write(f->result, "", 0, err);
  if (rename(f->output, f->result)) {
    PLEAT_FAIL(err, PLEAT_PROGRAM, "%s succeeded, but wrote no result to %s", pleat_program_name(step->program),
               f->output);
  }
  return PLEAT_OK;
}

static pleat_status search_step(work *w, const job *j, const step_files *f, int n_cpus, pleat_error *err) {
  const pleat_step *step = &pleat_steps[j->step];
  pleat_buf commands = {0};
  int64_t n_hits = 0;
  double begin = pleat_os_time_ms();
  PLEAT_TRY(pleat_folder_make(f->folder, err));
  PLEAT_TRY(write_query(w, j, f, err));
  pleat_status status = run_programs(w, j, f, n_cpus, &commands, err);
  if (!status) status = publish(step, f, err);
  if (!status) status = pleat_step_inspect(j->step, f->result, NULL, 0, &n_hits, err);
  if (!status) {
    pleat_manifest_entry entry = {.file = step->file,
                                  .version = w->search->programs[step->program].version,
                                  .commands = commands.data ? commands.data : "",
                                  .n_dbs = step->n_dbs,
                                  .n_hits = n_hits,
                                  .time_ms = pleat_os_time_ms() - begin};
    for (int i = 0; i < step->n_dbs; i++) entry.dbs[i] = &w->search->dbs[step->dbs[i]];
    pthread_mutex_lock(&w->lock);
    status = pleat_manifest_add(&j->chain->manifest, &entry, err);
    if (!step->is_after_uniref90) w->n_rows += n_hits;
    pthread_mutex_unlock(&w->lock);
  }
  pleat_buf_fini(&commands);
  if (!status) tell(w, j, PLEAT_SEARCH_DONE, pleat_program_name(step->program), n_hits, pleat_os_time_ms() - begin);
  return status;
}

/* A file that is there counts when it is what this search wrote, or an alignment of this sequence. */
static pleat_status reuse(work *w, const job *j, const step_files *f, bool *out_is_reused, pleat_error *err) {
  *out_is_reused = false;
  if (w->search->options.is_overwriting || !pleat_path_is_file(f->result)) return PLEAT_OK;
  const pleat_chain *chain = j->chain->chain;
  pleat_manifest_match match;
  int64_t n_hits;
  pthread_mutex_lock(&w->lock);
  pleat_status status = pleat_manifest_compare(&j->chain->manifest, pleat_steps[j->step].file, &match, err);
  pthread_mutex_unlock(&w->lock);
  bool is_ours = match == PLEAT_MANIFEST_SAME;
  if (!status)
    status = pleat_step_inspect(j->step, f->result, is_ours ? NULL : chain->sequence, chain->n, &n_hits, err);
  if (status) return status;
  tell(w, j, PLEAT_SEARCH_REUSED, match == PLEAT_MANIFEST_CHANGED ? "changed since it was searched" : "", n_hits, 0);
  pthread_mutex_lock(&w->lock);
  if (!pleat_steps[j->step].is_after_uniref90) w->n_rows += n_hits;
  pthread_mutex_unlock(&w->lock);
  *out_is_reused = true;
  return PLEAT_OK;
}

static pleat_status do_job(work *w, const job *j, int n_cpus, pleat_error *err) {
  const pleat_step *step = &pleat_steps[j->step];
  step_files *f = malloc(sizeof *f);
  if (!f) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  name_files(j, f);
  pleat_path_remove(f->folder); /* of a run that was killed */
  bool is_reused;
  pleat_status status = reuse(w, j, f, &is_reused, err);
  if (!status && !is_reused) {
    char text[512];
    snprintf(text, sizeof text, "%s in %s, %d processor%s", pleat_program_name(step->program),
             pleat_db_name(step->dbs[0]), n_cpus, n_cpus == 1 ? "" : "s");
    tell(w, j, PLEAT_SEARCH_STARTED, text, 0, 0);
    status = search_step(w, j, f, n_cpus, err);
  }
  pleat_path_remove(f->folder);
  free(f);
  return status;
}

/* All steps. */

/* A step that may start now; NULL and *out_is_over when none ever will. Called under the lock. */
static job *next_job(work *w, bool *out_is_over) {
  bool is_any_running = false, is_any_waiting = false;
  job *ready = NULL;
  for (int i = 0; i < w->n_jobs; i++) {
    job *j = &w->jobs[i];
    is_any_running |= j->state == JOB_RUNNING;
    if (j->state != JOB_WAITING || w->status) continue;
    is_any_waiting = true;
    bool is_held = false;
    for (int k = 0; k < w->n_jobs && pleat_steps[j->step].is_after_uniref90; k++) {
      const job *before = &w->jobs[k];
      is_held |= before->chain == j->chain && before->step == PLEAT_STEP_UNIREF90 && before->state != JOB_DONE;
    }
    if (!ready && !is_held) ready = j;
  }
  *out_is_over = !is_any_running && (!is_any_waiting || !ready);
  int least = w->search->n_cpus < MIN_SHARE ? w->search->n_cpus : MIN_SHARE;
  return w->n_free >= least ? ready : NULL;
}

/* A failure ends what has not begun; what runs goes on, since its result will be found by the next run. */
static void *work_thread(void *arg) {
  work *w = arg;
  pthread_mutex_lock(&w->lock);
  for (bool is_over = false; !is_over;) {
    job *j = next_job(w, &is_over);
    if (!j) {
      if (!is_over) pthread_cond_wait(&w->has_changed, &w->lock);
      continue;
    }
    int n_cpus = w->n_free < MAX_SHARE ? w->n_free : MAX_SHARE;
    w->n_free -= n_cpus;
    j->state = JOB_RUNNING;
    pthread_mutex_unlock(&w->lock);
    pleat_error err = {0};
    pleat_status status = do_job(w, j, n_cpus, &err);
    if (status) tell(w, j, PLEAT_SEARCH_FAILED, err.message, 0, 0);
    pthread_mutex_lock(&w->lock);
    j->state = status ? JOB_FAILED : JOB_DONE;
    w->n_free += n_cpus;
    if (status && !w->status) {
      w->status = status;
      if (w->err) *w->err = err;
    }
    pthread_cond_broadcast(&w->has_changed);
  }
  pthread_cond_broadcast(&w->has_changed);
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

static pleat_status run_jobs(work *w, pleat_error *err) {
  enum { MAX_THREADS = 64 };
  pthread_t threads[MAX_THREADS];
  if (pthread_mutex_init(&w->lock, NULL)) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  if (pthread_cond_init(&w->has_changed, NULL)) {
    pthread_mutex_destroy(&w->lock);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  }
  int n_wanted = (w->n_free + MIN_SHARE - 1) / MIN_SHARE, n_threads = 0;
  if (n_wanted > w->n_jobs) n_wanted = w->n_jobs;
  if (n_wanted > MAX_THREADS) n_wanted = MAX_THREADS;
  while (n_threads < n_wanted - 1 && !pthread_create(&threads[n_threads], NULL, work_thread, w)) n_threads++;
  work_thread(w);
  for (int i = 0; i < n_threads; i++) pthread_join(threads[i], NULL);
  pthread_cond_destroy(&w->has_changed);
  pthread_mutex_destroy(&w->lock);
  return w->status;
}

/* One target. */

static const char chain_ids[PLEAT_MAX_CHAINS + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* chain_id_map.json, as Python's json.dump(..., indent=4, sort_keys=True) writes it. */
static pleat_status write_chain_map(const char *msas, const pleat_target *target, const pleat_chain *chains,
                                    size_t n_chains, pleat_error *err) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/chain_id_map.json", msas);
  json_t *map = json_object();
  int code = map ? 0 : -1;
  for (size_t i = 0; i < n_chains && !code; i++) {
    char id[2] = {chain_ids[i], '\0'};
    char description[512];
    snprintf(description, sizeof description, "%.500s_%s", target->name, id);
    code = json_object_set_new(
        map, id, json_pack("{s:s, s:s%}", "description", description, "sequence", chains[i].sequence, chains[i].n));
  }
  char *text = code ? NULL : json_dumps(map, JSON_INDENT(4) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
  json_decref(map);
  if (!text) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for '%s'", path);
  pleat_status status = pleat_file_write(path, text, strlen(text), err);
  free(text);
  return status;
}

/* Folders, manifests and steps of the distinct chains. */
static pleat_status plan(work *w, const char *msas, const pleat_chain *chains, size_t n_chains, bool is_multimer,
                         pleat_error *err) {
  bool has_distinct = pleat_search_has_distinct(chains, n_chains);
  const pleat_search_options *options = &w->search->options;
  for (size_t i = 0; i < n_chains; i++) {
    if (chains[i].first < i) continue;
    chain_work *c = &w->chains[w->n_chains++];
    c->chain = &chains[i];
    c->id[0] = is_multimer ? chain_ids[i] : '\0';
    snprintf(c->folder, sizeof c->folder, "%s%s%s", msas, is_multimer ? "/" : "", c->id);
    PLEAT_TRY(pleat_folder_make(c->folder, err));
    PLEAT_TRY(pleat_manifest_open(c->folder, w->target->name, chains[i].sequence, chains[i].n, options->is_overwriting,
                                  &c->manifest, err));
    for (int k = 0; k < PLEAT_N_STEPS; k++) {
      if (!pleat_step_is_wanted((pleat_step_id)k, options, is_multimer, has_distinct)) continue;
      w->jobs[w->n_jobs++] = (job){.step = (pleat_step_id)k, .chain = c, .state = JOB_WAITING};
    }
  }
  return PLEAT_OK;
}

pleat_status pleat_search_target(pleat_search *search, const pleat_target *target, const char *folder,
                                 pleat_error *err) {
  pleat_chain chains[PLEAT_MAX_CHAINS];
  char msas[PATH_BYTES - 1024];
  size_t n_chains = pleat_search_chains(target->sequence, chains);
  bool is_multimer = pleat_search_is_multimer(&search->options, target);
  if (n_chains == 0) PLEAT_FAIL(err, PLEAT_INPUT, "'%s' has no chain or too many", target->name);
  if (snprintf(msas, sizeof msas, "%s/msas", folder) >= (int)sizeof msas) {
    PLEAT_FAIL(err, PLEAT_IO, "the name of the folder for '%s' is too long", target->name);
  }
  PLEAT_TRY(pleat_folder_make(msas, err));
  if (is_multimer) PLEAT_TRY(write_chain_map(msas, target, chains, n_chains, err));
  work w = {.search = search, .target = target, .n_free = search->n_cpus, .err = err};
  w.chains = calloc(n_chains, sizeof *w.chains);
  w.jobs = calloc(n_chains * PLEAT_N_STEPS, sizeof *w.jobs);
  pleat_status status = w.chains && w.jobs ? PLEAT_OK : pleat_fail(err, PLEAT_NOMEM, "no memory for a search");
  if (!status) status = plan(&w, msas, chains, n_chains, is_multimer, err);
  if (!status) status = run_jobs(&w, err);
  if (!status && w.n_rows == 0) {
    tell(&w, NULL, PLEAT_SEARCH_NOTE,
         "no database has a sequence that is like it: a structure will rest on the sequence alone and be unsure", 0, 0);
  }
  for (size_t i = 0; i < w.n_chains; i++) pleat_manifest_fini(&w.chains[i].manifest);
  free(w.jobs);
  free(w.chains);
  return status;
}
