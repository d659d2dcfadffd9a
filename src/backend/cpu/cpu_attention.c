/* ATTENTION: softmax(scale q.k + bias, masked) v, gated, streaming over keys; no logits beyond one block are kept.
 * Source: AF2 supplement, Alg. 7; keys are visited in blocks with a running maximum and sum per query (online softmax).
 *
 * Letters: batch stand in the result and in k or v (one head of one row of the MSA), queries in the result and q only,
 * keys in k and v only, c is summed between q and k, values stand in v and the result. A letter that q lacks (the
 * shared query of a template stack, shared keys of global attention) simply does not move q.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "backend/cpu/cpu_priv.h"

enum { QUERIES = 48, KEYS = 256 }; /* per block: 48 KiB of logits; fixed, so that sums do not depend on threads */

typedef struct attention {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *q, *k, *v, *bias, *mask, *gate, *out;
  pleat_cpu_axes batch, query, key, c, value;
  int64_t n_batch, n_query, n_key, n_c, n_value, ld_c;
  int64_t n_parts, part; /* queries of a batch are shared out in parts */
  bool is_mask_per_query;
  pleat_cpu_line q_c, k_c, k_key, v_key, v_value, out_value, gate_value, bias_key, mask_key;
} attention;

typedef struct attention_scratch {
  float *keys, *values, *mask; /* of one batch */
  float *q, *logits, *sum_v;
  float *bias_row, *mask_row, *gate_row;
  float *row_max, *row_sum;
  int64_t *q_at, *out_at, *gate_at, *bias_at, *mask_at;
} attention_scratch;

static void classify(attention *job) {
  for (int d = 0; d < job->out->rank; d++) {
    char letter = job->out->letters[d];
    bool in_q = pleat_cpu_has(job->q, letter), in_k = pleat_cpu_has(job->k, letter);
    bool in_v = pleat_cpu_has(job->v, letter);
    bool is_value = in_v && !in_q && !in_k, is_query = !in_k && !in_v;
    pleat_cpu_axes_add(is_value ? &job->value : is_query ? &job->query : &job->batch, job->out, letter);
  }
  const pleat_cpu_tensor *others[2] = {job->q, job->out};
  pleat_cpu_axes_add_except(&job->c, job->q, &job->out, 1);
  pleat_cpu_axes_add_except(&job->key, job->k, others, 2);
}

static void attention_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, attention *job) {
  const pleat_cpu_tensor *in = call->in;
  *job = (attention){.call = call,
                     .q = &in[PLEAT_AT_Q],
                     .k = &in[PLEAT_AT_K],
                     .v = &in[PLEAT_AT_V],
                     .bias = &in[PLEAT_AT_BIAS],
                     .mask = &in[PLEAT_AT_MASK],
                     .gate = &in[PLEAT_AT_GATE],
                     .out = &call->out};
  classify(job);
  job->n_batch = pleat_cpu_axes_count(&job->batch);
  job->n_query = pleat_cpu_axes_count(&job->query);
  job->n_key = pleat_cpu_axes_count(&job->key);
  job->n_c = pleat_cpu_axes_count(&job->c);
  job->n_value = pleat_cpu_axes_count(&job->value);
  job->ld_c = pleat_cpu_round(job->n_c, PLEAT_CPU_MAX_VL);
  int64_t wanted = pleat_cpu_blocks((int64_t)call->n_threads * 8, pleat_cpu_max(1, job->n_batch));
  job->part = pleat_cpu_round(pleat_cpu_blocks(pleat_cpu_max(1, job->n_query), wanted), QUERIES);
  job->n_parts = pleat_cpu_blocks(job->n_query, job->part);
  for (int i = 0; i < job->query.n; i++) job->is_mask_per_query |= pleat_cpu_has(job->mask, job->query.letter[i]);
  job->q_c = pleat_cpu_line_take(bump, &job->c, job->q);
  job->k_c = pleat_cpu_line_take(bump, &job->c, job->k);
  job->k_key = pleat_cpu_line_take(bump, &job->key, job->k);
  job->v_key = pleat_cpu_line_take(bump, &job->key, job->v);
  job->v_value = pleat_cpu_line_take(bump, &job->value, job->v);
  job->out_value = pleat_cpu_line_take(bump, &job->value, job->out);
  if (job->gate->is_present) job->gate_value = pleat_cpu_line_take(bump, &job->value, job->gate);
  if (job->bias->is_present) job->bias_key = pleat_cpu_line_take(bump, &job->key, job->bias);
  if (job->mask->is_present) job->mask_key = pleat_cpu_line_take(bump, &job->key, job->mask);
}

