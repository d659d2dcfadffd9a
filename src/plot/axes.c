/* Axes with ticks and labels, chains, titles, colour scales.
 * Sources: colour scales "Greens" of ColorBrewer (Brewer, Harrower) and "viridis" of matplotlib (van der Walt, Smith),
 * by their values at equal distances.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plot/axes.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const pleat_stroke frame_stroke = {.colour = PLEAT_INK, .width = 1, .opacity = 1};
static const pleat_stroke grid_stroke = {.colour = PLEAT_GRID, .width = 0.8, .opacity = 1};
enum { TICK_LENGTH = 4, TICK_FONT = 11, LABEL_FONT = 12 };

double pleat_axis_px(const pleat_axis *axis, double value) {
  return axis->begin + (value - axis->first) / (axis->last - axis->first) * (axis->end - axis->begin);
}

/* The smallest of 1, 2, 5, 10, 20, ... (also below 1 unless is_whole) that puts at most n_max ticks into the range. */
static double tick_step(double range, int n_max, bool is_whole) {
  double step = pow(10, floor(log10(range / n_max)));
  if (is_whole && step < 1) step = 1;
  static const double factors[] = {1, 2, 5, 10, 20, 50};
  int k = 0;
  while (k < 5 && floor(range / (step * factors[k])) + 1 > n_max) k++;
  return step * factors[k];
}

int pleat_axis_ticks(double first, double last, int n_max, bool is_whole, double out_ticks[PLEAT_MAX_TICKS]) {
  if (n_max > PLEAT_MAX_TICKS) n_max = PLEAT_MAX_TICKS;
  if (!(last > first)) {
    out_ticks[0] = first;
    return 1;
  }
  double step = tick_step(last - first, n_max, is_whole);
  int n = 0;
  for (double k = ceil(first / step - 1e-9); k * step <= last + 1e-9 * step && n < n_max; k++) {
    out_ticks[n++] = k * step + 0.0; /* ceil may give -0 */
  }
  return n;
}

pleat_axis pleat_axis_residues(double begin, double end, int64_t n_res) {
  return (pleat_axis){.begin = begin, .end = end, .first = 0.5, .last = (double)n_res + 0.5};
}

int pleat_axis_residue_ticks(int64_t n_res, int n_max, double out_ticks[PLEAT_MAX_TICKS]) {
  int n = pleat_axis_ticks(0, (double)n_res, n_max, true, out_ticks);
  out_ticks[0] = 1; /* there is no residue 0 */
  if (n > 1 && out_ticks[1] <= 1) {
    for (int i = 1; i + 1 < n; i++) out_ticks[i] = out_ticks[i + 1];
    n--;
  }
  return n;
}

void pleat_axes_frame(pleat_canvas *canvas, const pleat_axes *axes) {
  const double x0 = axes->x.begin, x1 = axes->x.end, y0 = axes->y.begin, y1 = axes->y.end;
  const double points[] = {x0, y0, x1, y0, x1, y1, x0, y1, x0, y0};
  pleat_canvas_polyline(canvas, points, 5, &frame_stroke);
}

static void format_tick(double value, char out[32]) { snprintf(out, 32, "%.10g", value); }

static double lower(const pleat_axis *axis) { return fmax(axis->begin, axis->end); }
static double upper(const pleat_axis *axis) { return fmin(axis->begin, axis->end); }

void pleat_axes_x(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n, const char *label) {
  const double bottom = lower(&axes->y);
  char text[32];
  for (int i = 0; i < n; i++) {
    double x = pleat_axis_px(&axes->x, ticks[i]);
    format_tick(ticks[i], text);
    pleat_canvas_line(canvas, x, bottom, x, bottom + TICK_LENGTH, &frame_stroke);
    pleat_canvas_text(canvas, x, bottom + TICK_LENGTH + 12, text,
                      &(pleat_font){.size = TICK_FONT, .colour = PLEAT_INK, .anchor = PLEAT_ANCHOR_MIDDLE});
  }
  pleat_canvas_text(canvas, (axes->x.begin + axes->x.end) / 2, bottom + TICK_LENGTH + 31, label,
                    &(pleat_font){.size = LABEL_FONT, .colour = PLEAT_INK, .anchor = PLEAT_ANCHOR_MIDDLE});
}

