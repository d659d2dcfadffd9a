/* Reader of AlphaFold 3's input JSON. What is accepted and refused: af3_json.h.
 * Source: docs/input.md of google-deepmind/alphafold3 (dialects alphafold3 version 1 to 4, alphafoldserver).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/af3_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/fasta.h"

typedef struct af3_parser {
  const char *path;
  pleat_buf warnings;
  pleat_buf sequence, ids; /* of the job being read */
  const char *job;         /* its name, for messages */
  size_t n_chains;
  char *a3m;
  pleat_error *err;
} af3_parser;

static pleat_status no_memory(const af3_parser *p) {
  return pleat_fail_at(p->err, PLEAT_NOMEM, p->path, 0, 0, "no memory for this input");
}

static bool is_empty(const json_t *value) {
  if (!value || json_is_null(value)) return true;
  if (json_is_string(value)) return json_string_length(value) == 0;
  return (json_is_array(value) && json_array_size(value) == 0) || (json_is_object(value) && !json_object_size(value));
}

/* Keys of a job or a chain that must be absent or empty, with what they are. */
typedef struct refused_key {
  const char *key, *what;
} refused_key;

static const refused_key job_keys[] = {
    {"bondedAtomPairs", "bonds"}, {"userCCD", "a chemical dictionary"}, {"userCCDPath", "a chemical dictionary"}};
static const refused_key chain_keys[] = {{"modifications", "modified residues"},
                                         {"glycans", "glycans"},
                                         {"templates", "templates"},
                                         {"unpairedMsaPath", "an alignment in another file"},
                                         {"pairedMsaPath", "an alignment in another file"}};

static pleat_status check_keys(const af3_parser *p, const json_t *object, const refused_key *keys, size_t n_keys) {
  for (size_t i = 0; i < n_keys; i++) {
    if (is_empty(json_object_get(object, keys[i].key))) continue;
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s' has %s (\"%s\"), which cannot be folded here: expected protein chains only", p->job,
                         keys[i].what, keys[i].key);
  }
  return PLEAT_OK;
}

static pleat_status add_chain(af3_parser *p, const char *sequence, const char *id) {
  if (p->n_chains++) {
    pleat_buf_puts(&p->sequence, ":");
    pleat_buf_puts(&p->ids, ":");
  }
  pleat_buf_puts(&p->sequence, sequence);
  pleat_buf_puts(&p->ids, id);
  if ((int64_t)p->sequence.n > 2 * (int64_t)PLEAT_MAX_RESIDUES) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s' has more than %d residues, the most that pleat reads", p->job, PLEAT_MAX_RESIDUES);
  }
  return p->sequence.is_failed || p->ids.is_failed ? no_memory(p) : PLEAT_OK;
}

/* One chain per id: "id": "A" or ["A", "B"]; the server's dialect has "count" instead. */
static pleat_status add_copies(af3_parser *p, const json_t *chain, const char *sequence) {
  const json_t *id = json_object_get(chain, "id"), *count = json_object_get(chain, "count");
  if (json_is_string(id)) return add_chain(p, sequence, json_string_value(id));
  if (json_is_array(id) && json_array_size(id) > 0) {
    for (size_t i = 0; i < json_array_size(id); i++) {
      const json_t *item = json_array_get(id, i);
      if (!json_is_string(item)) {
        return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0, "job '%s': expected chain ids as strings", p->job);
      }
      PLEAT_TRY(add_chain(p, sequence, json_string_value(item)));
    }
    return PLEAT_OK;
  }
  json_int_t n = json_is_integer(count) ? json_integer_value(count) : 0;
  if (id || n < 1 || n > PLEAT_MAX_RESIDUES) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s': expected \"id\": \"A\" or [\"A\", \"B\"] (or \"count\" in the server's dialect) of "
                         "every protein",
                         p->job);
  }
  for (json_int_t i = 0; i < n; i++) PLEAT_TRY(add_chain(p, sequence, ""));
  return PLEAT_OK;
}

static pleat_status add_protein(af3_parser *p, const json_t *chain) {
  PLEAT_TRY(check_keys(p, chain, chain_keys, sizeof chain_keys / sizeof *chain_keys));
  const json_t *sequence = json_object_get(chain, "sequence");
  if (!json_is_string(sequence) || strchr(json_string_value(sequence), ':')) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s': expected \"sequence\" of every protein, one chain as a string", p->job);
  }
  const json_t *msa = json_object_get(chain, "unpairedMsa"), *paired = json_object_get(chain, "pairedMsa");
  if (!is_empty(paired) || (!is_empty(msa) && !json_is_string(msa)) || (!is_empty(msa) && p->a3m)) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s' has alignments of a complex (\"pairedMsa\", several \"unpairedMsa\"): give the "
                         "complex as an a3m file of ColabFold",
                         p->job);
  }
  if (!is_empty(msa)) {
    p->a3m = strdup(json_string_value(msa));
    if (!p->a3m) return no_memory(p);
  }
  return add_copies(p, chain, json_string_value(sequence));
}

static pleat_status add_entity(af3_parser *p, const json_t *entity) {
  const char *kind = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)entity));
  if (!kind || json_object_size(entity) != 1) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s': expected entries {\"protein\": {...}} in \"sequences\"", p->job);
  }
  const json_t *chain = json_object_get(entity, kind);
  if ((strcmp(kind, "protein") && strcmp(kind, "proteinChain")) || !json_is_object(chain)) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s' has a \"%.40s\": AlphaFold 2 folds proteins only; leave it out", p->job, kind);
  }
  return add_protein(p, chain);
}

