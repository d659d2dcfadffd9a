/* The species that a row of an alignment names.
 * Source: alphafold/data/msa_identifiers.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_SPECIES_H
#define PLEAT_IO_SPECIES_H

enum { PLEAT_SPECIES_TEXT = 6 };

/* UniProt's mnemonic of a species (HUMAN) from a description that begins "tr|A0A146SKV9|A0A146SKV9_FUNHE/12-90 ..." or
 * "sp|P0C2L1|A3X1_LOXLA"; "" where there is none. Returns its length, 0 to 5. */
int pleat_species_find(const char *description, char out_species[PLEAT_SPECIES_TEXT]);

#endif
