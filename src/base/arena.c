/* Bump allocator: blocks that double in size, freed together.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20 };

struct pleat_arena_block {
  pleat_arena_block *next;
  size_t n_used;
  size_t capacity;
  _Alignas(16) unsigned char data[];
};

/* Blocks come from calloc, and memory is never handed out twice, so everything is zero. */
static pleat_arena_block *add_block(pleat_arena *arena, size_t n_needed) {
  size_t capacity = arena->head ? arena->head->capacity : BLOCK_MIN / 2;
  capacity = capacity < BLOCK_MAX / 2 ? capacity * 2 : BLOCK_MAX;
  if (capacity < n_needed) capacity = n_needed;
  pleat_arena_block *block = calloc(1, sizeof *block + capacity);
  if (!block) return NULL;
  block->capacity = capacity;
  block->next = arena->head;
  arena->head = block;
  return block;
}

void *pleat_arena_alloc(pleat_arena *arena, size_t n_bytes) {
  if (n_bytes > SIZE_MAX / 2) return NULL;
  size_t n_rounded = n_bytes ? (n_bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
  pleat_arena_block *block = arena->head;
  if (!block || block->capacity - block->n_used < n_rounded) block = add_block(arena, n_rounded);
  if (!block) return NULL;
  void *bytes = block->data + block->n_used;
  block->n_used += n_rounded;
  arena->used_bytes += n_rounded;
  return bytes;
}

char *pleat_arena_strndup(pleat_arena *arena, const char *text, size_t n) {
  if (n == SIZE_MAX) return NULL;
  char *copy = pleat_arena_alloc(arena, n + 1);
  if (copy && n) memcpy(copy, text, n);
  return copy;
}

char *pleat_arena_strdup(pleat_arena *arena, const char *text) {
  return pleat_arena_strndup(arena, text, strlen(text));
}

void pleat_arena_fini(pleat_arena *arena) {
  while (arena->head) {
    pleat_arena_block *next = arena->head->next;
    free(arena->head);
    arena->head = next;
  }
  arena->used_bytes = 0;
}
