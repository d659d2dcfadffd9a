/* Row-wise work of the features: masking at the published probabilities, agreement, profiles with masks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_rows.h"

#include "bio/residue.h"
#include "check.h"

/* Every column's profile is class 5; every token is 3. */
static void test_mask_probabilities(void) {
  enum { N_ROWS = 400, N_COLS = 500, N = N_ROWS * N_COLS };
  static uint8_t tokens[N], is_masked[N], replacement[N];
  static float profile[N_COLS * PLEAT_PROFILE_CLASSES];
  double n_of[PLEAT_MSA_CLASSES] = {0};
  double n_masked = 0;
  memset(tokens, 3, sizeof tokens);
  for (int c = 0; c < N_COLS; c++) profile[c * PLEAT_PROFILE_CLASSES + 5] = 1.0f;
  pleat_rng rng = pleat_feat_rng(11, 0, PLEAT_FEAT_STREAM_MASK);
  pleat_feat_rows_draw_mask(tokens, N_ROWS, N_COLS, profile, 0.15, &rng, is_masked, replacement);
  for (int i = 0; i < N; i++) {
    if (!is_masked[i]) {
      if (replacement[i] != tokens[i]) CHECK_INT(replacement[i], tokens[i]);
      continue;
    }
    n_masked++;
    if (CHECK(replacement[i] < PLEAT_MSA_CLASSES)) n_of[replacement[i]]++;
  }
  /* About 30000 are masked; the bounds are four standard deviations. */
  CHECK_NEAR(n_masked / N, 0.15, 0.0032);
  CHECK_NEAR(n_of[PLEAT_RESTYPE_MASK] / n_masked, 0.7, 0.011);
  CHECK_NEAR(n_of[3] / n_masked, 0.105, 0.0072);
  CHECK_NEAR(n_of[5] / n_masked, 0.105, 0.0072);
  for (int k = 0; k < PLEAT_N_RESTYPES; k++) {
    if (k != 3 && k != 5) CHECK_NEAR(n_of[k] / n_masked, 0.005, 0.0017);
  }
  CHECK_INT(n_of[PLEAT_RESTYPE_X], 0);
  CHECK_INT(n_of[PLEAT_RESTYPE_GAP], 0);
}

static void test_mask_extremes(void) {
  static const uint8_t tokens[3] = {0, 20, 21};
  const float profile[3 * PLEAT_PROFILE_CLASSES] = {0};
  uint8_t is_masked[3], replacement[3];
  pleat_rng rng = pleat_feat_rng(1, 2, PLEAT_FEAT_STREAM_MASK);
  pleat_feat_rows_draw_mask(tokens, 1, 3, profile, 0.0, &rng, is_masked, replacement);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(is_masked[i], 0);
    CHECK_INT(replacement[i], tokens[i]);
  }
  pleat_feat_rows_draw_mask(tokens, 1, 3, profile, 1.0, &rng, is_masked, replacement);
  for (int i = 0; i < 3; i++) CHECK_INT(is_masked[i], 1);
}

/* Against counting column by column, at widths around the block and beyond 255 blocks. */
static void test_match(void) {
  static const int64_t widths[] = {1, 31, 32, 33, 500, 255 * 32 - 1, 255 * 32 + 1, 20011};
  enum { N_CENTRES = 5, N_MOST = 20011 };
  static uint8_t centres[N_CENTRES * N_MOST], row[N_MOST], mask[N_MOST];
  pleat_rng rng = pleat_rng_init(5, 0);
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    int64_t n = widths[w], stride = pleat_feat_match_stride(n);
    for (int64_t i = 0; i < N_CENTRES * n; i++) centres[i] = (uint8_t)pleat_rng_below(&rng, PLEAT_MSA_CLASSES);
    for (int64_t i = 0; i < n; i++) row[i] = (uint8_t)pleat_rng_below(&rng, PLEAT_MSA_CLASSES);
    for (int64_t i = 0; i < n; i++) mask[i] = (uint8_t)pleat_rng_below(&rng, 2);
    memcpy(centres + 3 * n, row, (size_t)n); /* the best */
    memcpy(centres + 4 * n, row, (size_t)n); /* as good, but later */
    uint8_t *ready_centres = malloc((size_t)(N_CENTRES * stride));
    uint8_t *ready_row = malloc((size_t)stride);
    if (!CHECK(ready_centres && ready_row)) return;
    pleat_feat_match_prepare(centres, NULL, N_CENTRES, n, PLEAT_FEAT_MATCH_CENTRE, ready_centres);
    pleat_feat_match_prepare(row, mask, 1, n, PLEAT_FEAT_MATCH_ROW, ready_row);
    int32_t counts[N_CENTRES];
    pleat_feat_match_count(ready_row, ready_centres, N_CENTRES, stride, counts);
    for (int k = 0; k < N_CENTRES; k++) {
      int64_t want = 0;
      for (int64_t i = 0; i < n; i++) want += mask[i] && row[i] < PLEAT_RESTYPE_GAP && row[i] == centres[k * n + i];
      CHECK_INT(counts[k], want);
    }
    int64_t nearest = pleat_feat_match_nearest(ready_row, ready_centres, N_CENTRES, stride);
    for (int k = 0; k < nearest; k++) CHECK(counts[k] < counts[nearest]);
    CHECK_INT(counts[nearest], counts[3]);
    free(ready_centres);
    free(ready_row);
  }
}

