/* Each pass by itself: graph in, graph out.
 *
 * 1 simplify, 2 skip, 3 hoist, 4 fuse, 5 chunk, 6 precision
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/build.h"
#include "graph/pass/pass.h"
#include "test_graph_small.h"
#include "test_plan_network.h"

static int count_op(const pleat_graph *g, pleat_op op) {
  int n = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) n += g->nodes[i].op == op;
  return n;
}

/* The same, within one scope. */
static int count_in(const pleat_graph *g, pleat_op op, const char *scope) {
  int n = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) n += g->nodes[i].op == op && strstr(g->nodes[i].scope, scope);
  return n;
}

static pleat_graph *new_graph(void) {
  pleat_graph *g = NULL;
  pleat_error err;
  CHECK_OK(pleat_graph_create(&g, &err), &err);
  return g;
}

static void check_graph(const pleat_graph *g) {
  pleat_error err;
  CHECK_OK(pleat_graph_verify(g, &err), &err);
}

static void simplify(pleat_graph *g) {
  pleat_error err;
  CHECK_OK(pleat_build_status(g, &err), &err);
  CHECK_OK(pleat_pass_simplify(g, &err), &err);
  check_graph(g);
}

/* ---- 1 simplify ---- */

static void test_constants(void) {
  pleat_graph *g = new_graph();
  pleat_axis n = pleat_build_axis(g, "n", 4);
  pleat_value x = pleat_build_input(g, "x", PLEAT_F32, PLEAT_INPUT_ITER, 1, &n);
  pleat_value zero = pleat_build_fill(g, 0, 1, &n), two = pleat_build_fill(g, 2, 1, &n);
  pleat_value three = pleat_build_affine(g, two, 0.5f, 2);
  pleat_build_output(g, "constant", three);
  pleat_build_output(g, "sum", pleat_build_binary(g, PLEAT_OP_ADD, x, zero));
  pleat_build_output(g, "product", pleat_build_binary(g, PLEAT_OP_MUL, x, zero));
  pleat_build_output(g, "quotient", pleat_build_binary(g, PLEAT_OP_DIV, x, two));
  pleat_build_output(g, "sign", pleat_build_unary(g, PLEAT_OP_GREATER_ZERO, two));
  simplify(g);
  CHECK_INT(g->outputs[1].value, x);
  for (int i = 0; i < 5; i++) {
    if (i == 1) continue;
    const pleat_node *node = &g->nodes[g->values[g->outputs[i].value].def];
    CHECK_INT(node->op, i == 3 ? PLEAT_OP_AFFINE : PLEAT_OP_FILL);
    CHECK_NEAR(node->attr.a, i == 0 ? 3 : i == 2 ? 0 : i == 3 ? 0.5 : 1, 0);
  }
  CHECK_INT(g->n_nodes, 4);
  pleat_graph_destroy(g);
}

static void test_common_subexpressions(void) {
  pleat_graph *g = new_graph();
  pleat_axis n = pleat_build_axis(g, "n", 4), c = pleat_build_axis(g, "c", 3);
  pleat_value x = pleat_build_input(g, "x", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){n, c});
  pleat_value y[2];
  for (int i = 0; i < 2; i++) {
    pleat_value W = pleat_build_weight(g, "W", (pleat_weight_view){0}, 2, (pleat_axis[]){c, c});
    y[i] = pleat_build_unary(g, PLEAT_OP_RELU, pleat_build_linear(g, x, W, PLEAT_NO_VALUE));
  }
  pleat_value other = pleat_build_weight(g, "V", (pleat_weight_view){0}, 2, (pleat_axis[]){c, c});
  pleat_value z = pleat_build_linear(g, x, other, PLEAT_NO_VALUE);
  pleat_value scaled = pleat_build_affine(g, z, 2, 0), shifted = pleat_build_affine(g, z, 2, 1);
  pleat_build_output(g, "a", pleat_build_binary(g, PLEAT_OP_SUB, y[0], y[1]));
  pleat_build_output(g, "b", pleat_build_binary(g, PLEAT_OP_SUB, scaled, shifted));
  simplify(g);
  CHECK_INT(count_op(g, PLEAT_OP_LINEAR), 2);
  CHECK_INT(count_op(g, PLEAT_OP_RELU), 1);
  CHECK_INT(count_op(g, PLEAT_OP_AFFINE), 2); /* attributes differ */
  const pleat_node *a = &g->nodes[g->values[g->outputs[0].value].def];
  CHECK_INT(a->in[0], a->in[1]);
  pleat_graph_destroy(g);
}

