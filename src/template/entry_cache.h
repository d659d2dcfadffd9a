/* Entries for template hits, read where they are needed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_ENTRY_CACHE_H
#define PLEAT_TEMPLATE_ENTRY_CACHE_H

#include "io/mmcif_source.h"

/* Zero-initialise, then set the source; released with pleat_entry_cache_fini. */
typedef struct pleat_entry_cache {
  const pleat_mmcif_source *source; /* borrowed */
  pleat_mmcif_entry entry; /* the last one read: hits often name several chains of an entry one after the other */
  char *id;
} pleat_entry_cache;
void pleat_entry_cache_fini(pleat_entry_cache *cache);

/* A pleat_entry_load_fn; `cache` is a pleat_entry_cache. Errors: those of pleat_mmcif_source_entry. */
PLEAT_CHECKED pleat_status pleat_entry_cache_load(void *cache, const char *id, const pleat_mmcif_entry **out_entry,
                                                  pleat_error *err);

#endif
