/* Ranking, files and summary of a target's predictions.
 * Source: names and keys of colabfold/batch.py (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "results.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "files.h"
#include "job_files.h"
#include "jobs.h"

typedef enum file_kind { FILE_CIF, FILE_PDB, FILE_SCORES, FILE_SINGLE, FILE_PAIR, N_FILE_KINDS } file_kind;

/* Scores. */

static double scalar_of(const pleat_arrays *set, const char *name) {
  const pleat_array *array = pleat_arrays_find(set, name);
  return array && pleat_array_elements(array) == 1 ? pleat_array_number(array, 0) : NAN;
}

static double mean_of(const pleat_arrays *set, const char *name) {
  const pleat_array *array = pleat_arrays_find(set, name);
  int64_t n = array ? pleat_array_elements(array) : 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += pleat_array_number(array, i);
  return n ? sum / (double)n : NAN;
}

/* On ColabFold's scale of 0 to 100; what a network does not predict cannot rank it, its pLDDT does. */
static double ranking_of(const cli_result *result, const char *rank_by) {
  double ptm = result->ptm, iptm = result->iptm;
  double score = NAN;
  if (strcmp(rank_by, "ptm") == 0) score = 100 * ptm;
  if (strcmp(rank_by, "iptm") == 0) score = 100 * iptm;
  if (strcmp(rank_by, "multimer") == 0) score = 80 * iptm + 20 * ptm;
  if (strcmp(rank_by, "auto") == 0 && !isnan(iptm)) score = 80 * iptm + 20 * ptm;
  return isnan(score) ? result->plddt : score;
}

void cli_result_read_scores(cli_result *result, const char *rank_by) {
  result->plddt = mean_of(result->prediction, "confidence/plddt");
  result->ptm = scalar_of(result->prediction, "confidence/ptm");
  result->iptm = scalar_of(result->prediction, "confidence/iptm");
  result->ranking = ranking_of(result, rank_by);
  double n_recycles = scalar_of(result->prediction, "num_recycles");
  result->n_recycles = isnan(n_recycles) ? result->progress.n_passes - 1 : (int64_t)n_recycles;
}

static pleat_status copy_pass(const pleat_arrays *pass, pleat_arrays *copy, pleat_error *err) {
  static const char *const names[] = {"structure_module/final_atom_positions", "structure_module/final_atom_mask",
                                      "confidence/plddt"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const pleat_array *array = pleat_arrays_find(pass, names[i]);
    if (!array) return cli_error(err, PLEAT_INTERNAL, "a pass lacks the array '%s'", names[i]);
    pleat_status status =
        pleat_arrays_add(copy, array->name, array->dtype, array->rank, array->shape, array->data, NULL, err);
    if (status) return status;
  }
  return PLEAT_OK;
}

bool cli_result_keep_pass(void *ctx, int64_t recycle, const pleat_arrays *pass) {
  cli_result *result = ctx;
  pleat_error *err = &result->pass_error;
  pleat_arrays **passes = realloc(result->passes, (size_t)(recycle + 1) * sizeof(pleat_arrays *));
  if (passes) result->passes = passes;
  pleat_arrays *copy = NULL;
  pleat_status status = passes ? pleat_arrays_create(&copy, err)
                               : cli_error(err, PLEAT_NOMEM, "no memory for the structures of recycles");
  if (!status) status = copy_pass(pass, copy, err);
  if (status) {
    pleat_arrays_destroy(copy);
    return false;
  }
  result->passes[result->n_passes++] = copy;
  return true;
}

void cli_results_rank(cli_results *results) {
  /* Insertion keeps the order of equals, which qsort does not promise; there are few results. */
  for (int64_t i = 1; i < results->n_items; i++) {
    cli_result moving = results->items[i];
    int64_t k = i;
    for (; k > 0 && moving.ranking > results->items[k - 1].ranking; k--) results->items[k] = results->items[k - 1];
    results->items[k] = moving;
  }
}

