/* Readers of structures: what pleat writes comes back; alternative locations, models, other molecules, CIF syntax; and
 * the place and message of everything that is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "bad_input.h"
#include "check.h"
#include "golden_files.h"
#include "io/mmcif_read.h"
#include "io/mmcif_write.h"
#include "io/pdb_read.h"
#include "io/pdb_write.h"

typedef pleat_status read_fn(const char *text, size_t n, const char *path, pleat_atom_residues *out, pleat_error *err);

static pleat_atom_residues read_text(read_fn *reader, const char *text) {
  pleat_atom_residues residues;
  pleat_error err = {0};
  CHECK_OK(reader(text, strlen(text), "in", &residues, &err), &err);
  return residues;
}

/* Coordinates are written with three decimals. */
static void check_is(const pleat_atom_residues *got, const pleat_structure *want) {
  if (!CHECK_INT(got->n, want->n_res)) return;
  for (int64_t i = 0; i < want->n_res; i++) {
    CHECK_INT(got->items[i].aatype, want->aatype[i]);
    for (int a = 0; a < 37; a++) {
      CHECK_INT(got->items[i].has_atom[a], want->atom_mask[i * 37 + a] >= 0.5f);
      for (int d = 0; d < 3; d++)
        CHECK_NEAR(got->items[i].positions[a][d],
                   got->items[i].has_atom[a] ? want->atom_positions[(i * 37 + a) * 3 + d] : 0, 0.000501);
    }
  }
}

static void test_written(void) {
  pleat_structure s = golden_small();
  const pleat_mmcif_info info = {
      .entry_id = "x", .title = "'t' # \"u\"", .model_name = "m", .software_version = "0", .ptm = NAN, .iptm = NAN};
  pleat_buf pdb = {0}, cif = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_pdb_write(&s, NULL, 0, &pdb, &err), &err);
  CHECK_OK(pleat_mmcif_write(&s, &info, &cif, &err), &err);
  CHECK(pleat_mmcif_is(cif.data, cif.n) && !pleat_mmcif_is(pdb.data, pdb.n));
  pleat_atom_residues from_pdb = read_text(pleat_pdb_read, pdb.data), from_cif = read_text(pleat_mmcif_read, cif.data);
  check_is(&from_pdb, &s);
  check_is(&from_cif, &s);
  if (from_pdb.n == 5 && from_cif.n == 5) {
    CHECK_STR(from_pdb.items[4].label, "UNK 7 of chain 'C'");
    CHECK_STR(from_cif.items[4].label, "UNK 1 of chain 'C'"); /* label_seq_id */
    CHECK_INT(from_pdb.items[2].line, 14);
  }
  pleat_atom_residues_fini(&from_pdb);
  pleat_atom_residues_fini(&from_cif);
  pleat_buf_fini(&pdb);
  pleat_buf_fini(&cif);
}

static void check_x(const pleat_atom_residues *residues, uint32_t i, int atom, double x) {
  if (CHECK(i < residues->n) && CHECK(residues->items[i].has_atom[atom]))
    CHECK_NEAR(residues->items[i].positions[atom][0], x, 1e-6);
}

enum { SD = 18 }; /* in atom37 */

/* Lines that end behind the coordinates, CRLF, hydrogens, waters, alternatives, insertion codes, chains that are told
 * apart by TER alone, selenomethionine, and a second model. */
