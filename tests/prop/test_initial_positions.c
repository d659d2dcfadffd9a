/* Initial positions: what the first pass sees of them, and that nothing else changes.
 *
 * The network recycles distances between pseudo-beta atoms (C-alpha of glycine, C-beta of others), so that all but these
 * may move, and all together may move as one, without changing a byte.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prop.h"

enum { N_RES = 7, GLYCINE = 7, CA = 1, CB = 3 };
typedef float atoms[N_RES][37][3];

static const prop_shape monomer = {
    .n_res = N_RES, .n_clust = 4, .n_extra = 5, .n_templ = 2, .n_iterations = 2, .templ_masked = 1};
static const prop_shape multimer = {.n_res = N_RES, .n_clust = 4, .n_extra = 5, .n_templ = 2, .is_multimer = true};

/* In steps of an eighth of an angstrom: differences of such numbers are exact, also after a shift by whole ones. */
static void make_positions(atoms x) {
  pleat_rng rng = pleat_rng_init(5, 0);
  for (int i = 0; i < N_RES; i++)
    for (int a = 0; a < 37; a++)
      for (int d = 0; d < 3; d++) x[i][a][d] = (float)pleat_rng_below(&rng, 160) / 8;
}

/* Residue 2 of the features becomes a glycine in every slice. */
static void set_glycine(pleat_arrays *features) {
  const pleat_array *aatype = pleat_arrays_find(features, "aatype");
  int32_t *type = aatype->data;
  for (int64_t i = 0; i < pleat_array_elements(aatype); i++)
    if (i % N_RES == 2)
      type[i] = GLYCINE;
    else if (type[i] == GLYCINE)
      type[i] = 0;
}

static pleat_arrays *predict_from(const pleat_model *model, const pleat_arrays *features, atoms x) {
  pleat_predict_options o = prop_options();
  o.opt_initial_positions = x ? &x[0][0][0] : NULL;
  return prop_predict(model, features, &o);
}

/* Against `want`: the same bytes, or a difference that shows. */
static void check_from(const pleat_model *model, const pleat_arrays *features, atoms x, const pleat_arrays *want,
                       bool is_same, const char *what) {
  pleat_arrays *got = predict_from(model, features, x);
  char where[64];
  if (is_same)
    prop_compare(got, want, 0, what);
  else if (!CHECK(prop_difference(got, want, where) > 1e-5))
    fprintf(stderr, "  %s: no difference\n", what);
  pleat_arrays_destroy(got);
}

static void test_what_counts(const char *name, const char *weights, const prop_shape *shape) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 41);
  set_glycine(features);
  atoms zeros = {{{0}}}, x, y;
  make_positions(x);
  pleat_arrays *none = predict_from(model, features, NULL), *from_x = predict_from(model, features, x);
  check_from(model, features, zeros, none, true, "zeros are what is there otherwise");
  check_from(model, features, x, none, false, "positions");
  memcpy(y, x, sizeof y);
  for (int i = 0; i < N_RES; i++)
    for (int a = 0; a < 37; a++)
      for (int d = 0; d < 3; d++) y[i][a][d] += a != (i == 2 ? CA : CB) ? 50 : 3;
  check_from(model, features, y, from_x, true, "other atoms, and a shift of all");
  memcpy(y, x, sizeof y);
  y[2][CA][0] += 6;
  check_from(model, features, y, from_x, false, "glycine's C-alpha");
  memcpy(y, x, sizeof y);
  y[3][CB][1] += 6;
  check_from(model, features, y, from_x, false, "a C-beta");
  pleat_arrays_destroy(from_x);
  pleat_arrays_destroy(none);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

static void test_against_ref(void) {
  pleat_model *cpu = prop_model(PROP_MONOMER, "cpu", 0), *ref = prop_model(PROP_MONOMER, "ref", 1);
  if (!cpu || !ref) return;
  pleat_arrays *features = prop_features(&monomer, 42);
  atoms x;
  make_positions(x);
  pleat_arrays *got = predict_from(cpu, features, x), *want = predict_from(ref, features, x);
  prop_compare(got, want, 1e-5, "initial positions against ref");
  pleat_arrays_destroy(want);
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(features);
  pleat_model_close(ref);
  pleat_model_close(cpu);
}

/* The positions are of one prediction, and of its first pass; those that are no numbers are refused by residue. */
static void test_sessions(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(&monomer, 43), *got[3] = {NULL}, *refused = NULL;
  atoms x;
  make_positions(x);
  pleat_predict_options plain = prop_options(), guessed;
  plain.num_recycle = 1;
  guessed = plain;
  guessed.opt_initial_positions = &x[0][0][0];
  pleat_session *session = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_session_create(model, features, &plain, &session, &err), &err)) return;
  CHECK_OK(pleat_session_predict(session, features, &plain, &got[0], &err), &err);
  CHECK_OK(pleat_session_predict(session, features, &guessed, &got[1], &err), &err);
  CHECK_OK(pleat_session_predict(session, features, &plain, &got[2], &err), &err);
  char where[64];
  CHECK(prop_difference(got[1], got[0], where) > 1e-6);
  prop_compare(got[2], got[0], 0, "without positions again");
  x[4][20][2] = NAN;
  CHECK_INT(pleat_session_predict(session, features, &guessed, &refused, &err), PLEAT_INPUT);
  CHECK(!refused && strstr(err.message, "for residue 5,") != NULL);
  for (int i = 0; i < 3; i++) pleat_arrays_destroy(got[i]);
  pleat_session_destroy(session);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

int main(void) {
  test_what_counts(PROP_MONOMER, &monomer);
  test_what_counts(PROP_MULTIMER, &multimer);
  test_against_ref();
  test_sessions();
  return check_report();
}
