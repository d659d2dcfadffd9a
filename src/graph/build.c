/* Builder calls; see build.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/build.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"

pleat_status pleat_build_status(pleat_graph *g, pleat_error *err) {
  if (g->error.status && err) *err = g->error;
  return g->error.status;
}

/* Keeps the first failure; true when building may go on. */
static bool is_ok(pleat_graph *g) { return g->error.status == PLEAT_OK; }

static bool keep(pleat_graph *g, pleat_status status) {
  if (status && !g->error.status) g->error.status = status;
  return status == PLEAT_OK;
}

pleat_axis pleat_build_axis(pleat_graph *g, const char *name, int64_t size) {
  pleat_axis axis = 0;
  if (is_ok(g)) keep(g, pleat_graph_add_axis(g, name, size, &axis, &g->error));
  return axis;
}

void pleat_build_scope(pleat_graph *g, const char *scope) {
  if (is_ok(g)) keep(g, pleat_graph_intern(g, scope, &g->scope, &g->error));
}

void pleat_build_stage(pleat_graph *g, pleat_stage stage) { g->stage = (uint8_t)stage; }

static pleat_value add_value(pleat_graph *g, const pleat_value_info *info) {
  pleat_value value = PLEAT_NO_VALUE;
  if (is_ok(g) && !keep(g, pleat_graph_add_value(g, info, &value, &g->error))) return PLEAT_NO_VALUE;
  return value;
}

pleat_value pleat_build_input(pleat_graph *g, const char *name, pleat_dtype dtype, pleat_input_class input_class,
                              int rank, const pleat_axis *axes) {
  pleat_value_info info = {.name = name,
                           .kind = PLEAT_VALUE_INPUT,
                           .dtype = (uint8_t)dtype,
                           .rank = (uint8_t)rank,
                           .input_class = (uint8_t)input_class};
  memcpy(info.axis, axes, (size_t)rank * sizeof *axes);
  return add_value(g, &info);
}

pleat_value pleat_build_weight(pleat_graph *g, const char *name, pleat_weight_view view, int rank,
                               const pleat_axis *axes) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_value_info info = {.name = name,
                           .kind = PLEAT_VALUE_WEIGHT,
                           .dtype = PLEAT_F32,
                           .rank = (uint8_t)rank,
                           .is_stacked = view.is_stacked,
                           .first_row = view.first_row,
                           .stored_rows = view.stored_rows,
                           .first_col = view.first_col,
                           .stored_cols = view.stored_cols};
  memcpy(info.axis, axes, (size_t)rank * sizeof *axes);
  char sliced[320];
  if (view.stored_cols) {
    int64_t last = view.first_col + g->axes[axes[rank - 1]].size;
    snprintf(sliced, sizeof sliced, "%s[:,%lld:%lld]", name, (long long)view.first_col, (long long)last);
    info.name = sliced;
  }
  return add_value(g, &info);
}

/* "ab,bc->ac" into the node's letters; returns the number of inputs. "->..." is no input, or one scalar. */
static int split_spec(const char *spec, pleat_node *node) {
  int operand = 1, n = 0;
  const char *p = spec;
  for (; *p; p++) {
    if (*p == '-' && p[1] == '>') {
      size_t n_out = strlen(p + 2);
      PLEAT_ASSERT(n_out <= PLEAT_MAX_RANK);
      memcpy(node->letters[0], p + 2, n_out + 1);
      break;
    }
    if (*p == ',') {
      operand++;
      n = 0;
    } else if (n < PLEAT_MAX_RANK) {
      node->letters[operand][n++] = *p;
    }
  }
  return p == spec && !pleat_ops[node->op].n_min ? 0 : operand;
}

