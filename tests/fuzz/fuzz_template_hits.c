/* Readers of template hits on any bytes: what they accept must hold the promises of template_hit.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "io/hhr.h"
#include "io/hmmsearch.h"
#include "io/m8.h"

static void check_hits(pleat_template_hits *hits, pleat_status status, const pleat_error *err) {
  fuzz_require(!status || (hits->n_hits == 0 && hits->hits == NULL && err->message[0] != '\0'));
  for (size_t i = 0; i < hits->n_hits; i++) {
    const pleat_template_hit *hit = &hits->hits[i];
    size_t n = (size_t)hit->n_cols;
    fuzz_require(hit->name && hit->n_cols >= 0 && strlen(hit->query) == n && strlen(hit->hit_sequence) >= n);
    for (size_t c = 0; c < n; c++) {
      fuzz_require(hit->indices_query[c] >= -1 && hit->indices_hit[c] >= -1);
      fuzz_require((hit->query[c] == '-') == (hit->indices_query[c] == -1));
    }
  }
  pleat_template_hits_fini(hits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char query[] = "MRA";
  const char *text = (const char *)data;
  pleat_template_hits hits;
  pleat_error err = {0};
  pleat_status status = pleat_hhr_parse(text, size, "fuzz.hhr", &hits, &err);
  check_hits(&hits, status, &err);
  status = pleat_hmmsearch_parse(text, size, "fuzz.sto", query, &hits, &err);
  check_hits(&hits, status, &err);
  status = pleat_m8_parse(text, size, "fuzz.m8", NULL, query, &hits, &err);
  check_hits(&hits, status, &err);
  status = pleat_m8_parse(text, size, "fuzz.m8", "101", query, &hits, &err);
  check_hits(&hits, status, &err);
  return 0;
}
