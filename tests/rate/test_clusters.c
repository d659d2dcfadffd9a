/* Clusters of the alignment's rows: the nearest centre of every row, against a plain count. With --bench, how long 10,000
 * rows, 512 centres and 384 residues take.
 *   test_clusters --bench [ROWS CENTRES RESIDUES]
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "check.h"
#include "feat/feat.h"
#include "feat/feat_rows.h"

typedef struct sizes {
  int64_t n_rows, n_centres, n_res;
} sizes;

/* Tokens 0..22, of which gaps (21) and mask tokens (22) agree with nothing. Rows are like one another, so that agreements
 * are many and equal ones occur. */
static uint8_t *draw_tokens(int64_t n_rows, int64_t n_res, uint64_t seed) {
  uint8_t *tokens = malloc((size_t)(n_rows * n_res));
  if (!CHECK(tokens != NULL)) abort();
  pleat_rng rng = pleat_rng_init(seed, 0);
  for (int64_t i = 0; i < n_rows * n_res; i++) {
    double u = pleat_rng_uniform(&rng);
    tokens[i] = u < 0.4 ? (uint8_t)(i % n_res % 20) : (uint8_t)(pleat_rng_uniform(&rng) * 23);
  }
  return tokens;
}

static int64_t nearest_by_count(const uint8_t *row, const uint8_t *centres, const sizes *size) {
  int64_t nearest = 0, most = -1;
  for (int64_t k = 0; k < size->n_centres; k++) {
    int64_t n = 0;
    for (int64_t i = 0; i < size->n_res; i++) n += row[i] == centres[k * size->n_res + i] && row[i] < 21;
    if (n > most) {
      most = n;
      nearest = k;
    }
  }
  return nearest;
}

/* Milliseconds; with want_check also compares with the plain count. */
static double assign(const sizes *size, bool want_check) {
  uint8_t *rows = draw_tokens(size->n_rows, size->n_res, 1), *centres = draw_tokens(size->n_centres, size->n_res, 2);
  int64_t stride = pleat_feat_match_stride(size->n_res), n_off = 0;
  uint8_t *row_bytes = malloc((size_t)(size->n_rows * stride));
  uint8_t *centre_bytes = malloc((size_t)(size->n_centres * stride));
  int64_t *nearest = malloc((size_t)size->n_rows * sizeof *nearest);
  if (!CHECK(row_bytes && centre_bytes && nearest)) abort();
  double start_ms = pleat_os_time_ms();
  pleat_feat_match_prepare(rows, NULL, size->n_rows, size->n_res, PLEAT_FEAT_MATCH_ROW, row_bytes);
  pleat_feat_match_prepare(centres, NULL, size->n_centres, size->n_res, PLEAT_FEAT_MATCH_CENTRE, centre_bytes);
  for (int64_t r = 0; r < size->n_rows; r++) {
    nearest[r] = pleat_feat_match_nearest(row_bytes + r * stride, centre_bytes, size->n_centres, stride);
  }
  double ms = pleat_os_time_ms() - start_ms;
  for (int64_t r = 0; r < size->n_rows && want_check; r++) {
    n_off += nearest[r] != nearest_by_count(rows + r * size->n_res, centres, size);
  }
  CHECK_INT(n_off, 0);
  free(nearest);
  free(centre_bytes);
  free(row_bytes);
  free(centres);
  free(rows);
  return ms;
}

/* All of the features: one draw of a chain whose alignment has the centres and the rows. */
static double make_features(const sizes *size) {
  pleat_msa msa = {.n_rows = size->n_rows + size->n_centres, .n_cols = size->n_res};
  size_t n = (size_t)(msa.n_rows * msa.n_cols);
  uint8_t *tokens = draw_tokens(msa.n_rows, msa.n_cols, 3);
  char *sequence = calloc((size_t)size->n_res + 1, 1);
  msa.letters = malloc(n);
  msa.deletions = calloc(n, sizeof *msa.deletions);
  if (!CHECK(sequence && msa.letters && msa.deletions)) abort();
  for (size_t i = 0; i < n; i++) msa.letters[i] = i < (size_t)size->n_res ? 'A' : "ACDEFGHIKLMNPQRSTVWYX--"[tokens[i]];
  memset(sequence, 'A', (size_t)size->n_res);
  pleat_feat_chain chain = {.sequence = sequence, .opt_msas = &msa, .n_msas = 1};
  pleat_feat_options options = {
      .max_msa_clusters = size->n_centres, .max_extra_msa = size->n_rows, .num_ensemble = 1, .msa_mask_fraction = 0.15};
  pleat_arrays *raw = NULL, *features = NULL;
  pleat_error err = {0};
  double ms = 0;
  if (CHECK_OK(pleat_feat_monomer_raw(&chain, &raw, &err), &err)) {
    double start_ms = pleat_os_time_ms();
    CHECK_OK(pleat_feat_monomer(raw, &options, &features, &err), &err);
    ms = pleat_os_time_ms() - start_ms;
  }
  pleat_arrays_destroy(features);
  pleat_arrays_destroy(raw);
  free(tokens);
  free(sequence);
  pleat_msa_fini(&msa);
  return ms;
}

static void bench(const sizes *size) {
  double best = 1e30, best_all = 1e30;
  for (int i = 0; i < 3; i++) {
    double ms = assign(size, false), all = make_features(size);
    if (ms < best) best = ms;
    if (all < best_all) best_all = all;
  }
  printf(
      "%lld rows, %lld centres, %lld residues: %.0f ms for the nearest centres, %.0f ms for all features of a draw\n",
      (long long)size->n_rows, (long long)size->n_centres, (long long)size->n_res, best, best_all);
}

int main(int argc, char **argv) {
  static const int64_t widths[] = {1, 31, 32, 33, 64, 257, 9000};
  sizes size = {10000, 512, 384};
  if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
    if (argc == 5) size = (sizes){strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10)};
    bench(&size);
    return check_n_failed > 0;
  }
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) assign(&(sizes){50, 40, widths[i]}, true);
  assign(&(sizes){3, 1, 100}, true);
  return check_report();
}
