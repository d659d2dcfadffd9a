/* Reference geometry: distance bins, frames, points and torsion angles (AF2 supplement Alg. 22 to 25).
 * Semantics follow alphafold/model/{modules, quat_affine, folding, folding_multimer, all_atom}.py.
 * A frame is 12 numbers (rotation row-major, translation), an affine 7 (quaternion w x y z, translation); both lie on
 * the last axis of their tensor. This file is compiled without contraction of multiply and add.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/ref/ref_priv.h"
#include "base/fail.h"
#include "bio/residue.h" /* const tables without dependencies: the one include from bio that backends have */
#include "tensor/linspace.h"

typedef struct frame {
  double R[3][3], t[3];
} frame;

/* n numbers along the last axis. */
static void load_row(const pleat_ref_tensor *x, int64_t at, int n, double *dst) {
  for (int c = 0; c < n; c++) dst[c] = pleat_ref_load(x, at + c * x->stride[x->rank - 1]);
}

static void store_row(const pleat_ref_tensor *x, int64_t at, int n, const double *src) {
  for (int c = 0; c < n; c++) pleat_ref_store(x, at + c * x->stride[x->rank - 1], src[c]);
}

static frame load_frame(const pleat_ref_tensor *x, int64_t at) {
  double row[12];
  frame f;
  load_row(x, at, 12, row);
  memcpy(f.R, row, sizeof f.R);
  memcpy(f.t, row + 9, sizeof f.t);
  return f;
}

static void store_frame(const pleat_ref_tensor *x, int64_t at, const frame *f) {
  double row[12];
  memcpy(row, f->R, sizeof f->R);
  memcpy(row + 9, f->t, sizeof f->t);
  store_row(x, at, 12, row);
}

static void rotate(const double R[3][3], const double *v, double *dst) {
  for (int r = 0; r < 3; r++) dst[r] = R[r][0] * v[0] + R[r][1] * v[1] + R[r][2] * v[2];
}