/* Ticks at px x, to the left or to the right of it; the label stands beyond the longest number. */
static void draw_y(pleat_canvas *canvas, const pleat_axis *axis, double x, double side, const double *ticks, int n,
                   const char *opt_label) {
  size_t n_longest = 0;
  char text[32];
  for (int i = 0; i < n; i++) {
    double y = pleat_axis_px(axis, ticks[i]);
    format_tick(ticks[i], text);
    if (strlen(text) > n_longest) n_longest = strlen(text);
    pleat_canvas_line(canvas, x, y, x + side * TICK_LENGTH, y, &frame_stroke);
    pleat_canvas_text(
        canvas, x + side * (TICK_LENGTH + 4), y + 4, text,
        &(pleat_font){
            .size = TICK_FONT, .colour = PLEAT_INK, .anchor = side < 0 ? PLEAT_ANCHOR_END : PLEAT_ANCHOR_START});
  }
  if (!opt_label) return;
  double distance = TICK_LENGTH + 4 + 7.2 * (double)n_longest + 10;
  pleat_canvas_text(
      canvas, x + side * distance + (side > 0 ? 8 : 0), (axis->begin + axis->end) / 2, opt_label,
      &(pleat_font){.size = LABEL_FONT, .colour = PLEAT_INK, .anchor = PLEAT_ANCHOR_MIDDLE, .is_upright = true});
}

void pleat_axes_y(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n, const char *opt_label) {
  draw_y(canvas, &axes->y, axes->x.begin, -1, ticks, n, opt_label);
}

void pleat_axes_grid_y(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n) {
  for (int i = 0; i < n; i++) {
    double y = pleat_axis_px(&axes->y, ticks[i]);
    pleat_canvas_line(canvas, axes->x.begin, y, axes->x.end, y, &grid_stroke);
  }
}

/* Chains. */

void pleat_axes_chains_x(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains, uint32_t colour) {
  const pleat_stroke stroke = {.colour = colour, .width = 1.2, .opacity = 1};
  int64_t end = 0;
  for (int64_t k = 0; k + 1 < chains->n; k++) {
    end += chains->lengths[k];
    double x = pleat_axis_px(&axes->x, (double)end + 0.5);
    pleat_canvas_line(canvas, x, axes->y.begin, x, axes->y.end, &stroke);
  }
}

void pleat_axes_chains_y(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains, uint32_t colour) {
  const pleat_stroke stroke = {.colour = colour, .width = 1.2, .opacity = 1};
  int64_t end = 0;
  for (int64_t k = 0; k + 1 < chains->n; k++) {
    end += chains->lengths[k];
    double y = pleat_axis_px(&axes->y, (double)end + 0.5);
    pleat_canvas_line(canvas, axes->x.begin, y, axes->x.end, y, &stroke);
  }
}

/* Letters of PDB files; chains beyond them, and those too small for a letter, go without. */
static void draw_letters(pleat_canvas *canvas, const pleat_axis *axis, double across, bool is_x,
                         const pleat_chains *chains) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const pleat_font font = {.size = TICK_FONT,
                           .colour = PLEAT_INK,
                           .is_bold = true,
                           .anchor = is_x ? PLEAT_ANCHOR_MIDDLE : PLEAT_ANCHOR_START};
  int64_t begin = 0;
  for (int64_t k = 0; chains->n > 1 && k < chains->n && letters[k]; k++) {
    double from = pleat_axis_px(axis, (double)begin + 0.5);
    begin += chains->lengths[k];
    double to = pleat_axis_px(axis, (double)begin + 0.5);
    if (fabs(to - from) < TICK_FONT) continue;
    const char text[2] = {letters[k], 0};
    if (is_x) pleat_canvas_text(canvas, (from + to) / 2, across, text, &font);
    if (!is_x) pleat_canvas_text(canvas, across, (from + to) / 2 + 4, text, &font);
  }
}

