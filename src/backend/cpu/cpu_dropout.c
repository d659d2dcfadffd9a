/* DROPOUT_MASK: every element's number follows from its place alone, so that threads may share the work as they like.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_priv.h"
#include "graph/dropout.h"

enum { GRAIN = 4096 };

typedef struct dropout {
  const pleat_cpu_call *call;
  pleat_rng stream;
  pleat_cpu_walk all;
} dropout;

static void dropout_task(void *arg, int thread, int64_t begin, int64_t end) {
  const dropout *job = arg;
  (void)thread;
  pleat_cpu_walk walk = job->all;
  pleat_cpu_walk_seek(&walk, begin);
  for (int64_t i = begin; i < end; i++, pleat_cpu_walk_next(&walk))
    pleat_cpu_store(&job->call->out, walk.at[0],
                    pleat_dropout_value(pleat_rng_at(&job->stream, (uint64_t)i), job->call->node->attr.a));
}

void pleat_cpu_dropout_mask(const pleat_cpu_call *call) {
  const pleat_cpu_tensor *tensors[1] = {&call->out};
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  int32_t key[4];
  for (int i = 0; i < 4; i++) key[i] = ((const int32_t *)(const void *)call->in[0].data)[i * call->in[0].stride[0]];
  dropout job = {.call = call,
                 .stream = pleat_dropout_stream(key, (int64_t)pleat_cpu_load(&call->in[1], 0), call->node->attr.n)};
  pleat_cpu_walk_init(&job.all, &axes, tensors, 1);
  pleat_threads_run(call->pool, pleat_cpu_walk_count(&job.all), GRAIN, dropout_task, &job);
}
