/* Residues and atoms of a model; see mmcif_model.h. Words of Biopython: a monomer is a Residue, a residue whose
 * is_disordered is set a DisorderedResidue, an atom whose is_disordered is set a DisorderedAtom.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"

enum {
  NONE = PLEAT_MAP_NONE,
  /* Searched one by one: more would be slow. The largest of the PDB has some hundred atoms, a place a few monomers. */
  MAX_ATOMS = 1024,
  MAX_MONOMERS = 64,
  MAX_KEY = 256
};

static pleat_status fail_memory(const char *path, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the atoms of this structure");
}

/* ---- Places ---- */

/* Residues are told apart by chain, hetero flag, number and insertion code, hetero residues also by name. Returns the
 * length of the key, 0 when it is too long. */
static size_t make_key(const pleat_mmcif_place *place, char key[MAX_KEY]) {
  pleat_text_span name = place->hetero == 'H' ? place->name : (pleat_text_span){NULL, 0};
  const pleat_text_span parts[] = {place->chain, place->insertion, name};
  char *p = key;
  *p++ = place->hetero;
  memcpy(p, &place->number, sizeof place->number);
  p += sizeof place->number;
  for (int i = 0; i < 3; i++) {
    if (parts[i].n + 1 > (size_t)(key + MAX_KEY - p)) return 0;
    if (parts[i].n) memcpy(p, parts[i].text, parts[i].n);
    p += parts[i].n;
    *p++ = '\0'; /* not in the text */
  }
  return (size_t)(p - key);
}

/* "SER 7A of chain 'B'" */
static const char *show(const pleat_mmcif_place *place, char out[4 * PLEAT_SPAN_SHOWN]) {
  char name[PLEAT_SPAN_SHOWN], chain[PLEAT_SPAN_SHOWN], insertion[PLEAT_SPAN_SHOWN];
  bool has_insertion = !pleat_span_is(place->insertion, " ");
  snprintf(out, (size_t)4 * PLEAT_SPAN_SHOWN, "%s %d%s of chain '%s'", pleat_span_show(place->name, name),
           (int)place->number, has_insertion ? pleat_span_show(place->insertion, insertion) : "",
           pleat_span_show(place->chain, chain));
  return out;
}

bool pleat_mmcif_place_is_same(const pleat_mmcif_place *a, const pleat_mmcif_place *b) {
  return a->hetero == b->hetero && a->number == b->number && pleat_span_is_same(a->name, b->name) &&
         pleat_span_is_same(a->insertion, b->insertion) && pleat_span_is_same(a->chain, b->chain);
}

/* ---- Residues ---- */

static bool add_monomer(pleat_mmcif_model *model, pleat_mmcif_residue *residue, pleat_text_span name) {
  if (!pleat_grow(&model->monomers, model->n_monomers, &model->monomers_capacity, sizeof *model->monomers))
    return false;
  model->monomers[model->n_monomers] =
      (pleat_mmcif_monomer){.name = name, .first_atom = NONE, .last_atom = NONE, .next = residue->first_monomer};
  residue->monomer = residue->first_monomer = model->n_monomers++;
  return true;
}

static pleat_status add_residue(pleat_mmcif_model *model, const pleat_mmcif_place *place, const char *key, size_t n_key,
                                const char *path, pleat_error *err) {
  if (!pleat_grow(&model->residues, model->n_residues, &model->residues_capacity, sizeof *model->residues))
    return fail_memory(path, err);
  pleat_mmcif_residue *residue = &model->residues[model->n_residues];
  *residue = (pleat_mmcif_residue){.first_monomer = NONE};
  char *kept = pleat_arena_alloc(&model->keys, n_key);
  if (kept) memcpy(kept, key, n_key);
  if (!kept || !pleat_map_insert(&model->places, kept, n_key, model->n_residues, NULL) ||
      !add_monomer(model, residue, place->name))
    return fail_memory(path, err);
  model->residue = model->n_residues++;
  return PLEAT_OK;
}

static pleat_status fail_residue(const pleat_mmcif_place *place, const char *path, int64_t line, const char *why,
                                 pleat_error *err) {
  char shown[4 * PLEAT_SPAN_SHOWN];
  return pleat_fail_at(err, PLEAT_INPUT, path, line, 0, "%s %s: refused, as AlphaFold's reader refuses it",
                       show(place, shown), why);
}

