/* OUTER_PRODUCT: (sum_s a[s i c] b[s j d] W[c d z] + bias[z]) / norm[ij], + residual; AF2 supplement, Alg. 10.
 *
 * Deep: for a few i and j the outer products [c, d] over s are computed into rows of c d elements, which are then
 * multiplied with W; nothing of size N_res^2 c d exists. Shallow: with few sequences it is cheaper to multiply W with a
 * first, u[s d, z] = sum_c a[s i c] W[c d z] for one i, and then b[j, s d] with u. With bf16 operands the deep products
 * take two sequences, then two elements of [c, d], at a time; the shallow ones are float32.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_rows.h"

enum { I_BLOCK = 4, J_BLOCK = 12, S_BLOCK = 512 };

typedef struct outer {
  const pleat_cpu_call *call;
  const pleat_cpu_tensor *a, *b;
  pleat_cpu_axes s, c, d, i, j;
  pleat_cpu_packed W;
  pleat_cpu_sink sink; /* rows: (i, j) */
  pleat_cpu_line a_s, a_c, b_s, b_d, b_sd;
  int64_t n_s, n_c, n_d, n_i, n_j, n_z;
  bool is_shallow;
  bool is_bf16; /* deep, and a, b and W are */
  int64_t j_blocks;
} outer;

typedef struct outer_scratch {
  float *a, *b, *x, *u, *tile;
  uint16_t *a_bf16, *b_bf16, *x_bf16; /* rows over sequences; pairs of sequences; rows of x */
  int64_t *i_at, *j_at;
  pleat_cpu_sink_scratch sink;
} outer_scratch;

static void outer_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, outer *job) {
  const pleat_cpu_tensor *in = call->in, *W = &in[PLEAT_OP_W];
  *job = (outer){.call = call, .a = &in[PLEAT_OP_A], .b = &in[PLEAT_OP_B]};
  for (int d = 0; d < job->a->rank; d++) {
    char letter = job->a->letters[d];
    pleat_cpu_axes_add(pleat_cpu_has(W, letter)            ? &job->c
                       : pleat_cpu_has(&call->out, letter) ? &job->i
                                                           : &job->s,
                       job->a, letter);
  }
  for (int d = 0; d < job->b->rank; d++) {
    char letter = job->b->letters[d];
    if (pleat_cpu_has(W, letter)) {
      pleat_cpu_axes_add(&job->d, job->b, letter);
    } else if (pleat_cpu_has(&call->out, letter)) {
      pleat_cpu_axes_add(&job->j, job->b, letter);
    }
  }
  pleat_cpu_axes k = job->c, sd = job->s;
  for (int d = 0; d < job->d.n; d++) {
    pleat_cpu_axes_add(&k, job->b, job->d.letter[d]);
    pleat_cpu_axes_add(&sd, job->b, job->d.letter[d]);
  }
  const pleat_cpu_tensor *others[2] = {job->a, job->b};
  pleat_cpu_axes_add_except(&job->sink.n, W, others, 2);
  job->sink.rows = job->i;
  for (int d = 0; d < job->j.n; d++) pleat_cpu_axes_add(&job->sink.rows, job->b, job->j.letter[d]);
  job->n_s = pleat_cpu_axes_count(&job->s);
  job->n_c = pleat_cpu_axes_count(&job->c);
  job->n_d = pleat_cpu_axes_count(&job->d);
  job->n_i = pleat_cpu_axes_count(&job->i);
  job->n_j = pleat_cpu_axes_count(&job->j);
  job->n_z = pleat_cpu_axes_count(&job->sink.n);
  /* Products per (i, j), with u's cost shared by all j. */
  int64_t deep = job->n_s * job->n_c * job->n_d + job->n_c * job->n_d * job->n_z;
  int64_t shallow = job->n_s * job->n_d * job->n_z * (1 + pleat_cpu_blocks(job->n_c, pleat_cpu_max(1, job->n_j)));
  job->is_shallow = shallow <= deep;
  job->j_blocks = job->is_shallow ? 1 : pleat_cpu_blocks(job->n_j, J_BLOCK);
  job->W = pleat_cpu_matrix_take(call, bump, W, &k, &job->sink.n);
  job->is_bf16 = !job->is_shallow && job->W.is_bf16 && job->a->dtype == PLEAT_BF16 && job->b->dtype == PLEAT_BF16;
  if (!job->is_bf16) job->W = pleat_cpu_matrix_f32(call->kern, bump, &job->W);
  job->a_s = pleat_cpu_line_take(bump, &job->s, job->a);
  job->a_c = pleat_cpu_line_take(bump, &job->c, job->a);
  job->b_s = pleat_cpu_line_take(bump, &job->s, job->b);
  job->b_d = pleat_cpu_line_take(bump, &job->d, job->b);
  job->b_sd = pleat_cpu_line_take(bump, &sd, job->b);
  job->sink.bias = pleat_cpu_vector_take(call, bump, &in[PLEAT_OP_BIAS], &job->sink.n);
  job->sink.x[PLEAT_CPU_SINK_OUT] = &call->out;
  job->sink.x[PLEAT_CPU_SINK_DIV] = &in[PLEAT_OP_NORM];
  job->sink.x[PLEAT_CPU_SINK_RESIDUAL] = &in[PLEAT_OP_RESIDUAL];
  pleat_cpu_sink_init(&job->sink, bump);
}

