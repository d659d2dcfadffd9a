/* Elements of numeric arrays as one type; see numbers.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

bool pleat_array_is_numeric(const pleat_array *array) {
  switch (array->dtype) {
    case PLEAT_F32:
    case PLEAT_F64:
    case PLEAT_I32:
    case PLEAT_I64:
    case PLEAT_U8: return true;
    default: return false;
  }
}

double pleat_array_number(const pleat_array *array, int64_t i) {
  switch (array->dtype) {
    case PLEAT_F32: return (double)((const float *)array->data)[i];
    case PLEAT_F64: return ((const double *)array->data)[i];
    case PLEAT_I32: return ((const int32_t *)array->data)[i];
    case PLEAT_I64: return (double)((const int64_t *)array->data)[i];
    case PLEAT_U8: return ((const uint8_t *)array->data)[i];
    default: return NAN;
  }
}

void pleat_array_read_f32(const pleat_array *array, int64_t first, int64_t n, float *dst) {
  PLEAT_ASSERT(pleat_array_is_numeric(array));
  if (array->dtype == PLEAT_F32) {
    memcpy(dst, (const float *)array->data + first, (size_t)n * sizeof *dst);
  } else {
    for (int64_t i = 0; i < n; i++) dst[i] = (float)pleat_array_number(array, first + i);
  }
}

void pleat_array_read_i32(const pleat_array *array, int64_t first, int64_t n, int32_t *dst) {
  PLEAT_ASSERT(pleat_array_is_numeric(array));
  if (array->dtype == PLEAT_I32) {
    memcpy(dst, (const int32_t *)array->data + first, (size_t)n * sizeof *dst);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    double x = pleat_array_number(array, first + i);
    dst[i] = x >= INT32_MAX ? INT32_MAX : x <= INT32_MIN ? INT32_MIN : isnan(x) ? 0 : (int32_t)x;
  }
}

const char *pleat_shape_text(int rank, const int64_t *shape, char *buf, size_t n_buf) {
  size_t n = (size_t)snprintf(buf, n_buf, "[");
  for (int d = 0; d < rank && n < n_buf; d++) {
    const char *comma = d ? ", " : "";
    n += (size_t)(shape[d] < 0 ? snprintf(buf + n, n_buf - n, "%s*", comma)
                               : snprintf(buf + n, n_buf - n, "%s%lld", comma, (long long)shape[d]));
  }
  if (n < n_buf) snprintf(buf + n, n_buf - n, "]");
  return buf;
}
