/* Confidence files, byte for byte against the published programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "golden_files.h"
#include "io/scores_write.h"

#define DIR "features/G_outputs/"

/* Compares and clears what was written. */
static void check_file(pleat_status status, const pleat_error *err, pleat_buf *buf, const char *name) {
  char *want = reference_text(name, NULL);
  if (CHECK_OK(status, err) && want) CHECK_STR(buf->data, want);
  free(want);
  pleat_buf_clear(buf);
}

static void test_alphafold(const char *name) {
  char path[256];
  snprintf(path, sizeof path, DIR "%s.npz", name);
  pleat_arrays *set = reference_npz(path);
  int64_t n_res = 0;
  double *plddt = golden_double(set, "plddt", &n_res), *max_pae = golden_double(set, "max_pae", NULL);
  float *pae = golden_float(set, "pae", NULL);
  pleat_buf buf = {0};
  pleat_error err = {0};
  if (plddt && max_pae && pae) {
    snprintf(path, sizeof path, DIR "confidence_%s.json", name);
    check_file(pleat_scores_write_confidence(n_res, plddt, NULL, &buf, &err), &err, &buf, path);
    int64_t n_pae = (int64_t)sqrt((double)pleat_array_elements(pleat_arrays_find(set, "pae")));
    snprintf(path, sizeof path, DIR "pae_%s.json", name);
    check_file(pleat_scores_write_pae(n_pae, pae, *max_pae, NULL, &buf, &err), &err, &buf, path);
  }
  free(pae);
  free(max_pae);
  free(plddt);
  if (strcmp(name, "rounding") == 0) {
    plddt = golden_double(set, "plddt_f32", &n_res);
    if (plddt)
      check_file(pleat_scores_write_confidence(n_res, plddt, NULL, &buf, &err), &err, &buf,
                 DIR "confidence_rounding_f32.json");
    free(plddt);
  }
  pleat_buf_fini(&buf);
  pleat_arrays_destroy(set);
}

static void check_scores(const pleat_scores *scores, const char *name) {
  pleat_buf buf = {0};
  pleat_error err = {0};
  check_file(pleat_scores_write(scores, NULL, &buf, &err), &err, &buf, name);
  pleat_buf_fini(&buf);
}

static void test_colabfold(void) {
  pleat_arrays *set = reference_npz(DIR "colabfold/5AWL_inputs.npz");
  int64_t n_res = 0;
  double *plddt = golden_double(set, "plddt", &n_res), *ptm = golden_double(set, "ptm", NULL);
  double *factor = golden_double(set, "model_2_plddt_factor", NULL), *ptm_2 = golden_double(set, "model_2_ptm", NULL);
  float *pae = golden_float(set, "predicted_aligned_error", NULL);
  if (plddt && ptm && factor && ptm_2 && pae) {
    pleat_scores scores = {.n_res = n_res, .plddt = plddt, .opt_pae = pae, .ptm = *ptm, .iptm = NAN};
    check_scores(&scores, DIR "colabfold/5AWL_scores_rank_001_alphafold2_ptm_model_1_seed_000.compact.json");
    pleat_buf buf = {0};
    pleat_error err = {0};
    check_file(pleat_scores_write_pae_v1(n_res, pae, NULL, &buf, &err), &err, &buf,
               DIR "colabfold/5AWL_predicted_aligned_error_v1.json");
    pleat_buf_fini(&buf);
    for (int64_t i = 0; i < n_res; i++) plddt[i] *= *factor;
    scores.ptm = *ptm_2;
    check_scores(&scores, DIR "colabfold/5AWL_scores_rank_002_alphafold2_ptm_model_2_seed_000.compact.json");
  }
  free(pae);
  free(ptm_2);
  free(factor);
  free(ptm);
  free(plddt);
  pleat_arrays_destroy(set);
}

/* ColabFold ran on the arrays of the two-chain structure; its scalars are those of the recorded result. */
static void test_colabfold_dimer(void) {
  pleat_arrays *set = reference_npz(DIR "5AWL_two_chains_asym_1_2.npz");
  int64_t n_res = 0;
  double *plddt = golden_double(set, "plddt", &n_res);
  float *pae = golden_float(set, "pae", NULL);
  if (plddt && pae) {
    pleat_scores scores = {
        .n_res = n_res, .plddt = plddt, .opt_pae = pae, .ptm = 0.8765432238578796, .iptm = 0.7654321193695068};
    check_scores(&scores,
                 DIR "colabfold/5AWL_dimer_scores_rank_001_alphafold2_multimer_v3_model_1_seed_000.compact.json");
    pleat_buf buf = {0};
    pleat_error err = {0};
    check_file(pleat_scores_write_pae_v1(n_res, pae, NULL, &buf, &err), &err, &buf,
               DIR "colabfold/5AWL_dimer_predicted_aligned_error_v1.json");
    pleat_buf_fini(&buf);
  }
  free(pae);
  free(plddt);
  pleat_arrays_destroy(set);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data");
  test_alphafold("5AWL_monomer");
  test_alphafold("5AWL_two_chains_asym_1_2");
  test_alphafold("rounding");
  test_colabfold();
  test_colabfold_dimer();
  return check_report();
}
