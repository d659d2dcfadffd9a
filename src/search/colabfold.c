/* ColabFold's way: all targets at once through MMseqs2's steps.
 * Source: colabfold/mmseqs/search.py (sokrypton/ColabFold v1.6). Other than there, k-score's value is not in quotes of
 * a shell, and temporary databases are removed with the folder of their stage.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "search/join_a3m.h"
#include "search/manifest.h"

enum { PATH_BYTES = 4096, MAX_WORDS = 48, MAX_A3M_BYTES = 1 << 30 };

/* When a command runs. */
typedef enum stage {
  STAGE_BEGIN,
  STAGE_UNIREF,
  STAGE_ENV,
  STAGE_MERGE, /* with the environmental alignments */
  STAGE_NO_ENV,
  STAGE_TEMPLATES,
  STAGE_UNPACK,
  STAGE_PAIR,
  STAGE_ENV_PAIR
} stage;

typedef struct command {
  stage stage;
  pleat_db db;
  const char *words[MAX_WORDS];
} command;

/* %w folder of everything, %b folder of the stage, %d database, %s and %a members and alignments of its clusters, %i
 * the database or its index, %t threads, %l how databases are loaded; options of this MMseqs2 or of the user: %x %z
 * %k %f %M %Q %g %0 %1. */
#define SEARCH_WORDS                                                                                            \
  "--threads", "%t", "--num-iterations", "3", "--db-load-mode", "%l", "-a", "-e", "0.1", "--max-seqs", "10000", \
      "--prefilter-mode", "%x", "-s", "%z", "--k-score", "%k"
#define EXPAND_WORDS "--expansion-mode", "0", "-e", "inf", "--expand-filter-clusters"
#define FILTER_WORDS                                                                                                  \
  "--filter-msa", "%f", "--filter-min-enable", "1000", "--diff", "3000", "--qid", "0.0,0.2,0.4,0.6,0.8,1.0", "--qsc", \
      "0", "--max-seq-id", "0.95"
#define LOAD_WORDS   "--db-load-mode", "%l", "--threads", "%t"
#define M8_COLUMNS   "query,target,fident,alnlen,mismatch,gapopen,qstart,qend,tstart,tend,evalue,bits,cigar"
#define UNPACK_WORDS "--unpack-name-mode", "0", "--unpack-suffix"

