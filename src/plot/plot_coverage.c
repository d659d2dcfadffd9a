/* Coverage of the alignment: every sequence as a row, coloured by its identity to the query, and how many cover a
 * residue. Order as ColabFold draws it (colabfold/plot.py plot_msa_v2): sequences that cover the same chains together,
 * the most alike on top.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plot/plots.h"

enum {
  WIDTH = 920,
  HEIGHT = 480,
  LEFT = 78,
  RIGHT = 112,
  TOP = 76,
  BOTTOM = 84,
  BAR_GAP = 26,
  BAR_WIDTH = 16,
  MAX_COLUMNS = 1400, /* of the image: means beyond */
  MAX_ROWS = 640
};

/* A sequence of the alignment: which chains it covers, and how alike it is to the query where it does. */
typedef struct row {
  int64_t index;         /* in the alignment */
  const uint8_t *covers; /* [n_chains] 0 or 1 */
  int64_t n_chains;
  double identity; /* 0..1: mean over covered chains; gaps are not identical */
} row;

typedef struct coverage {
  const pleat_plot_job *job;
  const pleat_plot_msa *in;
  int64_t n_rows;
  row *rows;       /* sorted, the lowest first */
  uint8_t *covers; /* what rows point into */
  int64_t *counts; /* [n_res] sequences with a residue there */
  double *points;  /* [n_res + 1, 2] */
  float *sums;     /* [n_cols, 3] of one line of the image */
  uint8_t *pixels; /* [rows, cols, 3] of the image */
  int64_t n_image_rows, n_image_cols;
} coverage;

static char letter_at(const coverage *c, int64_t r, int64_t i) {
  const pleat_msa *msa = c->in->msa;
  return msa->letters[r * msa->n_cols + c->in->columns[i]];
}

static int compare_rows(const void *a, const void *b) {
  const row *x = a, *y = b;
  int by_chains = memcmp(x->covers, y->covers, (size_t)x->n_chains);
  if (by_chains) return by_chains;
  if (x->identity != y->identity) return x->identity < y->identity ? -1 : 1;
  return x->index > y->index ? -1 : x->index < y->index; /* earlier ones on top */
}

static void measure_row(coverage *c, int64_t r) {
  const pleat_chains *chains = &c->job->chains;
  uint8_t *covers = c->covers + r * chains->n;
  double identity = 0;
  int64_t begin = 0, n_covered = 0;
  for (int64_t k = 0; k < chains->n; k++) {
    int64_t n_equal = 0, n_letters = 0;
    for (int64_t i = begin; i < begin + chains->lengths[k]; i++) {
      char letter = letter_at(c, r, i);
      n_letters += letter != '-';
      n_equal += letter != '-' && letter == letter_at(c, 0, i);
      c->counts[i] += letter != '-';
    }
    covers[k] = n_letters > 0;
    n_covered += covers[k];
    identity += (double)n_equal / (double)chains->lengths[k];
    begin += chains->lengths[k];
  }
  c->rows[r] = (row){
      .index = r, .covers = covers, .n_chains = chains->n, .identity = n_covered ? identity / (double)n_covered : 0};
}

/* One line of the image: the mean colour of the sequences from `first` to before `last`, where a gap is white. */
static void fill_line(coverage *c, int64_t first, int64_t last, uint8_t *line) {
  int64_t n_cols = c->n_image_cols, n_res = c->job->n_res;
  memset(c->sums, 0, (size_t)n_cols * 3 * sizeof *c->sums);
  for (int64_t k = first; k < last; k++) {
    uint8_t rgb[3];
    pleat_colour_at(&pleat_map_viridis, c->rows[k].identity, rgb);
    for (int64_t p = 0; p < n_cols; p++) {
      int64_t i0 = p * n_res / n_cols, i1 = (p + 1) * n_res / n_cols;
      for (int64_t i = i0; i < i1; i++) {
        bool is_gap = letter_at(c, c->rows[k].index, i) == '-';
        for (int ch = 0; ch < 3; ch++) c->sums[p * 3 + ch] += (float)(is_gap ? 255 : rgb[ch]) / (float)(i1 - i0);
      }
    }
  }
  for (int64_t v = 0; v < n_cols * 3; v++) line[v] = (uint8_t)lroundf(c->sums[v] / (float)(last - first));
}

