/* What a backend is: a few functions that execute plans. All shape logic ends in the plan.
 *
 * Life: open -> model_create (parameters of one weight file, packed once, shared) -> program_create (one plan, one
 * arena) -> write inputs, run launches, read outputs -> program_destroy -> model_destroy -> close. A program is used
 * by one thread at a time; a model may serve several programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BACKEND_H
#define PLEAT_BACKEND_H

#include "plan/plan.h"

typedef struct pleat_backend_options {
  int n_threads;            /* <= 0: all usable cores */
  const char *opt_cpu_mask; /* highest instruction set allowed, e.g. "avx2"; NULL: $PLEAT_CPU_MASK, or no limit */
} pleat_backend_options;

typedef struct pleat_backend_caps {
  const char *device;     /* e.g. "AMD EPYC, avx512, 2 threads" */
  const char *opt_levels; /* instruction sets of this machine that opt_cpu_mask may name; NULL: it has no meaning */
  double flops_per_s;     /* measured or nominal f32 rate, for estimates */
  double bytes_per_s;
  double bf16_flops_per_s; /* of products of bf16 values; 0: they run at the f32 rate */
} pleat_backend_caps;

/* Where parameters come from; the engine wraps the weight file. Thread-safe. */
typedef struct pleat_weight_reader {
  void *ctx;
  pleat_status (*read)(void *ctx, const char *name, int64_t first, int64_t n, float *dst, pleat_error *err);
} pleat_weight_reader;

/* Every function of the table is required, except where it says so. Functions that fail set err. */
typedef struct pleat_backend_vtbl {
  const char *name; /* "ref", "cpu", "null", ... */
  pleat_status (*open)(const pleat_backend_options *options, void **out_be, pleat_error *err);
  void (*close)(void *be);
  void (*caps)(void *be, pleat_backend_caps *out_caps); /* measures once, if at all */
  /* (optional) The same with rates measured now; takes some milliseconds. */
  void (*measure)(void *be, pleat_backend_caps *out_caps);
  /* Does the backend have a kernel for this node? A fused node that it refuses stays unfused. */
  bool (*supports)(void *be, const pleat_graph *graph, const pleat_node *node);
  /* Bytes of scratch memory (all threads together) that a launch needs besides the arena. */
  uint64_t (*scratch_bytes)(void *be, const pleat_launch *launch);

  pleat_status (*model_create)(void *be, const pleat_weight_reader *reader, void **out_model, pleat_error *err);
  void (*model_destroy)(void *be, void *model);
  uint64_t (*model_bytes)(void *be, void *model); /* held for packed parameters */

  /* Packs missing parameters, takes the arena (zeroed). The plan must outlive the program. Errors: NOMEM, WEIGHTS. */
  pleat_status (*program_create)(void *be, void *model, const pleat_plan *plan, void **out_program, pleat_error *err);
  void (*program_destroy)(void *be, void *program);
  /* Copies between a binding's (contiguous) operand and host memory of the same dtype; src NULL clears it. */
  pleat_status (*write)(void *be, void *program, const pleat_operand *dst, const void *src, pleat_error *err);
  pleat_status (*read)(void *be, void *program, const pleat_operand *src, void *dst, pleat_error *err);
  /* Runs launches [first, last) as iteration `iteration` of their segment. */
  pleat_status (*run)(void *be, void *program, uint32_t first, uint32_t last, int64_t iteration, pleat_error *err);
} pleat_backend_vtbl;

extern const pleat_backend_vtbl pleat_backend_ref;  /* scalar, float64 accumulation: the oracle */
extern const pleat_backend_vtbl pleat_backend_cpu;  /* SIMD kernels, all cores */
extern const pleat_backend_vtbl pleat_backend_null; /* plans and sizes only; run does nothing */

#endif
