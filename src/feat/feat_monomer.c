/* Processed monomer features: for every draw, rows are sampled, masked and clustered; the rest is the same in all.
 * Source: AF2 supplement 1.2.6-1.2.9; alphafold/model/tf/data_transforms.py, input_pipeline.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat.h"
#include "feat/feat_monomer_priv.h"
#include "feat/feat_priv.h"
#include "feat/feat_rows.h"

enum { TARGET_CHANNELS = 22 }; /* domain break, one-hot 21 */

/* What the draws write; [n_draws, ...] each. */
typedef struct monomer_outputs {
  int32_t *aatype, *residue_index, *seq_length, *true_msa, *extra_msa;
  float *seq_mask, *target_feat, *msa_feat, *msa_mask, *msa_row_mask, *bert_mask;
  float *extra_has_deletion, *extra_deletion_value, *extra_msa_mask, *extra_msa_row_mask;
} monomer_outputs;

/* Sizes, and memory that every draw uses anew. */
typedef struct monomer_work {
  const pleat_feat_options *options;
  const pleat_feat_choices *choices;
  pleat_feat_monomer_input input;
  int64_t n_draws;
  int64_t n_clust;
  int64_t n_rest;  /* rows that are no cluster centres */
  int64_t n_extra; /* of these, rows that are kept */
  int64_t stride;
  float *profile;         /* [N_res, 22] over all rows */
  uint8_t *match_rows;    /* [n_rows, stride] */
  uint8_t *match_centres; /* [n_clust, stride] */
  int32_t *row_order;     /* [n_rows]: centres, then the rest */
  int32_t *extra_order;   /* [n_rest] */
  uint8_t *centres;       /* [n_clust, N_res] tokens before masking */
  uint8_t *is_masked;     /* [n_clust, N_res] */
  uint8_t *masked;        /* [n_clust, N_res] tokens after masking */
  float *counts;          /* [n_clust] members of each cluster */
  monomer_outputs out;
} monomer_work;

static pleat_status check_options(const pleat_feat_options *options, pleat_error *err) {
  const int64_t most_draws = 1000000; /* keeps the product of both below 2^63 */
  if (options->max_msa_clusters < 1 || options->max_extra_msa < 0) {
    PLEAT_FAIL(err, PLEAT_INVALID, "%lld MSA clusters and %lld extra rows: expected at least 1 and 0",
               (long long)options->max_msa_clusters, (long long)options->max_extra_msa);
  }
  if (options->num_recycle < 0 || options->num_ensemble < 1 || options->num_recycle >= most_draws ||
      options->num_ensemble > most_draws) {
    PLEAT_FAIL(err, PLEAT_INVALID, "num_recycle %lld and num_ensemble %lld: expected at least 0 and 1, below %lld",
               (long long)options->num_recycle, (long long)options->num_ensemble, (long long)most_draws);
  }
  if (!(options->msa_mask_fraction >= 0.0 && options->msa_mask_fraction <= 1.0)) {
    PLEAT_FAIL(err, PLEAT_INVALID, "msa_mask_fraction %g: expected 0 to 1 (published: 0.15)",
               options->msa_mask_fraction);
  }
  return PLEAT_OK;
}

static void work_fini(monomer_work *work) {
  pleat_feat_monomer_input_fini(&work->input);
  free(work->profile);
  free(work->match_rows);
  free(work->match_centres);
  free(work->row_order);
  free(work->extra_order);
  free(work->centres);
  free(work->is_masked);
  free(work->masked);
  free(work->counts);
}

