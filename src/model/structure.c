/* Structure module, both parametrisations; AF2 supplement, Alg. 20, 22-24.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "model/block.h"

/* Axes of the invariant point attention. */
typedef struct ipa_axes {
  pleat_axis c_s, h, c, xyz, p_qk, p_v, p_kv, kv;
} ipa_axes;

static ipa_axes make_axes(pleat_builder *b) {
  const pleat_sizes *n = &b->sizes;
  return (ipa_axes){.c_s = pleat_axis_of(b, "c_s", n->c_s),
                    .h = pleat_axis_of(b, "h_ipa", n->h_ipa),
                    .c = pleat_axis_of(b, "c_ipa", n->c_ipa),
                    .xyz = pleat_axis_of(b, "xyz", 3),
                    .p_qk = pleat_axis_of(b, "n_qk_points", n->n_qk_points),
                    .p_v = pleat_axis_of(b, "n_v_points", n->n_v_points),
                    .p_kv = pleat_axis_of(b, "n_kv_points", n->n_qk_points + n->n_v_points),
                    .kv = pleat_axis_of(b, "c_kv", n->c_ipa + n->n_scalar_v)};
}

/* Queries, keys and values: scalars [i, h, c]; points in the global frame, spelled as `points` says. */
typedef struct ipa_projections {
  pleat_value q, k, v, q_points, k_points, v_points;
  const char *point_logits, *point_average; /* specs */
} ipa_projections;

/* Linear with a bias, seen as [N_res, ...axes]. */
static pleat_value project(pleat_builder *b, const char *module, pleat_value s_i, bool has_bias, int rank,
                           const pleat_axis *axes) {
  pleat_value W = pleat_param(b, module, "weights", rank, axes);
  return pleat_build_linear(b->g, s_i, W,
                            has_bias ? pleat_param(b, module, "bias", rank - 1, axes + 1) : PLEAT_NO_VALUE);
}

static pleat_value to_global(pleat_builder *b, const char *spec, pleat_value frames, pleat_value points) {
  return pleat_build_op(b->g, PLEAT_OP_FRAME_APPLY, spec, (pleat_attr){.letter = 'x'}, (pleat_value[]){frames, points});
}

/* Alg. 22 l. 1-3 of the monomer: keys and values share projections, points are stored [xyz, h, p]. */
static ipa_projections project_monomer(pleat_builder *b, const ipa_axes *a, pleat_value s_i, pleat_value frames) {
  pleat_graph *g = b->g;
  pleat_value kv = project(b, "kv_scalar", s_i, true, 3, (pleat_axis[]){a->c_s, a->h, a->kv});
  pleat_value q_local = project(b, "q_point_local", s_i, true, 4, (pleat_axis[]){a->c_s, a->xyz, a->h, a->p_qk});
  pleat_value kv_local = project(b, "kv_point_local", s_i, true, 4, (pleat_axis[]){a->c_s, a->xyz, a->h, a->p_kv});
  pleat_value kv_points = to_global(b, "if,ixhp->ixhp", frames, kv_local);
  return (ipa_projections){
      .q = project(b, "q_scalar", s_i, true, 3, (pleat_axis[]){a->c_s, a->h, a->c}),
      .k = pleat_build_slice(g, kv, 2, 0, a->c),
      .v = pleat_build_slice(g, kv, 2, b->sizes.c_ipa, pleat_axis_of(b, "c_v", b->sizes.n_scalar_v)),
      .q_points = to_global(b, "if,ixhp->ixhp", frames, q_local),
      .k_points = pleat_build_slice(g, kv_points, 3, 0, a->p_qk),
      .v_points = pleat_build_slice(g, kv_points, 3, b->sizes.n_qk_points, a->p_v),
      .point_logits = "ixhp,jxhp,h->hij",
      .point_average = "hij,jxhp->ixhp"};
}

