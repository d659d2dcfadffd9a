/* Kernels for NEON with BF16: products of bf16 blocks and conversions in one instruction.
 * SPDX-License-Identifier: Apache-2.0
 */
#define KERN_INIT pleat_cpu_kernels_neonbf16
#include "backend/cpu/kern/kern_neon.inc"
