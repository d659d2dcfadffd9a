/* Hash map from string to u32.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_MAP_H
#define PLEAT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pleat_map_slot pleat_map_slot;
/* Zero-initialise before use. Keys are borrowed: they must outlive the map. Keys may hold any bytes (n_key given). */
typedef struct pleat_map {
  pleat_map_slot *slots;
  size_t n_slots; /* power of two */
  size_t n_used;
} pleat_map;

#define PLEAT_MAP_NONE UINT32_MAX

/* false when memory is exhausted. An existing key keeps its value; *opt_out_existing receives that value, or
 * PLEAT_MAP_NONE when the key is new. */
bool pleat_map_insert(pleat_map *map, const char *key, size_t n_key, uint32_t value, uint32_t *opt_out_existing);
uint32_t pleat_map_find(const pleat_map *map, const char *key, size_t n_key); /* PLEAT_MAP_NONE when absent */
void pleat_map_clear(pleat_map *map);                                         /* keeps the memory */
void pleat_map_fini(pleat_map *map);
uint64_t pleat_hash64(const void *bytes, size_t n); /* FNV-1a, 64 bits */

#endif
