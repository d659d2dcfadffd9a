/* Work of a launch: floating-point operations and bytes touched.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "plan/plan_priv.h"

/* Product of the sizes of all letters that the given operands spell. */
static double volume(const pleat_launch *launch, int n_operands, const int *operands) {
  bool is_seen[128] = {false};
  double product = 1;
  for (int i = 0; i < n_operands; i++) {
    int k = operands[i];
    const pleat_operand *operand = k ? &launch->in[k - 1] : &launch->out;
    const char *letters = launch->node->letters[k];
    for (int d = 0; d < operand->rank; d++) {
      if (is_seen[letters[d] & 127]) continue;
      is_seen[letters[d] & 127] = true;
      product *= (double)operand->size[d];
    }
  }
  return product;
}
#define VOLUME(launch, ...) volume((launch), (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (int[]){__VA_ARGS__})

static double elements(const pleat_operand *operand) {
  double product = 1;
  for (int d = 0; d < operand->rank; d++) product *= (double)operand->size[d];
  return product;
}

/* Alg. 10 l. 3-4 in the cheaper order: the outer product of a and b and then the layer, or, with few alignment rows, a
 * times the layer's weights first. */
static double outer_product_flops(const pleat_launch *launch) {
  double deep = VOLUME(launch, 1 + PLEAT_OP_A, 1 + PLEAT_OP_B) + VOLUME(launch, 0, 1 + PLEAT_OP_W);
  double shallow = VOLUME(launch, 1 + PLEAT_OP_A, 1 + PLEAT_OP_W) + VOLUME(launch, 0, 1 + PLEAT_OP_B);
  return 2 * (shallow < deep ? shallow : deep);
}

static double flops_of(const pleat_launch *launch) {
  const pleat_node *node = launch->node;
  switch (node->op) {
    case PLEAT_OP_LINEAR: return 2 * VOLUME(launch, 1, 2, 0);
    case PLEAT_OP_CONTRACT:
    case PLEAT_OP_POINT_LOGITS: return 2 * VOLUME(launch, 0, 1, 2);
    case PLEAT_OP_FUSED_LINEAR: {
      double product = 2 * VOLUME(launch, 1 + PLEAT_FL_X, 1 + PLEAT_FL_W, 0);
      return node->in[PLEAT_FL_GATE_W] == PLEAT_NO_VALUE ? product : 2 * product;
    }
    case PLEAT_OP_ATTENTION: return 4 * VOLUME(launch, 1 + PLEAT_AT_Q, 1 + PLEAT_AT_K);
    case PLEAT_OP_TRANSITION:
      return 2 * VOLUME(launch, 1 + PLEAT_TR_X, 1 + PLEAT_TR_W1) + 2 * VOLUME(launch, 0, 1 + PLEAT_TR_W2);
    case PLEAT_OP_OUTER_PRODUCT: return outer_product_flops(launch);
    default: return elements(&launch->out);
  }
}

void pleat_launch_cost(pleat_launch *launch) {
  launch->flops = flops_of(launch);
  launch->bytes = elements(&launch->out) * (double)pleat_dtype_size((pleat_dtype)launch->out.dtype);
  for (int k = 0; k < launch->node->n_in; k++)
    if (launch->in[k].space != PLEAT_SPACE_NONE)
      launch->bytes += elements(&launch->in[k]) * (double)pleat_dtype_size((pleat_dtype)launch->in[k].dtype);
}
