/* The plots of a prediction job: alignment coverage, pLDDT per residue, predicted aligned error.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLOT_PLOTS_H
#define PLEAT_PLOT_PLOTS_H

#include "io/a3m.h"
#include "plot/axes.h"

/* At most this many predictions are drawn, the best ones. */
enum { PLEAT_PLOT_MAX_SERIES = 10 };

/* One prediction. */
typedef struct pleat_plot_series {
  const char *label;    /* e.g. "model_3_ptm" */
  const double *plddt;  /* [n_res], 0..100 */
  const float *opt_pae; /* [n_res, n_res] angstrom, row = aligned residue */
  double ptm, iptm;     /* NAN: the network has none */
} pleat_plot_series;

/* All is borrowed. */
typedef struct pleat_plot_job {
  const char *name;
  const char *opt_warning; /* printed on plots of results; the alignment is none */
  int64_t n_res;
  pleat_chains chains;             /* of lengths that add up to n_res */
  const pleat_plot_series *series; /* best first */
  int64_t n_series;                /* drawn: up to PLEAT_PLOT_MAX_SERIES */
  int64_t n_predictions;           /* made: says so when it is more than n_series */
} pleat_plot_job;

/* An alignment with one column per residue of the complex: column c reads column columns[c] of msa. */
typedef struct pleat_plot_msa {
  const pleat_msa *msa;
  const int64_t *columns; /* [n_res] */
} pleat_plot_msa;

/* Each writes one file, PNG or SVG by its suffix. Errors: as pleat_canvas_open. */
PLEAT_CHECKED pleat_status pleat_plot_coverage(const char *path, const pleat_plot_job *job, const pleat_plot_msa *msa,
                                               pleat_error *err);
PLEAT_CHECKED pleat_status pleat_plot_plddt(const char *path, const pleat_plot_job *job, pleat_error *err);
/* A panel for every series with opt_pae; at least one must have it. */
PLEAT_CHECKED pleat_status pleat_plot_pae(const char *path, const pleat_plot_job *job, pleat_error *err);

#endif
