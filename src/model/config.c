/* The released variants and their sizes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

/* clang-format off */
#define MONOMER(name, templates, pae, clusters, extra) {name, false, templates, pae, false, clusters, extra, 3, -1}
#define MULTIMER(name, fused, clusters, extra) {name, true, true, true, fused, clusters, extra, 20, 0.5}
/* 508 = 512 rows less the 4 that the templates' torsion angles take. */
#define FAMILY(suffix, pae)                                                                         \
  MONOMER("model_1" suffix, true, pae, 508, 5120), MONOMER("model_2" suffix, true, pae, 508, 1024), \
      MONOMER("model_3" suffix, false, pae, 512, 5120), MONOMER("model_4" suffix, false, pae, 512, 5120), \
      MONOMER("model_5" suffix, false, pae, 512, 1024)
#define OLD_MULTIMER(suffix)                                                                           \
  MULTIMER("model_1_" suffix, false, 252, 1152), MULTIMER("model_2_" suffix, false, 252, 1152),        \
      MULTIMER("model_3_" suffix, false, 252, 1152), MULTIMER("model_4_" suffix, false, 252, 1152),    \
      MULTIMER("model_5_" suffix, false, 252, 1152)
/* clang-format on */

const pleat_variant pleat_variants[] = {
    FAMILY("", false),
    FAMILY("_ptm", true),
    OLD_MULTIMER("multimer"),
    OLD_MULTIMER("multimer_v2"),
    MULTIMER("model_1_multimer_v3", true, 508, 2048),
    MULTIMER("model_2_multimer_v3", true, 508, 2048),
    MULTIMER("model_3_multimer_v3", true, 508, 2048),
    MULTIMER("model_4_multimer_v3", true, 508, 1152),
    MULTIMER("model_5_multimer_v3", true, 508, 1152),
};
const int pleat_n_variants = (int)(sizeof pleat_variants / sizeof *pleat_variants);

const pleat_variant *pleat_variant_find(const char *name) {
  for (int i = 0; i < pleat_n_variants; i++)
    if (!strcmp(pleat_variants[i].name, name)) return &pleat_variants[i];
  return NULL;
}

enum { MAX_NAME = 32 };

/* Levenshtein distance; names longer than MAX_NAME are cut, which only affects a suggestion. */
static int edit_distance(const char *a, const char *b) {
  int row[MAX_NAME + 1], n = 0;
  while (b[n] && n < MAX_NAME) n++;
  for (int j = 0; j <= n; j++) row[j] = j;
  for (int i = 0; a[i] && i < MAX_NAME; i++) {
    int diagonal = row[0];
    row[0] = i + 1;
    for (int j = 1; j <= n; j++) {
      int above = row[j], best = diagonal + (a[i] != b[j - 1]);
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = above;
      row[j] = best;
    }
  }
  return row[n];
}

const char *pleat_variant_nearest(const char *name) {
  const char *nearest = pleat_variants[0].name;
  int best = 1 << 20;
  for (int i = 0; i < pleat_n_variants; i++) {
    int distance = edit_distance(name, pleat_variants[i].name);
    if (distance < best) {
      best = distance;
      nearest = pleat_variants[i].name;
    }
  }
  return nearest;
}