/* Sizes, scratch memory and what is the same in all draws. work->input has been read. */
static pleat_status work_init(monomer_work *work, pleat_error *err) {
  const pleat_feat_options *options = work->options;
  const pleat_feat_monomer_input *input = &work->input;
  int64_t n_rows = input->n_rows;
  work->n_draws = (options->num_recycle + 1) * options->num_ensemble;
  work->n_clust = n_rows < options->max_msa_clusters ? n_rows : options->max_msa_clusters;
  work->n_rest = n_rows - work->n_clust;
  work->n_extra = work->n_rest < options->max_extra_msa ? work->n_rest : options->max_extra_msa;
  work->stride = pleat_feat_match_stride(input->n_res);
  size_t n_centre_tokens = (size_t)(work->n_clust * input->n_res);
  work->profile = calloc((size_t)input->n_res, PLEAT_PROFILE_CLASSES * sizeof *work->profile);
  work->match_rows = malloc((size_t)(n_rows * work->stride));
  work->match_centres = malloc((size_t)(work->n_clust * work->stride));
  work->row_order = calloc((size_t)n_rows, sizeof *work->row_order);
  work->extra_order = calloc((size_t)work->n_rest + 1, sizeof *work->extra_order);
  work->centres = malloc(n_centre_tokens);
  work->is_masked = malloc(n_centre_tokens);
  work->masked = malloc(n_centre_tokens);
  work->counts = calloc((size_t)work->n_clust, sizeof *work->counts);
  if (!work->profile || !work->match_rows || !work->match_centres || !work->row_order || !work->extra_order ||
      !work->centres || !work->is_masked || !work->masked || !work->counts) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to cluster %lld rows of %lld residues: use fewer rows", (long long)n_rows,
               (long long)input->n_res);
  }
  pleat_feat_rows_profile(input->tokens, NULL, n_rows, input->n_res, work->profile);
  pleat_feat_match_prepare(input->tokens, NULL, n_rows, input->n_res, PLEAT_FEAT_MATCH_ROW, work->match_rows);
  return PLEAT_OK;
}

static pleat_status add_outputs(monomer_work *work, pleat_arrays *features, pleat_error *err) {
  const int64_t D = work->n_draws, N = work->input.n_res, C = work->n_clust, E = work->n_extra;
  monomer_outputs *out = &work->out;
  const struct {
    const char *name;
    pleat_dtype dtype;
    int rank;
    int64_t shape[4];
    void *out_data; /* the address of a pointer in `out` */
  } arrays[] = {
      {"aatype", PLEAT_I32, 2, {D, N}, &out->aatype},
      {"residue_index", PLEAT_I32, 2, {D, N}, &out->residue_index},
      {"seq_length", PLEAT_I32, 1, {D}, &out->seq_length},
      {"seq_mask", PLEAT_F32, 2, {D, N}, &out->seq_mask},
      {"target_feat", PLEAT_F32, 3, {D, N, TARGET_CHANNELS}, &out->target_feat},
      {"msa_feat", PLEAT_F32, 4, {D, C, N, PLEAT_MSA_CHANNELS}, &out->msa_feat},
      {"msa_mask", PLEAT_F32, 3, {D, C, N}, &out->msa_mask},
      {"msa_row_mask", PLEAT_F32, 2, {D, C}, &out->msa_row_mask},
      {"true_msa", PLEAT_I32, 3, {D, C, N}, &out->true_msa},
      {"bert_mask", PLEAT_F32, 3, {D, C, N}, &out->bert_mask},
      {"extra_msa", PLEAT_I32, 3, {D, E, N}, &out->extra_msa},
      {"extra_has_deletion", PLEAT_F32, 3, {D, E, N}, &out->extra_has_deletion},
      {"extra_deletion_value", PLEAT_F32, 3, {D, E, N}, &out->extra_deletion_value},
      {"extra_msa_mask", PLEAT_F32, 3, {D, E, N}, &out->extra_msa_mask},
      {"extra_msa_row_mask", PLEAT_F32, 2, {D, E}, &out->extra_msa_row_mask},
  };
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    void *data = NULL;
    PLEAT_TRY(
        pleat_arrays_add(features, arrays[i].name, arrays[i].dtype, arrays[i].rank, arrays[i].shape, NULL, &data, err));
    memcpy(arrays[i].out_data, &data, sizeof data);
  }
  return PLEAT_OK;
}

static void fill_ones(float *dst, int64_t n) {
  for (int64_t i = 0; i < n; i++) dst[i] = 1.0f;
}

