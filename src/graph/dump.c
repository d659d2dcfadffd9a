/* The graph as stable text: one node a line, regions indented, so that a pass reads as a diff.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "graph/ir.h"

const char *const pleat_stage_names[PLEAT_N_STAGES] = {"once", "trunk", "fold", "last"};
static const char *const class_names[] = {"static", "iter", "state"};

static void dump_axes(const pleat_graph *graph, pleat_value value, pleat_buf *out) {
  const pleat_value_info *info = &graph->values[value];
  pleat_buf_printf(out, "%s[", pleat_dtype_text((pleat_dtype)info->dtype));
  for (int d = 0; d < info->rank; d++) {
    const pleat_axis_info *axis = &graph->axes[info->axis[d]];
    pleat_buf_printf(out, "%s%s=%lld", d ? ", " : "", axis->name, (long long)axis->size);
  }
  pleat_buf_puts(out, "]");
}

static void dump_operand(const pleat_graph *graph, pleat_value value, const char *letters, pleat_buf *out) {
  if (value == PLEAT_NO_VALUE) {
    pleat_buf_puts(out, "-");
    return;
  }
  const pleat_value_info *info = &graph->values[value];
  if (info->kind == PLEAT_VALUE_WEIGHT || info->kind == PLEAT_VALUE_INPUT)
    pleat_buf_printf(out, "%s", info->name);
  else
    pleat_buf_printf(out, "%%%u", value);
  if (info->kind == PLEAT_VALUE_WEIGHT && info->stored_rows) pleat_buf_printf(out, "@%lld", (long long)info->first_row);
  if (letters[0]) pleat_buf_printf(out, ":%s", letters);
}

static void dump_attr(const pleat_node *node, pleat_buf *out) {
  const pleat_attr *attr = &node->attr;
  if (attr->a != 0) pleat_buf_printf(out, " a=%.9g", (double)attr->a);
  if (attr->b != 0) pleat_buf_printf(out, " b=%.9g", (double)attr->b);
  if (attr->n && node->op != PLEAT_OP_SLICE) pleat_buf_printf(out, " n=%d", attr->n);
  if (node->op == PLEAT_OP_SLICE || node->op == PLEAT_OP_CONCAT) pleat_buf_printf(out, " dim=%d", attr->dim);
  if (attr->first) pleat_buf_printf(out, " first=%lld", (long long)attr->first);
  if (attr->letter) pleat_buf_printf(out, " over=%c", attr->letter);
  if (attr->act) pleat_buf_printf(out, " act=%s", attr->act == PLEAT_ACT_RELU ? "relu" : "sigmoid");
  if (node->split) pleat_buf_printf(out, " split=%c", node->split);
}

static int depth_of(const pleat_graph *graph, uint16_t region) {
  int depth = 0;
  for (; region != PLEAT_NO_REGION; region = graph->regions[region].parent) depth++;
  return depth;
}

static void indent(int depth, pleat_buf *out) {
  for (int i = 0; i <= depth; i++) pleat_buf_puts(out, "  ");
}

static void open_region(const pleat_graph *graph, uint16_t id, pleat_buf *out) {
  const pleat_region *region = &graph->regions[id];
  indent(depth_of(graph, region->parent), out);
  if (region->is_chunk) {
    pleat_buf_printf(out, "chunk %s in %lld {\n", graph->axes[region->chunk_axis].name, (long long)region->count);
    return;
  }
  pleat_buf_printf(out, "repeat %s x%lld (", region->name, (long long)region->count);
  for (int i = 0; i < region->n_carries; i++)
    pleat_buf_printf(out, "%s%%%u = %%%u", i ? ", " : "", region->carries[i].param, region->carries[i].init);
  pleat_buf_puts(out, ") {\n");
}

static void close_region(const pleat_graph *graph, uint16_t id, pleat_buf *out) {
  const pleat_region *region = &graph->regions[id];
  indent(depth_of(graph, region->parent), out);
  pleat_buf_puts(out, "}");
  for (int i = 0; i < region->n_carries; i++)
    pleat_buf_printf(out, "%s%%%u = %%%u", i ? ", " : " -> ", region->carries[i].result, region->carries[i].next);
  for (int i = 0; i < region->n_emits; i++)
    pleat_buf_printf(out, ", %%%u = stack %%%u", region->emits[i].result, region->emits[i].body);
  pleat_buf_puts(out, "\n");
}

static void dump_node(const pleat_graph *graph, const pleat_node *node, pleat_buf *out) {
  indent(depth_of(graph, node->region), out);
  pleat_buf_printf(out, "%%%u ", node->out);
  dump_axes(graph, node->out, out);
  pleat_buf_printf(out, " = %s", pleat_ops[node->op].text);
  if (node->letters[0][0]) pleat_buf_printf(out, ":%s", node->letters[0]);
  for (int i = 0; i < node->n_in; i++) {
    pleat_buf_puts(out, " ");
    dump_operand(graph, node->in[i], node->letters[1 + i], out);
  }
  dump_attr(node, out);
  if (node->scope[0]) pleat_buf_printf(out, "  # %s", node->scope);
  pleat_buf_puts(out, "\n");
}

void pleat_graph_dump(const pleat_graph *graph, pleat_buf *out) {
  for (uint32_t v = 0; v < graph->n_values; v++) {
    const pleat_value_info *info = &graph->values[v];
    if (info->kind != PLEAT_VALUE_INPUT) continue;
    pleat_buf_printf(out, "input %s ", info->name);
    dump_axes(graph, v, out);
    pleat_buf_printf(out, " %s\n", class_names[info->input_class]);
  }
  uint16_t region = PLEAT_NO_REGION;
  int stage = -1;
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    while (region != PLEAT_NO_REGION && i >= graph->regions[region].last) {
      close_region(graph, region, out);
      region = graph->regions[region].parent;
    }
    if (node->stage != stage) pleat_buf_printf(out, "stage %s\n", pleat_stage_names[stage = node->stage]);
    uint16_t path[8];
    int n_path = 0;
    for (uint16_t r = node->region; r != region && r != PLEAT_NO_REGION && n_path < 8; r = graph->regions[r].parent)
      path[n_path++] = r;
    while (n_path) open_region(graph, path[--n_path], out);
    region = node->region;
    dump_node(graph, node, out);
  }
  for (; region != PLEAT_NO_REGION; region = graph->regions[region].parent) close_region(graph, region, out);
  for (uint32_t i = 0; i < graph->n_states; i++)
    pleat_buf_printf(out, "state %s <- %%%u\n", graph->values[graph->states[i].input].name, graph->states[i].next);
  for (uint32_t i = 0; i < graph->n_outputs; i++)
    pleat_buf_printf(out, "output %s %%%u\n", graph->outputs[i].name, graph->outputs[i].value);
}
