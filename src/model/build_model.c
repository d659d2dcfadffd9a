/* AF2 supplement, Alg. 2: embedders, extra-MSA stack, Evoformer, structure module, heads, recycling.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/fail.h"
#include "model/block.h"
#include "model/model.h"

/* Axes and inputs that many parts need. */
typedef struct network {
  pleat_builder b;
  const pleat_model_request *request;
  pleat_axis N_res, N_clust, N_extra, N_templ, N_templ_row;
  pleat_input_class fixed; /* class of inputs that are normally the same in every iteration */
  pleat_value aatype, seq_mask, target_feat, residue_index, mask_ij;
  pleat_value asym_id, entity_id, sym_id;
  pleat_value prev_pos, prev_pair, prev_msa_first_row;
  pleat_value m_si, msa_mask, z_ij; /* the running representations */
  pleat_value single, msa_first_row;
} network;

static pleat_value input(network *n, const char *name, pleat_dtype dtype, pleat_input_class class, int rank,
                         const pleat_axis *axes) {
  return pleat_build_input(n->b.g, name, dtype, class, rank, axes);
}

static pleat_axis axis(network *n, const char *name, int64_t size) { return pleat_axis_of(&n->b, name, size); }

static void declare_inputs(network *n) {
  const pleat_sizes *s = &n->b.sizes;
  n->N_res = axis(n, "N_res", n->request->n_res);
  n->N_clust = axis(n, "N_clust", n->request->n_clust);
  n->N_extra = axis(n, "N_extra", n->request->n_extra);
  n->N_templ = axis(n, "N_templ", n->request->n_templ);
  n->N_templ_row = axis(n, "N_templ_row", n->request->n_templ_rows);
  n->fixed = n->request->is_template_static ? PLEAT_INPUT_STATIC : PLEAT_INPUT_ITER;
  n->aatype = input(n, "aatype", PLEAT_I32, n->fixed, 1, &n->N_res);
  n->seq_mask = input(n, "seq_mask", PLEAT_F32, n->fixed, 1, &n->N_res);
  n->residue_index = input(n, "residue_index", PLEAT_I32, n->fixed, 1, &n->N_res);
  n->target_feat =
      input(n, "target_feat", PLEAT_F32, n->fixed, 2, (pleat_axis[]){n->N_res, axis(n, "c_target", s->c_target)});
  if (n->b.variant->is_multimer) {
    n->asym_id = input(n, "asym_id", PLEAT_I32, n->fixed, 1, &n->N_res);
    n->entity_id = input(n, "entity_id", PLEAT_I32, n->fixed, 1, &n->N_res);
    n->sym_id = input(n, "sym_id", PLEAT_I32, n->fixed, 1, &n->N_res);
  }
  pleat_axis c_z = axis(n, "c_z", s->c_z), c_m = axis(n, "c_m", s->c_m);
  pleat_axis atom37 = axis(n, "n_atom37", 37), xyz = axis(n, "xyz", 3);
  n->prev_pos = input(n, "prev_pos", PLEAT_F32, PLEAT_INPUT_STATE, 3, (pleat_axis[]){n->N_res, atom37, xyz});
  n->prev_pair = input(n, "prev_pair", PLEAT_F32, PLEAT_INPUT_STATE, 3, (pleat_axis[]){n->N_res, n->N_res, c_z});
  n->prev_msa_first_row =
      input(n, "prev_msa_first_row", PLEAT_F32, PLEAT_INPUT_STATE, 2, (pleat_axis[]){n->N_res, c_m});
  n->mask_ij = PLEAT_BUILD(n->b.g, MUL, "i,j->ij", n->seq_mask, n->seq_mask);
  n->b.dropout = n->request->dropout;
  if (!(n->b.dropout > 0)) return;
  pleat_axis key = axis(n, "dropout_key", 4);
  n->b.dropout_key = input(n, "dropout_key", PLEAT_I32, PLEAT_INPUT_ITER, 1, &key);
}

