/* From a model's graph to its plan: runs every pass, places values, writes launches.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BUILD_PLAN_H
#define PLEAT_BUILD_PLAN_H

#include "graph/pass/pass.h"
#include "plan/plan.h"

typedef struct pleat_plan_options {
  const pleat_axis_size *skip; /* axes to shrink: what masks remove */
  int n_skip;
  pleat_supports_fn *supports; /* the backend's kernels */
  void *supports_ctx;
  uint64_t (*scratch_bytes)(void *ctx, const pleat_launch *launch);
  bool is_unfused;
  bool is_unhoisted;
  pleat_dtype storage; /* F32 or BF16 */
  int64_t num_recycle, num_ensemble;
  bool has_heads_in_loop; /* stage LAST runs after every pass, not only after the last one */
  uint64_t budget_bytes;  /* for arena and scratch; 0 = no limit */
  int64_t n_slices;       /* cut every sub-layer that can be cut into at least this many; 0 = as memory asks */
  double flops_per_s, bytes_per_s, seconds_per_launch; /* of the device, for estimates */
  /* Called after every stage with its name ("build", "simplify", "skip", "hoist", "fuse", "precision", "chunk"). */
  void (*opt_on_stage)(void *ctx, const char *stage, const pleat_graph *graph);
  void *on_stage_ctx;
} pleat_plan_options;

/* Takes the graph (also on failure). Errors: NOMEM when no amount of slicing fits the budget (needed and given bytes). */
PLEAT_CHECKED pleat_status pleat_plan_build(pleat_graph *graph, const pleat_plan_options *options,
                                            pleat_plan **out_plan, pleat_error *err);
void pleat_plan_destroy(pleat_plan *plan); /* NULL is allowed */
const pleat_binding *pleat_plan_find(const pleat_plan *plan, pleat_binding_kind kind, const char *name);
/* Offsets of all values ("memory") and the table of launches ("plan") as text. */
void pleat_plan_dump_memory(const pleat_plan *plan, pleat_buf *out);
void pleat_plan_dump(const pleat_plan *plan, pleat_buf *out);

#endif
