/* Weights in a .npz: stored members are used where they lie in the mapped file; a deflated one is inflated whole and
 * kept until its last element or another deflated tensor is read, so that reading 48 blocks inflates once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/npz.h"
#include "weights/weights_priv.h"

typedef struct npz_state {
  pleat_zip zip;
  pthread_mutex_t mutex; /* guards what follows */
  const pleat_weight_tensor *opt_inflated;
  int64_t n_served;  /* elements of it that were read */
  uint8_t *inflated; /* values only */
} npz_state;

/* Also an archive without members; one whose start is cut off is no archive. */
static bool probe(const uint8_t *data, size_t n) {
  return n >= 4 && (memcmp(data, "PK\3\4", 4) == 0 || memcmp(data, "PK\5\6", 4) == 0);
}

static pleat_status open_member(pleat_weights *weights, const pleat_zip *zip, const pleat_zip_member *member,
                                pleat_error *err) {
  pleat_npy npy;
  pleat_weight_tensor *tensor;
  PLEAT_TRY(pleat_npz_peek(zip, member, &npy, err));
  if (npy.kind != 'f') {
    return pleat_fail_at(err, PLEAT_WEIGHTS, weights->path, 0, 0,
                         "tensor %.300s: expected f2, f4 or f8, found type %c%zu: these are no parameters of a model",
                         member->name, npy.kind, npy.item_size);
  }
  pleat_dtype dtype = npy.item_size == 2 ? PLEAT_F16 : npy.item_size == 4 ? PLEAT_F32 : PLEAT_F64;
  size_t n_name = strlen(member->name) - strlen(".npy");
  PLEAT_TRY(pleat_weights_add(weights, member->name, n_name, dtype, npy.rank, npy.shape, &tensor, err));
  tensor->opt_member = member;
  tensor->n_header = npy.n_header;
  if (member->is_stored) tensor->opt_values = zip->data + member->offset + npy.n_header;
  return PLEAT_OK;
}

static pleat_status open_npz(pleat_weights *weights, pleat_error *err) {
  npz_state *state = calloc(1, sizeof *state);
  if (!state) return pleat_weights_fail_memory(weights, err);
  if (pthread_mutex_init(&state->mutex, NULL) != 0) {
    free(state);
    return pleat_weights_fail_memory(weights, err);
  }
  weights->state = state;
  pleat_zip *zip = &state->zip;
  PLEAT_TRY(pleat_zip_parse(weights->data, weights->n, weights->path, PLEAT_WEIGHTS, zip, err));
  size_t n_note = strlen(pleat_weights_synthetic_note);
  weights->is_synthetic = zip->n_comment == n_note && memcmp(zip->comment, pleat_weights_synthetic_note, n_note) == 0;
  PLEAT_TRY(pleat_weights_reserve(weights, zip->n_members, err));
  for (size_t i = 0; i < zip->n_members; i++) PLEAT_TRY(open_member(weights, zip, &zip->members[i], err));
  return PLEAT_OK;
}

static void forget_inflated(npz_state *state) {
  free(state->inflated);
  state->inflated = NULL;
  state->opt_inflated = NULL;
}

/* Called with the mutex held. */
static pleat_status inflate_tensor(npz_state *state, const pleat_weight_tensor *tensor, pleat_error *err) {
  uint8_t head[PLEAT_NPY_MAX_HEADER];
  size_t n = (size_t)tensor->n_elements * pleat_dtype_size(tensor->info.dtype);
  forget_inflated(state);
  state->inflated = malloc(n);
  if (!state->inflated) {
    return pleat_fail_at(err, PLEAT_NOMEM, state->zip.path, 0, 0, "tensor %.300s: no memory to inflate %zu bytes",
                         tensor->info.name, n);
  }
  PLEAT_TRY(pleat_zip_read(&state->zip, tensor->opt_member, head, tensor->n_header, state->inflated, n, err));
  state->opt_inflated = tensor;
  state->n_served = 0;
  return PLEAT_OK;
}

static pleat_status read_npz(const pleat_weights *weights, const pleat_weight_tensor *tensor, int64_t first, int64_t n,
                             float *dst, pleat_error *err) {
  size_t at = (size_t)first * pleat_dtype_size(tensor->info.dtype);
  if (tensor->opt_values) {
    pleat_weights_to_f32(tensor->info.dtype, tensor->opt_values + at, n, dst);
    return PLEAT_OK;
  }
  npz_state *state = weights->state;
  pthread_mutex_lock(&state->mutex);
  pleat_status status = state->opt_inflated == tensor ? PLEAT_OK : inflate_tensor(state, tensor, err);
  if (!status) pleat_weights_to_f32(tensor->info.dtype, state->inflated + at, n, dst);
  state->n_served += n; /* ranges may be read in any order, by several threads */
  if (status || state->n_served >= tensor->n_elements) forget_inflated(state);
  pthread_mutex_unlock(&state->mutex);
  return status;
}

/* Inflating compares the checksum itself. */
static pleat_status verify_npz(const pleat_weights *weights, const pleat_weight_tensor *tensor, pleat_error *err) {
  const npz_state *state = weights->state;
  return tensor->opt_values ? pleat_zip_check_stored(&state->zip, tensor->opt_member, err) : PLEAT_OK;
}

static void close_npz(pleat_weights *weights) {
  npz_state *state = weights->state;
  if (!state) return;
  forget_inflated(state);
  pthread_mutex_destroy(&state->mutex);
  pleat_zip_fini(&state->zip);
  free(state);
}

const pleat_weights_format pleat_weights_format_npz = {probe, open_npz, read_npz, verify_npz, close_npz};
