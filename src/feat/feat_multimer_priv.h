/* Inside of the multimer features: published limits, padding, and sampling with given random choices.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_MULTIMER_PRIV_H
#define PLEAT_FEAT_MULTIMER_PRIV_H

#include "feat/feat.h"

enum {
  PLEAT_MULTIMER_MSA_CROP = 2048,    /* rows per chain: paired rows with letters + unpaired rows (MSA_CROP_SIZE) */
  PLEAT_MULTIMER_PAIRED_CROP = 1024, /* paired rows: half of the above */
  PLEAT_MULTIMER_EXTRA_CHANNELS = 25 /* one-hot 23, has deletion, deletion value */
};

/* pleat_feat_multimer_raw with all-masked rows appended until there are min_rows, as the published code does to keep
 * the extra MSA from being empty. Such rows change no result; 0 adds none. */
PLEAT_CHECKED pleat_status pleat_feat_multimer_assemble(const pleat_feat_chain *chains, size_t n_chains,
                                                        int64_t min_rows, pleat_arrays **out_raw, pleat_error *err);

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
