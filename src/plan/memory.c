/* Memory plan: lifetimes, buffers shared in place, offsets in one arena.
 *
 * Time is the node number. A value lives from its definition to its last use; what a REPEAT or CHUNK region reads from
 * outside lives to the region's end, and what the recycle loop reads from before lives to the loop's end. Values that
 * can share one buffer (in-place results, carried values, states) are joined into classes; classes are placed largest
 * first at the lowest offset that no overlapping class holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "graph/pass/pass.h"
#include "plan/plan_priv.h"

typedef struct lifetime {
  int32_t first, last; /* node numbers; first > last = not stored */
  uint32_t parent;     /* union-find */
  uint32_t next;       /* next member of the class; own id at the end */
} lifetime;

typedef struct memory {
  pleat_graph *graph;
  lifetime *life;
  int64_t num_ensemble;
  bool has_heads_in_loop;
  int32_t trunk_first, trunk_last, loop_last; /* node numbers of the recycle loop */
  int32_t round_last;                         /* of what runs in every round of it: with the heads or without */
} memory;

/* The value whose storage a view shows: follows SLICE. */
static pleat_value view_base(const pleat_graph *graph, pleat_value value) {
  while (graph->values[value].kind == PLEAT_VALUE_NODE && graph->nodes[graph->values[value].def].op == PLEAT_OP_SLICE)
    value = graph->nodes[graph->values[value].def].in[0];
  return value;
}

bool pleat_value_is_sliced(const pleat_graph *graph, pleat_value value, int *out_dim, int64_t *out_rows) {
  const pleat_value_info *info = &graph->values[value];
  if (info->kind != PLEAT_VALUE_NODE) return false;
  const pleat_node *node = &graph->nodes[info->def];
  if (node->region == PLEAT_NO_REGION || !graph->regions[node->region].is_chunk) return false;
  const pleat_region *region = &graph->regions[node->region];
  if (info->def + 1 == region->last) return false; /* the end node writes the whole result, slice by slice */
  int64_t size = graph->axes[region->chunk_axis].size;
  *out_dim = pleat_letter_find(node->letters[0], node->split);
  *out_rows = (size + region->count - 1) / region->count;
  return true;
}

uint32_t pleat_in_place_slots(const pleat_graph *graph, const pleat_node *node) {
  uint32_t slots = 0;
  switch (node->op) {
    case PLEAT_OP_FUSED_LINEAR: slots = 1u << PLEAT_FL_RESIDUAL; break;
    case PLEAT_OP_TRANSITION: slots = 1u << PLEAT_TR_RESIDUAL | 1u << PLEAT_TR_X; break;
    case PLEAT_OP_OUTER_PRODUCT: slots = 1u << PLEAT_OP_RESIDUAL; break;
    case PLEAT_OP_LOOKUP_ADD: slots = 1u << PLEAT_LA_RESIDUAL; break;
    case PLEAT_OP_LAYER_NORM:
    case PLEAT_OP_RELU:
    case PLEAT_OP_SIGMOID:
    case PLEAT_OP_SOFTPLUS:
    case PLEAT_OP_AFFINE:
    case PLEAT_OP_MASK_FILL: slots = 1; break;
    case PLEAT_OP_ADD:
    case PLEAT_OP_SUB:
    case PLEAT_OP_MUL:
    case PLEAT_OP_DIV: slots = 3; break;
    default: return 0;
  }
  uint32_t fitting = 0;
  for (int k = 0; k < node->n_in; k++) {
    pleat_value v = node->in[k];
    bool fits = slots >> k & 1 && v != PLEAT_NO_VALUE && graph->values[v].dtype == graph->values[node->out].dtype &&
                graph->values[v].kind != PLEAT_VALUE_WEIGHT && view_base(graph, v) == v &&
                (!strcmp(node->letters[0], node->letters[1 + k]) || node->op == PLEAT_OP_TRANSITION);
    /* x + x^T reads elements that it has overwritten */
    for (int other = 0; fits && other < node->n_in; other++)
      fits = other == k || node->in[other] != v || node->op == PLEAT_OP_TRANSITION;
    if (fits) fitting |= 1u << k;
  }
  return fitting;
}

/* Attention reads a query before it writes the result of that query, head by head, so the two may share a buffer when
 * they lie alike. (Its sub-layer ends elsewhere, which is why this is not said of the node itself.) */
