/* Bindings of backends whose arena lies in host memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_HOST_ARENA_H
#define PLEAT_HOST_ARENA_H

#include "plan/plan.h"

/* What pleat_backend_vtbl.write and .read do, for an arena of plan->arena_bytes. Errors: INVALID (not in the arena). */
PLEAT_CHECKED pleat_status pleat_host_arena_write(const pleat_plan *plan, uint8_t *arena, const pleat_operand *dst,
                                                  const void *opt_src, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_host_arena_read(const pleat_plan *plan, const uint8_t *arena, const pleat_operand *src,
                                                 void *dst, pleat_error *err);

#endif