/* The multimer has a projection for each, scalars without bias, points stored [h, xyz, p]. */
static ipa_projections project_multimer(pleat_builder *b, const ipa_axes *a, pleat_value s_i, pleat_value frames) {
  pleat_axis c_v = pleat_axis_of(b, "c_v", b->sizes.n_scalar_v);
  pleat_value q =
      project(b, "q_point_projection/point_projection", s_i, true, 4, (pleat_axis[]){a->c_s, a->h, a->xyz, a->p_qk});
  pleat_value k =
      project(b, "k_point_projection/point_projection", s_i, true, 4, (pleat_axis[]){a->c_s, a->h, a->xyz, a->p_qk});
  pleat_value v =
      project(b, "v_point_projection/point_projection", s_i, true, 4, (pleat_axis[]){a->c_s, a->h, a->xyz, a->p_v});
  return (ipa_projections){.q = project(b, "q_scalar_projection", s_i, false, 3, (pleat_axis[]){a->c_s, a->h, a->c}),
                           .k = project(b, "k_scalar_projection", s_i, false, 3, (pleat_axis[]){a->c_s, a->h, a->c}),
                           .v = project(b, "v_scalar_projection", s_i, false, 3, (pleat_axis[]){a->c_s, a->h, c_v}),
                           .q_points = to_global(b, "if,ihxp->ihxp", frames, q),
                           .k_points = to_global(b, "if,ihxp->ihxp", frames, k),
                           .v_points = to_global(b, "if,ihxp->ihxp", frames, v),
                           .point_logits = "ihxp,jhxp,h->hij",
                           .point_average = "hij,jhxp->ixhp"};
}

/* What the layers share: computed once, before the loop. */
typedef struct fold_constants {
  pleat_value z_norm;   /* LayerNorm(z_ij) */
  pleat_value bias_hij; /* Linear(z) * w_L: the pair part of the logits */
  pleat_value point_w;  /* [h]: gamma of Alg. 22, times the constant weights */
  pleat_value mask_ij;  /* -1e5 (times w_L for the multimer) where a residue is missing, else 0 */
  pleat_value initial;  /* LayerNorm(s_i) */
  float scalar_weight;
} fold_constants;

/* Columns of output_projection by rows of its weight: scalars, x, y, z, norms, pair (Alg. 22 l. 11). */
static pleat_value output_projection(pleat_builder *b, const ipa_axes *a, pleat_value scalars, pleat_value points,
                                     pleat_value norms, pleat_value pairs) {
  const pleat_sizes *n = &b->sizes;
  pleat_graph *g = b->g;
  int64_t n_scalar = n->h_ipa * n->n_scalar_v, n_point = n->h_ipa * n->n_v_points;
  int64_t n_rows = n_scalar + 4 * n_point + n->h_ipa * n->c_z;
  pleat_axis c_v = pleat_axis_of(b, "c_v", n->n_scalar_v), c_z = pleat_axis_of(b, "c_z", n->c_z);
  const char *module = "output_projection";
  pleat_weight_view view = {.stored_rows = n_rows};
  pleat_value W = pleat_param_view(b, module, "weights", view, 3, (pleat_axis[]){a->h, c_v, a->c_s});
  pleat_value out = pleat_build_linear_k(g, scalars, W, pleat_param(b, module, "bias", 1, &a->c_s), 2);
  view.first_row = n_scalar;
  W = pleat_param_view(b, module, "weights", view, 4, (pleat_axis[]){a->xyz, a->h, a->p_v, a->c_s});
  out = pleat_add(b, out, pleat_build_linear_k(g, points, W, PLEAT_NO_VALUE, 3));
  view.first_row = n_scalar + 3 * n_point;
  W = pleat_param_view(b, module, "weights", view, 3, (pleat_axis[]){a->h, a->p_v, a->c_s});
  out = pleat_add(b, out, pleat_build_linear_k(g, norms, W, PLEAT_NO_VALUE, 2));
  view.first_row = n_scalar + 4 * n_point;
  W = pleat_param_view(b, module, "weights", view, 3, (pleat_axis[]){a->h, c_z, a->c_s});
  return pleat_add(b, out, pleat_build_linear_k(g, pairs, W, PLEAT_NO_VALUE, 2));
}

