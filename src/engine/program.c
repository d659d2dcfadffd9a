/* Running a plan on a backend: inputs in, stages, outputs out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "engine/engine_priv.h"
#include "tensor/half.h"

static int64_t elements(const pleat_operand *operand) {
  int64_t n = 1;
  for (int d = 0; d < operand->rank; d++) n *= operand->size[d];
  return n;
}

pleat_status pleat_write_inputs(const pleat_backend_vtbl *backend, void *be, void *program, const pleat_plan *plan,
                                const pleat_arrays *arrays, bool are_static, pleat_error *err) {
  for (uint32_t i = 0; i < plan->n_bindings; i++) {
    const pleat_binding *binding = &plan->bindings[i];
    if (binding->kind != PLEAT_BIND_INPUT || !elements(&binding->operand)) continue;
    if ((binding->input_class == PLEAT_INPUT_STATIC) != are_static) continue;
    const pleat_array *array = pleat_arrays_find(arrays, binding->name);
    if (!array || pleat_array_elements(array) != elements(&binding->operand) ||
        array->dtype != (pleat_dtype)binding->operand.dtype)
      PLEAT_FAIL(err, PLEAT_SHAPE, "array \"%s\" is missing or has another shape than the session was made for",
                 binding->name);
    PLEAT_TRY(backend->write(be, program, &binding->operand, array->data, err));
  }
  return PLEAT_OK;
}

static pleat_status run_timed(const pleat_backend_vtbl *backend, void *be, void *program, const pleat_segment *segment,
                              int64_t iteration, pleat_launch_times *times, pleat_error *err) {
  double start = pleat_os_time_ms();
  const uint8_t *label = times->opt_label;
  for (uint32_t i = segment->first, next; i < segment->last; i = next) {
    for (next = i + 1; label && next < segment->last && label[next] == label[i];) next++;
    PLEAT_TRY(backend->run(be, program, i, next, iteration, err));
    double end = pleat_os_time_ms();
    times->ms[i] += end - start;
    for (uint32_t k = i; k < next; k++) times->n_runs[k]++;
    start = end;
  }
  return PLEAT_OK;
}

pleat_status pleat_run_stage(const pleat_backend_vtbl *backend, void *be, void *program, const pleat_plan *plan,
                             pleat_stage stage, const pleat_run_watch *watch, pleat_error *err) {
  for (uint32_t s = 0; s < plan->n_segments; s++) {
    const pleat_segment *segment = &plan->segments[s];
    if (segment->stage != stage) continue;
    for (int64_t k = 0; k < segment->count; k++) {
      if (watch->opt_poll && !watch->opt_poll(watch->poll_ctx)) PLEAT_FAIL(err, PLEAT_CANCELLED, "cancelled");
      if (watch->opt_times)
        PLEAT_TRY(run_timed(backend, be, program, segment, k, watch->opt_times, err));
      else
        PLEAT_TRY(backend->run(be, program, segment->first, segment->last, k, err));
    }
  }
  return PLEAT_OK;
}

pleat_status pleat_read_output(const pleat_backend_vtbl *backend, void *be, void *program, const pleat_binding *binding,
                               const char *name, pleat_arrays *out, pleat_error *err) {
  const pleat_operand *operand = &binding->operand;
  void *data;
  PLEAT_TRY(pleat_arrays_add(out, name, PLEAT_F32, operand->rank, operand->size, NULL, &data, err));
  if (operand->dtype == PLEAT_F32) return backend->read(be, program, operand, data, err);
  int64_t n = elements(operand);
  uint16_t *raw = malloc((size_t)n * sizeof *raw + 1);
  if (!raw) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to read %s", name);
  pleat_status status = backend->read(be, program, operand, raw, err);
  for (int64_t i = 0; i < n && !status; i++) ((float *)data)[i] = pleat_f32_from_bf16(raw[i]);
  free(raw);
  return status;
}

pleat_status pleat_read_row(const pleat_backend_vtbl *backend, void *be, void *program, const pleat_binding *binding,
                            int64_t row, float *dst, pleat_error *err) {
  pleat_operand operand = binding->operand;
  if (operand.dtype != PLEAT_F32) PLEAT_FAIL(err, PLEAT_INTERNAL, "output %s is not stored as f32", binding->name);
  operand.offset += row * operand.stride[0] * (int64_t)sizeof(float);
  operand.size[0] = 1;
  return backend->read(be, program, &operand, dst, err);
}