/* What does not depend on the draw, in every draw. */
static void fill_constants(monomer_work *work) {
  const pleat_feat_monomer_input *input = &work->input;
  const monomer_outputs *out = &work->out;
  int64_t N = input->n_res;
  for (int64_t d = 0; d < work->n_draws; d++) {
    memcpy(out->aatype + d * N, input->aatype, (size_t)N * sizeof *out->aatype);
    memcpy(out->residue_index + d * N, input->residue_index, (size_t)N * sizeof *out->residue_index);
    out->seq_length[d] = (int32_t)N;
    for (int64_t i = 0; i < N; i++) {
      float *target = out->target_feat + (d * N + i) * TARGET_CHANNELS;
      target[0] = input->has_break[i];
      target[1 + input->aatype[i]] = 1.0f;
    }
  }
  fill_ones(out->seq_mask, work->n_draws * N);
  fill_ones(out->msa_mask, work->n_draws * work->n_clust * N);
  fill_ones(out->msa_row_mask, work->n_draws * work->n_clust);
  fill_ones(out->extra_msa_mask, work->n_draws * work->n_extra * N);
  fill_ones(out->extra_msa_row_mask, work->n_draws * work->n_extra);
}

static void choose_rows(monomer_work *work, int64_t draw) {
  const pleat_feat_options *options = work->options;
  int32_t *order = work->row_order + 1; /* row 0, the target, always comes first */
  int64_t n = work->input.n_rows - 1;
  work->row_order[0] = 0;
  if (work->choices->opt_row_order) {
    memcpy(order, work->choices->opt_row_order, (size_t)n * sizeof *order);
  } else if (options->is_identity_order) {
    for (int64_t i = 0; i < n; i++) order[i] = (int32_t)(i + 1);
  } else {
    pleat_rng rng = pleat_feat_rng(options->seed, draw, PLEAT_FEAT_STREAM_ROWS);
    pleat_rng_permutation(&rng, n, order);
    for (int64_t i = 0; i < n; i++) order[i]++;
  }
}

static void choose_extra(monomer_work *work, int64_t draw) {
  const pleat_feat_options *options = work->options;
  int64_t n = work->n_rest;
  if (work->choices->opt_extra_order) {
    memcpy(work->extra_order, work->choices->opt_extra_order, (size_t)n * sizeof *work->extra_order);
  } else if (options->is_identity_order) {
    for (int64_t i = 0; i < n; i++) work->extra_order[i] = (int32_t)i;
  } else {
    pleat_rng rng = pleat_feat_rng(options->seed, draw, PLEAT_FEAT_STREAM_EXTRA);
    pleat_rng_permutation(&rng, n, work->extra_order);
  }
}

/* Copies the centres' tokens and masks them. */
static void mask_centres(monomer_work *work, int64_t draw) {
  const pleat_feat_monomer_input *input = &work->input;
  int64_t N = input->n_res;
  for (int64_t k = 0; k < work->n_clust; k++) {
    memcpy(work->centres + k * N, input->tokens + work->row_order[k] * N, (size_t)N);
  }
  if (work->choices->opt_is_masked) {
    for (int64_t i = 0; i < work->n_clust * N; i++) {
      work->is_masked[i] = work->choices->opt_is_masked[i];
      work->masked[i] = work->is_masked[i] ? work->choices->opt_replacement[i] : work->centres[i];
    }
    return;
  }
  pleat_rng rng = pleat_feat_rng(work->options->seed, draw, PLEAT_FEAT_STREAM_MASK);
  pleat_feat_rows_draw_mask(work->centres, work->n_clust, N, work->profile, work->options->msa_mask_fraction, &rng,
                            work->is_masked, work->masked);
}

