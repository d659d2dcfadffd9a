/* Multimer features before MSA sampling: chain identities, paired rows, block-diagonal unpaired rows.
 * Source: alphafold/data/{feature_processing,msa_pairing,pipeline_multimer}.py (google-deepmind/alphafold c77e5d2).
 *
 * Rows of the result, N_pair + the sum of N_unp over entities:
 *
 *              entity 1 (all copies)   entity 2
 *     0        query of every chain                     bert_mask 1 everywhere
 *     ..       paired rows                              (none of these two when all chains are identical)
 *     ..       unpaired rows 1         gaps             bert_mask 1 only on the rows' own entity
 *     ..       gaps                    unpaired rows 2
 *
 * DEVIATION: the columns keep the input order of the chains, and asym_id counts in that order. The published code moves
 * the copies of a sequence together (A, B, A becomes A, A, B); nothing in the model depends on it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"
#include "io/fasta.h"

typedef struct complex_plan {
  const pleat_multimer_chain *chains;
  size_t n_chains;
  int32_t n_entities;
  size_t *first_chain; /* [n_entities] */
  int64_t *n_kept;     /* [n_entities] unpaired rows after cropping */
  int64_t n_paired;    /* after cropping; 0 when all chains are identical */
  int64_t N_res;
  int64_t N_seq;  /* real rows */
  int64_t n_rows; /* with padding */
} complex_plan;

/* The arrays under construction; all point into the result. */
typedef struct raw_arrays {
  int64_t N_res;
  int32_t *msa;
  float *deletions;
  float *msa_mask;
  float *bert_mask;
  float *cluster_bias;
} raw_arrays;

/* ---- Chains ---- */

static pleat_status check_sequence(const char *sequence, size_t index, int64_t *out_n_res, pleat_error *err) {
  size_t n = strlen(sequence);
  if (n == 0) PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu is empty: expected at least one residue", index + 1);
  if (n > PLEAT_MAX_RESIDUES) {
    PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu has %zu residues: at most %d are supported", index + 1, n,
               (int)PLEAT_MAX_RESIDUES);
  }
  *out_n_res = (int64_t)n;
  for (size_t i = 0; i < n; i++) {
    if (sequence[i] >= 'A' && sequence[i] <= 'Z') continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu, residue %zu: expected a letter A-Z, found byte 0x%02X", index + 1, i + 1,
               (unsigned)(unsigned char)sequence[i]);
  }
  return PLEAT_OK;
}

/* Identical sequences form an entity. */
static void set_entity(pleat_multimer_chain *chains, size_t c, int32_t *n_entities) {
  chains[c].sym_id = 1;
  for (size_t d = 0; d < c; d++) {
    if (strcmp(chains[c].sequence, chains[d].sequence) != 0) continue;
    chains[c].entity_id = chains[d].entity_id;
    chains[c].sym_id = chains[d].sym_id + 1;
  }
  if (chains[c].entity_id == 0) chains[c].entity_id = ++*n_entities;
}

pleat_status pleat_multimer_chains_create(const pleat_feat_chain *chains, size_t n_chains,
                                          pleat_multimer_chain **out_chains, pleat_error *err) {
  *out_chains = NULL;
  if (n_chains == 0) PLEAT_FAIL(err, PLEAT_INVALID, "a complex needs at least one chain");
  pleat_multimer_chain *made = calloc(n_chains, sizeof *made);
  if (!made) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the features of %zu chains", n_chains);
  *out_chains = made;
  int64_t N_res = 0;
  int32_t n_entities = 0;
  for (size_t c = 0; c < n_chains; c++) {
    made[c].sequence = chains[c].sequence;
    made[c].first_col = N_res;
    PLEAT_TRY(check_sequence(made[c].sequence, c, &made[c].n_res, err));
    set_entity(made, c, &n_entities);
    N_res += made[c].n_res;
    if (N_res > PLEAT_MAX_RESIDUES) {
      PLEAT_FAIL(err, PLEAT_INPUT, "the complex has more than %d residues, the most that is supported",
                 (int)PLEAT_MAX_RESIDUES);
    }
  }
  return PLEAT_OK;
}

