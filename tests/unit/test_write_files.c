/* Tests of result files: chains and numbers, remarks, and predictions that are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "pleat/io.h"

static char folder[256];

static float *add(pleat_arrays *set, const char *name, int rank, int64_t a, int64_t b, int64_t c, float value) {
  const int64_t shape[] = {a, b, c};
  float *data = NULL;
  pleat_error err;
  CHECK_OK(pleat_arrays_add(set, name, PLEAT_F32, rank, shape, NULL, (void **)&data, &err), &err);
  for (int64_t i = 0; i < pleat_array_elements(pleat_arrays_find(set, name)); i++) data[i] = value;
  return data;
}

/* n residues with a CA atom each, one angstrom apart. */
static pleat_arrays *make_prediction(int64_t n, bool has_pae) {
  pleat_arrays *set = NULL;
  pleat_error err;
  CHECK_OK(pleat_arrays_create(&set, &err), &err);
  float *positions = add(set, "structure_module/final_atom_positions", 3, n, 37, 3, 0);
  float *mask = add(set, "structure_module/final_atom_mask", 2, n, 37, 0, 0);
  for (int64_t i = 0; i < n; i++) {
    positions[(i * 37 + 1) * 3] = (float)i;
    mask[i * 37 + 1] = 1;
  }
  add(set, "confidence/plddt", 1, n, 0, 0, 87.5f);
  if (!has_pae) return set;
  add(set, "confidence/predicted_aligned_error", 2, n, n, 0, 3.25f);
  add(set, "confidence/ptm", 0, 0, 0, 0, 0.5f);
  add(set, "confidence/iptm", 0, 0, 0, 0, 0.25f);
  return set;
}

static char *read_back(const char *path) {
  char *text = NULL;
  size_t n = 0;
  pleat_error err;
  CHECK_OK(pleat_file_read(path, 1 << 20, &text, &n, &err), &err);
  unlink(path);
  return text;
}

static void check_holds(const char *text, const char *part) {
  if (!CHECK(text && strstr(text, part))) fprintf(stderr, "  looked for: %s\n", part);
}

static void test_contents(void) {
  char path[512];
  pleat_error err;
  pleat_arrays *prediction = make_prediction(5, true);
  pleat_result_info info = {.name = "job", .model = "model_1_ptm", .is_synthetic = true, .opt_remark = "seed 3"};
  snprintf(path, sizeof path, "%s/x.pdb", folder);
  CHECK_OK(pleat_write_pdb(path, "MKV:AC", prediction, &info, &err), &err);
  char *text = read_back(path);
  check_holds(text, "REMARK   1 SYNTHETIC WEIGHTS: random parameters, this is no prediction");
  check_holds(text, "with model_1_ptm");
  check_holds(text, "REMARK   1 seed 3");
  check_holds(text, " CA  VAL A   3       2.000   0.000   0.000  1.00 87.50");
  check_holds(text, " CA  ALA B   1       3.000   0.000   0.000  1.00 87.50");
  free(text);

  snprintf(path, sizeof path, "%s/x.cif", folder);
  info.is_synthetic = false;
  CHECK_OK(pleat_write_mmcif(path, "MKV:AC", prediction, &info, &err), &err);
  text = read_back(path);
  CHECK(text && strstr(text, "SYNTHETIC") == NULL);
  check_holds(text, "data_job");
  check_holds(text, "model_1_ptm");
  free(text);

  snprintf(path, sizeof path, "%s/x.json", folder);
  CHECK_OK(pleat_write_scores(path, prediction, &err), &err);
  text = read_back(path);
  check_holds(text, "{\"plddt\":[87.5,87.5,87.5,87.5,87.5],\"max_pae\":3.25,\"pae\":[[3.25,");
  check_holds(text, "\"ptm\":0.5,\"iptm\":0.25}");
  free(text);
  CHECK_OK(pleat_write_pae(path, prediction, &err), &err);
  text = read_back(path);
  check_holds(text, "{\"predicted_aligned_error\": [[3.25, 3.25,");
  check_holds(text, "3.25]], \"max_predicted_aligned_error\": 3.25}");
  free(text);
  pleat_arrays_destroy(prediction);

  prediction = make_prediction(2, false);
  CHECK_OK(pleat_write_scores(path, prediction, &err), &err);
  text = read_back(path);
  check_holds(text, "{\"plddt\":[87.5,87.5]");
  CHECK_INT(pleat_write_pae(path, prediction, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "lacks the array"));
  CHECK(!pleat_path_exists(path));
  CHECK(text && strstr(text, "pae") == NULL && strstr(text, "ptm") == NULL);
  free(text);
  pleat_arrays_destroy(prediction);
}

