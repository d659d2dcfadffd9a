/* Elementwise operations, reductions over rows, and moving data.
 *
 * Elementwise work walks the result's letters; the innermost stretch is processed in pieces that fit the first-level
 * cache, each operand read as it lies (contiguous, strided, broadcast) into float32.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu_priv.h"

enum { PIECE = 1024, GRAIN_ELEMENTS = 16384, MAX_OPERANDS = 4 };

typedef struct map {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *x[MAX_OPERANDS]; /* [0] = result */
  int n_x;
  pleat_cpu_walk outer;
  int64_t n, n_pieces;
  int64_t step[PLEAT_CPU_MAX_TENSORS];
} map;

static void map_init(const pleat_cpu_call *call, map *job) {
  *job = (map){.call = call, .x = {&call->out}, .n_x = 1 + call->node->n_in};
  for (int i = 0; i < call->node->n_in; i++) job->x[1 + i] = &call->in[i];
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  pleat_cpu_walk_init(&job->outer, &axes, job->x, job->n_x);
  job->n = 1;
  if (job->outer.n_axes) job->n = pleat_cpu_walk_remove(&job->outer, job->outer.n_axes - 1, job->step);
  job->n_pieces = pleat_cpu_blocks(job->n, PIECE);
}

/* Elements [at, at + n) of operand i as float32: where they lie, or in buf. */
static const float *operand(const map *job, int i, int64_t first, int64_t n, float *buf) {
  const pleat_cpu_tensor *x = job->x[i];
  int64_t at = job->outer.at[i] + first * job->step[i];
  if (x->dtype == PLEAT_F32 && job->step[i] == 1) return (const float *)(const void *)x->data + at;
  if (job->step[i] == 0) {
    float value = pleat_cpu_load(x, at);
    for (int64_t j = 0; j < n; j++) buf[j] = value;
  } else {
    pleat_cpu_load_step(job->call->kern, x, at, job->step[i], n, buf);
  }
  return buf;
}

static void apply(const pleat_cpu_call *call, int64_t n, const float *a, const float *b, float *dst) {
  const pleat_node *node = call->node;
  switch (node->op) {
    case PLEAT_OP_ADD:
    case PLEAT_OP_SUB:
    case PLEAT_OP_MUL:
    case PLEAT_OP_DIV: call->kern->binary(node->op, n, a, b, dst); break;
    case PLEAT_OP_MASK_FILL: call->kern->mask_fill(n, a, b, node->attr.a, dst); break;
    case PLEAT_OP_FILL:
      for (int64_t i = 0; i < n; i++) dst[i] = node->attr.a;
      break;
    case PLEAT_OP_EQUAL_PAIR:
      for (int64_t i = 0; a && b && i < n; i++) dst[i] = a[i] == b[i];
      break;
    default: call->kern->unary(node->op, n, a, node->attr.a, node->attr.b, dst); break;
  }
}

static void map_task(void *arg, int thread, int64_t begin, int64_t end) {
  map job = *(const map *)arg;
  (void)thread;
  float buf[MAX_OPERANDS][PIECE];
  pleat_cpu_walk_seek(&job.outer, begin / job.n_pieces);
  int64_t p = begin % job.n_pieces;
  for (int64_t i = begin; i < end; i++) {
    int64_t first = p * PIECE, n = pleat_cpu_min(PIECE, job.n - first);
    const float *in[2] = {NULL, NULL};
    for (int k = 1; k < job.n_x && k <= 2; k++) in[k - 1] = operand(&job, k, first, n, buf[k]);
    const pleat_cpu_tensor *out = job.x[0];
    int64_t at = job.outer.at[0] + first * job.step[0];
    bool is_direct = out->dtype == PLEAT_F32 && job.step[0] == 1;
    float *dst = is_direct ? (float *)(void *)out->data + at : buf[0];
    apply(job.call, n, in[0], in[1], dst);
    if (!is_direct) pleat_cpu_store_step(job.call->kern, out, at, job.step[0], n, dst);
    if (++p < job.n_pieces) continue;
    p = 0;
    pleat_cpu_walk_next(&job.outer);
  }
}

