/* The reference backend against direct formulas and identities that do not use it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/residue.h"
#include "check.h"
#include "ops/ops_harness.h"

static ops_case make(pleat_op op, const char *spec, const char *places, const char *sizes, pleat_attr attr) {
  ops_case c;
  ops_case_init(&c, op, spec, places, sizes, attr, 7);
  ops_case_draw(&c);
  return c;
}

/* Result of the reference; freed by the caller. */
static double *run(const ops_case *c) {
  pleat_error err = {0};
  double *out = calloc((size_t)ops_elements(&c->out) + 1, sizeof *out);
  if (!out) exit(2);
  CHECK_OK(ops_case_run(c, &pleat_backend_ref, out, &err), &err);
  return out;
}

/* Gives an input the values of another array. */
static void set(ops_case *c, int input, const double *values) {
  memcpy(c->in[input].values, values, (size_t)ops_elements(&c->in[input]) * sizeof *values);
}

static void fill(ops_case *c, int input, double value) {
  for (int64_t i = 0; i < ops_elements(&c->in[input]); i++) c->in[input].values[i] = value;
}

/* Runs, compares with `want`, and releases both. */
static void check_all(ops_case *c, double *want, double tolerance, const char *what) {
  double *got = run(c);
  double error = ops_error(got, want, ops_elements(&c->out));
  if (!CHECK(error <= tolerance)) fprintf(stderr, "  %s: relative error %g\n", what, error);
  free(got);
  free(want);
  ops_case_fini(c);
}

