/* Hoisting: what depends on static inputs only runs once per prediction.
 *
 * A hoisted value that is still needed later lives through all recycles. Large results of cheap operations are therefore
 * computed again instead of kept: pair-sized table look-ups, say, would cost more memory than the pair itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"

/* Results below this size are always worth keeping. */
static const size_t KEEP_BYTES = 1 << 20;

/* Operations that cost about as much as reading their result back. */
static bool is_cheap(uint8_t op) {
  switch (op) {
    case PLEAT_OP_LAYER_NORM: /* kept: the end of the template stack */
    case PLEAT_OP_SOFTMAX:
    case PLEAT_OP_TORSION_ATOMS: return false;
    default: return true;
  }
}

/* A node is static when all its inputs are; regions are static as a whole or not at all. */
static void find_static(const pleat_graph *graph, bool *is_static, bool *is_region_static) {
  for (uint32_t v = 0; v < graph->n_values; v++) {
    const pleat_value_info *info = &graph->values[v];
    is_static[v] = info->kind == PLEAT_VALUE_WEIGHT ||
                   (info->kind == PLEAT_VALUE_INPUT && info->input_class == PLEAT_INPUT_STATIC);
  }
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    uint16_t r = node->region;
    if (r != PLEAT_NO_REGION && graph->regions[r].first == i) {
      const pleat_region *region = &graph->regions[r];
      is_region_static[r] = region->parent == PLEAT_NO_REGION;
      for (int k = 0; k < region->n_carries; k++) is_region_static[r] &= is_static[region->carries[k].init];
      for (int k = 0; k < region->n_carries; k++) is_static[region->carries[k].param] = is_region_static[r];
      for (uint32_t n = region->first; n < region->last && is_region_static[r]; n++) {
        const pleat_node *inner = &graph->nodes[n];
        is_static[inner->out] = true;
        for (int k = 0; k < inner->n_in; k++)
          if (inner->in[k] != PLEAT_NO_VALUE && !is_static[inner->in[k]]) is_region_static[r] = false;
      }
      for (uint32_t n = region->first; n < region->last; n++) is_static[graph->nodes[n].out] = is_region_static[r];
      for (int k = 0; k < region->n_carries; k++) {
        is_static[region->carries[k].param] = is_region_static[r];
        is_static[region->carries[k].result] = is_region_static[r];
      }
      for (int k = 0; k < region->n_emits; k++) is_static[region->emits[k].result] = is_region_static[r];
    }
    if (r != PLEAT_NO_REGION) continue;
    bool all = true;
    for (int k = 0; k < node->n_in; k++) all &= node->in[k] == PLEAT_NO_VALUE || is_static[node->in[k]];
    is_static[node->out] = all && node->n_in > 0;
  }
}

/* Gives up static nodes whose large result would have to be kept for a node that is not static. A result that other
 * static nodes need as well stays: they run before everything else. */
static pleat_status give_up_large(const pleat_graph *graph, bool *is_static, const bool *is_region_static,
                                  pleat_error *err) {
  bool *is_kept = calloc(graph->n_values + 1, sizeof *is_kept);
  bool *is_needed = calloc(graph->n_values + 1, sizeof *is_needed); /* by static nodes */
  pleat_status status = PLEAT_OK;
  if (!is_kept || !is_needed) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to hoist in a graph of %u nodes", graph->n_nodes);
    goto done;
  }
  for (uint32_t r = 0; r < graph->n_regions; r++)
    for (int k = 0; k < graph->regions[r].n_carries; k++)
      (is_region_static[r] ? is_needed : is_kept)[graph->regions[r].carries[k].init] = true;
  for (uint32_t i = graph->n_nodes; i-- > 0;) {
    const pleat_node *node = &graph->nodes[i];
    bool is_single = node->region == PLEAT_NO_REGION;
    if (is_static[node->out] && is_single && is_kept[node->out] && !is_needed[node->out] && is_cheap(node->op) &&
        pleat_graph_bytes(graph, node->out) > KEEP_BYTES)
      is_static[node->out] = false;
    bool *mark = is_static[node->out] ? is_needed : is_kept;
    for (int k = 0; k < node->n_in; k++)
      if (node->in[k] != PLEAT_NO_VALUE) mark[node->in[k]] = true;
  }
done:
  free(is_needed);
  free(is_kept);
  return status;
}

pleat_status pleat_pass_hoist(pleat_graph *graph, pleat_error *err) {
  bool *is_static = calloc(graph->n_values + 1, sizeof *is_static);
  bool *is_region_static = calloc(graph->n_regions + 1, sizeof *is_region_static);
  uint32_t *order = malloc((graph->n_nodes + 1) * sizeof *order), n = 0;
  pleat_status status = PLEAT_OK;
  if (!is_static || !is_region_static || !order) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to hoist in a graph of %u nodes", graph->n_nodes);
    goto done;
  }
  find_static(graph, is_static, is_region_static);
  status = give_up_large(graph, is_static, is_region_static, err);
  if (status) goto done;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
      bool moves = is_static[graph->nodes[i].out] && graph->nodes[i].stage != PLEAT_STAGE_LAST;
      if (moves != (pass == 0)) continue;
      if (moves) graph->nodes[i].stage = PLEAT_STAGE_ONCE;
      order[n++] = i;
    }
  status = pleat_graph_reorder(graph, order, n, err);
done:
  free(order);
  free(is_region_static);
  free(is_static);
  return status;
}
