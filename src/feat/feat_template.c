/* Torsion angles and frames of templates; see feat_template.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_template.h"

#include <math.h>
#include <string.h>

#include "bio/residue.h"
#include "feat/gpu_float.h"

typedef struct vec3 {
  float x, y, z;
} vec3;

static vec3 at(const float *pos, int atom) { return (vec3){pos[3 * atom], pos[3 * atom + 1], pos[3 * atom + 2]}; }
static vec3 sub(vec3 a, vec3 b) { return (vec3){a.x - b.x, a.y - b.y, a.z - b.z}; }
static float dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static vec3 scale(vec3 a, float s) { return (vec3){a.x * s, a.y * s, a.z * s}; }
static vec3 cross(vec3 a, vec3 b) {
  return (vec3){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* r3.vecs_robust_normalize: epsilon under the root. Where atoms are missing, the angles that come out are nothing but the
 * rounding of this root and quotient: both round as where the published code ran (numerics.md). */
static vec3 robust_unit(vec3 a) { return scale(a, pleat_gpu_reciprocal(pleat_gpu_sqrt(dot(a, a) + 1e-8f))); }

/* Sine and cosine of the torsion p0-p1-p2-p3 as r3.rigids_from_3_points and its inverse give them. */
static void torsion(vec3 p0, vec3 p1, vec3 p2, vec3 p3, float *out_sin, float *out_cos) {
  vec3 e0 = robust_unit(sub(p2, p1)), raw = sub(p0, p2);
  vec3 e1 = robust_unit(sub(raw, scale(e0, dot(raw, e0)))), e2 = cross(e0, e1);
  /* invert_rigids: rotation transposed, translation -(R^T t); then applied to the fourth atom. */
  float y = dot(e1, p3) + -dot(e1, p2), z = dot(e2, p3) + -dot(e2, p2);
  float over_norm = pleat_gpu_reciprocal(pleat_gpu_sqrt(z * z + y * y + 1e-8f));
  *out_sin = z * over_norm;
  *out_cos = y * over_norm;
}

static float all_present(const float *mask, const uint8_t *atoms, int n) {
  float product = 1;
  for (int i = 0; i < n; i++) product *= mask[atoms[i]];
  return product;
}

enum { N_ONE_HOT = 22, N_TORSIONS = 7 };

void pleat_template_torsions(int32_t aatype, const float *pos, const float *mask, const float *opt_prev_pos,
                             const float *opt_prev_mask, float *feat, float *out_row_mask) {
  static const float zero_pos[37 * 3], zero_mask[37];
  const float *before = opt_prev_pos ? opt_prev_pos : zero_pos;
  const float *before_mask = opt_prev_mask ? opt_prev_mask : zero_mask;
  int type = aatype < PLEAT_RESTYPE_X ? aatype : PLEAT_RESTYPE_X;
  vec3 n = at(pos, PLEAT_ATOM_N), ca = at(pos, PLEAT_ATOM_CA), c = at(pos, PLEAT_ATOM_C), o = at(pos, PLEAT_ATOM_O);
  vec3 prev_ca = at(before, PLEAT_ATOM_CA), prev_c = at(before, PLEAT_ATOM_C);
  float present[N_TORSIONS], sin_of[N_TORSIONS], cos_of[N_TORSIONS];
  float backbone = mask[PLEAT_ATOM_N] * mask[PLEAT_ATOM_CA] * mask[PLEAT_ATOM_C];
  present[0] = before_mask[PLEAT_ATOM_CA] * before_mask[PLEAT_ATOM_C] * mask[PLEAT_ATOM_N] * mask[PLEAT_ATOM_CA];
  present[1] = before_mask[PLEAT_ATOM_C] * backbone;
  present[2] = backbone * mask[PLEAT_ATOM_O];
  torsion(prev_ca, prev_c, n, ca, &sin_of[0], &cos_of[0]);
  torsion(prev_c, n, ca, c, &sin_of[1], &cos_of[1]);
  torsion(n, ca, c, o, &sin_of[2], &cos_of[2]);
  sin_of[2] = -sin_of[2]; /* psi is measured from O, which stands opposite to the next N */
  cos_of[2] = -cos_of[2];
  for (int k = 0; k < 4; k++) {
    const uint8_t *a = pleat_chi_atoms[type][k];
    present[3 + k] = (float)pleat_chi_exists[type][k] * all_present(mask, a, 4);
    torsion(at(pos, a[0]), at(pos, a[1]), at(pos, a[2]), at(pos, a[3]), &sin_of[3 + k], &cos_of[3 + k]);
  }
  memset(feat, 0, PLEAT_TEMPLATE_1D_MONOMER * sizeof *feat);
  if (aatype >= 0 && aatype < N_ONE_HOT) feat[aatype] = 1;
  float *angles = feat + N_ONE_HOT, *renamed = angles + 2 * N_TORSIONS, *masks = renamed + 2 * N_TORSIONS;
  for (int k = 0; k < N_TORSIONS; k++) {
    float mirror = k >= 3 && pleat_chi_pi_periodic[type][k - 3] ? -1.0f : 1.0f;
    angles[2 * k] = sin_of[k];
    angles[2 * k + 1] = cos_of[k];
    renamed[2 * k] = sin_of[k] * mirror;
    renamed[2 * k + 1] = cos_of[k] * mirror;
    masks[k] = present[k];
  }
  *out_row_mask = present[2];
}