static double *numbers(int64_t n) {
  double *x = calloc((size_t)n + 1, sizeof *x);
  if (!x) exit(2);
  return x;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void test_products(void) {
  enum { I = 5, J = 7, K = 11, N = 3 };
  ops_case c = make(PLEAT_OP_LINEAR, "ijk,kn,n->ijn", "An Mn Pn", "i5j7k11n3", (pleat_attr){.n = 0});
  double *x = c.in[0].values, *W = c.in[1].values, *b = c.in[2].values, *want = numbers(I * J * N);
  for (int r = 0; r < I * J; r++)
    for (int n = 0; n < N; n++) {
      want[r * N + n] = b[n];
      for (int k = 0; k < K; k++) want[r * N + n] += x[r * K + k] * W[k * N + n];
    }
  check_all(&c, want, 1e-7, "linear");

  c = make(PLEAT_OP_CONTRACT, "ikc,jkc->ijc", "An An", "i5j7k11c3", (pleat_attr){.n = 0});
  want = numbers(I * J * N);
  for (int i = 0; i < I; i++)
    for (int j = 0; j < J; j++)
      for (int k = 0; k < K; k++)
        for (int n = 0; n < N; n++)
          want[(i * J + j) * N + n] += c.in[0].values[(i * K + k) * N + n] * c.in[1].values[(j * K + k) * N + n];
  check_all(&c, want, 1e-7, "outgoing triangle");

  c = make(PLEAT_OP_CONTRACT, "ii,i->i", "An An", "i5", (pleat_attr){.n = 0});
  want = numbers(I);
  for (int i = 0; i < I; i++) want[i] = c.in[0].values[i * I + i] * c.in[1].values[i];
  check_all(&c, want, 1e-7, "diagonal");

  c = make(PLEAT_OP_CONTRACT, "sic,sjd->ijcd", "An An", "s0i5j7c1d1", (pleat_attr){.n = 0});
  check_all(&c, numbers(I * J), 0, "empty sum");
}

/* A NaN or infinity reaches its own row and no other. */
static void test_special_rows(void) {
  ops_case c = make(PLEAT_OP_LINEAR, "ik,kn,n->in", "An Mn Pn", "i4k9n6", (pleat_attr){.n = 0});
  c.in[0].values[1 * 9 + 4] = NAN;
  c.in[0].values[2 * 9 + 5] = INFINITY;
  double *got = run(&c);
  for (int n = 0; n < 6; n++) {
    CHECK(isfinite(got[n]) && isfinite(got[3 * 6 + n]));
    CHECK(isnan(got[1 * 6 + n]));
    CHECK(isinf(got[2 * 6 + n]));
  }
  free(got);
  ops_case_fini(&c);
}

static void test_rows(void) {
  enum { I = 6, C = 50 };
  ops_case c = make(PLEAT_OP_LAYER_NORM, "ic,c,c->ic", "An Pp Pn", "i6c50", (pleat_attr){.a = 1e-5f});
  fill(&c, 1, 1);
  fill(&c, 2, 0);
  double *got = run(&c);
  for (int i = 0; i < I; i++) {
    double mean = 0, square = 0;
    for (int k = 0; k < C; k++) mean += got[i * C + k] / C;
    for (int k = 0; k < C; k++) square += got[i * C + k] * got[i * C + k] / C;
    CHECK_NEAR(mean, 0, 1e-7);
    CHECK_NEAR(square, 1, 2e-5);
  }
  free(got);
  ops_case_fini(&c);

  c = make(PLEAT_OP_SOFTMAX, "ic->ic", "An", "i6c50", (pleat_attr){.letter = 'c'});
  got = run(&c);
  for (int i = 0; i < I; i++) {
    double sum = 0;
    for (int k = 0; k < C; k++) sum += got[i * C + k];
    CHECK_NEAR(sum, 1, 1e-6);
    CHECK_NEAR(log(got[i * C] / got[i * C + 1]), c.in[0].values[i * C] - c.in[0].values[i * C + 1], 1e-6);
  }
  free(got);
  fill(&c, 0, -1e9);
  got = run(&c);
  CHECK_NEAR(got[13], 1.0 / C, 1e-8);
  free(got);
  ops_case_fini(&c);

  c = make(PLEAT_OP_L2_NORMALIZE, "ic->ic", "An", "i6c50", (pleat_attr){.a = 1e-12f});
  got = run(&c);
  double norm = 0;
  for (int k = 0; k < C; k++) norm += got[k] * got[k];
  CHECK_NEAR(norm, 1, 1e-6);
  free(got);
  ops_case_fini(&c);
}

static double unary_of(pleat_op op, double value, pleat_attr attr) {
  ops_case c = make(op, "i->i", "An", "i1", attr);
  c.in[0].values[0] = value;
  double *got = run(&c), result = got[0];
  free(got);
  ops_case_fini(&c);
  return result;
}

static void test_elementwise(void) {
  pleat_attr none = {.n = 0};
  CHECK_NEAR(unary_of(PLEAT_OP_SOFTPLUS, 0, none), log(2), 1e-7);
  CHECK_NEAR(unary_of(PLEAT_OP_SOFTPLUS, 200, none), 200, 0);
  CHECK_NEAR(unary_of(PLEAT_OP_SOFTPLUS, -30, none), exp(-30), 1e-20);
  CHECK_NEAR(unary_of(PLEAT_OP_SIGMOID, 2, none), sigmoid(2), 1e-7);
  CHECK_NEAR(unary_of(PLEAT_OP_SIGMOID, -INFINITY, none), 0, 0);
  CHECK_NEAR(unary_of(PLEAT_OP_RELU, -3, none), 0, 0);
  CHECK(isnan(unary_of(PLEAT_OP_RELU, NAN, none)));
  CHECK_NEAR(unary_of(PLEAT_OP_GREATER_ZERO, 0, none), 0, 0);
  CHECK_NEAR(unary_of(PLEAT_OP_GREATER_ZERO, 0.1, none), 1, 0);
  CHECK_NEAR(unary_of(PLEAT_OP_AFFINE, 3, (pleat_attr){.a = 2, .b = -1}), 5, 0);
  ops_case c = make(PLEAT_OP_DIV, "ij,i->ij", "An Ap", "i3j4", none);
  double *want = numbers(12);
  for (int i = 0; i < 12; i++) want[i] = (float)(c.in[0].values[i] / c.in[1].values[i / 4]);
  check_all(&c, want, 0, "div");
}

static void test_moves(void) {
  ops_case c = make(PLEAT_OP_PERMUTE, "ijk->kij", "An", "i2j3k4", (pleat_attr){.n = 0});
  double *want = numbers(24);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 4; k++) want[(k * 2 + i) * 3 + j] = c.in[0].values[(i * 3 + j) * 4 + k];
  check_all(&c, want, 0, "permute");

  c = make(PLEAT_OP_LOOKUP, "vc,i->ic", "Pn Ag", "v3c2i5", (pleat_attr){.n = 0});
  static const double rows[5] = {2, 0, -1, 3, 1};
  set(&c, 1, rows);
  want = numbers(10);
  for (int i = 0; i < 10; i++) {
    int row = (int)rows[i / 2];
    want[i] = row >= 0 && row < 3 ? c.in[0].values[row * 2 + i % 2] : 0;
  }
  check_all(&c, want, 0, "lookup");

  c = make(PLEAT_OP_PSEUDO_BETA, "iax,i->ix", "Ac At", "i2a37x3", (pleat_attr){.n = 0});
  static const double types[2] = {7, 8}; /* G H */
  set(&c, 1, types);
  want = numbers(6);
  for (int x = 0; x < 3; x++) {
    want[x] = c.in[0].values[PLEAT_ATOM_CA * 3 + x];
    want[3 + x] = c.in[0].values[(37 + PLEAT_ATOM_CB) * 3 + x];
  }
  check_all(&c, want, 0, "pseudo_beta");

  c = make(PLEAT_OP_REL_INDEX, "i,j,i,j->ij", "Ai Ai Ae Ae", "i1j5", (pleat_attr){.n = 32});
  static const double here[1] = {50}, there[5] = {50, 40, 90, 1, 49}, group[1] = {1}, groups[5] = {1, 1, 1, 1, 0};
  static const double indices[5] = {32, 42, 0, 64, 65};
  set(&c, 0, here), set(&c, 1, there), set(&c, 2, group), set(&c, 3, groups);
  want = numbers(5);
  memcpy(want, indices, sizeof indices);
  check_all(&c, want, 0, "rel_index");
}