static const command commands[] = {
    {STAGE_BEGIN,
     PLEAT_DB_CF_UNIREF30,
     {"createdb", "%w/query.fas", "%w/qdb", "--shuffle", "0", "--dbtype", "1", NULL}},

    {STAGE_UNIREF, PLEAT_DB_CF_UNIREF30, {"search", "%w/qdb", "%d", "%b/res", "%b/tmp", SEARCH_WORDS, NULL}},
    {STAGE_UNIREF, PLEAT_DB_CF_UNIREF30, {"mvdb", "%b/tmp/latest/profile_1", "%w/prof_res", NULL}},
    {STAGE_UNIREF, PLEAT_DB_CF_UNIREF30, {"lndb", "%w/qdb_h", "%w/prof_res_h", NULL}},
    {STAGE_UNIREF,
     PLEAT_DB_CF_UNIREF30,
     {"expandaln", "%w/qdb", "%s", "%b/res", "%a", "%b/res_exp", LOAD_WORDS, EXPAND_WORDS, "%f", "--max-seq-id", "0.95",
      NULL}},
    {STAGE_UNIREF,
     PLEAT_DB_CF_UNIREF30,
     {"align", "%w/prof_res", "%s", "%b/res_exp", "%b/res_exp_realign", LOAD_WORDS, "-e", "10", "--max-accept", "%M",
      "--alt-ali", "10", "-a", NULL}},
    {STAGE_UNIREF,
     PLEAT_DB_CF_UNIREF30,
     {"filterresult", "%w/qdb", "%s", "%b/res_exp_realign", "%b/res_filter", LOAD_WORDS, "--qid", "0", "--qsc", "%Q",
      "--diff", "0", "--max-seq-id", "1.0", "--filter-min-enable", "100", NULL}},
    {STAGE_UNIREF,
     PLEAT_DB_CF_UNIREF30,
     {"result2msa", "%w/qdb", "%s", "%b/res_filter", "%w/uniref.a3m", "--msa-format-mode", "6", LOAD_WORDS,
      FILTER_WORDS, NULL}},

    {STAGE_ENV, PLEAT_DB_CF_ENV, {"search", "%w/prof_res", "%d", "%b/res", "%b/tmp", SEARCH_WORDS, NULL}},
    {STAGE_ENV,
     PLEAT_DB_CF_ENV,
     {"expandaln", "%w/prof_res", "%s", "%b/res", "%a", "%b/res_exp", "-e", "inf", "--expansion-mode", "0", LOAD_WORDS,
      NULL}},
    {STAGE_ENV,
     PLEAT_DB_CF_ENV,
     {"align", "%b/tmp/latest/profile_1", "%s", "%b/res_exp", "%b/res_exp_realign", LOAD_WORDS, "-e", "10",
      "--max-accept", "%M", "--alt-ali", "10", "-a", NULL}},
    {STAGE_ENV,
     PLEAT_DB_CF_ENV,
     {"filterresult", "%w/qdb", "%s", "%b/res_exp_realign", "%b/res_filter", LOAD_WORDS, "--qid", "0", "--qsc", "%Q",
      "--diff", "0", "--max-seq-id", "1.0", "--filter-min-enable", "100", NULL}},
    {STAGE_ENV,
     PLEAT_DB_CF_ENV,
     {"result2msa", "%w/qdb", "%s", "%b/res_filter", "%w/env.a3m", "--msa-format-mode", "6", LOAD_WORDS, FILTER_WORDS,
      NULL}},
    {STAGE_MERGE, PLEAT_DB_CF_ENV, {"mergedbs", "%w/qdb", "%w/final.a3m", "%w/uniref.a3m", "%w/env.a3m", NULL}},
    {STAGE_NO_ENV, PLEAT_DB_CF_UNIREF30, {"mvdb", "%w/uniref.a3m", "%w/final.a3m", NULL}},

    {STAGE_TEMPLATES,
     PLEAT_DB_CF_PDB,
     {"search", "%w/prof_res", "%d", "%b/res", "%b/tmp", LOAD_WORDS, "-s", "7.5", "-a", "-e", "0.1", "--prefilter-mode",
      "%x", NULL}},
    {STAGE_TEMPLATES,
     PLEAT_DB_CF_PDB,
     {"convertalis", "%w/prof_res", "%i", "%b/res", "%b/hits", "--format-output", M8_COLUMNS, "--db-output", "1",
      LOAD_WORDS, NULL}},
    {STAGE_TEMPLATES, PLEAT_DB_CF_PDB, {"unpackdb", "%b/hits", "%w/out", UNPACK_WORDS, ".m8", NULL}},
    {STAGE_UNPACK, PLEAT_DB_CF_UNIREF30, {"unpackdb", "%w/final.a3m", "%w/out", UNPACK_WORDS, ".a3m", NULL}},
};

/* Both pairings are the same commands: in UniRef30, and in SPIRE. */
static const char *const pair_words[][MAX_WORDS] = {
    {"search", "%w/qdb", "%d", "%b/res", "%b/tmp", SEARCH_WORDS, NULL},
    {"mvdb", "%b/tmp/latest/profile_1", "%b/prof_res", NULL},
    {"lndb", "%w/qdb_h", "%b/prof_res_h", NULL},
    {"expandaln", "%w/qdb", "%s", "%b/res", "%a", "%b/res_exp", LOAD_WORDS, EXPAND_WORDS, "0", "--max-seq-id", "0.95",
     NULL},
    {"align", "%b/prof_res", "%s", "%b/res_exp", "%b/res_exp_realign", LOAD_WORDS, "-e", "0.001", "--max-accept",
     "1000000", "-c", "0.5", "--cov-mode", "1", NULL},
    {"pairaln", "%w/qdb", "%d", "%b/res_exp_realign", "%b/res_pair", LOAD_WORDS, "--pairing-mode", "%g",
     "--pairing-dummy-mode", "%0", NULL},
    {"align", "%b/prof_res", "%s", "%b/res_pair", "%b/res_pair_bt", LOAD_WORDS, "-e", "inf", "-a", NULL},
    {"pairaln", "%w/qdb", "%d", "%b/res_pair_bt", "%b/res_final", LOAD_WORDS, "--pairing-mode", "%g",
     "--pairing-dummy-mode", "%1", NULL},
    {"result2msa", "%w/qdb", "%s", "%b/res_final", "%b/pair.a3m", "--msa-format-mode", "5", LOAD_WORDS, NULL},
    {"unpackdb", "%b/pair.a3m", "%w/out", UNPACK_WORDS, "%u", NULL},
};

