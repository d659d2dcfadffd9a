/* Packed parameters, shared by all programs of a model.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "tensor/half.h"

pleat_status pleat_cpu_model_create(const pleat_cpu_kernels *kern, const pleat_cpu_pool *pool,
                                    const pleat_weight_reader *reader, pleat_cpu_model **out_model, pleat_error *err) {
  *out_model = NULL;
  pleat_cpu_model *model = calloc(1, sizeof *model);
  if (!model) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a model of the cpu backend");
  if (pthread_mutex_init(&model->lock, NULL)) {
    free(model);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no resources for a lock of the cpu backend");
  }
  model->kern = kern;
  model->pool = *pool;
  model->reader = *reader;
  *out_model = model;
  return PLEAT_OK;
}

static void weight_destroy(pleat_cpu_weight *weight) {
  if (!weight) return;
  pleat_os_pages_free(weight->data, weight->n_bytes);
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
  bool is_bf16 = weight->is_packed && want->dtype == PLEAT_BF16;
  int64_t elements = weight->is_packed ? pleat_cpu_packed_elements(kern, want->K, want->N, is_bf16) : want->K * want->N;
  int64_t item = is_bf16 ? 2 : 4;
  int64_t block = pleat_cpu_round((elements + PLEAT_CPU_MAX_NR) * item, PLEAT_CPU_ALIGN);
  if (want->n_blocks && block > INT64_MAX / want->n_blocks) return false;
  weight->block_bytes = (size_t)block;
  weight->n_bytes = (size_t)(block * pleat_cpu_max(1, want->n_blocks));
  return true;
}

/* Blocks of one parameter, filled by all threads. */
typedef struct filler {
  const pleat_cpu_model *model;
  const pleat_plan_weight *want;
  pleat_cpu_weight *weight;
  float *buffers;       /* one block for each thread, when packing */
  pleat_status *status; /* of each thread: its first failure */
  pleat_error *errors;
} filler;

static pleat_status fill_block(const filler *f, float *buffer, int64_t block, pleat_error *err) {
  const pleat_plan_weight *want = f->want;
  int64_t n = want->K * want->N;
  uint8_t *data = f->weight->data + (size_t)block * f->weight->block_bytes;
  float *dst = buffer ? buffer : (float *)(void *)data;
  int64_t first = want->first_element + block * want->block_elements;
  PLEAT_TRY(f->model->reader.read(f->model->reader.ctx, want->name, first, n, dst, err));
  if (buffer) pleat_cpu_pack(f->model->kern, buffer, want->K, want->N, want->dtype == PLEAT_BF16, data);
  for (int64_t i = 0; !buffer && want->dtype == PLEAT_BF16 && i < n; i++)
    dst[i] = pleat_f32_from_bf16(pleat_bf16_from_f32(dst[i]));
  return PLEAT_OK;
}

static void fill_task(void *arg, int thread, int64_t begin, int64_t end) {
  const filler *f = arg;
  float *buffer = f->buffers ? f->buffers + (size_t)thread * (size_t)(f->want->K * f->want->N) : NULL;
  for (int64_t block = begin; block < end && !f->status[thread]; block++)
    f->status[thread] = fill_block(f, buffer, block, &f->errors[thread]);
}

static pleat_status fill_blocks(const pleat_cpu_model *model, const pleat_plan_weight *want, pleat_cpu_weight *weight,
                                pleat_error *err) {
  size_t n_threads = (size_t)pleat_threads_count(model->pool.threads), n = (size_t)(want->K * want->N);
  filler f = {.model = model, .want = want, .weight = weight};
  f.status = calloc(n_threads, sizeof *f.status);
  f.errors = calloc(n_threads, sizeof *f.errors);
  if (weight->is_packed) f.buffers = malloc((n_threads * n + 1) * sizeof *f.buffers);
  pleat_status status = PLEAT_OK;
  if (!f.status || !f.errors || (weight->is_packed && !f.buffers)) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to read %s", want->name);
  } else {
    pthread_mutex_lock(model->pool.lock);
    pleat_threads_run(model->pool.threads, want->n_blocks, 1, fill_task, &f);
    pthread_mutex_unlock(model->pool.lock);
    for (size_t i = 0; i < n_threads && !status; i++) {
      status = f.status[i];
      if (status && err) *err = f.errors[i];
    }
  }
  free(f.buffers);
  free(f.errors);
  free(f.status);
  return status;
}

static pleat_status weight_create(const pleat_cpu_model *model, const pleat_plan_weight *want, bool is_packed,
                                  pleat_cpu_weight **out_weight, pleat_error *err) {
  pleat_cpu_weight *weight = calloc(1, sizeof *weight);
  size_t n_name = strlen(want->name) + 1;
  if (!weight) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %s", want->name);
  weight->is_packed = is_packed;
  weight->key = *want;
  bool fits = size_blocks(model->kern, want, weight);
  weight->name = malloc(n_name);
  if (fits) weight->data = pleat_os_pages_alloc(weight->n_bytes); /* zeroed: panels are padded with zeros */
  pleat_status status = PLEAT_OK;
  if (!weight->name || !weight->data) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for %s: %lld blocks of %lld x %lld values", want->name,
                        (long long)want->n_blocks, (long long)want->K, (long long)want->N);
  } else {
    memcpy(weight->name, want->name, n_name);
    status = fill_blocks(model, want, weight, err);
  }
  if (status)
    weight_destroy(weight);
  else
    *out_weight = weight;
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
