/* pleat graph: the compiled graph of a network at any stage, as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "options.h"
#include "progress.h"

static cli_exit run(const cli_args *args) {
  pleat_error err;
  char *text = NULL;
  pleat_estimate estimate;
  double plan_ms = 0;
  const pleat_graph_query query = {.model = args->models[0],
                                   .opt_weights = args->weights,
                                   .opt_stage = args->dump,
                                   .opt_backend = args->backend,
                                   .opt_precision = args->precision,
                                   .n_res = args->n_res,
                                   .n_seq = args->n_seq,
                                   .n_extra = args->n_extra,
                                   .n_templ = args->n_templ,
                                   .num_recycle = args->num_recycle,
                                   .memory_bytes = args->memory_bytes,
                                   .n_chunks = args->chunks,
                                   .n_threads = (int)args->threads,
                                   .opt_cpu_mask = args->cpu_mask};
  pleat_status status = pleat_graph_text(&query, &text, &estimate, &plan_ms, &err);
  if (status) return cli_fail(status, &err);
  fputs(text, stdout);
  pleat_text_free(text);
  cli_log_debug("planned in %.2f ms: %u launches, %.1f MiB, %.1f s", plan_ms, (unsigned)estimate.n_launches,
                (double)estimate.total_bytes / 1048576, estimate.milliseconds / 1e3);
  return CLI_EXIT_OK;
}

const cli_command cli_command_graph = {
    .name = "graph",
    .positionals = "",
    .summary = "Print the compiled graph or the plan of a network for given sizes.",
    .details = "The text is stable: two of them can be compared with diff.\n",
    .examples =
        "  pleat graph --model model_1_ptm --n-res 256 --n-seq 512 --n-extra 1024\n"
        "  pleat graph --model model_3 --n-res 5000 --n-seq 1 --n-extra 1 --backend null --memory 64G\n"
        "  pleat graph --model model_1_ptm --n-res 64 --n-seq 8 --n-extra 8 --dump=fuse\n",
    .options = {CLI_OPT_MODEL, CLI_OPT_N_RES, CLI_OPT_N_SEQ, CLI_OPT_N_EXTRA, CLI_OPT_N_TEMPL, CLI_OPT_DUMP,
                CLI_OPT_OPT_WEIGHTS, CLI_OPT_NUM_RECYCLE, CLI_OPT_BACKEND, CLI_OPT_THREADS, CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION, CLI_OPT_MEMORY, CLI_OPT_CHUNKS, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
