/* Which launches run as one: linear layers that start from the same normalised rows, as the queries, keys, values, gates
 * and bias of an attention do. Their rows are then loaded and normalised once, while they are in cache.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_priv.h"

/* Bytes of the arena that an operand may touch in the first iteration. */
typedef struct range {
  int64_t first, last;
} range;

static range range_of(const pleat_operand *x) {
  if (x->space != PLEAT_SPACE_ARENA) return (range){0, 0};
  int64_t n = 1;
  for (int d = 0; d < x->rank; d++) n += (x->size[d] - 1) * x->stride[d];
  return (range){x->offset, x->offset + n * (int64_t)pleat_dtype_size((pleat_dtype)x->dtype)};
}

static bool overlaps(const pleat_operand *x, const pleat_operand *y) {
  range a = range_of(x), b = range_of(y);
  return a.first < b.last && b.first < a.last;
}

static bool has_step(const pleat_launch *launch) {
  bool has = launch->out.step != 0;
  for (int k = 0; k < launch->node->n_in; k++)
    has |= launch->in[k].space == PLEAT_SPACE_ARENA && launch->in[k].step != 0;
  return has;
}

/* Does b read or write what a writes, or write what a reads? */
static bool depends(const pleat_launch *b, const pleat_launch *a) {
  if (overlaps(&b->out, &a->out)) return true;
  for (int k = 0; k < b->node->n_in; k++)
    if (overlaps(&b->in[k], &a->out)) return true;
  for (int k = 0; k < a->node->n_in; k++)
    if (overlaps(&b->out, &a->in[k])) return true;
  return false;
}

static bool is_same_operand(const pleat_operand *a, const pleat_operand *b) {
  if (a->space != b->space || a->dtype != b->dtype || a->rank != b->rank || a->offset != b->offset ||
      a->step != b->step || (a->space == PLEAT_SPACE_WEIGHT && a->weight != b->weight))
    return false;
  size_t n = a->rank * sizeof *a->size;
  return !memcmp(a->size, b->size, n) && !memcmp(a->stride, b->stride, n);
}

/* The letters of an operand that x has, as positions in x. */
static int positions(const pleat_node *node, const char *letters, char *dst) {
  int n = 0;
  for (; *letters; letters++) {
    const char *at = strchr(node->letters[1 + PLEAT_FL_X], *letters);
    if (at) dst[n++] = (char)(at - node->letters[1 + PLEAT_FL_X]);
  }
  return n;
}

/* Rows and sums run over the axes of x in the same order. */
static bool is_same_order(const pleat_node *a, const pleat_node *b) {
  char rows_a[PLEAT_MAX_RANK], rows_b[PLEAT_MAX_RANK], k_a[PLEAT_MAX_RANK], k_b[PLEAT_MAX_RANK];
  int n_rows = positions(a, a->letters[0], rows_a), n_k = positions(a, a->letters[1 + PLEAT_FL_W], k_a);
  return n_rows == positions(b, b->letters[0], rows_b) && n_k == positions(b, b->letters[1 + PLEAT_FL_W], k_b) &&
         !memcmp(rows_a, rows_b, (size_t)n_rows) && !memcmp(k_a, k_b, (size_t)n_k);
}

/* One type of rows serves the layer and its gate. */
static bool has_one_type(const pleat_launch *launch, uint8_t dtype) {
  const pleat_operand *W = &launch->in[PLEAT_FL_W], *gate = &launch->in[PLEAT_FL_GATE_W];
  return W->dtype == dtype && pleat_cpu_is_packable(launch, PLEAT_FL_W) &&
         (gate->space == PLEAT_SPACE_NONE || (gate->dtype == dtype && pleat_cpu_is_packable(launch, PLEAT_FL_GATE_W)));
}

static bool joins(const pleat_launch *first, const pleat_launch *next) {
  return next->node->op == PLEAT_OP_FUSED_LINEAR && next->node->attr.a == first->node->attr.a &&
         is_same_operand(&first->in[PLEAT_FL_X], &next->in[PLEAT_FL_X]) &&
         is_same_operand(&first->in[PLEAT_FL_LN_SCALE], &next->in[PLEAT_FL_LN_SCALE]) &&
         is_same_operand(&first->in[PLEAT_FL_LN_OFFSET], &next->in[PLEAT_FL_LN_OFFSET]) &&
         is_same_order(first->node, next->node) && has_one_type(next, first->in[PLEAT_FL_W].dtype) && !has_step(next);
}

int pleat_cpu_group(const pleat_launch *launches, uint32_t n) {
  int count = 1;
  if (launches[0].node->op != PLEAT_OP_FUSED_LINEAR || has_step(&launches[0]) ||
      !has_one_type(&launches[0], launches[0].in[PLEAT_FL_W].dtype))
    return count;
  for (; count < PLEAT_CPU_MAX_GROUP && (uint32_t)count < n; count++) {
    const pleat_launch *next = &launches[count];
    if (!joins(&launches[0], next)) break;
    bool is_free = true;
    for (int i = 0; i < count; i++) is_free &= !depends(next, &launches[i]);
    if (!is_free) break;
  }
  return count;
}
