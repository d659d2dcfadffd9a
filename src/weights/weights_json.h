/* Bounded JSON for the headers of .safetensors and the specs of synthetic weights.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_WEIGHTS_JSON_H
#define PLEAT_WEIGHTS_JSON_H

#include <jansson.h>

#include "weights/weights.h"

/* A JSON object without duplicate keys. line and column of an error count from the start of `text`.
 * Errors: WEIGHTS, NOMEM. Released with json_decref. */
PLEAT_CHECKED pleat_status pleat_weights_parse_json(const pleat_weights *weights, const char *text, size_t n,
                                                    json_t **out_object, pleat_error *err);
/* A list of up to PLEAT_MAX_RANK integers >= min_size. Errors: WEIGHTS. */
PLEAT_CHECKED pleat_status pleat_weights_parse_shape(const pleat_weights *weights, const char *name,
                                                     const json_t *opt_list, int64_t min_size, int *out_rank,
                                                     int64_t *out_shape, pleat_error *err);

#endif
