/* Bin edges as the published code computes them.
 * Source: jnp.linspace in float32: start * (1 - t) + stop * t, and the end exactly.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_LINSPACE_H
#define PLEAT_TENSOR_LINSPACE_H

#include <stdint.h>

/* Value i of n from first to last. One operation a statement: a compiler may fuse multiply and add within an
 * expression, and a distance next to an edge would fall into another bin. */
static inline float pleat_linspace(float first, float last, int64_t n, int64_t i) {
  if (i >= n - 1) return last;
  float t = (float)i / (float)(n - 1);
  float low = first * (1.0f - t);
  float high = last * t;
  return low + high;
}

#endif
