/* Fusion: primitives to the fused operations of ops.def, where the backend has the kernel.
 *
 * A pattern is matched from its anchor (softmax, outer product, linear layer, look-up) along values that have a single
 * use; the fused node takes the place of the pattern's last node and the rest is swept as dead code.
 *
 * 1 attention, 2 outer product mean, 3 transition, 4 linear with prologue and epilogue, 5 look-up added in place
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"

enum { NO_NODE = 0xFFFFFFFF };

typedef struct fuser {
  pleat_graph *graph;
  uint32_t *uses;
  pleat_supports_fn *supports;
  void *ctx;
} fuser;

/* The node that makes a value, when it is a node of operation `op`; NULL otherwise. */
static pleat_node *maker(const fuser *f, pleat_value value, pleat_op op) {
  if (value == PLEAT_NO_VALUE || f->graph->values[value].kind != PLEAT_VALUE_NODE) return NULL;
  pleat_node *node = &f->graph->nodes[f->graph->values[value].def];
  return node->op == op ? node : NULL;
}

/* The same, when this is the value's only use. */
static pleat_node *sole_maker(const fuser *f, pleat_value value, pleat_op op) {
  return value != PLEAT_NO_VALUE && f->uses[value] == 1 ? maker(f, value, op) : NULL;
}

/* The only node that uses a value, at or after `from`, in the region and stage of `like`. */
static uint32_t sole_user(const fuser *f, pleat_value value, uint32_t from) {
  const pleat_graph *graph = f->graph;
  if (f->uses[value] != 1) return NO_NODE;
  const pleat_node *like = &graph->nodes[graph->values[value].def];
  for (uint32_t i = from; i < graph->n_nodes; i++)
    for (int k = 0; k < graph->nodes[i].n_in; k++)
      if (graph->nodes[i].in[k] == value)
        return graph->nodes[i].region == like->region && graph->nodes[i].stage == like->stage ? i : NO_NODE;
  return NO_NODE;
}

/* Puts the fused node in the place of node `at` if the backend has a kernel for it. */
static bool commit(fuser *f, uint32_t at, pleat_node *fused) {
  const pleat_node *old = &f->graph->nodes[at];
  fused->out = old->out;
  fused->region = old->region;
  fused->stage = old->stage;
  fused->n_in = pleat_ops[fused->op].n_max;
  for (int k = 0; k < fused->n_in; k++)
    if (fused->in[k] == PLEAT_NO_VALUE) fused->letters[1 + k][0] = 0;
  if (!f->supports(f->ctx, f->graph, fused)) return false;
  for (int k = 0; k < old->n_in; k++)
    if (old->in[k] != PLEAT_NO_VALUE) f->uses[old->in[k]]--;
  for (int k = 0; k < fused->n_in; k++)
    if (fused->in[k] != PLEAT_NO_VALUE) f->uses[fused->in[k]]++;
  f->graph->nodes[at] = *fused;
  return true;
}

/* The scope is that of the pattern's anchor: the last node may be the residual, which lies outside the sub-layer. */
static pleat_node blank(pleat_op op, const pleat_node *anchor) {
  pleat_node node = {.op = (uint8_t)op, .scope = anchor->scope};
  for (int k = 0; k < PLEAT_MAX_IN; k++) node.in[k] = PLEAT_NO_VALUE;
  return node;
}

static void set_in(pleat_node *node, int slot, pleat_value value, const char *letters) {
  node->in[slot] = value;
  size_t n = strlen(letters);
  PLEAT_ASSERT(n <= PLEAT_MAX_RANK);
  memcpy(node->letters[1 + slot], letters, n + 1);
}