/* A table look-up added to z: rows [first, first + size) of the weights of `module`. */
static pleat_value add_lookup(network *n, pleat_value z, const char *module, int64_t first, const char *axis_name,
                              int64_t size, int64_t stored_rows, pleat_value index) {
  pleat_axis axes[] = {axis(n, axis_name, size), axis(n, "c_z", n->b.sizes.c_z)};
  pleat_weight_view view = {.first_row = first, .stored_rows = stored_rows};
  pleat_value W = pleat_param_view(&n->b, module, "weights", view, 2, axes);
  return pleat_add(&n->b, z, PLEAT_BUILD(n->b.g, LOOKUP, "vc,ij->ijc", W, index));
}

/* Alg. 4 relpos; for the multimer with chain and entity (AlphaFold-Multimer, Alg. 4 there). */
static pleat_value add_relative_positions(network *n, pleat_value z) {
  pleat_graph *g = n->b.g;
  pleat_value pos = n->residue_index;
  enum { MAX_RELATIVE = 32, MAX_CHAIN = 2 };
  if (!n->b.variant->is_multimer) {
    pleat_value index = PLEAT_BUILD_ATTR(g, REL_INDEX, "i,j->ij", ((pleat_attr){.n = MAX_RELATIVE}), pos, pos);
    return add_lookup(n, z, "pair_activiations", 0, "n_relpos", 2 * MAX_RELATIVE + 1, 0, index);
  }
  const char *module = "~_relative_encoding/position_activations";
  int64_t n_pos = 2 * MAX_RELATIVE + 2, n_chain = 2 * MAX_CHAIN + 2, n_rows = n_pos + 1 + n_chain;
  pleat_value index = PLEAT_BUILD_ATTR(g, REL_INDEX, "i,j,i,j->ij", ((pleat_attr){.n = MAX_RELATIVE}), pos, pos,
                                       n->asym_id, n->asym_id);
  z = add_lookup(n, z, module, 0, "n_relpos", n_pos, n_rows, index);
  pleat_value same_entity = PLEAT_BUILD(g, EQUAL_PAIR, "i,j->ij", n->entity_id, n->entity_id);
  pleat_weight_view view = {.first_row = n_pos, .stored_rows = n_rows};
  pleat_axis axes[] = {axis(n, "one", 1), axis(n, "c_z", n->b.sizes.c_z)};
  pleat_value W = pleat_param_view(&n->b, module, "weights", view, 2, axes);
  z = pleat_add(&n->b, z, PLEAT_BUILD(g, CONTRACT, "ij,oc->ijc", same_entity, W));
  index = PLEAT_BUILD_ATTR(g, REL_INDEX, "i,j,i,j->ij", ((pleat_attr){.n = MAX_CHAIN}), n->sym_id, n->sym_id,
                           n->entity_id, n->entity_id);
  return add_lookup(n, z, module, n_pos + 1, "n_relchain", n_chain, n_rows, index);
}

/* Alg. 3 InputEmbedder l. 2-3, Alg. 32 RecyclingEmbedder: the pair representation before templates. z starts from the
 * recycled pair so that it can be updated in place. */
static void embed_pair(network *n) {
  pleat_graph *g = n->b.g;
  pleat_axis c_z = axis(n, "c_z", n->b.sizes.c_z);
  bool is_multimer = n->b.variant->is_multimer;
  pleat_value z = pleat_layer_norm(&n->b, "prev_pair_norm", n->prev_pair); /* Alg. 32 l. 4 */
  pleat_value left = pleat_linear(&n->b, "left_single", n->target_feat, c_z);
  pleat_value right = pleat_linear(&n->b, "right_single", n->target_feat, c_z);
  left = PLEAT_BUILD(g, ADD, "ic,c->ic", left, pleat_param(&n->b, "prev_pos_linear", "bias", 1, &c_z));
  const char *relpos = is_multimer ? "~_relative_encoding/position_activations" : "pair_activiations";
  left = PLEAT_BUILD(g, ADD, "ic,c->ic", left, pleat_param(&n->b, relpos, "bias", 1, &c_z));
  z = PLEAT_BUILD(g, ADD, "ijc,ic->ijc", z, left);
  z = PLEAT_BUILD(g, ADD, "ijc,jc->ijc", z, right);
  pleat_value beta = PLEAT_BUILD(g, PSEUDO_BETA, "iax,i->ix", n->prev_pos, n->aatype);
  /* 15 bins from 3.25 to 20.75 angstrom (config.py, prev_pos). */
  int64_t n_bins = n->b.sizes.n_prev_bins;
  pleat_value bins = PLEAT_BUILD_ATTR(g, DIST_BIN, "ix,jx->ij",
                                      ((pleat_attr){.a = 3.25f, .b = 20.75f, .n = (int32_t)n_bins}), beta, beta);
  z = add_lookup(n, z, "prev_pos_linear", 0, "n_prev_bins", n_bins, 0, bins);
  n->z_ij = add_relative_positions(n, z);
}