/* Files. */

/* FOLDER/TARGET_PART_rank_..., ending in SUFFIX. */
static void format_name(const cli_results *results, const char *folder, int64_t i, const char *part, const char *suffix,
                        char out_path[CLI_MAX_PATH]) {
  const cli_result *result = &results->items[i];
  const char *type;
  int number;
  cli_model_type(result->model->name, &type, &number);
  snprintf(out_path, CLI_MAX_PATH, "%s/%s_%s_rank_%03lld_%s_model_%d_seed_%03lld.%s", folder, results->target->name,
           part, (long long)i + 1, type, number, (long long)result->seed, suffix);
}

static void format_path(const cli_results *results, const char *folder, int64_t i, file_kind kind,
                        char out_path[CLI_MAX_PATH]) {
  static const char *const parts[N_FILE_KINDS][2] = {[FILE_CIF] = {"unrelaxed", "cif"},
                                                     [FILE_PDB] = {"unrelaxed", "pdb"},
                                                     [FILE_SCORES] = {"scores", "json"},
                                                     [FILE_SINGLE] = {"single_repr", "npy"},
                                                     [FILE_PAIR] = {"pair_repr", "npy"}};
  format_name(results, folder, i, parts[kind][0], parts[kind][1], out_path);
}

static pleat_result_info info_of(const pleat_target *target, const cli_result *result, const char *remark) {
  return (pleat_result_info){.name = target->name,
                             .model = result->model->name,
                             .is_synthetic = pleat_model_is_synthetic(result->model->handle),
                             .has_msa = target->n_rows > 0,
                             .opt_remark = remark};
}

static void format_remark(const cli_result *result, char *out, size_t n_out) {
  size_t n = (size_t)snprintf(out, n_out, "seed %lld, %lld recycles, mean pLDDT %.2f", (long long)result->seed,
                              (long long)result->n_recycles, result->plddt);
  if (!isnan(result->ptm)) n += (size_t)snprintf(out + n, n_out - n, ", pTM %.3f", result->ptm);
  if (!isnan(result->iptm)) snprintf(out + n, n_out - n, ", ipTM %.3f", result->iptm);
}

static pleat_status write_representation(const char *path, const cli_result *result, const char *name,
                                         pleat_error *err) {
  const pleat_array *array = pleat_arrays_find(result->prediction, name);
  if (!array) return cli_error(err, PLEAT_INTERNAL, "the prediction lacks the array '%s'", name);
  return pleat_array_write_npy(path, array, err);
}

pleat_status cli_result_write_structure(const pleat_target *target, const cli_result *result, bool is_pdb,
                                        const char *path, pleat_error *err) {
  char remark[160];
  format_remark(result, remark, sizeof remark);
  const pleat_result_info info = info_of(target, result, remark);
  if (is_pdb) return pleat_write_pdb(path, target->sequence, result->prediction, &info, err);
  return pleat_write_mmcif(path, target->sequence, result->prediction, &info, err);
}

pleat_status cli_result_write_pdb_if_fit(const pleat_target *target, const cli_result *result, const char *path,
                                         pleat_error *err) {
  pleat_status status = cli_result_write_structure(target, result, true, path, err);
  if (status != PLEAT_INPUT) return status;
  /* The mmCIF of the same structure is written by now: only the older format cannot hold it. */
  cli_log_warning("%s: no PDB file: %s", target->name, err->message);
  return PLEAT_OK;
}

static pleat_status write_result(const cli_results *results, int64_t i, file_kind kind, pleat_error *err) {
  const cli_result *result = &results->items[i];
  char path[CLI_MAX_PATH];
  format_path(results, results->folder, i, kind, path);
  if (kind == FILE_SINGLE) return write_representation(path, result, "representations/single", err);
  if (kind == FILE_PAIR) return write_representation(path, result, "representations/pair", err);
  if (kind == FILE_SCORES) return pleat_write_scores(path, result->prediction, err);
  if (kind == FILE_PDB) return cli_result_write_pdb_if_fit(results->target, result, path, err);
  return cli_result_write_structure(results->target, result, false, path, err);
}