static bool is_query_shared(const pleat_graph *graph, const pleat_node *node) {
  if (node->op != PLEAT_OP_ATTENTION) return false;
  const char *q_letters = node->letters[1 + PLEAT_AT_Q], *out_letters = node->letters[0];
  pleat_value q = node->in[PLEAT_AT_Q];
  size_t n = strlen(q_letters);
  if (n == 0 || n != strlen(out_letters) || memcmp(q_letters, out_letters, n - 1) != 0) return false;
  bool is_alone = true;
  for (int k = 0; k < node->n_in; k++) is_alone &= k == PLEAT_AT_Q || node->in[k] != q;
  return is_alone && graph->values[q].dtype == graph->values[node->out].dtype &&
         graph->values[q].kind != PLEAT_VALUE_WEIGHT && view_base(graph, q) == q &&
         pleat_graph_dim(graph, q, (int)n - 1) == pleat_graph_dim(graph, node->out, (int)n - 1);
}

uint32_t pleat_shared_slots(const pleat_graph *graph, const pleat_node *node) {
  return pleat_in_place_slots(graph, node) | (is_query_shared(graph, node) ? 1u << PLEAT_AT_Q : 0);
}

static uint32_t root(const memory *m, uint32_t v) {
  while (m->life[v].parent != v) v = m->life[v].parent;
  return v;
}

static void extend(memory *m, pleat_value value, int32_t time) {
  lifetime *life = &m->life[view_base(m->graph, value)];
  if (life->last < time) life->last = time;
}

static bool is_within(const pleat_graph *graph, uint16_t region, uint16_t outer) {
  while (region != PLEAT_NO_REGION && region != outer) region = graph->regions[region].parent;
  return region == outer;
}

/* The innermost region that a value belongs to. Times would not tell: what a REPEAT region returns starts to live at the
 * first node behind it, which may be the first node of the next region. */
static uint16_t home_of(const pleat_graph *graph, pleat_value value) {
  const pleat_value_info *info = &graph->values[value];
  switch (info->kind) {
    case PLEAT_VALUE_NODE: return graph->nodes[info->def].region;
    case PLEAT_VALUE_PARAM: return (uint16_t)info->def;
    case PLEAT_VALUE_RESULT: return graph->regions[info->def].parent;
    default: return PLEAT_NO_REGION;
  }
}

/* Last node of the outermost region around `region` that the value is defined outside of. */
static int32_t end_of_use(const memory *m, pleat_value value, uint16_t region, int32_t time) {
  const pleat_graph *graph = m->graph;
  uint16_t home = home_of(graph, view_base(graph, value));
  for (; region != PLEAT_NO_REGION && !is_within(graph, home, region); region = graph->regions[region].parent)
    time = (int32_t)graph->regions[region].last - 1;
  return time;
}

static void define(memory *m, pleat_value value, int32_t time) {
  m->life[value].first = time;
  if (m->life[value].last < time) m->life[value].last = time;
}

static void find_loop(memory *m) {
  const pleat_graph *graph = m->graph;
  m->trunk_first = 0;
  m->trunk_last = m->loop_last = -1;
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    if (graph->nodes[i].stage == PLEAT_STAGE_ONCE) m->trunk_first = (int32_t)i + 1;
    if (graph->nodes[i].stage <= PLEAT_STAGE_TRUNK) m->trunk_last = (int32_t)i;
    if (graph->nodes[i].stage <= PLEAT_STAGE_FOLD) m->loop_last = (int32_t)i;
  }
  m->round_last = m->has_heads_in_loop ? (int32_t)graph->n_nodes - 1 : m->loop_last;
}

static void define_all(memory *m) {
  const pleat_graph *graph = m->graph;
  for (uint32_t v = 0; v < graph->n_values; v++) {
    m->life[v] = (lifetime){.first = 1 << 30, .last = -1, .parent = v, .next = v};
    if (graph->values[v].kind != PLEAT_VALUE_INPUT) continue;
    m->life[v].first = graph->values[v].input_class == PLEAT_INPUT_STATIC ? -1 : m->trunk_first - 1;
  }
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    int32_t time = (int32_t)i;
    uint16_t r = node->region;
    if (r != PLEAT_NO_REGION && graph->regions[r].is_chunk && i + 1 == graph->regions[r].last)
      time = (int32_t)graph->regions[r].first;
    if (node->op != PLEAT_OP_SLICE) define(m, node->out, time);
  }
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    const pleat_region *region = &graph->regions[r];
    for (int k = 0; k < region->n_carries; k++) {
      define(m, region->carries[k].param, (int32_t)region->first);
      define(m, region->carries[k].result, (int32_t)region->last);
    }
    for (int k = 0; k < region->n_emits; k++) define(m, region->emits[k].result, (int32_t)region->first);
  }
}

