/* The networks that a command uses.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data_places.h"
#include "files.h"
#include "progress.h"

/* The file of a model's weights: `weights` itself, or params_<model>.npz (.safetensors) in the folder `weights` or in
 * its params/. */
static pleat_status weights_path(const char *weights, const char *model, char out_path[CLI_MAX_PATH],
                                 pleat_error *err) {
  static const char *const patterns[] = {"%s/params_%s.npz", "%s/params/params_%s.npz", "%s/params_%s.safetensors",
                                         "%s/params/params_%s.safetensors"};
  if (strlen(weights) + strlen(model) + 32 > CLI_MAX_PATH) {
    return cli_error(err, PLEAT_INVALID, "the path of the weights is longer than %d bytes", CLI_MAX_PATH - 32);
  }
  struct stat info;
  bool is_folder = strncmp(weights, "synth:", 6) != 0 && stat(weights, &info) == 0 && S_ISDIR(info.st_mode);
  if (!is_folder) {
    snprintf(out_path, CLI_MAX_PATH, "%s", weights);
    return PLEAT_OK;
  }
  /* The first multimers were published as "_multimer"; installations beside their successors call them "_multimer_v1". */
  const char *suffix = strstr(model, "_multimer");
  const char *endings[] = {"", suffix && strcmp(suffix, "_multimer") == 0 ? "_v1" : NULL};
  for (int k = 0; k < 2 && endings[k]; k++) {
    char name[64];
    snprintf(name, sizeof name, "%.40s%s", model, endings[k]);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
      snprintf(out_path, CLI_MAX_PATH, patterns[i], weights, name);
      if (stat(out_path, &info) == 0) return PLEAT_OK;
    }
  }
  return cli_error(
      err, PLEAT_WEIGHTS,
      "the folder '%s' holds no params_%s.npz or .safetensors, nor does its params/: give the file, or the "
      "folder where the parameters were unpacked",
      weights, model);
}

/* In the folder that the command line names, or the first of the usual ones that has them. */
static pleat_status find_weights(const char *opt_data, const char *model, char out_path[CLI_MAX_PATH],
                                 pleat_error *err) {
  char places[CLI_MAX_PLACES][CLI_MAX_PATH], looked[512] = "";
  size_t n_looked = 0;
  int n = cli_data_places(opt_data, places);
  for (int i = 0; i < n; i++) {
    struct stat info;
    if (stat(places[i], &info) == 0 && S_ISDIR(info.st_mode) && !weights_path(places[i], model, out_path, err)) {
      return PLEAT_OK;
    }
    if (n_looked >= sizeof looked) continue;
    n_looked += (size_t)snprintf(looked + n_looked, sizeof looked - n_looked, "%s%s", i ? ", " : "", places[i]);
  }
  return cli_error(err, PLEAT_WEIGHTS,
                   "found no params_%s.npz in %s: fetch the parameters with 'pleat download params%s%.300s', or say "
                   "where they are with --weights",
                   model, looked, opt_data ? " --dir " : "", opt_data ? opt_data : "");
}

pleat_status cli_models_open(cli_models *models, const cli_args *args, const char *name, cli_model **out_model,
                             pleat_error *err) {
  for (int64_t i = 0; i < models->n_items; i++) {
    if (strcmp(models->items[i]->name, name)) continue;
    *out_model = models->items[i];
    return PLEAT_OK;
  }
  cli_model *model = models->n_items < CLI_MAX_MODELS ? calloc(1, sizeof *model) : NULL;
  if (!model) return cli_error(err, PLEAT_NOMEM, "no memory for model '%s'", name);
  model->name = name;
  pleat_status status = args->weights ? weights_path(args->weights, name, model->path, err)
                                      : find_weights(args->data, name, model->path, err);
  if (!status) {
    double start_ms = cli_time_ms();
    pleat_model_options options = cli_model_options(args, name);
    status = pleat_model_open(model->path, &options, &model->handle, err);
    model->load_ms = cli_time_ms() - start_ms;
    if (status == PLEAT_IO) status = PLEAT_WEIGHTS; /* weights that are not there are weights that are missing */
    if (status == PLEAT_WEIGHTS && !strstr(err->message, model->path)) cli_error_set_place(err, model->path);
  }
  if (status) {
    free(model);
    return status;
  }
  cli_log_debug("%s: opened %s in %.0f ms", name, model->path, model->load_ms);
  models->items[models->n_items++] = model;
  *out_model = model;
  return PLEAT_OK;
}

