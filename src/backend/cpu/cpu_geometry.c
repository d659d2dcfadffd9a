/* Frames, points and torsion angles in float32; AF2 supplement Alg. 22 to 25, semantics of alphafold/model/{quat_affine,
 * folding, folding_multimer, all_atom}.py. A frame is 12 numbers, an affine 7, both on the last axis of their tensor.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu_priv.h"
#include "bio/residue.h" /* const tables without dependencies: the one include from bio that backends have */

typedef struct frame {
  float R[3][3], t[3];
} frame;

/* n numbers along the last axis. */
static void load_row(const pleat_cpu_tensor *x, int64_t at, int n, float *dst) {
  for (int c = 0; c < n; c++) dst[c] = pleat_cpu_load(x, at + c * x->stride[x->rank - 1]);
}

static void store_row(const pleat_cpu_tensor *x, int64_t at, int n, const float *src) {
  for (int c = 0; c < n; c++) pleat_cpu_store(x, at + c * x->stride[x->rank - 1], src[c]);
}

static frame load_frame(const pleat_cpu_tensor *x, int64_t at) {
  float row[12];
  frame f;
  load_row(x, at, 12, row);
  memcpy(f.R, row, sizeof f.R);
  memcpy(f.t, row + 9, sizeof f.t);
  return f;
}

static void store_frame(const pleat_cpu_tensor *x, int64_t at, const frame *f) {
  float row[12];
  memcpy(row, f->R, sizeof f->R);
  memcpy(row + 9, f->t, sizeof f->t);
  store_row(x, at, 12, row);
}

static void rotate(const float R[3][3], const float *v, float *dst) {
  for (int r = 0; r < 3; r++) dst[r] = R[r][0] * v[0] + R[r][1] * v[1] + R[r][2] * v[2];
}

static void rotate_back(const float R[3][3], const float *v, float *dst) {
  for (int r = 0; r < 3; r++) dst[r] = R[0][r] * v[0] + R[1][r] * v[1] + R[2][r] * v[2];
}

/* a after b: x -> a(b(x)). */
static frame compose(const frame *a, const frame *b) {
  frame f;
  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 3; c++) f.R[r][c] = a->R[r][0] * b->R[0][c] + a->R[r][1] * b->R[1][c] + a->R[r][2] * b->R[2][c];
  rotate(a->R, b->t, f.t);
  for (int r = 0; r < 3; r++) f.t[r] += a->t[r];
  return f;
}

