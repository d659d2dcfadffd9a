/* Multimer MSA sampling, done anew for every recycle: order, masking, clusters, extra rows.
 * Source: alphafold/model/modules_multimer.py make_msa_profile, sample_msa, make_masked_msa, nearest_neighbor_clusters,
 * create_msa_feat, create_extra_msa_feature (google-deepmind/alphafold c77e5d2); AF2 supplement 1.2.6-1.2.9.
 *
 * What differs from the monomer features: every row that is no cluster centre enters the cluster averages, not only the
 * extra rows that the model sees; a row that agrees equally well with k centres is shared among them; and its weight is
 * the number of columns that both rows have, while the centre itself counts 1.
 *
 * Without clusters (is_unclustered; ColabFold's --disable-cluster-profile, create_msa_feat of sokrypton/alphafold cce7b31)
 * profile and mean are the centre's own, in columns that its mask hides as well.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"
#include "feat/feat_rows.h"
#include "tensor/numbers.h"

enum { TARGET_CLASSES = PLEAT_RESTYPE_X + 1 };

typedef struct sampler {
  pleat_multimer_rows rows;
  int64_t N_clust;
  int64_t N_extra;
  int32_t *order;     /* [N_seq]: N_clust centres, then N_extra extra rows, then rows that only enter averages */
  uint8_t *truth;     /* [N_clust, N_res] tokens before masking */
  uint8_t *mask;      /* [N_clust, N_res] */
  uint8_t *is_masked; /* [N_clust, N_res] */
  uint8_t *tokens;    /* [N_clust, N_res] after masking; 0 where the mask is 0 */
  float *deletions;   /* [N_res] one row */
} sampler;

static void sampler_fini(sampler *s) {
  free(s->deletions);
  free(s->tokens);
  free(s->is_masked);
  free(s->mask);
  free(s->truth);
  free(s->order);
  pleat_multimer_rows_fini(&s->rows);
}

static pleat_status check_options(const pleat_feat_options *options, int64_t draw, pleat_error *err) {
  if (options->max_msa_clusters < 1 || options->max_extra_msa < 0) {
    PLEAT_FAIL(err, PLEAT_INVALID, "expected at least 1 cluster and 0 extra rows, got %" PRId64 " and %" PRId64,
               options->max_msa_clusters, options->max_extra_msa);
  }
  if (!(options->msa_mask_fraction >= 0.0 && options->msa_mask_fraction <= 1.0)) {
    PLEAT_FAIL(err, PLEAT_INVALID, "expected an MSA mask fraction from 0 to 1, got %g", options->msa_mask_fraction);
  }
  if (draw < 0) PLEAT_FAIL(err, PLEAT_INVALID, "expected a draw number from 0, got %" PRId64, draw);
  return PLEAT_OK;
}

static int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

static pleat_status sampler_init(sampler *s, const pleat_arrays *raw, const pleat_feat_options *options,
                                 pleat_error *err) {
  PLEAT_TRY(pleat_multimer_rows_init(raw, &s->rows, err));
  s->N_clust = min_i64(options->max_msa_clusters, s->rows.N_seq);
  s->N_extra = min_i64(options->max_extra_msa, s->rows.N_seq - s->N_clust);
  size_t n_cells = (size_t)(s->N_clust * s->rows.N_res);
  s->order = malloc((size_t)s->rows.N_seq * sizeof *s->order);
  s->truth = malloc(n_cells);
  s->mask = malloc(n_cells);
  s->is_masked = malloc(n_cells);
  s->tokens = malloc(n_cells);
  s->deletions = malloc((size_t)s->rows.N_res * sizeof *s->deletions);
  if (!s->order || !s->truth || !s->mask || !s->is_masked || !s->tokens || !s->deletions) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to sample %" PRId64 " alignment rows of %" PRId64 " residues", s->N_clust,
               s->rows.N_res);
  }
  return PLEAT_OK;
}

static pleat_status draw_order(sampler *s, uint64_t seed, int64_t draw, pleat_error *err) {
  pleat_rng rng = pleat_feat_rng(seed, draw, PLEAT_FEAT_STREAM_ROWS);
  double *uniform = malloc((size_t)s->rows.N_seq * sizeof *uniform);
  if (!uniform) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to order %" PRId64 " alignment rows", s->rows.N_seq);
  for (int64_t i = 0; i < s->rows.N_seq; i++) uniform[i] = pleat_rng_uniform(&rng);
  pleat_status status = pleat_multimer_rows_order(&s->rows, uniform, s->order, err);
  free(uniform);
  return status;
}

