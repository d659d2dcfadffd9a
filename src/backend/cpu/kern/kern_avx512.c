/* Kernels for AVX-512.
 * SPDX-License-Identifier: Apache-2.0
 */
#define KERN_INIT pleat_cpu_kernels_avx512
#include "backend/cpu/kern/kern_avx512.inc"