void pleat_search_add_colabfold_needs(const pleat_search_options *options, const pleat_target *target,
                                      pleat_search_needs *needs) {
  (void)target;
  needs->programs[PLEAT_PROGRAM_MMSEQS] = true;
  needs->dbs[PLEAT_DB_CF_UNIREF30] = true;
  needs->dbs[PLEAT_DB_CF_ENV] |= !options->no_env;
  needs->dbs[PLEAT_DB_CF_PDB] |= options->has_db_templates;
  needs->dbs[PLEAT_DB_CF_SPIRE] |= options->has_env_pairing;
}

/* A target and its distinct chains, which are entries first_query, first_query + 1, ... of the query database. */
typedef struct item {
  const pleat_target *target;
  pleat_chain chains[PLEAT_MAX_CHAINS]; /* distinct ones */
  int64_t n_copies[PLEAT_MAX_CHAINS];
  size_t n_chains;
  size_t first_query;
} item;

typedef struct batch {
  pleat_search *search;
  const char *folder;
  char work[PATH_BYTES];
  item *items;
  size_t n_items;
  bool is_any_complex; /* ColabFold then gives every file a header */
  pleat_manifest manifest;
  pleat_buf commands;
  double begin_ms;
} batch;

static void tell(const batch *b, const item *it, pleat_search_event_kind kind, const char *step, const char *text,
                 int64_t n_hits, double begin_ms) {
  const pleat_search_event event = {.kind = kind,
                                    .target = it ? it->target->name : "mmseqs",
                                    .chain = "",
                                    .step = step,
                                    .text = text,
                                    .n_hits = n_hits,
                                    .time_ms = pleat_os_time_ms() - begin_ms};
  pleat_search_tell(b->search, &event);
}

/* Queries. */

static void init_item(item *it, const pleat_target *target) {
  pleat_chain all[PLEAT_MAX_CHAINS];
  size_t places[PLEAT_MAX_CHAINS], n_all = pleat_search_chains(target->sequence, all);
  *it = (item){.target = target};
  for (size_t i = 0; i < n_all; i++) {
    if (all[i].first == i) {
      places[i] = it->n_chains;
      it->chains[it->n_chains++] = all[i];
    }
    it->n_copies[places[all[i].first]]++;
  }
}

static bool is_complex(const item *it) { return it->n_chains > 1 || it->n_copies[0] > 1; }

/* Is the file the alignment of this target? Its first row joins the distinct chains. */
static pleat_status is_done(const batch *b, const item *it, bool *out_is_done, pleat_error *err) {
  char path[PATH_BYTES];
  *out_is_done = false;
  snprintf(path, sizeof path, "%s/%s.a3m", b->folder, it->target->name);
  if (b->search->options.is_overwriting || !pleat_path_is_file(path)) return PLEAT_OK;
  pleat_a3m a3m;
  PLEAT_TRY(pleat_a3m_read(path, 1, &a3m, err));
  size_t n = 0;
  bool is_same = true;
  for (size_t k = 0; k < it->n_chains; k++) {
    const pleat_chain *chain = &it->chains[k];
    is_same =
        is_same && n + chain->n <= (size_t)a3m.msa.n_cols && !memcmp(a3m.msa.letters + n, chain->sequence, chain->n);
    n += chain->n;
  }
  is_same = is_same && n == (size_t)a3m.msa.n_cols;
  pleat_a3m_fini(&a3m);
  if (!is_same) {
    return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                         "this alignment is not of '%s': take another folder, or search again with "
                         "--overwrite-existing-results",
                         it->target->name);
  }
  *out_is_done = true;
  tell(b, it, PLEAT_SEARCH_REUSED, "", "", 0, pleat_os_time_ms());
  return PLEAT_OK;
}

/* query.fas has the distinct chains, called 101, 102, ... in each target; pairing needs to know which belong together,
 * which qdb.lookup says. */
static pleat_status write_queries(batch *b, const char *name, bool is_lookup, pleat_error *err) {
  enum { FIRST_NAME = 101 };
  char path[PATH_BYTES + 32];
  pleat_buf buf = {0};
  for (size_t i = 0; i < b->n_items; i++) {
    const item *it = &b->items[i];
    for (size_t k = 0; k < it->n_chains; k++) {
      if (is_lookup) {
        pleat_buf_printf(&buf, "%zu\t%s\t%zu\n", it->first_query + k, it->target->name, i);
      } else {
        pleat_buf_printf(&buf, ">%zu\n%.*s\n", FIRST_NAME + k, (int)it->chains[k].n, it->chains[k].sequence);
      }
    }
  }
  snprintf(path, sizeof path, "%s/%s", b->work, name);
  pleat_status status = buf.is_failed ? pleat_fail(err, PLEAT_NOMEM, "no memory for '%s'", path)
                                      : pleat_file_write(path, buf.data, buf.n, err);
  pleat_buf_fini(&buf);
  return status;
}

