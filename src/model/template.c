/* Template embedders of the monomer and the multimer networks; AF2 supplement, Alg. 2 l. 9-12, Alg. 16, 17.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>

#include "model/block.h"

/* Distogram of the templates' pseudo-betas: 39 bins from 3.25 to 50.75 angstrom (config.py, dgram_features). */
enum { N_DGRAM = 39, N_AATYPE = 22 };
static const float DGRAM_MIN = 3.25f, DGRAM_MAX = 50.75f;

static pleat_value dgram_bins(pleat_builder *b, pleat_value pseudo_beta) {
  return PLEAT_BUILD_ATTR(b->g, DIST_BIN, "tix,tjx->tij", ((pleat_attr){.a = DGRAM_MIN, .b = DGRAM_MAX, .n = N_DGRAM}),
                          pseudo_beta, pseudo_beta);
}

/* Triangle attention and multiplication at template width. */
static pleat_value attention(pleat_builder *b, const char *module, pleat_value t, pleat_value mask, bool is_starting) {
  return pleat_add_dropped(
      b, is_starting ? PLEAT_DROPOUT_TRIANGLE_START : PLEAT_DROPOUT_TRIANGLE_END, t,
      pleat_build_triangle_attention(b, module, t, mask, is_starting, b->sizes.h_tpair, b->sizes.c_tpair_head));
}

static pleat_value multiplication(pleat_builder *b, const char *module, pleat_value t, pleat_value mask, bool is_out) {
  return pleat_add(b, t,
                   pleat_build_triangle_multiplication(b, module, t, mask, is_out, b->variant->is_fused_projection,
                                                       b->sizes.c_ttri));
}

/* Alg. 16; the monomer attends first, the multimer multiplies first. */
static pleat_value pair_stack(pleat_builder *b, const char *module, pleat_value t_tij, pleat_value mask_ij,
                              bool is_attention_first) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, module);
  pleat_dropout_start(b, PLEAT_DROPOUT_TEMPLATE);
  pleat_build_repeat_begin(g, "template_pair_stack", b->sizes.n_template);
  b->is_stacked = true;
  pleat_value carried[2] = {pleat_build_carry(g, t_tij)}, t = carried[0];
  int n_carried = pleat_dropout_carry(b, 1, carried);
  for (int half = 0; half < 2; half++) {
    if ((half == 0) == is_attention_first) {
      t = attention(b, "triangle_attention_starting_node", t, mask_ij, true);
      t = attention(b, "triangle_attention_ending_node", t, mask_ij, false);
    } else {
      t = multiplication(b, "triangle_multiplication_outgoing", t, mask_ij, true);
      t = multiplication(b, "triangle_multiplication_incoming", t, mask_ij, false);
    }
  }
  t = pleat_add(b, t, pleat_build_transition(b, "pair_transition", t, b->sizes.c_tpair_trans));
  carried[0] = t;
  pleat_dropout_next(b, n_carried, carried);
  pleat_build_repeat_end(g, n_carried, carried);
  b->is_stacked = false;
  pleat_leave(b, scope);
  return carried[0];
}

/* Alg. 17: every residue pair attends to the templates. */
static pleat_value pointwise_attention(pleat_builder *b, pleat_value z_ij, pleat_value t_tij, pleat_value mask_t) {
  pleat_graph *g = b->g;
  pleat_axis c_z = pleat_axis_of(b, "c_z", b->sizes.c_z), c_t = pleat_axis_of(b, "c_t", b->sizes.c_t);
  pleat_axis h = pleat_axis_of(b, "h_tpoint", b->sizes.h_tpoint);
  pleat_axis d = pleat_axis_of(b, "c_tpoint_head", b->sizes.c_tpoint_head);
  pleat_value q =
      pleat_build_linear(g, z_ij, pleat_param(b, "attention", "query_w", 3, (pleat_axis[]){c_z, h, d}), PLEAT_NO_VALUE);
  q = pleat_build_affine(g, q, (float)(1.0 / sqrt((double)b->sizes.c_tpoint_head)), 0);
  pleat_value k =
      pleat_build_linear(g, t_tij, pleat_param(b, "attention", "key_w", 3, (pleat_axis[]){c_t, h, d}), PLEAT_NO_VALUE);
  pleat_value v = pleat_build_linear(g, t_tij, pleat_param(b, "attention", "value_w", 3, (pleat_axis[]){c_t, h, d}),
                                     PLEAT_NO_VALUE);
  pleat_value logits = PLEAT_BUILD(g, CONTRACT, "ijhc,tijhc->ijht", q, k);
  logits = PLEAT_BUILD_ATTR(g, MASK_FILL, "ijht,t->ijht", ((pleat_attr){.a = -1e9f}), logits, mask_t);
  pleat_value w = PLEAT_BUILD_ATTR(g, SOFTMAX, "ijht->ijht", ((pleat_attr){.letter = 't'}), logits);
  pleat_value o = PLEAT_BUILD(g, CONTRACT, "ijht,tijhc->ijhc", w, v);
  return pleat_build_linear_k(g, o, pleat_param(b, "attention", "output_w", 3, (pleat_axis[]){h, d, c_z}),
                              pleat_param(b, "attention", "output_b", 1, &c_z), 2);
}

