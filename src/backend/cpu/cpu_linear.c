/* LINEAR, FUSED_LINEAR and TRANSITION: blocks of rows are loaded once, normalised, multiplied panel by panel with packed
 * weights and finished by the epilogue while they are in cache.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_rows.h"

static const pleat_cpu_tensor absent;

typedef struct linear {
  const pleat_cpu_call *call;
  pleat_cpu_source source;
  pleat_cpu_sink sink;
  pleat_cpu_packed W, gate_W;
  bool has_gate;
  bool must_copy; /* the result lies where x lies */
  int64_t M, row_block;
} linear;

/* Layers of the same rows; nearly always one. */
typedef struct linear_group {
  linear jobs[PLEAT_CPU_MAX_GROUP];
  int n;
} linear_group;

typedef struct linear_scratch {
  pleat_cpu_block_scratch rows;
  float *tile, *gate_tile;
  pleat_cpu_sink_scratch sink;
} linear_scratch;

static void linear_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, linear *job) {
  bool is_fused = call->node->op == PLEAT_OP_FUSED_LINEAR;
  const pleat_cpu_tensor *in = call->in, *W = &in[is_fused ? PLEAT_FL_W : 1], *x = &in[0];
  const pleat_cpu_tensor *b = is_fused ? &in[PLEAT_FL_B] : call->node->n_in > 2 ? &in[2] : &absent;
  *job = (linear){.call = call, .source = {.x = x, .eps = call->node->attr.a}};
  for (int d = 0; d < W->rank; d++) {
    bool is_n = pleat_cpu_has(&call->out, W->letters[d]);
    pleat_cpu_axes_add(is_n ? &job->sink.n : &job->source.k, W, W->letters[d]);
  }
  pleat_cpu_axes_add_except(&job->sink.rows, &call->out, &W, 1);
  job->source.rows = job->sink.rows;
  job->M = pleat_cpu_axes_count(&job->sink.rows);
  job->source.k_line = pleat_cpu_line_take(bump, &job->source.k, x);
  job->W = pleat_cpu_matrix_take(call, bump, W, &job->source.k, &job->sink.n);
  job->sink.x[PLEAT_CPU_SINK_OUT] = &call->out;
  job->sink.bias = pleat_cpu_vector_take(call, bump, b, &job->sink.n);
  if (is_fused) {
    job->sink.act = call->node->attr.act;
    job->sink.x[PLEAT_CPU_SINK_MUL] = &in[PLEAT_FL_MUL];
    job->sink.x[PLEAT_CPU_SINK_MASK] = &in[PLEAT_FL_MASK];
    job->sink.x[PLEAT_CPU_SINK_RESIDUAL] = &in[PLEAT_FL_RESIDUAL];
    job->has_gate = in[PLEAT_FL_GATE_W].is_present;
    job->gate_W = pleat_cpu_matrix_take(call, bump, &in[PLEAT_FL_GATE_W], &job->source.k, &job->sink.n);
    if (job->has_gate && job->W.is_bf16 != job->gate_W.is_bf16) { /* rows are loaded in one type */
      job->W = pleat_cpu_matrix_f32(call->kern, bump, &job->W);
      job->gate_W = pleat_cpu_matrix_f32(call->kern, bump, &job->gate_W);
    }
    job->sink.gate_bias = pleat_cpu_vector_take(call, bump, &in[PLEAT_FL_GATE_B], &job->sink.n);
    job->source.ln_scale = pleat_cpu_vector_take(call, bump, &in[PLEAT_FL_LN_SCALE], &job->source.k);
    job->source.ln_offset = pleat_cpu_vector_take(call, bump, &in[PLEAT_FL_LN_OFFSET], &job->source.k);
  }
  job->row_block = pleat_cpu_row_block(call, job->M, job->W.is_bf16);
  job->must_copy = x->data == call->out.data;
  pleat_cpu_sink_init(&job->sink, bump);
}

