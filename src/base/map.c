/* Hash map from string to u32: open addressing with linear probing, at most half full.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16 };

struct pleat_map_slot {
  const char *key; /* NULL: free */
  size_t n_key;
  uint64_t hash;
  uint32_t value;
};

uint64_t pleat_hash64(const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* FNV-1a leaves short keys that differ in their last byte close together in the low bits; fold the high ones in. */
static size_t first_slot(uint64_t hash, size_t n_slots) { return (size_t)(hash ^ (hash >> 29)) & (n_slots - 1); }

/* The slot that holds the key, or the free one where it belongs. */
static pleat_map_slot *probe(pleat_map_slot *slots, size_t n_slots, const char *key, size_t n_key, uint64_t hash) {
  size_t i = first_slot(hash, n_slots);
  while (slots[i].key) {
    if (slots[i].hash == hash && slots[i].n_key == n_key && memcmp(slots[i].key, key, n_key) == 0) break;
    i = (i + 1) & (n_slots - 1);
  }
  return &slots[i];
}

static bool grow(pleat_map *map) {
  size_t n_slots = map->n_slots ? map->n_slots * 2 : SLOTS_MIN;
  if (n_slots < map->n_slots) return false;
  pleat_map_slot *slots = calloc(n_slots, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < map->n_slots; i++) {
    const pleat_map_slot *old = &map->slots[i];
    if (old->key) *probe(slots, n_slots, old->key, old->n_key, old->hash) = *old;
  }
  free(map->slots);
  map->slots = slots;
  map->n_slots = n_slots;
  return true;
}

bool pleat_map_insert(pleat_map *map, const char *key, size_t n_key, uint32_t value, uint32_t *opt_out_existing) {
  if (map->n_used >= map->n_slots / 2 && !grow(map)) return false;
  uint64_t hash = pleat_hash64(key, n_key);
  pleat_map_slot *slot = probe(map->slots, map->n_slots, key, n_key, hash);
  if (opt_out_existing) *opt_out_existing = slot->key ? slot->value : PLEAT_MAP_NONE;
  if (!slot->key) {
    *slot = (pleat_map_slot){key, n_key, hash, value};
    map->n_used++;
  }
  return true;
}

uint32_t pleat_map_find(const pleat_map *map, const char *key, size_t n_key) {
  if (!map->n_slots) return PLEAT_MAP_NONE;
  const pleat_map_slot *slot = probe(map->slots, map->n_slots, key, n_key, pleat_hash64(key, n_key));
  return slot->key ? slot->value : PLEAT_MAP_NONE;
}

void pleat_map_clear(pleat_map *map) {
  if (map->n_slots) memset(map->slots, 0, map->n_slots * sizeof *map->slots);
  map->n_used = 0;
}

void pleat_map_fini(pleat_map *map) {
  free(map->slots);
  *map = (pleat_map){0};
}
