/* Plots of a job: fetches arrays and alignment, then hands them to src/plot.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "pipeline/pipeline_priv.h"
#include "pipeline/targets_priv.h"
#include "pleat/plot.h"
#include "plot/plots.h"

static const char plddt_name[] = "confidence/plddt", pae_name[] = "confidence/predicted_aligned_error";

/* The job as src/plot wants it, with the storage that this takes. */
typedef struct owned_job {
  pleat_plot_job view;
  pleat_plot_series series[PLEAT_PLOT_MAX_SERIES];
  char labels[PLEAT_PLOT_MAX_SERIES][96];
  double *plddt;          /* [n_series, n_res] */
  int64_t *chain_lengths; /* [n_chains] */
} owned_job;

static void job_fini(owned_job *job) {
  free(job->plddt);
  free(job->chain_lengths);
}

const char *pleat_plot_text(pleat_plot_kind kind) {
  static const char *const texts[] = {
#define X(name, text) text,
      PLEAT_PLOT_MAP(X)
#undef X
  };
  return texts[kind];
}

bool pleat_plot_has_png(void) { return pleat_canvas_has_png(); }

static int64_t n_drawn(const pleat_plot_query *query) {
  return query->n_results < PLEAT_PLOT_MAX_SERIES ? query->n_results : PLEAT_PLOT_MAX_SERIES;
}

bool pleat_plot_has_data(pleat_plot_kind kind, const pleat_plot_query *query) {
  if (kind == PLEAT_PLOT_COVERAGE) return true;
  const char *name = kind == PLEAT_PLOT_PAE ? pae_name : plddt_name;
  for (int64_t k = 0; k < n_drawn(query); k++) {
    if (pleat_arrays_find(query->results[k].prediction, name)) return true;
  }
  return false;
}

static pleat_status fill_chains(const char *sequence, owned_job *job, pleat_error *err) {
  int64_t n_chains = 1;
  for (const char *p = sequence; *p; p++) n_chains += *p == ':';
  job->chain_lengths = calloc((size_t)n_chains, sizeof *job->chain_lengths);
  if (!job->chain_lengths) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a plot");
  int64_t k = 0;
  for (const char *p = sequence; *p; p++) {
    if (*p == ':') k++;
    if (*p != ':') job->chain_lengths[k]++;
  }
  for (k = 0; k < n_chains; k++) {
    if (job->chain_lengths[k] == 0) PLEAT_FAIL(err, PLEAT_INPUT, "chain %lld to plot is empty", (long long)k + 1);
  }
  job->view.chains = (pleat_chains){job->chain_lengths, n_chains};
  job->view.n_res = pleat_sequence_residues(sequence);
  return PLEAT_OK;
}

static pleat_status fill_series(const pleat_plot_result *result, const char *label, int64_t n_res, double *values,
                                pleat_plot_series *out, pleat_error *err) {
  const int64_t shape[] = {n_res, n_res};
  const pleat_array *plddt;
  const float *pae = NULL;
  PLEAT_TRY(pleat_prediction_find(result->prediction, plddt_name, 1, shape, &plddt, err));
  for (int64_t i = 0; i < n_res; i++) {
    values[i] = pleat_array_number(plddt, i);
    if (!(values[i] >= 0 && values[i] <= 100))
      PLEAT_FAIL(err, PLEAT_INPUT, "pLDDT of residue %lld is %g, expected 0 to 100", (long long)i + 1, values[i]);
  }
  if (pleat_arrays_find(result->prediction, pae_name)) {
    PLEAT_TRY(pleat_prediction_find_f32(result->prediction, pae_name, 2, shape, &pae, err));
  }
  *out = (pleat_plot_series){.label = label,
                             .plddt = values,
                             .opt_pae = pae,
                             .ptm = pleat_prediction_score(result->prediction, "confidence/ptm"),
                             .iptm = pleat_prediction_score(result->prediction, "confidence/iptm")};
  return PLEAT_OK;
}

static pleat_status job_fill(const pleat_plot_query *query, owned_job *job, pleat_error *err) {
  PLEAT_TRY(fill_chains(query->target->sequence, job, err));
  pleat_plot_job *view = &job->view;
  view->name = query->target->name;
  view->opt_warning = query->is_synthetic ? "SYNTHETIC WEIGHTS: random parameters, this is no prediction" : NULL;
  view->series = job->series;
  view->n_series = n_drawn(query);
  view->n_predictions = query->n_results;
  if (view->n_series == 0) return PLEAT_OK;
  job->plddt = malloc((size_t)(view->n_series * view->n_res) * sizeof *job->plddt);
  if (!job->plddt) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a plot");
  bool has_seeds = false;
  for (int64_t k = 1; k < query->n_results; k++) has_seeds |= query->results[k].seed != query->results[0].seed;
  for (int64_t k = 0; k < view->n_series; k++) {
    const pleat_plot_result *result = &query->results[k];
    char *label = job->labels[k], seed[32] = "";
    if (has_seeds) snprintf(seed, sizeof seed, ", seed %lld", (long long)result->seed);
    snprintf(label, sizeof job->labels[k], "%.60s%s", result->model, seed);
    PLEAT_TRY(fill_series(result, label, view->n_res, job->plddt + k * view->n_res, &job->series[k], err));
  }
  return PLEAT_OK;
}

