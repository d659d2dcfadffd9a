/* Secondary structure by the rules of DSSP.
 * Source: Kabsch & Sander, Biopolymers 22:2577 (1983): energy of a hydrogen bond, n-turns, helices of two turns in a
 * row, bridges, ladders and bulges. Page numbers are of that paper.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/secondary.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "bio/residue.h"
#include "bio/structure_check.h"

/* p. 2579: E = q1 q2 (1/r_ON + 1/r_CH - 1/r_OH - 1/r_CN) f, and a bond below -0.5 kcal/mol. */
static const double BOND_FACTOR = 0.42 * 0.20 * 332, BOND_ENERGY = -0.5, LOWEST_ENERGY = -9.9;
static const double SHORTEST_ANG = 0.5;  /* of overlapping atoms, for which the formula means nothing */
static const double FURTHEST_CA_ANG = 9; /* no bond beyond */
static const double PEPTIDE_ANG = 2.5;   /* p. 2582: a longer C-N means a chain break */

typedef struct vec3 {
  double x, y, z;
} vec3;

/* Hydrogen bonds that a residue's NH donates: the two best, as the paper's program keeps them. */
typedef struct donor {
  int64_t acceptor[2]; /* residue, -1 = none */
  double energy[2];
} donor;

typedef struct backbone {
  vec3 n, ca, c, o, h;
  bool is_complete, has_h;
  bool is_joined; /* to the residue before */
} backbone;

/* Bridges (i, j), (i + 1, j +- 1), ... of one kind. */
typedef struct ladder {
  int64_t i_first, i_last, j_first, j_last; /* j_first <= j_last */
  bool is_parallel;
} ladder;

typedef struct assignment {
  int64_t n_res;
  backbone *residues;
  donor *donors;
  ladder *ladders;
  uint32_t n_ladders, ladder_capacity;
  bool *has_turn; /* of the size that is looked at */
  uint8_t *out;
} assignment;

static vec3 position_of(const pleat_structure *s, int64_t i, int atom) {
  const float *p = s->atom_positions + (i * PLEAT_N_ATOM37 + atom) * 3;
  return (vec3){(double)p[0], (double)p[1], (double)p[2]};
}

static vec3 minus(vec3 a, vec3 b) { return (vec3){a.x - b.x, a.y - b.y, a.z - b.z}; }

static double distance(vec3 a, vec3 b) {
  vec3 d = minus(a, b);
  return sqrt(d.x * d.x + d.y * d.y + d.z * d.z);
}

/* Atoms of every residue; the hydrogen 1 angstrom from N, opposite to the C=O before it (p. 2579). Proline has none. */
static void read_backbones(const pleat_structure *s, backbone *out) {
  static const int atoms[] = {PLEAT_ATOM_N, PLEAT_ATOM_CA, PLEAT_ATOM_C, PLEAT_ATOM_O};
  const int proline = pleat_restype_from_letter('P');
  for (int64_t i = 0; i < s->n_res; i++) {
    backbone *r = &out[i], *before = i ? &out[i - 1] : NULL;
    r->is_complete = true;
    for (int k = 0; k < 4; k++) r->is_complete &= pleat_structure_has_atom(s, i, atoms[k]);
    r->n = position_of(s, i, PLEAT_ATOM_N);
    r->ca = position_of(s, i, PLEAT_ATOM_CA);
    r->c = position_of(s, i, PLEAT_ATOM_C);
    r->o = position_of(s, i, PLEAT_ATOM_O);
    r->is_joined = before && r->is_complete && before->is_complete && s->chain_index[i] == s->chain_index[i - 1] &&
                   distance(before->c, r->n) <= PEPTIDE_ANG;
    if (!r->is_joined || s->aatype[i] == proline) continue;
    vec3 direction = minus(before->c, before->o);
    double length = distance(before->c, before->o);
    r->has_h = length > 0;
    if (r->has_h) {
      r->h = (vec3){r->n.x + direction.x / length, r->n.y + direction.y / length, r->n.z + direction.z / length};
    }
  }
}

