/* Multimer features before MSA sampling: chain identities, paired rows, block-diagonal unpaired rows.
 * Source: alphafold/data/{feature_processing,msa_pairing,pipeline_multimer}.py (google-deepmind/alphafold c77e5d2) with
 * the pairing of colabfold/batch.py process_multimer_features (sokrypton/ColabFold 3b808f0): row k of every chain's
 * paired alignment belongs together, and duplicate rows stay.
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

typedef struct chain_plan {
  int64_t n_res;
  int64_t first_col;
  int64_t n_unpaired; /* rows given, the query once */
  int32_t sym_id;
  int32_t entity_id;
} chain_plan;

typedef struct complex_plan {
  size_t n_chains;
  chain_plan *chains;
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

static void plan_fini(complex_plan *plan) {
  free(plan->n_kept);
  free(plan->first_chain);
  free(plan->chains);
}

static pleat_status check_msa(const pleat_msa *msa, const char *sequence, int64_t n_res, size_t chain, const char *what,
                              pleat_error *err) {
  if (msa->n_rows < 1 || msa->n_cols != n_res) {
    PLEAT_FAIL(err, PLEAT_INPUT,
               "%s alignment of chain %zu: expected rows of %" PRId64 " columns (the chain's length), found %" PRId64
               " rows of %" PRId64 "; give the alignment that belongs to this sequence",
               what, chain + 1, n_res, msa->n_rows, msa->n_cols);
  }
  for (int64_t i = 0; i < n_res; i++) {
    if (msa->letters[i] != sequence[i]) {
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "%s alignment of chain %zu: expected the chain's own sequence as first row, found '%c' instead of "
                 "'%c' at residue %" PRId64,
                 what, chain + 1, msa->letters[i], sequence[i], i + 1);
    }
  }
  return PLEAT_OK;
}

static pleat_status plan_chain(const pleat_feat_chain *chain, size_t index, chain_plan *plan, pleat_error *err) {
  size_t n = strlen(chain->sequence);
  if (n == 0) PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu is empty: expected at least one residue", index + 1);
  if (n > PLEAT_MAX_RESIDUES) {
    PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu has %zu residues: at most %d are supported", index + 1, n,
               (int)PLEAT_MAX_RESIDUES);
  }
  plan->n_res = (int64_t)n;
  for (int64_t i = 0; i < plan->n_res; i++) {
    char letter = chain->sequence[i];
    if (letter < 'A' || letter > 'Z') {
      PLEAT_FAIL(err, PLEAT_INPUT, "chain %zu, residue %" PRId64 ": expected a letter A-Z, found byte 0x%02X",
                 index + 1, i + 1, (unsigned)(unsigned char)letter);
    }
  }
  plan->n_unpaired = 1;
  for (size_t k = 0; k < chain->n_msas; k++) {
    PLEAT_TRY(check_msa(&chain->opt_msas[k], chain->sequence, plan->n_res, index, "unpaired", err));
    plan->n_unpaired += chain->opt_msas[k].n_rows - 1;
  }
  if (chain->opt_paired) {
    PLEAT_TRY(check_msa(chain->opt_paired, chain->sequence, plan->n_res, index, "paired", err));
  }
  return PLEAT_OK;
}

/* Identical sequences form an entity; entities and copies are numbered as they appear. */
static pleat_status plan_entities(const pleat_feat_chain *chains, complex_plan *plan, pleat_error *err) {
  for (size_t c = 0; c < plan->n_chains; c++) {
    chain_plan *chain = &plan->chains[c];
    chain->sym_id = 1;
    for (size_t d = 0; d < c; d++) {
      const chain_plan *other = &plan->chains[d];
      if (strcmp(chains[c].sequence, chains[d].sequence) != 0) continue;
      if (chain->n_unpaired != other->n_unpaired) {
        PLEAT_FAIL(err, PLEAT_INPUT,
                   "chains %zu and %zu have the same sequence but alignments of %" PRId64 " and %" PRId64
                   " rows: copies of a chain share one alignment",
                   d + 1, c + 1, other->n_unpaired, chain->n_unpaired);
      }
      chain->entity_id = other->entity_id;
      chain->sym_id = other->sym_id + 1;
    }
    if (chain->entity_id == 0) {
      plan->first_chain[plan->n_entities] = c;
      chain->entity_id = ++plan->n_entities;
    }
  }
  return PLEAT_OK;
}

static int64_t paired_rows(const pleat_feat_chain *chain) { return chain->opt_paired ? chain->opt_paired->n_rows : 1; }

static bool is_gap_row(const pleat_msa *msa, int64_t row) {
  const char *letters = msa->letters + row * msa->n_cols;
  for (int64_t i = 0; i < msa->n_cols; i++) {
    if (letters[i] != '-') return false;
  }
  return true;
}

