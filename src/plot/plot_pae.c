/* Predicted aligned error: a heat map for every prediction, with the borders of chains.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plot/plots.h"

/* Lengths in px. Below a panel stand numbers and label, above it three lines of text. */
enum {
  LEFT = 72,
  GAP = 30,
  BAR_GAP = 34,
  BAR_WIDTH = 16,
  RIGHT = 66,
  PANEL_TOP = 62,
  PANEL_BOTTOM = 50,
  BOTTOM = 18,
  MAX_COLUMNS = 5,
  MAX_PIXELS = 1000 /* of an image, each way: means of blocks beyond */
};
static const double max_pae_ang = 30;

typedef struct layout {
  int64_t n_panels, n_columns, n_rows;
  double panel, width, height;
} layout;

static layout lay_out(int64_t n_panels) {
  layout l = {.n_panels = n_panels};
  l.n_columns = n_panels < MAX_COLUMNS ? n_panels : MAX_COLUMNS;
  l.n_rows = (n_panels + l.n_columns - 1) / l.n_columns;
  l.panel = l.n_columns == 1 ? 400 : l.n_columns == 2 ? 320 : 240;
  l.width = LEFT + (double)l.n_columns * (l.panel + GAP) - GAP + BAR_GAP + BAR_WIDTH + RIGHT;
  l.height = PLEAT_HEADING_HEIGHT + (double)l.n_rows * (PANEL_TOP + l.panel + PANEL_BOTTOM) + BOTTOM;
  return l;
}

/* Colours of the matrix, one pixel an element, or the mean of a block where there are too many. */
static void fill_pixels(const float *pae, int64_t n_res, int64_t n_pixels, uint8_t *pixels) {
  for (int64_t r = 0; r < n_pixels; r++) {
    int64_t i0 = r * n_res / n_pixels, i1 = (r + 1) * n_res / n_pixels;
    for (int64_t c = 0; c < n_pixels; c++) {
      int64_t j0 = c * n_res / n_pixels, j1 = (c + 1) * n_res / n_pixels;
      double sum = 0;
      for (int64_t i = i0; i < i1; i++) {
        for (int64_t j = j0; j < j1; j++) sum += pae[i * n_res + j];
      }
      double mean = sum / (double)((i1 - i0) * (j1 - j0));
      pleat_colour_at(&pleat_map_greens, mean / max_pae_ang, pixels + (r * n_pixels + c) * 3);
    }
  }
}

static void draw_panel_title(pleat_canvas *canvas, const pleat_axes *axes, const pleat_plot_series *series,
                             int64_t rank) {
  const pleat_font font = {.size = 10.5, .colour = PLEAT_INK_SOFT};
  double x = axes->x.begin, y = axes->y.begin;
  char text[256];
  snprintf(text, sizeof text, "Rank %lld", (long long)rank);
  pleat_canvas_text(canvas, x, y - 46, text, &(pleat_font){.size = 12, .colour = PLEAT_INK, .is_bold = true});
  pleat_text_fit(series->label, (int)((axes->x.end - x) / 6.6), text);
  pleat_canvas_text(canvas, x, y - 32, text, &font);
  if (isnan(series->ptm)) return;
  int n = snprintf(text, sizeof text, "pTM %.2f", series->ptm);
  if (!isnan(series->iptm)) snprintf(text + n, sizeof text - (size_t)n, ", ipTM %.2f", series->iptm);
  pleat_canvas_text(canvas, x, y - 19, text, &font);
}

