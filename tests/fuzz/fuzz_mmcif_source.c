/* An archive of mmCIF entries, any bytes: whatever its directory claims, entries are read or refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "fuzz_file.h"
#include "io/mmcif_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const ids[] = {"1abc", "2XYZ", "1ab", "../1abc"};
  pleat_mmcif_source *source;
  pleat_error err = {0};
  if (pleat_mmcif_source_open(fuzz_file_of(data, size), &source, &err)) {
    fuzz_require(err.message[0] != '\0');
    return 0;
  }
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char *text = NULL;
    size_t n = 0;
    err.message[0] = '\0';
    if (pleat_mmcif_source_read(source, ids[i], &text, &n, &err)) {
      fuzz_require(err.message[0] != '\0');
      continue;
    }
    fuzz_require(text[n] == '\0');
    free(text);
  }
  pleat_mmcif_source_close(source);
  return 0;
}
