/* Row blocks: loading, normalising, and the epilogue.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_rows.h"

/* The common distance of n offsets, or -1. */
static int64_t common_step(const int64_t *at, int64_t n) {
  int64_t step = n > 1 ? at[1] - at[0] : 0;
  for (int64_t i = 2; i < n; i++)
    if (at[i] - at[i - 1] != step) return -1;
  return step;
}

pleat_cpu_block pleat_cpu_source_load(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t first,
                                      int64_t n, bool must_copy, int64_t *at, float *buf) {
  const pleat_cpu_tensor *x = source->x;
  const pleat_cpu_line *k_line = &source->k_line;
  int64_t K = k_line->n, ld = pleat_cpu_source_ld(K);
  pleat_cpu_offsets(&source->rows, x, first, n, at);
  int64_t step = common_step(at, n);
  bool is_contiguous = k_line->has_step && k_line->step == 1;
  if (!source->ln_scale && !must_copy && is_contiguous && step >= 0 && x->dtype == PLEAT_F32)
    return (pleat_cpu_block){(const float *)(const void *)x->data + at[0], step};

  if (step == 1 && n > 1 && k_line->has_step && k_line->step != 1 && K > 0) {
    pleat_cpu_load_transposed(kern, x, at[0], k_line->step, K, n, buf, ld);
  } else {
    for (int64_t r = 0; r < n; r++) pleat_cpu_load_line(kern, x, at[r], k_line, 0, K, buf + r * ld);
  }
  for (int64_t r = 0; source->ln_scale && r < n; r++)
    kern->layer_norm(K, buf + r * ld, source->ln_scale, source->ln_offset, source->eps, buf + r * ld);
  return (pleat_cpu_block){buf, ld};
}

void pleat_cpu_sink_init(pleat_cpu_sink *sink, pleat_cpu_bump *bump) {
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++)
    if (sink->x[i]->is_present) sink->line[i] = pleat_cpu_line_take(bump, &sink->n, sink->x[i]);
}

void pleat_cpu_sink_scratch_take(pleat_cpu_bump *bump, pleat_cpu_sink_scratch *scratch) {
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++) scratch->at[i] = pleat_cpu_take_i64(bump, PLEAT_CPU_ROWS);
  scratch->turned = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
}

void pleat_cpu_sink_seek(const pleat_cpu_sink *sink, pleat_cpu_sink_scratch *scratch, int64_t first, int64_t n) {
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++)
    if (sink->x[i]->is_present) pleat_cpu_offsets(&sink->rows, sink->x[i], first, n, scratch->at[i]);
}

/* Stores finished columns of rows whose results are neighbours in memory: column by column. */
static void store_turned(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                         const pleat_cpu_sink_scratch *scratch, int64_t first, int64_t n, int64_t col, int64_t n_cols,
                         const float *tile) {
  const pleat_cpu_tensor *out = sink->x[PLEAT_CPU_SINK_OUT];
  const int64_t *at = scratch->at[PLEAT_CPU_SINK_OUT] + first;
  kern->transpose(n, n_cols, tile, PLEAT_CPU_MAX_NR, scratch->turned, PLEAT_CPU_ROWS);
  for (int64_t r = 0, m; r < n; r += m) {
    m = 1;
    while (r + m < n && at[r + m] - at[r + m - 1] == 1) m++;
    for (int64_t c = 0; c < n_cols; c++)
      pleat_cpu_store_step(kern, out, at[r] + sink->line[PLEAT_CPU_SINK_OUT].at[col + c], 1, m,
                           scratch->turned + c * PLEAT_CPU_ROWS + r);
  }
}

void pleat_cpu_sink_store(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                          const pleat_cpu_sink_scratch *scratch, int64_t first, int64_t n, int64_t col, int64_t width,
                          float *tile, const float *opt_gate_tile) {
  const pleat_cpu_tensor *out = sink->x[PLEAT_CPU_SINK_OUT];
  const pleat_cpu_line *out_line = &sink->line[PLEAT_CPU_SINK_OUT];
  int64_t n_cols = pleat_cpu_min(width, out_line->n - col);
  bool is_row = out_line->has_step && out_line->step == 1;
  bool is_direct = is_row && n_cols == width && (out->dtype == PLEAT_F32 || out->dtype == PLEAT_BF16);
  bool is_turned =
      !is_row && n > 1 && scratch->at[PLEAT_CPU_SINK_OUT][first + 1] - scratch->at[PLEAT_CPU_SINK_OUT][first] == 1;
  float buf[PLEAT_CPU_SINK_N][PLEAT_CPU_MAX_NR];
  for (int64_t r = 0; r < n; r++) {
    const float *view[PLEAT_CPU_SINK_N] = {0};
    float factor = 1;
    for (int i = PLEAT_CPU_SINK_MUL; i < PLEAT_CPU_SINK_N; i++) {
      if (!sink->x[i]->is_present) continue;
      if (i == PLEAT_CPU_SINK_MASK && sink->line[i].has_step && sink->line[i].step == 0) {
        factor = pleat_cpu_load(sink->x[i], scratch->at[i][first + r]);
      } else {
        view[i] = pleat_cpu_view_line(kern, sink->x[i], scratch->at[i][first + r], &sink->line[i], col, n_cols, width,
                                      buf[i]);
      }
    }
    int64_t at = scratch->at[PLEAT_CPU_SINK_OUT][first + r];
    pleat_cpu_epilogue e = {.n = width,
                            .y = tile + r * PLEAT_CPU_MAX_NR,
                            .bias = sink->bias ? sink->bias + col : NULL,
                            .gate = opt_gate_tile ? opt_gate_tile + r * PLEAT_CPU_MAX_NR : NULL,
                            .gate_bias = sink->gate_bias ? sink->gate_bias + col : NULL,
                            .mul = view[PLEAT_CPU_SINK_MUL],
                            .mul2 = view[PLEAT_CPU_SINK_MASK],
                            .divisor = view[PLEAT_CPU_SINK_DIV],
                            .residual = view[PLEAT_CPU_SINK_RESIDUAL],
                            .factor = factor,
                            .act = sink->act};
    if (is_direct && out->dtype == PLEAT_F32) e.dst_f32 = (float *)(void *)out->data + at + out_line->at[col];
    if (is_direct && out->dtype == PLEAT_BF16) e.dst_bf16 = (uint16_t *)(void *)out->data + at + out_line->at[col];
    kern->epilogue(&e);
    if (!is_direct && !is_turned) pleat_cpu_store_line(kern, out, at, out_line, col, n_cols, e.y);
  }
  if (is_turned) store_turned(kern, sink, scratch, first, n, col, n_cols, tile);
}

int64_t pleat_cpu_row_block(const pleat_cpu_call *call, int64_t M) {
  int64_t share = pleat_cpu_blocks(M, (int64_t)call->n_threads * 4);
  return pleat_cpu_max(call->kern->mr, pleat_cpu_min(PLEAT_CPU_ROWS, share / call->kern->mr * call->kern->mr));
}
