/* Sessions kept between jobs, so that targets of equal shapes share one plan and its memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SESSIONS_H
#define PLEAT_CLI_SESSIONS_H

#include "models.h"

/* At most one session per model. Zero-initialise. */
typedef struct cli_sessions {
  struct {
    const pleat_model *model;
    pleat_session *session;
  } items[CLI_MAX_MODELS];
  int64_t n_items;
  int64_t n_planned, n_reused; /* for the log */
} cli_sessions;

/* Is one kept that fits these features? */
bool cli_sessions_has(const cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                      const pleat_predict_options *options);
/* A session for these features: the kept one if it fits, else a new one. Borrowed until the next call. */
PLEAT_CHECKED pleat_status cli_sessions_get(cli_sessions *sessions, const pleat_model *model,
                                            const pleat_arrays *features, const pleat_predict_options *options,
                                            pleat_session **out_session, pleat_error *err);
void cli_sessions_fini(cli_sessions *sessions);

#endif
