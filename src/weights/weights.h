/* Model parameters by name: a published .npz, a .safetensors file, or synthetic values.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_WEIGHTS_H
#define PLEAT_WEIGHTS_H

#include "pleat/arrays.h"

/* Immutable after open and shared by threads and sessions. Files are mapped; nothing is copied before it is read. */
typedef struct pleat_weights pleat_weights;

/* One tensor's description; strings are borrowed from the weights. name is "scope//leaf" as in the archives. */
typedef struct pleat_weight_info {
  const char *name;
  pleat_dtype dtype; /* as stored: F32, F16, BF16 or F64 */
  int rank;
  int64_t shape[PLEAT_MAX_RANK];
} pleat_weight_info;

/* `spec` is a path to .npz or .safetensors (told apart by content, not by name), "synth:FILE.json"
 * (shared/golden/README.md), or "synth:{...}" with that JSON itself. Errors: IO (missing, unreadable), WEIGHTS
 * (malformed, truncated, zip bomb, unsafe or duplicate member name, unsupported dtype, "synth:" alone), NOMEM. The
 * message names the file and, where there is one, the tensor. */
PLEAT_CHECKED pleat_status pleat_weights_open(const char *spec, pleat_weights **out_weights, pleat_error *err);
/* The same from bytes that outlive the weights; `spec` tells "synth:" and is the name in messages. */
PLEAT_CHECKED pleat_status pleat_weights_open_bytes(const char *spec, const uint8_t *data, size_t n,
                                                    pleat_weights **out_weights, pleat_error *err);
void pleat_weights_close(pleat_weights *weights); /* NULL is allowed */

bool pleat_weights_is_synthetic(const pleat_weights *weights);
const char *pleat_weights_source(const pleat_weights *weights); /* the spec it was opened with */
size_t pleat_weights_count(const pleat_weights *weights);
void pleat_weights_get(const pleat_weights *weights, size_t i, pleat_weight_info *out_info);
/* Index of a tensor; -1 when absent. */
int64_t pleat_weights_find(const pleat_weights *weights, const char *name);

/* Elements [first, first + n) of tensor i in row-major order, converted to f32. Inflates, converts or generates on
 * the fly; thread-safe. Errors: WEIGHTS (NaN or infinity inside, checksum or inflate error), INVALID (range), NOMEM. */
PLEAT_CHECKED pleat_status pleat_weights_read(const pleat_weights *weights, size_t i, int64_t first, int64_t n,
                                              float *dst, pleat_error *err);

/* Writes every tensor as f32 (or dtype BF16/F16: safetensors only) to `path`; the format follows its suffix
 * (.npz with stored members, or .safetensors); atomic. Errors: IO, WEIGHTS, UNSUPPORTED. */
PLEAT_CHECKED pleat_status pleat_weights_convert(const pleat_weights *weights, const char *path, pleat_dtype dtype,
                                                 pleat_error *err);

#endif
