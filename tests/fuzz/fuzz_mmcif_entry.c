/* Reader of mmCIF entries on any bytes: what it accepts must be chains whose arrays agree with each other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bio/residue.h"
#include "fuzz.h"
#include "io/mmcif_entry.h"
#include "io/text_file.h"

static void check_chain(const pleat_mmcif_chain *chain) {
  pleat_error err = {0};
  fuzz_require(chain->n_res > 0 && strlen(chain->sequence) == (size_t)chain->n_res);
  for (int64_t i = 0; i < chain->n_res; i++) {
    fuzz_require(chain->sequence[i] >= 'A' && chain->sequence[i] <= 'Z');
    fuzz_require(chain->is_missing[i] == (chain->auth_num[i] == INT32_MIN));
    for (int64_t a = i * PLEAT_N_ATOM37; a < (i + 1) * PLEAT_N_ATOM37; a++) {
      fuzz_require(chain->mask[a] == 0 || (chain->mask[a] == 1 && !chain->is_missing[i]));
      for (int d = 0; d < 3; d++)
        fuzz_require(chain->mask[a] != 0 ? isfinite(chain->positions[a * 3 + d]) : chain->positions[a * 3 + d] == 0);
    }
  }
  if (pleat_mmcif_check_chain(chain, 150, &err)) fuzz_require(err.message[0] != '\0');
}

static void check_text(const char *text, size_t n) {
  pleat_mmcif_entry entry;
  pleat_error err = {0};
  pleat_status status = pleat_mmcif_read_entry(text, n, "fuzz.cif", &entry, &err);
  if (status) {
    fuzz_require(err.message[0] != '\0' && !entry.id && !entry.chains && entry.n_chains == 0);
    return;
  }
  fuzz_require(entry.n_chains > 0 && entry.id && entry.release_date && entry.method && isfinite(entry.resolution));
  for (size_t i = 0; i < entry.n_chains; i++) check_chain(&entry.chains[i]);
  pleat_mmcif_entry_fini(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = NULL;
  size_t n = 0;
  pleat_error err = {0};
  if (pleat_gzip_is(data, size) && !pleat_gzip_unpack(data, size, "fuzz.cif.gz", 1 << 20, &text, &n, &err)) {
    fuzz_require(text[n] == '\0');
    check_text(text, n);
    free(text);
  }
  check_text((const char *)data, size);
  return 0;
}
