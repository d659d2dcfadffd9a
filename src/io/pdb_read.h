/* PDB reader: the ATOM records of the first model.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_PDB_READ_H
#define PLEAT_IO_PDB_READ_H

#include "io/atom_residues.h"

/* Reads ATOM records and those HETATM records that are selenomethionine, up to the end of the first model; every other
 * record is passed over. Accepts LF/CRLF and lines cut behind the coordinates. Refuses with file and line: lines cut
 * earlier, coordinates that are no numbers, a NUL byte, no atom of a protein at all. `path` is only for messages.
 * Errors: INPUT, NOMEM; then *out_residues is empty. Otherwise released with pleat_atom_residues_fini. */
PLEAT_CHECKED pleat_status pleat_pdb_read(const char *text, size_t n, const char *path,
                                          pleat_atom_residues *out_residues, pleat_error *err);

#endif
