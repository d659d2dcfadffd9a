/* Sub-layers of the Evoformer; AF2 supplement, Alg. 6-15 and 19. Parameter names are those of the published archives.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/block.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const float SOFTMAX_MASK = -1e9f;

/* Nodes are labelled with the prefix below the network's own name, which all of them share. */
static void show_scope(pleat_builder *b) {
  static const char root[] = "alphafold/alphafold_iteration/";
  bool is_below = !strncmp(b->prefix, root, sizeof root - 1);
  pleat_build_scope(b->g, b->prefix + (is_below ? sizeof root - 1 : 0));
}

size_t pleat_enter(pleat_builder *b, const char *scope) {
  size_t length = strlen(b->prefix);
  snprintf(b->prefix + length, sizeof b->prefix - length, "%s%s", length ? "/" : "", scope);
  show_scope(b);
  return length;
}

void pleat_leave(pleat_builder *b, size_t length) {
  b->prefix[length] = 0;
  show_scope(b);
}

pleat_axis pleat_axis_of(pleat_builder *b, const char *name, int64_t size) {
  return pleat_build_axis(b->g, name, size);
}

pleat_value pleat_param_view(pleat_builder *b, const char *module, const char *leaf, pleat_weight_view view, int rank,
                             const pleat_axis *axes) {
  char name[320];
  snprintf(name, sizeof name, "%s%s%s//%s", b->prefix, module ? "/" : "", module ? module : "", leaf);
  view.is_stacked = b->is_stacked;
  return pleat_build_weight(b->g, name, view, rank, axes);
}

pleat_value pleat_param(pleat_builder *b, const char *module, const char *leaf, int rank, const pleat_axis *axes) {
  return pleat_param_view(b, module, leaf, (pleat_weight_view){0}, rank, axes);
}

/* Last axis of a value. */
static pleat_axis last_axis(pleat_builder *b, pleat_value x) {
  if (x == PLEAT_NO_VALUE) return 0;
  const pleat_value_info *info = &b->g->values[x];
  return info->axis[info->rank - 1];
}

pleat_value pleat_linear(pleat_builder *b, const char *module, pleat_value x, pleat_axis c_out) {
  pleat_value W = pleat_param(b, module, "weights", 2, (pleat_axis[]){last_axis(b, x), c_out});
  return pleat_build_linear(b->g, x, W, pleat_param(b, module, "bias", 1, &c_out));
}

pleat_value pleat_linear_relu(pleat_builder *b, const char *module, pleat_value x, pleat_axis c_out) {
  return pleat_build_unary(b->g, PLEAT_OP_RELU, pleat_linear(b, module, x, c_out));
}

pleat_value pleat_layer_norm(pleat_builder *b, const char *module, pleat_value x) {
  pleat_axis c = last_axis(b, x);
  pleat_value scale = pleat_param(b, module, "scale", 1, &c), offset = pleat_param(b, module, "offset", 1, &c);
  return pleat_build_layer_norm(b->g, x, scale, offset);
}

pleat_value pleat_add(pleat_builder *b, pleat_value x, pleat_value y) {
  return pleat_build_binary(b->g, PLEAT_OP_ADD, x, y);
}

/* Spellings of one kind of attention: logits = q k, + bias, masked, softmax over `over`, times v. */
typedef struct attention_spec {
  const char *logits, *bias, *mask, *average; /* specs */
  char over;
} attention_spec;
static const attention_spec msa_row_spec = {"sihc,sjhc->shij", "shij,hij->shij", "shij,sj->shij", "shij,sjhc->sihc",
                                            'j'};
static const attention_spec msa_column_spec = {"sihc,tihc->ihst", NULL, "ihst,ti->ihst", "ihst,tihc->sihc", 't'};
static const attention_spec starting_spec = {"ijhc,ikhc->ihjk", "ihjk,hjk->ihjk", "ihjk,ik->ihjk", "ihjk,ikhc->ijhc",
                                             'k'};
static const attention_spec ending_spec = {"ijhc,kjhc->jhik", "jhik,hki->jhik", "jhik,kj->jhik", "jhik,kjhc->ijhc",
                                           'k'};
/* The same with a leading template axis t. */
static const attention_spec starting_t_spec = {"tijhc,tikhc->tihjk", "tihjk,thjk->tihjk", "tihjk,ik->tihjk",
                                               "tihjk,tikhc->tijhc", 'k'};
static const attention_spec ending_t_spec = {"tijhc,tkjhc->tjhik", "tjhik,thki->tjhik", "tjhik,kj->tjhik",
                                             "tjhik,tkjhc->tijhc", 'k'};

