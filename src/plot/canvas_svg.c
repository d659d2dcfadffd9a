/* Pages as SVG 1.1: plain elements with attributes, text as text, images embedded as PNG.
 * Why not cairo's SVG surface: it writes glyph outlines for text, smooths images, and its files differ from version to
 * version and with the fonts of the machine (doc/notes/0005).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/writer.h"
#include "plot/canvas_priv.h"

/* Elements are collected in canvas->state and handed to the file whenever they are this long. */
enum { FLUSH_BYTES = 64 * 1024 };

static void flush(pleat_canvas *canvas) {
  pleat_buf *buf = canvas->state;
  if (buf->is_failed) {
    canvas->status = pleat_fail(&canvas->error, PLEAT_NOMEM, "no memory for the elements of an SVG file");
  } else if (buf->n > 0) {
    canvas->status = pleat_out_file_write(canvas->file, buf->data, buf->n, &canvas->error);
  }
  pleat_buf_clear(buf);
}

static void end_element(pleat_canvas *canvas, const char *text) {
  pleat_buf *buf = canvas->state;
  pleat_buf_puts(buf, text);
  if (buf->is_failed || buf->n >= FLUSH_BYTES) flush(canvas);
}

/* Two decimals at most, as short as they go, with a point in every locale. */
static void put_number(pleat_buf *buf, double value) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_trimmed(isfinite(value) ? value : 0, 2, text);
  if (n > 2 && text[n - 1] == '0' && text[n - 2] == '.') n -= 2;
  if (n == 2 && text[0] == '-' && text[1] == '0') {
    pleat_buf_puts(buf, "0");
    return;
  }
  pleat_buf_append(buf, text, (size_t)n);
}

static void put_attribute(pleat_buf *buf, const char *name, double value) {
  pleat_buf_printf(buf, " %s=\"", name);
  put_number(buf, value);
  pleat_buf_puts(buf, "\"");
}

/* Text that may hold anything: markup is escaped, control characters (which XML has no way to say) become blanks. */
static void put_text(pleat_buf *buf, const char *text) {
  for (; *text; text++) {
    switch (*text) {
      case '&': pleat_buf_puts(buf, "&amp;"); break;
      case '<': pleat_buf_puts(buf, "&lt;"); break;
      case '>': pleat_buf_puts(buf, "&gt;"); break;
      case '"': pleat_buf_puts(buf, "&quot;"); break;
      default: pleat_buf_append(buf, (unsigned char)*text < ' ' ? " " : text, 1);
    }
  }
}

