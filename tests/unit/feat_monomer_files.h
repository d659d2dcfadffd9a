/* For tests of readers and monomer features against the reference data: texts, arrays, comparisons.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_FEAT_MONOMER_FILES_H
#define PLEAT_TESTS_FEAT_MONOMER_FILES_H

#include "base/os.h"
#include "check.h"
#include "feat/feat_priv.h"

static inline void files_path(const char *name, char *path, size_t n_path) {
  snprintf(path, n_path, "%s/features/%s", check_shared_dir(), name);
}

static inline bool files_exist(void) {
  char path[1024];
  files_path("README.md", path, sizeof path);
  return pleat_path_exists(path);
}

/* NULL (a failed check) when it cannot be read. Freed by free(). */
static inline char *files_text(const char *name, size_t *out_n) {
  char path[1024];
  char *text = NULL;
  pleat_error err = {0};
  files_path(name, path, sizeof path);
  if (!CHECK_OK(pleat_file_read(path, (size_t)1 << 30, &text, out_n, &err), &err)) return NULL;
  return text;
}

static inline pleat_arrays *files_npz(const char *name) {
  char path[1024];
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  files_path(name, path, sizeof path);
  CHECK_OK(pleat_arrays_read_npz(path, &set, &err), &err);
  return set;
}

static inline pleat_a3m files_a3m(const char *name) {
  pleat_a3m a3m = {0};
  pleat_error err = {0};
  size_t n = 0;
  char *text = files_text(name, &n);
  if (text) CHECK_OK(pleat_a3m_parse(text, n, name, &a3m, &err), &err);
  free(text);
  return a3m;
}

/* The same elements within tol; names the first that differs. */
static inline void files_compare(const char *what, const pleat_array *got, const pleat_array *want, double tol) {
  if (!CHECK(got != NULL) || !CHECK(want != NULL)) {
    fprintf(stderr, "  array %s\n", what);
    return;
  }
  int64_t n = pleat_array_elements(want);
  if (!CHECK_INT(pleat_array_elements(got), n)) {
    fprintf(stderr, "  array %s\n", what);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    double off = fabs(pleat_array_number(got, i) - pleat_array_number(want, i));
    if (off <= tol) continue;
    CHECK_NEAR(pleat_array_number(got, i), pleat_array_number(want, i), tol);
    fprintf(stderr, "  array %s, element %lld\n", what, (long long)i);
    return;
  }
  CHECK(true);
}

#endif
