/* Secondary structure and radius of gyration on structures made up of straight strands and an ideal helix.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/gyration.h"
#include "bio/residue.h"
#include "bio/secondary.h"
#include "check.h"

enum { MAX_RES = 40 };

static const double PI = 3.14159265358979323846;

typedef struct model {
  pleat_structure s;
  uint8_t aatype[MAX_RES];
  float positions[MAX_RES][37][3], mask[MAX_RES][37];
  int32_t chain[MAX_RES], number[MAX_RES];
  char text[MAX_RES + 1];
} model;

static void add_atom(model *m, int64_t i, int atom, double x, double y, double z) {
  const double xyz[3] = {x, y, z};
  for (int k = 0; k < 3; k++) m->positions[i][atom][k] = (float)xyz[k];
  m->mask[i][atom] = 1;
}

/* A flat strand along x whose NH and CO point to +y and -y in turn: residue k at x0 + 3.4 k * direction. */
static void add_strand(model *m, int n, int32_t chain, double x0, double y, int direction, int first_sign) {
  for (int k = 0; k < n; k++) {
    int64_t i = m->s.n_res++;
    double x = x0 + 3.4 * k * direction, sign = k % 2 ? -first_sign : first_sign;
    m->chain[i] = chain;
    add_atom(m, i, PLEAT_ATOM_N, x - 1.2 * direction, y, 0);
    add_atom(m, i, PLEAT_ATOM_CA, x, y, 0);
    add_atom(m, i, PLEAT_ATOM_C, x + 1.2 * direction, y, 0);
    add_atom(m, i, PLEAT_ATOM_O, x + 1.2 * direction, y + 1.23 * sign, 0);
  }
}

/* Cylinder coordinates of an ideal alpha helix: radius, angle (degrees), height of N, CA, C, O; Arnott & Dover,
 * J. Mol. Biol. 30:209 (1967). */
static void add_helix(model *m, int n) {
  static const struct {
    int atom;
    double r, angle, z;
  } atoms[] = {{PLEAT_ATOM_N, 1.546, -27.7, -0.904},
               {PLEAT_ATOM_CA, 2.290, 0, 0},
               {PLEAT_ATOM_C, 1.644, 26.7, 1.123},
               {PLEAT_ATOM_O, 1.967, 22.0, 2.308}};
  for (int k = 0; k < n; k++) {
    int64_t i = m->s.n_res++;
    for (int a = 0; a < 4; a++) {
      double angle = (atoms[a].angle + 100.0 * k) * PI / 180;
      add_atom(m, i, atoms[a].atom, atoms[a].r * cos(angle), atoms[a].r * sin(angle), atoms[a].z + 1.5 * k);
    }
  }
}

static const char *assign(model *m) {
  uint8_t out[MAX_RES];
  pleat_error err = {0};
  m->s.aatype = m->aatype;
  m->s.atom_positions = &m->positions[0][0][0];
  m->s.atom_mask = &m->mask[0][0];
  m->s.residue_index = m->number;
  m->s.chain_index = m->chain;
  m->text[0] = '\0';
  if (!CHECK_OK(pleat_secondary_assign(&m->s, out, &err), &err)) return m->text;
  for (int64_t i = 0; i < m->s.n_res; i++) m->text[i] = "-HE"[out[i]];
  m->text[m->s.n_res] = '\0';
  return m->text;
}

static void test_helix(void) {
  model m = {0};
  add_helix(&m, 12);
  CHECK_STR(assign(&m), "-HHHHHHHHHH-");
  /* A proline donates no bond: its turn is missing, which one more on each side covers. Three are too many. */
  m.aatype[7] = (uint8_t)pleat_restype_from_letter('P');
  CHECK_STR(assign(&m), "-HHHHHHHHHH-");
  m.aatype[6] = (uint8_t)pleat_restype_from_letter('P');
  m.aatype[8] = (uint8_t)pleat_restype_from_letter('P');
  CHECK_STR(assign(&m), "-HHHH-HHHHH-");
  /* A residue without all of its backbone ends it, and the next one has no hydrogen; another chain ends it as well. */
  model gap = {0};
  add_helix(&gap, 14);
  gap.mask[7][PLEAT_ATOM_O] = 0;
  CHECK_STR(assign(&gap), "-HHHHH---HHHH-");
  gap.mask[7][PLEAT_ATOM_O] = 1;
  for (int i = 7; i < 14; i++) gap.chain[i] = 1;
  CHECK_STR(assign(&gap), "-HHHHH--HHHHH-");
}

static void test_strands(void) {
  model alone = {0};
  add_strand(&alone, 8, 0, 0, 0, 1, 1);
  CHECK_STR(assign(&alone), "--------");
  /* Residue k of one strand faces residue 7 - k of the other. */
  model anti = {0};
  add_strand(&anti, 8, 0, 0, 0, 1, -1);
  add_strand(&anti, 8, 1, 3.4 * 7, 4.1, -1, -1);
  CHECK_STR(assign(&anti), "-EEEEEE--EEEEEE-");
  model parallel = {0};
  add_strand(&parallel, 8, 0, 0, 0, 1, 1);
  add_strand(&parallel, 8, 1, 1.0, 4.1, 1, 1);
  CHECK_STR(assign(&parallel), "-EEEEEE--EEEEEE-");
  /* Too far apart for a bond. */
  model apart = {0};
  add_strand(&apart, 8, 0, 0, 0, 1, -1);
  add_strand(&apart, 8, 1, 3.4 * 7, 7.0, -1, -1);
  CHECK_STR(assign(&apart), "----------------");
}

static void test_gyration(void) {
  model m = {0};
  add_strand(&m, 5, 0, 1000, -1000, 1, 1);
  assign(&m);
  CHECK_NEAR(pleat_radius_of_gyration(&m.s), 3.4 * sqrt(2.0), 1e-4);
  m.mask[0][PLEAT_ATOM_CA] = m.mask[4][PLEAT_ATOM_CA] = 0;
  CHECK_NEAR(pleat_radius_of_gyration(&m.s), 3.4 * sqrt(2.0 / 3), 1e-4);
  for (int i = 0; i < 5; i++) m.mask[i][PLEAT_ATOM_CA] = 0;
  CHECK(isnan(pleat_radius_of_gyration(&m.s)));
  CHECK_STR(assign(&m), "-----");
}

static void test_degenerate(void) {
  /* All atoms in one place: no bond is that short, and nothing is divided by zero. */
  model m = {0};
  for (int i = 0; i < 10; i++) {
    for (int a = 0; a < 5; a++) add_atom(&m, i, a, 1, 2, 3);
  }
  m.s.n_res = 10;
  CHECK_STR(assign(&m), "----------");
  m.s.n_res = 1;
  CHECK_STR(assign(&m), "-");
}

int main(void) {
  test_helix();
  test_strands();
  test_gyration();
  test_degenerate();
  return check_report();
}