/* Alg. 7 l. 4-6: softmax(scale q k + bias, masked) v, times a gate. */
static void fuse_attention(fuser *f, uint32_t at) {
  pleat_graph *graph = f->graph;
  const pleat_node *softmax = &graph->nodes[at];
  const pleat_node *fill = sole_maker(f, softmax->in[0], PLEAT_OP_MASK_FILL);
  if (!fill || fill->attr.a != -1e9f || strcmp(fill->letters[0], softmax->letters[0])) return;
  const pleat_node *bias = sole_maker(f, fill->in[0], PLEAT_OP_ADD);
  if (bias && (strcmp(bias->letters[0], fill->letters[1]) || strcmp(bias->letters[1], bias->letters[0]))) return;
  const pleat_node *qk = sole_maker(f, bias ? bias->in[0] : fill->in[0], PLEAT_OP_CONTRACT);
  if (!qk || strcmp(qk->letters[0], fill->letters[1])) return;
  const pleat_node *scale = sole_maker(f, qk->in[0], PLEAT_OP_AFFINE);
  uint32_t average = sole_user(f, softmax->out, at);
  if (average == NO_NODE || graph->nodes[average].op != PLEAT_OP_CONTRACT) return;
  const pleat_node *wv = &graph->nodes[average];
  if (wv->in[0] != softmax->out || strcmp(wv->letters[1], softmax->letters[0])) return;
  if (strcmp(wv->letters[0], qk->letters[1])) return; /* the result is laid out like the query */

  /* The channels of v and of the result get a letter of their own: q and k sum over theirs. */
  char v_letters[8], out_letters[8], channel = wv->letters[0][strlen(wv->letters[0]) - 1];
  strcpy(v_letters, wv->letters[2]);
  strcpy(out_letters, wv->letters[0]);
  int v_channel = pleat_letter_find(v_letters, channel);
  if (v_channel < 0) return;
  v_letters[v_channel] = out_letters[strlen(out_letters) - 1] = 'z';

  pleat_node fused = blank(PLEAT_OP_ATTENTION, softmax);
  bool is_scaled = scale && scale->attr.b == 0;
  fused.attr.a = is_scaled ? scale->attr.a : 1;
  fused.attr.letter = softmax->attr.letter;
  memcpy(fused.letters[0], out_letters, sizeof fused.letters[0]);
  set_in(&fused, PLEAT_AT_Q, is_scaled ? scale->in[0] : qk->in[0], qk->letters[1]);
  set_in(&fused, PLEAT_AT_K, qk->in[1], qk->letters[2]);
  set_in(&fused, PLEAT_AT_V, wv->in[1], v_letters);
  if (bias) set_in(&fused, PLEAT_AT_BIAS, bias->in[1], bias->letters[2]);
  set_in(&fused, PLEAT_AT_MASK, fill->in[1], fill->letters[2]);
  uint32_t last = average, gate = sole_user(f, wv->out, average);
  if (gate != NO_NODE && graph->nodes[gate].op == PLEAT_OP_MUL && graph->nodes[gate].in[0] == wv->out &&
      !strcmp(graph->nodes[gate].letters[1], graph->nodes[gate].letters[2])) {
    set_in(&fused, PLEAT_AT_GATE, graph->nodes[gate].in[1], out_letters);
    last = gate;
  }
  if (commit(f, last, &fused) || last == average) return;
  set_in(&fused, PLEAT_AT_GATE, PLEAT_NO_VALUE, "");
  commit(f, average, &fused);
}

/* Alg. 10 l. 3-4 and the residual of Alg. 6. */
static void fuse_outer_product(fuser *f, uint32_t at) {
  pleat_graph *graph = f->graph;
  const pleat_node *linear = &graph->nodes[at];
  const pleat_node *outer = sole_maker(f, linear->in[0], PLEAT_OP_CONTRACT);
  if (!outer || strlen(outer->letters[0]) != 4 || strlen(linear->letters[2]) != 3 || linear->n_in != 3) return;
  const char *ij = outer->letters[0];
  if (pleat_letter_find(outer->letters[1], ij[0]) < 0 || pleat_letter_find(outer->letters[1], ij[2]) < 0 ||
      pleat_letter_find(outer->letters[2], ij[1]) < 0 || pleat_letter_find(outer->letters[2], ij[3]) < 0)
    return;
  uint32_t div = sole_user(f, linear->out, at);
  if (div == NO_NODE || graph->nodes[div].op != PLEAT_OP_DIV || graph->nodes[div].in[0] != linear->out) return;
  char z = 'z', letters[4][7] = {{ij[0], ij[1], z, 0}, {ij[2], ij[3], z, 0}, {z, 0}, {ij[0], ij[1], 0}};
  const char *norm = graph->nodes[div].letters[2], *num = graph->nodes[div].letters[1];
  if (strlen(norm) != 2 || norm[0] != num[0] || norm[1] != num[1]) return;
  pleat_node fused = blank(PLEAT_OP_OUTER_PRODUCT, linear);
  memcpy(fused.letters[0], letters[0], sizeof letters[0]);
  set_in(&fused, PLEAT_OP_A, outer->in[0], outer->letters[1]);
  set_in(&fused, PLEAT_OP_B, outer->in[1], outer->letters[2]);
  set_in(&fused, PLEAT_OP_W, linear->in[1], letters[1]);
  set_in(&fused, PLEAT_OP_BIAS, linear->in[2], letters[2]);
  set_in(&fused, PLEAT_OP_NORM, graph->nodes[div].in[1], letters[3]);
  uint32_t last = div, add = sole_user(f, graph->nodes[div].out, div);
  if (add != NO_NODE && graph->nodes[add].op == PLEAT_OP_ADD &&
      !strcmp(graph->nodes[add].letters[1], graph->nodes[add].letters[2])) {
    int other = graph->nodes[add].in[0] == graph->nodes[div].out;
    set_in(&fused, PLEAT_OP_RESIDUAL, graph->nodes[add].in[other], letters[0]);
    last = add;
  }
  commit(f, last, &fused);
}