pleat_value pleat_build_op_axes(pleat_graph *g, pleat_op op, const char *spec, pleat_attr attr,
                                const pleat_value *inputs, const pleat_axis *new_axes) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_node node = {.op = (uint8_t)op, .stage = g->stage, .region = g->open_region, .attr = attr, .scope = g->scope};
  node.n_in = (uint8_t)split_spec(spec, &node);
  PLEAT_ASSERT(inputs || !node.n_in);
  for (int i = 0; i < node.n_in; i++) node.in[i] = inputs[i];
  pleat_value_info info = {.name = "", .kind = PLEAT_VALUE_NODE};
  for (int d = 0; new_axes && node.letters[0][d]; d++) {
    bool is_known = false;
    for (int i = 0; i < node.n_in; i++) is_known |= pleat_letter_find(node.letters[1 + i], node.letters[0][d]) >= 0;
    if (!is_known) info.axis[d] = *new_axes++;
  }
  if (!keep(g, pleat_graph_infer(g, &node, &info, &g->error))) return PLEAT_NO_VALUE;
  node.out = add_value(g, &info);
  if (!is_ok(g) || !keep(g, pleat_graph_add_node(g, &node, &g->error))) return PLEAT_NO_VALUE;
  return node.out;
}

pleat_value pleat_build_op(pleat_graph *g, pleat_op op, const char *spec, pleat_attr attr, const pleat_value *inputs) {
  return pleat_build_op_axes(g, op, spec, attr, inputs, NULL);
}

/* Spelling of a value by its own axes: "abcd". */
static char *spell(const pleat_graph *g, pleat_value x, char *out) {
  int rank = 0;
  for (; rank < g->values[x].rank && rank < PLEAT_MAX_RANK; rank++) out[rank] = (char)('a' + rank);
  out[rank] = 0;
  return out;
}

pleat_value pleat_build_linear_k(pleat_graph *g, pleat_value x, pleat_value W, pleat_value opt_b, int n_k) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  char xs[8], ws[8], ns[8], spec[40];
  int n_x = g->values[x].rank, n_w = g->values[W].rank;
  spell(g, x, xs);
  for (int d = 0; d < n_k; d++) ws[d] = xs[n_x - n_k + d];
  for (int d = n_k; d < n_w; d++) ws[d] = ns[d - n_k] = (char)('o' + d);
  ws[n_w] = ns[n_w - n_k] = 0;
  char *p = spec;
  for (const char *q = xs; *q;) *p++ = *q++;
  *p++ = ',';
  for (const char *q = ws; *q;) *p++ = *q++;
  if (opt_b != PLEAT_NO_VALUE) {
    *p++ = ',';
    for (const char *q = ns; *q;) *p++ = *q++;
  }
  *p++ = '-', *p++ = '>';
  for (int d = 0; d < n_x - n_k; d++) *p++ = xs[d];
  for (const char *q = ns; *q;) *p++ = *q++;
  *p = 0;
  return pleat_build_op(g, PLEAT_OP_LINEAR, spec, (pleat_attr){0}, (const pleat_value[]){x, W, opt_b});
}

pleat_value pleat_build_linear(pleat_graph *g, pleat_value x, pleat_value W, pleat_value opt_b) {
  return pleat_build_linear_k(g, x, W, opt_b, 1);
}

/* spec of an operation whose first input and result have the spelling of x, further inputs as given. */
static pleat_value like_input(pleat_graph *g, pleat_op op, pleat_attr attr, pleat_value x, const char *others,
                              const pleat_value *inputs) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  char xs[8], spec[40] = "";
  spell(g, x, xs);
  strcat(strcat(strcat(strcat(spec, xs), others), "->"), xs);
  return pleat_build_op(g, op, spec, attr, inputs);
}

pleat_value pleat_build_layer_norm(pleat_graph *g, pleat_value x, pleat_value scale, pleat_value offset) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  char c = (char)('a' + g->values[x].rank - 1), others[6] = {',', c, ',', c, 0};
  return like_input(g, PLEAT_OP_LAYER_NORM, (pleat_attr){.a = 1e-5f}, x, others,
                    (const pleat_value[]){x, scale, offset});
}

pleat_value pleat_build_unary(pleat_graph *g, pleat_op op, pleat_value x) {
  return like_input(g, op, (pleat_attr){0}, x, "", &x);
}

