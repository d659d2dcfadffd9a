/* Sessions kept between jobs, so that targets of equal shapes share one plan and its memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SESSIONS_H
#define PLEAT_CLI_SESSIONS_H

#include "models.h"

enum { CLI_MAX_SESSIONS = 64 };

typedef struct cli_kept_session {
  const pleat_model *model;
  pleat_session *session;
  uint64_t shapes;  /* fingerprint of its features' names and shapes */
  uint64_t n_bytes; /* of activations and scratch */
  int64_t used_at;
} cli_kept_session;

/* Zero-initialise. */
typedef struct cli_sessions {
  cli_kept_session items[CLI_MAX_SESSIONS];
  int64_t n_items, n_uses;
  int64_t n_planned, n_reused; /* for the log */
} cli_sessions;

/* Is one kept that fits these features? */
bool cli_sessions_has(const cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                      const pleat_predict_options *options);
/* A session for these features: a kept one if it fits, else a new one. Borrowed until the next call. */
PLEAT_CHECKED pleat_status cli_sessions_get(cli_sessions *sessions, const pleat_model *model,
                                            const pleat_arrays *features, const pleat_predict_options *options,
                                            pleat_session **out_session, pleat_error *err);
void cli_sessions_log(const cli_sessions *sessions); /* how often plans were made, at level debug */
void cli_sessions_fini(cli_sessions *sessions);

#endif
