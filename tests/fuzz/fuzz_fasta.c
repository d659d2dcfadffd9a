/* FASTA reader on any bytes: what it accepts must hold the promises of fasta.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "io/fasta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_fasta fasta;
  pleat_error err = {0};
  if (pleat_fasta_parse((const char *)data, size, "fuzz.fasta", &fasta, &err)) {
    fuzz_require(err.message[0] != '\0' && fasta.n_records == 0 && fasta.records == NULL);
    return 0;
  }
  fuzz_require(fasta.n_records > 0);
  for (size_t i = 0; i < fasta.n_records; i++) {
    const char *sequence = fasta.records[i].sequence;
    size_t n = strlen(sequence);
    fuzz_require(n > 0 && strspn(sequence, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:") == n);
    fuzz_require(sequence[0] != ':' && sequence[n - 1] != ':' && strstr(sequence, "::") == NULL);
    fuzz_require(strstr(fasta.records[i].description, fasta.records[i].name) != NULL);
  }
  pleat_fasta_fini(&fasta);
  return 0;
}
