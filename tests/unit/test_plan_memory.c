/* Planned buffers never overlap while alive: a plan is followed symbolically through a whole prediction, and every launch
 * must find in the arena exactly what its producer wrote.
 *
 * Each cell of the arena remembers which definition wrote it last and as which element. A definition is one execution of
 * a node (per iteration, round and, inside a chunk, slice), or one write of the engine. What a value stands for at a
 * moment follows from the graph alone: carried values, states and emitted stacks pass definitions on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plan/plan_priv.h"
#include "test_plan_network.h"

enum { CELL = 2, N_ROUNDS = 3 };

typedef struct cell {
  uint32_t stamp;   /* definition; 0 = nobody wrote it */
  uint32_t element; /* of the value as a whole */
  uint32_t reader;  /* launch execution that read it last */
  uint8_t slot;     /* through which operand */
} cell;

typedef struct simulation {
  const pleat_plan *plan;
  const pleat_graph *graph;
  cell *arena;
  uint64_t n_cells;
  uint32_t *current; /* by value: its definition now */
  uint32_t *emitted; /* by value: the stack that collects it, + 1 */
  uint32_t n_stamps, n_runs, n_faults;
  char fault[256]; /* the first one */
} simulation;

static void fault(simulation *s, const pleat_launch *launch, const char *what, int slot, int64_t element) {
  if (!s->n_faults++)
    snprintf(s->fault, sizeof s->fault, "launch %d (%s in %s): %s, operand %d, element %lld",
             (int)(launch ? launch - s->plan->launches : -1), launch ? pleat_ops[launch->node->op].text : "engine",
             launch ? launch->node->scope : "", what, slot, (long long)element);
}

/* ---- What a value stands for ---- */

typedef struct source {
  uint32_t stamp;
  int64_t first;                  /* element of the definition at which the value starts */
  int64_t stride[PLEAT_MAX_RANK]; /* elements of the definition from one index to the next */
} source;

static source source_of(const simulation *s, pleat_value v, int64_t iteration) {
  const pleat_graph *graph = s->graph;
  const pleat_value_info *info = &graph->values[v];
  if (info->kind == PLEAT_VALUE_NODE && graph->nodes[info->def].op == PLEAT_OP_SLICE) {
    const pleat_attr *attr = &graph->nodes[info->def].attr;
    source from = source_of(s, graph->nodes[info->def].in[0], iteration);
    from.first += attr->first * from.stride[attr->dim];
    return from;
  }
  source own = {.stamp = s->current[v]};
  int64_t step = 1;
  for (int d = info->rank - 1; d >= 0; d--) {
    own.stride[d] = step;
    step *= pleat_graph_dim(graph, v, d);
  }
  if (s->emitted[v]) {
    own.stamp = s->current[s->emitted[v] - 1];
    own.first = iteration * step;
  }
  return own;
}

static void redefine(simulation *s, pleat_value v) { s->current[v] = ++s->n_stamps; }

/* ---- Reading and writing operands ---- */

typedef struct access {
  const pleat_launch *launch; /* NULL: the engine */
  const pleat_operand *operand;
  int slot; /* 0 = result, 1 + k = input k */
  source from;
  int64_t first[PLEAT_MAX_RANK]; /* index of the operand's first element in the value */
  int64_t iteration;
  bool is_write;
} access;

static void touch(simulation *s, const access *a, uint64_t byte, int64_t element) {
  uint64_t n = pleat_dtype_size((pleat_dtype)a->operand->dtype) / CELL;
  for (uint64_t k = 0; k < n; k++) {
    uint64_t at = byte / CELL + k;
    if (at >= s->n_cells) {
      fault(s, a->launch, "outside the arena", a->slot, element);
      return;
    }
    cell *c = &s->arena[at];
    if (!a->is_write) {
      if (c->stamp != a->from.stamp || c->element != (uint32_t)element)
        fault(s, a->launch, c->stamp ? "reads what another value wrote" : "reads what nobody wrote", a->slot, element);
      c->reader = s->n_runs;
      c->slot = (uint8_t)a->slot;
      continue;
    }
    bool is_overwritten = a->launch && c->reader == s->n_runs;
    if (is_overwritten && !(pleat_shared_slots(s->graph, a->launch->node) >> (c->slot - 1) & 1))
      fault(s, a->launch, "overwrites an input that it still reads", c->slot, element);
    *c = (cell){a->from.stamp, (uint32_t)element, 0, 0};
  }
}

