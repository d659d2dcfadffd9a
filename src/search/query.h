/* What the programs are given: queries, and databases that they can read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_QUERY_H
#define PLEAT_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* ">NAME" and the sequence. Errors: IO, NOMEM. */
PLEAT_CHECKED pleat_status pleat_query_write_fasta(const char *path, const char *name, const char *sequence, size_t n,
                                                   pleat_error *err);
/* The alignment that the PDB is searched with: the first max_rows of UniRef90's without rows that repeat others and
 * without empty columns, as Stockholm or a3m. Errors: IO, INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_query_write_template(const char *path, const char *uniref90_path, int64_t max_rows,
                                                      bool is_a3m, pleat_error *err);
/* A copy of at most max_rows rows of an alignment. */
PLEAT_CHECKED pleat_status pleat_query_write_truncated(const char *path, const char *sto_path, int64_t max_rows,
                                                       pleat_error *err);

/* HMMER ends at a letter that no residue has (pdb_seqres.txt had some). Looks through a FASTA file; where there are
 * such records, writes those without to clean_path. *out_n_odd: records left out, 0 = no copy was made; first_odd:
 * which. */
PLEAT_CHECKED pleat_status pleat_query_clean_fasta(const char *path, const char *clean_path, int64_t *out_n_odd,
                                                   char first_odd[160], pleat_error *err);

#endif
