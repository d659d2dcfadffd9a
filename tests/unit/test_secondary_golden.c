/* Secondary structure of experimental structures, against the helices and strands that their PDB entries list.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/gyration.h"
#include "bio/residue.h"
#include "bio/secondary.h"
#include "check.h"
#include "golden_files.h"

enum { MAX_RES = 400 };

typedef struct protein {
  pleat_structure s;
  uint8_t aatype[MAX_RES];
  float positions[MAX_RES * 37 * 3], mask[MAX_RES * 37];
  int32_t chain[MAX_RES];
  uint8_t states[MAX_RES];
} protein;

static uint8_t restype_of(const char *name) {
  for (int k = 0; k < PLEAT_N_RESTYPES; k++) {
    if (memcmp(pleat_restype_names[k], name, 3) == 0) return (uint8_t)k;
  }
  return PLEAT_RESTYPE_X;
}

/* Appends a chain of shared/features/C_mmcif (arrays CHAIN.name, CHAIN.atom37_positions, CHAIN.atom37_mask). */
static bool add_chain(protein *p, const pleat_arrays *set, const char *chain) {
  char name[40];
  int64_t n, first = p->s.n_res;
  snprintf(name, sizeof name, "%s.name", chain);
  const pleat_array *names = pleat_arrays_find(set, name);
  snprintf(name, sizeof name, "%s.atom37_positions", chain);
  float *positions = golden_float(set, name, &n);
  snprintf(name, sizeof name, "%s.atom37_mask", chain);
  float *mask = golden_float(set, name, &n);
  n /= 37;
  bool is_ok = CHECK(names && positions && mask && first + n <= MAX_RES && names->item_size == 3);
  for (int64_t i = 0; i < n && is_ok; i++) {
    p->aatype[first + i] = restype_of((const char *)names->data + 3 * i);
    p->chain[first + i] = chain[0] - 'A';
  }
  if (is_ok) {
    memcpy(p->positions + first * 37 * 3, positions, (size_t)n * 37 * 3 * sizeof(float));
    memcpy(p->mask + first * 37, mask, (size_t)n * 37 * sizeof(float));
    p->s.n_res += n;
  }
  free(positions);
  free(mask);
  return is_ok;
}

static bool assign(protein *p, const char *file, const char *const *chains) {
  pleat_arrays *set = reference_npz(file);
  pleat_error err = {0};
  bool is_ok = set != NULL;
  for (; is_ok && *chains; chains++) is_ok = add_chain(p, set, *chains);
  pleat_arrays_destroy(set);
  p->s.aatype = p->aatype;
  p->s.atom_positions = p->positions;
  p->s.atom_mask = p->mask;
  p->s.chain_index = p->chain;
  return is_ok && CHECK_OK(pleat_secondary_assign(&p->s, p->states, &err), &err);
}

static int64_t count(const protein *p, int64_t first, int64_t last, pleat_secondary state) {
  int64_t n = 0;
  for (int64_t i = first; i <= last; i++) n += p->states[i - 1] == (uint8_t)state;
  return n;
}

/* HELX_P records of 102m.cif (label_seq_id). An entry counts the residues that bond at both ends of a helix, this
 * assignment does not; where one helix runs into the next, the residue between them belongs to both. */
static void test_myoglobin(void) {
  static const int64_t helices[][2] = {{4, 19},  {21, 36}, {37, 43},   {52, 58},
                                       {59, 78}, {87, 95}, {101, 119}, {125, 150}};
  static protein p;
  int64_t n_listed = 0;
  if (!assign(&p, "features/C_mmcif/102m.npz", (const char *const[]){"A", NULL})) return;
  for (size_t k = 0; k < sizeof helices / sizeof *helices; k++) {
    int64_t first = helices[k][0] + 1, last = helices[k][1] - 1;
    CHECK_INT(count(&p, first, last, PLEAT_SECONDARY_HELIX), last - first + 1);
    n_listed += last - first + 3;
  }
  CHECK_INT(count(&p, 1, 154, PLEAT_SECONDARY_STRAND), 0);
  CHECK_NEAR((double)count(&p, 1, 154, PLEAT_SECONDARY_HELIX), (double)n_listed, 5);
  CHECK_NEAR(pleat_radius_of_gyration(&p.s), 15.174, 0.001); /* numpy, of the same C-alpha atoms */
}

/* Residues 24 to 32 of both chains of 2q2k make the one sheet of that entry, with each other. */
static void test_dimer(void) {
  static protein one, both;
  if (!assign(&one, "features/C_mmcif/2q2k.npz", (const char *const[]){"A", NULL})) return;
  CHECK_INT(count(&one, 1, 70, PLEAT_SECONDARY_STRAND), 0);
  if (!assign(&both, "features/C_mmcif/2q2k.npz", (const char *const[]){"A", "B", NULL})) return;
  for (int64_t chain = 0; chain < 2; chain++) {
    CHECK_INT(count(&both, 70 * chain + 24, 70 * chain + 32, PLEAT_SECONDARY_STRAND), 9);
    CHECK_INT(count(&both, 70 * chain + 37, 70 * chain + 43, PLEAT_SECONDARY_HELIX), 7);
    CHECK_INT(count(&both, 70 * chain + 51, 70 * chain + 64, PLEAT_SECONDARY_HELIX), 14);
  }
  CHECK_INT(count(&both, 1, 140, PLEAT_SECONDARY_STRAND), 18);
}

int main(void) {
  if (!reference_exists("features/C_mmcif/102m.npz")) return check_skip("no reference data");
  test_myoglobin();
  test_dimer();
  return check_report();
}