/* Bins are open: a distance on an edge is in none. Edges are 3.25 + 1.25 b, the last bin has no upper end. */
static void test_dist_bin(void) {
  static const double distance[8] = {3.25, 3.3, 4.49, 4.51, 20.7, 20.8, 9000, 20000};
  static const double bins[8] = {-1, 0, 0, 1, 13, 14, 14, -1};
  ops_case c = make(PLEAT_OP_DIST_BIN, "ix,jx->ij", "Az Az", "i1j8x3", (pleat_attr){.a = 3.25f, .b = 20.75f, .n = 15});
  for (int j = 0; j < 8; j++) c.in[1].values[3 * j + j % 3] = distance[j];
  double *want = numbers(8);
  memcpy(want, bins, sizeof bins);
  check_all(&c, want, 0, "dist_bin");
}

/* Rotations are orthonormal, and the two published parametrisations of Alg. 23 agree. */
static void test_frames(void) {
  enum { I = 9 };
  ops_case update = make(PLEAT_OP_QUAT_UPDATE, "ia,iu->ia", "Aq An", "i9a7u6", (pleat_attr){.n = 0});
  ops_case frame = make(PLEAT_OP_QUAT_FRAME, "ia->if", "Aq", "i9a7f12", (pleat_attr){.n = 0});
  ops_case compose = make(PLEAT_OP_FRAME_COMPOSE, "if,iu->if", "Af An", "i9f12u6", (pleat_attr){.n = 0});
  set(&frame, 0, update.in[0].values);
  double *before = run(&frame), *affine = run(&update);
  set(&compose, 0, before);
  set(&compose, 1, update.in[1].values);
  set(&frame, 0, affine);
  double *after = run(&frame), *composed = run(&compose);
  CHECK(ops_error(composed, after, I * 12) < 3e-7);
  for (int i = 0; i < I; i++) {
    const double *R = after + 12 * i;
    for (int a = 0; a < 3; a++)
      for (int b = 0; b < 3; b++) {
        double product = R[3 * a] * R[3 * b] + R[3 * a + 1] * R[3 * b + 1] + R[3 * a + 2] * R[3 * b + 2];
        CHECK_NEAR(product, a == b, 1e-6);
      }
    double determinant =
        R[0] * (R[4] * R[8] - R[5] * R[7]) - R[1] * (R[3] * R[8] - R[5] * R[6]) + R[2] * (R[3] * R[7] - R[4] * R[6]);
    CHECK_NEAR(determinant, 1, 1e-6);
  }
  fill(&update, 1, 0);
  double *same = run(&update);
  CHECK(ops_error(same, update.in[0].values, I * 7) < 1e-7);
  free(same), free(composed), free(after), free(affine), free(before);
  ops_case_fini(&update), ops_case_fini(&frame), ops_case_fini(&compose);
}

