/* Fuzz target: a spec of synthetic weights; the first and last values of each tensor are made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "fuzz.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { N_MAX = 64 };
  pleat_weights *weights;
  pleat_error err;
  float values[N_MAX];
  if (pleat_weights_open_bytes("synth:fuzz.json", data, size, &weights, &err) != PLEAT_OK) return 0;
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    int64_t n = 1;
    pleat_weights_get(weights, i, &info);
    for (int k = 0; k < info.rank; k++) n *= info.shape[k];
    int64_t n_read = n < N_MAX ? n : N_MAX;
    /* Finite by construction, whatever the shapes. */
    if (pleat_weights_read(weights, i, 0, n_read, values, &err) != PLEAT_OK) abort();
    if (pleat_weights_read(weights, i, n - n_read, n_read, values, &err) != PLEAT_OK) abort();
  }
  pleat_weights_close(weights);
  return 0;
}
