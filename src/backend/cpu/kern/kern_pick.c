/* Choice of kernels: what the processor has, limited by a mask that makes every instruction set testable on one machine.
 *
 * A new instruction set is one row of `levels`, a file kern_NAME.c, and where needed a new word of feature bits.
 * Source: Intel SDM volume 2, CPUID, and volume 1, 13.3 (XCR0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/kern/kern.h"
#include "base/os.h"

#define BIT(n) (UINT32_C(1) << (n))

/* What a processor says of itself and the system allows, in words; and the bits of each that are asked for below. Not
 * __builtin_cpu_supports: compilers differ in the names they know. */
#if defined(__x86_64__)
#include <cpuid.h>

enum { CPUID_1_ECX, CPUID_7_EBX, CPUID_7_EDX, CPUID_7_1_EAX, XCR0, ALLOWED, N_WORDS };
#define FMA        BIT(12) /* CPUID_1_ECX */
#define OSXSAVE    BIT(27)
#define AVX2       BIT(5) /* CPUID_7_EBX */
#define AVX512F    BIT(16)
#define AVX512DQ   BIT(17)
#define AVX512BW   BIT(30)
#define AVX512VL   BIT(31)
#define AVX512BF16 BIT(5)              /* CPUID_7_1_EAX */
#define AMX        (BIT(22) | BIT(24)) /* CPUID_7_EDX: BF16, TILE */
#define TILES      (BIT(17) | BIT(18)) /* XCR0 */
#define YMM        (BIT(1) | BIT(2))   /* XCR0: registers that the operating system saves; without, instructions trap */
#define ZMM        (YMM | BIT(5) | BIT(6) | BIT(7))

static void read_words(uint32_t words[N_WORDS]) {
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) words[CPUID_1_ECX] = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) words[CPUID_7_EBX] = b, words[CPUID_7_EDX] = d;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) words[CPUID_7_1_EAX] = a;
  if (words[CPUID_1_ECX] & OSXSAVE) __asm__("xgetbv" : "=a"(words[XCR0]), "=d"(d) : "c"(0));
  if ((words[CPUID_7_EDX] & AMX) == AMX && (words[XCR0] & TILES) == TILES) words[ALLOWED] = pleat_os_allow_amx();
}
#elif defined(__aarch64__)
enum { ARM, N_WORDS };

static void read_words(uint32_t words[N_WORDS]) { words[ARM] = pleat_os_arm_features(); }
#else
enum { N_WORDS = 1 };

static void read_words(uint32_t words[N_WORDS]) { (void)words; }
#endif

typedef struct level {
  const char *name;
  uint32_t needs[N_WORDS];
  void (*fill)(pleat_cpu_kernels *out); /* overwrites the entries of the levels before */
} level;

/* Lowest first. A processor that has one has those before it. */
static const level levels[] = {
    {"generic", {0}, pleat_cpu_kernels_generic},
#if defined(__x86_64__)
    {"avx2", {[CPUID_1_ECX] = FMA, [CPUID_7_EBX] = AVX2, [XCR0] = YMM}, pleat_cpu_kernels_avx2},
    {"avx512", {[CPUID_7_EBX] = AVX512F | AVX512DQ | AVX512BW | AVX512VL, [XCR0] = ZMM}, pleat_cpu_kernels_avx512},
    {"avx512bf16", {[CPUID_7_1_EAX] = AVX512BF16}, pleat_cpu_kernels_avx512bf16},
    {"amx", {[CPUID_7_EDX] = AMX, [ALLOWED] = 1}, pleat_cpu_kernels_amx},
#elif defined(__aarch64__)
    {"neon", {[ARM] = PLEAT_OS_ARM_ASIMD}, pleat_cpu_kernels_neon},
    {"neonbf16", {[ARM] = PLEAT_OS_ARM_BF16}, pleat_cpu_kernels_neonbf16},
#endif
};
enum { N_LEVELS = sizeof levels / sizeof *levels };

const char *pleat_cpu_level_name(int i) { return i < N_LEVELS ? levels[i].name : NULL; }

int pleat_cpu_level_highest(void) {
  uint32_t has[N_WORDS] = {0};
  read_words(has);
  int highest = 0;
  for (int i = 1; i < N_LEVELS; i++, highest++)
    for (int w = 0; w < N_WORDS; w++)
      if (levels[i].needs[w] & ~has[w]) return highest;
  return highest;
}

bool pleat_cpu_kernels_pick(const char *opt_mask, pleat_cpu_kernels *out) {
  int last = pleat_cpu_level_highest();
  if (opt_mask && opt_mask[0]) {
    int allowed = 0;
    while (allowed < N_LEVELS && strcmp(opt_mask, levels[allowed].name) != 0) allowed++;
    if (allowed == N_LEVELS) return false;
    if (allowed < last) last = allowed;
  }
  for (int i = 0; i <= last; i++) levels[i].fill(out);
  out->name = levels[last].name;
  return true;
}