static int64_t ld_x(const outer *job) { return pleat_cpu_source_ld(job->n_c * job->n_d); }
static int64_t ld_s(int64_t n_s) { return pleat_cpu_source_ld(pleat_cpu_round(n_s, 2)); }
static int64_t ld_sd(const outer *job) { return pleat_cpu_source_ld(job->n_s * job->n_d); }

static void scratch_take(const outer *job, pleat_cpu_bump *bump, outer_scratch *s) {
  int64_t nr = PLEAT_CPU_MAX_NR, n_s = pleat_cpu_min(job->n_s, S_BLOCK);
  *s = (outer_scratch){0};
  if (job->is_bf16) {
    s->a_bf16 = pleat_cpu_take_u16(bump, I_BLOCK * job->n_c * ld_s(n_s));
    s->b_bf16 = pleat_cpu_take_u16(bump, pleat_cpu_round(n_s, 2) * pleat_cpu_round(job->n_d, nr));
    s->x = pleat_cpu_take_f32(bump, I_BLOCK * J_BLOCK * ld_x(job));
    s->x_bf16 = pleat_cpu_take_u16(bump, I_BLOCK * J_BLOCK * ld_x(job));
  } else if (job->is_shallow) {
    s->a = pleat_cpu_take_f32(bump, job->n_s * pleat_cpu_source_ld(job->n_c));
    s->u = pleat_cpu_take_f32(bump, job->n_s * job->n_d * pleat_cpu_round(job->n_z, nr));
    s->b = pleat_cpu_take_f32(bump, PLEAT_CPU_ROWS * ld_sd(job));
  } else {
    s->a = pleat_cpu_take_f32(bump, I_BLOCK * n_s * pleat_cpu_round(job->n_c, nr));
    s->b = pleat_cpu_take_f32(bump, n_s * pleat_cpu_round(job->n_d, nr));
    s->x = pleat_cpu_take_f32(bump, I_BLOCK * J_BLOCK * ld_x(job));
  }
  s->tile = pleat_cpu_take_f32(bump, pleat_cpu_max(PLEAT_CPU_ROWS, job->n_c) * nr);
  s->i_at = pleat_cpu_take_i64(bump, I_BLOCK);
  s->j_at = pleat_cpu_take_i64(bump, PLEAT_CPU_ROWS);
  pleat_cpu_sink_scratch_take(bump, &s->sink);
}

/* x[c d] (+)= sum over s of a[s][c] b[s][d]; b is one packed panel of columns [d0, d0 + width). */
static void outer_panel(const outer *job, const outer_scratch *s, int64_t i, int64_t n_s, int64_t d0, int64_t width,
                        bool is_adding, float *x) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t n = pleat_cpu_min(width, job->n_d - d0), ld_c = pleat_cpu_round(job->n_c, PLEAT_CPU_MAX_NR);
  bool is_direct = n == width;
  float *c = is_direct ? x + d0 : s->tile;
  int64_t ldc = is_direct ? job->n_d : PLEAT_CPU_MAX_NR;
  for (int64_t q = 0; !is_direct && is_adding && q < job->n_c; q++)
    memcpy(s->tile + q * PLEAT_CPU_MAX_NR, x + q * job->n_d + d0, (size_t)n * sizeof *x);
  if (job->is_bf16) {
    int64_t n_pairs = pleat_cpu_blocks(n_s, 2);
    kern->gemm_bf16(&(pleat_cpu_gemm_bf16){.m = job->n_c,
                                           .width = width,
                                           .n_pairs = n_pairs,
                                           .a = s->a_bf16 + i * job->n_c * ld_s(n_s),
                                           .a_rs = ld_s(n_s),
                                           .b = s->b_bf16,
                                           .b_ps = 2 * width,
                                           .c = c,
                                           .ldc = ldc,
                                           .is_adding = is_adding});
  } else {
    kern->gemm(&(pleat_cpu_gemm){.m = job->n_c,
                                 .width = width,
                                 .K = n_s,
                                 .a = s->a + i * n_s * ld_c,
                                 .a_rs = 1,
                                 .a_ks = ld_c,
                                 .b = s->b,
                                 .b_ks = width,
                                 .c = c,
                                 .ldc = ldc,
                                 .is_adding = is_adding});
  }
  for (int64_t q = 0; !is_direct && q < job->n_c; q++)
    memcpy(x + q * job->n_d + d0, s->tile + q * PLEAT_CPU_MAX_NR, (size_t)n * sizeof *x);
}