static void test_points(void) {
  ops_case apply = make(PLEAT_OP_FRAME_APPLY, "if,ixp->ixp", "Af An", "i6f12x3p4", (pleat_attr){.letter = 'x'});
  ops_case invert = make(PLEAT_OP_FRAME_INVERT, "if,ixp->ixp", "Af An", "i6f12x3p4", (pleat_attr){.letter = 'x'});
  double *moved = run(&apply);
  set(&invert, 0, apply.in[0].values);
  set(&invert, 1, moved);
  double *back = run(&invert);
  CHECK(ops_error(back, apply.in[1].values, 72) < 3e-7);
  free(back), free(moved);
  ops_case_fini(&apply), ops_case_fini(&invert);

  /* Alg. 22 is invariant: one frame for all points changes no logit. */
  ops_case logits = make(PLEAT_OP_POINT_LOGITS, "ihpx,jhpx,h->hij", "An An Ap", "i4j5h2p3x3", (pleat_attr){.n = 0});
  double *want = run(&logits);
  for (int input = 0; input < 2; input++) {
    const char *sizes = input ? "k1f12j5h2p3x3" : "k1f12j4h2p3x3";
    ops_case turn = make(PLEAT_OP_FRAME_APPLY, "kf,jhpx->jhpx", "Af An", sizes, (pleat_attr){.letter = 'x'});
    set(&turn, 1, logits.in[input].values);
    double *turned = run(&turn);
    set(&logits, input, turned);
    free(turned);
    ops_case_fini(&turn);
  }
  check_all(&logits, want, 1e-6, "point_logits after a rotation");

  ops_case direction = make(PLEAT_OP_FRAME_DIRECTION, "if,jf->ijx", "Af Af", "i4j4f12x3", (pleat_attr){.n = 0});
  set(&direction, 1, direction.in[0].values);
  double *unit = run(&direction);
  for (int i = 0; i < 16; i++) {
    double norm = hypot(hypot(unit[3 * i], unit[3 * i + 1]), unit[3 * i + 2]);
    CHECK_NEAR(norm, i % 5 ? 1 : 0, 1e-6);
  }
  free(unit);
  ops_case_fini(&direction);
}

static double distance(const double *atoms, int a, int b) {
  double sum = 0;
  for (int x = 0; x < 3; x++) sum += (atoms[3 * a + x] - atoms[3 * b + x]) * (atoms[3 * a + x] - atoms[3 * b + x]);
  return sqrt(sum);
}

/* Distances that no torsion changes: inside a rigid group, and between an atom of a side-chain group and the atom at
 * the group's origin. Without rotation of the backbone, its atoms are the literature's. */
static void test_torsion_atoms(void) {
  enum { SERINE = 15, LYSINE = 11, OG = 5, CB = 4, NZ = 8, CE = 7 };
  ops_case c = make(PLEAT_OP_TORSION_ATOMS, "if,iab,i->inx", "Af Aa At", "i21f12a7b2n14x3", (pleat_attr){.a = 10});
  for (int i = 0; i < 21; i++) c.in[2].values[i] = i;
  double *got = run(&c);
  for (int type = 0; type < 21; type++) {
    const double *atoms = got + type * 42;
    for (int a = 0; a < 14; a++) {
      for (int x = 0; x < 3 && !pleat_atom14_exists[type][a]; x++) CHECK_NEAR(atoms[3 * a + x], 0, 0);
      for (int b = 0; b < a; b++) {
        if (!pleat_atom14_exists[type][a] || pleat_atom14_group[type][a] != pleat_atom14_group[type][b]) continue;
        double literature[6];
        for (int x = 0; x < 3; x++) {
          literature[x] = pleat_atom14_position[type][a][x];
          literature[3 + x] = pleat_atom14_position[type][b][x];
        }
        CHECK_NEAR(distance(atoms, a, b), distance(literature, 0, 1), 1e-5);
      }
    }
  }
  const float *og = pleat_atom14_position[SERINE][OG], *nz = pleat_atom14_position[LYSINE][NZ];
  CHECK_NEAR(distance(got + SERINE * 42, OG, CB), hypot(hypot(og[0], og[1]), og[2]), 2e-3);
  CHECK_NEAR(distance(got + LYSINE * 42, NZ, CE), hypot(hypot(nz[0], nz[1]), nz[2]), 2e-3);
  free(got);

  fill(&c, 0, 0);
  for (int i = 0; i < 21 * 12; i++) c.in[0].values[i] = i % 12 % 4 == 0 && i % 12 < 9;
  got = run(&c);
  for (int type = 0; type < 21; type++)
    for (int i = 0; i < 3 * 3; i++) /* N, CA, C */
      CHECK_NEAR(got[type * 42 + i], pleat_atom14_position[type][i / 3][i % 3], 1e-6);
  free(got);
  ops_case_fini(&c);
}

