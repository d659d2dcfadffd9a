/* Bump allocator: many small objects with one lifetime.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_ARENA_H
#define PLEAT_BASE_ARENA_H

#include <stddef.h>

typedef struct pleat_arena_block pleat_arena_block;
/* Zero-initialise before use. */
typedef struct pleat_arena {
  pleat_arena_block *head;
  size_t used_bytes;
} pleat_arena;

/* Zeroed memory aligned to 16 bytes; NULL when memory is exhausted. Lives until pleat_arena_fini. */
void *pleat_arena_alloc(pleat_arena *arena, size_t n_bytes);
/* NUL-terminated copy of n bytes / of a string; NULL when memory is exhausted. */
char *pleat_arena_strndup(pleat_arena *arena, const char *text, size_t n);
char *pleat_arena_strdup(pleat_arena *arena, const char *text);
void pleat_arena_fini(pleat_arena *arena);

#endif
