/* Secondary structure from backbone geometry: hydrogen bonds, then helices and strands as patterns of them.
 * Source: Kabsch & Sander, Biopolymers 22:2577 (1983); reduced to three states, H G I = helix, E B = strand.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_SECONDARY_H
#define PLEAT_BIO_SECONDARY_H

#include "bio/structure.h"
#include "pleat/status.h"

typedef enum pleat_secondary { PLEAT_SECONDARY_COIL, PLEAT_SECONDARY_HELIX, PLEAT_SECONDARY_STRAND } pleat_secondary;

/* out [n_res]: a pleat_secondary each. Residues whose backbone is incomplete are coil. Of `structure`, B factors are not
 * read. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_secondary_assign(const pleat_structure *structure, uint8_t *out, pleat_error *err);

#endif
