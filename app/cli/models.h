/* The networks that a command uses: found in the weights folder, opened once, closed together.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_MODELS_H
#define PLEAT_CLI_MODELS_H

#include "options.h"
#include "pleat/io.h"

enum { CLI_MAX_PATH = 4096 };

typedef struct cli_model {
  const char *name;
  pleat_model *handle;
  double load_ms;
  char path[CLI_MAX_PATH]; /* what the handle was opened with */
} cli_model;

/* Zero-initialise. */
typedef struct cli_models {
  cli_model *items[CLI_MAX_MODELS];
  int64_t n_items;
} cli_models;

/* Opens a model, or finds it open. */
PLEAT_CHECKED pleat_status cli_models_open(cli_models *models, const cli_args *args, const char *name,
                                           cli_model **out_model, pleat_error *err);
void cli_models_close(cli_models *models);

/* Networks to run on a sequence: those of the command line, or the default for its number of chains. */
int64_t cli_models_of(const cli_args *args, const char *sequence, const char *out_names[CLI_MAX_MODELS]);
/* The default's reason, for messages; NULL when the command line names models. */
const char *cli_models_default_reason(const cli_args *args, const char *sequence);

/* Fills in the networks and alignment sizes that --model-type, --num-models and --model-order of colabfold_batch mean for
 * this input. */
void cli_models_choose(cli_args *args, bool is_any_complex);

/* "model_3_ptm" -> "alphafold2_ptm" and "model_3", as ColabFold names them in files. */
void cli_model_type(const char *name, const char **out_type, int *out_number);

int64_t cli_sequence_residues(const char *sequence);
int64_t cli_sequence_chains(const char *sequence);

#endif
