/* A network of a few nodes with every kind of structure: static and changing inputs, a repeated block, a state, an
 * emitted value. Built with the model's own sub-layers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_GRAPH_SMALL_H
#define PLEAT_TESTS_GRAPH_SMALL_H

#include "check.h"
#include "graph/build.h"
#include "model/block.h"

typedef struct small_values {
  pleat_value index, mask, state, z, next;
} small_values;

/* z = state + table[index]; 3 times { z += transition(z); z += triangle multiplication incoming(z) }; 2 z + 1 of every
 * block is collected; the state becomes z; output LayerNorm(z). */
static inline pleat_graph *small_graph(int64_t n_res, small_values *v) {
  pleat_error err = {0};
  pleat_builder b = {.variant = pleat_variant_find("model_1")};
  if (!CHECK_OK(pleat_graph_create(&b.g, &err), &err)) return NULL;
  pleat_graph *g = b.g;
  pleat_axis n = pleat_build_axis(g, "N_res", n_res), c = pleat_build_axis(g, "c_z", 8);
  pleat_axis rows = pleat_build_axis(g, "n_rows", 5), blocks = pleat_build_axis(g, "n_blocks", 3);
  pleat_build_stage(g, PLEAT_STAGE_TRUNK);
  pleat_enter(&b, "small");
  v->index = pleat_build_input(g, "index", PLEAT_I32, PLEAT_INPUT_STATIC, 2, (pleat_axis[]){n, n});
  v->mask = pleat_build_input(g, "mask", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){n, n});
  v->state = pleat_build_input(g, "state", PLEAT_F32, PLEAT_INPUT_STATE, 3, (pleat_axis[]){n, n, c});
  pleat_value table = pleat_build_weight(g, "small//table", (pleat_weight_view){0}, 2, (pleat_axis[]){rows, c});
  v->z = pleat_add(&b, v->state, PLEAT_BUILD(g, LOOKUP, "vc,ij->ijc", table, v->index));
  pleat_build_repeat_begin(g, "block", 3);
  b.is_stacked = true;
  pleat_value z = pleat_build_carry(g, v->z);
  z = pleat_add(&b, z, pleat_build_transition(&b, "transition", z, 16));
  z = pleat_add(&b, z, pleat_build_triangle_multiplication(&b, "triangle", z, v->mask, false, false, 4));
  pleat_value all = pleat_build_emit(g, pleat_build_affine(g, z, 2, 1), blocks);
  pleat_build_repeat_end(g, 1, &z);
  b.is_stacked = false;
  v->next = z;
  pleat_build_state(g, v->state, z);
  pleat_build_stage(g, PLEAT_STAGE_LAST);
  pleat_build_output(g, "out", pleat_layer_norm(&b, "norm", z));
  pleat_build_output(g, "all", all);
  if (!CHECK_OK(pleat_build_status(g, &err), &err)) return NULL;
  CHECK_OK(pleat_graph_verify(g, &err), &err);
  return g;
}

#endif
