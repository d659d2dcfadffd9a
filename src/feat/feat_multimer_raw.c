/* Multimer features from alignments whose rows are paired already, as ColabFold has them.
 * Source: colabfold/batch.py process_multimer_features (sokrypton/ColabFold 3b808f0): row k of every chain's paired
 * alignment belongs together, and duplicate rows stay.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "feat/feat_multimer_priv.h"

static void put_msa_row(const pleat_msa *msa, int64_t r, pleat_feat_row *row) {
  row->letters = msa->letters + r * msa->n_cols;
  row->deletions = msa->deletions + r * msa->n_cols;
}

/* Each alignment starts with the query; only the first one's is kept. */
static int64_t put_unpaired(const pleat_feat_chain *from, pleat_feat_row *rows) {
  int64_t n = 0;
  for (size_t k = 0; k < from->n_msas; k++) {
    for (int64_t r = k > 0; r < from->opt_msas[k].n_rows; r++) put_msa_row(&from->opt_msas[k], r, &rows[n++]);
  }
  if (n == 0) rows[n++].letters = from->sequence;
  return n;
}

static int64_t put_paired(const pleat_feat_chain *from, pleat_feat_row *rows) {
  if (!from->opt_paired) {
    rows[0].letters = from->sequence;
    return 1;
  }
  for (int64_t r = 0; r < from->opt_paired->n_rows; r++) put_msa_row(from->opt_paired, r, &rows[r]);
  return from->opt_paired->n_rows;
}

static pleat_status set_rows(const pleat_feat_chain *from, size_t index, pleat_multimer_chain *chain,
                             pleat_error *err) {
  int64_t n_unpaired = 1;
  for (size_t k = 0; k < from->n_msas; k++) {
    PLEAT_TRY(pleat_multimer_check_msa(&from->opt_msas[k], chain, index, "unpaired", err));
    n_unpaired += from->opt_msas[k].n_rows;
  }
  if (from->opt_paired) PLEAT_TRY(pleat_multimer_check_msa(from->opt_paired, chain, index, "paired", err));
  chain->is_owner = true;
  chain->unpaired = calloc((size_t)n_unpaired, sizeof *chain->unpaired);
  chain->paired = calloc(from->opt_paired ? (size_t)from->opt_paired->n_rows : 1, sizeof *chain->paired);
  if (!chain->unpaired || !chain->paired) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the alignment of chain %zu", index + 1);
  }
  chain->n_unpaired = put_unpaired(from, chain->unpaired);
  chain->n_paired = put_paired(from, chain->paired);
  return pleat_multimer_set_deletion_mean(chain, err);
}

pleat_status pleat_feat_multimer_assemble(const pleat_feat_chain *chains, size_t n_chains, int64_t min_rows,
                                          pleat_arrays **out_raw, pleat_error *err) {
  *out_raw = NULL;
  pleat_multimer_chain *rows = NULL;
  pleat_status status = pleat_multimer_chains_create(chains, n_chains, &rows, err);
  for (size_t c = 0; c < n_chains && !status; c++) status = set_rows(&chains[c], c, &rows[c], err);
  if (!status) status = pleat_multimer_merge(rows, n_chains, min_rows, out_raw, err);
  pleat_multimer_chains_free(rows, n_chains);
  return status;
}

pleat_status pleat_feat_multimer_raw(const pleat_feat_chain *chains, size_t n_chains, pleat_arrays **out_raw,
                                     pleat_error *err) {
  return pleat_feat_multimer_assemble(chains, n_chains, 0, out_raw, err);
}