/* Alg. 22 InvariantPointAttention. */
static pleat_value invariant_point_attention(pleat_builder *b, const fold_constants *k, pleat_value s_i,
                                             pleat_value frames) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, "invariant_point_attention");
  ipa_axes a = make_axes(b);
  bool is_multimer = b->variant->is_multimer;
  ipa_projections p = is_multimer ? project_multimer(b, &a, s_i, frames) : project_monomer(b, &a, s_i, frames);
  pleat_value q = pleat_build_affine(g, p.q, k->scalar_weight, 0);
  pleat_value logits = PLEAT_BUILD(g, CONTRACT, "ihc,jhc->hij", q, p.k); /* l. 7 */
  logits = pleat_add(b, logits,
                     pleat_build_op(g, PLEAT_OP_POINT_LOGITS, p.point_logits, (pleat_attr){0},
                                    (pleat_value[]){p.q_points, p.k_points, k->point_w}));
  logits = pleat_add(b, logits, k->bias_hij);
  logits = PLEAT_BUILD(g, ADD, "hij,ij->hij", logits, k->mask_ij);
  pleat_value w = PLEAT_BUILD_ATTR(g, SOFTMAX, "hij->hij", ((pleat_attr){.letter = 'j'}), logits);
  pleat_value scalars = PLEAT_BUILD(g, CONTRACT, "hij,jhc->ihc", w, p.v);     /* l. 9 */
  pleat_value pairs = PLEAT_BUILD(g, CONTRACT, "hij,ijc->ihc", w, k->z_norm); /* l. 8 */
  pleat_value points = pleat_build_op(g, PLEAT_OP_CONTRACT, p.point_average, (pleat_attr){0},
                                      (pleat_value[]){w, p.v_points}); /* l. 10 */
  points = PLEAT_BUILD_ATTR(g, FRAME_INVERT, "if,ixhp->ixhp", ((pleat_attr){.letter = 'x'}), frames, points);
  pleat_value norms =
      PLEAT_BUILD_ATTR(g, POINT_NORM, "ixhp->ihp", ((pleat_attr){.a = 1e-8f, .n = is_multimer}), points);
  pleat_value out = output_projection(b, &a, scalars, points, norms, pairs);
  pleat_leave(b, scope);
  return out;
}

/* Logit parts that do not change from layer to layer. The published monomer scales each of its three terms by
 * sqrt(1/3) on its own, the multimer the sum; both are the same weights here. */
static fold_constants make_constants(pleat_builder *b, const pleat_structure_inputs *in) {
  pleat_graph *g = b->g;
  const pleat_sizes *n = &b->sizes;
  fold_constants k;
  double w_L = sqrt(1.0 / 3.0);
  k.initial = pleat_layer_norm(b, "single_layer_norm", in->single); /* Alg. 20 l. 1 */
  k.z_norm = pleat_layer_norm(b, "pair_layer_norm", in->pair);      /* l. 2 */
  k.scalar_weight = (float)sqrt(1.0 / (3.0 * (double)n->c_ipa));
  size_t fold = pleat_enter(b, "fold_iteration"), scope = pleat_enter(b, "invariant_point_attention");
  pleat_axis h = pleat_axis_of(b, "h_ipa", n->h_ipa), c_z = pleat_axis_of(b, "c_z", n->c_z);
  pleat_value W = pleat_param(b, "attention_2d", "weights", 2, (pleat_axis[]){c_z, h});
  pleat_value bias =
      PLEAT_BUILD(g, LINEAR, "ijc,ch,h->hij", k.z_norm, W, pleat_param(b, "attention_2d", "bias", 1, &h));
  k.bias_hij = pleat_build_affine(g, bias, (float)w_L, 0);
  pleat_value raw = pleat_param(b, NULL, "trainable_point_weights", 1, &h);
  k.point_w = pleat_build_affine(g, pleat_build_unary(g, PLEAT_OP_SOFTPLUS, raw),
                                 (float)(w_L * sqrt(1.0 / ((double)n->n_qk_points * 9.0 / 2.0))), 0);
  pleat_leave(b, scope);
  pleat_leave(b, fold);
  pleat_value both = PLEAT_BUILD(g, MUL, "i,j->ij", in->seq_mask, in->seq_mask);
  float penalty = (float)(1e5 * (b->variant->is_multimer ? w_L : 1.0));
  k.mask_ij = pleat_build_affine(g, both, penalty, -penalty);
  return k;
}

