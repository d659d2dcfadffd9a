/* Multimer MSA sampling: against the published stages with their random numbers, against the plain formulas, and by its
 * properties (repeatable, padding changes nothing, the query stays in front).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_multimer_priv.h"
#include "feat/feat_rows.h"
#include "reference.h"

typedef struct reference_case {
  const char *folder;
  const char *inmodel;
  int64_t n_clust;
  int64_t n_extra;
  bool is_slim;
} reference_case;

static const reference_case reference_cases[] = {
    {"homodimer_2q2k", "inmodel_small", 48, 96, false},
    {"hetero_4zey_1hf9", "inmodel_small", 48, 96, false},
    {"heterotrimer_ABA_1hf9_4zey_1hf9", "inmodel_small", 48, 96, false},
    {"hetero_4zey_1hf9", "inmodel_v3_508_2048", 508, 2048, true},
};

static pleat_feat_options make_options(int64_t n_clust, int64_t n_extra, double fraction, bool is_identity) {
  return (pleat_feat_options){.max_msa_clusters = n_clust,
                              .max_extra_msa = n_extra,
                              .msa_mask_fraction = fraction,
                              .is_identity_order = is_identity,
                              .seed = 17};
}

/* The elements of a numeric array, allocated. */
static double *as_f64(const pleat_array *array) {
  int64_t n = pleat_array_elements(array);
  double *dst = malloc((size_t)n * sizeof *dst);
  if (!dst) abort();
  for (int64_t i = 0; i < n; i++) dst[i] = pleat_array_number(array, i);
  return dst;
}

static uint8_t *as_u8(const pleat_array *array) {
  int64_t n = pleat_array_elements(array);
  uint8_t *dst = malloc((size_t)n);
  if (!dst) abort();
  for (int64_t i = 0; i < n; i++) dst[i] = (uint8_t)pleat_array_number(array, i);
  return dst;
}

/* Channels [first, first + n) of a feature array, as an array of its own in `set`. */
static const pleat_array *channels(pleat_arrays *set, const char *name, const char *part, int64_t first, int64_t n) {
  const pleat_array *whole = pleat_arrays_find(set, name);
  int64_t n_channels = whole->shape[2];
  const int64_t shape[3] = {whole->shape[0], whole->shape[1], n};
  pleat_error err = {0};
  void *data = NULL;
  if (!CHECK_OK(pleat_arrays_add(set, part, PLEAT_F32, 3, shape, NULL, &data, &err), &err)) abort();
  const float *src = pleat_arrays_find(set, name)->data;
  float *dst = data;
  for (int64_t i = 0; i < shape[0] * shape[1]; i++) {
    for (int64_t k = 0; k < n; k++) dst[i * n + k] = src[i * n_channels + first + k];
  }
  return pleat_arrays_find(set, part);
}

/* Of slim references: one-hot channels against token ids. */
static void check_tokens(const pleat_array *feat, const pleat_array *ids) {
  const float *src = feat->data;
  int64_t n = pleat_array_elements(ids), n_channels = feat->shape[2], n_off = 0;
  if (!CHECK_INT(feat->shape[0] * feat->shape[1], n)) return;
  for (int64_t i = 0; i < n; i++) {
    for (int k = 0; k < PLEAT_MSA_CLASSES; k++) n_off += src[i * n_channels + k] != (pleat_array_number(ids, i) == k);
  }
  CHECK_INT(n_off, 0);
}

