/* Fuzz target: the same bytes as a .npz of arrays and as a .npz of weights.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "fuzz.h"
#include "tensor/npz.h"
#include "weights/weights.h"

/* Reads every tensor in two pieces, the second up to the end. */
static void read_weights(const pleat_weights *weights) {
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    pleat_error err;
    int64_t n = 1;
    pleat_weights_get(weights, i, &info);
    for (int k = 0; k < info.rank; k++) n *= info.shape[k];
    float *values = malloc((size_t)n * sizeof *values + 1);
    if (!values) continue;
    pleat_status status = pleat_weights_read(weights, i, 0, n / 2, values, &err);
    if (!status) status = pleat_weights_read(weights, i, n / 2, n - n / 2, values, &err);
    if (!status) status = pleat_weights_read(weights, i, 0, n, values, &err);
    free(values);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_arrays *set;
  pleat_weights *weights;
  pleat_error err;
  if (pleat_arrays_parse_npz(data, size, "fuzz.npz", &set, &err) == PLEAT_OK) pleat_arrays_destroy(set);
  if (pleat_weights_open_bytes("fuzz.npz", data, size, &weights, &err) == PLEAT_OK) read_weights(weights);
  pleat_weights_close(weights);
  return 0;
}
