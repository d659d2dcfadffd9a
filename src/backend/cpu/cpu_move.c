/* Moving data: PERMUTE, CONCAT, LOOKUP, LOOKUP_ADD. A slice is a view and moves nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_priv.h"

enum { TILE = 64, GRAIN_BYTES = 65536 };

static const pleat_cpu_tensor absent;

/* A copy from one view to another over the source's letters, element for element. */
typedef struct copy {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *dst, *src;
  pleat_cpu_walk outer;               /* tensors: dst, src */
  int64_t n, dst_step, src_step;      /* innermost stretch, in the result's order */
  int64_t n_q, dst_q, src_q, q_tiles; /* the source's contiguous axis, when it is another one */
} copy;

static void copy_init(copy *job) {
  const pleat_cpu_tensor *tensors[2] = {job->dst, job->src};
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, job->dst, NULL, 0);
  for (int d = 0; d < axes.n; d++) axes.size[d] = pleat_cpu_size(job->src, axes.letter[d]);
  pleat_cpu_walk_init(&job->outer, &axes, tensors, 2);
  int64_t step[PLEAT_CPU_MAX_TENSORS];
  job->n = job->n_q = 1;
  if (job->outer.n_axes) {
    job->n = pleat_cpu_walk_remove(&job->outer, job->outer.n_axes - 1, step);
    job->dst_step = step[0];
    job->src_step = step[1];
  }
  for (int a = 0; job->src_step != 1 && a < job->outer.n_axes; a++) {
    if (job->outer.stride[a][1] != 1) continue;
    job->n_q = pleat_cpu_walk_remove(&job->outer, a, step);
    job->dst_q = step[0];
    job->src_q = 1;
    break;
  }
  job->q_tiles = pleat_cpu_blocks(job->n_q, TILE);
}

static void copy_plain(const copy *job, int64_t dst_at, int64_t src_at, int64_t n) {
  size_t item = pleat_cpu_item_bytes(job->src);
  if (job->dst->dtype != job->src->dtype) {
    for (int64_t i = 0; i < n; i++)
      pleat_cpu_store(job->dst, dst_at + i * job->dst_step, pleat_cpu_load(job->src, src_at + i * job->src_step));
  } else if (n == 1 || (job->dst_step == 1 && job->src_step == 1)) {
    memcpy(pleat_cpu_at(job->dst, dst_at), pleat_cpu_at(job->src, src_at), (size_t)n * item);
  } else {
    for (int64_t i = 0; i < n; i++)
      memcpy(pleat_cpu_at(job->dst, dst_at + i * job->dst_step), pleat_cpu_at(job->src, src_at + i * job->src_step),
             item);
  }
}

/* Rows of the tile are stretches of the result, columns lie along the source's contiguous axis. */
static void copy_tile(const copy *job, int64_t dst_at, int64_t src_at, int64_t n, int64_t n_q) {
  if (job->dst->dtype == PLEAT_F32 && job->src->dtype == PLEAT_F32 && job->dst_step == 1) {
    job->call->kern->transpose(n, n_q, (const float *)(const void *)job->src->data + src_at, job->src_step,
                               (float *)(void *)job->dst->data + dst_at, job->dst_q);
    return;
  }
  for (int64_t q = 0; q < n_q; q++) copy_plain(job, dst_at + q * job->dst_q, src_at + q, n);
}

static void copy_task(void *arg, int thread, int64_t begin, int64_t end) {
  copy job = *(const copy *)arg;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    pleat_cpu_walk_seek(&job.outer, i / job.q_tiles);
    int64_t q = i % job.q_tiles * TILE, n_q = pleat_cpu_min(TILE, job.n_q - q);
    int64_t dst_at = job.outer.at[0] + q * job.dst_q, src_at = job.outer.at[1] + q * job.src_q;
    if (job.n_q == 1) {
      copy_plain(&job, dst_at, src_at, job.n);
      continue;
    }
    for (int64_t first = 0; first < job.n; first += TILE)
      copy_tile(&job, dst_at + first * job.dst_step, src_at + first * job.src_step, pleat_cpu_min(TILE, job.n - first),
                n_q);
  }
}

static void copy_run(const pleat_cpu_call *call, const pleat_cpu_tensor *dst, const pleat_cpu_tensor *src) {
  copy job = {.call = call, .dst = dst, .src = src};
  copy_init(&job);
  int64_t item_bytes = job.n * pleat_cpu_min(job.n_q, TILE) * (int64_t)pleat_cpu_item_bytes(dst);
  pleat_threads_run(call->pool, pleat_cpu_walk_count(&job.outer) * job.q_tiles,
                    pleat_cpu_max(1, GRAIN_BYTES / pleat_cpu_max(1, item_bytes)), copy_task, &job);
}