static void test_pdb(void) {
  pleat_atom_residues r = read_text(pleat_pdb_read,
                                    "HEADER    X\r\n"
                                    "MODEL        1\r\n"
                                    "ATOM      1  N   ALA A   1       1.500   2.000  -3.000\r\n"
                                    "ATOM      2  H   ALA A   1       9.000   2.000  -3.000\r\n"
                                    "ATOM      3  CA AALA A   1       2.000   0.000   0.000  0.40 10.00\r\n"
                                    "ATOM      4  CA BALA A   1       3.000   0.000   0.000  0.60 10.00\r\n"
                                    "ATOM      5  C  AALA A   1       4.000   0.000   0.000  0.50 10.00\r\n"
                                    "ATOM      6  C  BALA A   1       5.000   0.000   0.000  0.50 10.00\r\n"
                                    "ATOM      7  CA BSER A   1       6.000   0.000   0.000  0.90 10.00\r\n"
                                    "ATOM      8  CA  GLY A   1A      7.000   0.000   0.000\r\n"
                                    "HETATM    9 SE   MSE A   2       8.000   0.000   0.000\r\n"
                                    "HETATM   10  O   HOH A   3       8.500   0.000   0.000\r\n"
                                    "TER\r\n"
                                    "ATOM     11  CA  MET A   2       9.000   0.000   0.000\r\n"
                                    "ATOM     12  P    DA B   1       9.000   0.000   0.000\r\n"
                                    "ENDMDL\r\n"
                                    "MODEL        2\r\n"
                                    "ATOM      1  CA  TRP A   1       1.500   2.000  -3.000\r\n");
  if (CHECK_INT(r.n, 4)) {
    CHECK_INT(r.items[0].aatype, pleat_restype_from_letter('A'));
    CHECK_INT(r.items[1].aatype, PLEAT_RESTYPE_G);
    CHECK_INT(r.items[2].aatype, pleat_restype_from_letter('M'));
    CHECK_INT(r.items[3].aatype, pleat_restype_from_letter('M'));
    CHECK_STR(r.items[1].label, "GLY 1A of chain 'A'");
  }
  CHECK_STR(pleat_atom37_names[SD], "SD");
  check_x(&r, 0, PLEAT_ATOM_N, 1.5);
  check_x(&r, 0, PLEAT_ATOM_CA, 3);
  check_x(&r, 0, PLEAT_ATOM_C, 4);
  check_x(&r, 1, PLEAT_ATOM_CA, 7);
  check_x(&r, 2, SD, 8);
  check_x(&r, 3, PLEAT_ATOM_CA, 9);
  pleat_atom_residues_fini(&r);
}

/* Comments, text blocks, quotes, keywords in any case, author's columns in place of missing labels, a loop before, an
 * insertion code, a second model and a second block. */
static void test_cif(void) {
  pleat_atom_residues r =
      read_text(pleat_mmcif_read,
                "# a comment with loop_ _atom_site.id\nDATA_x\n_entry.id 'a b'' c'\n_text.of\n;\nloop_\n;\n"
                "loop_\n_other.a\n_other.b\n1 \"2 # 3\" \n.\n?\n"
                "LOOP_\n_atom_site.group_PDB\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"
                "_atom_site.auth_atom_id\n_atom_site.auth_comp_id\n_atom_site.label_seq_id\n_atom_site.auth_seq_id\n"
                "_atom_site.pdbx_PDB_ins_code\n_atom_site.pdbx_PDB_model_num\n_atom_site.occupancy\n"
                "ATOM 1.5 2 -3e0 \"N\" ALA 1 11 ? 1 ?\n"
                "ATOM 2 0 0 'CA' ALA 1 11 ? 1 0.4\nATOM 3 0\n0 CA ALA 1 11 ? 1 0.6 # joined\n"
                "ATOM 4 0 0 \"O5'\" DA . 1 ? 1 1\n"
                "ATOM 5 0 0 CA GLY . 12 ? 1 1\nATOM 6 0 0 CA GLY . 12 A 1 1\nATOM 7 0 0 CA GLY . 13 A 2 1\n"
                "HETATM 8 0 0 SE MSE 14 14 ? 1 1\n"
                "data_y\nloop_\n_atom_site.Cartn_x\n1\n");
  if (CHECK_INT(r.n, 4)) CHECK_INT(r.items[3].aatype, pleat_restype_from_letter('M'));
  check_x(&r, 0, PLEAT_ATOM_N, 1.5);
  check_x(&r, 0, PLEAT_ATOM_CA, 3);
  check_x(&r, 1, PLEAT_ATOM_CA, 5);
  check_x(&r, 2, PLEAT_ATOM_CA, 6);
  check_x(&r, 3, SD, 8);
  pleat_atom_residues_fini(&r);
}

static void check_number(const char *text, bool is_ok, double want) {
  float value = -7;
  bool got = pleat_span_number((pleat_text_span){text, strlen(text)}, &value);
  if (!CHECK_INT(got, is_ok) || !CHECK_NEAR(value, is_ok ? want : -7, 1e-6 * fabs(want)))
    fprintf(stderr, "  '%s'\n", text);
}

static void check_integer(const char *text, bool is_ok, int32_t want) {
  int32_t value = -7;
  bool got = pleat_span_int((pleat_text_span){text, strlen(text)}, &value);
  if (!CHECK_INT(got, is_ok) || !CHECK_INT(value, is_ok ? want : -7)) fprintf(stderr, "  '%s'\n", text);
}

