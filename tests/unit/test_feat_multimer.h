/* What the multimer feature tests share: reading reference arrays and comparing them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_FEAT_MULTIMER_H
#define PLEAT_TESTS_FEAT_MULTIMER_H

#include "check.h"
#include "feat/feat_multimer_priv.h"

/* Arrays of DIR/path under the reference data; NULL (counted as a failure) when it cannot be read. */
static inline pleat_arrays *read_reference(const char *path) {
  char full[1024];
  snprintf(full, sizeof full, "%s/%s", check_shared_dir(), path);
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_arrays_read_npz(full, &set, &err), &err);
  return set;
}

static inline bool has_reference(const char *path) {
  char full[1024];
  snprintf(full, sizeof full, "%s/%s", check_shared_dir(), path);
  FILE *file = fopen(full, "rb");
  if (file) fclose(file);
  return file != NULL;
}

/* The same element count and, element by element, values within tol; prints the first difference. */
static inline void check_equal(const char *what, const pleat_array *got, const pleat_array *want, double tol) {
  if (!CHECK(got != NULL) || !CHECK(want != NULL)) {
    fprintf(stderr, "  array: %s\n", what);
    return;
  }
  int64_t n = pleat_array_elements(want), n_off = 0, first = 0;
  if (!CHECK_INT(pleat_array_elements(got), n)) return;
  double worst = 0.0;
  for (int64_t i = 0; i < n; i++) {
    double off = fabs(pleat_array_number(got, i) - pleat_array_number(want, i));
    if (off > worst) worst = off;
    if (off <= tol) continue;
    if (n_off++ == 0) first = i;
  }
  if (!CHECK_INT(n_off, 0)) {
    fprintf(stderr, "  array %s: first at %lld: got %g, want %g\n", what, (long long)first,
            pleat_array_number(got, first), pleat_array_number(want, first));
  }
  printf("  %-22s %9lld values, largest difference %.3g\n", what, (long long)n, worst);
}

static inline void check_same(const pleat_arrays *got, const pleat_arrays *want, const char *name, double tol) {
  check_equal(name, pleat_arrays_find(got, name), pleat_arrays_find(want, name), tol);
}

#endif