void cli_models_close(cli_models *models) {
  for (int64_t i = 0; i < models->n_items; i++) {
    pleat_model_close(models->items[i]->handle);
    free(models->items[i]);
  }
  models->n_items = 0;
}

int64_t cli_models_of(const cli_args *args, const char *sequence, const char *out_names[CLI_MAX_MODELS]) {
  if (args->n_models > 0) {
    memcpy(out_names, args->models, (size_t)args->n_models * sizeof *out_names);
    return args->n_models;
  }
  out_names[0] = cli_sequence_chains(sequence) > 1 ? "model_1_multimer_v3" : "model_1_ptm";
  return 1;
}

const char *cli_models_default_reason(const cli_args *args, const char *sequence) {
  if (args->n_models > 0) return NULL;
  return cli_sequence_chains(sequence) > 1 ? "default for a complex" : "default for one chain";
}

/* Families of networks: the suffix of their models, ColabFold's name, and its sizes of alignments. */
typedef struct model_family {
  const char *suffix, *type;
  int64_t max_seq, max_extra_seq;
} model_family;

/* Sizes: colabfold/batch.py run, which gives all networks of a family those of the largest. */
static const model_family families[] = {{"", "alphafold2", 512, 5120},
                                        {"_ptm", "alphafold2_ptm", 512, 5120},
                                        {"_multimer", "alphafold2_multimer_v1", 252, 1152},
                                        {"_multimer_v2", "alphafold2_multimer_v2", 252, 1152},
                                        {"_multimer_v3", "alphafold2_multimer_v3", 508, 2048}};
enum { N_FAMILIES = (int)(sizeof families / sizeof *families) };

void cli_model_type(const char *name, const char **out_type, int *out_number) {
  size_t n_prefix = strlen("model_1");
  const char *suffix = strlen(name) >= n_prefix ? name + n_prefix : "";
  *out_number = strlen(name) >= n_prefix ? name[n_prefix - 1] - '0' : 0;
  *out_type = families[0].type;
  for (int i = 0; i < N_FAMILIES; i++) {
    if (strcmp(suffix, families[i].suffix) == 0) *out_type = families[i].type;
  }
}

static const char *known_name(int number, const char *suffix) {
  char name[48];
  snprintf(name, sizeof name, "model_%d%s", number, suffix);
  const char *const *names = pleat_model_names();
  while (*names && strcmp(*names, name)) names++;
  return *names;
}

void cli_models_choose(cli_args *args, bool is_any_complex) {
  const char *type = args->model_type;
  if (strcmp(type, "auto") == 0) type = is_any_complex ? "alphafold2_multimer_v3" : "alphafold2_ptm";
  const model_family *family = families;
  for (int i = 0; i < N_FAMILIES; i++) {
    if (strcmp(families[i].type, type) == 0) family = &families[i];
  }
  args->n_models = 0;
  /* ColabFold sorts the order before it takes the first of it. */
  for (int number = 1; number <= 5 && args->n_models < args->num_models; number++) {
    const char *name = strchr(args->model_order, '0' + number) ? known_name(number, family->suffix) : NULL;
    if (name) args->models[args->n_models++] = name;
  }
  if (args->max_msa[0]) return; /* --max-msa goes before --max-seq and --max-extra-seq */
  args->max_msa[0] = args->max_seq ? args->max_seq : family->max_seq;
  args->max_msa[1] = args->max_extra_seq ? args->max_extra_seq : family->max_extra_seq;
}

int64_t cli_sequence_residues(const char *sequence) {
  int64_t n = 0;
  for (; *sequence; sequence++) n += *sequence != ':';
  return n;
}

int64_t cli_sequence_chains(const char *sequence) {
  int64_t n = 1;
  for (; *sequence; sequence++) n += *sequence == ':';
  return n;
}