/* Gated multi-head attention of x (normalised) on itself, Alg. 7 l. 2-7; module "attention" below the prefix. */
static pleat_value self_attention(pleat_builder *b, const attention_spec *spec, pleat_value x, pleat_value bias,
                                  pleat_value mask, int64_t n_head, int64_t c_head) {
  pleat_graph *g = b->g;
  char head_name[32], channel_name[32];
  snprintf(head_name, sizeof head_name, "h%lld", (long long)n_head);
  snprintf(channel_name, sizeof channel_name, "c%lld", (long long)c_head);
  pleat_axis c = last_axis(b, x), h = pleat_axis_of(b, head_name, n_head), d = pleat_axis_of(b, channel_name, c_head);
  pleat_value q =
      pleat_build_linear(g, x, pleat_param(b, "attention", "query_w", 3, (pleat_axis[]){c, h, d}), PLEAT_NO_VALUE);
  q = pleat_build_affine(g, q, (float)(1.0 / sqrt((double)c_head)), 0);
  pleat_value k =
      pleat_build_linear(g, x, pleat_param(b, "attention", "key_w", 3, (pleat_axis[]){c, h, d}), PLEAT_NO_VALUE);
  pleat_value v =
      pleat_build_linear(g, x, pleat_param(b, "attention", "value_w", 3, (pleat_axis[]){c, h, d}), PLEAT_NO_VALUE);
  pleat_value logits = pleat_build_op(g, PLEAT_OP_CONTRACT, spec->logits, (pleat_attr){0}, (pleat_value[]){q, k});
  if (bias != PLEAT_NO_VALUE)
    logits = pleat_build_op(g, PLEAT_OP_ADD, spec->bias, (pleat_attr){0}, (pleat_value[]){logits, bias});
  logits =
      pleat_build_op(g, PLEAT_OP_MASK_FILL, spec->mask, (pleat_attr){.a = SOFTMAX_MASK}, (pleat_value[]){logits, mask});
  const char *arrow = strchr(spec->logits, '>') + 1;
  char softmax_spec[20];
  snprintf(softmax_spec, sizeof softmax_spec, "%s->%s", arrow, arrow);
  pleat_value w = pleat_build_op(g, PLEAT_OP_SOFTMAX, softmax_spec, (pleat_attr){.letter = spec->over}, &logits);
  pleat_value o = pleat_build_op(g, PLEAT_OP_CONTRACT, spec->average, (pleat_attr){0}, (pleat_value[]){w, v});
  pleat_value gate = pleat_build_linear(g, x, pleat_param(b, "attention", "gating_w", 3, (pleat_axis[]){c, h, d}),
                                        pleat_param(b, "attention", "gating_b", 2, (pleat_axis[]){h, d}));
  o = pleat_build_binary(g, PLEAT_OP_MUL, o, pleat_build_unary(g, PLEAT_OP_SIGMOID, gate));
  return pleat_build_linear_k(g, o, pleat_param(b, "attention", "output_w", 3, (pleat_axis[]){h, d, c}),
                              pleat_param(b, "attention", "output_b", 1, &c), 2);
}

/* Bias of every head from the normalised pair representation, Alg. 7 l. 3: [.., h, i, j]. */
static pleat_value pair_bias(pleat_builder *b, pleat_value z_ij, int64_t n_head) {
  char head_name[32];
  snprintf(head_name, sizeof head_name, "h%lld", (long long)n_head);
  pleat_axis c = last_axis(b, z_ij), h = pleat_axis_of(b, head_name, n_head);
  pleat_value W = pleat_param(b, NULL, "feat_2d_weights", 2, (pleat_axis[]){c, h});
  bool is_template = z_ij != PLEAT_NO_VALUE && b->g->values[z_ij].rank == 4;
  return is_template ? PLEAT_BUILD(b->g, LINEAR, "tijc,ch->thij", z_ij, W)
                     : PLEAT_BUILD(b->g, LINEAR, "ijc,ch->hij", z_ij, W);
}

pleat_value pleat_build_msa_row_attention(pleat_builder *b, const char *module, pleat_value m_si, pleat_value mask_si,
                                          pleat_value z_ij, int64_t n_head, int64_t c_head) {
  size_t scope = pleat_enter(b, module);
  pleat_value x = pleat_layer_norm(b, "query_norm", m_si);                            /* Alg. 7 l. 1 */
  pleat_value bias = pair_bias(b, pleat_layer_norm(b, "feat_2d_norm", z_ij), n_head); /* l. 3 */
  pleat_value out = self_attention(b, &msa_row_spec, x, bias, mask_si, n_head, c_head);
  pleat_leave(b, scope);
  return out;
}