static pleat_template_inputs declare_templates(network *n) {
  pleat_axis t = n->N_templ, i = n->N_res, xyz = axis(n, "xyz", 3), frame = axis(n, "frame", 12);
  bool is_multimer = n->b.variant->is_multimer;
  return (pleat_template_inputs){
      .aatype = input(n, "template_aatype", PLEAT_I32, n->fixed, 2, (pleat_axis[]){t, i}),
      .pseudo_beta = input(n, "template_pseudo_beta", PLEAT_F32, n->fixed, 3, (pleat_axis[]){t, i, xyz}),
      .pseudo_beta_mask = input(n, "template_pseudo_beta_mask", PLEAT_F32, n->fixed, 2, (pleat_axis[]){t, i}),
      .frames = is_multimer ? input(n, "template_frames", PLEAT_F32, n->fixed, 3, (pleat_axis[]){t, i, frame})
                            : PLEAT_NO_VALUE,
      .frame_mask = input(n, "template_frame_mask", PLEAT_F32, n->fixed, 2, (pleat_axis[]){t, i}),
      .mask = is_multimer ? PLEAT_NO_VALUE : input(n, "template_mask", PLEAT_F32, n->fixed, 1, &t),
      .weight = is_multimer ? input(n, "template_weight", PLEAT_F32, n->fixed, 1, &t) : PLEAT_NO_VALUE};
}

static void embed_templates(network *n) {
  pleat_template_inputs in = declare_templates(n);
  pleat_value update;
  if (n->b.variant->is_multimer) {
    pleat_value same_chain = PLEAT_BUILD(n->b.g, EQUAL_PAIR, "i,j->ij", n->asym_id, n->asym_id);
    update = pleat_build_template_embedding_multimer(&n->b, n->z_ij, &in, n->mask_ij, same_chain);
  } else {
    update = pleat_build_template_embedding(&n->b, n->z_ij, &in, n->mask_ij);
  }
  n->z_ij = pleat_add(&n->b, n->z_ij, update); /* Alg. 2 l. 13 */
}

/* Embedded extra MSA: the monomer's features are token numbers, the multimer's are laid out already. */
static pleat_value embed_extra_msa(network *n) {
  pleat_graph *g = n->b.g;
  pleat_axis c_e = axis(n, "c_e", n->b.sizes.c_e), rows[] = {n->N_extra, n->N_res};
  if (n->b.variant->is_multimer) {
    pleat_axis c = axis(n, "c_extra_feat", n->b.sizes.c_extra_feat);
    pleat_value feat = input(n, "extra_msa_feat", PLEAT_F32, PLEAT_INPUT_ITER, 3, (pleat_axis[]){rows[0], rows[1], c});
    return pleat_linear(&n->b, "extra_msa_activations", feat, c_e);
  }
  enum { N_TOKENS = 23 };
  const char *module = "extra_msa_activations";
  pleat_value tokens = input(n, "extra_msa", PLEAT_I32, PLEAT_INPUT_ITER, 2, rows);
  pleat_axis table[] = {axis(n, "n_tokens", N_TOKENS), c_e}, one[] = {axis(n, "one", 1), c_e};
  int64_t n_rows = n->b.sizes.c_extra_feat;
  pleat_weight_view view = {.stored_rows = n_rows};
  pleat_value e =
      PLEAT_BUILD(g, LOOKUP, "vc,si->sic", pleat_param_view(&n->b, module, "weights", view, 2, table), tokens);
  static const char *const names[] = {"extra_has_deletion", "extra_deletion_value"};
  for (int k = 0; k < 2; k++) {
    view.first_row = N_TOKENS + k;
    pleat_value feature = input(n, names[k], PLEAT_F32, PLEAT_INPUT_ITER, 2, rows);
    pleat_value W = pleat_param_view(&n->b, module, "weights", view, 2, one);
    e = pleat_add(&n->b, e, PLEAT_BUILD(g, CONTRACT, "si,oc->sic", feature, W));
  }
  return PLEAT_BUILD(g, ADD, "sic,c->sic", e, pleat_param(&n->b, module, "bias", 1, &c_e));
}

