/* pleat estimate: memory and time of a fold before anything runs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "files.h"
#include "models.h"

/* Rows of the clustered and the extra alignment; of raw multimer features, all rows and none. */
static void count_rows(const pleat_arrays *features, int64_t *out_n_rows, int64_t *out_n_extra) {
  const pleat_array *clustered = pleat_arrays_find(features, "msa_feat");
  const pleat_array *extra = pleat_arrays_find(features, "extra_msa");
  const pleat_array *raw = pleat_arrays_find(features, "msa");
  *out_n_rows = clustered && clustered->rank >= 3 ? clustered->shape[1] : raw && raw->rank >= 2 ? raw->shape[0] : 0;
  *out_n_extra = extra && extra->rank >= 3 ? extra->shape[1] : 0;
}

static void print_row(const pleat_target *target, const cli_model *model, const pleat_arrays *features,
                      const pleat_estimate *estimate, const char *verdict) {
  const double mib = 1024.0 * 1024.0;
  int64_t n_rows, n_extra;
  count_rows(features, &n_rows, &n_extra);
  printf("%-20.20s %-20s %8lld %6lld %6lld %12.1f %9.1f %9.1f %9.1f %9.1f  %s\n", target->name, model->name,
         (long long)cli_sequence_residues(target->sequence), (long long)n_rows, (long long)n_extra,
         (double)estimate->arena_bytes / mib, (double)estimate->scratch_bytes / mib,
         (double)estimate->weight_bytes / mib, (double)estimate->total_bytes / mib, estimate->milliseconds / 1e3,
         verdict);
}

static pleat_status estimate_model(const cli_args *args, const pleat_target *target, const cli_model *model,
                                   bool *has_misfit, pleat_error *err) {
  pleat_predict_options options = cli_predict_options(args);
  options.want_pass_scores = true; /* as fold */
  pleat_arrays *features = NULL;
  pleat_estimate estimate = {0};
  pleat_status status = pleat_target_features(target, model->handle, &options, &features, err);
  if (!status) status = pleat_estimate_features(model->handle, features, &options, &estimate, err);
  if (!status) print_row(target, model, features, &estimate, "yes");
  if (status == PLEAT_NOMEM && features) {
    *has_misfit = true;
    print_row(target, model, features, &estimate, "no");
    printf("  %s\n", err->message);
    status = PLEAT_OK;
  }
  pleat_arrays_destroy(features);
  return status;
}

static pleat_status estimate_targets(const cli_args *args, const pleat_targets *targets, cli_models *models,
                                     bool *has_misfit, bool *has_wrong, pleat_error *err) {
  printf("%-20s %-20s %8s %6s %6s %12s %9s %9s %9s %9s  %s\n", "target", "model", "residues", "rows", "extra",
         "activ. MiB", "scratch", "weights", "total MiB", "seconds", "fits");
  for (size_t i = 0; i < pleat_targets_count(targets); i++) {
    const pleat_target *target = pleat_targets_get(targets, i);
    const char *names[CLI_MAX_MODELS];
    if (target->opt_error) {
      cli_fail(PLEAT_INPUT, target->opt_error);
      *has_wrong = true;
      continue;
    }
    int64_t n = cli_models_of(args, target->sequence, names);
    for (int64_t k = 0; k < n; k++) {
      cli_model *model;
      pleat_status status = cli_models_open(models, args, names[k], &model, err);
      if (!status) status = estimate_model(args, target, model, has_misfit, err);
      if (status) return status;
    }
  }
  return PLEAT_OK;
}

static cli_exit run(const cli_args *args) {
  pleat_error err;
  pleat_targets *targets = NULL;
  cli_models models = {0};
  bool has_misfit = false, has_wrong = false;
  pleat_status status = cli_targets_read(args, &targets, &err);
  if (!status) status = estimate_targets(args, targets, &models, &has_misfit, &has_wrong, &err);
  cli_models_close(&models);
  pleat_targets_destroy(targets);
  if (status) return cli_fail(status, &err);
  if (has_misfit) return CLI_EXIT_MEMORY;
  return has_wrong ? CLI_EXIT_INPUT : CLI_EXIT_OK;
}

const cli_command cli_command_estimate = {
    .name = "estimate",
    .positionals = "INPUT",
    .n_positionals = 1,
    .summary = "Say what a fold would take: memory, time, and whether it fits.",
    .details = "Nothing is computed. Exit code 5 when something does not fit the memory budget.\n",
    .examples =
        "  pleat estimate query.fasta --weights params/ --memory 8G\n"
        "  pleat estimate query.a3m --weights params/ --model model_1_ptm,model_3_ptm\n",
    .options = {CLI_OPT_WEIGHTS, CLI_OPT_MODELS, CLI_OPT_MSAS, CLI_OPT_NUM_RECYCLE, CLI_OPT_SEED, CLI_OPT_MAX_MSA,
                CLI_OPT_NUM_ENSEMBLE, CLI_OPT_BACKEND, CLI_OPT_THREADS, CLI_OPT_CPU_MASK, CLI_OPT_PRECISION,
                CLI_OPT_MEMORY, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
