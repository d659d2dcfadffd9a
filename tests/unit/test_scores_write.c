/* Confidence files: small texts, roundings, refusals, and numbers of the writers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/scores_write.h"

#include <locale.h>

#include "check.h"
#include "folder.h"
#include "io/writer.h"

static void check_shortest(double value, const char *want) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_shortest(value, text);
  CHECK_STR(text, want);
  CHECK_INT(n, strlen(want));
}

static void check_fixed(double value, int n_decimals, const char *want, const char *want_trimmed) {
  char text[PLEAT_WRITER_NUMBER];
  CHECK_INT(pleat_writer_fixed(value, n_decimals, text), strlen(want));
  CHECK_STR(text, want);
  if (!want_trimmed) return;
  CHECK_INT(pleat_writer_trimmed(value, n_decimals, text), strlen(want_trimmed));
  CHECK_STR(text, want_trimmed);
}

static void test_numbers(void) {
  check_shortest(0, "0.0");
  check_shortest(-0.0, "-0.0");
  check_shortest(1, "1.0");
  check_shortest(100, "100.0");
  check_shortest(31.75, "31.75");
  check_shortest(31.37257957458496, "31.37257957458496");
  check_shortest(0.1, "0.1");
  check_shortest(0.1 + 0.2, "0.30000000000000004");
  check_shortest(-0.001, "-0.001");
  check_shortest(0.0001, "0.0001");
  check_shortest(0.00001, "1e-05");
  check_shortest(1.25e-7, "1.25e-07");
  check_shortest(123456789012345.0, "123456789012345.0");
  check_shortest(9999999999999998.0, "9999999999999998.0");
  check_shortest(1e16, "1e+16");
  check_shortest(1.7976931348623157e308, "1.7976931348623157e+308");
  check_shortest(5e-324, "5e-324");
  check_fixed(2.675, 2, "2.67", "2.67");
  check_fixed(0.125, 2, "0.12", "0.12");
  check_fixed(0.375, 2, "0.38", "0.38");
  check_fixed(50, 2, "50.00", "50.0");
  check_fixed(99.9951, 2, "100.00", "100.0");
  check_fixed(-0.0004, 3, "-0.000", "-0.0");
  check_fixed(7.5, 0, "8", NULL);
  check_fixed(1e22, 1, "10000000000000000000000.0", NULL);
  CHECK_NEAR(pleat_writer_around(0.005, 2), 0, 0);    /* numpy: 0.5 to even */
  CHECK_NEAR(pleat_writer_around(2.675, 2), 2.68, 0); /* 267.5 to even, though 2.675 is below the tie */
}

/* Where the machine has a locale with a decimal comma. */
static void test_locale(void) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (!setlocale(LC_NUMERIC, names[k])) continue;
    test_numbers();
    break;
  }
  setlocale(LC_NUMERIC, "C");
}

static const double plddt[3] = {49.999999, 2.675, 100};
static const float pae[9] = {0.25f, 0.125f, 0.375f, 31.75f, 0, 10.5f, 1.005f, 0.05f, 9.99f};

