/* CONTRACT: any einsum of two operands as batched matrix products.
 *
 * Letters fall into batch (in a, b and out), M (a and out), N (b and out) and K (summed). When the innermost batch
 * letter is the contiguous one, as in the triangle multiplication "ikc,jkc->ijc", 16 batches are packed together by
 * transposing tiles, so that every cache line of the operands is read once. B is packed once per group of batches and
 * block of columns, either by the thread that uses it (small products) or by all threads for all (large ones), several
 * groups at a step where one would leave threads without work.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_rows.h"

enum {
  GROUP = PLEAT_CPU_MAX_VL, /* batches packed together */
  ROWS_ALONE = 48,          /* rows of A per block, a multiple of every kernel's mr */
  ROWS_GROUPED = 24,        /* the same, rounded up to a multiple */
  AHEAD = 4,                /* rows of B prefetched while it is packed */
  PLANE_GAP = 160,          /* whole cache lines in bf16 */
  PRIVATE_BYTES = 1 << 19,  /* a packed B up to this size is packed by each thread for itself */
  SHARED_BYTES = 32 << 20,  /* largest packed B */
  PIECES_PER_THREAD = 4
};

typedef struct contract {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *a, *b, *out;
  pleat_cpu_axes batch, m, n, k;
  int64_t n_batch, M, N, K, ld_a;
  int64_t plane_a, plane_b; /* distance of a group's batches in packed operands; not a multiple of a page */
  int64_t group;            /* batches of a full group; the last group along the batch letter may be smaller */
  int64_t g_size;           /* size of the innermost batch letter when batches are grouped, else 1 */
  int64_t a_g, b_g, out_g;  /* strides of that letter */
  int64_t n_groups, rows, cols, step; /* step: groups computed together */
  bool is_private;
  bool is_bf16;     /* both operands are: packed in pairs along k */
  int64_t k_stored; /* elements of k in a packed row or column: in bf16 what the kernel likes, with zeros at the end */
  pleat_cpu_line a_k, b_k;
  uint8_t *packed; /* shared B */
  /* The step being run: */
  int64_t first_group, first_col, n_cols, panel_chunk, n_chunks, n_blocks;
} contract;

typedef struct contract_scratch {
  uint8_t *a, *b; /* packed: float, or bf16 */
  float *tile, *turned;
  uint16_t *pairs; /* rows of pairs before they are turned */
  int64_t *a_at, *out_at, *col_at;
} contract_scratch;

/* One group of batches. */
typedef struct contract_group {
  int64_t count;
  int64_t a_at, b_at, out_at;
} contract_group;

static bool has_unit(const pleat_cpu_tensor *x, const pleat_cpu_axes *axes) {
  for (int i = 0; i < axes->n; i++)
    if (axes->size[i] > 1 && pleat_cpu_stride(x, axes->letter[i]) == 1) return true;
  return false;
}

static void classify(contract *job) {
  const pleat_cpu_tensor *a = job->a, *b = job->b, *out = job->out;
  for (int d = 0; d < out->rank; d++) {
    char letter = out->letters[d];
    bool in_a = pleat_cpu_has(a, letter), in_b = pleat_cpu_has(b, letter);
    pleat_cpu_axes_add(in_a && in_b ? &job->batch : in_a ? &job->m : &job->n, in_a ? a : b, letter);
  }
  pleat_cpu_axes_add_except(&job->k, a, &out, 1);
  pleat_cpu_axes_add_except(&job->k, b, &out, 1);
}

/* Batches are grouped along a batch letter that is contiguous in an operand where neither matrix axis is. The letter
 * becomes the innermost one. */
static void choose_group(contract *job) {
  job->group = job->g_size = 1;
  bool is_a_matrix = has_unit(job->a, &job->m) || has_unit(job->a, &job->k);
  bool is_b_matrix = has_unit(job->b, &job->n) || has_unit(job->b, &job->k);
  if (is_a_matrix && is_b_matrix) return;
  for (int i = 0; i < job->batch.n; i++) {
    char letter = job->batch.letter[i];
    int64_t size = job->batch.size[i];
    if (size < 2 || (pleat_cpu_stride(job->a, letter) != 1 && pleat_cpu_stride(job->b, letter) != 1)) continue;
    for (int j = i; j + 1 < job->batch.n; j++) {
      job->batch.letter[j] = job->batch.letter[j + 1];
      job->batch.size[j] = job->batch.size[j + 1];
    }
    job->batch.letter[job->batch.n - 1] = letter;
    job->batch.size[job->batch.n - 1] = size;
    job->g_size = size;
    job->group = pleat_cpu_min(size, GROUP);
    job->a_g = pleat_cpu_stride(job->a, letter);
    job->b_g = pleat_cpu_stride(job->b, letter);
    job->out_g = pleat_cpu_stride(job->out, letter);
    return;
  }
}

