/* Scratch memory, carved into pieces; under the address sanitizer a red zone lies behind each, so that a kernel that runs
 * over its scratch is caught.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_priv.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_RED_ZONES
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_RED_ZONES
#endif

#if defined(HAS_RED_ZONES)
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = PLEAT_CPU_ALIGN };
#else
enum { RED_ZONE = 0 };
#endif

void *pleat_cpu_take(pleat_cpu_bump *bump, int64_t n, size_t item_bytes) {
  size_t start = bump->used, n_bytes = (size_t)n * item_bytes;
  bump->used += (n_bytes + RED_ZONE + PLEAT_CPU_ALIGN - 1) / PLEAT_CPU_ALIGN * PLEAT_CPU_ALIGN;
#if defined(HAS_RED_ZONES)
  if (bump->base) {
    ASAN_UNPOISON_MEMORY_REGION(bump->base + start, n_bytes);
    ASAN_POISON_MEMORY_REGION(bump->base + start + n_bytes, bump->used - start - n_bytes);
  }
#endif
  return bump->base ? bump->base + start : NULL;
}

void pleat_cpu_scratch_clear(void *scratch, size_t n_bytes) {
#if defined(HAS_RED_ZONES)
  ASAN_UNPOISON_MEMORY_REGION(scratch, n_bytes);
#else
  (void)scratch, (void)n_bytes;
#endif
}