static void use_all(memory *m) {
  const pleat_graph *graph = m->graph;
  for (uint32_t i = 0; i < graph->n_nodes; i++)
    for (int k = 0; k < graph->nodes[i].n_in; k++) {
      pleat_value v = graph->nodes[i].in[k];
      if (v == PLEAT_NO_VALUE || graph->values[v].kind == PLEAT_VALUE_WEIGHT) continue;
      extend(m, v, end_of_use(m, v, graph->nodes[i].region, (int32_t)i));
    }
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    const pleat_region *region = &graph->regions[r];
    for (int k = 0; k < region->n_carries; k++) {
      extend(m, region->carries[k].init, (int32_t)region->first);
      extend(m, region->carries[k].next, (int32_t)region->last - 1);
    }
    for (int k = 0; k < region->n_emits; k++) extend(m, region->emits[k].result, (int32_t)region->last - 1);
  }
  for (uint32_t i = 0; i < graph->n_outputs; i++) extend(m, graph->outputs[i].value, (int32_t)graph->n_nodes);
  for (uint32_t i = 0; i < graph->n_states; i++) extend(m, graph->states[i].next, m->round_last);
  /* What the loop reads from before must be there in every round. */
  for (uint32_t v = 0; v < graph->n_values; v++) {
    lifetime *life = &m->life[v];
    const pleat_value_info *info = &graph->values[v];
    bool is_rewritten = info->kind == PLEAT_VALUE_INPUT && info->input_class != PLEAT_INPUT_STATIC;
    if (life->last < m->trunk_first || life->first >= m->trunk_first) continue;
    int32_t last = is_rewritten ? (m->num_ensemble > 1 ? m->trunk_last : -1) : m->round_last;
    if (is_rewritten && info->input_class == PLEAT_INPUT_STATE && !strncmp(info->name, "ensemble/", 9)) last = -1;
    if (life->last < last) life->last = last;
  }
}

/* May y start in x's buffer although both live at y's node? */
static bool may_touch(const memory *m, pleat_value x, pleat_value y) {
  const pleat_graph *graph = m->graph;
  const pleat_value_info *info = &graph->values[y];
  if (info->kind != PLEAT_VALUE_NODE) return m->life[x].last <= m->life[y].first; /* handed over */
  const pleat_node *node = &graph->nodes[info->def];
  uint32_t slots = pleat_shared_slots(graph, node);
  int32_t end = (int32_t)info->def;
  for (int k = 0; k < node->n_in; k++)
    if (slots >> k & 1 && node->in[k] == x) return m->life[x].last <= end;
  return false;
}

static bool overlaps(const lifetime *a, const lifetime *b) { return a->first <= b->last && b->first <= a->last; }

static int64_t stored_bytes(const pleat_graph *graph, pleat_value value) {
  int64_t bytes = (int64_t)pleat_graph_bytes(graph, value), rows;
  int dim;
  if (pleat_value_is_sliced(graph, value, &dim, &rows)) bytes = bytes / pleat_graph_dim(graph, value, dim) * rows;
  return bytes;
}

static int64_t aligned_bytes(const pleat_graph *graph, pleat_value value) {
  return (stored_bytes(graph, value) + PLEAT_ALIGN - 1) / PLEAT_ALIGN * PLEAT_ALIGN;
}

/* Joins two classes if no two of their values need the buffer at the same time. */
static bool join(memory *m, pleat_value a, pleat_value b) {
  uint32_t ra = root(m, a), rb = root(m, b);
  if (ra == rb) return true;
  /* Not rounded: one slice of a small value and the whole of it are the same only after rounding. */
  if (stored_bytes(m->graph, a) != stored_bytes(m->graph, b)) return false;
  for (uint32_t x = ra;; x = m->life[x].next) {
    for (uint32_t y = rb;; y = m->life[y].next) {
      const lifetime *lx = &m->life[x], *ly = &m->life[y];
      if (overlaps(lx, ly) && !(lx->first <= ly->first && may_touch(m, x, y)) &&
          !(ly->first <= lx->first && may_touch(m, y, x)))
        return false;
      if (m->life[y].next == y) break;
    }
    if (m->life[x].next == x) break;
  }
  uint32_t tail = ra;
  while (m->life[tail].next != tail) tail = m->life[tail].next;
  m->life[tail].next = rb;
  m->life[rb].parent = ra;
  return true;
}

