/* The text of a small network at every stage is committed: what a pass does to it is read as a diff.
 *
 * After a wanted change, run with PLEAT_UPDATE_GOLDEN=1 and look at the diff of tests/data/graph/small.txt.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/backend.h"
#include "base/buf.h"
#include "base/os.h"
#include "plan/build_plan.h"
#include "test_graph_small.h"

static const char path[] = "tests/data/graph/small.txt";

static void on_stage(void *ctx, const char *stage, const pleat_graph *graph) {
  pleat_buf *text = ctx;
  pleat_buf_printf(text, "==== %s\n", stage);
  pleat_graph_dump(graph, text);
}

static bool supports_all(void *ctx, const pleat_graph *graph, const pleat_node *node) {
  (void)ctx;
  return pleat_backend_cpu.supports(NULL, graph, node);
}

static void write_all(pleat_buf *text) {
  small_values v;
  pleat_graph *graph = small_graph(6, &v);
  if (!graph) return;
  pleat_plan_options options = {.supports = supports_all,
                                .storage = PLEAT_BF16,
                                .num_recycle = 3,
                                .num_ensemble = 1,
                                .n_slices = 2,
                                .flops_per_s = 1e11,
                                .bytes_per_s = 1e10,
                                .seconds_per_launch = 2e-6,
                                .opt_on_stage = on_stage,
                                .on_stage_ctx = text};
  pleat_plan *plan = NULL;
  pleat_error err;
  if (!CHECK_OK(pleat_plan_build(graph, &options, &plan, &err), &err)) return;
  pleat_buf_puts(text, "==== memory\n");
  pleat_plan_dump_memory(plan, text);
  pleat_buf_puts(text, "==== plan\n");
  pleat_plan_dump(plan, text);
  pleat_plan_destroy(plan);
}

/* Points at the first line that differs: a check of the whole text would bury it. */
static void compare_lines(const char *got, const char *want) {
  for (int line = 1; *got || *want; line++) {
    size_t n_got = strcspn(got, "\n"), n_want = strcspn(want, "\n");
    if (!CHECK(n_got == n_want && !memcmp(got, want, n_got))) {
      fprintf(stderr, "  %s:%d\n  is       %.*s\n  expected %.*s\n", path, line, (int)n_got, got, (int)n_want, want);
      return;
    }
    got += n_got + (got[n_got] == '\n');
    want += n_want + (want[n_want] == '\n');
  }
}

int main(void) {
  pleat_buf text = {0};
  write_all(&text);
  pleat_error err;
  if (!CHECK(text.data && !text.is_failed)) return check_report();
  if (getenv("PLEAT_UPDATE_GOLDEN")) CHECK_OK(pleat_file_write(path, text.data, strlen(text.data), &err), &err);
  char *want = NULL;
  size_t n = 0;
  if (CHECK_OK(pleat_file_read(path, 1 << 20, &want, &n, &err), &err)) compare_lines(text.data, want);
  free(want);
  pleat_buf_fini(&text);
  return check_report();
}
