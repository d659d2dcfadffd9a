/* PDB writer: a small file, remarks, and what the columns cannot hold.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pdb_write.h"

#include "check.h"
#include "golden_files.h"

static void test_small(void) {
  pleat_structure s = golden_small();
  pleat_buf buf = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_pdb_write(&s, NULL, 0, &buf, &err), &err);
  char *want = reference_text("tests/data/bio/small.pdb", NULL);
  if (want) CHECK_STR(buf.data, want);
  free(want);
  CHECK_INT(buf.n % 81, 0);
  pleat_buf_fini(&buf);
}

static void test_remarks(void) {
  const char *remarks[] = {
      "THE WEIGHTS ARE SYNTHETIC: THIS IS NO PREDICTION", "two\nlines \xc3\xa4 \t",
      "a remark that is longer than one line of the format can hold, so that it goes on in the next line of the file",
      "0123456789012345678901234567890123456789012345678901234567890123456789ABC", ""};
  const char *want[] = {"THE WEIGHTS ARE SYNTHETIC: THIS IS NO PREDICTION",
                        "two",
                        "lines ?? ?",
                        "a remark that is longer than one line of the format can hold, so that",
                        "it goes on in the next line of the file",
                        "012345678901234567890123456789012345678901234567890123456789012345678",
                        "9ABC",
                        "",
                        NULL};
  pleat_structure s = golden_small();
  pleat_buf buf = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_pdb_write(&s, remarks, 5, &buf, &err), &err);
  char line[96];
  const char *p = buf.data;
  for (int k = 0; p && want[k]; k++, p += 81) {
    snprintf(line, sizeof line, "REMARK   1 %-69s\n", want[k]);
    CHECK_INT(strlen(line), 81);
    CHECK(strncmp(p, line, 81) == 0);
  }
  CHECK(p && strncmp(p, "MODEL     1 ", 12) == 0);
  pleat_buf_fini(&buf);
}

static void check_refused(const pleat_structure *s, pleat_status want, const char *message) {
  pleat_buf buf = {0};
  pleat_error err = {0};
  pleat_buf_puts(&buf, "kept");
  CHECK_INT(pleat_pdb_write(s, NULL, 0, &buf, &err), want);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
  CHECK_STR(buf.data, "kept");
  pleat_buf_fini(&buf);
}

static void test_refusals(void) {
  pleat_structure s = golden_small();
  float *xyz = (float *)s.atom_positions + (1 * 37 + 1) * 3, *b = (float *)s.b_factors + 1 * 37 + 1;
  static const float bad_xyz[] = {-999.9996f, 9999.9996f, 1e30f};
  for (int k = 0; k < 3; k++) {
    xyz[2] = bad_xyz[k];
    check_refused(&s, PLEAT_UNSUPPORTED, "a coordinate of residue SER A 2 ");
  }
  xyz[2] = NAN;
  check_refused(&s, PLEAT_INVALID, "atom CA of residue SER 2 ");
  xyz[2] = 0;
  *b = 1000;
  check_refused(&s, PLEAT_UNSUPPORTED, "a B factor of residue SER A 2 ");
  *b = INFINITY;
  check_refused(&s, PLEAT_INVALID, "atom CA of residue SER 2 ");
  *b = 0;
  int32_t numbers[5] = {1, 2, 1, 10000, 7}, chains[5] = {0, 0, 1, 1, 62};
  const int32_t *kept = s.residue_index;
  s.residue_index = numbers;
  check_refused(&s, PLEAT_UNSUPPORTED, "the number of residue SER B 10000 ");
  s.residue_index = kept;
  s.chain_index = chains;
  check_refused(&s, PLEAT_UNSUPPORTED, "residue 5 is in chain 63");
  chains[4] = 0;
  check_refused(&s, PLEAT_INVALID, "residue 5 has chain index 0 after 1");
  chains[4] = 2;
  uint8_t aatype[5] = {0, 15, 0, 15, 21};
  s.aatype = aatype;
  check_refused(&s, PLEAT_INVALID, "residue 5 has restype 21");
  s.n_res = 0;
  check_refused(&s, PLEAT_INVALID, "0 residues");
}

/* 20,001 residues of five atoms pass the last serial number. */
static void test_serial(void) {
  enum { N = 20001 };
  pleat_structure small = golden_small(), s = {.n_res = N};
  uint8_t *aatype = calloc(N, 1);
  float *xyz = calloc(N, 37 * 3 * sizeof(float)), *mask = calloc(N, 37 * sizeof(float));
  int32_t *numbers = calloc(N, sizeof(int32_t)), *chains = calloc(N, sizeof(int32_t));
  if (CHECK(aatype && xyz && mask && numbers && chains)) {
    for (int i = 0; i < N; i++) {
      memcpy(mask + (size_t)i * 37, small.atom_mask, 5 * sizeof(float));
      numbers[i] = i % 5000;
      chains[i] = i / 5000;
    }
    s = (pleat_structure){N, aatype, xyz, mask, numbers, chains, mask};
    check_refused(&s, PLEAT_UNSUPPORTED, "serial number of residue ALA D 4999 ");
    s.n_res = 15000;
    pleat_buf buf = {0};
    pleat_error err = {0};
    CHECK_OK(pleat_pdb_write(&s, NULL, 0, &buf, &err), &err);
    CHECK_INT(buf.n, 81 * (15000 * 5 + 3 + 3));
    pleat_buf_fini(&buf);
  }
  free(chains);
  free(numbers);
  free(mask);
  free(xyz);
  free(aatype);
}

int main(void) {
  test_small();
  test_remarks();
  test_refusals();
  test_serial();
  return check_report();
}