static void linear_scratch_take(const linear *job, pleat_cpu_bump *bump, linear_scratch *s) {
  pleat_cpu_block_scratch_take(bump, job->row_block, pleat_cpu_axes_count(&job->source.k), job->W.is_bf16, &s->rows);
  s->tile = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
  s->gate_tile = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
  pleat_cpu_sink_scratch_take(bump, &s->sink);
}

/* Rows [first, first + n) of one layer. */
static void linear_block(const linear *job, const pleat_cpu_block *block, int64_t first, int64_t n, bool has_next,
                         linear_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_sink sink = job->sink;
  pleat_cpu_sink_seek(&sink, &s->sink, first, n);
  int64_t ld;
  float *direct = job->has_gate ? NULL : pleat_cpu_sink_direct(&sink, &s->sink, n, &ld);
  int64_t n_panels = pleat_cpu_panels(kern, job->W.N);
  for (int64_t panel = 0; panel < n_panels; panel++) {
    int64_t col = panel * 2 * kern->vl, width = pleat_cpu_panel_width(kern, job->W.N, panel);
    if (has_next) pleat_cpu_source_prefetch(&job->source, first + n, n, panel, n_panels, s->rows.at);
    pleat_cpu_product product = {.block = block, .n = n, .W = &job->W, .panel = panel, .K = job->W.K};
    if (direct && col + width <= job->W.N) {
      product.c = direct + sink.line[PLEAT_CPU_SINK_OUT].at[col];
      product.ldc = ld;
      pleat_cpu_multiply(kern, &product);
      continue;
    }
    product.c = s->tile;
    product.ldc = PLEAT_CPU_MAX_NR;
    pleat_cpu_sink_multiply(
        kern, &sink, &s->sink, &product, job->has_gate ? &job->gate_W : NULL,
        &(pleat_cpu_tile){
            .n = n, .col = col, .width = width, .y = s->tile, .opt_gate = job->has_gate ? s->gate_tile : NULL});
  }
}

static void linear_task(void *arg, int thread, int64_t begin, int64_t end) {
  const linear_group *group = arg;
  const linear *lead = &group->jobs[0];
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(lead->call, thread)};
  linear_scratch s;
  linear_scratch_take(lead, &bump, &s);
  for (int64_t i = begin; i < end; i++) {
    int64_t first = i * lead->row_block, n = pleat_cpu_min(lead->row_block, lead->M - first);
    pleat_cpu_block block = pleat_cpu_source_load(lead->call->kern, &lead->source, first, n, lead->must_copy, &s.rows);
    for (int k = 0; k < group->n; k++) linear_block(&group->jobs[k], &block, first, n, k == 0 && i + 1 < end, &s);
  }
}

static void group_init(const pleat_cpu_call *calls, int n, pleat_cpu_bump *bump, linear_group *group) {
  group->n = n;
  for (int k = 0; k < n; k++) linear_init(&calls[k], bump, &group->jobs[k]);
}

