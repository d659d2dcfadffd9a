/* Template hits as hmmsearch writes them: a Stockholm alignment of PDB sequences to the query's profile.
 * Source: alphafold/data/tools/hmmsearch.py (get_template_hits), alphafold/data/parsers.py (parse_hmmsearch_a3m)
 * (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_HMMSEARCH_H
#define PLEAT_IO_HMMSEARCH_H

#include "io/template_hit.h"
#include "pleat/status.h"

/* The rows that pdb_seqres.txt calls "mol:protein", in order; `index` counts the others too. `query` is the sequence that
 * the profile was made of: its residues are the profile's columns. A text without rows (a search that found nothing)
 * gives no hits. Refuses: a description that is not "1abc_A/2-90 ... protein length:100 ...", a hit that has not one
 * column per residue of the query, and what pleat_stockholm_to_a3m refuses. Errors: INPUT, NOMEM. Released with
 * pleat_template_hits_fini. */
PLEAT_CHECKED pleat_status pleat_hmmsearch_parse(const char *text, size_t n, const char *path, const char *query,
                                                 pleat_template_hits *out_hits, pleat_error *err);

#endif
