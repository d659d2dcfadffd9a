/* Identities between the residue tables: layouts, chi angles, group frames, letters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/residue.h"

#include "check.h"

static void test_letters(void) {
  const char *hhblits = "ACDEFGHIKLMNPQRSTVWYX-";
  for (int i = 0; i < 22; i++) {
    CHECK_INT(pleat_restype_from_letter(pleat_restype_letters[i]), i);
    CHECK_INT(pleat_hhblits_from_letter(hhblits[i]), i);
    CHECK_INT(pleat_hhblits_to_restype[i], pleat_restype_from_letter(hhblits[i]));
  }
  for (const char *p = "BJOUXZ*a1\xff"; *p; p++) CHECK_INT(pleat_restype_from_letter(*p), PLEAT_RESTYPE_X);
  CHECK_INT(pleat_hhblits_from_letter('B'), pleat_hhblits_from_letter('D'));
  CHECK_INT(pleat_hhblits_from_letter('Z'), pleat_hhblits_from_letter('E'));
  CHECK_INT(pleat_hhblits_from_letter('U'), pleat_hhblits_from_letter('C'));
  CHECK_INT(pleat_hhblits_from_letter('J'), 20);
  CHECK_INT(pleat_hhblits_from_letter('O'), 20);
}

static void test_layouts(void) {
  int n_atoms = 0;
  for (int r = 0; r <= PLEAT_RESTYPE_X; r++) {
    int n14 = 0, n37 = 0;
    for (int i = 0; i < PLEAT_N_ATOM14; i++) {
      int a = pleat_atom14_to_atom37[r][i];
      CHECK_INT(pleat_atom14_exists[r][i], pleat_atom14_names[r][i][0] != 0);
      if (!pleat_atom14_exists[r][i]) {
        CHECK_INT(a, 0);
        continue;
      }
      n14++;
      CHECK_STR(pleat_atom37_names[a], pleat_atom14_names[r][i]);
      CHECK_INT(pleat_atom37_to_atom14[r][a], i);
      CHECK_INT(pleat_atom37_exists[r][a], 1);
    }
    for (int a = 0; a < PLEAT_N_ATOM37; a++) n37 += pleat_atom37_exists[r][a];
    CHECK_INT(n37, n14);
    n_atoms += n14;
    if (r == PLEAT_RESTYPE_X) CHECK_INT(n14, 0);
  }
  CHECK_INT(n_atoms, 167); /* heavy atoms of the 20 residues inside a chain */
  CHECK_STR(pleat_atom37_names[PLEAT_ATOM_N], "N");
  CHECK_STR(pleat_atom37_names[PLEAT_ATOM_CA], "CA");
  CHECK_STR(pleat_atom37_names[PLEAT_ATOM_C], "C");
  CHECK_STR(pleat_atom37_names[PLEAT_ATOM_CB], "CB");
  CHECK_STR(pleat_atom37_names[PLEAT_ATOM_O], "O");
  CHECK_STR(pleat_restype_names[PLEAT_RESTYPE_X], "UNK");
}

static void test_chi(void) {
  const char *letters = "ARNDCQEGHILKMFPSTWYV", *n_chi = "04221330222432211221";
  for (int r = 0; r <= PLEAT_RESTYPE_X; r++) {
    int want = r < PLEAT_N_RESTYPES ? n_chi[r] - '0' : 0;
    for (int k = 0; k < 4; k++) {
      CHECK_INT(pleat_chi_exists[r][k], k < want);
      for (int q = 0; q < 4; q++) {
        int a = pleat_chi_atoms[r][k][q];
        if (k < want) CHECK_INT(pleat_atom37_exists[r][a], 1);
        if (k >= want) CHECK_INT(a, 0);
        /* chi k + 1 starts at the second atom of chi k */
        if (k > 0 && k < want && q < 3) CHECK_INT(a, pleat_chi_atoms[r][k - 1][q + 1]);
      }
      char letter = r < PLEAT_N_RESTYPES ? letters[r] : 'X';
      bool is_periodic = (k == 1 && (letter == 'D' || letter == 'F' || letter == 'Y')) || (k == 2 && letter == 'E');
      CHECK_INT(pleat_chi_pi_periodic[r][k], is_periodic);
    }
  }
}

static bool has_group(int r, int g) { return r < PLEAT_N_RESTYPES && (g < 4 || pleat_chi_exists[r][g - 4]); }

