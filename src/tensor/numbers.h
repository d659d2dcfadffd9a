/* Elements of numeric arrays as one type, and shapes as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_NUMBERS_H
#define PLEAT_TENSOR_NUMBERS_H

#include "pleat/arrays.h"

/* n elements of a numeric array from `first` on. i32 from a float: towards zero; what does not fit becomes the nearest
 * i32, NaN becomes 0. */
void pleat_array_read_f32(const pleat_array *array, int64_t first, int64_t n, float *dst);
void pleat_array_read_i32(const pleat_array *array, int64_t first, int64_t n, int32_t *dst);

/* "[4, 12, 37]" for messages; a negative size is written "*". Returns buf; PLEAT_SHAPE_TEXT bytes hold any shape. */
enum { PLEAT_SHAPE_TEXT = 160 };
const char *pleat_shape_text(int rank, const int64_t *shape, char *buf, size_t n_buf);

#endif