/* ColabFold's "r0.pdb", "r1.pdb", ... The mmCIF of the last pass is written by now; a PDB file that cannot be is
 * reported with the result's own. */
static pleat_status write_passes(const cli_results *results, int64_t i, pleat_error *err) {
  const cli_result *result = &results->items[i];
  for (int64_t k = 0; k < result->n_passes; k++) {
    char path[CLI_MAX_PATH], suffix[32], remark[160];
    snprintf(suffix, sizeof suffix, "r%lld.pdb", (long long)k);
    format_name(results, results->folder, i, "unrelaxed", suffix, path);
    snprintf(remark, sizeof remark, "seed %lld, recycle %lld, mean pLDDT %.2f", (long long)result->seed, (long long)k,
             mean_of(result->passes[k], "confidence/plddt"));
    const pleat_result_info info = info_of(results->target, result, remark);
    pleat_status status = pleat_write_pdb(path, results->target->sequence, result->passes[k], &info, err);
    if (status && status != PLEAT_INPUT) return status;
  }
  return PLEAT_OK;
}

static json_t *result_timings(const cli_result *result, int64_t i) {
  json_t *passes = json_array();
  for (int64_t k = 0; k < result->progress.n_passes; k++) {
    json_array_append_new(passes, json_real(result->progress.pass_ms[k]));
  }
  return json_pack("{s:I, s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:f, s:I, s:I, s:I}", "rank", (json_int_t)i + 1,
                   "model", result->model->name, "seed", (json_int_t)result->seed, "recycles",
                   (json_int_t)result->n_recycles, "load_weights_ms", result->model->load_ms, "features_ms",
                   result->features_ms, "plan_ms", result->plan_ms, "predict_ms", result->predict_ms, "pass_ms", passes,
                   "estimated_predict_ms", result->estimate.milliseconds, "estimated_bytes",
                   (json_int_t)result->estimate.total_bytes, "launches", (json_int_t)result->estimate.n_launches,
                   "slices", (json_int_t)result->estimate.n_slices);
}

static pleat_status write_timings(const cli_results *results, const cli_args *args, double write_ms, pleat_error *err) {
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s_timings.json", results->folder, results->target->name);
  json_t *items = json_array();
  for (int64_t i = 0; i < results->n_items; i++) {
    json_array_append_new(items, result_timings(&results->items[i], i));
  }
  json_t *root = json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:f, s:o}", "job", results->target->name, "version",
                           pleat_version(), "residues", (json_int_t)cli_sequence_residues(results->target->sequence),
                           "backend", args->backend, "precision", args->precision, "threads", (json_int_t)args->threads,
                           "write_structures_ms", write_ms, "models", items);
  char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
  json_decref(root);
  if (!text) return cli_error(err, PLEAT_NOMEM, "no memory to write '%s'", path);
  pleat_status status = cli_file_write(path, text, strlen(text), err);
  free(text);
  return status;
}

static pleat_status write_alignment(const cli_results *results, pleat_error *err) {
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s.a3m", results->folder, results->target->name);
  return pleat_write_a3m(path, results->target, err);
}

static pleat_status write_files(const cli_results *results, const cli_args *args, pleat_error *err) {
  const bool is_wanted[N_FILE_KINDS] = {
      [FILE_CIF] = true,
      [FILE_PDB] = true,
      [FILE_SCORES] = true,
      [FILE_SINGLE] = args->want_single,
      [FILE_PAIR] = args->want_pair,
  };
  double start_ms = cli_time_ms();
  for (int64_t i = 0; i < results->n_items; i++) {
    for (int kind = 0; kind < N_FILE_KINDS; kind++) {
      pleat_status status = is_wanted[kind] ? write_result(results, i, (file_kind)kind, err) : PLEAT_OK;
      if (status) return status;
    }
    pleat_status status = write_passes(results, i, err);
    if (status) return status;
  }
  pleat_status status = cli_skips_output(args, "msa") ? PLEAT_OK : write_alignment(results, err);
  if (!status) status = cli_job_files_write(results, args, err);
  if (!status) status = write_timings(results, args, cli_time_ms() - start_ms, err);
  return status;
}

