/* What every fuzz target has.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_FUZZ_H
#define PLEAT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert, also in builds without debugging. */
static inline void fuzz_require(int is_true) {
  if (!is_true) abort();
}

#endif