static int64_t item_bytes(const contract *job) { return job->is_bf16 ? 2 : 4; }

static void contract_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, contract *job) {
  *job = (contract){.call = call, .a = &call->in[0], .b = &call->in[1], .out = &call->out};
  classify(job);
  if (pleat_cpu_axes_count(&job->n) < pleat_cpu_axes_count(&job->m) &&
      pleat_cpu_axes_count(&job->n) < 2 * call->kern->vl) { /* a thin B would leave most of each vector empty */
    job->a = &call->in[1];
    job->b = &call->in[0];
    pleat_cpu_axes m = job->m;
    job->m = job->n;
    job->n = m;
  }
  choose_group(job);
  job->n_batch = pleat_cpu_axes_count(&job->batch);
  job->M = pleat_cpu_axes_count(&job->m);
  job->N = pleat_cpu_axes_count(&job->n);
  job->K = pleat_cpu_axes_count(&job->k);
  job->is_bf16 = job->a->dtype == PLEAT_BF16 && job->b->dtype == PLEAT_BF16;
  job->k_stored = job->is_bf16 ? pleat_cpu_round(job->K, call->kern->k_bf16) : job->K;
  job->ld_a = pleat_cpu_source_ld(job->k_stored);
  int64_t mr = job->is_bf16 ? call->kern->mr_bf16 : call->kern->mr;
  job->rows = job->group > 1 ? pleat_cpu_round(ROWS_GROUPED, mr) : ROWS_ALONE;
  job->n_groups = job->g_size ? job->n_batch / job->g_size * pleat_cpu_blocks(job->g_size, job->group) : 0;
  int64_t nr = 2 * call->kern->vl, column_bytes = item_bytes(job) * pleat_cpu_max(1, job->k_stored) * job->group;
  int64_t whole_cols = pleat_cpu_round(pleat_cpu_max(1, job->N), nr);
  job->is_private = job->n_groups >= 16 && whole_cols * column_bytes <= PRIVATE_BYTES;
  job->cols = pleat_cpu_min(whole_cols, pleat_cpu_max(nr, SHARED_BYTES / column_bytes / nr * nr));
  int64_t wanted = pleat_cpu_blocks((int64_t)call->n_threads * PIECES_PER_THREAD, job->cols / nr);
  int64_t fitting = pleat_cpu_max(1, SHARED_BYTES / (job->cols * column_bytes));
  job->step = pleat_cpu_min(job->n_groups, pleat_cpu_min(wanted, fitting));
  job->plane_a = job->rows * job->ld_a + PLANE_GAP;
  job->plane_b = job->cols * job->k_stored + PLANE_GAP;
  job->a_k = pleat_cpu_line_take(bump, &job->k, job->a);
  job->b_k = pleat_cpu_line_take(bump, &job->k, job->b);
  if (!job->is_private)
    job->packed = pleat_cpu_take(bump, job->step * job->group * job->plane_b, (size_t)item_bytes(job));
}

static void scratch_take(const contract *job, pleat_cpu_bump *bump, contract_scratch *s) {
  s->a = pleat_cpu_take(bump, job->group * job->plane_a, (size_t)item_bytes(job));
  s->pairs = job->is_bf16 ? pleat_cpu_take_u16(bump, pleat_cpu_max(job->k_stored, 2 * PLEAT_CPU_MAX_NR) * GROUP) : NULL;
  s->tile = pleat_cpu_take_f32(bump, job->group * job->rows * PLEAT_CPU_MAX_NR);
  s->turned = pleat_cpu_take_f32(bump, GROUP * PLEAT_CPU_MAX_NR);
  s->a_at = pleat_cpu_take_i64(bump, job->rows);
  s->out_at = pleat_cpu_take_i64(bump, job->rows);
  s->col_at = pleat_cpu_take_i64(bump, PLEAT_CPU_MAX_NR);
  s->b = job->is_private ? pleat_cpu_take(bump, job->plane_b * job->group, (size_t)item_bytes(job)) : NULL;
}

