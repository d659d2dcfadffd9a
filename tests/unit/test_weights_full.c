/* Every value of the full-size synthetic models, as a checksum over all tensors in the order of the spec.
 * The expected numbers come from the definition (synth.py), run in shared/golden:
 *   python3 -c "import sys,json,zlib,synth; j=json.load(open(sys.argv[1])); T={k:tuple(s) for k,s in
 *   j['tensors'].items()}; c=0; [c:=zlib.crc32(synth.make(k,s,T,j['seed']).tobytes(),c) for k,s in T.items()];
 *   print('%08x'%c)" full_model_1_ptm.weights.json
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "base/os.h"
#include "check.h"
#include "weights/weights.h"

static void check_digest(const char *name, int64_t expected_values, uint32_t expected_crc) {
  char spec[1024];
  pleat_weights *weights;
  pleat_error err;
  uLong crc = 0;
  int64_t n_values = 0;
  snprintf(spec, sizeof spec, "synth:%s/golden/%s.weights.json", check_shared_dir(), name);
  if (!CHECK_OK(pleat_weights_open(spec, &weights, &err), &err)) return;
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    int64_t n = 1;
    pleat_weights_get(weights, i, &info);
    for (int k = 0; k < info.rank; k++) n *= info.shape[k];
    float *values = malloc((size_t)n * sizeof *values);
    if (CHECK(values != NULL) && CHECK_OK(pleat_weights_read(weights, i, 0, n, values, &err), &err)) {
      crc = crc32_z(crc, (const Bytef *)values, (size_t)n * sizeof *values);
    }
    free(values);
    n_values += n;
  }
  CHECK_INT(n_values, expected_values);
  if (!CHECK_INT(crc, expected_crc)) fprintf(stderr, "%s\n", name);
  pleat_weights_close(weights);
}

int main(void) {
  char path[1024];
  snprintf(path, sizeof path, "%s/golden/manifest.json", check_shared_dir());
  if (!pleat_path_exists(path)) return check_skip("no reference data (PLEAT_SHARED)");
  check_digest("full_model_1_ptm", 93237338, 0x6d8a7e7d);
  check_digest("full_model_1_multimer_v3", 93223705, 0x97dba44c);
  check_digest("full_model_3", 92899674, 0x747af03e);
  check_digest("sublayers", 6329112, 0x2385d91e);
  check_digest("tiny_monomer", 6846490, 0xc7a4661a);
  check_digest("tiny_multimer_v2", 6941977, 0xa9bf4aff);
  check_digest("tiny_multimer_v3", 6941977, 0xabf280c5);
  return check_report();
}
