/* Malformed files under tests/bad/, each with the place and the message that its reader must give.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_BAD_INPUT_H
#define PLEAT_TESTS_BAD_INPUT_H

#include "base/os.h"
#include "check.h"

typedef struct bad_file {
  const char *name;
  int64_t line, column;
  const char *message; /* part of it */
} bad_file;

/* Parses the text, checks that nothing was returned, and gives the status. */
typedef pleat_status bad_parse_fn(const char *text, size_t n, const char *path, pleat_error *err);

static inline void check_bad_files(const char *kind, const bad_file *files, size_t n_files, bad_parse_fn *parse) {
  for (size_t i = 0; i < n_files; i++) {
    char path[256], *text = NULL;
    size_t n = 0;
    pleat_error err = {0};
    snprintf(path, sizeof path, "tests/bad/%s/%s.%s", kind, files[i].name, kind);
    if (!CHECK_OK(pleat_file_read(path, 1 << 20, &text, &n, &err), &err)) continue;
    bool is_ok = CHECK_INT(parse(text, n, path, &err), PLEAT_INPUT);
    is_ok = CHECK_INT(err.line, files[i].line) && is_ok;
    is_ok = CHECK_INT(err.column, files[i].column) && is_ok;
    is_ok = CHECK_STR(err.file, path) && is_ok;
    is_ok = CHECK(strstr(err.message, files[i].message) != NULL) && is_ok;
    if (!is_ok) fprintf(stderr, "  %s: %s\n", path, err.message);
    free(text);
  }
}

#endif