pleat_sizes pleat_sizes_published(const pleat_variant *variant) {
  bool is_multimer = variant->is_multimer;
  /* clang-format off */
  return (pleat_sizes){
      .c_m = 256, .c_z = 128, .c_s = 384, .c_e = 64, .c_t = 64,
      .n_evoformer = 48, .n_extra = 4, .n_template = 2, .n_fold = 8,
      .c_target = is_multimer ? 21 : 22, .c_msa_feat = 49, .c_extra_feat = 25,
      .n_prev_bins = 15, .c_template_1d = is_multimer ? 34 : 57,
      .h_msa = 8, .c_msa_head = 32, .h_pair = 4, .c_pair_head = 32, .h_extra = 8, .c_extra_head = 8,
      .h_tpair = 4, .c_tpair_head = 16, .h_tpoint = 4, .c_tpoint_head = 16,
      .c_opm = 32, .c_tri = 128, .c_ttri = 64,
      .c_msa_trans = 1024, .c_extra_trans = 256, .c_pair_trans = 512, .c_tpair_trans = 128,
      .h_ipa = 12, .c_ipa = 16, .n_qk_points = 4, .n_v_points = 8, .n_scalar_v = 16,
      .c_sidechain = 128, .c_plddt = 128, .n_plddt_bins = 50, .n_pae_bins = 64, .n_disto_bins = 64,
      .n_masked_msa = is_multimer ? 22 : 23};
  /* clang-format on */
}

/* A parameter and the sizes that its axes show; NONE = an axis that is known or fixed. */
typedef struct size_probe {
  const char *name; /* below alphafold/alphafold_iteration/ */
  uint8_t kind;     /* ALWAYS, or only with templates, with a PAE head, monomer, multimer */
  uint8_t rank;
  size_t axis[4];
} size_probe;
enum { ALWAYS, TEMPLATES, PAE, MONOMER_TEMPLATES, MULTIMER_TEMPLATES };

#define NONE        ((size_t)-1)
#define AT(field)   offsetof(pleat_sizes, field)
#define EVO         "evoformer/evoformer_iteration/"
#define EXTRA       "evoformer/extra_msa_stack/"
#define TEMPLATE    "evoformer/template_embedding/single_template_embedding/"
#define MONO_STACK  TEMPLATE "template_pair_stack/__layer_stack_no_state/"
#define MULTI_STACK TEMPLATE "template_embedding_iteration/"

/* clang-format off */
static const size_probe probes[] = {
    {"evoformer/preprocess_1d//weights", ALWAYS, 2, {AT(c_target), AT(c_m)}},
    {"evoformer/preprocess_msa//weights", ALWAYS, 2, {AT(c_msa_feat), NONE}},
    {"evoformer/left_single//weights", ALWAYS, 2, {NONE, AT(c_z)}},
    {"evoformer/single_activations//weights", ALWAYS, 2, {NONE, AT(c_s)}},
    {"evoformer/extra_msa_activations//weights", ALWAYS, 2, {AT(c_extra_feat), AT(c_e)}},
    {"evoformer/prev_pos_linear//weights", ALWAYS, 2, {AT(n_prev_bins), NONE}},
    {EVO "msa_row_attention_with_pair_bias/attention//query_w", ALWAYS, 4, {AT(n_evoformer), NONE, AT(h_msa), AT(c_msa_head)}},
    {EVO "msa_transition/transition1//weights", ALWAYS, 3, {NONE, NONE, AT(c_msa_trans)}},
    {EVO "pair_transition/transition1//weights", ALWAYS, 3, {NONE, NONE, AT(c_pair_trans)}},
    {EVO "outer_product_mean//output_w", ALWAYS, 4, {NONE, AT(c_opm), NONE, NONE}},
    {EVO "triangle_multiplication_outgoing/output_projection//weights", ALWAYS, 3, {NONE, AT(c_tri), NONE}},
    {EVO "triangle_attention_starting_node/attention//query_w", ALWAYS, 4, {NONE, NONE, AT(h_pair), AT(c_pair_head)}},
    {EXTRA "msa_row_attention_with_pair_bias/attention//query_w", ALWAYS, 4, {AT(n_extra), NONE, AT(h_extra), AT(c_extra_head)}},
    {EXTRA "msa_transition/transition1//weights", ALWAYS, 3, {NONE, NONE, AT(c_extra_trans)}},
    {TEMPLATE "output_layer_norm//scale", TEMPLATES, 1, {AT(c_t)}},
    {"evoformer/template_single_embedding//weights", TEMPLATES, 2, {AT(c_template_1d), NONE}},
    {"evoformer/template_embedding/attention//query_w", MONOMER_TEMPLATES, 3, {NONE, AT(h_tpoint), AT(c_tpoint_head)}},
    {MONO_STACK "pair_transition/transition1//weights", MONOMER_TEMPLATES, 3, {AT(n_template), NONE, AT(c_tpair_trans)}},
    {MONO_STACK "triangle_attention_starting_node/attention//query_w", MONOMER_TEMPLATES, 4, {NONE, NONE, AT(h_tpair), AT(c_tpair_head)}},
    {MONO_STACK "triangle_multiplication_outgoing/output_projection//weights", MONOMER_TEMPLATES, 3, {NONE, AT(c_ttri), NONE}},
    {MULTI_STACK "pair_transition/transition1//weights", MULTIMER_TEMPLATES, 3, {AT(n_template), NONE, AT(c_tpair_trans)}},
    {MULTI_STACK "triangle_attention_starting_node/attention//query_w", MULTIMER_TEMPLATES, 4, {NONE, NONE, AT(h_tpair), AT(c_tpair_head)}},
    {MULTI_STACK "triangle_multiplication_outgoing/output_projection//weights", MULTIMER_TEMPLATES, 3, {NONE, AT(c_ttri), NONE}},
    {"structure_module/fold_iteration/invariant_point_attention//trainable_point_weights", ALWAYS, 1, {AT(h_ipa)}},
    {"structure_module/fold_iteration/rigid_sidechain/input_projection//weights", ALWAYS, 2, {NONE, AT(c_sidechain)}},
    {"predicted_lddt_head/act_0//weights", ALWAYS, 2, {NONE, AT(c_plddt)}},
    {"predicted_lddt_head/logits//weights", ALWAYS, 2, {NONE, AT(n_plddt_bins)}},
    {"predicted_aligned_error_head/logits//weights", PAE, 2, {NONE, AT(n_pae_bins)}},
    {"distogram_head/half_logits//weights", ALWAYS, 2, {NONE, AT(n_disto_bins)}},
    {"masked_msa_head/logits//weights", ALWAYS, 2, {NONE, AT(n_masked_msa)}},
};
/* clang-format on */

