/* Inside of the features: monomer features with given random choices.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_PRIV_H
#define PLEAT_FEAT_PRIV_H

#include "feat/feat.h"

enum { PLEAT_MAX_TEMPLATES = 4 }; /* eval.max_templates of every published model */

/* The random choices of one draw; a member that is NULL is drawn from the seed. */
typedef struct pleat_feat_choices {
  const int32_t *opt_row_order;   /* [n_rows - 1]: rows 1 ... n_rows - 1 in the order behind row 0 */
  const int32_t *opt_extra_order; /* [n_rows - n_clust]: places among the rows that are no cluster centres */
  const uint8_t *opt_is_masked;   /* [n_clust, N_res] */
  const uint8_t *opt_replacement; /* [n_clust, N_res]: token where masked; needs opt_is_masked */
} pleat_feat_choices;

/* pleat_feat_monomer where every draw makes the same given choices. */
PLEAT_CHECKED pleat_status pleat_feat_monomer_given(const pleat_arrays *raw, const pleat_feat_options *options,
                                                    const pleat_feat_choices *opt_choices, pleat_arrays **out_features,
                                                    pleat_error *err);

#endif