/* Alg. 20 l. 11-14: torsion angles from a residual network, then atoms (Alg. 24). */
static void side_chains(pleat_builder *b, const fold_constants *k, const pleat_structure_inputs *in, pleat_value act,
                        pleat_value frames, pleat_structure_outputs *out) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, "rigid_sidechain");
  pleat_axis c = pleat_axis_of(b, "c_sidechain", b->sizes.c_sidechain);
  pleat_value a = pleat_linear(b, "input_projection", pleat_build_unary(g, PLEAT_OP_RELU, act), c);
  a = pleat_add(b, a, pleat_linear(b, "input_projection_1", pleat_build_unary(g, PLEAT_OP_RELU, k->initial), c));
  static const char *const blocks[2][2] = {{"resblock1", "resblock2"}, {"resblock1_1", "resblock2_1"}};
  for (int i = 0; i < 2; i++) {
    pleat_value r = pleat_linear(b, blocks[i][0], pleat_build_unary(g, PLEAT_OP_RELU, a), c);
    a = pleat_add(b, a, pleat_linear(b, blocks[i][1], pleat_build_unary(g, PLEAT_OP_RELU, r), c));
  }
  pleat_axis torsion = pleat_axis_of(b, "n_torsions", 7), sin_cos = pleat_axis_of(b, "sin_cos", 2);
  pleat_axis atom14 = pleat_axis_of(b, "n_atom14", 14), xyz = pleat_axis_of(b, "xyz", 3);
  pleat_value W = pleat_param(b, "unnormalized_angles", "weights", 3, (pleat_axis[]){c, torsion, sin_cos});
  pleat_value bias = pleat_param(b, "unnormalized_angles", "bias", 2, (pleat_axis[]){torsion, sin_cos});
  out->raw_angles = pleat_build_linear(g, pleat_build_unary(g, PLEAT_OP_RELU, a), W, bias);
  out->angles = PLEAT_BUILD_ATTR(g, L2_NORMALIZE, "its->its", ((pleat_attr){.a = 1e-12f}), out->raw_angles);
  float position_scale = b->variant->is_multimer ? 20 : 10; /* config.py, structure_module.position_scale */
  out->atom14 = pleat_build_op_axes(g, PLEAT_OP_TORSION_ATOMS, "if,its,i->iax", (pleat_attr){.a = position_scale},
                                    (pleat_value[]){frames, out->angles, in->aatype}, (pleat_axis[]){atom14, xyz});
  pleat_leave(b, scope);
}

/* One layer, Alg. 20 l. 6-10: new activations and new frames (affines for the monomer). */
static void fold_layer(pleat_builder *b, const fold_constants *k, pleat_value *act, pleat_value *rigid,
                       pleat_value *frames) {
  pleat_graph *g = b->g;
  bool is_multimer = b->variant->is_multimer;
  pleat_axis c_s = pleat_axis_of(b, "c_s", b->sizes.c_s), frame = pleat_axis_of(b, "frame", 12);
  pleat_axis update_axis = pleat_axis_of(b, "update", 6);
  pleat_value before =
      is_multimer ? *rigid : pleat_build_op_axes(g, PLEAT_OP_QUAT_FRAME, "iq->if", (pleat_attr){0}, rigid, &frame);
  pleat_value s = pleat_add(b, *act, invariant_point_attention(b, k, *act, before));
  s = pleat_layer_norm(b, "attention_layer_norm", s);
  pleat_value t = pleat_linear_relu(b, "transition", s, c_s);
  t = pleat_linear_relu(b, "transition_1", t, c_s);
  s = pleat_add(b, s, pleat_linear(b, "transition_2", t, c_s));
  s = pleat_layer_norm(b, "transition_layer_norm", s);
  pleat_value update = pleat_linear(b, is_multimer ? "quat_rigid/rigid" : "affine_update", s, update_axis);
  if (is_multimer) {
    *rigid = PLEAT_BUILD(g, FRAME_COMPOSE, "if,iu->if", *rigid, update);
    *frames = *rigid;
  } else {
    *rigid = PLEAT_BUILD(g, QUAT_UPDATE, "iq,iu->iq", *rigid, update); /* Alg. 23 */
    *frames = pleat_build_op_axes(g, PLEAT_OP_QUAT_FRAME, "iq->if", (pleat_attr){0}, rigid, &frame);
  }
  *act = s;
}

