/* Monomer features against the published code: raw ones from the same alignments, processed ones with recorded or
 * identity choices, and one draw of the real TensorFlow pipeline.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_monomer_priv.h"
#include "feat/feat_priv.h"
#include "feat/feat_rows.h"
#include "io/fasta.h"
#include "pipeline/msas.h"
#include "reference.h"

enum { MAX_NAME = 64 };

static const struct {
  const char *name;
  const char *alignments;
  int64_t max_uniref90;
  int64_t max_mgnify;
} raw_cases[] = {
    {"2q2k_A", "2q2k_A", 10000, 501},
    {"3u8v_A", "3u8v_A", 10000, 501},
    {"3u8v_A_small_limits", "3u8v_A", 100, 20},
    {"6KWC_1", "6KWC_1", 10000, 501},
};

/* Byte strings may differ in the width of the array, which is that of the longest here. */
static void compare_texts(const char *name, const pleat_array *got, const pleat_array *want) {
  int64_t n_off = 0;
  if (!CHECK(got && want) || !CHECK_INT(got->shape[0], want->shape[0])) return;
  for (int64_t i = 0; i < got->shape[0]; i++) {
    char ours[1024] = "", theirs[1024] = "";
    if (!CHECK(got->item_size < sizeof ours && want->item_size < sizeof theirs)) return;
    memcpy(ours, (const char *)got->data + (size_t)i * got->item_size, got->item_size);
    memcpy(theirs, (const char *)want->data + (size_t)i * want->item_size, want->item_size);
    n_off += strcmp(ours, theirs) != 0;
  }
  if (!CHECK_INT(n_off, 0)) fprintf(stderr, "  array %s\n", name);
}

static void test_raw(size_t i) {
  char path[256];
  pleat_error err = {0};
  char full[1024];
  pleat_chain_msas msas;
  pleat_msas_limits limits = pleat_msas_published_limits;
  limits.uniref90 = raw_cases[i].max_uniref90;
  limits.mgnify = raw_cases[i].max_mgnify;
  snprintf(path, sizeof path, "features/msas/%s", raw_cases[i].alignments);
  if (!CHECK_OK(pleat_chain_msas_read(reference_path(path, full), &limits, false, &msas, &err), &err)) return;
  snprintf(path, sizeof path, "features/B_monomer_raw/%s/query.fasta", raw_cases[i].name);
  size_t n_text = 0;
  char *text = reference_text(path, &n_text);
  snprintf(path, sizeof path, "features/B_monomer_raw/%s/features.npz", raw_cases[i].name);
  pleat_arrays *want = reference_npz(path), *got = NULL;
  pleat_fasta fasta = {0};
  if (text && want && CHECK_OK(pleat_fasta_parse(text, n_text, path, &fasta, &err), &err)) {
    pleat_feat_chain chain = {.sequence = fasta.records[0].sequence,
                              .opt_msas = msas.msas,
                              .n_msas = msas.n_msas,
                              .opt_description = fasta.records[0].description};
    CHECK_OK(pleat_feat_monomer_raw(&chain, &got, &err), &err);
  }
  static const char *const names[] = {"aatype",        "between_segment_residues", "residue_index",
                                      "seq_length",    "deletion_matrix_int",      "msa",
                                      "num_alignments"};
  for (size_t k = 0; got && k < sizeof names / sizeof *names; k++) {
    reference_compare(names[k], pleat_arrays_find(got, names[k]), pleat_arrays_find(want, names[k]), 0);
  }
  static const char *const texts[] = {"sequence", "domain_name", "msa_species_identifiers"};
  for (size_t k = 0; got && k < sizeof texts / sizeof *texts; k++) {
    compare_texts(texts[k], pleat_arrays_find(got, texts[k]), pleat_arrays_find(want, texts[k]));
  }
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(want);
  pleat_fasta_fini(&fasta);
  free(text);
  pleat_chain_msas_fini(&msas);
}

typedef struct processed_case {
  const char *dir;
  const char *raw; /* NULL: raw.npz in the directory */
  const char *name;
  int64_t n_clusters;
  int64_t n_extra;
  bool has_templates; /* the model uses them */
} processed_case;