/* Rows of embedding2d's weights: the published code concatenates the features, here each meets its own rows. */
enum { ROW_DGRAM = 0, ROW_MASK = 39, ROW_AATYPE_J = 40, ROW_AATYPE_I = 62, ROW_FRAME_MASK = 87, N_ROWS = 88 };

static pleat_value embedding_rows(pleat_builder *b, int64_t first, const char *axis_name, int64_t n) {
  pleat_axis axes[] = {pleat_axis_of(b, axis_name, n), pleat_axis_of(b, "c_t", b->sizes.c_t)};
  pleat_weight_view view = {.first_row = first, .stored_rows = N_ROWS};
  return pleat_param_view(b, "embedding2d", "weights", view, 2, axes);
}

pleat_value pleat_build_template_embedding(pleat_builder *b, pleat_value z_ij, const pleat_template_inputs *in,
                                           pleat_value mask_ij) {
  pleat_graph *g = b->g;
  size_t outer = pleat_enter(b, "template_embedding"), scope = pleat_enter(b, "single_template_embedding");
  pleat_axis c_t = pleat_axis_of(b, "c_t", b->sizes.c_t);
  pleat_value beta_mask = PLEAT_BUILD(g, MUL, "ti,tj->tij", in->pseudo_beta_mask, in->pseudo_beta_mask);
  pleat_value frame_mask = PLEAT_BUILD(g, MUL, "ti,tj->tij", in->frame_mask, in->frame_mask);
  /* The unit vectors (rows 84..86) are zeros in every released monomer model: use_template_unit_vector is off. */
  pleat_value t = PLEAT_BUILD(g, LOOKUP, "vc,tij->tijc", embedding_rows(b, ROW_DGRAM, "n_dgram", N_DGRAM),
                              dgram_bins(b, in->pseudo_beta));
  pleat_value w_mask = embedding_rows(b, ROW_MASK, "one", 1), w_frame = embedding_rows(b, ROW_FRAME_MASK, "one", 1);
  t = pleat_add(b, t, PLEAT_BUILD(g, CONTRACT, "tij,oc->tijc", beta_mask, w_mask));
  pleat_value of_j =
      PLEAT_BUILD(g, LOOKUP, "vc,tj->tjc", embedding_rows(b, ROW_AATYPE_J, "n_aatype", N_AATYPE), in->aatype);
  pleat_value of_i =
      PLEAT_BUILD(g, LOOKUP, "vc,ti->tic", embedding_rows(b, ROW_AATYPE_I, "n_aatype", N_AATYPE), in->aatype);
  t = PLEAT_BUILD(g, ADD, "tijc,tjc->tijc", t, of_j);
  t = PLEAT_BUILD(g, ADD, "tijc,tic->tijc", t, of_i);
  t = pleat_add(b, t, PLEAT_BUILD(g, CONTRACT, "tij,oc->tijc", frame_mask, w_frame));
  t = PLEAT_BUILD(g, MUL, "tijc,tij->tijc", t, frame_mask);
  t = PLEAT_BUILD(g, ADD, "tijc,c->tijc", t, pleat_param(b, "embedding2d", "bias", 1, &c_t));
  t = pair_stack(b, "template_pair_stack/__layer_stack_no_state", t, mask_ij, true); /* Alg. 2 l. 11 */
  t = pleat_layer_norm(b, "output_layer_norm", t);
  pleat_leave(b, scope);
  pleat_value out = pointwise_attention(b, z_ij, t, in->mask);
  /* No template at all: the embedding counts nothing. */
  pleat_value any = pleat_build_unary(g, PLEAT_OP_GREATER_ZERO, PLEAT_BUILD(g, SUM, "t->", in->mask));
  out = PLEAT_BUILD(g, MUL, "ijc,->ijc", out, any);
  pleat_leave(b, outer);
  return out;
}

/* Linear of one scalar feature per pair: weights [c_t], bias [c_t]. */
static pleat_value scalar_feature(pleat_builder *b, int number, pleat_value t, pleat_value x_tij) {
  char module[48];
  snprintf(module, sizeof module, "template_pair_embedding_%d", number);
  pleat_axis c_t = pleat_axis_of(b, "c_t", b->sizes.c_t);
  pleat_value W = pleat_param(b, module, "weights", 1, &c_t), bias = pleat_param(b, module, "bias", 1, &c_t);
  t = pleat_add(b, t, PLEAT_BUILD(b->g, CONTRACT, "tij,c->tijc", x_tij, W));
  return PLEAT_BUILD(b->g, ADD, "tijc,c->tijc", t, bias);
}