/* Every residue one angstrom from the next: no secondary structure. */
static void test_summary(void) {
  pleat_error err;
  pleat_summary summary;
  pleat_arrays *prediction = make_prediction(5, true);
  float *pae = pleat_arrays_find(prediction, "confidence/predicted_aligned_error")->data;
  pae[0 * 5 + 4] = 20;   /* between the chains MKV and AC */
  pae[1 * 5 + 2] = 0.25; /* within one */
  CHECK_OK(pleat_summarize("MKV:AC", prediction, &summary, &err), &err);
  CHECK_NEAR(summary.plddt, 87.5, 0);
  CHECK_NEAR(summary.ptm, 0.5, 0);
  CHECK_NEAR(summary.iptm, 0.25, 0);
  CHECK_NEAR(summary.pae_mean, (23 * 3.25 + 20.25) / 25, 1e-12);
  CHECK_NEAR(summary.pae_max, 20, 0);
  CHECK_NEAR(summary.pae_interface, (11 * 3.25 + 20) / 12, 1e-12);
  CHECK_NEAR(summary.gyration_ang, sqrt(2.0), 1e-12);
  CHECK_NEAR(summary.coil, 1, 0);
  CHECK_NEAR(summary.helix + summary.strand, 0, 0);
  CHECK_OK(pleat_summarize("MKVAC", prediction, &summary, &err), &err);
  CHECK(isnan(summary.pae_interface));
  CHECK_INT(pleat_summarize("MKVA", prediction, &summary, &err), PLEAT_INPUT);
  pleat_arrays_destroy(prediction);
  prediction = make_prediction(2, false);
  CHECK_OK(pleat_summarize("MK", prediction, &summary, &err), &err);
  CHECK(isnan(summary.ptm) && isnan(summary.iptm) && isnan(summary.pae_mean) && isnan(summary.pae_max));
  pleat_arrays_destroy(prediction);
}

/* All writers refuse it, and none leaves a file. */
static void check_refused(const char *sequence, const pleat_arrays *prediction) {
  char path[512];
  pleat_error err;
  const pleat_result_info info = {.name = "job", .model = "model_1"};
  snprintf(path, sizeof path, "%s/refused", folder);
  CHECK_INT(pleat_write_pdb(path, sequence, prediction, &info, &err), PLEAT_INPUT);
  CHECK_INT(err.status, PLEAT_INPUT);
  CHECK_INT(pleat_write_mmcif(path, sequence, prediction, &info, &err), PLEAT_INPUT);
  CHECK(!pleat_path_exists(path));
}

