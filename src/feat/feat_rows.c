/* Row-wise work that the monomer and the multimer features share. Contract and sources: feat_rows.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/map.h"
#include "bio/residue.h"

/* Bytes compared at once; a multiple of every vector length, so that the loop has no tail. */
enum { MATCH_BLOCK = 32, MATCH_NEVER_CENTRE = 254, MATCH_NEVER_ROW = 255 };

pleat_rng pleat_feat_rng(uint64_t seed, int64_t draw, pleat_feat_stream stream) {
  return pleat_rng_init(seed, (uint64_t)draw * PLEAT_FEAT_N_STREAMS + (uint64_t)stream);
}

static pleat_status count_rows(const pleat_msa *msas, size_t n_msas, int64_t n_cols, size_t *out_n, pleat_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < n_msas; i++) {
    if (msas[i].n_rows < 1) PLEAT_FAIL(err, PLEAT_INPUT, "alignment %zu is empty: expected at least the query", i + 1);
    if (msas[i].n_cols != n_cols) {
      PLEAT_FAIL(err, PLEAT_INPUT, "alignment %zu has %lld columns, but the sequence has %lld residues: align it again",
                 i + 1, (long long)msas[i].n_cols, (long long)n_cols);
    }
    n += (size_t)msas[i].n_rows;
    /* Row orders are i32 everywhere. */
    if (n > INT32_MAX) PLEAT_FAIL(err, PLEAT_INPUT, "the alignments have more than 2^31 rows together");
  }
  if (n == 0) PLEAT_FAIL(err, PLEAT_INPUT, "no alignment row: expected at least the query");
  *out_n = n;
  return PLEAT_OK;
}

pleat_status pleat_feat_rows_unique(const pleat_msa *msas, size_t n_msas, int64_t n_cols, pleat_feat_row **out_rows,
                                    int64_t *out_n, pleat_error *err) {
  size_t n_all = 0;
  PLEAT_TRY(count_rows(msas, n_msas, n_cols, &n_all, err));
  pleat_status status = PLEAT_OK;
  pleat_map seen = {0};
  int64_t n = 0;
  pleat_feat_row *rows = calloc(n_all, sizeof *rows);
  if (rows == NULL) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for %zu alignment rows", n_all);
    goto done;
  }
  for (size_t i = 0; i < n_msas; i++) {
    for (int64_t r = 0; r < msas[i].n_rows; r++) {
      const char *letters = msas[i].letters + r * n_cols;
      uint32_t existing = PLEAT_MAP_NONE;
      if (!pleat_map_insert(&seen, letters, (size_t)n_cols, (uint32_t)n, &existing)) {
        status = pleat_fail(err, PLEAT_NOMEM, "no memory to compare %zu alignment rows", n_all);
        goto done;
      }
      if (existing != PLEAT_MAP_NONE) continue;
      rows[n].letters = letters;
      rows[n].deletions = msas[i].deletions + r * n_cols;
      rows[n].opt_description = msas[i].descriptions ? msas[i].descriptions[r] : NULL;
      n++;
    }
  }
  *out_rows = rows;
  *out_n = n;
  rows = NULL;
done:
  pleat_map_fini(&seen);
  free(rows);
  return status;
}

void pleat_feat_rows_profile(const uint8_t *tokens, const uint8_t *opt_mask, int64_t n_rows, int64_t n_cols,
                             float *profile) {
  memset(profile, 0, (size_t)n_cols * PLEAT_PROFILE_CLASSES * sizeof *profile);
  /* Counts are whole numbers: exact in f32 up to 2^24 rows, so the order of summation does not matter. */
  for (int64_t r = 0; r < n_rows; r++) {
    for (int64_t c = 0; c < n_cols; c++) {
      if (opt_mask && !opt_mask[r * n_cols + c]) continue;
      profile[c * PLEAT_PROFILE_CLASSES + tokens[r * n_cols + c]] += 1.0f;
    }
  }
  for (int64_t c = 0; c < n_cols; c++) {
    float *column = profile + c * PLEAT_PROFILE_CLASSES;
    float sum = 0.0f;
    for (int k = 0; k < PLEAT_PROFILE_CLASSES; k++) sum += column[k];
    if (sum == 0.0f) continue;
    for (int k = 0; k < PLEAT_PROFILE_CLASSES; k++) column[k] /= sum;
  }
}

/* u uniform in [0, 1). Rounding may leave u beyond the last partial sum: then the last class that occurs. */
static uint8_t draw_class(const float *probabilities, double u, uint8_t fallback) {
  uint8_t last = fallback;
  double sum = 0.0;
  for (int k = 0; k < PLEAT_PROFILE_CLASSES; k++) {
    if (probabilities[k] <= 0.0f) continue;
    last = (uint8_t)k;
    sum += probabilities[k];
    if (u < sum) break;
  }
  return last;
}

void pleat_feat_rows_draw_mask(const uint8_t *tokens, int64_t n_rows, int64_t n_cols, const float *profile,
                               double fraction, pleat_rng *rng, uint8_t *is_masked, uint8_t *replacement) {
  for (int64_t i = 0; i < n_rows * n_cols; i++) {
    replacement[i] = tokens[i];
    is_masked[i] = pleat_rng_uniform(rng) < fraction;
    if (!is_masked[i]) continue;
    /* One number picks the part of the mixture, a second one the class in it. */
    double part = pleat_rng_uniform(rng);
    double u = pleat_rng_uniform(rng);
    if (part < 0.1) {
      replacement[i] = (uint8_t)(u * PLEAT_N_RESTYPES);
    } else if (part < 0.2) {
      replacement[i] = draw_class(profile + (i % n_cols) * PLEAT_PROFILE_CLASSES, u, tokens[i]);
    } else if (part >= 0.3) {
      replacement[i] = PLEAT_RESTYPE_MASK;
    }
  }
}

