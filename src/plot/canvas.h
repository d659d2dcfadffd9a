/* A page to draw on, which becomes a PNG (by cairo) or an SVG file (written here): one drawing code for both.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLOT_CANVAS_H
#define PLEAT_PLOT_CANVAS_H

#include <stdbool.h>

#include "pleat/status.h"

/* Lengths are in px of the SVG, x to the right, y down; a PNG has PLEAT_CANVAS_SCALE times as many pixels each way.
 * Colours are 0xRRGGBB, opacity 0..1. */
enum { PLEAT_CANVAS_SCALE = 2 };

typedef struct pleat_canvas pleat_canvas;

typedef struct pleat_stroke {
  uint32_t colour;
  double width;
  double opacity;
  double dash; /* length of dashes and gaps; 0: a solid line */
} pleat_stroke;

typedef enum pleat_anchor { PLEAT_ANCHOR_START, PLEAT_ANCHOR_MIDDLE, PLEAT_ANCHOR_END } pleat_anchor;

typedef struct pleat_font {
  double size;
  uint32_t colour;
  bool is_bold;
  pleat_anchor anchor;
  bool is_upright; /* reads from bottom to top */
} pleat_font;

/* The suffix of path, .png or .svg, says what it becomes. `title` describes an SVG to screen readers. Errors: INVALID
 * (another suffix), UNSUPPORTED (PNG in a build without cairo), IO, NOMEM. */
PLEAT_CHECKED pleat_status pleat_canvas_open(const char *path, double width, double height, const char *title,
                                             pleat_canvas **out_canvas, pleat_error *err);
/* Frees the canvas in any case, and reports the first failure of the calls below, which return nothing. The file
 * appears when all went well and is_ok is true. */
PLEAT_CHECKED pleat_status pleat_canvas_close(pleat_canvas *canvas, bool is_ok, pleat_error *err);
/* Whether this build writes PNG. */
bool pleat_canvas_has_png(void);

/* Names what is drawn from here on (in SVG an element with this id); groups do not nest. */
void pleat_canvas_begin_group(pleat_canvas *canvas, const char *id);
void pleat_canvas_end_group(pleat_canvas *canvas);
void pleat_canvas_rect(pleat_canvas *canvas, double x, double y, double width, double height, uint32_t colour,
                       double opacity);
void pleat_canvas_line(pleat_canvas *canvas, double x0, double y0, double x1, double y1, const pleat_stroke *stroke);
/* points [n, 2] joined in order. */
void pleat_canvas_polyline(pleat_canvas *canvas, const double *points, int64_t n, const pleat_stroke *stroke);
/* One line of UTF-8 whose baseline passes through (x, y). */
void pleat_canvas_text(pleat_canvas *canvas, double x, double y, const char *text, const pleat_font *font);
/* pixels [n_rows, n_cols, 3] red, green, blue; stretched over the rectangle without smoothing. */
void pleat_canvas_image(pleat_canvas *canvas, double x, double y, double width, double height, int64_t n_cols,
                        int64_t n_rows, const uint8_t *pixels);

#endif
