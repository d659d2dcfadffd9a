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

void pleat_cpu_block_scratch_take(pleat_cpu_bump *bump, int64_t rows, int64_t K, bool is_bf16,
                                  pleat_cpu_block_scratch *scratch) {
  int64_t ld = pleat_cpu_source_ld(K);
  scratch->at = pleat_cpu_take_i64(bump, rows);
  scratch->f32 = pleat_cpu_take_f32(bump, rows * ld);
  scratch->bf16 = is_bf16 ? pleat_cpu_take_u16(bump, rows * ld) : NULL;
}

/* One loaded row, normalised and rounded as wanted. */
static void finish_row(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, const float *row, float *f32,
                       uint16_t *opt_bf16) {
  int64_t K = source->k_line.n;
  if (source->ln_scale) {
    kern->layer_norm(K, row, source->ln_scale, source->ln_offset, source->eps, f32);
    row = f32;
  }
  if (!opt_bf16) return;
  kern->bf16_from_f32(K, row, opt_bf16);
  opt_bf16[K] = 0;
}

/* Whole vectors that lie together are normalised all rows at once. */
static bool normalise_rows(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t n,
                           const pleat_cpu_block_scratch *scratch) {
  const pleat_cpu_tensor *x = source->x;
  const pleat_cpu_line *k_line = &source->k_line;
  bool is_f32 = x->dtype == PLEAT_F32, is_bf16 = x->dtype == PLEAT_BF16;
  if (!source->ln_scale || !k_line->has_step || k_line->step != 1 || k_line->n % kern->vl || k_line->n == 0 ||
      !(is_f32 || is_bf16))
    return false;
  kern->norm_rows(&(pleat_cpu_norm_rows){.rows = n,
                                         .n = k_line->n,
                                         .x = {.x = is_f32 ? (const float *)(const void *)x->data : NULL,
                                               .x_bf16 = is_bf16 ? (const uint16_t *)(const void *)x->data : NULL,
                                               .at = scratch->at},
                                         .scale = source->ln_scale,
                                         .offset = source->ln_offset,
                                         .eps = source->eps,
                                         .dst_f32 = scratch->bf16 ? NULL : scratch->f32,
                                         .dst_bf16 = scratch->bf16,
                                         .ld = pleat_cpu_source_ld(k_line->n)});
  return true;
}

pleat_cpu_block pleat_cpu_source_load(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t first,
                                      int64_t n, bool must_copy, const pleat_cpu_block_scratch *scratch) {
  pleat_cpu_offsets(&source->rows, source->x, first, n, scratch->at);
  return pleat_cpu_source_load_at(kern, source, n, must_copy, scratch);
}

pleat_cpu_block pleat_cpu_source_load_at(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t n,
                                         bool must_copy, const pleat_cpu_block_scratch *scratch) {
  const pleat_cpu_tensor *x = source->x;
  const pleat_cpu_line *k_line = &source->k_line;
  const int64_t *at = scratch->at;
  int64_t K = k_line->n, ld = pleat_cpu_source_ld(K);
  int64_t step = common_step(at, n);
  bool can_stay = !source->ln_scale && !must_copy && k_line->has_step && k_line->step == 1 && step >= 0;
  uint16_t *bf16 = scratch->bf16;
  if (can_stay && !bf16 && x->dtype == PLEAT_F32)
    return (pleat_cpu_block){.a = (const float *)(const void *)x->data + at[0], .a_rs = step};
  if (can_stay && bf16 && x->dtype == PLEAT_BF16 && K % 2 == 0)
    return (pleat_cpu_block){.a_bf16 = (const uint16_t *)(const void *)x->data + at[0], .a_rs = step};

  bool is_turned = step == 1 && n > 1 && k_line->has_step && k_line->step != 1 && K > 0;
  if (is_turned) pleat_cpu_load_transposed(kern, x, at[0], k_line->step, K, n, scratch->f32, ld);
  bool is_done = normalise_rows(kern, source, n, scratch);
  for (int64_t r = 0; r < n && !is_done; r++) {
    float *f32 = scratch->f32 + (is_turned || !bf16 ? r : 0) * ld;
    const float *row = f32;
    if (!is_turned) {
      if (source->ln_scale || bf16) {
        row = pleat_cpu_view_line(kern, x, at[r], k_line, 0, K, f32);
      } else {
        pleat_cpu_load_line(kern, x, at[r], k_line, 0, K, f32);
      }
    }
    finish_row(kern, source, row, f32, bf16 ? bf16 + r * ld : NULL);
  }
  return (pleat_cpu_block){.a = bf16 ? NULL : scratch->f32, .a_bf16 = bf16, .a_rs = ld};
}

