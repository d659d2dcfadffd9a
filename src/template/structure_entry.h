/* Structure files that people have, as entries with chains: also those that are not from the PDB.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_STRUCTURE_ENTRY_H
#define PLEAT_TEMPLATE_STRUCTURE_ENTRY_H

#include "io/mmcif_entry.h"

/* Reads mmCIF or PDB, told apart by content, plain or packed by gzip. A file that says nothing but where its atoms are
 * (PDB, or mmCIF of programs that write no sequences) gives chains of the residues that have atoms; release_date is ""
 * then. `id` is the file's name without folder and suffixes. Errors: IO, INPUT (of the reader), NOMEM. Released with
 * pleat_mmcif_entry_fini. */
PLEAT_CHECKED pleat_status pleat_structure_read(const char *path, pleat_mmcif_entry *out_entry, pleat_error *err);

#endif
