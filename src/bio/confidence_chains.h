/* Scores of chains and of pairs of chains: pTM per chain, ipTM per pair, actifpTM.
 * Source: colabfold/alphafold/extra_ptm.py (sokrypton/ColabFold 3b808f0); actifpTM: Varga, Ovchinnikov, Schueler-Furman,
 * Bioinformatics 41 (2025), btaf107.
 *
 * t_ij = sum_b p_ij(b) / (1 + (d_b / d0)^2) is the expected TM term of residue j when residue i is aligned, with p_ij the
 * probabilities of the aligned-error bins, d_b their centres and d0 of a number of residues (eq. 5 of Yang & Skolnick 2004,
 * at least 19). c_ij is the probability of the distogram bins that begin below 8 angstrom. N is the number of residues of
 * the complex, N_A of chain A. Every sum is divided by 1e-8 plus the sum of its weights:
 *   per_chain_ptm[A]        max over i in A of the mean over j in A of t_ij, with d0(N_A)
 *   pairwise_iptm[A, B]     max over i in A of the mean over j in B of t_ij, and the same from B to A; d0(N)
 *   pairwise_actifptm[A, B] the same with weights c_ij instead of 1
 *   actifptm                max over i of the mean over all j in other chains, with weights c_ij
 * With is_binary the weight of (i, j) is 1 when c_ik >= 0.6 for any k of j's chain and c_kj >= 0.6 for any k of i's chain
 * (each has a contact with the other's chain), else 0. A sum without weights is 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_CONFIDENCE_CHAINS_H
#define PLEAT_BIO_CONFIDENCE_CHAINS_H

#include "bio/confidence.h"

typedef struct pleat_chain_scores {
  int64_t N_res, n_chains;
  int n_pae_bins, n_contact_bins;
  const pleat_pae *pae;
  bool is_binary;
  int32_t *chain;                            /* [N_res], from 0 */
  double *tm_of_bin;                         /* [n_chains, PLEAT_MAX_PAE_BINS] with d0 of the chain */
  uint8_t *has_contact;                      /* [N_res, n_chains], with is_binary */
  double *sums;                              /* [n_chains, ...] of the row at hand */
  double *per_chain_ptm;                     /* [n_chains] */
  double *pairwise_iptm, *pairwise_actifptm; /* [n_chains, n_chains] symmetric, 0 on the diagonal */
  double actifptm;
} pleat_chain_scores;

/* pae: made for all residues of the complex, without weights; borrowed. Chains are numbered by their first residue in
 * pae->opt_asym_id (NULL: a single chain). n_contact_bins: distogram bins that begin below 8 angstrom. Errors: NOMEM.
 * Released with pleat_chain_scores_fini, also after a failure. */
PLEAT_CHECKED pleat_status pleat_chain_scores_init(const pleat_pae *pae, int n_contact_bins, bool is_binary,
                                                   pleat_chain_scores *out_scores, pleat_error *err);
void pleat_chain_scores_fini(pleat_chain_scores *scores);

/* Bins of a distogram with these inner edges that begin below 8 angstrom. */
int pleat_contact_bins(const float *edges, int64_t n_edges);

/* With is_binary, first every row's contacts: logits [N_res, n_bins] of the distogram, which is symmetric. */
void pleat_chain_scores_add_contacts(pleat_chain_scores *scores, int64_t i, const float *distogram, int n_bins);
/* Then every row: logits [N_res, n_bins] of aligned errors and of the distogram (not read with is_binary). */
void pleat_chain_scores_add_row(pleat_chain_scores *scores, int64_t i, const float *pae_logits, const float *distogram,
                                int n_distogram_bins);

#endif
