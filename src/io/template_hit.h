/* A template hit: one line-up of the query with a chain of the PDB, as HHsearch, hmmsearch or MMseqs2 reports it.
 * Source: alphafold/data/parsers.py TemplateHit (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_TEMPLATE_HIT_H
#define PLEAT_IO_TEMPLATE_HIT_H

#include <stddef.h>
#include <stdint.h>

/* The two sequences end with NUL and hold letters and '-'. indices_query and indices_hit have n_cols entries: the 0-based
 * position of each column's letter in its whole sequence, -1 for a gap. The sequences have a letter or '-' for every
 * column; hmmsearch's hit_sequence has its insertions too and is longer then (and its query is the whole query). */
typedef struct pleat_template_hit {
  int64_t index; /* 1-based, in the order of the file */
  char *name;    /* the hit's description: "2q2k_A mol:protein length:70 ..." */
  int64_t aligned_cols;
  double sum_probs; /* NaN where the search program gives none (hmmsearch) */
  int64_t n_cols;
  char *query;
  char *hit_sequence;
  int32_t *indices_query;
  int32_t *indices_hit;
} pleat_template_hit;

typedef struct pleat_template_hits {
  pleat_template_hit *hits;
  size_t n_hits;
} pleat_template_hits;

/* For readers: one more hit, empty; NULL when memory is exhausted. */
pleat_template_hit *pleat_template_hits_add(pleat_template_hits *hits);
void pleat_template_hits_fini(pleat_template_hits *hits);

#endif
