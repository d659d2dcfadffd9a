/* Reference of the fused operations, straight from their formulas in float64: the oracle for other backends' kernels.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "backend/ref/ref_priv.h"
#include "base/fail.h"

static double load_or(const pleat_ref_tensor *opt_x, int64_t at, double otherwise) {
  return opt_x->data ? pleat_ref_load(opt_x, at) : otherwise;
}

/* A row of x over `letters` (at the given offset of its other axes), layer-normed when scale is there. */
static void load_normal_row(const pleat_ref_tensor *x, int64_t at, const char *letters, const pleat_ref_tensor *scale,
                            const pleat_ref_tensor *offset, double eps, double *row) {
  const pleat_ref_tensor *tensors[3] = {x, scale, offset};
  pleat_ref_loop k;
  pleat_ref_loop_init(&k, letters, tensors, 3);
  double n = (double)pleat_ref_loop_count(&k), mean = 0, variance = 0;
  int64_t i = 0;
  for (; !k.is_done; pleat_ref_loop_next(&k)) row[i++] = pleat_ref_load(x, at + k.at[0]);
  if (!scale->data) return;
  for (int64_t c = 0; c < i; c++) mean += row[c] / n;
  for (int64_t c = 0; c < i; c++) variance += (row[c] - mean) * (row[c] - mean) / n;
  i = 0;
  for (pleat_ref_loop_rewind(&k); !k.is_done; pleat_ref_loop_next(&k), i++)
    row[i] = (row[i] - mean) / sqrt(variance + eps) * pleat_ref_load(scale, k.at[1]) + load_or(offset, k.at[2], 0);
}

/* sum_k row[k] W[k ..] + b-, with W and b at the given offsets of their other axes. */
static double project(const double *row, pleat_ref_loop *k, const pleat_ref_tensor *W, int64_t at_W,
                      const pleat_ref_tensor *b, int64_t at_b) {
  double sum = load_or(b, at_b, 0);
  int64_t i = 0;
  for (pleat_ref_loop_rewind(k); !k->is_done; pleat_ref_loop_next(k))
    sum += row[i++] * pleat_ref_load(W, at_W + k->at[0]);
  return sum;
}

static double activate(uint8_t act, double x) {
  if (act == PLEAT_ACT_RELU) return x < 0 ? 0 : x;
  return act == PLEAT_ACT_SIGMOID ? pleat_ref_sigmoid_of(x) : x;
}

/* Letters of a that b has and out lacks: the ones a product sums over. */
static pleat_ref_letters shared_letters(const char *a, const char *b, const char *out) {
  pleat_ref_letters only_a = {""}, shared = {""};
  pleat_ref_letters_add(&only_a, a, b);
  pleat_ref_letters_add(&only_a, out, NULL);
  pleat_ref_letters_add(&shared, a, only_a.text);
  return shared;
}

/* y = act(LN-(x) W + b-); y *= sigmoid(LN-(x) Wg + bg-)-; y *= mul-; y *= mask-; y += residual- */
void pleat_ref_fused_linear(const pleat_ref_call *call) {
  const pleat_ref_tensor *in = call->in, *out = &call->out, *x = &in[PLEAT_FL_X], *W = &in[PLEAT_FL_W];
  const pleat_ref_tensor *tensors[8] = {out, x, W, &in[PLEAT_FL_B], &in[PLEAT_FL_GATE_W], &in[PLEAT_FL_GATE_B]};
  const pleat_ref_tensor *extra[4] = {&in[PLEAT_FL_MUL], &in[PLEAT_FL_MASK], &in[PLEAT_FL_RESIDUAL], out};
  const pleat_attr *attr = &call->node->attr;
  pleat_ref_letters k = shared_letters(x->letters, W->letters, out->letters), row = {""}, n = {""};
  pleat_ref_letters_add(&row, out->letters, W->letters);
  pleat_ref_letters_add(&n, out->letters, row.text);
  pleat_ref_loop rows, columns, rows_extra, columns_extra, sum, gate_sum;
  pleat_ref_loop_init(&rows, row.text, tensors, 6);
  pleat_ref_loop_init(&rows_extra, row.text, extra, 4);
  pleat_ref_loop_init(&columns, n.text, tensors, 6);
  pleat_ref_loop_init(&columns_extra, n.text, extra, 4);
  pleat_ref_loop_init(&sum, k.text, &W, 1);
  pleat_ref_loop_init(&gate_sum, k.text, &tensors[4], 1);
  for (; !rows.is_done; pleat_ref_loop_next(&rows), pleat_ref_loop_next(&rows_extra)) {
    load_normal_row(x, rows.at[1], k.text, &in[PLEAT_FL_LN_SCALE], &in[PLEAT_FL_LN_OFFSET], attr->a, call->scratch);
    pleat_ref_loop_rewind(&columns);
    pleat_ref_loop_rewind(&columns_extra);
    for (; !columns.is_done; pleat_ref_loop_next(&columns), pleat_ref_loop_next(&columns_extra)) {
      const int64_t *at = columns.at, *outer = rows_extra.at, *inner = columns_extra.at;
      double y = activate(attr->act, project(call->scratch, &sum, W, at[2], tensors[3], at[3]));
      if (tensors[4]->data)
        y *= pleat_ref_sigmoid_of(project(call->scratch, &gate_sum, tensors[4], at[4], tensors[5], at[5]));
      y *= load_or(extra[0], outer[0] + inner[0], 1);
      y *= load_or(extra[1], outer[1] + inner[1], 1);
      y += load_or(extra[2], outer[2] + inner[2], 0);
      pleat_ref_store(out, outer[3] + inner[3], y);
    }
  }
}