static void scratch_take(const attention *job, pleat_cpu_bump *bump, attention_scratch *s) {
  int64_t vl = PLEAT_CPU_MAX_VL, n_value = pleat_cpu_round(job->n_value, vl);
  s->keys = pleat_cpu_take_f32(bump, pleat_cpu_round(job->n_key, PLEAT_CPU_MAX_NR) * job->n_c);
  s->values = pleat_cpu_take_f32(bump, job->n_key * n_value);
  s->mask = pleat_cpu_take_f32(bump, job->n_key);
  s->q = pleat_cpu_take_f32(bump, QUERIES * job->ld_c);
  s->logits = pleat_cpu_take_f32(bump, QUERIES * (KEYS + vl));
  s->sum_v = pleat_cpu_take_f32(bump, QUERIES * n_value);
  s->bias_row = pleat_cpu_take_f32(bump, KEYS);
  s->mask_row = pleat_cpu_take_f32(bump, KEYS);
  s->gate_row = pleat_cpu_take_f32(bump, n_value);
  s->row_max = pleat_cpu_take_f32(bump, QUERIES);
  s->row_sum = pleat_cpu_take_f32(bump, QUERIES);
  int64_t **tables[] = {&s->q_at, &s->out_at, &s->gate_at, &s->bias_at, &s->mask_at};
  for (int i = 0; i < 5; i++) *tables[i] = pleat_cpu_take_i64(bump, QUERIES);
}

/* Offset of a tensor at one batch. */
static int64_t batch_at(const attention *job, const pleat_cpu_tensor *x, int64_t batch) {
  int64_t at = 0;
  if (x->is_present) pleat_cpu_offsets(&job->batch, x, batch, 1, &at);
  return at;
}

/* Keys as panels [c][keys], values as panels [keys][values], the mask as a row where all queries share it. */
static void pack_batch(const attention *job, int64_t batch, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl, k_at = batch_at(job, job->k, batch), v_at = batch_at(job, job->v, batch);
  for (int64_t first = 0; first < job->n_key; first += nr) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_key, first / nr);
    pleat_cpu_pack_panel(kern, job->k, k_at, &job->k_c, &job->k_key, first, pleat_cpu_min(width, job->n_key - first),
                         width, s->keys + first * job->n_c);
  }
  for (int64_t first = 0; first < job->n_value; first += nr) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_value, first / nr);
    pleat_cpu_pack_panel(kern, job->v, v_at, &job->v_key, &job->v_value, first,
                         pleat_cpu_min(width, job->n_value - first), width, s->values + first * job->n_key);
  }
  if (job->mask->is_present && !job->is_mask_per_query)
    pleat_cpu_load_line(kern, job->mask, batch_at(job, job->mask, batch), &job->mask_key, 0, job->n_key, s->mask);
}

/* logits[n, n_keys] = q . k for keys [first, first + n_keys). */
static void multiply_keys(const attention *job, int64_t n, int64_t first, int64_t n_keys, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl;
  for (int64_t j = 0; j < n_keys; j += nr) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_key, (first + j) / nr);
    kern->gemm(&(pleat_cpu_gemm){.m = n,
                                 .width = width,
                                 .K = job->n_c,
                                 .a = s->q,
                                 .a_rs = job->ld_c,
                                 .a_ks = 1,
                                 .b = s->keys + (first + j) * job->n_c,
                                 .b_ks = width,
                                 .c = s->logits + j,
                                 .ldc = KEYS + PLEAT_CPU_MAX_VL});
  }
}

/* sum_v (+)= weights v for keys [first, first + n_keys). */
static void multiply_values(const attention *job, int64_t n, int64_t first, int64_t n_keys,
                            const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl;
  for (int64_t j = 0; j < job->n_value; j += nr) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_value, j / nr);
    kern->gemm(&(pleat_cpu_gemm){.m = n,
                                 .width = width,
                                 .K = n_keys,
                                 .a = s->logits,
                                 .a_rs = KEYS + PLEAT_CPU_MAX_VL,
                                 .a_ks = 1,
                                 .b = s->values + j * job->n_key + first * width,
                                 .b_ks = width,
                                 .c = s->sum_v + j,
                                 .ldc = pleat_cpu_round(job->n_value, PLEAT_CPU_MAX_VL),
                                 .is_adding = first > 0});
  }
}