static const processed_case processed_cases[] = {
    {"2q2k_A", "features/B_monomer_raw/2q2k_A/features.npz", "model_1_ptm_12_32", 12, 32, true},
    {"2q2k_A", "features/B_monomer_raw/2q2k_A/features.npz", "model_1_ptm_60_128", 60, 128, true},
    {"2q2k_A", "features/B_monomer_raw/2q2k_A/features.npz", "model_3_ptm_64_128", 64, 128, false},
    {"6KWC_1", "features/B_monomer_raw/6KWC_1/features.npz", "model_3_ptm_64_128", 64, 128, false},
    {"globin", NULL, "model_1_ptm_60_128", 60, 128, true},
    {"globin", NULL, "model_2_ptm_32_50_seed21", 32, 50, true},
    {"piaq59", NULL, "model_1_ptm_508_5120", 508, 5120, true},
    {"piaq59", NULL, "model_1_ptm_60_128", 60, 128, true},
    {"piaq59", NULL, "model_1_ptm_60_128_seed7", 60, 128, true},
    {"piaq59", NULL, "model_2_ptm_508_1024", 508, 1024, true},
    {"piaq59", NULL, "model_3_ptm_512_5120", 512, 5120, false},
    {"piaq59", NULL, "model_3_ptm_64_128", 64, 128, false},
    {"piaq59", NULL, "model_3_ptm_64_128_seed8", 64, 128, false},
    {"piaq59", NULL, "model_5_ptm_512_1024", 512, 1024, false},
};

/* got [1, rows, ...] are the first rows of want [padded rows, ...], and the rest of want is 0. An array that is absent
 * here must be 0 there. */
static void compare_padded(const char *name, const pleat_array *got, const pleat_array *want, double tol) {
  int64_t n_want = pleat_array_elements(want);
  int64_t n_got = got ? pleat_array_elements(got) : 0;
  if (got && !CHECK_INT(got->rank, want->rank + 1)) fprintf(stderr, "  array %s\n", name);
  CHECK(n_got <= n_want);
  for (int i = 2; got && i < got->rank; i++) CHECK_INT(got->shape[i], want->shape[i - 1]);
  for (int64_t i = 0; i < n_want; i++) {
    double value = i < n_got ? pleat_array_number(got, i) : 0.0;
    if (fabs(value - pleat_array_number(want, i)) <= tol) continue;
    CHECK_NEAR(value, pleat_array_number(want, i), tol);
    fprintf(stderr, "  array %s, element %lld\n", name, (long long)i);
    return;
  }
}

/* Cases of real size hold msa_feat as tokens (255 = padding) and the channels 23 to 48. */
static void compare_slim_msa_feat(const pleat_array *got, const pleat_array *ids, const pleat_array *rest) {
  const float *feat = got->data;
  int64_t n = got->shape[1] * got->shape[2];
  int64_t n_off = 0;
  enum { N_REST = PLEAT_MSA_CHANNELS - PLEAT_MSA_CLASSES };
  for (int64_t i = 0; i < n; i++, feat += PLEAT_MSA_CHANNELS) {
    int id = (int)pleat_array_number(ids, i);
    for (int k = 0; k < PLEAT_MSA_CLASSES; k++) n_off += feat[k] != (k == id);
    for (int k = 0; k < N_REST; k++) {
      n_off += fabs(feat[PLEAT_MSA_CLASSES + k] - pleat_array_number(rest, i * N_REST + k)) > 1e-6;
    }
  }
  for (int64_t i = n; i < pleat_array_elements(ids); i++) n_off += pleat_array_number(ids, i) != 255;
  for (int64_t i = n * N_REST; i < pleat_array_elements(rest); i++) n_off += pleat_array_number(rest, i) != 0;
  CHECK_INT(n_off, 0);
}

static bool is_compared(const char *name) {
  static const char *const others[] = {"stage_", "draw_", "template_torsion", "template_alt", "msa_feat_"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strncmp(name, others[i], strlen(others[i])) == 0) return false;
  }
  return true;
}