/* Alg. 18 ExtraMsaStack. */
static void extra_msa_stack(network *n) {
  pleat_graph *g = n->b.g;
  pleat_value e = embed_extra_msa(n);
  pleat_value mask = input(n, "extra_msa_mask", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){n->N_extra, n->N_res});
  pleat_block_masks masks = {mask, n->mask_ij, pleat_build_outer_product_norm(&n->b, mask)};
  size_t scope = pleat_enter(&n->b, "extra_msa_stack");
  pleat_dropout_start(&n->b, PLEAT_DROPOUT_EXTRA);
  pleat_build_repeat_begin(g, "extra_msa_stack", n->b.sizes.n_extra);
  n->b.is_stacked = true;
  pleat_value carried[3] = {pleat_build_carry(g, e), pleat_build_carry(g, n->z_ij)};
  int n_carried = pleat_dropout_carry(&n->b, 2, carried);
  pleat_build_evoformer_block(&n->b, &carried[0], &carried[1], &masks, true);
  pleat_dropout_next(&n->b, n_carried, carried);
  pleat_build_repeat_end(g, n_carried, carried);
  n->b.is_stacked = false;
  pleat_leave(&n->b, scope);
  n->z_ij = carried[1];
}

/* Alg. 2 l. 7-8: a row of the MSA for every template. */
static pleat_value embed_template_rows(network *n) {
  pleat_axis axes[] = {n->N_templ_row, n->N_res, axis(n, "c_template_1d", n->b.sizes.c_template_1d)};
  pleat_axis c_m = axis(n, "c_m", n->b.sizes.c_m);
  pleat_value feat = input(n, "template_angle_feat", PLEAT_F32, n->fixed, 3, axes);
  pleat_value a = pleat_linear_relu(&n->b, "template_single_embedding", feat, c_m);
  return pleat_linear(&n->b, "template_projection", a, c_m);
}

/* Alg. 3 l. 4-5 and Alg. 32 l. 3: the recycled first row goes to row 0; template rows follow the clusters. */
static void embed_msa(network *n) {
  pleat_graph *g = n->b.g;
  const pleat_sizes *s = &n->b.sizes;
  pleat_axis c_m = axis(n, "c_m", s->c_m), one = axis(n, "one", 1);
  pleat_axis rest = axis(n, "N_clust_rest", n->request->n_clust - 1);
  pleat_value feat = input(n, "msa_feat", PLEAT_F32, PLEAT_INPUT_ITER, 3,
                           (pleat_axis[]){n->N_clust, n->N_res, axis(n, "c_msa_feat", s->c_msa_feat)});
  pleat_value mask = input(n, "msa_mask", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){n->N_clust, n->N_res});
  pleat_value target = pleat_linear(&n->b, "preprocess_1d", n->target_feat, c_m);
  pleat_value m = pleat_linear(&n->b, "preprocess_msa", feat, c_m);
  m = PLEAT_BUILD(g, ADD, "sic,ic->sic", m, target);
  pleat_value first = pleat_layer_norm(&n->b, "prev_msa_first_row_norm", n->prev_msa_first_row);
  pleat_value row0 = PLEAT_BUILD(g, ADD, "sic,ic->sic", pleat_build_slice(g, m, 0, 0, one), first);
  pleat_value parts[3] = {row0, pleat_build_slice(g, m, 0, 1, rest)};
  if (!n->b.variant->has_templates) {
    n->m_si = pleat_build_concat(g, 0, 2, parts);
    n->msa_mask = mask;
    return;
  }
  parts[2] = embed_template_rows(n);
  n->m_si = pleat_build_concat(g, 0, 3, parts);
  pleat_value row_mask =
      input(n, "template_angle_mask", PLEAT_F32, n->fixed, 2, (pleat_axis[]){n->N_templ_row, n->N_res});
  n->msa_mask = pleat_build_concat(g, 0, 2, (pleat_value[]){mask, row_mask});
}

