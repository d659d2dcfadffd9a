/* Parameters as the kernels want them: matrices in panels, vectors and tables as float32; read and packed once.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_MODEL_H
#define PLEAT_CPU_MODEL_H

#include <pthread.h>

#include "backend/cpu/cpu_priv.h"

/* One parameter in one form, all blocks. */
typedef struct pleat_cpu_weight {
  struct pleat_cpu_weight *next;
  char *name;
  pleat_plan_weight key; /* key.name is unused: names of plans do not outlive them; K and N as the kernels see them */
  bool is_packed;
  size_t block_bytes, n_bytes;
  uint8_t *data;
} pleat_cpu_weight;

/* The backend's threads and the lock that whoever uses them holds. */
typedef struct pleat_cpu_pool {
  pleat_threads *threads;
  pthread_mutex_t *lock;
} pleat_cpu_pool;

typedef struct pleat_cpu_model {
  const pleat_cpu_kernels *kern;
  pleat_cpu_pool pool;
  pleat_weight_reader reader;
  pthread_mutex_t lock; /* guards the list: programs may be created by several threads */
  pleat_cpu_weight *weights;
  uint64_t n_bytes;
} pleat_cpu_model;

PLEAT_CHECKED pleat_status pleat_cpu_model_create(const pleat_cpu_kernels *kern, const pleat_cpu_pool *pool,
                                                  const pleat_weight_reader *reader, pleat_cpu_model **out_model,
                                                  pleat_error *err);
void pleat_cpu_model_destroy(pleat_cpu_model *model); /* NULL is allowed */
uint64_t pleat_cpu_model_bytes(pleat_cpu_model *model);
/* The parameter in a form, read on first use; it lives as long as the model. Errors: NOMEM, and those of the reader. */
PLEAT_CHECKED pleat_status pleat_cpu_model_find(pleat_cpu_model *model, const pleat_plan_weight *want, bool is_packed,
                                                const pleat_cpu_weight **out_weight, pleat_error *err);

#endif
