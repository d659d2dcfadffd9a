/* Alignments of a complex's chains as one a3m file, in ColabFold's form.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_JOIN_A3M_H
#define PLEAT_SEARCH_JOIN_A3M_H

#include "base/buf.h"
#include "pleat/status.h"

/* The alignments of one distinct chain, as MMseqs2 writes them: a row is a header line and a sequence line. */
typedef struct pleat_chain_msas {
  const char *sequence;
  size_t n;
  int64_t n_copies;
  const char *unpaired;
  size_t n_unpaired;
  const char *opt_paired; /* row i goes with row i of the other chains */
  size_t n_paired;
} pleat_chain_msas;

/* "#lengths<TAB>copies", then paired rows, joined with a tab between their headers, then the unpaired rows of each
 * chain between gaps. Errors: INPUT (paired alignments of different depth), NOMEM. */
PLEAT_CHECKED pleat_status pleat_join_a3m(const pleat_chain_msas *chains, size_t n_chains, pleat_buf *out,
                                          pleat_error *err);

#endif
