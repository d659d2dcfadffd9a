/* The residue tables against published features, and their geometry against published structures.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/residue.h"
#include "reference.h"

static const pleat_array *get(const pleat_arrays *set, const char *name) {
  const pleat_array *array = pleat_arrays_find(set, name);
  if (!CHECK(array != NULL)) fprintf(stderr, "no array %s\n", name);
  return array;
}

/* An array [N_res, n] of per-residue rows against table[restype][n]. */
static void check_table(const pleat_arrays *set, const char *name, const uint8_t *table, int64_t n) {
  const pleat_array *array = get(set, name), *aatype = get(set, "aatype"), *mask = get(set, "seq_mask");
  if (!array || !aatype || !mask || !CHECK_INT(pleat_array_elements(array), pleat_array_elements(aatype) * n)) return;
  for (int64_t i = 0; i < pleat_array_elements(aatype); i++) {
    if (pleat_array_number(mask, i) == 0) continue;
    for (int64_t k = 0; k < n; k++)
      CHECK_NEAR(pleat_array_number(array, i * n + k), table[(int)pleat_array_number(aatype, i) * n + k], 0);
  }
}

static void test_features(const char *path) {
  pleat_arrays *set = reference_npz(path);
  if (!set) return;
  check_table(set, "residx_atom14_to_atom37", &pleat_atom14_to_atom37[0][0], PLEAT_N_ATOM14);
  check_table(set, "residx_atom37_to_atom14", &pleat_atom37_to_atom14[0][0], PLEAT_N_ATOM37);
  check_table(set, "atom14_atom_exists", &pleat_atom14_exists[0][0], PLEAT_N_ATOM14);
  check_table(set, "atom37_atom_exists", &pleat_atom37_exists[0][0], PLEAT_N_ATOM37);
  pleat_arrays_destroy(set);
}

/* Atoms of one rigid group keep their distances and their handedness, whatever the network did. */
static void check_rigid(int r, const float *positions) {
  for (int i = 0; i < PLEAT_N_ATOM14; i++) {
    for (int j = 0; j < i; j++) {
      if (!pleat_atom14_exists[r][i] || pleat_atom14_group[r][i] != pleat_atom14_group[r][j]) continue;
      double want = 0, got = 0;
      for (int d = 0; d < 3; d++) {
        double x = pleat_atom14_position[r][i][d] - pleat_atom14_position[r][j][d];
        double y = positions[pleat_atom14_to_atom37[r][i] * 3 + d] - positions[pleat_atom14_to_atom37[r][j] * 3 + d];
        want += x * x;
        got += y * y;
      }
      CHECK_NEAR(sqrt(got), sqrt(want), 2e-5);
    }
  }
}

static void test_structure(const char *path, bool *seen) {
  pleat_arrays *set = reference_npz(path);
  if (!set) return;
  const pleat_array *positions = get(set, "out/structure_module/final_atom_positions"), *aatype = get(set, "in/aatype");
  if (positions && aatype) {
    for (int64_t i = 0; i < positions->shape[0]; i++) {
      int r = (int)pleat_array_number(aatype, i); /* of the first iteration where there are several */
      if (r >= PLEAT_N_RESTYPES) continue;
      seen[r] = true;
      check_rigid(r, (const float *)positions->data + i * PLEAT_N_ATOM37 * 3);
    }
  }
  pleat_arrays_destroy(set);
}

int main(void) {
  static const char *const features[] = {"piaq59/model_1_ptm_60_128", "2q2k_A/model_3_ptm_64_128",
                                         "6KWC_1/model_3_ptm_64_128", "globin/model_1_ptm_60_128"};
  static const char *const cases[] = {"tiny_monomer", "tiny_multimer_v2", "tiny_multimer_v3", "full_model_1_ptm",
                                      "full_model_1_multimer_v3"};
  char path[256];
  if (!reference_exists("features/README.md")) return check_skip("no reference data");
  for (size_t k = 0; k < sizeof features / sizeof features[0]; k++) {
    snprintf(path, sizeof path, "features/D_monomer_processed/%s.npz", features[k]);
    test_features(path);
  }
  bool seen[PLEAT_N_RESTYPES] = {false};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    snprintf(path, sizeof path, "golden/%s.npz", cases[k]);
    test_structure(path, seen);
  }
  for (int r = 0; r < PLEAT_N_RESTYPES; r++) CHECK_INT(seen[r], true);
  return check_report();
}