static double dot_row(const double *row, const double *W, int64_t n_k, int64_t n, int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < n_k; k++) sum += row[k] * W[k * n + column];
  return sum;
}

static void normalize_row(const double *x, const double *scale, const double *offset, int n, double *row) {
  double mean = 0, variance = 0;
  for (int k = 0; k < n; k++) mean += x[k] / n;
  for (int k = 0; k < n; k++) variance += (x[k] - mean) * (x[k] - mean) / n;
  for (int k = 0; k < n; k++) row[k] = (x[k] - mean) / sqrt(variance + 1e-5f) * scale[k] + offset[k];
}

static void test_fused_linear(void) {
  enum { I = 5, K = 12, N = 8 };
  ops_case c = make(PLEAT_OP_FUSED_LINEAR, "ik,k,k,kn,n,kn,n,in,i,in->in", "An Pp Pn Mn Pn Mn Pn An Am An", "i5k12n8",
                    (pleat_attr){.a = 1e-5f, .act = PLEAT_ACT_RELU});
  double row[K], *want = numbers(I * N);
  for (int i = 0; i < I; i++) {
    normalize_row(c.in[PLEAT_FL_X].values + i * K, c.in[PLEAT_FL_LN_SCALE].values, c.in[PLEAT_FL_LN_OFFSET].values, K,
                  row);
    for (int n = 0; n < N; n++) {
      double y = fmax(0, dot_row(row, c.in[PLEAT_FL_W].values, K, N, n) + c.in[PLEAT_FL_B].values[n]);
      y *= sigmoid(dot_row(row, c.in[PLEAT_FL_GATE_W].values, K, N, n) + c.in[PLEAT_FL_GATE_B].values[n]);
      y *= c.in[PLEAT_FL_MUL].values[i * N + n] * c.in[PLEAT_FL_MASK].values[i];
      want[i * N + n] = y + c.in[PLEAT_FL_RESIDUAL].values[i * N + n];
    }
  }
  check_all(&c, want, 2e-7, "fused_linear");
}

static void test_transition(void) {
  enum { I = 5, K = 12, U = 20 };
  ops_case c = make(PLEAT_OP_TRANSITION, "ic,c,c,cu,u,uc,c,ic->ic", "An Pp Pn Mn Pn Mn Pn An", "i5c12u20",
                    (pleat_attr){.a = 1e-5f});
  double row[K], hidden[U], *want = numbers(I * K);
  for (int i = 0; i < I; i++) {
    normalize_row(c.in[PLEAT_TR_X].values + i * K, c.in[PLEAT_TR_LN_SCALE].values, c.in[PLEAT_TR_LN_OFFSET].values, K,
                  row);
    for (int u = 0; u < U; u++)
      hidden[u] = fmax(0, dot_row(row, c.in[PLEAT_TR_W1].values, K, U, u) + c.in[PLEAT_TR_B1].values[u]);
    for (int n = 0; n < K; n++)
      want[i * K + n] = dot_row(hidden, c.in[PLEAT_TR_W2].values, U, K, n) + c.in[PLEAT_TR_B2].values[n] +
                        c.in[PLEAT_TR_RESIDUAL].values[i * K + n];
  }
  check_all(&c, want, 2e-7, "transition");
}

static void test_outer_product(void) {
  enum { S = 6, I = 3, J = 4, C = 2, D = 5, Z = 7 };
  ops_case c = make(PLEAT_OP_OUTER_PRODUCT, "sic,sjd,cdz,z,ij,ijz->ijz", "An An Mn Pn Ap An", "s6i3j4c2d5z7",
                    (pleat_attr){.n = 0});
  double *want = numbers(I * J * Z), outer[C * D];
  for (int p = 0; p < I * J; p++) {
    for (int q = 0; q < C * D; q++) {
      outer[q] = 0;
      for (int s = 0; s < S; s++)
        outer[q] +=
            c.in[PLEAT_OP_A].values[(s * I + p / J) * C + q / D] * c.in[PLEAT_OP_B].values[(s * J + p % J) * D + q % D];
    }
    for (int z = 0; z < Z; z++)
      want[p * Z + z] = (dot_row(outer, c.in[PLEAT_OP_W].values, C * D, Z, z) + c.in[PLEAT_OP_BIAS].values[z]) /
                            c.in[PLEAT_OP_NORM].values[p] +
                        c.in[PLEAT_OP_RESIDUAL].values[p * Z + z];
  }
  check_all(&c, want, 2e-7, "outer_product");
}

