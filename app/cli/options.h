/* Commands, their options, and the command line that follows from both.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_OPTIONS_H
#define PLEAT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit.h"
#include "pleat/io.h"
#include "pleat/msa.h"
#include "pleat/pleat.h"
#include "pleat/search.h"

enum { CLI_MAX_POSITIONALS = 2, CLI_MAX_MODELS = 32 };

/* Everything that a command line can say; what is not given keeps its default. Strings are borrowed
 * from argv or from the library. */
typedef struct cli_args {
  const char *positionals[CLI_MAX_POSITIONALS];
  int n_positionals;
  const char *models[CLI_MAX_MODELS]; /* as given, without repetitions; none: the command's default */
  int64_t n_models;
  const char *weights, *out, *features, *golden, *filter, *dump, *dtype;
  const char *sort_by, *rank_by, *jobname_prefix, *skip_output;
  const char *model_type, *model_order; /* colabfold_batch; model_type NULL = as `models` says */
  const char *msa_mode, *pair_mode, *pair_strategy, *host_url, *proxy;
  bool is_msa_only;
  double msa_wait_s;
  const char *dir, *mirror; /* download */
  bool is_dry_run, is_thorough, is_forced;
  int64_t connections;
  double retry_wait_s;
  const char *data; /* folder of parameters and databases; NULL: the usual places */
  const char *backend, *cpu_mask, *precision, *log_level, *msa_order;
  bool is_help, is_unfused, is_unhoisted, keep_padding, is_fingerprints, is_json;
  const char *initial_guess;
  const char *msas; /* folder or file of alignments */
  bool is_raw, is_processed;
  const char *templates, *template_folder, *max_template_date;
  bool wants_templates; /* --templates of colabfold_batch */
  bool is_overwriting, want_single, want_pair, want_recycles, has_dropout, is_unclustered, is_debug;
  bool is_zip, is_af2_layout, want_chain_scores, is_contact_binary;
  int64_t keep_top; /* screen: structures to keep */
  double min_plddt;
  const char *progress;
  int64_t num_recycle, num_ensemble, seed, num_seeds, threads, chunks;
  int64_t max_msa[2]; /* clustered rows, extra rows; 0 = the model's own */
  int64_t shard[2];   /* i of n; 0 of 0 = everything */
  int64_t num_models, max_seq, max_extra_seq;
  int64_t n_res, n_seq, n_extra, n_templ;
  int64_t shape[3], recycles, repeat; /* bench: residues, alignment rows, extra rows */
  uint64_t memory_bytes;
  double msa_mask_fraction, early_stop_tolerance, stop_at_score;
  double recycle_tolerance; /* of colabfold_batch; < 0: not given */
  /* msa */
  const char *db_dir, *search_mode, *db_preset, *model_preset;
  const char *db_paths[PLEAT_N_DBS], *program_paths[PLEAT_N_PROGRAMS];
  bool no_templates;
  int64_t cpus, use_env, use_env_pairing, use_templates, filter_msa, pairing_strategy;
  double time_limit_s, sensitivity;
} cli_args;

#define CLI_COLABFOLD "colabfold_batch"

