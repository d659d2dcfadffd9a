/* Choice of kernels: what the processor has, limited by a mask that makes every instruction set testable on one machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/kern/kern.h"

enum { LEVEL_GENERIC, LEVEL_AVX2, LEVEL_AVX512, LEVEL_AVX512BF16 };

static int machine_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return __builtin_cpu_supports("avx512bf16") ? LEVEL_AVX512BF16 : LEVEL_AVX512;
  if (has_avx2) return LEVEL_AVX2;
#endif
  return LEVEL_GENERIC;
}

bool pleat_cpu_kernels_pick(const char *opt_mask, pleat_cpu_kernels *out) {
  int allowed = LEVEL_AVX512BF16;
  if (opt_mask && opt_mask[0]) {
    static const char *const names[] = {"generic", "avx2", "avx512", "avx512bf16"};
    for (allowed = LEVEL_AVX512BF16; allowed >= 0 && strcmp(opt_mask, names[allowed]) != 0;) allowed--;
    if (allowed < 0) return false;
  }
  int level = machine_level();
  if (level > allowed) level = allowed;
  pleat_cpu_kernels_generic(out);
#if defined(__x86_64__)
  if (level >= LEVEL_AVX2) pleat_cpu_kernels_avx2(out);
  if (level >= LEVEL_AVX512) pleat_cpu_kernels_avx512(out);
  if (level >= LEVEL_AVX512BF16) pleat_cpu_kernels_avx512bf16(out);
#endif
  return true;
}
