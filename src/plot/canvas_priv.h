/* What a kind of file has to offer behind canvas.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLOT_CANVAS_PRIV_H
#define PLEAT_PLOT_CANVAS_PRIV_H

#include "base/buf.h"
#include "base/os.h"
#include "plot/canvas.h"

typedef struct pleat_canvas_kind {
  pleat_status (*open)(pleat_canvas *canvas, double width, double height, const char *title, pleat_error *err);
  void (*begin_group)(pleat_canvas *canvas, const char *id);
  void (*end_group)(pleat_canvas *canvas);
  void (*rect)(pleat_canvas *canvas, double x, double y, double width, double height, uint32_t colour, double opacity);
  void (*polyline)(pleat_canvas *canvas, const double *points, int64_t n, const pleat_stroke *stroke);
  void (*text)(pleat_canvas *canvas, double x, double y, const char *text, const pleat_font *font);
  void (*image)(pleat_canvas *canvas, double x, double y, double width, double height, int64_t n_cols, int64_t n_rows,
                const uint8_t *pixels);
  /* Writes what is left to canvas->file; errors go to canvas->status. */
  void (*finish)(pleat_canvas *canvas);
  void (*free_state)(pleat_canvas *canvas);
} pleat_canvas_kind;

struct pleat_canvas {
  const pleat_canvas_kind *kind;
  pleat_out_file *file;
  void *state;         /* of the kind */
  pleat_status status; /* first failure; later calls do nothing */
  pleat_error error;
};

extern const pleat_canvas_kind pleat_canvas_svg;
/* NULL in a build without cairo. */
extern const pleat_canvas_kind *const pleat_canvas_png;

/* A whole PNG file, 8-bit RGB, to buf. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_png_encode(int64_t n_cols, int64_t n_rows, const uint8_t *pixels, pleat_buf *buf,
                                            pleat_error *err);

#endif