static void test_dead_code(void) {
  pleat_graph *g = new_graph();
  pleat_axis n = pleat_build_axis(g, "n", 4), blocks = pleat_build_axis(g, "blocks", 2);
  pleat_value x = pleat_build_input(g, "x", PLEAT_F32, PLEAT_INPUT_ITER, 1, &n);
  pleat_value old = pleat_build_input(g, "old", PLEAT_F32, PLEAT_INPUT_STATE, 1, &n);
  pleat_build_repeat_begin(g, "block", 2);
  pleat_value a = pleat_build_carry(g, x), b = pleat_build_carry(g, x);
  pleat_value next[2] = {pleat_build_unary(g, PLEAT_OP_RELU, a), pleat_build_unary(g, PLEAT_OP_SIGMOID, b)};
  pleat_build_emit(g, next[0], blocks);
  pleat_build_repeat_end(g, 2, next);
  pleat_build_state(g, old, next[1]); /* nothing reads the state */
  pleat_build_output(g, "out", next[0]);
  simplify(g);
  CHECK_INT(g->n_nodes, 1);
  CHECK_INT(g->nodes[0].op, PLEAT_OP_RELU);
  CHECK_INT(g->regions[0].n_carries, 1);
  CHECK_INT(g->regions[0].n_emits, 0);
  CHECK_INT(g->n_states, 0);
  pleat_graph_destroy(g);
}

/* A body without nodes hands its initial values on. */
static void test_empty_region(void) {
  pleat_graph *g = new_graph();
  pleat_axis n = pleat_build_axis(g, "n", 4);
  pleat_value x = pleat_build_input(g, "x", PLEAT_F32, PLEAT_INPUT_ITER, 1, &n);
  pleat_build_repeat_begin(g, "block", 2);
  pleat_value a = pleat_build_carry(g, x);
  pleat_value next[1] = {pleat_build_binary(g, PLEAT_OP_ADD, a, pleat_build_fill(g, 0, 1, &n))};
  pleat_build_repeat_end(g, 1, next);
  pleat_build_output(g, "out", pleat_build_unary(g, PLEAT_OP_RELU, next[0]));
  simplify(g);
  CHECK_INT(g->n_nodes, 1);
  CHECK_INT(g->nodes[0].in[0], x);
  pleat_graph_destroy(g);
}

/* ---- 2 skip ---- */

static pleat_graph *skipped(const network_case *c, const pleat_axis_size *sizes, int n) {
  pleat_graph *g = network_graph(c);
  pleat_error err;
  if (!g) return NULL;
  CHECK_OK(pleat_pass_simplify(g, &err), &err);
  CHECK_OK(pleat_pass_skip(g, sizes, n, &err), &err);
  CHECK_OK(pleat_pass_simplify(g, &err), &err);
  check_graph(g);
  return g;
}

/* The trap: without extra rows the stack's MSA is gone, but every block still adds 1000 output_b to the pair. */
static void test_empty_extra_msa(void) {
  network_case c = {.variant = "model_1_ptm", .n_res = 5, .n_clust = 3, .n_extra = 6, .n_templ = 0};
  pleat_graph *g = skipped(&c, &(pleat_axis_size){"N_extra", 0}, 1);
  if (!g) return;
  CHECK_INT(count_in(g, PLEAT_OP_SOFTMAX, "extra_msa_stack/msa_"), 0);
  CHECK_INT(count_in(g, PLEAT_OP_SOFTMAX, "extra_msa_stack/triangle_attention"), 2);
  CHECK_INT(count_in(g, PLEAT_OP_AFFINE, "extra_msa_stack/outer_product_mean"), 1);
  CHECK_INT(count_in(g, PLEAT_OP_CONTRACT, "extra_msa_stack/outer_product_mean"), 0);
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    const pleat_node *node = &g->nodes[i];
    if (node->op != PLEAT_OP_AFFINE || !strstr(node->scope, "extra_msa_stack/outer_product_mean")) continue;
    CHECK(strstr(g->values[node->in[0]].name, "extra_msa_stack/outer_product_mean//output_b") != NULL);
    CHECK_NEAR(node->attr.a, 1 / 1e-3, 1e-3);
    CHECK_INT(g->values[node->out].rank, 1);
    CHECK(node->region != PLEAT_NO_REGION); /* in every block: its bias is stacked */
  }
  pleat_graph_destroy(g);
}