static pleat_status read_chains(af3_parser *p, const json_t *job) {
  PLEAT_TRY(check_keys(p, job, job_keys, sizeof job_keys / sizeof *job_keys));
  const json_t *entities = json_object_get(job, "sequences");
  if (!json_is_array(entities) || json_array_size(entities) == 0) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0, "job '%s': expected a list \"sequences\" of proteins",
                         p->job);
  }
  for (size_t i = 0; i < json_array_size(entities); i++) PLEAT_TRY(add_entity(p, json_array_get(entities, i)));
  if (p->a3m && p->n_chains > 1) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "job '%s' has alignments of a complex (\"unpairedMsa\"): give the complex as an a3m file of "
                         "ColabFold",
                         p->job);
  }
  return PLEAT_OK;
}

static pleat_status read_job(af3_parser *p, const json_t *job, pleat_af3_job *out) {
  const json_t *name = json_object_get(job, "name");
  p->job = json_is_string(name) ? json_string_value(name) : "";
  out->name = strdup(p->job);
  if (!out->name) return no_memory(p);
  p->n_chains = 0;
  pleat_buf_clear(&p->sequence);
  pleat_buf_clear(&p->ids);
  PLEAT_TRY(read_chains(p, job));
  if (!is_empty(json_object_get(job, "modelSeeds"))) {
    pleat_buf_printf(&p->warnings, "%s: modelSeeds of job '%s' are not used: --seed and --num-seeds say which\n",
                     p->path, p->job);
  }
  const pleat_sequence_place place = {.path = p->path, .name = p->job};
  PLEAT_TRY(pleat_sequence_parse(p->sequence.n ? p->sequence.data : "", p->sequence.n, &place, &p->warnings,
                                 &out->sequence, p->err));
  out->chain_ids = strdup(p->ids.n ? p->ids.data : "");
  if (!out->chain_ids) return no_memory(p);
  out->opt_a3m = p->a3m;
  p->a3m = NULL;
  return PLEAT_OK;
}

/* A job that cannot be folded keeps its error. */
static pleat_status add_job(af3_parser *p, const json_t *job, pleat_af3_job *out) {
  pleat_error found = {0}, *err = p->err;
  p->err = &found;
  pleat_status status = read_job(p, job, out);
  p->err = err;
  free(p->a3m);
  p->a3m = NULL;
  if (status == PLEAT_INPUT && (out->opt_error = malloc(sizeof found)) != NULL) {
    *out->opt_error = found;
    return PLEAT_OK;
  }
  return status ? no_memory(p) : PLEAT_OK;
}

static bool is_job(const json_t *value) { return json_is_object(value) && json_object_get(value, "sequences"); }

static pleat_status read_jobs(af3_parser *p, const json_t *root, pleat_af3_jobs *jobs) {
  bool is_list = json_is_array(root);
  size_t n = is_list ? json_array_size(root) : 1;
  jobs->items = calloc(n, sizeof *jobs->items);
  if (!jobs->items) return no_memory(p);
  for (size_t i = 0; i < n; i++) {
    jobs->n_items++;
    PLEAT_TRY(add_job(p, is_list ? json_array_get(root, i) : root, &jobs->items[i]));
  }
  return p->warnings.is_failed ? no_memory(p) : PLEAT_OK;
}

pleat_status pleat_af3_parse(const char *text, size_t n, const char *path, pleat_af3_jobs *out_jobs,
                             bool *opt_out_is_other, pleat_error *err) {
  *out_jobs = (pleat_af3_jobs){0};
  af3_parser p = {.path = path ? path : "", .err = err};
  json_error_t error;
  if (opt_out_is_other) *opt_out_is_other = false;
  json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
  if (!root && json_error_code(&error) == json_error_out_of_memory) return no_memory(&p);
  if (!root) {
    return pleat_fail_at(err, PLEAT_INPUT, p.path, error.line > 0 ? error.line : 0, error.column > 0 ? error.column : 0,
                         "expected JSON, found an error: %s", error.text);
  }
  bool is_af3 = is_job(json_is_array(root) ? json_array_get(root, 0) : root);
  pleat_status status = PLEAT_OK;
  if (is_af3) {
    status = read_jobs(&p, root, out_jobs);
  } else {
    if (opt_out_is_other) *opt_out_is_other = true;
    status = pleat_fail_at(err, PLEAT_INPUT, p.path, 0, 0,
                           "expected an input of AlphaFold 3, an object with \"sequences\" or a list of such jobs");
  }
  json_decref(root);
  if (!status) {
    out_jobs->opt_warning = p.warnings.data;
    p.warnings.data = NULL;
  } else {
    pleat_af3_jobs_fini(out_jobs);
  }
  pleat_buf_fini(&p.warnings);
  pleat_buf_fini(&p.sequence);
  pleat_buf_fini(&p.ids);
  return status;
}

void pleat_af3_jobs_fini(pleat_af3_jobs *jobs) {
  for (size_t i = 0; i < jobs->n_items; i++) {
    free(jobs->items[i].name);
    free(jobs->items[i].sequence);
    free(jobs->items[i].opt_a3m);
    free(jobs->items[i].chain_ids);
    free(jobs->items[i].opt_error);
  }
  free(jobs->items);
  free(jobs->opt_warning);
  *jobs = (pleat_af3_jobs){0};
}
