/* Growable arrays; see grow.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

bool pleat_grow(void *items, uint32_t n, uint32_t *capacity, size_t item_size) {
  if (n < *capacity) return true;
  if (*capacity > UINT32_MAX / 2) return false;
  uint32_t new_capacity = *capacity ? *capacity * 2 : FIRST_CAPACITY;
  void *grown = NULL;
  memcpy(&grown, items, sizeof grown); /* a T ** must not be read as a void ** */
  grown = realloc(grown, (size_t)new_capacity * item_size);
  if (!grown) return false;
  memcpy(items, &grown, sizeof grown);
  *capacity = new_capacity;
  return true;
}
