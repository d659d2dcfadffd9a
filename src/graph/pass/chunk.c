/* Chunking: a sub-layer computed slice by slice, so that its inner values hold one slice.
 *
 * From the end node backwards: a node joins the chunk when every use of its result lies in the chunk and asks for the
 * same slice; everything else is computed whole beforehand. Because the result may overwrite the residual slice by
 * slice, no node of the chunk may read the residual across slices.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"

enum { DIM_NONE = -1, DIM_MIXED = -2 };

typedef struct chunker {
  const pleat_graph *graph;
  const uint32_t *uses;
  uint32_t end;
  char *split;      /* per node: the letter that is sliced, 0 = not in the chunk */
  int16_t *dim;     /* per value: dimension that users in the chunk slice */
  uint32_t *n_used; /* per value: uses by nodes of the chunk */
} chunker;

/* Parameters are always read whole, so a letter of theirs cannot be sliced. */
static bool is_cuttable(const pleat_graph *graph, const pleat_node *node, char letter) {
  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] != PLEAT_NO_VALUE && graph->values[node->in[k]].kind == PLEAT_VALUE_WEIGHT &&
        pleat_letter_find(node->letters[1 + k], letter) >= 0)
      return false;
  return pleat_node_is_splittable(node, letter);
}

static void note_uses(chunker *c, const pleat_node *node, char letter) {
  for (int k = 0; k < node->n_in; k++) {
    pleat_value v = node->in[k];
    if (v == PLEAT_NO_VALUE) continue;
    int16_t d = (int16_t)pleat_letter_find(node->letters[1 + k], letter);
    c->dim[v] = c->n_used[v] && c->dim[v] != d ? DIM_MIXED : d;
    c->n_used[v]++;
  }
}

/* Grows the chunk for one letter of the end node; returns the number of its nodes. */
static int grow(chunker *c, char letter) {
  const pleat_graph *graph = c->graph;
  const pleat_node *end = &graph->nodes[c->end];
  memset(c->split, 0, graph->n_nodes);
  memset(c->n_used, 0, graph->n_values * sizeof *c->n_used);
  for (uint32_t v = 0; v < graph->n_values; v++) c->dim[v] = DIM_NONE;
  int slot = pleat_node_residual(end), n = 1;
  pleat_value residual = slot < 0 ? PLEAT_NO_VALUE : end->in[slot];
  c->split[c->end] = letter;
  note_uses(c, end, letter);
  for (uint32_t i = c->end; i-- > 0;) {
    const pleat_node *node = &graph->nodes[i];
    if (node->region != end->region || node->stage != end->stage) break;
    int d = c->dim[node->out];
    if (!c->n_used[node->out] || c->n_used[node->out] != c->uses[node->out] || d < 0 || node->out == residual) continue;
    char own = node->letters[0][d];
    if (!is_cuttable(graph, node, own)) continue;
    c->split[i] = own;
    note_uses(c, node, own);
    n++;
  }
  /* The residual is overwritten slice by slice: others in the chunk must read the same slice only. */
  if (residual != PLEAT_NO_VALUE && c->dim[residual] != pleat_letter_find(end->letters[0], letter)) return 0;
  return n;
}

/* Bytes of the values that would shrink. */
static size_t inner_bytes(const chunker *c) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < c->end; i++)
    if (c->split[i]) bytes += pleat_graph_bytes(c->graph, c->graph->nodes[i].out);
  return bytes;
}

/* The letter whose chunk shrinks most; 0 when none shrinks anything. */
static char best_letter(chunker *c) {
  const char *letters = c->graph->nodes[c->end].letters[0];
  char best = 0;
  size_t best_bytes = 0;
  for (int d = 0; letters[d]; d++) {
    if (!is_cuttable(c->graph, &c->graph->nodes[c->end], letters[d])) continue;
    if (pleat_graph_dim(c->graph, c->graph->nodes[c->end].out, d) < 2 || grow(c, letters[d]) < 2) continue;
    size_t bytes = inner_bytes(c);
    if (bytes > best_bytes) {
      best_bytes = bytes;
      best = letters[d];
    }
  }
  return best;
}

/* Moves the chunk's nodes together, behind what they need whole. */
static pleat_status gather(pleat_graph *graph, chunker *c, char letter, int64_t n_slices, pleat_error *err) {
  const pleat_node *end = &graph->nodes[c->end];
  pleat_axis axis = graph->values[end->out].axis[pleat_letter_find(end->letters[0], letter)];
  uint32_t *order = malloc((graph->n_nodes + 1) * sizeof *order), n = 0;
  if (!order) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to reorder %u nodes", graph->n_nodes);
  pleat_region region = {.is_chunk = true,
                         .parent = end->region,
                         .first = 0,
                         .last = 1,
                         .count = n_slices,
                         .chunk_axis = axis,
                         .name = "chunk"};
  uint16_t id = 0;
  pleat_status status = pleat_graph_add_region(graph, &region, &id, err);
  for (int inside = 0; inside < 2 && !status; inside++)
    for (uint32_t i = 0; i <= c->end; i++)
      if ((c->split[i] != 0) == inside) order[n++] = i;
  for (uint32_t i = 0; i <= c->end && !status; i++)
    if (c->split[i]) {
      graph->nodes[i].split = c->split[i];
      graph->nodes[i].region = id;
    }
  for (uint32_t i = c->end + 1; i < graph->n_nodes; i++) order[n++] = i;
  if (!status) status = pleat_graph_reorder(graph, order, n, err);
  free(order);
  return status;
}

pleat_status pleat_pass_chunk(pleat_graph *graph, pleat_value end, int64_t n_slices, bool *out_changed,
                              pleat_error *err) {
  *out_changed = false;
  if (graph->values[end].kind != PLEAT_VALUE_NODE) return PLEAT_OK;
  uint32_t at = graph->values[end].def;
  uint16_t region = graph->nodes[at].region;
  if (region != PLEAT_NO_REGION && graph->regions[region].is_chunk) {
    int64_t size = graph->axes[graph->regions[region].chunk_axis].size;
    int64_t count = n_slices < size ? n_slices : size;
    *out_changed = count > graph->regions[region].count;
    if (*out_changed) graph->regions[region].count = count;
    return PLEAT_OK;
  }
  uint32_t *uses = malloc((graph->n_values + 1) * sizeof *uses);
  chunker c = {graph,
               uses,
               at,
               malloc(graph->n_nodes + 1),
               malloc((graph->n_values + 1) * sizeof(int16_t)),
               malloc((graph->n_values + 1) * sizeof(uint32_t))};
  pleat_status status = PLEAT_OK;
  if (!uses || !c.split || !c.dim || !c.n_used) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to chunk a graph of %u nodes", graph->n_nodes);
  } else {
    pleat_graph_count_uses(graph, uses);
    char letter = best_letter(&c);
    if (letter && grow(&c, letter) >= 2) {
      int64_t size = pleat_graph_dim(graph, end, pleat_letter_find(graph->nodes[at].letters[0], letter));
      status = gather(graph, &c, letter, n_slices < size ? n_slices : size, err);
      *out_changed = !status;
    }
  }
  free(c.n_used);
  free(c.dim);
  free(c.split);
  free(uses);
  return status;
}