static contract_group group_at(const contract *job, int64_t index) {
  int64_t per_letter = pleat_cpu_blocks(job->g_size, job->group);
  int64_t first = index / per_letter * job->g_size + index % per_letter * job->group;
  contract_group g = {.count = pleat_cpu_min(job->group, job->g_size - index % per_letter * job->group)};
  pleat_cpu_offsets(&job->batch, job->a, first, 1, &g.a_at);
  pleat_cpu_offsets(&job->batch, job->b, first, 1, &g.b_at);
  pleat_cpu_offsets(&job->batch, job->out, first, 1, &g.out_at);
  return g;
}

/* k and k + 1 of `rows` runs of n elements that lie `step` apart; zeros behind the last k. */
static void pair_of_k(const contract *job, const pleat_cpu_tensor *x, const pleat_cpu_line *k_line, int64_t at,
                      int64_t k, int64_t rows, int64_t n, int64_t step, uint16_t *dst) {
  static const uint16_t zeros[GROUP];
  const pleat_cpu_kernels *kern = job->call->kern;
  const uint16_t *data = (const uint16_t *)(const void *)x->data + at;
  if (k + 1 < job->K) {
    kern->pair_rows(rows, n, data + k_line->at[k], data + k_line->at[k + 1], step, dst, 2 * GROUP);
    return;
  }
  for (int64_t r = 0; r < rows; r++)
    kern->pair_rows(1, n, k < job->K ? data + k_line->at[k] + r * step : zeros, zeros, 0, dst + r * 2 * GROUP, 0);
}

/* One row of A in bf16: dst[g][k]. */
static void pack_row_bf16(const contract *job, const contract_group *g, int64_t at, uint16_t *dst, uint16_t *pairs) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t n_pairs = job->k_stored / 2, plane = job->plane_a;
  if (g->count > 1 && job->a_g == 1) {
    int64_t p = 0;
    if (job->a_k.has_step) {
      const uint16_t *src = (const uint16_t *)(const void *)job->a->data + at + job->a_k.at[0];
      p = job->K / 2;
      kern->pair_rows(p, g->count, src, src + job->a_k.step, 2 * job->a_k.step, pairs, 2 * GROUP);
    }
    for (; p < n_pairs; p++) pair_of_k(job, job->a, &job->a_k, at, 2 * p, 1, g->count, 0, pairs + p * 2 * GROUP);
    kern->transpose(n_pairs, g->count, (const float *)(const void *)pairs, GROUP, (float *)(void *)dst, plane / 2);
    return;
  }
  for (int64_t q = 0; q < g->count; q++) {
    const uint16_t *src = (const uint16_t *)(const void *)job->a->data + at + q * job->a_g;
    for (int64_t k = 0; k < job->k_stored; k++) dst[q * plane + k] = k < job->K ? src[job->a_k.at[k]] : 0;
  }
}

/* dst[g][row i][k] of n rows. */
static void pack_rows(const contract *job, const contract_group *g, int64_t n, const contract_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t plane = job->plane_a;
  if (job->K == 0) return;
  for (int64_t i = 0; i < n; i++) {
    int64_t at = g->a_at + s->a_at[i];
    if (job->is_bf16) {
      pack_row_bf16(job, g, at, (uint16_t *)(void *)s->a + i * job->ld_a, s->pairs);
      continue;
    }
    float *dst = (float *)(void *)s->a + i * job->ld_a;
    if (g->count > 1 && job->a_g == 1 && job->a_k.has_step) {
      pleat_cpu_load_transposed(kern, job->a, at + job->a_k.at[0], job->a_k.step, job->K, g->count, dst, plane);
    } else {
      for (int64_t q = 0; q < g->count; q++)
        pleat_cpu_load_line(kern, job->a, at + q * job->a_g, &job->a_k, 0, job->K, dst + q * plane);
    }
  }
}