static bool is_stored(const memory *m, pleat_value v) {
  return m->life[v].last >= m->life[v].first || (m->graph->values[v].kind == PLEAT_VALUE_INPUT && m->life[v].last >= 0);
}

typedef struct copy_request {
  pleat_value value; /* source */
  uint32_t before;   /* node number in front of which the copy goes */
  uint16_t region;
  uint8_t stage;
  pleat_value *at; /* the use to redirect */
} copy_request;

/* Joins what must share a buffer; false when that needs a copy first. */
static bool join_required(memory *m, copy_request *out) {
  pleat_graph *graph = m->graph;
  for (uint32_t r = 0; r < graph->n_regions; r++) {
    pleat_region *region = &graph->regions[r];
    for (int k = 0; k < region->n_carries; k++) {
      pleat_carry *carry = &region->carries[k];
      join(m, carry->param, carry->result); /* never overlap: one ends inside, the other starts behind */
      uint8_t stage = graph->nodes[region->first].stage;
      if (!join(m, carry->init, carry->param)) {
        *out = (copy_request){carry->init, region->first, region->parent, stage, &carry->init};
        return false;
      }
      if (!join(m, carry->param, carry->next)) {
        *out = (copy_request){carry->next, region->last, (uint16_t)r, stage, &carry->next};
        return false;
      }
    }
  }
  for (uint32_t i = 0; i < graph->n_states; i++)
    if (!join(m, graph->states[i].input, graph->states[i].next)) {
      uint32_t end = (uint32_t)m->loop_last + 1;
      uint8_t stage = graph->nodes[m->loop_last].stage;
      *out = (copy_request){graph->states[i].next, end, PLEAT_NO_REGION, stage, &graph->states[i].next};
      return false;
    }
  return true;
}

/* Inserts a copy node for a value that cannot share the buffer it should end up in. */
static pleat_status insert_copy(pleat_graph *graph, const copy_request *request, pleat_error *err) {
  pleat_value_info info = graph->values[request->value];
  info.kind = PLEAT_VALUE_NODE;
  info.name = "";
  pleat_node node = {.op = PLEAT_OP_PERMUTE,
                     .n_in = 1,
                     .stage = request->stage,
                     .region = request->region,
                     .in = {request->value},
                     .scope = "copy"};
  for (int d = 0; d < info.rank; d++) node.letters[0][d] = node.letters[1][d] = (char)('a' + d);
  PLEAT_TRY(pleat_graph_add_value(graph, &info, &node.out, err));
  *request->at = node.out;
  PLEAT_TRY(pleat_graph_add_node(graph, &node, err));
  uint32_t *order = malloc(graph->n_nodes * sizeof *order), n = 0, added = graph->n_nodes - 1;
  if (!order) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to plan %u nodes", graph->n_nodes);
  for (uint32_t i = 0; i < added; i++) {
    if (i == request->before) order[n++] = added;
    order[n++] = i;
  }
  if (n == added) order[n++] = added;
  pleat_status status = pleat_graph_reorder(graph, order, n, err);
  free(order);
  return status;
}

static void join_optional(memory *m) {
  const pleat_graph *graph = m->graph;
  for (uint32_t i = 0; i < graph->n_nodes; i++) {
    const pleat_node *node = &graph->nodes[i];
    uint32_t slots = pleat_shared_slots(graph, node);
    for (int k = 0; k < node->n_in; k++)
      if (slots >> k & 1 && join(m, node->in[k], node->out)) break;
  }
}

typedef struct placed {
  uint32_t class_root;
  int64_t bytes, offset;
} placed;

static int by_size(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  return x->class_root < y->class_root ? -1 : x->class_root > y->class_root;
}

