/* The pass pipeline and the choice of slices.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plan/build_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/plan_priv.h"

static pleat_status finish_stage(const pleat_graph *graph, const pleat_plan_options *options, const char *stage,
                                 pleat_error *err) {
  PLEAT_TRY(pleat_graph_verify(graph, err));
  if (options->opt_on_stage) options->opt_on_stage(options->on_stage_ctx, stage, graph);
  return PLEAT_OK;
}

/* The node that ends the sub-layer around node `at`: the next one that updates a residual stream, or the one before. */
static pleat_value sublayer_end(const pleat_graph *graph, uint32_t at, int direction) {
  uint16_t region = graph->nodes[at].region;
  while (region != PLEAT_NO_REGION && graph->regions[region].is_chunk) region = graph->regions[region].parent;
  for (int64_t i = at; i >= 0 && i < graph->n_nodes; i += direction) {
    const pleat_node *node = &graph->nodes[i];
    uint16_t r = node->region;
    if (r != PLEAT_NO_REGION && graph->regions[r].is_chunk) {
      if (graph->regions[r].parent != region) return PLEAT_NO_VALUE;
      return graph->nodes[graph->regions[r].last - 1].out;
    }
    if (r != region || node->stage != graph->nodes[at].stage) return PLEAT_NO_VALUE;
    if (pleat_in_place_slots(graph, node) && graph->values[node->out].rank >= 2) return node->out;
  }
  return PLEAT_NO_VALUE;
}

static int64_t slices_of(const pleat_graph *graph, pleat_value end) {
  uint16_t region = graph->nodes[graph->values[end].def].region;
  return region != PLEAT_NO_REGION && graph->regions[region].is_chunk ? graph->regions[region].count : 1;
}

/* Cuts every sub-layer at least n times: for tests, and as the first guess under a tight budget. Last to first, so that
 * the node that ends a sub-layer is met before the in-place nodes inside it. */
static pleat_status slice_everything(pleat_graph *graph, int64_t n, pleat_error *err) {
  for (uint32_t i = graph->n_nodes; i-- > 0;) {
    const pleat_node *node = &graph->nodes[i];
    pleat_value end = node->out;
    if (!pleat_in_place_slots(graph, node) || graph->values[end].rank < 2) continue;
    bool changed;
    PLEAT_TRY(pleat_pass_chunk(graph, end, n, &changed, err));
    if (changed) i = graph->regions[graph->nodes[i].region].first;
  }
  return PLEAT_OK;
}

/* Places the values; while they exceed the budget, the sub-layer at the peak is cut finer. */
static pleat_status fit_memory(pleat_graph *graph, const pleat_plan_options *options, uint64_t budget,
                               pleat_placement *out, pleat_error *err) {
  for (;;) {
    PLEAT_TRY(pleat_place_values(graph, options->num_ensemble, out, err));
    if (!budget || out->arena_bytes <= budget) return PLEAT_OK;
    bool changed = false;
    for (int direction = 1; direction >= -1 && !changed; direction -= 2) {
      pleat_value end = sublayer_end(graph, out->peak_node, direction);
      if (end == PLEAT_NO_VALUE) continue;
      pleat_status status = pleat_pass_chunk(graph, end, 2 * slices_of(graph, end), &changed, err);
      if (status) {
        pleat_placement_fini(out);
        return status;
      }
    }
    if (!changed) return PLEAT_OK; /* the caller compares with the budget */
    pleat_placement_fini(out);
  }
}

static pleat_status run_passes(pleat_graph *graph, const pleat_plan_options *options, pleat_error *err) {
  PLEAT_TRY(finish_stage(graph, options, "build", err));
  PLEAT_TRY(pleat_pass_simplify(graph, err));
  PLEAT_TRY(finish_stage(graph, options, "simplify", err));
  if (options->n_skip) {
    PLEAT_TRY(pleat_pass_skip(graph, options->skip, options->n_skip, err));
    PLEAT_TRY(pleat_pass_simplify(graph, err));
  }
  PLEAT_TRY(finish_stage(graph, options, "skip", err));
  if (!options->is_unhoisted) PLEAT_TRY(pleat_pass_hoist(graph, err));
  PLEAT_TRY(finish_stage(graph, options, "hoist", err));
  if (!options->is_unfused) PLEAT_TRY(pleat_pass_fuse(graph, options->supports, options->supports_ctx, err));
  PLEAT_TRY(finish_stage(graph, options, "fuse", err));
  PLEAT_TRY(pleat_pass_precision(graph, options->storage, err));
  return finish_stage(graph, options, "precision", err);
}

static pleat_status build(pleat_plan *plan, const pleat_plan_options *options, pleat_error *err) {
  pleat_graph *graph = plan->graph;
  PLEAT_TRY(run_passes(graph, options, err));
  if (options->n_slices > 1) PLEAT_TRY(slice_everything(graph, options->n_slices, err));
  pleat_placement placement;
  PLEAT_TRY(fit_memory(graph, options, options->budget_bytes, &placement, err));
  pleat_status status = finish_stage(graph, options, "chunk", err);
  if (!status) status = pleat_plan_write(plan, &placement, options, err);
  pleat_placement_fini(&placement);
  if (status) return status;
  if (options->budget_bytes && plan->arena_bytes + plan->scratch_bytes > options->budget_bytes)
    PLEAT_FAIL(err, PLEAT_NOMEM,
               "this prediction needs %.2f GB for activations even when sliced, the budget is %.2f GB; use fewer "
               "alignment rows (--max-msa), a shorter sequence, --precision bf16 or a larger --memory",
               (double)(plan->arena_bytes + plan->scratch_bytes) / 1e9, (double)options->budget_bytes / 1e9);
  return PLEAT_OK;
}

pleat_status pleat_plan_build(pleat_graph *graph, const pleat_plan_options *options, pleat_plan **out_plan,
                              pleat_error *err) {
  *out_plan = NULL;
  pleat_plan *plan = calloc(1, sizeof *plan);
  if (!plan) {
    pleat_graph_destroy(graph);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a plan");
  }
  plan->graph = graph;
  pleat_status status = build(plan, options, err);
  if (status)
    pleat_plan_destroy(plan);
  else
    *out_plan = plan;
  return status;
}

void pleat_plan_destroy(pleat_plan *plan) {
  if (!plan) return;
  pleat_graph_destroy(plan->graph);
  free(plan->launches);
  free(plan->segments);
  free(plan->weights);
  free(plan->bindings);
  free(plan->offsets);
  free(plan);
}

const pleat_binding *pleat_plan_find(const pleat_plan *plan, pleat_binding_kind kind, const char *name) {
  for (uint32_t i = 0; i < plan->n_bindings; i++)
    if (plan->bindings[i].kind == kind && !strcmp(plan->bindings[i].name, name)) return &plan->bindings[i];
  return NULL;
}
