/* pleat weights: list, verify and convert files of parameters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "progress.h"

static const char *const actions[] = {"list", "verify", "convert", NULL};

/* For a file of weights, one that cannot be read is one that is missing. */
static cli_exit fail(pleat_status status, const pleat_error *err) {
  return cli_fail(status == PLEAT_IO ? PLEAT_WEIGHTS : status, err);
}

static cli_exit list(const char *path) {
  pleat_error err;
  char *text = NULL;
  pleat_status status = pleat_weights_list_text(path, &text, &err);
  if (status) return fail(status, &err);
  fputs(text, stdout);
  pleat_text_free(text);
  return CLI_EXIT_OK;
}

static cli_exit verify(const char *path, const char *opt_model) {
  pleat_error err;
  pleat_status status = pleat_weights_verify(path, opt_model, &err);
  if (status) return fail(status, &err);
  if (!cli_log_has_level(CLI_LOG_INFO)) return CLI_EXIT_OK;
  printf("%s: ok: every value is finite%s%s\n", path, opt_model ? ", names and shapes are those of " : "",
         opt_model ? opt_model : "");
  return CLI_EXIT_OK;
}

static pleat_dtype dtype_of(const char *name) {
  for (int dtype = 0; dtype < PLEAT_N_DTYPES; dtype++) {
    if (strcmp(pleat_dtype_text((pleat_dtype)dtype), name) == 0) return (pleat_dtype)dtype;
  }
  return PLEAT_F32;
}

static cli_exit convert(const char *path, const cli_args *args) {
  pleat_error err;
  if (!args->out) return cli_fail_usage("weights", "--out FILE is missing: 'convert' writes FILE.npz or .safetensors");
  pleat_status status = pleat_weights_convert_file(path, args->out, dtype_of(args->dtype), &err);
  /* IO may concern either file here; the message says which. */
  if (status) return cli_fail(status, &err);
  if (cli_log_has_level(CLI_LOG_INFO)) printf("%s: written\n", args->out);
  return CLI_EXIT_OK;
}

static cli_exit run(const cli_args *args) {
  const char *action = args->positionals[0], *path = args->positionals[1];
  const char *model = args->n_models > 0 ? args->models[0] : NULL;
  if (strcmp(action, "list") == 0) return list(path);
  if (strcmp(action, "verify") == 0) return verify(path, model);
  if (strcmp(action, "convert") == 0) return convert(path, args);
  const char *nearest = cli_nearest(action, actions);
  return cli_fail_usage("weights", "unknown action '%s': expected list, verify or convert%s%s%s", action,
                        nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

const cli_command cli_command_weights = {
    .name = "weights",
    .positionals = "list|verify|convert FILE",
    .n_positionals = 2,
    .summary = "List, verify or convert a file of parameters.",
    .details =
        "FILE is .npz, .safetensors, or synth:SPEC.json for made-up values. 'verify' reads every value;\n"
        "'convert' writes --out FILE in the format of its suffix.\n",
    .examples =
        "  pleat weights list params_model_1_ptm.npz\n"
        "  pleat weights verify params_model_1_ptm.npz --model model_1_ptm\n"
        "  pleat weights convert params_model_1_ptm.npz --out model_1_ptm.safetensors --dtype bf16\n",
    .options = {CLI_OPT_OPT_MODEL, CLI_OPT_OUT_FILE, CLI_OPT_DTYPE, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
