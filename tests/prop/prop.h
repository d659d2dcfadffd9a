/* Property tests: random features for small networks, predictions under options, comparisons of whole predictions.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_PROP_H
#define PLEAT_TESTS_PROP_H

#include "base/rng.h"
#include "check.h"
#include "pleat/pleat.h"

/* Sizes of random features; counts of masked rows lie at the end of each axis. */
typedef struct prop_shape {
  int64_t n_res, n_clust, n_extra, n_templ;
  int64_t n_iterations; /* slices; 0 = features without a leading axis */
  int64_t clust_masked, extra_masked, templ_masked, res_masked;
  bool is_multimer;
  bool has_equal_templates; /* multimer: every template is empty, as the data pipeline pads them */
  bool is_same_every_time;  /* equal slices */
} prop_shape;

/* The tiny synthetic networks of tests/data, which have every part of the published ones. */
#define PROP_MONOMER  "model_1_ptm", "synth:tests/data/tiny_monomer.weights.json"
#define PROP_MULTIMER "model_1_multimer_v3", "synth:tests/data/tiny_multimer_v3.weights.json"

/* NULL after a failed check, here and below. */
static inline pleat_model *prop_model(const char *name, const char *weights, const char *backend, int n_threads) {
  pleat_model *model = NULL;
  pleat_error err = {0};
  pleat_model_options options = {.name = name, .opt_backend = backend, .n_threads = n_threads};
  CHECK_OK(pleat_model_open(weights, &options, &model, &err), &err);
  return model;
}

/* ---- Features ---- */

typedef struct feature_writer {
  const prop_shape *shape;
  pleat_arrays *set;
  uint64_t seed;
  pleat_error err;
} feature_writer;

/* A number in [0, 1) for one element of one array: padding an axis does not move the others' values. */
static inline double number(const feature_writer *w, const char *name, int64_t slice, int64_t row, int64_t column) {
  uint64_t x = w->seed;
  for (const char *p = name; *p; p++) x = pleat_mix64(x ^ (uint8_t)*p);
  int64_t keys[] = {w->shape->is_same_every_time ? 0 : slice, row, column};
  for (int k = 0; k < 3; k++) x = pleat_mix64(x ^ (uint64_t)keys[k]);
  return (double)(x >> 11) * 0x1p-53;
}

typedef double value_fn(const feature_writer *w, const char *name, int64_t slice, int64_t row, int64_t column);

/* An array [slices, rows, columns...] of values fn. */
static inline void add(feature_writer *w, const char *name, pleat_dtype dtype, int rank, const int64_t *shape,
                       value_fn *fn) {
  int64_t full[PLEAT_MAX_RANK], n_slices = w->shape->n_iterations, width = 1;
  int lead = n_slices > 0;
  full[0] = n_slices;
  for (int d = 0; d < rank; d++) full[lead + d] = shape[d];
  for (int d = 1; d < rank; d++) width *= shape[d];
  void *data = NULL;
  if (!CHECK_OK(pleat_arrays_add(w->set, name, dtype, rank + lead, full, NULL, &data, &w->err), &w->err)) return;
  for (int64_t k = 0; k < (lead ? n_slices : 1); k++)
    for (int64_t r = 0; r < shape[0]; r++)
      for (int64_t c = 0; c < width; c++) {
        double x = fn(w, name, k, r, c);
        int64_t at = (k * shape[0] + r) * width + c;
        if (dtype == PLEAT_I32)
          ((int32_t *)data)[at] = (int32_t)x;
        else
          ((float *)data)[at] = (float)x;
      }
}

