/* The graph: values and nodes by id, named axes, regions with repeat counts.
 *
 * A graph is a list of nodes in program order (static single assignment). Axes are named and their sizes live in one
 * table, so that shrinking an axis (pass/skip) reshapes everything that carries it. Every node spells its operands
 * with one letter per axis (ops.def); chunking, fusion and the kernels' strides all follow from these letters.
 *
 * Regions are ranges of consecutive nodes. REPEAT: a body applied `count` times to carried values; stacked weights
 * advance by one block per iteration. CHUNK: a body run for `count` slices of one axis (made by pass/chunk only); the
 * values inside hold one slice. Regions nest (CHUNK inside REPEAT) but do not overlap.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_GRAPH_IR_H
#define PLEAT_GRAPH_IR_H

#include "base/arena.h"
#include "base/buf.h"
#include "pleat/arrays.h"

typedef uint32_t pleat_value; /* index into graph->values */
typedef uint16_t pleat_axis;  /* index into graph->axes */

enum { PLEAT_NO_VALUE = 0xFFFFFFFF, PLEAT_NO_REGION = 0xFFFF, PLEAT_MAX_IN = 12, PLEAT_MAX_CARRY = 4 };

typedef enum pleat_op {
#define PLEAT_OP(name, text, n_min, n_max, kind, tolerance) PLEAT_OP_##name,
#include "graph/ops.def"
#undef PLEAT_OP
  PLEAT_N_OPS
} pleat_op;

typedef struct pleat_op_info {
  const char *text;
  uint8_t n_min, n_max;
  bool is_fused;
  double tolerance;
} pleat_op_info;
extern const pleat_op_info pleat_ops[PLEAT_N_OPS];

/* Slots of the fused operations. */
/* clang-format off */
enum { PLEAT_FL_X, PLEAT_FL_LN_SCALE, PLEAT_FL_LN_OFFSET, PLEAT_FL_W, PLEAT_FL_B, PLEAT_FL_GATE_W, PLEAT_FL_GATE_B,
       PLEAT_FL_MUL, PLEAT_FL_MASK, PLEAT_FL_RESIDUAL };
enum { PLEAT_AT_Q, PLEAT_AT_K, PLEAT_AT_V, PLEAT_AT_BIAS, PLEAT_AT_MASK, PLEAT_AT_GATE };
enum { PLEAT_TR_X, PLEAT_TR_LN_SCALE, PLEAT_TR_LN_OFFSET, PLEAT_TR_W1, PLEAT_TR_B1, PLEAT_TR_W2, PLEAT_TR_B2,
       PLEAT_TR_RESIDUAL };
enum { PLEAT_OP_A, PLEAT_OP_B, PLEAT_OP_W, PLEAT_OP_BIAS, PLEAT_OP_NORM, PLEAT_OP_RESIDUAL };
enum { PLEAT_LA_TABLE, PLEAT_LA_INDEX, PLEAT_LA_MASK, PLEAT_LA_RESIDUAL };
/* clang-format on */
enum { PLEAT_ACT_NONE, PLEAT_ACT_RELU, PLEAT_ACT_SIGMOID };

typedef struct pleat_axis_info {
  const char *name;
  int64_t size;
} pleat_axis_info;

typedef enum pleat_value_kind {
  PLEAT_VALUE_INPUT,  /* filled by the engine; name */
  PLEAT_VALUE_WEIGHT, /* parameter; name, first_row, is_stacked */
  PLEAT_VALUE_NODE,   /* result of a node; def = node */
  PLEAT_VALUE_PARAM,  /* carried value inside a REPEAT region; def = region */
  PLEAT_VALUE_RESULT  /* carried or emitted value after a REPEAT region; def = region */
} pleat_value_kind;

/* How often an input changes: decides what pass/hoist may move out of the loop. */
typedef enum pleat_input_class {
  PLEAT_INPUT_STATIC, /* the same in every recycle */
  PLEAT_INPUT_ITER,   /* per recycle (and ensemble member) */
  PLEAT_INPUT_STATE   /* the previous recycle's result; see pleat_state */
} pleat_input_class;

/* When a node runs. */
typedef enum pleat_stage {
  PLEAT_STAGE_ONCE,  /* once per prediction (pass/hoist puts nodes here) */
  PLEAT_STAGE_TRUNK, /* once per recycle and ensemble member: embedding and Evoformer */
  PLEAT_STAGE_FOLD,  /* once per recycle: structure module */
  PLEAT_STAGE_LAST,  /* after the last recycle: heads */
  PLEAT_N_STAGES
} pleat_stage;
extern const char *const pleat_stage_names[PLEAT_N_STAGES]; /* as dumps call them */

typedef struct pleat_value_info {
  const char *name; /* inputs, weights; results may be named for dumps; "" otherwise */
  uint8_t kind;
  uint8_t dtype;
  uint8_t rank;
  uint8_t input_class;
  bool is_stacked; /* weight: the file's leading axis is the block */
  pleat_axis axis[PLEAT_MAX_RANK];
  uint32_t def;
  int64_t first_row;   /* weight: the value holds rows [first_row, first_row + size) of the stored axis 0 */
  int64_t stored_rows; /* weight: size of the stored axis 0 (after the block axis); 0 = all of it */
  int64_t first_col;   /* weight of two axes: the value holds columns [first_col, ...) of stored_cols; its name */
  int64_t stored_cols; /* then ends in "[:,first:last]", which the weight reader resolves; 0 = all of them */
} pleat_value_info;

