/* Rates of the kernels and of whole operations at the model's shapes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_KERN_BENCH_H
#define PLEAT_TESTS_KERN_BENCH_H

/* Prints one line per kernel and instruction set, then one per operation whose name contains filter. Returns 0. */
int kern_bench(const char *filter);

#endif