/* Alg. 6 EvoformerStack and Alg. 2 l. 18. */
static void evoformer(network *n) {
  pleat_graph *g = n->b.g;
  pleat_block_masks masks = {n->msa_mask, n->mask_ij, pleat_build_outer_product_norm(&n->b, n->msa_mask)};
  size_t scope = pleat_enter(&n->b, "evoformer_iteration");
  pleat_dropout_start(&n->b, PLEAT_DROPOUT_MAIN);
  pleat_build_repeat_begin(g, "evoformer", n->b.sizes.n_evoformer);
  n->b.is_stacked = true;
  pleat_value carried[3] = {pleat_build_carry(g, n->m_si), pleat_build_carry(g, n->z_ij)};
  int n_carried = pleat_dropout_carry(&n->b, 2, carried);
  pleat_build_evoformer_block(&n->b, &carried[0], &carried[1], &masks, false);
  pleat_dropout_next(&n->b, n_carried, carried);
  pleat_build_repeat_end(g, n_carried, carried);
  n->b.is_stacked = false;
  pleat_leave(&n->b, scope);
  n->m_si = carried[0];
  n->z_ij = carried[1];
  pleat_axis one = axis(n, "one", 1);
  n->msa_first_row = PLEAT_BUILD(g, SUM, "sic->ic", pleat_build_slice(g, n->m_si, 0, 0, one));
  n->single = pleat_linear(&n->b, "single_activations", n->msa_first_row, axis(n, "c_s", n->b.sizes.c_s));
}

/* Alg. 2 l. 2-4: the mean of a representation over the ensemble; the engine clears the sum before the first member. */
static pleat_value ensemble_mean(network *n, const char *name, pleat_value x) {
  pleat_graph *g = n->b.g;
  if (n->request->num_ensemble <= 1 || x == PLEAT_NO_VALUE) return x;
  pleat_value_info info = g->values[x];
  pleat_value sum = input(n, name, PLEAT_F32, PLEAT_INPUT_STATE, info.rank, info.axis);
  pleat_value share = pleat_build_affine(g, x, 1.0f / (float)n->request->num_ensemble, 0);
  pleat_value mean = pleat_add(&n->b, sum, share);
  pleat_build_state(g, sum, mean);
  return mean;
}

static void output_linear(network *n, const char *name, const char *module, pleat_value x, const char *axis_name,
                          int64_t size) {
  pleat_build_output(n->b.g, name, pleat_linear(&n->b, module, x, axis(n, axis_name, size)));
}

/* Alg. 29, supplement 1.9.6. */
static void lddt_head(network *n, pleat_value structure_act) {
  const pleat_sizes *s = &n->b.sizes;
  size_t scope = pleat_enter(&n->b, "predicted_lddt_head");
  pleat_axis c = axis(n, "c_plddt", s->c_plddt);
  pleat_value a = pleat_linear_relu(&n->b, "act_0", pleat_layer_norm(&n->b, "input_layer_norm", structure_act), c);
  a = pleat_linear_relu(&n->b, "act_1", a, c);
  output_linear(n, "predicted_lddt/logits", "logits", a, "n_plddt_bins", s->n_plddt_bins);
  pleat_leave(&n->b, scope);
}