static double bond_energy(const backbone *d, const backbone *a) {
  double on = distance(a->o, d->n), ch = distance(a->c, d->h), oh = distance(a->o, d->h), cn = distance(a->c, d->n);
  if (on < SHORTEST_ANG || ch < SHORTEST_ANG || oh < SHORTEST_ANG || cn < SHORTEST_ANG) return LOWEST_ENERGY;
  double energy = BOND_FACTOR * (1 / on + 1 / ch - 1 / oh - 1 / cn);
  return energy < LOWEST_ENERGY ? LOWEST_ENERGY : energy;
}

static void offer_bond(assignment *a, int64_t i_donor, int64_t i_acceptor) {
  donor *d = &a->donors[i_donor];
  if (!a->residues[i_donor].has_h || i_acceptor + 1 == i_donor) return; /* its own peptide */
  double energy = bond_energy(&a->residues[i_donor], &a->residues[i_acceptor]);
  if (energy >= BOND_ENERGY) return;
  int slot = energy < d->energy[0] ? 0 : energy < d->energy[1] ? 1 : 2;
  if (slot == 2) return;
  if (slot == 0) {
    d->energy[1] = d->energy[0];
    d->acceptor[1] = d->acceptor[0];
  }
  d->energy[slot] = energy;
  d->acceptor[slot] = i_acceptor;
}

static void find_bonds(assignment *a) {
  for (int64_t i = 0; i < a->n_res; i++) a->donors[i] = (donor){{-1, -1}, {0, 0}};
  for (int64_t i = 0; i < a->n_res; i++) {
    if (!a->residues[i].is_complete) continue;
    for (int64_t j = i + 1; j < a->n_res; j++) {
      if (!a->residues[j].is_complete || distance(a->residues[i].ca, a->residues[j].ca) >= FURTHEST_CA_ANG) continue;
      offer_bond(a, i, j);
      offer_bond(a, j, i);
    }
  }
}

/* Does NH of `from` bond to CO of `to`? */
static bool is_bond(const assignment *a, int64_t from, int64_t to) {
  return a->donors[from].acceptor[0] == to || a->donors[from].acceptor[1] == to;
}

/* No chain break between two residues, both included. */
static bool is_unbroken(const assignment *a, int64_t first, int64_t last) {
  for (int64_t i = first + 1; i <= last; i++) {
    if (!a->residues[i].is_joined) return false;
  }
  return true;
}

static void mark(assignment *a, int64_t first, int64_t last, pleat_secondary state) {
  for (int64_t i = first; i <= last; i++) a->out[i] = (uint8_t)state;
}

/* Two n-turns in a row make a helix between them (p. 2583). Alpha helices go before strands, the others after. */
static void find_helices(assignment *a, int n_turn) {
  bool is_alpha = n_turn == 4;
  for (int64_t i = 0; i < a->n_res; i++) {
    a->has_turn[i] = i + n_turn < a->n_res && is_bond(a, i + n_turn, i) && is_unbroken(a, i, i + n_turn);
  }
  for (int64_t i = 1; i + n_turn <= a->n_res; i++) {
    bool is_free = true;
    if (!a->has_turn[i - 1] || !a->has_turn[i]) continue;
    for (int64_t k = i; k < i + n_turn && !is_alpha; k++) is_free &= a->out[k] != PLEAT_SECONDARY_STRAND;
    if (is_free) mark(a, i, i + n_turn - 1, PLEAT_SECONDARY_HELIX);
  }
}

/* p. 2582: bonds that make residues i and j a bridge. */
static bool is_bridge(const assignment *a, int64_t i, int64_t j, bool is_parallel) {
  if (is_parallel) {
    return (is_bond(a, i + 1, j) && is_bond(a, j, i - 1)) || (is_bond(a, j + 1, i) && is_bond(a, i, j - 1));
  }
  return (is_bond(a, i, j) && is_bond(a, j, i)) || (is_bond(a, i + 1, j - 1) && is_bond(a, j + 1, i - 1));
}