static void compare_processed(const pleat_arrays *got, const pleat_arrays *want) {
  for (size_t i = 0; i < pleat_arrays_count(want); i++) {
    const pleat_array *array = pleat_arrays_get(want, i);
    if (!is_compared(array->name)) continue;
    const pleat_array *ours = pleat_arrays_find(got, array->name);
    if (ours == NULL && strncmp(array->name, "template_", 9) != 0) {
      CHECK_STR("absent", array->name);
      continue;
    }
    bool is_float = array->dtype == PLEAT_F32;
    compare_padded(array->name, ours, array, is_float ? 1e-6 : 0);
  }
  const pleat_array *ids = pleat_arrays_find(want, "msa_feat_ids");
  if (ids) compare_slim_msa_feat(pleat_arrays_find(got, "msa_feat"), ids, pleat_arrays_find(want, "msa_feat_23_48"));
}

static const void *data_of(const pleat_arrays *set, const char *name) {
  const pleat_array *array = pleat_arrays_find(set, name);
  return array ? array->data : NULL;
}

static void compare_profile(const pleat_arrays *raw, const pleat_arrays *want) {
  const pleat_array *profile = pleat_arrays_find(want, "stage_hhblits_profile");
  pleat_feat_monomer_input input;
  pleat_error err = {0};
  if (profile == NULL) return;
  float *got = calloc((size_t)pleat_array_elements(profile), sizeof *got);
  if (CHECK_OK(pleat_feat_monomer_input_init(raw, &input, &err), &err) && CHECK(got != NULL)) {
    pleat_feat_rows_profile(input.tokens, NULL, input.n_rows, input.n_res, got);
    pleat_array ours = {.dtype = PLEAT_F32, .rank = 2, .data = got};
    memcpy(ours.shape, profile->shape, sizeof ours.shape);
    reference_compare("hhblits_profile", &ours, profile, 1e-6);
  }
  free(got);
  pleat_feat_monomer_input_fini(&input);
}

static void remove_templates(pleat_arrays *raw) {
  for (size_t i = pleat_arrays_count(raw); i-- > 0;) {
    const char *name = pleat_arrays_get(raw, i)->name;
    char copy[MAX_NAME];
    if (strncmp(name, "template_", 9) != 0) continue;
    snprintf(copy, sizeof copy, "%s", name);
    pleat_arrays_remove(raw, copy);
  }
}

static void test_processed(const processed_case *c) {
  char path[256];
  pleat_error err = {0};
  pleat_arrays *got = NULL;
  snprintf(path, sizeof path, "features/D_monomer_processed/%s/%s.npz", c->dir, c->name);
  pleat_arrays *want = reference_npz(path);
  snprintf(path, sizeof path, "features/D_monomer_processed/%s/raw.npz", c->dir);
  pleat_arrays *raw = reference_npz(c->raw ? c->raw : path);
  long n_failed = check_n_failed;
  if (want && raw) {
    if (!c->has_templates) remove_templates(raw);
    pleat_feat_options options = {
        .max_msa_clusters = c->n_clusters, .max_extra_msa = c->n_extra, .num_ensemble = 1, .is_identity_order = true};
    pleat_feat_choices choices = {.opt_row_order = data_of(want, "draw_sample_order"),
                                  .opt_extra_order = data_of(want, "draw_extra_order"),
                                  .opt_is_masked = data_of(want, "draw_mask_position"),
                                  .opt_replacement = data_of(want, "draw_replacement")};
    if (CHECK_OK(pleat_feat_monomer_given(raw, &options, &choices, &got, &err), &err)) compare_processed(got, want);
    compare_profile(raw, want);
  }
  if (check_n_failed != n_failed) fprintf(stderr, "  case %s/%s\n", c->dir, c->name);
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(raw);
  pleat_arrays_destroy(want);
}

/* Rows in the order: centres, extra rows, all others. The alignment has 16454 rows; all listed ones differ. */
static void order_of_draw(const int32_t *centres, int64_t n_centres, const int32_t *extra, int64_t n_extra,
                          int64_t n_rows, int32_t *order, uint8_t *is_used) {
  int64_t n = 0;
  memcpy(order, centres, (size_t)n_centres * sizeof *order);
  memcpy(order + n_centres, extra, (size_t)n_extra * sizeof *order);
  n = n_centres + n_extra;
  memset(is_used, 0, (size_t)n_rows);
  for (int64_t i = 0; i < n; i++) is_used[order[i]] = 1;
  for (int64_t r = 0; r < n_rows && n < n_rows; r++) {
    if (!is_used[r]) order[n++] = (int32_t)r;
  }
}