/* a of one i, over sequences [s0, s0 + n_s): [s][c], or [c][s] in bf16. */
static void pack_a(const outer *job, int64_t i, int64_t s0, int64_t n_s, const outer_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t ld_c = pleat_cpu_round(job->n_c, PLEAT_CPU_MAX_NR);
  if (!job->is_bf16) {
    for (int64_t q = 0; q < n_s; q++)
      pleat_cpu_load_line(kern, job->a, s->i_at[i] + job->a_s.at[s0 + q], &job->a_c, 0, job->n_c,
                          s->a + (i * n_s + q) * ld_c);
    return;
  }
  /* Pairs as units of 32 bits: packed as a panel, where b comes later, and turned. */
  pleat_cpu_line s_line = {.at = job->a_s.at + s0, .n = n_s, .run = 1};
  uint16_t *rows = s->a_bf16 + i * job->n_c * ld_s(n_s);
  for (int64_t c0 = 0; c0 < job->n_c; c0 += PLEAT_CPU_MAX_NR) {
    int64_t n = pleat_cpu_min(PLEAT_CPU_MAX_NR, job->n_c - c0);
    pleat_cpu_pack_pairs(kern, job->a, s->i_at[i], &s_line, &job->a_c, c0, n, PLEAT_CPU_MAX_NR, s->b_bf16);
    kern->transpose(pleat_cpu_blocks(n_s, 2), n, (const float *)(const void *)s->b_bf16, PLEAT_CPU_MAX_NR,
                    (float *)(void *)(rows + c0 * ld_s(n_s)), ld_s(n_s) / 2);
  }
}

/* The rows x of I_BLOCK i's and J_BLOCK j's, over sequences [s0, s0 + n_s). */
static void outer_rows(const outer *job, int64_t n_i, int64_t n_j, int64_t s0, int64_t n_s, const outer_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t nr = 2 * kern->vl;
  for (int64_t i = 0; i < n_i; i++) pack_a(job, i, s0, n_s, s);
  pleat_cpu_line s_line = {.at = job->b_s.at + s0, .n = n_s, .step = 0, .run = 1};
  for (int64_t j = 0; j < n_j; j++) {
    for (int64_t d0 = 0; d0 < job->n_d; d0 += nr) {
      int64_t width = pleat_cpu_panel_width(kern, job->n_d, d0 / nr);
      int64_t n = pleat_cpu_min(width, job->n_d - d0);
      if (job->is_bf16) {
        pleat_cpu_pack_pairs(kern, job->b, s->j_at[j], &s_line, &job->b_d, d0, n, width, s->b_bf16);
      } else {
        pleat_cpu_pack_panel(kern, job->b, s->j_at[j], &s_line, &job->b_d, d0, n, width, s->b);
      }
      for (int64_t i = 0; i < n_i; i++)
        outer_panel(job, s, i, n_s, d0, width, s0 > 0, s->x + (i * n_j + j) * ld_x(job));
    }
  }
}

static void deep_block(const outer *job, pleat_cpu_sink *sink, int64_t i0, int64_t j0, outer_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t n_i = pleat_cpu_min(I_BLOCK, job->n_i - i0), n_j = pleat_cpu_min(J_BLOCK, job->n_j - j0);
  pleat_cpu_offsets(&job->i, job->a, i0, n_i, s->i_at);
  pleat_cpu_offsets(&job->j, job->b, j0, n_j, s->j_at);
  if (job->n_s == 0) memset(s->x, 0, (size_t)(n_i * n_j * ld_x(job)) * sizeof *s->x);
  for (int64_t s0 = 0; s0 < job->n_s; s0 += S_BLOCK)
    outer_rows(job, n_i, n_j, s0, pleat_cpu_min(S_BLOCK, job->n_s - s0), s);

  int64_t K = job->n_c * job->n_d;
  for (int64_t r = 0; job->is_bf16 && r < n_i * n_j; r++) {
    kern->bf16_from_f32(K, s->x + r * ld_x(job), s->x_bf16 + r * ld_x(job));
    s->x_bf16[r * ld_x(job) + K] = 0;
  }
  pleat_cpu_block rows = {.a = s->x, .a_bf16 = s->x_bf16, .a_rs = ld_x(job)};
  /* Rows of one i are neighbours among the result's rows (i, j). */
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_z); panel++) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_z, panel);
    pleat_cpu_multiply(kern, &(pleat_cpu_product){.block = &rows,
                                                  .n = n_i * n_j,
                                                  .W = &job->W,
                                                  .panel = panel,
                                                  .K = K,
                                                  .c = s->tile,
                                                  .ldc = PLEAT_CPU_MAX_NR});
    for (int64_t i = 0; i < n_i; i++) {
      pleat_cpu_sink_seek(sink, &s->sink, (i0 + i) * job->n_j + j0, n_j);
      pleat_cpu_sink_store(
          kern, sink, &s->sink,
          &(pleat_cpu_tile){
              .n = n_j, .col = panel * 2 * kern->vl, .width = width, .y = s->tile + i * n_j * PLEAT_CPU_MAX_NR});
    }
  }
}

