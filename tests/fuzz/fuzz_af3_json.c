/* AlphaFold 3's input JSON on any bytes: what the reader accepts must hold the promises of af3_json.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "io/af3_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_af3_jobs jobs;
  pleat_error err = {0};
  if (pleat_af3_parse((const char *)data, size, "fuzz.json", &jobs, NULL, &err)) {
    fuzz_require(err.message[0] != '\0' && jobs.n_items == 0 && jobs.items == NULL);
    return 0;
  }
  fuzz_require(jobs.n_items > 0);
  for (size_t i = 0; i < jobs.n_items; i++) {
    const pleat_af3_job *job = &jobs.items[i];
    fuzz_require(job->name && (job->opt_error == NULL) == (job->sequence != NULL));
    if (!job->sequence) continue;
    size_t n = strlen(job->sequence);
    fuzz_require(n > 0 && strspn(job->sequence, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:") == n);
    fuzz_require(job->sequence[0] != ':' && job->sequence[n - 1] != ':' && strstr(job->sequence, "::") == NULL);
  }
  pleat_af3_jobs_fini(&jobs);
  return 0;
}