/* Every option of the program; a command names those it takes. */
typedef enum cli_option_id {
  CLI_OPT_END, /* ends a command's list */
  CLI_OPT_OUT_DIR,
  CLI_OPT_OUT_FILE,
  CLI_OPT_WEIGHTS,
  CLI_OPT_FOLD_WEIGHTS,
  CLI_OPT_BENCH_WEIGHTS,
  CLI_OPT_OPT_WEIGHTS,
  CLI_OPT_MODELS,
  CLI_OPT_MODEL,
  CLI_OPT_OPT_MODEL,
  CLI_OPT_BENCH_MODEL,
  CLI_OPT_FEATURES,
  CLI_OPT_GOLDEN,
  CLI_OPT_FILTER,
  CLI_OPT_FINGERPRINTS,
  CLI_OPT_NUM_RECYCLE,
  CLI_OPT_RECYCLES,
  CLI_OPT_REPEAT,
  CLI_OPT_NUM_ENSEMBLE,
  CLI_OPT_SEED,
  CLI_OPT_NUM_SEEDS,
  CLI_OPT_MAX_MSA,
  CLI_OPT_NUM_MSA,
  CLI_OPT_NUM_EXTRA_MSA,
  CLI_OPT_MSA_ORDER,
  CLI_OPT_MSA_MASK_FRACTION,
  CLI_OPT_EARLY_STOP_TOLERANCE,
  CLI_OPT_SHAPE,
  CLI_OPT_N_RES,
  CLI_OPT_N_SEQ,
  CLI_OPT_N_EXTRA,
  CLI_OPT_N_TEMPL,
  CLI_OPT_DUMP,
  CLI_OPT_BACKEND,
  CLI_OPT_THREADS,
  CLI_OPT_CPU_MASK,
  CLI_OPT_PRECISION,
  CLI_OPT_MEMORY,
  CLI_OPT_CHUNKS,
  CLI_OPT_UNFUSED,
  CLI_OPT_UNHOISTED,
  CLI_OPT_KEEP_PADDING,
  CLI_OPT_JSON,
  CLI_OPT_DTYPE,
  CLI_OPT_LOG_LEVEL,
  CLI_OPT_SORT,
  CLI_OPT_SHARD,
  CLI_OPT_OVERWRITE,
  CLI_OPT_RANK,
  CLI_OPT_STOP_AT_SCORE,
  CLI_OPT_JOBNAME_PREFIX,
  CLI_OPT_SAVE_SINGLE,
  CLI_OPT_SAVE_PAIR,
  CLI_OPT_SAVE_RECYCLES,
  CLI_OPT_INITIAL_GUESS,
  CLI_OPT_TEMPLATE,
  CLI_OPT_CUSTOM_TEMPLATE_PATH,
  CLI_OPT_MAX_TEMPLATE_DATE,
  CLI_OPT_USE_DROPOUT,
  CLI_OPT_DISABLE_CLUSTER_PROFILE,
  CLI_OPT_SKIP_OUTPUT,
  CLI_OPT_CALC_EXTRA_PTM,
  CLI_OPT_NO_USE_PROBS_EXTRA,
  CLI_OPT_ZIP,
  CLI_OPT_AF2_LAYOUT,
  CLI_OPT_SCREEN_MODEL,
  CLI_OPT_KEEP_TOP,
  CLI_OPT_MIN_PLDDT,
  CLI_OPT_SCREEN_RANK,
  CLI_OPT_SCREEN_SHARD,
  CLI_OPT_SCREEN_OVERWRITE,
  CLI_OPT_PROGRESS,
  CLI_OPT_MSAS,
  CLI_OPT_FEATURES_MODEL,
  CLI_OPT_RAW,
  CLI_OPT_PROCESSED,
  CLI_OPT_SEARCH_FIRST, /* options of msa alone: option_search.c */
  CLI_OPT_DB = CLI_OPT_SEARCH_FIRST,
  CLI_OPT_SEARCH_MODE,
  CLI_OPT_DB_PRESET,
  CLI_OPT_MODEL_PRESET,
  CLI_OPT_CPUS,
  CLI_OPT_NO_TEMPLATES,
  CLI_OPT_TIME_LIMIT,
  CLI_OPT_SEARCH_OVERWRITE,
  CLI_OPT_SEARCH_SHARD,
  CLI_OPT_UNIREF90,
  CLI_OPT_MGNIFY,
  CLI_OPT_BFD,
  CLI_OPT_UNIREF30,
  CLI_OPT_SMALL_BFD,
  CLI_OPT_UNIPROT,
  CLI_OPT_PDB70,
  CLI_OPT_PDB_SEQRES,
  CLI_OPT_JACKHMMER,
  CLI_OPT_HHBLITS,
  CLI_OPT_HHSEARCH,
  CLI_OPT_HMMBUILD,
  CLI_OPT_HMMSEARCH,
  CLI_OPT_MMSEQS,
  CLI_OPT_DB1,
  CLI_OPT_DB2,
  CLI_OPT_DB3,
  CLI_OPT_DB4,
  CLI_OPT_USE_ENV,
  CLI_OPT_USE_ENV_PAIRING,
  CLI_OPT_USE_TEMPLATES,
  CLI_OPT_FILTER_MSA,
  CLI_OPT_SENSITIVITY,
  CLI_OPT_PAIRING_STRATEGY,
  CLI_OPT_USE_PRECOMPUTED,
  CLI_OPT_NET_FIRST, /* options of the network: option_network.c */
  CLI_OPT_MSA_MODE = CLI_OPT_NET_FIRST,
  CLI_OPT_PAIR_MODE,
  CLI_OPT_PAIR_STRATEGY,
  CLI_OPT_HOST_URL,
  CLI_OPT_MSA_WAIT,
  CLI_OPT_MSA_ONLY,
  CLI_OPT_PROXY,
  CLI_OPT_DATA,
  CLI_OPT_DIR,
  CLI_OPT_DRY_RUN,
  CLI_OPT_CHECK,
  CLI_OPT_CONNECTIONS,
  CLI_OPT_MIRROR,
  CLI_OPT_RETRY_WAIT,
  CLI_OPT_FORCE,
  CLI_OPT_CF_FIRST, /* options of colabfold_batch alone: option_colabfold.c */
  CLI_OPT_CF_DATA = CLI_OPT_CF_FIRST,
  CLI_OPT_CF_RANDOM_SEED,
  CLI_OPT_CF_NUM_MODELS,
  CLI_OPT_CF_MODEL_TYPE,
  CLI_OPT_CF_MODEL_ORDER,
  CLI_OPT_CF_TOLERANCE,
  CLI_OPT_CF_MAX_SEQ,
  CLI_OPT_CF_MAX_EXTRA_SEQ,
  CLI_OPT_CF_MSA_MODE,
  CLI_OPT_CF_DEBUG_LOGGING,
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
  CLI_N_OPTS
} cli_option_id;