/* Leading part of ours against a recorded array: the first n_want / width rows of `width` values. */
static void compare_part(const char *name, const pleat_array *got, int64_t ld_got, int64_t first, int64_t width,
                         const pleat_array *want, double tol) {
  int64_t n = pleat_array_elements(want);
  for (int64_t i = 0; i < n; i++) {
    double value = pleat_array_number(got, i / width * ld_got + first + i % width);
    if (fabs(value - pleat_array_number(want, i)) <= tol) continue;
    CHECK_NEAR(value, pleat_array_number(want, i), tol);
    fprintf(stderr, "  array %s, element %lld\n", name, (long long)i);
    return;
  }
  CHECK(true);
}

/* Iteration 0 of 3G5O as TensorFlow made it (ColabFold's record). ColabFold keeps repeated rows in the raw features. */
static void test_recorded(void) {
  pleat_arrays *raw = reference_npz("features/F_colabfold/3G5O_A_3G5O_B/features_alphafold2_ptm.npz");
  pleat_arrays *want = reference_npz("features/F_colabfold/3G5O_A_3G5O_B/recorded_tf_features_iter0.npz");
  pleat_arrays *got = NULL;
  pleat_error err = {0};
  if (!raw || !want) goto done;
  remove_templates(raw);
  const pleat_array *centres = pleat_arrays_find(want, "cluster_row_index");
  const pleat_array *extra = pleat_arrays_find(want, "extra_row_index");
  const pleat_array *msa = pleat_arrays_find(raw, "msa");
  if (!CHECK(centres && extra && msa)) goto done;
  int64_t n_rows = msa->shape[0];
  int32_t *order = calloc((size_t)n_rows, sizeof *order);
  uint8_t *is_used = malloc((size_t)n_rows);
  if (CHECK(order && is_used)) {
    order_of_draw(centres->data, centres->shape[0], extra->data, extra->shape[0], n_rows, order, is_used);
    pleat_feat_options options = {.max_msa_clusters = centres->shape[0],
                                  .max_extra_msa = extra->shape[0],
                                  .num_ensemble = 1,
                                  .is_identity_order = true};
    pleat_feat_choices choices = {.opt_row_order = order + 1,
                                  .opt_is_masked = data_of(want, "bert_mask"),
                                  .opt_replacement = data_of(want, "msa_after_mask")};
    CHECK_INT(order[0], 0);
    CHECK_OK(pleat_feat_monomer_given(raw, &options, &choices, &got, &err), &err);
  }
  free(order);
  free(is_used);
  if (got) {
    const pleat_array *feat = pleat_arrays_find(got, "msa_feat");
    enum { N_REST = PLEAT_MSA_CHANNELS - PLEAT_MSA_CLASSES };
    compare_part("msa_feat_23_48", feat, PLEAT_MSA_CHANNELS, PLEAT_MSA_CLASSES, N_REST,
                 pleat_arrays_find(want, "msa_feat_23_48"), 1e-6);
    const pleat_array *tokens = pleat_arrays_find(want, "msa_after_mask");
    int64_t n_off = 0;
    for (int64_t i = 0; i < pleat_array_elements(tokens); i++) {
      n_off += pleat_array_number(feat, i * PLEAT_MSA_CHANNELS + (int64_t)pleat_array_number(tokens, i)) != 1.0;
    }
    CHECK_INT(n_off, 0);
    static const char *const names[] = {"extra_deletion_value", "target_feat", "residue_index", "aatype", "bert_mask"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      const pleat_array *array = pleat_arrays_find(want, names[i]);
      compare_part(names[i], pleat_arrays_find(got, names[i]), 1, 0, 1, array, 1e-6);
    }
  }
done:
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(raw);
  pleat_arrays_destroy(want);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  for (size_t i = 0; i < sizeof raw_cases / sizeof *raw_cases; i++) test_raw(i);
  for (size_t i = 0; i < sizeof processed_cases / sizeof *processed_cases; i++) test_processed(&processed_cases[i]);
  test_recorded();
  return check_report();
}