/* Alg. 9, 15 with LayerNorm and residual; anchored at the second layer. */
static void fuse_transition(fuser *f, uint32_t at) {
  pleat_graph *graph = f->graph;
  const pleat_node *second = &graph->nodes[at];
  const pleat_node *relu = sole_maker(f, second->in[0], PLEAT_OP_RELU);
  const pleat_node *first = relu ? sole_maker(f, relu->in[0], PLEAT_OP_LINEAR) : NULL;
  const pleat_node *norm = first ? sole_maker(f, first->in[0], PLEAT_OP_LAYER_NORM) : NULL;
  if (!norm || second->n_in != 3 || first->n_in != 3) return;
  if (strlen(first->letters[2]) != 2 || strlen(second->letters[2]) != 2) return;
  uint32_t add = sole_user(f, second->out, at);
  if (add == NO_NODE || graph->nodes[add].op != PLEAT_OP_ADD ||
      strcmp(graph->nodes[add].letters[1], graph->nodes[add].letters[2]))
    return;
  int other = graph->nodes[add].in[0] == second->out;
  pleat_value residual = graph->nodes[add].in[other];
  if (residual != norm->in[0]) return;
  size_t rank = strlen(first->letters[1]);
  char x[8], out[8], k[2] = {first->letters[1][rank - 1], 0};
  strcpy(x, first->letters[1]);
  strcpy(out, x);
  out[rank - 1] = 'z';
  pleat_node fused = blank(PLEAT_OP_TRANSITION, second);
  memcpy(fused.letters[0], out, rank + 1);
  set_in(&fused, PLEAT_TR_X, residual, x);
  set_in(&fused, PLEAT_TR_LN_SCALE, norm->in[1], k);
  set_in(&fused, PLEAT_TR_LN_OFFSET, norm->in[2], k);
  set_in(&fused, PLEAT_TR_W1, first->in[1], (char[]){k[0], 'y', 0});
  set_in(&fused, PLEAT_TR_B1, first->in[2], "y");
  set_in(&fused, PLEAT_TR_W2, second->in[1], "yz");
  set_in(&fused, PLEAT_TR_B2, second->in[2], "z");
  set_in(&fused, PLEAT_TR_RESIDUAL, residual, out);
  fused.attr.a = norm->attr.a;
  commit(f, add, &fused);
}

/* Spelling of another operand of elementwise node `user` in the letters of our result; false when it cannot be. */
static bool translate(const pleat_node *user, int ours, int theirs, const char *out_letters, char result[8]) {
  const char *mine = user->letters[1 + ours], *other = user->letters[1 + theirs];
  if (strcmp(mine, user->letters[0])) return false;
  size_t n = strlen(other);
  for (size_t d = 0; d < n; d++) {
    int at = pleat_letter_find(mine, other[d]);
    if (at < 0) return false;
    result[d] = out_letters[at];
  }
  result[n] = 0;
  return true;
}

/* sigmoid(Linear(x)) of the same x and shape: the second half of a gated projection (Alg. 11 l. 2). */
static const pleat_node *dual_gate(const fuser *f, const pleat_node *linear, pleat_value other) {
  const pleat_node *sigmoid = sole_maker(f, other, PLEAT_OP_SIGMOID);
  const pleat_node *gate = sigmoid ? sole_maker(f, sigmoid->in[0], PLEAT_OP_LINEAR) : NULL;
  if (!gate || gate->in[0] != linear->in[0] || strcmp(gate->letters[0], linear->letters[0]) ||
      strcmp(gate->letters[1], linear->letters[1]) || strcmp(gate->letters[2], linear->letters[2]))
    return NULL;
  return gate;
}

