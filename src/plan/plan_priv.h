/* What the planner's files share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLAN_PRIV_H
#define PLEAT_PLAN_PRIV_H

#include "plan/build_plan.h"

enum { PLEAT_ALIGN = 64 };

/* Where every value lives, by value id. */
typedef struct pleat_placement {
  int64_t *offset; /* bytes into the arena; -1 = not in the arena */
  uint64_t arena_bytes;
  uint32_t peak_node; /* node at which most bytes are live */
} pleat_placement;

/* Lifetimes, in-place reuse, offsets (memory.c). A carried value or state that cannot share its buffer gets a copy
 * node, so the graph may grow. num_ensemble > 1 keeps the trunk's inputs alive until the last member; heads in the loop
 * leave alone what the next pass reads. */
PLEAT_CHECKED pleat_status pleat_place_values(pleat_graph *graph, int64_t num_ensemble, bool has_heads_in_loop,
                                              pleat_placement *out, pleat_error *err);
void pleat_placement_fini(pleat_placement *placement);
/* Input slots that a node may overwrite with its result; bit k = input k. */
uint32_t pleat_in_place_slots(const pleat_graph *graph, const pleat_node *node);
/* Those, and the query of an attention: inputs whose buffer the result may take over. */
uint32_t pleat_shared_slots(const pleat_graph *graph, const pleat_node *node);
/* Rows of a slice of a CHUNK region that holds the value, and the dimension; false when the value is stored whole. */
bool pleat_value_is_sliced(const pleat_graph *graph, pleat_value value, int *out_dim, int64_t *out_rows);

/* Launches, segments, weights, bindings and sums of a placed graph; takes the placement's offsets (write_plan.c). */
PLEAT_CHECKED pleat_status pleat_plan_write(pleat_plan *plan, pleat_placement *placement,
                                            const pleat_plan_options *options, pleat_error *err);
void pleat_launch_cost(pleat_launch *launch);

#endif