void pleat_multimer_chains_free(pleat_multimer_chain *chains, size_t n_chains) {
  for (size_t c = 0; chains && c < n_chains; c++) {
    if (!chains[c].is_owner) continue;
    free(chains[c].unpaired);
    free(chains[c].paired);
    free(chains[c].deletion_mean);
  }
  free(chains);
}

pleat_status pleat_multimer_check_msa(const pleat_msa *msa, const pleat_multimer_chain *chain, size_t index,
                                      const char *what, pleat_error *err) {
  if (msa->n_rows < 1 || msa->n_cols != chain->n_res) {
    PLEAT_FAIL(err, PLEAT_INPUT,
               "%s alignment of chain %zu: expected rows of %" PRId64 " columns (the chain's length), found %" PRId64
               " rows of %" PRId64 "; give the alignment that belongs to this sequence",
               what, index + 1, chain->n_res, msa->n_rows, msa->n_cols);
  }
  for (int64_t i = 0; i < chain->n_res; i++) {
    if (msa->letters[i] != chain->sequence[i]) {
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "%s alignment of chain %zu: expected the chain's own sequence as first row, found '%c' instead of "
                 "'%c' at residue %" PRId64,
                 what, index + 1, msa->letters[i], chain->sequence[i], i + 1);
    }
  }
  return PLEAT_OK;
}

pleat_status pleat_multimer_set_deletion_mean(pleat_multimer_chain *chain, pleat_error *err) {
  chain->deletion_mean = calloc((size_t)chain->n_res, sizeof *chain->deletion_mean);
  double *sums = calloc((size_t)chain->n_res, sizeof *sums);
  if (chain->deletion_mean && sums) {
    for (int64_t r = 0; r < chain->n_unpaired; r++) {
      const int32_t *deletions = chain->unpaired[r].deletions;
      for (int64_t i = 0; deletions && i < chain->n_res; i++) sums[i] += deletions[i];
    }
    for (int64_t i = 0; i < chain->n_res; i++) chain->deletion_mean[i] = (float)(sums[i] / (double)chain->n_unpaired);
  }
  bool is_ok = chain->deletion_mean && sums;
  free(sums);
  if (!is_ok) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %" PRId64 " residues", chain->n_res);
  return PLEAT_OK;
}

/* ---- Which rows ---- */

static void plan_fini(complex_plan *plan) {
  free(plan->n_kept);
  free(plan->first_chain);
}

static bool is_gap_row(const pleat_feat_row *row, int64_t n_res) {
  for (int64_t i = 0; row->letters && i < n_res; i++) {
    if (row->letters[i] != '-') return false;
  }
  return true;
}

static pleat_status check_rows(const pleat_multimer_chain *chains, size_t n_chains, pleat_error *err) {
  for (size_t c = 1; c < n_chains; c++) {
    if (chains[c].n_paired != chains[0].n_paired) {
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "paired alignments: expected as many rows for every chain, found %" PRId64 " for chain 1 and %" PRId64
                 " for chain %zu",
                 chains[0].n_paired, chains[c].n_paired, c + 1);
    }
  }
  return PLEAT_OK;
}

static pleat_status check_copies(const pleat_multimer_chain *chains, size_t n_chains, pleat_error *err) {
  for (size_t c = 1; c < n_chains; c++) {
    for (size_t d = 0; d < c; d++) {
      if (chains[c].entity_id != chains[d].entity_id || chains[c].n_unpaired == chains[d].n_unpaired) continue;
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "chains %zu and %zu have the same sequence but alignments of %" PRId64 " and %" PRId64
                 " rows: copies of a chain share one alignment",
                 d + 1, c + 1, chains[d].n_unpaired, chains[c].n_unpaired);
    }
  }
  return PLEAT_OK;
}

