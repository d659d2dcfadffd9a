/* A multiple sequence alignment in memory: what every reader of alignments gives.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MSA_H
#define PLEAT_IO_MSA_H

#include <stdint.h>

/* letters[r * n_cols + c] is 'A'-'Z' or '-'. deletions[r * n_cols + c] counts the letters of row r (insertions relative
 * to the query) just before column c. Row 0 is the query. */
typedef struct pleat_msa {
  int64_t n_rows;
  int64_t n_cols;
  char *letters;
  int32_t *deletions;
  char **descriptions; /* of the rows; the array or its entries may be NULL */
} pleat_msa;

void pleat_msa_fini(pleat_msa *msa);

/* For readers that stop after the first rows of a file. */
#define PLEAT_ALL_ROWS INT64_MAX

#endif
