/* mmCIF writer: a small file byte for byte, quoting, chain names, refusals.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_write.h"

#include "check.h"
#include "golden_files.h"

static pleat_mmcif_info make_info(void) {
  static const char *const remarks[] = {"THE WEIGHTS ARE SYNTHETIC: THIS IS NO PREDICTION",
                                        "; second \"line\" \xc3\xa4"};
  return (pleat_mmcif_info){.entry_id = "small dimer/1",
                            .title = "A 'small' structure",
                            .model_name = "model_1_multimer_v3, seed 0",
                            .software_version = "0.1.0",
                            .remarks = remarks,
                            .n_remarks = 2,
                            .has_msa = true,
                            .ptm = 0.51239,
                            .iptm = 0.25};
}

static void test_small(void) {
  pleat_structure s = golden_small();
  pleat_mmcif_info info = make_info();
  pleat_buf buf = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_mmcif_write(&s, &info, &buf, &err), &err);
  char *want = reference_text("tests/data/bio/small.cif", NULL);
  if (want) CHECK_STR(buf.data, want);
  free(want);
  pleat_buf_fini(&buf);
}

static bool has(const char *text, const char *line) {
  bool is_there = text && strstr(text, line);
  if (!is_there) fprintf(stderr, "no line \"%s\"\n", line);
  return is_there;
}

static void check_title(const char *title, const char *want) {
  pleat_structure s = golden_small();
  pleat_mmcif_info info = {.ptm = NAN, .iptm = NAN, .title = title};
  pleat_buf buf = {0};
  pleat_error err = {0};
  char line[256];
  CHECK_OK(pleat_mmcif_write(&s, &info, &buf, &err), &err);
  snprintf(line, sizeof line, "\n%-45s %s\n_struct.pdbx_structure", "_struct.title", want);
  CHECK(has(buf.data, line));
  CHECK(has(buf.data, "data_model\n"));
  CHECK(buf.data && !strstr(buf.data, "pTM"));
  pleat_buf_fini(&buf);
}

static void test_quoting(void) {
  check_title("plain", "plain");
  check_title("two words", "\"two words\"");
  check_title("it's", "it's");
  check_title("'quoted'", "\"'quoted'\"");
  check_title("#1", "\"#1\"");
  check_title("data_x", "\"data_x\"");
  check_title("Loop_", "\"Loop_\"");
  check_title("small_loop_", "small_loop_");
  check_title("?", "\"?\"");
  check_title("", "?");
  check_title(NULL, "?");
  check_title("a \"b\" 'c'", "\n;a \"b\" 'c'\n;");
  check_title("a\n;b", "\n;a\n ;b\n;");
  check_title("beta \xce\xb2\tx", "\"beta ???x\"");
}

static void test_chains(void) {
  pleat_structure s = golden_small();
  pleat_mmcif_info info = {.entry_id = "x", .ptm = NAN, .iptm = NAN};
  static const int32_t chains[5] = {25, 26, 27, 701, 702};
  s.chain_index = chains;
  pleat_buf buf = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_mmcif_write(&s, &info, &buf, &err), &err);
  CHECK(has(buf.data, "\nZ 1 .\nAA 2 .\nBA 1 .\nZZ 2 .\nAAA 3 .\n#\n"));
  CHECK(has(buf.data, "\n1 polypeptide(L) no no Z,BA\n;A\n;\n;A\n;\n2 polypeptide(L) no no AA,ZZ\n;S\n"));
  pleat_buf_fini(&buf);
}

/* Nothing that a PDB column would limit stops this format. */
static void test_wide(void) {
  pleat_structure s = golden_small();
  pleat_mmcif_info info = {.entry_id = "x", .ptm = NAN, .iptm = NAN};
  static const int32_t numbers[5] = {-5000, 2, 123456, 123457, 7};
  s.residue_index = numbers;
  ((float *)s.atom_positions)[0] = -123456.5f;
  pleat_buf buf = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_mmcif_write(&s, &info, &buf, &err), &err);
  CHECK(has(buf.data, "\nATOM 1 N N . ALA A 1 1 ? -123456.500 -10.062 -20.125 1.00 90.12 -5000 ALA A N 1\n"));
  pleat_buf_clear(&buf);
  ((float *)s.atom_positions)[1] = NAN;
  pleat_buf_puts(&buf, "kept");
  CHECK_INT(pleat_mmcif_write(&s, &info, &buf, &err), PLEAT_INVALID);
  ((float *)s.atom_positions)[1] = 0;
  info.iptm = 1.5;
  CHECK_INT(pleat_mmcif_write(&s, &info, &buf, &err), PLEAT_INVALID);
  CHECK(strstr(err.message, "ipTM") != NULL);
  CHECK_STR(buf.data, "kept");
  pleat_buf_fini(&buf);
}

int main(void) {
  test_small();
  test_quoting();
  test_chains();
  test_wide();
  return check_report();
}
