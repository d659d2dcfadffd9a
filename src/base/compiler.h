/* The few things that C17 cannot say.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_COMPILER_H
#define PLEAT_BASE_COMPILER_H

/* Tells the core that this is a spin loop: saves power and leaves the pipeline to the sibling hardware thread. */
static inline void pleat_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
