/* The verifier: what must hold of a graph before and after every pass.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/ir.h"

/* Which values are defined at the current node, and the graph under test. */
typedef struct verify_state {
  const pleat_graph *graph;
  bool *is_defined;
  pleat_error *err;
} verify_state;

#define EXPECT(cond, ...)                                                \
  do {                                                                   \
    if (!(cond)) return pleat_fail(s->err, PLEAT_INTERNAL, __VA_ARGS__); \
  } while (0)

static pleat_status check_use(const verify_state *s, uint32_t node, pleat_value value) {
  EXPECT(value < s->graph->n_values, "verify: node %u uses value %u of %u", node, value, s->graph->n_values);
  EXPECT(s->is_defined[value], "verify: node %u (%s) uses %%%u before its definition", node,
         node < s->graph->n_nodes ? pleat_ops[s->graph->nodes[node].op].text : "end", value);
  return PLEAT_OK;
}

/* Inputs and result of one node: counts, letters, and the axes that inference gives. */
static pleat_status check_node(const verify_state *s, uint32_t i) {
  const pleat_graph *graph = s->graph;
  const pleat_node *node = &graph->nodes[i];
  EXPECT(node->op < PLEAT_N_OPS && node->stage < PLEAT_N_STAGES, "verify: node %u has no such operation", i);
  EXPECT(node->out < graph->n_values, "verify: node %u makes value %u of %u", i, node->out, graph->n_values);
  const pleat_op_info *op = &pleat_ops[node->op];
  EXPECT(node->n_in >= op->n_min && node->n_in <= op->n_max, "verify: node %u (%s) has %u inputs", i, op->text,
         node->n_in);
  int64_t size_of[128];
  memset(size_of, -1, sizeof size_of);
  for (int k = 0; k <= node->n_in; k++) {
    pleat_value value = k ? node->in[k - 1] : node->out;
    if (value == PLEAT_NO_VALUE) {
      EXPECT(k && op->is_fused && !node->letters[k][0], "verify: node %u (%s) lacks input %d", i, op->text, k - 1);
      continue;
    }
    if (k) PLEAT_TRY(check_use(s, i, value));
    const pleat_value_info *info = &graph->values[value];
    EXPECT(strlen(node->letters[k]) == info->rank, "verify: node %u (%s) spells operand %d \"%s\", rank is %u", i,
           op->text, k, node->letters[k], info->rank);
    for (int d = 0; d < info->rank; d++) {
      bool is_free = (node->op == PLEAT_OP_CONCAT || node->op == PLEAT_OP_SLICE) && d == node->attr.dim;
      int64_t *size = &size_of[node->letters[k][d] & 127], here = pleat_graph_dim(graph, value, d);
      EXPECT(*size < 0 || *size == here || is_free, "verify: node %u (%s): letter %c means %lld and %lld", i, op->text,
             node->letters[k][d], (long long)*size, (long long)here);
      if (!is_free) *size = here;
    }
  }
  const pleat_value_info *out = &graph->values[node->out];
  EXPECT(out->kind == PLEAT_VALUE_NODE && out->def == i, "verify: node %u (%s) is not the definition of its result", i,
         op->text);
  EXPECT(!s->is_defined[node->out], "verify: %%%u is defined twice", node->out);
  s->is_defined[node->out] = true;
  return PLEAT_OK;
}

static pleat_status enter_region(const verify_state *s, uint16_t id) {
  const pleat_region *region = &s->graph->regions[id];
  EXPECT(region->first < region->last && region->last <= s->graph->n_nodes && region->count >= 1,
         "verify: region %s spans nodes %u..%u, count %lld", region->name, region->first, region->last,
         (long long)region->count);
  for (int i = 0; i < region->n_carries; i++) {
    const pleat_carry *carry = &region->carries[i];
    PLEAT_TRY(check_use(s, region->first, carry->init));
    EXPECT(carry->param < s->graph->n_values && carry->result < s->graph->n_values,
           "verify: region %s carries values that do not exist", region->name);
    EXPECT(s->graph->values[carry->param].kind == PLEAT_VALUE_PARAM, "verify: %%%u is not a parameter", carry->param);
    s->is_defined[carry->param] = true;
  }
  return PLEAT_OK;
}