static void test_masked_templates(void) {
  network_case c = {.variant = "model_1_ptm", .n_res = 5, .n_clust = 3, .n_extra = 2, .n_templ = 4};
  pleat_axis_size sizes[] = {{"N_templ", 0}, {"N_templ_row", 0}};
  pleat_graph *g = skipped(&c, sizes, 2);
  if (!g) return;
  for (uint32_t i = 0; i < g->n_nodes; i++) CHECK(!strstr(g->nodes[i].scope, "template"));
  pleat_graph_destroy(g);
}

static void test_rows_shrink(void) {
  network_case c = {.variant = "model_1_multimer_v3", .n_res = 5, .n_clust = 7, .n_extra = 4, .n_templ = 3};
  pleat_axis_size sizes[] = {{"N_clust", 1}, {"N_clust_rest", 0}, {"N_templ", 1}, {"N_templ_row", 0}, {"N_extra", 2}};
  pleat_graph *g = skipped(&c, sizes, 5);
  if (!g) return;
  for (uint32_t r = 0; r < g->n_regions; r++)
    if (!strcmp(g->regions[r].name, "evoformer")) CHECK_INT(pleat_graph_dim(g, g->regions[r].carries[0].param, 0), 1);
  pleat_graph_destroy(g);
}

static void test_axes_cannot_grow(void) {
  network_case c = {.variant = "model_3", .n_res = 5, .n_clust = 3, .n_extra = 2};
  pleat_graph *g = network_graph(&c);
  pleat_error err = {0};
  if (!g) return;
  CHECK_INT(pleat_pass_skip(g, &(pleat_axis_size){"N_extra", 3}, 1, &err), PLEAT_INTERNAL);
  CHECK_STR(err.message, "skip: axis N_extra cannot shrink from 2 to 3");
  pleat_graph_destroy(g);
}

/* ---- 3 hoist ---- */

static pleat_graph *hoisted(const network_case *c) {
  pleat_graph *g = network_graph(c);
  pleat_error err;
  if (!g) return NULL;
  CHECK_OK(pleat_pass_simplify(g, &err), &err);
  CHECK_OK(pleat_pass_hoist(g, &err), &err);
  check_graph(g);
  return g;
}

static int stage_of(const pleat_graph *g, pleat_op op, const char *scope) {
  for (uint32_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i].op == op && strstr(g->nodes[i].scope, scope)) return g->nodes[i].stage;
  return -1;
}

static void test_hoist(void) {
  network_case c = {.variant = "model_1_ptm", .n_res = 6, .n_clust = 3, .n_extra = 2, .n_templ = 2};
  pleat_graph *g = hoisted(&c);
  if (!g) return;
  CHECK_INT(stage_of(g, PLEAT_OP_REL_INDEX, "evoformer"), PLEAT_STAGE_ONCE);
  CHECK_INT(stage_of(g, PLEAT_OP_SOFTMAX, "template_pair_stack"), PLEAT_STAGE_ONCE);
  CHECK_INT(stage_of(g, PLEAT_OP_SOFTMAX, "evoformer_iteration"), PLEAT_STAGE_TRUNK);
  pleat_graph_destroy(g);
  c.is_moving = true; /* nothing is the same in every iteration but weights */
  g = hoisted(&c);
  if (!g) return;
  CHECK_INT(stage_of(g, PLEAT_OP_SOFTMAX, "template_pair_stack"), PLEAT_STAGE_TRUNK);
  pleat_graph_destroy(g);
}

/* Look-ups as large as the pair are not kept: at 700 residues each would be 700 * 700 * 6 * 4 bytes. What the hoisted
 * template stack reads stays with it, whatever its size. */