/* Supplement 1.9.7-1.9.10. */
static void heads(network *n, pleat_value m_clusters) {
  const pleat_sizes *s = &n->b.sizes;
  pleat_graph *g = n->b.g;
  if (n->b.variant->has_pae)
    output_linear(n, "predicted_aligned_error/logits", "predicted_aligned_error_head/logits", n->z_ij, "n_pae_bins",
                  s->n_pae_bins);
  if (n->request->want_logits || n->request->want_distogram) {
    pleat_value half =
        pleat_linear(&n->b, "distogram_head/half_logits", n->z_ij, axis(n, "n_disto_bins", s->n_disto_bins));
    pleat_build_output(g, "distogram/logits", PLEAT_BUILD(g, ADD, "ijb,jib->ijb", half, half));
  }
  if (!n->request->want_logits) return;
  output_linear(n, "experimentally_resolved/logits", "experimentally_resolved_head/logits", n->single, "n_atom37", 37);
  output_linear(n, "masked_msa/logits", "masked_msa_head/logits", m_clusters, "n_masked_msa", s->n_masked_msa);
}

static void outputs(network *n, const pleat_structure_outputs *structure) {
  pleat_graph *g = n->b.g;
  pleat_build_output(g, "structure_module/final_atom_positions", structure->atom37);
  if (structure->affines != PLEAT_NO_VALUE) pleat_build_output(g, "structure_module/final_affines", structure->affines);
  if (!n->request->want_representations) return;
  pleat_build_output(g, "representations/single", n->single);
  pleat_build_output(g, "representations/pair", n->z_ij);
  pleat_build_output(g, "representations/msa_first_row", n->msa_first_row);
  pleat_build_output(g, "representations/structure_module", structure->act);
}

static void build(network *n) {
  pleat_graph *g = n->b.g;
  pleat_enter(&n->b, "alphafold/alphafold_iteration");
  pleat_build_stage(g, PLEAT_STAGE_TRUNK);
  declare_inputs(n);
  size_t scope = pleat_enter(&n->b, "evoformer");
  embed_pair(n);
  if (n->b.variant->has_templates) embed_templates(n);
  extra_msa_stack(n);
  embed_msa(n);
  evoformer(n);
  pleat_leave(&n->b, scope);
  pleat_value m_clusters = pleat_build_slice(g, n->m_si, 0, 0, n->N_clust);
  n->single = ensemble_mean(n, "ensemble/single", n->single);
  n->z_ij = ensemble_mean(n, "ensemble/pair", n->z_ij);
  n->msa_first_row = ensemble_mean(n, "ensemble/msa_first_row", n->msa_first_row);

  pleat_build_stage(g, PLEAT_STAGE_FOLD);
  pleat_axis atom37 = axis(n, "n_atom37", 37);
  pleat_structure_inputs in = {
      .single = n->single,
      .pair = n->z_ij,
      .aatype = n->aatype,
      .seq_mask = n->seq_mask,
      .atom37_index = input(n, "residx_atom37_to_atom14", PLEAT_I32, n->fixed, 2, (pleat_axis[]){n->N_res, atom37}),
      .atom37_exists = input(n, "atom37_atom_exists", PLEAT_F32, n->fixed, 2, (pleat_axis[]){n->N_res, atom37})};
  pleat_structure_outputs structure;
  pleat_build_structure_module(&n->b, "structure_module", &in, false, &structure);
  pleat_build_state(g, n->prev_pos, structure.atom37);
  pleat_build_state(g, n->prev_msa_first_row, n->msa_first_row);
  pleat_build_state(g, n->prev_pair, n->z_ij);

  pleat_build_stage(g, PLEAT_STAGE_LAST);
  lddt_head(n, structure.act);
  heads(n, m_clusters);
  outputs(n, &structure);
}

pleat_status pleat_build_model(const pleat_variant *variant, const pleat_sizes *sizes,
                               const pleat_model_request *request, pleat_graph **out_graph, pleat_error *err) {
  *out_graph = NULL;
  if (request->n_res < 1 || request->n_clust < 1)
    PLEAT_FAIL(err, PLEAT_SHAPE, "a prediction needs at least one residue and one alignment row, got %lld and %lld",
               (long long)request->n_res, (long long)request->n_clust);
  network n = {.b = {.variant = variant, .sizes = *sizes}, .request = request};
  PLEAT_TRY(pleat_graph_create(&n.b.g, err));
  build(&n);
  pleat_status status = pleat_build_status(n.b.g, err);
  if (!status) status = pleat_graph_verify(n.b.g, err);
  if (status)
    pleat_graph_destroy(n.b.g);
  else
    *out_graph = n.b.g;
  return status;
}