static void check_stages(const pleat_arrays *raw, const pleat_arrays *want) {
  pleat_error err = {0};
  pleat_multimer_rows rows;
  if (CHECK_OK(pleat_multimer_rows_init(raw, &rows, &err), &err)) {
    const int64_t shape[2] = {rows.N_res, PLEAT_PROFILE_CLASSES};
    pleat_arrays *mine = NULL;
    void *profile = NULL;
    double *uniform = as_f64(pleat_arrays_find(want, "uniform_sample"));
    int32_t *order = malloc((size_t)rows.N_seq * sizeof *order);
    if (CHECK(order != NULL) && CHECK_OK(pleat_arrays_create(&mine, &err), &err) &&
        CHECK_OK(pleat_arrays_add(mine, "msa_profile", PLEAT_F32, 2, shape, NULL, &profile, &err), &err)) {
      pleat_feat_rows_profile(rows.tokens, rows.mask, rows.N_seq, rows.N_res, profile);
      reference_compare_named(mine, want, "msa_profile", 1e-6);
      CHECK_OK(pleat_multimer_rows_order(&rows, uniform, order, &err), &err);
      const pleat_array *index_order = pleat_arrays_find(want, "index_order");
      for (int64_t s = 0; s < rows.N_seq; s++) {
        /* The order of all-masked rows is arbitrary. */
        if (rows.mask[order[s] * rows.N_res]) CHECK_INT(order[s], pleat_array_number(index_order, s));
      }
    }
    free(order);
    free(uniform);
    pleat_arrays_destroy(mine);
  }
  pleat_multimer_rows_fini(&rows);
}

static void check_features(const reference_case *c, pleat_arrays *got, const pleat_arrays *want) {
  reference_compare_named(got, want, "true_msa", 0.0);
  reference_compare_named(got, want, "bert_mask", 0.0);
  reference_compare_named(got, want, "msa_mask", 0.0);
  reference_compare_named(got, want, "extra_msa_mask", 0.0);
  if (c->is_slim) {
    check_tokens(pleat_arrays_find(got, "msa_feat"), pleat_arrays_find(want, "msa_after_mask"));
    check_tokens(pleat_arrays_find(got, "extra_msa_feat"), pleat_arrays_find(want, "extra_msa_ids"));
    channels(got, "msa_feat", "msa_feat_23_48", 23, 26);
    channels(got, "extra_msa_feat", "extra_feat_23_24", 23, 2);
    reference_compare_named(got, want, "msa_feat_23_48", 1e-6);
    reference_compare_named(got, want, "extra_feat_23_24", 1e-6);
  } else {
    reference_compare_named(got, want, "msa_feat", 1e-6);
    reference_compare_named(got, want, "extra_msa_feat", 1e-6);
  }
}

static void test_reference(const reference_case *c) {
  char path[256];
  printf("%s %s\n", c->folder, c->inmodel);
  snprintf(path, sizeof path, "features/E_multimer/%s/features.npz", c->folder);
  pleat_arrays *raw = reference_npz(path), *got = NULL;
  snprintf(path, sizeof path, "features/E_multimer/%s/%s.npz", c->folder, c->inmodel);
  pleat_arrays *want = reference_npz(path);
  if (raw && want) {
    check_stages(raw, want);
    double *uniform = as_f64(pleat_arrays_find(want, "uniform_sample"));
    double *mask_uniform = as_f64(pleat_arrays_find(want, "uniform_mask"));
    uint8_t *is_masked = as_u8(pleat_arrays_find(want, "uniform_mask"));
    uint8_t *replacement = as_u8(pleat_arrays_find(want, "replacement"));
    int64_t n_cells = pleat_array_elements(pleat_arrays_find(want, "uniform_mask"));
    for (int64_t i = 0; i < n_cells; i++) is_masked[i] = mask_uniform[i] < 0.15;
    pleat_feat_options options = make_options(c->n_clust, c->n_extra, 0.15, false);
    pleat_multimer_choices choices = {uniform, is_masked, replacement};
    pleat_error err = {0};
    if (CHECK_OK(pleat_feat_multimer_sample_given(raw, &options, 0, &choices, &got, &err), &err)) {
      check_features(c, got, want);
    }
    free(replacement);
    free(is_masked);
    free(mask_uniform);
    free(uniform);
  }
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(want);
  pleat_arrays_destroy(raw);
}

/* What a formula needs of one row: one-hot tokens times the mask. */
static double hot(const pleat_array *tokens, const pleat_array *mask, int64_t row, int64_t i, int k) {
  int64_t cell = row * tokens->shape[1] + i;
  return pleat_array_number(tokens, cell) == k ? pleat_array_number(mask, cell) : 0.0;
}

