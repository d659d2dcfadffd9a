/* Inside of the multimer features: published limits, chains and their rows, pairing, and sampling with given random
 * choices.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_MULTIMER_PRIV_H
#define PLEAT_FEAT_MULTIMER_PRIV_H

#include <stdbool.h>

#include "feat/feat.h"
#include "feat/feat_rows.h"

enum {
  PLEAT_MULTIMER_MSA_CROP = 2048,    /* rows per chain: paired rows with letters + unpaired rows (MSA_CROP_SIZE) */
  PLEAT_MULTIMER_PAIRED_CROP = 1024, /* paired rows: half of the above */
  PLEAT_MULTIMER_EXTRA_CHANNELS = 25 /* one-hot 23, has deletion, deletion value */
};

/* A chain of a complex with the rows that it brings. Rows are borrowed from alignments. */
typedef struct pleat_multimer_chain {
  const char *sequence;
  int64_t n_res;
  int64_t first_col;
  int32_t sym_id; /* 1, 2, ... for the copies of a sequence */
  int32_t entity_id;
  bool is_owner;            /* of the following arrays; copies may share them */
  pleat_feat_row *unpaired; /* [n_unpaired] */
  int64_t n_unpaired;
  pleat_feat_row *paired; /* [n_paired], as many for every chain; letters NULL: a row of gaps */
  int64_t n_paired;
  float *deletion_mean; /* [n_res] */
} pleat_multimer_chain;

/* Checks the sequences, and numbers entities (identical sequences) and copies as they appear; without rows. *out_chains
 * is released by pleat_multimer_chains_free, also on failure. Errors: INPUT, INVALID, NOMEM. */
PLEAT_CHECKED pleat_status pleat_multimer_chains_create(const pleat_feat_chain *chains, size_t n_chains,
                                                        pleat_multimer_chain **out_chains, pleat_error *err);
void pleat_multimer_chains_free(pleat_multimer_chain *chains, size_t n_chains);
/* The alignment's rows have the chain's length, and the first is its sequence. `what` alignment, for messages. */
PLEAT_CHECKED pleat_status pleat_multimer_check_msa(const pleat_msa *msa, const pleat_multimer_chain *chain,
                                                    size_t index, const char *what, pleat_error *err);
/* Means of the deletions of the chain's unpaired rows. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_multimer_set_deletion_mean(pleat_multimer_chain *chain, pleat_error *err);
/* The rows cropped, and put together: paired ones first, unpaired ones block-diagonal below. All-masked rows are appended
 * until there are min_rows, as the published code does to keep the extra MSA from being empty; such rows change no
 * result. Errors: INPUT (numbers of rows differ), NOMEM. */
PLEAT_CHECKED pleat_status pleat_multimer_merge(const pleat_multimer_chain *chains, size_t n_chains, int64_t min_rows,
                                                pleat_arrays **out_raw, pleat_error *err);

/* pleat_feat_multimer_raw and _species with at least min_rows rows. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_assemble(const pleat_feat_chain *chains, size_t n_chains,
                                                        int64_t min_rows, pleat_arrays **out_raw, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_feat_multimer_pair(const pleat_feat_chain *chains, size_t n_chains, int64_t min_rows,
                                                    pleat_arrays **out_raw, pleat_error *err);

/* Rows of an alignment of one entity, as the pairing reads them. */
typedef struct pleat_pairing_entity {
  const pleat_feat_row *rows; /* the first is the query; species are in the descriptions */
  int64_t n_rows;
  int64_t n_cols;
  int64_t n_copies;
} pleat_pairing_entity;

/* Which rows belong together: out_rows[k * n_entities + e] is a row of entity e, or -1. Row 0 is the queries; then rows of
 * species that most chains have come first. Freed by free(). Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_pair_species(const pleat_pairing_entity *entities, size_t n_entities,
                                              int32_t **out_rows, int64_t *out_n, pleat_error *err);

/* Raw features, checked and in the form that sampling reads. The arrays are borrowed from the raw set. */
typedef struct pleat_multimer_rows {
  int64_t N_seq;
  int64_t N_res;
  uint8_t *tokens; /* [N_seq, N_res] restypes 0..21 */
  uint8_t *mask;   /* [N_seq, N_res] 0 or 1 */
  const pleat_array *aatype;
  const pleat_array *deletions;
  const pleat_array *opt_bert_mask;    /* absent: all ones */
  const pleat_array *opt_cluster_bias; /* absent: row 0 goes in front */
} pleat_multimer_rows;

/* Numbers may have any dtype but BF16, F16 and BYTES. Errors: INPUT (missing array, value out of range), SHAPE, NOMEM.
 * Released with fini, also after a failure. */
PLEAT_CHECKED pleat_status pleat_multimer_rows_init(const pleat_arrays *raw, pleat_multimer_rows *rows,
                                                    pleat_error *err);
void pleat_multimer_rows_fini(pleat_multimer_rows *rows);
/* Row numbers in the order of sampling: biased rows, then rows with an unmasked residue, then the others; within a
 * class by falling opt_uniform[N_seq]. NULL keeps the rows as they stand. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_multimer_rows_order(const pleat_multimer_rows *rows, const double *opt_uniform,
                                                     int32_t *order, pleat_error *err);

/* The random choices of one draw. is_masked and replacement (tokens 0..22) are [N_clust, N_res]. */
typedef struct pleat_multimer_choices {
  const double *opt_order_uniform; /* [N_seq]; NULL = identity order */
  const uint8_t *is_masked;
  const uint8_t *replacement;
} pleat_multimer_choices;

/* pleat_feat_multimer_sample with given choices; NULL = own ones from options->seed and `draw`. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_sample_given(const pleat_arrays *raw, const pleat_feat_options *options,
                                                            int64_t draw, const pleat_multimer_choices *opt_choices,
                                                            pleat_arrays **out_features, pleat_error *err);

#endif
