/* Exact skipping: named axes shrink to the rows that masks leave.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fail.h"
#include "graph/pass/pass.h"

pleat_status pleat_pass_skip(pleat_graph *graph, const pleat_axis_size *sizes, int n_sizes, pleat_error *err) {
  for (int i = 0; i < n_sizes; i++) {
    pleat_axis axis = pleat_graph_find_axis(graph, sizes[i].name);
    if (axis == 0xFFFF) continue;
    if (sizes[i].size < 0 || sizes[i].size > graph->axes[axis].size)
      PLEAT_FAIL(err, PLEAT_INTERNAL, "skip: axis %s cannot shrink from %lld to %lld", sizes[i].name,
                 (long long)graph->axes[axis].size, (long long)sizes[i].size);
    graph->axes[axis].size = sizes[i].size;
  }
  return pleat_graph_infer_all(graph, err);
}
