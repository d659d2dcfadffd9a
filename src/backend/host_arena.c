/* Bindings of an arena in host memory; see host_arena.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/host_arena.h"

#include <string.h>

#include "base/fail.h"

static pleat_status binding_bytes(const pleat_plan *plan, const pleat_operand *x, size_t *out_n, pleat_error *err) {
  uint64_t n = pleat_dtype_size((pleat_dtype)x->dtype);
  for (int d = 0; d < x->rank; d++) n *= (uint64_t)x->size[d];
  if (x->space != PLEAT_SPACE_ARENA || x->offset < 0 || (uint64_t)x->offset + n > plan->arena_bytes)
    PLEAT_FAIL(err, PLEAT_INVALID, "a binding at %lld with %llu bytes is not in the arena of %llu bytes",
               (long long)x->offset, (unsigned long long)n, (unsigned long long)plan->arena_bytes);
  *out_n = (size_t)n;
  return PLEAT_OK;
}

pleat_status pleat_host_arena_write(const pleat_plan *plan, uint8_t *arena, const pleat_operand *dst,
                                    const void *opt_src, pleat_error *err) {
  size_t n;
  PLEAT_TRY(binding_bytes(plan, dst, &n, err));
  if (opt_src)
    memcpy(arena + dst->offset, opt_src, n);
  else
    memset(arena + dst->offset, 0, n);
  return PLEAT_OK;
}

pleat_status pleat_host_arena_read(const pleat_plan *plan, const uint8_t *arena, const pleat_operand *src, void *dst,
                                   pleat_error *err) {
  size_t n;
  PLEAT_TRY(binding_bytes(plan, src, &n, err));
  memcpy(dst, arena + src->offset, n);
  return PLEAT_OK;
}
