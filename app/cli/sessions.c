/* Sessions kept between jobs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sessions.h"

#include "files.h"
#include "progress.h"

/* Larger sessions are not kept while another is needed, and all together take no more than so much: planning again costs
 * a fraction of a second, memory may be scarce. */
static const uint64_t MAX_KEPT_BYTES = (uint64_t)64 << 20, MAX_ALL_BYTES = (uint64_t)256 << 20;

static void drop(cli_sessions *sessions, int64_t i) {
  pleat_session_destroy(sessions->items[i].session);
  sessions->items[i] = sessions->items[--sessions->n_items];
}

/* FNV-1a of what decides about a plan in most cases; pleat_session_fits knows the others. */
static uint64_t shapes_of(const pleat_arrays *features) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < pleat_arrays_count(features); i++) {
    const pleat_array *array = pleat_arrays_get(features, i);
    for (const char *p = array->name; *p; p++) hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    for (int d = 0; d < array->rank; d++) hash = (hash ^ (uint64_t)array->shape[d]) * UINT64_C(1099511628211);
  }
  return hash;
}

static int64_t find(const cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                    const pleat_predict_options *options) {
  uint64_t shapes = shapes_of(features);
  int64_t i = 0;
  for (; i < sessions->n_items; i++) {
    const cli_kept_session *kept = &sessions->items[i];
    if (kept->model == model && kept->shapes == shapes && pleat_session_fits(kept->session, features, options)) break;
  }
  return i;
}

bool cli_sessions_has(const cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                      const pleat_predict_options *options) {
  return find(sessions, model, features, options) < sessions->n_items;
}

/* Makes room for one more. A budget of memory is for the session that works alone. */
static void drop_before(cli_sessions *sessions, const pleat_predict_options *options) {
  uint64_t n_max = options->memory_bytes ? 0 : MAX_KEPT_BYTES;
  for (int64_t i = sessions->n_items; i-- > 0;) {
    if (sessions->items[i].n_bytes > n_max) drop(sessions, i);
  }
}

/* Drops what was not used for the longest time until the others, with a new one, are few and small enough. */
static void drop_oldest(cli_sessions *sessions, uint64_t n_new_bytes) {
  for (;;) {
    uint64_t n_bytes = n_new_bytes;
    int64_t oldest = 0;
    for (int64_t i = 0; i < sessions->n_items; i++) {
      n_bytes += sessions->items[i].n_bytes;
      if (sessions->items[i].used_at < sessions->items[oldest].used_at) oldest = i;
    }
    if (sessions->n_items == 0 || (n_bytes <= MAX_ALL_BYTES && sessions->n_items < CLI_MAX_SESSIONS)) return;
    drop(sessions, oldest);
  }
}

pleat_status cli_sessions_get(cli_sessions *sessions, const pleat_model *model, const pleat_arrays *features,
                              const pleat_predict_options *options, pleat_session **out_session, pleat_error *err) {
  *out_session = NULL;
  int64_t i = find(sessions, model, features, options);
  if (i < sessions->n_items) {
    sessions->items[i].used_at = ++sessions->n_uses;
    sessions->n_reused++;
    *out_session = sessions->items[i].session;
    return PLEAT_OK;
  }
  drop_before(sessions, options);
  pleat_session *session = NULL;
  pleat_status status = pleat_session_create(model, features, options, &session, err);
  if (status == PLEAT_NOMEM && sessions->n_items > 0) {
    cli_sessions_fini(sessions);
    status = pleat_session_create(model, features, options, &session, err);
  }
  if (status) return status;
  pleat_estimate estimate;
  pleat_session_estimate(session, &estimate);
  uint64_t n_bytes = estimate.arena_bytes + estimate.scratch_bytes;
  drop_oldest(sessions, n_bytes);
  sessions->n_planned++;
  sessions->items[sessions->n_items++] = (cli_kept_session){.model = model,
                                                            .session = session,
                                                            .shapes = shapes_of(features),
                                                            .n_bytes = n_bytes,
                                                            .used_at = ++sessions->n_uses};
  *out_session = session;
  return PLEAT_OK;
}

void cli_sessions_log(const cli_sessions *sessions) {
  cli_log_debug("%lld plans were made, %lld times one was used again", (long long)sessions->n_planned,
                (long long)sessions->n_reused);
}

void cli_sessions_fini(cli_sessions *sessions) {
  while (sessions->n_items > 0) drop(sessions, sessions->n_items - 1);
}