/* Homogeneous of degree two: a rotation when q has length 1. */
static void rotation_of(const float *q, float R[3][3]) {
  float w = q[0], x = q[1], y = q[2], z = q[3];
  const float rows[3][3] = {
      {w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
      {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
      {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
  };
  memcpy(R, rows, sizeof rows);
}

static void normalize(float *v, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += v[i] * v[i];
  float length = sqrtf(sum);
  for (int i = 0; i < n; i++) v[i] /= length;
}

/* Calls fn for every index of the result's letters but its last n_last. */
static void each_row(const pleat_cpu_call *call, int n_last, pleat_cpu_each_fn *fn) {
  const pleat_cpu_tensor *tensors[4] = {&call->out, &call->in[0], &call->in[1], &call->in[2]};
  pleat_cpu_axes axes = {0};
  for (int d = 0; d < call->out.rank - n_last; d++) pleat_cpu_axes_add(&axes, &call->out, call->out.letters[d]);
  pleat_cpu_each(call, &axes, tensors, 1 + call->node->n_in, fn, call);
}

static void frame_init_one(const void *arg, const int64_t *at) {
  static const float affine[7] = {1, 0, 0, 0, 0, 0, 0}, identity[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  const pleat_cpu_tensor *out = &((const pleat_cpu_call *)arg)->out;
  bool is_affine = out->size[out->rank - 1] == 7;
  store_row(out, at[0], is_affine ? 7 : 12, is_affine ? affine : identity);
}

void pleat_cpu_frame_init(const pleat_cpu_call *call) { each_row(call, 1, frame_init_one); }

/* Alg. 23 with quaternions: q' = normalised q (1, update_xyz), t' = t + R(q) update_t. */
static void quat_update_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  float q[7], u[6], R[3][3], moved[3];
  load_row(&call->in[0], at[1], 7, q);
  load_row(&call->in[1], at[2], 6, u);
  rotation_of(q, R);
  rotate(R, u + 3, moved);
  float w = q[0], x = q[1], y = q[2], z = q[3];
  float next[7] = {
      w - x * u[0] - y * u[1] - z * u[2],
      x + w * u[0] + y * u[2] - z * u[1],
      y + w * u[1] + z * u[0] - x * u[2],
      z + w * u[2] + x * u[1] - y * u[0],
      q[4] + moved[0],
      q[5] + moved[1],
      q[6] + moved[2],
  };
  normalize(next, 4);
  store_row(&call->out, at[0], 7, next);
}

void pleat_cpu_quat_update(const pleat_cpu_call *call) { each_row(call, 1, quat_update_one); }

static void quat_frame_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  float affine[7];
  frame f;
  load_row(&call->in[0], at[1], 7, affine);
  rotation_of(affine, f.R);
  memcpy(f.t, affine + 4, sizeof f.t);
  store_frame(&call->out, at[0], &f);
}

void pleat_cpu_quat_frame(const pleat_cpu_call *call) { each_row(call, 1, quat_frame_one); }

/* frame after (rotation of the quaternion (1, update[0..2]), translation update[3..5]) */
static void frame_compose_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  float u[6];
  load_row(&call->in[1], at[2], 6, u);
  float q[4] = {1, u[0], u[1], u[2]};
  frame update, old = load_frame(&call->in[0], at[1]);
  normalize(q, 4);
  rotation_of(q, update.R);
  memcpy(update.t, u + 3, sizeof update.t);
  frame next = compose(&old, &update);
  store_frame(&call->out, at[0], &next);
}

void pleat_cpu_frame_compose(const pleat_cpu_call *call) { each_row(call, 1, frame_compose_one); }

/* R x + t, or R^T (x - t), for points whose xyz axis is attr.letter. */
static void frame_apply_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  const pleat_cpu_tensor *out = &call->out, *points = &call->in[1];
  bool is_inverse = call->node->op == PLEAT_OP_FRAME_INVERT;
  int64_t step = pleat_cpu_stride(points, call->node->attr.letter);
  int64_t out_step = pleat_cpu_stride(out, call->node->attr.letter);
  frame f = load_frame(&call->in[0], at[1]);
  float x[3], y[3];
  for (int c = 0; c < 3; c++) x[c] = pleat_cpu_load(points, at[2] + c * step) - (is_inverse ? f.t[c] : 0);
  (is_inverse ? rotate_back : rotate)(f.R, x, y);
  for (int c = 0; c < 3; c++) pleat_cpu_store(out, at[0] + c * out_step, y[c] + (is_inverse ? 0 : f.t[c]));
}

void pleat_cpu_frame_apply(const pleat_cpu_call *call) {
  const pleat_cpu_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_cpu_axes axes = {0};
  for (int d = 0; d < call->out.rank; d++)
    if (call->out.letters[d] != call->node->attr.letter) pleat_cpu_axes_add(&axes, &call->out, call->out.letters[d]);
  pleat_cpu_each(call, &axes, tensors, 3, frame_apply_one, call);
}

/* R_i^T (t_j - t_i) / max(length, 1e-6) */
static void frame_direction_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  frame a = load_frame(&call->in[0], at[1]), b = load_frame(&call->in[1], at[2]);
  float d[3], local[3];
  for (int c = 0; c < 3; c++) d[c] = b.t[c] - a.t[c];
  rotate_back(a.R, d, local);
  float norm2 = local[0] * local[0] + local[1] * local[1] + local[2] * local[2];
  float norm = sqrtf(norm2 < 1e-12f ? 1e-12f : norm2);
  for (int c = 0; c < 3; c++) local[c] /= norm;
  store_row(&call->out, at[0], 3, local);
}

void pleat_cpu_frame_direction(const pleat_cpu_call *call) { each_row(call, 1, frame_direction_one); }

typedef struct point_norm {
  const pleat_cpu_call *call;
  int64_t step, n;
} point_norm;

