/* Sessions kept between jobs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sessions.h"

#include "files.h"

/* Larger sessions are not kept while another network works: planning again costs milliseconds, memory may be scarce. */
static const uint64_t MAX_KEPT_BYTES = (uint64_t)64 << 20;

static void drop(cli_sessions *sessions, int64_t i) {
  pleat_session_destroy(sessions->items[i].session);
  sessions->items[i] = sessions->items[--sessions->n_items];
}

static void drop_large(cli_sessions *sessions, const pleat_model *except) {
  for (int64_t i = sessions->n_items; i-- > 0;) {
    pleat_estimate estimate;
    pleat_session_estimate(sessions->items[i].session, &estimate);
    bool is_large = estimate.arena_bytes + estimate.scratch_bytes > MAX_KEPT_BYTES;
    if (is_large && sessions->items[i].model != except) drop(sessions, i);
  }
}

static int64_t find(const cli_sessions *sessions, const pleat_model *model) {
  int64_t i = 0;
  while (i < sessions->n_items && sessions->items[i].model != model) i++;
  return i;
}

bool cli_sessions_has(const cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                      const pleat_predict_options *options) {
  int64_t i = find(sessions, model);
  return i < sessions->n_items && pleat_session_fits(sessions->items[i].session, features, options);
}

pleat_status cli_sessions_get(cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                              const pleat_predict_options *options, pleat_session **out_session, pleat_error *err) {
  *out_session = NULL;
  drop_large(sessions, model);
  int64_t i = find(sessions, model);
  if (i < sessions->n_items && pleat_session_fits(sessions->items[i].session, features, options)) {
    *out_session = sessions->items[i].session;
    sessions->n_reused++;
    return PLEAT_OK;
  }
  if (i < sessions->n_items) drop(sessions, i);
  if (sessions->n_items == CLI_MAX_MODELS) cli_sessions_fini(sessions);
  pleat_session *session = NULL;
  pleat_status status = pleat_session_create(model, features, options, &session, err);
  if (status == PLEAT_NOMEM && sessions->n_items > 0) {
    cli_sessions_fini(sessions);
    status = pleat_session_create(model, features, options, &session, err);
  }
  if (status) return status;
  sessions->n_planned++;
  sessions->items[sessions->n_items].model = model;
  sessions->items[sessions->n_items++].session = session;
  *out_session = session;
  return PLEAT_OK;
}

void cli_sessions_fini(cli_sessions *sessions) {
  while (sessions->n_items > 0) drop(sessions, sessions->n_items - 1);
}
