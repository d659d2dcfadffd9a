/* Square root and quotient as an NVIDIA GPU computes them for XLA: PTX sqrt.approx.f32 and div.full.f32.
 * The published code ran there, and torsion angles of templates with missing atoms are nothing but the rounding of these
 * two operations (doc/numerics.md, Template geometry). Bit-exact in the ranges given.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_GPU_FLOAT_H
#define PLEAT_GPU_FLOAT_H

/* x a positive normal number, infinity or NaN; within 1 ulp of the root. */
float pleat_gpu_sqrt(float x);
/* 1 / x for |x| in (2^-126, 2^126), infinity or NaN; within 1 ulp. A quotient a / x is the product of a and this. */
float pleat_gpu_reciprocal(float x);

#endif
