/* Hyper-parameters of every released model: variants as a table, sizes from the parameters' shapes.
 * Source: alphafold/model/config.py (google-deepmind/alphafold c77e5d2); interfaces: AF2 supplement 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_MODEL_CONFIG_H
#define PLEAT_MODEL_CONFIG_H

#include "pleat/arrays.h"

/* What differs between the released models. */
typedef struct pleat_variant {
  const char *name; /* "model_1_ptm" */
  bool is_multimer;
  bool has_templates;
  bool has_pae;
  bool is_fused_projection; /* multimer v3: one weight for left and right of the triangle multiplication */
  int64_t max_msa_clusters; /* rows of the clustered MSA that the network sees, templates not counted */
  int64_t max_extra_msa;
  int64_t num_recycle;
  double early_stop_tolerance; /* angstrom; < 0 = never */
} pleat_variant;

extern const pleat_variant pleat_variants[];
extern const int pleat_n_variants;
/* NULL when unknown. */
const pleat_variant *pleat_variant_find(const char *name);
/* The nearest name by edit distance, for messages. */
const char *pleat_variant_nearest(const char *name);

/* Channel and block counts; the published ones unless a weight file says otherwise. */
typedef struct pleat_sizes {
  int64_t c_m, c_z, c_s, c_e, c_t;                  /* MSA, pair, single, extra MSA, template pair */
  int64_t n_evoformer, n_extra, n_template, n_fold; /* blocks; structure module layers */
  int64_t c_target, c_msa_feat, c_extra_feat, n_prev_bins, c_template_1d;
  int64_t h_msa, c_msa_head, h_pair, c_pair_head, h_extra, c_extra_head;
  int64_t h_tpair, c_tpair_head, h_tpoint, c_tpoint_head; /* template triangle attention, pointwise attention */
  int64_t c_opm, c_tri, c_ttri;                           /* outer product, triangle multiplication hidden channels */
  int64_t c_msa_trans, c_extra_trans, c_pair_trans, c_tpair_trans;
  int64_t h_ipa, c_ipa, n_qk_points, n_v_points, n_scalar_v;
  int64_t c_sidechain, c_plddt, n_plddt_bins, n_pae_bins, n_disto_bins, n_masked_msa;
} pleat_sizes;

pleat_sizes pleat_sizes_published(const pleat_variant *variant);

/* Shape of a parameter by name; returns its rank, or -1 when the file has none. */
typedef int pleat_shape_fn(void *ctx, const char *name, int64_t shape[PLEAT_MAX_RANK]);
/* Overwrites sizes with those that the parameters show. Errors: WEIGHTS (a tensor that every variant has is missing,
 * or has another rank). */
PLEAT_CHECKED pleat_status pleat_sizes_from_weights(const pleat_variant *variant, pleat_shape_fn *shape_of, void *ctx,
                                                    pleat_sizes *out_sizes, pleat_error *err);

#endif