/* Takes the next elementwise node into the epilogue; true when it was taken. */
static bool absorb(const fuser *f, const pleat_node *linear, const pleat_node *user, pleat_value current,
                   pleat_node *fused) {
  int ours = user->in[0] == current ? 0 : 1;
  bool is_fresh = !fused->attr.act && fused->in[PLEAT_FL_GATE_W] == PLEAT_NO_VALUE &&
                  fused->in[PLEAT_FL_MUL] == PLEAT_NO_VALUE && fused->in[PLEAT_FL_MASK] == PLEAT_NO_VALUE;
  if (user->op == PLEAT_OP_RELU || user->op == PLEAT_OP_SIGMOID) {
    if (is_fresh) fused->attr.act = user->op == PLEAT_OP_RELU ? PLEAT_ACT_RELU : PLEAT_ACT_SIGMOID;
    return is_fresh;
  }
  char letters[8];
  if ((user->op != PLEAT_OP_MUL && user->op != PLEAT_OP_ADD) || user->in[0] == user->in[1] ||
      !translate(user, ours, 1 - ours, linear->letters[0], letters))
    return false;
  pleat_value other = user->in[1 - ours];
  bool is_full = !strcmp(letters, linear->letters[0]);
  if (user->op == PLEAT_OP_ADD) {
    if (is_full) set_in(fused, PLEAT_FL_RESIDUAL, other, letters);
    return is_full;
  }
  /* A gate leaves the product to the layer that it gates (Alg. 11 l. 4): that one's input is not the residual stream, so
   * the result can take the residual's place. */
  if (is_full && fused->attr.act == PLEAT_ACT_SIGMOID && sole_maker(f, other, PLEAT_OP_LINEAR)) return false;
  const pleat_node *gate = is_full ? dual_gate(f, linear, other) : NULL;
  if (gate && fused->in[PLEAT_FL_GATE_W] == PLEAT_NO_VALUE) {
    set_in(fused, PLEAT_FL_GATE_W, gate->in[1], gate->letters[2]);
    if (gate->n_in == 3) set_in(fused, PLEAT_FL_GATE_B, gate->in[2], gate->letters[3]);
    return true;
  }
  bool is_row_wise = true;
  for (const char *p = letters; *p; p++) is_row_wise &= pleat_letter_find(linear->letters[1], *p) >= 0;
  int slot = is_row_wise ? PLEAT_FL_MASK : PLEAT_FL_MUL;
  if (fused->in[slot] != PLEAT_NO_VALUE) return false;
  set_in(fused, slot, other, letters);
  return true;
}

/* A LayerNorm is recomputed by every linear layer that reads it, if all its readers are such layers. */
static const pleat_node *prologue(const fuser *f, const pleat_node *linear) {
  const pleat_node *norm = maker(f, linear->in[0], PLEAT_OP_LAYER_NORM);
  if (!norm || norm->region != linear->region || norm->stage != linear->stage) return NULL;
  for (uint32_t i = 0; i < f->graph->n_nodes; i++) {
    const pleat_node *user = &f->graph->nodes[i];
    for (int k = 0; k < user->n_in; k++) {
      if (user->in[k] != norm->out) continue;
      bool is_layer = user->op == PLEAT_OP_LINEAR && k == 0 && user->region == norm->region &&
                      user->stage == norm->stage &&
                      pleat_letter_find(user->letters[2], user->letters[1][strlen(user->letters[1]) - 1]) == 0;
      bool is_dead = f->uses[user->out] == 0;
      if (!is_layer && !is_dead) return NULL;
    }
  }
  for (uint32_t r = 0; r < f->graph->n_regions; r++) /* carried or emitted: it must exist */
    for (int k = 0; k < f->graph->regions[r].n_carries; k++)
      if (f->graph->regions[r].carries[k].init == norm->out) return NULL;
  for (uint32_t i = 0; i < f->graph->n_outputs; i++)
    if (f->graph->outputs[i].value == norm->out) return NULL;
  return norm;
}

