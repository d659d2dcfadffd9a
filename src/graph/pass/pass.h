/* The passes, in the order in which pleat_plan_build runs them. Each leaves a graph that verifies and computes the same
 * numbers (up to rounding where it says so).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_GRAPH_PASS_H
#define PLEAT_GRAPH_PASS_H

#include "graph/ir.h"

/* Constants, common subexpressions, dead code. Sums over empty axes become zeros, and what zeros make of a linear layer
 * (its bias) is kept exactly: an empty extra MSA still adds 1000 * output_b to the pair in every block. */
PLEAT_CHECKED pleat_status pleat_pass_simplify(pleat_graph *graph, pleat_error *err);

/* Exact skipping: shrinks named axes to what masks leave (rows, templates), then the caller simplifies. */
typedef struct pleat_axis_size {
  const char *name;
  int64_t size;
} pleat_axis_size;
PLEAT_CHECKED pleat_status pleat_pass_skip(pleat_graph *graph, const pleat_axis_size *sizes, int n_sizes,
                                           pleat_error *err);

/* Moves what depends on static inputs only to stage ONCE, unless keeping the result costs more memory than it saves
 * work. */
PLEAT_CHECKED pleat_status pleat_pass_hoist(pleat_graph *graph, pleat_error *err);

/* Primitives to fused operations where the backend has the kernel. Rounding may differ in the last bits. */
typedef bool pleat_supports_fn(void *ctx, const pleat_graph *graph, const pleat_node *node);
PLEAT_CHECKED pleat_status pleat_pass_fuse(pleat_graph *graph, pleat_supports_fn *supports, void *ctx,
                                           pleat_error *err);

/* Storage types: with bf16, the large activations of the trunk are stored in bf16 and computed in f32; positions,
 * masks, attention biases, the structure module and the heads stay f32 (doc/numerics.md). */
PLEAT_CHECKED pleat_status pleat_pass_precision(pleat_graph *graph, pleat_dtype storage, pleat_error *err);

/* Cuts the sub-layer that ends in node `last` into `n_slices` along one of its axes: every node that can be computed
 * slice by slice with the end node is moved into a CHUNK region, which holds one slice of each inner value. *out_changed
 * is false when nothing can be cut. An existing region of the same end node gets the new count. */
PLEAT_CHECKED pleat_status pleat_pass_chunk(pleat_graph *graph, pleat_value end, int64_t n_slices, bool *out_changed,
                                            pleat_error *err);

/* Helpers of passes (rewrite.c). */

/* Number of uses of every value: by nodes, regions, outputs and states. `uses` has n_values entries. */
void pleat_graph_count_uses(const pleat_graph *graph, uint32_t *uses);
/* Replaces every use of a value by another of the same size. */
void pleat_graph_replace(pleat_graph *graph, pleat_value from, pleat_value to);
/* Keeps the nodes order[0..n) in that order; definitions and regions follow. Nodes of one region must stay together;
 * regions without nodes disappear. */
PLEAT_CHECKED pleat_status pleat_graph_reorder(pleat_graph *graph, const uint32_t *order, uint32_t n, pleat_error *err);

#endif