/* Commands. */

typedef struct stage_values {
  char folder[PATH_BYTES + 32], threads[16], sensitivity[16];
  char members[PATH_BYTES], alignments[PATH_BYTES], index[PATH_BYTES];
} stage_values;

/* With an index everything is in it; without, beside the database. */
static void fill_values(const batch *b, pleat_db db, const char *stage_name, stage_values *v, const char **values) {
  const pleat_search_options *options = &b->search->options;
  const char *path = b->search->dbs[db].path;
  char idx[PATH_BYTES];
  snprintf(idx, sizeof idx, "%s.idx.dbtype", path);
  bool has_index = pleat_path_exists(idx);
  snprintf(v->folder, sizeof v->folder, "%s/%s", b->work, stage_name);
  snprintf(v->threads, sizeof v->threads, "%d", b->search->n_cpus);
  snprintf(v->sensitivity, sizeof v->sensitivity, "%.1f", options->sensitivity);
  snprintf(v->members, sizeof v->members, "%s%s", path, has_index ? ".idx" : "_seq");
  snprintf(v->alignments, sizeof v->alignments, "%s%s", path, has_index ? ".idx" : "_aln");
  snprintf(v->index, sizeof v->index, "%s%s", path, has_index ? ".idx" : "");
  values['w'] = b->work;
  values['b'] = v->folder;
  values['d'] = path;
  values['s'] = v->members;
  values['a'] = v->alignments;
  values['i'] = v->index;
  values['t'] = v->threads;
  values['l'] = "0";
  values['x'] = b->search->has_prefilter_mode ? "0" : NULL;
  values['z'] = options->sensitivity > 0 ? v->sensitivity : NULL;
  values['k'] = options->sensitivity > 0 ? NULL : "seq:96,prof:80";
  values['f'] = options->is_unfiltered ? "0" : "1";
  values['M'] = options->is_unfiltered ? "1000000" : "100000";
  values['Q'] = options->is_unfiltered ? "-20.0" : "0.8";
  values['g'] = !b->search->has_pairing_mode ? NULL : options->pairing_strategy ? "1" : "0";
  values['0'] = b->search->has_pairing_mode ? "0" : NULL;
  values['1'] = b->search->has_pairing_mode ? "1" : NULL;
}

static pleat_status run_stage(batch *b, stage which, pleat_db db, const char *name, pleat_error *err) {
  const char *values[PLEAT_N_WORD_VALUES] = {0};
  double begin = pleat_os_time_ms();
  stage_values *v = malloc(sizeof *v);
  if (!v) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  fill_values(b, db, name, v, values);
  values['u'] = which == STAGE_PAIR ? ".paired.a3m" : ".env.paired.a3m";
  bool is_pairing = which == STAGE_PAIR || which == STAGE_ENV_PAIR;
  pleat_status status = pleat_folder_make(v->folder, err);
  if (which != STAGE_BEGIN) tell(b, NULL, PLEAT_SEARCH_STARTED, name, values['d'], 0, begin);
  size_t n = is_pairing ? sizeof pair_words / sizeof pair_words[0] : sizeof commands / sizeof commands[0];
  for (size_t i = 0; i < n && !status; i++) {
    if (!is_pairing && commands[i].stage != which) continue;
    const char *const *words = is_pairing ? pair_words[i] : commands[i].words;
    status = pleat_search_command(b->search, PLEAT_PROGRAM_MMSEQS, words, values, &b->commands, err);
  }
  pleat_path_remove(v->folder); /* as soon as may be: these are large */
  free(v);
  return status;
}

