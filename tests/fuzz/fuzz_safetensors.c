/* Fuzz target: a .safetensors file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "fuzz.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_weights *weights;
  pleat_error err;
  if (pleat_weights_open_bytes("fuzz.safetensors", data, size, &weights, &err) != PLEAT_OK) return 0;
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    int64_t n = 1;
    pleat_weights_get(weights, i, &info);
    for (int k = 0; k < info.rank; k++) n *= info.shape[k];
    float *values = malloc((size_t)n * sizeof *values + 1);
    pleat_status status = values ? pleat_weights_read(weights, i, 0, n, values, &err) : PLEAT_NOMEM;
    if (!status && pleat_weights_find(weights, info.name) != (int64_t)i) abort();
    free(values);
  }
  pleat_weights_close(weights);
  return 0;
}
