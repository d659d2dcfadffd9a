/* Rewriting helpers shared by the passes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"

void pleat_graph_count_uses(const pleat_graph *graph, uint32_t *uses) {
  memset(uses, 0, graph->n_values * sizeof *uses);
  for (uint32_t i = 0; i < graph->n_nodes; i++)
    for (int k = 0; k < graph->nodes[i].n_in; k++)
      if (graph->nodes[i].in[k] != PLEAT_NO_VALUE) uses[graph->nodes[i].in[k]]++;
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    const pleat_region *region = &graph->regions[r];
    for (int k = 0; k < region->n_carries; k++) {
      uses[region->carries[k].init]++;
      uses[region->carries[k].next]++;
    }
    for (int k = 0; k < region->n_emits; k++) uses[region->emits[k].body]++;
  }
  for (uint32_t i = 0; i < graph->n_outputs; i++) uses[graph->outputs[i].value]++;
  for (uint32_t i = 0; i < graph->n_states; i++) uses[graph->states[i].next]++;
}

static void swap_value(pleat_value *at, pleat_value from, pleat_value to) {
  if (*at == from) *at = to;
}

void pleat_graph_replace(pleat_graph *graph, pleat_value from, pleat_value to) {
  for (uint32_t i = 0; i < graph->n_nodes; i++)
    for (int k = 0; k < graph->nodes[i].n_in; k++) swap_value(&graph->nodes[i].in[k], from, to);
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    pleat_region *region = &graph->regions[r];
    for (int k = 0; k < region->n_carries; k++) {
      swap_value(&region->carries[k].init, from, to);
      swap_value(&region->carries[k].next, from, to);
    }
    for (int k = 0; k < region->n_emits; k++) swap_value(&region->emits[k].body, from, to);
  }
  for (uint32_t i = 0; i < graph->n_outputs; i++) swap_value(&graph->outputs[i].value, from, to);
  for (uint32_t i = 0; i < graph->n_states; i++) swap_value(&graph->states[i].next, from, to);
}

pleat_status pleat_graph_reorder(pleat_graph *graph, const uint32_t *order, uint32_t n, pleat_error *err) {
  pleat_node *nodes = malloc((n ? n : 1) * sizeof *nodes);
  if (!nodes) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to reorder %u nodes", n);
  for (uint32_t r = 0; r < graph->n_regions; r++) graph->regions[r].first = graph->regions[r].last = 0;
  for (uint32_t i = 0; i < n; i++) {
    nodes[i] = graph->nodes[order[i]];
    graph->values[nodes[i].out].def = i;
    for (uint16_t r = nodes[i].region; r != PLEAT_NO_REGION; r = graph->regions[r].parent) {
      if (!graph->regions[r].last) graph->regions[r].first = i;
      graph->regions[r].last = i + 1;
    }
  }
  free(graph->nodes);
  graph->nodes = nodes;
  graph->n_nodes = n;
  graph->cap_nodes = n ? n : 1;
  /* A region that lost all nodes carries its initial values straight through. */
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    pleat_region *region = &graph->regions[r];
    if (region->last) continue;
    for (int k = 0; k < region->n_carries; k++)
      pleat_graph_replace(graph, region->carries[k].result, region->carries[k].init);
    region->n_carries = region->n_emits = 0;
  }
  return PLEAT_OK;
}
