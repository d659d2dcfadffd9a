/* ATTENTION: softmax(scale q.k + bias, masked) v, gated, streaming over keys; no logits beyond one block are kept.
 * Source: AF2 supplement, Alg. 7; keys are visited in blocks with a running maximum and sum per query (online softmax).
 *
 * Letters: batch stand in the result and in k or v (one head of one row of the MSA), queries in the result and q only,
 * keys in k and v only, c is summed between q and k, values stand in v and the result. A letter that q lacks (the
 * shared query of a template stack, shared keys of global attention) simply does not move q.
 * Where keys and values are stored as bf16, queries and weights are rounded to bf16 too; sums and logits are float32.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu_rows.h"

enum { QUERIES = 48, KEYS = 256, LD_LOGITS = KEYS + PLEAT_CPU_MAX_VL }; /* fixed: sums do not depend on threads */

typedef struct attention {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *k, *v, *bias, *mask;
  pleat_cpu_axes batch, query, key, value;
  pleat_cpu_source q;  /* rows: batch and query */
  pleat_cpu_sink sink; /* the same rows */
  int64_t n_batch, n_query, n_key, n_c, n_value;
  int64_t n_parts, part; /* queries of a batch are shared out in parts */
  bool is_mask_per_query, is_bf16;
  pleat_cpu_line k_c, k_key, v_key, v_value, bias_key, mask_key;
} attention;

typedef struct attention_scratch {
  uint8_t *keys, *values; /* of one batch, float32 or bf16 pairs: panels [c][keys], panels [keys][values] */
  float *mask;
  pleat_cpu_block_scratch q;
  float *logits, *sum_v; /* sum_v: a tile per panel of values */
  uint16_t *weights;     /* of logits, in bf16 */
  float *bias_row, *mask_row;
  float *row_max, *row_sum;
  int64_t *bias_at, *mask_at;
  pleat_cpu_sink_scratch sink;
} attention_scratch;

static void classify(attention *job, const pleat_cpu_tensor *q, const pleat_cpu_tensor *out) {
  for (int d = 0; d < out->rank; d++) {
    char letter = out->letters[d];
    bool in_q = pleat_cpu_has(q, letter), in_k = pleat_cpu_has(job->k, letter), in_v = pleat_cpu_has(job->v, letter);
    bool is_value = in_v && !in_q && !in_k, is_query = !in_k && !in_v;
    pleat_cpu_axes_add(is_value ? &job->value : is_query ? &job->query : &job->batch, out, letter);
  }
  const pleat_cpu_tensor *others[2] = {q, out};
  pleat_cpu_axes_add_except(&job->q.k, q, &out, 1);
  pleat_cpu_axes_add_except(&job->key, job->k, others, 2);
  job->q.rows = job->batch;
  for (int i = 0; i < job->query.n; i++) pleat_cpu_axes_add(&job->q.rows, out, job->query.letter[i]);
}

static void attention_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, attention *job) {
  const pleat_cpu_tensor *in = call->in;
  *job = (attention){.call = call,
                     .k = &in[PLEAT_AT_K],
                     .v = &in[PLEAT_AT_V],
                     .bias = &in[PLEAT_AT_BIAS],
                     .mask = &in[PLEAT_AT_MASK],
                     .q = {.x = &in[PLEAT_AT_Q]}};
  classify(job, job->q.x, &call->out);
  job->n_batch = pleat_cpu_axes_count(&job->batch);
  job->n_query = pleat_cpu_axes_count(&job->query);
  job->n_key = pleat_cpu_axes_count(&job->key);
  job->n_c = pleat_cpu_axes_count(&job->q.k);
  job->n_value = pleat_cpu_axes_count(&job->value);
  job->is_bf16 = job->k->dtype == PLEAT_BF16 && job->v->dtype == PLEAT_BF16;
  int64_t wanted = pleat_cpu_blocks((int64_t)call->n_threads * 8, pleat_cpu_max(1, job->n_batch));
  job->part = pleat_cpu_round(pleat_cpu_blocks(pleat_cpu_max(1, job->n_query), wanted), QUERIES);
  job->n_parts = pleat_cpu_blocks(job->n_query, job->part);
  for (int i = 0; i < job->query.n; i++) job->is_mask_per_query |= pleat_cpu_has(job->mask, job->query.letter[i]);
  job->q.k_line = pleat_cpu_line_take(bump, &job->q.k, job->q.x);
  job->k_c = pleat_cpu_line_take(bump, &job->q.k, job->k);
  job->k_key = pleat_cpu_line_take(bump, &job->key, job->k);
  job->v_key = pleat_cpu_line_take(bump, &job->key, job->v);
  job->v_value = pleat_cpu_line_take(bump, &job->value, job->v);
  if (job->bias->is_present) job->bias_key = pleat_cpu_line_take(bump, &job->key, job->bias);
  if (job->mask->is_present) job->mask_key = pleat_cpu_line_take(bump, &job->key, job->mask);
  job->sink.rows = job->q.rows;
  job->sink.n = job->value;
  job->sink.x[PLEAT_CPU_SINK_OUT] = &call->out;
  job->sink.x[PLEAT_CPU_SINK_MUL] = &in[PLEAT_AT_GATE];
  pleat_cpu_sink_init(&job->sink, bump);
}

