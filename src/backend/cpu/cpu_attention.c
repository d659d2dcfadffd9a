/* ATTENTION: softmax(scale q.k + bias, masked) v, gated, streaming over keys; no logits beyond one block are kept.
 * Source: AF2 supplement, Alg. 7; keys are visited in blocks with a running maximum and sum per query (online softmax).
 *
 * Letters: batch stand in the result and in k or v (one head of one row of the MSA), queries in the result and q only,
 * keys in k and v only, c is summed between q and k, values stand in v and the result. A letter that q lacks (the
 * shared query of a template stack, shared keys of global attention) simply does not move q.
 * Where keys and values are stored as bf16, queries and weights are rounded to bf16 too; sums and logits are float32.
 *
 * Rows that lie far apart (attention along columns) fall into few sets of a cache and are met by no prefetcher. Where
 * batches that lie side by side, the heads, share such rows, these are copied for all of them at once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu_rows.h"

enum { QUERIES = 48, KEYS = 256, LD_LOGITS = KEYS + 32 }; /* fixed: sums do not depend on threads */
enum { FAR_BYTES = 4096, STAGED_BYTES = 4 << 20, OUTER_PER_THREAD = 8, ROWS_AHEAD = 8, LINE = 64 };

static const pleat_cpu_tensor absent;

enum { Q, K, V, BIAS, MASK, GATE, OUT, N_TENSORS };
static const uint8_t staged[] = {Q, K, V, GATE, OUT};
enum { N_STAGED = sizeof staged };

typedef struct attention {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *x[N_TENSORS]; /* absent where there is none */
  const pleat_cpu_tensor *k, *v, *bias, *mask;
  pleat_cpu_axes batch, query, key, value;
  pleat_cpu_walk batches;         /* over batch, of x */
  pleat_cpu_line rows[N_TENSORS]; /* offsets of keys in K and V, of queries in the others */
  pleat_cpu_source q;             /* rows: batch and query */
  pleat_cpu_sink sink;            /* the same rows */
  int64_t n_batch, n_query, n_key, n_c, n_value;
  int64_t n_parts, part; /* queries of a batch are shared out in parts, and computed in blocks */
  int64_t block;
  bool is_mask_per_query, is_bf16;
  pleat_cpu_line k_c, v_value, bias_key, mask_key;
  /* Of operands that are copied; n_heads is 1 where they are not. */
  int64_t n_heads;
  pleat_cpu_line staged_rows[N_TENSORS];
} attention;

