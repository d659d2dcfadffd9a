/* pleat bench: where the time of a network goes, and how far that is from what the machine could do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "models.h"

static cli_exit run(const cli_args *args) {
  pleat_error err;
  char *text = NULL;
  cli_models models = {0};
  cli_model *model = NULL;
  cli_args opened = *args;
  if (!opened.weights) opened.weights = "synth:";
  const pleat_bench_query query = {.n_res = args->shape[0],
                                   .n_seq = args->shape[1],
                                   .n_extra = args->shape[2],
                                   .num_recycle = args->recycles,
                                   .n_repeats = args->repeat,
                                   .is_json = args->is_json};
  pleat_status status =
      cli_models_open(&models, &opened, args->n_models > 0 ? args->models[0] : "model_3_ptm", &model, &err);
  if (!status) status = pleat_bench_text(model->handle, &query, &text, &err);
  cli_models_close(&models);
  if (status) return cli_fail(status, &err);
  fputs(text, stdout);
  pleat_text_free(text);
  return CLI_EXIT_OK;
}

const cli_command cli_command_bench = {
    .name = "bench",
    .positionals = "",
    .summary = "Time a network of a given shape, and compare it with what the machine could do.",
    .details =
        "Runs whole predictions on random features and prints, for every sub-layer and in total: calls, launches,\n"
        "milliseconds, rate of arithmetic, the least time of a cost model at the peaks measured in the same run\n"
        "(the roofline of a fused plan), and the share of that in the measured time. '-' is what a backend does\n"
        "not know: only cpu measures its peaks.\n",
    .examples =
        "  pleat bench\n"
        "  pleat bench --shape 128,512,1024 --repeat 3 --threads 1\n"
        "  pleat bench --model model_1_multimer_v3 --shape 200,1,0 --recycles 3 --weights params/\n"
        "  pleat bench --shape 100,1,0 --precision bf16 --json >bench.json\n",
    .options = {CLI_OPT_BENCH_MODEL, CLI_OPT_SHAPE, CLI_OPT_RECYCLES, CLI_OPT_BACKEND, CLI_OPT_THREADS,
                CLI_OPT_CPU_MASK, CLI_OPT_PRECISION, CLI_OPT_REPEAT, CLI_OPT_BENCH_WEIGHTS, CLI_OPT_JSON,
                CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
