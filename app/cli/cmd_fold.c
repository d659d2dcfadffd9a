/* pleat fold: sequences and alignments in, ranked structures out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "job_align.h"
#include "jobs.h"
#include "models.h"
#include "pleat/plot.h"
#include "predict.h"

/* Everything that one run has open. */
typedef struct batch {
  cli_args args;
  pleat_targets *targets;
  cli_jobs jobs;
  cli_models models;
  cli_sessions sessions;
  cli_templates templates;
  pleat_arrays *guess; /* --initial-guess, matched with the target that is folded */
  cli_pace pace;
  int64_t i_job; /* of the target that is folded now */
  double job_start_ms;
  bool is_new_folder;
  int64_t n_written; /* targets whose files are there */
} batch;

static bool is_open(const cli_job *job) { return job->outcome == CLI_JOB_WAITING && !job->target.opt_error; }

static void note_options_without_effect(const batch *b) {
  for (int64_t i = 0; i < b->models.n_items; i++) {
    if (pleat_model_is_multimer(b->models.items[i]->handle)) return;
  }
  if (b->args.is_unclustered) {
    cli_log_info("note: --disable-cluster-profile has no effect: no network of this run is a multimer");
  }
}

/* Opens all networks that any target needs, before anything is computed. */
static pleat_status open_models(batch *b, pleat_error *err) {
  for (int64_t i = 0; i < b->jobs.n_items; i++) {
    const pleat_target *target = &b->jobs.items[i].target;
    const char *names[CLI_MAX_MODELS];
    if (!is_open(&b->jobs.items[i])) continue;
    int64_t n = cli_models_of(&b->args, target->sequence, names);
    const char *reason = cli_models_default_reason(&b->args, target->sequence);
    if (reason) cli_log_info("%s: %s (%s)", target->name, names[0], reason);
    for (int64_t k = 0; k < n; k++) {
      cli_model *model;
      pleat_status status = cli_models_open(&b->models, &b->args, names[k], &model, err);
      if (status) return status;
      if (cli_interrupt_is_raised()) return cli_error(err, PLEAT_CANCELLED, "interrupted while opening the weights");
    }
  }
  note_options_without_effect(b);
  return PLEAT_OK;
}

static pleat_predict_options options_of(const batch *b, int64_t seed) {
  pleat_predict_options options = cli_predict_options(&b->args);
  options.seed = (uint64_t)seed;
  options.want_representations = b->args.want_single || b->args.want_pair;
  if (b->args.has_dropout) options.dropout = 1;
  if (b->args.want_recycles) options.opt_pass_result = cli_result_keep_pass;
  if (b->guess) options.opt_initial_positions = pleat_arrays_find(b->guess, "atom_positions")->data;
  options.want_pass_scores = true;
  return options;
}

static double predictions_of(const batch *b, const pleat_target *target) {
  const char *names[CLI_MAX_MODELS];
  return (double)cli_models_of(&b->args, target->sequence, names) * (double)b->args.num_seeds;
}

/* What waits behind a target, in units of one of its predictions: by the square of the length, for want of plans. */
static double count_behind(const batch *b, const pleat_target *target) {
  double count = 0, n_res = (double)cli_sequence_residues(target->sequence);
  for (int64_t i = b->i_job + 1; i < b->jobs.n_items; i++) {
    const pleat_target *other = &b->jobs.items[i].target;
    double ratio = (double)cli_sequence_residues(other->sequence) / n_res;
    if (is_open(&b->jobs.items[i])) count += predictions_of(b, other) * ratio * ratio;
  }
  return count;
}

/* The last of `results`: one seed of one network. */
static pleat_status predict(batch *b, cli_results *results, pleat_error *err) {
  cli_result *result = &results->items[results->n_items - 1];
  const pleat_predict_options options = options_of(b, result->seed);
  const cli_progress_job job = {
      .job = results->target->name,
      .model = result->model->name,
      .number = b->i_job + 1,
      .n_jobs = b->jobs.n_items,
      .seed = result->seed,
      .n_after = predictions_of(b, results->target) - (double)results->n_items + count_behind(b, results->target),
      .pace = &b->pace};
  return cli_predict(&b->sessions, &b->args, results->target, &b->templates, &options, &job, result, err);
}

