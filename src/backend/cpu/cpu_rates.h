/* What this machine does per second, for estimates.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_RATES_H
#define PLEAT_CPU_RATES_H

#include <stddef.h>

#include "backend/cpu/cpu_priv.h"

typedef struct pleat_cpu_rates {
  double flops_per_s;      /* float32 matrix products in cache, all threads */
  double bytes_per_s;      /* copies between arrays larger than a core's caches: read plus written */
  double bf16_flops_per_s; /* products of bf16 values, 0 without instructions for them */
} pleat_cpu_rates;

/* Takes some milliseconds; without memory for it the rates are nominal. */
pleat_cpu_rates pleat_cpu_measure(const pleat_cpu_kernels *kern, pleat_threads *pool);

/* Name of the processor, "" never. */
void pleat_cpu_brand(char *dst, size_t n);

#endif