static size_t item_bytes(const attention *job) { return job->is_bf16 ? 2 : 4; }
/* Rows of packed keys (c) and values (keys). */
static int64_t c_rows(const attention *job) { return pleat_cpu_packed_rows(job->n_c, job->is_bf16); }
static int64_t key_rows(const attention *job) { return pleat_cpu_packed_rows(job->n_key, job->is_bf16); }

static void scratch_take(const attention *job, pleat_cpu_bump *bump, attention_scratch *s) {
  int64_t vl = PLEAT_CPU_MAX_VL, nr = PLEAT_CPU_MAX_NR;
  s->keys = pleat_cpu_take(bump, pleat_cpu_round(job->n_key, nr) * c_rows(job), item_bytes(job));
  s->values = pleat_cpu_take(bump, key_rows(job) * pleat_cpu_round(job->n_value, vl), item_bytes(job));
  s->mask = pleat_cpu_take_f32(bump, job->n_key);
  pleat_cpu_block_scratch_take(bump, QUERIES, job->n_c, job->is_bf16, &s->q);
  s->logits = pleat_cpu_take_f32(bump, QUERIES * LD_LOGITS);
  s->weights = job->is_bf16 ? pleat_cpu_take_u16(bump, QUERIES * LD_LOGITS) : NULL;
  s->sum_v = pleat_cpu_take_f32(bump, pleat_cpu_panels(job->call->kern, job->n_value) * QUERIES * nr);
  s->bias_row = pleat_cpu_take_f32(bump, KEYS);
  s->mask_row = pleat_cpu_take_f32(bump, KEYS);
  s->row_max = pleat_cpu_take_f32(bump, QUERIES);
  s->row_sum = pleat_cpu_take_f32(bump, QUERIES);
  s->bias_at = pleat_cpu_take_i64(bump, QUERIES);
  s->mask_at = pleat_cpu_take_i64(bump, QUERIES);
  pleat_cpu_sink_scratch_take(bump, &s->sink);
}

/* Offset of a tensor at one batch. */
static int64_t batch_at(const attention *job, const pleat_cpu_tensor *x, int64_t batch) {
  int64_t at = 0;
  if (x->is_present) pleat_cpu_offsets(&job->batch, x, batch, 1, &at);
  return at;
}

/* One panel of keys or values. */
static void pack(const attention *job, const pleat_cpu_tensor *x, int64_t at, const pleat_cpu_line *k_line,
                 const pleat_cpu_line *col_line, int64_t first, int64_t n_cols, uint8_t *panels) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t width = pleat_cpu_panel_width(kern, n_cols, first / (2 * kern->vl));
  int64_t n = pleat_cpu_min(width, n_cols - first), base = first * pleat_cpu_packed_rows(k_line->n, job->is_bf16);
  if (job->is_bf16) {
    pleat_cpu_pack_pairs(kern, x, at, k_line, col_line, first, n, width, (uint16_t *)(void *)panels + base);
  } else {
    pleat_cpu_pack_panel(kern, x, at, k_line, col_line, first, n, width, (float *)(void *)panels + base);
  }
}

/* Keys, values, and the mask as a row where all queries share it. */
static void pack_batch(const attention *job, int64_t batch, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl, k_at = batch_at(job, job->k, batch), v_at = batch_at(job, job->v, batch);
  for (int64_t first = 0; first < job->n_key; first += nr)
    pack(job, job->k, k_at, &job->k_c, &job->k_key, first, job->n_key, s->keys);
  for (int64_t first = 0; first < job->n_value; first += nr)
    pack(job, job->v, v_at, &job->v_key, &job->v_value, first, job->n_value, s->values);
  if (job->mask->is_present && !job->is_mask_per_query)
    pleat_cpu_load_line(kern, job->mask, batch_at(job, job->mask, batch), &job->mask_key, 0, job->n_key, s->mask);
}

/* logits[n, n_keys] = q . k for keys [first, first + n_keys). */
static void multiply_keys(const attention *job, const pleat_cpu_block *q, int64_t n, int64_t first, int64_t n_keys,
                          const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_packed keys = {.K = job->n_c, .N = job->n_key, .is_bf16 = job->is_bf16, .data = s->keys};
  for (int64_t j = 0; j < n_keys; j += 2 * kern->vl)
    pleat_cpu_multiply(kern, &(pleat_cpu_product){.block = q,
                                                  .n = n,
                                                  .W = &keys,
                                                  .panel = (first + j) / (2 * kern->vl),
                                                  .K = job->n_c,
                                                  .c = s->logits + j,
                                                  .ldc = LD_LOGITS});
}