static pleat_status run_stages(batch *b, pleat_error *err) {
  const pleat_search_options *options = &b->search->options;
  bool has_pairs = false;
  for (size_t i = 0; i < b->n_items; i++) has_pairs |= b->items[i].n_chains > 1;
  PLEAT_TRY(write_queries(b, "query.fas", false, err));
  PLEAT_TRY(run_stage(b, STAGE_BEGIN, PLEAT_DB_CF_UNIREF30, "begin", err));
  PLEAT_TRY(write_queries(b, "qdb.lookup", true, err));
  PLEAT_TRY(run_stage(b, STAGE_UNIREF, PLEAT_DB_CF_UNIREF30, "uniref", err));
  if (!options->no_env) PLEAT_TRY(run_stage(b, STAGE_ENV, PLEAT_DB_CF_ENV, "env", err));
  if (options->has_db_templates) PLEAT_TRY(run_stage(b, STAGE_TEMPLATES, PLEAT_DB_CF_PDB, "templates", err));
  PLEAT_TRY(run_stage(b, options->no_env ? STAGE_NO_ENV : STAGE_MERGE, PLEAT_DB_CF_UNIREF30, "merge", err));
  PLEAT_TRY(run_stage(b, STAGE_UNPACK, PLEAT_DB_CF_UNIREF30, "unpack", err));
  if (has_pairs) PLEAT_TRY(run_stage(b, STAGE_PAIR, PLEAT_DB_CF_UNIREF30, "pair", err));
  if (has_pairs && options->has_env_pairing)
    PLEAT_TRY(run_stage(b, STAGE_ENV_PAIR, PLEAT_DB_CF_SPIRE, "pair_env", err));
  return PLEAT_OK;
}

/* Results. */

static pleat_status read_part(const batch *b, size_t query, const char *suffix, pleat_buf *out, pleat_error *err) {
  char path[PATH_BYTES + 64], *text = NULL;
  size_t n = 0;
  snprintf(path, sizeof path, "%s/out/%zu%s", b->work, query, suffix);
  PLEAT_TRY(pleat_file_read(path, MAX_A3M_BYTES, &text, &n, err));
  pleat_buf_append(out, text, n);
  free(text);
  return out->is_failed ? pleat_fail(err, PLEAT_NOMEM, "no memory for '%s'", path) : PLEAT_OK;
}

static pleat_status join_item(const batch *b, const item *it, pleat_buf *parts, pleat_buf *out, pleat_error *err) {
  pleat_chain_msas msas[PLEAT_MAX_CHAINS] = {0};
  for (size_t k = 0; k < it->n_chains; k++) {
    pleat_buf *unpaired = &parts[2 * k], *paired = &parts[2 * k + 1];
    size_t query = it->first_query + k;
    PLEAT_TRY(read_part(b, query, ".a3m", unpaired, err));
    if (it->n_chains > 1) PLEAT_TRY(read_part(b, query, ".paired.a3m", paired, err));
    if (it->n_chains > 1 && b->search->options.has_env_pairing) {
      PLEAT_TRY(read_part(b, query, ".env.paired.a3m", paired, err));
    }
    msas[k] = (pleat_chain_msas){.sequence = it->chains[k].sequence,
                                 .n = it->chains[k].n,
                                 .n_copies = it->n_copies[k],
                                 .unpaired = unpaired->data ? unpaired->data : "",
                                 .n_unpaired = unpaired->n,
                                 .opt_paired = it->n_chains > 1 ? (paired->data ? paired->data : "") : NULL,
                                 .n_paired = paired->n};
  }
  if (b->is_any_complex) return pleat_join_a3m(msas, it->n_chains, out, err);
  pleat_buf_append(out, msas[0].unpaired, msas[0].n_unpaired);
  return PLEAT_OK;
}

/* Rows that are no query: those are called by a number, once for each database. */
static int64_t count_hits(const pleat_buf *text) {
  int64_t n = 0;
  for (size_t i = 0; i < text->n; i++) {
    if (text->data[i] != '>' || (i > 0 && text->data[i - 1] != '\n' && text->data[i - 1] != '\0')) continue;
    size_t n_digits = strspn(text->data + i + 1, "0123456789");
    n += text->data[i + 1 + n_digits] != '\n' && text->data[i + 1 + n_digits] != '\t';
  }
  return n;
}