static int by_offset(const void *a, const void *b) {
  const placed *const *x = a, *const *y = b;
  return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

static bool classes_overlap(const memory *m, uint32_t a, uint32_t b) {
  for (uint32_t x = a;; x = m->life[x].next) {
    for (uint32_t y = b;; y = m->life[y].next) {
      if (overlaps(&m->life[x], &m->life[y])) return true;
      if (m->life[y].next == y) break;
    }
    if (m->life[x].next == x) break;
  }
  return false;
}

/* Lowest gap between the classes that are alive together with this one. */
static void place(const memory *m, placed *items, uint32_t i, placed **neighbours) {
  uint32_t n = 0;
  for (uint32_t j = 0; j < i; j++)
    if (classes_overlap(m, items[i].class_root, items[j].class_root)) neighbours[n++] = &items[j];
  qsort(neighbours, n, sizeof(placed *), by_offset);
  int64_t offset = 0;
  for (uint32_t j = 0; j < n && neighbours[j]->offset < offset + items[i].bytes; j++) {
    int64_t end = neighbours[j]->offset + neighbours[j]->bytes;
    if (end > offset) offset = end;
  }
  items[i].offset = offset;
}

static void find_peak(const memory *m, const placed *items, uint32_t n, pleat_placement *out) {
  const pleat_graph *graph = m->graph;
  int64_t best = -1;
  for (uint32_t t = 0; t < graph->n_nodes; t++) {
    int64_t live = 0;
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t v = items[i].class_root;; v = m->life[v].next) {
        if (m->life[v].first <= (int32_t)t && m->life[v].last >= (int32_t)t) {
          live += items[i].bytes;
          break;
        }
        if (m->life[v].next == v) break;
      }
    if (live > best) {
      best = live;
      out->peak_node = t;
    }
  }
}

static pleat_status assign_offsets(memory *m, pleat_placement *out, pleat_error *err) {
  const pleat_graph *graph = m->graph;
  placed *items = malloc((graph->n_values + 1) * sizeof *items);
  placed **neighbours = malloc((graph->n_values + 1) * sizeof(placed *));
  out->offset = malloc((graph->n_values + 1) * sizeof *out->offset);
  pleat_status status = PLEAT_OK;
  if (!items || !neighbours || !out->offset) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to plan %u values", graph->n_values);
    goto done;
  }
  uint32_t n = 0;
  for (uint32_t v = 0; v < graph->n_values; v++)
    if (root(m, v) == v && graph->values[v].kind != PLEAT_VALUE_WEIGHT && is_stored(m, v))
      items[n++] = (placed){v, aligned_bytes(graph, v), 0};
  qsort(items, n, sizeof *items, by_size);
  out->arena_bytes = 0;
  for (uint32_t i = 0; i < n; i++) {
    place(m, items, i, neighbours);
    uint64_t end = (uint64_t)(items[i].offset + items[i].bytes);
    if (end > out->arena_bytes) out->arena_bytes = end;
  }
  for (uint32_t v = 0; v < graph->n_values; v++) out->offset[v] = -1;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t v = items[i].class_root;; v = m->life[v].next) {
      out->offset[v] = items[i].offset;
      if (m->life[v].next == v) break;
    }
  find_peak(m, items, n, out);
done:
  if (status) pleat_placement_fini(out);
  free(neighbours);
  free(items);
  return status;
}

void pleat_placement_fini(pleat_placement *placement) {
  free(placement->offset);
  placement->offset = NULL;
}

pleat_status pleat_place_values(pleat_graph *graph, int64_t num_ensemble, bool has_heads_in_loop, pleat_placement *out,
                                pleat_error *err) {
  memory m = {.graph = graph, .num_ensemble = num_ensemble, .has_heads_in_loop = has_heads_in_loop};
  *out = (pleat_placement){0};
  pleat_status status = PLEAT_OK;
  for (;;) {
    free(m.life);
    m.life = calloc(graph->n_values + 1, sizeof *m.life);
    if (!m.life) {
      status = pleat_fail(err, PLEAT_NOMEM, "no memory to plan %u values", graph->n_values);
      break;
    }
    find_loop(&m);
    define_all(&m);
    use_all(&m);
    copy_request copy;
    if (join_required(&m, &copy)) {
      join_optional(&m);
      status = assign_offsets(&m, out, err);
      break;
    }
    status = insert_copy(graph, &copy, err);
    if (status) break;
  }
  free(m.life);
  return status;
}