void pleat_cpu_permute(const pleat_cpu_call *call) { copy_run(call, &call->out, &call->in[0]); }

void pleat_cpu_slice(const pleat_cpu_call *call) { (void)call; }

void pleat_cpu_concat(const pleat_cpu_call *call) {
  pleat_cpu_tensor part = call->out;
  int64_t first = 0, dim = call->node->attr.dim;
  for (int i = 0; i < call->node->n_in; i++) {
    part.data = pleat_cpu_at(&call->out, first * call->out.stride[dim]);
    copy_run(call, &part, &call->in[i]);
    first += call->in[i].size[dim];
  }
}

/* ---- LOOKUP, LOOKUP_ADD ------------------------------------------------------------------------------------------ */

typedef struct lookup {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *table, *index, *mask, *residual;
  pleat_cpu_axes rows, c;
  pleat_cpu_line table_c, out_c, residual_c;
  int64_t n, n_rows, row_step;
} lookup;

/* The table's first axis is the row that the index picks. */
static void lookup_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, lookup *job) {
  bool is_fused = call->node->op == PLEAT_OP_LOOKUP_ADD;
  *job = (lookup){.call = call,
                  .table = &call->in[PLEAT_LA_TABLE],
                  .index = &call->in[PLEAT_LA_INDEX],
                  .mask = is_fused ? &call->in[PLEAT_LA_MASK] : &absent,
                  .residual = is_fused ? &call->in[PLEAT_LA_RESIDUAL] : &absent};
  for (int d = 1; d < job->table->rank; d++) pleat_cpu_axes_add(&job->c, job->table, job->table->letters[d]);
  for (int d = 0; d < call->out.rank; d++)
    if (!memchr(job->c.letter, call->out.letters[d], (size_t)job->c.n))
      pleat_cpu_axes_add(&job->rows, &call->out, call->out.letters[d]);
  job->n = pleat_cpu_axes_count(&job->c);
  job->n_rows = job->table->size[0];
  job->row_step = job->table->stride[0];
  job->table_c = pleat_cpu_line_take(bump, &job->c, job->table);
  job->out_c = pleat_cpu_line_take(bump, &job->c, &call->out);
  if (job->residual->is_present) job->residual_c = pleat_cpu_line_take(bump, &job->c, job->residual);
}

static void lookup_task(void *arg, int thread, int64_t begin, int64_t end) {
  const lookup *job = arg;
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  float *row = pleat_cpu_take_f32(&bump, job->n), *residual = pleat_cpu_take_f32(&bump, job->n);
  const pleat_cpu_tensor *tensors[4] = {&job->call->out, job->index, job->mask, job->residual};
  pleat_cpu_walk walk;
  pleat_cpu_walk_init(&walk, &job->rows, tensors, 4);
  pleat_cpu_walk_seek(&walk, begin);
  for (int64_t i = begin; i < end; i++, pleat_cpu_walk_next(&walk)) {
    float wanted = pleat_cpu_load(job->index, walk.at[1]);
    if (wanted >= 0 && wanted < (float)job->n_rows) {
      pleat_cpu_load_line(kern, job->table, (int64_t)wanted * job->row_step, &job->table_c, 0, job->n, row);
    } else {
      memset(row, 0, (size_t)job->n * sizeof *row);
    }
    if (job->mask->is_present) kern->unary(PLEAT_OP_AFFINE, job->n, row, pleat_cpu_load(job->mask, walk.at[2]), 0, row);
    if (job->residual->is_present) {
      pleat_cpu_load_line(kern, job->residual, walk.at[3], &job->residual_c, 0, job->n, residual);
      kern->binary(PLEAT_OP_ADD, job->n, row, residual, row);
    }
    pleat_cpu_store_line(kern, &job->call->out, walk.at[0], &job->out_c, 0, job->n, row);
  }
}

pleat_cpu_scratch pleat_cpu_lookup_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  lookup job;
  lookup_init(call, &shared, &job);
  pleat_cpu_take_f32(&thread, job.n);
  pleat_cpu_take_f32(&thread, job.n);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_lookup(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  lookup job;
  lookup_init(call, &shared, &job);
  if (job.n == 0) return;
  pleat_threads_run(call->pool, pleat_cpu_axes_count(&job.rows), pleat_cpu_max(1, GRAIN_BYTES / 4 / job.n), lookup_task,
                    &job);
}
