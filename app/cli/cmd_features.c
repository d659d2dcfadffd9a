/* pleat features: what the network would be given, as a .npz file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "files.h"
#include "models.h"
#include "progress.h"

static cli_exit check_options(const cli_args *args) {
  if (!args->out) return cli_fail_usage("features", "--out F.npz is missing: file to write the arrays to");
  if (args->is_raw && args->is_processed)
    return cli_fail_usage("features", "--raw and --processed: expected one of them");
  return CLI_EXIT_OK;
}

/* The only target. */
static pleat_status find_target(const cli_args *args, const pleat_targets *targets, const pleat_target **out_target,
                                pleat_error *err) {
  size_t n = pleat_targets_count(targets);
  *out_target = n ? pleat_targets_get(targets, 0) : NULL;
  if (n != 1) {
    return cli_error(err, PLEAT_INPUT, "%s has %zu targets: expected one, whose features fill the file",
                     args->positionals[0], n);
  }
  return PLEAT_OK;
}

static pleat_status write_features(const cli_args *args, const pleat_target *target, pleat_error *err) {
  const char *names[CLI_MAX_MODELS];
  pleat_predict_options options = cli_predict_options(args);
  pleat_arrays *features = NULL;
  cli_models_of(args, target->sequence, names);
  pleat_status status = pleat_target_features_for(target, names[0], args->is_raw, &options, &features, err);
  if (!status) status = pleat_arrays_write_npz(args->out, features, err);
  if (!status) {
    cli_log_info("%s: %lld residues, %lld alignment rows, %zu arrays for %s", target->name,
                 (long long)cli_sequence_residues(target->sequence), (long long)target->n_rows,
                 pleat_arrays_count(features), names[0]);
  }
  pleat_arrays_destroy(features);
  return status;
}

static cli_exit run(const cli_args *args) {
  pleat_error err;
  pleat_targets *targets = NULL;
  const pleat_target *target = NULL;
  cli_exit code = check_options(args);
  if (code) return code;
  pleat_status status = cli_targets_read(args, &targets, &err);
  if (!status) cli_log_warnings(pleat_targets_warnings(targets));
  if (!status) status = find_target(args, targets, &target, &err);
  if (!status && target) status = write_features(args, target, &err);
  pleat_targets_destroy(targets);
  return status ? cli_fail(status, &err) : CLI_EXIT_OK;
}

const cli_command cli_command_features = {
    .name = "features",
    .positionals = "INPUT",
    .n_positionals = 1,
    .summary = "Write the features of one target to a .npz file.",
    .details =
        "INPUT as of fold, with one target. No weights are needed, nothing is predicted. Names and shapes are "
        "AlphaFold's;\n"
        "of templates there is nothing yet. 'pleat run --features' takes the file.\n",
    .examples =
        "  pleat features query.fasta --msas alphafold_out/query/msas --raw --out features.npz\n"
        "  pleat features query.a3m --model model_3_ptm --num-recycle 0 --msa-order identity --msa-mask-fraction 0 \\\n"
        "    --out features.npz\n",
    .options = {CLI_OPT_OUT_FILE, CLI_OPT_MSAS, CLI_OPT_FEATURES_MODEL, CLI_OPT_RAW, CLI_OPT_PROCESSED,
                CLI_OPT_NUM_RECYCLE, CLI_OPT_NUM_ENSEMBLE, CLI_OPT_SEED, CLI_OPT_NUM_MSA, CLI_OPT_NUM_EXTRA_MSA,
                CLI_OPT_MSA_ORDER, CLI_OPT_MSA_MASK_FRACTION, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
