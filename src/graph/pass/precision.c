/* Storage types; the policy is doc/numerics.md's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fail.h"
#include "graph/pass/pass.h"

/* Activations of the trunk with three axes or more: MSA, pair, templates and what is between them. */
static bool is_large_activation(const pleat_graph *graph, const pleat_node *node) {
  const pleat_value_info *info = &graph->values[node->out];
  return info->dtype == PLEAT_F32 && info->rank >= 3 &&
         (node->stage == PLEAT_STAGE_ONCE || node->stage == PLEAT_STAGE_TRUNK);
}

/* Does a value have the type that makes the residual stream exact? Sets it; true when it was not. */
static bool set_f32(pleat_graph *graph, pleat_value v) {
  bool is_new = graph->values[v].dtype == PLEAT_BF16;
  if (is_new) graph->values[v].dtype = PLEAT_F32;
  return is_new;
}

/* What the blocks carry (MSA, pair) stays float32 through all the sub-layers that add to it: rounding it after every
 * sub-layer would add up over 48 blocks. */
static void keep_streams(pleat_graph *graph) {
  for (uint32_t r = 0; r < graph->n_regions; r++)
    for (int k = 0; k < graph->regions[r].n_carries; k++) {
      const pleat_carry *carry = &graph->regions[r].carries[k];
      set_f32(graph, carry->param);
      set_f32(graph, carry->result);
      set_f32(graph, carry->next);
      set_f32(graph, carry->init);
    }
  for (uint32_t i = 0; i < graph->n_states; i++) {
    set_f32(graph, graph->states[i].input);
    set_f32(graph, graph->states[i].next);
  }
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
      const pleat_node *node = &graph->nodes[i];
      int slot = pleat_node_residual(node);
      pleat_value from = slot < 0 ? PLEAT_NO_VALUE : node->in[slot];
      if (from == PLEAT_NO_VALUE) continue;
      bool is_stream = graph->values[from].dtype == PLEAT_F32 || graph->values[node->out].dtype == PLEAT_F32;
      if (is_stream && graph->values[from].rank >= 3) {
        is_changed |= set_f32(graph, from);
        is_changed |= set_f32(graph, node->out);
      }
    }
  }
}

pleat_status pleat_pass_precision(pleat_graph *graph, pleat_dtype storage, pleat_error *err) {
  if (storage == PLEAT_F32) return PLEAT_OK;
  if (storage != PLEAT_BF16)
    PLEAT_FAIL(err, PLEAT_UNSUPPORTED, "storage type %s is not supported; use f32 or bf16", pleat_dtype_text(storage));
  for (uint32_t i = 0; i < graph->n_nodes; i++)
    if (is_large_activation(graph, &graph->nodes[i])) graph->values[graph->nodes[i].out].dtype = PLEAT_BF16;
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    pleat_value bias = node->op == PLEAT_OP_ATTENTION ? node->in[PLEAT_AT_BIAS] : PLEAT_NO_VALUE;
    if (bias != PLEAT_NO_VALUE) graph->values[bias].dtype = PLEAT_F32;
  }
  keep_streams(graph);
  for (uint32_t r = 0; r < graph->n_regions; r++)
    for (int k = 0; k < graph->regions[r].n_carries; k++) {
      const pleat_carry *carry = &graph->regions[r].carries[k];
      graph->values[carry->param].dtype = graph->values[carry->result].dtype = graph->values[carry->next].dtype =
          graph->values[carry->init].dtype;
    }
  for (uint32_t r = 0; r < graph->n_regions; r++) /* a stack has the type of what it collects */
    for (int k = 0; k < graph->regions[r].n_emits; k++)
      graph->values[graph->regions[r].emits[k].result].dtype = graph->values[graph->regions[r].emits[k].body].dtype;
  for (uint32_t i = 0; i < graph->n_nodes; i++) { /* views have the type of what they show */
    const pleat_node *node = &graph->nodes[i];
    if (node->op == PLEAT_OP_SLICE) graph->values[node->out].dtype = graph->values[node->in[0]].dtype;
  }
  for (uint32_t i = 0; i < graph->n_states; i++)
    graph->values[graph->states[i].input].dtype = graph->values[graph->states[i].next].dtype;
  return PLEAT_OK;
}
