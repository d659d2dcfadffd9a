/* Releases alignments.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/msa.h"

#include <stdlib.h>

void pleat_msa_fini(pleat_msa *msa) {
  for (int64_t r = 0; msa->descriptions && r < msa->n_rows; r++) free(msa->descriptions[r]);
  free(msa->descriptions);
  free(msa->letters);
  free(msa->deletions);
  *msa = (pleat_msa){0};
}