/* A chain's unpaired rows make room for the paired rows that show it, so that its total stays within the crop. */
static void plan_rows(complex_plan *plan, int64_t min_rows) {
  int64_t n_given = plan->chains[0].n_paired;
  if (plan->n_entities > 1)
    plan->n_paired = n_given < PLEAT_MULTIMER_PAIRED_CROP ? n_given : PLEAT_MULTIMER_PAIRED_CROP;
  plan->N_seq = plan->n_paired;
  for (int32_t e = 0; e < plan->n_entities; e++) {
    const pleat_multimer_chain *chain = &plan->chains[plan->first_chain[e]];
    int64_t n_room = PLEAT_MULTIMER_MSA_CROP;
    for (int64_t r = 0; r < plan->n_paired; r++) n_room -= !is_gap_row(&chain->paired[r], chain->n_res);
    plan->n_kept[e] = chain->n_unpaired < n_room ? chain->n_unpaired : n_room;
    plan->N_seq += plan->n_kept[e];
  }
  plan->n_rows = plan->N_seq < min_rows ? min_rows : plan->N_seq;
}

static pleat_status plan_init(const pleat_multimer_chain *chains, size_t n_chains, int64_t min_rows, complex_plan *plan,
                              pleat_error *err) {
  *plan = (complex_plan){.chains = chains, .n_chains = n_chains};
  plan->first_chain = calloc(n_chains, sizeof *plan->first_chain);
  plan->n_kept = calloc(n_chains, sizeof *plan->n_kept);
  if (!plan->first_chain || !plan->n_kept) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the features of %zu chains", n_chains);
  }
  for (size_t c = 0; c < n_chains; c++) {
    if (chains[c].sym_id == 1) plan->first_chain[plan->n_entities++] = c;
    plan->N_res += chains[c].n_res;
  }
  PLEAT_TRY(check_copies(chains, n_chains, err));
  if (plan->n_entities > 1) PLEAT_TRY(check_rows(chains, n_chains, err));
  plan_rows(plan, min_rows);
  return PLEAT_OK;
}

/* ---- Arrays ---- */

static void put_row(const raw_arrays *raw, int64_t r, const pleat_multimer_chain *chain, const pleat_feat_row *row) {
  int64_t first = r * raw->N_res + chain->first_col;
  for (int64_t i = 0; i < chain->n_res; i++) {
    raw->bert_mask[first + i] = 1.0f;
    if (row->letters) raw->msa[first + i] = pleat_hhblits_to_restype[pleat_hhblits_from_letter(row->letters[i])];
    if (row->deletions) raw->deletions[first + i] = (float)row->deletions[i];
  }
}

static void put_rows(const raw_arrays *raw, const complex_plan *plan) {
  int64_t n_real = plan->N_seq * plan->N_res;
  for (int64_t i = 0; i < n_real; i++) {
    raw->msa[i] = PLEAT_RESTYPE_GAP;
    raw->msa_mask[i] = 1.0f;
  }
  int64_t first_row = plan->n_paired;
  for (size_t c = 0; c < plan->n_chains; c++) {
    const pleat_multimer_chain *chain = &plan->chains[c];
    for (int64_t r = 0; r < plan->n_paired; r++) put_row(raw, r, chain, &chain->paired[r]);
  }
  for (int32_t e = 0; e < plan->n_entities; e++) {
    for (size_t c = 0; c < plan->n_chains; c++) {
      const pleat_multimer_chain *chain = &plan->chains[c];
      if (chain->entity_id != e + 1) continue;
      for (int64_t r = 0; r < plan->n_kept[e]; r++) put_row(raw, first_row + r, chain, &chain->unpaired[r]);
    }
    first_row += plan->n_kept[e];
  }
  raw->cluster_bias[0] = 1.0f;
}

