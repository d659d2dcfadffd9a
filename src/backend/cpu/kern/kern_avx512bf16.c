/* Kernels for AVX-512 with BF16: products of bf16 pairs and conversions in one instruction.
 * SPDX-License-Identifier: Apache-2.0
 */
#define KERN_INIT pleat_cpu_kernels_avx512bf16
#include "backend/cpu/kern/kern_avx512.inc"