/* Linear of a one-hot feature: a table look-up; spec adds it to t. */
static pleat_value one_hot_feature(pleat_builder *b, int number, const char *axis_name, int64_t n, const char *lookup,
                                   const char *add, pleat_value t, pleat_value index) {
  char module[48];
  snprintf(module, sizeof module, "template_pair_embedding_%d", number);
  pleat_axis c_t = pleat_axis_of(b, "c_t", b->sizes.c_t), v = pleat_axis_of(b, axis_name, n);
  pleat_value W = pleat_param(b, module, "weights", 2, (pleat_axis[]){v, c_t});
  pleat_value x = pleat_build_op(b->g, PLEAT_OP_LOOKUP, lookup, (pleat_attr){0}, (pleat_value[]){W, index});
  t = pleat_build_op(b->g, PLEAT_OP_ADD, add, (pleat_attr){0}, (pleat_value[]){t, x});
  return PLEAT_BUILD(b->g, ADD, "tijc,c->tijc", t, pleat_param(b, module, "bias", 1, &c_t));
}

pleat_value pleat_build_template_embedding_multimer(pleat_builder *b, pleat_value z_ij, const pleat_template_inputs *in,
                                                    pleat_value mask_ij, pleat_value same_chain_ij) {
  pleat_graph *g = b->g;
  size_t outer = pleat_enter(b, "template_embedding"), scope = pleat_enter(b, "single_template_embedding");
  pleat_axis c_t = pleat_axis_of(b, "c_t", b->sizes.c_t), xyz = pleat_axis_of(b, "xyz", 3);
  pleat_axis one = pleat_axis_of(b, "one", 1), dgram = pleat_axis_of(b, "n_dgram", N_DGRAM);
  pleat_value beta_mask = PLEAT_BUILD(g, MUL, "ti,tj->tij", in->pseudo_beta_mask, in->pseudo_beta_mask);
  beta_mask = PLEAT_BUILD(g, MUL, "tij,ij->tij", beta_mask, same_chain_ij);
  pleat_value frame_mask = PLEAT_BUILD(g, MUL, "ti,tj->tij", in->frame_mask, in->frame_mask);
  frame_mask = PLEAT_BUILD(g, MUL, "tij,ij->tij", frame_mask, same_chain_ij);

  pleat_value W0 = pleat_param(b, "template_pair_embedding_0", "weights", 2, (pleat_axis[]){dgram, c_t});
  pleat_value t = PLEAT_BUILD(g, LOOKUP, "vc,tij->tijc", W0, dgram_bins(b, in->pseudo_beta));
  t = PLEAT_BUILD(g, MUL, "tijc,tij->tijc", t, beta_mask);
  t = PLEAT_BUILD(g, ADD, "tijc,c->tijc", t, pleat_param(b, "template_pair_embedding_0", "bias", 1, &c_t));
  t = scalar_feature(b, 1, t, beta_mask);
  t = one_hot_feature(b, 2, "n_aatype", N_AATYPE, "vc,tj->tjc", "tijc,tjc->tijc", t, in->aatype);
  t = one_hot_feature(b, 3, "n_aatype", N_AATYPE, "vc,ti->tic", "tijc,tic->tijc", t, in->aatype);
  pleat_value direction = pleat_build_op_axes(g, PLEAT_OP_FRAME_DIRECTION, "tif,tjf->tijx", (pleat_attr){0},
                                              (pleat_value[]){in->frames, in->frames}, &xyz);
  direction = PLEAT_BUILD(g, MUL, "tijx,tij->tijx", direction, frame_mask);
  for (int x = 0; x < 3; x++) {
    pleat_value component = PLEAT_BUILD(g, SUM, "tijx->tij", pleat_build_slice(g, direction, 3, x, one));
    t = scalar_feature(b, 4 + x, t, component);
  }
  t = scalar_feature(b, 7, t, frame_mask);
  pleat_value query =
      pleat_linear(b, "template_pair_embedding_8", pleat_layer_norm(b, "query_embedding_norm", z_ij), c_t);
  t = PLEAT_BUILD(g, ADD, "tijc,ijc->tijc", t, query);
  t = pair_stack(b, "template_embedding_iteration", t, mask_ij, false);
  t = pleat_layer_norm(b, "output_layer_norm", t);
  pleat_leave(b, scope);
  pleat_value mean = PLEAT_BUILD(g, CONTRACT, "tijc,t->ijc", t, in->weight);
  pleat_value out = pleat_linear(b, "output_linear", pleat_build_unary(g, PLEAT_OP_RELU, mean),
                                 pleat_axis_of(b, "c_z", b->sizes.c_z));
  pleat_leave(b, outer);
  return out;
}