/* A single batch of float32 whose rows or columns are contiguous is multiplied where it lies. */
static bool rows_in_place(const contract *job, const contract_group *g, int64_t n, const contract_scratch *s,
                          pleat_cpu_gemm *gemm) {
  if (g->count > 1 || job->a->dtype != PLEAT_F32 || !job->a_k.has_step || job->K == 0) return false;
  int64_t a_rs = n > 1 ? s->a_at[1] - s->a_at[0] : 1;
  for (int64_t i = 2; i < n; i++)
    if (s->a_at[i] - s->a_at[i - 1] != a_rs) return false;
  if (a_rs != 1 && job->a_k.step != 1) return false;
  gemm->a = (const float *)(const void *)job->a->data + g->a_at + s->a_at[0] + job->a_k.at[0];
  gemm->a_rs = a_rs;
  gemm->a_ks = job->a_k.step;
  return true;
}

/* A single batch of bf16 rows is multiplied where it lies. */
static bool rows_in_place_bf16(const contract *job, const contract_group *g, int64_t n, const contract_scratch *s,
                               pleat_cpu_gemm_bf16 *gemm) {
  if (g->count > 1 || !job->a_k.has_step || job->a_k.step != 1 || job->K == 0 || job->K % 2) return false;
  int64_t a_rs = n > 1 ? s->a_at[1] - s->a_at[0] : 1;
  for (int64_t i = 2; i < n; i++)
    if (s->a_at[i] - s->a_at[i - 1] != a_rs) return false;
  gemm->a = (const uint16_t *)(const void *)job->a->data + g->a_at + s->a_at[0] + job->a_k.at[0];
  gemm->a_rs = a_rs;
  gemm->n_pairs = job->K / 2; /* no zeros follow */
  return true;
}

/* Panel p of columns [first_col + p nr, ...): dst[g][k][width]. */
static void pack_panel_bf16(const contract *job, const contract_group *g, const pleat_cpu_line *cols, int64_t n,
                            int64_t width, int64_t plane, uint16_t *pairs, uint16_t *dst) {
  const pleat_cpu_kernels *kern = job->call->kern;
  if (g->count == 1 || job->b_g != 1) {
    int64_t k_packed = pleat_cpu_packed_rows(job->K, true);
    for (int64_t q = 0; q < g->count; q++) {
      pleat_cpu_pack_pairs(kern, job->b, g->b_at + q * job->b_g, &job->b_k, cols, 0, n, width, dst + q * plane);
      memset(dst + q * plane + k_packed * width, 0, (size_t)((job->k_stored - k_packed) * width) * sizeof *dst);
    }
    return;
  }
  for (int64_t p = 0; p < job->k_stored / 2; p++) {
    for (int64_t j = 0; 2 * p + AHEAD < job->K && j < n; j++) /* the columns lie pages apart */
      __builtin_prefetch(pleat_cpu_at(job->b, g->b_at + job->b_k.at[2 * p + AHEAD] + cols->at[j]));
    if (cols->has_step) {
      pair_of_k(job, job->b, &job->b_k, g->b_at + cols->at[0], 2 * p, n, g->count, cols->step, pairs);
    } else {
      for (int64_t j = 0; j < n; j++)
        pair_of_k(job, job->b, &job->b_k, g->b_at + cols->at[j], 2 * p, 1, g->count, 0, pairs + j * 2 * GROUP);
    }
    kern->transpose(n, g->count, (const float *)(const void *)pairs, GROUP, (float *)(void *)(dst + p * 2 * width),
                    plane / 2);
    for (int64_t q = 0; n < width && q < g->count; q++)
      memset(dst + q * plane + (p * width + n) * 2, 0, (size_t)(width - n) * 2 * sizeof *dst);
  }
}

static void pack_panel(const contract *job, const contract_group *g, int64_t first_col, int64_t n, int64_t width,
                       int64_t plane, const contract_scratch *s, uint8_t *to) {
  const pleat_cpu_kernels *kern = job->call->kern;
  pleat_cpu_offsets(&job->n, job->b, first_col, n, s->col_at);
  pleat_cpu_line cols = pleat_cpu_line_make(s->col_at, n);
  if (job->is_bf16) {
    pack_panel_bf16(job, g, &cols, n, width, plane, s->pairs, (uint16_t *)(void *)to);
    return;
  }
  float *dst = (float *)(void *)to;
  if (g->count == 1 || job->b_g != 1 || !cols.has_step) {
    for (int64_t q = 0; q < g->count; q++)
      pleat_cpu_pack_panel(kern, job->b, g->b_at + q * job->b_g, &job->b_k, &cols, 0, n, width, dst + q * plane);
    return;
  }
  for (int64_t k = 0; k < job->K; k++) {
    /* The columns lie pages apart, where no hardware prefetcher follows. */
    for (int64_t j = 0; k + AHEAD < job->K && j < n; j++)
      __builtin_prefetch(pleat_cpu_at(job->b, g->b_at + job->b_k.at[k + AHEAD] + cols.at[j]));
    pleat_cpu_load_transposed(kern, job->b, g->b_at + job->b_k.at[k] + cols.at[0], cols.step, n, g->count,
                              dst + k * width, plane);
    for (int64_t q = 0; n < width && q < g->count; q++)
      for (int64_t j = n; j < width; j++) dst[q * plane + k * width + j] = 0;
  }
}

