/* Tables from residue types and pseudo-beta atoms, with and without leading axes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/residue.h"
#include "check.h"
#include "feat/feat.h"

enum { N = 3 };

static pleat_arrays *with_aatype(int rank, const int64_t *shape, const int32_t *types) {
  pleat_arrays *set = NULL;
  pleat_error err = {0};
  if (CHECK_OK(pleat_arrays_create(&set, &err), &err)) {
    CHECK_OK(pleat_arrays_add(set, "aatype", PLEAT_I32, rank, shape, types, NULL, &err), &err);
  }
  return set;
}

/* Glycine (4 atoms), tryptophan (14) and an unknown residue (none). */
static void test_tables(void) {
  static const int32_t types[2 * N] = {7, 17, 20, 20, 7, 17};
  static const int n_atoms[2 * N] = {4, 14, 0, 0, 4, 14};
  for (int rank = 1; rank <= 2; rank++) {
    int64_t n = rank == 1 ? N : 2 * N;
    pleat_arrays *set = with_aatype(rank, rank == 1 ? (const int64_t[]){N} : (const int64_t[]){2, N}, types);
    pleat_error err = {0};
    if (CHECK_OK(pleat_feat_derive(set, &err), &err)) {
      const pleat_array *to37 = pleat_arrays_find(set, "residx_atom14_to_atom37");
      const pleat_array *to14 = pleat_arrays_find(set, "residx_atom37_to_atom14");
      const pleat_array *exists14 = pleat_arrays_find(set, "atom14_atom_exists");
      const pleat_array *exists37 = pleat_arrays_find(set, "atom37_atom_exists");
      if (CHECK(to37 && to14 && exists14 && exists37)) {
        CHECK_INT(to37->rank, rank + 1);
        CHECK_INT(to37->dtype, PLEAT_I32);
        CHECK_INT(exists37->dtype, PLEAT_F32);
        CHECK_INT(to14->shape[rank], PLEAT_N_ATOM37);
      }
      for (int64_t i = 0; i < n; i++) {
        double n14 = 0, n37 = 0;
        for (int k = 0; k < 14; k++) n14 += ((const float *)exists14->data)[i * 14 + k];
        for (int k = 0; k < 37; k++) n37 += ((const float *)exists37->data)[i * 37 + k];
        CHECK_NEAR(n14, n_atoms[i], 0);
        CHECK_NEAR(n37, n_atoms[i], 0);
        for (int k = 0; k < n_atoms[i]; k++) {
          int atom = ((const int32_t *)to37->data)[i * 14 + k];
          CHECK_INT(((const int32_t *)to14->data)[i * 37 + atom], k);
        }
      }
    }
    pleat_arrays_destroy(set);
  }
}

static void test_present_stays(void) {
  static const int32_t types[N] = {0, 1, 2};
  static const float exists[N * 14] = {5};
  pleat_arrays *set = with_aatype(1, (const int64_t[]){N}, types);
  pleat_error err = {0};
  CHECK_OK(pleat_arrays_add(set, "atom14_atom_exists", PLEAT_F32, 2, (const int64_t[]){N, 14}, exists, NULL, &err),
           &err);
  CHECK_OK(pleat_feat_derive(set, &err), &err);
  CHECK_NEAR(((const float *)pleat_arrays_find(set, "atom14_atom_exists")->data)[0], 5, 0);
  CHECK_INT(pleat_arrays_count(set), 5);
  pleat_arrays_destroy(set);
}

