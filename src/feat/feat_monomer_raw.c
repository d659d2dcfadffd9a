/* Raw features of a single chain: its sequence and the distinct rows of its alignments.
 * Source: alphafold/data/pipeline.py (make_sequence_features, make_msa_features).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat.h"
#include "feat/feat_rows.h"
#include "io/fasta.h"
#include "io/species.h"

/* Every element of a new [n] i32 array is `value`. */
static pleat_status add_constant(pleat_arrays *set, const char *name, int64_t n, int32_t value, pleat_error *err) {
  void *data = NULL;
  PLEAT_TRY(pleat_arrays_add(set, name, PLEAT_I32, 1, &n, NULL, &data, err));
  for (int64_t i = 0; i < n; i++) ((int32_t *)data)[i] = value;
  return PLEAT_OK;
}

/* An array of one text; numpy has no texts of no bytes. */
static pleat_status add_text(pleat_arrays *set, const char *name, const char *text, pleat_error *err) {
  size_t n = strlen(text);
  return pleat_arrays_add_bytes(set, name, n ? n : 1, 1, (const int64_t[]){1}, text, NULL, err);
}

static pleat_status add_sequence_features(pleat_arrays *raw, const pleat_feat_chain *chain, int64_t n_res,
                                          pleat_error *err) {
  enum { N_TYPES = PLEAT_RESTYPE_X + 1 };
  const char *sequence = chain->sequence;
  void *data = NULL;
  PLEAT_TRY(pleat_arrays_add(raw, "aatype", PLEAT_I32, 2, (const int64_t[]){n_res, N_TYPES}, NULL, &data, err));
  for (int64_t i = 0; i < n_res; i++) ((int32_t *)data)[i * N_TYPES + pleat_restype_from_letter(sequence[i])] = 1;
  PLEAT_TRY(pleat_arrays_add(raw, "residue_index", PLEAT_I32, 1, &n_res, NULL, &data, err));
  for (int64_t i = 0; i < n_res; i++) ((int32_t *)data)[i] = (int32_t)i;
  PLEAT_TRY(add_constant(raw, "between_segment_residues", n_res, 0, err));
  PLEAT_TRY(add_constant(raw, "seq_length", n_res, (int32_t)n_res, err));
  if (chain->opt_description) PLEAT_TRY(add_text(raw, "domain_name", chain->opt_description, err));
  return add_text(raw, "sequence", sequence, err);
}

/* As wide as the longest, and at least one byte. */
static pleat_status add_species(pleat_arrays *raw, const pleat_feat_row *rows, int64_t n_rows, pleat_error *err) {
  char species[PLEAT_SPECIES_TEXT];
  void *data = NULL;
  int width = 1;
  for (int64_t r = 0; r < n_rows; r++) {
    int n = rows[r].opt_description ? pleat_species_find(rows[r].opt_description, species) : 0;
    if (n > width) width = n;
  }
  PLEAT_TRY(pleat_arrays_add_bytes(raw, "msa_species_identifiers", (size_t)width, 1, &n_rows, NULL, &data, err));
  for (int64_t r = 0; r < n_rows; r++) {
    int n = rows[r].opt_description ? pleat_species_find(rows[r].opt_description, species) : 0;
    memcpy((char *)data + r * width, species, (size_t)n);
  }
  return PLEAT_OK;
}

static pleat_status add_msa_features(pleat_arrays *raw, const pleat_feat_row *rows, int64_t n_rows, int64_t n_res,
                                     pleat_error *err) {
  const int64_t shape[] = {n_rows, n_res};
  void *ids = NULL;
  void *deletions = NULL;
  PLEAT_TRY(pleat_arrays_add(raw, "deletion_matrix_int", PLEAT_I32, 2, shape, NULL, &deletions, err));
  PLEAT_TRY(pleat_arrays_add(raw, "msa", PLEAT_I32, 2, shape, NULL, &ids, err));
  PLEAT_TRY(add_constant(raw, "num_alignments", n_res, (int32_t)n_rows, err));
  for (int64_t r = 0; r < n_rows; r++) {
    int32_t *ids_i = (int32_t *)ids + r * n_res;
    for (int64_t i = 0; i < n_res; i++) ids_i[i] = pleat_hhblits_from_letter(rows[r].letters[i]);
    memcpy((int32_t *)deletions + r * n_res, rows[r].deletions, (size_t)n_res * sizeof *rows[r].deletions);
  }
  return add_species(raw, rows, n_rows, err);
}

static pleat_status check_chain(const pleat_feat_chain *chain, int64_t n_res, pleat_error *err) {
  if (n_res < 1) PLEAT_FAIL(err, PLEAT_INPUT, "the sequence is empty: expected residues");
  if (n_res > PLEAT_MAX_RESIDUES) {
    PLEAT_FAIL(err, PLEAT_INPUT, "the sequence has %lld residues, more than %d: split it into domains",
               (long long)n_res, PLEAT_MAX_RESIDUES);
  }
  for (int64_t i = 0; i < n_res; i++) {
    if (chain->sequence[i] >= 'A' && chain->sequence[i] <= 'Z') continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "residue %lld of the sequence is '%c': expected letters A-Z", (long long)i + 1,
               chain->sequence[i]);
  }
  for (size_t k = 0; k < chain->n_msas; k++) {
    const pleat_msa *msa = &chain->opt_msas[k];
    if (msa->n_rows < 1 || msa->n_cols != n_res) continue; /* refused with the rows */
    for (int64_t i = 0; i < n_res; i++) {
      if (msa->letters[i] == chain->sequence[i]) continue;
      PLEAT_FAIL(err, PLEAT_INPUT,
                 "alignment %zu: residue %lld of its first row is '%c', but the sequence has '%c': "
                 "expected the alignment of this sequence",
                 k + 1, (long long)i + 1, msa->letters[i], chain->sequence[i]);
    }
  }
  return PLEAT_OK;
}

/* Without an alignment the sequence is the only row. */
static pleat_status add_all(pleat_arrays *raw, const pleat_feat_chain *chain, int64_t n_res, pleat_error *err) {
  PLEAT_TRY(add_sequence_features(raw, chain, n_res, err));
  pleat_feat_row *rows = NULL;
  int64_t n_rows = 0;
  if (chain->n_msas > 0) {
    PLEAT_TRY(pleat_feat_rows_unique(chain->opt_msas, chain->n_msas, n_res, &rows, &n_rows, err));
    pleat_status status = add_msa_features(raw, rows, n_rows, n_res, err);
    free(rows);
    return status;
  }
  int32_t *no_deletions = calloc((size_t)n_res, sizeof *no_deletions);
  if (no_deletions == NULL) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %lld residues", (long long)n_res);
  pleat_feat_row row = {.letters = chain->sequence, .deletions = no_deletions};
  pleat_status status = add_msa_features(raw, &row, 1, n_res, err);
  free(no_deletions);
  return status;
}

pleat_status pleat_feat_monomer_raw(const pleat_feat_chain *chain, pleat_arrays **out_raw, pleat_error *err) {
  *out_raw = NULL;
  int64_t n_res = (int64_t)strlen(chain->sequence);
  PLEAT_TRY(check_chain(chain, n_res, err));
  pleat_arrays *raw = NULL;
  PLEAT_TRY(pleat_arrays_create(&raw, err));
  pleat_status status = add_all(raw, chain, n_res, err);
  if (status) {
    pleat_arrays_destroy(raw);
    return status;
  }
  *out_raw = raw;
  return PLEAT_OK;
}
