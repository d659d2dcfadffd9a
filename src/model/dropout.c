/* Dropout in the blocks of the trunk, as training has it and as "eval_dropout" brings it to inference.
 * Source: supplement Alg. 6, 16, 18 and 1.11.6; rates and shared axes of alphafold/model/config.py, dropout_wrapper of
 * modules.py. The structure module's dropout belongs to training alone there.
 *
 * A mask is drawn in the graph, from the pass's key and the block's number, because a repeated block cannot have inputs
 * of its own. It is multiplied where a linear layer's epilogue multiplies anyway.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/block.h"

static const struct {
  float rate;
  bool is_per_column; /* shared by the columns, not by the rows */
} places[PLEAT_N_DROPOUT_PLACES] = {
    [PLEAT_DROPOUT_MSA_ROW] = {0.15f, false},     [PLEAT_DROPOUT_TRIANGLE_OUT] = {0.25f, false},
    [PLEAT_DROPOUT_TRIANGLE_IN] = {0.25f, false}, [PLEAT_DROPOUT_TRIANGLE_START] = {0.25f, false},
    [PLEAT_DROPOUT_TRIANGLE_END] = {0.25f, true},
};

void pleat_dropout_start(pleat_builder *b, pleat_dropout_stack stack) {
  if (!(b->dropout > 0)) return;
  pleat_axis one = pleat_axis_of(b, "one", 1);
  b->dropout_stack = stack;
  b->dropout_block = pleat_build_fill(b->g, 0, 1, &one);
}

int pleat_dropout_carry(pleat_builder *b, int n, pleat_value *carried) {
  if (!(b->dropout > 0)) return n;
  carried[n] = b->dropout_block = pleat_build_carry(b->g, b->dropout_block);
  return n + 1;
}

void pleat_dropout_next(pleat_builder *b, int n, pleat_value *carried) {
  if (b->dropout > 0) carried[n - 1] = pleat_build_affine(b->g, b->dropout_block, 1, 1);
}

pleat_value pleat_dropout_mask(pleat_builder *b, pleat_dropout_place place, pleat_value x) {
  pleat_graph *g = b->g;
  if (!(b->dropout > 0) || g->error.status) return PLEAT_NO_VALUE;
  const pleat_value_info info = g->values[x];
  const pleat_axis axes[] = {info.axis[info.rank - (places[place].is_per_column ? 3 : 2)], info.axis[info.rank - 1]};
  pleat_attr attr = {.a = (float)((double)places[place].rate * b->dropout),
                     .n = b->dropout_stack * PLEAT_N_DROPOUT_PLACES + (int)place};
  return pleat_build_op_axes(g, PLEAT_OP_DROPOUT_MASK, "k,o->nc", attr,
                             (pleat_value[]){b->dropout_key, b->dropout_block}, axes);
}

/* DEVIATION: the templates share a mask. The published code draws one for each, which would tell apart equal templates,
 * which are computed once here. */
pleat_value pleat_dropout_apply(pleat_builder *b, pleat_dropout_place place, pleat_value x, pleat_value mask) {
  if (mask == PLEAT_NO_VALUE || b->g->error.status) return x;
  bool is_template = b->g->values[x].rank == 4;
  if (places[place].is_per_column)
    return is_template ? PLEAT_BUILD(b->g, MUL, "tijc,ic->tijc", x, mask)
                       : PLEAT_BUILD(b->g, MUL, "ijc,ic->ijc", x, mask);
  return is_template ? PLEAT_BUILD(b->g, MUL, "tijc,jc->tijc", x, mask)
                     : PLEAT_BUILD(b->g, MUL, "ijc,jc->ijc", x, mask);
}

pleat_value pleat_add_dropped(pleat_builder *b, pleat_dropout_place place, pleat_value x, pleat_value update) {
  return pleat_add(b, x, pleat_dropout_apply(b, place, update, pleat_dropout_mask(b, place, x)));
}
