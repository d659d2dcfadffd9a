/* From placed values to launches: operands with offsets and strides, segments, weights, bindings.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "plan/build_plan.h"
#include "plan/plan_priv.h"

typedef struct plan_writer {
  pleat_plan *plan;
  const pleat_plan_options *options;
  uint32_t cap_launches, cap_segments, cap_weights;
  uint32_t *weight_of[2]; /* by value id: plan weight + 1, as PLAIN and as MATRIX */
  pleat_error *err;
} plan_writer;

static pleat_status reserve(void *items, uint32_t n, uint32_t *capacity, size_t item_size, pleat_error *err) {
  if (!pleat_grow(items, n, capacity, item_size)) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a plan of %u items", n);
  return PLEAT_OK;
}

/* Inner size of a matrix: the axes whose letters the other factor has too. */
static int64_t inner_size(const pleat_graph *graph, const pleat_node *node, int slot) {
  const char *letters = node->letters[1 + slot], *out = node->letters[0];
  int64_t K = 1;
  for (int d = 0; letters[d]; d++)
    if (pleat_letter_find(out, letters[d]) < 0) K *= pleat_graph_dim(graph, node->in[slot], d);
  return K;
}

static pleat_status add_weight(plan_writer *w, const pleat_node *node, int slot, uint32_t *out_index) {
  pleat_plan *plan = w->plan;
  const pleat_graph *graph = plan->graph;
  pleat_value v = node->in[slot];
  bool is_matrix = pleat_node_is_matrix(node, slot);
  if (w->weight_of[is_matrix][v]) {
    *out_index = w->weight_of[is_matrix][v] - 1;
    return PLEAT_OK;
  }
  PLEAT_TRY(reserve(&plan->weights, plan->n_weights, &w->cap_weights, sizeof *plan->weights, w->err));
  const pleat_value_info *info = &graph->values[v];
  int64_t elements = pleat_graph_elements(graph, v), row = info->rank ? elements / pleat_graph_dim(graph, v, 0) : 1;
  pleat_plan_weight *weight = &plan->weights[plan->n_weights];
  *weight = (pleat_plan_weight){.name = info->name, .n_blocks = 1};
  /* Matrices of repeated blocks are nearly all of the work; rounding the others would cost accuracy for no speed. */
  weight->dtype = is_matrix && info->is_stacked && w->options->storage == PLEAT_BF16 ? PLEAT_BF16 : PLEAT_F32;
  weight->K = is_matrix ? inner_size(graph, node, slot) : 1;
  weight->N = elements / weight->K;
  int64_t stored = elements;
  if (info->stored_rows) {
    /* Rows of the stored matrix: its first axis may be seen as several of ours, its last is our last. */
    int64_t columns = info->rank > 1 ? pleat_graph_dim(graph, v, info->rank - 1) : 1;
    bool is_row_view = info->rank <= 2;
    stored = info->stored_rows * (is_row_view ? row : columns);
    weight->first_element = info->first_row * (is_row_view ? row : columns);
  }
  weight->block_elements = stored;
  if (info->is_stacked) {
    uint16_t region = node->region;
    while (graph->regions[region].is_chunk) region = graph->regions[region].parent;
    weight->n_blocks = graph->regions[region].count;
  }
  plan->weight_bytes += (uint64_t)(elements * weight->n_blocks) * pleat_dtype_size((pleat_dtype)weight->dtype);
  *out_index = plan->n_weights++;
  w->weight_of[is_matrix][v] = *out_index + 1;
  return PLEAT_OK;
}

/* Contiguous strides of a stored value; a sliced value has room for one slice. */
static void stored_layout(const pleat_graph *graph, pleat_value v, int64_t *size, int64_t *stride) {
  int rank = graph->values[v].rank, dim = -1;
  int64_t rows = 0, step = 1;
  bool is_sliced = pleat_value_is_sliced(graph, v, &dim, &rows);
  for (int d = rank - 1; d >= 0; d--) {
    size[d] = is_sliced && d == dim ? rows : pleat_graph_dim(graph, v, d);
    stride[d] = step;
    step *= size[d];
  }
}

/* An emitted value is stored inside the stack that collects it, one element further in every iteration. */
static pleat_value emitted_into(const pleat_graph *graph, pleat_value v) {
  for (uint32_t r = 0; r < graph->n_regions; r++)
    for (int k = 0; k < graph->regions[r].n_emits; k++)
      if (graph->regions[r].emits[k].body == v) return graph->regions[r].emits[k].result;
  return PLEAT_NO_VALUE;
}

