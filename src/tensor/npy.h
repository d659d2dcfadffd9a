/* The .npy header: element type and shape of one array.
 * Source: numpy/lib/format.py (format versions 1.0 to 3.0).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_NPY_H
#define PLEAT_TENSOR_NPY_H

#include "base/buf.h"
#include "pleat/arrays.h"

enum {
  PLEAT_NPY_MAX_HEADER = 4096, /* numpy's own headers for plain types have 128 bytes */
};

typedef struct pleat_npy {
  char kind; /* 'f' float, 'i' signed, 'u' unsigned, 'b' bool, 'S' byte string */
  size_t item_size;
  int rank;
  int64_t shape[PLEAT_MAX_RANK];
  int64_t n_elements;
  size_t n_header; /* bytes before the first element */
} pleat_npy;

/* Who is speaking in the messages. */
typedef struct pleat_npy_source {
  pleat_status bad_status; /* INPUT or WEIGHTS */
  const char *path;
  const char *name; /* of the array or member */
} pleat_npy_source;

/* `head` holds the first n_head bytes of an array file of n_total bytes; n_head >= min(n_total,
 * PLEAT_NPY_MAX_HEADER). Accepts little-endian f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8, b1 and S<n>; refuses anything else,
 * Fortran order of two or more axes, more than PLEAT_MAX_RANK axes, and a length that differs from what the shape
 * says. Errors: bad_status. */
PLEAT_CHECKED pleat_status pleat_npy_parse(const uint8_t *head, size_t n_head, uint64_t n_total,
                                           const pleat_npy_source *source, pleat_npy *out_npy, pleat_error *err);

/* Appends a version 1.0 header. descr: numpy's name of the type, "<f4". */
void pleat_npy_write_header(pleat_buf *buf, const char *descr, int rank, const int64_t *shape);

#endif
