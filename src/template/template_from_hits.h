/* Templates from the hits of a search: which hits become templates, and why the others do not.
 * Source: alphafold/data/templates.py, HhsearchHitFeaturizer, HmmsearchHitFeaturizer, _process_single_hit
 * (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_FROM_HITS_H
#define PLEAT_TEMPLATE_FROM_HITS_H

#include "io/template_hit.h"
#include "template/hit_check.h"
#include "template/template.h"

/* What became of a hit. */
typedef enum pleat_hit_outcome {
  PLEAT_HIT_USED,
  PLEAT_HIT_REPEATED, /* the same residues as an earlier template's */
  PLEAT_HIT_PASSED,   /* nothing wrong: a rule leaves it out */
  PLEAT_HIT_WARNING,  /* the entry lacks something */
  PLEAT_HIT_ERROR     /* the hit and the entry do not belong together */
} pleat_hit_outcome;

typedef struct pleat_hit_report {
  pleat_hit_outcome outcome;
  char
      entry[PLEAT_HIT_ENTRY_TEXT + 16]; /* that was or would have been read: another than the hit's for obsolete ones */
  char chain[PLEAT_HIT_CHAIN_TEXT];
  pleat_hit_verdict verdict;
  bool is_realigned; /* the hit's sequence is not in the entry */
  char text[1024];   /* a sentence; "" for a hit that is used as it is */
} pleat_hit_report;

/* *out_entry is borrowed until the next call. Errors: INPUT (the entry cannot be used), IO (there is none), others: give
 * up. */
typedef pleat_status pleat_entry_load_fn(void *arg, const char *id, const pleat_mmcif_entry **out_entry,
                                         pleat_error *err);

typedef struct pleat_template_rules {
  pleat_hit_rules hit; /* max_day also counts for the day that an entry itself gives */
  int64_t max_templates;
  bool is_distinct; /* as with hmmsearch: templates that have the same residues on the query count once */
  bool
      is_by_number; /* as with MMseqs2, whose hits do not say what their residues are: the residues of the chain that has
                        the hit's name, by their numbers in its sequence */
  pleat_entry_load_fn *load;
  void *load_arg;
  pleat_align_fn *align; /* for hits whose sequence is not in the entry */
  void *align_arg;
  void (*opt_on_report)(void *arg, const pleat_template_hit *hit, const pleat_hit_report *report);
  void *report_arg;
} pleat_template_rules;

enum { PLEAT_MAX_TEMPLATE_HITS = 20 }; /* as published */

/* Hits with the highest sum_probs come first; those without one (hmmsearch's) keep their order. Hits that cannot be used
 * are reported, not refused. Errors: NOMEM; those of load and align that are not about one hit. Released with
 * pleat_templates_fini. */
PLEAT_CHECKED pleat_status pleat_templates_from_hits(const pleat_template_hits *hits, const char *query,
                                                     const pleat_template_rules *rules, pleat_templates *out_templates,
                                                     pleat_error *err);

#endif
