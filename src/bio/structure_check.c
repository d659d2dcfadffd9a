/* What every structure writer asks of a structure before it writes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/structure_check.h"

#include <math.h>

#include "base/fail.h"
#include "bio/residue.h"

bool pleat_structure_has_atom(const pleat_structure *structure, int64_t i_res, int atom37) {
  return structure->atom_mask[i_res * PLEAT_N_ATOM37 + atom37] >= 0.5f;
}

static pleat_status check_residue(const pleat_structure *s, int64_t i, int64_t *n_atoms, pleat_error *err) {
  if (s->aatype[i] > PLEAT_RESTYPE_X)
    PLEAT_FAIL(err, PLEAT_INVALID, "residue %lld has restype %d, expected 0 to %d", (long long)i + 1, s->aatype[i],
               PLEAT_RESTYPE_X);
  if (s->chain_index[i] < (i ? s->chain_index[i - 1] : 0))
    PLEAT_FAIL(err, PLEAT_INVALID, "residue %lld has chain index %d after %d: chains must be contiguous and in order",
               (long long)i + 1, (int)s->chain_index[i], i ? (int)s->chain_index[i - 1] : 0);
  for (int a = 0; a < PLEAT_N_ATOM37; a++) {
    if (!pleat_structure_has_atom(s, i, a)) continue;
    const float *xyz = s->atom_positions + (i * PLEAT_N_ATOM37 + a) * 3;
    if (!isfinite(xyz[0]) || !isfinite(xyz[1]) || !isfinite(xyz[2]) || !isfinite(s->b_factors[i * PLEAT_N_ATOM37 + a]))
      PLEAT_FAIL(err, PLEAT_INVALID,
                 "atom %s of residue %s %d (number %lld of the model) has a coordinate or B factor that is not a "
                 "finite number",
                 pleat_atom37_names[a], pleat_restype_names[s->aatype[i]], (int)s->residue_index[i], (long long)i + 1);
    ++*n_atoms;
  }
  return PLEAT_OK;
}

pleat_status pleat_structure_check(const pleat_structure *structure, pleat_error *err) {
  int64_t n_atoms = 0;
  for (int64_t i = 0; i < structure->n_res; i++) PLEAT_TRY(check_residue(structure, i, &n_atoms, err));
  if (n_atoms == 0)
    PLEAT_FAIL(err, PLEAT_INVALID, "the structure has %lld residues and no atoms: there is nothing to write",
               (long long)structure->n_res);
  return PLEAT_OK;
}