/* Template 2 of iteration 2; element = its own number. */
static void test_pseudo_beta(const char *mask_name) {
  enum { IT = 2, T = 2, ATOMS = IT * T * N * 37 };
  static const int32_t types[IT * N] = {0, 0, 0, 0, 0, 0};
  static const int32_t template_types[IT * T * N] = {7, 0, 21, 0, 7, 0, 7, 7, 0, 0, 21, 7};
  static float positions[ATOMS * 3], mask[ATOMS];
  for (int i = 0; i < ATOMS * 3; i++) positions[i] = (float)i;
  for (int i = 0; i < ATOMS; i++) mask[i] = (float)(i % 37 == PLEAT_ATOM_CA);
  pleat_arrays *set = with_aatype(2, (const int64_t[]){IT, N}, types);
  pleat_error err = {0};
  const int64_t shape[] = {IT, T, N, 37, 3};
  CHECK_OK(pleat_arrays_add(set, "template_aatype", PLEAT_I32, 3, shape, template_types, NULL, &err), &err);
  CHECK_OK(pleat_arrays_add(set, "template_all_atom_positions", PLEAT_F32, 5, shape, positions, NULL, &err), &err);
  CHECK_OK(pleat_arrays_add(set, mask_name, PLEAT_F32, 4, shape, mask, NULL, &err), &err);
  if (CHECK_OK(pleat_feat_derive(set, &err), &err)) {
    const pleat_array *beta = pleat_arrays_find(set, "template_pseudo_beta");
    const pleat_array *beta_mask = pleat_arrays_find(set, "template_pseudo_beta_mask");
    if (CHECK(beta && beta_mask) && CHECK_INT(beta->rank, 4) && CHECK_INT(beta_mask->rank, 3)) {
      for (int i = 0; i < IT * T * N; i++) {
        bool is_gly = template_types[i] == 7;
        int atom = i * 37 + (is_gly ? PLEAT_ATOM_CA : PLEAT_ATOM_CB);
        CHECK_NEAR(((const float *)beta_mask->data)[i], is_gly, 0);
        for (int k = 0; k < 3; k++) CHECK_NEAR(((const float *)beta->data)[3 * i + k], 3 * atom + k, 0);
      }
    }
  }
  pleat_arrays_destroy(set);
}

static void check_refused(pleat_arrays *set, pleat_status status, const char *message) {
  pleat_error err = {0};
  CHECK_INT(pleat_feat_derive(set, &err), status);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
  pleat_arrays_destroy(set);
}

static void test_refused(void) {
  static const int32_t types[N] = {0, 21, 2};
  pleat_error err = {0};
  pleat_arrays *set = with_aatype(1, (const int64_t[]){N}, types);
  check_refused(set, PLEAT_INPUT, "feature 'aatype': value 21 at element 1, expected residue types 0 to 20");
  check_refused(with_aatype(0, NULL, types), PLEAT_SHAPE, "feature 'aatype' has rank 0");
  set = with_aatype(1, (const int64_t[]){1}, types);
  pleat_arrays_remove(set, "aatype");
  check_refused(set, PLEAT_SHAPE, "feature 'aatype' is missing");
  set = with_aatype(1, (const int64_t[]){1}, types);
  CHECK_OK(pleat_arrays_add(set, "template_all_atom_positions", PLEAT_F32, 4, (const int64_t[]){1, 1, 37, 3}, NULL,
                            NULL, &err),
           &err);
  check_refused(set, PLEAT_SHAPE, "comes without 'template_all_atom_masks'");
  set = with_aatype(1, (const int64_t[]){1}, types);
  CHECK_OK(pleat_arrays_add(set, "template_all_atom_positions", PLEAT_F32, 4, (const int64_t[]){1, 1, 37, 3}, NULL,
                            NULL, &err),
           &err);
  CHECK_OK(
      pleat_arrays_add(set, "template_all_atom_masks", PLEAT_F32, 3, (const int64_t[]){1, 2, 37}, NULL, NULL, &err),
      &err);
  CHECK_OK(pleat_arrays_add(set, "template_aatype", PLEAT_I32, 2, (const int64_t[]){1, 1}, NULL, NULL, &err), &err);
  check_refused(set, PLEAT_SHAPE, "template features do not fit each other");
}

int main(void) {
  test_tables();
  test_present_stays();
  test_pseudo_beta("template_all_atom_masks");
  test_pseudo_beta("template_all_atom_mask");
  test_refused();
  return check_report();
}
