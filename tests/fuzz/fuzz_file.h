/* Bytes as a file, for fuzz targets of readers that open what they read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_FUZZ_FILE_H
#define PLEAT_TESTS_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static char fuzz_path[512];

static inline void fuzz_file_remove(void) { unlink(fuzz_path); }

/* The path of a file that holds these bytes until the next call; one file for the whole run. */
static inline const char *fuzz_file_of(const void *bytes, size_t n) {
  static FILE *file;
  if (!file) {
    const char *folder = getenv("TMPDIR");
    snprintf(fuzz_path, sizeof fuzz_path, "%s/pleat-fuzz-XXXXXX", folder && strlen(folder) < 400 ? folder : "/tmp");
    int fd = mkstemp(fuzz_path);
    file = fd < 0 ? NULL : fdopen(fd, "wb");
    fuzz_require(file != NULL);
    atexit(fuzz_file_remove);
  }
  rewind(file);
  fuzz_require(fwrite(bytes, 1, n, file) == n && fflush(file) == 0 && ftruncate(fileno(file), (off_t)n) == 0);
  return fuzz_path;
}

#endif
