/* Recycling, ensembling, early stop, cancelling, reuse, sessions side by side, and any number of
 * threads.
 *
 * Everything here is compared byte by byte: the same arithmetic in the same order, whatever happens around it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>

#include "prop.h"

static int64_t recycles_of(const pleat_arrays *out) {
  const pleat_array *a = out ? pleat_arrays_find(out, "num_recycles") : NULL;
  return CHECK(a && a->dtype == PLEAT_I32) ? *(const int32_t *)a->data : -1;
}

static const prop_shape monomer = {
    .n_res = 10, .n_clust = 4, .n_extra = 5, .n_templ = 2, .n_iterations = 8, .templ_masked = 1};
static const prop_shape multimer = {.n_res = 9, .n_clust = 4, .n_extra = 5, .n_templ = 2, .is_multimer = true};

static void check_threads(const char *name, const char *weights, const prop_shape *shape) {
  pleat_arrays *features = prop_features(shape, 21), *first = NULL;
  for (int n_threads = 1; n_threads <= 3; n_threads++) {
    pleat_model *model = prop_model(name, weights, "cpu", n_threads);
    for (int64_t n_chunks = 0; n_chunks <= 2; n_chunks += 2) {
      pleat_predict_options o = prop_options();
      o.num_recycle = 2;
      o.n_chunks = n_chunks;
      if (n_chunks) o.num_recycle = 0; /* compared among themselves only */
      pleat_arrays *out = model ? prop_predict(model, features, &o) : NULL;
      if (!n_chunks && first) prop_compare(out, first, 0, "threads");
      if (!n_chunks && !first)
        first = out;
      else
        pleat_arrays_destroy(out);
    }
    pleat_model_close(model);
  }
  pleat_arrays_destroy(first);
  pleat_arrays_destroy(features);
}

/* Equal members: the mean of x/2 and x/2 is x in floating point too. */
static void check_equal_members(const char *name, const char *weights, prop_shape shape) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  shape.is_same_every_time = true;
  pleat_arrays *features = prop_features(&shape, 22);
  pleat_predict_options o = prop_options();
  o.num_recycle = 1;
  pleat_arrays *one = prop_predict(model, features, &o);
  o.num_ensemble = 2;
  pleat_arrays *two = prop_predict(model, features, &o);
  prop_compare(two, one, 0, "two equal members");
  o.is_unhoisted = true;
  pleat_arrays *unhoisted = prop_predict(model, features, &o);
  char where[64];
  CHECK(prop_difference(unhoisted, one, where) < 1e-3); /* recycled: see test_equal_numbers.c on bins */
  pleat_arrays_destroy(unhoisted);
  pleat_arrays_destroy(two);
  pleat_arrays_destroy(one);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

/* Different members: the mean on the cpu is the mean of the oracle. Without recycling, as in test_equal_numbers.c. */
static void test_members_differ(void) {
  pleat_model *cpu = prop_model(PROP_MONOMER, "cpu", 0), *ref = prop_model(PROP_MONOMER, "ref", 1);
  if (!cpu || !ref) return;
  prop_shape shape = monomer;
  shape.n_res = 6;
  pleat_arrays *features = prop_features(&shape, 23);
  pleat_predict_options o = prop_options();
  pleat_arrays *single = prop_predict(cpu, features, &o);
  o.num_ensemble = 3;
  pleat_arrays *got = prop_predict(cpu, features, &o), *want = prop_predict(ref, features, &o);
  prop_compare(got, want, 1e-5, "three members against ref");
  char where[64];
  CHECK(prop_difference(got, single, where) > 1e-4); /* the members do count */
  pleat_arrays_destroy(want);
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(single);
  pleat_arrays_destroy(features);
  pleat_model_close(ref);
  pleat_model_close(cpu);
}

static void test_early_stop(void) {
  pleat_model *model = prop_model(PROP_MULTIMER, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(&multimer, 24);
  pleat_predict_options o = prop_options();
  o.num_recycle = 4;
  pleat_arrays *never = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(never), 4);
  o.early_stop_tolerance = 1e9; /* the first comparison is that of pass 0 with the zeros before it */
  pleat_arrays *at_once = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(at_once), 1);
  o.early_stop_tolerance = -1;
  o.num_recycle = 1;
  pleat_arrays *one = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(one), 1);
  prop_compare(at_once, one, 0, "stopped after one recycle = one recycle");
  o.num_recycle = 4;
  o.early_stop_tolerance = 1e-12;
  pleat_arrays *tight = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(tight), 4);
  prop_compare(tight, never, 0, "a tolerance that is never met");
  pleat_arrays_destroy(tight);
  pleat_arrays_destroy(one);
  pleat_arrays_destroy(at_once);
  pleat_arrays_destroy(never);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

/* Monomers run all their recycles, as published, unless a tolerance is given. */
static void test_monomer_stops_when_asked(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(&monomer, 25);
  pleat_predict_options o = prop_options();
  o.num_recycle = 3;
  o.early_stop_tolerance = 0;
  pleat_arrays *out = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(out), 3);
  pleat_arrays_destroy(out);
  o.early_stop_tolerance = 1e9;
  out = prop_predict(model, features, &o);
  CHECK_INT(recycles_of(out), 1);
  pleat_arrays_destroy(out);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