/* Less than that stays in a cache of the last level, where the hardware's prefetchers keep up. */
enum { PREFETCH_FROM_BYTES = 16 << 20, LINE = 64 };

void pleat_cpu_source_prefetch(const pleat_cpu_source *source, int64_t first, int64_t n, int64_t part, int64_t n_parts,
                               int64_t *at) {
  const pleat_cpu_tensor *x = source->x;
  int64_t M = pleat_cpu_axes_count(&source->rows), n_bytes = source->k_line.n * (int64_t)pleat_cpu_item_bytes(x);
  bool is_whole = source->k_line.has_step && source->k_line.step == 1;
  if (!is_whole || M * n_bytes < PREFETCH_FROM_BYTES) return;
  int64_t begin = first + n * part / n_parts, end = pleat_cpu_min(first + n * (part + 1) / n_parts, M);
  if (begin >= end) return;
  pleat_cpu_offsets(&source->rows, x, begin, end - begin, at);
  for (int64_t r = 0; r < end - begin; r++) {
    const uint8_t *row = pleat_cpu_at(x, at[r] + source->k_line.at[0]);
    for (int64_t i = 0; i < n_bytes; i += LINE) __builtin_prefetch(row + i, 0, 2);
  }
}

static pleat_cpu_gemm gemm_of(const pleat_cpu_kernels *kern, const pleat_cpu_product *p) {
  int64_t width = pleat_cpu_panel_width(kern, p->W->N, p->panel);
  return (pleat_cpu_gemm){.m = p->n,
                          .width = width,
                          .K = p->K,
                          .a = p->block->a,
                          .a_rs = p->block->a_rs,
                          .a_ks = 1,
                          .b = pleat_cpu_panel(kern, p->W, p->panel, p->k0),
                          .b_ks = width,
                          .c = p->c,
                          .ldc = p->ldc,
                          .is_adding = p->is_adding};
}

static pleat_cpu_gemm_bf16 gemm_bf16_of(const pleat_cpu_kernels *kern, const pleat_cpu_product *p) {
  int64_t width = pleat_cpu_panel_width(kern, p->W->N, p->panel);
  return (pleat_cpu_gemm_bf16){.m = p->n,
                               .width = width,
                               .n_pairs = pleat_cpu_blocks(p->K, 2),
                               .a = p->block->a_bf16,
                               .a_rs = p->block->a_rs,
                               .b = pleat_cpu_panel(kern, p->W, p->panel, p->k0),
                               .b_ps = 2 * width,
                               .c = p->c,
                               .ldc = p->ldc,
                               .is_adding = p->is_adding};
}

void pleat_cpu_multiply(const pleat_cpu_kernels *kern, const pleat_cpu_product *p) {
  if (p->W->is_bf16) {
    pleat_cpu_gemm_bf16 g = gemm_bf16_of(kern, p);
    kern->gemm_bf16(&g);
  } else {
    pleat_cpu_gemm g = gemm_of(kern, p);
    kern->gemm(&g);
  }
}

void pleat_cpu_multiply_epilogue(const pleat_cpu_kernels *kern, const pleat_cpu_product *p,
                                 const pleat_cpu_product *opt_gate, const pleat_cpu_epilogue *e) {
  if (p->W->is_bf16 && kern->gemm_bf16_epilogue) {
    pleat_cpu_gemm_bf16 g = gemm_bf16_of(kern, p), gate = opt_gate ? gemm_bf16_of(kern, opt_gate) : g;
    kern->gemm_bf16_epilogue(&g, opt_gate ? &gate : NULL, e);
  } else if (!p->W->is_bf16 && kern->gemm_epilogue) {
    pleat_cpu_gemm g = gemm_of(kern, p), gate = opt_gate ? gemm_of(kern, opt_gate) : g;
    kern->gemm_epilogue(&g, opt_gate ? &gate : NULL, e);
  } else {
    pleat_cpu_multiply(kern, p);
    if (opt_gate) pleat_cpu_multiply(kern, opt_gate);
    kern->epilogue(e);
  }
}

void pleat_cpu_sink_init(pleat_cpu_sink *sink, pleat_cpu_bump *bump) {
  static const pleat_cpu_tensor absent;
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++) {
    if (!sink->x[i]) sink->x[i] = &absent;
    if (!sink->x[i]->is_present) continue;
    sink->line[i] = pleat_cpu_line_take(bump, &sink->n, sink->x[i]);
    pleat_cpu_walk_init(&sink->walk[i], &sink->rows, &sink->x[i], 1);
  }
}

