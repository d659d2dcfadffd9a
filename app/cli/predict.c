/* One network on one target.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "predict.h"

#include "files.h"

const char *cli_target_failure(pleat_status status, bool has_folded) {
  switch (status) {
    case PLEAT_INPUT:
    case PLEAT_SHAPE: return "bad_input";
    case PLEAT_NOMEM: return "no_memory";
    case PLEAT_UNSUPPORTED: return "unsupported";
    case PLEAT_WEIGHTS: return has_folded ? "not_finite" : NULL;
    default: return NULL;
  }
}

static pleat_status predict(pleat_session *session, const pleat_arrays *features, pleat_predict_options *options,
                            const cli_progress_job *opt_job, cli_result *result, pleat_error *err) {
  options->opt_poll = cli_interrupt_poll;
  options->pass_result_ctx = result;
  if (opt_job) {
    cli_progress_job job = *opt_job;
    job.estimated_ms = result->estimate.milliseconds;
    options->opt_progress = cli_progress_step;
    options->progress_ctx = &result->progress;
    cli_progress_begin(&result->progress, &job);
  }
  double start_ms = cli_time_ms();
  pleat_status status = pleat_session_predict(session, features, options, &result->prediction, err);
  result->predict_ms = cli_time_ms() - start_ms;
  if (!result->pass_error.status) return status;
  *err = result->pass_error; /* why it was cancelled */
  return err->status;
}

pleat_status cli_predict(cli_sessions *sessions, const cli_args *args, const pleat_target *target,
                         cli_templates *opt_templates, const pleat_predict_options *options,
                         const cli_progress_job *opt_job, cli_result *result, pleat_error *err) {
  pleat_model *model = result->model->handle;
  pleat_predict_options own = *options;
  pleat_arrays *features = NULL;
  pleat_session *session;
  double start_ms = cli_time_ms();
  pleat_status status = cli_features(opt_templates, target, model, options, &features, err);
  if (status) return status;
  double features_end_ms = cli_time_ms();
  result->features_ms = features_end_ms - start_ms;
  status = cli_sessions_get(sessions, model, features, options, &session, err);
  if (!status && cli_interrupt_is_raised()) {
    status = cli_error(err, PLEAT_CANCELLED, "interrupted before the first pass");
  }
  if (!status) {
    result->plan_ms = cli_time_ms() - features_end_ms;
    pleat_session_estimate(session, &result->estimate);
    cli_log_debug("%s: %s: estimate %.1f MiB, %.1f s", target->name, result->model->name,
                  (double)result->estimate.total_bytes / 1048576, result->estimate.milliseconds / 1e3);
    status = predict(session, features, &own, opt_job, result, err);
  }
  pleat_arrays_destroy(features);
  if (!status) cli_result_read_scores(result, args->rank_by);
  return status;
}