pleat_cpu_scratch pleat_cpu_linear_group_layout(const pleat_cpu_call *calls, int n) {
  pleat_cpu_bump shared = {0}, thread = {0};
  linear_group group;
  linear_scratch s;
  group_init(calls, n, &shared, &group);
  linear_scratch_take(&group.jobs[0], &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_linear_group(const pleat_cpu_call *calls, int n) {
  pleat_cpu_bump shared = {.base = calls->shared};
  linear_group group;
  group_init(calls, n, &shared, &group);
  const linear *lead = &group.jobs[0];
  pleat_threads_run(calls->pool, pleat_cpu_blocks(lead->M, lead->row_block), 1, linear_task, &group);
}

pleat_cpu_scratch pleat_cpu_linear_layout(const pleat_cpu_call *call) { return pleat_cpu_linear_group_layout(call, 1); }
void pleat_cpu_linear(const pleat_cpu_call *call) { pleat_cpu_linear_group(call, 1); }

/* ---- TRANSITION -------------------------------------------------------------------------------------------------- */

enum { HIDDEN_BLOCK = 256 }; /* columns of the hidden layer at a time: 96 rows of them stay in cache */

typedef struct transition {
  const pleat_cpu_call *call;
  pleat_cpu_source source;
  pleat_cpu_sink sink;
  pleat_cpu_packed W1, W2;
  const float *b1;
  int64_t M, row_block, n_hidden, n_out;
} transition;

typedef struct transition_scratch {
  pleat_cpu_block_scratch rows;
  float *hidden, *out, *tile;
  uint16_t *hidden_bf16; /* in place of hidden when W2 is bf16 */
  int64_t *hidden_at;
  pleat_cpu_sink_scratch sink;
} transition_scratch;

static void transition_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, transition *job) {
  const pleat_cpu_tensor *in = call->in, *x = &in[PLEAT_TR_X], *W1 = &in[PLEAT_TR_W1], *W2 = &in[PLEAT_TR_W2];
  pleat_cpu_axes hidden = {0};
  *job = (transition){.call = call, .source = {.x = x, .eps = call->node->attr.a}};
  for (int d = 0; d < W1->rank; d++) {
    bool is_hidden = pleat_cpu_has(W2, W1->letters[d]) && !pleat_cpu_has(x, W1->letters[d]);
    pleat_cpu_axes_add(is_hidden ? &hidden : &job->source.k, W1, W1->letters[d]);
  }
  for (int d = 0; d < W2->rank; d++)
    if (!memchr(hidden.letter, W2->letters[d], (size_t)hidden.n)) pleat_cpu_axes_add(&job->sink.n, W2, W2->letters[d]);
  pleat_cpu_axes_add_except(&job->sink.rows, &call->out, &W2, 1);
  job->source.rows = job->sink.rows;
  job->M = pleat_cpu_axes_count(&job->sink.rows);
  job->n_hidden = pleat_cpu_axes_count(&hidden);
  job->n_out = pleat_cpu_axes_count(&job->sink.n);
  job->source.k_line = pleat_cpu_line_take(bump, &job->source.k, x);
  job->source.ln_scale = pleat_cpu_vector_take(call, bump, &in[PLEAT_TR_LN_SCALE], &job->source.k);
  job->source.ln_offset = pleat_cpu_vector_take(call, bump, &in[PLEAT_TR_LN_OFFSET], &job->source.k);
  job->W1 = pleat_cpu_matrix_take(call, bump, W1, &job->source.k, &hidden);
  job->W2 = pleat_cpu_matrix_take(call, bump, W2, &hidden, &job->sink.n);
  job->row_block = pleat_cpu_row_block(call, job->M, job->W1.is_bf16);
  job->b1 = pleat_cpu_vector_take(call, bump, &in[PLEAT_TR_B1], &hidden);
  job->sink.bias = pleat_cpu_vector_take(call, bump, &in[PLEAT_TR_B2], &job->sink.n);
  job->sink.x[PLEAT_CPU_SINK_OUT] = &call->out;
  job->sink.x[PLEAT_CPU_SINK_RESIDUAL] = &in[PLEAT_TR_RESIDUAL];
  pleat_cpu_sink_init(&job->sink, bump);
}

static void transition_scratch_take(const transition *job, pleat_cpu_bump *bump, transition_scratch *s) {
  int64_t n_hidden = job->row_block * pleat_cpu_source_ld(HIDDEN_BLOCK);
  pleat_cpu_block_scratch_take(bump, job->row_block, pleat_cpu_axes_count(&job->source.k), job->W1.is_bf16, &s->rows);
  s->hidden = job->W2.is_bf16 ? NULL : pleat_cpu_take_f32(bump, n_hidden);
  s->hidden_bf16 = job->W2.is_bf16 ? pleat_cpu_take_u16(bump, n_hidden) : NULL;
  int64_t n_panels = pleat_cpu_panels(job->call->kern, job->n_out);
  s->out = pleat_cpu_take_f32(bump, n_panels * PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
  s->tile = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
  s->hidden_at = pleat_cpu_take_i64(bump, PLEAT_CPU_ROWS);
  for (int64_t r = 0; bump->base && r < PLEAT_CPU_ROWS; r++) s->hidden_at[r] = r * pleat_cpu_source_ld(HIDDEN_BLOCK);
  pleat_cpu_sink_scratch_take(bump, &s->sink);
}

/* hidden[n, h0 .. h0 + n_h) = relu(rows W1 + b1) */
static void hidden_block(const transition *job, const pleat_cpu_block *rows, int64_t n, int64_t h0, int64_t n_h,
                         const transition_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl;
  for (int64_t h = 0; h < n_h; h += nr) {
    int64_t panel = (h0 + h) / nr;
    pleat_cpu_product product = {
        .block = rows, .n = n, .W = &job->W1, .panel = panel, .K = job->W1.K, .c = s->tile, .ldc = PLEAT_CPU_MAX_NR};
    pleat_cpu_multiply_epilogue(kern, &product, NULL,
                                &(pleat_cpu_epilogue){.rows = n,
                                                      .n = pleat_cpu_panel_width(kern, job->W1.N, panel),
                                                      .ld = PLEAT_CPU_MAX_NR,
                                                      .y = s->tile,
                                                      .bias = job->b1 ? job->b1 + h0 + h : NULL,
                                                      .act = PLEAT_ACT_RELU,
                                                      .dst_f32 = s->hidden ? s->hidden + h : NULL,
                                                      .dst_bf16 = s->hidden_bf16 ? s->hidden_bf16 + h : NULL,
                                                      .dst_at = s->hidden_at});
  }
}

static void transition_block(const transition *job, pleat_cpu_sink *sink, int64_t first, int64_t n, bool has_next,
                             transition_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_block rows = pleat_cpu_source_load(kern, &job->source, first, n, true, &s->rows);
  pleat_cpu_sink_seek(sink, &s->sink, first, n);
  int64_t n_panels = pleat_cpu_panels(kern, job->n_out);
  for (int64_t h0 = 0; h0 < job->n_hidden; h0 += HIDDEN_BLOCK) {
    int64_t n_h = pleat_cpu_min(HIDDEN_BLOCK, job->n_hidden - h0);
    if (has_next)
      pleat_cpu_source_prefetch(&job->source, first + n, n, h0 / HIDDEN_BLOCK,
                                pleat_cpu_blocks(job->n_hidden, HIDDEN_BLOCK), s->rows.at);
    hidden_block(job, &rows, n, h0, n_h, s);
    pleat_cpu_block hidden = {.a = s->hidden, .a_bf16 = s->hidden_bf16, .a_rs = pleat_cpu_source_ld(HIDDEN_BLOCK)};
    for (int64_t panel = 0; panel < n_panels; panel++) {
      float *out = s->out + panel * PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR;
      pleat_cpu_product product = {.block = &hidden,
                                   .n = n,
                                   .W = &job->W2,
                                   .panel = panel,
                                   .k0 = h0,
                                   .K = n_h,
                                   .c = out,
                                   .ldc = PLEAT_CPU_MAX_NR,
                                   .is_adding = h0 > 0};
      if (h0 + n_h < job->n_hidden) {
        pleat_cpu_multiply(kern, &product);
        continue;
      }
      int64_t width = pleat_cpu_panel_width(kern, job->n_out, panel);
      pleat_cpu_sink_multiply(kern, sink, &s->sink, &product, NULL,
                              &(pleat_cpu_tile){.n = n, .col = panel * 2 * kern->vl, .width = width, .y = out});
    }
  }
}

static void transition_task(void *arg, int thread, int64_t begin, int64_t end) {
  const transition *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  transition_scratch s;
  pleat_cpu_sink sink = job->sink;
  transition_scratch_take(job, &bump, &s);
  for (int64_t i = begin; i < end; i++) {
    int64_t first = i * job->row_block;
    transition_block(job, &sink, first, pleat_cpu_min(job->row_block, job->M - first), i + 1 < end, &s);
  }
}

pleat_cpu_scratch pleat_cpu_transition_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  transition job;
  transition_scratch s;
  transition_init(call, &shared, &job);
  transition_scratch_take(&job, &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_transition(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  transition job;
  transition_init(call, &shared, &job);
  pleat_threads_run(call->pool, pleat_cpu_blocks(job.M, job.row_block), 1, transition_task, &job);
}