/* The whole value as a view of the arena. */
static pleat_operand whole_operand(const pleat_plan *plan, pleat_value v) {
  const pleat_graph *graph = plan->graph;
  const pleat_value_info *info = &graph->values[v];
  pleat_operand operand = {.space = PLEAT_SPACE_ARENA, .dtype = info->dtype, .rank = info->rank};
  if (info->kind == PLEAT_VALUE_NODE && graph->nodes[info->def].op == PLEAT_OP_SLICE) {
    const pleat_node *slice = &graph->nodes[info->def];
    operand = whole_operand(plan, slice->in[0]);
    int d = slice->attr.dim;
    operand.offset += slice->attr.first * operand.stride[d] * (int64_t)pleat_dtype_size((pleat_dtype)operand.dtype);
    operand.size[d] = pleat_graph_dim(graph, v, d);
    return operand;
  }
  stored_layout(graph, v, operand.size, operand.stride);
  pleat_value stack = emitted_into(graph, v);
  operand.offset = plan->offsets[stack == PLEAT_NO_VALUE ? v : stack];
  if (stack != PLEAT_NO_VALUE) operand.step = (int64_t)pleat_graph_bytes(graph, v);
  return operand;
}

/* Operand of a launch: the slice of number `slice` inside CHUNK regions. */
static pleat_status make_operand(plan_writer *w, const pleat_node *node, int k, int64_t slice, pleat_operand *out) {
  pleat_plan *plan = w->plan;
  const pleat_graph *graph = plan->graph;
  pleat_value v = k ? node->in[k - 1] : node->out;
  *out = (pleat_operand){0};
  if (v == PLEAT_NO_VALUE) return PLEAT_OK;
  const pleat_value_info *info = &graph->values[v];
  if (info->kind == PLEAT_VALUE_WEIGHT) {
    out->space = PLEAT_SPACE_WEIGHT;
    out->rank = info->rank;
    out->step = info->is_stacked;
    stored_layout(graph, v, out->size, out->stride);
    PLEAT_TRY(add_weight(w, node, k - 1, &out->weight));
    out->dtype = plan->weights[out->weight].dtype;
    return PLEAT_OK;
  }
  *out = whole_operand(plan, v);
  if (!node->split) return PLEAT_OK;
  int d = pleat_letter_find(node->letters[k], node->split);
  if (d < 0) return PLEAT_OK;
  const pleat_region *region = &graph->regions[node->region];
  int64_t size = graph->axes[region->chunk_axis].size, rows = (size + region->count - 1) / region->count;
  int64_t first = slice * rows, n = first + rows <= size ? rows : size - first;
  int dim;
  int64_t stored_rows;
  bool is_inner = pleat_value_is_sliced(graph, v, &dim, &stored_rows);
  if (!is_inner) out->offset += first * out->stride[d] * (int64_t)pleat_dtype_size((pleat_dtype)out->dtype);
  out->size[d] = n;
  return PLEAT_OK;
}

static bool is_empty(const pleat_operand *operand) {
  for (int d = 0; d < operand->rank; d++)
    if (!operand->size[d]) return true;
  return false;
}

static pleat_status write_launch(plan_writer *w, const pleat_node *node, int64_t slice) {
  pleat_plan *plan = w->plan;
  if (node->op == PLEAT_OP_SLICE) return PLEAT_OK;
  PLEAT_TRY(reserve(&plan->launches, plan->n_launches, &w->cap_launches, sizeof *plan->launches, w->err));
  pleat_launch *launch = &plan->launches[plan->n_launches];
  *launch = (pleat_launch){.node = node, .slice = (uint32_t)slice};
  PLEAT_TRY(make_operand(w, node, 0, slice, &launch->out));
  if (is_empty(&launch->out)) return PLEAT_OK;
  for (int k = 0; k < node->n_in; k++) PLEAT_TRY(make_operand(w, node, 1 + k, slice, &launch->in[k]));
  pleat_launch_cost(launch);
  double by_flops = launch->flops / w->options->flops_per_s, by_bytes = launch->bytes / w->options->bytes_per_s;
  double seconds = (by_flops > by_bytes ? by_flops : by_bytes) + w->options->seconds_per_launch;
  launch->est_ms = (float)(seconds * 1e3);
  uint64_t scratch = w->options->scratch_bytes ? w->options->scratch_bytes(w->options->supports_ctx, launch) : 0;
  if (scratch > plan->scratch_bytes) plan->scratch_bytes = scratch;
  plan->n_launches++;
  return PLEAT_OK;
}

static uint16_t repeat_of(const pleat_graph *graph, uint16_t region) {
  while (region != PLEAT_NO_REGION && graph->regions[region].is_chunk) region = graph->regions[region].parent;
  return region;
}

static pleat_status open_segment(plan_writer *w, const pleat_node *node) {
  pleat_plan *plan = w->plan;
  uint16_t region = repeat_of(plan->graph, node->region);
  PLEAT_TRY(reserve(&plan->segments, plan->n_segments, &w->cap_segments, sizeof *plan->segments, w->err));
  plan->segments[plan->n_segments++] =
      (pleat_segment){.stage = node->stage,
                      .first = plan->n_launches,
                      .last = plan->n_launches,
                      .count = region == PLEAT_NO_REGION ? 1 : plan->graph->regions[region].count,
                      .name = region == PLEAT_NO_REGION ? "" : plan->graph->regions[region].name};
  return PLEAT_OK;
}