static inline double uniform(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  return number(w, name, k, r, c) * 2 - 1;
}
/* Residue features are the same in every slice, so that they can be hoisted. */
static inline double residue_type(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  return (double)(int)(20 * number(w, name, 0, r, c));
}
static inline double sequence_mask(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)name, (void)k, (void)c;
  return r < w->shape->n_res - w->shape->res_masked;
}
static inline double target(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  return number(w, name, 0, r, c) < 0.1;
}
static inline double position(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)w, (void)name, (void)k, (void)c;
  return (double)r;
}
/* Two chains of different length that are one entity, or one and another. */
static inline double chain(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k, (void)c;
  bool is_second = r >= (2 * w->shape->n_res + 2) / 3;
  return !strcmp(name, "entity_id") ? 1 : 1 + is_second;
}
static inline double token(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  return (double)(int)(23 * number(w, name, k, r, c));
}
static inline double flag(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  return number(w, name, k, r, c) < 0.3;
}
static inline double msa_mask(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  if (r >= w->shape->n_clust - w->shape->clust_masked) return 0;
  return sequence_mask(w, name, k, c, 0) && (!r || c == r % w->shape->n_res || number(w, name, k, r, c) < 0.85);
}
static inline double extra_mask(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  if (r >= w->shape->n_extra - w->shape->extra_masked) return 0;
  return sequence_mask(w, name, k, c, 0) && (!c || number(w, name, k, r, c) < 0.8);
}
static inline bool is_empty_template(const feature_writer *w, int64_t t) {
  return w->shape->has_equal_templates || t >= w->shape->n_templ - w->shape->templ_masked;
}
static inline double template_type(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  if (is_empty_template(w, r)) return 21 - w->shape->is_multimer * 21;
  return (double)(int)(20 * number(w, name, 0, r, c));
}
/* Atoms some angstrom apart, residues along a line. */
static inline double template_atoms(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  int64_t residue = c / 111;
  return is_empty_template(w, r) ? 0 : 3.0 * (double)residue * (c % 3 == 0) + 6 * number(w, name, 0, r, c);
}
static inline double template_beta(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  int64_t residue = c / 3;
  return is_empty_template(w, r) ? 0 : 3.0 * (double)residue * (c % 3 == 0) + 6 * number(w, name, 0, r, c);
}
static inline double template_atom_mask(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)k;
  return !is_empty_template(w, r) && number(w, name, 0, r, c) < 0.9;
}
static inline double template_given(const feature_writer *w, const char *name, int64_t k, int64_t r, int64_t c) {
  (void)name, (void)k, (void)c;
  return r < w->shape->n_templ - w->shape->templ_masked;
}

static inline void add_templates(feature_writer *w) {
  int64_t t = w->shape->n_templ, n = w->shape->n_res;
  bool is_multimer = w->shape->is_multimer;
  add(w, "template_aatype", PLEAT_I32, 2, (int64_t[]){t, n}, template_type);
  add(w, "template_all_atom_positions", PLEAT_F32, 4, (int64_t[]){t, n, 37, 3}, template_atoms);
  add(w, is_multimer ? "template_all_atom_mask" : "template_all_atom_masks", PLEAT_F32, 3, (int64_t[]){t, n, 37},
      template_atom_mask);
  add(w, "template_pseudo_beta", PLEAT_F32, 3, (int64_t[]){t, n, 3}, template_beta);
  add(w, "template_pseudo_beta_mask", PLEAT_F32, 2, (int64_t[]){t, n}, template_atom_mask);
  if (!is_multimer) add(w, "template_mask", PLEAT_F32, 1, &t, template_given);
}

/* Processed features with random values and scattered masks; the same seed gives the same features, and features that
 * differ in masked rows only have the same values in the other rows. */
