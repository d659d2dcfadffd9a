/* One sub-layer of the network on given arrays: what the self-test compares with the published code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "engine/engine_priv.h"
#include "engine/template_inputs.h"
#include "model/model.h"

/* The template embedder's derived inputs, under the names of its argument. */
static pleat_status add_template_geometry(pleat_arrays *inputs, pleat_error *err) {
  const char *prefix = "in1/";
  char name[64];
  const pleat_array *found[6];
  static const char *const names[] = {"template_aatype",      "template_all_atom_positions", "template_all_atom_masks",
                                      "template_pseudo_beta", "template_pseudo_beta_mask",   "template_mask"};
  for (int i = 0; i < 6; i++) {
    snprintf(name, sizeof name, "%s%s", prefix, names[i]);
    found[i] = pleat_arrays_find(inputs, name);
    if (!found[i]) return PLEAT_OK; /* the builder names what is missing */
  }
  if (found[0]->rank != 2) return PLEAT_OK;
  pleat_template_source source = {.n_res = found[0]->shape[1],
                                  .n_slices = 1,
                                  .keep_padding = true,
                                  .aatype = found[0],
                                  .positions = found[1],
                                  .mask = found[2],
                                  .pseudo_beta = found[3],
                                  .pseudo_beta_mask = found[4],
                                  .given = found[5]};
  pleat_template_inputs_state state;
  pleat_arrays *derived = NULL;
  pleat_status status = pleat_template_inputs_init(&state, &source, err);
  if (!status) status = pleat_arrays_create(&derived, err);
  if (!status) status = pleat_template_inputs_write(&state, 0, derived, err);
  const pleat_array *mask = derived ? pleat_arrays_find(derived, "template_frame_mask") : NULL;
  if (!status && mask)
    status = pleat_arrays_add(inputs, "in1/template_frame_mask", mask->dtype, mask->rank, mask->shape, mask->data, NULL,
                              err);
  pleat_arrays_destroy(derived);
  pleat_template_inputs_fini(&state);
  return status;
}

/* Outputs that are tables of the inputs. */
static pleat_status add_masks(const pleat_arrays *inputs, pleat_arrays *out, pleat_error *err) {
  const pleat_array *exists = pleat_arrays_find(inputs, "in2/atom37_atom_exists");
  const pleat_array *exists14 = pleat_arrays_find(inputs, "in2/atom14_atom_exists");
  const pleat_array *seq_mask = pleat_arrays_find(inputs, "in2/seq_mask");
  bool is_multimer = pleat_arrays_find(out, "out/act") != NULL;
  void *data;
  if (!exists || !seq_mask) return PLEAT_OK;
  PLEAT_TRY(
      pleat_arrays_add(out, "out/final_atom_mask", PLEAT_F32, exists->rank, exists->shape, exists->data, &data, err));
  int64_t width = exists->shape[1];
  for (int64_t i = 0; i < pleat_array_elements(exists) && is_multimer; i++)
    ((float *)data)[i] *= ((const float *)seq_mask->data)[i / width];
  if (is_multimer || !exists14) return PLEAT_OK;
  return pleat_arrays_add(out, "out/final_atom14_mask", PLEAT_F32, exists14->rank, exists14->shape, exists14->data,
                          NULL, err);
}

typedef struct sublayer_run {
  const pleat_backend_vtbl *backend;
  pleat_weights *weights;
  void *be, *model, *program;
  pleat_plan *plan;
  pleat_arrays *inputs, *outputs;
} sublayer_run;

static pleat_status copy_arrays(const pleat_arrays *from, pleat_arrays **out, pleat_error *err) {
  PLEAT_TRY(pleat_arrays_create(out, err));
  for (size_t i = 0; i < pleat_arrays_count(from); i++) {
    const pleat_array *a = pleat_arrays_get(from, i);
    if (a->dtype == PLEAT_BYTES) continue;
    PLEAT_TRY(pleat_arrays_add(*out, a->name, a->dtype, a->rank, a->shape, a->data, NULL, err));
  }
  return PLEAT_OK;
}

static pleat_status run(sublayer_run *r, const char *tag, const char *weights, const pleat_model_options *options,
                        const pleat_arrays *inputs, pleat_error *err) {
  pleat_dtype storage;
  PLEAT_TRY(pleat_precision_parse(options->opt_precision, &storage, err));
  PLEAT_TRY(pleat_backend_find(options->opt_backend, &r->backend, err));
  PLEAT_TRY(pleat_weights_open(weights, &r->weights, err));
  PLEAT_TRY(copy_arrays(inputs, &r->inputs, err));
  PLEAT_TRY(add_template_geometry(r->inputs, err));
  pleat_graph *graph;
  PLEAT_TRY(pleat_build_sublayer(tag, r->inputs, pleat_weights_shape_of, r->weights, &graph, err));
  pleat_status status = pleat_weights_match(r->weights, graph, tag, false, err);
  if (status) {
    pleat_graph_destroy(graph);
    return status;
  }
  pleat_backend_options backend_options = {.n_threads = options->n_threads, .opt_cpu_mask = options->opt_cpu_mask};
  status = r->backend->open(&backend_options, &r->be, err);
  if (status) {
    pleat_graph_destroy(graph);
    return status;
  }
  pleat_plan_options plan_options = pleat_plan_options_for(r->backend, r->be, storage);
  PLEAT_TRY(pleat_plan_build(graph, &plan_options, &r->plan, err));
  pleat_weight_reader reader = pleat_weights_reader(r->weights);
  PLEAT_TRY(r->backend->model_create(r->be, &reader, &r->model, err));
  PLEAT_TRY(r->backend->program_create(r->be, r->model, r->plan, &r->program, err));
  PLEAT_TRY(pleat_write_inputs(r->backend, r->be, r->program, r->plan, r->inputs, true, err));
  for (int stage = 0; stage < PLEAT_N_STAGES; stage++)
    PLEAT_TRY(pleat_run_stage(r->backend, r->be, r->program, r->plan, (pleat_stage)stage, &(pleat_run_watch){0}, err));
  PLEAT_TRY(pleat_arrays_create(&r->outputs, err));
  for (uint32_t i = 0; i < r->plan->n_bindings; i++) {
    const pleat_binding *binding = &r->plan->bindings[i];
    if (binding->kind == PLEAT_BIND_OUTPUT)
      PLEAT_TRY(pleat_read_output(r->backend, r->be, r->program, binding, binding->name, r->outputs, err));
  }
  return add_masks(r->inputs, r->outputs, err);
}

pleat_status pleat_sublayer_run(const char *tag, const char *weights, const pleat_model_options *options,
                                const pleat_arrays *inputs, pleat_arrays **out_outputs, pleat_error *err) {
  *out_outputs = NULL;
  sublayer_run r = {0};
  pleat_status status = run(&r, tag, weights, options, inputs, err);
  if (r.program) r.backend->program_destroy(r.be, r.program);
  if (r.model) r.backend->model_destroy(r.be, r.model);
  pleat_plan_destroy(r.plan);
  if (r.be) r.backend->close(r.be);
  pleat_weights_close(r.weights);
  pleat_arrays_destroy(r.inputs);
  if (status)
    pleat_arrays_destroy(r.outputs);
  else
    *out_outputs = r.outputs;
  return status;
}