/* softmax over centres of 1000 * agreement, times the number of common columns; identity order, nothing masked. */
static void plain_assignment(const pleat_array *msa, const pleat_array *mask, int64_t n_clust, int64_t member,
                             double *weights) {
  double best = 0.0, sum = 0.0;
  for (int64_t c = 0; c < n_clust; c++) {
    weights[c] = 0.0;
    for (int64_t i = 0; i < msa->shape[1]; i++) {
      for (int k = 0; k < 21; k++) weights[c] += hot(msa, mask, member, i, k) * hot(msa, mask, c, i, k);
    }
    best = fmax(best, weights[c]);
  }
  for (int64_t c = 0; c < n_clust; c++) {
    weights[c] = exp(1e3 * (weights[c] - best));
    sum += weights[c];
  }
  for (int64_t c = 0; c < n_clust; c++) {
    double n_common = 0.0;
    for (int64_t i = 0; i < msa->shape[1]; i++) {
      n_common +=
          pleat_array_number(mask, c * msa->shape[1] + i) * pleat_array_number(mask, member * msa->shape[1] + i);
    }
    weights[c] *= n_common / sum;
  }
}

static double plain_value(double deletions) { return atan(deletions / 3.0) * 2.0 / acos(-1.0); }

/* The formulas of modules_multimer.py, in doubles, one column of one cluster after the other. */
static void check_plain(const pleat_arrays *raw, const pleat_arrays *got, int64_t n_clust) {
  const pleat_array *msa = pleat_arrays_find(raw, "msa"), *mask = pleat_arrays_find(raw, "msa_mask");
  const pleat_array *deletions = pleat_arrays_find(raw, "deletion_matrix");
  const float *feat = pleat_arrays_find(got, "msa_feat")->data;
  const int64_t n_seq = msa->shape[0], n_res = msa->shape[1], n_members = n_seq - n_clust;
  double *weights = calloc((size_t)(n_members * n_clust + 1), sizeof *weights);
  if (!CHECK(weights != NULL)) return;
  for (int64_t m = 0; m < n_members; m++) plain_assignment(msa, mask, n_clust, n_clust + m, weights + m * n_clust);
  double worst = 0.0;
  for (int64_t cell = 0; cell < n_clust * n_res; cell++) {
    int64_t c = cell / n_res, i = cell % n_res;
    double own = pleat_array_number(deletions, cell), count = 1.0, mean = own, profile[23];
    for (int k = 0; k < 23; k++) profile[k] = hot(msa, mask, c, i, k);
    for (int64_t m = 0; m < n_members; m++) {
      double w = weights[m * n_clust + c];
      count += w;
      mean += w * pleat_array_number(mask, (n_clust + m) * n_res + i) *
              pleat_array_number(deletions, (n_clust + m) * n_res + i);
      for (int k = 0; k < 23; k++) profile[k] += w * hot(msa, mask, n_clust + m, i, k);
    }
    /* Published: hidden cells of a centre become token 0. */
    int token = (int)(pleat_array_number(msa, cell) * pleat_array_number(mask, cell));
    for (int k = 0; k < 49; k++) {
      double want = k < 23    ? token == k
                    : k == 23 ? fmin(own, 1.0)
                    : k == 24 ? plain_value(own)
                    : k < 48  ? profile[k - 25] / count
                              : plain_value(mean / count);
      worst = fmax(worst, fabs(want - feat[cell * 49 + k]));
    }
  }
  CHECK_NEAR(worst, 0.0, 1e-6);
  free(weights);
}

static bool add_copy(pleat_arrays *set, const char *name, const pleat_array *from) {
  pleat_error err = {0};
  return CHECK(from != NULL) &&
         CHECK_OK(pleat_arrays_add(set, name, from->dtype, from->rank, from->shape, from->data, NULL, &err), &err);
}