/* sqrt(a + sum of squares), or with attr.n sqrt(max(sum of squares, a^2)). */
static void point_norm_one(const void *arg, const int64_t *at) {
  const point_norm *job = arg;
  const pleat_attr *attr = &job->call->node->attr;
  float sum = 0, floor = attr->a * attr->a;
  for (int64_t i = 0; i < job->n; i++) {
    float value = pleat_cpu_load(&job->call->in[0], at[1] + i * job->step);
    sum += value * value;
  }
  if (attr->n == 0) {
    sum += attr->a;
  } else if (sum < floor) {
    sum = floor;
  }
  pleat_cpu_store(&job->call->out, at[0], sqrtf(sum));
}

void pleat_cpu_point_norm(const pleat_cpu_call *call) {
  const pleat_cpu_tensor *tensors[2] = {&call->out, &call->in[0]};
  point_norm job = {.call = call, .n = 1};
  for (int d = 0; d < tensors[1]->rank; d++) {
    if (pleat_cpu_has(&call->out, tensors[1]->letters[d])) continue;
    job.step = tensors[1]->stride[d];
    job.n = tensors[1]->size[d];
  }
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  pleat_cpu_each(call, &axes, tensors, 2, point_norm_one, &job);
}

/* ---- POINT_LOGITS: the part of Alg. 22 l. 7 with points ---------------------------------------------------------- */

typedef struct point_logits {
  const pleat_cpu_call *call;
  pleat_cpu_axes rows, j, summed; /* rows: all letters of the result but k's own */
  pleat_cpu_line q_sum, k_sum, k_j, out_j;
  int64_t n_j, n_sum;
} point_logits;

static void point_logits_init(const pleat_cpu_call *call, pleat_cpu_bump *bump, point_logits *job) {
  const pleat_cpu_tensor *q = &call->in[0], *k = &call->in[1], *w = &call->in[2];
  *job = (point_logits){.call = call};
  for (int d = 0; d < call->out.rank; d++) {
    char letter = call->out.letters[d];
    bool is_j = pleat_cpu_has(k, letter) && !pleat_cpu_has(q, letter) && !pleat_cpu_has(w, letter);
    pleat_cpu_axes_add(is_j ? &job->j : &job->rows, &call->out, letter);
  }
  const pleat_cpu_tensor *out = &call->out;
  pleat_cpu_axes_add_except(&job->summed, q, &out, 1);
  pleat_cpu_axes_add_except(&job->summed, k, &out, 1);
  job->n_j = pleat_cpu_axes_count(&job->j);
  job->n_sum = pleat_cpu_axes_count(&job->summed);
  job->q_sum = pleat_cpu_line_take(bump, &job->summed, q);
  job->k_sum = pleat_cpu_line_take(bump, &job->summed, k);
  job->k_j = pleat_cpu_line_take(bump, &job->j, k);
  job->out_j = pleat_cpu_line_take(bump, &job->j, out);
}

typedef struct point_scratch {
  float *q, *keys, *acc; /* keys: [summed][j] */
} point_scratch;

static void point_scratch_take(const point_logits *job, pleat_cpu_bump *bump, point_scratch *s) {
  s->q = pleat_cpu_take_f32(bump, job->n_sum);
  s->keys = pleat_cpu_take_f32(bump, job->n_sum * job->n_j);
  s->acc = pleat_cpu_take_f32(bump, job->n_j);
}

static void point_logits_task(void *arg, int thread, int64_t begin, int64_t end) {
  const point_logits *job = arg;
  const pleat_cpu_call *call = job->call;
  const pleat_cpu_tensor *tensors[4] = {&call->out, &call->in[0], &call->in[1], &call->in[2]};
  pleat_cpu_bump bump = {.base = pleat_cpu_enter(call, thread)};
  point_scratch s;
  point_scratch_take(job, &bump, &s);
  pleat_cpu_walk walk;
  pleat_cpu_walk_init(&walk, &job->rows, tensors, 4);
  pleat_cpu_walk_seek(&walk, begin);
  int64_t keys_at = -1;
  for (int64_t i = begin; i < end; i++, pleat_cpu_walk_next(&walk)) {
    for (int64_t c = 0; keys_at != walk.at[2] && c < job->n_sum; c++)
      pleat_cpu_load_line(call->kern, tensors[2], walk.at[2] + job->k_sum.at[c], &job->k_j, 0, job->n_j,
                          s.keys + c * job->n_j);
    keys_at = walk.at[2];
    pleat_cpu_load_line(call->kern, tensors[1], walk.at[1], &job->q_sum, 0, job->n_sum, s.q);
    memset(s.acc, 0, (size_t)job->n_j * sizeof *s.acc);
    for (int64_t c = 0; c < job->n_sum; c++) call->kern->add_square(job->n_j, s.keys + c * job->n_j, s.q[c], s.acc);
    call->kern->unary(PLEAT_OP_AFFINE, job->n_j, s.acc, -0.5f * pleat_cpu_load(tensors[3], walk.at[3]), 0, s.acc);
    pleat_cpu_store_line(call->kern, tensors[0], walk.at[0], &job->out_j, 0, job->n_j, s.acc);
  }
}