static void test_hoist_keeps_nothing_large(void) {
  network_case c = {.variant = "model_1_ptm", .n_res = 700, .n_clust = 3, .n_extra = 2, .n_templ = 2};
  pleat_graph *g = hoisted(&c);
  if (!g) return;
  bool *is_once = calloc(g->n_values, sizeof *is_once);
  size_t kept = 0;
  for (uint32_t i = 0; i < g->n_nodes && is_once; i++) {
    const pleat_node *node = &g->nodes[i];
    bool is_pair = g->values[node->out].rank == 3 && pleat_graph_dim(g, node->out, 0) == 700 &&
                   pleat_graph_dim(g, node->out, 1) == 700;
    if (node->op == PLEAT_OP_LOOKUP && is_pair) CHECK_INT(node->stage, PLEAT_STAGE_TRUNK);
    is_once[node->out] = node->stage == PLEAT_STAGE_ONCE;
    for (int k = 0; k < node->n_in && node->stage != PLEAT_STAGE_ONCE; k++)
      if (node->in[k] != PLEAT_NO_VALUE && is_once[node->in[k]]) {
        kept += pleat_graph_bytes(g, node->in[k]);
        is_once[node->in[k]] = false; /* counted */
      }
  }
  CHECK_INT(stage_of(g, PLEAT_OP_SOFTMAX, "template_pair_stack"), PLEAT_STAGE_ONCE);
  size_t templates = 2 * 700 * 700 * 5 * sizeof(float), pair = 700 * 700 * 6 * sizeof(float);
  CHECK(kept < templates + pair);
  free(is_once);
  pleat_graph_destroy(g);
}

/* ---- 4 fuse ---- */

static bool supports_none(void *ctx, const pleat_graph *graph, const pleat_node *node) {
  (void)ctx, (void)graph, (void)node;
  return false;
}

static pleat_graph *fused(const char *variant, pleat_supports_fn *supports) {
  network_case c = {.variant = variant, .n_res = 6, .n_clust = 4, .n_extra = 3, .n_templ = 2};
  pleat_graph *g = hoisted(&c);
  pleat_error err;
  if (!g) return NULL;
  CHECK_OK(pleat_pass_fuse(g, supports, NULL, &err), &err);
  check_graph(g);
  return g;
}

/* What an Evoformer block is made of: 4 attentions with 6 layers each (bias, q, k, v, gate, output), 2 triangle
 * multiplications of 4 layers and a contraction, the outer product's 2 projections, 2 transitions. */
static void test_fused_block(void) {
  static const char *const variants[] = {"model_1_ptm", "model_5", "model_2_multimer", "model_1_multimer_v3"};
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    pleat_graph *g = fused(variants[i], network_supports_all);
    if (!g) return;
    const char *block = "evoformer_iteration";
    CHECK_INT(count_in(g, PLEAT_OP_ATTENTION, block), 4);
    CHECK_INT(count_in(g, PLEAT_OP_TRANSITION, block), 2);
    CHECK_INT(count_in(g, PLEAT_OP_OUTER_PRODUCT, block), 1);
    CHECK_INT(count_in(g, PLEAT_OP_CONTRACT, block), 2);
    /* 3 with bias: 6 layers; column attention: 5; triangles: 4 each; outer product: 2 */
    CHECK_INT(count_in(g, PLEAT_OP_FUSED_LINEAR, block) + count_in(g, PLEAT_OP_LINEAR, block), 3 * 6 + 5 + 2 * 4 + 2);
    int n_block = 0;
    for (uint32_t k = 0; k < g->n_nodes; k++) n_block += strstr(g->nodes[k].scope, block) != NULL;
    CHECK_INT(n_block, 4 + 2 + 1 + 2 + 3 * 6 + 5 + 2 * 4 + 2); /* nothing else is left */
    for (uint32_t k = 0; k < g->n_nodes; k++)                  /* residuals are all added by the kernels */
      if (strstr(g->nodes[k].scope, block)) CHECK(g->nodes[k].op != PLEAT_OP_ADD);
    /* Every node is labelled with its sub-layer, also the one that adds to the residual. */
    for (uint32_t k = 0; k < g->n_nodes; k++)
      if (strstr(g->nodes[k].scope, block)) CHECK(!strncmp(g->nodes[k].scope, "evoformer/evoformer_iteration/", 30));
    CHECK_INT(count_in(g, PLEAT_OP_TRANSITION, "evoformer_iteration/msa_transition"), 1);
    CHECK_INT(count_in(g, PLEAT_OP_OUTER_PRODUCT, "evoformer_iteration/outer_product_mean"), 1);
    pleat_graph_destroy(g);
  }
}