typedef struct pleat_attr {
  float a, b;    /* AFFINE factor and summand, FILL value, epsilons, scales */
  int32_t n;     /* counts and variants, see ops.def; SLICE: the axis of the result */
  int32_t dim;   /* position of an axis in the operand (SLICE, CONCAT) */
  int64_t first; /* SLICE */
  char letter;   /* SOFTMAX: the normalised axis; FRAME_APPLY, FRAME_INVERT: the xyz axis */
  uint8_t act;   /* FUSED_LINEAR */
} pleat_attr;

typedef struct pleat_node {
  uint8_t op;
  uint8_t n_in;
  uint8_t stage;
  uint16_t region; /* innermost region that holds the node */
  char split;      /* inside a CHUNK region: the letter whose index runs over one slice; 0 = none */
  pleat_value out;
  pleat_value in[PLEAT_MAX_IN];
  char letters[1 + PLEAT_MAX_IN][PLEAT_MAX_RANK + 1]; /* [0] = out, [1 + i] = in[i]; "" for absent or scalar */
  pleat_attr attr;
  const char *scope; /* where it comes from, e.g. "evoformer/msa_transition" */
} pleat_node;

typedef struct pleat_carry {
  pleat_value init, param, next, result; /* outer, inner, inner, outer */
} pleat_carry;

/* A value of the body collected over the iterations: result has a new leading axis of size count. */
typedef struct pleat_emit {
  pleat_value body, result;
} pleat_emit;

typedef struct pleat_region {
  bool is_chunk;
  uint16_t parent;
  uint32_t first, last;  /* nodes [first, last) */
  int64_t count;         /* iterations, or slices */
  pleat_axis chunk_axis; /* CHUNK: the axis that is sliced into `count` pieces of ceil(size / count) */
  const char *name;
  uint8_t n_carries, n_emits;
  pleat_carry carries[PLEAT_MAX_CARRY];
  pleat_emit emits[PLEAT_MAX_CARRY];
} pleat_region;

typedef struct pleat_output {
  const char *name;
  pleat_value value;
} pleat_output;

/* A value that survives to the next recycle: `next` becomes `input`. Zero before the first. */
typedef struct pleat_state {
  pleat_value input, next;
} pleat_state;

typedef struct pleat_graph {
  pleat_arena arena; /* strings */
  pleat_axis_info *axes;
  pleat_value_info *values;
  pleat_node *nodes;
  pleat_region *regions;
  pleat_output *outputs;
  pleat_state *states;
  uint32_t n_axes, n_values, n_nodes, n_regions, n_outputs, n_states;
  uint32_t cap_axes, cap_values, cap_nodes, cap_regions, cap_outputs, cap_states;
  /* Builder's cursor. */
  uint8_t stage;
  uint16_t open_region;
  const char *scope;
  pleat_error error; /* first failure of a builder call; see build.h */
} pleat_graph;

PLEAT_CHECKED pleat_status pleat_graph_create(pleat_graph **out_graph, pleat_error *err);
void pleat_graph_destroy(pleat_graph *graph); /* NULL is allowed */

/* Axis by name: found, or added with this size. An existing axis of another size is an error (SHAPE). */
PLEAT_CHECKED pleat_status pleat_graph_add_axis(pleat_graph *graph, const char *name, int64_t size,
                                                pleat_axis *out_axis, pleat_error *err);
pleat_axis pleat_graph_find_axis(const pleat_graph *graph, const char *name); /* 0xFFFF when absent */
int64_t pleat_graph_dim(const pleat_graph *graph, pleat_value value, int dim);
int64_t pleat_graph_elements(const pleat_graph *graph, pleat_value value);
size_t pleat_graph_bytes(const pleat_graph *graph, pleat_value value);

/* Raw additions, used by builders and passes. Strings are copied into the graph's arena. */
PLEAT_CHECKED pleat_status pleat_graph_intern(pleat_graph *graph, const char *text, const char **out_text,
                                              pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_add_output(pleat_graph *graph, const char *name, pleat_value value,
                                                  pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_add_state(pleat_graph *graph, pleat_value input, pleat_value next,
                                                 pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_add_value(pleat_graph *graph, const pleat_value_info *info, pleat_value *out,
                                                 pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_add_node(pleat_graph *graph, const pleat_node *node, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_add_region(pleat_graph *graph, const pleat_region *region, uint16_t *out_id,
                                                  pleat_error *err);

/* infer.c: axes and dtype of a node's result from its inputs, letters and attributes. Letters of the result that no
 * input carries keep the axis that the caller put into out_info. CONCAT makes (or resizes) an axis named
 * "N_a+N_b". pleat_graph_infer_all repeats it for every node after an axis shrank. Errors: SHAPE, in axis names. */
PLEAT_CHECKED pleat_status pleat_graph_infer(pleat_graph *graph, const pleat_node *node, pleat_value_info *out_info,
                                             pleat_error *err);
PLEAT_CHECKED pleat_status pleat_graph_infer_all(pleat_graph *graph, pleat_error *err);

/* verify.c: every invariant of the above; run after every pass. Errors: INTERNAL naming the node. */
PLEAT_CHECKED pleat_status pleat_graph_verify(const pleat_graph *graph, pleat_error *err);

/* dump.c: stable text, one node a line. */
void pleat_graph_dump(const pleat_graph *graph, pleat_buf *out);

/* Position of a letter in a spelling, -1 when absent. */
int pleat_letter_find(const char *letters, char letter);
/* Is this input a matrix [K.., N..] that backends may pack? */
bool pleat_node_is_matrix(const pleat_node *node, int slot);
/* The operand to which a node adds its result, as a slot; -1 when there is none. */
int pleat_node_residual(const pleat_node *node);
/* True when the node's result may be computed slice by slice along `letter` of its output: its inputs either carry
 * the letter (and are sliced too) or are needed whole. */
bool pleat_node_is_splittable(const pleat_node *node, char letter);

#endif
