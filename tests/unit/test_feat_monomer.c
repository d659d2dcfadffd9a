/* Monomer features of a small alignment with results that can be worked out by hand; random choices; refused input.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "bio/residue.h"
#include "check.h"
#include "feat/feat_priv.h"
#include "feat/feat_rows.h"

enum { N_RES = 4 };

static pleat_feat_options identity_options(void) {
  return (pleat_feat_options){
      .max_msa_clusters = 3, .max_extra_msa = 1, .num_recycle = 0, .num_ensemble = 1, .is_identity_order = true};
}

static pleat_arrays *tiny_raw(void) {
  char *text = NULL;
  size_t n = 0;
  pleat_error err = {0};
  pleat_a3m a3m = {0};
  pleat_arrays *raw = NULL;
  if (!CHECK_OK(pleat_file_read("tests/data/feat/tiny.a3m", 1 << 20, &text, &n, &err), &err)) return NULL;
  if (CHECK_OK(pleat_a3m_parse(text, n, "tiny.a3m", &a3m, &err), &err)) {
    pleat_feat_chain chain = {.sequence = "MKTG", .opt_msas = &a3m.msa, .n_msas = 1};
    CHECK_OK(pleat_feat_monomer_raw(&chain, &raw, &err), &err);
  }
  pleat_a3m_fini(&a3m);
  free(text);
  return raw;
}

static const int32_t *find_i32(const pleat_arrays *set, const char *name, int64_t n) {
  const pleat_array *array = pleat_arrays_find(set, name);
  if (!CHECK(array != NULL) || !CHECK_INT(array->dtype, PLEAT_I32) || !CHECK_INT(pleat_array_elements(array), n)) {
    fprintf(stderr, "  array %s\n", name);
    return NULL;
  }
  return array->data;
}

static const float *find_f32(const pleat_arrays *set, const char *name, int64_t n) {
  const pleat_array *array = pleat_arrays_find(set, name);
  if (!CHECK(array != NULL) || !CHECK_INT(array->dtype, PLEAT_F32) || !CHECK_INT(pleat_array_elements(array), n)) {
    fprintf(stderr, "  array %s\n", name);
    return NULL;
  }
  return array->data;
}

static void check_i32(const pleat_arrays *set, const char *name, int64_t n, const int32_t *want) {
  const int32_t *got = find_i32(set, name, n);
  for (int64_t i = 0; got && i < n; i++) {
    if (!CHECK_INT(got[i], want[i])) fprintf(stderr, "  array %s, element %lld\n", name, (long long)i);
  }
}

static void test_raw(void) {
  pleat_arrays *raw = tiny_raw();
  if (!raw) return;
  /* HHblits ids: A 0, C 1, D 2, E 3, G 5, K 8, M 10, R 14, T 16, V 17, X 20, gap 21. */
  check_i32(raw, "msa", 5 * N_RES,
            (const int32_t[]){10, 8, 16, 5, 10, 8, 21, 5, 0, 14, 16, 17, 0, 14, 21, 17, 2, 3, 1, 20});
  check_i32(raw, "deletion_matrix_int", 5 * N_RES,
            (const int32_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0});
  check_i32(raw, "num_alignments", N_RES, (const int32_t[]){5, 5, 5, 5});
  check_i32(raw, "seq_length", N_RES, (const int32_t[]){4, 4, 4, 4});
  check_i32(raw, "residue_index", N_RES, (const int32_t[]){0, 1, 2, 3});
  check_i32(raw, "between_segment_residues", N_RES, (const int32_t[]){0, 0, 0, 0});
  const int32_t *aatype = find_i32(raw, "aatype", N_RES * 21);
  static const int types[N_RES] = {12, 11, 16, 7}; /* M K T G */
  for (int i = 0; aatype && i < N_RES * 21; i++) CHECK_INT(aatype[i], i % 21 == types[i / 21]);
  pleat_arrays_destroy(raw);
}

