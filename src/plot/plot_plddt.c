/* pLDDT per residue: a line for every prediction over the bands of the AlphaFold database.
 * Source of the bands and their colours: AlphaFold Protein Structure Database, "Model Confidence".
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plot/plots.h"

enum { WIDTH = 960, HEIGHT = 420, LEFT = 64, RIGHT = 306, TOP = 76, BOTTOM = 62 };

typedef struct band {
  double from, to;
  uint32_t colour;
  const char *text;
} band;

static const band bands[] = {{90, 100, 0x0053d6, "very high (90 and more)"},
                             {70, 90, 0x65cbf3, "confident (70 to 90)"},
                             {50, 70, 0xffdb13, "low (50 to 70)"},
                             {0, 50, 0xff7d45, "very low (below 50)"}};
enum { N_BANDS = sizeof bands / sizeof *bands };
static const double band_opacity = 0.2;

static const uint32_t line_colours[PLEAT_PLOT_MAX_SERIES] = {0x111111, 0xd62728, 0x2ca02c, 0x9467bd, 0x1f77b4,
                                                             0x8c564b, 0xe377c2, 0x17becf, 0xbcbd22, 0x7f7f7f};

/* One line per chain: no stroke joins the end of a chain with the beginning of the next. */
static void draw_line(pleat_canvas *canvas, const pleat_axes *axes, const pleat_plot_job *job, int64_t k,
                      double *points) {
  const pleat_stroke stroke = {.colour = line_colours[k], .width = k == 0 ? 2 : 1.3, .opacity = 0.9};
  const double *plddt = job->series[k].plddt;
  char id[32];
  snprintf(id, sizeof id, "plddt-rank-%d", (int)k + 1);
  pleat_canvas_begin_group(canvas, id);
  int64_t begin = 0;
  for (int64_t c = 0; c < job->chains.n; c++) {
    int64_t n = 0, end = begin + job->chains.lengths[c];
    /* A residue alone has no length: it is drawn as wide as it is. */
    bool is_alone = end == begin + 1;
    for (int64_t i = begin; i < end + is_alone; i++) {
      int64_t residue = i < end ? i : begin;
      points[2 * n] = pleat_axis_px(&axes->x, (double)i + (is_alone ? 0.5 : 1));
      points[2 * n + 1] = pleat_axis_px(&axes->y, plddt[residue]);
      n++;
    }
    pleat_canvas_polyline(canvas, points, n, &stroke);
    begin = end;
  }
  pleat_canvas_end_group(canvas);
}

static double mean(const double *values, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += values[i];
  return sum / (double)n;
}

static void draw_legend(pleat_canvas *canvas, const pleat_plot_job *job) {
  const pleat_font head = {.size = 11, .colour = PLEAT_INK, .is_bold = true};
  const pleat_font font = {.size = 10.5, .colour = PLEAT_INK};
  const double x = WIDTH - RIGHT + 18;
  double y = TOP + 9;
  char label[256], text[320];
  pleat_canvas_begin_group(canvas, "legend");
  pleat_canvas_text(canvas, x, y, "Rank, model (mean pLDDT)", &head);
  for (int64_t k = 0; k < job->n_series; k++) {
    y += 18;
    const pleat_stroke stroke = {.colour = line_colours[k], .width = k == 0 ? 2.4 : 1.7, .opacity = 1};
    pleat_canvas_line(canvas, x, y - 4, x + 20, y - 4, &stroke);
    pleat_text_fit(job->series[k].label, 31, label);
    snprintf(text, sizeof text, "%d  %s (%.1f)", (int)k + 1, label, mean(job->series[k].plddt, job->n_res));
    pleat_canvas_text(canvas, x + 27, y, text, &font);
  }
  if (job->n_predictions > job->n_series) {
    y += 18;
    snprintf(text, sizeof text, "the best %d of %lld", (int)job->n_series, (long long)job->n_predictions);
    pleat_canvas_text(canvas, x + 27, y, text, &(pleat_font){.size = 10.5, .colour = PLEAT_INK_SOFT});
  }
  y += 30;
  pleat_canvas_text(canvas, x, y, "Confidence", &head);
  for (int b = 0; b < N_BANDS; b++) {
    y += 18;
    pleat_canvas_rect(canvas, x, y - 10, 20, 12, bands[b].colour, 2 * band_opacity);
    pleat_canvas_text(canvas, x + 27, y, bands[b].text, &font);
  }
  pleat_canvas_end_group(canvas);
}

static void draw(pleat_canvas *canvas, const pleat_plot_job *job, double *points) {
  const pleat_axes axes = {.x = pleat_axis_residues(LEFT, WIDTH - RIGHT, job->n_res),
                           .y = {.begin = HEIGHT - BOTTOM, .end = TOP, .first = 0, .last = 100}};
  static const double y_ticks[] = {0, 50, 70, 90, 100};
  double x_ticks[PLEAT_MAX_TICKS];
  const pleat_heading heading = {.title = "Predicted lDDT per residue",
                                 .name = job->name,
                                 .opt_warning = job->opt_warning,
                                 .n_res = job->n_res,
                                 .n_chains = job->chains.n};
  pleat_heading_draw(canvas, &heading, LEFT, WIDTH, HEIGHT);
  for (int b = 0; b < N_BANDS; b++) {
    double from = pleat_axis_px(&axes.y, bands[b].to), to = pleat_axis_px(&axes.y, bands[b].from);
    pleat_canvas_rect(canvas, axes.x.begin, from, axes.x.end - axes.x.begin, to - from, bands[b].colour, band_opacity);
  }
  for (int64_t k = job->n_series; k-- > 0;) draw_line(canvas, &axes, job, k, points);
  pleat_canvas_begin_group(canvas, "chains");
  pleat_axes_chains_x(canvas, &axes, &job->chains, PLEAT_INK);
  pleat_axes_letters_x(canvas, &axes, &job->chains);
  pleat_canvas_end_group(canvas);
  pleat_canvas_begin_group(canvas, "axes");
  pleat_axes_frame(canvas, &axes);
  int n_ticks = pleat_axis_residue_ticks(job->n_res, 12, x_ticks);
  pleat_axes_x(canvas, &axes, x_ticks, n_ticks,
               job->chains.n > 1 ? "Residue (numbered through all chains)" : "Residue");
  pleat_axes_y(canvas, &axes, y_ticks, sizeof y_ticks / sizeof *y_ticks, "pLDDT (0 to 100)");
  pleat_canvas_end_group(canvas);
  draw_legend(canvas, job);
}

pleat_status pleat_plot_plddt(const char *path, const pleat_plot_job *job, pleat_error *err) {
  PLEAT_ASSERT(job->n_series > 0 && job->n_series <= PLEAT_PLOT_MAX_SERIES);
  double *points = malloc(((size_t)job->n_res + 1) * 2 * sizeof *points);
  if (!points) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to draw '%s'", path);
  pleat_canvas *canvas;
  pleat_status status = pleat_canvas_open(path, WIDTH, HEIGHT, "Predicted lDDT per residue", &canvas, err);
  if (!status) {
    draw(canvas, job, points);
    status = pleat_canvas_close(canvas, true, err);
  }
  free(points);
  return status;
}