static void pack_panels(const contract *job, const contract_group *g, int64_t first_col, int64_t n_cols, int64_t begin,
                        int64_t end, const contract_scratch *s, uint8_t *dst) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl, plane = job->plane_b;
  for (int64_t p = begin; p < end; p++) {
    int64_t width = pleat_cpu_panel_width(kern, n_cols, p);
    pack_panel(job, g, first_col + p * nr, pleat_cpu_min(width, n_cols - p * nr), width, plane, s,
               dst + p * nr * job->k_stored * item_bytes(job));
  }
}

/* tile[g][row][col] to the result; rows n, columns n_cols at s->col_at. */
static void store_tile(const contract *job, const contract_group *g, int64_t n, int64_t n_cols,
                       const contract_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t plane = job->rows * PLEAT_CPU_MAX_NR;
  pleat_cpu_line cols = pleat_cpu_line_make(s->col_at, n_cols);
  for (int64_t i = 0; i < n; i++) {
    const float *src = s->tile + i * PLEAT_CPU_MAX_NR;
    int64_t at = g->out_at + s->out_at[i];
    if (g->count == 1 || job->out_g != 1) {
      for (int64_t q = 0; q < g->count; q++)
        pleat_cpu_store_line(kern, job->out, at + q * job->out_g, &cols, 0, n_cols, src + q * plane);
    } else if (cols.has_step && job->out->dtype == PLEAT_F32) {
      kern->transpose(g->count, n_cols, src, plane, (float *)(void *)job->out->data + at + cols.at[0], cols.step);
    } else {
      kern->transpose(g->count, n_cols, src, plane, s->turned, GROUP);
      for (int64_t j = 0; j < n_cols; j++)
        pleat_cpu_store_step(kern, job->out, at + cols.at[j], 1, g->count, s->turned + j * GROUP);
    }
  }
}

/* Rows [first_row, ...) of a group times panels [begin, end) of B. */
static void multiply_block(const contract *job, const contract_group *g, int64_t first_row, int64_t first_col,
                           int64_t n_cols, int64_t begin, int64_t end, const uint8_t *packed,
                           const contract_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t n = pleat_cpu_min(job->rows, job->M - first_row), nr = 2 * kern->vl, item = item_bytes(job);
  pleat_cpu_offsets(&job->m, job->a, first_row, n, s->a_at);
  pleat_cpu_offsets(&job->m, job->out, first_row, n, s->out_at);
  pleat_cpu_gemm f32 = {.m = n, .K = job->K, .a = (float *)(void *)s->a, .a_rs = job->ld_a, .a_ks = 1};
  pleat_cpu_gemm_bf16 bf16 = {.m = n, .n_pairs = job->k_stored / 2, .a = (uint16_t *)(void *)s->a, .a_rs = job->ld_a};
  f32.ldc = bf16.ldc = PLEAT_CPU_MAX_NR;
  bool is_in_place = job->is_bf16 ? rows_in_place_bf16(job, g, n, s, &bf16) : rows_in_place(job, g, n, s, &f32);
  if (!is_in_place) pack_rows(job, g, n, s);
  const float *a = f32.a;
  const uint16_t *a_bf16 = bf16.a;
  for (int64_t p = begin; p < end; p++) {
    f32.width = f32.b_ks = bf16.width = pleat_cpu_panel_width(kern, n_cols, p);
    bf16.b_ps = 2 * bf16.width;
    for (int64_t q = 0; q < g->count; q++) {
      const void *b = packed + (q * job->plane_b + p * nr * job->k_stored) * item;
      f32.a = a + q * job->plane_a;
      bf16.a = a_bf16 + q * job->plane_a;
      f32.b = b;
      bf16.b = b;
      f32.c = bf16.c = s->tile + q * job->rows * PLEAT_CPU_MAX_NR;
      if (job->is_bf16) {
        kern->gemm_bf16(&bf16);
      } else {
        kern->gemm(&f32);
      }
    }
    int64_t n_here = pleat_cpu_min(f32.width, n_cols - p * nr);
    pleat_cpu_offsets(&job->n, job->out, first_col + p * nr, n_here, s->col_at);
    store_tile(job, g, n, n_here, s);
  }
}