static void gather_clusters(sampler *s) {
  size_t n = (size_t)s->rows.N_res;
  for (int64_t k = 0; k < s->N_clust; k++) {
    size_t from = (size_t)s->order[k] * n, to = (size_t)k * n;
    memcpy(s->truth + to, s->rows.tokens + from, n);
    memcpy(s->mask + to, s->rows.mask + from, n);
  }
}

/* Fills is_masked and tokens (the replacements). */
static pleat_status draw_mask(sampler *s, const pleat_feat_options *options, int64_t draw, pleat_error *err) {
  const int64_t N_res = s->rows.N_res;
  if (options->msa_mask_fraction == 0.0) {
    memset(s->is_masked, 0, (size_t)(s->N_clust * N_res));
    return PLEAT_OK;
  }
  float *profile = malloc((size_t)N_res * PLEAT_PROFILE_CLASSES * sizeof *profile);
  if (!profile) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the profile of %" PRId64 " residues", N_res);
  pleat_feat_rows_profile(s->rows.tokens, s->rows.mask, s->rows.N_seq, N_res, profile);
  pleat_rng rng = pleat_feat_rng(options->seed, draw, PLEAT_FEAT_STREAM_MASK);
  pleat_feat_rows_draw_mask(s->truth, s->N_clust, N_res, profile, options->msa_mask_fraction, &rng, s->is_masked,
                            s->tokens);
  free(profile);
  return PLEAT_OK;
}

static pleat_status choose(sampler *s, const pleat_feat_options *options, int64_t draw,
                           const pleat_multimer_choices *opt_choices, pleat_error *err) {
  size_t n_cells = (size_t)(s->N_clust * s->rows.N_res);
  if (!opt_choices && !options->is_identity_order) {
    PLEAT_TRY(draw_order(s, options->seed, draw, err));
  } else {
    const double *opt_uniform = opt_choices ? opt_choices->opt_order_uniform : NULL;
    PLEAT_TRY(pleat_multimer_rows_order(&s->rows, opt_uniform, s->order, err));
  }
  gather_clusters(s);
  if (opt_choices) {
    memcpy(s->is_masked, opt_choices->is_masked, n_cells);
    memcpy(s->tokens, opt_choices->replacement, n_cells);
  } else {
    PLEAT_TRY(draw_mask(s, options, draw, err));
  }
  for (size_t i = 0; i < n_cells; i++) {
    if (!s->mask[i]) s->is_masked[i] = 0;
    if (!s->is_masked[i]) s->tokens[i] = s->mask[i] ? s->truth[i] : 0;
  }
  return PLEAT_OK;
}

static pleat_status add_f32(pleat_arrays *set, const char *name, int64_t n_rows, int64_t n_cols, int64_t n_channels,
                            float **out_data, pleat_error *err) {
  const int64_t shape[3] = {n_rows, n_cols, n_channels};
  void *data;
  PLEAT_TRY(pleat_arrays_add(set, name, PLEAT_F32, n_channels > 1 ? 3 : 2, shape, NULL, &data, err));
  *out_data = data;
  return PLEAT_OK;
}

static pleat_status add_target_feat(const sampler *s, pleat_arrays *set, pleat_error *err) {
  float *target_feat;
  PLEAT_TRY(add_f32(set, "target_feat", s->rows.N_res, TARGET_CLASSES, 1, &target_feat, err));
  for (int64_t i = 0; i < s->rows.N_res; i++) {
    float aatype;
    pleat_array_read_f32(s->rows.aatype, i, 1, &aatype);
    target_feat[i * TARGET_CLASSES + (int64_t)aatype] = 1.0f;
  }
  return PLEAT_OK;
}

