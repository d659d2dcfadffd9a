/* What the plots share: axes with ticks and labels, chains, titles, colour scales.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PLOT_AXES_H
#define PLEAT_PLOT_AXES_H

#include "plot/canvas.h"

enum { PLEAT_INK = 0x222222, PLEAT_INK_SOFT = 0x666666, PLEAT_GRID = 0xd9d9d9, PLEAT_WARNING_RED = 0xb00020 };

/* One direction: value `first` lies at px `begin`, value `last` at px `end`, evenly between. */
typedef struct pleat_axis {
  double begin, end;
  double first, last;
} pleat_axis;

/* A rectangle of the page with a value axis each way. y.begin is its lower edge when values grow upwards. */
typedef struct pleat_axes {
  pleat_axis x, y;
} pleat_axes;

double pleat_axis_px(const pleat_axis *axis, double value);

/* Round numbers (1, 2 or 5 times a power of ten apart) between first and last, at most n_max of them; returns how many.
 * Whole numbers only when is_whole. */
enum { PLEAT_MAX_TICKS = 16 };
int pleat_axis_ticks(double first, double last, int n_max, bool is_whole, double out_ticks[PLEAT_MAX_TICKS]);
/* Residues are numbered from 1 and drawn from half below to half above their number: 1, then round numbers. */
pleat_axis pleat_axis_residues(double begin, double end, int64_t n_res);
int pleat_axis_residue_ticks(int64_t n_res, int n_max, double out_ticks[PLEAT_MAX_TICKS]);

void pleat_axes_frame(pleat_canvas *canvas, const pleat_axes *axes);
/* Tick marks outside the frame with their numbers, and the label; y at the left edge. */
void pleat_axes_x(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n, const char *label);
void pleat_axes_y(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n, const char *opt_label);
void pleat_axes_grid_y(pleat_canvas *canvas, const pleat_axes *axes, const double *ticks, int n);

/* Chains of a complex. Nothing is drawn for a single one. */
typedef struct pleat_chains {
  const int64_t *lengths;
  int64_t n;
} pleat_chains;

/* A line between any two chains, in the direction of y (x of borders in a heat map: both). */
void pleat_axes_chains_x(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains, uint32_t colour);
void pleat_axes_chains_y(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains, uint32_t colour);
/* The chains' letters above the frame, or at its right; left out where they would overlap. */
void pleat_axes_letters_x(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains);
void pleat_axes_letters_y(pleat_canvas *canvas, const pleat_axes *axes, const pleat_chains *chains);

/* Colours between control points. */
typedef struct pleat_colour_map {
  const uint32_t *colours;
  int n;
} pleat_colour_map;
extern const pleat_colour_map pleat_map_greens;  /* dark to nearly white */
extern const pleat_colour_map pleat_map_viridis; /* dark blue to yellow */
/* share 0..1, clamped. */
void pleat_colour_at(const pleat_colour_map *map, double share, uint8_t out_rgb[3]);
/* The scale at the right of a plot: values of `axis` from its lower to its upper end, with a label to the right. */
void pleat_colour_bar(pleat_canvas *canvas, const pleat_colour_map *map, double x, double width, const pleat_axis *axis,
                      const double *ticks, int n, const char *label);

/* Title, below it the name and size of the job, and at the foot a warning if there is one. width: of the page, height
 * too. */
typedef struct pleat_heading {
  const char *title, *name, *opt_warning;
  int64_t n_res, n_chains;
} pleat_heading;
enum { PLEAT_HEADING_HEIGHT = 56 };
void pleat_heading_draw(pleat_canvas *canvas, const pleat_heading *heading, double x, double width, double height);

/* Copies text, shortened in the middle where it has more than n_max bytes (7 to 255). */
void pleat_text_fit(const char *text, int n_max, char out[256]);

#endif
