/* How far an array is from its reference.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_COMPARE_H
#define PLEAT_CLI_COMPARE_H

#include "pleat/arrays.h"

typedef struct cli_difference {
  double relative_l2; /* |got - want| / |want|; |got - want| where the reference is zero */
  double max_abs;
  double rmsd_ang;    /* of positions, over the atoms of the mask; not superposed; < 0: not computed */
  bool is_same_shape; /* all else is NAN when false */
} cli_difference;

/* opt_mask: over all axes but the last, which then holds x, y, z. NaN anywhere makes the numbers NaN. */
cli_difference cli_compare(const pleat_array *got, const pleat_array *want, const pleat_array *opt_mask);

#endif