static pleat_status add_cluster_masks(const sampler *s, pleat_arrays *set, pleat_error *err) {
  const int64_t N_res = s->rows.N_res;
  const int64_t shape[2] = {s->N_clust, N_res};
  float *msa_mask, *bert_mask;
  void *data;
  PLEAT_TRY(add_f32(set, "msa_mask", s->N_clust, N_res, 1, &msa_mask, err));
  PLEAT_TRY(add_f32(set, "bert_mask", s->N_clust, N_res, 1, &bert_mask, err));
  PLEAT_TRY(pleat_arrays_add(set, "true_msa", PLEAT_I32, 2, shape, NULL, &data, err));
  int32_t *true_msa = data;
  for (int64_t k = 0; k < s->N_clust; k++) {
    float *bert_row = bert_mask + k * N_res;
    for (int64_t i = 0; i < N_res; i++) bert_row[i] = 1.0f;
    if (s->rows.opt_bert_mask) pleat_array_read_f32(s->rows.opt_bert_mask, s->order[k] * N_res, N_res, bert_row);
    for (int64_t i = k * N_res; i < (k + 1) * N_res; i++) {
      if (!s->is_masked[i]) bert_mask[i] = 0.0f;
      msa_mask[i] = s->mask[i];
      true_msa[i] = s->truth[i];
    }
  }
  return PLEAT_OK;
}

static int64_t count_common(const uint8_t *mask_a, const uint8_t *mask_b, int64_t n) {
  int64_t n_common = 0;
  for (int64_t i = 0; i < n; i++) n_common += mask_a[i] & mask_b[i];
  return n_common;
}

/* The published softmax over 1000 * agreement is 1 / k at the k best centres and exactly 0 elsewhere. */
static void add_member(const sampler *s, int64_t row, const int32_t *agreement, float *msa_feat, double *counts) {
  const int64_t N_res = s->rows.N_res;
  const uint8_t *tokens = s->rows.tokens + row * N_res, *mask = s->rows.mask + row * N_res;
  int32_t best = 0;
  int64_t n_best = 0;
  for (int64_t k = 0; k < s->N_clust; k++) {
    if (agreement[k] > best) {
      best = agreement[k];
      n_best = 0;
    }
    n_best += agreement[k] == best;
  }
  for (int64_t k = 0; k < s->N_clust; k++) {
    if (agreement[k] != best) continue;
    double weight = (double)count_common(s->mask + k * N_res, mask, N_res) / (double)n_best;
    if (weight == 0.0) continue;
    counts[k] += weight;
    pleat_feat_msa_add(tokens, s->deletions, mask, (float)weight, N_res, msa_feat + k * N_res * PLEAT_MSA_CHANNELS);
  }
}

static void fill_msa_feat(sampler *s, uint8_t *centres, uint8_t *member, int32_t *agreement, double *counts,
                          float *msa_feat) {
  const int64_t N_res = s->rows.N_res, stride = pleat_feat_match_stride(N_res);
  for (int64_t k = 0; k < s->N_clust; k++) {
    counts[k] = 1.0;
    pleat_array_read_f32(s->rows.deletions, s->order[k] * N_res, N_res, s->deletions);
    pleat_feat_msa_begin(s->tokens + k * N_res, s->deletions, s->mask + k * N_res, N_res,
                         msa_feat + k * N_res * PLEAT_MSA_CHANNELS);
  }
  pleat_feat_match_prepare(s->tokens, s->mask, s->N_clust, N_res, PLEAT_FEAT_MATCH_CENTRE, centres);
  for (int64_t i = s->N_clust; i < s->rows.N_seq; i++) {
    int64_t row = s->order[i];
    pleat_feat_match_prepare(s->rows.tokens + row * N_res, s->rows.mask + row * N_res, 1, N_res, PLEAT_FEAT_MATCH_ROW,
                             member);
    pleat_feat_match_count(member, centres, s->N_clust, stride, agreement);
    pleat_array_read_f32(s->rows.deletions, row * N_res, N_res, s->deletions);
    add_member(s, row, agreement, msa_feat, counts);
  }
  for (int64_t k = 0; k < s->N_clust; k++) {
    pleat_feat_msa_finish((float)counts[k], N_res, msa_feat + k * N_res * PLEAT_MSA_CHANNELS);
  }
}