static bool add_bridge(assignment *a, int64_t i, int64_t j, bool is_parallel) {
  for (uint32_t k = a->n_ladders; k-- > 0;) {
    ladder *l = &a->ladders[k];
    bool is_next =
        l->is_parallel == is_parallel && i == l->i_last + 1 && (is_parallel ? j == l->j_last + 1 : j == l->j_first - 1);
    if (!is_next) continue;
    l->i_last = i;
    if (is_parallel) l->j_last = j;
    if (!is_parallel) l->j_first = j;
    return true;
  }
  if (!pleat_grow(&a->ladders, a->n_ladders, &a->ladder_capacity, sizeof *a->ladders)) return false;
  a->ladders[a->n_ladders++] = (ladder){i, i, j, j, is_parallel};
  return true;
}

/* Bridges are local: only residues that bond to one near i come into question, which are few. */
static bool find_ladders(assignment *a) {
  for (int64_t i = 1; i + 4 < a->n_res; i++) {
    if (!is_unbroken(a, i - 1, i + 1)) continue;
    for (int64_t j = i + 3; j + 1 < a->n_res; j++) {
      if (distance(a->residues[i].ca, a->residues[j].ca) >= FURTHEST_CA_ANG || !is_unbroken(a, j - 1, j + 1)) continue;
      for (int is_parallel = 0; is_parallel < 2; is_parallel++) {
        if (is_bridge(a, i, j, is_parallel) && !add_bridge(a, i, j, is_parallel)) return false;
      }
    }
  }
  return true;
}

/* p. 2585: a bulge joins ladders with at most one residue more on one strand and four on the other. */
static void bridge_bulge(assignment *a, const ladder *x, const ladder *y) {
  bool is_parallel = x->is_parallel;
  if (is_parallel != y->is_parallel || y->i_first <= x->i_last) return;
  int64_t j_last = is_parallel ? x->j_last : y->j_last, j_next = is_parallel ? y->j_first : x->j_first;
  int64_t i_gap = y->i_first - x->i_last, j_gap = j_next - j_last;
  if (i_gap > 5 || j_gap > 5 || j_gap < 1 || (i_gap > 2 && j_gap > 2)) return;
  if (!is_unbroken(a, x->i_first, y->i_last)) return;
  if (!is_unbroken(a, is_parallel ? x->j_first : y->j_first, is_parallel ? y->j_last : x->j_last)) return;
  mark(a, x->i_last, y->i_first, PLEAT_SECONDARY_STRAND);
  mark(a, j_last, j_next, PLEAT_SECONDARY_STRAND);
}

static void mark_strands(assignment *a) {
  for (uint32_t k = 0; k < a->n_ladders; k++) {
    const ladder *l = &a->ladders[k];
    mark(a, l->i_first, l->i_last, PLEAT_SECONDARY_STRAND);
    mark(a, l->j_first, l->j_last, PLEAT_SECONDARY_STRAND);
    for (uint32_t m = 0; m < a->n_ladders; m++) bridge_bulge(a, l, &a->ladders[m]);
  }
}

pleat_status pleat_secondary_assign(const pleat_structure *structure, uint8_t *out, pleat_error *err) {
  size_t n = (size_t)structure->n_res;
  assignment a = {.n_res = structure->n_res, .out = out};
  a.residues = calloc(n + 1, sizeof *a.residues);
  a.donors = malloc((n + 1) * sizeof *a.donors);
  a.has_turn = calloc(n + 1, sizeof *a.has_turn);
  bool is_ok = a.residues && a.donors && a.has_turn;
  memset(out, PLEAT_SECONDARY_COIL, n);
  if (is_ok) {
    read_backbones(structure, a.residues);
    find_bonds(&a);
    is_ok = find_ladders(&a);
  }
  if (is_ok) {
    mark_strands(&a);
    find_helices(&a, 4);
    find_helices(&a, 3);
    find_helices(&a, 5);
  }
  free(a.residues);
  free(a.donors);
  free(a.has_turn);
  free(a.ladders);
  if (!is_ok) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the secondary structure of %zu residues", n);
  return PLEAT_OK;
}
