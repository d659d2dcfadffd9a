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

/* Cuts every sub-layer at least n times: for tests, and when cutting at the peak is not enough. Last to first, so that
 * the node that ends a sub-layer is met before the in-place nodes inside it. */
static pleat_status slice_everything(pleat_graph *graph, int64_t n, bool *out_changed, pleat_error *err) {
  *out_changed = false;
  for (uint32_t i = graph->n_nodes; i-- > 0;) {
    const pleat_node *node = &graph->nodes[i];
    pleat_value end = node->out;
    if (!pleat_in_place_slots(graph, node) || graph->values[end].rank < 2) continue;
    bool changed;
    PLEAT_TRY(pleat_pass_chunk(graph, end, n, &changed, err));
    if (!changed) continue;
    *out_changed = true;
    i = graph->regions[graph->nodes[i].region].first;
  }
  return PLEAT_OK;
}

/* Cuts the sub-layer at the peak finer, or, when that is at its end, everything: buffers that lie apart in time still
 * stand in each other's way in the arena. */
static pleat_status cut_finer(pleat_graph *graph, uint32_t peak_node, int64_t *n_everywhere, bool *out_changed,
                              pleat_error *err) {
  enum { MAX_EVERYWHERE = 64 };
  *out_changed = false;
  for (int direction = 1; direction >= -1 && !*out_changed; direction -= 2) {
    pleat_value end = sublayer_end(graph, peak_node, direction);
    if (end != PLEAT_NO_VALUE) PLEAT_TRY(pleat_pass_chunk(graph, end, 2 * slices_of(graph, end), out_changed, err));
  }
  while (!*out_changed && *n_everywhere < MAX_EVERYWHERE) {
    *n_everywhere *= 2;
    PLEAT_TRY(slice_everything(graph, *n_everywhere, out_changed, err));
  }
  return PLEAT_OK;
}

/* Places the values; while they exceed the budget, cuts finer. *out holds nothing on failure. */
static pleat_status fit_memory(pleat_graph *graph, const pleat_plan_options *options, uint64_t budget,
                               pleat_placement *out, pleat_error *err) {
  int64_t n_everywhere = 1;
  for (;;) {
    PLEAT_TRY(pleat_place_values(graph, options->num_ensemble, options->has_heads_in_loop, out, err));
    if (!options->budget_bytes || out->arena_bytes + PLEAT_ALIGN <= budget) return PLEAT_OK;
    bool changed;
    pleat_status status = cut_finer(graph, out->peak_node, &n_everywhere, &changed, err);
    if (!status && !changed) return PLEAT_OK; /* the caller compares with the budget */
    pleat_placement_fini(out);
    if (status) return status;
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

/* Forgets everything but the graph. */
static void clear_tables(pleat_plan *plan) {
  free(plan->launches);
  free(plan->segments);
  free(plan->weights);
  free(plan->bindings);
  free(plan->offsets);
  *plan = (pleat_plan){.graph = plan->graph};
}

static pleat_status place_and_write(pleat_plan *plan, const pleat_plan_options *options, uint64_t budget,
                                    pleat_error *err) {
  clear_tables(plan);
  pleat_placement placement;
  PLEAT_TRY(fit_memory(plan->graph, options, budget, &placement, err));
  pleat_status status = pleat_plan_write(plan, &placement, options, err);
  pleat_placement_fini(&placement);
  return status;
}

static pleat_status build(pleat_plan *plan, const pleat_plan_options *options, pleat_error *err) {
  pleat_graph *graph = plan->graph;
  PLEAT_TRY(run_passes(graph, options, err));
  bool changed;
  if (options->n_slices > 1) PLEAT_TRY(slice_everything(graph, options->n_slices, &changed, err));
  uint64_t budget = options->budget_bytes;
  PLEAT_TRY(place_and_write(plan, options, budget, err));
  /* What the kernels need besides is known only now, and finer slices may need less of it. */
  for (int i = 0; i < 3 && plan->arena_bytes + plan->scratch_bytes > budget && plan->scratch_bytes < budget; i++)
    PLEAT_TRY(place_and_write(plan, options, budget - plan->scratch_bytes, err));
  PLEAT_TRY(finish_stage(graph, options, "chunk", err));
  if (budget && plan->arena_bytes + plan->scratch_bytes > budget)
    PLEAT_FAIL(err, PLEAT_NOMEM,
               "this prediction needs %.2f GB for activations even when sliced, the budget is %.2f GB; use fewer "
               "alignment rows (--max-msa), a shorter sequence, --precision bf16 or a larger --memory",
               (double)(plan->arena_bytes + plan->scratch_bytes) / 1e9, (double)budget / 1e9);
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
  clear_tables(plan);
  pleat_graph_destroy(plan->graph);
  free(plan);
}

const pleat_binding *pleat_plan_find(const pleat_plan *plan, pleat_binding_kind kind, const char *name) {
  for (uint32_t i = 0; i < plan->n_bindings; i++)
    if (plan->bindings[i].kind == kind && !strcmp(plan->bindings[i].name, name)) return &plan->bindings[i];
  return NULL;
}
