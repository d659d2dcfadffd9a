/* Row blocks: what LINEAR, FUSED_LINEAR, TRANSITION and OUTER_PRODUCT share. Rows are loaded as float32 and normalised,
 * results leave through an epilogue that knows every operand's strides.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_ROWS_H
#define PLEAT_CPU_ROWS_H

#include "backend/cpu/cpu_priv.h"

/* Source of row blocks: rows of K elements, optionally normalised. */
typedef struct pleat_cpu_source {
  const pleat_cpu_tensor *x;
  pleat_cpu_axes rows, k;
  pleat_cpu_line k_line;
  const float *ln_scale, *ln_offset; /* NULL: not normalised */
  float eps;
} pleat_cpu_source;

/* A block of loaded rows: element (r, k) is a[r * a_rs + k], or a_bf16[...] where a is NULL. */
typedef struct pleat_cpu_block {
  const float *a;
  const uint16_t *a_bf16; /* an odd K is followed by a zero */
  int64_t a_rs;
} pleat_cpu_block;

/* Whole cache lines in bf16, and no power of two. */
static inline int64_t pleat_cpu_source_ld(int64_t K) { return pleat_cpu_round(K, 32) + 32; }
/* Room for a block, as float32, or as bf16 when `bf16` is not NULL. Rows lie pleat_cpu_source_ld apart. */
typedef struct pleat_cpu_block_scratch {
  int64_t *at;
  float *f32;
  uint16_t *bf16;
} pleat_cpu_block_scratch;
void pleat_cpu_block_scratch_take(pleat_cpu_bump *bump, int64_t rows, int64_t K, bool is_bf16,
                                  pleat_cpu_block_scratch *scratch);
/* Rows [first, first + n). Without normalisation, rows of the wanted type at a common distance are used where they lie
 * unless must_copy. */
pleat_cpu_block pleat_cpu_source_load(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t first,
                                      int64_t n, bool must_copy, const pleat_cpu_block_scratch *scratch);
/* The same for n rows whose offsets stand in scratch->at. */
pleat_cpu_block pleat_cpu_source_load_at(const pleat_cpu_kernels *kern, const pleat_cpu_source *source, int64_t n,
                                         bool must_copy, const pleat_cpu_block_scratch *scratch);

/* Starts to bring part `part` of `n_parts` of rows [first, first + n), and of no more than the source has, into the cache
 * while others are computed; nothing where rows are few, or not in one piece. `at`: as of a block's scratch. */
void pleat_cpu_source_prefetch(const pleat_cpu_source *source, int64_t first, int64_t n, int64_t part, int64_t n_parts,
                               int64_t *at);
/* c[n, width of the panel] (+)= block times rows [k0, k0 + K) of a panel of W, whose type is the block's; k0 is even. */
typedef struct pleat_cpu_product {
  const pleat_cpu_block *block;
  int64_t n;
  const pleat_cpu_packed *W;
  int64_t panel, k0, K;
  float *c;
  int64_t ldc;
  bool is_adding;
} pleat_cpu_product;
void pleat_cpu_multiply(const pleat_cpu_kernels *kern, const pleat_cpu_product *product);
/* Products of the same block, then the epilogue, as gemm_epilogue in kern.h: e->y is product->c, e->gate opt_gate->c. */
void pleat_cpu_multiply_epilogue(const pleat_cpu_kernels *kern, const pleat_cpu_product *product,
                                 const pleat_cpu_product *opt_gate, const pleat_cpu_epilogue *e);

/* Operands of the epilogue; all are optional but out. */
enum {
  PLEAT_CPU_SINK_OUT,
  PLEAT_CPU_SINK_MUL,
  PLEAT_CPU_SINK_MASK,
  PLEAT_CPU_SINK_DIV,
  PLEAT_CPU_SINK_RESIDUAL,
  PLEAT_CPU_SINK_N
};

typedef struct pleat_cpu_sink {
  const pleat_cpu_tensor *x[PLEAT_CPU_SINK_N];
  pleat_cpu_axes rows, n;
  pleat_cpu_line line[PLEAT_CPU_SINK_N];
  pleat_cpu_walk walk[PLEAT_CPU_SINK_N]; /* over rows */
  const float *bias, *gate_bias;         /* padded by a panel */
  uint8_t act;
} pleat_cpu_sink;

/* Per thread: row offsets of every operand, and room for a copy of its tile. */
typedef struct pleat_cpu_sink_scratch {
  int64_t *at[PLEAT_CPU_SINK_N], *copy_at;
  float *copy[PLEAT_CPU_SINK_N];
} pleat_cpu_sink_scratch;

/* Rows [first, first + n) of the block that was sought, columns [col, col + width) of the result; row distance
 * PLEAT_CPU_MAX_NR. y is overwritten. */
typedef struct pleat_cpu_tile {
  int64_t first, n, col, width;
  float *y, *opt_gate;
  const float *opt_row_mul;
} pleat_cpu_tile;

void pleat_cpu_sink_init(pleat_cpu_sink *sink, pleat_cpu_bump *bump); /* x (NULL: absent), rows and n are set */
void pleat_cpu_sink_scratch_take(pleat_cpu_bump *bump, pleat_cpu_sink_scratch *scratch);
/* Finds the operands of rows [first, first + n), n <= PLEAT_CPU_ROWS. sink is the calling thread's own copy. */
void pleat_cpu_sink_seek(pleat_cpu_sink *sink, pleat_cpu_sink_scratch *scratch, int64_t first, int64_t n);
/* Where products of the block that was sought may go without an epilogue: the place of its first row when nothing is
 * added or multiplied and the rows are contiguous float32 at one distance, *out_ld; otherwise NULL. Column col is at
 * line[OUT].at[col]. */
float *pleat_cpu_sink_direct(const pleat_cpu_sink *sink, const pleat_cpu_sink_scratch *scratch, int64_t n,
                             int64_t *out_ld);
/* Finishes a tile and stores it. */
void pleat_cpu_sink_store(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                          const pleat_cpu_sink_scratch *scratch, const pleat_cpu_tile *tile);

/* The same with a tile that is a product, whose c is y, and a gate that is the product with the same panel of opt_gate_W:
 * what kernels can finish in registers never reaches the tile. */
void pleat_cpu_sink_multiply(const pleat_cpu_kernels *kern, const pleat_cpu_sink *sink,
                             const pleat_cpu_sink_scratch *scratch, const pleat_cpu_product *product,
                             const pleat_cpu_packed *opt_gate_W, const pleat_cpu_tile *tile);

/* Rows per block: a multiple of the kernel's register tile, small enough that every thread gets some. */
int64_t pleat_cpu_row_block(const pleat_cpu_call *call, int64_t M, bool is_bf16);

#endif
