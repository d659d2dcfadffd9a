/* The reference backend's inside: tensors spelled by letters, loops over letters, one function per operation.
 *
 *   pleat_ref_loop rows;
 *   pleat_ref_loop_init(&rows, "ij", tensors, 3);
 *   for (pleat_ref_loop_rewind(&rows); !rows.is_done; pleat_ref_loop_next(&rows)) ... rows.at[t] ...
 *
 * A loop knows the element offset of every tensor at the present indices; an inner loop over other letters simply
 * adds its own offsets to the outer ones. A tensor that lacks a letter does not move with it: broadcasting needs no
 * code of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BACKEND_REF_PRIV_H
#define PLEAT_BACKEND_REF_PRIV_H

#include "backend/backend.h"
#include "tensor/half.h"

enum {
  PLEAT_REF_MAX_LETTERS = 3 * PLEAT_MAX_RANK, /* of one operation: operands share most of theirs */
  PLEAT_REF_MAX_TENSORS = 8                   /* of one loop */
};

/* A view with its spelling. data NULL: an optional operand that is absent. Strides are in elements. */
typedef struct pleat_ref_tensor {
  uint8_t *data;
  uint8_t dtype;
  int rank;
  char letters[PLEAT_MAX_RANK + 1];
  int64_t size[PLEAT_MAX_RANK];
  int64_t stride[PLEAT_MAX_RANK];
} pleat_ref_tensor;

typedef struct pleat_ref_call {
  const pleat_node *node;
  pleat_ref_tensor out;
  pleat_ref_tensor in[PLEAT_MAX_IN];
  double *scratch; /* pleat_ref_scratch elements */
} pleat_ref_call;

static inline double pleat_ref_load(const pleat_ref_tensor *x, int64_t at) {
  switch (x->dtype) {
    case PLEAT_F32: return ((const float *)x->data)[at];
    case PLEAT_BF16: return pleat_f32_from_bf16(((const uint16_t *)x->data)[at]);
    case PLEAT_F16: return pleat_f32_from_f16(((const uint16_t *)x->data)[at]);
    case PLEAT_I32: return ((const int32_t *)x->data)[at];
    default: return x->data[at];
  }
}

/* Integers are stored by operations whose results are integers in range. */
static inline void pleat_ref_store(const pleat_ref_tensor *x, int64_t at, double value) {
  switch (x->dtype) {
    case PLEAT_F32: ((float *)x->data)[at] = (float)value; break;
    case PLEAT_BF16: ((uint16_t *)x->data)[at] = pleat_bf16_from_f32((float)value); break;
    case PLEAT_F16: ((uint16_t *)x->data)[at] = pleat_f16_from_f32((float)value); break;
    case PLEAT_I32: ((int32_t *)x->data)[at] = (int32_t)value; break;
    default: x->data[at] = (uint8_t)value; break;
  }
}

/* Size of a letter of the tensor (1 when absent) and its stride (0 when absent). */
int64_t pleat_ref_size(const pleat_ref_tensor *x, char letter);
int64_t pleat_ref_stride(const pleat_ref_tensor *x, char letter);

/* A set of letters in order of first appearance. */
typedef struct pleat_ref_letters {
  char text[PLEAT_REF_MAX_LETTERS + 1];
} pleat_ref_letters;
/* Adds the letters of `letters` that are neither in the set nor in `opt_except`. */
void pleat_ref_letters_add(pleat_ref_letters *set, const char *letters, const char *opt_except);

typedef struct pleat_ref_loop {
  int n_letters, n_tensors;
  bool is_done;
  int64_t size[PLEAT_REF_MAX_LETTERS];
  int64_t index[PLEAT_REF_MAX_LETTERS];
  int64_t stride[PLEAT_REF_MAX_LETTERS][PLEAT_REF_MAX_TENSORS];
  int64_t at[PLEAT_REF_MAX_TENSORS]; /* element offset of each tensor at the present indices */
} pleat_ref_loop;

/* letters: outermost first. Each letter's size is that of the first tensor that carries it. Absent tensors may be
 * listed: they never move. */
void pleat_ref_loop_init(pleat_ref_loop *loop, const char *letters, const pleat_ref_tensor *const *tensors, int n);
void pleat_ref_loop_rewind(pleat_ref_loop *loop);
void pleat_ref_loop_next(pleat_ref_loop *loop);
int64_t pleat_ref_loop_count(const pleat_ref_loop *loop); /* product of the sizes */

/* out[...] = sum over the letters missing in out of a b, + bias-; the whole operation LINEAR or CONTRACT. */
void pleat_ref_contract(const pleat_ref_tensor *out, const pleat_ref_tensor *a, const pleat_ref_tensor *b,
                        const pleat_ref_tensor *opt_bias);

double pleat_ref_sigmoid_of(double x);

/* One function per operation, or per family where only the scalar formula differs. */
typedef void pleat_ref_fn(const pleat_ref_call *call);
pleat_ref_fn pleat_ref_linear, pleat_ref_contraction, pleat_ref_layer_norm, pleat_ref_softmax, pleat_ref_sum,
    pleat_ref_binary, pleat_ref_unary, pleat_ref_mask_fill, pleat_ref_fill, pleat_ref_dropout_mask,
    pleat_ref_l2_normalize;
pleat_ref_fn pleat_ref_permute, pleat_ref_slice, pleat_ref_concat, pleat_ref_lookup, pleat_ref_pseudo_beta,
    pleat_ref_rel_index, pleat_ref_equal_pair, pleat_ref_gather_atoms;
pleat_ref_fn pleat_ref_dist_bin, pleat_ref_frame_init, pleat_ref_quat_update, pleat_ref_quat_frame,
    pleat_ref_frame_compose, pleat_ref_frame_apply, pleat_ref_frame_invert, pleat_ref_frame_direction,
    pleat_ref_point_logits, pleat_ref_point_norm, pleat_ref_torsion_atoms;
pleat_ref_fn pleat_ref_fused_linear, pleat_ref_attention, pleat_ref_transition, pleat_ref_outer_product,
    pleat_ref_lookup_add;

/* float64 elements of scratch that a launch needs (fused operations only). */
int64_t pleat_ref_scratch(const pleat_launch *launch);

#endif
