/* Reading the reference data and comparing with it. Names are relative to the directory of reference data, or start with
 * "tests/" for data of our own.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_REFERENCE_H
#define PLEAT_TESTS_REFERENCE_H

#include "base/os.h"
#include "check.h"
#include "io/a3m.h"
#include "pleat/arrays.h"

static inline const char *reference_path(const char *name, char path[1024]) {
  bool is_own = strncmp(name, "tests/", 6) == 0;
  snprintf(path, 1024, "%s%s%s", is_own ? "" : check_shared_dir(), is_own ? "" : "/", name);
  return path;
}

static inline bool reference_exists(const char *name) {
  char path[1024];
  return pleat_path_exists(reference_path(name, path));
}

/* The readers give NULL (a failed check) for what cannot be read. Freed by free(). */
static inline char *reference_text(const char *name, size_t *opt_n) {
  char path[1024], *text = NULL;
  size_t n = 0;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_file_read(reference_path(name, path), (size_t)1 << 30, &text, &n, &err), &err)) return NULL;
  if (opt_n) *opt_n = n;
  return text;
}

static inline pleat_arrays *reference_npz(const char *name) {
  char path[1024];
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_arrays_read_npz(reference_path(name, path), &set, &err), &err);
  return set;
}

/* Empty (a failed check) when it cannot be read. */
static inline pleat_a3m reference_a3m(const char *name) {
  pleat_a3m a3m = {0};
  pleat_error err = {0};
  size_t n = 0;
  char *text = reference_text(name, &n);
  if (text) CHECK_OK(pleat_a3m_parse(text, n, name, &a3m, &err), &err);
  free(text);
  return a3m;
}

/* The same element count and, element by element, values within tol; prints the first difference. */
static inline void reference_compare(const char *what, const pleat_array *got, const pleat_array *want, double tol) {
  if (!CHECK(got != NULL) || !CHECK(want != NULL)) {
    fprintf(stderr, "  array %s\n", what);
    return;
  }
  int64_t n = pleat_array_elements(want), n_off = 0, first = 0;
  if (!CHECK_INT(pleat_array_elements(got), n)) {
    fprintf(stderr, "  array %s\n", what);
    return;
  }
  for (int64_t i = n; i-- > 0;) {
    if (fabs(pleat_array_number(got, i) - pleat_array_number(want, i)) <= tol) continue;
    first = i;
    n_off++;
  }
  if (!CHECK_INT(n_off, 0))
    fprintf(stderr, "  array %s: first at %lld: got %g, want %g\n", what, (long long)first,
            pleat_array_number(got, first), pleat_array_number(want, first));
}

static inline void reference_compare_named(const pleat_arrays *got, const pleat_arrays *want, const char *name,
                                           double tol) {
  reference_compare(name, pleat_arrays_find(got, name), pleat_arrays_find(want, name), tol);
}

#endif
