/* Template hits as MMseqs2 lists them (pdb70.m8 of the MSA server and of colabfold_search): a line per hit, with columns
 * query, target, fident, alnlen, mismatch, gapopen, qstart, qend, tstart, tend, evalue, bits, cigar.
 * Source: colabfold/mmseqs/search.py, colabfold/colabfold.py (sokrypton/ColabFold 3b808f0); MMseqs2 convertalis.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_M8_H
#define PLEAT_IO_M8_H

#include "io/template_hit.h"
#include "pleat/status.h"

/* The lines of one query, in order: opt_query_name is their first column ("101" is ColabFold's first chain), NULL takes
 * all; `query` is its sequence. The file does not say what the residues of a hit are: hit_sequence has 'X' for each, and
 * sum_probs is NaN. Refuses with file and line: fewer than 13 columns, positions outside of the query, a cigar of other
 * operations than M, I and D or of another length than the positions say. Errors: INPUT, NOMEM. Released with
 * pleat_template_hits_fini. */
PLEAT_CHECKED pleat_status pleat_m8_parse(const char *text, size_t n, const char *path, const char *opt_query_name,
                                          const char *query, pleat_template_hits *out_hits, pleat_error *err);

#endif
