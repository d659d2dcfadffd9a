/* Storage of the graph: axes, values, nodes, regions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/ir.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"

enum { PRIMITIVE = 0, FUSED = 1 };

const pleat_op_info pleat_ops[PLEAT_N_OPS] = {
#define PLEAT_OP(name, text, n_min, n_max, kind, tolerance) {text, n_min, n_max, kind, tolerance},
#include "graph/ops.def"
#undef PLEAT_OP
};

pleat_status pleat_graph_create(pleat_graph **out_graph, pleat_error *err) {
  *out_graph = calloc(1, sizeof(pleat_graph));
  if (!*out_graph) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a graph");
  (*out_graph)->open_region = PLEAT_NO_REGION;
  (*out_graph)->scope = "";
  (*out_graph)->stage = PLEAT_STAGE_TRUNK;
  return PLEAT_OK;
}

void pleat_graph_destroy(pleat_graph *graph) {
  if (!graph) return;
  pleat_arena_fini(&graph->arena);
  free(graph->axes);
  free(graph->values);
  free(graph->nodes);
  free(graph->regions);
  free(graph->outputs);
  free(graph->states);
  free(graph);
}

static pleat_status reserve(void *items, uint32_t n, uint32_t *capacity, size_t item_size, pleat_error *err) {
  if (!pleat_grow(items, n, capacity, item_size)) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a graph of %u items", n);
  return PLEAT_OK;
}

pleat_status pleat_graph_intern(pleat_graph *graph, const char *text, const char **out_text, pleat_error *err) {
  *out_text = "";
  if (!text || !*text) return PLEAT_OK;
  *out_text = pleat_arena_strdup(&graph->arena, text);
  if (!*out_text) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a name in the graph");
  return PLEAT_OK;
}

pleat_axis pleat_graph_find_axis(const pleat_graph *graph, const char *name) {
  for (uint32_t i = 0; i < graph->n_axes; i++)
    if (!strcmp(graph->axes[i].name, name)) return (pleat_axis)i;
  return 0xFFFF;
}

pleat_status pleat_graph_add_axis(pleat_graph *graph, const char *name, int64_t size, pleat_axis *out_axis,
                                  pleat_error *err) {
  pleat_axis found = pleat_graph_find_axis(graph, name);
  if (found != 0xFFFF) {
    if (graph->axes[found].size != size)
      PLEAT_FAIL(err, PLEAT_SHAPE, "axis %s is both %lld and %lld long", name, (long long)graph->axes[found].size,
                 (long long)size);
    *out_axis = found;
    return PLEAT_OK;
  }
  if (size < 0) PLEAT_FAIL(err, PLEAT_SHAPE, "axis %s would have %lld elements", name, (long long)size);
  PLEAT_TRY(reserve(&graph->axes, graph->n_axes, &graph->cap_axes, sizeof *graph->axes, err));
  pleat_axis_info *info = &graph->axes[graph->n_axes];
  PLEAT_TRY(pleat_graph_intern(graph, name, &info->name, err));
  info->size = size;
  *out_axis = (pleat_axis)graph->n_axes++;
  return PLEAT_OK;
}

pleat_status pleat_graph_add_value(pleat_graph *graph, const pleat_value_info *info, pleat_value *out,
                                   pleat_error *err) {
  PLEAT_TRY(reserve(&graph->values, graph->n_values, &graph->cap_values, sizeof *graph->values, err));
  pleat_value_info *value = &graph->values[graph->n_values];
  *value = *info;
  PLEAT_TRY(pleat_graph_intern(graph, info->name, &value->name, err));
  *out = graph->n_values++;
  return PLEAT_OK;
}

pleat_status pleat_graph_add_node(pleat_graph *graph, const pleat_node *node, pleat_error *err) {
  PLEAT_TRY(reserve(&graph->nodes, graph->n_nodes, &graph->cap_nodes, sizeof *graph->nodes, err));
  graph->nodes[graph->n_nodes] = *node;
  graph->values[node->out].def = graph->n_nodes++;
  return PLEAT_OK;
}

pleat_status pleat_graph_add_region(pleat_graph *graph, const pleat_region *region, uint16_t *out_id,
                                    pleat_error *err) {
  PLEAT_TRY(reserve(&graph->regions, graph->n_regions, &graph->cap_regions, sizeof *graph->regions, err));
  graph->regions[graph->n_regions] = *region;
  PLEAT_TRY(pleat_graph_intern(graph, region->name, &graph->regions[graph->n_regions].name, err));
  *out_id = (uint16_t)graph->n_regions++;
  return PLEAT_OK;
}

pleat_status pleat_graph_add_output(pleat_graph *graph, const char *name, pleat_value value, pleat_error *err) {
  PLEAT_TRY(reserve(&graph->outputs, graph->n_outputs, &graph->cap_outputs, sizeof *graph->outputs, err));
  pleat_output *output = &graph->outputs[graph->n_outputs];
  PLEAT_TRY(pleat_graph_intern(graph, name, &output->name, err));
  output->value = value;
  graph->n_outputs++;
  return PLEAT_OK;
}

pleat_status pleat_graph_add_state(pleat_graph *graph, pleat_value input, pleat_value next, pleat_error *err) {
  PLEAT_TRY(reserve(&graph->states, graph->n_states, &graph->cap_states, sizeof *graph->states, err));
  graph->states[graph->n_states++] = (pleat_state){input, next};
  return PLEAT_OK;
}

int64_t pleat_graph_dim(const pleat_graph *graph, pleat_value value, int dim) {
  return graph->axes[graph->values[value].axis[dim]].size;
}

int64_t pleat_graph_elements(const pleat_graph *graph, pleat_value value) {
  int64_t n = 1;
  for (int d = 0; d < graph->values[value].rank; d++) n *= pleat_graph_dim(graph, value, d);
  return n;
}

size_t pleat_graph_bytes(const pleat_graph *graph, pleat_value value) {
  return (size_t)pleat_graph_elements(graph, value) * pleat_dtype_size((pleat_dtype)graph->values[value].dtype);
}

int pleat_letter_find(const char *letters, char letter) {
  const char *at = letter ? strchr(letters, letter) : NULL;
  return at ? (int)(at - letters) : -1;
}

/* Letters over which an operation mixes elements although they appear in its result. */
static bool is_locked(const pleat_node *node, char letter) {
  size_t rank = strlen(node->letters[0]);
  char last = rank ? node->letters[0][rank - 1] : 0;
  switch (node->op) {
    case PLEAT_OP_LAYER_NORM:
    case PLEAT_OP_L2_NORMALIZE: return letter == last;
    case PLEAT_OP_SOFTMAX: return letter == node->attr.letter;
    case PLEAT_OP_FRAME_APPLY:
    case PLEAT_OP_FRAME_INVERT: return letter == node->attr.letter;
    case PLEAT_OP_DROPOUT_MASK: return true; /* elements are numbered as a whole */
    case PLEAT_OP_SLICE:
    case PLEAT_OP_CONCAT: return letter == node->letters[0][node->attr.dim];
    case PLEAT_OP_LINEAR: /* output columns: packed panels are not cut */
    case PLEAT_OP_FUSED_LINEAR: return pleat_letter_find(node->letters[1], letter) < 0;
    case PLEAT_OP_TRANSITION:
    case PLEAT_OP_OUTER_PRODUCT: return letter == last;
    case PLEAT_OP_ATTENTION: /* heads and channels */
      return pleat_letter_find(node->letters[0], letter) >= (int)rank - 2;
    case PLEAT_OP_LOOKUP:
    case PLEAT_OP_LOOKUP_ADD:
    case PLEAT_OP_POINT_NORM: return letter == last && node->op != PLEAT_OP_POINT_NORM;
    case PLEAT_OP_PSEUDO_BETA:
    case PLEAT_OP_QUAT_UPDATE:
    case PLEAT_OP_QUAT_FRAME:
    case PLEAT_OP_FRAME_COMPOSE:
    case PLEAT_OP_FRAME_DIRECTION:
    case PLEAT_OP_TORSION_ATOMS:
    case PLEAT_OP_GATHER_ATOMS: return pleat_letter_find(node->letters[1], letter) < 0 || letter == last;
    default: return false;
  }
}

