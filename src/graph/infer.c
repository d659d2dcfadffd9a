/* Shape inference: the axes of a node's result from its operands' letters, with errors that speak of axes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "graph/ir.h"

/* "x[N_res, N_res, c_z]" for messages. */
static const char *describe(const pleat_graph *graph, pleat_value value, char *buf, size_t n_buf) {
  const pleat_value_info *info = &graph->values[value];
  size_t n = (size_t)snprintf(buf, n_buf, "%s[", info->name[0] ? info->name : "value");
  for (int d = 0; d < info->rank && n < n_buf; d++) {
    const pleat_axis_info *axis = &graph->axes[info->axis[d]];
    n += (size_t)snprintf(buf + n, n_buf - n, "%s%s=%lld", d ? ", " : "", axis->name, (long long)axis->size);
  }
  if (n < n_buf) snprintf(buf + n, n_buf - n, "]");
  return buf;
}

/* Axis of every letter, taken from the inputs; a letter must mean axes of one size everywhere. */
static pleat_status collect_letters(const pleat_graph *graph, const pleat_node *node, int axis_of[128],
                                    pleat_error *err) {
  char text[2][256];
  for (int i = 0; i < 128; i++) axis_of[i] = -1;
  int owner[128] = {0};
  for (int i = 0; i < node->n_in; i++) {
    pleat_value in = node->in[i];
    if (in == PLEAT_NO_VALUE) continue;
    const pleat_value_info *info = &graph->values[in];
    const char *letters = node->letters[1 + i];
    if (strlen(letters) != info->rank)
      PLEAT_FAIL(err, PLEAT_SHAPE, "%s in %s: operand %d is %s but is spelled \"%s\"", pleat_ops[node->op].text,
                 node->scope, i, describe(graph, in, text[0], sizeof text[0]), letters);
    for (int d = 0; d < info->rank; d++) {
      int letter = letters[d] & 127;
      bool is_joined = node->op == PLEAT_OP_CONCAT && d == node->attr.dim;
      if (axis_of[letter] < 0) {
        axis_of[letter] = info->axis[d];
        owner[letter] = i;
      } else if (graph->axes[axis_of[letter]].size != graph->axes[info->axis[d]].size && !is_joined) {
        PLEAT_FAIL(err, PLEAT_SHAPE, "%s in %s: axis %s of %s does not match axis %s of %s", pleat_ops[node->op].text,
                   node->scope, graph->axes[axis_of[letter]].name,
                   describe(graph, node->in[owner[letter]], text[0], sizeof text[0]), graph->axes[info->axis[d]].name,
                   describe(graph, in, text[1], sizeof text[1]));
      }
    }
  }
  return PLEAT_OK;
}

/* The joined axis: made on first use, resized when its parts were. */
static pleat_status joined_axis(pleat_graph *graph, const pleat_node *node, pleat_axis *out, pleat_error *err) {
  char name[256] = "";
  int64_t size = 0;
  size_t n = 0;
  for (int i = 0; i < node->n_in; i++) {
    const pleat_axis_info *axis = &graph->axes[graph->values[node->in[i]].axis[node->attr.dim]];
    if (n < sizeof name) n += (size_t)snprintf(name + n, sizeof name - n, "%s%s", i ? "+" : "", axis->name);
    size += axis->size;
  }
  *out = pleat_graph_find_axis(graph, name);
  if (*out == 0xFFFF) return pleat_graph_add_axis(graph, name, size, out, err);
  graph->axes[*out].size = size;
  return PLEAT_OK;
}

static uint8_t result_dtype(const pleat_graph *graph, const pleat_node *node) {
  switch (node->op) {
    case PLEAT_OP_DIST_BIN:
    case PLEAT_OP_REL_INDEX: return PLEAT_I32;
    case PLEAT_OP_SLICE:
    case PLEAT_OP_PERMUTE:
    case PLEAT_OP_CONCAT: return graph->values[node->in[0]].dtype;
    default: return PLEAT_F32;
  }
}

pleat_status pleat_graph_infer(pleat_graph *graph, const pleat_node *node, pleat_value_info *out_info,
                               pleat_error *err) {
  int axis_of[128];
  PLEAT_TRY(collect_letters(graph, node, axis_of, err));
  const char *letters = node->letters[0];
  size_t rank = strlen(letters);
  PLEAT_ASSERT(rank <= PLEAT_MAX_RANK);
  out_info->rank = (uint8_t)rank;
  out_info->dtype = result_dtype(graph, node);
  for (size_t d = 0; d < rank; d++)
    if (axis_of[letters[d] & 127] >= 0) out_info->axis[d] = (pleat_axis)axis_of[letters[d] & 127];
  if (node->op == PLEAT_OP_CONCAT) return joined_axis(graph, node, &out_info->axis[node->attr.dim], err);
  if (node->op != PLEAT_OP_SLICE) return PLEAT_OK;
  out_info->axis[node->attr.dim] = (pleat_axis)node->attr.n;
  int64_t size = graph->axes[node->attr.n].size, whole = pleat_graph_dim(graph, node->in[0], node->attr.dim);
  if (node->attr.first < 0 || node->attr.first + size > whole)
    PLEAT_FAIL(err, PLEAT_SHAPE, "slice in %s: rows %lld..%lld of axis %s which has %lld", node->scope,
               (long long)node->attr.first, (long long)(node->attr.first + size), graph->axes[node->attr.n].name,
               (long long)whole);
  return PLEAT_OK;
}

/* Carried and emitted values have the axes of what they carry; `is_opening`: inner values, else outer ones. */
static void infer_region(pleat_graph *graph, const pleat_region *region, bool is_opening) {
  for (int k = 0; k < region->n_carries; k++) {
    const pleat_carry *carry = &region->carries[k];
    pleat_value from = is_opening ? carry->init : carry->next, to = is_opening ? carry->param : carry->result;
    memcpy(graph->values[to].axis, graph->values[from].axis, sizeof graph->values[to].axis);
  }
  for (int k = 0; k < region->n_emits && !is_opening; k++) {
    const pleat_value_info *body = &graph->values[region->emits[k].body];
    memcpy(graph->values[region->emits[k].result].axis + 1, body->axis, body->rank * sizeof *body->axis);
  }
}

pleat_status pleat_graph_infer_all(pleat_graph *graph, pleat_error *err) {
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    for (uint32_t r = 0; r < graph->n_regions; r++)
      if (graph->regions[r].first == i) infer_region(graph, &graph->regions[r], true);
    const pleat_node *node = &graph->nodes[i];
    pleat_value_info info = graph->values[node->out];
    uint8_t dtype = info.dtype;
    PLEAT_TRY(pleat_graph_infer(graph, node, &info, err));
    info.dtype = dtype; /* storage is pass/precision's choice */
    memcpy(graph->values[node->out].axis, info.axis, sizeof info.axis);
    for (uint32_t r = graph->n_regions; r-- > 0;)
      if (graph->regions[r].last == i + 1) infer_region(graph, &graph->regions[r], false);
  }
  return PLEAT_OK;
}
