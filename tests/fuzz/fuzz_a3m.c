/* A3M reader and split on any bytes: what it accepts must hold the promises of a3m.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/a3m.h"

/* Columns [first, first + n_cols) of the whole alignment's query are the part's query. */
static void check_msa(const pleat_msa *msa, const pleat_msa *whole, int64_t first) {
  fuzz_require(msa->n_rows > 0 && msa->n_cols > 0 && first + msa->n_cols <= whole->n_cols);
  fuzz_require(memcmp(msa->letters, whole->letters + first, (size_t)msa->n_cols) == 0);
  for (int64_t i = 0; i < msa->n_rows * msa->n_cols; i++) {
    char c = msa->letters[i];
    fuzz_require(((c >= 'A' && c <= 'Z') || c == '-') && msa->deletions[i] >= 0);
  }
  for (int64_t r = 0; r < msa->n_rows; r++) fuzz_require(msa->descriptions[r] != NULL);
}

static void check_split(const pleat_a3m *a3m) {
  pleat_msa *unpaired = NULL, *paired = NULL;
  pleat_error err = {0};
  size_t n = 0;
  fuzz_require(pleat_a3m_split(a3m, &unpaired, &paired, &n, &err) == PLEAT_OK);
  fuzz_require(n == (size_t)(a3m->n_chains ? a3m->n_chains : 1));
  int64_t first = 0;
  int64_t n_paired = paired ? paired[0].n_rows : 0;
  for (size_t k = 0; k < n; k++) {
    check_msa(&unpaired[k], &a3m->msa, first);
    if (paired) {
      check_msa(&paired[k], &a3m->msa, first);
      fuzz_require(paired[k].n_rows == n_paired);
      pleat_msa_fini(&paired[k]);
    }
    first += unpaired[k].n_cols;
    pleat_msa_fini(&unpaired[k]);
  }
  fuzz_require(first == a3m->msa.n_cols);
  free(unpaired);
  free(paired);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_a3m a3m;
  pleat_error err = {0};
  if (pleat_a3m_parse((const char *)data, size, "fuzz.a3m", &a3m, &err)) {
    fuzz_require(err.message[0] != '\0' && a3m.msa.n_rows == 0 && a3m.msa.letters == NULL && a3m.chain_lengths == NULL);
    return 0;
  }
  check_msa(&a3m.msa, &a3m.msa, 0);
  fuzz_require(memchr(a3m.msa.letters, '-', (size_t)a3m.msa.n_cols) == NULL);
  check_split(&a3m);
  pleat_a3m_fini(&a3m);
  return 0;
}