static pleat_status write_nodes(plan_writer *w) {
  pleat_plan *plan = w->plan;
  const pleat_graph *graph = plan->graph;
  uint16_t repeat = PLEAT_NO_REGION;
  int stage = -1;
  for (uint32_t i = 0; i < graph->n_nodes;) {
    const pleat_node *node = &graph->nodes[i];
    if (node->stage != stage || repeat_of(graph, node->region) != repeat || !plan->n_segments) {
      stage = node->stage;
      repeat = repeat_of(graph, node->region);
      PLEAT_TRY(open_segment(w, node));
    }
    bool is_chunk = node->region != PLEAT_NO_REGION && graph->regions[node->region].is_chunk;
    const pleat_region *region = is_chunk ? &graph->regions[node->region] : NULL;
    uint32_t last = is_chunk ? region->last : i + 1;
    int64_t rows = 1, n_slices = 1;
    if (is_chunk) {
      int64_t size = graph->axes[region->chunk_axis].size;
      rows = (size + region->count - 1) / region->count;
      n_slices = rows ? (size + rows - 1) / rows : 0;
    }
    for (int64_t slice = 0; slice < n_slices; slice++)
      for (uint32_t n = i; n < last; n++) PLEAT_TRY(write_launch(w, &graph->nodes[n], slice));
    plan->segments[plan->n_segments - 1].last = plan->n_launches;
    i = last;
  }
  return PLEAT_OK;
}

static pleat_status write_bindings(plan_writer *w) {
  pleat_plan *plan = w->plan;
  const pleat_graph *graph = plan->graph;
  plan->bindings = malloc((graph->n_values + graph->n_outputs + 1) * sizeof *plan->bindings);
  if (!plan->bindings) PLEAT_FAIL(w->err, PLEAT_NOMEM, "no memory for a plan");
  for (uint32_t v = 0; v < graph->n_values; v++) {
    const pleat_value_info *info = &graph->values[v];
    if (info->kind != PLEAT_VALUE_INPUT || plan->offsets[v] < 0) continue;
    uint8_t kind = info->input_class == PLEAT_INPUT_STATE ? PLEAT_BIND_STATE : PLEAT_BIND_INPUT;
    plan->bindings[plan->n_bindings++] = (pleat_binding){info->name, kind, info->input_class, whole_operand(plan, v)};
  }
  for (uint32_t i = 0; i < graph->n_outputs; i++)
    plan->bindings[plan->n_bindings++] =
        (pleat_binding){graph->outputs[i].name, PLEAT_BIND_OUTPUT, 0, whole_operand(plan, graph->outputs[i].value)};
  return PLEAT_OK;
}

/* Times that a stage runs in one prediction. */
static double rounds_of(const pleat_plan_options *options, uint8_t stage) {
  double recycles = (double)options->num_recycle + 1,
         members = options->num_ensemble > 1 ? (double)options->num_ensemble : 1;
  if (stage == PLEAT_STAGE_TRUNK) return recycles * members;
  return stage == PLEAT_STAGE_FOLD || (stage == PLEAT_STAGE_LAST && options->has_heads_in_loop) ? recycles : 1;
}

static void sum_costs(plan_writer *w) {
  pleat_plan *plan = w->plan;
  for (uint32_t s = 0; s < plan->n_segments; s++) {
    const pleat_segment *segment = &plan->segments[s];
    double rounds = rounds_of(w->options, segment->stage) * (double)segment->count;
    for (uint32_t i = segment->first; i < segment->last; i++) {
      plan->flops += rounds * plan->launches[i].flops;
      plan->bytes += rounds * plan->launches[i].bytes;
      plan->est_ms += rounds * (double)plan->launches[i].est_ms;
    }
    plan->n_runs += rounds * (segment->last - segment->first);
  }
}

pleat_status pleat_plan_write(pleat_plan *plan, pleat_placement *placement, const pleat_plan_options *options,
                              pleat_error *err) {
  plan_writer w = {.plan = plan, .options = options, .err = err};
  plan->offsets = placement->offset;
  placement->offset = NULL;
  plan->arena_bytes = placement->arena_bytes + PLEAT_ALIGN; /* vector loads may read past the last value */
  for (int k = 0; k < 2; k++) w.weight_of[k] = calloc(plan->graph->n_values + 1, sizeof *w.weight_of[k]);
  pleat_status status = PLEAT_OK;
  if (!w.weight_of[0] || !w.weight_of[1]) status = pleat_fail(err, PLEAT_NOMEM, "no memory for a plan");
  if (!status) status = write_nodes(&w);
  if (!status) status = write_bindings(&w);
  if (!status) sum_costs(&w);
  free(w.weight_of[0]);
  free(w.weight_of[1]);
  return status;
}
