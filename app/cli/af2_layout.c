/* AlphaFold's own directory layout: what run_alphafold.py leaves in OUT/NAME, without relaxation, features and pickles.
 * Source: names and keys of alphafold/run_alphafold.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "job_files.h"

/* Files of a result: what is written, and under which name ("%s" is the model with its prediction's number). */
typedef enum file_kind {
  FILE_CIF,
  FILE_PDB,
  FILE_RANKED_CIF,
  FILE_RANKED_PDB,
  FILE_CONFIDENCE,
  FILE_PAE,
  N_FILE_KINDS
} file_kind;

/* "model_3_ptm_pred_0": predictions of a network count the seeds. */
static void format_model(const cli_results *results, const cli_args *args, int64_t i, char out[96]) {
  const cli_result *result = &results->items[i];
  snprintf(out, 96, "%s_pred_%lld", result->model->name, (long long)(result->seed - args->seed));
}

static void format_path(const cli_results *results, const cli_args *args, int64_t i, file_kind kind,
                        char out_path[CLI_MAX_PATH]) {
  static const char *const parts[N_FILE_KINDS][2] = {
      [FILE_CIF] = {"unrelaxed_", ".cif"},          [FILE_PDB] = {"unrelaxed_", ".pdb"},
      [FILE_RANKED_CIF] = {"ranked_", ".cif"},      [FILE_RANKED_PDB] = {"ranked_", ".pdb"},
      [FILE_CONFIDENCE] = {"confidence_", ".json"}, [FILE_PAE] = {"pae_", ".json"}};
  char model[96];
  bool is_ranked = kind == FILE_RANKED_CIF || kind == FILE_RANKED_PDB;
  if (is_ranked) snprintf(model, sizeof model, "%lld", (long long)i);
  if (!is_ranked) format_model(results, args, i, model);
  snprintf(out_path, CLI_MAX_PATH, "%s/%s%s%s", results->folder, parts[kind][0], model, parts[kind][1]);
}

static pleat_status write_result(const cli_results *results, int64_t i, file_kind kind, const char *path,
                                 pleat_error *err) {
  const cli_result *result = &results->items[i];
  switch (kind) {
    case FILE_CONFIDENCE: return pleat_write_af2_confidence(path, result->prediction, err);
    case FILE_PAE:
      if (!pleat_model_has_pae(result->model->handle)) return PLEAT_OK;
      return pleat_write_af2_pae(path, result->prediction, err);
    case FILE_PDB:
    case FILE_RANKED_PDB: return cli_result_write_pdb_if_fit(results->target, result, path, err);
    default: return cli_result_write_structure(results->target, result, false, path, err);
  }
}

/* Takes json over. */
static pleat_status write_json(const cli_results *results, const char *name, json_t *json, pleat_error *err) {
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s", results->folder, name);
  char *text = json ? json_dumps(json, JSON_INDENT(4)) : NULL;
  json_decref(json);
  if (!text) return cli_error(err, PLEAT_NOMEM, "no memory to write '%s'", path);
  pleat_status status = cli_file_write(path, text, strlen(text), err);
  free(text);
  return status;
}

/* The k-th result in the order of networks and seeds, in which AlphaFold runs them; results are sorted by score. */
static int64_t in_run_order(const cli_results *results, int64_t k) {
  for (int64_t i = 0; i < results->n_items; i++) {
    const cli_result *a = &results->items[i];
    int64_t n_before = 0;
    for (int64_t j = 0; j < results->n_items; j++) {
      const cli_result *b = &results->items[j];
      int by_name = strcmp(b->model->name, a->model->name);
      n_before += by_name < 0 || (by_name == 0 && b->seed < a->seed);
    }
    if (n_before == k) return i;
  }
  return k;
}

/* What AlphaFold ranks by, whatever --rank says. */
static double score_of(const cli_result *result) {
  bool is_multimer = pleat_model_is_multimer(result->model->handle);
  return is_multimer ? 0.8 * result->iptm + 0.2 * result->ptm : result->plddt;
}

static json_t *ranking_of(const cli_results *results, const cli_args *args) {
  char model[96];
  json_t *scores = json_object(), *order = json_array();
  for (int64_t k = 0; k < results->n_items; k++) {
    int64_t i = in_run_order(results, k);
    format_model(results, args, i, model);
    json_object_set_new(scores, model, json_real(score_of(&results->items[i])));
    format_model(results, args, k, model);
    json_array_append_new(order, json_string(model));
  }
  bool is_multimer = pleat_model_is_multimer(results->items[0].model->handle);
  return json_pack("{s:o, s:o}", is_multimer ? "iptm+ptm" : "plddts", scores, "order", order);
}

static void add_seconds(json_t *timings, const char *what, const char *model, double ms) {
  char key[160];
  snprintf(key, sizeof key, "%s_%s", what, model);
  json_object_set_new(timings, key, json_real(ms / 1e3));
}

static json_t *timings_of(const cli_results *results, const cli_args *args) {
  char model[96];
  json_t *timings = json_object();
  for (int64_t k = 0; k < results->n_items; k++) {
    const cli_result *result = &results->items[in_run_order(results, k)];
    format_model(results, args, in_run_order(results, k), model);
    add_seconds(timings, "process_features", model, result->features_ms);
    add_seconds(timings, "predict_and_compile", model, result->plan_ms + result->predict_ms);
  }
  return timings;
}

pleat_status cli_af2_layout_write(const cli_results *results, const cli_args *args, pleat_error *err) {
  char path[CLI_MAX_PATH];
  pleat_status status = PLEAT_OK;
  for (int64_t i = 0; i < results->n_items * N_FILE_KINDS && !status; i++) {
    int64_t item = i / N_FILE_KINDS;
    file_kind kind = (file_kind)(i % N_FILE_KINDS);
    format_path(results, args, item, kind, path);
    status = write_result(results, item, kind, path, err);
  }
  if (!status) status = write_json(results, "ranking_debug.json", ranking_of(results, args), err);
  if (!status) status = write_json(results, "timings.json", timings_of(results, args), err);
  return status;
}