/* Profile and mean deletions of each cluster run over all rows, whether they are kept as extra rows or not. */
static void fill_clusters(monomer_work *work, int64_t draw) {
  const pleat_feat_monomer_input *input = &work->input;
  const monomer_outputs *out = &work->out;
  int64_t N = input->n_res;
  float *msa_feat = out->msa_feat + draw * work->n_clust * N * PLEAT_MSA_CHANNELS;
  pleat_feat_match_prepare(work->masked, NULL, work->n_clust, N, PLEAT_FEAT_MATCH_CENTRE, work->match_centres);
  for (int64_t k = 0; k < work->n_clust; k++) {
    pleat_feat_msa_begin(work->masked + k * N, input->deletions + work->row_order[k] * N, NULL, N,
                         msa_feat + k * N * PLEAT_MSA_CHANNELS);
    work->counts[k] = 1e-6f + 1.0f; /* as published: the small number against empty clusters, and the centre */
  }
  for (int64_t s = work->n_clust; s < input->n_rows; s++) {
    int64_t row = work->row_order[s];
    int64_t k = pleat_feat_match_nearest(work->match_rows + row * work->stride, work->match_centres, work->n_clust,
                                         work->stride);
    pleat_feat_msa_add(input->tokens + row * N, input->deletions + row * N, NULL, 1.0f, N,
                       msa_feat + k * N * PLEAT_MSA_CHANNELS);
    work->counts[k] += 1.0f;
  }
  for (int64_t k = 0; k < work->n_clust; k++) {
    pleat_feat_msa_finish(work->counts[k], N, msa_feat + k * N * PLEAT_MSA_CHANNELS);
  }
  for (int64_t i = 0; i < work->n_clust * N; i++) {
    out->true_msa[draw * work->n_clust * N + i] = work->centres[i];
    out->bert_mask[draw * work->n_clust * N + i] = work->is_masked[i];
  }
}

static void fill_extra(monomer_work *work, int64_t draw) {
  const pleat_feat_monomer_input *input = &work->input;
  const monomer_outputs *out = &work->out;
  int64_t N = input->n_res;
  for (int64_t s = 0; s < work->n_extra; s++) {
    int64_t row = work->row_order[work->n_clust + work->extra_order[s]];
    int64_t at = (draw * work->n_extra + s) * N;
    for (int64_t i = 0; i < N; i++) out->extra_msa[at + i] = input->tokens[row * N + i];
    pleat_feat_deletions(input->deletions + row * N, N, 1, out->extra_has_deletion + at,
                         out->extra_deletion_value + at);
  }
}

static pleat_status add_features(monomer_work *work, const pleat_arrays *raw, pleat_arrays *features,
                                 pleat_error *err) {
  PLEAT_TRY(add_outputs(work, features, err));
  fill_constants(work);
  for (int64_t draw = 0; draw < work->n_draws; draw++) {
    choose_rows(work, draw);
    choose_extra(work, draw);
    mask_centres(work, draw);
    fill_clusters(work, draw);
    fill_extra(work, draw);
  }
  PLEAT_TRY(pleat_feat_monomer_templates(raw, work->input.n_res, work->n_draws, features, err));
  return pleat_feat_derive(features, err);
}

pleat_status pleat_feat_monomer_given(const pleat_arrays *raw, const pleat_feat_options *options,
                                      const pleat_feat_choices *opt_choices, pleat_arrays **out_features,
                                      pleat_error *err) {
  *out_features = NULL;
  const pleat_feat_choices no_choices = {0};
  monomer_work work = {.options = options, .choices = opt_choices ? opt_choices : &no_choices};
  pleat_arrays *features = NULL;
  PLEAT_TRY(check_options(options, err));
  pleat_status status = pleat_feat_monomer_input_init(raw, &work.input, err);
  if (!status) status = work_init(&work, err);
  if (!status) status = pleat_arrays_create(&features, err);
  if (!status) status = add_features(&work, raw, features, err);
  work_fini(&work);
  if (status) {
    pleat_arrays_destroy(features);
    return status;
  }
  *out_features = features;
  return PLEAT_OK;
}

pleat_status pleat_feat_monomer(const pleat_arrays *raw, const pleat_feat_options *options, pleat_arrays **out_features,
                                pleat_error *err) {
  return pleat_feat_monomer_given(raw, options, NULL, out_features, err);
}