/* The place comes again, after others or with another monomer. */
static pleat_status reopen_residue(pleat_mmcif_model *model, const pleat_mmcif_place *place, int64_t line,
                                   const char *path, pleat_error *err) {
  pleat_mmcif_residue *residue = &model->residues[model->residue];
  if (place->hetero != ' ') return fail_residue(place, path, line, "comes a second time", err);
  int n = 0;
  bool has_name = false;
  for (uint32_t m = residue->first_monomer; m != NONE; m = model->monomers[m].next, n++)
    has_name |= pleat_span_is_same(model->monomers[m].name, place->name);
  if (has_name && !residue->is_disordered) return PLEAT_OK; /* more of its atoms */
  if (has_name) return fail_residue(place, path, line, "comes a second time among others at its place", err);
  if (!residue->is_disordered && model->monomers[residue->monomer].has_plain_altloc)
    return fail_residue(place, path, line, "has the place of another residue, whose atoms are no alternatives", err);
  if (n == MAX_MONOMERS) return fail_residue(place, path, line, "is one of more than 64 monomers at its place", err);
  residue->is_disordered = true;
  return add_monomer(model, residue, place->name) ? PLEAT_OK : fail_memory(path, err);
}

static pleat_status begin_residue(pleat_mmcif_model *model, const pleat_mmcif_place *place, int64_t line,
                                  const char *path, pleat_error *err) {
  char key[MAX_KEY];
  size_t n_key = make_key(place, key);
  if (!n_key) return fail_residue(place, path, line, "has names of more than 200 bytes", err);
  model->residue = pleat_map_find(&model->places, key, n_key);
  model->now = *place;
  if (model->residue == NONE) return add_residue(model, place, key, n_key, path, err);
  return reopen_residue(model, place, line, path, err);
}

/* ---- Atoms ---- */

/* Atom of that name; *out_before: the one before it. NONE when there is none. */
static uint32_t find_atom(const pleat_mmcif_model *model, const pleat_mmcif_monomer *monomer, pleat_text_span name,
                          uint32_t *out_before) {
  *out_before = NONE;
  for (uint32_t a = monomer->first_atom; a != NONE; *out_before = a, a = model->atoms[a].next)
    if (pleat_span_is_same((pleat_text_span){model->atoms[a].name, model->atoms[a].n_name}, name)) return a;
  return NONE;
}

static void append_atom(pleat_mmcif_model *model, pleat_mmcif_monomer *monomer, uint32_t atom) {
  model->atoms[atom].next = NONE;
  if (monomer->last_atom == NONE)
    monomer->first_atom = atom;
  else
    model->atoms[monomer->last_atom].next = atom;
  monomer->last_atom = atom;
}

static void remove_atom(pleat_mmcif_model *model, pleat_mmcif_monomer *monomer, uint32_t atom, uint32_t before) {
  uint32_t next = model->atoms[atom].next;
  if (before == NONE)
    monomer->first_atom = next;
  else
    model->atoms[before].next = next;
  if (next == NONE) monomer->last_atom = before;
}

static pleat_status new_atom(pleat_mmcif_model *model, pleat_mmcif_monomer *monomer, const pleat_mmcif_atom_row *row,
                             bool is_disordered, const char *path, pleat_error *err) {
  if (monomer->n_atoms == MAX_ATOMS) return fail_residue(&model->now, path, row->line, "has more than 1024 atoms", err);
  if (!pleat_grow(&model->atoms, model->n_atoms, &model->atoms_capacity, sizeof *model->atoms))
    return fail_memory(path, err);
  pleat_mmcif_atom *atom = &model->atoms[model->n_atoms];
  *atom = (pleat_mmcif_atom){.name = row->atom.text,
                             .n_name = (uint32_t)row->atom.n,
                             .occupancy = row->occupancy,
                             .is_disordered = is_disordered};
  memcpy(atom->position, row->position, sizeof atom->position);
  append_atom(model, monomer, model->n_atoms++);
  monomer->n_atoms++;
  return PLEAT_OK;
}

/* An alternative of an atom: the one of highest occupancy counts, the first of equals, but any alternative comes before
 * an atom that was not marked as one, which then moves behind the others. */
static void add_alternative(pleat_mmcif_model *model, pleat_mmcif_monomer *monomer, const pleat_mmcif_atom_row *row,
                            uint32_t index, uint32_t before) {
  pleat_mmcif_atom *atom = &model->atoms[index];
  bool is_better = atom->is_disordered ? row->occupancy > atom->occupancy : row->occupancy >= atom->occupancy;
  if (!atom->is_disordered) {
    remove_atom(model, monomer, index, before);
    append_atom(model, monomer, index);
    atom->is_disordered = true;
  }
  if (!is_better) return;
  atom->occupancy = row->occupancy;
  memcpy(atom->position, row->position, sizeof atom->position);
}

