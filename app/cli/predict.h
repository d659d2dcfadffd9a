/* One network on one target: what every command does that folds.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_PREDICT_H
#define PLEAT_CLI_PREDICT_H

#include "results.h"
#include "sessions.h"
#include "templates.h"

/* Features, a session, the prediction and its scores into `result`, whose model and seed are set; `options` without
 * callbacks but for opt_pass_result. opt_job: passes are shown and timed under these names, its estimate is filled in.
 * Ends when a signal has come. Errors: those of cli_features, pleat_session_create and pleat_session_predict. */
PLEAT_CHECKED pleat_status cli_predict(cli_sessions *sessions, const cli_args *args, const pleat_target *target,
                                       cli_templates *opt_templates, const pleat_predict_options *options,
                                       const cli_progress_job *opt_job, cli_result *result, pleat_error *err);

/* A failure that concerns its target only, so that the next one is worth a try, in a word; NULL for the others. Weights
 * that folded another target are whole. */
const char *cli_target_failure(pleat_status status, bool has_folded);

#endif