/* Column of the alignment for every residue: the alignment holds each *distinct* chain once, the complex any number of
 * times, so chains are recognised by their sequence. */
static pleat_status map_columns(const pleat_a3m *a3m, const pleat_plot_query *query, const pleat_chains *chains,
                                int64_t *out_columns, pleat_error *err) {
  const char *sequence = query->target->sequence;
  for (int64_t k = 0, i = 0; k < chains->n; k++) {
    int64_t length = chains->lengths[k], column = 0, found = -1;
    for (int64_t d = 0; d < (a3m->n_chains ? a3m->n_chains : 1) && found < 0; d++) {
      int64_t n_columns = a3m->n_chains ? a3m->chain_lengths[d] : a3m->msa.n_cols;
      if (n_columns == length && memcmp(a3m->msa.letters + column, sequence, (size_t)length) == 0) found = column;
      column += n_columns;
    }
    if (found < 0)
      PLEAT_FAIL(err, PLEAT_INPUT, "chain %lld of '%s' is not a query of its alignment", (long long)k + 1,
                 query->target->name);
    for (int64_t c = 0; c < length; c++) out_columns[i++] = found + c;
    sequence += length + 1;
  }
  return PLEAT_OK;
}

/* The target's alignment, which may still lie in its files. *out_has: it has one. */
static pleat_status read_alignment(const pleat_target *target, pleat_a3m *a3m, bool *out_has, pleat_error *err) {
  pleat_target_text text;
  PLEAT_TRY(pleat_target_text_read(target, &text, err));
  *out_has = text.opt_text != NULL;
  pleat_status status = *out_has ? pleat_a3m_parse(text.opt_text, text.n, target->name, a3m, err) : PLEAT_OK;
  pleat_target_text_fini(&text);
  return status;
}

/* A target without an alignment is one of a single row. */
static pleat_status plot_coverage(const char *path, const pleat_plot_query *query, const owned_job *job,
                                  pleat_error *err) {
  int64_t n_res = job->view.n_res;
  pleat_a3m a3m = {0};
  bool has_alignment;
  PLEAT_TRY(read_alignment(query->target, &a3m, &has_alignment, err));
  if (!has_alignment) {
    a3m.msa = (pleat_msa){.n_rows = 1, .n_cols = n_res, .letters = malloc((size_t)n_res)};
  }
  int64_t *columns = malloc((size_t)n_res * sizeof *columns);
  pleat_status status = PLEAT_OK;
  if (!columns || !a3m.msa.letters) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to draw '%s'", path);
  } else if (has_alignment) {
    status = map_columns(&a3m, query, &job->view.chains, columns, err);
  } else {
    int64_t i = 0;
    for (const char *p = query->target->sequence; *p; p++) {
      if (*p == ':') continue;
      columns[i] = i;
      a3m.msa.letters[i++] = *p;
    }
  }
  const pleat_plot_msa msa = {.msa = &a3m.msa, .columns = columns};
  if (!status) status = pleat_plot_coverage(path, &job->view, &msa, err);
  free(columns);
  if (has_alignment) pleat_a3m_fini(&a3m);
  if (!has_alignment) free(a3m.msa.letters);
  return status;
}

pleat_status pleat_plot_write(pleat_plot_kind kind, const char *path, const pleat_plot_query *query, pleat_error *err) {
  owned_job job = {0};
  pleat_status status = PLEAT_OK;
  if (!pleat_plot_has_data(kind, query)) {
    status =
        pleat_fail(err, PLEAT_INVALID, "'%s': the results of '%s' hold nothing to plot", path, query->target->name);
  }
  if (!status) status = job_fill(query, &job, err);
  if (!status) {
    switch (kind) {
      case PLEAT_PLOT_PLDDT: status = pleat_plot_plddt(path, &job.view, err); break;
      case PLEAT_PLOT_PAE: status = pleat_plot_pae(path, &job.view, err); break;
      default: status = plot_coverage(path, query, &job, err); break;
    }
  }
  job_fini(&job);
  return status;
}