/* softmax_k(scale * q.k + bias-, masked by mask- with -1e9) v, times gate-; attr.a = scale.
 * A masked logit is replaced, so a fully masked row gives equal weights. */
void pleat_ref_attention(const pleat_ref_call *call) {
  const pleat_ref_tensor *in = call->in, *out = &call->out;
  const pleat_ref_tensor *q = &in[PLEAT_AT_Q], *K = &in[PLEAT_AT_K], *v = &in[PLEAT_AT_V], *gate = &in[PLEAT_AT_GATE];
  const pleat_ref_tensor *tensors[7] = {out, q, K, v, &in[PLEAT_AT_BIAS], &in[PLEAT_AT_MASK], gate};
  pleat_ref_letters c = shared_letters(q->letters, K->letters, out->letters);
  pleat_ref_letters k = shared_letters(K->letters, v->letters, out->letters), query = {""}, d = {""};
  pleat_ref_letters_add(&query, q->letters, c.text);
  pleat_ref_letters_add(&d, out->letters, query.text);
  pleat_ref_loop queries, keys, channels, values;
  pleat_ref_loop_init(&queries, query.text, tensors, 7);
  pleat_ref_loop_init(&keys, k.text, tensors, 7);
  pleat_ref_loop_init(&channels, c.text, tensors, 7);
  pleat_ref_loop_init(&values, d.text, tensors, 7);
  double *weight = call->scratch;
  for (; !queries.is_done; pleat_ref_loop_next(&queries)) {
    const int64_t *at = queries.at;
    double max = -INFINITY, total = 0;
    int64_t n = 0;
    for (pleat_ref_loop_rewind(&keys); !keys.is_done; pleat_ref_loop_next(&keys)) {
      double logit = 0;
      for (pleat_ref_loop_rewind(&channels); !channels.is_done; pleat_ref_loop_next(&channels))
        logit += pleat_ref_load(q, at[1] + channels.at[1]) * pleat_ref_load(K, at[2] + keys.at[2] + channels.at[2]);
      logit = logit * call->node->attr.a + load_or(tensors[4], at[4] + keys.at[4], 0);
      if (load_or(tensors[5], at[5] + keys.at[5], 1) == 0) logit = -1e9;
      weight[n++] = logit;
      max = fmax(max, logit);
    }
    for (int64_t i = 0; i < n; i++) total += weight[i] = exp(weight[i] - max);
    for (pleat_ref_loop_rewind(&values); !values.is_done; pleat_ref_loop_next(&values)) {
      double sum = 0;
      n = 0;
      for (pleat_ref_loop_rewind(&keys); !keys.is_done; pleat_ref_loop_next(&keys))
        sum += weight[n++] / total * pleat_ref_load(v, at[3] + keys.at[3] + values.at[3]);
      pleat_ref_store(out, at[0] + values.at[0], sum * load_or(gate, at[6] + values.at[6], 1));
    }
  }
}