/* The pair is updated in place: the input of the layer that adds to it is another value. */
static void test_fused_residuals(void) {
  pleat_graph *g = fused("model_1_ptm", network_supports_all);
  if (!g) return;
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    const pleat_node *node = &g->nodes[i];
    if (node->op != PLEAT_OP_FUSED_LINEAR || node->in[PLEAT_FL_RESIDUAL] == PLEAT_NO_VALUE) continue;
    if (strstr(node->scope, "evoformer_iteration")) CHECK(node->in[PLEAT_FL_X] != node->in[PLEAT_FL_RESIDUAL]);
  }
  pleat_graph_destroy(g);
}

static void test_backend_without_kernels(void) {
  network_case c = {.variant = "model_1_multimer_v3", .n_res = 6, .n_clust = 4, .n_extra = 3, .n_templ = 2};
  pleat_graph *want = hoisted(&c), *g = fused("model_1_multimer_v3", supports_none);
  if (!g || !want) return;
  simplify(want); /* as after every pattern */
  CHECK_INT(g->n_nodes, want->n_nodes);
  for (uint32_t i = 0; i < g->n_nodes; i++) CHECK(!pleat_ops[g->nodes[i].op].is_fused);
  pleat_graph_destroy(want);
  pleat_graph_destroy(g);
}

/* ---- 5 chunk ---- */

static const pleat_region *only_chunk(const pleat_graph *g) {
  const pleat_region *found = NULL;
  for (uint32_t r = 0; r < g->n_regions; r++)
    if (g->regions[r].is_chunk) found = &g->regions[r];
  return found;
}

/* Triangle multiplication incoming: cut along i, the left factor of one slice would be read from rows of the pair that
 * earlier slices have overwritten; cut along j, every slice reads its own columns. */
static void test_chunk_avoids_the_hazard(void) {
  small_values v;
  pleat_graph *g = small_graph(6, &v);
  pleat_error err;
  if (!g) return;
  CHECK_OK(pleat_pass_fuse(g, network_supports_all, NULL, &err), &err);
  pleat_value end = g->regions[0].carries[0].next;
  const pleat_node *last = &g->nodes[g->values[end].def];
  CHECK_INT(last->op, PLEAT_OP_FUSED_LINEAR);
  CHECK_STR(last->letters[0], "abp");
  bool changed = false;
  CHECK_OK(pleat_pass_chunk(g, end, 2, &changed, &err), &err);
  check_graph(g);
  CHECK(changed);
  CHECK_INT(g->nodes[g->values[end].def].split, 'b');
  const pleat_region *chunk = only_chunk(g);
  if (!CHECK(chunk != NULL)) return;
  CHECK_INT(chunk->count, 2);
  CHECK_INT(chunk->last - chunk->first, 4); /* one factor, the contraction, the gate, the end; the other one is whole */
  /* Finer, but never coarser, nor finer than the axis. */
  CHECK_OK(pleat_pass_chunk(g, end, 3, &changed, &err), &err);
  CHECK(changed);
  CHECK_INT(only_chunk(g)->count, 3);
  CHECK_OK(pleat_pass_chunk(g, end, 2, &changed, &err), &err);
  CHECK(!changed);
  CHECK_OK(pleat_pass_chunk(g, end, 100, &changed, &err), &err);
  CHECK_INT(only_chunk(g)->count, 6);
  check_graph(g);
  pleat_graph_destroy(g);
}