static void fill_unclustered(sampler *s, float *msa_feat) {
  const int64_t N_res = s->rows.N_res;
  for (int64_t k = 0; k < s->N_clust; k++) {
    float *row = msa_feat + k * N_res * PLEAT_MSA_CHANNELS;
    pleat_array_read_f32(s->rows.deletions, s->order[k] * N_res, N_res, s->deletions);
    pleat_feat_msa_begin(s->tokens + k * N_res, s->deletions, NULL, N_res, row);
    pleat_feat_msa_finish(1.0f, N_res, row);
  }
}

static pleat_status add_msa_feat(sampler *s, bool is_unclustered, pleat_arrays *set, pleat_error *err) {
  const int64_t stride = pleat_feat_match_stride(s->rows.N_res);
  float *msa_feat;
  PLEAT_TRY(add_f32(set, "msa_feat", s->N_clust, s->rows.N_res, PLEAT_MSA_CHANNELS, &msa_feat, err));
  if (is_unclustered) {
    fill_unclustered(s, msa_feat);
    return PLEAT_OK;
  }
  uint8_t *centres = malloc((size_t)(s->N_clust * stride));
  uint8_t *member = malloc((size_t)stride);
  int32_t *agreement = malloc((size_t)s->N_clust * sizeof *agreement);
  double *counts = malloc((size_t)s->N_clust * sizeof *counts);
  pleat_status status = PLEAT_OK;
  if (centres && member && agreement && counts) {
    fill_msa_feat(s, centres, member, agreement, counts, msa_feat);
  } else {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to cluster %" PRId64 " alignment rows", s->rows.N_seq);
  }
  free(counts);
  free(agreement);
  free(member);
  free(centres);
  return status;
}

static pleat_status add_extra(sampler *s, pleat_arrays *set, pleat_error *err) {
  const int64_t N_res = s->rows.N_res;
  float *extra_feat, *extra_mask;
  PLEAT_TRY(add_f32(set, "extra_msa_feat", s->N_extra, N_res, PLEAT_MULTIMER_EXTRA_CHANNELS, &extra_feat, err));
  PLEAT_TRY(add_f32(set, "extra_msa_mask", s->N_extra, N_res, 1, &extra_mask, err));
  for (int64_t e = 0; e < s->N_extra; e++) {
    int64_t first = s->order[s->N_clust + e] * N_res;
    float *feat = extra_feat + e * N_res * PLEAT_MULTIMER_EXTRA_CHANNELS;
    pleat_array_read_f32(s->rows.deletions, first, N_res, s->deletions);
    pleat_feat_deletions(s->deletions, N_res, PLEAT_MULTIMER_EXTRA_CHANNELS, feat + PLEAT_MSA_CH_HAS_DELETION,
                         feat + PLEAT_MSA_CH_DELETION_VALUE);
    for (int64_t i = 0; i < N_res; i++) {
      feat[i * PLEAT_MULTIMER_EXTRA_CHANNELS + s->rows.tokens[first + i]] = 1.0f;
      extra_mask[e * N_res + i] = s->rows.mask[first + i];
    }
  }
  return PLEAT_OK;
}

pleat_status pleat_feat_multimer_sample_given(const pleat_arrays *raw, const pleat_feat_options *options, int64_t draw,
                                              const pleat_multimer_choices *opt_choices, pleat_arrays **out_features,
                                              pleat_error *err) {
  *out_features = NULL;
  PLEAT_TRY(check_options(options, draw, err));
  sampler s = {0};
  pleat_arrays *set = NULL;
  pleat_status status = sampler_init(&s, raw, options, err);
  if (!status) status = choose(&s, options, draw, opt_choices, err);
  if (!status) status = pleat_arrays_create(&set, err);
  if (!status) status = add_target_feat(&s, set, err);
  if (!status) status = add_msa_feat(&s, options->is_unclustered, set, err);
  if (!status) status = add_cluster_masks(&s, set, err);
  if (!status) status = add_extra(&s, set, err);
  sampler_fini(&s);
  if (status) {
    pleat_arrays_destroy(set);
    return status;
  }
  *out_features = set;
  return PLEAT_OK;
}

pleat_status pleat_feat_multimer_sample(const pleat_arrays *raw, const pleat_feat_options *options, int64_t draw,
                                        pleat_arrays **out_features, pleat_error *err) {
  return pleat_feat_multimer_sample_given(raw, options, draw, NULL, out_features, err);
}
