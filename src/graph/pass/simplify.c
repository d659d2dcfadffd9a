/* Constants, common subexpressions, dead code.
 *
 * 1 fold      zeros from empty axes, constants, layers of zeros
 * 2 merge     equal nodes
 * 3 sweep     nodes and carried values that nothing needs
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"

/* What is known of a value: a constant, or the broadcast of a smaller value (its letters are a suffix of the axes). */
typedef struct known {
  bool is_constant;
  float constant;
  pleat_value source; /* broadcast of this vector over all axes but the last; PLEAT_NO_VALUE = not known */
} known;

typedef struct folder {
  pleat_graph *graph;
  known *known;
} folder;

static bool is_constant(const folder *f, pleat_value value, float constant) {
  return value != PLEAT_NO_VALUE && f->known[value].is_constant && f->known[value].constant == constant;
}

/* Turns a node into the constant `value`, keeping its result. */
static void make_fill(folder *f, pleat_node *node, float value) {
  node->op = PLEAT_OP_FILL;
  node->n_in = 0;
  memset(node->letters[1], 0, sizeof node->letters - sizeof node->letters[0]);
  node->attr = (pleat_attr){.a = value};
  f->known[node->out] = (known){true, value, PLEAT_NO_VALUE};
}

static void drop_input(pleat_node *node, int k) {
  for (; k + 1 < node->n_in; k++) {
    node->in[k] = node->in[k + 1];
    memcpy(node->letters[1 + k], node->letters[2 + k], sizeof node->letters[0]);
  }
  node->n_in--;
  node->letters[1 + node->n_in][0] = 0;
}

static void fold_concat(folder *f, pleat_node *node) {
  for (int k = node->n_in - 1; k >= 0 && node->n_in > 1; k--)
    if (!pleat_graph_elements(f->graph, node->in[k])) drop_input(node, k);
  if (node->n_in == 1) pleat_graph_replace(f->graph, node->out, node->in[0]);
}

/* a x + b of a constant or a broadcast vector. */
static void fold_affine(folder *f, pleat_node *node) {
  const known *in = &f->known[node->in[0]];
  if (in->is_constant) {
    make_fill(f, node, node->attr.a * in->constant + node->attr.b);
  } else if (in->source != PLEAT_NO_VALUE) {
    /* Computed on the vector; this node's own result becomes that vector, spelled by its last letter. */
    size_t rank = strlen(node->letters[0]);
    char letter = node->letters[0][rank - 1];
    pleat_value_info *out = &f->graph->values[node->out];
    out->axis[0] = out->axis[rank - 1];
    out->rank = 1;
    node->in[0] = in->source;
    for (int k = 0; k < 2; k++) memcpy(node->letters[k], (char[]){letter, 0}, 2);
    f->known[node->out].source = node->out;
  }
}

/* An operand that is a broadcast vector is read as the vector. */
static void use_vectors(folder *f, pleat_node *node) {
  for (int k = 0; k < node->n_in; k++) {
    pleat_value source = f->known[node->in[k]].source;
    size_t rank = strlen(node->letters[1 + k]);
    if (source == PLEAT_NO_VALUE || !rank) continue;
    char letter = node->letters[1 + k][rank - 1];
    node->in[k] = source;
    memcpy(node->letters[1 + k], (char[]){letter, 0}, 2);
  }
}

static void fold_node(folder *f, pleat_node *node) {
  pleat_graph *graph = f->graph;
  bool is_output_empty = !pleat_graph_elements(graph, node->out);
  if (is_output_empty) return;
  switch (node->op) {
    case PLEAT_OP_FILL: f->known[node->out] = (known){true, node->attr.a, PLEAT_NO_VALUE}; break;
    case PLEAT_OP_CONTRACT:
    case PLEAT_OP_SUM:
      for (int k = 0; k < node->n_in; k++)
        if (!pleat_graph_elements(graph, node->in[k]) || is_constant(f, node->in[k], 0)) {
          make_fill(f, node, 0);
          break;
        }
      break;
    case PLEAT_OP_LINEAR:
      if (!is_constant(f, node->in[0], 0)) break;
      if (node->n_in == 3 && graph->values[node->in[2]].rank == 1)
        f->known[node->out].source = node->in[2];
      else if (node->n_in == 2)
        make_fill(f, node, 0);
      break;
    case PLEAT_OP_AFFINE: fold_affine(f, node); break;
    case PLEAT_OP_GREATER_ZERO:
      if (f->known[node->in[0]].is_constant) make_fill(f, node, f->known[node->in[0]].constant > 0);
      break;
    case PLEAT_OP_MUL:
      if (is_constant(f, node->in[0], 0) || is_constant(f, node->in[1], 0)) make_fill(f, node, 0);
      break;
    case PLEAT_OP_DIV:
      if (f->known[node->in[1]].is_constant && f->known[node->in[1]].constant != 0) {
        float divisor = f->known[node->in[1]].constant;
        drop_input(node, 1);
        node->op = PLEAT_OP_AFFINE;
        node->attr = (pleat_attr){.a = 1 / divisor};
        fold_affine(f, node);
      }
      break;
    case PLEAT_OP_ADD:
      for (int k = 0; k < 2; k++)
        if (is_constant(f, node->in[k], 0) && !strcmp(node->letters[0], node->letters[2 - k])) {
          pleat_graph_replace(graph, node->out, node->in[1 - k]);
          return;
        }
      use_vectors(f, node);
      break;
    case PLEAT_OP_CONCAT: fold_concat(f, node); break;
    default: break;
  }
}

