/* pleat fold: sequences and alignments in, ranked structures out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "models.h"
#include "progress.h"
#include "results.h"

/* Whether a failure concerns this target only, so that the next one is worth a try. */
static bool is_failure_of_target(pleat_status status) {
  return status == PLEAT_INPUT || status == PLEAT_SHAPE || status == PLEAT_NOMEM || status == PLEAT_UNSUPPORTED;
}

/* Opens all networks that any target needs, before anything is computed. */
static pleat_status open_models(const cli_args *args, const pleat_targets *targets, cli_models *models,
                                pleat_error *err) {
  for (size_t i = 0; i < pleat_targets_count(targets); i++) {
    const pleat_target *target = pleat_targets_get(targets, i);
    const char *names[CLI_MAX_MODELS];
    if (target->opt_error) continue;
    int64_t n = cli_models_of(args, target->sequence, names);
    const char *reason = cli_models_default_reason(args, target->sequence);
    if (reason) cli_log_info("%s: %s (%s)", target->name, names[0], reason);
    for (int64_t k = 0; k < n; k++) {
      cli_model *model;
      pleat_status status = cli_models_open(models, args, names[k], &model, err);
      if (status) return status;
      if (cli_interrupt_is_raised()) return cli_error(err, PLEAT_CANCELLED, "interrupted while opening the weights");
    }
  }
  return PLEAT_OK;
}

/* One seed of one network. The session of the first seed serves the others. */
static pleat_status predict_seed(const cli_args *args, const pleat_target *target, cli_result *result,
                                 pleat_session **session, pleat_error *err) {
  pleat_model *model = result->model->handle;
  pleat_predict_options options = cli_predict_options(args);
  options.seed = (uint64_t)result->seed;
  options.opt_progress = cli_progress_step;
  options.opt_poll = cli_interrupt_poll;
  options.progress_ctx = &result->progress;
  pleat_arrays *features = NULL;
  double start_ms = cli_time_ms();
  pleat_status status = pleat_target_features(target, model, &options, &features, err);
  if (status) return status;
  double features_end_ms = cli_time_ms();
  result->features_ms = features_end_ms - start_ms;
  if (!*session) status = pleat_session_create(model, features, &options, session, err);
  if (!status && cli_interrupt_is_raised()) {
    status = cli_error(err, PLEAT_CANCELLED, "interrupted before the first pass");
  }
  if (!status) {
    double plan_end_ms = cli_time_ms();
    result->plan_ms = plan_end_ms - features_end_ms;
    pleat_session_estimate(*session, &result->estimate);
    cli_log_debug("%s: %s: estimate %.1f MiB, %.1f s", target->name, result->model->name,
                  (double)result->estimate.total_bytes / 1048576, result->estimate.milliseconds / 1e3);
    cli_progress_begin(&result->progress, target->name, result->model->name);
    status = pleat_session_predict(*session, features, &options, &result->prediction, err);
    result->predict_ms = cli_time_ms() - plan_end_ms;
  }
  pleat_arrays_destroy(features);
  if (!status) cli_result_read_scores(result);
  return status;
}

static pleat_status predict_model(const cli_args *args, const pleat_target *target, const cli_model *model,
                                  cli_results *results, pleat_error *err) {
  pleat_session *session = NULL;
  pleat_status status = PLEAT_OK;
  for (int64_t k = 0; k < args->num_seeds && !status; k++) {
    cli_result *result = &results->items[results->n_items++];
    *result = (cli_result){.model = model, .seed = args->seed + k};
    status = predict_seed(args, target, result, &session, err);
  }
  pleat_session_destroy(session);
  return status;
}

/* Later networks may need more memory than the first: find out before hours are spent on the first. */
static pleat_status check_estimates(const cli_args *args, const pleat_target *target, cli_model *const *models,
                                    int64_t n_models, pleat_error *err) {
  if (n_models < 2) return PLEAT_OK; /* creating the session checks the only one */
  for (int64_t i = 0; i < n_models; i++) {
    pleat_predict_options options = cli_predict_options(args);
    pleat_arrays *features = NULL;
    pleat_estimate estimate;
    pleat_status status = pleat_target_features(target, models[i]->handle, &options, &features, err);
    if (!status) status = pleat_estimate_features(models[i]->handle, features, &options, &estimate, err);
    pleat_arrays_destroy(features);
    if (status) return status;
  }
  return PLEAT_OK;
}