static pleat_status svg_open(pleat_canvas *canvas, double width, double height, const char *title, pleat_error *err) {
  pleat_buf *buf = calloc(1, sizeof *buf);
  if (!buf) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an SVG file");
  canvas->state = buf;
  pleat_buf_puts(buf,
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                 "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\"");
  put_attribute(buf, "width", width);
  put_attribute(buf, "height", height);
  pleat_buf_puts(buf, " viewBox=\"0 0 ");
  put_number(buf, width);
  pleat_buf_puts(buf, " ");
  put_number(buf, height);
  pleat_buf_puts(buf, "\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\">\n<title>");
  put_text(buf, title);
  pleat_buf_puts(buf, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  return PLEAT_OK;
}

static void svg_begin_group(pleat_canvas *canvas, const char *id) {
  pleat_buf *buf = canvas->state;
  pleat_buf_puts(buf, "<g id=\"");
  put_text(buf, id);
  end_element(canvas, "\">\n");
}

static void svg_end_group(pleat_canvas *canvas) { end_element(canvas, "</g>\n"); }

static void svg_rect(pleat_canvas *canvas, double x, double y, double width, double height, uint32_t colour,
                     double opacity) {
  pleat_buf *buf = canvas->state;
  pleat_buf_puts(buf, "<rect");
  put_attribute(buf, "x", x);
  put_attribute(buf, "y", y);
  put_attribute(buf, "width", width);
  put_attribute(buf, "height", height);
  pleat_buf_printf(buf, " fill=\"#%06x\"", (unsigned)colour);
  if (opacity < 1) put_attribute(buf, "fill-opacity", opacity);
  end_element(canvas, "/>\n");
}

static void svg_polyline(pleat_canvas *canvas, const double *points, int64_t n, const pleat_stroke *stroke) {
  pleat_buf *buf = canvas->state;
  pleat_buf_puts(buf, "<polyline points=\"");
  for (int64_t i = 0; i < n; i++) {
    if (i > 0) pleat_buf_puts(buf, " ");
    put_number(buf, points[2 * i]);
    pleat_buf_puts(buf, ",");
    put_number(buf, points[2 * i + 1]);
  }
  pleat_buf_printf(buf, "\" fill=\"none\" stroke=\"#%06x\"", (unsigned)stroke->colour);
  put_attribute(buf, "stroke-width", stroke->width);
  if (stroke->opacity < 1) put_attribute(buf, "stroke-opacity", stroke->opacity);
  if (stroke->dash > 0) put_attribute(buf, "stroke-dasharray", stroke->dash);
  end_element(canvas, n > 2 ? " stroke-linejoin=\"round\"/>\n" : "/>\n");
}

static void svg_text(pleat_canvas *canvas, double x, double y, const char *text, const pleat_font *font) {
  static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  pleat_buf *buf = canvas->state;
  pleat_buf_puts(buf, "<text");
  put_attribute(buf, "x", x);
  put_attribute(buf, "y", y);
  put_attribute(buf, "font-size", font->size);
  pleat_buf_puts(buf, font->is_bold ? " font-weight=\"bold\"" : "");
  pleat_buf_puts(buf, anchors[font->anchor]);
  pleat_buf_printf(buf, " fill=\"#%06x\"", (unsigned)font->colour);
  if (font->is_upright) {
    pleat_buf_puts(buf, " transform=\"rotate(-90 ");
    put_number(buf, x);
    pleat_buf_puts(buf, " ");
    put_number(buf, y);
    pleat_buf_puts(buf, ")\"");
  }
  pleat_buf_puts(buf, ">");
  put_text(buf, text);
  end_element(canvas, "</text>\n");
}

static void put_base64(pleat_buf *buf, const uint8_t *bytes, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    size_t n_left = n - i;
    uint32_t bits = (uint32_t)bytes[i] << 16;
    if (n_left > 1) bits |= (uint32_t)bytes[i + 1] << 8;
    if (n_left > 2) bits |= bytes[i + 2];
    const char quad[4] = {digits[bits >> 18], digits[bits >> 12 & 63], n_left > 1 ? digits[bits >> 6 & 63] : '=',
                          n_left > 2 ? digits[bits & 63] : '='};
    pleat_buf_append(buf, quad, sizeof quad);
  }
}

static void svg_image(pleat_canvas *canvas, double x, double y, double width, double height, int64_t n_cols,
                      int64_t n_rows, const uint8_t *pixels) {
  pleat_buf *buf = canvas->state, png = {0};
  pleat_buf_puts(buf, "<image");
  put_attribute(buf, "x", x);
  put_attribute(buf, "y", y);
  put_attribute(buf, "width", width);
  put_attribute(buf, "height", height);
  pleat_buf_puts(buf,
                 " preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" "
                 "xlink:href=\"data:image/png;base64,");
  canvas->status = pleat_png_encode(n_cols, n_rows, pixels, &png, &canvas->error);
  if (!canvas->status) {
    put_base64(buf, (const uint8_t *)png.data, png.n);
    end_element(canvas, "\"/>\n");
  }
  pleat_buf_fini(&png);
}

static void svg_finish(pleat_canvas *canvas) {
  pleat_buf_puts(canvas->state, "</svg>\n");
  flush(canvas);
}

static void svg_free(pleat_canvas *canvas) {
  pleat_buf *buf = canvas->state;
  if (!buf) return;
  pleat_buf_fini(buf);
  free(buf);
}

const pleat_canvas_kind pleat_canvas_svg = {.open = svg_open,
                                            .begin_group = svg_begin_group,
                                            .end_group = svg_end_group,
                                            .rect = svg_rect,
                                            .polyline = svg_polyline,
                                            .text = svg_text,
                                            .image = svg_image,
                                            .finish = svg_finish,
                                            .free_state = svg_free};
