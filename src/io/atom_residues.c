/* Atoms to residues; see atom_residues.h.
 * Source: selenomethionine as alphafold/data/templates.py takes it; the rest as alphafold/common/protein.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/atom_residues.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "io/fasta.h"

static int find_restype(pleat_text_span name) {
  if (pleat_span_is(name, "MSE")) name = (pleat_text_span){"MET", 3};
  for (int i = 0; i < PLEAT_RESTYPE_X; i++)
    if (pleat_span_is(name, pleat_restype_names[i])) return i;
  return PLEAT_RESTYPE_X;
}

static int find_atom(pleat_text_span residue, pleat_text_span atom) {
  if (pleat_span_is(atom, "SE") && pleat_span_is(residue, "MSE")) atom = (pleat_text_span){"SD", 2};
  for (int i = 0; i < PLEAT_N_ATOM37; i++)
    if (pleat_span_is(atom, pleat_atom37_names[i])) return i;
  return -1;
}

static pleat_status begin(pleat_atom_residues *residues, const pleat_atom_record *record, const char *path,
                          pleat_error *err) {
  if (residues->n >= PLEAT_MAX_RESIDUES)
    return pleat_fail_at(err, PLEAT_INPUT, path, record->line, 0,
                         "the structure has more than %d residues, the most that pleat reads", PLEAT_MAX_RESIDUES);
  if (!pleat_grow(&residues->items, residues->n, &residues->capacity, sizeof *residues->items))
    return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the residues of this structure");
  pleat_atom_residue *residue = &residues->items[residues->n++];
  *residue = (pleat_atom_residue){.aatype = (uint8_t)find_restype(record->residue), .line = record->line};
  char name[PLEAT_SPAN_SHOWN], number[PLEAT_SPAN_SHOWN];
  snprintf(residue->label, sizeof residue->label, "%s %s of chain '%s'", pleat_span_show(record->residue, name),
           pleat_span_show(record->number, number), pleat_span_show(record->chain, residue->chain));
  residues->chain = record->chain;
  residues->number = record->number;
  residues->name = record->residue;
  residues->is_closed = false;
  return PLEAT_OK;
}

pleat_status pleat_atom_residues_add(pleat_atom_residues *residues, const pleat_atom_record *record, const char *path,
                                     pleat_error *err) {
  if (record->is_hetero && !pleat_span_is(record->residue, "MSE")) return PLEAT_OK;
  int atom = find_atom(record->residue, record->atom);
  if (atom < 0) return PLEAT_OK;
  bool is_same = residues->n && !residues->is_closed && pleat_span_is_same(record->chain, residues->chain) &&
                 pleat_span_is_same(record->number, residues->number);
  if (is_same && !pleat_span_is_same(record->residue, residues->name)) return PLEAT_OK;
  if (!is_same) PLEAT_TRY(begin(residues, record, path, err));
  pleat_atom_residue *residue = &residues->items[residues->n - 1];
  if (residue->has_atom[atom] && record->occupancy <= residue->occupancy[atom]) return PLEAT_OK;
  residue->has_atom[atom] = true;
  residue->occupancy[atom] = record->occupancy;
  memcpy(residue->positions[atom], record->position, sizeof record->position);
  return PLEAT_OK;
}

void pleat_atom_residues_fini(pleat_atom_residues *residues) {
  free(residues->items);
  *residues = (pleat_atom_residues){0};
}
