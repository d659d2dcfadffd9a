/* Reference arithmetic: contractions, norms, softmax, sums and elementwise operations, accumulated in float64.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/ref/ref_priv.h"
#include "base/fail.h"
#include "graph/dropout.h"

/* out[..n] = sum_k x[..k] W[k n] + b[n] */
void pleat_ref_linear(const pleat_ref_call *call) {
  bool has_bias = call->node->n_in > 2 && call->in[2].data;
  pleat_ref_contract(&call->out, &call->in[0], &call->in[1], has_bias ? &call->in[2] : NULL);
}

/* out = einsum(a, b) */
void pleat_ref_contraction(const pleat_ref_call *call) {
  pleat_ref_contract(&call->out, &call->in[0], &call->in[1], NULL);
}

/* out = (x - mean) / sqrt(var + eps) * scale + offset; mean and variance over the letters of scale. */
void pleat_ref_layer_norm(const pleat_ref_call *call) {
  const pleat_ref_tensor *x = &call->in[0], *scale = &call->in[1], *offset = &call->in[2];
  const pleat_ref_tensor *tensors[4] = {x, scale, offset, &call->out};
  pleat_ref_letters row_letters = {""};
  pleat_ref_letters_add(&row_letters, x->letters, scale->letters);
  pleat_ref_loop rows, c;
  pleat_ref_loop_init(&rows, row_letters.text, tensors, 4);
  pleat_ref_loop_init(&c, scale->letters, tensors, 4);
  double n = (double)pleat_ref_loop_count(&c);
  for (pleat_ref_loop_rewind(&rows); !rows.is_done; pleat_ref_loop_next(&rows)) {
    double mean = 0, variance = 0;
    for (pleat_ref_loop_rewind(&c); !c.is_done; pleat_ref_loop_next(&c))
      mean += pleat_ref_load(x, rows.at[0] + c.at[0]) / n;
    for (pleat_ref_loop_rewind(&c); !c.is_done; pleat_ref_loop_next(&c)) {
      double d = pleat_ref_load(x, rows.at[0] + c.at[0]) - mean;
      variance += d * d / n;
    }
    double factor = 1 / sqrt(variance + call->node->attr.a);
    for (pleat_ref_loop_rewind(&c); !c.is_done; pleat_ref_loop_next(&c)) {
      double normal = (pleat_ref_load(x, rows.at[0] + c.at[0]) - mean) * factor;
      pleat_ref_store(&call->out, rows.at[3] + c.at[3],
                      normal * pleat_ref_load(scale, c.at[1]) + pleat_ref_load(offset, c.at[2]));
    }
  }
}

/* out = exp(x - max) / sum exp(x - max) over one letter. */
void pleat_ref_softmax(const pleat_ref_call *call) {
  const pleat_ref_tensor *x = &call->in[0];
  const pleat_ref_tensor *tensors[2] = {x, &call->out};
  const char axis[2] = {call->node->attr.letter, 0};
  pleat_ref_letters row_letters = {""};
  pleat_ref_letters_add(&row_letters, x->letters, axis);
  pleat_ref_loop rows, k;
  pleat_ref_loop_init(&rows, row_letters.text, tensors, 2);
  pleat_ref_loop_init(&k, axis, tensors, 2);
  for (pleat_ref_loop_rewind(&rows); !rows.is_done; pleat_ref_loop_next(&rows)) {
    double max = -INFINITY, sum = 0;
    for (pleat_ref_loop_rewind(&k); !k.is_done; pleat_ref_loop_next(&k))
      max = fmax(max, pleat_ref_load(x, rows.at[0] + k.at[0]));
    for (pleat_ref_loop_rewind(&k); !k.is_done; pleat_ref_loop_next(&k))
      sum += exp(pleat_ref_load(x, rows.at[0] + k.at[0]) - max);
    for (pleat_ref_loop_rewind(&k); !k.is_done; pleat_ref_loop_next(&k))
      pleat_ref_store(&call->out, rows.at[1] + k.at[1], exp(pleat_ref_load(x, rows.at[0] + k.at[0]) - max) / sum);
  }
}

/* out = sum of x over the letters missing in out. */
void pleat_ref_sum(const pleat_ref_call *call) {
  const pleat_ref_tensor *x = &call->in[0];
  const pleat_ref_tensor *tensors[2] = {x, &call->out};
  pleat_ref_letters summed = {""};
  pleat_ref_letters_add(&summed, x->letters, call->out.letters);
  pleat_ref_loop outer, inner;
  pleat_ref_loop_init(&outer, call->out.letters, tensors, 2);
  pleat_ref_loop_init(&inner, summed.text, tensors, 1);
  for (pleat_ref_loop_rewind(&outer); !outer.is_done; pleat_ref_loop_next(&outer)) {
    double sum = 0;
    for (pleat_ref_loop_rewind(&inner); !inner.is_done; pleat_ref_loop_next(&inner))
      sum += pleat_ref_load(x, outer.at[0] + inner.at[0]);
    pleat_ref_store(&call->out, outer.at[1], sum);
  }
}

