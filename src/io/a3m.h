/* A3M reader: alignments as HH-suite, MMseqs2 and ColabFold write them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_A3M_H
#define PLEAT_IO_A3M_H

#include <stddef.h>

#include "io/msa.h"
#include "pleat/status.h"

/* A parsed .a3m file. Plain a3m: one chain whose length is n_cols. ColabFold's complexes start with
 * "#len1,len2<TAB>card1,card2"; then chain_lengths and cardinalities are set and n_chains > 0: each of the n_chains
 * *distinct* sequences appears cardinality times in the complex. Split into per-chain alignments with
 * pleat_a3m_split. A NUL byte separates concatenated alignments (the MSA server's replies): rows of all are kept. */
typedef struct pleat_a3m {
  pleat_msa msa;
  int64_t n_chains;
  int64_t *chain_lengths;
  int64_t *cardinalities;
} pleat_a3m;

/* Accepts wrapped lines, CRLF, blanks and blank lines, '.' (ignored insertion gap), lower case insertions, comment
 * lines that start with '#'. Refuses with file and line: empty input, text before the first '>', ragged rows (row,
 * found and expected columns), gaps or lower case in the first row, an empty row, digits and other characters, more
 * than 2^16 columns, a header that does not add up. Errors: INPUT, NOMEM. Released with pleat_a3m_fini. */
PLEAT_CHECKED pleat_status pleat_a3m_parse(const char *text, size_t n, const char *path, pleat_a3m *out_a3m,
                                           pleat_error *err);
/* The first max_rows rows (PLEAT_ALL_ROWS: all) of a file, plain or packed by gzip, which is not read further; "-" is
 * standard input. Memory is that of the rows kept. Errors also: IO. */
PLEAT_CHECKED pleat_status pleat_a3m_read(const char *path, int64_t max_rows, pleat_a3m *out_a3m, pleat_error *err);
void pleat_a3m_fini(pleat_a3m *a3m);

/* Splits a complex as ColabFold's unserialize_msa does: unpaired[k] holds the rows of distinct chain k (query first,
 * put in where the file has none; columns of that chain only), paired[k] the k-th part of the rows that align more than
 * one chain (query first; copies of a single sequence: only the query). A plain a3m, or a protein alone, gives one
 * unpaired alignment and paired == NULL. Both are arrays of n_chains (at least 1) alignments, freed with pleat_msa_fini
 * for each and free() for the array. Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_a3m_split(const pleat_a3m *a3m, pleat_msa **out_unpaired, pleat_msa **out_paired,
                                           size_t *out_n, pleat_error *err);

#endif