static void rotate_back(const double R[3][3], const double *v, double *dst) {
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

/* quat_to_rot: homogeneous of degree two, a rotation when q has length 1. */
static void rotation_of(const double *q, double R[3][3]) {
  double w = q[0], x = q[1], y = q[2], z = q[3];
  const double rows[3][3] = {
      {w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
      {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
      {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
  };
  memcpy(R, rows, sizeof rows);
}

static void normalize(double *v, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += v[i] * v[i];
  for (int i = 0; i < n; i++) v[i] /= sqrt(sum);
}

/* Loop over all letters of `whole` but its last axis (and `opt_except`). */
static void begin_rows(pleat_ref_loop *rows, const pleat_ref_tensor *whole, const char *opt_except,
                       const pleat_ref_tensor *const *tensors, int n) {
  const char last[2] = {whole->letters[whole->rank - 1], 0};
  pleat_ref_letters some = {""}, letters = {""};
  pleat_ref_letters_add(&some, whole->letters, last);
  pleat_ref_letters_add(&letters, some.text, opt_except);
  pleat_ref_loop_init(rows, letters.text, tensors, n);
}

/* Squared edge b of the n that divide the distances. */
static float squared_edge(const pleat_attr *attr, int32_t b) {
  float edge = pleat_linspace(attr->a, attr->b, attr->n, b);
  return edge * edge;
}

/* Squared distance in float32, summed in the order x, y, z: the bin of a pair near an edge depends on it. */
static float squared_distance(const double *a, const double *b) {
  float d[3];
  for (int c = 0; c < 3; c++) {
    float diff = (float)a[c] - (float)b[c];
    d[c] = diff * diff;
  }
  float sum = d[0] + d[1];
  return sum + d[2];
}

/* out[ij] = b with lower_b < |x_i - x_j|^2 < lower_(b+1), else -1: modules.py dgram_from_positions. */
void pleat_ref_dist_bin(const pleat_ref_call *call) {
  const pleat_attr *attr = &call->node->attr;
  const pleat_ref_tensor *a = &call->in[0], *b = &call->in[1];
  const pleat_ref_tensor *tensors[3] = {&call->out, a, b};
  pleat_ref_loop pairs;
  pleat_ref_loop_init(&pairs, call->out.letters, tensors, 3);
  for (; !pairs.is_done; pleat_ref_loop_next(&pairs)) {
    double p[3], q[3];
    load_row(a, pairs.at[1], 3, p);
    load_row(b, pairs.at[2], 3, q);
    float dist2 = squared_distance(p, q);
    int32_t bin = -1;
    for (int32_t i = 0; i < attr->n; i++) {
      float upper = i + 1 < attr->n ? squared_edge(attr, i + 1) : 1e8f;
      if (dist2 > squared_edge(attr, i) && dist2 < upper) bin = i;
    }
    pleat_ref_store(&call->out, pairs.at[0], bin);
  }
}

/* Identity affines (7 numbers) or frames (12 numbers). */
void pleat_ref_frame_init(const pleat_ref_call *call) {
  static const double affine[7] = {1, 0, 0, 0, 0, 0, 0};
  static const double identity[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  const pleat_ref_tensor *tensors[1] = {&call->out};
  bool is_affine = call->out.size[call->out.rank - 1] == 7;
  pleat_ref_loop rows;
  begin_rows(&rows, &call->out, NULL, tensors, 1);
  for (; !rows.is_done; pleat_ref_loop_next(&rows))
    store_row(&call->out, rows.at[0], is_affine ? 7 : 12, is_affine ? affine : identity);
}

/* Alg. 23 with quaternions (QuatAffine.pre_compose): q' = normalised q (1, update_xyz), t' = t + R(q) update_t. */
void pleat_ref_quat_update(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop rows;
  begin_rows(&rows, &call->out, NULL, tensors, 3);
  for (; !rows.is_done; pleat_ref_loop_next(&rows)) {
    double q[7], u[6], R[3][3], moved[3];
    load_row(tensors[1], rows.at[1], 7, q);
    load_row(tensors[2], rows.at[2], 6, u);
    rotation_of(q, R);
    rotate(R, u + 3, moved);
    double w = q[0], x = q[1], y = q[2], z = q[3];
    double next[7] = {
        w - x * u[0] - y * u[1] - z * u[2],
        x + w * u[0] + y * u[2] - z * u[1],
        y + w * u[1] + z * u[0] - x * u[2],
        z + w * u[2] + x * u[1] - y * u[0],
        q[4] + moved[0],
        q[5] + moved[1],
        q[6] + moved[2],
    };
    normalize(next, 4);
    store_row(&call->out, rows.at[0], 7, next);
  }
}

/* affine -> frame */
void pleat_ref_quat_frame(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[2] = {&call->out, &call->in[0]};
  pleat_ref_loop rows;
  begin_rows(&rows, &call->out, NULL, tensors, 2);
  for (; !rows.is_done; pleat_ref_loop_next(&rows)) {
    double affine[7];
    frame f;
    load_row(tensors[1], rows.at[1], 7, affine);
    rotation_of(affine, f.R);
    memcpy(f.t, affine + 4, sizeof f.t);
    store_frame(&call->out, rows.at[0], &f);
  }
}

/* frame after (rotation of the quaternion (1, update[0..2]), translation update[3..5]): Alg. 23, Rigid3Array. */
void pleat_ref_frame_compose(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop rows;
  begin_rows(&rows, &call->out, NULL, tensors, 3);
  for (; !rows.is_done; pleat_ref_loop_next(&rows)) {
    double u[6];
    load_row(tensors[2], rows.at[2], 6, u);
    double q[4] = {1, u[0], u[1], u[2]};
    frame update, old = load_frame(tensors[1], rows.at[1]);
    normalize(q, 4);
    rotation_of(q, update.R);
    memcpy(update.t, u + 3, sizeof update.t);
    frame next = compose(&old, &update);
    store_frame(&call->out, rows.at[0], &next);
  }
}

/* Both directions of a frame on points whose xyz axis is attr.letter. */
static void map_points(const pleat_ref_call *call, bool is_inverse) {
  const char xyz[2] = {call->node->attr.letter, 0};
  const pleat_ref_tensor *out = &call->out, *frames = &call->in[0], *points = &call->in[1];
  const pleat_ref_tensor *tensors[3] = {out, frames, points};
  int64_t step = pleat_ref_stride(points, xyz[0]), out_step = pleat_ref_stride(out, xyz[0]);
  pleat_ref_letters letters = {""};
  pleat_ref_letters_add(&letters, out->letters, xyz);
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, letters.text, tensors, 3);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    frame f = load_frame(frames, all.at[1]);
    double x[3], y[3];
    for (int c = 0; c < 3; c++) x[c] = pleat_ref_load(points, all.at[2] + c * step) - (is_inverse ? f.t[c] : 0);
    if (is_inverse)
      rotate_back(f.R, x, y);
    else
      rotate(f.R, x, y);
    for (int c = 0; c < 3; c++) pleat_ref_store(out, all.at[0] + c * out_step, y[c] + (is_inverse ? 0 : f.t[c]));
  }
}

/* out = R x + t */
void pleat_ref_frame_apply(const pleat_ref_call *call) { map_points(call, false); }

/* out = R^T (x - t) */
void pleat_ref_frame_invert(const pleat_ref_call *call) { map_points(call, true); }

/* out[ij xyz] = R_i^T (t_j - t_i) / max(length, 1e-6): Vec3Array.normalized. */
void pleat_ref_frame_direction(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop pairs;
  begin_rows(&pairs, &call->out, NULL, tensors, 3);
  for (; !pairs.is_done; pleat_ref_loop_next(&pairs)) {
    frame a = load_frame(tensors[1], pairs.at[1]), b = load_frame(tensors[2], pairs.at[2]);
    double d[3], local[3];
    for (int c = 0; c < 3; c++) d[c] = b.t[c] - a.t[c];
    rotate_back(a.R, d, local);
    double norm2 = local[0] * local[0] + local[1] * local[1] + local[2] * local[2];
    double norm = sqrt(norm2 < 1e-12 ? 1e-12 : norm2);
    for (int c = 0; c < 3; c++) local[c] /= norm;
    store_row(&call->out, pairs.at[0], 3, local);
  }
}

/* out[hij] = -0.5 w[h] sum (q - k)^2 over the letters that out lacks: Alg. 22 l. 7, the part with points. */
void pleat_ref_point_logits(const pleat_ref_call *call) {
  const pleat_ref_tensor *q = &call->in[0], *k = &call->in[1], *w = &call->in[2];
  const pleat_ref_tensor *tensors[4] = {q, k, &call->out, w};
  pleat_ref_letters summed = {""};
  pleat_ref_letters_add(&summed, q->letters, call->out.letters);
  pleat_ref_letters_add(&summed, k->letters, call->out.letters);
  pleat_ref_loop outer, inner;
  pleat_ref_loop_init(&outer, call->out.letters, tensors, 4);
  pleat_ref_loop_init(&inner, summed.text, tensors, 2);
  for (; !outer.is_done; pleat_ref_loop_next(&outer)) {
    double sum = 0;
    for (pleat_ref_loop_rewind(&inner); !inner.is_done; pleat_ref_loop_next(&inner)) {
      double d = pleat_ref_load(q, outer.at[0] + inner.at[0]) - pleat_ref_load(k, outer.at[1] + inner.at[1]);
      sum += d * d;
    }
    pleat_ref_store(&call->out, outer.at[2], -0.5 * pleat_ref_load(w, outer.at[3]) * sum);
  }
}

/* Length over the letter that out lacks; attr.n == 0: sqrt(a + sum), else sqrt(max(sum, a^2)). */
void pleat_ref_point_norm(const pleat_ref_call *call) {
  const pleat_attr *attr = &call->node->attr;
  const pleat_ref_tensor *x = &call->in[0];
  const pleat_ref_tensor *tensors[2] = {x, &call->out};
  pleat_ref_letters xyz = {""};
  pleat_ref_letters_add(&xyz, x->letters, call->out.letters);
  pleat_ref_loop outer, inner;
  pleat_ref_loop_init(&outer, call->out.letters, tensors, 2);
  pleat_ref_loop_init(&inner, xyz.text, tensors, 1);
  double a = attr->a, floor = a * a;
  for (; !outer.is_done; pleat_ref_loop_next(&outer)) {
    double sum = 0;
    for (pleat_ref_loop_rewind(&inner); !inner.is_done; pleat_ref_loop_next(&inner)) {
      double value = pleat_ref_load(x, outer.at[0] + inner.at[0]);
      sum += value * value;
    }
    if (attr->n == 0)
      sum += a;
    else if (sum < floor)
      sum = floor;
    pleat_ref_store(&call->out, outer.at[1], sqrt(sum));
  }
}

/* Frames of the eight rigid groups in the residue's backbone frame: Alg. 24 l. 2-10 with Alg. 25 (makeRotX).
 * angles: sin, cos of the seven torsions. Side-chain groups 2 to 4 hang on the group before them. */
static void group_frames(int restype, const double *angles, frame *groups) {
  for (int g = 0; g < PLEAT_N_GROUPS; g++) {
    const float(*literature)[4] = pleat_group_frames[restype][g];
    double s = g ? angles[2 * (g - 1)] : 0, c = g ? angles[2 * (g - 1) + 1] : 1;
    const frame turn = {{{1, 0, 0}, {0, c, -s}, {0, s, c}}, {0, 0, 0}};
    frame base;
    for (int r = 0; r < 3; r++) {
      for (int k = 0; k < 3; k++) base.R[r][k] = literature[r][k];
      base.t[r] = literature[r][3];
    }
    groups[g] = compose(&base, &turn);
  }
  for (int g = 5; g < PLEAT_N_GROUPS; g++) groups[g] = compose(&groups[g - 1], &groups[g]);
}

/* Alg. 24: atom14 positions from backbone frames, torsion angles and residue types. */
void pleat_ref_torsion_atoms(const pleat_ref_call *call) {
  const pleat_ref_tensor *out = &call->out, *angles = &call->in[1];
  const pleat_ref_tensor *tensors[4] = {out, &call->in[0], angles, &call->in[2]};
  const char atom[2] = {out->letters[out->rank - 2], 0};
  int64_t atom_step = out->stride[out->rank - 2], angle_step = angles->stride[angles->rank - 2];
  pleat_ref_loop rows;
  begin_rows(&rows, out, atom, tensors, 4);
  for (; !rows.is_done; pleat_ref_loop_next(&rows)) {
    frame backbone = load_frame(tensors[1], rows.at[1]), groups[PLEAT_N_GROUPS];
    double type = pleat_ref_load(tensors[3], rows.at[3]), sin_cos[2 * PLEAT_N_TORSIONS];
    int restype = type >= 0 && type < PLEAT_RESTYPE_X ? (int)type : type < 0 ? 0 : PLEAT_RESTYPE_X;
    for (int i = 0; i < PLEAT_N_TORSIONS; i++) load_row(angles, rows.at[2] + i * angle_step, 2, sin_cos + 2 * i);
    for (int c = 0; c < 3; c++) backbone.t[c] *= call->node->attr.a;
    group_frames(restype, sin_cos, groups);
    for (int i = 0; i < PLEAT_N_ATOM14; i++) {
      const float *literature = pleat_atom14_position[restype][i];
      double local[3] = {literature[0], literature[1], literature[2]}, position[3];
      frame to_global = compose(&backbone, &groups[pleat_atom14_group[restype][i]]);
      rotate(to_global.R, local, position);
      for (int c = 0; c < 3; c++) position[c] = (position[c] + to_global.t[c]) * pleat_atom14_exists[restype][i];
      store_row(out, rows.at[0] + i * atom_step, 3, position);
    }
  }
}