static void format_zip_path(const cli_results *results, const cli_args *args, char out_path[CLI_MAX_PATH]) {
  snprintf(out_path, CLI_MAX_PATH, "%s/%s.result.zip", args->out, results->target->name);
}

/* An empty file is complete as soon as it is there: no temporary name that a killed run would leave behind. */
static pleat_status write_marker(const char *path, pleat_error *err) {
  FILE *file = fopen(path, "wb");
  bool is_ok = file && fsync(fileno(file)) == 0;
  int errnum = errno;
  if (file) fclose(file);
  return is_ok ? PLEAT_OK : cli_error(err, PLEAT_IO, "cannot write '%s': %s", path, strerror(errnum));
}

/* Moves the written files to where they belong, and says so: by a marker, or as ColabFold, by the archive itself. Signs
 * of an earlier run, whose results are replaced now, go first. */
static pleat_status publish(const cli_results *results, const cli_args *args, pleat_error *err) {
  char marker[CLI_MAX_PATH], archive[CLI_MAX_PATH], folder[CLI_MAX_PATH];
  bool is_new = false;
  pleat_status status = PLEAT_OK;
  cli_job_marker_path(args->out, results->target->name, marker, sizeof marker);
  format_zip_path(results, args, archive);
  snprintf(folder, sizeof folder, "%s/%s", args->out, results->target->name);
  unlink(marker);
  if (args->is_zip) {
    status = cli_archive_write(results->folder, args, archive, err);
    if (!status) cli_folder_remove(results->folder);
    return status;
  }
  unlink(archive);
  if (args->is_af2_layout) status = cli_folder_create(folder, &is_new, err);
  if (!status) status = cli_folder_publish(results->folder, args->is_af2_layout ? folder : args->out, err);
  return status ? status : write_marker(marker, err);
}

pleat_status cli_results_write(cli_results *results, const cli_args *args, pleat_error *err) {
  char staging[CLI_MAX_PATH];
  const char *name = results->target->name;
  if (strlen(args->out) + 2 * strlen(name) + 160 > CLI_MAX_PATH) {
    return cli_error(err, PLEAT_IO, "the path of the results is longer than %d bytes", CLI_MAX_PATH - 160);
  }
  snprintf(staging, sizeof staging, "%s/.%s.partial", args->out, name);
  cli_interrupt_set_writing(true);
  results->folder = staging;
  pleat_status status = cli_folder_make_empty(staging, err);
  if (!status) {
    status = args->is_af2_layout ? cli_af2_layout_write(results, args, err) : write_files(results, args, err);
  }
  if (!status && results->opt_run) status = cli_run_files_write(args, results->opt_run, staging, err);
  if (!status) status = publish(results, args, err);
  if (status) cli_folder_remove(staging);
  results->folder = NULL;
  cli_interrupt_set_writing(false);
  return status;
}

/* Summary. */

/* Where the structure of a result can be read. */
static void format_shown_path(const cli_results *results, const cli_args *args, int64_t i, char out[CLI_MAX_PATH]) {
  format_path(results, args->out, i, FILE_PDB, out);
  if (args->is_af2_layout)
    snprintf(out, CLI_MAX_PATH, "%s/%s/ranked_%lld.pdb", args->out, results->target->name, (long long)i);
  /* What the PDB format cannot hold is there as mmCIF only. */
  if (access(out, F_OK) != 0) memcpy(out + strlen(out) - strlen("pdb"), "cif", strlen("cif"));
  if (args->is_zip) format_zip_path(results, args, out);
}

