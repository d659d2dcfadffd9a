/* config.json and cite.bibtex of a run, under ColabFold's names.
 * Source: names and keys of colabfold/batch.py, citations.py (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "job_files.h"

static const char cite_alphafold[] =
    "@article{Jumper2021,\n"
    "author = {Jumper, John and Evans, Richard and Pritzel, Alexander and others},\n"
    "doi = {10.1038/s41586-021-03819-2},\n"
    "journal = {Nature},\n"
    "pages = {583--589},\n"
    "title = {{Highly accurate protein structure prediction with AlphaFold}},\n"
    "volume = {596},\n"
    "year = {2021},\n"
    "comment = {the network and its parameters}\n"
    "}\n";
static const char cite_multimer[] =
    "@article{Evans2021,\n"
    "author = {Evans, Richard and O'Neill, Michael and Pritzel, Alexander and others},\n"
    "doi = {10.1101/2021.10.04.463034},\n"
    "journal = {bioRxiv},\n"
    "title = {{Protein complex prediction with AlphaFold-Multimer}},\n"
    "year = {2021},\n"
    "comment = {networks for complexes}\n"
    "}\n";
static const char cite_colabfold[] =
    "@article{Mirdita2022,\n"
    "author = {Mirdita, Milot and Sch{\\\"{u}}tze, Konstantin and Moriwaki, Yoshitaka and Heo, Lim and Ovchinnikov, "
    "Sergey and Steinegger, Martin},\n"
    "doi = {10.1038/s41592-022-01488-1},\n"
    "journal = {Nature Methods},\n"
    "pages = {679--682},\n"
    "title = {{ColabFold: making protein folding accessible to all}},\n"
    "volume = {19},\n"
    "year = {2022},\n"
    "comment = {if the alignments are from ColabFold or its MSA server}\n"
    "}\n";

/* What all targets of a run have between them. */
typedef struct summary {
  bool has_multimer, has_alignment;
} summary;

static summary summarise(const cli_args *args, const pleat_targets *targets) {
  summary all = {0};
  for (size_t i = 0; i < pleat_targets_count(targets); i++) {
    const pleat_target *target = pleat_targets_get(targets, i);
    const char *names[CLI_MAX_MODELS];
    if (target->opt_error) continue;
    int64_t n = cli_models_of(args, target->sequence, names);
    for (int64_t k = 0; k < n; k++) all.has_multimer |= strstr(names[k], "_multimer") != NULL;
    all.has_alignment |= target->n_rows > 0 || strcmp(args->msa_mode, "single_sequence") != 0;
  }
  return all;
}

/* A number that was given, else null: then the network's own holds. */
static json_t *given(int64_t value, int64_t not_given) {
  return value == not_given ? json_null() : json_integer(value);
}

static json_t *config_of(const cli_args *args, const pleat_targets *targets) {
  const char *type = "auto";
  int number;
  json_t *models = json_array(), *order = json_array();
  for (int64_t i = 0; i < args->n_models; i++) {
    cli_model_type(args->models[i], &type, &number);
    json_array_append_new(models, json_string(args->models[i]));
    json_array_append_new(order, json_integer(number));
  }
  return json_pack(
      "{s:I, s:s, s:o, s:o, s:I, s:o, s:I, s:o, s:o, s:s, s:f, s:I, s:I, s:b, s:b, s:b, s:I, s:b, s:b, s:b, s:s, s:s?, "
      "s:s, s:s, s:s, s:s, s:s}",
      "num_queries", (json_int_t)pleat_targets_count(targets), "model_type", type, "models", models, "model_order",
      order, "num_models", (json_int_t)(args->n_models ? args->n_models : 1), "num_recycles",
      given(args->num_recycle, -1), "num_ensemble", (json_int_t)args->num_ensemble, "max_seq",
      given(args->max_msa[0], 0), "max_extra_seq", given(args->max_msa[1], 0), "rank_by", args->rank_by,
      "stop_at_score", args->stop_at_score, "random_seed", (json_int_t)args->seed, "num_seeds",
      (json_int_t)args->num_seeds, "calc_extra_ptm", args->want_chain_scores, "use_probs_extra",
      !args->is_contact_binary, "use_templates", 0, "num_relax", (json_int_t)0, "use_dropout", args->has_dropout,
      "use_cluster_profile", !args->is_unclustered, "use_bfloat16", strcmp(args->precision, "bf16") == 0, "backend",
      args->backend, "weights", args->weights, "version", pleat_version(), "msa_mode", args->msa_mode, "pair_mode",
      args->pair_mode, "pairing_strategy", args->pair_strategy, "host_url", args->host_url);
}

/* Killed at any moment, nothing but what is in `folder` stays. */
static pleat_status write_file(const cli_args *args, const char *name, const char *text, const char *folder,
                               pleat_error *err) {
  char path[CLI_MAX_PATH], temporary[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s", args->out, name);
  snprintf(temporary, sizeof temporary, "%s/%s", folder, name);
  pleat_status status = cli_file_write(temporary, text, strlen(text), err);
  if (!status && rename(temporary, path)) {
    status = cli_error(err, PLEAT_IO, "cannot write '%s': %s", path, strerror(errno));
  }
  return status;
}

pleat_status cli_run_files_write(const cli_args *args, const pleat_targets *targets, const char *folder,
                                 pleat_error *err) {
  char citations[4096];
  json_t *config = config_of(args, targets);
  char *text = config ? json_dumps(config, JSON_INDENT(4)) : NULL;
  json_decref(config);
  if (!text) return cli_error(err, PLEAT_NOMEM, "no memory to write '%s'", CLI_CONFIG_FILE);
  pleat_status status = write_file(args, CLI_CONFIG_FILE, text, folder, err);
  free(text);
  if (status) return status;
  summary all = summarise(args, targets);
  snprintf(citations, sizeof citations, "%s%s%s", cite_alphafold, all.has_multimer ? cite_multimer : "",
           all.has_alignment ? cite_colabfold : "");
  return write_file(args, CLI_CITATION_FILE, citations, folder, err);
}
