/* Positions of structure files: both formats, matched with the target, and where they differ from it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "check.h"
#include "pleat/io.h"

static const char pdb[] = "tests/data/bio/small.pdb", cif[] = "tests/data/bio/small.cif";

static void test_read(const char *path) {
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_positions_read(path, "AS:AS:X", &set, &err), &err)) return;
  const pleat_array *positions = pleat_arrays_find(set, "atom_positions"), *mask = pleat_arrays_find(set, "atom_mask");
  if (CHECK(positions && mask) && CHECK_INT(pleat_array_elements(positions), 5 * 37 * 3) &&
      CHECK_INT(pleat_array_elements(mask), 5 * 37)) {
    CHECK_INT(positions->rank, 3);
    CHECK_INT(mask->rank, 2);
    enum { OG = 8 };
    const float *x = positions->data, *m = mask->data;
    CHECK_NEAR(x[(1 * 37 + OG) * 3 + 1], 3.688, 1e-6);
    CHECK_NEAR(x[(4 * 37 + 0) * 3], 15, 1e-6);
    CHECK(m[1 * 37 + OG] == 1 && m[3 * 37 + OG] == 0 && x[(3 * 37 + OG) * 3] == 0);
    double sum = 0;
    for (int i = 0; i < 5 * 37; i++) sum += m[i];
    CHECK_NEAR(sum, 25, 0); /* as many as the files have lines */
  }
  pleat_arrays_destroy(set);
}

/* The same residues as one chain, or cut elsewhere, and letters that mean an unknown residue. */
static void test_chains_do_not_count(void) {
  static const char *const sequences[] = {"ASASX", "A:SASX", "AS:ASB"};
  for (int i = 0; i < 3; i++) {
    pleat_arrays *set = NULL;
    pleat_error err = {0};
    CHECK_OK(pleat_positions_read(cif, sequences[i], &set, &err), &err);
    pleat_arrays_destroy(set);
  }
}

static void check_refused(const char *path, const char *sequence, pleat_status want, int64_t line,
                          const char *message) {
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  bool is_ok = CHECK_INT(pleat_positions_read(path, sequence, &set, &err), want);
  is_ok = CHECK(!set) && is_ok;
  is_ok = CHECK_INT(err.line, line) && is_ok;
  is_ok = CHECK(strstr(err.message, message) != NULL) && is_ok;
  if (!is_ok) fprintf(stderr, "  %s\n", err.message);
}

int main(void) {
  test_read(pdb);
  test_read(cif);
  test_chains_do_not_count();
  check_refused(pdb, "AS:AT:X", PLEAT_INPUT, 19,
                "residue 4 of the structure is SER 2 of chain 'B', the target has THR there (T, residue 2 of chain 2)");
  check_refused(pdb, "AS:S:X", PLEAT_INPUT, 14, "residue 3 of the structure is ALA 1 of chain 'B'");
  check_refused(pdb, "AS:AS", PLEAT_INPUT, 24,
                "the structure has 5 residues, the target 4: UNK 7 of chain 'C' is more than the target has");
  check_refused(pdb, "AS:AS:XW", PLEAT_INPUT, 24,
                "the structure has 5 residues, the target 6: it ends with UNK 7 of chain 'C'");
  check_refused("tests/data/feat/tiny.a3m", "A", PLEAT_INPUT, 0, "no atom of a protein");
  check_refused("tests/data/bio/none.pdb", "A", PLEAT_IO, 0, "none.pdb");
  return check_report();
}