static pleat_status write_a3m(batch *b, const item *it, pleat_error *err) {
  pleat_buf parts[2 * PLEAT_MAX_CHAINS] = {0}, out = {0};
  char name[PATH_BYTES - 1024], path[PATH_BYTES];
  snprintf(name, sizeof name, "%s.a3m", it->target->name);
  snprintf(path, sizeof path, "%s/%s", b->folder, name);
  pleat_status status = join_item(b, it, parts, &out, err);
  for (size_t k = 0; k < 2 * it->n_chains; k++) pleat_buf_fini(&parts[k]);
  if (!status) status = pleat_file_write(path, out.data, out.n, err);
  int64_t n_hits = count_hits(&out);
  pleat_buf_fini(&out);
  if (status) return status;
  const pleat_search_options *options = &b->search->options;
  pleat_manifest_entry entry = {.file = name,
                                .version = b->search->programs[PLEAT_PROGRAM_MMSEQS].version,
                                .commands = b->commands.data,
                                .n_hits = n_hits,
                                .time_ms = pleat_os_time_ms() - b->begin_ms};
  const bool uses[] = {true, !options->no_env, options->has_db_templates, options->has_env_pairing};
  const pleat_db dbs[] = {PLEAT_DB_CF_UNIREF30, PLEAT_DB_CF_ENV, PLEAT_DB_CF_PDB, PLEAT_DB_CF_SPIRE};
  for (int i = 0; i < 4; i++) {
    if (uses[i]) entry.dbs[entry.n_dbs++] = &b->search->dbs[dbs[i]];
  }
  status = pleat_manifest_add(&b->manifest, &entry, err);
  tell(b, it, PLEAT_SEARCH_DONE, name, "mmseqs", n_hits, b->begin_ms);
  if (n_hits == 0) {
    tell(b, it, PLEAT_SEARCH_NOTE, "",
         "no database has a sequence that is like it: a structure will rest on the sequence alone and be unsure", 0,
         b->begin_ms);
  }
  return status;
}

/* NAME_<database>.m8: the hits of all chains. */
static pleat_status write_m8(const batch *b, const item *it, pleat_error *err) {
  const char *db = b->search->dbs[PLEAT_DB_CF_PDB].path, *slash = strrchr(db, '/');
  char path[PATH_BYTES];
  pleat_buf out = {0};
  pleat_status status = PLEAT_OK;
  for (size_t k = 0; k < it->n_chains && !status; k++) status = read_part(b, it->first_query + k, ".m8", &out, err);
  snprintf(path, sizeof path, "%s/%s_%s.m8", b->folder, it->target->name, slash ? slash + 1 : db);
  if (!status) status = pleat_file_write(path, out.data ? out.data : "", out.n, err);
  pleat_buf_fini(&out);
  return status;
}

static pleat_status search_items(batch *b, pleat_error *err) {
  char out[PATH_BYTES + 32];
  snprintf(out, sizeof out, "%s/out", b->work);
  pleat_path_remove(b->work); /* of a run that was killed */
  PLEAT_TRY(pleat_folder_make(out, err));
  PLEAT_TRY(run_stages(b, err));
  for (size_t i = 0; i < b->n_items; i++) {
    if (b->search->options.has_db_templates) PLEAT_TRY(write_m8(b, &b->items[i], err));
    PLEAT_TRY(write_a3m(b, &b->items[i], err));
  }
  return PLEAT_OK;
}

/* Keeps the targets that have no alignment yet. */
static pleat_status choose_items(batch *b, const pleat_target *const *targets, size_t n_targets, pleat_error *err) {
  size_t n_queries = 0;
  for (size_t i = 0; i < n_targets; i++) {
    item *it = &b->items[b->n_items];
    bool is_there;
    init_item(it, targets[i]);
    PLEAT_TRY(is_done(b, it, &is_there, err));
    if (is_there) continue;
    it->first_query = n_queries;
    n_queries += it->n_chains;
    b->is_any_complex |= is_complex(it);
    b->n_items++;
  }
  return PLEAT_OK;
}

pleat_status pleat_search_batch(pleat_search *search, const pleat_target *const *targets, size_t n_targets,
                                const char *folder, pleat_error *err) {
  batch b = {.search = search, .folder = folder, .begin_ms = pleat_os_time_ms()};
  enum { NAME_BYTES = 1024 };
  if (snprintf(b.work, sizeof b.work, "%s/.search-mmseqs", folder) >= (int)sizeof b.work - NAME_BYTES) {
    PLEAT_FAIL(err, PLEAT_IO, "the name of the folder '%.100s...' is too long", folder);
  }
  b.items = calloc(n_targets + 1, sizeof *b.items);
  if (!b.items) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a search");
  pleat_status status = pleat_folder_make(folder, err);
  if (!status) status = pleat_manifest_open(folder, "", NULL, 0, false, &b.manifest, err);
  if (!status) status = choose_items(&b, targets, n_targets, err);
  if (!status && b.n_items > 0) status = search_items(&b, err);
  pleat_path_remove(b.work);
  pleat_manifest_fini(&b.manifest);
  pleat_buf_fini(&b.commands);
  free(b.items);
  return status;
}