/* A golden model case: raw features, identity order, no masking, cells hidden in single columns. */
static void test_golden(const char *name, int64_t n_clust, int64_t n_extra) {
  static const char *const names[] = {"aatype", "msa", "deletion_matrix", "msa_mask", "bert_mask", "cluster_bias_mask"};
  char path[256];
  printf("%s\n", name);
  snprintf(path, sizeof path, "golden/%s.npz", name);
  pleat_arrays *file = reference_npz(path), *raw = NULL, *got = NULL;
  pleat_error err = {0};
  bool is_ok = file && CHECK_OK(pleat_arrays_create(&raw, &err), &err);
  for (size_t k = 0; is_ok && k < sizeof names / sizeof *names; k++) {
    snprintf(path, sizeof path, "in/%s", names[k]);
    is_ok = add_copy(raw, names[k], pleat_arrays_find(file, path));
  }
  pleat_feat_options options = make_options(n_clust, n_extra, 0.0, true);
  if (is_ok && CHECK_OK(pleat_feat_multimer_sample(raw, &options, 0, &got, &err), &err)) {
    const pleat_array *extra = pleat_arrays_find(got, "extra_msa_feat"), *msa = pleat_arrays_find(raw, "msa");
    CHECK_INT(pleat_arrays_find(got, "msa_feat")->shape[0], n_clust);
    CHECK_INT(extra->shape[0], n_extra);
    check_plain(raw, got, n_clust);
    for (int64_t cell = 0; cell < n_extra * msa->shape[1]; cell++) {
      int64_t from = n_clust * msa->shape[1] + cell;
      CHECK_INT(((const float *)extra->data)[cell * 25 + (int64_t)pleat_array_number(msa, from)], 1);
      CHECK_INT(pleat_array_number(pleat_arrays_find(got, "extra_msa_mask"), cell),
                pleat_array_number(pleat_arrays_find(raw, "msa_mask"), from));
    }
    for (int64_t cell = 0; cell < n_clust * msa->shape[1]; cell++) {
      CHECK_INT(pleat_array_number(pleat_arrays_find(got, "true_msa"), cell), pleat_array_number(msa, cell));
      CHECK_INT(pleat_array_number(pleat_arrays_find(got, "bert_mask"), cell), 0);
    }
  }
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(raw);
  pleat_arrays_destroy(file);
}

enum { SMALL_RES = 23, SMALL_ROWS = 61 };

/* An alignment of related rows, made from a stream of its own. */
static void make_alignment(char *letters, int32_t *deletions, pleat_msa *msa) {
  pleat_rng rng = pleat_rng_init(5, 0);
  for (int r = 0; r < SMALL_ROWS; r++) {
    for (int i = 0; i < SMALL_RES; i++) {
      int cell = r * SMALL_RES + i;
      bool is_copy = r > 0 && pleat_rng_below(&rng, 2) == 0;
      letters[cell] = is_copy ? letters[i] : "ACDEFGHIKLMNPQRSTVWY"[pleat_rng_below(&rng, 20)];
      if (r > 0 && pleat_rng_below(&rng, 8) == 0) letters[cell] = '-';
      deletions[cell] = r > 0 && pleat_rng_below(&rng, 9) == 0 ? (int32_t)pleat_rng_below(&rng, 20) : 0;
    }
  }
  *msa = (pleat_msa){SMALL_ROWS, SMALL_RES, letters, deletions, NULL};
}

/* Two chains: one with the alignment, a shorter one without. */
static pleat_arrays *make_raw(int64_t min_rows) {
  char letters[SMALL_ROWS * SMALL_RES], sequence[SMALL_RES + 1] = {0};
  int32_t deletions[SMALL_ROWS * SMALL_RES];
  pleat_msa msa;
  make_alignment(letters, deletions, &msa);
  memcpy(sequence, letters, SMALL_RES);
  pleat_feat_chain chains[2] = {{.sequence = sequence, .opt_msas = &msa, .n_msas = 1}, {.sequence = "WYWYG"}};
  pleat_arrays *raw = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_feat_multimer_assemble(chains, 2, min_rows, &raw, &err), &err)) abort();
  return raw;
}

static pleat_arrays *sample(const pleat_arrays *raw, const pleat_feat_options *options, int64_t draw) {
  pleat_arrays *got = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_feat_multimer_sample(raw, options, draw, &got, &err), &err)) abort();
  return got;
}

/* The first n elements of `name` have equal bytes in a and b. */
static bool is_same(const pleat_arrays *a, const pleat_arrays *b, const char *name, int64_t n) {
  const pleat_array *x = pleat_arrays_find(a, name), *y = pleat_arrays_find(b, name);
  return memcmp(x->data, y->data, (size_t)n * x->item_size) == 0;
}

