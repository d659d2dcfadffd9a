/* PDB writer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_PDB_WRITE_H
#define PLEAT_IO_PDB_WRITE_H

#include "base/buf.h"
#include "bio/structure.h"

enum { PLEAT_PDB_MAX_CHAINS = 62 };

/* Appends the structure as one MODEL, byte for byte what AlphaFold's to_pdb writes. remarks[n_remarks]: free text,
 * written first as REMARK   1 lines wrapped to 80 columns (NULL when n_remarks is 0; a newline starts a new line;
 * bytes outside printable ASCII become '?').
 * A number that does not fit its columns is refused, naming the residue, where AlphaFold would shift the line and
 * write a file that nobody can read: more than 62 chains, coordinates outside -999.999..9999.999, residue numbers
 * outside -999..9999, B factors outside -99.99..999.99, more than 99999 atoms and chain ends. The mmCIF writer has
 * none of these limits. Errors: INVALID, UNSUPPORTED (a limit of the format), NOMEM; `buf` then holds what it held. */
PLEAT_CHECKED pleat_status pleat_pdb_write(const pleat_structure *structure, const char *const *remarks,
                                           size_t n_remarks, pleat_buf *buf, pleat_error *err);

#endif