void pleat_cpu_sink_scratch_take(pleat_cpu_bump *bump, pleat_cpu_sink_scratch *scratch) {
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++) {
    scratch->at[i] = pleat_cpu_take_i64(bump, PLEAT_CPU_ROWS);
    scratch->copy[i] = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * PLEAT_CPU_MAX_NR);
  }
  scratch->copy_at = pleat_cpu_take_i64(bump, PLEAT_CPU_ROWS);
  for (int64_t r = 0; bump->base && r < PLEAT_CPU_ROWS; r++) scratch->copy_at[r] = r * PLEAT_CPU_MAX_NR;
}

void pleat_cpu_sink_seek(pleat_cpu_sink *sink, pleat_cpu_sink_scratch *scratch, int64_t first, int64_t n) {
  for (int i = 0; i < PLEAT_CPU_SINK_N; i++)
    if (sink->x[i]->is_present) pleat_cpu_walk_fill(&sink->walk[i], first, n, scratch->at[i]);
}

float *pleat_cpu_sink_direct(const pleat_cpu_sink *sink, const pleat_cpu_sink_scratch *scratch, int64_t n,
                             int64_t *out_ld) {
  const pleat_cpu_tensor *out = sink->x[PLEAT_CPU_SINK_OUT];
  const pleat_cpu_line *line = &sink->line[PLEAT_CPU_SINK_OUT];
  const int64_t *at = scratch->at[PLEAT_CPU_SINK_OUT];
  for (int i = PLEAT_CPU_SINK_MUL; i < PLEAT_CPU_SINK_N; i++)
    if (sink->x[i]->is_present) return NULL;
  *out_ld = common_step(at, n);
  bool is_plain = !sink->bias && !sink->gate_bias && sink->act == PLEAT_ACT_NONE && out->dtype == PLEAT_F32;
  if (!is_plain || !line->has_step || line->step != 1 || *out_ld < 0) return NULL;
  return (float *)(void *)out->data + at[0];
}

/* Stores finished columns of rows whose results are neighbours in memory: column by column. */
static void store_turned(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                         const pleat_cpu_sink_scratch *scratch, const pleat_cpu_tile *tile, int64_t n_cols) {
  const pleat_cpu_tensor *out = sink->x[PLEAT_CPU_SINK_OUT];
  const int64_t *at = scratch->at[PLEAT_CPU_SINK_OUT] + tile->first;
  float *turned = scratch->copy[PLEAT_CPU_SINK_OUT];
  kern->transpose(tile->n, n_cols, tile->y, PLEAT_CPU_MAX_NR, turned, PLEAT_CPU_ROWS);
  for (int64_t r = 0, m; r < tile->n; r += m) {
    m = 1;
    while (r + m < tile->n && at[r + m] - at[r + m - 1] == 1) m++;
    for (int64_t c = 0; c < n_cols; c++)
      pleat_cpu_store_step(kern, out, at[r] + sink->line[PLEAT_CPU_SINK_OUT].at[tile->col + c], 1, m,
                           turned + c * PLEAT_CPU_ROWS + r);
  }
}

/* Operand i of a tile where it lies, when its rows are contiguous float32; otherwise a copy. */
static pleat_cpu_rows_view view_operand(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                                        const pleat_cpu_sink_scratch *scratch, int i, const pleat_cpu_tile *tile,
                                        int64_t n_cols) {
  const pleat_cpu_tensor *x = sink->x[i];
  const pleat_cpu_line *line = &sink->line[i];
  const int64_t *at = scratch->at[i] + tile->first;
  if (line->has_step && line->step == 1 && n_cols == tile->width) {
    if (x->dtype == PLEAT_F32)
      return (pleat_cpu_rows_view){.x = (const float *)(const void *)x->data + line->at[tile->col], .at = at};
    if (x->dtype == PLEAT_BF16)
      return (pleat_cpu_rows_view){.x_bf16 = (const uint16_t *)(const void *)x->data + line->at[tile->col], .at = at};
  }
  for (int64_t r = 0; r < tile->n; r++) {
    float *dst = scratch->copy[i] + r * PLEAT_CPU_MAX_NR;
    pleat_cpu_load_line(kern, x, at[r], line, tile->col, n_cols, dst);
    for (int64_t c = n_cols; c < tile->width; c++) dst[c] = 1; /* lanes that nobody reads */
  }
  return (pleat_cpu_rows_view){.x = scratch->copy[i], .at = scratch->copy_at};
}

/* An operand that is the same along the columns: one value per row. */
static const float *row_values(const pleat_cpu_sink *sink, const pleat_cpu_sink_scratch *scratch, int i,
                               const pleat_cpu_tile *tile) {
  for (int64_t r = 0; r < tile->n; r++)
    scratch->copy[i][r] = pleat_cpu_load(sink->x[i], scratch->at[i][tile->first + r]);
  return scratch->copy[i];
}

