/* Building graphs: calls that read like the algorithm they build.
 *
 * Builder calls return the new value and never fail visibly: the first error stays in graph->error, later calls do
 * nothing and return PLEAT_NO_VALUE, and the caller checks once with pleat_build_status. Shapes are checked by inference
 * at every call, so an error names the axes that do not fit.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_GRAPH_BUILD_H
#define PLEAT_GRAPH_BUILD_H

#include "graph/ir.h"

pleat_status pleat_build_status(pleat_graph *g, pleat_error *err);

pleat_axis pleat_build_axis(pleat_graph *g, const char *name, int64_t size);
/* Where the following nodes come from ("evoformer/msa_transition"), and when they run. */
void pleat_build_scope(pleat_graph *g, const char *scope);
void pleat_build_stage(pleat_graph *g, pleat_stage stage);

pleat_value pleat_build_input(pleat_graph *g, const char *name, pleat_dtype dtype, pleat_input_class input_class,
                              int rank, const pleat_axis *axes);
/* Parameter `name` seen as an array of these axes (the stored shape holds as many elements, in the same order).
 * Rows [first_row, ...) of a stored first axis of stored_rows when stored_rows > 0; columns [first_col, ...) of a stored
 * last axis of stored_cols when stored_cols > 0. */
typedef struct pleat_weight_view {
  bool is_stacked;
  int64_t first_row, stored_rows, first_col, stored_cols;
} pleat_weight_view;
pleat_value pleat_build_weight(pleat_graph *g, const char *name, pleat_weight_view view, int rank,
                               const pleat_axis *axes);

/* Any operation: spec spells inputs and result, "ikc,jkc->ijc"; inputs end with the count in the spec. Axes of result
 * letters that no input has are given by the _axes variant, in the order of their letters. */
pleat_value pleat_build_op(pleat_graph *g, pleat_op op, const char *spec, pleat_attr attr, const pleat_value *inputs);
pleat_value pleat_build_op_axes(pleat_graph *g, pleat_op op, const char *spec, pleat_attr attr,
                                const pleat_value *inputs, const pleat_axis *new_axes);
#define PLEAT_BUILD(g, op, spec, ...) \
  pleat_build_op((g), PLEAT_OP_##op, (spec), (pleat_attr){0}, (const pleat_value[]){__VA_ARGS__})
#define PLEAT_BUILD_ATTR(g, op, spec, attr, ...) \
  pleat_build_op((g), PLEAT_OP_##op, (spec), (attr), (const pleat_value[]){__VA_ARGS__})

/* Contracts the last axes of x with the first axes of W; opt_b may be PLEAT_NO_VALUE. n_k: number of such axes. */
pleat_value pleat_build_linear_k(pleat_graph *g, pleat_value x, pleat_value W, pleat_value opt_b, int n_k);
pleat_value pleat_build_linear(pleat_graph *g, pleat_value x, pleat_value W, pleat_value opt_b);
pleat_value pleat_build_layer_norm(pleat_graph *g, pleat_value x, pleat_value scale, pleat_value offset);
/* Same-shape elementwise operations, without spelling. */
pleat_value pleat_build_unary(pleat_graph *g, pleat_op op, pleat_value x);
pleat_value pleat_build_affine(pleat_graph *g, pleat_value x, float factor, float summand);
pleat_value pleat_build_binary(pleat_graph *g, pleat_op op, pleat_value a, pleat_value b);
/* Rows [first, first + size of axis) of dimension dim. */
pleat_value pleat_build_slice(pleat_graph *g, pleat_value x, int dim, int64_t first, pleat_axis axis);
pleat_value pleat_build_concat(pleat_graph *g, int dim, int n, const pleat_value *parts);
pleat_value pleat_build_fill(pleat_graph *g, float value, int rank, const pleat_axis *axes);

/* A body applied `count` times: begin, carry each value in, build the body, end with the next values. The results of
 * the last iteration come back in the same array. */
void pleat_build_repeat_begin(pleat_graph *g, const char *name, int64_t count);
pleat_value pleat_build_carry(pleat_graph *g, pleat_value init);
/* Collects a value of every iteration; valid after the end, with a new leading axis. */
pleat_value pleat_build_emit(pleat_graph *g, pleat_value body, pleat_axis count_axis);
void pleat_build_repeat_end(pleat_graph *g, int n, pleat_value *next_to_result);

void pleat_build_output(pleat_graph *g, const char *name, pleat_value value);
void pleat_build_state(pleat_graph *g, pleat_value input, pleat_value next);

#endif