static pleat_status fold_target(const cli_args *args, const pleat_target *target, cli_models *open, pleat_error *err) {
  if (target->opt_error) {
    *err = *target->opt_error;
    return err->status;
  }
  const char *names[CLI_MAX_MODELS];
  cli_model *models[CLI_MAX_MODELS];
  int64_t n_models = cli_models_of(args, target->sequence, names);
  cli_results results = {.target = target};
  pleat_status status = PLEAT_OK;
  for (int64_t i = 0; i < n_models && !status; i++) status = cli_models_open(open, args, names[i], &models[i], err);
  if (!status) status = check_estimates(args, target, models, n_models, err);
  if (status) return status;
  results.items = calloc((size_t)(n_models * args->num_seeds), sizeof *results.items);
  if (!results.items) return cli_error(err, PLEAT_NOMEM, "no memory for the results of '%s'", target->name);
  for (int64_t i = 0; i < n_models && !status; i++) status = predict_model(args, target, models[i], &results, err);
  if (!status) {
    cli_results_rank(&results);
    status = cli_results_write(&results, args, err);
  }
  if (!status) cli_results_print(&results, args);
  cli_results_fini(&results);
  return status;
}

/* Scores of the two families have different scales. */
static cli_exit check_families(const cli_args *args) {
  bool has_multimer = false, has_monomer = false;
  for (int64_t i = 0; i < args->n_models; i++) {
    bool is_multimer = strstr(args->models[i], "_multimer") != NULL;
    has_multimer |= is_multimer;
    has_monomer |= !is_multimer;
  }
  if (!has_multimer || !has_monomer) return CLI_EXIT_OK;
  return cli_fail_usage("fold",
                        "--model mixes monomer and multimer networks, whose scores cannot be ranked against "
                        "each other: run them one after the other");
}

static cli_exit fold_targets(const cli_args *args, const pleat_targets *targets, cli_models *models) {
  pleat_error err;
  cli_exit code = CLI_EXIT_OK;
  for (size_t i = 0; i < pleat_targets_count(targets); i++) {
    const pleat_target *target = pleat_targets_get(targets, i);
    pleat_status status = fold_target(args, target, models, &err);
    if (status) {
      if (target->opt_error) status = PLEAT_INPUT; /* also an alignment that is not there */
      cli_error_set_place(&err, target->name);
      cli_exit failure = cli_fail(status, &err);
      if (code == CLI_EXIT_OK || !is_failure_of_target(status)) code = failure;
      if (!is_failure_of_target(status)) break;
    }
    if (cli_interrupt_is_raised()) return CLI_EXIT_INTERRUPTED;
  }
  return code;
}

static void print_warnings(const char *lines) {
  while (*lines) {
    int n = (int)strcspn(lines, "\n");
    cli_log_warning("%.*s", n, lines);
    lines += n + (lines[n] == '\n');
  }
}

static cli_exit run(const cli_args *args) {
  pleat_error err;
  pleat_targets *targets = NULL;
  cli_models models = {0};
  bool is_new_folder = false;
  cli_exit code = check_families(args);
  if (code) return code;
  cli_interrupt_init();
  pleat_status status = pleat_targets_read(args->positionals[0], &targets, &err);
  if (!status) {
    print_warnings(pleat_targets_warnings(targets));
    status = cli_folder_create(args->out, &is_new_folder, &err);
  }
  if (!status) status = open_models(args, targets, &models, &err);
  code = status ? cli_fail(status, &err) : fold_targets(args, targets, &models);
  cli_models_close(&models);
  pleat_targets_destroy(targets);
  if (code && is_new_folder) rmdir(args->out); /* stays when it holds results */
  return code;
}

const cli_command cli_command_fold = {
    .name = "fold",
    .positionals = "INPUT",
    .n_positionals = 1,
    .summary = "Predict structures from sequences and alignments.",
    .details =
        "INPUT is a FASTA file (every record is a target, ':' joins the chains of a complex), an a3m alignment, a "
        "table\n"
        "(.csv, .tsv) with the columns id, sequence and optionally a3mpath, an input of AlphaFold 3 (.json, protein\n"
        "chains only), a directory of such files (one target of each FASTA and a3m file), or '-', standard input. For "
        "every network and seed, DIR receives PDB, mmCIF and scores\n"
        "under ColabFold's names, best first, and timings.\n",
    .examples =
        "  pleat fold query.fasta -o out --weights params/\n"
        "  pleat fold query.a3m -o out --weights params/ --model model_1_ptm,model_3_ptm --num-recycle 6\n"
        "  pleat fold complex.fasta -o out --weights params/ --num-seeds 5 --memory 8G\n",
    .options = {CLI_OPT_OUT_DIR, CLI_OPT_WEIGHTS, CLI_OPT_MODELS, CLI_OPT_NUM_RECYCLE, CLI_OPT_SEED, CLI_OPT_NUM_SEEDS,
                CLI_OPT_MAX_MSA, CLI_OPT_NUM_ENSEMBLE, CLI_OPT_BACKEND, CLI_OPT_THREADS, CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION, CLI_OPT_MEMORY, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
