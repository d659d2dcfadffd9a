/* Kernels for NEON.
 * SPDX-License-Identifier: Apache-2.0
 */
#define KERN_INIT pleat_cpu_kernels_neon
#include "backend/cpu/kern/kern_neon.inc"
