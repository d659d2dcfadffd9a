/* Fuzz target: features of a small target, damaged as the bytes say, through a session on the null backend.
 * Bytes: family, options, then (array, action, place, value) again and again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pleat/pleat.h"

enum { N_TEMPL = 2, MAX_ELEMENTS = 1 << 16 };

typedef struct family {
  const char *weights, *name, *sequence, *mask_name;
  pleat_model *model;
  pleat_arrays *features;
} family;

static family families[2] = {
    {"synth:tests/data/tiny_monomer.weights.json", "model_1_ptm", "MKVGW", "template_all_atom_masks", NULL, NULL},
    {"synth:tests/data/tiny_multimer_v3.weights.json", "model_1_multimer_v3", "MKV:MKV:G", "template_all_atom_mask",
     NULL, NULL},
};

static void require(pleat_status status, const pleat_error *err) {
  if (!status) return;
  fprintf(stderr, "cannot prepare the target: %s\n", err->message);
  abort();
}

static void add(pleat_arrays *set, const char *name, int n_lead, const int64_t *lead, int rank, const int64_t *axes,
                double value) {
  int64_t shape[PLEAT_MAX_RANK] = {0}, n = 1;
  for (int d = 0; d < n_lead + rank; d++) {
    shape[d] = d < n_lead ? lead[d] : axes[d - n_lead];
    n *= shape[d];
  }
  pleat_error err;
  void *data;
  require(pleat_arrays_add(set, name, PLEAT_F32, n_lead + rank, shape, NULL, &data, &err), &err);
  for (int64_t i = 0; i < n; i++) ((float *)data)[i] = (float)(value * (double)(1 + i % 7));
}

/* Features of a short sequence with templates; monomer features have a leading axis of iterations. */
static void prepare(family *f) {
  pleat_error err;
  pleat_model_options model_options = {.name = f->name, .opt_backend = "null", .n_threads = 1};
  pleat_predict_options options = {.num_recycle = 1, .msa_mask_fraction = -1, .num_ensemble = 1};
  require(pleat_model_open(f->weights, &model_options, &f->model, &err), &err);
  require(pleat_features_from_sequence(f->sequence, f->model, &options, &f->features, &err), &err);
  const pleat_array *aatype = pleat_arrays_find(f->features, "aatype");
  int64_t lead[PLEAT_MAX_RANK], N = aatype->shape[aatype->rank - 1];
  int n_lead = aatype->rank - 1;
  memcpy(lead, aatype->shape, sizeof lead);
  add(f->features, "template_aatype", n_lead, lead, 2, (int64_t[]){N_TEMPL, N}, 1);
  add(f->features, "template_all_atom_positions", n_lead, lead, 4, (int64_t[]){N_TEMPL, N, 37, 3}, 1.5);
  add(f->features, f->mask_name, n_lead, lead, 3, (int64_t[]){N_TEMPL, N, 37}, 0.5);
  add(f->features, "template_mask", n_lead, lead, 1, (int64_t[]){N_TEMPL}, 1);
}

static pleat_arrays *copy(const pleat_arrays *from) {
  pleat_arrays *set;
  pleat_error err;
  require(pleat_arrays_create(&set, &err), &err);
  for (size_t i = 0; i < pleat_arrays_count(from); i++) {
    const pleat_array *a = pleat_arrays_get(from, i);
    if (a->dtype == PLEAT_BYTES) continue;
    require(pleat_arrays_add(set, a->name, a->dtype, a->rank, a->shape, a->data, NULL, &err), &err);
  }
  return set;
}

static void put(void *data, pleat_dtype dtype, int64_t i, double x) {
  double whole = x >= -2147483648.0 && x <= 2147483647.0 ? x : 0;
  switch (dtype) {
    case PLEAT_F32: ((float *)data)[i] = (float)x; break;
    case PLEAT_F64: ((double *)data)[i] = x; break;
    case PLEAT_I32: ((int32_t *)data)[i] = (int32_t)whole; break;
    case PLEAT_I64: ((int64_t *)data)[i] = (int64_t)whole; break;
    case PLEAT_U8: ((uint8_t *)data)[i] = (uint8_t)(int64_t)whole; break;
    default: break;
  }
}