static void test_profile(void) {
  static const uint8_t tokens[3 * 2] = {1, 21, 1, 4, 2, 4};
  static const uint8_t mask[3 * 2] = {1, 0, 0, 0, 1, 0};
  float profile[2 * PLEAT_PROFILE_CLASSES];
  pleat_feat_rows_profile(tokens, NULL, 3, 2, profile);
  CHECK_NEAR(profile[1], 2.0 / 3, 1e-7);
  CHECK_NEAR(profile[2], 1.0 / 3, 1e-7);
  CHECK_NEAR(profile[PLEAT_PROFILE_CLASSES + 21], 1.0 / 3, 1e-7);
  CHECK_NEAR(profile[PLEAT_PROFILE_CLASSES + 4], 2.0 / 3, 1e-7);
  pleat_feat_rows_profile(tokens, mask, 3, 2, profile);
  CHECK_NEAR(profile[1], 0.5, 0);
  CHECK_NEAR(profile[2], 0.5, 0);
  for (int k = 0; k < PLEAT_PROFILE_CLASSES; k++) CHECK_NEAR(profile[PLEAT_PROFILE_CLASSES + k], 0, 0);
}

static void test_msa_feat_masked(void) {
  static const uint8_t centre[2] = {7, 8}, member[2] = {7, 9}, mask[2] = {1, 0};
  static const float centre_deletions[2] = {0, 6}, member_deletions[2] = {3, 5};
  float feat[2][PLEAT_MSA_CHANNELS];
  pleat_feat_msa_begin(centre, centre_deletions, mask, 2, feat[0]);
  pleat_feat_msa_add(member, member_deletions, mask, 2.0f, 2, feat[0]);
  pleat_feat_msa_finish(3.0f, 2, feat[0]);
  CHECK_NEAR(feat[0][7], 1, 0);
  CHECK_NEAR(feat[0][PLEAT_MSA_CH_HAS_DELETION], 0, 0);
  CHECK_NEAR(feat[0][PLEAT_MSA_CH_PROFILE + 7], 1, 1e-7);
  CHECK_NEAR(feat[0][PLEAT_MSA_CH_DELETION_MEAN], atan(2.0 / 3) * 2 / 3.14159265358979, 1e-7);
  /* Column 2 is hidden: no profile, but the centre's deletions count. */
  CHECK_NEAR(feat[1][8], 1, 0);
  CHECK_NEAR(feat[1][PLEAT_MSA_CH_HAS_DELETION], 1, 0);
  CHECK_NEAR(feat[1][PLEAT_MSA_CH_DELETION_VALUE], atan(2.0) * 2 / 3.14159265358979, 1e-7);
  for (int k = 0; k < PLEAT_MSA_CLASSES; k++) CHECK_NEAR(feat[1][PLEAT_MSA_CH_PROFILE + k], 0, 0);
  CHECK_NEAR(feat[1][PLEAT_MSA_CH_DELETION_MEAN], atan(2.0 / 3) * 2 / 3.14159265358979, 1e-7);
}

int main(void) {
  test_mask_probabilities();
  test_mask_extremes();
  test_match();
  test_profile();
  test_msa_feat_masked();
  return check_report();
}
