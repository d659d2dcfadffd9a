/* Shapes that every backend is tried on: at least one per operation, in the spellings that models use and some odd
 * ones. One row is run with several sizes, layouts and storage types.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_OPS_CASES_H
#define PLEAT_TESTS_OPS_CASES_H

#include "backend/backend.h"

enum {
  OPS_BF16 = 1,     /* operands may be bf16 */
  OPS_ANY_ORDER = 2 /* the last axis of an operand need not have stride 1 */
};

typedef struct ops_shape {
  pleat_op op;
  const char *spec, *places, *sizes; /* see ops_case_init */
  pleat_attr attr;
  int flags;
  int alias; /* input that the result may overwrite, -1 = none */
} ops_shape;

extern const ops_shape ops_shapes[];
extern const size_t ops_n_shapes;

#endif
