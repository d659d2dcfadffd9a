/* Residue and atom tables of the AlphaFold 2 family: names, atom37 and atom14 layouts, chi angles, rigid groups.
 * Source: AF2 supplement tables 1 and 2; alphafold/common/residue_constants.py (literature geometry).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_RESIDUE_H
#define PLEAT_BIO_RESIDUE_H

#include <stddef.h>
#include <stdint.h>

enum {
  PLEAT_N_RESTYPES = 20, /* "ARNDCQEGHILKMFPSTWYV" */
  PLEAT_RESTYPE_G = 7,
  PLEAT_RESTYPE_X = 20, /* unknown */
  PLEAT_RESTYPE_GAP = 21,
  PLEAT_RESTYPE_MASK = 22, /* BERT mask token */
  PLEAT_N_ATOM37 = 37,
  PLEAT_N_ATOM14 = 14,
  PLEAT_N_TORSIONS = 7, /* pre-omega, phi, psi, chi1..chi4 */
  PLEAT_N_GROUPS = 8,   /* backbone, pre-omega, phi, psi, chi1..chi4 */
  PLEAT_ATOM_N = 0,     /* indices into atom37 */
  PLEAT_ATOM_CA = 1,
  PLEAT_ATOM_C = 2,
  PLEAT_ATOM_CB = 3,
  PLEAT_ATOM_O = 4
};

/* Restype index of a one-letter code in the AlphaFold order (X for B, J, O, U, X, Z and unknown letters, 21 for '-');
 * and in the HHblits order "ACDEFGHIKLMNPQRSTVWYX-" (B->D, Z->E, U->C, J,O->X). */
int pleat_restype_from_letter(char letter);
int pleat_hhblits_from_letter(char letter);
/* Letter of a monomer of the Chemical Component Dictionary ("MSE" -> 'M', "SEP" -> 'S'): any of A..Z, also of
 * nucleotides; 'X' when unknown. */
char pleat_monomer_letter(const char *name, size_t n_name);
extern const uint8_t pleat_hhblits_to_restype[22];
extern const char pleat_restype_letters[23];     /* "ARNDCQEGHILKMFPSTWYVX-" */
extern const char pleat_restype_names[21][4];    /* "ALA", ..., "UNK" */
extern const char pleat_atom37_names[37][4];     /* "N", "CA", "C", "CB", "O", ... */
extern const char pleat_atom14_names[21][14][4]; /* "" where a residue has fewer atoms */

extern const uint8_t pleat_atom14_to_atom37[21][14]; /* 0 where absent */
extern const uint8_t pleat_atom37_to_atom14[21][37]; /* 0 where absent */
extern const uint8_t pleat_atom14_exists[21][14];
extern const uint8_t pleat_atom37_exists[21][37];

extern const uint8_t pleat_chi_exists[21][4];
extern const uint8_t pleat_chi_atoms[21][4][4]; /* atom37 indices; 0 where absent */
extern const uint8_t pleat_chi_pi_periodic[21][4];

/* Alg. 24: default frame of every rigid group in the frame of its parent, 4x4 row-major, and the literature position
 * of every atom in its group's frame (angstrom). */
extern const float pleat_group_frames[21][8][4][4];
extern const uint8_t pleat_atom14_group[21][14];
extern const float pleat_atom14_position[21][14][3];

#endif