static void test_plain(void) {
  pleat_arrays *raw = make_raw(0);
  pleat_feat_options options = make_options(11, 30, 0.0, true);
  pleat_arrays *got = sample(raw, &options, 0);
  check_plain(raw, got, 11);
  const pleat_array *target = pleat_arrays_find(got, "target_feat"), *aatype = pleat_arrays_find(raw, "aatype");
  CHECK_INT(pleat_array_elements(target), aatype->shape[0] * 21);
  for (int64_t i = 0; i < pleat_array_elements(target); i++) {
    CHECK_INT(pleat_array_number(target, i), pleat_array_number(aatype, i / 21) == (double)(i % 21));
  }
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(raw);
}

/* Without clusters profile and mean are the centre's own, also where all-masked rows hide it; all else is as with them. */
static void test_unclustered(void) {
  enum { N_CLUST = SMALL_ROWS + 8, N_RES = SMALL_RES + 5 };
  pleat_arrays *raw = make_raw(N_CLUST + 8);
  int64_t n_profiles_off = 0;
  for (int64_t n_clust = 11; n_clust <= N_CLUST; n_clust += N_CLUST - 11) {
    pleat_feat_options options = make_options(n_clust, 6, 0.15, false);
    pleat_arrays *clustered = sample(raw, &options, 3);
    options.is_unclustered = true;
    pleat_arrays *got = sample(raw, &options, 3);
    CHECK(is_same(got, clustered, "extra_msa_feat", 6 * N_RES * 25));
    CHECK(is_same(got, clustered, "true_msa", n_clust * N_RES));
    CHECK(is_same(got, clustered, "msa_mask", n_clust * N_RES));
    const float *x = pleat_arrays_find(got, "msa_feat")->data, *y = pleat_arrays_find(clustered, "msa_feat")->data;
    int64_t n_rows_off = 0, n_own_off = 0;
    for (int64_t i = 0; i < n_clust * N_RES; i++, x += PLEAT_MSA_CHANNELS, y += PLEAT_MSA_CHANNELS) {
      n_rows_off += memcmp(x, y, PLEAT_MSA_CH_PROFILE * sizeof *x) != 0;
      n_own_off += memcmp(x + PLEAT_MSA_CH_PROFILE, x, PLEAT_MSA_CLASSES * sizeof *x) != 0;
      n_own_off += x[PLEAT_MSA_CH_DELETION_MEAN] != x[PLEAT_MSA_CH_DELETION_VALUE];
      n_profiles_off += memcmp(x, y, PLEAT_MSA_CHANNELS * sizeof *x) != 0;
    }
    CHECK_INT(n_rows_off, 0);
    CHECK_INT(n_own_off, 0);
    pleat_arrays_destroy(got);
    pleat_arrays_destroy(clustered);
  }
  CHECK(n_profiles_off > 0);
  pleat_arrays_destroy(raw);
}

static void test_repeatable(void) {
  pleat_arrays *raw = make_raw(0);
  pleat_feat_options options = make_options(16, 32, 0.15, false);
  pleat_arrays *a = sample(raw, &options, 1), *b = sample(raw, &options, 1), *c = sample(raw, &options, 2);
  int64_t n_res = SMALL_RES + 5;
  CHECK(is_same(a, b, "msa_feat", 16 * n_res * 49));
  CHECK(is_same(a, b, "extra_msa_feat", 32 * n_res * 25));
  CHECK(!is_same(a, c, "true_msa", 16 * n_res));
  CHECK(!is_same(a, c, "bert_mask", 16 * n_res));
  /* The query is always in front. */
  CHECK(is_same(a, c, "true_msa", n_res));
  for (int64_t i = 0; i < n_res; i++) {
    CHECK_INT(pleat_array_number(pleat_arrays_find(a, "true_msa"), i),
              pleat_array_number(pleat_arrays_find(raw, "msa"), i));
  }
  options.seed++;
  pleat_arrays *d = sample(raw, &options, 1);
  CHECK(!is_same(a, d, "true_msa", 16 * n_res));
  pleat_arrays_destroy(d);
  pleat_arrays_destroy(c);
  pleat_arrays_destroy(b);
  pleat_arrays_destroy(a);
  pleat_arrays_destroy(raw);
}