/* u as panels [s d][z]: for every d, rows of a times rows c of W's panel, which lie n_d widths apart. */
static void fold_weights(const outer *job, int64_t i, const outer_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  int64_t ld_a = pleat_cpu_source_ld(job->n_c), a_at;
  pleat_cpu_offsets(&job->i, job->a, i, 1, &a_at);
  for (int64_t q = 0; q < job->n_s; q++)
    pleat_cpu_load_line(kern, job->a, a_at + job->a_s.at[q], &job->a_c, 0, job->n_c, s->a + q * ld_a);
  for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_z); panel++) {
    int64_t width = pleat_cpu_panel_width(kern, job->n_z, panel);
    float *u = s->u + panel * 2 * kern->vl * job->n_s * job->n_d;
    for (int64_t d = 0; d < job->n_d; d++)
      kern->gemm(&(pleat_cpu_gemm){.m = job->n_s,
                                   .width = width,
                                   .K = job->n_c,
                                   .a = s->a,
                                   .a_rs = ld_a,
                                   .a_ks = 1,
                                   .b = pleat_cpu_panel(kern, &job->W, panel, d),
                                   .b_ks = job->n_d * width,
                                   .c = u + d * width,
                                   .ldc = job->n_d * width});
  }
}

static void shallow_row(const outer *job, pleat_cpu_sink *sink, int64_t i, outer_scratch *s) {
  const pleat_cpu_kernels *kern = job->call->kern;
  fold_weights(job, i, s);
  int64_t K = job->n_s * job->n_d;
  for (int64_t j0 = 0; j0 < job->n_j; j0 += PLEAT_CPU_ROWS) {
    int64_t n = pleat_cpu_min(PLEAT_CPU_ROWS, job->n_j - j0);
    pleat_cpu_offsets(&job->j, job->b, j0, n, s->j_at);
    for (int64_t j = 0; j < n; j++)
      pleat_cpu_load_line(kern, job->b, s->j_at[j], &job->b_sd, 0, K, s->b + j * ld_sd(job));
    pleat_cpu_sink_seek(sink, &s->sink, i * job->n_j + j0, n);
    for (int64_t panel = 0; panel < pleat_cpu_panels(kern, job->n_z); panel++) {
      int64_t width = pleat_cpu_panel_width(kern, job->n_z, panel);
      kern->gemm(&(pleat_cpu_gemm){.m = n,
                                   .width = width,
                                   .K = K,
                                   .a = s->b,
                                   .a_rs = ld_sd(job),
                                   .a_ks = 1,
                                   .b = s->u + panel * 2 * kern->vl * K,
                                   .b_ks = width,
                                   .c = s->tile,
                                   .ldc = PLEAT_CPU_MAX_NR});
      pleat_cpu_sink_store(kern, sink, &s->sink,
                           &(pleat_cpu_tile){.n = n, .col = panel * 2 * kern->vl, .width = width, .y = s->tile});
    }
  }
}

static void outer_task(void *arg, int thread, int64_t begin, int64_t end) {
  const outer *job = arg;
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(job->call, thread)};
  outer_scratch s;
  pleat_cpu_sink sink = job->sink;
  scratch_take(job, &bump, &s);
  for (int64_t item = begin; item < end; item++) {
    if (job->is_shallow) {
      shallow_row(job, &sink, item, &s);
    } else {
      deep_block(job, &sink, item / job->j_blocks * I_BLOCK, item % job->j_blocks * J_BLOCK, &s);
    }
  }
}

pleat_cpu_scratch pleat_cpu_outer_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  outer job;
  outer_scratch s;
  outer_init(call, &shared, &job);
  scratch_take(&job, &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_outer(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  outer job;
  outer_init(call, &shared, &job);
  int64_t n = job.is_shallow ? job.n_i : pleat_cpu_blocks(job.n_i, I_BLOCK) * job.j_blocks;
  pleat_threads_run(call->pool, n, 1, outer_task, &job);
}