/* sum_v (+)= weights v for keys [first, first + n_keys). */
static void multiply_values(const attention *job, int64_t n, int64_t first, int64_t n_keys,
                            const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_packed values = {.K = job->n_key, .N = job->n_value, .is_bf16 = job->is_bf16, .data = s->values};
  pleat_cpu_block weights = {.a = s->logits, .a_bf16 = s->weights, .a_rs = LD_LOGITS};
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_value); panel++)
    pleat_cpu_multiply(kern, &(pleat_cpu_product){.block = &weights,
                                                  .n = n,
                                                  .W = &values,
                                                  .panel = panel,
                                                  .k0 = first,
                                                  .K = n_keys,
                                                  .c = s->sum_v + panel * QUERIES * PLEAT_CPU_MAX_NR,
                                                  .ldc = PLEAT_CPU_MAX_NR,
                                                  .is_adding = first > 0});
}

/* Query i has met a larger logit: its sums so far count less. */
static void shrink(const attention *job, int64_t i, float max, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  float factor = expf(s->row_max[i] - max);
  s->row_max[i] = max;
  s->row_sum[i] *= factor;
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_value); panel++) {
    float *row = s->sum_v + (panel * QUERIES + i) * PLEAT_CPU_MAX_NR;
    kern->unary(PLEAT_OP_AFFINE, pleat_cpu_panel_width(kern, job->n_value, panel), row, factor, 0, row);
  }
}

/* Turns a block of logits into weights relative to each query's running maximum. */
static void soften(const attention *job, int64_t n, int64_t first, int64_t n_keys, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  for (int64_t i = 0; i < n; i++) {
    float *row = s->logits + i * LD_LOGITS;
    const float *bias = NULL, *mask = NULL;
    if (job->bias->is_present)
      bias = pleat_cpu_view_line(kern, job->bias, s->bias_at[i], &job->bias_key, first, n_keys, s->bias_row);
    if (job->is_mask_per_query) {
      mask = pleat_cpu_view_line(kern, job->mask, s->mask_at[i], &job->mask_key, first, n_keys, s->mask_row);
    } else if (job->mask->is_present) {
      mask = s->mask + first;
    }
    float max = kern->logits_max(n_keys, row, job->call->node->attr.a, bias, mask);
    if (first == 0) {
      s->row_max[i] = max;
      s->row_sum[i] = 0;
    } else if (max > s->row_max[i]) {
      shrink(job, i, max, s);
    }
    if (job->is_bf16) {
      uint16_t *weights = s->weights + i * LD_LOGITS;
      s->row_sum[i] += kern->exp_sum_bf16(n_keys, row, s->row_max[i], weights);
      weights[n_keys] = 0;
    } else {
      s->row_sum[i] += kern->exp_sum(n_keys, row, s->row_max[i]);
    }
  }
}

/* Queries [first, first + n) of the packed batch. */
static void attend(const attention *job, pleat_cpu_sink *sink, int64_t batch, int64_t first, int64_t n,
                   attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t row = batch * job->n_query + first;
  pleat_cpu_block q = pleat_cpu_source_load(kern, &job->q, row, n, false, &s->q);
  if (job->bias->is_present) pleat_cpu_offsets(&job->q.rows, job->bias, row, n, s->bias_at);
  if (job->is_mask_per_query) pleat_cpu_offsets(&job->q.rows, job->mask, row, n, s->mask_at);
  for (int64_t key = 0; key < job->n_key; key += KEYS) {
    int64_t n_keys = pleat_cpu_min(KEYS, job->n_key - key);
    multiply_keys(job, &q, n, key, n_keys, s);
    soften(job, n, key, n_keys, s);
    multiply_values(job, n, key, n_keys, s);
  }
  int64_t n_panels = pleat_cpu_panels(kern, job->n_value);
  if (job->n_key == 0) memset(s->sum_v, 0, (size_t)(n_panels * QUERIES * PLEAT_CPU_MAX_NR) * sizeof *s->sum_v);
  for (int64_t i = 0; i < n; i++) s->row_sum[i] = job->n_key ? 1 / s->row_sum[i] : 0;
  pleat_cpu_sink_seek(sink, &s->sink, row, n);
  for (int64_t panel = 0; panel < n_panels; panel++)
    pleat_cpu_sink_store(kern, sink, &s->sink,
                         &(pleat_cpu_tile){.n = n,
                                           .col = panel * 2 * kern->vl,
                                           .width = pleat_cpu_panel_width(kern, job->n_value, panel),
                                           .y = s->sum_v + panel * QUERIES * PLEAT_CPU_MAX_NR,
                                           .opt_row_mul = s->row_sum});
}

static void attention_task(void *arg, int thread, int64_t begin, int64_t end) {
  const attention *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_thread_scratch(job->call, thread)};
  attention_scratch s;
  pleat_cpu_sink sink = job->sink;
  scratch_take(job, &bump, &s);
  int64_t packed = -1;
  for (int64_t i = begin; i < end; i++) {
    int64_t batch = i / job->n_parts, first = i % job->n_parts * job->part;
    int64_t last = pleat_cpu_min(first + job->part, job->n_query);
    if (batch != packed) pack_batch(job, batch, &s);
    packed = batch;
    for (int64_t query = first; query < last; query += QUERIES)
      attend(job, &sink, batch, query, pleat_cpu_min(QUERIES, last - query), &s);
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
