/* Row-wise work that the monomer and the multimer features share: duplicates, profile, masking, clusters, msa_feat.
 * Source: AF2 supplement 1.2.4-1.2.9; alphafold/data/pipeline.py, alphafold/model/tf/data_transforms.py,
 * alphafold/model/modules_multimer.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_FEAT_ROWS_H
#define PLEAT_FEAT_ROWS_H

#include "base/rng.h"
#include "io/a3m.h"

/* Channels of msa_feat: [one-hot 23 | has_deletion | deletion_value | cluster profile 23 | cluster deletion mean]. */
enum {
  PLEAT_MSA_CLASSES = 23,
  PLEAT_PROFILE_CLASSES = 22, /* no mask token: profiles are taken before masking */
  PLEAT_MSA_CH_HAS_DELETION = 23,
  PLEAT_MSA_CH_DELETION_VALUE = 24,
  PLEAT_MSA_CH_PROFILE = 25,
  PLEAT_MSA_CH_DELETION_MEAN = 48,
  PLEAT_MSA_CHANNELS = 49
};

/* What a random stream is for. Draw d uses the streams 4 d ... 4 d + 3 of the seed, so that asking for fewer recycles,
 * or switching masking off, changes nothing in the other draws. */
typedef enum pleat_feat_stream {
  PLEAT_FEAT_STREAM_ROWS,  /* which rows become cluster centres */
  PLEAT_FEAT_STREAM_MASK,  /* masked positions and their replacements */
  PLEAT_FEAT_STREAM_EXTRA, /* which of the other rows become the extra MSA */
  PLEAT_FEAT_STREAM_SPARE,
  PLEAT_FEAT_N_STREAMS
} pleat_feat_stream;
pleat_rng pleat_feat_rng(uint64_t seed, int64_t draw, pleat_feat_stream stream);

/* One row of an alignment, borrowed from it. */
typedef struct pleat_feat_row {
  const char *letters;
  const int32_t *deletions;
  const char *opt_description;
} pleat_feat_row;

/* Rows of all alignments in order, without those whose letters (insertions left out) were there before. All
 * alignments must have n_cols columns. *out_rows is freed by free(). Errors: INPUT (columns differ, no row), NOMEM. */
PLEAT_CHECKED pleat_status pleat_feat_rows_unique(const pleat_msa *msas, size_t n_msas, int64_t n_cols,
                                                  pleat_feat_row **out_rows, int64_t *out_n, pleat_error *err);

/* Mean one-hot per column: profile[n_cols, 22], over rows where opt_mask is not 0 (all rows when NULL; a column without
 * any row gives zeros). tokens [n_rows, n_cols] in 0..21. */
void pleat_feat_rows_profile(const uint8_t *tokens, const uint8_t *opt_mask, int64_t n_rows, int64_t n_cols,
                             float *profile);

/* BERT masking: each position is chosen with probability `fraction`; a chosen one gets a replacement (elsewhere
 * replacement = token): 0.1 uniform over the 20 residues, 0.1 from profile[n_cols, 22], 0.1 unchanged, 0.7 mask token.
 * is_masked and replacement are [n_rows, n_cols].
 * DEVIATION: the published code adds 1e-10 (multimer: 1e-6) to each class before the logarithm; here it is 0. */
void pleat_feat_rows_draw_mask(const uint8_t *tokens, int64_t n_rows, int64_t n_cols, const float *profile,
                               double fraction, pleat_rng *rng, uint8_t *is_masked, uint8_t *replacement);

/* Agreement between rows and cluster centres: the number of columns with the same token, where gap, mask token and
 * columns hidden by a mask never agree. Both sides are prepared once into rows of `stride` bytes. */
int64_t pleat_feat_match_stride(int64_t n_cols);
typedef enum pleat_feat_match_side { PLEAT_FEAT_MATCH_CENTRE, PLEAT_FEAT_MATCH_ROW } pleat_feat_match_side;
void pleat_feat_match_prepare(const uint8_t *tokens, const uint8_t *opt_mask, int64_t n_rows, int64_t n_cols,
                              pleat_feat_match_side side, uint8_t *dst);
/* dst[n_centres]: agreement of one row with every centre. */
void pleat_feat_match_count(const uint8_t *row, const uint8_t *centres, int64_t n_centres, int64_t stride,
                            int32_t *dst);
/* The centre that agrees best; the first of equals. */
int64_t pleat_feat_match_nearest(const uint8_t *row, const uint8_t *centres, int64_t n_centres, int64_t stride);

/* has = min(d, 1), value = atan(d / 3) * 2 / pi for n deletion counts. Written with `ld_dst` elements between them. */
void pleat_feat_deletions(const float *deletions, int64_t n, int64_t ld_dst, float *dst_has, float *dst_value);

/* One row of msa_feat, dst [n_cols, 49], in three steps: begin writes the row itself and opens the cluster sums with
 * it, add puts a member into the sums, finish divides by `count`. Hidden columns (mask 0) enter no profile. begin's own
 * deletions enter the mean also where they are hidden, as published. */
void pleat_feat_msa_begin(const uint8_t *tokens, const float *deletions, const uint8_t *opt_mask, int64_t n_cols,
                          float *dst);
void pleat_feat_msa_add(const uint8_t *tokens, const float *deletions, const uint8_t *opt_mask, float weight,
                        int64_t n_cols, float *dst);
void pleat_feat_msa_finish(float count, int64_t n_cols, float *dst);

#endif
