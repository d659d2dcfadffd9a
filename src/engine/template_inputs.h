/* Template arrays of the network from template features: derived geometry, and which templates and rows count.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_ENGINE_TEMPLATE_INPUTS_H
#define PLEAT_ENGINE_TEMPLATE_INPUTS_H

#include "pleat/arrays.h"

/* The published arrays, borrowed; all NULL when there are no templates. With has_iterations each has a leading axis of
 * iterations, of which the first n_slices are used. */
typedef struct pleat_template_source {
  int64_t n_res, n_slices;
  bool is_multimer, keep_padding, has_iterations;
  const pleat_array *aatype, *positions, *mask, *pseudo_beta, *pseudo_beta_mask;
  const pleat_array *given; /* monomer's template_mask */
} pleat_template_source;

/* What the network gets for one slice. Monomer: templates with mask 0 are left out. Multimer: equal templates (the
 * empty ones that fill up to four, above all) are computed once and weighted by their number. */
typedef struct pleat_template_slice {
  int64_t *kept; /* template numbers, n_kept of them; -1 = padding */
  float *weight;
  int64_t *rows; /* template numbers whose torsion row counts, n_rows_kept of them; -1 = padding */
} pleat_template_slice;

typedef struct pleat_template_inputs_state {
  pleat_template_source source;
  int64_t n_given, n_kept, n_rows_kept;
  pleat_template_slice *slices;
} pleat_template_inputs_state;

/* Errors: SHAPE (misshapen arrays), NOMEM. fini may follow a failed init. */
PLEAT_CHECKED pleat_status pleat_template_inputs_init(pleat_template_inputs_state *state,
                                                      const pleat_template_source *source, pleat_error *err);
void pleat_template_inputs_fini(pleat_template_inputs_state *state);
/* Adds the network's template arrays of a slice to `out`. */
PLEAT_CHECKED pleat_status pleat_template_inputs_write(const pleat_template_inputs_state *state, int64_t slice,
                                                       pleat_arrays *out, pleat_error *err);

#endif