static void test_texts(void) {
  pleat_scores scores = {.n_res = 3, .plddt = plddt, .opt_pae = pae, .ptm = 0.125, .iptm = 0.5};
  pleat_buf buf = {0};
  pleat_error err = {0};
  const char *want =
      "{\"plddt\":[50.0,2.68,100.0],\"max_pae\":31.75,\"pae\":[[0.25,0.12,0.38],[31.75,0.0,10.5],"
      "[1.0,0.05,9.99]],\"ptm\":0.12,\"iptm\":0.5}";
  CHECK_OK(pleat_scores_write(&scores, NULL, &buf, &err), &err);
  CHECK_STR(buf.data, want);
  pleat_buf_clear(&buf);
  scores = (pleat_scores){.n_res = 3, .plddt = plddt, .ptm = NAN, .iptm = NAN};
  CHECK_OK(pleat_scores_write(&scores, NULL, &buf, &err), &err);
  CHECK_STR(buf.data, "{\"plddt\":[50.0,2.68,100.0]}");
  pleat_buf_clear(&buf);
  static const double per_chain[3] = {0.12345, 0.5, 1}, iptm[9] = {0, 0.1235, 0.2, 0.1235, 0, 0.0004, 0.2, 0.0004, 0};
  static const double actifptm[9] = {0, 0.75, 0.5, 0.75, 0, 0.25, 0.5, 0.25, 0};
  const pleat_scores_chains chains = {3, per_chain, iptm, actifptm, 0.875};
  scores.opt_chains = &chains;
  scores.ptm = 0.5;
  CHECK_OK(pleat_scores_write(&scores, NULL, &buf, &err), &err);
  CHECK_STR(buf.data,
            "{\"plddt\":[50.0,2.68,100.0],\"pairwise_actifptm\":{\"A-B\":0.75,\"A-C\":0.5,\"B-C\":0.25},"
            "\"pairwise_iptm\":{\"A-B\":0.123,\"A-C\":0.2,\"B-C\":0.0},"
            "\"per_chain_ptm\":{\"A\":0.123,\"B\":0.5,\"C\":1.0},\"actifptm\":0.875,\"ptm\":0.5}");
  pleat_buf_clear(&buf);
  const pleat_scores_chains alone = {1, per_chain, iptm, actifptm, 0};
  scores.opt_chains = &alone;
  CHECK_OK(pleat_scores_write(&scores, NULL, &buf, &err), &err);
  CHECK(strstr(buf.data,
               "\"pairwise_actifptm\":{},\"pairwise_iptm\":{},\"per_chain_ptm\":{\"A\":0.123},\"actifptm\":0.0,"));
  pleat_buf_clear(&buf);
  CHECK_OK(pleat_scores_write_confidence(3, plddt, NULL, &buf, &err), &err);
  CHECK_STR(buf.data,
            "{\"residueNumber\":[1,2,3],\"confidenceScore\":[50.0,2.67,100.0],"
            "\"confidenceCategory\":[\"D\",\"D\",\"H\"]}");
  pleat_buf_clear(&buf);
  CHECK_OK(pleat_scores_write_pae(3, pae, 31.75, NULL, &buf, &err), &err);
  CHECK_STR(buf.data,
            "[{\"predicted_aligned_error\":[[0.2,0.1,0.4],[31.8,0.0,10.5],[1.0,0.1,10.0]],"
            "\"max_predicted_aligned_error\":31.75}]");
  pleat_buf_clear(&buf);
  CHECK_OK(pleat_scores_write_pae_v1(3, pae, NULL, &buf, &err), &err);
  CHECK_STR(buf.data,
            "{\"predicted_aligned_error\": [[0.25, 0.12, 0.38], [31.75, 0.0, 10.5], [1.0, 0.05, 9.99]], "
            "\"max_predicted_aligned_error\": 31.75}");
  pleat_buf_fini(&buf);
}

