/* A predicted structure in atom37 layout.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_STRUCTURE_H
#define PLEAT_BIO_STRUCTURE_H

#include <stddef.h>
#include <stdint.h>

/* All arrays have n_res rows and are borrowed from their maker. */
typedef struct pleat_structure {
  int64_t n_res;
  const uint8_t *aatype;        /* restype 0..20 */
  const float *atom_positions;  /* [n_res, 37, 3] angstrom */
  const float *atom_mask;       /* [n_res, 37] in {0, 1} */
  const int32_t *residue_index; /* author numbering, from 1 */
  const int32_t *chain_index;   /* 0 = A, 1 = B, ... */
  const float *b_factors;       /* [n_res, 37]: pLDDT 0..100 */
} pleat_structure;

#endif