static void test_frames(void) {
  for (int r = 0; r <= PLEAT_RESTYPE_X; r++) {
    for (int g = 0; g < PLEAT_N_GROUPS; g++) {
      const float(*f)[4] = pleat_group_frames[r][g];
      double want = has_group(r, g) ? 1 : 0;
      for (int i = 0; i < 3; i++) {
        CHECK_NEAR(f[3][i], 0, 0);
        for (int j = 0; j < 3; j++) {
          double dot = 0;
          for (int k = 0; k < 3; k++) dot += (double)f[k][i] * f[k][j];
          CHECK_NEAR(dot, i == j ? want : 0, 1e-6);
        }
      }
      CHECK_NEAR(f[3][3], want, 0);
      double det = f[0][0] * (f[1][1] * f[2][2] - f[1][2] * f[2][1]) -
                   f[0][1] * (f[1][0] * f[2][2] - f[1][2] * f[2][0]) +
                   f[0][2] * (f[1][0] * f[2][1] - f[1][1] * f[2][0]);
      CHECK_NEAR(det, want, 1e-6);
    }
  }
}

/* Every chi axis runs through the two middle atoms of the angle, and the last atom of the angle lies in the group's xy
 * plane on the side of positive y, where torsion angle zero is. */
static void test_axes(void) {
  for (int r = 0; r < PLEAT_N_RESTYPES; r++) {
    for (int k = 0; k < 4; k++) {
      if (!pleat_chi_exists[r][k]) continue;
      const float(*f)[4] = pleat_group_frames[r][4 + k];
      int end = pleat_atom37_to_atom14[r][pleat_chi_atoms[r][k][2]];
      int last = pleat_atom37_to_atom14[r][pleat_chi_atoms[r][k][3]];
      double length = 0;
      for (int i = 0; i < 3; i++) {
        CHECK_NEAR(f[i][3], pleat_atom14_position[r][end][i], 0);
        length += (double)f[i][3] * f[i][3];
      }
      /* CB to CG ... are about 1.5 A, S bonds up to 1.85 A; the group's origin is the parent's. */
      CHECK(length > 1.3 * 1.3 && length < 1.9 * 1.9);
      for (int i = 0; i < 3; i++) CHECK_NEAR(f[i][0] * sqrt(length), f[i][3], 1e-5);
      CHECK_INT(pleat_atom14_group[r][end], k == 0 ? 0 : 3 + k);
      CHECK_INT(pleat_atom14_group[r][last], 4 + k);
      CHECK_NEAR(pleat_atom14_position[r][last][2], 0, 1e-6);
      CHECK(pleat_atom14_position[r][last][1] > 1);
    }
  }
}

/* L amino acids: seen along CA -> C with N up, CB stands on the same side in every residue. */
static void test_backbone(void) {
  for (int r = 0; r < PLEAT_N_RESTYPES; r++) {
    const float(*p)[3] = pleat_atom14_position[r];
    for (int i = 0; i < 3; i++) CHECK_NEAR(p[1][i], 0, 0);
    CHECK_NEAR(p[0][2], 0, 0);
    CHECK(p[0][1] > 1.3 && p[2][0] > 1.5);
    CHECK_INT(pleat_atom14_group[r][3], 3);
    if (!pleat_atom14_exists[r][4]) continue;
    CHECK_STR(pleat_atom14_names[r][4], "CB");
    CHECK_NEAR(sqrt(p[4][0] * p[4][0] + p[4][1] * p[4][1] + p[4][2] * p[4][2]), 1.53, 0.03);
    CHECK(p[4][2] < -1.15);
  }
  const float *cb = pleat_atom14_position[0][4];
  CHECK_NEAR(cb[0], -0.529, 1e-6);
  CHECK_NEAR(cb[1], -0.774, 1e-6);
  CHECK_NEAR(cb[2], -1.205, 1e-6);
}

/* The first and the last of the table, modified residues, a nucleotide, names of several letters, and no names. */
static void test_monomers(void) {
  static const struct {
    const char *name;
    char letter;
  } wanted[] = {{"00C", 'C'}, {"ZZJ", 'A'}, {"ALA", 'A'},  {"MSE", 'M'}, {"SEP", 'S'}, {"SEC", 'A'},
                {"ASX", 'B'}, {"0U", 'U'},  {"A", 'A'},    {"UNK", 'X'}, {"5ZA", 'X'}, {"mse", 'X'},
                {"HOH", 'X'}, {"0U ", 'X'}, {"MSEE", 'X'}, {"", 'X'}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    if (!CHECK_INT(pleat_monomer_letter(wanted[i].name, strlen(wanted[i].name)), wanted[i].letter))
      fprintf(stderr, "  %s\n", wanted[i].name);
}

int main(void) {
  test_letters();
  test_layouts();
  test_chi();
  test_frames();
  test_axes();
  test_backbone();
  test_monomers();
  return check_report();
}
