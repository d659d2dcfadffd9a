/* The last entry that was read; see entry_cache.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/entry_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"

static void forget(pleat_entry_cache *cache) {
  if (cache->id) pleat_mmcif_entry_fini(&cache->entry);
  free(cache->id);
  cache->id = NULL;
}

void pleat_entry_cache_fini(pleat_entry_cache *cache) {
  forget(cache);
  *cache = (pleat_entry_cache){0};
}

pleat_status pleat_entry_cache_load(void *arg, const char *id, const pleat_mmcif_entry **out_entry, pleat_error *err) {
  pleat_entry_cache *cache = arg;
  *out_entry = &cache->entry;
  if (cache->id && strcmp(cache->id, id) == 0) return PLEAT_OK;
  forget(cache);
  char *copy = pleat_copy(id, strlen(id));
  if (!copy) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for entry %s", id);
  pleat_status status = pleat_mmcif_source_entry(cache->source, id, &cache->entry, err);
  if (status) {
    free(copy);
    return status;
  }
  cache->id = copy;
  return PLEAT_OK;
}
