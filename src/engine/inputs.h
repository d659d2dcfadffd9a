/* Features to network inputs: iterations, derived arrays, and what masks allow to skip.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_ENGINE_INPUTS_H
#define PLEAT_ENGINE_INPUTS_H

#include "feat/feat.h"
#include "graph/pass/pass.h"
#include "model/config.h"
#include "model/model.h"
#include "pleat/pleat.h"

/* What the options say, or else the variant. */
int64_t pleat_recycles_of(const pleat_variant *variant, const pleat_predict_options *options);
pleat_feat_options pleat_draw_options(const pleat_variant *variant, const pleat_predict_options *options);

/* The inputs of one prediction, drawn slice by slice from the caller's features. */
typedef struct pleat_inputs pleat_inputs;

/* Checks names and shapes, derives tables, counts rows. `features` is borrowed until fini. Errors: SHAPE, INPUT,
 * NOMEM; the message names the array, what was expected and found. */
PLEAT_CHECKED pleat_status pleat_inputs_create(const pleat_variant *variant, const pleat_sizes *sizes,
                                               const pleat_arrays *features, const pleat_predict_options *options,
                                               int64_t num_recycle, pleat_inputs **out_inputs, pleat_error *err);
void pleat_inputs_destroy(pleat_inputs *inputs); /* NULL is allowed */

/* Shapes for pleat_build_model, before skipping, and the rows that remain after it. */
void pleat_inputs_request(const pleat_inputs *inputs, pleat_model_request *out_request);
enum { PLEAT_MAX_SKIP = 6 };
typedef struct pleat_skip_sizes {
  pleat_axis_size item[PLEAT_MAX_SKIP];
  int n;
} pleat_skip_sizes;
void pleat_inputs_skip(const pleat_inputs *inputs, pleat_skip_sizes *out_skip);

/* The arrays of one recycle and ensemble member under the network's input names, already without skipped rows; *out is
 * replaced. Errors: NOMEM, INPUT. */
PLEAT_CHECKED pleat_status pleat_inputs_draw(pleat_inputs *inputs, int64_t recycle, int64_t member,
                                             pleat_arrays **inout_arrays, pleat_error *err);

/* What the results need: valid for the life of the inputs. */
int64_t pleat_inputs_n_res(const pleat_inputs *inputs);
const float *pleat_inputs_atom37_exists(const pleat_inputs *inputs); /* [N_res, 37] */
const float *pleat_inputs_seq_mask(const pleat_inputs *inputs);      /* [N_res] */
const int32_t *pleat_inputs_asym_id(const pleat_inputs *inputs);     /* NULL for monomers */

#endif