/* All networks with the first seed, then with the next; enough is enough once one is good (--stop-at-score). */
static pleat_status predict_all(batch *b, cli_model *const *models, int64_t n_models, cli_results *results,
                                pleat_error *err) {
  for (int64_t k = 0; k < b->args.num_seeds; k++) {
    for (int64_t i = 0; i < n_models; i++) {
      cli_result *result = &results->items[results->n_items++];
      *result = (cli_result){.model = models[i], .seed = b->args.seed + k};
      pleat_status status = predict(b, results, err);
      if (status) return status;
      if (result->ranking > b->args.stop_at_score) return PLEAT_OK;
    }
  }
  return PLEAT_OK;
}

/* Later networks may need more memory than the first: find out before hours are spent on the first. */
static pleat_status check_estimates(batch *b, const pleat_target *target, cli_model *const *models, int64_t n_models,
                                    pleat_error *err) {
  if (n_models < 2) return PLEAT_OK; /* creating the session checks the only one */
  for (int64_t i = 0; i < n_models; i++) {
    pleat_predict_options options = options_of(b, b->args.seed);
    pleat_arrays *features = NULL;
    pleat_estimate estimate;
    pleat_status status = cli_features(&b->templates, target, models[i]->handle, &options, &features, err);
    if (!status && !cli_sessions_has(&b->sessions, models[i]->handle, features, &options)) {
      status = pleat_estimate_features(models[i]->handle, features, &options, &estimate, err);
    }
    pleat_arrays_destroy(features);
    if (status) return status;
  }
  return PLEAT_OK;
}

/* A guess belongs to one sequence: read and compared anew for every target. */
static pleat_status read_guess(batch *b, const pleat_target *target, pleat_error *err) {
  pleat_arrays_destroy(b->guess);
  b->guess = NULL;
  if (!b->args.initial_guess) return PLEAT_OK;
  return pleat_positions_read(b->args.initial_guess, target->sequence, &b->guess, err);
}

/* All predictions of a target are there. */
static pleat_status finish(batch *b, cli_results *results, pleat_error *err) {
  cli_progress_job last = results->items[results->n_items - 1].progress.job;
  last.n_after = count_behind(b, results->target);
  cli_results_rank(results);
  pleat_status status = cli_results_write(results, &b->args, err);
  if (status) return status;
  b->n_written++;
  cli_results_print(results, &b->args);
  cli_progress_job_end(&last, results->items[0].plddt, cli_time_ms() - b->job_start_ms);
  return PLEAT_OK;
}

