/* colabfold_batch: ColabFold's command line for the fold command.
 * Source: meanings and defaults of colabfold/batch.py main and run (sokrypton/ColabFold v1.6.2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "models.h"
#include "options.h"
#include "progress.h"

/* "3,1,2": numbers from 1 to 5. */
static cli_exit check_order(const char *order) {
  for (const char *p = order;; p++) {
    if (*p >= '1' && *p <= '5' && (p[1] == ',' || p[1] == '\0'))
      p++;
    else
      break;
    if (!*p) return CLI_EXIT_OK;
  }
  return cli_fail_usage(CLI_COLABFOLD, "--model-order must be numbers from 1 to 5, e.g. 1,2,3; found '%s'", order);
}

/* As in ColabFold a folder of templates counts only with --templates. */
static cli_exit check_templates(cli_args *args) {
  if (args->wants_templates && !args->template_folder) {
    return cli_fail_usage(CLI_COLABFOLD,
                          "--templates is refused: no server is searched for templates yet; give structures with "
                          "--custom-template-path DIR");
  }
  if (args->wants_templates) return CLI_EXIT_OK;
  const char *const options[] = {args->template_folder ? "custom-template-path" : NULL,
                                 args->max_template_date ? "max-template-date" : NULL};
  for (int i = 0; i < 2; i++) {
    if (options[i]) cli_log_info("note: --%s has no effect: it needs --templates, in ColabFold as well", options[i]);
  }
  args->template_folder = NULL;
  return CLI_EXIT_OK;
}

static cli_exit run(const cli_args *given) {
  cli_args args = *given;
  cli_exit code = check_order(args.model_order);
  if (code) return code;
  if (args.model_type && strcmp(args.model_type, "deepfold_v1") == 0) {
    return cli_fail_usage(CLI_COLABFOLD, "--model-type deepfold_v1 is refused: only DeepMind's networks are known");
  }
  code = check_templates(&args);
  if (code) return code;
  if (!args.model_type) args.model_type = "auto";
  if (!args.msa_mode) args.msa_mode = "mmseqs2_uniref_env"; /* ColabFold's default asks its server */
  args.out = args.positionals[1];
  if (args.is_debug) cli_log_set_level(CLI_LOG_DEBUG);
  /* ColabFold: 0 = never; here 0 is the network's own. */
  if (args.recycle_tolerance >= 0) args.early_stop_tolerance = args.recycle_tolerance > 0 ? args.recycle_tolerance : -1;
  return cli_fold(&args);
}

const cli_command cli_command_colabfold = {
    .name = CLI_COLABFOLD,
    .positionals = "INPUT RESULTS",
    .n_positionals = 2,
    .summary = "Predict structures, with the command line of ColabFold.",
    .details =
        "INPUT as of 'pleat fold'. Options have ColabFold's names, meanings and defaults, also shortened; they are "
        "the\n"
        "program's own where ColabFold has none of the kind (--weights, --backend, --memory, --shard ...).\n",
    .examples =
        "  colabfold_batch query.a3m results\n"
        "  colabfold_batch --msa-mode single_sequence --num-recycle 3 --data params query.fasta results\n",
    .options = {CLI_OPT_CF_MSA_MODE,
                CLI_OPT_PAIR_MODE,
                CLI_OPT_PAIR_STRATEGY,
                CLI_OPT_HOST_URL,
                CLI_OPT_MSA_WAIT,
                CLI_OPT_PROXY,
                CLI_OPT_MSA_ONLY,
                CLI_OPT_NUM_RECYCLE,
                CLI_OPT_CF_TOLERANCE,
                CLI_OPT_NUM_ENSEMBLE,
                CLI_OPT_NUM_SEEDS,
                CLI_OPT_CF_RANDOM_SEED,
                CLI_OPT_CF_NUM_MODELS,
                CLI_OPT_CF_MODEL_TYPE,
                CLI_OPT_CF_MODEL_ORDER,
                CLI_OPT_CF_MAX_SEQ,
                CLI_OPT_CF_MAX_EXTRA_SEQ,
                CLI_OPT_MAX_MSA,
                CLI_OPT_CF_DATA,
                CLI_OPT_RANK,
                CLI_OPT_STOP_AT_SCORE,
                CLI_OPT_JOBNAME_PREFIX,
                CLI_OPT_SAVE_SINGLE,
                CLI_OPT_SAVE_PAIR,
                CLI_OPT_SAVE_RECYCLES,
                CLI_OPT_INITIAL_GUESS,
                CLI_OPT_USE_DROPOUT,
                CLI_OPT_DISABLE_CLUSTER_PROFILE,
                CLI_OPT_SKIP_OUTPUT,
                CLI_OPT_CALC_EXTRA_PTM,
                CLI_OPT_NO_USE_PROBS_EXTRA,
                CLI_OPT_ZIP,
                CLI_OPT_OVERWRITE,
                CLI_OPT_SORT,
                CLI_OPT_CF_DEBUG_LOGGING,
                CLI_OPT_SHARD,
                CLI_OPT_BACKEND,
                CLI_OPT_THREADS,
                CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION,
                CLI_OPT_MEMORY,
                CLI_OPT_LOG_LEVEL,
                CLI_OPT_PROGRESS,
                CLI_OPT_CF_CUSTOM_TEMPLATE_PATH,
                CLI_OPT_CF_CUSTOM_TEMPLATE_CACHE_PATH,
                CLI_OPT_CF_PDB_HIT_FILE,
                CLI_OPT_CF_LOCAL_PDB_PATH,
                CLI_OPT_CF_MAX_TEMPLATE_DATE,
                CLI_OPT_CF_MAX_TEMPLATE_HITS,
                CLI_OPT_CF_RELAX_MAX_ITERATIONS,
                CLI_OPT_CF_RELAX_TOLERANCE,
                CLI_OPT_CF_RELAX_STIFFNESS,
                CLI_OPT_CF_RELAX_OUTER,
                CLI_OPT_CF_USE_GPU_RELAX,
                CLI_OPT_CF_DISABLE_UNIFIED_MEMORY,
                CLI_OPT_CF_RECOMPILE_PADDING,
                CLI_OPT_CF_USE_PALLAS,
                CLI_OPT_CF_COMPILE_MODE,
                CLI_OPT_CF_TEMPLATES,
                CLI_OPT_CF_AMBER,
                CLI_OPT_CF_NUM_RELAX,
                CLI_OPT_CF_SAVE_ALL,
                CLI_OPT_CF_AF3_JSON,
                CLI_OPT_END},
    .takes_prefixes = true,
    .run = run};
