/* Plans as text: offsets of values, and the table of launches.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "plan/build_plan.h"

void pleat_plan_dump_memory(const pleat_plan *plan, pleat_buf *out) {
  const pleat_graph *graph = plan->graph;
  for (uint32_t v = 0; v < graph->n_values; v++) {
    if (plan->offsets[v] < 0) continue;
    pleat_buf_printf(out, "%%%-6u %14lld %14llu  ", v, (long long)plan->offsets[v],
                     (unsigned long long)pleat_graph_bytes(graph, v));
    const pleat_value_info *info = &graph->values[v];
    pleat_buf_printf(out, "%s[", pleat_dtype_text((pleat_dtype)info->dtype));
    for (int d = 0; d < info->rank; d++) pleat_buf_printf(out, "%s%s", d ? ", " : "", graph->axes[info->axis[d]].name);
    pleat_buf_printf(out, "] %s\n", info->name);
  }
  pleat_buf_printf(out, "arena %llu bytes\n", (unsigned long long)plan->arena_bytes);
}

static void dump_shape(const pleat_operand *operand, pleat_buf *out) {
  char text[80];
  size_t n = 0;
  for (int d = 0; d < operand->rank && n < sizeof text; d++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", d ? "x" : "", (long long)operand->size[d]);
  text[n < sizeof text ? n : sizeof text - 1] = 0;
  pleat_buf_printf(out, " %-22s", text);
}

void pleat_plan_dump(const pleat_plan *plan, pleat_buf *out) {
  pleat_buf_puts(out,
                 "launch operation        result                 slice        MFLOP           MB    est ms  scope\n");
  for (uint32_t s = 0; s < plan->n_segments; s++) {
    const pleat_segment *segment = &plan->segments[s];
    pleat_buf_printf(out, "segment %s%s%s x%lld\n", pleat_stage_names[segment->stage], segment->name[0] ? " " : "",
                     segment->name, (long long)segment->count);
    for (uint32_t i = segment->first; i < segment->last; i++) {
      const pleat_launch *launch = &plan->launches[i];
      pleat_buf_printf(out, "%6u %-16s", i, pleat_ops[launch->node->op].text);
      dump_shape(&launch->out, out);
      pleat_buf_printf(out, " %5u %12.3f %12.3f %9.4f  %s\n", launch->slice, launch->flops * 1e-6, launch->bytes * 1e-6,
                       (double)launch->est_ms, launch->node->scope);
    }
  }
  pleat_buf_printf(out,
                   "total %.4g GFLOP, %.4g GB, %.0f launches, %.4g ms predicted\n"
                   "peak %.1f MB activations + %.1f MB scratch + %.1f MB weights\n",
                   plan->flops * 1e-9, plan->bytes * 1e-9, plan->n_runs, plan->est_ms, (double)plan->arena_bytes * 1e-6,
                   (double)plan->scratch_bytes * 1e-6, (double)plan->weight_bytes * 1e-6);
}