typedef struct watcher {
  int64_t n_progress, n_poll, stop_progress, stop_poll; /* stop at this call; < 0: never */
  bool has_scores;
  double plddt, ptm, change;         /* of the last pass */
  const double *opt_plddt, *opt_ptm; /* expected, by pass */
} watcher;

static bool on_progress_any(void *ctx, const pleat_pass *pass) {
  watcher *w = ctx;
  bool has_scores = w->has_scores || pass->recycle == pass->num_recycle;
  CHECK_INT(pass->recycle, w->n_progress);
  if (w->opt_plddt) CHECK_NEAR(pass->mean_plddt, w->opt_plddt[pass->recycle], 0);
  if (w->opt_ptm) CHECK_NEAR(pass->ptm, w->opt_ptm[pass->recycle], 0);
  CHECK(has_scores ? pass->mean_plddt > 0 && pass->mean_plddt <= 100 : isnan(pass->mean_plddt));
  CHECK(pass->recycle ? pass->distance_change > 0 : isnan(pass->distance_change));
  w->plddt = pass->mean_plddt;
  w->ptm = pass->ptm;
  w->change = pass->distance_change;
  return w->n_progress++ != w->stop_progress;
}

static bool on_progress(void *ctx, const pleat_pass *pass) {
  CHECK_INT(pass->num_recycle, 2);
  return on_progress_any(ctx, pass);
}

static bool on_poll(void *ctx) {
  watcher *w = ctx;
  return w->n_poll++ != w->stop_poll;
}

/* Scores of every pass are those of a prediction that ends there, and change nothing about the last one. */
static void test_pass_scores(const char *name, const char *weights, const prop_shape *shape) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 28);
  pleat_predict_options o = prop_options();
  double plddt[3], ptm[3], change = 0;
  watcher w;
  o.opt_progress = on_progress_any;
  o.progress_ctx = &w;
  o.early_stop_tolerance = -1;
  for (o.num_recycle = 0; o.num_recycle < 3; o.num_recycle++) {
    w = (watcher){.stop_progress = -1};
    pleat_arrays_destroy(prop_predict(model, features, &o));
    plddt[o.num_recycle] = w.plddt;
    ptm[o.num_recycle] = w.ptm;
    change = w.change;
    CHECK_NEAR(w.plddt, 50, 50);
    CHECK_NEAR(w.ptm, 0.5, 0.5);
  }
  o.num_recycle = 2;
  w = (watcher){.stop_progress = -1};
  pleat_arrays *without = prop_predict(model, features, &o), *with;
  o.want_pass_scores = true;
  w = (watcher){.stop_progress = -1, .has_scores = true, .opt_plddt = plddt, .opt_ptm = ptm};
  with = prop_predict(model, features, &o);
  CHECK_INT(w.n_progress, 3);
  CHECK_NEAR(w.change, change, 0);
  prop_compare(with, without, 0, "scores of every pass");
  pleat_arrays_destroy(with);
  pleat_arrays_destroy(without);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

/* Cancelled at every kind of moment, a session gives the same bytes afterwards; so does any repetition. */
static void test_cancel_and_reuse(const char *name, const char *weights, const prop_shape *shape) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 26), *others = prop_features(shape, 27), *first = NULL;
  pleat_predict_options o = prop_options();
  o.num_recycle = 2;
  o.opt_progress = on_progress;
  o.opt_poll = on_poll;
  watcher w = {.stop_progress = -1, .stop_poll = -1};
  o.progress_ctx = o.poll_ctx = &w;
  pleat_session *session = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_session_create(model, features, &o, &session, &err), &err)) return;
  CHECK_OK(pleat_session_predict(session, features, &o, &first, &err), &err);
  CHECK_INT(w.n_progress, 3);
  int64_t n_polls = w.n_poll;
  CHECK(n_polls > 20);
  for (int64_t k = 0; k < 5; k++) {
    w = (watcher){.stop_progress = k < 2 ? k : -1, .stop_poll = k < 2 ? -1 : n_polls * (k - 2) / 3};
    pleat_arrays *none = NULL;
    CHECK_INT(pleat_session_predict(session, features, &o, &none, &err), PLEAT_CANCELLED);
    CHECK(!none);
    CHECK(strstr(err.message, "cancelled") != NULL);
  }
  pleat_arrays *other = NULL, *again = NULL;
  w = (watcher){.stop_progress = -1, .stop_poll = -1};
  CHECK_OK(pleat_session_predict(session, others, &o, &other, &err), &err);
  w = (watcher){.stop_progress = -1, .stop_poll = -1};
  CHECK_OK(pleat_session_predict(session, features, &o, &again, &err), &err);
  prop_compare(again, first, 0, "a session used again");
  char where[64];
  CHECK(prop_difference(other, first, where) > 0);
  pleat_arrays *refused = NULL;
  o.num_ensemble = 2;
  CHECK_INT(pleat_session_predict(session, features, &o, &refused, &err), PLEAT_SHAPE);
  CHECK(!refused && strstr(err.message, "ensemble members") != NULL);
  pleat_arrays_destroy(again);
  pleat_arrays_destroy(other);
  pleat_arrays_destroy(first);
  pleat_session_destroy(session);
  pleat_arrays_destroy(others);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

