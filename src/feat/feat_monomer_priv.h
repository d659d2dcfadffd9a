/* Raw monomer features, checked and in the form that the draws read; templates.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_MONOMER_PRIV_H
#define PLEAT_FEAT_MONOMER_PRIV_H

#include "feat/feat.h"

typedef struct pleat_feat_monomer_input {
  int64_t n_rows;
  int64_t n_res;
  uint8_t *tokens;        /* [n_rows, n_res] restypes 0..21 */
  float *deletions;       /* [n_rows, n_res] */
  int32_t *aatype;        /* [n_res] restypes 0..20 */
  int32_t *residue_index; /* [n_res] */
  float *has_break;       /* [n_res] 0 or 1: domain break before the residue */
} pleat_feat_monomer_input;

/* Numbers may have any dtype that pleat_array_is_numeric accepts. Errors: INPUT (missing array, value out of range),
 * SHAPE, NOMEM. Released with fini, also after a failure. */
PLEAT_CHECKED pleat_status pleat_feat_monomer_input_init(const pleat_arrays *raw, pleat_feat_monomer_input *input,
                                                         pleat_error *err);
void pleat_feat_monomer_input_fini(pleat_feat_monomer_input *input);

/* Adds template_aatype (one-hot HHblits ids become restypes), template_all_atom_positions, template_all_atom_masks,
 * template_mask and, where raw has it, template_sum_probs of the first PLEAT_MAX_TEMPLATES templates, with a leading
 * axis of n_draws equal parts. No templates in `raw`: adds nothing. Errors: INPUT, SHAPE, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_monomer_templates(const pleat_arrays *raw, int64_t n_res, int64_t n_draws,
                                                        pleat_arrays *features, pleat_error *err);

#endif
