/* Packed parameters, shared by all programs of a model.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/half.h"

pleat_status pleat_cpu_model_create(const pleat_cpu_kernels *kern, const pleat_weight_reader *reader,
                                    pleat_cpu_model **out_model, pleat_error *err) {
  *out_model = NULL;
  pleat_cpu_model *model = calloc(1, sizeof *model);
  if (!model) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a model of the cpu backend");
  if (pthread_mutex_init(&model->lock, NULL)) {
    free(model);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no resources for a lock of the cpu backend");
  }
  model->kern = kern;
  model->reader = *reader;
  *out_model = model;
  return PLEAT_OK;
}

static void weight_destroy(pleat_cpu_weight *weight) {
  if (!weight) return;
  free(weight->data);
  free(weight->name);
  free(weight);
}

void pleat_cpu_model_destroy(pleat_cpu_model *model) {
  if (!model) return;
  for (pleat_cpu_weight *weight = model->weights, *next; weight; weight = next) {
    next = weight->next;
    weight_destroy(weight);
  }
  pthread_mutex_destroy(&model->lock);
  free(model);
}

uint64_t pleat_cpu_model_bytes(pleat_cpu_model *model) {
  pthread_mutex_lock(&model->lock);
  uint64_t n_bytes = model->n_bytes;
  pthread_mutex_unlock(&model->lock);
  return n_bytes;
}

static bool is_same(const pleat_cpu_weight *weight, const pleat_plan_weight *want, bool is_packed) {
  const pleat_plan_weight *key = &weight->key;
  return weight->is_packed == is_packed && key->first_element == want->first_element && key->K == want->K &&
         key->N == want->N && key->n_blocks == want->n_blocks && key->block_elements == want->block_elements &&
         key->dtype == want->dtype && strcmp(weight->name, want->name) == 0;
}

/* Sizes of the packed form; false when they overflow. Every block starts on a cache line and is followed by a panel's
 * width, so that vectors may be read to their end. */
static bool size_blocks(const pleat_cpu_kernels *kern, const pleat_plan_weight *want, pleat_cpu_weight *weight) {
  const int64_t limit = INT64_MAX / 64;
  if (want->K < 0 || want->N < 0 || want->n_blocks < 0) return false;
  if (want->N > limit / 2 || (want->K && want->N + PLEAT_CPU_MAX_NR > limit / want->K)) return false;
  int64_t elements = weight->is_packed ? pleat_cpu_packed_elements(kern, want->K, want->N) : want->K * want->N;
  int64_t item = weight->is_packed && want->dtype == PLEAT_BF16 ? 2 : 4;
  int64_t block = pleat_cpu_round((elements + PLEAT_CPU_MAX_NR) * item, PLEAT_CPU_ALIGN);
  if (want->n_blocks && block > INT64_MAX / want->n_blocks) return false;
  weight->block_bytes = (size_t)block;
  weight->n_bytes = (size_t)(block * pleat_cpu_max(1, want->n_blocks));
  return true;
}

static pleat_status fill_blocks(const pleat_cpu_model *model, const pleat_plan_weight *want, pleat_cpu_weight *weight,
                                float *buf, pleat_error *err) {
  int64_t n = want->K * want->N;
  for (int64_t block = 0; block < want->n_blocks; block++) {
    uint8_t *data = weight->data + (size_t)block * weight->block_bytes;
    float *dst = weight->is_packed ? buf : (float *)(void *)data;
    int64_t first = want->first_element + block * want->block_elements;
    PLEAT_TRY(model->reader.read(model->reader.ctx, want->name, first, n, dst, err));
    if (weight->is_packed) {
      pleat_cpu_pack(model->kern, buf, want->K, want->N, want->dtype == PLEAT_BF16, data);
    } else {
      for (int64_t i = 0; want->dtype == PLEAT_BF16 && i < n; i++)
        dst[i] = pleat_f32_from_bf16(pleat_bf16_from_f32(dst[i]));
    }
  }
  return PLEAT_OK;
}

static pleat_status weight_create(const pleat_cpu_model *model, const pleat_plan_weight *want, bool is_packed,
                                  pleat_cpu_weight **out_weight, pleat_error *err) {
  pleat_cpu_weight *weight = calloc(1, sizeof *weight);
  float *buf = NULL;
  pleat_status status = PLEAT_NOMEM;
  size_t n_name = strlen(want->name) + 1;
  if (!weight) goto done;
  weight->is_packed = is_packed;
  weight->key = *want;
  if (!size_blocks(model->kern, want, weight)) goto done;
  weight->name = malloc(n_name);
  weight->data = aligned_alloc(PLEAT_CPU_ALIGN, weight->n_bytes);
  if (is_packed) buf = malloc(((size_t)(want->K * want->N) + 1) * sizeof *buf);
  if (!weight->name || !weight->data || (is_packed && !buf)) goto done;
  memcpy(weight->name, want->name, n_name);
  memset(weight->data, 0, weight->n_bytes);
  status = fill_blocks(model, want, weight, buf, err);

done:
  free(buf);
  if (status == PLEAT_OK) {
    *out_weight = weight;
    return PLEAT_OK;
  }
  weight_destroy(weight);
  if (status == PLEAT_NOMEM)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %s: %lld blocks of %lld x %lld values", want->name,
               (long long)want->n_blocks, (long long)want->K, (long long)want->N);
  return status;
}

pleat_status pleat_cpu_model_find(pleat_cpu_model *model, const pleat_plan_weight *want, bool is_packed,
                                  const pleat_cpu_weight **out_weight, pleat_error *err) {
  pleat_status status = PLEAT_OK;
  pthread_mutex_lock(&model->lock);
  pleat_cpu_weight *weight = model->weights;
  while (weight && !is_same(weight, want, is_packed)) weight = weight->next;
  if (!weight) {
    status = weight_create(model, want, is_packed, &weight, err);
    if (!status) {
      weight->next = model->weights;
      model->weights = weight;
      model->n_bytes += weight->n_bytes;
    }
  }
  pthread_mutex_unlock(&model->lock);
  *out_weight = weight;
  return status;
}
