/* Models: a variant, its parameters, and the backend that holds them packed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "engine/engine_priv.h"
#include "model/model.h"

const char *pleat_version(void) { return PLEAT_VERSION; }

const pleat_backend_vtbl *const pleat_backends[] = {&pleat_backend_cpu, &pleat_backend_ref, &pleat_backend_null, NULL};

pleat_status pleat_backend_find(const char *opt_name, const pleat_backend_vtbl **out_backend, pleat_error *err) {
  for (int i = 0; pleat_backends[i]; i++) {
    *out_backend = pleat_backends[i];
    if (!strcmp(pleat_backends[i]->name, opt_name ? opt_name : "cpu")) return PLEAT_OK;
  }
  PLEAT_FAIL(err, PLEAT_INVALID, "unknown backend \"%s\"; expected cpu, ref or null", opt_name);
}

pleat_status pleat_model_find(const char *opt_name, const pleat_variant **out_variant, pleat_error *err) {
  const char *name = opt_name ? opt_name : "";
  *out_variant = pleat_variant_find(name);
  if (!*out_variant)
    PLEAT_FAIL(err, PLEAT_INVALID, "unknown model \"%s\"; did you mean %s?", name, pleat_variant_nearest(name));
  return PLEAT_OK;
}

pleat_status pleat_precision_parse(const char *opt_text, pleat_dtype *out_storage, pleat_error *err) {
  *out_storage = opt_text && !strcmp(opt_text, "bf16") ? PLEAT_BF16 : PLEAT_F32;
  if (opt_text && strcmp(opt_text, "bf16") && strcmp(opt_text, "f32"))
    PLEAT_FAIL(err, PLEAT_INVALID, "unknown precision \"%s\"; expected f32 or bf16", opt_text);
  return PLEAT_OK;
}

pleat_plan_options pleat_plan_options_for(const pleat_backend_vtbl *backend, void *be, pleat_dtype storage) {
  pleat_backend_caps caps;
  backend->caps(be, &caps);
  return (pleat_plan_options){.supports = backend->supports,
                              .scratch_bytes = backend->scratch_bytes,
                              .supports_ctx = be,
                              .storage = storage,
                              .num_ensemble = 1,
                              .flops_per_s = caps.flops_per_s > 0 ? caps.flops_per_s : 1e11,
                              .bytes_per_s = caps.bytes_per_s > 0 ? caps.bytes_per_s : 1e10,
                              .seconds_per_launch = 2e-6};
}

static uint64_t parameter_bytes(const pleat_weights *weights) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    pleat_weights_get(weights, i, &info);
    uint64_t n = sizeof(float);
    for (int d = 0; d < info.rank; d++) n *= (uint64_t)info.shape[d];
    bytes += n;
  }
  return bytes;
}

static pleat_status open_model(pleat_model *model, const char *weights, const pleat_model_options *options,
                               pleat_error *err) {
  PLEAT_TRY(pleat_model_find(options->name, &model->variant, err));
  PLEAT_TRY(pleat_backend_find(options->opt_backend, &model->backend, err));
  PLEAT_TRY(pleat_precision_parse(options->opt_precision, &model->storage, err));
  bool are_own = !strcmp(weights, "synth:");
  PLEAT_TRY(are_own ? pleat_weights_open_own(model->variant, &model->weights, err)
                    : pleat_weights_open(weights, &model->weights, err));
  model->reader = pleat_weights_reader(model->weights);
  model->weight_bytes = parameter_bytes(model->weights);
  PLEAT_TRY(pleat_sizes_from_weights(model->variant, pleat_weights_shape_of, model->weights, &model->sizes, err));
  PLEAT_TRY(pleat_weights_match_variant(model->weights, model->variant, &model->sizes, err));
  pleat_backend_options backend_options = {.n_threads = options->n_threads, .opt_cpu_mask = options->opt_cpu_mask};
  PLEAT_TRY(model->backend->open(&backend_options, &model->be, err));
  return model->backend->model_create(model->be, &model->reader, &model->be_model, err);
}

pleat_status pleat_model_open(const char *weights, const pleat_model_options *options, pleat_model **out_model,
                              pleat_error *err) {
  *out_model = NULL;
  if (!weights || !options) PLEAT_FAIL(err, PLEAT_INVALID, "pleat_model_open needs weights and options");
  pleat_model *model = calloc(1, sizeof *model);
  if (!model) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a model");
  pleat_status status = open_model(model, weights, options, err);
  if (status)
    pleat_model_close(model);
  else
    *out_model = model;
  return status;
}

void pleat_model_close(pleat_model *model) {
  if (!model) return;
  if (model->be_model) model->backend->model_destroy(model->be, model->be_model);
  if (model->be) model->backend->close(model->be);
  pleat_weights_close(model->weights);
  free(model);
}

const char *pleat_model_name(const pleat_model *model) { return model->variant->name; }
bool pleat_model_is_multimer(const pleat_model *model) { return model->variant->is_multimer; }
bool pleat_model_is_synthetic(const pleat_model *model) { return pleat_weights_is_synthetic(model->weights); }
bool pleat_model_has_templates(const pleat_model *model) { return model->variant->has_templates; }
bool pleat_model_has_pae(const pleat_model *model) { return model->variant->has_pae; }

const char *const *pleat_model_names(void) {
  /* In the order of the variants' table; the tests compare the two. */
  static const char *const names[] = {
#define FIVE(suffix) "model_1" suffix, "model_2" suffix, "model_3" suffix, "model_4" suffix, "model_5" suffix
      FIVE(""), FIVE("_ptm"), FIVE("_multimer"), FIVE("_multimer_v2"), FIVE("_multimer_v3"), NULL};
  return names;
}
