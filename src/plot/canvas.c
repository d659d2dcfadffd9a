/* Kinds of pages, their file, and the first failure.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plot/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plot/canvas_priv.h"

static bool has_suffix(const char *path, const char *suffix) {
  size_t n_path = strlen(path), n_suffix = strlen(suffix);
  return n_path > n_suffix && strcmp(path + n_path - n_suffix, suffix) == 0;
}

bool pleat_canvas_has_png(void) { return pleat_canvas_png != NULL; }

pleat_status pleat_canvas_open(const char *path, double width, double height, const char *title,
                               pleat_canvas **out_canvas, pleat_error *err) {
  *out_canvas = NULL;
  const pleat_canvas_kind *kind = &pleat_canvas_svg;
  if (has_suffix(path, ".png")) {
    kind = pleat_canvas_png;
    if (!kind)
      PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
                 "'%s': this pleat was built without cairo, which draws PNG: take .svg, or install cairo's headers "
                 "(scripts/setup) and build again",
                 path);
  } else if (!has_suffix(path, ".svg")) {
    PLEAT_FAIL(err, PLEAT_INVALID, "'%s' as the name of a plot: expected .png or .svg at its end", path);
  }
  pleat_canvas *canvas = calloc(1, sizeof *canvas);
  if (!canvas) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to draw '%s'", path);
  canvas->kind = kind;
  pleat_status status = pleat_out_file_open(path, &canvas->file, err);
  if (!status) status = kind->open(canvas, width, height, title, err);
  if (status) {
    kind->free_state(canvas);
    pleat_status closed = pleat_out_file_close(canvas->file, false, NULL);
    (void)closed; /* removing the file can add nothing to the first failure */
    free(canvas);
    return status;
  }
  *out_canvas = canvas;
  return PLEAT_OK;
}

pleat_status pleat_canvas_close(pleat_canvas *canvas, bool is_ok, pleat_error *err) {
  if (is_ok && !canvas->status) canvas->kind->finish(canvas);
  pleat_status status = canvas->status;
  if (is_ok && status && err) *err = canvas->error;
  bool is_complete = is_ok && !status;
  pleat_status closed = pleat_out_file_close(canvas->file, is_complete, is_complete ? err : NULL);
  if (is_complete) status = closed;
  canvas->kind->free_state(canvas);
  free(canvas);
  return is_ok ? status : PLEAT_OK;
}

void pleat_canvas_begin_group(pleat_canvas *canvas, const char *id) {
  if (!canvas->status) canvas->kind->begin_group(canvas, id);
}

void pleat_canvas_end_group(pleat_canvas *canvas) {
  if (!canvas->status) canvas->kind->end_group(canvas);
}

void pleat_canvas_rect(pleat_canvas *canvas, double x, double y, double width, double height, uint32_t colour,
                       double opacity) {
  if (!canvas->status) canvas->kind->rect(canvas, x, y, width, height, colour, opacity);
}

void pleat_canvas_line(pleat_canvas *canvas, double x0, double y0, double x1, double y1, const pleat_stroke *stroke) {
  pleat_canvas_polyline(canvas, (const double[]){x0, y0, x1, y1}, 2, stroke);
}

void pleat_canvas_polyline(pleat_canvas *canvas, const double *points, int64_t n, const pleat_stroke *stroke) {
  if (!canvas->status && n > 0) canvas->kind->polyline(canvas, points, n, stroke);
}

void pleat_canvas_text(pleat_canvas *canvas, double x, double y, const char *text, const pleat_font *font) {
  if (!canvas->status && text[0]) canvas->kind->text(canvas, x, y, text, font);
}

void pleat_canvas_image(pleat_canvas *canvas, double x, double y, double width, double height, int64_t n_cols,
                        int64_t n_rows, const uint8_t *pixels) {
  if (!canvas->status) canvas->kind->image(canvas, x, y, width, height, n_cols, n_rows, pixels);
}
