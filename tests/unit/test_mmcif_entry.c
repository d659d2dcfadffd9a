/* Entries of mmCIF: alternatives, microheterogeneity, models, chains that share a name, and the place and message of
 * everything that is refused. What is accepted and refused here was compared with Biopython 1.80.
 *   test_mmcif_entry --bench FILE...     prints how fast entries are read
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "bio/residue.h"
#include "check.h"
#include "io/mmcif_entry.h"
#include "io/text_file.h"
#include "mmcif_small.h"

enum { CA = PLEAT_ATOM_CA, CD = 11, SD = 18, NH1 = 29, NH2 = 30 };

static pleat_mmcif_entry read_with(const char *from, const char *to) {
  pleat_mmcif_entry entry;
  pleat_error err = {0};
  char *text = mmcif_small_with(from, to);
  if (!CHECK_OK(pleat_mmcif_read_entry(text, strlen(text), "in", &entry, &err), &err)) fprintf(stderr, "  %s\n", to);
  free(text);
  return entry;
}

static bool is_there(const pleat_mmcif_entry *entry, size_t chain, int64_t residue) {
  return CHECK(chain < entry->n_chains) && CHECK(residue < entry->chains[chain].n_res);
}

static void check_x(const pleat_mmcif_entry *entry, int64_t residue, int atom, float x) {
  if (!is_there(entry, 0, residue)) return;
  CHECK(entry->chains[0].mask[residue * 37 + atom] == 1);
  CHECK_NEAR(entry->chains[0].positions[(residue * 37 + atom) * 3], x, 0);
}

static void test_small(void) {
  pleat_mmcif_entry e = read_with("data_1ABC", "data_1ABC");
  if (is_there(&e, 0, 3)) {
    const pleat_mmcif_chain *c = &e.chains[0];
    CHECK_STR(e.id, "1abc");
    CHECK_STR(e.method, "x-ray diffraction");
    CHECK_STR(e.release_date, "2001-02-03");
    CHECK_NEAR(e.resolution, 1.85, 0);
    CHECK_INT(e.n_chains, 2);
    CHECK_STR(c->author_id, "X");
    CHECK_STR(c->sequence, "ASRM");
    CHECK(c->auth_num[0] == -5 && c->auth_num[1] == -4 && c->auth_num[2] == INT32_MIN);
    CHECK(!c->is_missing[1] && c->is_missing[2] && c->is_missing[3] && c->insertion[0] == ' ');
    check_x(&e, 0, CA, 4); /* not that of the second model */
    check_x(&e, 1, CA, 7);
  }
  pleat_mmcif_entry_fini(&e);
}

/* Text of one atom that is exchanged, and where x of which atom then is. */
static void check_atom(const char *to, int64_t residue, int atom, float x) {
  pleat_mmcif_entry e = read_with("ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 -4 X 1\n", to);
  check_x(&e, residue, atom, x);
  pleat_mmcif_entry_fini(&e);
}

static void test_atoms(void) {
  /* The highest occupancy, the first of equals; but an alternative before an atom that is none. */
  check_atom("ATOM 3 CA A SER A 2 ? 7 0 0 0.3 10 -4 X 1\nATOM 3 CA B SER A 2 ? 8 0 0 0.7 10 -4 X 1\n", 1, CA, 8);
  check_atom("ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 -4 X 1\nATOM 3 CA B SER A 2 ? 8 0 0 0.5 10 -4 X 1\n", 1, CA, 7);
  check_atom("ATOM 3 CA . SER A 2 ? 7 0 0 0.5 10 -4 X 1\nATOM 3 CA B SER A 2 ? 8 0 0 0.5 10 -4 X 1\n", 1, CA, 8);
  check_atom("ATOM 3 CA . SER A 2 ? 7 0 0 0.6 10 -4 X 1\nATOM 3 CA B SER A 2 ? 8 0 0 0.5 10 -4 X 1\n", 1, CA, 7);
  /* Of several monomers at a place, the last. */
  check_atom("ATOM 3 CA A SER A 2 ? 7 0 0 0.9 10 -4 X 1\nATOM 3 CA B ALA A 2 ? 8 0 0 0.1 10 -4 X 1\n", 1, CA, 8);
  check_atom("HETATM 3 SE . MSE A 4 A 7 0 0 1 10 -4 X 1\n", 3, SD, 7);
  check_atom(
      "ATOM 3 CD . ARG A 3 ? 7 0 0 1 10 2 X 1\nATOM 3 NH1 . ARG A 3 ? 10 0 0 1 10 2 X 1\n"
      "ATOM 3 NH2 . ARG A 3 ? 8 0 0 1 10 2 X 1\n",
      2, NH1, 8);
  check_atom(
      "ATOM 3 CD . ARG A 3 ? 7 0 0 1 10 2 X 1\nATOM 3 NH1 . ARG A 3 ? 8 0 0 1 10 2 X 1\n"
      "ATOM 3 NH2 . ARG A 3 ? 10 0 0 1 10 2 X 1\n",
      2, NH2, 10);
  /* A residue that is interrupted goes on. */
  check_atom("ATOM 3 CA . SER A 2 ? 7 0 0 1 10 -4 X 1\nATOM 3 C . ALA A 1 ? 8 0 0 1 10 -5 X 1\n", 0, PLEAT_ATOM_C, 8);
}

