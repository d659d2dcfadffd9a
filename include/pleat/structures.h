/* Collections of experimental structures (mmCIF), from which templates are taken.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_STRUCTURES_H
#define PLEAT_STRUCTURES_H

#include <stdbool.h>

#include "pleat/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pleat_structures_packed {
  uint64_t n_entries;
  uint64_t n_bytes;  /* of their files */
  uint64_t n_others; /* files that are no entries, or entries that were there already */
} pleat_structures_packed;

/* Everything may be zero. */
typedef struct pleat_structures_pack_options {
  /* Before every entry is packed; false stops, and no archive is left. */
  bool (*opt_on_entry)(void *arg, const char *name, const pleat_structures_packed *so_far);
  void *arg;
} pleat_structures_pack_options;

/* Packs a folder of entries, ID.cif and ID.cif.gz, also in folders within it as the wwPDB divides its copies, into one
 * archive in which an entry is found by its id without reading the others. It is a zip: other programs read it too. The
 * archive appears when it is complete. Errors: IO, INPUT (no entries, or a file that is not what its name says), NOMEM,
 * CANCELLED. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_structures_pack(const char *folder, const char *archive,
                                                           const pleat_structures_pack_options *opt_options,
                                                           pleat_structures_packed *opt_out_packed, pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
