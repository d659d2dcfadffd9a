/* What every structure writer asks of a structure before it writes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_STRUCTURE_CHECK_H
#define PLEAT_BIO_STRUCTURE_CHECK_H

#include <stdbool.h>

#include "bio/structure.h"
#include "pleat/status.h"

/* Atoms with a mask of one half or more are present, as published. */
bool pleat_structure_has_atom(const pleat_structure *structure, int64_t i_res, int atom37);

/* Errors: INVALID, naming the residue: no residues, no atoms, a restype above 20, chains that are not contiguous and in
 * rising order, a coordinate or B factor of a present atom that is not finite. */
PLEAT_CHECKED pleat_status pleat_structure_check(const pleat_structure *structure, pleat_error *err);

#endif
