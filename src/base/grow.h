/* Growable arrays of plain structs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_GROW_H
#define PLEAT_BASE_GROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes room for item number n of the malloc'd array whose pointer variable stands at `items`; the capacity doubles.
 * false when memory is exhausted: the array is as it was. */
bool pleat_grow(void *items, uint32_t n, uint32_t *capacity, size_t item_size);

#endif
