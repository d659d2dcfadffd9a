/* Templates among the raw features.
 * Source: alphafold/data/templates.py (_extract_template_features), feature_processing.py, msa_pairing.py (cropping,
 * padding and merging of templates) (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_TEMPLATES_H
#define PLEAT_FEAT_TEMPLATES_H

#include "pleat/arrays.h"
#include "template/template.h"

/* Adds to the raw features of a chain: template_aatype [N_templ, N_res, 22] one-hot HHblits ids,
 * template_all_atom_positions, template_all_atom_masks, template_domain_names [N_templ], template_sequence [N_templ],
 * template_sum_probs [N_templ, 1]. No templates: adds nothing. Errors: INPUT (they are of another length), NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_monomer_raw_templates(const pleat_templates *templates, int64_t n_res,
                                                            pleat_arrays *raw, pleat_error *err);
/* Adds to processed features what pleat_feat_monomer makes of these arrays, the same in every iteration. Errors: as
 * above; SHAPE (no processed features). */
PLEAT_CHECKED pleat_status pleat_feat_monomer_add_templates(const pleat_templates *templates, pleat_arrays *features,
                                                            pleat_error *err);

/* Adds to the raw features of a complex, given the templates of each chain in the order of its columns: the first four
 * of every chain side by side, and empty ones (all zeros, as published) where a chain has fewer: template_aatype
 * [4, N_res], template_all_atom_mask, template_all_atom_positions. Errors: INPUT (as above), NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_raw_templates(const pleat_templates *const *templates, size_t n_chains,
                                                             pleat_arrays *raw, pleat_error *err);

#endif