static void private_task(void *arg, int thread, int64_t begin, int64_t end) {
  const contract *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  contract_scratch s;
  scratch_take(job, &bump, &s);
  int64_t n_panels = pleat_cpu_panels(job->call->kern, job->N);
  for (int64_t i = begin; i < end; i++) {
    contract_group g = group_at(job, i);
    pack_panels(job, &g, 0, job->N, 0, n_panels, &s, s.b);
    for (int64_t row = 0; row < job->M; row += job->rows) multiply_block(job, &g, row, 0, job->N, 0, n_panels, s.b, &s);
  }
}

/* The packed B of a group of this step. */
static uint8_t *packed_group(const contract *job, int64_t i) {
  return job->packed + i * job->group * job->plane_b * item_bytes(job);
}

static void pack_task(void *arg, int thread, int64_t begin, int64_t end) {
  const contract *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  contract_scratch s;
  scratch_take(job, &bump, &s);
  int64_t n_panels = pleat_cpu_panels(job->call->kern, job->n_cols);
  for (int64_t i = begin; i < end; i++) {
    contract_group g = group_at(job, job->first_group + i / n_panels);
    pack_panels(job, &g, job->first_col, job->n_cols, i % n_panels, i % n_panels + 1, &s,
                packed_group(job, i / n_panels));
  }
}

static void multiply_task(void *arg, int thread, int64_t begin, int64_t end) {
  const contract *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  contract_scratch s;
  scratch_take(job, &bump, &s);
  int64_t n_panels = pleat_cpu_panels(job->call->kern, job->n_cols);
  for (int64_t i = begin; i < end; i++) {
    int64_t index = i / job->n_chunks / job->n_blocks, block = i / job->n_chunks % job->n_blocks;
    int64_t panel = i % job->n_chunks * job->panel_chunk;
    contract_group g = group_at(job, job->first_group + index);
    multiply_block(job, &g, block * job->rows, job->first_col, job->n_cols, panel,
                   pleat_cpu_min(n_panels, panel + job->panel_chunk), packed_group(job, index), &s);
  }
}

/* Groups [first_group, first_group + n) of columns [first_col, first_col + n_cols). */
static void run_step(contract *job, int64_t n) {
  int64_t n_panels = pleat_cpu_panels(job->call->kern, job->n_cols);
  /* Few blocks of rows: columns are shared out as well. */
  int64_t wanted = pleat_cpu_blocks((int64_t)job->call->n_threads * PIECES_PER_THREAD, n * job->n_blocks);
  job->panel_chunk = pleat_cpu_blocks(n_panels, pleat_cpu_min(n_panels, wanted));
  job->n_chunks = pleat_cpu_blocks(n_panels, job->panel_chunk);
  pleat_threads_run(job->call->pool, n * n_panels, 1, pack_task, job);
  pleat_threads_run(job->call->pool, n * job->n_blocks * job->n_chunks, 1, multiply_task, job);
}

pleat_cpu_scratch pleat_cpu_contract_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  contract job;
  contract_scratch s;
  contract_init(call, &shared, &job);
  scratch_take(&job, &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_contract(const pleat_cpu_call *call) {
  pleat_cpu_bump bump = {.base = call->shared};
  contract job;
  contract_init(call, &bump, &job);
  if (job.n_batch == 0 || job.M == 0 || job.N == 0) return;
  if (job.is_private) {
    pleat_threads_run(call->pool, job.n_groups, 1, private_task, &job);
    return;
  }
  job.n_blocks = pleat_cpu_blocks(job.M, job.rows);
  for (; job.first_group < job.n_groups; job.first_group += job.step) {
    for (job.first_col = 0; job.first_col < job.N; job.first_col += job.cols) {
      job.n_cols = pleat_cpu_min(job.cols, job.N - job.first_col);
      run_step(&job, pleat_cpu_min(job.step, job.n_groups - job.first_group));
    }
  }
}