static pleat_status fold(pleat_graph *graph, pleat_error *err) {
  folder f = {graph, calloc(graph->n_values + 1, sizeof(known))};
  if (!f.known) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to simplify a graph");
  for (uint32_t v = 0; v < graph->n_values; v++) f.known[v] = (known){false, 0, PLEAT_NO_VALUE};
  for (uint32_t i = 0; i < graph->n_nodes; i++) fold_node(&f, &graph->nodes[i]);
  free(f.known);
  return PLEAT_OK;
}

static bool is_same(const pleat_node *a, const pleat_node *b) {
  return a->op == b->op && a->n_in == b->n_in && a->stage == b->stage && a->region == b->region &&
         !memcmp(a->in, b->in, a->n_in * sizeof *a->in) && !memcmp(a->letters, b->letters, sizeof a->letters) &&
         a->attr.a == b->attr.a && a->attr.b == b->attr.b && a->attr.n == b->attr.n && a->attr.dim == b->attr.dim &&
         a->attr.first == b->attr.first && a->attr.letter == b->attr.letter && a->attr.act == b->attr.act;
}

/* A weight declared twice under one name and view is one value. */
static void merge_weights(pleat_graph *graph) {
  for (uint32_t a = 0; a < graph->n_values; a++) {
    const pleat_value_info *x = &graph->values[a];
    if (x->kind != PLEAT_VALUE_WEIGHT) continue;
    for (uint32_t b = 0; b < a; b++) {
      const pleat_value_info *y = &graph->values[b];
      if (y->kind == PLEAT_VALUE_WEIGHT && x->rank == y->rank && x->first_row == y->first_row &&
          !strcmp(x->name, y->name) && !memcmp(x->axis, y->axis, x->rank * sizeof *x->axis)) {
        pleat_graph_replace(graph, a, b);
        break;
      }
    }
  }
}

static void merge(pleat_graph *graph) {
  merge_weights(graph);
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    for (uint32_t j = i; j-- > 0;) {
      if (graph->nodes[j].op != node->op || !is_same(&graph->nodes[j], node)) continue;
      pleat_value_info *a = &graph->values[node->out], *b = &graph->values[graph->nodes[j].out];
      if (a->rank != b->rank || memcmp(a->axis, b->axis, a->rank * sizeof *a->axis)) continue;
      pleat_graph_replace(graph, node->out, graph->nodes[j].out);
      break;
    }
  }
}

static void mark(bool *is_live, pleat_value value, bool *changed) {
  if (value == PLEAT_NO_VALUE || is_live[value]) return;
  is_live[value] = true;
  *changed = true;
}

/* Live values by repeated backward sweeps: regions make uses that point forward. */
static void find_live(const pleat_graph *graph, bool *is_live) {
  bool changed = false;
  for (uint32_t i = 0; i < graph->n_outputs; i++) mark(is_live, graph->outputs[i].value, &changed);
  for (uint32_t i = 0; i < graph->n_states; i++)
    if (is_live[graph->states[i].input]) mark(is_live, graph->states[i].next, &changed);
  do {
    changed = false;
    for (uint32_t i = graph->n_nodes; i-- > 0;) {
      const pleat_node *node = &graph->nodes[i];
      if (!is_live[node->out]) continue;
      for (int k = 0; k < node->n_in; k++) mark(is_live, node->in[k], &changed);
    }
    for (uint32_t r = 0; r < graph->n_regions; r++) {
      const pleat_region *region = &graph->regions[r];
      for (int k = 0; k < region->n_carries; k++) {
        const pleat_carry *carry = &region->carries[k];
        if (!is_live[carry->param] && !is_live[carry->result]) continue;
        mark(is_live, carry->init, &changed);
        mark(is_live, carry->next, &changed);
      }
      for (int k = 0; k < region->n_emits; k++)
        if (is_live[region->emits[k].result]) mark(is_live, region->emits[k].body, &changed);
    }
    for (uint32_t i = 0; i < graph->n_states; i++)
      if (is_live[graph->states[i].input]) mark(is_live, graph->states[i].next, &changed);
  } while (changed);
}

static void drop_dead_carries(pleat_graph *graph, const bool *is_live) {
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    pleat_region *region = &graph->regions[r];
    int n = 0;
    for (int k = 0; k < region->n_carries; k++)
      if (is_live[region->carries[k].param] || is_live[region->carries[k].result])
        region->carries[n++] = region->carries[k];
    region->n_carries = (uint8_t)n;
    n = 0;
    for (int k = 0; k < region->n_emits; k++)
      if (is_live[region->emits[k].result]) region->emits[n++] = region->emits[k];
    region->n_emits = (uint8_t)n;
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < graph->n_states; i++)
    if (is_live[graph->states[i].input]) graph->states[n++] = graph->states[i];
  graph->n_states = n;
}

static pleat_status sweep(pleat_graph *graph, pleat_error *err) {
  bool *is_live = calloc(graph->n_values + 1, sizeof *is_live);
  uint32_t *order = malloc((graph->n_nodes + 1) * sizeof *order), n = 0;
  pleat_status status = PLEAT_OK;
  if (!is_live || !order) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to simplify a graph of %u nodes", graph->n_nodes);
  } else {
    find_live(graph, is_live);
    for (uint32_t i = 0; i < graph->n_nodes; i++)
      if (is_live[graph->nodes[i].out]) order[n++] = i;
    drop_dead_carries(graph, is_live);
    status = pleat_graph_reorder(graph, order, n, err);
  }
  free(order);
  free(is_live);
  return status;
}

pleat_status pleat_pass_simplify(pleat_graph *graph, pleat_error *err) {
  PLEAT_TRY(fold(graph, err));
  merge(graph);
  return sweep(graph, err);
}
