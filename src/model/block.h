/* What the builders of the network share: parameter names by scope, and the sub-layers of the supplement.
 *
 * Every builder of a sub-layer returns the update; the caller adds the residual. Axis letters in comments follow the
 * supplement: i j k residues, s t sequences, h heads, c channels.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_MODEL_BLOCK_H
#define PLEAT_MODEL_BLOCK_H

#include "graph/build.h"
#include "model/config.h"

typedef struct pleat_builder {
  pleat_graph *g;
  const pleat_variant *variant;
  pleat_sizes sizes;
  char prefix[256];                       /* scope of the parameters: "alphafold/alphafold_iteration/evoformer" */
  bool is_stacked;                        /* inside a repeated block: stored tensors have a leading block axis */
  double dropout;                         /* factor on the published rates; 0: no dropout, and none of the following */
  pleat_value dropout_key, dropout_block; /* the pass; number of the repeated block */
  int dropout_stack;                      /* number of the stack */
} pleat_builder;

/* Goes one scope deeper; leave() takes what enter() returned. */
size_t pleat_enter(pleat_builder *b, const char *scope);
void pleat_leave(pleat_builder *b, size_t length);

pleat_axis pleat_axis_of(pleat_builder *b, const char *name, int64_t size);
/* Parameter "<prefix>/<module>//<leaf>" ("<prefix>//<leaf>" when module is NULL). */
pleat_value pleat_param(pleat_builder *b, const char *module, const char *leaf, int rank, const pleat_axis *axes);
pleat_value pleat_param_view(pleat_builder *b, const char *module, const char *leaf, pleat_weight_view view, int rank,
                             const pleat_axis *axes);
/* Linear and LayerNorm modules with the parameters of scope `module`. */
pleat_value pleat_linear(pleat_builder *b, const char *module, pleat_value x, pleat_axis c_out);
pleat_value pleat_linear_relu(pleat_builder *b, const char *module, pleat_value x, pleat_axis c_out);
pleat_value pleat_layer_norm(pleat_builder *b, const char *module, pleat_value x);
/* a + b of equal axes. */
pleat_value pleat_add(pleat_builder *b, pleat_value x, pleat_value y);

/* Dropout of the blocks (dropout.c). A stack calls start() before its region begins, carry() as the last of what it
 * carries, and next() behind the block; these add nothing without dropout and return the number of carried values. */
typedef enum pleat_dropout_stack {
  PLEAT_DROPOUT_TEMPLATE,
  PLEAT_DROPOUT_EXTRA,
  PLEAT_DROPOUT_MAIN
} pleat_dropout_stack;
void pleat_dropout_start(pleat_builder *b, pleat_dropout_stack stack);
int pleat_dropout_carry(pleat_builder *b, int n, pleat_value *carried);
void pleat_dropout_next(pleat_builder *b, int n, pleat_value *carried);

/* Sub-layers with dropout; those that are not named have none, as published. */
typedef enum pleat_dropout_place {
  PLEAT_DROPOUT_MSA_ROW,
  PLEAT_DROPOUT_TRIANGLE_OUT,
  PLEAT_DROPOUT_TRIANGLE_IN,
  PLEAT_DROPOUT_TRIANGLE_START,
  PLEAT_DROPOUT_TRIANGLE_END,
  PLEAT_N_DROPOUT_PLACES
} pleat_dropout_place;
/* The mask for an update of the axes of x: shared by its rows, [columns, c], or at TRIANGLE_END by its columns,
 * [rows, c]. PLEAT_NO_VALUE without dropout. */
pleat_value pleat_dropout_mask(pleat_builder *b, pleat_dropout_place place, pleat_value x);
/* x times such a mask; x itself without one. */
pleat_value pleat_dropout_apply(pleat_builder *b, pleat_dropout_place place, pleat_value x, pleat_value mask);
/* x + update, with the dropout of its place. */
pleat_value pleat_add_dropped(pleat_builder *b, pleat_dropout_place place, pleat_value x, pleat_value update);

/* Alg. 7 MSARowAttentionWithPairBias; m_si [N_seq, N_res, c], z_ij, mask_si. `n_head`, `c_head` per head. */
pleat_value pleat_build_msa_row_attention(pleat_builder *b, const char *module, pleat_value m_si, pleat_value mask_si,
                                          pleat_value z_ij, int64_t n_head, int64_t c_head);
