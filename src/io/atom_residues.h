/* What the readers of structure files share: residues in the file's order, with their atoms in atom37 layout.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_ATOM_RESIDUES_H
#define PLEAT_IO_ATOM_RESIDUES_H

#include "bio/residue.h"
#include "io/span.h"
#include "pleat/status.h"

enum { PLEAT_RESIDUE_LABEL = 96 };

typedef struct pleat_atom_residue {
  float positions[PLEAT_N_ATOM37][3]; /* angstrom; 0 where absent */
  bool has_atom[PLEAT_N_ATOM37];
  float occupancy[PLEAT_N_ATOM37];
  uint8_t aatype;                  /* restype 0..20 */
  char chain[PLEAT_SPAN_SHOWN];    /* cut to what fits, as shown in messages */
  char label[PLEAT_RESIDUE_LABEL]; /* for messages: "LEU 12 of chain 'A'" */
  int64_t line;                    /* of the first atom */
} pleat_atom_residue;

/* Zero-initialise; released by fini. */
typedef struct pleat_atom_residues {
  pleat_atom_residue *items;
  uint32_t n, capacity;
  pleat_text_span chain, number, name; /* of the residue that is being read; borrowed from the text */
  bool is_closed;                      /* the next atom begins a residue, whatever its number */
} pleat_atom_residues;

/* One line or row. `number` holds the residue's number, whatever tells it from its neighbours. */
typedef struct pleat_atom_record {
  pleat_text_span chain, number, residue, atom;
  bool is_hetero; /* HETATM: read for selenomethionine only, as methionine */
  float position[3], occupancy;
  int64_t line;
} pleat_atom_record;

/* Adds the atom to its residue, or begins one. Atoms that atom37 lacks (hydrogens) are left out; of alternative
 * locations the one of highest occupancy counts, the first of equals; of residues that share a place, the first.
 * Errors: INPUT (more residues than pleat reads), NOMEM. */
PLEAT_CHECKED pleat_status pleat_atom_residues_add(pleat_atom_residues *residues, const pleat_atom_record *record,
                                                   const char *path, pleat_error *err);
void pleat_atom_residues_fini(pleat_atom_residues *residues);

#endif