/* Turns a block of logits into weights relative to each query's running maximum. */
static void soften(const attention *job, int64_t n, int64_t first, int64_t n_keys, int64_t bias_base, int64_t mask_base,
                   const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t ld_v = pleat_cpu_round(job->n_value, PLEAT_CPU_MAX_VL);
  for (int64_t i = 0; i < n; i++) {
    float *row = s->logits + i * (KEYS + PLEAT_CPU_MAX_VL);
    const float *bias = NULL, *mask = NULL;
    if (job->bias->is_present)
      bias =
          pleat_cpu_view_line(kern, job->bias, bias_base + s->bias_at[i], &job->bias_key, first, n_keys, s->bias_row);
    if (job->is_mask_per_query) {
      mask =
          pleat_cpu_view_line(kern, job->mask, mask_base + s->mask_at[i], &job->mask_key, first, n_keys, s->mask_row);
    } else if (job->mask->is_present) {
      mask = s->mask + first;
    }
    float max = kern->logits_max(n_keys, row, bias, mask);
    if (first == 0) {
      s->row_max[i] = max;
      s->row_sum[i] = kern->exp_sum(n_keys, row, max);
      continue;
    }
    if (max > s->row_max[i]) {
      float shrink = expf(s->row_max[i] - max);
      s->row_sum[i] *= shrink;
      kern->unary(PLEAT_OP_AFFINE, job->n_value, s->sum_v + i * ld_v, shrink, 0, s->sum_v + i * ld_v);
      s->row_max[i] = max;
    }
    s->row_sum[i] += kern->exp_sum(n_keys, row, s->row_max[i]);
  }
}

static void store_queries(const attention *job, int64_t n, int64_t out_base, int64_t gate_base,
                          const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t ld_v = pleat_cpu_round(job->n_value, PLEAT_CPU_MAX_VL);
  for (int64_t i = 0; i < n; i++) {
    float *row = s->sum_v + i * ld_v, factor = job->n_key ? 1 / s->row_sum[i] : 0;
    kern->unary(PLEAT_OP_AFFINE, job->n_value, row, factor, 0, row);
    if (job->gate->is_present) {
      const float *gate = pleat_cpu_view_line(kern, job->gate, gate_base + s->gate_at[i], &job->gate_value, 0,
                                              job->n_value, s->gate_row);
      kern->binary(PLEAT_OP_MUL, job->n_value, row, gate, row);
    }
    pleat_cpu_store_line(kern, job->out, out_base + s->out_at[i], &job->out_value, 0, job->n_value, row);
  }
}

/* Queries [first, first + n) of the packed batch. */
static void attend(const attention *job, int64_t batch, int64_t first, int64_t n, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  const pleat_cpu_tensor *tensors[] = {job->q, job->out, job->gate, job->bias, job->mask};
  int64_t *tables[] = {s->q_at, s->out_at, s->gate_at, s->bias_at, s->mask_at}, base[5];
  for (int t = 0; t < 5; t++) {
    base[t] = batch_at(job, tensors[t], batch);
    if (tensors[t]->is_present) pleat_cpu_offsets(&job->query, tensors[t], first, n, tables[t]);
  }
  for (int64_t i = 0; i < n; i++) {
    float *row = s->q + i * job->ld_c;
    pleat_cpu_load_line(kern, job->q, base[0] + s->q_at[i], &job->q_c, 0, job->n_c, row);
    kern->unary(PLEAT_OP_AFFINE, job->n_c, row, job->call->node->attr.a, 0, row);
  }
  for (int64_t key = 0; key < job->n_key; key += KEYS) {
    int64_t n_keys = pleat_cpu_min(KEYS, job->n_key - key);
    multiply_keys(job, n, key, n_keys, s);
    soften(job, n, key, n_keys, base[3], base[4], s);
    multiply_values(job, n, key, n_keys, s);
  }
  if (job->n_key == 0)
    for (int64_t i = 0; i < n * pleat_cpu_round(job->n_value, PLEAT_CPU_MAX_VL); i++) s->sum_v[i] = 0;
  store_queries(job, n, base[1], base[2], s);
}

static void attention_task(void *arg, int thread, int64_t begin, int64_t end) {
  const attention *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_thread_scratch(job->call, thread)};
  attention_scratch s;
  scratch_take(job, &bump, &s);
  int64_t packed = -1;
  for (int64_t i = begin; i < end; i++) {
    int64_t batch = i / job->n_parts, first = i % job->n_parts * job->part;
    int64_t last = pleat_cpu_min(first + job->part, job->n_query);
    if (batch != packed) pack_batch(job, batch, &s);
    packed = batch;
    for (int64_t query = first; query < last; query += QUERIES)
      attend(job, batch, query, pleat_cpu_min(QUERIES, last - query), &s);
  }
}

pleat_cpu_scratch pleat_cpu_attention_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  attention job;
  attention_scratch s;
  attention_init(call, &shared, &job);
  scratch_take(&job, &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_attention(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  attention job;
  attention_init(call, &shared, &job);
  pleat_threads_run(call->pool, job.n_batch * job.n_parts, 1, attention_task, &job);
}