pleat_status pleat_mmcif_model_add(pleat_mmcif_model *model, const pleat_mmcif_place *place,
                                   const pleat_mmcif_atom_row *row, const char *path, pleat_error *err) {
  if (!model->n_residues || !pleat_mmcif_place_is_same(&model->now, place))
    PLEAT_TRY(begin_residue(model, place, row->line, path, err));
  const pleat_mmcif_residue *residue = &model->residues[model->residue];
  pleat_mmcif_monomer *monomer = &model->monomers[residue->monomer];
  uint32_t before, atom = find_atom(model, monomer, row->atom, &before);
  bool is_plain = pleat_span_is(row->altloc, " ");
  if (is_plain && residue->is_disordered)
    return fail_residue(place, path, row->line, "shares its place with others, but has an atom that is no alternative",
                        err);
  if (is_plain && atom != NONE) {
    char name[PLEAT_SPAN_SHOWN], why[2 * PLEAT_SPAN_SHOWN];
    snprintf(why, sizeof why, "has the atom '%s' twice", pleat_span_show(row->atom, name));
    return fail_residue(place, path, row->line, why, err);
  }
  monomer->has_plain_altloc |= is_plain;
  if (atom == NONE) return new_atom(model, monomer, row, !is_plain, path, err);
  add_alternative(model, monomer, row, atom, before);
  return PLEAT_OK;
}

const pleat_mmcif_monomer *pleat_mmcif_model_find(const pleat_mmcif_model *model, const pleat_mmcif_place *place) {
  char key[MAX_KEY];
  size_t n_key = make_key(place, key);
  uint32_t residue = n_key ? pleat_map_find(&model->places, key, n_key) : NONE;
  return residue == NONE ? NULL : &model->monomers[model->residues[residue].monomer];
}

void pleat_mmcif_model_clear(pleat_mmcif_model *model) {
  model->n_atoms = model->n_monomers = model->n_residues = 0;
  pleat_map_clear(&model->places);
  pleat_arena_fini(&model->keys);
}

void pleat_mmcif_model_fini(pleat_mmcif_model *model) {
  free(model->atoms);
  free(model->monomers);
  free(model->residues);
  pleat_map_fini(&model->places);
  pleat_arena_fini(&model->keys);
  *model = (pleat_mmcif_model){0};
}

/* ---- atom37 ---- */

enum { CD = 11, SD = 18, NH1 = 29, NH2 = 30 }; /* in atom37 */

static int find_atom37(pleat_text_span monomer, pleat_text_span atom) {
  char name[4] = ""; /* as in the table: padded with NUL */
  if (atom.n == 0 || atom.n >= sizeof name) return -1;
  memcpy(name, atom.text, atom.n);
  for (int i = 0; i < PLEAT_N_ATOM37; i++)
    if (memcmp(name, pleat_atom37_names[i], sizeof name) == 0) return i;
  bool is_selenium = atom.n == 2 && pleat_span_begins(atom, "SE");
  return is_selenium && pleat_span_is(monomer, "MSE") ? SD : -1;
}

static float distance(const float a[3], const float b[3]) {
  float sum = 0;
  for (int d = 0; d < 3; d++) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sqrtf(sum);
}

void pleat_mmcif_monomer_atom37(const pleat_mmcif_model *model, const pleat_mmcif_monomer *monomer,
                                float positions[PLEAT_N_ATOM37][3], float mask[PLEAT_N_ATOM37]) {
  for (uint32_t a = monomer->first_atom; a != NONE; a = model->atoms[a].next) {
    const pleat_mmcif_atom *atom = &model->atoms[a];
    int i = find_atom37(monomer->name, (pleat_text_span){atom->name, atom->n_name});
    if (i < 0) continue;
    memcpy(positions[i], atom->position, sizeof atom->position);
    mask[i] = 1;
  }
  if (!pleat_span_is(monomer->name, "ARG") || !(mask[CD] && mask[NH1] && mask[NH2])) return;
  if (distance(positions[NH1], positions[CD]) <= distance(positions[NH2], positions[CD])) return;
  float kept[3];
  memcpy(kept, positions[NH1], sizeof kept);
  memcpy(positions[NH1], positions[NH2], sizeof kept);
  memcpy(positions[NH2], kept, sizeof kept);
}