static void fuse_linear(fuser *f, uint32_t at) {
  pleat_graph *graph = f->graph;
  const pleat_node linear = graph->nodes[at];
  pleat_node fused = blank(PLEAT_OP_FUSED_LINEAR, &linear);
  memcpy(fused.letters[0], linear.letters[0], sizeof fused.letters[0]);
  set_in(&fused, PLEAT_FL_X, linear.in[0], linear.letters[1]);
  set_in(&fused, PLEAT_FL_W, linear.in[1], linear.letters[2]);
  if (linear.n_in == 3) set_in(&fused, PLEAT_FL_B, linear.in[2], linear.letters[3]);
  const pleat_node *norm = prologue(f, &linear);
  if (norm) {
    char k[2] = {linear.letters[1][strlen(linear.letters[1]) - 1], 0};
    fused.in[PLEAT_FL_X] = norm->in[0];
    set_in(&fused, PLEAT_FL_LN_SCALE, norm->in[1], k);
    set_in(&fused, PLEAT_FL_LN_OFFSET, norm->in[2], k);
    fused.attr.a = norm->attr.a;
  }
  uint32_t last = at;
  while (fused.in[PLEAT_FL_RESIDUAL] == PLEAT_NO_VALUE) {
    pleat_value current = graph->nodes[last].out;
    uint32_t next = sole_user(f, current, last);
    if (next == NO_NODE || !absorb(f, &linear, &graph->nodes[next], current, &fused)) break;
    last = next;
  }
  if (norm || last != at) commit(f, last, &fused);
}

static void fuse_lookup(fuser *f, uint32_t at) {
  pleat_graph *graph = f->graph;
  const pleat_node *lookup = &graph->nodes[at];
  pleat_node fused = blank(PLEAT_OP_LOOKUP_ADD, lookup);
  char letters[8];
  memcpy(fused.letters[0], lookup->letters[0], sizeof fused.letters[0]);
  set_in(&fused, PLEAT_LA_TABLE, lookup->in[0], lookup->letters[1]);
  set_in(&fused, PLEAT_LA_INDEX, lookup->in[1], lookup->letters[2]);
  uint32_t next = sole_user(f, lookup->out, at);
  if (next == NO_NODE) return;
  const pleat_node *user = &graph->nodes[next];
  int ours = user->in[0] == lookup->out ? 0 : 1;
  if (user->op == PLEAT_OP_MUL && translate(user, ours, 1 - ours, lookup->letters[0], letters) &&
      strlen(letters) + 1 == strlen(lookup->letters[0])) {
    set_in(&fused, PLEAT_LA_MASK, user->in[1 - ours], letters);
    pleat_value current = user->out;
    next = sole_user(f, current, next);
    if (next == NO_NODE) return;
    user = &graph->nodes[next];
    ours = user->in[0] == current ? 0 : 1;
  }
  if (user->op != PLEAT_OP_ADD || !translate(user, ours, 1 - ours, lookup->letters[0], letters) ||
      strcmp(letters, lookup->letters[0]))
    return;
  set_in(&fused, PLEAT_LA_RESIDUAL, user->in[1 - ours], letters);
  commit(f, next, &fused);
}

typedef void fuse_fn(fuser *f, uint32_t at);

pleat_status pleat_pass_fuse(pleat_graph *graph, pleat_supports_fn *supports, void *ctx, pleat_error *err) {
  static const struct {
    pleat_op anchor;
    fuse_fn *fuse;
  } patterns[] = {{PLEAT_OP_SOFTMAX, fuse_attention},
                  {PLEAT_OP_LINEAR, fuse_outer_product},
                  {PLEAT_OP_LINEAR, fuse_transition},
                  {PLEAT_OP_LINEAR, fuse_linear},
                  {PLEAT_OP_LOOKUP, fuse_lookup}};
  fuser f = {graph, malloc((graph->n_values + 1) * sizeof(uint32_t)), supports, ctx};
  if (!f.uses) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to fuse a graph of %u nodes", graph->n_nodes);
  pleat_status status = PLEAT_OK;
  for (size_t p = 0; p < sizeof patterns / sizeof *patterns && !status; p++) {
    pleat_graph_count_uses(graph, f.uses);
    for (uint32_t i = 0; i < graph->n_nodes; i++)
      if (graph->nodes[i].op == patterns[p].anchor && f.uses[graph->nodes[i].out]) patterns[p].fuse(&f, i);
    status = pleat_pass_simplify(graph, err); /* sweeps what the pattern left behind */
  }
  free(f.uses);
  return status;
}