/* The array again with another type and shape, filled with what it held. */
static void reshape(pleat_arrays *set, const pleat_array *from, pleat_dtype dtype, int rank, const int64_t *shape) {
  char name[64];
  snprintf(name, sizeof name, "%s", from->name);
  int64_t n = 1, n_old = pleat_array_elements(from);
  for (int d = 0; d < rank; d++) n *= shape[d];
  if (n > MAX_ELEMENTS || rank > PLEAT_MAX_RANK) return;
  double *values = calloc((size_t)n + 1, sizeof *values);
  if (!values) return;
  for (int64_t i = 0; i < n && n_old; i++) values[i] = pleat_array_number(from, i % n_old);
  pleat_error err;
  void *data = NULL;
  if (dtype != PLEAT_BYTES && !pleat_arrays_add(set, name, dtype, rank, shape, NULL, &data, &err))
    for (int64_t i = 0; i < n; i++) put(data, dtype, i, values[i]);
  free(values);
}

static void damage(pleat_arrays *set, const uint8_t bytes[4]) {
  static const double values[] = {0,   1,    -1,    2,     20,       21,         22,   255, 0.5,
                                  NAN, 1e30, -1e30, 1e300, INFINITY, 2147483647, -0.0, 7,   -2147483648.0};
  if (!pleat_arrays_count(set)) return;
  const pleat_array *a = pleat_arrays_get(set, bytes[0] % pleat_arrays_count(set));
  int64_t shape[PLEAT_MAX_RANK + 1] = {1}, n = pleat_array_elements(a);
  memcpy(shape + 1, a->shape, sizeof a->shape);
  switch (bytes[1] % 6) {
    case 0: pleat_arrays_remove(set, a->name); break;
    case 1: reshape(set, a, (pleat_dtype)(bytes[2] % PLEAT_N_DTYPES), a->rank, a->shape); break;
    case 2:
      if (a->rank) shape[1 + bytes[2] % a->rank] = bytes[3] % 9;
      reshape(set, a, a->dtype, a->rank, shape + 1);
      break;
    case 3:
      if (n) put(a->data, a->dtype, bytes[2] * 37 % n, values[bytes[3] % (sizeof values / sizeof *values)]);
      break;
    case 4:
      shape[0] = bytes[3] % 4;
      reshape(set, a, a->dtype, a->rank + 1, shape);
      break;
    default:
      if (a->rank) reshape(set, a, a->dtype, a->rank - 1, shape + 2);
      break;
  }
}

static void predict(const pleat_model *model, const pleat_arrays *features, uint8_t bits) {
  pleat_predict_options options = {.num_recycle = bits & 1,
                                   .num_ensemble = 1 + (bits >> 1 & 1),
                                   .keep_padding = bits >> 2 & 1,
                                   .want_logits = bits >> 3 & 1,
                                   .want_representations = bits >> 4 & 1,
                                   .is_identity_order = bits >> 5 & 1,
                                   .max_msa = bits >> 6 & 1 ? 2 : 0,
                                   .msa_mask_fraction = bits >> 7 & 1 ? 0 : -1};
  pleat_error err = {0};
  pleat_session *session;
  pleat_arrays *prediction;
  if (pleat_session_create(model, features, &options, &session, &err)) return;
  if (!pleat_session_predict(session, features, &options, &prediction, &err)) pleat_arrays_destroy(prediction);
  pleat_session_destroy(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  family *f = &families[data[0] & 1];
  if (!f->model) prepare(f);
  pleat_arrays *features = copy(f->features);
  for (size_t i = 2; i + 4 <= size && i < 66; i += 4) damage(features, data + i);
  predict(f->model, features, data[1]);
  pleat_arrays_destroy(features);
  return 0;
}