/* relu(LN-(x) W1 + b1-) W2 + b2-, + residual- */
void pleat_ref_transition(const pleat_ref_call *call) {
  const pleat_ref_tensor *in = call->in, *out = &call->out, *x = &in[PLEAT_TR_X];
  const pleat_ref_tensor *W1 = &in[PLEAT_TR_W1], *W2 = &in[PLEAT_TR_W2];
  const pleat_ref_tensor *tensors[7] = {out, x, W1, &in[PLEAT_TR_B1], W2, &in[PLEAT_TR_B2], &in[PLEAT_TR_RESIDUAL]};
  pleat_ref_letters k = shared_letters(x->letters, W1->letters, ""), hidden = {""}, row = {""}, n = {""};
  pleat_ref_letters_add(&hidden, W1->letters, k.text);
  pleat_ref_letters_add(&row, x->letters, k.text);
  pleat_ref_letters_add(&n, W2->letters, hidden.text);
  pleat_ref_loop rows, units, columns, sum1, sum2;
  pleat_ref_loop_init(&rows, row.text, tensors, 7);
  pleat_ref_loop_init(&units, hidden.text, tensors, 7);
  pleat_ref_loop_init(&columns, n.text, tensors, 7);
  pleat_ref_loop_init(&sum1, k.text, &W1, 1);
  pleat_ref_loop_init(&sum2, hidden.text, &W2, 1);
  double *normal = call->scratch, *unit = normal + pleat_ref_loop_count(&sum1);
  for (; !rows.is_done; pleat_ref_loop_next(&rows)) {
    load_normal_row(x, rows.at[1], k.text, &in[PLEAT_TR_LN_SCALE], &in[PLEAT_TR_LN_OFFSET], call->node->attr.a, normal);
    int64_t i = 0;
    for (pleat_ref_loop_rewind(&units); !units.is_done; pleat_ref_loop_next(&units))
      unit[i++] = activate(PLEAT_ACT_RELU, project(normal, &sum1, W1, units.at[2], tensors[3], units.at[3]));
    for (pleat_ref_loop_rewind(&columns); !columns.is_done; pleat_ref_loop_next(&columns)) {
      double y = project(unit, &sum2, W2, columns.at[4], tensors[5], columns.at[5]);
      y += load_or(tensors[6], rows.at[6] + columns.at[6], 0);
      pleat_ref_store(out, rows.at[0] + columns.at[0], y);
    }
  }
}

/* (sum_s a[s i c] b[s j d] W[c d z] + bias[z]) / norm[ij]-, + residual- */
void pleat_ref_outer_product(const pleat_ref_call *call) {
  const pleat_ref_tensor *in = call->in, *out = &call->out, *a = &in[PLEAT_OP_A], *b = &in[PLEAT_OP_B];
  const pleat_ref_tensor *W = &in[PLEAT_OP_W], *bias = &in[PLEAT_OP_BIAS];
  const pleat_ref_tensor *tensors[7] = {out, a, b, W, bias, &in[PLEAT_OP_NORM], &in[PLEAT_OP_RESIDUAL]};
  pleat_ref_letters s = shared_letters(a->letters, b->letters, out->letters), cd = {""}, ij = {""}, z = {""};
  pleat_ref_letters_add(&cd, W->letters, out->letters);
  pleat_ref_letters_add(&ij, out->letters, W->letters);
  pleat_ref_letters_add(&z, out->letters, ij.text);
  pleat_ref_loop pairs, products, sequences, columns, sum;
  pleat_ref_loop_init(&pairs, ij.text, tensors, 7);
  pleat_ref_loop_init(&products, cd.text, tensors, 7);
  pleat_ref_loop_init(&sequences, s.text, tensors, 7);
  pleat_ref_loop_init(&columns, z.text, tensors, 7);
  pleat_ref_loop_init(&sum, cd.text, &W, 1);
  for (; !pairs.is_done; pleat_ref_loop_next(&pairs)) {
    int64_t n = 0;
    for (pleat_ref_loop_rewind(&products); !products.is_done; pleat_ref_loop_next(&products)) {
      double product = 0;
      for (pleat_ref_loop_rewind(&sequences); !sequences.is_done; pleat_ref_loop_next(&sequences))
        product += pleat_ref_load(a, pairs.at[1] + products.at[1] + sequences.at[1]) *
                   pleat_ref_load(b, pairs.at[2] + products.at[2] + sequences.at[2]);
      call->scratch[n++] = product;
    }
    for (pleat_ref_loop_rewind(&columns); !columns.is_done; pleat_ref_loop_next(&columns)) {
      double y = project(call->scratch, &sum, W, columns.at[3], bias, columns.at[4]);
      y /= load_or(tensors[5], pairs.at[5] + columns.at[5], 1);
      y += load_or(tensors[6], pairs.at[6] + columns.at[6], 0);
      pleat_ref_store(out, pairs.at[0] + columns.at[0], y);
    }
  }
}

static int64_t elements(const pleat_operand *x) {
  int64_t n = 1;
  for (int d = 0; d < x->rank; d++) n *= x->size[d];
  return n;
}

/* One row of x, the logits of one query, a row and its hidden units, or one outer product: bounded by the sizes of
 * the operands that carry these axes. */
int64_t pleat_ref_scratch(const pleat_launch *launch) {
  const pleat_operand *in = launch->in;
  switch (launch->node->op) {
    case PLEAT_OP_FUSED_LINEAR: return elements(&in[PLEAT_FL_W]);
    case PLEAT_OP_ATTENTION: return elements(&in[PLEAT_AT_K]);
    case PLEAT_OP_TRANSITION: return elements(&in[PLEAT_TR_W1]) + elements(&in[PLEAT_TR_W2]);
    case PLEAT_OP_OUTER_PRODUCT: return elements(&in[PLEAT_OP_W]);
    default: return 0;
  }
}