typedef struct attention_scratch {
  uint8_t *keys, *values; /* of one batch, float32 or bf16 pairs: panels [c][keys], panels [keys][values] */
  float *mask;
  pleat_cpu_block_scratch q;
  float *logits, *sum_v; /* sum_v: a tile per panel of values */
  uint16_t *weights;     /* of logits, in bf16 */
  float *bias_row, *mask_row;
  float *row_max, *row_sum, *block_max, *block_sum;
  bool is_masked;                /* all queries share a mask that hides a key */
  pleat_cpu_tensor x[N_TENSORS]; /* what this thread computes with: the operands, or their copies */
  const pleat_cpu_line *rows;
  pleat_cpu_source source;
  pleat_cpu_sink sink_here;
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

static int64_t row_count(const attention *job, int i) { return i == K || i == V ? job->n_key : job->n_query; }
static int64_t row_width(const attention *job, int i) { return i == Q || i == K ? job->n_c : job->n_value; }
static int64_t staged_ld(const attention *job, int i) { return pleat_cpu_source_ld(job->n_heads * row_width(job, i)); }

static int64_t staged_bytes(const attention *job, int i) {
  return row_count(job, i) * staged_ld(job, i) * (int64_t)pleat_cpu_item_bytes(job->x[i]);
}

/* Do the rows of all heads of an operand lie side by side, and far from the next? By strides alone, which are known when
 * scratch is sized. */
static bool is_far(const attention *job, int i, char head) {
  const pleat_cpu_tensor *x = job->x[i];
  const pleat_cpu_axes *rows = i == K || i == V ? &job->key : &job->query;
  const pleat_cpu_axes *row = i == Q || i == K ? &job->q.k : &job->value;
  return rows->n == 1 && row->n == 1 && pleat_cpu_stride(x, row->letter[0]) == 1 &&
         pleat_cpu_stride(x, head) == row->size[0] &&
         pleat_cpu_stride(x, rows->letter[0]) * (int64_t)pleat_cpu_item_bytes(x) >= FAR_BYTES;
}

static void stage_init(attention *job, pleat_cpu_bump *bump) {
  job->n_heads = 1;
  if (job->batch.n < 2 || job->n_parts != 1) return;
  char head = job->batch.letter[job->batch.n - 1];
  int64_t n_heads = job->batch.size[job->batch.n - 1], n_bytes = 0;
  if (n_heads < 2 || job->n_batch / n_heads < (int64_t)job->call->n_threads * OUTER_PER_THREAD) return;
  for (int t = 0; t < N_STAGED; t++)
    if (job->x[staged[t]]->is_present && !is_far(job, staged[t], head)) return;
  job->n_heads = n_heads;
  for (int t = 0; t < N_STAGED; t++)
    if (job->x[staged[t]]->is_present) n_bytes += staged_bytes(job, staged[t]);
  if (n_bytes > STAGED_BYTES) {
    job->n_heads = 1;
    return;
  }
  for (int i = 0; i < N_TENSORS; i++) job->staged_rows[i] = job->rows[i];
  for (int t = 0; t < N_STAGED; t++) {
    int i = staged[t];
    int64_t n = row_count(job, i), *at = pleat_cpu_take_i64(bump, n);
    for (int64_t r = 0; at && r < n; r++) at[r] = r * staged_ld(job, i);
    if (at) job->staged_rows[i] = pleat_cpu_line_make(at, n);
  }
}

static void attention_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, attention *job) {
  const pleat_cpu_tensor *in = call->in;
  *job = (attention){.call = call,
                     .k = &in[PLEAT_AT_K],
                     .v = &in[PLEAT_AT_V],
                     .bias = &in[PLEAT_AT_BIAS],
                     .mask = &in[PLEAT_AT_MASK],
                     .q = {.x = &in[PLEAT_AT_Q]}};
  const pleat_cpu_tensor *x[N_TENSORS] = {[Q] = job->q.x,     [K] = job->k,       [V] = job->v,
                                          [BIAS] = job->bias, [MASK] = job->mask, [GATE] = &in[PLEAT_AT_GATE],
                                          [OUT] = &call->out};
  memcpy(job->x, x, sizeof x);
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
  int64_t longest = pleat_cpu_max(1, pleat_cpu_min(job->part, job->n_query));
  int64_t mr = job->is_bf16 ? call->kern->mr_bf16 : call->kern->mr;
  job->block = pleat_cpu_round(pleat_cpu_blocks(longest, pleat_cpu_blocks(longest, QUERIES)), mr);
  pleat_cpu_walk_init(&job->batches, &job->batch, job->x, N_TENSORS);
  for (int i = 0; i < N_TENSORS; i++)
    if (job->x[i]->is_present)
      job->rows[i] = pleat_cpu_line_take(bump, i == K || i == V ? &job->key : &job->query, job->x[i]);
  for (int i = 0; i < job->query.n; i++) job->is_mask_per_query |= pleat_cpu_has(job->mask, job->query.letter[i]);
  job->q.k_line = pleat_cpu_line_take(bump, &job->q.k, job->q.x);
  job->k_c = pleat_cpu_line_take(bump, &job->q.k, job->k);
  job->v_value = pleat_cpu_line_take(bump, &job->value, job->v);
  if (job->bias->is_present) job->bias_key = pleat_cpu_line_take(bump, &job->key, job->bias);
  if (job->mask->is_present) job->mask_key = pleat_cpu_line_take(bump, &job->key, job->mask);
  job->sink.rows = job->q.rows;
  job->sink.n = job->value;
  job->sink.x[PLEAT_CPU_SINK_OUT] = &call->out;
  job->sink.x[PLEAT_CPU_SINK_MUL] = &in[PLEAT_AT_GATE];
  pleat_cpu_sink_init(&job->sink, bump);
  stage_init(job, bump);
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
  s->block_max = pleat_cpu_take_f32(bump, QUERIES);
  s->block_sum = pleat_cpu_take_f32(bump, QUERIES);
  s->bias_at = pleat_cpu_take_i64(bump, QUERIES);
  s->mask_at = pleat_cpu_take_i64(bump, QUERIES);
  pleat_cpu_sink_scratch_take(bump, &s->sink);
  for (int i = 0; i < N_TENSORS; i++) s->x[i] = *job->x[i];
  for (int t = 0; job->n_heads > 1 && t < N_STAGED; t++) {
    int i = staged[t];
    if (s->x[i].is_present) s->x[i].data = pleat_cpu_take(bump, staged_bytes(job, i), 1);
  }
  s->rows = job->n_heads > 1 ? job->staged_rows : job->rows;
  s->source = job->q;
  s->source.x = &s->x[Q];
  s->sink_here = job->sink;
  s->sink_here.x[PLEAT_CPU_SINK_OUT] = &s->x[OUT];
  s->sink_here.x[PLEAT_CPU_SINK_MUL] = &s->x[GATE];
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

/* Keys, values, and the mask as a row where all queries share it; of the batch whose operands start at `at`. */
static void pack_batch(const attention *job, const int64_t *at, attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl;
  for (int64_t first = 0; first < job->n_key; first += nr)
    pack(job, &s->x[K], at[K], &job->k_c, &s->rows[K], first, job->n_key, s->keys);
  for (int64_t first = 0; first < job->n_value; first += nr)
    pack(job, &s->x[V], at[V], &s->rows[V], &job->v_value, first, job->n_value, s->values);
  s->is_masked = false;
  if (!job->mask->is_present || job->is_mask_per_query) return;
  pleat_cpu_load_line(kern, job->mask, at[MASK], &job->mask_key, 0, job->n_key, s->mask);
  for (int64_t key = 0; key < job->n_key; key++) s->is_masked |= s->mask[key] == 0;
}

/* Rows [first, first + n) of an operand, where its elements lie together. */
static void prefetch(const pleat_cpu_tensor *x, int64_t at, const pleat_cpu_line *rows, const pleat_cpu_line *row,
                     int64_t first, int64_t n) {
  if (!x->is_present || !row->has_step || row->step != 1) return;
  int64_t n_bytes = row->n * (int64_t)pleat_cpu_item_bytes(x);
  for (int64_t r = first; r < first + n; r++)
    for (int64_t i = 0; i < n_bytes; i += LINE) __builtin_prefetch(pleat_cpu_at(x, at + rows->at[r]) + i, 0, 2);
}

/* What the batch at `at` reads comes nearer while another is computed: as much as belongs to queries [first, first + n)
 * of that. */
static void prefetch_batch(const attention *job, const int64_t *at, int64_t first, int64_t n) {
  int64_t key = job->n_key * first / job->n_query, n_keys = job->n_key * (first + n) / job->n_query - key;
  prefetch(job->k, at[K], &job->rows[K], &job->k_c, key, n_keys);
  prefetch(job->v, at[V], &job->rows[V], &job->v_value, key, n_keys);
  prefetch(job->x[Q], at[Q], &job->rows[Q], &job->q.k_line, first, n);
  prefetch(job->x[GATE], at[GATE], &job->rows[GATE], &job->sink.line[PLEAT_CPU_SINK_MUL], first, n);
}

/* A panel of the result. */
static pleat_cpu_tile tile_of(const attention *job, int64_t n, int64_t panel, const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  return (pleat_cpu_tile){.n = n,
                          .col = panel * 2 * kern->vl,
                          .width = pleat_cpu_panel_width(kern, job->n_value, panel),
                          .y = s->sum_v + panel * QUERIES * PLEAT_CPU_MAX_NR,
                          .opt_row_mul = s->row_sum};
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

/* sum_v (+)= weights v for keys [first, first + n_keys); the last of them finish the result. */
static void multiply_values(const attention *job, int64_t n, int64_t first, int64_t n_keys,
                            const attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_packed values = {.K = job->n_key, .N = job->n_value, .is_bf16 = job->is_bf16, .data = s->values};
  pleat_cpu_block weights = {.a = s->logits, .a_bf16 = s->weights, .a_rs = LD_LOGITS};
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_value); panel++) {
    pleat_cpu_product product = {.block = &weights,
                                 .n = n,
                                 .W = &values,
                                 .panel = panel,
                                 .k0 = first,
                                 .K = n_keys,
                                 .c = s->sum_v + panel * QUERIES * PLEAT_CPU_MAX_NR,
                                 .ldc = PLEAT_CPU_MAX_NR,
                                 .is_adding = first > 0};
    if (first + n_keys < job->n_key) {
      pleat_cpu_multiply(kern, &product);
      continue;
    }
    pleat_cpu_tile tile = tile_of(job, n, panel, s);
    pleat_cpu_sink_multiply(kern, &s->sink_here, &s->sink, &product, NULL, &tile);
  }
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

/* A bias or mask that the kernels read where it lies: rows of its type along the keys. */
static bool is_direct(const pleat_cpu_tensor *x, const pleat_cpu_line *key, bool can_be_bf16) {
  bool is_known = x->dtype == PLEAT_F32 || (can_be_bf16 && x->dtype == PLEAT_BF16);
  return is_known && key->has_step && key->step == 1;
}

static pleat_cpu_rows_view view_of(const pleat_cpu_tensor *x, int64_t first, const int64_t *at) {
  if (x->dtype == PLEAT_BF16)
    return (pleat_cpu_rows_view){.x_bf16 = (const uint16_t *)(const void *)x->data + first, .at = at};
  return (pleat_cpu_rows_view){.x = (const float *)(const void *)x->data + first, .at = at};
}

/* logits (+ bias, masked) of queries [i, i + n) and the largest of each, for keys [first, first + n_keys). Operands that
 * kernels cannot read are copied, one query at a time. */
static void bias_logits(const attention *job, int64_t i, int64_t n, int64_t first, int64_t n_keys,
                        const attention_scratch *s) {
  static const int64_t zero;
  const pleat_cpu_kernels *kern = job->call->kern;
  const pleat_cpu_tensor *bias = job->bias, *mask = job->is_mask_per_query ? job->mask : &absent;
  bool is_bias_direct = !bias->is_present || is_direct(bias, &job->bias_key, true);
  bool is_mask_direct = !mask->is_present || is_direct(mask, &job->mask_key, false);
  if (n > 1 && !(is_bias_direct && is_mask_direct)) {
    for (int64_t r = 0; r < n; r++) bias_logits(job, i + r, 1, first, n_keys, s);
    return;
  }
  pleat_cpu_logits logits = {.rows = n,
                             .n = n_keys,
                             .ld = LD_LOGITS,
                             .x = s->logits + i * LD_LOGITS,
                             .scale = job->call->node->attr.a,
                             .max = s->block_max + i};
  if (bias->is_present && is_bias_direct) {
    logits.bias = view_of(bias, job->bias_key.at[first], s->bias_at + i);
  } else if (bias->is_present) {
    pleat_cpu_load_line(kern, bias, s->bias_at[i], &job->bias_key, first, n_keys, s->bias_row);
    logits.bias = (pleat_cpu_rows_view){.x = s->bias_row, .at = &zero};
  }
  if (mask->is_present && is_mask_direct) {
    logits.mask = view_of(mask, job->mask_key.at[first], s->mask_at + i);
  } else if (mask->is_present) {
    pleat_cpu_load_line(kern, mask, s->mask_at[i], &job->mask_key, first, n_keys, s->mask_row);
    logits.mask = (pleat_cpu_rows_view){.x = s->mask_row, .at = &zero};
  } else if (s->is_masked) {
    logits.mask = (pleat_cpu_rows_view){.x = s->mask + first, .at = s->mask_at + i};
  }
  kern->logits_max(&logits);
}

/* Turns a block of logits into weights relative to each query's running maximum. */
static void soften(const attention *job, int64_t n, int64_t first, int64_t n_keys, const attention_scratch *s) {
  bias_logits(job, 0, n, first, n_keys, s);
  for (int64_t i = 0; i < n; i++) {
    if (first == 0) {
      s->row_max[i] = s->block_max[i];
      s->row_sum[i] = 0;
    } else if (s->block_max[i] > s->row_max[i]) {
      shrink(job, i, s->block_max[i], s);
    }
  }
  job->call->kern->exp_sum(&(pleat_cpu_logits){.rows = n,
                                               .n = n_keys,
                                               .ld = LD_LOGITS,
                                               .x = s->logits,
                                               .max = s->row_max,
                                               .sum = s->block_sum,
                                               .dst_bf16 = s->weights});
  for (int64_t i = 0; i < n; i++) s->row_sum[i] += s->block_sum[i];
}

/* Offsets of queries [first, first + n) of an operand that starts at `at`. */
static void seek(const attention_scratch *s, int x, int64_t at, int64_t first, int64_t n, int64_t *dst) {
  for (int64_t i = 0; s->x[x].is_present && i < n; i++) dst[i] = at + s->rows[x].at[first + i];
}

/* Queries [first, first + n) of the packed batch, whose operands start at `at`. */
static void attend(const attention *job, const int64_t *at, int64_t first, int64_t n, attention_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  seek(s, Q, at[Q], first, n, s->q.at);
  seek(s, BIAS, at[BIAS], first, n, s->bias_at);
  seek(s, GATE, at[GATE], first, n, s->sink.at[PLEAT_CPU_SINK_MUL]);
  seek(s, OUT, at[OUT], first, n, s->sink.at[PLEAT_CPU_SINK_OUT]);
  memset(s->mask_at, 0, (size_t)n * sizeof *s->mask_at);
  if (job->is_mask_per_query) seek(s, MASK, at[MASK], first, n, s->mask_at);
  pleat_cpu_block q = pleat_cpu_source_load_at(kern, &s->source, n, false, &s->q);
  for (int64_t key = 0; key < job->n_key; key += KEYS) {
    int64_t n_keys = pleat_cpu_min(KEYS, job->n_key - key);
    multiply_keys(job, &q, n, key, n_keys, s);
    soften(job, n, key, n_keys, s);
    if (key + n_keys == job->n_key)
      for (int64_t i = 0; i < n; i++) s->row_sum[i] = 1 / s->row_sum[i];
    multiply_values(job, n, key, n_keys, s);
  }
  for (int64_t panel = 0; job->n_key == 0 && panel < pleat_cpu_panels(kern, job->n_value); panel++) {
    pleat_cpu_tile tile = tile_of(job, n, panel, s);
    memset(tile.y, 0, (size_t)(n * PLEAT_CPU_MAX_NR) * sizeof *tile.y);
    memset(s->row_sum, 0, (size_t)n * sizeof *s->row_sum);
    pleat_cpu_sink_store(kern, &s->sink_here, &s->sink, &tile);
  }
}

/* Rows of an operand, of all heads: from where they lie to the copy, or back. */
static void stage(const attention *job, int i, int64_t at, bool is_back, const attention_scratch *s) {
  const pleat_cpu_tensor *x = job->x[i];
  int64_t item = (int64_t)pleat_cpu_item_bytes(x), n_bytes = job->n_heads * row_width(job, i) * item;
  if (!x->is_present) return;
  for (int64_t r = 0, n = row_count(job, i); r < n; r++) {
    uint8_t *row = pleat_cpu_at(x, at + job->rows[i].at[r]), *copy = s->x[i].data + r * staged_ld(job, i) * item;
    const uint8_t *ahead = pleat_cpu_at(x, at + job->rows[i].at[pleat_cpu_min(r + ROWS_AHEAD, n - 1)]);
    for (int64_t b = 0; b < n_bytes; b += LINE) __builtin_prefetch(ahead + b);
    memcpy(is_back ? row : copy, is_back ? copy : row, (size_t)n_bytes);
  }
}

/* All heads of one batch of rows that lie far apart. */
static void staged_batch(const attention *job, pleat_cpu_walk *walk, attention_scratch *s) {
  int64_t out_at = walk->at[OUT];
  for (int t = 0; t < N_STAGED; t++)
    if (staged[t] != OUT) stage(job, staged[t], walk->at[staged[t]], false, s);
  for (int64_t head = 0; head < job->n_heads; head++, pleat_cpu_walk_next(walk)) {
    int64_t at[N_TENSORS];
    for (int i = 0; i < N_TENSORS; i++) at[i] = walk->at[i];
    for (int t = 0; t < N_STAGED; t++) at[staged[t]] = head * row_width(job, staged[t]);
    pack_batch(job, at, s);
    for (int64_t query = 0; query < job->n_query; query += job->block)
      attend(job, at, query, pleat_cpu_min(job->block, job->n_query - query), s);
  }
  stage(job, OUT, out_at, true, s);
}

static void staged_task(void *arg, int thread, int64_t begin, int64_t end) {
  const attention *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  attention_scratch s;
  pleat_cpu_walk walk = job->batches;
  scratch_take(job, &bump, &s);
  pleat_cpu_walk_seek(&walk, begin * job->n_heads);
  for (int64_t i = begin; i < end; i++) staged_batch(job, &walk, &s);
}

static void attention_task(void *arg, int thread, int64_t begin, int64_t end) {
  const attention *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  attention_scratch s;
  pleat_cpu_walk here = job->batches, next = job->batches;
  scratch_take(job, &bump, &s);
  pleat_cpu_walk_seek(&next, begin / job->n_parts);
  for (int64_t i = begin; i < end; i++) {
    int64_t first = i % job->n_parts * job->part, last = pleat_cpu_min(first + job->part, job->n_query);
    if (i == begin || first == 0) {
      here = next;
      pack_batch(job, here.at, &s);
      pleat_cpu_walk_next(&next);
    }
    bool has_next = i / job->n_parts < (end - 1) / job->n_parts;
    for (int64_t query = first; query < last; query += job->block) {
      int64_t n = pleat_cpu_min(job->block, last - query);
      if (has_next) prefetch_batch(job, next.at, query, n);
      attend(job, here.at, query, n, &s);
    }
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
  if (job.n_heads > 1) {
    pleat_threads_run(call->pool, job.n_batch / job.n_heads, 1, staged_task, &job);
  } else {
    pleat_threads_run(call->pool, job.n_batch * job.n_parts, 1, attention_task, &job);
  }
}