static pleat_status coverage_init(coverage *c, const char *path, pleat_error *err) {
  int64_t n_res = c->job->n_res, n_rows = c->in->msa->n_rows;
  c->n_rows = n_rows;
  c->n_image_rows = n_rows < MAX_ROWS ? n_rows : MAX_ROWS;
  c->n_image_cols = n_res < MAX_COLUMNS ? n_res : MAX_COLUMNS;
  c->rows = malloc((size_t)n_rows * sizeof *c->rows);
  c->covers = malloc((size_t)(n_rows * c->job->chains.n));
  c->counts = calloc((size_t)n_res, sizeof *c->counts);
  c->points = malloc((size_t)(n_res + 1) * 2 * sizeof *c->points);
  c->sums = malloc((size_t)c->n_image_cols * 3 * sizeof *c->sums);
  c->pixels = malloc((size_t)(c->n_image_rows * c->n_image_cols) * 3);
  if (!c->rows || !c->covers || !c->counts || !c->points || !c->sums || !c->pixels)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to draw '%s'", path);
  for (int64_t r = 0; r < n_rows; r++) measure_row(c, r);
  qsort(c->rows, (size_t)n_rows, sizeof *c->rows, compare_rows);
  for (int64_t p = 0; p < c->n_image_rows; p++) { /* from the top of the image, so from the last row */
    int64_t last = n_rows - p * n_rows / c->n_image_rows, first = n_rows - (p + 1) * n_rows / c->n_image_rows;
    fill_line(c, first, last, c->pixels + p * c->n_image_cols * 3);
  }
  return PLEAT_OK;
}

static void coverage_fini(coverage *c) {
  free(c->pixels);
  free(c->sums);
  free(c->points);
  free(c->counts);
  free(c->covers);
  free(c->rows);
}

/* The number of sequences at every residue, chain by chain; dark on a light rim: it must show on all colours. */
static void draw_counts(pleat_canvas *canvas, const coverage *c, const pleat_axes *axes) {
  static const pleat_stroke rim = {.colour = 0xffffff, .width = 3.6, .opacity = 0.9};
  static const pleat_stroke core = {.colour = 0x000000, .width = 1.6, .opacity = 1};
  pleat_canvas_begin_group(canvas, "sequences-per-residue");
  int64_t begin = 0;
  for (int64_t k = 0; k < c->job->chains.n; k++) {
    int64_t n = c->job->chains.lengths[k];
    for (int64_t i = 0; i <= n; i++) { /* the point past the end is for a residue alone, drawn as wide as it is */
      int64_t residue = begin + (i < n ? i : n - 1);
      c->points[2 * i] = pleat_axis_px(&axes->x, (double)(begin + i) + (n == 1 ? 0.5 : 1));
      c->points[2 * i + 1] = pleat_axis_px(&axes->y, (double)c->counts[residue]);
    }
    pleat_canvas_polyline(canvas, c->points, n == 1 ? 2 : n, &rim);
    pleat_canvas_polyline(canvas, c->points, n == 1 ? 2 : n, &core);
    begin += n;
  }
  pleat_canvas_end_group(canvas);
}

/* Between sequences that cover different chains. */
static void draw_group_borders(pleat_canvas *canvas, const coverage *c, const pleat_axes *axes) {
  static const pleat_stroke stroke = {.colour = PLEAT_INK, .width = 1, .opacity = 1};
  for (int64_t k = 1; k < c->n_rows; k++) {
    if (memcmp(c->rows[k].covers, c->rows[k - 1].covers, (size_t)c->job->chains.n) == 0) continue;
    double y = pleat_axis_px(&axes->y, (double)k);
    pleat_canvas_line(canvas, axes->x.begin, y, axes->x.end, y, &stroke);
  }
}

