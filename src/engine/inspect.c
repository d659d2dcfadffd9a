/* Looking inside: graphs and plans as text, weight files, the machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "engine/engine_priv.h"
#include "model/model.h"
#include "tensor/numbers.h"

void pleat_text_free(char *text) { free(text); }

pleat_status pleat_text_give(pleat_buf *buf, char **out_text, pleat_error *err) {
  if (!buf->data) pleat_buf_puts(buf, "");
  if (buf->is_failed || !buf->data) {
    pleat_buf_fini(buf);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the text");
  }
  *out_text = buf->data;
  return PLEAT_OK;
}

/* ---- Graphs ---- */

typedef struct stage_dump {
  const char *wanted;
  pleat_buf text;
} stage_dump;

static void on_stage(void *ctx, const char *stage, const pleat_graph *graph) {
  stage_dump *dump = ctx;
  if (strcmp(stage, dump->wanted)) return;
  pleat_graph_dump(graph, &dump->text);
}

static pleat_status sizes_for(const pleat_graph_query *query, const pleat_variant *variant, pleat_sizes *out,
                              pleat_error *err) {
  *out = pleat_sizes_published(variant);
  if (!query->opt_weights) return PLEAT_OK;
  pleat_weights *weights;
  PLEAT_TRY(pleat_weights_open(query->opt_weights, &weights, err));
  pleat_status status = pleat_sizes_from_weights(variant, pleat_weights_shape_of, weights, out, err);
  pleat_weights_close(weights);
  return status;
}

static pleat_status plan_query(const pleat_graph_query *query, const pleat_variant *variant, stage_dump *dump,
                               pleat_plan **out_plan, double *out_ms, pleat_error *err) {
  const pleat_backend_vtbl *backend;
  PLEAT_TRY(pleat_backend_find(query->opt_backend, &backend, err));
  pleat_dtype storage;
  PLEAT_TRY(pleat_precision_parse(query->opt_precision, &storage, err));
  pleat_sizes sizes;
  PLEAT_TRY(sizes_for(query, variant, &sizes, err));
  int64_t n_templ = query->n_templ < 0 ? (variant->has_templates ? 4 : 0) : query->n_templ;
  pleat_model_request request = {.n_res = query->n_res,
                                 .n_clust = query->n_seq,
                                 .n_extra = query->n_extra,
                                 .n_templ = n_templ,
                                 .n_templ_rows = n_templ,
                                 .num_ensemble = 1,
                                 .is_template_static = true};
  void *be;
  pleat_backend_options backend_options = {.n_threads = query->n_threads, .opt_cpu_mask = query->opt_cpu_mask};
  PLEAT_TRY(backend->open(&backend_options, &be, err));
  pleat_plan_options options = pleat_plan_options_for(backend, be, storage);
  options.opt_on_stage = on_stage;
  options.on_stage_ctx = dump;
  options.num_recycle = query->num_recycle < 0 ? variant->num_recycle : query->num_recycle;
  options.budget_bytes = query->memory_bytes;
  options.n_slices = query->n_chunks;
  double start = pleat_os_time_ms();
  pleat_graph *graph;
  pleat_status status = pleat_build_model(variant, &sizes, &request, &graph, err);
  if (!status) status = pleat_plan_build(graph, &options, out_plan, err);
  *out_ms = pleat_os_time_ms() - start;
  backend->close(be);
  return status;
}

static const char *const stages[] = {"build",     "simplify", "skip",   "hoist", "fuse",
                                     "precision", "chunk",    "memory", "plan"};

pleat_status pleat_graph_text(const pleat_graph_query *query, char **out_text, pleat_estimate *opt_out_estimate,
                              double *opt_out_plan_ms, pleat_error *err) {
  *out_text = NULL;
  const pleat_variant *variant;
  PLEAT_TRY(pleat_model_find(query->model, &variant, err));
  stage_dump dump = {.wanted = query->opt_stage ? query->opt_stage : "plan"};
  bool is_known = false;
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) is_known |= !strcmp(stages[i], dump.wanted);
  if (!is_known)
    PLEAT_FAIL(err, PLEAT_INVALID,
               "unknown stage \"%s\"; expected build, simplify, skip, hoist, fuse, precision, chunk, memory or plan",
               dump.wanted);
  pleat_plan *plan = NULL;
  double ms = 0;
  pleat_status status = plan_query(query, variant, &dump, &plan, &ms, err);
  if (status) {
    pleat_buf_fini(&dump.text);
    return status;
  }
  if (!strcmp(dump.wanted, "memory")) pleat_plan_dump_memory(plan, &dump.text);
  if (!strcmp(dump.wanted, "plan")) pleat_plan_dump(plan, &dump.text);
  if (opt_out_estimate) pleat_plan_estimate(plan, 0, false, opt_out_estimate);
  if (opt_out_plan_ms) *opt_out_plan_ms = ms;
  pleat_plan_destroy(plan);
  return pleat_text_give(&dump.text, out_text, err);
}