/* geometry.dihedral_angle. */
static float dihedral(vec3 a, vec3 b, vec3 c, vec3 d) {
  vec3 v1 = sub(a, b), v2 = sub(b, c), v3 = sub(d, c);
  vec3 c1 = cross(v1, v2), c2 = cross(v3, v2), c3 = cross(c2, c1);
  float norm2 = dot(v2, v2), floor2 = 1e-6f * 1e-6f;
  return atan2f(dot(c3, v2), sqrtf(norm2 > floor2 ? norm2 : floor2) * dot(c1, c2));
}

void pleat_template_chis(int32_t aatype, const float *pos, const float *mask, float *feat, float *out_row_mask) {
  int type = aatype < PLEAT_RESTYPE_X ? aatype : PLEAT_RESTYPE_X;
  memset(feat, 0, PLEAT_TEMPLATE_1D_MULTIMER * sizeof *feat);
  if (aatype >= 0 && aatype < N_ONE_HOT) feat[aatype] = 1;
  for (int k = 0; k < 4; k++) {
    const uint8_t *a = pleat_chi_atoms[type][k];
    float present = (float)pleat_chi_exists[type][k] * all_present(mask, a, 4);
    float angle = dihedral(at(pos, a[0]), at(pos, a[1]), at(pos, a[2]), at(pos, a[3]));
    feat[N_ONE_HOT + k] = sinf(angle) * present;
    feat[N_ONE_HOT + 4 + k] = cosf(angle) * present;
    feat[N_ONE_HOT + 8 + k] = present;
  }
  *out_row_mask = feat[N_ONE_HOT + 8];
}

/* Vec3Array.normalized: the norm is clipped at 1e-6. */
static vec3 clipped_unit(vec3 a) {
  float norm2 = dot(a, a), floor2 = 1e-6f * 1e-6f;
  float norm = sqrtf(norm2 > floor2 ? norm2 : floor2);
  return (vec3){a.x / norm, a.y / norm, a.z / norm};
}

float pleat_template_frame(const float *pos, const float *mask, float frame[12]) {
  vec3 ca = at(pos, PLEAT_ATOM_CA);
  vec3 e0 = clipped_unit(sub(at(pos, PLEAT_ATOM_C), ca)), raw = sub(at(pos, PLEAT_ATOM_N), ca);
  vec3 e1 = clipped_unit(sub(raw, scale(e0, dot(raw, e0)))), e2 = cross(e0, e1);
  const float rows[12] = {e0.x, e1.x, e2.x, e0.y, e1.y, e2.y, e0.z, e1.z, e2.z, ca.x, ca.y, ca.z};
  memcpy(frame, rows, sizeof rows);
  return mask[PLEAT_ATOM_N] * mask[PLEAT_ATOM_CA] * mask[PLEAT_ATOM_C];
}