static void test_integers(void) {
  check_integer("-12", true, -12);
  check_integer("+007", true, 7);
  check_integer("2147483647", true, INT32_MAX);
  check_integer("-2147483647", true, -INT32_MAX);
  static const char *const wrong[] = {"", "-", "1.0", "1x", " 1", "2147483648", "-2147483648", "99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) check_integer(wrong[i], false, 0);
}

static void test_numbers(void) {
  check_number("-0.125", true, -0.125);
  check_number("+12.", true, 12);
  check_number(".5", true, 0.5);
  check_number("1.25e2", true, 125);
  check_number("125E-2", true, 1.25);
  check_number("12345678901234567890", true, 12345678901234567890.0);
  check_number("0.12345678901234567890", true, 0.1234567890123456789);
  check_number("0.000000000000000000001234567", true, 1.234567e-21);
  check_number("1e-999999999999999999999", true, 0);
  check_number("0e99999", true, 0);
  check_number("3.4e38", true, 3.4e38);
  static const char *const bad[] = {"",    "-",   ".",   "1.2.3",  "1e",   "e5",     "1 2",  "0x10",
                                    "nan", "--1", "1,5", "3.5e38", "1e99", "1e9999", "1.5x", "inf"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) check_number(bad[i], false, 0);
}

static const bad_file bad_pdb[] = {
    {"empty", 0, 0, "no atom of a protein"},
    {"only_water", 0, 0, "no atom of a protein"},
    {"short_line", 2, 0, "ends at column 46: expected coordinates up to column 54"},
    {"no_number", 2, 39, "'1.2x' is no number: expected the atom's y coordinate"},
    {"blank_number", 1, 47, "'' is no number: expected the atom's z coordinate"},
    {"occupancy", 1, 55, "'one' is no number: expected the atom's occupancy"},
    {"nul", 2, 5, "NUL byte"},
};

static const bad_file bad_cif[] = {
    {"empty", 0, 0, "no atom of a protein"},
    {"no_loop", 0, 0, "no atom of a protein"},
    {"missing_column", 2, 0, "lacks the column _atom_site.Cartn_z"},
    {"no_number", 10, 0, "'?' is no number: expected the atom's y coordinate"},
    {"short_row", 10, 0, "ends within a row: expected 6 values, found 4"},
    {"open_quote", 2, 0, "a quoted value without end"},
    {"open_block", 3, 1, "a text block without end"},
    {"nul", 2, 0, "NUL byte"},
};

static pleat_status parse_pdb(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_atom_residues residues;
  pleat_status status = pleat_pdb_read(text, n, path, &residues, err);
  CHECK(residues.n == 0 && !residues.items);
  return status;
}

static pleat_status parse_cif(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_atom_residues residues;
  pleat_status status = pleat_mmcif_read(text, n, path, &residues, err);
  CHECK(residues.n == 0 && !residues.items);
  return status;
}

/* One residue more than pleat reads. */
static void test_too_long(void) {
  enum { N = 1 << 16, WIDTH = 55 };
  char *text = malloc((size_t)(N + 1) * WIDTH + 1);
  if (!CHECK(text != NULL)) return;
  for (int i = 0; i <= N; i++)
    snprintf(text + (size_t)i * WIDTH, WIDTH + 1, "ATOM      1  CA  ALA A%4d%c      0.000   0.000   0.000\n", i / 26,
             'A' + i % 26);
  pleat_atom_residues residues;
  pleat_error err = {0};
  CHECK_OK(pleat_pdb_read(text, (size_t)N * WIDTH, "in", &residues, &err), &err);
  CHECK_INT(residues.n, N);
  pleat_atom_residues_fini(&residues);
  CHECK_INT(pleat_pdb_read(text, (size_t)(N + 1) * WIDTH, "in", &residues, &err), PLEAT_INPUT);
  CHECK_INT(err.line, N + 1);
  CHECK(strstr(err.message, "more than 65536 residues") != NULL);
  free(text);
}

int main(void) {
  test_written();
  test_pdb();
  test_cif();
  test_numbers();
  test_integers();
  test_too_long();
  check_bad_files("pdb", bad_pdb, sizeof bad_pdb / sizeof *bad_pdb, parse_pdb);
  check_bad_files("cif", bad_cif, sizeof bad_cif / sizeof *bad_cif, parse_cif);
  return check_report();
}
