/* Radius of gyration.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/gyration.h"

#include <math.h>

#include "bio/residue.h"
#include "bio/structure_check.h"

double pleat_radius_of_gyration(const pleat_structure *structure) {
  double centre[3] = {0}, sum = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < structure->n_res; i++) {
    if (!pleat_structure_has_atom(structure, i, PLEAT_ATOM_CA)) continue;
    const float *ca = structure->atom_positions + (i * PLEAT_N_ATOM37 + PLEAT_ATOM_CA) * 3;
    for (int k = 0; k < 3; k++) centre[k] += (double)ca[k];
    n++;
  }
  if (n == 0) return NAN;
  /* Again with the centre known: the difference of two large sums would lose the digits of a structure far away. */
  for (int64_t i = 0; i < structure->n_res; i++) {
    if (!pleat_structure_has_atom(structure, i, PLEAT_ATOM_CA)) continue;
    const float *ca = structure->atom_positions + (i * PLEAT_N_ATOM37 + PLEAT_ATOM_CA) * 3;
    for (int k = 0; k < 3; k++) {
      double d = (double)ca[k] - centre[k] / (double)n;
      sum += d * d;
    }
  }
  return sqrt(sum / (double)n);
}