/* A chain's unpaired rows make room for the paired rows that show it, so that its total stays within the crop. */
static pleat_status plan_rows(const pleat_feat_chain *chains, int64_t min_rows, complex_plan *plan, pleat_error *err) {
  bool is_paired = plan->n_entities > 1;
  int64_t n_given = paired_rows(&chains[0]);
  for (size_t c = 1; is_paired && c < plan->n_chains; c++) {
    if (paired_rows(&chains[c]) != n_given) {
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "paired alignments: expected as many rows for every chain, found %" PRId64 " for chain 1 and %" PRId64
                 " for chain %zu",
                 n_given, paired_rows(&chains[c]), c + 1);
    }
  }
  if (is_paired) plan->n_paired = n_given < PLEAT_MULTIMER_PAIRED_CROP ? n_given : PLEAT_MULTIMER_PAIRED_CROP;
  plan->N_seq = plan->n_paired;
  for (int32_t e = 0; e < plan->n_entities; e++) {
    size_t c = plan->first_chain[e];
    int64_t n_room = PLEAT_MULTIMER_MSA_CROP;
    for (int64_t r = 0; r < plan->n_paired; r++) {
      if (!chains[c].opt_paired || !is_gap_row(chains[c].opt_paired, r)) --n_room;
    }
    int64_t n_unpaired = plan->chains[c].n_unpaired;
    plan->n_kept[e] = n_unpaired < n_room ? n_unpaired : n_room;
    plan->N_seq += plan->n_kept[e];
  }
  plan->n_rows = plan->N_seq < min_rows ? min_rows : plan->N_seq;
  return PLEAT_OK;
}

static pleat_status plan_init(const pleat_feat_chain *chains, size_t n_chains, int64_t min_rows, complex_plan *plan,
                              pleat_error *err) {
  plan->n_chains = n_chains;
  plan->chains = calloc(n_chains, sizeof *plan->chains);
  plan->first_chain = calloc(n_chains, sizeof *plan->first_chain);
  plan->n_kept = calloc(n_chains, sizeof *plan->n_kept);
  if (!plan->chains || !plan->first_chain || !plan->n_kept) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the features of %zu chains", n_chains);
  }
  for (size_t c = 0; c < n_chains; c++) {
    PLEAT_TRY(plan_chain(&chains[c], c, &plan->chains[c], err));
    plan->chains[c].first_col = plan->N_res;
    plan->N_res += plan->chains[c].n_res;
    if (plan->N_res > PLEAT_MAX_RESIDUES) {
      PLEAT_FAIL(err, PLEAT_INPUT, "the complex has more than %d residues, the most that is supported",
                 (int)PLEAT_MAX_RESIDUES);
    }
  }
  PLEAT_TRY(plan_entities(chains, plan, err));
  return plan_rows(chains, min_rows, plan, err);
}

static void put_row(const raw_arrays *raw, int64_t row, const chain_plan *chain, const char *letters,
                    const int32_t *opt_deletions) {
  int64_t first = row * raw->N_res + chain->first_col;
  for (int64_t i = 0; i < chain->n_res; i++) {
    raw->msa[first + i] = pleat_hhblits_to_restype[pleat_hhblits_from_letter(letters[i])];
    raw->bert_mask[first + i] = 1.0f;
    if (opt_deletions) raw->deletions[first + i] = (float)opt_deletions[i];
  }
}

static void put_paired(const raw_arrays *raw, const pleat_feat_chain *chain, const chain_plan *plan, int64_t n_rows) {
  const pleat_msa *msa = chain->opt_paired;
  if (!msa) {
    if (n_rows > 0) put_row(raw, 0, plan, chain->sequence, NULL);
    return;
  }
  for (int64_t r = 0; r < n_rows; r++) {
    put_row(raw, r, plan, msa->letters + r * msa->n_cols, msa->deletions + r * msa->n_cols);
  }
}

/* Each alignment starts with the query; only the first one's is kept. */
static void put_unpaired(const raw_arrays *raw, const pleat_feat_chain *chain, const chain_plan *plan,
                         int64_t first_row, int64_t n_rows) {
  int64_t n_done = 0;
  if (chain->n_msas == 0 && n_rows > 0) put_row(raw, first_row, plan, chain->sequence, NULL);
  for (size_t k = 0; k < chain->n_msas; k++) {
    const pleat_msa *msa = &chain->opt_msas[k];
    for (int64_t r = k > 0; r < msa->n_rows && n_done < n_rows; r++, n_done++) {
      put_row(raw, first_row + n_done, plan, msa->letters + r * msa->n_cols, msa->deletions + r * msa->n_cols);
    }
  }
}

static void put_rows(const raw_arrays *raw, const pleat_feat_chain *chains, const complex_plan *plan) {
  int64_t n_real = plan->N_seq * plan->N_res;
  for (int64_t i = 0; i < n_real; i++) {
    raw->msa[i] = PLEAT_RESTYPE_GAP;
    raw->msa_mask[i] = 1.0f;
  }
  for (size_t c = 0; c < plan->n_chains; c++) put_paired(raw, &chains[c], &plan->chains[c], plan->n_paired);
  int64_t first_row = plan->n_paired;
  for (int32_t e = 0; e < plan->n_entities; e++) {
    for (size_t c = 0; c < plan->n_chains; c++) {
      if (plan->chains[c].entity_id != e + 1) continue;
      put_unpaired(raw, &chains[c], &plan->chains[c], first_row, plan->n_kept[e]);
    }
    first_row += plan->n_kept[e];
  }
  raw->cluster_bias[0] = 1.0f;
}

