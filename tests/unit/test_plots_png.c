/* Plots as PNG: signature, size, ink, and nothing left behind by a failure. Skipped in a build without cairo, after
 * checking what that says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "folder.h"
#include "plot_job.h"

static char folder[256];

static uint32_t load32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | p[2] << 8 | p[3]; }

/* An empty page of this size packs to a hundredth of what a drawn one does, so bytes stand for ink. */
static void check_png(pleat_plot_kind kind, const pleat_plot_query *query, uint32_t width, uint32_t height) {
  char path[512];
  pleat_error err;
  size_t n = 0;
  snprintf(path, sizeof path, "%s/x.png", folder);
  if (!CHECK_OK(pleat_plot_write(kind, path, query, &err), &err)) return;
  uint8_t *png = (uint8_t *)plot_job_read(path, &n);
  if (CHECK(n > 20000)) {
    CHECK(memcmp(png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) == 0);
    CHECK(memcmp(png + n - 8, "IEND", 4) == 0);
    CHECK_INT(load32(png + 16), width);
    CHECK_INT(load32(png + 20), height);
  }
  free(png);
  unlink(path);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  pleat_arrays *prediction = plot_job_prediction(5, true);
  const pleat_plot_result results[] = {{"model_1_multimer_v3", 0, prediction}, {"model_2_multimer_v3", 0, prediction}};
  const pleat_plot_query query = {.target = &plot_job_target, .results = results, .n_results = 2};
  char path[512];
  pleat_error err = {0};
  if (pleat_plot_has_png()) {
    check_png(PLEAT_PLOT_COVERAGE, &query, 2 * 920, 2 * 480);
    check_png(PLEAT_PLOT_PLDDT, &query, 2 * 960, 2 * 420);
    check_png(PLEAT_PLOT_PAE, &query, 2 * (72 + 2 * 320 + 30 + 34 + 16 + 66), 2 * (56 + 62 + 320 + 50 + 18));
    snprintf(path, sizeof path, "%s/none/x.png", folder);
    CHECK_INT(pleat_plot_write(PLEAT_PLOT_PLDDT, path, &query, &err), PLEAT_IO);
  } else {
    snprintf(path, sizeof path, "%s/x.png", folder);
    CHECK_INT(pleat_plot_write(PLEAT_PLOT_PLDDT, path, &query, &err), PLEAT_UNSUPPORTED);
    CHECK(strstr(err.message, "built without cairo"));
  }
  pleat_arrays_destroy(prediction);
  CHECK_INT(rmdir(folder), 0);
  int code = check_report();
  return code || pleat_plot_has_png() ? code : check_skip("this pleat was built without cairo");
}