typedef struct cli_command {
  const char *name;
  const char *positionals; /* for the usage line, e.g. "INPUT" */
  int n_positionals;       /* exactly so many; checked before run */
  const char *summary;
  const char *details;  /* paragraph below the usage line */
  const char *examples; /* one per line */
  cli_option_id options[CLI_N_OPTS];
  bool takes_prefixes; /* --num-rec for --num-recycle, as Python's argparse */
  cli_exit (*run)(const cli_args *args);
} cli_command;

extern const cli_command cli_command_colabfold, cli_command_fold, cli_command_screen, cli_command_features,
    cli_command_run, cli_command_estimate, cli_command_selftest, cli_command_bench, cli_command_graph,
    cli_command_weights, cli_command_info, cli_command_docs, cli_command_msa, cli_command_db, cli_command_download;

/* Reads argv[0 .. n) (behind the command's name). On a mistake prints it with the nearest right word and returns
 * USAGE. Required options and the number of positionals are checked unless help is asked for. */
cli_exit cli_args_parse(const cli_command *command, int n, char **argv, cli_args *out_args);
void cli_options_print_help(const cli_command *command);

/* Does --skip-output name this output? */
bool cli_skips_output(const cli_args *args, const char *output);

/* The targets of INPUT, with the alignments of --msas. */
PLEAT_CHECKED pleat_status cli_targets_read(const cli_args *args, pleat_targets **out_targets, pleat_error *err);

/* pleat fold, also for colabfold_batch. */
cli_exit cli_fold(const cli_args *args);

/* The word of a NULL-terminated list that is nearest to `word`; NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *words);

/* What several commands make of the same options. */
pleat_model_options cli_model_options(const cli_args *args, const char *model);
pleat_predict_options cli_predict_options(const cli_args *args);

#endif
