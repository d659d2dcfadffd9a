/* Pages as PNG, drawn by cairo. Built only where CMake finds cairo; canvas_no_cairo.c otherwise.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <cairo.h>
#include <string.h>

#include "base/fail.h"
#include "plot/canvas_priv.h"

static void keep_failure(pleat_canvas *canvas, cairo_status_t problem) {
  if (problem == CAIRO_STATUS_SUCCESS || canvas->status) return;
  pleat_status status = problem == CAIRO_STATUS_NO_MEMORY ? PLEAT_NOMEM : PLEAT_INTERNAL;
  canvas->status = pleat_fail(&canvas->error, status, "cairo could not draw: %s", cairo_status_to_string(problem));
}

static void set_colour(cairo_t *cr, uint32_t colour, double opacity) {
  cairo_set_source_rgba(cr, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0, opacity);
}

static pleat_status png_open(pleat_canvas *canvas, double width, double height, const char *title, pleat_error *err) {
  (void)title;
  int n_cols = (int)(width * PLEAT_CANVAS_SCALE), n_rows = (int)(height * PLEAT_CANVAS_SCALE);
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, n_cols, n_rows);
  cairo_t *cr = cairo_create(surface);
  cairo_surface_destroy(surface); /* cr holds it */
  canvas->state = cr;
  keep_failure(canvas, cairo_status(cr));
  if (canvas->status) {
    if (err) *err = canvas->error;
    return canvas->status;
  }
  cairo_scale(cr, PLEAT_CANVAS_SCALE, PLEAT_CANVAS_SCALE);
  set_colour(cr, 0xffffff, 1);
  cairo_paint(cr);
  return PLEAT_OK;
}

static void png_end_group(pleat_canvas *canvas) { (void)canvas; }

static void png_begin_group(pleat_canvas *canvas, const char *id) {
  (void)canvas;
  (void)id;
}

static void png_rect(pleat_canvas *canvas, double x, double y, double width, double height, uint32_t colour,
                     double opacity) {
  cairo_t *cr = canvas->state;
  set_colour(cr, colour, opacity);
  cairo_rectangle(cr, x, y, width, height);
  cairo_fill(cr);
}

static void png_polyline(pleat_canvas *canvas, const double *points, int64_t n, const pleat_stroke *stroke) {
  cairo_t *cr = canvas->state;
  set_colour(cr, stroke->colour, stroke->opacity);
  cairo_set_line_width(cr, stroke->width);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(cr, &stroke->dash, stroke->dash > 0, 0);
  cairo_move_to(cr, points[0], points[1]);
  for (int64_t i = 1; i < n; i++) cairo_line_to(cr, points[2 * i], points[2 * i + 1]);
  cairo_stroke(cr);
}

static void png_text(pleat_canvas *canvas, double x, double y, const char *text, const pleat_font *font) {
  static const double shares[] = {0, 0.5, 1};
  cairo_t *cr = canvas->state;
  cairo_text_extents_t extents;
  cairo_save(cr);
  cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         font->is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cr, font->size);
  cairo_text_extents(cr, text, &extents);
  cairo_translate(cr, x, y);
  if (font->is_upright) cairo_rotate(cr, -3.14159265358979323846 / 2);
  set_colour(cr, font->colour, 1);
  cairo_move_to(cr, -extents.x_advance * shares[font->anchor], 0);
  cairo_show_text(cr, text);
  cairo_restore(cr);
}

static void png_image(pleat_canvas *canvas, double x, double y, double width, double height, int64_t n_cols,
                      int64_t n_rows, const uint8_t *pixels) {
  cairo_t *cr = canvas->state;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)n_cols, (int)n_rows);
  uint8_t *data = cairo_image_surface_get_data(surface);
  for (int64_t i = 0; data && i < n_rows; i++) {
    uint8_t *line = data + i * cairo_image_surface_get_stride(surface);
    for (int64_t j = 0; j < n_cols; j++) {
      const uint8_t *from = pixels + (i * n_cols + j) * 3;
      uint32_t value = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
      memcpy(line + j * 4, &value, sizeof value);
    }
  }
  cairo_surface_mark_dirty(surface);
  cairo_save(cr);
  cairo_rectangle(cr, x, y, width, height);
  cairo_clip(cr);
  cairo_translate(cr, x, y);
  cairo_scale(cr, width / (double)n_cols, height / (double)n_rows);
  cairo_set_source_surface(cr, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
  cairo_paint(cr);
  cairo_restore(cr);
  keep_failure(canvas, cairo_surface_status(surface));
  cairo_surface_destroy(surface);
}

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned int n) {
  pleat_canvas *canvas = closure;
  if (!canvas->status) canvas->status = pleat_out_file_write(canvas->file, bytes, n, &canvas->error);
  return canvas->status ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void png_finish(pleat_canvas *canvas) {
  cairo_t *cr = canvas->state;
  keep_failure(canvas, cairo_status(cr));
  if (canvas->status) return;
  cairo_surface_flush(cairo_get_target(cr));
  keep_failure(canvas, cairo_surface_write_to_png_stream(cairo_get_target(cr), write_bytes, canvas));
}

static void png_free(pleat_canvas *canvas) {
  if (canvas->state) cairo_destroy(canvas->state);
}

static const pleat_canvas_kind png_kind = {.open = png_open,
                                           .begin_group = png_begin_group,
                                           .end_group = png_end_group,
                                           .rect = png_rect,
                                           .polyline = png_polyline,
                                           .text = png_text,
                                           .image = png_image,
                                           .finish = png_finish,
                                           .free_state = png_free};
const pleat_canvas_kind *const pleat_canvas_png = &png_kind;
