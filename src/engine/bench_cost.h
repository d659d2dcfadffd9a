/* The network's sub-layers as a benchmark reports them: which nodes belong to each, and the least time that it takes.
 *
 * The cost model is that of a fused plan: a few kernels per sub-layer, each bound by arithmetic (exponentials share the
 * pipes with multiply-adds) or by reading its inputs and weights and writing its outputs once.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BENCH_COST_H
#define PLEAT_BENCH_COST_H

#include "graph/ir.h"
#include "model/config.h"

typedef enum pleat_bench_row {
  PLEAT_BENCH_EMBED, /* also what belongs nowhere else */
  PLEAT_BENCH_TEMPLATES,
  PLEAT_BENCH_EXTRA_ROW,
  PLEAT_BENCH_EXTRA_COLUMN,
  PLEAT_BENCH_EXTRA_TRANSITION,
  PLEAT_BENCH_EXTRA_OUTER,
  PLEAT_BENCH_EXTRA_TRI_OUT,
  PLEAT_BENCH_EXTRA_TRI_IN,
  PLEAT_BENCH_EXTRA_TRI_START,
  PLEAT_BENCH_EXTRA_TRI_END,
  PLEAT_BENCH_EXTRA_PAIR,
  PLEAT_BENCH_MSA_ROW,
  PLEAT_BENCH_MSA_COLUMN,
  PLEAT_BENCH_MSA_TRANSITION,
  PLEAT_BENCH_OUTER,
  PLEAT_BENCH_TRI_OUT,
  PLEAT_BENCH_TRI_IN,
  PLEAT_BENCH_TRI_START,
  PLEAT_BENCH_TRI_END,
  PLEAT_BENCH_PAIR,
  PLEAT_BENCH_STRUCTURE,
  PLEAT_BENCH_HEADS,
  PLEAT_BENCH_N_ROWS
} pleat_bench_row;

const char *pleat_bench_row_name(pleat_bench_row row);
/* The sub-layer that a node is part of; `previous` is that of the node before, whose residual it may add. */
pleat_bench_row pleat_bench_row_of(const pleat_node *node, pleat_bench_row previous);

/* One prediction without templates. Channels are the published ones, counts of blocks those of the sizes. */
typedef struct pleat_bench_work {
  const pleat_sizes *sizes;
  int64_t n_res, n_seq, n_extra;
  int64_t n_passes; /* recycles + 1 */
} pleat_bench_work;

typedef struct pleat_bench_machine {
  double flops_per_s;     /* of matrix products, in the type of the network's storage */
  double f32_flops_per_s; /* an exponential takes the time of 20 of these */
  double bytes_per_s;     /* read plus written */
  int item_bytes;         /* of an activation or a weight: 4, or 2 for bf16 */
} pleat_bench_machine;

/* Milliseconds of all calls of a sub-layer in one prediction; 0 where the model has none (templates, and the sub-layers
 * of extra rows when there are no such rows). */
double pleat_bench_roofline_ms(pleat_bench_row row, const pleat_bench_work *work, const pleat_bench_machine *machine);

#endif
