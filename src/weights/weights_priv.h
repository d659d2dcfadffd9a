/* What the readers of weights share: the table of tensors and one vtable per format.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_WEIGHTS_PRIV_H
#define PLEAT_WEIGHTS_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "base/os.h"
#include "weights/weights.h"

#define PLEAT_WEIGHTS_MAX_ELEMENTS INT64_C(10000000000) /* of all tensors together; a model has 93 million */
enum { PLEAT_WEIGHTS_MAX_JSON = 1 << 24 };              /* bytes; a model's names and shapes take 44 thousand */

/* Marks converted synthetic weights: the comment of a .npz, metadata "pleat" of a .safetensors. */
extern const char pleat_weights_synthetic_note[];

typedef struct pleat_weight_tensor {
  pleat_weight_info info;
  int64_t n_elements;
  const uint8_t *opt_values;                 /* in the mapped file, at any alignment; NULL where there are none */
  const struct pleat_zip_member *opt_member; /* npz */
  size_t n_header;                           /* npz: bytes of the member before the values */
  uint64_t key;                              /* synth: start of the tensor's own stream */
  double centre, gain;                       /* synth */
} pleat_weight_tensor;

typedef struct pleat_weights_format {
  /* Does the file look like this format (malformed or not)? */
  bool (*probe)(const uint8_t *data, size_t n);
  /* Fills the tensors from weights->data with pleat_weights_reserve and _add. May set state and is_synthetic. */
  pleat_status (*open)(pleat_weights *weights, pleat_error *err);
  /* A range that is inside the tensor, n > 0, as f32. */
  pleat_status (*read)(const pleat_weights *weights, const pleat_weight_tensor *tensor, int64_t first, int64_t n,
                       float *dst, pleat_error *err);
  /* (optional) Checksum of a whole tensor. */
  pleat_status (*verify)(const pleat_weights *weights, const pleat_weight_tensor *tensor, pleat_error *err);
  /* (optional) Releases state; also called when open failed. */
  void (*close)(pleat_weights *weights);
} pleat_weights_format;

extern const pleat_weights_format pleat_weights_format_npz;
extern const pleat_weights_format pleat_weights_format_safetensors;
extern const pleat_weights_format pleat_weights_format_synth;

struct pleat_weights {
  const pleat_weights_format *format;
  const char *source;  /* in the arena */
  const char *path;    /* part of source */
  pleat_file_map file; /* empty when opened from bytes */
  const uint8_t *data;
  size_t n;
  bool is_synthetic;
  pleat_weight_tensor *tensors; /* in the arena */
  size_t n_tensors;
  size_t n_reserved;
  int64_t n_elements; /* of all tensors */
  pleat_map index;    /* name -> position */
  pleat_arena arena;
  void *state; /* the format's own */
};

pleat_status pleat_weights_fail_memory(const pleat_weights *weights, pleat_error *err);

/* Room for n tensors; once per open. Errors: NOMEM. */
PLEAT_CHECKED pleat_status pleat_weights_reserve(pleat_weights *weights, size_t n, pleat_error *err);
/* Adds a tensor under a copy of the name. Errors: WEIGHTS (duplicate, too large), NOMEM. */
PLEAT_CHECKED pleat_status pleat_weights_add(pleat_weights *weights, const char *name, size_t n_name, pleat_dtype dtype,
                                             int rank, const int64_t *shape, pleat_weight_tensor **out_tensor,
                                             pleat_error *err);
/* n stored elements at any alignment to f32. */
void pleat_weights_to_f32(pleat_dtype dtype, const uint8_t *src, int64_t n, float *dst);

#endif