pleat_value pleat_build_affine(pleat_graph *g, pleat_value x, float factor, float summand) {
  return like_input(g, PLEAT_OP_AFFINE, (pleat_attr){.a = factor, .b = summand}, x, "", &x);
}

pleat_value pleat_build_binary(pleat_graph *g, pleat_op op, pleat_value a, pleat_value b) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  char others[8] = ",";
  spell(g, b, others + 1);
  return like_input(g, op, (pleat_attr){0}, a, others, (const pleat_value[]){a, b});
}

pleat_value pleat_build_slice(pleat_graph *g, pleat_value x, int dim, int64_t first, pleat_axis axis) {
  return like_input(g, PLEAT_OP_SLICE, (pleat_attr){.dim = dim, .first = first, .n = axis}, x, "", &x);
}

pleat_value pleat_build_concat(pleat_graph *g, int dim, int n, const pleat_value *parts) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  char xs[8], others[80] = "";
  spell(g, parts[0], xs);
  for (int i = 1; i < n; i++) strcat(strcat(others, ","), xs);
  return like_input(g, PLEAT_OP_CONCAT, (pleat_attr){.dim = dim}, parts[0], others, parts);
}

pleat_value pleat_build_fill(pleat_graph *g, float value, int rank, const pleat_axis *axes) {
  char spec[12] = "->";
  for (int d = 0; d < rank; d++) spec[2 + d] = (char)('a' + d);
  spec[2 + rank] = 0;
  return pleat_build_op_axes(g, PLEAT_OP_FILL, spec, (pleat_attr){.a = value}, NULL, axes);
}

void pleat_build_repeat_begin(pleat_graph *g, const char *name, int64_t count) {
  if (!is_ok(g)) return;
  pleat_region region = {.parent = g->open_region, .first = g->n_nodes, .count = count, .name = name};
  keep(g, pleat_graph_add_region(g, &region, &g->open_region, &g->error));
}

pleat_value pleat_build_carry(pleat_graph *g, pleat_value init) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_value_info info = g->values[init];
  info.kind = PLEAT_VALUE_PARAM;
  info.name = "";
  info.def = g->open_region;
  pleat_value param = add_value(g, &info);
  info.kind = PLEAT_VALUE_RESULT;
  pleat_value result = add_value(g, &info);
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_region *region = &g->regions[g->open_region];
  region->carries[region->n_carries++] = (pleat_carry){.init = init, .param = param, .result = result};
  return param;
}

pleat_value pleat_build_emit(pleat_graph *g, pleat_value body, pleat_axis count_axis) {
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_value_info info = g->values[body];
  info.kind = PLEAT_VALUE_RESULT;
  info.name = "";
  info.def = g->open_region;
  memmove(info.axis + 1, info.axis, info.rank * sizeof *info.axis);
  info.axis[0] = count_axis;
  info.rank++;
  pleat_value result = add_value(g, &info);
  if (!is_ok(g)) return PLEAT_NO_VALUE;
  pleat_region *region = &g->regions[g->open_region];
  region->emits[region->n_emits++] = (pleat_emit){.body = body, .result = result};
  return result;
}

void pleat_build_repeat_end(pleat_graph *g, int n, pleat_value *next_to_result) {
  if (!is_ok(g)) return;
  pleat_region *region = &g->regions[g->open_region];
  PLEAT_ASSERT(n == region->n_carries);
  region->last = g->n_nodes;
  for (int i = 0; i < n; i++) {
    region->carries[i].next = next_to_result[i];
    next_to_result[i] = region->carries[i].result;
  }
  g->open_region = region->parent;
}

void pleat_build_output(pleat_graph *g, const char *name, pleat_value value) {
  if (is_ok(g)) keep(g, pleat_graph_add_output(g, name, value, &g->error));
}

void pleat_build_state(pleat_graph *g, pleat_value input, pleat_value next) {
  if (is_ok(g)) keep(g, pleat_graph_add_state(g, input, next, &g->error));
}
