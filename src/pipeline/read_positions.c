/* A structure file as the positions that a prediction starts from: read, then matched with the target's sequence.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/mmcif_read.h"
#include "io/pdb_read.h"
#include "pleat/io.h"

enum { MAX_STRUCTURE_BYTES = 1 << 28 };

/* Place of a residue in the target, both from 1. */
typedef struct place {
  int64_t chain, residue;
} place;

static pleat_status refuse_residue(const char *path, const pleat_atom_residue *found, int64_t i, int wanted, place at,
                                   pleat_error *err) {
  return pleat_fail_at(err, PLEAT_INPUT, path, found->line, 0,
                       "residue %lld of the structure is %s, the target has %s there (%c, residue %lld of chain %lld): "
                       "the structure must have all residues of the target, in the same order",
                       (long long)i + 1, found->label, pleat_restype_names[wanted], pleat_restype_letters[wanted],
                       (long long)at.residue, (long long)at.chain);
}

/* Compares residue by residue, so that a gap shows where it is and not as a length. */
static pleat_status match(const pleat_atom_residues *residues, const char *sequence, const char *path,
                          pleat_error *err) {
  int64_t n_target = 0, n = residues->n;
  place at = {1, 0};
  for (const char *p = sequence; *p; p++) {
    if (*p == ':') {
      at = (place){at.chain + 1, 0};
      continue;
    }
    int64_t i = n_target++;
    at.residue++;
    if (i >= n) continue;
    int wanted = pleat_restype_from_letter(*p);
    if (wanted != residues->items[i].aatype) return refuse_residue(path, &residues->items[i], i, wanted, at, err);
  }
  if (n_target == n) return PLEAT_OK;
  const pleat_atom_residue *last = &residues->items[n_target < n ? n_target : n - 1];
  return pleat_fail_at(err, PLEAT_INPUT, path, last->line, 0,
                       n_target < n ? "the structure has %lld residues, the target %lld: %s is more than the target has"
                                    : "the structure has %lld residues, the target %lld: it ends with %s",
                       (long long)n, (long long)n_target, last->label);
}

static pleat_status make_arrays(const pleat_atom_residues *residues, pleat_arrays *set, pleat_error *err) {
  int64_t shape[] = {residues->n, PLEAT_N_ATOM37, 3};
  void *positions, *mask;
  PLEAT_TRY(pleat_arrays_add(set, "atom_positions", PLEAT_F32, 3, shape, NULL, &positions, err));
  PLEAT_TRY(pleat_arrays_add(set, "atom_mask", PLEAT_F32, 2, shape, NULL, &mask, err));
  for (uint32_t i = 0; i < residues->n; i++) {
    const pleat_atom_residue *residue = &residues->items[i];
    memcpy((float *)positions + (size_t)i * PLEAT_N_ATOM37 * 3, residue->positions, sizeof residue->positions);
    for (int a = 0; a < PLEAT_N_ATOM37; a++) ((float *)mask)[(size_t)i * PLEAT_N_ATOM37 + a] = residue->has_atom[a];
  }
  return PLEAT_OK;
}

pleat_status pleat_positions_read(const char *path, const char *sequence, pleat_arrays **out_positions,
                                  pleat_error *err) {
  *out_positions = NULL;
  char *text = NULL;
  size_t n = 0;
  PLEAT_TRY(pleat_file_read(path, MAX_STRUCTURE_BYTES, &text, &n, err));
  pleat_atom_residues residues = {0};
  pleat_arrays *set = NULL;
  pleat_status status = pleat_mmcif_is(text, n) ? pleat_mmcif_read(text, n, path, &residues, err)
                                                : pleat_pdb_read(text, n, path, &residues, err);
  if (!status) status = match(&residues, sequence, path, err);
  if (!status) status = pleat_arrays_create(&set, err);
  if (!status) status = make_arrays(&residues, set, err);
  if (status)
    pleat_arrays_destroy(set);
  else
    *out_positions = set;
  pleat_atom_residues_fini(&residues);
  free(text);
  return status;
}