static void test_refusals(void) {
  static const double bad_plddt[] = {NAN, -1, 100.5, INFINITY};
  static const float bad_pae[] = {NAN, -0.5f, INFINITY};
  pleat_buf buf = {0};
  pleat_error err = {0};
  pleat_buf_puts(&buf, "kept");
  for (int k = 0; k < 4; k++) {
    double values[3] = {1, bad_plddt[k], 3};
    pleat_scores scores = {.n_res = 3, .plddt = values, .ptm = NAN, .iptm = NAN};
    CHECK_INT(pleat_scores_write(&scores, NULL, &buf, &err), PLEAT_INVALID);
    CHECK(strstr(err.message, "residue 2"));
    CHECK_INT(pleat_scores_write_confidence(3, values, NULL, &buf, &err), PLEAT_INVALID);
  }
  for (int k = 0; k < 3; k++) {
    float values[9] = {0};
    values[5] = bad_pae[k];
    pleat_scores scores = {.n_res = 3, .plddt = plddt, .opt_pae = values, .ptm = NAN, .iptm = NAN};
    CHECK_INT(pleat_scores_write(&scores, NULL, &buf, &err), PLEAT_INVALID);
    CHECK_INT(pleat_scores_write_pae(3, values, 31.75, NULL, &buf, &err), PLEAT_INVALID);
    CHECK_INT(pleat_scores_write_pae_v1(3, values, NULL, &buf, &err), PLEAT_INVALID);
    CHECK(strstr(err.message, "residues 2 and 3"));
  }
  CHECK_INT(pleat_scores_write_pae(3, pae, NAN, NULL, &buf, &err), PLEAT_INVALID);
  pleat_scores scores = {.n_res = 3, .plddt = plddt, .opt_pae = pae, .ptm = 1.5, .iptm = NAN};
  CHECK_INT(pleat_scores_write(&scores, NULL, &buf, &err), PLEAT_INVALID);
  CHECK(strstr(err.message, "pTM"));
  CHECK_STR(buf.data, "kept");
  pleat_buf_fini(&buf);
}

static char *read_file(const char *path, size_t *out_n) {
  char *text = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_file_read(path, (size_t)1 << 30, &text, out_n, &err), &err);
  unlink(path);
  return text;
}

/* A file gets the bytes that a buffer would, and 3,000 residues (54 MB of text) pass through a small one. */
static void test_files(const char *folder) {
  enum { N_SMALL = 150, N_LARGE = 3000, MAX_BUFFER = 256 * 1024 };
  char path[512];
  pleat_error err = {0};
  snprintf(path, sizeof path, "%s/x.json", folder);
  float *matrix = malloc((size_t)N_LARGE * N_LARGE * sizeof *matrix);
  double *values = malloc(N_LARGE * sizeof *values);
  for (int64_t k = 0; k < (int64_t)N_LARGE * N_LARGE; k++) matrix[k] = (float)(k * 7919 % 3175) / 100;
  for (int64_t i = 0; i < N_LARGE; i++) values[i] = (double)(i % 101);
  for (int kind = 0; kind < 6; kind++) {
    int64_t n_res = kind < 3 ? N_SMALL : N_LARGE;
    const pleat_scores scores = {.n_res = n_res, .plddt = values, .opt_pae = matrix, .ptm = 0.5, .iptm = NAN};
    pleat_buf whole = {0}, buf = {0};
    pleat_out_file *file = NULL;
    size_t n = 0;
    if (!CHECK_OK(pleat_out_file_open(path, &file, &err), &err)) break;
    pleat_out_file *files[] = {NULL, file};
    for (int k = n_res == N_SMALL ? 0 : 1; k < 2; k++) {
      pleat_buf *to = k ? &buf : &whole;
      pleat_status status = kind % 3 == 0   ? pleat_scores_write(&scores, files[k], to, &err)
                            : kind % 3 == 1 ? pleat_scores_write_pae_v1(n_res, matrix, files[k], to, &err)
                                            : pleat_scores_write_pae(n_res, matrix, 31.75, files[k], to, &err);
      CHECK_OK(status, &err);
    }
    CHECK_INT(buf.n, 0);
    CHECK(buf.capacity <= MAX_BUFFER);
    CHECK_OK(pleat_out_file_close(file, true, &err), &err);
    char *text = read_file(path, &n);
    if (n_res == N_SMALL) {
      CHECK_STR(text, whole.data);
      CHECK(n > 65536); /* so that it has left in pieces */
    } else {
      CHECK(text && n > 40000000 && text[n - 1] == (kind % 3 == 2 ? ']' : '}'));
    }
    free(text);
    pleat_buf_fini(&buf);
    pleat_buf_fini(&whole);
  }
  free(values);
  free(matrix);
}

int main(void) {
  char folder[256];
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_files(folder);
  rmdir(folder);
  test_numbers();
  test_locale();
  test_texts();
  test_refusals();
  return check_report();
}