static void test_single_sequence(void) {
  pleat_feat_chain chain = {.sequence = "ABJOUXZ"};
  pleat_arrays *raw = NULL, *features = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_feat_monomer_raw(&chain, &raw, &err), &err)) return;
  check_i32(raw, "msa", 7, (const int32_t[]){0, 2, 20, 20, 1, 20, 3});
  pleat_feat_options options = identity_options();
  if (CHECK_OK(pleat_feat_monomer(raw, &options, &features, &err), &err)) {
    check_i32(features, "aatype", 7, (const int32_t[]){0, 20, 20, 20, 20, 20, 20});
    find_f32(features, "msa_feat", 7 * PLEAT_MSA_CHANNELS);
    find_i32(features, "extra_msa", 0);
    CHECK_INT(pleat_arrays_find(features, "extra_msa")->shape[2], 7);
    CHECK(pleat_arrays_find(features, "template_aatype") == NULL);
  }
  pleat_arrays_destroy(features);
  pleat_arrays_destroy(raw);
}

/* Clusters: the target with e, a alone, b with d. */
static void test_processed(void) {
  pleat_arrays *raw = tiny_raw(), *features = NULL;
  pleat_error err = {0};
  pleat_feat_options options = identity_options();
  if (!raw || !CHECK_OK(pleat_feat_monomer(raw, &options, &features, &err), &err)) {
    pleat_arrays_destroy(raw);
    return;
  }
  /* Restypes: A 0, R 1, D 3, C 4, E 6, G 7, K 11, M 12, T 16, V 19, X 20, gap 21. */
  static const int32_t true_msa[] = {12, 11, 16, 7, 12, 11, 21, 7, 0, 1, 16, 19};
  check_i32(features, "true_msa", 12, true_msa);
  check_i32(features, "extra_msa", N_RES, (const int32_t[]){0, 1, 21, 19});
  check_i32(features, "aatype", N_RES, (const int32_t[]){12, 11, 16, 7});
  check_i32(features, "seq_length", 1, (const int32_t[]){N_RES});
  const double two_over_pi = 2 / 3.14159265358979;
  const float *value = find_f32(features, "extra_deletion_value", N_RES);
  for (int i = 0; value && i < N_RES; i++) CHECK_NEAR(value[i], i == 2 ? atan(1.0) * two_over_pi : 0, 1e-7);
  const float *target = find_f32(features, "target_feat", N_RES * 22);
  for (int i = 0; target && i < N_RES * 22; i++) CHECK_NEAR(target[i], i % 22 == 1 + true_msa[i / 22], 0);
  const float *feat = find_f32(features, "msa_feat", 3 * N_RES * PLEAT_MSA_CHANNELS);
  static const int32_t members[3][N_RES] = {{3, 6, 4, 20}, {-1, -1, -1, -1}, {0, 1, 21, 19}};
  for (int i = 0; feat && i < 3 * N_RES; i++) {
    const float *f = feat + i * PLEAT_MSA_CHANNELS;
    int member = members[i / N_RES][i % N_RES];
    double share = member < 0 ? 1 : 0.5;
    for (int k = 0; k < PLEAT_MSA_CLASSES; k++) {
      CHECK_NEAR(f[k], k == true_msa[i], 0);
      CHECK_NEAR(f[PLEAT_MSA_CH_PROFILE + k], share * ((k == true_msa[i]) + (k == member)), 2e-6);
    }
    CHECK_NEAR(f[PLEAT_MSA_CH_HAS_DELETION], 0, 0);
    CHECK_NEAR(f[PLEAT_MSA_CH_DELETION_VALUE], 0, 0);
    CHECK_NEAR(f[PLEAT_MSA_CH_DELETION_MEAN], i == 2 * N_RES + 2 ? atan(0.5) * two_over_pi : 0, 1e-6);
  }
  pleat_arrays_destroy(features);
  pleat_arrays_destroy(raw);
}