/* All-masked rows come last and leave the real ones as they are. */
static void test_padding(void) {
  pleat_arrays *raw = make_raw(0), *padded = make_raw(200);
  int64_t n_seq = pleat_arrays_find(raw, "msa")->shape[0], n_res = SMALL_RES + 5;
  for (int is_few = 0; is_few < 2; is_few++) {
    pleat_feat_options options = make_options(is_few ? 100 : 16, is_few ? 50 : 200, 0.15, false);
    pleat_arrays *a = sample(raw, &options, 3), *b = sample(padded, &options, 3);
    int64_t n_clust = is_few ? n_seq : 16, n_extra = n_seq - n_clust;
    CHECK_INT(pleat_arrays_find(a, "msa_feat")->shape[0], n_clust);
    CHECK_INT(pleat_arrays_find(a, "extra_msa_feat")->shape[0], n_extra);
    CHECK_INT(pleat_arrays_find(b, "msa_feat")->shape[0], is_few ? 100 : 16);
    CHECK_INT(pleat_arrays_find(b, "extra_msa_feat")->shape[0], is_few ? 50 : 184);
    CHECK(is_same(a, b, "msa_feat", n_clust * n_res * 49));
    CHECK(is_same(a, b, "bert_mask", n_clust * n_res));
    CHECK(is_same(a, b, "extra_msa_feat", n_extra * n_res * 25));
    for (int64_t i = n_extra * n_res; i < (is_few ? 50 : 184) * n_res; i++) {
      CHECK_INT(pleat_array_number(pleat_arrays_find(b, "extra_msa_mask"), i), 0);
    }
    pleat_arrays_destroy(b);
    pleat_arrays_destroy(a);
  }
  pleat_arrays_destroy(padded);
  pleat_arrays_destroy(raw);
}

/* Masks only where the raw bert_mask allows it to count, and the published share of positions. */
static void test_mask_share(void) {
  pleat_arrays *raw = make_raw(0);
  pleat_feat_options options = make_options(63, 0, 0.15, true);
  double n_masked = 0.0, n_all = 0.0, n_changed = 0.0;
  for (int64_t draw = 0; draw < 40; draw++) {
    pleat_arrays *got = sample(raw, &options, draw);
    const pleat_array *bert = pleat_arrays_find(got, "bert_mask"), *truth = pleat_arrays_find(got, "true_msa");
    const float *feat = pleat_arrays_find(got, "msa_feat")->data;
    for (int64_t i = 0; i < pleat_array_elements(bert); i++) {
      double allowed = pleat_array_number(pleat_arrays_find(raw, "bert_mask"), i);
      CHECK(pleat_array_number(bert, i) <= allowed);
      n_all += allowed;
      n_masked += pleat_array_number(bert, i);
      if (pleat_array_number(bert, i) > 0.0) n_changed += feat[i * 49 + (int64_t)pleat_array_number(truth, i)] == 0.0f;
    }
    pleat_arrays_destroy(got);
  }
  CHECK_NEAR(n_masked / n_all, 0.15, 0.01);
  CHECK(n_changed / n_masked > 0.8 && n_changed / n_masked < 0.9);
  pleat_arrays_destroy(raw);
}

static void check_refused(const pleat_arrays *raw, pleat_feat_options options, pleat_status status, const char *want) {
  pleat_arrays *got = NULL;
  pleat_error err = {0};
  CHECK_INT(pleat_feat_multimer_sample(raw, &options, 0, &got, &err), status);
  CHECK(got == NULL);
  if (!CHECK(strstr(err.message, want) != NULL)) fprintf(stderr, "  got: %s\n", err.message);
}

static void set_number(pleat_arrays *raw, const char *name, int64_t i, float value) {
  const pleat_array *array = pleat_arrays_find(raw, name);
  if (array->dtype == PLEAT_F32) {
    ((float *)array->data)[i] = value;
  } else {
    ((int32_t *)array->data)[i] = (int32_t)value;
  }
}

