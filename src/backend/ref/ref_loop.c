/* Loops over letters, and the one contraction that LINEAR and CONTRACT share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/ref/ref_priv.h"
#include "base/fail.h"

/* Position of a letter in the tensor's spelling, -1 when absent. */
static int find(const pleat_ref_tensor *x, char letter) {
  for (int d = 0; x->data && d < x->rank; d++)
    if (x->letters[d] == letter) return d;
  return -1;
}

int64_t pleat_ref_size(const pleat_ref_tensor *x, char letter) {
  int d = find(x, letter);
  return d < 0 ? 1 : x->size[d];
}

/* A letter that a tensor carries twice walks its diagonal. */
int64_t pleat_ref_stride(const pleat_ref_tensor *x, char letter) {
  int64_t stride = 0;
  for (int d = 0; x->data && d < x->rank; d++)
    if (x->letters[d] == letter) stride += x->stride[d];
  return stride;
}

void pleat_ref_letters_add(pleat_ref_letters *set, const char *letters, const char *opt_except) {
  size_t n = strlen(set->text);
  for (; *letters; letters++) {
    if (strchr(set->text, *letters) || (opt_except && strchr(opt_except, *letters))) continue;
    PLEAT_ASSERT(n < PLEAT_REF_MAX_LETTERS);
    set->text[n++] = *letters;
    set->text[n] = 0;
  }
}

void pleat_ref_loop_init(pleat_ref_loop *loop, const char *letters, const pleat_ref_tensor *const *tensors, int n) {
  loop->n_letters = (int)strlen(letters);
  PLEAT_ASSERT(n <= PLEAT_REF_MAX_TENSORS && loop->n_letters <= PLEAT_REF_MAX_LETTERS);
  loop->n_tensors = n;
  for (int l = 0; l < loop->n_letters; l++) {
    loop->size[l] = 1;
    for (int t = n - 1; t >= 0; t--) {
      if (find(tensors[t], letters[l]) >= 0) loop->size[l] = pleat_ref_size(tensors[t], letters[l]);
      loop->stride[l][t] = pleat_ref_stride(tensors[t], letters[l]);
    }
  }
  pleat_ref_loop_rewind(loop);
}

void pleat_ref_loop_rewind(pleat_ref_loop *loop) {
  loop->is_done = pleat_ref_loop_count(loop) == 0;
  memset(loop->index, 0, sizeof loop->index);
  memset(loop->at, 0, sizeof loop->at);
}

void pleat_ref_loop_next(pleat_ref_loop *loop) {
  for (int l = loop->n_letters - 1; l >= 0; l--) {
    bool is_wrapped = ++loop->index[l] == loop->size[l];
    int64_t steps = is_wrapped ? 1 - loop->size[l] : 1;
    for (int t = 0; t < loop->n_tensors; t++) loop->at[t] += steps * loop->stride[l][t];
    if (!is_wrapped) return;
    loop->index[l] = 0;
  }
  loop->is_done = true;
}

int64_t pleat_ref_loop_count(const pleat_ref_loop *loop) {
  int64_t count = 1;
  for (int l = 0; l < loop->n_letters; l++) count *= loop->size[l];
  return count;
}

/* sum over n steps of a[at_a + step_a i] b[at_b + step_b i]. float32 has a loop of its own because the whole backend
 * spends its time here. */
static double dot(const pleat_ref_tensor *a, int64_t at_a, int64_t step_a, const pleat_ref_tensor *b, int64_t at_b,
                  int64_t step_b, int64_t n) {
  double sum = 0;
  if (a->dtype == PLEAT_F32 && b->dtype == PLEAT_F32) {
    const float *p = (const float *)a->data + at_a, *q = (const float *)b->data + at_b;
    for (int64_t i = 0; i < n; i++) sum += (double)p[i * step_a] * q[i * step_b];
    return sum;
  }
  for (int64_t i = 0; i < n; i++) sum += pleat_ref_load(a, at_a + i * step_a) * pleat_ref_load(b, at_b + i * step_b);
  return sum;
}

void pleat_ref_contract(const pleat_ref_tensor *out, const pleat_ref_tensor *a, const pleat_ref_tensor *b,
                        const pleat_ref_tensor *opt_bias) {
  static const pleat_ref_tensor none;
  const pleat_ref_tensor *tensors[4] = {a, b, out, opt_bias ? opt_bias : &none};
  PLEAT_ASSERT(out && a && b);
  pleat_ref_letters summed = {""};
  pleat_ref_letters_add(&summed, a->letters, out->letters);
  pleat_ref_letters_add(&summed, b->letters, out->letters);
  size_t n_summed = strlen(summed.text);
  char last = n_summed ? summed.text[n_summed - 1] : 0;
  if (last) summed.text[n_summed - 1] = 0;
  int64_t n = last ? pleat_ref_size(find(a, last) >= 0 ? a : b, last) : 1;
  int64_t step_a = pleat_ref_stride(a, last), step_b = pleat_ref_stride(b, last);

  pleat_ref_loop outer, inner;
  pleat_ref_loop_init(&outer, out->letters, tensors, 4);
  pleat_ref_loop_init(&inner, summed.text, tensors, 2);
  for (pleat_ref_loop_rewind(&outer); !outer.is_done; pleat_ref_loop_next(&outer)) {
    double sum = 0;
    for (pleat_ref_loop_rewind(&inner); !inner.is_done; pleat_ref_loop_next(&inner))
      sum += dot(a, outer.at[0] + inner.at[0], step_a, b, outer.at[1] + inner.at[1], step_b, n);
    if (opt_bias) sum += pleat_ref_load(opt_bias, outer.at[3]);
    pleat_ref_store(out, outer.at[2], sum);
  }
}