bool pleat_node_is_splittable(const pleat_node *node, char letter) {
  return pleat_letter_find(node->letters[0], letter) >= 0 && !is_locked(node, letter) && node->op != PLEAT_OP_SLICE;
}

int pleat_node_residual(const pleat_node *node) {
  switch (node->op) {
    case PLEAT_OP_FUSED_LINEAR: return PLEAT_FL_RESIDUAL;
    case PLEAT_OP_TRANSITION: return PLEAT_TR_RESIDUAL;
    case PLEAT_OP_OUTER_PRODUCT: return PLEAT_OP_RESIDUAL;
    case PLEAT_OP_LOOKUP_ADD: return PLEAT_LA_RESIDUAL;
    case PLEAT_OP_ADD: return 0;
    default: return -1;
  }
}

bool pleat_node_is_matrix(const pleat_node *node, int slot) {
  switch (node->op) {
    case PLEAT_OP_LINEAR: return slot == 1;
    case PLEAT_OP_FUSED_LINEAR: return slot == PLEAT_FL_W || slot == PLEAT_FL_GATE_W;
    case PLEAT_OP_TRANSITION: return slot == PLEAT_TR_W1 || slot == PLEAT_TR_W2;
    case PLEAT_OP_OUTER_PRODUCT: return slot == PLEAT_OP_W;
    default: return false;
  }
}