/* The fused attention against the primitives that it replaces; then a fully masked row, which averages v. */
static void test_attention(void) {
  enum { S = 3, Q = 6, K = 5, H = 2, C = 4 };
  const char *sizes = "s3q6k5h2c4d4";
  ops_case c =
      make(PLEAT_OP_ATTENTION, "sqhc,skhc,skhd,hqk,sk,sqhd->sqhd", "An An An An Am An", sizes, (pleat_attr){.a = 0.5f});
  ops_case product = make(PLEAT_OP_CONTRACT, "sqhc,skhc->shqk", "An An", sizes, (pleat_attr){.n = 0});
  ops_case scaled = make(PLEAT_OP_AFFINE, "shqk->shqk", "An", sizes, (pleat_attr){.a = 0.5f});
  ops_case biased = make(PLEAT_OP_ADD, "shqk,hqk->shqk", "An An", sizes, (pleat_attr){.n = 0});
  ops_case masked = make(PLEAT_OP_MASK_FILL, "shqk,sk->shqk", "An Am", sizes, (pleat_attr){.a = -1e9f});
  ops_case softmax = make(PLEAT_OP_SOFTMAX, "shqk->shqk", "An", sizes, (pleat_attr){.letter = 'k'});
  ops_case mixed = make(PLEAT_OP_CONTRACT, "shqk,skhd->sqhd", "An An", sizes, (pleat_attr){.n = 0});
  ops_case gated = make(PLEAT_OP_MUL, "sqhd,sqhd->sqhd", "An An", sizes, (pleat_attr){.n = 0});
  ops_case *chain[] = {&product, &scaled, &biased, &masked, &softmax, &mixed, &gated};
  for (int k = 0; k < K; k++) c.in[PLEAT_AT_MASK].values[1 * K + k] = 0;
  set(&product, 0, c.in[PLEAT_AT_Q].values);
  set(&product, 1, c.in[PLEAT_AT_K].values);
  set(&biased, 1, c.in[PLEAT_AT_BIAS].values);
  set(&masked, 1, c.in[PLEAT_AT_MASK].values);
  set(&mixed, 1, c.in[PLEAT_AT_V].values);
  set(&gated, 1, c.in[PLEAT_AT_GATE].values);
  double *want = run(chain[0]);
  for (int i = 1; i < 7; i++) {
    set(chain[i], 0, want);
    free(want);
    want = run(chain[i]);
  }
  for (int h = 0; h < H; h++) {
    double mean = 0;
    for (int k = 0; k < K; k++) mean += c.in[PLEAT_AT_V].values[((1 * K + k) * H + h) * C] / K;
    int at = (1 * Q * H + h) * C; /* s = 1, q = 0, d = 0 */
    CHECK_NEAR(want[at], mean * c.in[PLEAT_AT_GATE].values[at], 1e-6);
  }
  for (int i = 0; i < 7; i++) ops_case_fini(chain[i]);
  check_all(&c, want, 1e-6, "attention");
}

/* Share of zeros among the mask's elements; all others must be `kept`. */
static double share_dropped(const double *mask, int64_t n, double kept) {
  int64_t n_dropped = 0;
  for (int64_t i = 0; i < n; i++) {
    n_dropped += mask[i] == 0;
    CHECK(mask[i] == 0 || mask[i] == kept);
  }
  return (double)n_dropped / (double)n;
}

/* Share of elements in which two masks differ. */
static double share_different(const double *a, const double *b, int64_t n) {
  int64_t n_different = 0;
  for (int64_t i = 0; i < n; i++) n_different += a[i] != b[i];
  return (double)n_different / (double)n;
}

/* Rate and values; rows and columns that are alike on average; and a mask of its own for every seed, pass, member, block
 * and place: two independent ones differ in 2 r (1 - r) of their elements. All bounds are five standard deviations. */
