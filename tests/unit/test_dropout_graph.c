/* Dropout in the graph: where masks are, what shares them, that the epilogues of linear layers take them in, and that
 * the graph without dropout has nothing of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/dropout.h"
#include "graph/pass/pass.h"
#include "test_plan_network.h"

enum { N_MASKS = 14, N_TEMPLATE_MASKS = 4 }; /* 5 of an Evoformer block; the template block has no MSA */

static pleat_graph *make(const char *variant, double dropout) {
  const network_case c = {
      .variant = variant, .n_res = 9, .n_clust = 4, .n_extra = 5, .n_templ = 2, .num_ensemble = 1, .dropout = dropout};
  return network_graph(&c);
}

static int count_op(const pleat_graph *g, pleat_op op) {
  int n = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) n += g->nodes[i].op == op;
  return n;
}

/* The only use of a value; its slot in *out_slot. */
static const pleat_node *user_of(const pleat_graph *g, pleat_value value, int *out_slot) {
  const pleat_node *user = NULL;
  for (uint32_t i = 0; i < g->n_nodes; i++)
    for (int k = 0; k < g->nodes[i].n_in; k++) {
      if (g->nodes[i].in[k] != value) continue;
      CHECK(user == NULL);
      user = &g->nodes[i];
      *out_slot = k;
    }
  CHECK(user != NULL);
  return user;
}

static bool is_in(const pleat_node *node, const char *scope) { return strstr(node->scope, scope) != NULL; }

/* A mask [columns, c] is shared by the rows of [.., rows, columns, c]; after the ending node, [rows, c] by the columns. */
static void check_masks(const pleat_graph *g, int n_want) {
  bool is_seen[64] = {false};
  int n_rows = 0, n_shared_by_columns = 0, n_masks = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    const pleat_node *mask = &g->nodes[i];
    if (mask->op != PLEAT_OP_DROPOUT_MASK) continue;
    n_masks++;
    int slot = 0;
    const pleat_node *mul = user_of(g, mask->out, &slot);
    if (!mul || !CHECK(mul->op == PLEAT_OP_MUL) || !CHECK(mask->attr.n >= 0 && mask->attr.n < 64)) continue;
    CHECK(!is_seen[mask->attr.n]); /* every place has a stream of its own */
    is_seen[mask->attr.n] = true;
    const char *out = mul->letters[0], *shared = mul->letters[1 + slot];
    size_t rank = strlen(out);
    CHECK(strlen(shared) == 2 && shared[1] == out[rank - 1]);
    CHECK(g->nodes[i].region == mul->region && g->regions[mul->region].count > 1);
    bool is_msa = mask->attr.a < 0.2f;
    n_rows += is_msa;
    CHECK_NEAR(mask->attr.a, is_msa ? 0.15 : 0.25, 1e-7);
    n_shared_by_columns += shared[0] == out[rank - 3];
    CHECK(shared[0] == out[rank - 2] || (!is_msa && shared[0] == out[rank - 3]));
    CHECK_INT(pleat_graph_dim(g, mask->out, 0), 9);
  }
  CHECK_INT(n_masks, n_want);
  CHECK_INT(n_rows, 2);
  CHECK_INT(n_shared_by_columns, n_want == N_MASKS ? 3 : 2);
}

/* Fused, dropout is masks, a counter for each stack, and not one pass over an activation more. */
static void check_fused(pleat_graph *with, pleat_graph *without) {
  pleat_error err = {0};
  pleat_graph *graphs[] = {with, without};
  for (int i = 0; i < 2; i++) {
    CHECK_OK(pleat_pass_simplify(graphs[i], &err), &err);
    CHECK_OK(pleat_pass_fuse(graphs[i], network_supports_all, NULL, &err), &err);
    CHECK_OK(pleat_graph_verify(graphs[i], &err), &err);
  }
  for (int op = 0; op < PLEAT_N_OPS; op++) {
    bool is_counter = op == PLEAT_OP_FILL || op == PLEAT_OP_AFFINE || op == PLEAT_OP_DROPOUT_MASK;
    if (!is_counter && !CHECK_INT(count_op(with, (pleat_op)op), count_op(without, (pleat_op)op)))
      fprintf(stderr, "  %s\n", pleat_ops[op].text);
  }
  for (uint32_t i = 0; i < with->n_nodes; i++) {
    int slot = 0;
    if (with->nodes[i].op != PLEAT_OP_DROPOUT_MASK) continue;
    const pleat_node *user = user_of(with, with->nodes[i].out, &slot);
    CHECK(user && user->op == PLEAT_OP_FUSED_LINEAR && slot == PLEAT_FL_MUL);
    if (user && !is_in(user, "multiplication")) CHECK(user->in[PLEAT_FL_RESIDUAL] != PLEAT_NO_VALUE);
  }
}

static void test_variant(const char *variant, int n_masks) {
  pleat_graph *with = make(variant, 1), *without = make(variant, 0);
  if (with && without) {
    check_masks(with, n_masks);
    CHECK_INT(count_op(without, PLEAT_OP_DROPOUT_MASK), 0);
    CHECK(pleat_graph_find_axis(without, "dropout_key") == 0xFFFF);
    check_fused(with, without);
  }
  pleat_graph_destroy(with);
  pleat_graph_destroy(without);
}

/* Regression: the bytes of every run with dropout depend on these. */
static void test_fixed_values(void) {
  const int32_t key[4] = {1, -2, 3, 4};
  const pleat_rng stream = pleat_dropout_stream(key, 5, 6);
  CHECK(pleat_rng_at(&stream, 0) == UINT64_C(0xc5f19944eee9a0e8));
  CHECK(pleat_rng_at(&stream, 1) == UINT64_C(0xbff7810004380dd4));
}

int main(void) {
  test_fixed_values();
  test_variant("model_1_ptm", N_MASKS);
  test_variant("model_3", N_MASKS - N_TEMPLATE_MASKS);
  test_variant("model_1_multimer_v3", N_MASKS);
  return check_report();
}
