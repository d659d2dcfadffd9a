/* Plots of a prediction job as PNG and SVG: alignment coverage, pLDDT per residue, predicted aligned error.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLOT_H
#define PLEAT_PLOT_H

#include "pleat/io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One list holds kind and the part of the file name: NAME_<part>.png as ColabFold calls it. */
#define PLEAT_PLOT_MAP(X) \
  X(COVERAGE, "coverage") \
  X(PLDDT, "plddt")       \
  X(PAE, "pae")

typedef enum pleat_plot_kind {
#define X(name, text) PLEAT_PLOT_##name,
  PLEAT_PLOT_MAP(X) PLEAT_N_PLOTS
#undef X
} pleat_plot_kind;

/* What is plotted; all is borrowed. */
typedef struct pleat_plot_result {
  const char *model;              /* e.g. "model_3_ptm" */
  int64_t seed;                   /* shown when the results have several */
  const pleat_arrays *prediction; /* as from pleat_session_predict */
} pleat_plot_result;

typedef struct pleat_plot_query {
  const pleat_target *target;
  const pleat_plot_result *results; /* best first */
  int64_t n_results;
  bool is_synthetic; /* weights made up: plots of results say so */
} pleat_plot_query;

PLEAT_API const char *pleat_plot_text(pleat_plot_kind kind); /* "coverage", "plddt", "pae" */
/* Whether this build writes PNG, which takes cairo; SVG is always there. */
PLEAT_API bool pleat_plot_has_png(void);
/* Whether the job has what this plot shows: aligned errors come from networks with that head only. */
PLEAT_API bool pleat_plot_has_data(pleat_plot_kind kind, const pleat_plot_query *query);

/* Writes one plot, atomically; the suffix of path (.png, .svg) says what it becomes. The best 10 results are drawn.
 * Errors: INPUT (arrays or alignment do not fit the sequence), INVALID (another suffix; no data), UNSUPPORTED (PNG
 * without cairo), IO, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_plot_write(pleat_plot_kind kind, const char *path,
                                                      const pleat_plot_query *query, pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