int64_t pleat_feat_match_stride(int64_t n_cols) { return (n_cols + MATCH_BLOCK - 1) / MATCH_BLOCK * MATCH_BLOCK; }

void pleat_feat_match_prepare(const uint8_t *tokens, const uint8_t *opt_mask, int64_t n_rows, int64_t n_cols,
                              pleat_feat_match_side side, uint8_t *dst) {
  int64_t stride = pleat_feat_match_stride(n_cols);
  uint8_t never = side == PLEAT_FEAT_MATCH_CENTRE ? MATCH_NEVER_CENTRE : MATCH_NEVER_ROW;
  memset(dst, never, (size_t)(n_rows * stride));
  for (int64_t r = 0; r < n_rows; r++) {
    for (int64_t c = 0; c < n_cols; c++) {
      uint8_t token = tokens[r * n_cols + c];
      bool is_hidden = token >= PLEAT_RESTYPE_GAP || (opt_mask && !opt_mask[r * n_cols + c]);
      if (!is_hidden) dst[r * stride + c] = token;
    }
  }
}

/* Equal bytes of two rows. The inner sums stay in bytes (at most 255 blocks each), which lets the compiler compare and
 * add whole vectors of bytes. */
static int32_t count_equal(const uint8_t *a, const uint8_t *b, int64_t stride) {
  int32_t total = 0;
  for (int64_t begin = 0; begin < stride; begin += 255 * MATCH_BLOCK) {
    int64_t end = stride - begin < 255 * MATCH_BLOCK ? stride : begin + 255 * MATCH_BLOCK;
    uint8_t lanes[MATCH_BLOCK] = {0};
    for (int64_t i = begin; i < end; i += MATCH_BLOCK) {
      for (int k = 0; k < MATCH_BLOCK; k++) lanes[k] = (uint8_t)(lanes[k] + (a[i + k] == b[i + k]));
    }
    for (int k = 0; k < MATCH_BLOCK; k++) total += lanes[k];
  }
  return total;
}

void pleat_feat_match_count(const uint8_t *row, const uint8_t *centres, int64_t n_centres, int64_t stride,
                            int32_t *dst) {
  for (int64_t k = 0; k < n_centres; k++) dst[k] = count_equal(row, centres + k * stride, stride);
}

int64_t pleat_feat_match_nearest(const uint8_t *row, const uint8_t *centres, int64_t n_centres, int64_t stride) {
  int64_t nearest = 0;
  int32_t most = -1;
  for (int64_t k = 0; k < n_centres; k++) {
    int32_t n_equal = count_equal(row, centres + k * stride, stride);
    if (n_equal > most) {
      most = n_equal;
      nearest = k;
    }
  }
  return nearest;
}

static float deletion_value(float deletion) {
  const float two_over_pi = 0.63661977236758134f;
  return atanf(deletion / 3.0f) * two_over_pi;
}

void pleat_feat_deletions(const float *deletions, int64_t n, int64_t ld_dst, float *dst_has, float *dst_value) {
  for (int64_t i = 0; i < n; i++) {
    float d = deletions[i];
    dst_has[i * ld_dst] = d < 0.0f ? 0.0f : d > 1.0f ? 1.0f : d;
    /* Nearly all counts are 0, and the arc tangent costs more than everything else here. */
    dst_value[i * ld_dst] = d == 0.0f ? 0.0f : deletion_value(d);
  }
}

void pleat_feat_msa_begin(const uint8_t *tokens, const float *deletions, const uint8_t *opt_mask, int64_t n_cols,
                          float *dst) {
  memset(dst, 0, (size_t)n_cols * PLEAT_MSA_CHANNELS * sizeof *dst);
  pleat_feat_deletions(deletions, n_cols, PLEAT_MSA_CHANNELS, dst + PLEAT_MSA_CH_HAS_DELETION,
                       dst + PLEAT_MSA_CH_DELETION_VALUE);
  for (int64_t c = 0; c < n_cols; c++) {
    float *feat = dst + c * PLEAT_MSA_CHANNELS;
    feat[tokens[c]] = 1.0f;
    if (!opt_mask || opt_mask[c]) feat[PLEAT_MSA_CH_PROFILE + tokens[c]] = 1.0f;
    feat[PLEAT_MSA_CH_DELETION_MEAN] = deletions[c];
  }
}

void pleat_feat_msa_add(const uint8_t *tokens, const float *deletions, const uint8_t *opt_mask, float weight,
                        int64_t n_cols, float *dst) {
  for (int64_t c = 0; c < n_cols; c++) {
    if (opt_mask && !opt_mask[c]) continue;
    float *feat = dst + c * PLEAT_MSA_CHANNELS;
    feat[PLEAT_MSA_CH_PROFILE + tokens[c]] += weight;
    feat[PLEAT_MSA_CH_DELETION_MEAN] += weight * deletions[c];
  }
}

void pleat_feat_msa_finish(float count, int64_t n_cols, float *dst) {
  for (int64_t c = 0; c < n_cols; c++) {
    float *feat = dst + c * PLEAT_MSA_CHANNELS;
    for (int k = 0; k < PLEAT_MSA_CLASSES; k++) feat[PLEAT_MSA_CH_PROFILE + k] /= count;
    float mean = feat[PLEAT_MSA_CH_DELETION_MEAN] / count;
    feat[PLEAT_MSA_CH_DELETION_MEAN] = mean == 0.0f ? 0.0f : deletion_value(mean);
  }
}