/* A bias vector is not cut into channels, although adding it could be. */
static void test_chunk_leaves_weights_whole(void) {
  pleat_graph *g = new_graph();
  pleat_axis n = pleat_build_axis(g, "n", 4), c = pleat_build_axis(g, "c", 64);
  pleat_value x = pleat_build_input(g, "x", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){n, c});
  pleat_value bias = pleat_build_weight(g, "bias", (pleat_weight_view){0}, 1, &c);
  pleat_value y =
      PLEAT_BUILD(g, ADD, "nc,c->nc", pleat_build_unary(g, PLEAT_OP_SIGMOID, x), pleat_build_affine(g, bias, 1000, 0));
  pleat_value out = pleat_build_binary(g, PLEAT_OP_ADD, x, y);
  pleat_build_output(g, "out", out);
  bool changed;
  pleat_error err;
  CHECK_OK(pleat_pass_chunk(g, out, 2, &changed, &err), &err);
  check_graph(g);
  CHECK(changed);
  CHECK_INT(g->nodes[g->values[out].def].split, 'a');
  for (uint32_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i].op == PLEAT_OP_AFFINE) CHECK(!g->nodes[i].split);
  pleat_graph_destroy(g);
}

/* ---- 6 precision ---- */

static void test_precision(void) {
  pleat_graph *g = fused("model_1_ptm", network_supports_all);
  pleat_error err = {0};
  if (!g) return;
  CHECK_OK(pleat_pass_precision(g, PLEAT_BF16, &err), &err);
  check_graph(g);
  int n_small = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    const pleat_node *node = &g->nodes[i];
    uint8_t dtype = g->values[node->out].dtype;
    n_small += dtype == PLEAT_BF16;
    if (node->stage >= PLEAT_STAGE_FOLD) CHECK(dtype != PLEAT_BF16);
    if (g->values[node->out].rank < 3) CHECK(dtype != PLEAT_BF16);
    if (node->op == PLEAT_OP_ATTENTION && node->in[PLEAT_AT_BIAS] != PLEAT_NO_VALUE)
      CHECK_INT(g->values[node->in[PLEAT_AT_BIAS]].dtype, PLEAT_F32);
  }
  CHECK(n_small > 50);
  for (uint32_t i = 0; i < g->n_states; i++)
    CHECK_INT(g->values[g->states[i].input].dtype, g->values[g->states[i].next].dtype);
  CHECK_INT(pleat_pass_precision(g, PLEAT_F16, &err), PLEAT_UNSUPPORTED);
  CHECK_STR(err.message, "storage type f16 is not supported; use f32 or bf16");
  pleat_graph_destroy(g);
}

/* Matrices of the repeated blocks are bf16; vectors, embedders, the single representation and heads are not. */
static void test_precision_of_weights(void) {
  static const char *const stacks[] = {"/evoformer_iteration/", "/extra_msa_stack/", "/__layer_stack_no_state/"};
  network_case c = {.variant = "model_1_ptm",
                    .n_res = 5,
                    .n_clust = 3,
                    .n_extra = 2,
                    .n_templ = 2,
                    .num_ensemble = 1,
                    .n_slices = 2, /* slices are regions too, also outside of blocks */
                    .want_all = true,
                    .storage = PLEAT_BF16};
  pleat_plan *plan = network_plan(&c);
  if (!plan) return;
  int n_small = 0;
  for (uint32_t i = 0; i < plan->n_weights; i++) {
    const pleat_plan_weight *weight = &plan->weights[i];
    bool is_block = false;
    for (size_t k = 0; k < sizeof stacks / sizeof *stacks; k++) is_block |= strstr(weight->name, stacks[k]) != NULL;
    CHECK_INT(weight->dtype, is_block && weight->K > 1 ? PLEAT_BF16 : PLEAT_F32);
    n_small += weight->dtype == PLEAT_BF16;
  }
  CHECK(n_small > 50);
  pleat_plan_destroy(plan);
}

int main(void) {
  test_constants();
  test_common_subexpressions();
  test_dead_code();
  test_empty_region();
  test_empty_extra_msa();
  test_masked_templates();
  test_rows_shrink();
  test_axes_cannot_grow();
  test_hoist();
  test_hoist_keeps_nothing_large();
  test_fused_block();
  test_fused_residuals();
  test_backend_without_kernels();
  test_chunk_avoids_the_hazard();
  test_chunk_leaves_weights_whole();
  test_precision();
  test_precision_of_weights();
  return check_report();
}
