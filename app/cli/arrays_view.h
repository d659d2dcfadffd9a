/* Array sets by a prefix of their names, as reference files keep inputs and outputs together.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_ARRAYS_VIEW_H
#define PLEAT_CLI_ARRAYS_VIEW_H

#include "pleat/arrays.h"

/* A copy of the arrays whose names start with `prefix` ("" for all), without it. Errors: NOMEM. */
PLEAT_CHECKED pleat_status cli_arrays_select(const pleat_arrays *set, const char *prefix, pleat_arrays **out_set,
                                             pleat_error *err);

/* Features of a reference file: its arrays in/NAME, or all when there is none such. */
PLEAT_CHECKED pleat_status cli_arrays_features(const pleat_arrays *file, pleat_arrays **out_features, pleat_error *err);
/* Iterations in processed monomer features: the leading axis of aatype [*, N_res]; 0 when they have none. */
int64_t cli_features_iterations(const pleat_arrays *features);

#endif
