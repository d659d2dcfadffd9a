/* One-letter codes to residue types.
 * Source: HHBLITS_AA_TO_ID and restype_order of alphafold/common/residue_constants.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/residue.h"

/* 'A'..'Z' -> restype; 20 (X) for B, J, O, U, X, Z. */
static const uint8_t restype_of_letter[26] = {0, 20, 4,  3, 6, 13, 7,  8,  9,  20, 11, 10, 12,
                                              2, 20, 14, 5, 1, 15, 16, 20, 19, 17, 20, 18, 20};
static const uint8_t hhblits_of_letter[26] = {0,  2,  1,  2,  3,  4,  5,  6, 7,  20, 8,  9,  10,
                                              11, 20, 12, 13, 14, 15, 16, 1, 17, 18, 20, 19, 3};

static int lookup(const uint8_t *of_letter, char letter) {
  if (letter == '-') return PLEAT_RESTYPE_GAP;
  return letter >= 'A' && letter <= 'Z' ? of_letter[letter - 'A'] : PLEAT_RESTYPE_X;
}

int pleat_restype_from_letter(char letter) { return lookup(restype_of_letter, letter); }

int pleat_hhblits_from_letter(char letter) { return lookup(hhblits_of_letter, letter); }