static bool applies(const pleat_variant *variant, uint8_t kind) {
  switch (kind) {
    case TEMPLATES: return variant->has_templates;
    case PAE: return variant->has_pae;
    case MONOMER_TEMPLATES: return variant->has_templates && !variant->is_multimer;
    case MULTIMER_TEMPLATES: return variant->has_templates && variant->is_multimer;
    default: return true;
  }
}

pleat_status pleat_sizes_from_weights(const pleat_variant *variant, pleat_shape_fn *shape_of, void *ctx,
                                      pleat_sizes *out_sizes, pleat_error *err) {
  *out_sizes = pleat_sizes_published(variant);
  for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
    const size_probe *probe = &probes[i];
    if (!applies(variant, probe->kind)) continue;
    char name[256];
    snprintf(name, sizeof name, "alphafold/alphafold_iteration/%s", probe->name);
    int64_t shape[PLEAT_MAX_RANK];
    int rank = shape_of(ctx, name, shape);
    if (rank < 0)
      PLEAT_FAIL(err, PLEAT_WEIGHTS, "the weights lack the tensor %s that %s has; are they of another model?", name,
                 variant->name);
    if (rank != probe->rank)
      PLEAT_FAIL(err, PLEAT_WEIGHTS, "tensor %s has %d axes, expected %d for %s", name, rank, probe->rank,
                 variant->name);
    for (int d = 0; d < rank; d++) {
      if (shape[d] < 1) PLEAT_FAIL(err, PLEAT_WEIGHTS, "tensor %s has an empty axis", name);
      if (probe->axis[d] != NONE) *(int64_t *)(void *)((char *)out_sizes + probe->axis[d]) = shape[d];
    }
  }
  return PLEAT_OK;
}
