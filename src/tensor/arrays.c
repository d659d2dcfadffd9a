/* Named arrays: an ordered set with a name index.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pleat/arrays.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/map.h"

struct pleat_arrays {
  pleat_array *items; /* name and data of each are malloc'd */
  size_t n;
  size_t capacity;
  pleat_map index; /* name -> position; keys are the items' names */
};

size_t pleat_dtype_size(pleat_dtype dtype) {
  static const size_t sizes[] = {
#define X(name, text, size) size,
      PLEAT_DTYPE_MAP(X)
#undef X
  };
  return (unsigned)dtype < PLEAT_N_DTYPES ? sizes[dtype] : 0;
}

const char *pleat_dtype_text(pleat_dtype dtype) {
  static const char *const texts[] = {
#define X(name, text, size) text,
      PLEAT_DTYPE_MAP(X)
#undef X
  };
  return (unsigned)dtype < PLEAT_N_DTYPES ? texts[dtype] : "unknown";
}

int64_t pleat_array_elements(const pleat_array *array) {
  int64_t n = 1;
  for (int i = 0; i < array->rank; i++) n *= array->shape[i];
  return n;
}

pleat_status pleat_arrays_create(pleat_arrays **out_set, pleat_error *err) {
  *out_set = calloc(1, sizeof **out_set);
  if (!*out_set) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a set of arrays");
  return PLEAT_OK;
}

void pleat_arrays_destroy(pleat_arrays *set) {
  if (!set) return;
  for (size_t i = 0; i < set->n; i++) {
    free(set->items[i].data);
    free((char *)(uintptr_t)set->items[i].name);
  }
  free(set->items);
  pleat_map_fini(&set->index);
  free(set);
}

/* Fills everything of *out_array but name and data; the product of an empty shape is 0 even beside a huge axis. */
static pleat_status describe(const char *name, pleat_dtype dtype, size_t item_size, int rank, const int64_t *shape,
                             pleat_array *out_array, size_t *out_bytes, pleat_error *err) {
  if (rank < 0 || rank > PLEAT_MAX_RANK) {
    PLEAT_FAIL(err, PLEAT_INVALID, "array '%s': rank %d, expected 0 to %d", name, rank, PLEAT_MAX_RANK);
  }
  *out_array = (pleat_array){.dtype = dtype, .rank = rank, .item_size = item_size};
  size_t n_bytes = item_size;
  bool is_empty = n_bytes == 0;
  for (int i = 0; i < rank; i++) {
    if (shape[i] < 0) {
      PLEAT_FAIL(err, PLEAT_INVALID, "array '%s': axis %d has the negative size %lld", name, i, (long long)shape[i]);
    }
    is_empty = is_empty || shape[i] == 0;
    out_array->shape[i] = shape[i];
  }
  for (int i = 0; i < rank && !is_empty; i++) {
    if ((uint64_t)shape[i] > PTRDIFF_MAX / n_bytes) {
      PLEAT_FAIL(err, PLEAT_INVALID, "array '%s' is larger than the address space", name);
    }
    n_bytes *= (size_t)shape[i];
  }
  *out_bytes = is_empty ? 0 : n_bytes;
  return PLEAT_OK;
}

static pleat_array *find(const pleat_arrays *set, const char *name) {
  uint32_t i = pleat_map_find(&set->index, name, strlen(name));
  return i == PLEAT_MAP_NONE ? NULL : &set->items[i];
}

/* Appends an item under a copy of the name; NULL when memory is exhausted. */
static pleat_array *append(pleat_arrays *set, const char *name) {
  if (set->n >= UINT32_MAX - 1) return NULL;
  if (set->n == set->capacity) {
    size_t capacity = set->capacity ? set->capacity * 2 : 16;
    pleat_array *items = realloc(set->items, capacity * sizeof *items);
    if (!items) return NULL;
    set->items = items;
    set->capacity = capacity;
  }
  size_t n_name = strlen(name);
  char *copy = malloc(n_name + 1);
  if (!copy) return NULL;
  memcpy(copy, name, n_name + 1);
  if (!pleat_map_insert(&set->index, copy, n_name, (uint32_t)set->n, NULL)) {
    free(copy);
    return NULL;
  }
  pleat_array *item = &set->items[set->n++];
  *item = (pleat_array){.name = copy};
  return item;
}

static pleat_status add(pleat_arrays *set, const char *name, pleat_dtype dtype, size_t item_size, int rank,
                        const int64_t *shape, const void *opt_data, void **opt_out_data, pleat_error *err) {
  pleat_array array;
  size_t n_bytes = 0;
  PLEAT_TRY(describe(name, dtype, item_size, rank, shape, &array, &n_bytes, err));
  array.data = calloc(n_bytes ? n_bytes : 1, 1);
  if (!array.data) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for array '%s' (%zu bytes)", name, n_bytes);
  if (opt_data && n_bytes) memcpy(array.data, opt_data, n_bytes);
  pleat_array *item = find(set, name);
  if (!item) item = append(set, name);
  if (!item) {
    free(array.data);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to add array '%s'", name);
  }
  free(item->data);
  array.name = item->name;
  *item = array;
  if (opt_out_data) *opt_out_data = array.data;
  return PLEAT_OK;
}

pleat_status pleat_arrays_add(pleat_arrays *set, const char *name, pleat_dtype dtype, int rank, const int64_t *shape,
                              const void *opt_data, void **opt_out_data, pleat_error *err) {
  size_t item_size = pleat_dtype_size(dtype);
  if (!item_size) {
    PLEAT_FAIL(err, PLEAT_INVALID, "array '%s': dtype %s has no size of its own", name, pleat_dtype_text(dtype));
  }
  return add(set, name, dtype, item_size, rank, shape, opt_data, opt_out_data, err);
}

pleat_status pleat_arrays_add_bytes(pleat_arrays *set, const char *name, size_t item_size, int rank,
                                    const int64_t *shape, const void *opt_data, void **opt_out_data, pleat_error *err) {
  if (item_size > PTRDIFF_MAX) PLEAT_FAIL(err, PLEAT_INVALID, "array '%s': items of %zu bytes", name, item_size);
  return add(set, name, PLEAT_BYTES, item_size, rank, shape, opt_data, opt_out_data, err);
}

/* The positions behind the removed item change, so the index is written anew. Its slots suffice: no insert can fail. */
void pleat_arrays_remove(pleat_arrays *set, const char *name) {
  pleat_array *item = find(set, name);
  if (!item) return;
  size_t i = (size_t)(item - set->items);
  free(item->data);
  free((char *)(uintptr_t)item->name);
  memmove(item, item + 1, (set->n - i - 1) * sizeof *item);
  set->n--;
  pleat_map_clear(&set->index);
  for (size_t k = 0; k < set->n; k++) {
    const char *key = set->items[k].name;
    bool is_ok = pleat_map_insert(&set->index, key, strlen(key), (uint32_t)k, NULL);
    PLEAT_ASSERT(is_ok);
    (void)is_ok;
  }
}

size_t pleat_arrays_count(const pleat_arrays *set) { return set->n; }

const pleat_array *pleat_arrays_get(const pleat_arrays *set, size_t i) {
  PLEAT_ASSERT(i < set->n);
  return &set->items[i];
}

const pleat_array *pleat_arrays_find(const pleat_arrays *set, const char *name) { return find(set, name); }