/* ADD SUB MUL DIV RELU SIGMOID SOFTPLUS AFFINE GREATER_ZERO MASK_FILL FILL EQUAL_PAIR */
void pleat_cpu_map(const pleat_cpu_call *call) {
  map job;
  map_init(call, &job);
  int64_t grain = pleat_cpu_max(1, GRAIN_ELEMENTS / pleat_cpu_max(1, pleat_cpu_min(job.n, PIECE)));
  pleat_threads_run(call->pool, pleat_cpu_walk_count(&job.outer) * job.n_pieces, grain, map_task, &job);
}

/* ---- Rows: LAYER_NORM, SOFTMAX, L2_NORMALIZE --------------------------------------------------------------------- */

typedef struct rows {
  const pleat_cpu_call *call;
  pleat_cpu_axes outer, inner;
  pleat_cpu_line x, out;
  const float *scale, *offset;
  int64_t n;
} rows;

static void rows_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, rows *job) {
  const pleat_cpu_tensor *x = &call->in[0];
  *job = (rows){.call = call};
  for (int d = 0; d < x->rank; d++) {
    bool is_inner = call->node->op == PLEAT_OP_LAYER_NORM ? pleat_cpu_has(&call->in[1], x->letters[d])
                    : call->node->op == PLEAT_OP_SOFTMAX  ? x->letters[d] == call->node->attr.letter
                                                          : d == x->rank - 1;
    pleat_cpu_axes_add(is_inner ? &job->inner : &job->outer, x, x->letters[d]);
  }
  job->n = pleat_cpu_axes_count(&job->inner);
  job->x = pleat_cpu_line_take(bump, &job->inner, x);
  job->out = pleat_cpu_line_take(bump, &job->inner, &call->out);
  if (call->node->op != PLEAT_OP_LAYER_NORM) return;
  job->scale = pleat_cpu_vector_take(call, bump, &call->in[1], &job->inner);
  job->offset = pleat_cpu_vector_take(call, bump, &call->in[2], &job->inner);
}

static void row_apply(const rows *job, float *row) {
  const pleat_cpu_kernels *kern = job->call->kern;
  float a = job->call->node->attr.a;
  if (job->call->node->op == PLEAT_OP_LAYER_NORM) {
    kern->layer_norm(job->n, row, job->scale, job->offset, a, row);
  } else if (job->call->node->op == PLEAT_OP_SOFTMAX) {
    float max, sum;
    pleat_cpu_logits logits = {.rows = 1, .n = job->n, .x = row, .scale = 1, .max = &max, .sum = &sum};
    kern->logits_max(&logits);
    kern->exp_sum(&logits);
    kern->unary(PLEAT_OP_AFFINE, job->n, row, 1 / sum, 0, row);
  } else {
    float sum = 0;
    for (int64_t i = 0; i < job->n; i++) sum += row[i] * row[i];
    float norm = sqrtf(sum < a ? a : sum);
    for (int64_t i = 0; i < job->n; i++) row[i] /= norm;
  }
}

static void rows_task(void *arg, int thread, int64_t begin, int64_t end) {
  const rows *job = arg;
  const pleat_cpu_tensor *x = &job->call->in[0], *out = &job->call->out, *tensors[2] = {x, out};
  float *row = (float *)(void *)pleat_cpu_enter(job->call, thread);
  pleat_cpu_walk walk;
  pleat_cpu_walk_init(&walk, &job->outer, tensors, 2);
  pleat_cpu_walk_seek(&walk, begin);
  for (int64_t i = begin; i < end; i++, pleat_cpu_walk_next(&walk)) {
    pleat_cpu_load_line(job->call->kern, x, walk.at[0], &job->x, 0, job->n, row);
    row_apply(job, row);
    pleat_cpu_store_line(job->call->kern, out, walk.at[1], &job->out, 0, job->n, row);
  }
}

pleat_cpu_scratch pleat_cpu_rows_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  rows job;
  rows_init(call, &shared, &job);
  pleat_cpu_take_f32(&thread, pleat_cpu_round(job.n, PLEAT_CPU_MAX_VL));
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_rows(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  rows job;
  rows_init(call, &shared, &job);
  if (job.n == 0) return;
  int64_t grain = pleat_cpu_max(1, GRAIN_ELEMENTS / job.n);
  pleat_threads_run(call->pool, pleat_cpu_axes_count(&job.outer), grain, rows_task, &job);
}

