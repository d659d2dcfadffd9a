/* What the engine's files share: the opaque types behind pleat.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_ENGINE_PRIV_H
#define PLEAT_ENGINE_PRIV_H

#include "backend/backend.h"
#include "base/buf.h"
#include "engine/inputs.h"
#include "model/config.h"
#include "plan/build_plan.h"
#include "pleat/pleat.h"
#include "weights/weights.h"

struct pleat_model {
  const pleat_variant *variant;
  pleat_sizes sizes;
  pleat_weights *weights;
  pleat_weight_reader reader;
  const pleat_backend_vtbl *backend;
  void *be, *be_model;
  pleat_dtype storage;
  uint64_t weight_bytes; /* of all parameters as f32: upper bound of what packing takes */
};

/* What holds when a caller gives no options. */
extern const pleat_predict_options pleat_default_options;
/* Gives the buffer's text, which may be none, to a caller of the library, who frees it with pleat_text_free. The buffer
 * is released on failure. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_text_give(pleat_buf *buf, char **out_text, pleat_error *err);
extern const pleat_backend_vtbl *const pleat_backends[]; /* NULL behind the last */
/* A backend by name ("cpu" when NULL); a network by name. Errors: INVALID, naming what there is. */
PLEAT_CHECKED pleat_status pleat_backend_find(const char *opt_name, const pleat_backend_vtbl **out_backend,
                                              pleat_error *err);
PLEAT_CHECKED pleat_status pleat_model_find(const char *opt_name, const pleat_variant **out_variant, pleat_error *err);
/* "f32" (also NULL) or "bf16". Errors: INVALID. */
PLEAT_CHECKED pleat_status pleat_precision_parse(const char *opt_text, pleat_dtype *out_storage, pleat_error *err);
/* Shapes of a weight file for pleat_sizes_from_weights and pleat_build_sublayer; ctx is the pleat_weights. */
int pleat_weights_shape_of(void *ctx, const char *name, int64_t shape[PLEAT_MAX_RANK]);
/* A reader of a weight file that also serves column slices, "name[:,a:b]". */
pleat_weight_reader pleat_weights_reader(pleat_weights *weights);
/* Compares every parameter of a graph with the file, and the file's names with the graph. Errors: WEIGHTS. */
PLEAT_CHECKED pleat_status pleat_weights_match(const pleat_weights *weights, const pleat_graph *graph,
                                               const char *model_name, bool refuse_extra, pleat_error *err);
/* The same for all that a variant has. */
PLEAT_CHECKED pleat_status pleat_weights_match_variant(const pleat_weights *weights, const pleat_variant *variant,
                                                       const pleat_sizes *sizes, pleat_error *err);
/* Synthetic weights of a variant's published names and shapes: "synth:". Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_weights_open_own(const pleat_variant *variant, pleat_weights **out_weights,
                                                  pleat_error *err);
/* feature_bytes: of the features that the prediction will be given; want_logits as it will be asked. */
void pleat_plan_estimate(const pleat_plan *plan, uint64_t feature_bytes, bool want_logits, pleat_estimate *out);
/* Options of the planner for a model on its backend. */
pleat_plan_options pleat_plan_options_for(const pleat_backend_vtbl *backend, void *be, pleat_dtype storage);

/* Writes the static inputs, or those of one pass. */
PLEAT_CHECKED pleat_status pleat_write_inputs(const pleat_backend_vtbl *backend, void *be, void *program,
                                              const pleat_plan *plan, const pleat_arrays *arrays, bool are_static,
                                              pleat_error *err);
/* Times of a plan's launches: the arrays have an element for each, added to whenever it runs. Neighbours with the same
 * label run together, as they do without a watch, and the first of them gets the time. */
typedef struct pleat_launch_times {
  double *ms;
  uint32_t *n_runs;
  const uint8_t *opt_label; /* NULL: every launch alone */
} pleat_launch_times;
/* Who looks on while a plan runs; zero-initialise. */
typedef struct pleat_run_watch {
  bool (*opt_poll)(void *ctx); /* asked before every iteration of a segment; false cancels */
  void *poll_ctx;
  pleat_launch_times *opt_times; /* given: launches are handed to the backend label by label */
} pleat_run_watch;
PLEAT_CHECKED pleat_status pleat_run_stage(const pleat_backend_vtbl *backend, void *be, void *program,
                                           const pleat_plan *plan, pleat_stage stage, const pleat_run_watch *watch,
                                           pleat_error *err);
/* pleat_session_predict with times; the session's plan says which launch is which. */
PLEAT_CHECKED pleat_status pleat_session_predict_timed(pleat_session *session, const pleat_arrays *features,
                                                       const pleat_predict_options *options,
                                                       pleat_launch_times *opt_times, pleat_arrays **out_prediction,
                                                       pleat_error *err);
const pleat_plan *pleat_session_plan(const pleat_session *session);
/* Reads an output as f32 into a new array `name` of `out`. */
PLEAT_CHECKED pleat_status pleat_read_output(const pleat_backend_vtbl *backend, void *be, void *program,
                                             const pleat_binding *binding, const char *name, pleat_arrays *out,
                                             pleat_error *err);

/* Reads row `row` of the first axis of an f32 output. */
PLEAT_CHECKED pleat_status pleat_read_row(const pleat_backend_vtbl *backend, void *be, void *program,
                                          const pleat_binding *binding, int64_t row, float *dst, pleat_error *err);

/* Where the logits of pairs lie: they are read row by row, because a copy of all would be half as large as the pair
 * representation. */
typedef struct pleat_pair_logits {
  const pleat_backend_vtbl *backend;
  void *be, *program;
  const pleat_binding *pae;       /* NULL: the network has no such head */
  const pleat_binding *distogram; /* NULL: not asked for */
} pleat_pair_logits;
/* Adds masks, bins and confidences to what the network put into `out` (results.c). */
PLEAT_CHECKED pleat_status pleat_add_confidences(const pleat_variant *variant, const pleat_inputs *inputs,
                                                 const pleat_pair_logits *logits, const pleat_predict_options *options,
                                                 pleat_arrays *out, pleat_error *err);
/* Structure and confidences are numbers: what else damaged weights make of them is no prediction (results.c). */
PLEAT_CHECKED pleat_status pleat_check_finite(const pleat_arrays *prediction, pleat_error *err);

#endif