static void print_result(const cli_results *results, const cli_args *args, int64_t i) {
  const cli_result *result = &results->items[i];
  printf("  rank %lld  %s  seed %lld  pLDDT %.1f", (long long)i + 1, result->model->name, (long long)result->seed,
         result->plddt);
  if (!isnan(result->ptm)) printf("  pTM %.3f", result->ptm);
  if (!isnan(result->iptm)) printf("  ipTM %.3f", result->iptm);
  printf("  %lld recycles  %.1f s (estimated %.1f s)\n", (long long)result->n_recycles, result->predict_ms / 1e3,
         result->estimate.milliseconds / 1e3);
  if (i > 0) return;
  char path[CLI_MAX_PATH];
  format_shown_path(results, args, i, path);
  printf("          %s\n", path);
}

static void log_result(const cli_results *results, int64_t i) {
  const cli_result *result = &results->items[i];
  char ptm[24] = "", iptm[24] = "";
  if (!isnan(result->ptm)) snprintf(ptm, sizeof ptm, " pTM=%.3g", result->ptm);
  if (!isnan(result->iptm)) snprintf(iptm, sizeof iptm, " ipTM=%.3g", result->iptm);
  cli_log_file_only("rank_%03lld %s seed %lld took %.1fs (%lld recycles) pLDDT=%.3g%s%s", (long long)i + 1,
                    result->model->name, (long long)result->seed, result->predict_ms / 1e3,
                    (long long)result->n_recycles, result->plddt, ptm, iptm);
}

static void tell_result(const cli_results *results, const cli_args *args, int64_t i) {
  const cli_result *result = &results->items[i];
  char path[CLI_MAX_PATH];
  format_shown_path(results, args, i, path);
  cli_event(json_pack("{s:s, s:s, s:I, s:s, s:I, s:f, s:o, s:o, s:f, s:I, s:f, s:s}", "event", "result", "job",
                      results->target->name, "rank", (json_int_t)i + 1, "model", result->model->name, "seed",
                      (json_int_t)result->seed, "plddt", result->plddt, "ptm", cli_event_number(result->ptm), "iptm",
                      cli_event_number(result->iptm), "ranking", result->ranking, "recycles",
                      (json_int_t)result->n_recycles, "ms", result->predict_ms, "file", path));
}

void cli_results_print(const cli_results *results, const cli_args *args) {
  cli_progress_clear_line();
  for (int64_t i = 0; i < results->n_items; i++) log_result(results, i);
  for (int64_t i = 0; i < results->n_items && cli_events_are_on(); i++) tell_result(results, args, i);
  if (cli_events_are_on() || !cli_log_has_level(CLI_LOG_INFO)) return;
  int64_t n_chains = cli_sequence_chains(results->target->sequence);
  printf("%s: %lld residues, %lld chain%s\n", results->target->name,
         (long long)cli_sequence_residues(results->target->sequence), (long long)n_chains, n_chains == 1 ? "" : "s");
  for (int64_t i = 0; i < results->n_items; i++) print_result(results, args, i);
  if (results->n_items > 0 && pleat_model_is_synthetic(results->items[0].model->handle)) {
    printf("  SYNTHETIC WEIGHTS: random parameters, this is no prediction\n");
  }
  fflush(stdout); /* whoever follows a batch through a file or a pipe sees each target when it is done */
}

void cli_results_fini(cli_results *results) {
  for (int64_t i = 0; i < results->n_items; i++) {
    cli_result *result = &results->items[i];
    pleat_arrays_destroy(result->prediction);
    for (int64_t k = 0; k < result->n_passes; k++) pleat_arrays_destroy(result->passes[k]);
    free(result->passes);
  }
  free(results->items);
  *results = (cli_results){0};
}