static void draw_legend(pleat_canvas *canvas) {
  static const pleat_stroke core = {.colour = 0x000000, .width = 1.6, .opacity = 1};
  const double y = HEIGHT - 34;
  pleat_canvas_begin_group(canvas, "legend");
  pleat_canvas_line(canvas, LEFT, y - 4, LEFT + 22, y - 4, &core);
  pleat_canvas_text(canvas, LEFT + 29, y, "sequences with a residue at this position",
                    &(pleat_font){.size = 10.5, .colour = PLEAT_INK});
  pleat_canvas_text(canvas, WIDTH - RIGHT, y, "white: gaps",
                    &(pleat_font){.size = 10.5, .colour = PLEAT_INK, .anchor = PLEAT_ANCHOR_END});
  pleat_canvas_end_group(canvas);
}

static void draw(pleat_canvas *canvas, const coverage *c) {
  const pleat_plot_job *job = c->job;
  const pleat_axes axes = {.x = pleat_axis_residues(LEFT, WIDTH - RIGHT, job->n_res),
                           .y = {.begin = HEIGHT - BOTTOM, .end = TOP, .first = 0, .last = (double)c->n_rows}};
  double ticks[PLEAT_MAX_TICKS];
  char title[96];
  snprintf(title, sizeof title, "Alignment coverage, %lld sequence%s", (long long)c->n_rows, c->n_rows == 1 ? "" : "s");
  const pleat_heading heading = {.title = title, .name = job->name, .n_res = job->n_res, .n_chains = job->chains.n};
  pleat_heading_draw(canvas, &heading, LEFT, WIDTH, HEIGHT);
  pleat_canvas_image(canvas, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, c->n_image_cols, c->n_image_rows,
                     c->pixels);
  pleat_canvas_begin_group(canvas, "chains");
  pleat_axes_chains_x(canvas, &axes, &job->chains, PLEAT_INK);
  draw_group_borders(canvas, c, &axes);
  pleat_axes_letters_x(canvas, &axes, &job->chains);
  pleat_canvas_end_group(canvas);
  draw_counts(canvas, c, &axes);
  pleat_canvas_begin_group(canvas, "axes");
  pleat_axes_frame(canvas, &axes);
  int n = pleat_axis_residue_ticks(job->n_res, 12, ticks);
  pleat_axes_x(canvas, &axes, ticks, n, job->chains.n > 1 ? "Residue (numbered through all chains)" : "Residue");
  n = pleat_axis_ticks(0, (double)c->n_rows, 8, true, ticks);
  pleat_axes_y(canvas, &axes, ticks, n, "Sequences (number)");
  pleat_canvas_end_group(canvas);
  const pleat_axis scale = {.begin = HEIGHT - BOTTOM, .end = TOP, .first = 0, .last = 1};
  n = pleat_axis_ticks(0, 1, 6, false, ticks);
  pleat_canvas_begin_group(canvas, "scale");
  pleat_colour_bar(canvas, &pleat_map_viridis, WIDTH - RIGHT + BAR_GAP, BAR_WIDTH, &scale, ticks, n,
                   "Sequence identity to query (fraction)");
  pleat_canvas_end_group(canvas);
  draw_legend(canvas);
}

pleat_status pleat_plot_coverage(const char *path, const pleat_plot_job *job, const pleat_plot_msa *msa,
                                 pleat_error *err) {
  coverage c = {.job = job, .in = msa};
  pleat_canvas *canvas;
  pleat_status status = coverage_init(&c, path, err);
  if (!status) status = pleat_canvas_open(path, WIDTH, HEIGHT, "Alignment coverage", &canvas, err);
  if (!status) {
    draw(canvas, &c);
    status = pleat_canvas_close(canvas, true, err);
  }
  coverage_fini(&c);
  return status;
}
