/* Features of targets, from wherever their alignments lie.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "engine/features.h"
#include "feat/feat_rows.h"
#include "pipeline/msas.h"
#include "pipeline/targets_priv.h"

static pleat_status features_of_folder(const pleat_target *target, const pleat_features_wish *wish,
                                       pleat_arrays **out_features, pleat_error *err) {
  pleat_target_msas msas;
  PLEAT_TRY(pleat_target_msas_read(target->opt_msas_path, target->sequence, &pleat_msas_published_limits, &msas, err));
  if (msas.n_chains == 1) msas.chains[0].opt_description = target->name;
  pleat_status status = pleat_features_of_searches(msas.chains, msas.n_chains, wish, out_features, err);
  pleat_target_msas_fini(&msas);
  return status;
}

static pleat_status features_of(const pleat_target *target, const pleat_features_wish *wish,
                                pleat_arrays **out_features, pleat_error *err) {
  *out_features = NULL;
  if (target->opt_error) {
    if (err) *err = *target->opt_error;
    return target->opt_error->status;
  }
  if (target->opt_a3m) {
    return pleat_features_of_a3m(target->opt_a3m, target->n_a3m, target->source, wish, out_features, err);
  }
  if (target->opt_msas_path) return features_of_folder(target, wish, out_features, err);
  if (!target->opt_a3m_path) return pleat_features_of_sequence(target->sequence, wish, out_features, err);
  char *text = NULL;
  size_t n = 0;
  PLEAT_TRY(pleat_file_read(target->opt_a3m_path, PLEAT_MAX_INPUT_BYTES, &text, &n, err));
  pleat_status status = pleat_features_of_a3m(text, n, target->opt_a3m_path, wish, out_features, err);
  free(text);
  return status;
}

pleat_status pleat_target_features(const pleat_target *target, const pleat_model *model,
                                   const pleat_predict_options *opt_options, pleat_arrays **out_features,
                                   pleat_error *err) {
  const pleat_features_wish wish = {.variant = pleat_model_variant(model), .opt_options = opt_options};
  return features_of(target, &wish, out_features, err);
}

pleat_status pleat_target_features_for(const pleat_target *target, const char *model, bool is_raw,
                                       const pleat_predict_options *opt_options, pleat_arrays **out_features,
                                       pleat_error *err) {
  const pleat_features_wish wish = {.variant = pleat_variant_find(model), .opt_options = opt_options, .is_raw = is_raw};
  *out_features = NULL;
  if (!wish.variant) {
    PLEAT_FAIL(err, PLEAT_INPUT, "there is no network '%s'; did you mean '%s'?", model, pleat_variant_nearest(model));
  }
  return features_of(target, &wish, out_features, err);
}

/* ---- Alignments as text ---- */

static void put_gaps(pleat_buf *buf, int64_t n) {
  for (int64_t i = 0; i < n; i++) pleat_buf_append(buf, "-", 1);
}

static void put_row(pleat_buf *buf, const pleat_feat_row *row, int64_t n_cols, int64_t first, int64_t n_all) {
  pleat_buf_printf(buf, ">%s\n", row->opt_description ? row->opt_description : "");
  put_gaps(buf, first);
  for (int64_t i = 0; i < n_cols; i++) {
    for (int32_t k = 0; k < row->deletions[i]; k++) pleat_buf_append(buf, "x", 1);
    pleat_buf_append(buf, &row->letters[i], 1);
  }
  put_gaps(buf, n_all - first - n_cols);
  pleat_buf_append(buf, "\n", 1);
}

/* The distinct chains: where each begins, its length, and how often it occurs. */
typedef struct distinct_chain {
  size_t index;
  int64_t first, length, n_copies;
} distinct_chain;

static size_t find_distinct(const pleat_target_msas *msas, distinct_chain *distinct, int64_t *out_n_all) {
  size_t n = 0;
  *out_n_all = 0;
  for (size_t c = 0; c < msas->n_chains; c++) {
    size_t k = 0;
    while (k < n && strcmp(msas->chains[distinct[k].index].sequence, msas->chains[c].sequence) != 0) k++;
    if (k == n) {
      distinct[n] = (distinct_chain){c, *out_n_all, (int64_t)strlen(msas->chains[c].sequence), 0};
      *out_n_all += distinct[n++].length;
    }
    distinct[k].n_copies++;
  }
  return n;
}

static pleat_status put_text(const pleat_target_msas *msas, pleat_buf *buf, pleat_error *err) {
  int64_t n_all = 0;
  distinct_chain *distinct = calloc(msas->n_chains, sizeof *distinct);
  if (!distinct) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu chains", msas->n_chains);
  size_t n = find_distinct(msas, distinct, &n_all);
  pleat_buf_puts(buf, "#");
  for (size_t k = 0; k < n; k++) pleat_buf_printf(buf, "%s%lld", k ? "," : "", (long long)distinct[k].length);
  for (size_t k = 0; k < n; k++) pleat_buf_printf(buf, "%s%lld", k ? "," : "\t", (long long)distinct[k].n_copies);
  pleat_buf_puts(buf, "\n");
  if (n > 1) {
    pleat_buf_puts(buf, ">query\n");
    for (size_t k = 0; k < n; k++) pleat_buf_puts(buf, msas->chains[distinct[k].index].sequence);
    pleat_buf_puts(buf, "\n");
  }
  pleat_status status = PLEAT_OK;
  for (size_t k = 0; k < n && !status; k++) {
    const pleat_feat_chain *chain = &msas->chains[distinct[k].index];
    pleat_feat_row *rows = NULL;
    int64_t n_rows = 0;
    if (chain->n_msas == 0) continue;
    status = pleat_feat_rows_unique(chain->opt_msas, chain->n_msas, distinct[k].length, &rows, &n_rows, err);
    for (int64_t r = 0; r < n_rows; r++) put_row(buf, &rows[r], distinct[k].length, distinct[k].first, n_all);
    free(rows);
  }
  free(distinct);
  if (!status && buf->is_failed) status = pleat_fail(err, PLEAT_NOMEM, "no memory for the text of an alignment");
  return status;
}

static pleat_status read_folder(const pleat_target *target, pleat_target_text *out_text, pleat_error *err) {
  pleat_target_msas msas;
  pleat_buf buf = {0};
  PLEAT_TRY(pleat_target_msas_read(target->opt_msas_path, target->sequence, &pleat_msas_published_limits, &msas, err));
  pleat_status status = put_text(&msas, &buf, err);
  pleat_target_msas_fini(&msas);
  if (status) {
    pleat_buf_fini(&buf);
    return status;
  }
  *out_text = (pleat_target_text){.opt_text = buf.data, .n = buf.n, .owned = buf.data};
  return PLEAT_OK;
}

pleat_status pleat_target_text_read(const pleat_target *target, pleat_target_text *out_text, pleat_error *err) {
  *out_text = (pleat_target_text){.opt_text = target->opt_a3m, .n = target->n_a3m};
  if (target->opt_a3m) return PLEAT_OK;
  if (target->opt_msas_path) return read_folder(target, out_text, err);
  if (!target->opt_a3m_path) return PLEAT_OK;
  PLEAT_TRY(pleat_file_read(target->opt_a3m_path, PLEAT_MAX_INPUT_BYTES, &out_text->owned, &out_text->n, err));
  out_text->opt_text = out_text->owned;
  return PLEAT_OK;
}

void pleat_target_text_fini(pleat_target_text *text) {
  free(text->owned);
  *text = (pleat_target_text){0};
}
