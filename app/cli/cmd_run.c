/* pleat run: features in, every array of the prediction out, for comparisons with the published code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "arrays_view.h"
#include "files.h"
#include "models.h"
#include "progress.h"

static pleat_predict_options run_options(const cli_args *args, const pleat_arrays *features, cli_progress *progress) {
  pleat_predict_options options = cli_predict_options(args);
  int64_t n_iterations = cli_features_iterations(features);
  options.want_logits = true;
  options.want_representations = true;
  options.opt_progress = cli_progress_step;
  options.opt_poll = cli_interrupt_poll;
  options.progress_ctx = progress;
  /* Processed features say themselves how many passes they are for. */
  if (options.num_recycle < 0 && n_iterations > 0) options.num_recycle = n_iterations / args->num_ensemble - 1;
  return options;
}

static pleat_status predict(const cli_args *args, const cli_model *model, const pleat_arrays *features,
                            pleat_arrays **out_prediction, pleat_error *err) {
  cli_progress progress;
  cli_pace pace = {0};
  pleat_session *session = NULL;
  pleat_predict_options options = run_options(args, features, &progress);
  double start_ms = cli_time_ms();
  pleat_status status = pleat_session_create(model->handle, features, &options, &session, err);
  if (!status) {
    double plan_end_ms = cli_time_ms();
    pleat_estimate estimate;
    pleat_session_estimate(session, &estimate);
    cli_progress_begin(&progress, &(cli_progress_job){.job = args->features,
                                                      .model = model->name,
                                                      .seed = args->seed,
                                                      .estimated_ms = estimate.milliseconds,
                                                      .pace = &pace});
    status = pleat_session_predict(session, features, &options, out_prediction, err);
    double end_ms = cli_time_ms();
    if (!status) {
      cli_log_info("%s: planned in %.1f ms, %lld passes in %.0f ms", model->name, plan_end_ms - start_ms,
                   (long long)progress.n_passes, end_ms - plan_end_ms);
    }
  }
  pleat_session_destroy(session);
  return status;
}

static cli_exit run(const cli_args *args) {
  pleat_error err;
  pleat_arrays *file = NULL, *features = NULL, *prediction = NULL;
  cli_models models = {0};
  cli_model *model = NULL;
  if (!args->out) return cli_fail_usage("run", "--out OUT.npz is missing: file to write the arrays to");
  cli_interrupt_init();
  pleat_status status = pleat_arrays_read_npz(args->features, &file, &err);
  if (!status) status = cli_arrays_features(file, &features, &err);
  pleat_arrays_destroy(file);
  if (!status) status = cli_models_open(&models, args, args->models[0], &model, &err);
  if (!status) status = predict(args, model, features, &prediction, &err);
  if (!status) status = pleat_arrays_write_npz(args->out, prediction, &err);
  pleat_arrays_destroy(prediction);
  pleat_arrays_destroy(features);
  cli_models_close(&models);
  cli_progress_clear_line();
  return status ? cli_fail(status, &err) : CLI_EXIT_OK;
}

const cli_command cli_command_run = {
    .name = "run",
    .positionals = "",
    .summary = "Run a network on features in a .npz file and write every array of the result.",
    .details =
        "Reads arrays in/NAME or NAME under their published names; tables that follow from aatype may be missing.\n"
        "Writes --out FILE with positions, logits, representations and confidences.\n",
    .examples =
        "  pleat run --weights params_model_1_ptm.npz --model model_1_ptm --features features.npz --out result.npz\n"
        "  pleat run --weights synth:golden/tiny_multimer_v3.weights.json --model model_1_multimer_v3 \\\n"
        "    --features golden/tiny_multimer_v3.npz --out result.npz --num-recycle 1 --num-msa 8 \\\n"
        "    --num-extra-msa 10 --msa-order identity --msa-mask-fraction 0 --early-stop-tolerance -1\n",
    .options = {CLI_OPT_WEIGHTS,
                CLI_OPT_MODEL,
                CLI_OPT_FEATURES,
                CLI_OPT_OUT_FILE,
                CLI_OPT_NUM_RECYCLE,
                CLI_OPT_NUM_ENSEMBLE,
                CLI_OPT_SEED,
                CLI_OPT_NUM_MSA,
                CLI_OPT_NUM_EXTRA_MSA,
                CLI_OPT_MSA_ORDER,
                CLI_OPT_MSA_MASK_FRACTION,
                CLI_OPT_EARLY_STOP_TOLERANCE,
                CLI_OPT_BACKEND,
                CLI_OPT_THREADS,
                CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION,
                CLI_OPT_MEMORY,
                CLI_OPT_CHUNKS,
                CLI_OPT_UNFUSED,
                CLI_OPT_UNHOISTED,
                CLI_OPT_KEEP_PADDING,
                CLI_OPT_LOG_LEVEL,
                CLI_OPT_END},
    .run = run};