/* ---- Weights ---- */

pleat_status pleat_weights_list_text(const char *spec, char **out_text, pleat_error *err) {
  *out_text = NULL;
  pleat_weights *weights;
  PLEAT_TRY(pleat_weights_open(spec, &weights, err));
  pleat_buf text = {0};
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    pleat_weights_get(weights, i, &info);
    char shape[PLEAT_SHAPE_TEXT];
    pleat_shape_text(info.rank, info.shape, shape, sizeof shape);
    pleat_buf_printf(&text, "%s %s %s\n", info.name, pleat_dtype_text(info.dtype), shape);
  }
  pleat_weights_close(weights);
  return pleat_text_give(&text, out_text, err);
}

static pleat_status read_all(const pleat_weights *weights, pleat_error *err) {
  float *buffer = NULL;
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < pleat_weights_count(weights) && !status; i++) {
    pleat_weight_info info;
    pleat_weights_get(weights, i, &info);
    int64_t n = 1;
    for (int d = 0; d < info.rank; d++) n *= info.shape[d];
    float *grown = realloc(buffer, (size_t)n * sizeof *buffer + 1);
    if (!grown) {
      status = pleat_fail(err, PLEAT_NOMEM, "no memory for tensor %s of %lld values", info.name, (long long)n);
      break;
    }
    buffer = grown;
    status = pleat_weights_read(weights, i, 0, n, buffer, err);
  }
  free(buffer);
  return status;
}

static pleat_status match_model(const pleat_weights *weights, const char *name, pleat_error *err) {
  const pleat_variant *variant;
  PLEAT_TRY(pleat_model_find(name, &variant, err));
  pleat_sizes sizes;
  PLEAT_TRY(pleat_sizes_from_weights(variant, pleat_weights_shape_of, (void *)(uintptr_t)weights, &sizes, err));
  return pleat_weights_match_variant(weights, variant, &sizes, err);
}

pleat_status pleat_weights_verify(const char *spec, const char *opt_model, pleat_error *err) {
  pleat_weights *weights;
  PLEAT_TRY(pleat_weights_open(spec, &weights, err));
  pleat_status status = opt_model ? match_model(weights, opt_model, err) : PLEAT_OK;
  if (!status) status = read_all(weights, err);
  pleat_weights_close(weights);
  return status;
}

pleat_status pleat_weights_convert_file(const char *spec, const char *path, pleat_dtype dtype, pleat_error *err) {
  pleat_weights *weights;
  PLEAT_TRY(pleat_weights_open(spec, &weights, err));
  pleat_status status = pleat_weights_convert(weights, path, dtype, err);
  pleat_weights_close(weights);
  return status;
}

/* ---- The machine ---- */

pleat_status pleat_info_text(char **out_text, pleat_error *err) {
  *out_text = NULL;
  pleat_buf text = {0};
  pleat_buf_printf(&text, "pleat %s\n", pleat_version());
  for (int i = 0; pleat_backends[i]; i++) {
    const pleat_backend_vtbl *backend = pleat_backends[i];
    void *be;
    pleat_error why;
    pleat_backend_options options = {0};
    if (backend->open(&options, &be, &why)) {
      pleat_buf_printf(&text, "backend %-5s not usable: %s\n", backend->name, why.message);
      continue;
    }
    pleat_backend_caps caps;
    backend->caps(be, &caps);
    pleat_buf_printf(&text, "backend %-5s %s", backend->name, caps.device);
    if (caps.flops_per_s > 0)
      pleat_buf_printf(&text, ", %.0f GFLOP/s, %.1f GB/s", caps.flops_per_s * 1e-9, caps.bytes_per_s * 1e-9);
    pleat_buf_puts(&text, "\n");
    if (caps.opt_levels) pleat_buf_printf(&text, "  instruction sets %s\n", caps.opt_levels);
    backend->close(be);
  }
  pleat_buf_printf(&text, "cores %d, memory %.1f GB, available %.1f GB\n", pleat_os_cores(),
                   (double)pleat_os_memory_total() / 1e9, (double)pleat_os_memory_available() / 1e9);
  return pleat_text_give(&text, out_text, err);
}