static void test_dropout_mask(void) {
  enum { I = 300, C = 128, N = I * C, N_WAYS = 7 };
  const double rate = 0.25, deviation = sqrt(rate * (1 - rate) / N);
  double *masks[N_WAYS];
  for (int way = 0; way < N_WAYS; way++) {
    const pleat_attr attr = {.a = (float)rate, .n = way == 6 ? 4 : 3};
    ops_case c = make(PLEAT_OP_DROPOUT_MASK, "k,o->ic", "Ai Am", "k4o1i300c128", attr);
    for (int k = 0; k < 4; k++) c.in[0].values[k] = k + 1 + (way == k + 1);
    c.in[1].values[0] = 11 + (way == 5);
    masks[way] = run(&c);
    CHECK_NEAR(share_dropped(masks[way], N, (double)(float)(1 / (1 - rate))), rate, 5 * deviation);
    if (way) CHECK_NEAR(share_different(masks[way], masks[0], N), 2 * rate * (1 - rate), 5 * sqrt(0.375 * 0.625 / N));
    ops_case_fini(&c);
  }
  for (int i = 0; i < I; i++)
    CHECK_NEAR(share_dropped(masks[0] + (size_t)i * C, C, (double)(float)(1 / (1 - rate))), rate,
               5 * sqrt(rate * (1 - rate) / C));
  CHECK(share_different(masks[0], masks[0] + C, N - C) > 0.3); /* rows are not copies of each other */
  for (int way = 0; way < N_WAYS; way++) free(masks[way]);
}

/* A plan whose launch leaves the arena is refused before it runs; the null backend runs nothing and reads zeros. */
static void test_contract(void) {
  pleat_error err = {0};
  pleat_backend_options options = {.n_threads = 1};
  pleat_weight_reader reader = {.ctx = NULL, .read = NULL};
  pleat_node node = {.op = PLEAT_OP_FILL, .attr = {.a = 2}, .letters = {"i"}, .scope = "test"};
  pleat_launch launch = {
      .node = &node,
      .out = {.space = PLEAT_SPACE_ARENA, .dtype = PLEAT_F32, .rank = 1, .offset = 8, .size = {3}, .stride = {1}}};
  pleat_segment segment = {.first = 0, .last = 1, .count = 1};
  pleat_plan plan = {.launches = &launch, .n_launches = 1, .segments = &segment, .n_segments = 1, .arena_bytes = 16};
  void *be, *model, *program;
  CHECK_OK(pleat_backend_ref.open(&options, &be, &err), &err);
  CHECK_OK(pleat_backend_ref.model_create(be, &reader, &model, &err), &err);
  CHECK_INT(pleat_backend_ref.program_create(be, model, &plan, &program, &err), PLEAT_INTERNAL);
  CHECK(program == NULL && strstr(err.message, "fill in test") != NULL);
  launch.out.offset = 4;
  CHECK_OK(pleat_backend_ref.program_create(be, model, &plan, &program, &err), &err);
  float values[3] = {9, 9, 9};
  CHECK_OK(pleat_backend_ref.run(be, program, 0, 1, 0, &err), &err);
  CHECK_OK(pleat_backend_ref.read(be, program, &launch.out, values, &err), &err);
  CHECK(values[0] == 2 && values[2] == 2);
  pleat_operand outside = launch.out;
  outside.offset = 12;
  CHECK_INT(pleat_backend_ref.read(be, program, &outside, values, &err), PLEAT_INVALID);
  pleat_backend_ref.program_destroy(be, program);
  pleat_backend_ref.model_destroy(be, model);
  pleat_backend_ref.close(be);

  CHECK_OK(pleat_backend_null.open(&options, &be, &err), &err);
  CHECK(pleat_backend_null.supports(be, NULL, &node));
  CHECK_OK(pleat_backend_null.model_create(be, &reader, &model, &err), &err);
  plan.arena_bytes = UINT64_MAX; /* no memory is taken */
  CHECK_OK(pleat_backend_null.program_create(be, model, &plan, &program, &err), &err);
  CHECK_OK(pleat_backend_null.run(be, program, 0, 1, 0, &err), &err);
  CHECK_OK(pleat_backend_null.read(be, program, &launch.out, values, &err), &err);
  CHECK(values[0] == 0 && values[2] == 0);
  pleat_backend_null.program_destroy(be, program);
  pleat_backend_null.model_destroy(be, model);
  pleat_backend_null.close(be);
}

int main(void) {
  test_products();
  test_special_rows();
  test_rows();
  test_elementwise();
  test_moves();
  test_dist_bin();
  test_frames();
  test_points();
  test_torsion_atoms();
  test_fused_linear();
  test_transition();
  test_outer_product();
  test_attention();
  test_dropout_mask();
  test_contract();
  return check_report();
}
