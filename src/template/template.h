/* Templates: chains of known structure, residue by residue on the query.
 * Source: alphafold/data/templates.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_H
#define PLEAT_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "io/mmcif_entry.h"
#include "template/template_align.h"

typedef struct pleat_template {
  char *name;       /* entry and chain: "1abc_A" */
  char *sequence;   /* [N_res] the template's residue at each of the query's, '-' for none; NUL-terminated */
  double sum_probs; /* of the search, 0 where it gives none */
  float *positions; /* [N_res, 37, 3] angstrom, 0 where the mask is 0 */
  float *mask;      /* [N_res, 37] */
} pleat_template;
void pleat_template_fini(pleat_template *template_);

typedef struct pleat_templates {
  pleat_template *items;
  size_t n_items;
} pleat_templates;
/* Takes over the template, also on failure. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_templates_add(pleat_templates *templates, pleat_template *template_, pleat_error *err);
void pleat_templates_fini(pleat_templates *templates);

/* Where the residues of a template are taken from: residue mapping[i] of `letters` lies on residue i of the query (-1:
 * none does), and is residue first + mapping[i] of the chain. */
typedef struct pleat_template_place {
  const pleat_mmcif_chain *chain;
  int64_t first;
  const char *letters;
  const int32_t *mapping; /* [n_res] */
  int64_t n_res;
} pleat_template_place;

/* Errors: INPUT (fewer than 5 atoms on the query: an alanine's), NOMEM. */
PLEAT_CHECKED pleat_status pleat_template_place_atoms(const pleat_template_place *place, const char *entry_id,
                                                      pleat_template *out_template, pleat_error *err);

/* A chain on the query as `align` lines them up, for templates that no search has found. sum_probs is 0. Errors: INPUT
 * (as above; C-alpha atoms of neighbours that are far apart), those of align. */
PLEAT_CHECKED pleat_status pleat_template_from_chain(const pleat_mmcif_chain *chain, const char *entry_id,
                                                     const char *query, pleat_align_fn *align, void *arg,
                                                     pleat_template *out_template, pleat_error *err);

/* Neighbouring C-alpha atoms that are further apart make a template be refused: next to infinity, as published. */
enum { PLEAT_TEMPLATE_CA_DISTANCE = 150 };

#endif