static void test_refused(void) {
  char path[512], sequence[2 * 63];
  pleat_error err;
  pleat_arrays *prediction = make_prediction(4, true);
  const pleat_result_info info = {.name = "job", .model = "model_1"};
  check_refused("MKV", prediction);
  check_refused("MK", prediction);
  check_refused("MKVAC", prediction);
  check_refused("", prediction);
  float *positions = pleat_arrays_find(prediction, "structure_module/final_atom_positions")->data;
  positions[3] = NAN;
  check_refused("MKVA", prediction);
  float *plddt = pleat_arrays_find(prediction, "confidence/plddt")->data;
  plddt[1] = NAN;
  snprintf(path, sizeof path, "%s/refused", folder);
  CHECK_INT(pleat_write_scores(path, prediction, &err), PLEAT_INPUT);
  pleat_arrays_remove(prediction, "confidence/plddt");
  positions[3] = 0;
  check_refused("MKVA", prediction);
  CHECK_INT(pleat_write_scores(path, prediction, &err), PLEAT_INPUT);
  CHECK(!pleat_path_exists(path));
  pleat_arrays_destroy(prediction);

  /* More chains than a PDB file can name: only mmCIF. */
  prediction = make_prediction(63, false);
  for (int i = 0; i < 63; i++) {
    sequence[2 * i] = 'G';
    sequence[2 * i + 1] = i < 62 ? ':' : '\0';
  }
  CHECK_INT(pleat_write_pdb(path, sequence, prediction, &info, &err), PLEAT_INPUT);
  CHECK(!pleat_path_exists(path));
  CHECK_OK(pleat_write_mmcif(path, sequence, prediction, &info, &err), &err);
  unlink(path);
  snprintf(path, sizeof path, "%s/none/x.cif", folder);
  CHECK_INT(pleat_write_mmcif(path, sequence, prediction, &info, &err), PLEAT_IO);
  pleat_arrays_destroy(prediction);
}

static void check_a3m(const char *sequence, const char *opt_a3m, const char *want) {
  char path[512];
  pleat_error err = {0};
  const pleat_target target = {
      .name = "x", .sequence = sequence, .opt_a3m = opt_a3m, .n_a3m = opt_a3m ? strlen(opt_a3m) : 0, .source = "x"};
  snprintf(path, sizeof path, "%s/x.a3m", folder);
  CHECK_OK(pleat_write_a3m(path, &target, &err), &err);
  char *text = read_back(path);
  CHECK_STR(text, want);
  free(text);
  /* The same from a file that is read only now. */
  if (opt_a3m) {
    char source[512];
    snprintf(source, sizeof source, "%s/source.a3m", folder);
    CHECK_OK(pleat_file_write(source, opt_a3m, strlen(opt_a3m), &err), &err);
    const pleat_target late = {.name = "x", .sequence = sequence, .opt_a3m_path = source, .source = "x"};
    CHECK_OK(pleat_write_a3m(path, &late, &err), &err);
    text = read_back(path);
    CHECK_STR(text, want);
    free(text);
    unlink(source);
  }
  unlink(path);
}

/* As ColabFold serialises them (msa_to_str). */
static void test_a3m(void) {
  check_a3m("MKVL", NULL, "#4\t1\n>101\nMKVL\n");
  check_a3m("MKV:AC:MKV", NULL, "#3,2\t2,1\n>101\nMKV--\n>102\n---AC\n");
  check_a3m("MKVL", ">q x\r\nMK\r\nVL\r\n\n# note\n>r\nM-aVL", "#4\t1\n>q x\nMKVL\n>r\nM-aVL\n");
  check_a3m("MKV:AC", "#3,2\t1,1\n>101\t102\nMKV\nAC\n>101\nMKV--\n", "#3,2\t1,1\n>101\t102\nMKVAC\n>101\nMKV--\n");
  pleat_error err;
  const pleat_target target = {.name = "x", .sequence = "MK", .opt_a3m_path = "/nonexistent/x.a3m", .source = "x"};
  CHECK_INT(pleat_write_a3m("/nonexistent/y.a3m", &target, &err), PLEAT_IO);
}

/* Aligned errors of 3,000 residues, 54 MB of text, take next to no memory beside the matrix. */
static void test_memory(void) {
  enum { N_RES = 3000, MAX_BYTES = 4 << 20 };
  char path[512];
  pleat_error err;
  pleat_arrays *prediction = make_prediction(N_RES, true);
  snprintf(path, sizeof path, "%s/x.json", folder);
  uint64_t before = pleat_os_resident_peak();
  CHECK_OK(pleat_write_pae(path, prediction, &err), &err);
  unlink(path);
  CHECK_OK(pleat_write_scores(path, prediction, &err), &err);
  unlink(path);
  if (!check_is_watched()) CHECK(pleat_os_resident_peak() - before < MAX_BYTES);
  pleat_arrays_destroy(prediction);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_memory();
  test_contents();
  test_summary();
  test_refused();
  test_a3m();
  rmdir(folder);
  return check_report();
}
