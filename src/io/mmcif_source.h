/* Where entries of mmCIF are found by their ids: a folder, or one archive that pleat packed.
 * A folder may hold 1abc.cif, 1abc.cif.gz, or both of these in folders named after the two middle letters, as the wwPDB
 * divides its copies (ab/1abc.cif.gz). An archive is a zip with a member 1abc.cif or 1abc.cif.gz for every entry.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_SOURCE_H
#define PLEAT_IO_MMCIF_SOURCE_H

#include <stdbool.h>

#include "io/mmcif_entry.h"

/* Of an entry's text; the largest of the PDB has half of it. */
#define PLEAT_MMCIF_MAX_BYTES ((size_t)2 << 30)

/* Safe to use from several threads at once. */
typedef struct pleat_mmcif_source pleat_mmcif_source;

/* A folder, or a file that is an archive; of an archive only its directory is read. Errors: IO, INPUT (no archive of
 * entries), NOMEM. */
PLEAT_CHECKED pleat_status pleat_mmcif_source_open(const char *path, pleat_mmcif_source **out_source, pleat_error *err);
void pleat_mmcif_source_close(pleat_mmcif_source *source); /* NULL is allowed */

/* Is there such an entry? In any case of letters: `id` in lower case comes first, then as it is. */
bool pleat_mmcif_source_has(const pleat_mmcif_source *source, const char *id);
/* The entry's text, unpacked, with a NUL behind. Errors: INVALID (an id that holds other bytes than letters, digits,
 * '_' and '-'), IO (no such entry; the message says where it was looked for), INPUT (damaged, or longer than
 * PLEAT_MMCIF_MAX_BYTES), NOMEM. Freed by free(). */
PLEAT_CHECKED pleat_status pleat_mmcif_source_read(const pleat_mmcif_source *source, const char *id, char **out_text,
                                                   size_t *out_n, pleat_error *err);
/* Reads and parses; errors of both. */
PLEAT_CHECKED pleat_status pleat_mmcif_source_entry(const pleat_mmcif_source *source, const char *id,
                                                    pleat_mmcif_entry *out_entry, pleat_error *err);

/* Length of the id in the name of a file of mmCIF ("1abc" of "ab/1ABC.cif.gz", whose id begins at *out_begin); 0 when it
 * is none. *out_is_packed: .gz. */
size_t pleat_mmcif_id_of(const char *name, size_t *out_begin, bool *out_is_packed);

#endif