pleat_value pleat_build_msa_column_attention(pleat_builder *b, const char *module, pleat_value m_si,
                                             pleat_value mask_si) {
  size_t scope = pleat_enter(b, module);
  pleat_value x = pleat_layer_norm(b, "query_norm", m_si);
  pleat_value out =
      self_attention(b, &msa_column_spec, x, PLEAT_NO_VALUE, mask_si, b->sizes.h_msa, b->sizes.c_msa_head);
  pleat_leave(b, scope);
  return out;
}

pleat_value pleat_build_msa_column_global_attention(pleat_builder *b, const char *module, pleat_value e_si,
                                                    pleat_value mask_si) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, module);
  pleat_axis c = last_axis(b, e_si), h = pleat_axis_of(b, "h_extra", b->sizes.h_extra);
  pleat_axis d = pleat_axis_of(b, "c_extra_head", b->sizes.c_extra_head);
  pleat_value x = pleat_layer_norm(b, "query_norm", e_si); /* Alg. 19 l. 1 */
  pleat_value count = pleat_build_affine(g, PLEAT_BUILD(g, SUM, "si->i", mask_si), 1, 1e-10f);
  pleat_value q_avg = PLEAT_BUILD(g, DIV, "ic,i->ic", PLEAT_BUILD(g, CONTRACT, "sic,si->ic", x, mask_si), count);
  pleat_value q = pleat_build_linear(g, q_avg, pleat_param(b, "attention", "query_w", 3, (pleat_axis[]){c, h, d}),
                                     PLEAT_NO_VALUE); /* l. 3 */
  q = pleat_build_affine(g, q, (float)(1.0 / sqrt((double)b->sizes.c_extra_head)), 0);
  pleat_value k =
      pleat_build_linear(g, x, pleat_param(b, "attention", "key_w", 2, (pleat_axis[]){c, d}), PLEAT_NO_VALUE);
  pleat_value v =
      pleat_build_linear(g, x, pleat_param(b, "attention", "value_w", 2, (pleat_axis[]){c, d}), PLEAT_NO_VALUE);
  pleat_value logits = PLEAT_BUILD(g, CONTRACT, "ihc,sic->ihs", q, k);
  logits = PLEAT_BUILD_ATTR(g, MASK_FILL, "ihs,si->ihs", ((pleat_attr){.a = SOFTMAX_MASK}), logits, mask_si);
  pleat_value w = PLEAT_BUILD_ATTR(g, SOFTMAX, "ihs->ihs", ((pleat_attr){.letter = 's'}), logits); /* l. 5 */
  pleat_value o = PLEAT_BUILD(g, CONTRACT, "ihs,sic->ihc", w, v);
  pleat_value gate = pleat_build_linear(g, x, pleat_param(b, "attention", "gating_w", 3, (pleat_axis[]){c, h, d}),
                                        pleat_param(b, "attention", "gating_b", 2, (pleat_axis[]){h, d}));
  gate = pleat_build_unary(g, PLEAT_OP_SIGMOID, gate); /* l. 4 */
  o = PLEAT_BUILD(g, MUL, "sihc,ihc->sihc", gate, o);
  pleat_value out = pleat_build_linear_k(g, o, pleat_param(b, "attention", "output_w", 3, (pleat_axis[]){h, d, c}),
                                         pleat_param(b, "attention", "output_b", 1, &c), 2);
  pleat_leave(b, scope);
  return out;
}

pleat_value pleat_build_transition(pleat_builder *b, const char *module, pleat_value x, int64_t c_hidden) {
  size_t scope = pleat_enter(b, module);
  char name[32];
  snprintf(name, sizeof name, "c%lld", (long long)c_hidden);
  pleat_axis hidden = pleat_axis_of(b, name, c_hidden), c = last_axis(b, x);
  pleat_value a = pleat_linear_relu(b, "transition1", pleat_layer_norm(b, "input_layer_norm", x), hidden);
  pleat_value out = pleat_linear(b, "transition2", a, c); /* Alg. 9 l. 3, Alg. 15 l. 3 */
  pleat_leave(b, scope);
  return out;
}

pleat_value pleat_build_outer_product_norm(pleat_builder *b, pleat_value mask_si) {
  return pleat_build_affine(b->g, PLEAT_BUILD(b->g, CONTRACT, "si,sj->ij", mask_si, mask_si), 1, 1e-3f);
}