/* Affines with translations in angstrom: [N_res, 4 + 3]. */
static pleat_value scaled_affines(pleat_builder *b, pleat_value affines) {
  pleat_axis quaternion = pleat_axis_of(b, "quaternion", 4), xyz = pleat_axis_of(b, "xyz", 3);
  pleat_value parts[] = {pleat_build_slice(b->g, affines, 1, 0, quaternion),
                         pleat_build_affine(b->g, pleat_build_slice(b->g, affines, 1, 4, xyz), 10, 0)};
  return pleat_build_concat(b->g, 1, 2, parts);
}

void pleat_build_structure_module(pleat_builder *b, const char *module, const pleat_structure_inputs *in,
                                  bool is_trajectory, pleat_structure_outputs *out) {
  pleat_graph *g = b->g;
  bool is_multimer = b->variant->is_multimer;
  *out = (pleat_structure_outputs){PLEAT_NO_VALUE, PLEAT_NO_VALUE, PLEAT_NO_VALUE,
                                   PLEAT_NO_VALUE, PLEAT_NO_VALUE, PLEAT_NO_VALUE};
  size_t scope = pleat_enter(b, module);
  fold_constants k = make_constants(b, in);
  pleat_axis c_s = pleat_axis_of(b, "c_s", b->sizes.c_s);
  pleat_value act = pleat_linear(b, "initial_projection", k.initial, c_s); /* l. 3 */
  pleat_axis frame = pleat_axis_of(b, is_multimer ? "frame" : "affine", is_multimer ? 12 : 7);
  pleat_axis n_res = pleat_axis_of(b, "N_res", g->error.status ? 0 : pleat_graph_dim(g, in->seq_mask, 0));
  pleat_value rigid = pleat_build_op_axes(g, PLEAT_OP_FRAME_INIT, "->if", (pleat_attr){0}, NULL,
                                          (pleat_axis[]){n_res, frame}); /* l. 4 */
  size_t fold = pleat_enter(b, "fold_iteration");
  pleat_build_repeat_begin(g, "structure_module", b->sizes.n_fold);
  pleat_value carried[2] = {pleat_build_carry(g, act), pleat_build_carry(g, rigid)}, frames;
  fold_layer(b, &k, &carried[0], &carried[1], &frames);
  pleat_axis layers = pleat_axis_of(b, "n_fold", b->sizes.n_fold);
  pleat_value all_angles = PLEAT_NO_VALUE, all_raw = PLEAT_NO_VALUE;
  if (is_trajectory) {
    side_chains(b, &k, in, carried[0], frames, out);
    all_angles = pleat_build_emit(g, out->angles, layers);
    all_raw = pleat_build_emit(g, out->raw_angles, layers);
  }
  pleat_build_repeat_end(g, 2, carried);
  /* Only the last layer's side chains are predicted; those of earlier layers exist for the training losses. */
  pleat_axis frame12 = pleat_axis_of(b, "frame", 12);
  frames = is_multimer ? carried[1]
                       : pleat_build_op_axes(g, PLEAT_OP_QUAT_FRAME, "iq->if", (pleat_attr){0}, &carried[1], &frame12);
  side_chains(b, &k, in, carried[0], frames, out);
  pleat_leave(b, fold);
  out->act = carried[0];
  if (!is_multimer) out->affines = scaled_affines(b, carried[1]);
  out->atom37 = PLEAT_BUILD(g, GATHER_ATOMS, "iax,ib,ib->ibx", out->atom14, in->atom37_index, in->atom37_exists);
  if (is_multimer) out->atom37 = PLEAT_BUILD(g, MUL, "ibx,i->ibx", out->atom37, in->seq_mask);
  if (is_trajectory) {
    out->angles = all_angles;
    out->raw_angles = all_raw;
  }
  pleat_leave(b, scope);
}
