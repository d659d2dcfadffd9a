/* The null backend: plans and sizes only. It claims every operation, takes no memory and runs nothing, so that passes,
 * peaks and estimates of any size can be looked at on any machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/backend.h"

/* A handle that is not NULL and holds nothing. */
static const char nothing;
static void *const handle = (void *)&nothing;

static pleat_status null_open(const pleat_backend_options *options, void **out_be, pleat_error *err) {
  (void)options, (void)err;
  *out_be = handle;
  return PLEAT_OK;
}

static void null_close(void *be) { (void)be; }

/* Nominal rates of a small laptop: 2 cores x 8 lanes x 2 x 3 GHz, one channel of DDR4-3200. */
static void null_caps(void *be, pleat_backend_caps *out_caps) {
  (void)be;
  *out_caps = (pleat_backend_caps){.device = "none: plans only", .flops_per_s = 96e9, .bytes_per_s = 25e9};
}

static bool null_supports(void *be, const pleat_graph *graph, const pleat_node *node) {
  (void)be, (void)graph, (void)node;
  return true;
}

static uint64_t null_scratch_bytes(void *be, const pleat_launch *launch) {
  (void)be, (void)launch;
  return 0;
}

static pleat_status null_model_create(void *be, const pleat_weight_reader *reader, void **out_model, pleat_error *err) {
  (void)be, (void)reader, (void)err;
  *out_model = handle;
  return PLEAT_OK;
}

static void null_model_destroy(void *be, void *model) { (void)be, (void)model; }

static uint64_t null_model_bytes(void *be, void *model) {
  (void)be, (void)model;
  return 0;
}

static pleat_status null_program_create(void *be, void *model, const pleat_plan *plan, void **out_program,
                                        pleat_error *err) {
  (void)be, (void)model, (void)plan, (void)err;
  *out_program = handle;
  return PLEAT_OK;
}

static void null_program_destroy(void *be, void *program) { (void)be, (void)program; }

static pleat_status null_write(void *be, void *program, const pleat_operand *dst, const void *src, pleat_error *err) {
  (void)be, (void)program, (void)dst, (void)src, (void)err;
  return PLEAT_OK;
}

/* Zeros: a caller never sees memory that nobody wrote. */
static pleat_status null_read(void *be, void *program, const pleat_operand *src, void *dst, pleat_error *err) {
  (void)be, (void)program, (void)err;
  size_t n = pleat_dtype_size((pleat_dtype)src->dtype);
  for (int d = 0; d < src->rank; d++) n *= (size_t)src->size[d];
  memset(dst, 0, n);
  return PLEAT_OK;
}

static pleat_status null_run(void *be, void *program, uint32_t first, uint32_t last, int64_t iteration,
                             pleat_error *err) {
  (void)be, (void)program, (void)first, (void)last, (void)iteration, (void)err;
  return PLEAT_OK;
}

const pleat_backend_vtbl pleat_backend_null = {
    .name = "null",
    .open = null_open,
    .close = null_close,
    .caps = null_caps,
    .supports = null_supports,
    .scratch_bytes = null_scratch_bytes,
    .model_create = null_model_create,
    .model_destroy = null_model_destroy,
    .model_bytes = null_model_bytes,
    .program_create = null_program_create,
    .program_destroy = null_program_destroy,
    .write = null_write,
    .read = null_read,
    .run = null_run,
};
