/* Residues and atoms of one model of an mmCIF file, put together and refused as the published reader does it.
 * Source: Biopython 1.80, Bio/PDB/MMCIFParser.py, StructureBuilder.py, Atom.py (DisorderedAtom), Residue.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_MODEL_H
#define PLEAT_IO_MMCIF_MODEL_H

#include "base/arena.h"
#include "base/map.h"
#include "bio/residue.h"
#include "io/span.h"
#include "pleat/status.h"

/* Hetero flag: ' ' for ATOM, 'W' for water, 'H' for other HETATM. */
typedef struct pleat_mmcif_place {
  pleat_text_span chain, insertion, name; /* author's chain; insertion code, " " for none; monomer */
  int32_t number;                         /* the author's */
  char hetero;
} pleat_mmcif_place;

bool pleat_mmcif_place_is_same(const pleat_mmcif_place *a, const pleat_mmcif_place *b);

typedef struct pleat_mmcif_atom_row {
  pleat_text_span atom, altloc; /* altloc: " " for none */
  float position[3];
  double occupancy;
  int64_t line;
} pleat_mmcif_atom_row;

typedef struct pleat_mmcif_atom {
  const char *name;
  uint32_t n_name, next; /* of its monomer; PLEAT_MAP_NONE ends */
  double occupancy;      /* of the alternative that was chosen */
  float position[3];
  bool is_disordered; /* has alternatives */
} pleat_mmcif_atom;

/* One kind of monomer at a place: several where the sequence itself varies (microheterogeneity). */
typedef struct pleat_mmcif_monomer {
  pleat_text_span name;
  uint32_t first_atom, last_atom, n_atoms;
  uint32_t next; /* at the same place */
  bool has_plain_altloc;
} pleat_mmcif_monomer;

typedef struct pleat_mmcif_residue {
  uint32_t first_monomer, monomer; /* the one that counts */
  bool is_disordered;              /* once there were several monomers */
} pleat_mmcif_residue;

/* Zero-initialise; released by fini. Spans are borrowed from the text. */
typedef struct pleat_mmcif_model {
  pleat_mmcif_atom *atoms;
  pleat_mmcif_monomer *monomers;
  pleat_mmcif_residue *residues;
  uint32_t n_atoms, atoms_capacity, n_monomers, monomers_capacity, n_residues, residues_capacity;
  pleat_map places; /* of residues */
  pleat_arena keys;
  pleat_mmcif_place now; /* of the last atom */
  uint32_t residue;      /* of `now` */
} pleat_mmcif_model;

/* Adds an atom. Errors: INPUT with file and line: what Biopython refuses (an atom twice, a residue twice, alternatives
 * of a residue that are not marked as such), NOMEM. */
PLEAT_CHECKED pleat_status pleat_mmcif_model_add(pleat_mmcif_model *model, const pleat_mmcif_place *place,
                                                 const pleat_mmcif_atom_row *row, const char *path, pleat_error *err);
/* The monomer that counts at a place; NULL when there is none. */
const pleat_mmcif_monomer *pleat_mmcif_model_find(const pleat_mmcif_model *model, const pleat_mmcif_place *place);
void pleat_mmcif_model_clear(pleat_mmcif_model *model); /* for another model; keeps the memory of its arrays */
void pleat_mmcif_model_fini(pleat_mmcif_model *model);

/* Puts a monomer's atoms into atom37 layout as templates.py does: selenium of MSE as sulphur, NH1 and NH2 of arginine
 * exchanged where NH2 is nearer to CD. Both arrays are zero before. */
void pleat_mmcif_monomer_atom37(const pleat_mmcif_model *model, const pleat_mmcif_monomer *monomer,
                                float positions[PLEAT_N_ATOM37][3], float mask[PLEAT_N_ATOM37]);

#endif
