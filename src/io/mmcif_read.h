/* mmCIF reader: the _atom_site loop of the first model.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_READ_H
#define PLEAT_IO_MMCIF_READ_H

#include "io/atom_residues.h"

/* Does the text begin as CIF does, with comments and then "data_"? */
bool pleat_mmcif_is(const char *text, size_t n);

/* Reads the _atom_site loop of the first data block that has one: ATOM rows and those HETATM rows that are
 * selenomethionine, of the model of the first row. Names are PDBx/mmCIF's label_ columns, or auth_ where these are
 * missing. Everything else in the file only has to be CIF. Refuses with file and line: a quote or text block without
 * end, a row that is cut, a missing column, coordinates that are no numbers, a NUL byte, no atom of a protein at all.
 * `path` is only for messages. Errors: INPUT, NOMEM; then *out_residues is empty. Otherwise released with
 * pleat_atom_residues_fini. */
PLEAT_CHECKED pleat_status pleat_mmcif_read(const char *text, size_t n, const char *path,
                                            pleat_atom_residues *out_residues, pleat_error *err);

#endif