/* ---- SUM --------------------------------------------------------------------------------------------------------- */

enum { SUM_PIECE = 256 };

typedef struct sum {
  const pleat_cpu_call *call;
  pleat_cpu_walk outer, inner;           /* tensors: result, x */
  int64_t n, n_pieces, out_step, x_step; /* along the result's innermost stretch */
  int64_t n_inner, inner_step;           /* along the innermost summed stretch */
} sum;

static void sum_init(const pleat_cpu_call *call, sum *job) {
  const pleat_cpu_tensor *tensors[2] = {&call->out, &call->in[0]}, *out = &call->out;
  pleat_cpu_axes kept = {0}, summed = {0};
  *job = (sum){.call = call, .n = 1, .n_inner = 1};
  pleat_cpu_axes_add_except(&kept, out, NULL, 0);
  pleat_cpu_axes_add_except(&summed, tensors[1], &out, 1);
  pleat_cpu_walk_init(&job->outer, &kept, tensors, 2);
  pleat_cpu_walk_init(&job->inner, &summed, tensors, 2);
  int64_t step[PLEAT_CPU_MAX_TENSORS];
  if (job->outer.n_axes) {
    job->n = pleat_cpu_walk_remove(&job->outer, job->outer.n_axes - 1, step);
    job->out_step = step[0];
    job->x_step = step[1];
  }
  if (job->inner.n_axes) {
    job->n_inner = pleat_cpu_walk_remove(&job->inner, job->inner.n_axes - 1, step);
    job->inner_step = step[1];
  }
  job->n_pieces = pleat_cpu_blocks(job->n, SUM_PIECE);
}

/* Contiguous summed elements are added vector by vector, one result at a time. */
static void sum_along(const sum *job, int64_t at, int64_t n, float *acc, float *row) {
  const pleat_cpu_tensor *x = &job->call->in[0];
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < job->n_inner; k += SUM_PIECE) {
      int64_t m = pleat_cpu_min(SUM_PIECE, job->n_inner - k);
      pleat_cpu_load_step(job->call->kern, x, at + i * job->x_step + k * job->inner_step, job->inner_step, m, row);
      acc[i] += job->call->kern->sum(m, row);
    }
  }
}

/* Otherwise results that are neighbours are added up together. */
static void sum_across(const sum *job, int64_t at, int64_t n, float *acc, float *row) {
  for (int64_t k = 0; k < job->n_inner; k++) {
    pleat_cpu_load_step(job->call->kern, &job->call->in[0], at + k * job->inner_step, job->x_step, n, row);
    job->call->kern->binary(PLEAT_OP_ADD, n, acc, row, acc);
  }
}

static void sum_task(void *arg, int thread, int64_t begin, int64_t end) {
  sum job = *(const sum *)arg;
  (void)thread;
  float acc[SUM_PIECE], row[SUM_PIECE];
  int64_t n_inner = pleat_cpu_walk_count(&job.inner);
  for (int64_t i = begin; i < end; i++) {
    pleat_cpu_walk_seek(&job.outer, i / job.n_pieces);
    int64_t first = i % job.n_pieces * SUM_PIECE, n = pleat_cpu_min(SUM_PIECE, job.n - first);
    memset(acc, 0, sizeof acc);
    pleat_cpu_walk_seek(&job.inner, 0);
    for (int64_t k = 0; k < n_inner; k++, pleat_cpu_walk_next(&job.inner)) {
      int64_t at = job.outer.at[1] + first * job.x_step + job.inner.at[1];
      (job.inner_step == 1 || job.x_step != 1 ? sum_along : sum_across)(&job, at, n, acc, row);
    }
    pleat_cpu_store_step(job.call->kern, &job.call->out, job.outer.at[0] + first * job.out_step, job.out_step, n, acc);
  }
}

void pleat_cpu_sum(const pleat_cpu_call *call) {
  sum job;
  sum_init(call, &job);
  pleat_threads_run(call->pool, pleat_cpu_walk_count(&job.outer) * job.n_pieces, 1, sum_task, &job);
}
