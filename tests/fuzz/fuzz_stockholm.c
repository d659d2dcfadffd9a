/* Stockholm reader and texts on any bytes: what is accepted must hold the promises of stockholm.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "io/stockholm.h"

/* The rows read, of which those of a smaller limit are the first. */
static void check_rows(const char *text, size_t n, int64_t max_rows) {
  pleat_msa msa, first;
  pleat_error err = {0};
  if (pleat_stockholm_parse(text, n, "fuzz.sto", max_rows, &msa, &err)) {
    fuzz_require(err.message[0] != '\0' && msa.n_rows == 0 && msa.letters == NULL && msa.descriptions == NULL);
    return;
  }
  fuzz_require(msa.n_rows > 0 && msa.n_rows <= max_rows && msa.n_cols > 0);
  fuzz_require(memchr(msa.letters, '-', (size_t)msa.n_cols) == NULL);
  for (int64_t i = 0; i < msa.n_rows * msa.n_cols; i++) {
    char c = msa.letters[i];
    fuzz_require(((c >= 'A' && c <= 'Z') || c == '-') && msa.deletions[i] >= 0);
  }
  for (int64_t r = 0; r < msa.n_rows; r++) fuzz_require(msa.descriptions[r][0] != '\0');
  fuzz_require(pleat_stockholm_parse(text, n, "fuzz.sto", 1, &first, &err) == PLEAT_OK);
  fuzz_require(first.n_rows == 1 && memcmp(first.letters, msa.letters, (size_t)msa.n_cols) == 0);
  pleat_msa_fini(&first);
  pleat_msa_fini(&msa);
}

static void check_texts(const char *text, size_t n) {
  pleat_buf cut = {0}, unique = {0}, narrow = {0}, a3m = {0};
  pleat_error err = {0};
  pleat_status status = pleat_stockholm_truncate(text, n, "fuzz.sto", 3, &cut, &err);
  fuzz_require(status || cut.n <= n);
  (void)!pleat_stockholm_to_a3m(text, n, "fuzz.sto", 2, true, &a3m, &err);
  pleat_buf_clear(&a3m);
  if (!pleat_stockholm_deduplicate(text, n, "fuzz.sto", &unique, &err)) {
    fuzz_require(unique.n <= n + 1);
    status = pleat_stockholm_remove_empty_columns(unique.data, unique.n, "fuzz.sto", &narrow, &err);
    if (!status) (void)!pleat_stockholm_to_a3m(narrow.data, narrow.n, "fuzz.sto", PLEAT_ALL_ROWS, false, &a3m, &err);
  }
  pleat_buf_fini(&cut);
  pleat_buf_fini(&unique);
  pleat_buf_fini(&narrow);
  pleat_buf_fini(&a3m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_rows((const char *)data, size, PLEAT_ALL_ROWS);
  check_rows((const char *)data, size, 2);
  check_texts((const char *)data, size);
  return 0;
}