static void draw_panel(pleat_canvas *canvas, const layout *l, const pleat_plot_job *job, int64_t k, int64_t rank,
                       const uint8_t *pixels, int64_t n_pixels) {
  double x = LEFT + (double)(k % l->n_columns) * (l->panel + GAP);
  int64_t row = k / l->n_columns;
  double y = PLEAT_HEADING_HEIGHT + PANEL_TOP + (double)row * (PANEL_TOP + l->panel + PANEL_BOTTOM);
  const pleat_axes axes = {.x = pleat_axis_residues(x, x + l->panel, job->n_res),
                           .y = pleat_axis_residues(y, y + l->panel, job->n_res)};
  double ticks[PLEAT_MAX_TICKS];
  int n_ticks = pleat_axis_residue_ticks(job->n_res, l->n_columns < 3 ? 8 : 6, ticks);
  char id[32];
  snprintf(id, sizeof id, "pae-rank-%lld", (long long)rank);
  pleat_canvas_begin_group(canvas, id);
  draw_panel_title(canvas, &axes, &job->series[rank - 1], rank);
  pleat_canvas_image(canvas, x, y, l->panel, l->panel, n_pixels, n_pixels, pixels);
  pleat_axes_chains_x(canvas, &axes, &job->chains, PLEAT_INK);
  pleat_axes_chains_y(canvas, &axes, &job->chains, PLEAT_INK);
  pleat_axes_frame(canvas, &axes);
  pleat_axes_letters_x(canvas, &axes, &job->chains);
  pleat_axes_letters_y(canvas, &axes, &job->chains);
  pleat_axes_x(canvas, &axes, ticks, n_ticks, "Scored residue");
  bool is_first = k % l->n_columns == 0;
  if (is_first) pleat_axes_y(canvas, &axes, ticks, n_ticks, "Aligned residue");
  pleat_canvas_end_group(canvas);
}

static void draw_bar(pleat_canvas *canvas, const layout *l) {
  double x = LEFT + (double)l->n_columns * (l->panel + GAP) - GAP + BAR_GAP;
  double top = PLEAT_HEADING_HEIGHT + PANEL_TOP;
  const pleat_axis axis = {.begin = top + l->panel, .end = top, .first = 0, .last = max_pae_ang};
  double ticks[PLEAT_MAX_TICKS];
  int n = pleat_axis_ticks(0, max_pae_ang, 8, true, ticks);
  pleat_canvas_begin_group(canvas, "scale");
  pleat_colour_bar(canvas, &pleat_map_greens, x, BAR_WIDTH, &axis, ticks, n, "Expected position error (\u00c5)");
  pleat_canvas_end_group(canvas);
}

static void draw(pleat_canvas *canvas, const layout *l, const pleat_plot_job *job, uint8_t *pixels) {
  char title[96];
  int64_t n_pixels = job->n_res < MAX_PIXELS ? job->n_res : MAX_PIXELS, k = 0;
  bool is_part = job->n_predictions > job->n_series;
  snprintf(title, sizeof title, is_part ? "Predicted aligned error, the best %lld of %lld" : "Predicted aligned error",
           (long long)job->n_series, (long long)job->n_predictions);
  const pleat_heading heading = {.title = title,
                                 .name = job->name,
                                 .opt_warning = job->opt_warning,
                                 .n_res = job->n_res,
                                 .n_chains = job->chains.n};
  pleat_heading_draw(canvas, &heading, LEFT, l->width, l->height);
  for (int64_t rank = 1; rank <= job->n_series; rank++) {
    const float *pae = job->series[rank - 1].opt_pae;
    if (!pae) continue;
    fill_pixels(pae, job->n_res, n_pixels, pixels);
    draw_panel(canvas, l, job, k++, rank, pixels, n_pixels);
  }
  draw_bar(canvas, l);
}

pleat_status pleat_plot_pae(const char *path, const pleat_plot_job *job, pleat_error *err) {
  int64_t n_panels = 0;
  for (int64_t k = 0; k < job->n_series; k++) n_panels += job->series[k].opt_pae != NULL;
  if (n_panels == 0) PLEAT_FAIL(err, PLEAT_INVALID, "'%s': no network of this job predicts aligned errors", path);
  layout l = lay_out(n_panels);
  size_t n_pixels = (size_t)(job->n_res < MAX_PIXELS ? job->n_res : MAX_PIXELS);
  uint8_t *pixels = malloc(n_pixels * n_pixels * 3);
  if (!pixels) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to draw '%s'", path);
  pleat_canvas *canvas;
  pleat_status status = pleat_canvas_open(path, l.width, l.height, "Predicted aligned error", &canvas, err);
  if (!status) {
    draw(canvas, &l, job, pixels);
    status = pleat_canvas_close(canvas, true, err);
  }
  free(pixels);
  return status;
}
