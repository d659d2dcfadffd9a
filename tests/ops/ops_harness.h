/* Runs one operation on one backend through the whole contract: a graph and a plan of a single launch, parameters
 * through a weight reader, operands as strided views of an arena full of guards.
 *
 *   ops_case c;
 *   ops_case_init(&c, PLEAT_OP_LINEAR, "ik,kn,n->in", "An Mn Pn", "k17n33", (pleat_attr){0}, seed);
 *   ops_case_draw(&c);                                  random values, according to the second letters
 *   status = ops_case_run(&c, &pleat_backend_ref, out, &err);   out: ops_elements(&c.out) numbers
 *   ops_case_fini(&c);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_OPS_HARNESS_H
#define PLEAT_TESTS_OPS_HARNESS_H

#include "backend/backend.h"
#include "base/rng.h"

/* How an operand lies in memory. */
typedef enum ops_layout {
  OPS_DENSE,
  OPS_PADDED,  /* a view into a larger array: strides exceed sizes, the first element is not aligned */
  OPS_PERMUTED /* padded, and the axes are stored in reverse order (elementwise operands) */
} ops_layout;

/* Where an operand lives: the first letter of its description. */
enum { OPS_ABSENT = '-', OPS_ARENA = 'A', OPS_PLAIN = 'P', OPS_MATRIX = 'M' };

typedef struct ops_operand {
  char letters[PLEAT_MAX_RANK + 1];
  char place;   /* OPS_ABSENT, ... */
  char content; /* what ops_case_draw puts in: see ops_harness.c */
  uint8_t dtype;
  uint8_t layout;
  int rank;
  int64_t size[PLEAT_MAX_RANK];
  double *values; /* row-major by letters; exactly representable in dtype after ops_case_draw */
} ops_operand;

typedef struct ops_case {
  pleat_op op;
  pleat_attr attr;
  int n_in;
  ops_operand out, in[PLEAT_MAX_IN];
  int alias;       /* input whose memory the result takes (in place), -1 = none */
  bool is_stacked; /* parameters are block 1 of 3, and the result steps through the arena */
  uint64_t seed;
  int n_threads; /* options of the backend; 0 = all */
  const char *opt_cpu_mask;
} ops_case;

/* spec: "ik,kn->in", letters of inputs and result. places: per input a place and a content letter; "-" for an absent
 * operand (its spelling in spec is empty). sizes: "k17n33"; letters that are not listed get a random size from 1 to 20.
 * Stops the test program on a spec that makes no sense or when memory is exhausted. */
void ops_case_init(ops_case *c, pleat_op op, const char *spec, const char *places, const char *sizes, pleat_attr attr,
                   uint64_t seed);
void ops_case_draw(ops_case *c);
void ops_case_fini(ops_case *c);
int64_t ops_elements(const ops_operand *x);

/* Runs the operation and copies the result. Errors: those of the backend; UNSUPPORTED when it refuses the operation
 * (`ref` refuses fused ones but runs them); MISMATCH when a byte outside the result changed. */
pleat_status ops_case_run(const ops_case *c, const pleat_backend_vtbl *vtbl, double *out, pleat_error *err);

/* |got - want| / |want| over all finite elements (absolute when want is zero). Infinite when the elements that are NaN
 * or infinite are not the same. */
double ops_error(const double *got, const double *want, int64_t n);

#endif