static void test_refused(void) {
  pleat_feat_options options = make_options(8, 8, 0.15, false), bad = options;
  pleat_arrays *raw = make_raw(0);
  pleat_error err = {0};
  bad.max_msa_clusters = 0;
  check_refused(raw, bad, PLEAT_INVALID, "at least 1 cluster");
  bad = options;
  bad.msa_mask_fraction = NAN;
  check_refused(raw, bad, PLEAT_INVALID, "from 0 to 1");
  set_number(raw, "msa", 30, 22.0f);
  check_refused(raw, options, PLEAT_INPUT, "array \"msa\", element 30: expected a whole number from 0 to 21, found 22");
  set_number(raw, "msa", 30, 0.0f);
  set_number(raw, "msa_mask", 4, 0.5f);
  check_refused(raw, options, PLEAT_INPUT, "array \"msa_mask\", element 4");
  set_number(raw, "msa_mask", 4, 1.0f);
  set_number(raw, "deletion_matrix", 2, INFINITY);
  check_refused(raw, options, PLEAT_INPUT, "array \"deletion_matrix\", element 2");
  set_number(raw, "deletion_matrix", 2, 0.0f);
  set_number(raw, "aatype", 0, 21.0f);
  check_refused(raw, options, PLEAT_INPUT, "array \"aatype\", element 0");
  set_number(raw, "aatype", 0, 20.0f);
  const int64_t shape[2] = {3, 4};
  CHECK_OK(pleat_arrays_add(raw, "bert_mask", PLEAT_F32, 2, shape, NULL, NULL, &err), &err);
  check_refused(raw, options, PLEAT_SHAPE, "array \"bert_mask\" is [3, 4], expected [63, 28] as \"msa\" is");
  CHECK_OK(pleat_arrays_add(raw, "bert_mask", PLEAT_F16, 2, shape, NULL, NULL, &err), &err);
  check_refused(raw, options, PLEAT_INPUT, "array \"bert_mask\" has type f16");
  pleat_arrays_remove(raw, "bert_mask");
  CHECK_OK(pleat_arrays_add(raw, "cluster_bias_mask", PLEAT_F64, 1, shape, NULL, NULL, &err), &err);
  check_refused(raw, options, PLEAT_SHAPE, "array \"cluster_bias_mask\" has 3 elements, expected 63");
  CHECK_OK(pleat_arrays_add(raw, "cluster_bias_mask", PLEAT_F64, 2, shape, NULL, NULL, &err), &err);
  check_refused(raw, options, PLEAT_SHAPE, "array \"cluster_bias_mask\" has 2 axes, expected 1");
  pleat_arrays_remove(raw, "cluster_bias_mask");
  pleat_arrays_destroy(sample(raw, &options, 0)); /* both may be absent */
  pleat_arrays_remove(raw, "msa_mask");
  check_refused(raw, options, PLEAT_INPUT, "array \"msa_mask\" is missing");
  CHECK_OK(pleat_arrays_add(raw, "msa", PLEAT_I32, 0, NULL, NULL, NULL, &err), &err);
  check_refused(raw, options, PLEAT_SHAPE, "array \"msa\" has 0 axes, expected 2");
  pleat_arrays_remove(raw, "msa");
  check_refused(raw, options, PLEAT_INPUT, "array \"msa\" is missing");
  pleat_arrays_destroy(raw);
}

int main(void) {
  test_plain();
  test_unclustered();
  test_repeatable();
  test_padding();
  test_mask_share();
  test_refused();
  if (reference_exists("features/E_multimer/homodimer_2q2k/features.npz")) {
    for (size_t i = 0; i < sizeof reference_cases / sizeof *reference_cases; i++) test_reference(&reference_cases[i]);
  } else {
    printf("note: no reference data in %s: published sampling stages not compared\n", check_shared_dir());
  }
  if (reference_exists("golden/tiny_multimer_v3.npz")) {
    test_golden("tiny_multimer_v3", 8, 10);
    test_golden("tiny_multimer_v2", 8, 10);
    test_golden("full_model_1_multimer_v3", 24, 12);
  } else {
    printf("note: no golden model cases in %s: identity order only on own data\n", check_shared_dir());
  }
  return check_report();
}