static pleat_status leave_region(const verify_state *s, uint16_t id) {
  const pleat_graph *graph = s->graph;
  const pleat_region *region = &graph->regions[id];
  for (int i = 0; i < region->n_carries; i++) {
    const pleat_carry *carry = &region->carries[i];
    PLEAT_TRY(check_use(s, region->last, carry->next));
    const pleat_value_info *a = &graph->values[carry->param], *b = &graph->values[carry->next];
    EXPECT(a->rank == b->rank && a->dtype == b->dtype &&
               pleat_graph_bytes(graph, carry->param) == pleat_graph_bytes(graph, carry->next),
           "verify: region %s: carried value %d changes its shape", region->name, i);
    s->is_defined[carry->result] = true;
  }
  for (int i = 0; i < region->n_emits; i++) {
    const pleat_emit *emit = &region->emits[i];
    PLEAT_TRY(check_use(s, region->last, emit->body));
    EXPECT(emit->result < graph->n_values, "verify: region %s collects a value that does not exist", region->name);
    EXPECT(graph->values[emit->body].dtype == graph->values[emit->result].dtype,
           "verify: region %s collects values of another type", region->name);
    for (int k = 0; k < region->n_carries; k++) /* it lies in the stack and cannot lie where the next iteration reads */
      EXPECT(region->carries[k].next != emit->body, "verify: region %s carries and collects %%%u", region->name,
             emit->body);
    s->is_defined[emit->result] = true;
  }
  if (region->is_chunk) return PLEAT_OK;
  for (uint32_t n = region->first; n < region->last; n++) s->is_defined[graph->nodes[n].out] = false;
  return PLEAT_OK;
}

static pleat_status check_all(const verify_state *s) {
  const pleat_graph *graph = s->graph;
  for (uint32_t v = 0; v < graph->n_values; v++)
    s->is_defined[v] = graph->values[v].kind == PLEAT_VALUE_INPUT || graph->values[v].kind == PLEAT_VALUE_WEIGHT;
  uint16_t open = PLEAT_NO_REGION;
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    while (open != PLEAT_NO_REGION && i >= graph->regions[open].last) {
      PLEAT_TRY(leave_region(s, open));
      open = graph->regions[open].parent;
    }
    uint16_t path[8];
    int n_path = 0;
    for (uint16_t r = graph->nodes[i].region; r != open; r = graph->regions[r].parent) {
      EXPECT(r != PLEAT_NO_REGION && n_path < 8, "verify: node %u is outside the region that is open", i);
      EXPECT(r < graph->n_regions, "verify: node %u is in region %u of %u", i, r, graph->n_regions);
      EXPECT(graph->regions[r].first == i, "verify: node %u enters region %s in its middle", i, graph->regions[r].name);
      path[n_path++] = r;
    }
    while (n_path) PLEAT_TRY(enter_region(s, path[--n_path]));
    open = graph->nodes[i].region;
    EXPECT(!i || graph->nodes[i].stage >= graph->nodes[i - 1].stage, "verify: node %u runs before the stage of %u", i,
           i - 1);
    PLEAT_TRY(check_node(s, i));
  }
  for (; open != PLEAT_NO_REGION; open = graph->regions[open].parent) PLEAT_TRY(leave_region(s, open));
  for (uint32_t i = 0; i < graph->n_outputs; i++) PLEAT_TRY(check_use(s, graph->n_nodes, graph->outputs[i].value));
  for (uint32_t i = 0; i < graph->n_states; i++) {
    PLEAT_TRY(check_use(s, graph->n_nodes, graph->states[i].next));
    PLEAT_TRY(check_use(s, graph->n_nodes, graph->states[i].input));
    EXPECT(pleat_graph_bytes(graph, graph->states[i].input) == pleat_graph_bytes(graph, graph->states[i].next),
           "verify: state %s changes its shape", graph->values[graph->states[i].input].name);
  }
  return PLEAT_OK;
}

pleat_status pleat_graph_verify(const pleat_graph *graph, pleat_error *err) {
  verify_state state = {graph, calloc(graph->n_values + 1, sizeof(bool)), err};
  if (!state.is_defined) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to verify a graph of %u values", graph->n_values);
  pleat_status status = check_all(&state);
  free(state.is_defined);
  return status;
}