static void visit(simulation *s, const access *a) {
  const pleat_operand *x = a->operand;
  int64_t index[PLEAT_MAX_RANK] = {0};
  for (int d = 0; d < x->rank; d++)
    if (!x->size[d]) return;
  for (;;) {
    int64_t offset = 0, element = a->from.first;
    for (int d = 0; d < x->rank; d++) {
      offset += index[d] * x->stride[d];
      element += (a->first[d] + index[d]) * a->from.stride[d];
    }
    uint64_t bytes = pleat_dtype_size((pleat_dtype)x->dtype);
    touch(s, a, (uint64_t)(x->offset + a->iteration * x->step) + (uint64_t)offset * bytes, element);
    int d = x->rank - 1;
    while (d >= 0 && ++index[d] == x->size[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

static void visit_operand(simulation *s, const pleat_launch *launch, int slot, int64_t iteration) {
  const pleat_node *node = launch->node;
  const pleat_operand *operand = slot ? &launch->in[slot - 1] : &launch->out;
  if (operand->space != PLEAT_SPACE_ARENA) return;
  pleat_value v = slot ? node->in[slot - 1] : node->out;
  access a = {.launch = launch,
              .operand = operand,
              .slot = slot,
              .from = source_of(s, v, iteration),
              .iteration = iteration,
              .is_write = !slot};
  int d = node->split ? pleat_letter_find(node->letters[slot], node->split) : -1;
  if (d >= 0) {
    const pleat_region *region = &s->graph->regions[node->region];
    int64_t size = s->graph->axes[region->chunk_axis].size;
    a.first[d] = launch->slice * ((size + region->count - 1) / region->count);
  }
  visit(s, &a);
}

/* A letter means the same number of indices in every operand, parameters included. */
static void check_sizes(simulation *s, const pleat_launch *launch) {
  const pleat_node *node = launch->node;
  int64_t size_of[128] = {0};
  for (int slot = 0; slot <= node->n_in; slot++) {
    const pleat_operand *operand = slot ? &launch->in[slot - 1] : &launch->out;
    for (int d = 0; d < operand->rank; d++) {
      if (node->op == PLEAT_OP_CONCAT && d == node->attr.dim) continue;
      int64_t *size = &size_of[node->letters[slot][d] & 127];
      if (*size && *size != operand->size[d]) fault(s, launch, "operands of different sizes", slot, operand->size[d]);
      *size = operand->size[d];
    }
  }
}

static void run_launch(simulation *s, const pleat_launch *launch, int64_t iteration) {
  const pleat_node *node = launch->node;
  s->n_runs++;
  check_sizes(s, launch);
  for (int k = 0; k < node->n_in; k++) visit_operand(s, launch, 1 + k, iteration);
  bool is_chunked = node->region != PLEAT_NO_REGION && s->graph->regions[node->region].is_chunk;
  bool is_end = is_chunked && s->graph->values[node->out].def + 1 == s->graph->regions[node->region].last;
  bool is_new = !is_end || !launch->slice;
  if (is_new && !s->emitted[node->out]) redefine(s, node->out);
  visit_operand(s, launch, 0, iteration);
}

/* ---- The engine's order of things (engine/session.c) ---- */

static void engine_access(simulation *s, const pleat_binding *binding, pleat_value v, bool is_write) {
  if (is_write) redefine(s, v);
  access a = {.operand = &binding->operand, .from = source_of(s, v, 0), .is_write = is_write};
  visit(s, &a);
}

static void write_inputs(simulation *s, int input_class, const char *prefix) {
  for (uint32_t i = 0; i < s->plan->n_bindings; i++) {
    const pleat_binding *binding = &s->plan->bindings[i];
    if (binding->kind == PLEAT_BIND_OUTPUT || binding->input_class != input_class) continue;
    if (strncmp(binding->name, prefix, strlen(prefix))) continue;
    for (uint32_t v = 0; v < s->graph->n_values; v++)
      if (s->graph->values[v].kind == PLEAT_VALUE_INPUT && !strcmp(s->graph->values[v].name, binding->name))
        engine_access(s, binding, v, true);
  }
}

/* The REPEAT region that segment launches belong to; NULL outside. */
static const pleat_region *region_of(const simulation *s, const pleat_segment *segment) {
  if (segment->first == segment->last) return NULL;
  uint16_t r = s->plan->launches[segment->first].node->region;
  while (r != PLEAT_NO_REGION && s->graph->regions[r].is_chunk) r = s->graph->regions[r].parent;
  return r == PLEAT_NO_REGION ? NULL : &s->graph->regions[r];
}

static void run_segment(simulation *s, const pleat_segment *segment) {
  const pleat_region *region = region_of(s, segment);
  for (int e = 0; region && e < region->n_emits; e++) redefine(s, region->emits[e].result);
  for (int64_t k = 0; k < segment->count; k++) {
    for (int c = 0; region && c < region->n_carries; c++)
      s->current[region->carries[c].param] = s->current[k ? region->carries[c].next : region->carries[c].init];
    for (uint32_t i = segment->first; i < segment->last; i++) run_launch(s, &s->plan->launches[i], k);
  }
  for (int c = 0; region && c < region->n_carries; c++)
    s->current[region->carries[c].result] = s->current[region->carries[c].next];
}

static void run_stage(simulation *s, pleat_stage stage) {
  for (uint32_t i = 0; i < s->plan->n_segments; i++)
    if (s->plan->segments[i].stage == stage) run_segment(s, &s->plan->segments[i]);
}

/* States take over what the pass made: all but `prefix` states when the whole pass is done. */
static void pass_states(simulation *s, bool is_ensemble) {
  for (uint32_t i = 0; i < s->graph->n_states; i++) {
    const pleat_state *state = &s->graph->states[i];
    if (!strncmp(s->graph->values[state->input].name, "ensemble/", 9) == is_ensemble)
      s->current[state->input] = s->current[state->next];
  }
}

static void read_outputs(simulation *s, pleat_binding_kind kind) {
  for (uint32_t i = 0; i < s->plan->n_bindings; i++) {
    const pleat_binding *binding = &s->plan->bindings[i];
    if (binding->kind != kind) continue;
    for (uint32_t k = 0; kind == PLEAT_BIND_OUTPUT && k < s->graph->n_outputs; k++)
      if (!strcmp(s->graph->outputs[k].name, binding->name))
        engine_access(s, binding, s->graph->outputs[k].value, false);
    for (uint32_t k = 0; kind == PLEAT_BIND_STATE && k < s->graph->n_states; k++) /* positions for the early stop */
      if (!strcmp(binding->name, "prev_pos") && !strcmp(s->graph->values[s->graph->states[k].input].name, "prev_pos"))
        engine_access(s, binding, s->graph->states[k].next, false);
  }
}

static void predict(simulation *s, int64_t num_ensemble, bool has_heads_in_loop) {
  for (int round = 0; round < N_ROUNDS; round++) {
    if (num_ensemble > 1) write_inputs(s, PLEAT_INPUT_STATE, "ensemble/");
    for (int64_t member = 0; member < num_ensemble; member++) {
      if (!round && !member) {
        write_inputs(s, PLEAT_INPUT_STATIC, "");
        run_stage(s, PLEAT_STAGE_ONCE);
        write_inputs(s, PLEAT_INPUT_STATE, "prev_");
      }
      write_inputs(s, PLEAT_INPUT_ITER, "");
      run_stage(s, PLEAT_STAGE_TRUNK);
      pass_states(s, true);
    }
    run_stage(s, PLEAT_STAGE_FOLD);
    if (has_heads_in_loop && round + 1 < N_ROUNDS) {
      run_stage(s, PLEAT_STAGE_LAST);
      read_outputs(s, PLEAT_BIND_OUTPUT);
    }
    if (round + 1 < N_ROUNDS) {
      read_outputs(s, PLEAT_BIND_STATE);
      pass_states(s, false);
    }
  }
  run_stage(s, PLEAT_STAGE_LAST);
  read_outputs(s, PLEAT_BIND_OUTPUT);
}

/* Number of faults; the first one in words. */
static uint32_t simulate(const pleat_plan *plan, const network_case *c, char text[256]) {
  simulation s = {.plan = plan, .graph = plan->graph, .n_cells = plan->arena_bytes / CELL};
  s.arena = calloc(s.n_cells + 1, sizeof *s.arena);
  s.current = calloc(plan->graph->n_values + 1, sizeof *s.current);
  s.emitted = calloc(plan->graph->n_values + 1, sizeof *s.emitted);
  if (CHECK(s.arena && s.current && s.emitted)) {
    for (uint32_t r = 0; r < plan->graph->n_regions; r++)
      for (int k = 0; k < plan->graph->regions[r].n_emits; k++)
        s.emitted[plan->graph->regions[r].emits[k].body] = plan->graph->regions[r].emits[k].result + 1;
    predict(&s, c->num_ensemble, c->has_heads_in_loop);
  }
  free(s.arena);
  free(s.current);
  free(s.emitted);
  memcpy(text, s.fault, sizeof s.fault);
  return s.n_faults;
}

static void check_case(const network_case *c) {
  pleat_plan *plan = network_plan(c);
  if (!plan) return;
  char text[256];
  if (!CHECK_INT(simulate(plan, c, text), 0))
    fprintf(
        stderr,
        "  %s N_res %lld N_clust %lld N_extra %lld N_templ %lld ensemble %lld slices %lld%s%s%s%s%s %s budget %llu\n"
        "  first: %s\n",
        c->variant, (long long)c->n_res, (long long)c->n_clust, (long long)c->n_extra, (long long)c->n_templ,
        (long long)c->num_ensemble, (long long)c->n_slices, c->is_unfused ? " unfused" : "",
        c->is_unhoisted ? " unhoisted" : "", c->has_heads_in_loop ? " heads in loop" : "",
        c->is_moving ? " moving" : "", c->want_all ? " all" : "", pleat_dtype_text(c->storage),
        (unsigned long long)c->budget_bytes, text);
  pleat_plan_destroy(plan);
}

static void test_all_variants(void) {
  static const char *const variants[] = {"model_1_ptm", "model_3", "model_1_multimer_v2", "model_1_multimer_v3"};
  static const int64_t slices[] = {0, 2, 3, 7};
  for (size_t v = 0; v < sizeof variants / sizeof *variants; v++)
    for (size_t k = 0; k < sizeof slices / sizeof *slices; k++)
      for (int flags = 0; flags < 32; flags++) {
        network_case c = {.variant = variants[v],
                          .n_res = 5,
                          .n_clust = 4,
                          .n_extra = 3,
                          .n_templ = flags & 1 ? 2 : 0,
                          .num_ensemble = flags & 2 ? 2 : 1,
                          .n_slices = slices[k],
                          .is_unfused = flags & 4,
                          .is_unhoisted = flags & 8,
                          .is_moving = flags & 16,
                          .want_all = (flags ^ (flags >> 2)) & 1,
                          .has_heads_in_loop = (flags ^ (flags >> 1) ^ (flags >> 3)) & 1,
                          .storage = (flags + k) % 3 ? PLEAT_F32 : PLEAT_BF16};
        check_case(&c);
      }
}

/* Shapes at the edges: one residue, one row, nothing in the extra MSA. */
static void test_edge_shapes(void) {
  static const int64_t shapes[][4] = {{1, 1, 0, 0}, {1, 3, 1, 1}, {2, 1, 0, 1},
                                      {6, 1, 5, 0}, {3, 7, 0, 3}, {8, 2, 2, 1}};
  static const char *const variants[] = {"model_2_ptm", "model_1_multimer_v3"};
  for (size_t v = 0; v < 2; v++)
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
      for (int64_t n_slices = 0; n_slices < 5; n_slices += 2) {
        network_case c = {.variant = variants[v],
                          .n_res = shapes[i][0],
                          .n_clust = shapes[i][1],
                          .n_extra = shapes[i][2],
                          .n_templ = shapes[i][3],
                          .num_ensemble = 1,
                          .n_slices = n_slices,
                          .want_all = true};
        check_case(&c);
      }
}

/* Under a tight budget only the largest sub-layers are cut, each differently. */
static void test_budgets(void) {
  static const char *const variants[] = {"model_1_ptm", "model_1_multimer_v3"};
  for (size_t v = 0; v < 2; v++)
    for (int is_unfused = 0; is_unfused < 2; is_unfused++) {
      network_case c = {.variant = variants[v],
                        .n_res = 9,
                        .n_clust = 6,
                        .n_extra = 5,
                        .n_templ = 2,
                        .num_ensemble = 1,
                        .is_unfused = is_unfused};
      pleat_plan *plan = network_plan(&c);
      if (!plan) return;
      uint64_t whole = plan->arena_bytes;
      pleat_plan_destroy(plan);
      int n_fitting = 0;
      for (int percent = 98; percent >= 50; percent -= 2) {
        pleat_graph *graph = network_graph(&c);
        c.budget_bytes = whole * (uint64_t)percent / 100;
        pleat_plan_options options = network_options(&c);
        pleat_error err;
        plan = NULL;
        if (!pleat_plan_build(graph, &options, &plan, &err)) {
          n_fitting++;
          CHECK(plan->arena_bytes <= c.budget_bytes);
          char text[256];
          if (!CHECK_INT(simulate(plan, &(network_case){.num_ensemble = 1}, text), 0))
            fprintf(stderr, "  budget %d %%: %s\n", percent, text);
        } else {
          CHECK_INT(err.status, PLEAT_NOMEM);
        }
        pleat_plan_destroy(plan);
      }
      CHECK(n_fitting >= (is_unfused ? 0 : 2));
    }
}

/* The check itself: a buffer moved onto another one, and a missing launch, must be seen. */
static void test_faults_are_seen(void) {
  network_case c = {.variant = "model_1_ptm", .n_res = 5, .n_clust = 4, .n_extra = 3, .n_templ = 1, .num_ensemble = 1};
  char text[256];
  for (uint32_t step = 7; step < 60; step += 13) {
    pleat_plan *plan = network_plan(&c);
    if (!plan) return;
    uint32_t at = plan->n_launches * step / 64;
    plan->launches[at].out.offset += PLEAT_ALIGN;
    CHECK(simulate(plan, &(network_case){.num_ensemble = 1}, text) > 0);
    plan->launches[at].out.offset -= PLEAT_ALIGN;
    CHECK_INT(simulate(plan, &(network_case){.num_ensemble = 1}, text), 0);
    plan->launches[at].out.size[0] = 0;
    CHECK(simulate(plan, &(network_case){.num_ensemble = 1}, text) > 0);
    pleat_plan_destroy(plan);
  }
}

int main(void) {
  test_all_variants();
  test_edge_shapes();
  test_budgets();
  test_faults_are_seen();
  return check_report();
}
