/* The plan: a flat table of kernel launches with every offset, stride and size decided.
 *
 * Nothing is decided or allocated while a plan runs. Launches stand in the order of the stages ONCE, TRUNK, FOLD, LAST;
 * a REPEAT region is a segment that runs `count` times with the iteration number as the only changing argument; the
 * slices of a CHUNK region are launches of their own.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLAN_H
#define PLEAT_PLAN_H

#include "graph/ir.h"

typedef enum pleat_space { PLEAT_SPACE_NONE, PLEAT_SPACE_ARENA, PLEAT_SPACE_WEIGHT } pleat_space;

/* A strided view. Strides are in elements; the last axis has stride 1 unless its size is 1, except for permuted
 * operands of elementwise operations. */
typedef struct pleat_operand {
  uint8_t space;
  uint8_t dtype;
  uint8_t rank;
  uint32_t weight; /* WEIGHT: index into plan->weights */
  int64_t offset;  /* ARENA: bytes; WEIGHT: elements into one block of the weight (always 0 today) */
  int64_t step;    /* ARENA: bytes added per iteration of the segment (emitted values); WEIGHT: 1 when the weight
                      advances one block per iteration, else 0 */
  int64_t size[PLEAT_MAX_RANK];
  int64_t stride[PLEAT_MAX_RANK];
} pleat_operand;

typedef struct pleat_launch {
  const pleat_node *node; /* operation, letters, attributes, scope; borrowed from the graph */
  pleat_operand out;
  pleat_operand in[PLEAT_MAX_IN];
  uint32_t slice;      /* number of the CHUNK slice, 0 outside */
  double flops, bytes; /* of this launch */
  float est_ms;
} pleat_launch;

/* Launches [first, last) run count times in order: all of them for iteration 0, then for iteration 1, ... */
typedef struct pleat_segment {
  uint8_t stage;
  uint32_t first, last;
  int64_t count;
  const char *name;
} pleat_segment;

/* A parameter as the launches use it: the matrix of a product is [K, N] in row-major order and may be packed by a
 * backend; any other has K 1 and is kept as it is. A stacked weight has n_blocks > 1 blocks of block_elements each. */
typedef struct pleat_plan_weight {
  const char *name;      /* may end in "[:,a:b]": the reader then serves those columns as a tensor of their own */
  int64_t K, N;          /* inner and outer size; 1 and the elements */
  int64_t first_element; /* in each block of the stored tensor */
  int64_t n_blocks;
  int64_t block_elements; /* elements from one stored block to the next */
  uint8_t dtype;          /* storage wanted by the precision policy: F32 or BF16 */
} pleat_plan_weight;

/* A named place in the arena: an input to fill, a state to clear, an output to read. */
typedef struct pleat_binding {
  const char *name;
  uint8_t kind;        /* pleat_binding_kind */
  uint8_t input_class; /* inputs */
  pleat_operand operand;
} pleat_binding;
typedef enum pleat_binding_kind { PLEAT_BIND_INPUT, PLEAT_BIND_STATE, PLEAT_BIND_OUTPUT } pleat_binding_kind;

typedef struct pleat_plan {
  pleat_graph *graph; /* owned: the graph after all passes */
  pleat_launch *launches;
  pleat_segment *segments;
  pleat_plan_weight *weights;
  pleat_binding *bindings;
  uint32_t n_launches, n_segments, n_weights, n_bindings;
  int64_t *offsets; /* by value id: bytes into the arena, -1 = not there */
  uint64_t arena_bytes;
  uint64_t scratch_bytes;              /* largest need of a launch */
  uint64_t weight_bytes;               /* all parameters in the dtype that they are kept in */
  double flops, bytes, est_ms, n_runs; /* of a whole prediction with the given numbers of recycles; n_runs: launches */
} pleat_plan;

#endif