void pleat_axes_letters_x(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains) {
  draw_letters(canvas, &axes->x, upper(&axes->y) - 5, true, chains);
}

void pleat_axes_letters_y(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains) {
  draw_letters(canvas, &axes->y, axes->x.end + 5, false, chains);
}

/* Colours. */

static const uint32_t greens[] = {0x00441b, 0x006d2c, 0x238b45, 0x41ab5d, 0x74c476,
                                  0xa1d99b, 0xc7e9c0, 0xe5f5e0, 0xf7fcf5};
static const uint32_t viridis[] = {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c,
                                   0x28ae80, 0x5ec962, 0xaddc30, 0xfde725};
const pleat_colour_map pleat_map_greens = {greens, sizeof greens / sizeof *greens};
const pleat_colour_map pleat_map_viridis = {viridis, sizeof viridis / sizeof *viridis};

void pleat_colour_at(const pleat_colour_map *map, double share, uint8_t out_rgb[3]) {
  double place = (share > 0 ? share < 1 ? share : 1 : 0) * (map->n - 1);
  int k = (int)place < map->n - 2 ? (int)place : map->n - 2;
  double weight = place - k;
  for (int c = 0; c < 3; c++) {
    double from = map->colours[k] >> (16 - 8 * c) & 255, to = map->colours[k + 1] >> (16 - 8 * c) & 255;
    out_rgb[c] = (uint8_t)lround(from + weight * (to - from));
  }
}

void pleat_colour_bar(pleat_canvas *canvas, const pleat_colour_map *map, double x, double width, const pleat_axis *axis,
                      const double *ticks, int n, const char *label) {
  enum { N_STEPS = 256 };
  uint8_t pixels[N_STEPS * 3];
  bool is_upwards = axis->begin > axis->end;
  for (int i = 0; i < N_STEPS; i++) {
    double share = (i + 0.5) / N_STEPS;
    pleat_colour_at(map, is_upwards ? 1 - share : share, pixels + (ptrdiff_t)i * 3);
  }
  const pleat_axes axes = {.x = {.begin = x, .end = x + width, .first = 0, .last = 1}, .y = *axis};
  pleat_canvas_image(canvas, x, upper(axis), width, lower(axis) - upper(axis), 1, N_STEPS, pixels);
  pleat_axes_frame(canvas, &axes);
  draw_y(canvas, axis, x + width, 1, ticks, n, label);
}

/* Headings. */

void pleat_text_fit(const char *text, int n_max, char out[256]) {
  int n = (int)strlen(text);
  if (n <= n_max) {
    snprintf(out, 256, "%s", text);
    return;
  }
  int n_half = (n_max - 3) / 2;
  snprintf(out, 256, "%.*s...%s", n_half, text, text + n - n_half);
}

void pleat_heading_draw(pleat_canvas *canvas, const pleat_heading *heading, double x, double width, double height) {
  char name[256], line[384];
  pleat_canvas_text(canvas, x, 24, heading->title, &(pleat_font){.size = 15, .colour = PLEAT_INK, .is_bold = true});
  int n_max = (int)((width - x) / 7.2) - 28;
  pleat_text_fit(heading->name, n_max < 12 ? 12 : n_max > 200 ? 200 : n_max, name);
  int n = snprintf(line, sizeof line, "%s: %lld residue%s", name, (long long)heading->n_res,
                   heading->n_res == 1 ? "" : "s");
  if (heading->n_chains > 1) snprintf(line + n, sizeof line - (size_t)n, ", %lld chains", (long long)heading->n_chains);
  pleat_canvas_text(canvas, x, 42, line, &(pleat_font){.size = 11.5, .colour = PLEAT_INK_SOFT});
  if (!heading->opt_warning) return;
  pleat_canvas_text(canvas, x, height - 9, heading->opt_warning,
                    &(pleat_font){.size = 10.5, .colour = PLEAT_WARNING_RED, .is_bold = true});
}