static pleat_status fold_target(batch *b, const pleat_target *target, pleat_error *err) {
  if (target->opt_error) {
    *err = *target->opt_error;
    return PLEAT_INPUT; /* also an alignment that is not there */
  }
  const char *names[CLI_MAX_MODELS];
  cli_model *models[CLI_MAX_MODELS];
  int64_t n_models = cli_models_of(&b->args, target->sequence, names);
  cli_results results = {.target = target, .opt_run = b->n_written ? NULL : b->targets};
  pleat_status status = PLEAT_OK;
  for (int64_t i = 0; i < n_models && !status; i++) {
    status = cli_models_open(&b->models, &b->args, names[i], &models[i], err);
  }
  if (!status) status = read_guess(b, target, err);
  if (!status) status = check_estimates(b, target, models, n_models, err);
  if (status) return status;
  results.items = calloc((size_t)(n_models * b->args.num_seeds), sizeof *results.items);
  if (!results.items) return cli_error(err, PLEAT_NOMEM, "no memory for the results of '%s'", target->name);
  status = predict_all(b, models, n_models, &results, err);
  if (!status) status = finish(b, &results, err);
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

/* Folds what is open. A failure that is not the target's own ends the batch, with its code. */
static cli_exit fold_jobs(batch *b) {
  cli_jobs *jobs = &b->jobs;
  for (int64_t i = 0; i < jobs->n_items; i++) {
    cli_job *job = &jobs->items[i];
    const pleat_target *target = &job->target;
    if (job->outcome == CLI_JOB_SKIPPED) {
      cli_log_info("%s: done already (--overwrite-existing-results folds it again)", target->name);
      cli_job_tell(job);
      continue;
    }
    cli_log_file_only("Query %lld/%lld: %s (length %lld)", (long long)i + 1, (long long)jobs->n_items, target->name,
                      (long long)cli_sequence_residues(target->sequence));
    pleat_error err = {0};
    b->i_job = i;
    b->job_start_ms = cli_time_ms();
    pleat_status status = cli_job_align(job, &b->args, &err);
    if (!status && b->args.is_msa_only) {
      status = cli_job_write_alignment(job, &b->args, &err);
    } else if (!status) {
      status = fold_target(b, target, &err);
    }
    cli_job_forget_alignment(job);
    job->outcome = CLI_JOB_DONE;
    if (status) {
      err.status = status;
      cli_error_set_place(&err, target->name);
      cli_job_fail(job, status, &err);
      if (status == PLEAT_CANCELLED) job->outcome = CLI_JOB_WAITING;
    }
    cli_job_tell(job);
    if (status && !cli_target_failure(status, b->n_written > 0)) return job->code;
    if (cli_interrupt_is_raised()) return CLI_EXIT_INTERRUPTED;
  }
  return cli_jobs_exit(jobs);
}

/* What --model-type of colabfold_batch means for these targets. */
static void apply_colabfold(batch *b) {
  bool is_any_complex = false;
  if (!b->args.model_type) return;
  for (size_t i = 0; i < pleat_targets_count(b->targets); i++) {
    is_any_complex |= cli_sequence_chains(pleat_targets_get(b->targets, i)->sequence) > 1;
  }
  cli_models_choose(&b->args, is_any_complex);
}

static cli_exit fold_open_jobs(batch *b) {
  pleat_error err = {0};
  char log_path[CLI_MAX_PATH];
  pleat_status status = cli_folder_create(b->args.out, &b->is_new_folder, &err);
  if (!status && !b->args.is_msa_only) status = open_models(b, &err);
  if (status) return cli_fail(status, &err);
  snprintf(log_path, sizeof log_path, "%s/log.txt", b->args.out);
  cli_log_file_open(log_path);
  cli_log_file_only("Running pleat %s", pleat_version());
  cli_log_warnings(pleat_targets_warnings(b->targets));
  cli_exit code = fold_jobs(b);
  cli_jobs_print_summary(&b->jobs);
  cli_sessions_log(&b->sessions);
  cli_log_file_only(code == CLI_EXIT_OK ? "Done" : "Done, with failures");
  cli_log_file_close();
  return code;
}

static cli_exit run_batch(batch *b) {
  pleat_error err = {0};
  pleat_status status = cli_targets_read(&b->args, &b->targets, &err);
  if (status) return cli_fail(status, &err);
  apply_colabfold(b);
  status = cli_jobs_init(&b->args, b->targets, &b->jobs, &err);
  if (status) return cli_fail(status, &err);
  if (cli_jobs_count_open(&b->jobs) > 0) return fold_open_jobs(b);
  /* Nothing to compute: no folder, no weights. */
  cli_log_warnings(pleat_targets_warnings(b->targets));
  cli_exit code = fold_jobs(b);
  cli_jobs_print_summary(&b->jobs);
  return code;
}

cli_exit cli_fold(const cli_args *args) {
  batch b = {.args = *args};
  if (!args->msa_mode) b.args.msa_mode = "single_sequence"; /* nobody's sequences leave the machine unasked */
  cli_exit code = check_families(args);
  if (code) return code;
  if (args->is_zip && args->is_af2_layout) {
    return cli_fail_usage("fold",
                          "--zip packs the files that have ColabFold's names: leave out --af2-layout, or --zip");
  }
  if (args->is_af2_layout && (args->want_single || args->want_pair || args->want_recycles)) {
    return cli_fail_usage("fold",
                          "--af2-layout has no place for what --save-single-representations, "
                          "--save-pair-representations and --save-recycles write: leave out one or the other");
  }
  if (!pleat_plot_has_png()) cli_log_info("plots are written as SVG only: this pleat was built without cairo");
  pleat_error err = {0};
  pleat_status status = cli_templates_open(args, &b.templates, &err);
  if (status) return cli_fail(status, &err);
  cli_interrupt_init();
  code = run_batch(&b);
  cli_templates_close(&b.templates);
  cli_sessions_fini(&b.sessions);
  pleat_arrays_destroy(b.guess);
  cli_models_close(&b.models);
  cli_jobs_fini(&b.jobs);
  pleat_targets_destroy(b.targets);
  if (code && b.is_new_folder) rmdir(args->out); /* stays when it holds results */
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
        "under ColabFold's names, best first; for every target its alignment, plots (coverage, pLDDT, aligned errors; "
        "SVG, and\n"
        "PNG where this pleat was built with cairo), aligned errors of the best, and timings; config.json, cite.bibtex "
        "and\n"
        "log.txt for the run.\n",
    .examples =
        "  pleat fold query.fasta -o out --weights params/\n"
        "  pleat fold query.a3m -o out --weights params/ --model model_1_ptm,model_3_ptm --num-recycle 6\n"
        "  pleat fold complex.fasta -o out --weights params/ --num-seeds 5 --memory 8G\n"
        "  pleat fold query.fasta -o out --weights params/ --msas alphafold_out/query/msas\n",
    .options = {CLI_OPT_OUT_DIR,
                CLI_OPT_FOLD_WEIGHTS,
                CLI_OPT_DATA,
                CLI_OPT_MODELS,
                CLI_OPT_MSAS,
                CLI_OPT_MSA_MODE,
                CLI_OPT_PAIR_MODE,
                CLI_OPT_PAIR_STRATEGY,
                CLI_OPT_HOST_URL,
                CLI_OPT_MSA_WAIT,
                CLI_OPT_PROXY,
                CLI_OPT_MSA_ONLY,
                CLI_OPT_NUM_RECYCLE,
                CLI_OPT_EARLY_STOP_TOLERANCE,
                CLI_OPT_SEED,
                CLI_OPT_NUM_SEEDS,
                CLI_OPT_MAX_MSA,
                CLI_OPT_NUM_ENSEMBLE,
                CLI_OPT_SORT,
                CLI_OPT_SHARD,
                CLI_OPT_OVERWRITE,
                CLI_OPT_RANK,
                CLI_OPT_STOP_AT_SCORE,
                CLI_OPT_JOBNAME_PREFIX,
                CLI_OPT_SKIP_OUTPUT,
                CLI_OPT_SAVE_SINGLE,
                CLI_OPT_SAVE_PAIR,
                CLI_OPT_SAVE_RECYCLES,
                CLI_OPT_INITIAL_GUESS,
                CLI_OPT_TEMPLATE,
                CLI_OPT_CUSTOM_TEMPLATE_PATH,
                CLI_OPT_MAX_TEMPLATE_DATE,
                CLI_OPT_USE_DROPOUT,
                CLI_OPT_DISABLE_CLUSTER_PROFILE,
                CLI_OPT_CALC_EXTRA_PTM,
                CLI_OPT_NO_USE_PROBS_EXTRA,
                CLI_OPT_ZIP,
                CLI_OPT_AF2_LAYOUT,
                CLI_OPT_BACKEND,
                CLI_OPT_THREADS,
                CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION,
                CLI_OPT_MEMORY,
                CLI_OPT_LOG_LEVEL,
                CLI_OPT_PROGRESS,
                CLI_OPT_END},
    .run = cli_fold};