/* Alg. 8 MSAColumnAttention. */
pleat_value pleat_build_msa_column_attention(pleat_builder *b, const char *module, pleat_value m_si,
                                             pleat_value mask_si);
/* Alg. 19 MSAColumnGlobalAttention. */
pleat_value pleat_build_msa_column_global_attention(pleat_builder *b, const char *module, pleat_value e_si,
                                                    pleat_value mask_si);
/* Alg. 9 MSATransition and Alg. 15 PairTransition. */
pleat_value pleat_build_transition(pleat_builder *b, const char *module, pleat_value x, int64_t c_hidden);
/* Alg. 10 OuterProductMean; norm_ij = sum_s mask_si mask_sj + 1e-3. */
pleat_value pleat_build_outer_product_norm(pleat_builder *b, pleat_value mask_si);
pleat_value pleat_build_outer_product_mean(pleat_builder *b, const char *module, pleat_value m_si, pleat_value mask_si,
                                           pleat_value norm_ij);
/* Alg. 11, 12 TriangleMultiplicationOutgoing and Incoming, with their dropout (in the gate, which costs nothing); z_ij
 * may have a leading template axis. */
pleat_value pleat_build_triangle_multiplication(pleat_builder *b, const char *module, pleat_value z_ij,
                                                pleat_value mask_ij, bool is_outgoing, bool is_fused, int64_t c_hidden);
/* Alg. 13, 14 TriangleAttentionStartingNode and EndingNode; z_ij may have a leading template axis. */
pleat_value pleat_build_triangle_attention(pleat_builder *b, const char *module, pleat_value z_ij, pleat_value mask_ij,
                                           bool is_starting, int64_t n_head, int64_t c_head);

/* Alg. 6 and 18: one block; updates *m_si and *z_ij. */
typedef struct pleat_block_masks {
  pleat_value msa, pair, outer_norm;
} pleat_block_masks;
void pleat_build_evoformer_block(pleat_builder *b, pleat_value *m_si, pleat_value *z_ij, const pleat_block_masks *masks,
                                 bool is_extra);

/* Template features as the engine derives them from positions (feat/feat_template.h). */
typedef struct pleat_template_inputs {
  pleat_value aatype;           /* [N_templ, N_res] i32 */
  pleat_value pseudo_beta;      /* [N_templ, N_res, 3] */
  pleat_value pseudo_beta_mask; /* [N_templ, N_res] */
  pleat_value frames;           /* [N_templ, N_res, 12]; multimer only */
  pleat_value frame_mask;       /* [N_templ, N_res] N, CA and C present */
  pleat_value mask;             /* monomer: [N_templ] */
  pleat_value weight;           /* multimer: [N_templ], sums to 1 over the templates that were given */
} pleat_template_inputs;
/* Alg. 2 l. 9-12, Alg. 16, 17: returns the update of z_ij. */
pleat_value pleat_build_template_embedding(pleat_builder *b, pleat_value z_ij, const pleat_template_inputs *in,
                                           pleat_value mask_ij);
/* Multimer's: averaged over templates; pairs of different chains see no template (asym_id). */
pleat_value pleat_build_template_embedding_multimer(pleat_builder *b, pleat_value z_ij, const pleat_template_inputs *in,
                                                    pleat_value mask_ij, pleat_value same_chain_ij);

/* Alg. 20 StructureModule. Results are PLEAT_NO_VALUE where a parametrisation has none. */
typedef struct pleat_structure_inputs {
  pleat_value single, pair;                /* s_i, z_ij */
  pleat_value aatype, seq_mask;            /* [N_res] */
  pleat_value atom37_index, atom37_exists; /* [N_res, 37] */
} pleat_structure_inputs;
typedef struct pleat_structure_outputs {
  pleat_value act;                /* [N_res, c_s] */
  pleat_value affines;            /* monomer: [N_res, 7], translations in angstrom */
  pleat_value atom14, atom37;     /* positions, angstrom */
  pleat_value angles, raw_angles; /* [N_res, 7, 2]; of every layer with is_trajectory: [n_fold, N_res, 7, 2] */
} pleat_structure_outputs;
void pleat_build_structure_module(pleat_builder *b, const char *module, const pleat_structure_inputs *in,
                                  bool is_trajectory, pleat_structure_outputs *out);

#endif
