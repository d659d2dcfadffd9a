/* The chain of an entry that a template hit is about, and where its residues are in it.
 * Source: alphafold/data/templates.py, _find_template_in_pdb, _realign_pdb_template_to_query
 * (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_CHAIN_MATCH_H
#define PLEAT_TEMPLATE_CHAIN_MATCH_H

#include <stdbool.h>

#include "io/mmcif_entry.h"
#include "template/template_align.h"

/* NULL: no protein chain of that name. */
const pleat_mmcif_chain *pleat_chain_find(const pleat_mmcif_entry *entry, const char *name);

/* Looks for `sequence` in the chain of that name, then in every chain, then in every chain with 'X' on either side fitting
 * any residue. NULL: it is nowhere. *out_first is the residue of the chain where it begins. */
const pleat_mmcif_chain *pleat_chain_match(const pleat_mmcif_entry *entry, const char *name, const char *sequence,
                                           int64_t *out_first);

/* Lines up `sequence` with the chain of that name, or with the only one there is, and rewrites mapping[n_query], which
 * gives residues of `sequence`, to residues of the chain. As published, what lies on a residue that the chain has not
 * gets the chain's last one. Errors: INPUT (no such chain; fewer equal residues than 90 % of the shorter sequence; no
 * alignment), others as of align. */
PLEAT_CHECKED pleat_status pleat_chain_realign(const pleat_mmcif_entry *entry, const char *name, const char *sequence,
                                               pleat_align_fn *align, void *arg, int32_t *mapping, int64_t n_query,
                                               const pleat_mmcif_chain **out_chain, pleat_error *err);

#endif