static double binary(uint8_t op, double a, double b) {
  switch (op) {
    case PLEAT_OP_ADD: return a + b;
    case PLEAT_OP_SUB: return a - b;
    case PLEAT_OP_MUL: return a * b;
    default: PLEAT_ASSERT(op == PLEAT_OP_DIV); return a / b;
  }
}

/* ADD, SUB, MUL, DIV with broadcasting by letters. */
void pleat_ref_binary(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 3);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    double a = pleat_ref_load(tensors[1], all.at[1]), b = pleat_ref_load(tensors[2], all.at[2]);
    pleat_ref_store(&call->out, all.at[0], binary(call->node->op, a, b));
  }
}

double pleat_ref_sigmoid_of(double x) { return 1 / (1 + exp(-x)); }

/* RELU is spelled so that NaN stays NaN; SOFTPLUS = log(1 + e^x) without overflow. */
static double unary(const pleat_node *node, double x) {
  switch (node->op) {
    case PLEAT_OP_RELU: return x < 0 ? 0 : x;
    case PLEAT_OP_SIGMOID: return pleat_ref_sigmoid_of(x);
    case PLEAT_OP_SOFTPLUS: return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
    case PLEAT_OP_AFFINE: return x * node->attr.a + node->attr.b;
    default: PLEAT_ASSERT(node->op == PLEAT_OP_GREATER_ZERO); return x > 0 ? 1 : 0;
  }
}

/* RELU, SIGMOID, SOFTPLUS, AFFINE, GREATER_ZERO. */
void pleat_ref_unary(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[2] = {&call->out, &call->in[0]};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 2);
  for (; !all.is_done; pleat_ref_loop_next(&all))
    pleat_ref_store(&call->out, all.at[0], unary(call->node, pleat_ref_load(tensors[1], all.at[1])));
}

/* out = mask != 0 ? x : attr.a; inputs x, mask. */
void pleat_ref_mask_fill(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 3);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    bool is_kept = pleat_ref_load(tensors[2], all.at[2]) != 0;
    pleat_ref_store(&call->out, all.at[0], is_kept ? pleat_ref_load(tensors[1], all.at[1]) : call->node->attr.a);
  }
}

/* out = attr.a everywhere. */
void pleat_ref_fill(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[1] = {&call->out};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 1);
  for (; !all.is_done; pleat_ref_loop_next(&all)) pleat_ref_store(&call->out, all.at[0], call->node->attr.a);
}

/* Numbers are drawn one after the other, in the order of the result's letters. */
void pleat_ref_dropout_mask(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[1] = {&call->out};
  int32_t key[4];
  for (int i = 0; i < 4; i++) key[i] = (int32_t)pleat_ref_load(&call->in[0], i * call->in[0].stride[0]);
  pleat_rng stream = pleat_dropout_stream(key, (int64_t)pleat_ref_load(&call->in[1], 0), call->node->attr.n);
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 1);
  for (; !all.is_done; pleat_ref_loop_next(&all))
    pleat_ref_store(&call->out, all.at[0], (double)pleat_dropout_value(pleat_rng_u64(&stream), call->node->attr.a));
}

/* x / sqrt(max(sum over the last axis of x^2, attr.a)): folding.py l2_normalize. */
void pleat_ref_l2_normalize(const pleat_ref_call *call) {
  const pleat_ref_tensor *x = &call->in[0];
  const pleat_ref_tensor *tensors[2] = {x, &call->out};
  const char axis[2] = {x->letters[x->rank - 1], 0};
  pleat_ref_letters row_letters = {""};
  pleat_ref_letters_add(&row_letters, x->letters, axis);
  pleat_ref_loop rows, c;
  pleat_ref_loop_init(&rows, row_letters.text, tensors, 2);
  pleat_ref_loop_init(&c, axis, tensors, 2);
  for (pleat_ref_loop_rewind(&rows); !rows.is_done; pleat_ref_loop_next(&rows)) {
    double sum = 0;
    for (pleat_ref_loop_rewind(&c); !c.is_done; pleat_ref_loop_next(&c)) {
      double value = pleat_ref_load(x, rows.at[0] + c.at[0]);
      sum += value * value;
    }
    double floor = call->node->attr.a;
    double norm = sqrt(sum < floor ? floor : sum);
    for (pleat_ref_loop_rewind(&c); !c.is_done; pleat_ref_loop_next(&c))
      pleat_ref_store(&call->out, rows.at[1] + c.at[1], pleat_ref_load(x, rows.at[0] + c.at[0]) / norm);
  }
}
