/* Files of a job as a whole: plots of every kind that the results have data for, as SVG and (where this build can) PNG,
 * and the aligned errors of the best result.
 * Source: names of colabfold/batch.py (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "job_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "pleat/plot.h"

static const char *const suffixes[] = {"svg", "png"};

static pleat_status write_plots(const cli_results *results, pleat_error *err) {
  const pleat_target *target = results->target;
  char path[CLI_MAX_PATH];
  pleat_plot_result *items = calloc((size_t)results->n_items, sizeof *items);
  if (!items) return cli_error(err, PLEAT_NOMEM, "no memory for the plots of '%s'", target->name);
  for (int64_t i = 0; i < results->n_items; i++) {
    const cli_result *result = &results->items[i];
    items[i] = (pleat_plot_result){result->model->name, result->seed, result->prediction};
  }
  const pleat_plot_query query = {.target = target,
                                  .results = items,
                                  .n_results = results->n_items,
                                  .is_synthetic = pleat_model_is_synthetic(results->items[0].model->handle)};
  int n_suffixes = pleat_plot_has_png() ? 2 : 1;
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < PLEAT_N_PLOTS * n_suffixes && !status; i++) {
    pleat_plot_kind kind = (pleat_plot_kind)(i / n_suffixes);
    if (!pleat_plot_has_data(kind, &query)) continue;
    snprintf(path, sizeof path, "%s/%s_%s.%s", results->folder, target->name, pleat_plot_text(kind),
             suffixes[i % n_suffixes]);
    status = pleat_plot_write(kind, path, &query, err);
  }
  free(items);
  return status;
}

pleat_status cli_job_files_write(const cli_results *results, const cli_args *args, pleat_error *err) {
  const cli_result *best = &results->items[0];
  pleat_status status = cli_skips_output(args, "plots") ? PLEAT_OK : write_plots(results, err);
  if (status || !pleat_model_has_pae(best->model->handle) || cli_skips_output(args, "pae_json")) return status;
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s_predicted_aligned_error_v1.json", results->folder, results->target->name);
  return pleat_write_pae(path, best->prediction, err);
}
