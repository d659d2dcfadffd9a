/* A folder for the files of a test.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_UNIT_FOLDER_H
#define PLEAT_TESTS_UNIT_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h> /* mkdtemp on macOS, and rmdir */

#include "check.h"

/* Makes it and writes its name to dir; the test empties and removes it. */
static inline bool folder_make(char *dir, size_t size) {
  const char *parent = getenv("TMPDIR");
  snprintf(dir, size, "%s/pleat-test-XXXXXX", parent && parent[0] ? parent : "/tmp");
  return CHECK(mkdtemp(dir) != NULL);
}

#endif