static void check_header(const char *from, const char *to, const char *date, const char *method, double resolution) {
  pleat_mmcif_entry e = read_with(from, to);
  CHECK_STR(e.release_date, date);
  CHECK_STR(e.method, method);
  CHECK_NEAR(e.resolution, resolution, 0);
  pleat_mmcif_entry_fini(&e);
}

static void test_header(void) {
  const char *x_ray = "x-ray diffraction", *date = "2001-02-03";
  check_header("1.85\n", "1.85\n_reflns.d_resolution_high 3\n", date, x_ray, 1.85);
  check_header("1.85\n", "?\n_reflns.d_resolution_high 3\n_em_3d_reconstruction.resolution 2.5\n", date, x_ray, 2.5);
  check_header("1.85\n", "?\n", date, x_ray, 0);
  check_header("_exptl.method 'X-RAY DIFFRACTION'", "loop_\n_exptl.method\n'A B'\nC\n", date, "a b,c", 1.85);
  check_header("_exptl.method 'X-RAY DIFFRACTION'", "_exptl.method\n;EPR\n;\n", date, "epr", 1.85);
  check_header("_pdbx_audit_revision_history.revision_date 2001-02-03",
               "loop_\n_pdbx_audit_revision_history.revision_date\n2010-01-01\n1999-12-31\n2000-01-01\n", "1999-12-31",
               x_ray, 1.85);
  check_header("_pdbx_audit_revision_history.revision_date 2001-02-03", "_other.date 2001-02-03", "", x_ray, 1.85);
}

#define ARG_OF_B "ATOM 6 CA . ARG B 3 ? 6 0 0 1 10 3 Y 1\n"

/* Two chains with one author's name are one chain, with residues of both; the last name of a chain counts. */
static void test_shared_name(void) {
  pleat_mmcif_entry e = read_with(ARG_OF_B, "ATOM 6 CA . ARG B 3 ? 6 0 0 1 10 3 X 1\n");
  CHECK_INT(e.n_chains, 1);
  check_x(&e, 0, CA, 4);
  check_x(&e, 2, CA, 6);
  pleat_mmcif_entry_fini(&e);
  e = read_with(ARG_OF_B, "ATOM 6 CA . ARG B 3 ? 6 0 0 1 10 3 Y 1\nATOM 6 CA . MSE B 4 ? 5 0 0 1 10 4 Z 1\n");
  if (CHECK_INT(e.n_chains, 2)) {
    CHECK_STR(e.chains[1].author_id, "Z");
    CHECK(e.chains[1].is_missing[2] && !e.chains[1].is_missing[3]);
  }
  pleat_mmcif_entry_fini(&e);
}

typedef struct bad_entry {
  const char *from, *to;
  int64_t line;
  const char *message; /* part of it */
} bad_entry;

