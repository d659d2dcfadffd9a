/* From sequences and alignments to the model's features, under their published names and shapes.
 * Source: alphafold/data/{pipeline,feature_processing,msa_pairing}.py, alphafold/model/tf/data_transforms.py,
 * alphafold/model/modules_multimer.py (google-deepmind/alphafold c77e5d2); AF2 supplement 1.2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_H
#define PLEAT_FEAT_H

#include "io/a3m.h"
#include "pleat/arrays.h"

/* One chain of the target. The alignments' first rows equal `sequence`. Borrowed. */
typedef struct pleat_feat_chain {
  const char *sequence;      /* letters A-Z, no gaps; unusual ones become X */
  const pleat_msa *opt_msas; /* n_msas alignments in priority order; none = single sequence */
  size_t n_msas;
  const pleat_msa *opt_paired; /* row k of every chain of a complex belongs together; NULL = none */
  const pleat_msa *opt_hits;   /* UniProt hits, to be paired by species; NULL = none */
  const char *opt_description; /* of the sequence */
} pleat_feat_chain;

typedef struct pleat_feat_options {
  int64_t max_msa_clusters; /* rows of the clustered MSA: 512 or 508 (models 1, 2 with templates) */
  int64_t max_extra_msa;    /* 5120 or 1024 */
  int64_t num_recycle;      /* iterations - 1; every iteration draws its own rows and mask */
  int64_t num_ensemble;     /* draws per iteration */
  double msa_mask_fraction; /* published: 0.15 */
  bool is_identity_order;   /* keep rows in order instead of drawing them */
  bool is_unclustered;      /* multimers only: clusters of their centres alone */
  uint64_t seed;
} pleat_feat_options;

/* Raw monomer features (section B of shared/features/README.md): aatype [N_res, 21] one-hot, msa [N_rows, N_res]
 * i32 HHblits ids, deletion_matrix_int, msa_species_identifiers, num_alignments, residue_index, seq_length,
 * between_segment_residues ..., and domain_name where the chain has a description.
 * Duplicate rows (letters equal) are dropped as published. Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_monomer_raw(const pleat_feat_chain *chain, pleat_arrays **out_raw,
                                                  pleat_error *err);

/* Processed monomer features (section D): every array gets a leading axis of (num_recycle + 1) * num_ensemble
 * iterations. *No padding*: msa rows = min(max_msa_clusters, rows), extra rows = min(max_extra_msa, rest); N_templ
 * arrays appear only when `raw` holds templates. Includes msa_feat [*, N_clust, N_res, 49], msa_mask, extra_msa,
 * extra_has_deletion, extra_deletion_value, extra_msa_mask, target_feat [*, N_res, 22], aatype, residue_index,
 * seq_mask, atom14/37 tables, template_* (template_pseudo_beta too). Errors: INPUT, SHAPE, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_monomer(const pleat_arrays *raw, const pleat_feat_options *options,
                                              pleat_arrays **out_features, pleat_error *err);

/* Raw multimer features before MSA sampling (section E `features.npz`): chains in input order, identical sequences
 * share an entity_id and get sym_id 1, 2, ...; paired rows first, unpaired rows block-diagonal below.
 * Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_raw(const pleat_feat_chain *chains, size_t n_chains,
                                                   pleat_arrays **out_raw, pleat_error *err);

/* The same features as AlphaFold makes them of its own searches (section E): repeated rows are dropped; where there are
 * different chains, rows of opt_hits that name the same species are paired, the most similar to their query first, and
 * unpaired rows that a paired one repeats are dropped. opt_paired is not read. Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_species(const pleat_feat_chain *chains, size_t n_chains,
                                                       pleat_arrays **out_raw, pleat_error *err);

/* What modules_multimer.py does to the raw batch in every recycle: profile, sampling of max_msa_clusters +
 * max_extra_msa rows, masking, clustering. Adds to *out_features: target_feat [N_res, 21], msa_feat
 * [N_clust, N_res, 49], msa_mask, bert_mask, true_msa, extra_msa_feat [N_extra, N_res, 25], extra_msa_mask, and copies
 * nothing else. `draw` (recycle * num_ensemble + ensemble member) selects the random stream; num_recycle and
 * num_ensemble of `options` are not read. All-masked rows are kept only if fewer real rows exist than asked for. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_sample(const pleat_arrays *raw, const pleat_feat_options *options,
                                                      int64_t draw, pleat_arrays **out_features, pleat_error *err);

/* Tables that follow from aatype [..., N_res]: adds residx_atom14_to_atom37, residx_atom37_to_atom14,
 * atom14_atom_exists, atom37_atom_exists when absent; template_pseudo_beta(_mask) from template_all_atom_positions
 * and masks when absent. Errors: SHAPE, NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_derive(pleat_arrays *features, pleat_error *err);

#endif