/* Over all unpaired rows, the cropped ones included. */
static void put_deletion_mean(const pleat_feat_chain *chain, const chain_plan *plan, float *mean_i) {
  for (int64_t i = 0; i < plan->n_res; i++) {
    double sum = 0.0;
    for (size_t k = 0; k < chain->n_msas; k++) {
      const pleat_msa *msa = &chain->opt_msas[k];
      for (int64_t r = k > 0; r < msa->n_rows; r++) sum += msa->deletions[r * msa->n_cols + i];
    }
    mean_i[plan->first_col + i] = (float)(sum / (double)plan->n_unpaired);
  }
}

static pleat_status add_msa_arrays(const pleat_feat_chain *chains, const complex_plan *plan, pleat_arrays *set,
                                   pleat_error *err) {
  const int64_t shape[2] = {plan->n_rows, plan->N_res};
  void *msa, *deletions, *msa_mask, *bert_mask, *bias;
  PLEAT_TRY(pleat_arrays_add(set, "msa", PLEAT_I32, 2, shape, NULL, &msa, err));
  PLEAT_TRY(pleat_arrays_add(set, "deletion_matrix", PLEAT_F32, 2, shape, NULL, &deletions, err));
  PLEAT_TRY(pleat_arrays_add(set, "msa_mask", PLEAT_F32, 2, shape, NULL, &msa_mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "bert_mask", PLEAT_F32, 2, shape, NULL, &bert_mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "cluster_bias_mask", PLEAT_F32, 1, shape, NULL, &bias, err));
  put_rows(&(raw_arrays){plan->N_res, msa, deletions, msa_mask, bert_mask, bias}, chains, plan);
  return PLEAT_OK;
}

static pleat_status add_residue_arrays(const pleat_feat_chain *chains, const complex_plan *plan, pleat_arrays *set,
                                       pleat_error *err) {
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
  float *mask_i = mask;
  for (size_t c = 0; c < plan->n_chains; c++) {
    const chain_plan *chain = &plan->chains[c];
    for (int64_t i = 0; i < chain->n_res; i++) {
      int64_t col = chain->first_col + i;
      ints[AATYPE][col] = pleat_restype_from_letter(chains[c].sequence[i]);
      ints[RESIDUE_INDEX][col] = (int32_t)i;
      ints[ASYM][col] = (int32_t)c + 1;
      ints[SYM][col] = chain->sym_id;
      ints[ENTITY][col] = chain->entity_id;
      ints[ENTITY_MASK][col] = 1;
      mask_i[col] = 1.0f;
    }
    put_deletion_mean(&chains[c], chain, mean);
  }
  return PLEAT_OK;
}

static pleat_status add_counts(const complex_plan *plan, pleat_arrays *set, pleat_error *err) {
  const int32_t n_rows = (int32_t)plan->N_seq, n_res = (int32_t)plan->N_res, n_chains = (int32_t)plan->n_chains;
  PLEAT_TRY(pleat_arrays_add(set, "num_alignments", PLEAT_I32, 0, NULL, &n_rows, NULL, err));
  PLEAT_TRY(pleat_arrays_add(set, "seq_length", PLEAT_I32, 0, NULL, &n_res, NULL, err));
  return pleat_arrays_add(set, "assembly_num_chains", PLEAT_I32, 0, NULL, &n_chains, NULL, err);
}

pleat_status pleat_feat_multimer_assemble(const pleat_feat_chain *chains, size_t n_chains, int64_t min_rows,
                                          pleat_arrays **out_raw, pleat_error *err) {
  *out_raw = NULL;
  if (n_chains == 0 || min_rows < 0) PLEAT_FAIL(err, PLEAT_INVALID, "a complex needs at least one chain");
  pleat_arrays *set = NULL;
  complex_plan plan = {0};
  pleat_status status = plan_init(chains, n_chains, min_rows, &plan, err);
  if (!status) status = pleat_arrays_create(&set, err);
  if (!status) status = add_residue_arrays(chains, &plan, set, err);
  if (!status) status = add_msa_arrays(chains, &plan, set, err);
  if (!status) status = add_counts(&plan, set, err);
  plan_fini(&plan);
  if (status) {
    pleat_arrays_destroy(set);
    return status;
  }
  *out_raw = set;
  return PLEAT_OK;
}

pleat_status pleat_feat_multimer_raw(const pleat_feat_chain *chains, size_t n_chains, pleat_arrays **out_raw,
                                     pleat_error *err) {
  return pleat_feat_multimer_assemble(chains, n_chains, 0, out_raw, err);
}
