/* Features that the network derives from template positions: torsion angles, backbone frames.
 * Source: alphafold/model/all_atom.py atom37_to_torsion_angles, all_atom_multimer.py compute_chi_angles,
 * folding_multimer.py make_backbone_affine (google-deepmind/alphafold c77e5d2); AF2 supplement 1.2.9, Alg. 21.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_TEMPLATE_H
#define PLEAT_FEAT_TEMPLATE_H

#include <stdint.h>

enum {
  PLEAT_TEMPLATE_1D_MONOMER = 57, /* one-hot 22 | sin, cos of 7 torsions | the same, renamed atoms | 7 masks */
  PLEAT_TEMPLATE_1D_MULTIMER = 34 /* one-hot 22 | sin of 4 chi | cos | 4 masks */
};

/* One residue of a chain: aatype 0..21, positions [37, 3] angstrom and masks [37] of it and of the residue before
 * (NULL for the first). feat [57], *out_row_mask: 1 where psi is defined. Computed in f32 as published; angles whose
 * atoms are missing come out as the published code's rounding noise, with mask 0. */
void pleat_template_torsions(int32_t aatype, const float *pos, const float *mask, const float *opt_prev_pos,
                             const float *opt_prev_mask, float *feat, float *out_row_mask);
/* The multimer's: feat [34], *out_row_mask: 1 where chi1 is defined. */
void pleat_template_chis(int32_t aatype, const float *pos, const float *mask, float *feat, float *out_row_mask);
/* Frame [12] (rotation row-major, translation) of N, CA, C; returns 1 when all three atoms are present. */
float pleat_template_frame(const float *pos, const float *mask, float frame[12]);

#endif
