/* What this machine does per second, for estimates.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_RATES_H
#define PLEAT_CPU_RATES_H

#include <stddef.h>

#include "backend/cpu/cpu_priv.h"

typedef struct pleat_cpu_rates {
  double flops_per_s;      /* float32 multiply-adds in registers, all threads */
  double bytes_per_s;      /* copies: read plus written */
  double bf16_flops_per_s; /* products of bf16 values in registers, 0 when they are no faster */
} pleat_cpu_rates;

/* Takes some milliseconds; without memory for it the rates are nominal. Arrays of copy_elements floats are copied: they
 * say the speed of the cache that they fit into, or of the memory. */
pleat_cpu_rates pleat_cpu_measure(const pleat_cpu_kernels *kern, pleat_threads *pool, int64_t copy_elements);

/* Name of the processor, "" never. */
void pleat_cpu_brand(char *dst, size_t n);

#endif
