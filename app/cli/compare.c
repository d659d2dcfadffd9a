/* Differences between arrays, accumulated in double.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compare.h"

#include <math.h>

static bool is_same_shape(const pleat_array *a, const pleat_array *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++) {
    if (a->shape[i] != b->shape[i]) return false;
  }
  return true;
}

static double rmsd(const pleat_array *got, const pleat_array *want, const pleat_array *mask) {
  double sum = 0;
  int64_t n = 0, n_atoms = pleat_array_elements(mask);
  if (n_atoms * 3 != pleat_array_elements(want)) return NAN;
  for (int64_t a = 0; a < n_atoms; a++) {
    if (pleat_array_number(mask, a) < 0.5) continue;
    n++;
    for (int64_t i = 3 * a; i < 3 * a + 3; i++) sum += pow(pleat_array_number(got, i) - pleat_array_number(want, i), 2);
  }
  return n > 0 ? sqrt(sum / (double)n) : 0;
}

cli_difference cli_compare(const pleat_array *got, const pleat_array *want, const pleat_array *opt_mask) {
  cli_difference difference = {NAN, NAN, -1, is_same_shape(got, want)};
  if (!difference.is_same_shape) return difference;
  double sum_difference = 0, sum_want = 0, max_abs = 0;
  int64_t n = pleat_array_elements(want);
  for (int64_t i = 0; i < n; i++) {
    double w = pleat_array_number(want, i), d = fabs(pleat_array_number(got, i) - w);
    sum_difference += d * d;
    sum_want += w * w;
    if (!(d <= max_abs)) max_abs = d; /* also takes NaN over, and then keeps it */
    if (isnan(max_abs)) break;
  }
  difference.max_abs = max_abs;
  difference.relative_l2 = isnan(max_abs) ? NAN : sqrt(sum_difference) / (sum_want > 0 ? sqrt(sum_want) : 1);
  if (opt_mask) difference.rmsd_ang = rmsd(got, want, opt_mask);
  return difference;
}