static inline pleat_arrays *prop_features(const prop_shape *shape, uint64_t seed) {
  feature_writer w = {.shape = shape, .seed = seed};
  if (!CHECK_OK(pleat_arrays_create(&w.set, &w.err), &w.err)) return NULL;
  int64_t n = shape->n_res, s = shape->n_clust, e = shape->n_extra;
  add(&w, "aatype", PLEAT_I32, 1, &n, residue_type);
  add(&w, "seq_mask", PLEAT_F32, 1, &n, sequence_mask);
  add(&w, "residue_index", PLEAT_I32, 1, &n, position);
  add(&w, "target_feat", PLEAT_F32, 2, (int64_t[]){n, shape->is_multimer ? 21 : 22}, target);
  add(&w, "msa_feat", PLEAT_F32, 3, (int64_t[]){s, n, 49}, uniform);
  add(&w, "msa_mask", PLEAT_F32, 2, (int64_t[]){s, n}, msa_mask);
  add(&w, "extra_msa_mask", PLEAT_F32, 2, (int64_t[]){e, n}, extra_mask);
  if (shape->is_multimer) {
    add(&w, "asym_id", PLEAT_I32, 1, &n, chain);
    add(&w, "sym_id", PLEAT_I32, 1, &n, chain);
    add(&w, "entity_id", PLEAT_I32, 1, &n, chain);
    add(&w, "extra_msa_feat", PLEAT_F32, 3, (int64_t[]){e, n, 25}, uniform);
  } else {
    add(&w, "extra_msa", PLEAT_I32, 2, (int64_t[]){e, n}, token);
    add(&w, "extra_has_deletion", PLEAT_F32, 2, (int64_t[]){e, n}, flag);
    add(&w, "extra_deletion_value", PLEAT_F32, 2, (int64_t[]){e, n}, uniform);
  }
  if (shape->n_templ) add_templates(&w);
  return w.set;
}

/* ---- Predictions ---- */

/* One pass, everything is read: change what differs. */
static inline pleat_predict_options prop_options(void) {
  return (pleat_predict_options){.early_stop_tolerance = -1, .want_logits = true, .want_representations = true};
}

static inline pleat_arrays *prop_predict(const pleat_model *model, const pleat_arrays *features,
                                         const pleat_predict_options *options) {
  pleat_session *session = NULL;
  pleat_arrays *out = NULL;
  pleat_error err = {0};
  if (CHECK_OK(pleat_session_create(model, features, options, &session, &err), &err))
    CHECK_OK(pleat_session_predict(session, features, options, &out, &err), &err);
  pleat_session_destroy(session);
  return out;
}

static inline double relative_l2(const pleat_array *a, const pleat_array *b) {
  double difference = 0, norm = 0;
  const float *x = a->data, *y = b->data;
  for (int64_t i = 0; i < pleat_array_elements(a); i++) {
    double d = (double)x[i] - (double)y[i];
    difference += d * d;
    norm += (double)y[i] * (double)y[i];
  }
  return difference == 0 ? 0 : sqrt(difference / (norm > 0 ? norm : 1));
}

static inline bool is_same_shape(const pleat_array *a, const pleat_array *b) {
  return b && a->rank == b->rank && a->dtype == b->dtype &&
         !memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

/* Largest relative L2 difference of all float arrays; infinite when shapes differ or arrays are missing. */
static inline double prop_difference(const pleat_arrays *a, const pleat_arrays *b, char name[64]) {
  double worst = 0;
  name[0] = 0;
  if (!CHECK(a && b) || !CHECK_INT(pleat_arrays_count(a), pleat_arrays_count(b))) return INFINITY;
  for (size_t i = 0; i < pleat_arrays_count(a); i++) {
    const pleat_array *x = pleat_arrays_get(a, i), *y = pleat_arrays_find(b, x->name);
    if (!is_same_shape(x, y)) {
      snprintf(name, 64, "%s (shape)", x->name);
      return INFINITY;
    }
    double d = x->dtype == PLEAT_F32 ? relative_l2(x, y) : 0;
    bool is_equal = !memcmp(x->data, y->data, (size_t)pleat_array_elements(x) * x->item_size);
    if (!is_equal && d == 0) d = 1e-45; /* signs of zero count as a difference of bytes */
    if (!(d <= worst)) {                /* also NaN */
      worst = d;
      snprintf(name, 64, "%s", x->name);
    }
  }
  return worst;
}

/* Checks prop_difference <= tolerance (0: every byte equal). PLEAT_PROP_VERBOSE=1 prints what was observed. */
static inline void prop_compare(const pleat_arrays *got, const pleat_arrays *want, double tolerance, const char *what) {
  char name[64];
  double worst = prop_difference(got, want, name);
  if (getenv("PLEAT_PROP_VERBOSE")) printf("%-60s %.3g of %.3g in %s\n", what, worst, tolerance, name);
  if (!CHECK(worst <= tolerance))
    fprintf(stderr, "  %s: relative difference %g of allowed %g in %s\n", what, worst, tolerance, name);
}

#endif