static pleat_status add_msa_arrays(const complex_plan *plan, pleat_arrays *set, pleat_error *err) {
  const int64_t shape[2] = {plan->n_rows, plan->N_res};
  void *msa, *deletions, *msa_mask, *bert_mask, *bias;
  PLEAT_TRY(pleat_arrays_add(set, "msa", PLEAT_I32, 2, shape, NULL, &msa, err));
  PLEAT_TRY(pleat_arrays_add(set, "deletion_matrix", PLEAT_F32, 2, shape, NULL, &deletions, err));
  PLEAT_TRY(pleat_arrays_add(set, "msa_mask", PLEAT_F32, 2, shape, NULL, &msa_mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "bert_mask", PLEAT_F32, 2, shape, NULL, &bert_mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "cluster_bias_mask", PLEAT_F32, 1, shape, NULL, &bias, err));
  put_rows(&(raw_arrays){plan->N_res, msa, deletions, msa_mask, bert_mask, bias}, plan);
  return PLEAT_OK;
}

static pleat_status add_residue_arrays(const complex_plan *plan, pleat_arrays *set, pleat_error *err) {
  enum { AATYPE, RESIDUE_INDEX, ASYM, SYM, ENTITY, ENTITY_MASK, N_INTS };
  static const char *const names[N_INTS] = {"aatype", "residue_index", "asym_id", "sym_id", "entity_id", "entity_mask"};
  const int64_t shape[1] = {plan->N_res};
  int32_t *ints[N_INTS];
  for (int k = 0; k < N_INTS; k++) {
    void *data;
    PLEAT_TRY(pleat_arrays_add(set, names[k], PLEAT_I32, 1, shape, NULL, &data, err));
    ints[k] = data;
  }
  void *mask, *mean;
  PLEAT_TRY(pleat_arrays_add(set, "seq_mask", PLEAT_F32, 1, shape, NULL, &mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "deletion_mean", PLEAT_F32, 1, shape, NULL, &mean, err));
  float *mask_i = mask, *mean_i = mean;
  for (size_t c = 0; c < plan->n_chains; c++) {
    const pleat_multimer_chain *chain = &plan->chains[c];
    for (int64_t i = 0; i < chain->n_res; i++) {
      int64_t col = chain->first_col + i;
      ints[AATYPE][col] = pleat_restype_from_letter(chain->sequence[i]);
      ints[RESIDUE_INDEX][col] = (int32_t)i;
      ints[ASYM][col] = (int32_t)c + 1;
      ints[SYM][col] = chain->sym_id;
      ints[ENTITY][col] = chain->entity_id;
      ints[ENTITY_MASK][col] = 1;
      mask_i[col] = 1.0f;
      mean_i[col] = chain->deletion_mean[i];
    }
  }
  return PLEAT_OK;
}

static pleat_status add_counts(const complex_plan *plan, pleat_arrays *set, pleat_error *err) {
  const int32_t n_rows = (int32_t)plan->N_seq, n_res = (int32_t)plan->N_res, n_chains = (int32_t)plan->n_chains;
  PLEAT_TRY(pleat_arrays_add(set, "num_alignments", PLEAT_I32, 0, NULL, &n_rows, NULL, err));
  PLEAT_TRY(pleat_arrays_add(set, "seq_length", PLEAT_I32, 0, NULL, &n_res, NULL, err));
  return pleat_arrays_add(set, "assembly_num_chains", PLEAT_I32, 0, NULL, &n_chains, NULL, err);
}

pleat_status pleat_multimer_merge(const pleat_multimer_chain *chains, size_t n_chains, int64_t min_rows,
                                  pleat_arrays **out_raw, pleat_error *err) {
  *out_raw = NULL;
  pleat_arrays *set = NULL;
  complex_plan plan;
  pleat_status status = plan_init(chains, n_chains, min_rows, &plan, err);
  if (!status) status = pleat_arrays_create(&set, err);
  if (!status) status = add_residue_arrays(&plan, set, err);
  if (!status) status = add_msa_arrays(&plan, set, err);
  if (!status) status = add_counts(&plan, set, err);
  plan_fini(&plan);
  if (status) {
    pleat_arrays_destroy(set);
    return status;
  }
  *out_raw = set;
  return PLEAT_OK;
}
