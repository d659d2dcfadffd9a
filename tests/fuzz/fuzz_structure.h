/* What the fuzz targets of the structure readers require.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_FUZZ_STRUCTURE_H
#define PLEAT_TESTS_FUZZ_STRUCTURE_H

#include <math.h>

#include "fuzz.h"
#include "io/atom_residues.h"

/* Releases the residues. */
static inline void fuzz_check_residues(pleat_status status, pleat_atom_residues *residues, const pleat_error *err) {
  if (status) {
    fuzz_require(err->message[0] != '\0' && residues->n == 0 && residues->items == NULL);
    return;
  }
  fuzz_require(residues->n > 0);
  for (uint32_t i = 0; i < residues->n; i++) {
    const pleat_atom_residue *residue = &residues->items[i];
    int n_atoms = 0;
    fuzz_require(residue->aatype <= PLEAT_RESTYPE_X && residue->line > 0);
    fuzz_require(i == 0 || residue->line >= residues->items[i - 1].line);
    for (int a = 0; a < PLEAT_N_ATOM37; a++) {
      n_atoms += residue->has_atom[a];
      for (int d = 0; d < 3; d++)
        fuzz_require(residue->has_atom[a] ? isfinite(residue->positions[a][d]) : residue->positions[a][d] == 0);
    }
    fuzz_require(n_atoms > 0);
  }
  pleat_atom_residues_fini(residues);
}

#endif