/* What the sink does to a tile. Where the result is stored as it comes, e.dst says so. */
static pleat_cpu_epilogue epilogue_of(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                                      const pleat_cpu_sink_scratch *scratch, const pleat_cpu_tile *tile) {
  const pleat_cpu_tensor *out = sink->x[PLEAT_CPU_SINK_OUT];
  const pleat_cpu_line *out_line = &sink->line[PLEAT_CPU_SINK_OUT];
  int64_t n_cols = pleat_cpu_min(tile->width, out_line->n - tile->col);
  pleat_cpu_epilogue e = {.rows = tile->n,
                          .n = tile->width,
                          .ld = PLEAT_CPU_MAX_NR,
                          .y = tile->y,
                          .gate = tile->opt_gate,
                          .bias = sink->bias ? sink->bias + tile->col : NULL,
                          .gate_bias = sink->gate_bias ? sink->gate_bias + tile->col : NULL,
                          .row_mul = tile->opt_row_mul,
                          .act = sink->act,
                          .dst_at = scratch->at[PLEAT_CPU_SINK_OUT] + tile->first};
  pleat_cpu_rows_view *views[PLEAT_CPU_SINK_N] = {NULL, &e.mul, &e.mul2, &e.divisor, &e.residual};
  const float **values[PLEAT_CPU_SINK_N] = {NULL, NULL, &e.row_mul, &e.row_div, NULL};
  for (int i = PLEAT_CPU_SINK_MUL; i < PLEAT_CPU_SINK_N; i++) {
    if (!sink->x[i]->is_present) continue;
    if (values[i] && sink->line[i].has_step && sink->line[i].step == 0) {
      *values[i] = row_values(sink, scratch, i, tile);
    } else {
      *views[i] = view_operand(kern, sink, scratch, i, tile, n_cols);
    }
  }
  if (out_line->has_step && out_line->step == 1 && n_cols == tile->width) {
    if (out->dtype == PLEAT_F32) e.dst_f32 = (float *)(void *)out->data + out_line->at[tile->col];
    if (out->dtype == PLEAT_BF16) e.dst_bf16 = (uint16_t *)(void *)out->data + out_line->at[tile->col];
  }
  return e;
}

/* Stores a finished tile that the epilogue could not. */
static void store_rest(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink, const pleat_cpu_sink_scratch *scratch,
                       const pleat_cpu_tile *tile, const pleat_cpu_epilogue *e) {
  const pleat_cpu_line *out_line = &sink->line[PLEAT_CPU_SINK_OUT];
  const int64_t *at = e->dst_at;
  int64_t n_cols = pleat_cpu_min(tile->width, out_line->n - tile->col);
  if (e->dst_f32 || e->dst_bf16) return;
  if (!(out_line->has_step && out_line->step == 1) && tile->n > 1 && at[1] - at[0] == 1) {
    store_turned(kern, sink, scratch, tile, n_cols);
    return;
  }
  for (int64_t r = 0; r < tile->n; r++)
    pleat_cpu_store_line(kern, sink->x[PLEAT_CPU_SINK_OUT], at[r], out_line, tile->col, n_cols,
                         tile->y + r * PLEAT_CPU_MAX_NR);
}

void pleat_cpu_sink_store(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                          const pleat_cpu_sink_scratch *scratch, const pleat_cpu_tile *tile) {
  pleat_cpu_epilogue e = epilogue_of(kern, sink, scratch, tile);
  kern->epilogue(&e);
  store_rest(kern, sink, scratch, tile, &e);
}

void pleat_cpu_sink_multiply(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                             const pleat_cpu_sink_scratch *scratch, const pleat_cpu_product *product,
                             const pleat_cpu_packed *opt_gate_W, const pleat_cpu_tile *tile) {
  pleat_cpu_epilogue e = epilogue_of(kern, sink, scratch, tile);
  pleat_cpu_product gate = *product;
  gate.W = opt_gate_W;
  gate.c = tile->opt_gate;
  pleat_cpu_multiply_epilogue(kern, product, opt_gate_W ? &gate : NULL, &e);
  store_rest(kern, sink, scratch, tile, &e);
}

int64_t pleat_cpu_row_block(const pleat_cpu_call *call, int64_t M, bool is_bf16) {
  int64_t share = pleat_cpu_blocks(M, (int64_t)call->n_threads * 4);
  int64_t mr = is_bf16 ? call->kern->mr_bf16 : call->kern->mr;
  return pleat_cpu_max(mr, pleat_cpu_min(PLEAT_CPU_ROWS, share / mr * mr));
}