/* 40 rows of 30 residues, all different. */
static pleat_arrays *random_raw(void) {
  enum { ROWS = 40, COLS = 30 };
  static char letters[ROWS * COLS], sequence[COLS + 1];
  static int32_t deletions[ROWS * COLS];
  pleat_rng rng = pleat_rng_init(3, 3);
  for (int i = 0; i < ROWS * COLS; i++) {
    letters[i] = pleat_restype_letters[pleat_rng_below(&rng, i < COLS ? 20 : 22)];
    deletions[i] = (int32_t)pleat_rng_below(&rng, 3);
  }
  memcpy(sequence, letters, COLS);
  pleat_msa msa = {.n_rows = ROWS, .n_cols = COLS, .letters = letters, .deletions = deletions};
  pleat_feat_chain chain = {.sequence = sequence, .opt_msas = &msa, .n_msas = 1};
  pleat_arrays *raw = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_feat_monomer_raw(&chain, &raw, &err), &err);
  return raw;
}

/* Bytes of draw d of both arrays are the same. */
static bool is_same_draw(const pleat_arrays *a, int64_t draw_a, const pleat_arrays *b, int64_t draw_b,
                         const char *name) {
  const pleat_array *x = pleat_arrays_find(a, name), *y = pleat_arrays_find(b, name);
  if (!CHECK(x && y)) return false;
  size_t n = (size_t)(pleat_array_elements(x) / x->shape[0]) * x->item_size;
  return memcmp((const char *)x->data + (size_t)draw_a * n, (const char *)y->data + (size_t)draw_b * n, n) == 0;
}

static void test_draws(void) {
  pleat_arrays *raw = random_raw(), *a = NULL, *b = NULL, *c = NULL;
  pleat_error err = {0};
  pleat_feat_options options = {.max_msa_clusters = 12,
                                .max_extra_msa = 9,
                                .num_recycle = 2,
                                .num_ensemble = 2,
                                .msa_mask_fraction = 0.15,
                                .seed = 77};
  CHECK_OK(pleat_feat_monomer(raw, &options, &a, &err), &err);
  options.num_recycle = 0;
  CHECK_OK(pleat_feat_monomer(raw, &options, &b, &err), &err);
  options.seed = 78;
  CHECK_OK(pleat_feat_monomer(raw, &options, &c, &err), &err);
  static const char *const names[] = {"msa_feat", "true_msa", "bert_mask", "extra_msa", "extra_deletion_value"};
  if (a && b && c) {
    CHECK_INT(pleat_arrays_find(a, "msa_feat")->shape[0], 6);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      /* Fewer recycles leave the first draws as they are; other draws and other seeds are different. */
      CHECK(is_same_draw(a, 0, b, 0, names[i]));
      CHECK(is_same_draw(a, 1, b, 1, names[i]));
      CHECK(!is_same_draw(a, 0, a, 1, names[i]));
      CHECK(!is_same_draw(a, 0, a, 5, names[i]));
      CHECK(!is_same_draw(b, 0, c, 0, names[i]));
    }
    const int32_t *rows = find_i32(a, "true_msa", 6 * 12 * 30);
    const int32_t *aatype = find_i32(a, "aatype", 6 * 30);
    for (int d = 0; rows && aatype && d < 6; d++) {
      for (int i = 0; i < 30; i++) CHECK_INT(rows[d * 12 * 30 + i], aatype[d * 30 + i]); /* the target stays first */
    }
  }
  pleat_arrays_destroy(a);
  pleat_arrays_destroy(b);
  pleat_arrays_destroy(c);
  pleat_arrays_destroy(raw);
}

static void check_raw_refused(const pleat_feat_chain *chain, const char *message) {
  pleat_arrays *raw = NULL;
  pleat_error err = {0};
  CHECK_INT(pleat_feat_monomer_raw(chain, &raw, &err), PLEAT_INPUT);
  CHECK(raw == NULL);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
}