pleat_value pleat_build_outer_product_mean(pleat_builder *b, const char *module, pleat_value m_si, pleat_value mask_si,
                                           pleat_value norm_ij) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, module);
  pleat_axis c = pleat_axis_of(b, "c_opm", b->sizes.c_opm), d = pleat_axis_of(b, "d_opm", b->sizes.c_opm);
  pleat_axis c_z = pleat_axis_of(b, "c_z", b->sizes.c_z);
  pleat_value x = pleat_layer_norm(b, "layer_norm_input", m_si); /* Alg. 10 l. 1 */
  pleat_value left = pleat_linear(b, "left_projection", x, c), right = pleat_linear(b, "right_projection", x, d);
  left = PLEAT_BUILD(g, MUL, "sic,si->sic", left, mask_si);
  right = PLEAT_BUILD(g, MUL, "sid,si->sid", right, mask_si);
  pleat_value outer = PLEAT_BUILD(g, CONTRACT, "sic,sjd->ijcd", left, right); /* l. 3 */
  pleat_value W = pleat_param(b, NULL, "output_w", 3, (pleat_axis[]){c, d, c_z});
  pleat_value out = pleat_build_linear_k(g, outer, W, pleat_param(b, NULL, "output_b", 1, &c_z), 2); /* l. 4 */
  out = PLEAT_BUILD(g, DIV, "ijz,ij->ijz", out, norm_ij);
  pleat_leave(b, scope);
  return out;
}

/* One projection of the triangle multiplication: mask * Linear(x) * sigmoid(Linear_g(x)), Alg. 11 l. 2. */
static pleat_value gated_projection(pleat_builder *b, const char *linear, const char *gate, pleat_weight_view view,
                                    pleat_value x, pleat_value mask_ij, pleat_axis c_hidden) {
  pleat_graph *g = b->g;
  pleat_axis c = last_axis(b, x);
  pleat_weight_view of_bias = {.first_row = view.first_col, .stored_rows = view.stored_cols};
  pleat_value p = pleat_build_linear(g, x, pleat_param_view(b, linear, "weights", view, 2, (pleat_axis[]){c, c_hidden}),
                                     pleat_param_view(b, linear, "bias", of_bias, 1, &c_hidden));
  pleat_value q = pleat_build_linear(g, x, pleat_param_view(b, gate, "weights", view, 2, (pleat_axis[]){c, c_hidden}),
                                     pleat_param_view(b, gate, "bias", of_bias, 1, &c_hidden));
  bool is_template = x != PLEAT_NO_VALUE && g->values[x].rank == 4;
  p = is_template ? PLEAT_BUILD(g, MUL, "tijc,ij->tijc", p, mask_ij) : PLEAT_BUILD(g, MUL, "ijc,ij->ijc", p, mask_ij);
  return pleat_build_binary(g, PLEAT_OP_MUL, p, pleat_build_unary(g, PLEAT_OP_SIGMOID, q));
}

pleat_value pleat_build_triangle_multiplication(pleat_builder *b, const char *module, pleat_value z_ij,
                                                pleat_value mask_ij, bool is_outgoing, bool is_fused,
                                                int64_t c_hidden) {
  pleat_graph *g = b->g;
  size_t scope = pleat_enter(b, module);
  char name[32];
  snprintf(name, sizeof name, "c_tri%lld", (long long)c_hidden);
  pleat_axis c = last_axis(b, z_ij), hidden = pleat_axis_of(b, name, c_hidden);
  pleat_value x = pleat_layer_norm(b, is_fused ? "left_norm_input" : "layer_norm_input", z_ij); /* Alg. 11 l. 1 */
  pleat_weight_view left_half = {.stored_cols = is_fused ? 2 * c_hidden : 0};
  pleat_weight_view right_half = {.first_col = is_fused ? c_hidden : 0, .stored_cols = left_half.stored_cols};
  pleat_value left = gated_projection(b, is_fused ? "projection" : "left_projection", is_fused ? "gate" : "left_gate",
                                      left_half, x, mask_ij, hidden);
  pleat_value right = gated_projection(b, is_fused ? "projection" : "right_projection",
                                       is_fused ? "gate" : "right_gate", right_half, x, mask_ij, hidden);
  bool is_template = z_ij != PLEAT_NO_VALUE && g->values[z_ij].rank == 4;
  const char *spec = is_outgoing ? (is_template ? "tikc,tjkc->tijc" : "ikc,jkc->ijc")
                                 : (is_template ? "tkjc,tkic->tijc" : "kjc,kic->ijc");
  pleat_value t = pleat_build_op(g, PLEAT_OP_CONTRACT, spec, (pleat_attr){0}, (pleat_value[]){left, right});
  t = pleat_layer_norm(b, is_fused ? "center_norm" : "center_layer_norm", t);                        /* l. 4 */
  pleat_value gate = pleat_build_unary(g, PLEAT_OP_SIGMOID, pleat_linear(b, "gating_linear", x, c)); /* l. 3 */
  pleat_dropout_place place = is_outgoing ? PLEAT_DROPOUT_TRIANGLE_OUT : PLEAT_DROPOUT_TRIANGLE_IN;
  gate = pleat_dropout_apply(b, place, gate, pleat_dropout_mask(b, place, z_ij));
  pleat_value out = pleat_build_binary(g, PLEAT_OP_MUL, pleat_linear(b, "output_projection", t, c), gate);
  pleat_leave(b, scope);
  return out;
}