#define SER "ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 -4 X 1\n"
static const bad_entry bad_entries[] = {
    {"data_1ABC", "1ABC", 1, "begins with data_"},
    {"1.85", "'1.85", 4, "a quoted value without end"},
    {"1.85", "\n;1.85", 5, "a text block without end"},
    {"_refine.ls_d_res_high 1.85", "_refine.ls_d_res_high", 4, "_refine.ls_d_res_high has no value"},
    {"_exptl.method", "_exptl.details", 3, "lacks the column _exptl.method"},
    {"_chem_comp.type", "_chem_comp.name", 6, "the loop of monomers lacks the column _chem_comp.type"},
    {"_struct_asym.entity_id", "_struct_asym.pdbx", 22, "the loop of chains lacks the column _struct_asym.entity_id"},
    {"1 2 SER\n", "1 x SER\n", 19, "'x' is no number: expected the number of a monomer"},
    {"1 2 SER\n", "1 2 GLY\n", 19, "the monomer 'GLY' is missing in _chem_comp"},
    {"'L-peptide linking'\nSER 'L-peptide linking'\nARG 'L-peptide linking'\nMSE 'L-peptide linking'",
     "RNA\nSER RNA\nARG RNA\nMSE RNA", 0, "no protein chain"},
    {"A 1\nB 1\n", "A 7\nB 7\n", 0, "no protein chain"},
    {ARG_OF_B, "", 0, "the protein chain 'B' has no atoms in model 1"},
    {"_atom_site.B_iso_or_equiv", "_atom_site.B", 28, "lacks the column _atom_site.B_iso_or_equiv"},
    {"_atom_site.id", "_atom_site.ID", 28, "lacks the column _atom_site.id"},
    {SER, "ATOM 3 CA A SER A 2 ? ? 0 0 0.5 10 -4 X 1\n", 47, "'?' is no number: expected the atom's x"},
    {SER, "ATOM 3 CA A SER A 2 ? 7 nan 0 0.5 10 -4 X 1\n", 47, "'nan' is no number: expected the atom's y"},
    {SER, "ATOM 3 CA A SER A 2 ? 7 0 0 ? 10 -4 X 1\n", 47, "expected the atom's occupancy"},
    {SER, "ATOM 3 CA A SER A 2 ? 7 0 0 0.5 ? -4 X 1\n", 47, "expected the atom's B factor"},
    {SER, "ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 . X 1\n", 47, "'.' is no number: expected the author's number"},
    {SER, "ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 -4 X one\n", 47, "'one' is no number: expected the number of a model"},
    {SER, "ATOM 3 CA A SER A . ? 7 0 0 0.5 10 -4 X 1\n", 47, "(label_seq_id)"},
    {SER, "ATOM 3 CA A SER A 99999999999 ? 7 0 0 0.5 10 -4 X 1\n", 47, "(label_seq_id)"},
    {SER, "ATOM 3 CA . ALA A 1 ? 7 0 0 0.5 10 -5 X 1\n", 47, "ALA -5 of chain 'X' has the atom 'CA' twice"},
    {SER, "ATOM 3 CA A SER A 1 ? 7 0 0 0.5 10 -5 X 1\n", 47, "has the place of another residue"},
    {SER, SER "ATOM 3 CB A ALA A 2 ? 7 0 0 0.5 10 -4 X 1\nATOM 3 CB A SER A 2 ? 7 0 0 0.5 10 -4 X 1\n", 49,
     "comes a second time among others"},
    {SER, SER "ATOM 3 CB . ALA A 2 ? 7 0 0 0.5 10 -4 X 1\n", 48, "has an atom that is no alternative"},
    {SER,
     "HETATM 3 SE . MSE A 4 B 7 0 0 1 10 -4 X 1\nATOM 3 C . ALA A 1 ? 8 0 0 1 10 -5 X 1\n"
     "HETATM 3 CA . MSE A 4 B 7 0 0 1 10 -4 X 1\n",
     49, "MSE -4B of chain 'X' comes a second time"},
    {"10 -5 X 2\n", "10 -5 X\n", 50, "ends within a row: expected 16 values, found 15"},
    {"_refine.ls_d_res_high 1.85", "loop_\n_chem_comp.id\n_chem_comp.type\nALA x\n", 10, "comes a second time"},
    {"_refine.ls_d_res_high 1.85",
     "loop_\n_atom_site_anisotrop.U[1][1]\n_atom_site_anisotrop.U[1][2]\n"
     "_atom_site_anisotrop.U[1][3]\n_atom_site_anisotrop.U[2][2]\n_atom_site_anisotrop.U[2][3]\n"
     "_atom_site_anisotrop.U[3][3]\n1 1 1 1 1 1\n1 ? 1 1 1 1",
     12, "an anisotropic B factor is no number"},
};

static void test_bad(void) {
  for (size_t i = 0; i < sizeof bad_entries / sizeof *bad_entries; i++) {
    const bad_entry *bad = &bad_entries[i];
    pleat_mmcif_entry entry;
    pleat_error err = {0};
    char *text = mmcif_small_with(bad->from, bad->to);
    bool is_ok = CHECK_INT(pleat_mmcif_read_entry(text, strlen(text), "in.cif", &entry, &err), PLEAT_INPUT);
    is_ok = CHECK(!entry.id && !entry.chains && entry.n_chains == 0) && is_ok;
    is_ok = CHECK_INT(err.line, bad->line) && is_ok;
    is_ok = CHECK_STR(err.file, "in.cif") && is_ok;
    is_ok = CHECK(strstr(err.message, bad->message) != NULL) && is_ok;
    if (!is_ok) fprintf(stderr, "  %zu, %s: line %lld: %s\n", i, bad->to, (long long)err.line, err.message);
    free(text);
  }
}

/* The best of some runs; the text is in memory already. */
static int bench(int n_files, char **files) {
  enum { N_RUNS = 7 };
  for (int f = 0; f < n_files; f++) {
    char *text = NULL;
    size_t n = 0;
    double best = INFINITY;
    pleat_error err = {0};
    if (pleat_text_file_read(files[f], SIZE_MAX, &text, &n, &err)) return fprintf(stderr, "%s\n", err.message), 1;
    for (int i = 0; i < N_RUNS; i++) {
      pleat_mmcif_entry entry;
      double begin = pleat_os_time_ms();
      pleat_status status = pleat_mmcif_read_entry(text, n, files[f], &entry, &err);
      best = fmin(best, pleat_os_time_ms() - begin);
      if (status && i == 0) printf("refused: %s\n", err.message);
      pleat_mmcif_entry_fini(&entry);
    }
    printf("%s: %.2f MB, %.3f ms, %.0f MB/s\n", files[f], (double)n / 1e6, best, (double)n / 1e3 / best);
    free(text);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "--bench") == 0) return bench(argc - 2, argv + 2);
  test_small();
  test_atoms();
  test_header();
  test_shared_name();
  test_bad();
  return check_report();
}