/* A session serves other features if it says that it fits them, with the same bytes as a session of their own. */
static void test_fits(const char *name, const char *weights) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_predict_options o = {.num_recycle = 1, .early_stop_tolerance = -1, .msa_mask_fraction = -1};
  static const char *const sequences[] = {"MKVLAAGG", "PPLLEEKK", "MKVLAAGGS"};
  pleat_arrays *features[3] = {NULL}, *got = NULL;
  pleat_session *session = NULL;
  pleat_error err = {0};
  for (int i = 0; i < 3; i++) CHECK_OK(pleat_features_from_sequence(sequences[i], model, &o, &features[i], &err), &err);
  if (!CHECK_OK(pleat_session_create(model, features[0], &o, &session, &err), &err)) return;
  CHECK_OK(pleat_session_predict(session, features[0], &o, &got, &err), &err);
  pleat_arrays_destroy(got);
  CHECK(pleat_session_fits(session, features[1], &o));
  CHECK(!pleat_session_fits(session, features[2], &o));
  CHECK_OK(pleat_session_predict(session, features[1], &o, &got, &err), &err);
  pleat_arrays *alone = prop_predict(model, features[1], &o);
  prop_compare(got, alone, 0, "a session of other features = one of its own");
  o.num_recycle = 2;
  CHECK(!pleat_session_fits(session, features[1], &o));
  o.num_recycle = 1;
  o.want_representations = true;
  CHECK(!pleat_session_fits(session, features[1], &o));
  o.want_representations = false;
  pleat_arrays *msa = NULL;
  const char *text = ">q\nMKVLAAGG\n>r\nMK-LAAGG\n";
  CHECK_OK(pleat_features_from_a3m(text, strlen(text), NULL, model, &o, &msa, &err), &err);
  CHECK(!pleat_session_fits(session, msa, &o));
  pleat_arrays_destroy(msa);
  pleat_arrays_destroy(alone);
  pleat_arrays_destroy(got);
  pleat_session_destroy(session);
  for (int i = 0; i < 3; i++) pleat_arrays_destroy(features[i]);
  pleat_model_close(model);
}

typedef struct parallel_run {
  const pleat_model *model;
  const pleat_arrays *features;
  pleat_arrays *out;
  pleat_status status;
} parallel_run;

/* Without checks inside: they count without a lock. */
static void *run_in_parallel(void *arg) {
  parallel_run *run = arg;
  pleat_predict_options o = prop_options();
  o.num_recycle = 1;
  pleat_session *session = NULL;
  run->status = pleat_session_create(run->model, run->features, &o, &session, NULL);
  if (!run->status) run->status = pleat_session_predict(session, run->features, &o, &run->out, NULL);
  pleat_session_destroy(session);
  return NULL;
}

/* A model serves several sessions at a time, from the first use of its parameters on. */
static void test_sessions_in_parallel(void) {
  enum { N = 3 };
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 2);
  if (!model) return;
  pleat_arrays *features[N];
  parallel_run runs[N];
  pthread_t threads[N];
  for (int i = 0; i < N; i++) {
    features[i] = prop_features(&monomer, 30 + (uint64_t)i);
    runs[i] = (parallel_run){.model = model, .features = features[i]};
    CHECK(pthread_create(&threads[i], NULL, run_in_parallel, &runs[i]) == 0);
  }
  for (int i = 0; i < N; i++) pthread_join(threads[i], NULL);
  pleat_predict_options o = prop_options();
  o.num_recycle = 1;
  for (int i = 0; i < N; i++) {
    CHECK_INT(runs[i].status, PLEAT_OK);
    pleat_arrays *alone = prop_predict(model, features[i], &o);
    prop_compare(runs[i].out, alone, 0, "in parallel = alone");
    pleat_arrays_destroy(alone);
    pleat_arrays_destroy(runs[i].out);
    pleat_arrays_destroy(features[i]);
  }
  pleat_model_close(model);
}

int main(void) {
  test_sessions_in_parallel();
  check_threads(PROP_MONOMER, &monomer);
  check_threads(PROP_MULTIMER, &multimer);
  check_equal_members(PROP_MONOMER, monomer);
  check_equal_members(PROP_MULTIMER, multimer);
  test_members_differ();
  test_early_stop();
  test_monomer_stops_when_asked();
  test_cancel_and_reuse(PROP_MONOMER, &monomer);
  test_cancel_and_reuse(PROP_MULTIMER, &multimer);
  test_pass_scores(PROP_MONOMER, &monomer);
  test_pass_scores(PROP_MULTIMER, &multimer);
  test_fits(PROP_MONOMER);
  test_fits(PROP_MULTIMER);
  return check_report();
}