pleat_value pleat_build_triangle_attention(pleat_builder *b, const char *module, pleat_value z_ij, pleat_value mask_ij,
                                           bool is_starting, int64_t n_head, int64_t c_head) {
  size_t scope = pleat_enter(b, module);
  bool is_template = z_ij != PLEAT_NO_VALUE && b->g->values[z_ij].rank == 4;
  const attention_spec *spec =
      is_starting ? (is_template ? &starting_t_spec : &starting_spec) : (is_template ? &ending_t_spec : &ending_spec);
  pleat_value x = pleat_layer_norm(b, "query_norm", z_ij); /* Alg. 13 l. 1 */
  pleat_value out = self_attention(b, spec, x, pair_bias(b, x, n_head), mask_ij, n_head, c_head);
  pleat_leave(b, scope);
  return out;
}

void pleat_build_evoformer_block(pleat_builder *b, pleat_value *m_si, pleat_value *z_ij, const pleat_block_masks *masks,
                                 bool is_extra) {
  const pleat_sizes *n = &b->sizes;
  bool is_outer_first = b->variant->is_multimer;
  bool is_fused = b->variant->is_fused_projection;
  pleat_value m = *m_si, z = *z_ij;
  /* DEVIATION: AlphaFold-Multimer computes the outer product mean before the MSA updates (Alg. 6 has it after). */
  if (is_outer_first)
    z = pleat_add(b, z, pleat_build_outer_product_mean(b, "outer_product_mean", m, masks->msa, masks->outer_norm));
  m = pleat_add_dropped(b, PLEAT_DROPOUT_MSA_ROW, m,
                        pleat_build_msa_row_attention(b, "msa_row_attention_with_pair_bias", m, masks->msa, z,
                                                      is_extra ? n->h_extra : n->h_msa,
                                                      is_extra ? n->c_extra_head : n->c_msa_head)); /* Alg. 6 l. 2 */
  m = pleat_add(b, m,
                is_extra ? pleat_build_msa_column_global_attention(b, "msa_column_global_attention", m, masks->msa)
                         : pleat_build_msa_column_attention(b, "msa_column_attention", m, masks->msa)); /* l. 3 */
  m = pleat_add(b, m, pleat_build_transition(b, "msa_transition", m, is_extra ? n->c_extra_trans : n->c_msa_trans));
  if (!is_outer_first)
    z = pleat_add(b, z, pleat_build_outer_product_mean(b, "outer_product_mean", m, masks->msa, masks->outer_norm));
  z = pleat_add(b, z,
                pleat_build_triangle_multiplication(b, "triangle_multiplication_outgoing", z, masks->pair, true,
                                                    is_fused, n->c_tri)); /* l. 6 */
  z = pleat_add(b, z,
                pleat_build_triangle_multiplication(b, "triangle_multiplication_incoming", z, masks->pair, false,
                                                    is_fused, n->c_tri));
  z = pleat_add_dropped(b, PLEAT_DROPOUT_TRIANGLE_START, z,
                        pleat_build_triangle_attention(b, "triangle_attention_starting_node", z, masks->pair, true,
                                                       n->h_pair, n->c_pair_head)); /* l. 8 */
  z = pleat_add_dropped(b, PLEAT_DROPOUT_TRIANGLE_END, z,
                        pleat_build_triangle_attention(b, "triangle_attention_ending_node", z, masks->pair, false,
                                                       n->h_pair, n->c_pair_head));
  z = pleat_add(b, z, pleat_build_transition(b, "pair_transition", z, n->c_pair_trans)); /* l. 10 */
  *m_si = m;
  *z_ij = z;
}