static void test_raw_refused(void) {
  int32_t deletions[5] = {0};
  char letters[] = "MKTGA";
  pleat_msa narrow = {.n_rows = 1, .n_cols = 3, .letters = letters, .deletions = deletions};
  pleat_msa other = {.n_rows = 1, .n_cols = 4, .letters = letters, .deletions = deletions};
  pleat_msa empty = {.n_rows = 0, .n_cols = 4};
  check_raw_refused(&(pleat_feat_chain){.sequence = ""}, "the sequence is empty");
  check_raw_refused(&(pleat_feat_chain){.sequence = "MK-G"}, "residue 3 of the sequence is '-'");
  check_raw_refused(&(pleat_feat_chain){.sequence = "MKTG", .opt_msas = &narrow, .n_msas = 1},
                    "alignment 1 has 3 columns, but the sequence has 4 residues");
  check_raw_refused(&(pleat_feat_chain){.sequence = "MKAG", .opt_msas = &other, .n_msas = 1},
                    "alignment 1: residue 3 of its first row is 'T', but the sequence has 'A'");
  check_raw_refused(&(pleat_feat_chain){.sequence = "MKTG", .opt_msas = &empty, .n_msas = 1}, "alignment 1 is empty");
}

static void check_refused(const pleat_arrays *raw, const pleat_feat_options *options, pleat_status status,
                          const char *message) {
  pleat_arrays *features = NULL;
  pleat_error err = {0};
  CHECK_INT(pleat_feat_monomer(raw, options, &features, &err), status);
  CHECK(features == NULL);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
}

static void test_refused(void) {
  pleat_arrays *raw = tiny_raw();
  pleat_feat_options options = identity_options();
  pleat_error err = {0};
  void *data = NULL;
  if (!raw) return;
  options.max_msa_clusters = 0;
  check_refused(raw, &options, PLEAT_INVALID, "0 MSA clusters");
  options = identity_options();
  options.num_ensemble = 0;
  check_refused(raw, &options, PLEAT_INVALID, "num_ensemble 0");
  options = identity_options();
  options.msa_mask_fraction = NAN;
  check_refused(raw, &options, PLEAT_INVALID, "msa_mask_fraction nan");
  options = identity_options();
  CHECK_OK(pleat_arrays_add(raw, "template_aatype", PLEAT_F32, 3, (const int64_t[]){1, 4, 22}, NULL, &data, &err),
           &err);
  check_refused(raw, &options, PLEAT_INPUT, "'template_all_atom_positions' is missing: expected numbers [1, 4, 37, 3]");
  CHECK_OK(pleat_arrays_add(raw, "template_aatype", PLEAT_F32, 3, (const int64_t[]){1, 5, 22}, NULL, &data, &err),
           &err);
  check_refused(raw, &options, PLEAT_SHAPE, "'template_aatype' is f32 [1, 5, 22]: expected numbers [1, 4, 22]");
  pleat_arrays_remove(raw, "template_aatype");
  CHECK_OK(pleat_arrays_add(raw, "residue_index", PLEAT_I32, 1, (const int64_t[]){5}, NULL, &data, &err), &err);
  check_refused(raw, &options, PLEAT_SHAPE, "'residue_index' is i32 [5]: expected numbers [4]");
  CHECK_OK(pleat_arrays_add(raw, "deletion_matrix_int", PLEAT_I32, 2, (const int64_t[]){5, 4}, NULL, &data, &err),
           &err);
  ((int32_t *)data)[6] = -1;
  check_refused(raw, &options, PLEAT_INPUT, "row 1, residue 2: msa 21, deletions -1");
  pleat_arrays_remove(raw, "deletion_matrix_int");
  check_refused(raw, &options, PLEAT_INPUT, "'deletion_matrix_int' is missing");
  pleat_arrays_remove(raw, "msa");
  check_refused(raw, &options, PLEAT_INPUT, "'msa' is missing: expected numbers [*, *]");
  pleat_arrays_destroy(raw);
}

int main(void) {
  test_raw();
  test_single_sequence();
  test_processed();
  test_draws();
  test_raw_refused();
  test_refused();
  return check_report();
}
