/* Dropout at inference: nothing without it, drawn by seed and pass, independent of threads, slices, fusion and padding.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prop.h"

static const double ROUNDING = 1e-4; /* as in test_equal_numbers.c */

static const prop_shape monomer = {
    .n_res = 10, .n_clust = 4, .n_extra = 5, .n_templ = 2, .n_iterations = 8, .templ_masked = 1};
static const prop_shape multimer = {.n_res = 9, .n_clust = 4, .n_extra = 5, .n_templ = 2, .is_multimer = true};

static pleat_predict_options options(double dropout, uint64_t seed) {
  pleat_predict_options o = prop_options();
  o.is_identity_order = true;
  o.dropout = dropout;
  o.seed = seed;
  return o;
}

static void check_differs(const pleat_arrays *a, const pleat_arrays *b, const char *what) {
  char where[64];
  if (!CHECK(prop_difference(a, b, where) > 1e-4)) fprintf(stderr, "  %s: no difference\n", what);
}

/* A rate of nearly zero multiplies by 1 all over; the published rates do something; so does the seed. Processed features
 * hold their draws, so that the seed is of dropout alone. */
static void test_seeds(const char *name, const char *weights, const prop_shape *shape) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 71);
  pleat_predict_options o = options(0, 3);
  o.num_recycle = 1;
  pleat_arrays *none = prop_predict(model, features, &o);
  o.dropout = 1e-30;
  pleat_arrays *ones = prop_predict(model, features, &o);
  prop_compare(ones, none, 0, "masks of ones");
  o.dropout = 1;
  pleat_arrays *dropped = prop_predict(model, features, &o), *again = prop_predict(model, features, &o);
  check_differs(dropped, none, "dropout");
  prop_compare(again, dropped, 0, "the same seed");
  o.seed = 4;
  pleat_arrays *other = prop_predict(model, features, &o);
  check_differs(other, dropped, "another seed");
  o.seed = 3 + (UINT64_C(1) << 32);
  pleat_arrays *high = prop_predict(model, features, &o);
  check_differs(high, dropped, "the seed's high half");
  pleat_arrays_destroy(high);
  pleat_arrays_destroy(other);
  pleat_arrays_destroy(again);
  pleat_arrays_destroy(dropped);
  pleat_arrays_destroy(ones);
  pleat_arrays_destroy(none);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

/* However it is computed: by the oracle, unfused, in slices, with padding, with other threads, in a session used before. */
static void test_ways(const char *name, const char *weights, const prop_shape *shape) {
  pleat_model *cpu = prop_model(name, weights, "cpu", 0), *ref = prop_model(name, weights, "ref", 1);
  pleat_model *one = prop_model(name, weights, "cpu", 1);
  if (!cpu || !ref || !one) return;
  pleat_arrays *features = prop_features(shape, 72);
  pleat_predict_options o = options(1, 5);
  pleat_arrays *want = prop_predict(ref, features, &o), *fused = prop_predict(cpu, features, &o), *got;
  prop_compare(fused, want, ROUNDING, "dropout on cpu against ref");
  got = prop_predict(one, features, &o);
  prop_compare(got, fused, 0, "threads");
  pleat_arrays_destroy(got);
  o.is_unfused = true;
  got = prop_predict(cpu, features, &o);
  prop_compare(got, want, ROUNDING, "unfused");
  pleat_arrays_destroy(got);
  o.is_unfused = false;
  o.n_chunks = 3;
  got = prop_predict(cpu, features, &o);
  prop_compare(got, want, ROUNDING, "slices");
  pleat_arrays_destroy(got);
  o.n_chunks = 0;
  o.keep_padding = true;
  got = prop_predict(cpu, features, &o);
  prop_compare(got, want, ROUNDING, "padding");
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(fused);
  pleat_arrays_destroy(want);
  pleat_arrays_destroy(features);
  pleat_model_close(one);
  pleat_model_close(ref);
  pleat_model_close(cpu);
}

/* Every pass and every member draws its own masks: with equal slices only these can make a difference. */
static void test_passes(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  prop_shape shape = monomer;
  shape.is_same_every_time = true;
  pleat_arrays *features = prop_features(&shape, 73);
  pleat_predict_options o = options(1, 6);
  pleat_arrays *single = prop_predict(model, features, &o);
  o.num_ensemble = 2;
  pleat_arrays *two = prop_predict(model, features, &o);
  check_differs(two, single, "the second member's masks");
  o = options(0, 6);
  pleat_arrays *plain = prop_predict(model, features, &o);
  o.num_ensemble = 2;
  pleat_arrays *plain_two = prop_predict(model, features, &o);
  prop_compare(plain_two, plain, 0, "equal members without dropout");
  pleat_arrays_destroy(plain_two);
  pleat_arrays_destroy(plain);
  pleat_arrays_destroy(two);
  pleat_arrays_destroy(single);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

static void test_refused(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(&monomer, 74), *out = NULL;
  pleat_session *session = NULL, *none = NULL;
  pleat_error err = {0};
  static const double bad[] = {-0.5, 1.5, NAN};
  for (int i = 0; i < 3; i++) {
    pleat_predict_options o = options(bad[i], 0);
    CHECK_INT(pleat_session_create(model, features, &o, &none, &err), PLEAT_INVALID);
    CHECK(!none && strstr(err.message, "expected 0 to 1") != NULL);
  }
  pleat_predict_options with = options(1, 0), without = options(0, 0);
  CHECK_OK(pleat_session_create(model, features, &with, &session, &err), &err);
  if (session) {
    CHECK(pleat_session_fits(session, features, &with) && !pleat_session_fits(session, features, &without));
    CHECK_INT(pleat_session_predict(session, features, &without, &out, &err), PLEAT_SHAPE);
    CHECK(!out && strstr(err.message, "made for dropout 1,") != NULL);
  }
  pleat_session_destroy(session);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

int main(void) {
  test_seeds(PROP_MONOMER, &monomer);
  test_seeds(PROP_MULTIMER, &multimer);
  test_ways(PROP_MONOMER, &monomer);
  test_ways(PROP_MULTIMER, &multimer);
  test_passes();
  test_refused();
  return check_report();
}
