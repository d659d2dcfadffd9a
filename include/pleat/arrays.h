/* Named n-dimensional arrays: the currency of features, predictions and .npz files.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_ARRAYS_H
#define PLEAT_ARRAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Element types. BYTES is a fixed-width byte string (numpy S<n>), its width in pleat_array.item_size. */
#define PLEAT_DTYPE_MAP(X) \
  X(F32, "f32", 4)         \
  X(BF16, "bf16", 2)       \
  X(F16, "f16", 2)         \
  X(I32, "i32", 4)         \
  X(U8, "u8", 1)           \
  X(F64, "f64", 8)         \
  X(I64, "i64", 8)         \
  X(BYTES, "bytes", 0)

typedef enum pleat_dtype {
#define X(name, text, size) PLEAT_##name,
  PLEAT_DTYPE_MAP(X) PLEAT_N_DTYPES
} pleat_dtype;
#undef X

enum { PLEAT_MAX_RANK = 6 };

/* A C-contiguous array. `data` belongs to the set that holds the array. rank 0 is a scalar with one element. */
typedef struct pleat_array {
  const char *name;
  pleat_dtype dtype;
  int rank;
  size_t item_size; /* bytes per element */
  int64_t shape[PLEAT_MAX_RANK];
  void *data;
} pleat_array;

/* An ordered set of arrays with unique names. */
typedef struct pleat_arrays pleat_arrays;

PLEAT_API PLEAT_CHECKED pleat_status pleat_arrays_create(pleat_arrays **out_set, pleat_error *err);
PLEAT_API void pleat_arrays_destroy(pleat_arrays *set); /* NULL is allowed */

/* Adds an array (copying `opt_data`, or zero-filled when NULL); an existing array of that name is replaced.
 * *opt_out_data receives the writable storage, which lives until the array is replaced or removed or the set is
 * destroyed. Errors: NOMEM, INVALID (rank, negative size, overflow). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_arrays_add(pleat_arrays *set, const char *name, pleat_dtype dtype, int rank,
                                                      const int64_t *shape, const void *opt_data, void **opt_out_data,
                                                      pleat_error *err);
/* The same for byte strings of `item_size` bytes each. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_arrays_add_bytes(pleat_arrays *set, const char *name, size_t item_size,
                                                            int rank, const int64_t *shape, const void *opt_data,
                                                            void **opt_out_data, pleat_error *err);
PLEAT_API void pleat_arrays_remove(pleat_arrays *set, const char *name); /* no effect when absent */

PLEAT_API size_t pleat_arrays_count(const pleat_arrays *set);
/* Borrowed; valid until the set changes. get: i < count. find: NULL when absent. */
PLEAT_API const pleat_array *pleat_arrays_get(const pleat_arrays *set, size_t i);
PLEAT_API const pleat_array *pleat_arrays_find(const pleat_arrays *set, const char *name);

PLEAT_API int64_t pleat_array_elements(const pleat_array *array);
PLEAT_API bool pleat_array_is_numeric(const pleat_array *array); /* F32, F64, I32, I64 or U8 */
/* Element i of a numeric array; NAN for other types. */
PLEAT_API double pleat_array_number(const pleat_array *array, int64_t i);
PLEAT_API size_t pleat_dtype_size(pleat_dtype dtype);      /* bytes; 0 for BYTES */
PLEAT_API const char *pleat_dtype_text(pleat_dtype dtype); /* "f32", ... */

/* Reads every member of a .npz file (stored or deflated .npy members; bool is read as u8, Fortran order, pickles,
 * unicode and structured types are refused). A member name loses its ".npy". Errors: IO, INPUT, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_arrays_read_npz(const char *path, pleat_arrays **out_set, pleat_error *err);
/* Writes the set as a .npz with stored members; atomic: `path` holds the old or the complete new file. BF16 and F16
 * are written as f4. Errors: IO. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_arrays_write_npz(const char *path, const pleat_arrays *set,
                                                            pleat_error *err);
/* One array as a .npy file, by the same rules. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_array_write_npy(const char *path, const pleat_array *array,
                                                           pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
