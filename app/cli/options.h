/* Commands, their options, and the command line that follows from both.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_OPTIONS_H
#define PLEAT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit.h"
#include "pleat/pleat.h"

enum { CLI_MAX_POSITIONALS = 2, CLI_MAX_MODELS = 32 };

/* Everything that a command line can say; what is not given keeps its default. Strings are borrowed
 * from argv or from the library. */
typedef struct cli_args {
  const char *positionals[CLI_MAX_POSITIONALS];
  int n_positionals;
  const char *models[CLI_MAX_MODELS]; /* as given, without repetitions; none: the command's default */
  int64_t n_models;
  const char *weights, *out, *features, *golden, *filter, *dump, *dtype;
  const char *backend, *cpu_mask, *precision, *log_level, *msa_order;
  bool is_help, is_unfused, is_unhoisted, keep_padding, is_fingerprints, is_json;
  int64_t num_recycle, num_ensemble, seed, num_seeds, threads, chunks;
  int64_t max_msa[2]; /* clustered rows, extra rows; 0 = the model's own */
  int64_t n_res, n_seq, n_extra, n_templ;
  int64_t shape[3], recycles, repeat; /* bench: residues, alignment rows, extra rows */
  uint64_t memory_bytes;
  double msa_mask_fraction, early_stop_tolerance;
} cli_args;

/* Every option of the program; a command names those it takes. */
typedef enum cli_option_id {
  CLI_OPT_END, /* ends a command's list */
  CLI_OPT_OUT_DIR,
  CLI_OPT_OUT_FILE,
  CLI_OPT_WEIGHTS,
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
  cli_exit (*run)(const cli_args *args);
} cli_command;

extern const cli_command cli_command_fold, cli_command_run, cli_command_estimate, cli_command_selftest,
    cli_command_bench, cli_command_graph, cli_command_weights, cli_command_info;

/* Reads argv[0 .. n) (behind the command's name). On a mistake prints it with the nearest right word and returns
 * USAGE. Required options and the number of positionals are checked unless help is asked for. */
cli_exit cli_args_parse(const cli_command *command, int n, char **argv, cli_args *out_args);
void cli_options_print_help(const cli_command *command);

/* The word of a NULL-terminated list that is nearest to `word`; NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *words);

/* What several commands make of the same options. */
pleat_model_options cli_model_options(const cli_args *args, const char *model);
pleat_predict_options cli_predict_options(const cli_args *args);

#endif
