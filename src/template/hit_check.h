/* Template hits before their structures are read: which entry they are of, which are worth reading, and which residue of
 * the query belongs to which residue of the hit.
 * Source: alphafold/data/templates.py, _assess_hhsearch_hit, _build_query_to_hit_index_mapping
 * (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_HIT_CHECK_H
#define PLEAT_TEMPLATE_HIT_CHECK_H

#include "io/template_hit.h"
#include "pleat/status.h"
#include "template/pdb_lists.h"

enum { PLEAT_HIT_ENTRY_TEXT = 5, PLEAT_HIT_CHAIN_TEXT = 32 };

/* Entry (lower case) and chain of a hit that is called "1ABC_A ...". Errors: INPUT. */
PLEAT_CHECKED pleat_status pleat_hit_place(const pleat_template_hit *hit, char entry[PLEAT_HIT_ENTRY_TEXT],
                                           char chain[PLEAT_HIT_CHAIN_TEXT], pleat_error *err);

/* Why a hit is left out; one line holds code and text. */
#define PLEAT_HIT_VERDICT_MAP(X)                                   \
  X(GOOD, "good")                                                  \
  X(LATE, "released after the day asked for")                      \
  X(NARROW, "lined up with at most a tenth of the query")          \
  X(DUPLICATE, "a part of the query that is more than 95 % of it") \
  X(SHORT, "fewer than 10 residues")

typedef enum pleat_hit_verdict {
#define X(name, text) PLEAT_HIT_##name,
  PLEAT_HIT_VERDICT_MAP(X)
#undef X
} pleat_hit_verdict;
const char *pleat_hit_verdict_text(pleat_hit_verdict verdict);

typedef struct pleat_hit_rules {
  int32_t max_day;                  /* hits of entries that are listed with a later day are left out */
  const pleat_pdb_lists *opt_lists; /* NULL: no day is known yet */
  bool is_date_only;                /* as in ColabFold: the other rules do not count */
} pleat_hit_rules;

/* The first rule that the hit breaks. `sequence` is its own, without gaps, and `entry` the one it is taken from, which is
 * another than its name says when that one is obsolete. */
pleat_hit_verdict pleat_hit_check(const pleat_template_hit *hit, const char *sequence, const char *entry,
                                  const char *query, const pleat_hit_rules *rules);

/* The hit's letters without gaps; NULL: no memory. Freed by free(). */
char *pleat_hit_sequence(const pleat_template_hit *hit);

/* mapping[n_query]: the residue of the hit's own sequence that each residue of the query lies on, -1 for none. Errors:
 * INPUT (the hit is not of this query), NOMEM. */
PLEAT_CHECKED pleat_status pleat_hit_map(const pleat_template_hit *hit, const char *query, int32_t *mapping,
                                         pleat_error *err);

#endif