pleat_cpu_scratch pleat_cpu_point_logits_layout(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {0}, thread = {0};
  point_logits job;
  point_scratch s;
  point_logits_init(call, &shared, &job);
  point_scratch_take(&job, &thread, &s);
  return (pleat_cpu_scratch){shared.used, thread.used};
}

void pleat_cpu_point_logits(const pleat_cpu_call *call) {
  pleat_cpu_bump shared = {.base = call->shared};
  point_logits job;
  point_logits_init(call, &shared, &job);
  pleat_threads_run(call->pool, pleat_cpu_axes_count(&job.rows), 8, point_logits_task, &job);
}

/* ---- TORSION_ATOMS ----------------------------------------------------------------------------------------------- */

/* Frames of the eight rigid groups in the residue's backbone frame: Alg. 24 l. 2-10 with Alg. 25. angles: sin, cos of
 * the seven torsions. Side-chain groups chi2 to chi4 hang on the group before them. */
static void group_frames(int restype, const float *angles, frame *groups) {
  for (int g = 0; g < PLEAT_N_GROUPS; g++) {
    const float(*literature)[4] = pleat_group_frames[restype][g];
    float s = g ? angles[2 * (g - 1)] : 0, c = g ? angles[2 * (g - 1) + 1] : 1;
    const frame turn = {{{1, 0, 0}, {0, c, -s}, {0, s, c}}, {0, 0, 0}};
    frame base;
    for (int r = 0; r < 3; r++) {
      memcpy(base.R[r], literature[r], sizeof base.R[r]);
      base.t[r] = literature[r][3];
    }
    groups[g] = compose(&base, &turn);
  }
  for (int g = 5; g < PLEAT_N_GROUPS; g++) groups[g] = compose(&groups[g - 1], &groups[g]);
}

/* Inputs frame, angles, aatype; the result's last axes are the 14 atoms and xyz. */
static void torsion_atoms_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  const pleat_cpu_tensor *out = &call->out, *angles = &call->in[1];
  int64_t atom_step = out->stride[out->rank - 2], angle_step = angles->stride[angles->rank - 2];
  frame backbone = load_frame(&call->in[0], at[1]), groups[PLEAT_N_GROUPS];
  float type = pleat_cpu_load(&call->in[2], at[3]), sin_cos[2 * PLEAT_N_TORSIONS];
  int restype = type >= 0 && type < PLEAT_RESTYPE_X ? (int)type : type < 0 ? 0 : PLEAT_RESTYPE_X;
  for (int i = 0; i < PLEAT_N_TORSIONS; i++) load_row(angles, at[2] + i * angle_step, 2, sin_cos + 2 * i);
  for (int c = 0; c < 3; c++) backbone.t[c] *= call->node->attr.a;
  group_frames(restype, sin_cos, groups);
  for (int g = 0; g < PLEAT_N_GROUPS; g++) groups[g] = compose(&backbone, &groups[g]);
  for (int i = 0; i < PLEAT_N_ATOM14; i++) {
    const frame *group = &groups[pleat_atom14_group[restype][i]];
    float position[3];
    rotate(group->R, pleat_atom14_position[restype][i], position);
    for (int c = 0; c < 3; c++) position[c] = (position[c] + group->t[c]) * pleat_atom14_exists[restype][i];
    store_row(out, at[0] + i * atom_step, 3, position);
  }
}

void pleat_cpu_torsion_atoms(const pleat_cpu_call *call) { each_row(call, 2, torsion_atoms_one); }
