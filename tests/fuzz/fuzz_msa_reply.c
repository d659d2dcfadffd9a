/* Alignments as an MSA server may send them, any bytes: split among the chains of a complex and joined to one a3m.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "net/msa_priv.h"

enum { N_CHAINS = 2 };

static void check_join(const pleat_msa_reply *reply, const pleat_buf *opt_paired) {
  const char *sequences[N_CHAINS] = {"MKV", "GW"};
  size_t lengths[N_CHAINS] = {3, 2};
  int64_t n_copies[N_CHAINS] = {1, 2};
  const pleat_msa_chains chains = {sequences, lengths, n_copies, N_CHAINS};
  pleat_buf out = {0};
  pleat_error err = {0};
  if (pleat_msa_join(&chains, opt_paired, reply->a3m, &out, &err))
    fuzz_require(err.message[0] != '\0');
  else
    fuzz_require(out.n >= 8 && memcmp(out.data, "#3,2\t1,2", 8) == 0 && strlen(out.data) == out.n);
  pleat_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_buf a3m[N_CHAINS] = {0}, text = {0};
  pleat_msa_reply reply = {.a3m = a3m, .n_chains = N_CHAINS};
  pleat_error err = {0};
  pleat_buf_append(&text, data, size);
  pleat_status status = pleat_msa_reply_split("fuzz.a3m", text.data, text.n, &reply, &err);
  size_t n = 0;
  for (size_t k = 0; k < N_CHAINS; k++) {
    n += a3m[k].n;
    fuzz_require(a3m[k].n == 0 || (a3m[k].data[0] == '>' && strlen(a3m[k].data) == a3m[k].n));
  }
  fuzz_require(n <= size);
  if (status) fuzz_require(err.message[0] != '\0');
  check_join(&reply, NULL);
  check_join(&reply, a3m);
  for (size_t k = 0; k < N_CHAINS; k++) pleat_buf_fini(&a3m[k]);
  pleat_buf_fini(&text);
  return 0;
}
