/* Shape inference: results of every spelling, and errors that speak of axes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "graph/build.h"

typedef struct values {
  pleat_graph *g;
  pleat_axis n_res, n_seq, c_m, c_z;
  pleat_value m, z, mask, W;
} values;

static values make(void) {
  values v = {0};
  pleat_error err;
  if (!CHECK_OK(pleat_graph_create(&v.g, &err), &err)) return v;
  v.n_res = pleat_build_axis(v.g, "N_res", 7);
  v.n_seq = pleat_build_axis(v.g, "N_seq", 5);
  v.c_m = pleat_build_axis(v.g, "c_m", 12);
  v.c_z = pleat_build_axis(v.g, "c_z", 8);
  pleat_build_scope(v.g, "evoformer/test");
  v.m = pleat_build_input(v.g, "msa", PLEAT_F32, PLEAT_INPUT_ITER, 3, (pleat_axis[]){v.n_seq, v.n_res, v.c_m});
  v.z = pleat_build_input(v.g, "pair", PLEAT_F32, PLEAT_INPUT_ITER, 3, (pleat_axis[]){v.n_res, v.n_res, v.c_z});
  v.mask = pleat_build_input(v.g, "mask", PLEAT_F32, PLEAT_INPUT_ITER, 2, (pleat_axis[]){v.n_seq, v.n_res});
  v.W = pleat_build_weight(v.g, "W", (pleat_weight_view){0}, 2, (pleat_axis[]){v.c_m, v.c_z});
  return v;
}

static void check_shape(const values *v, pleat_value x, int rank, const pleat_axis *axes) {
  if (!CHECK(x != PLEAT_NO_VALUE)) return;
  const pleat_value_info *info = &v->g->values[x];
  CHECK_INT(info->rank, rank);
  for (int d = 0; d < rank; d++) CHECK_STR(v->g->axes[info->axis[d]].name, v->g->axes[axes[d]].name);
}

static void check_error(values *v, const char *want) {
  pleat_error err = {0};
  CHECK_INT(pleat_build_status(v->g, &err), PLEAT_SHAPE);
  CHECK_STR(err.message, want);
  pleat_graph_destroy(v->g);
}

static void test_shapes(void) {
  values v = make();
  check_shape(&v, pleat_build_linear(v.g, v.m, v.W, PLEAT_NO_VALUE), 3, (pleat_axis[]){v.n_seq, v.n_res, v.c_z});
  check_shape(&v, PLEAT_BUILD(v.g, CONTRACT, "sic,sjc->ij", v.m, v.m), 2, (pleat_axis[]){v.n_res, v.n_res});
  check_shape(&v, PLEAT_BUILD(v.g, PERMUTE, "sic->cis", v.m), 3, (pleat_axis[]){v.c_m, v.n_res, v.n_seq});
  check_shape(&v, PLEAT_BUILD(v.g, SUM, "sic->c", v.m), 1, &v.c_m);
  check_shape(&v, PLEAT_BUILD(v.g, MUL, "sic,si->sic", v.m, v.mask), 3, (pleat_axis[]){v.n_seq, v.n_res, v.c_m});
  pleat_axis two = pleat_build_axis(v.g, "two", 2);
  pleat_value rows = pleat_build_slice(v.g, v.m, 0, 3, two);
  check_shape(&v, rows, 3, (pleat_axis[]){two, v.n_res, v.c_m});
  pleat_value joined = pleat_build_concat(v.g, 0, 2, (pleat_value[]){v.m, rows});
  check_shape(&v, joined, 3, (pleat_axis[]){pleat_graph_find_axis(v.g, "N_seq+two"), v.n_res, v.c_m});
  CHECK_INT(pleat_graph_dim(v.g, joined, 0), 7);
  pleat_value bins = PLEAT_BUILD_ATTR(v.g, DIST_BIN, "six,sjx->ij", ((pleat_attr){.n = 15}), v.m, v.m);
  CHECK_INT(v.g->values[bins].dtype, PLEAT_I32);
  pleat_error err;
  CHECK_OK(pleat_build_status(v.g, &err), &err);
  CHECK_OK(pleat_graph_verify(v.g, &err), &err);

  /* Axes shrink, everything follows. */
  v.g->axes[v.n_seq].size = 3;
  v.g->axes[two].size = 0;
  CHECK_INT(pleat_graph_infer_all(v.g, &err), PLEAT_OK);
  CHECK_INT(pleat_graph_dim(v.g, joined, 0), 3);
  pleat_graph_destroy(v.g);
}

/* What the repeated body sees follows its initial value, and what comes out follows what is carried on. */
static void test_regions_follow(void) {
  values v = make();
  pleat_axis more = pleat_build_axis(v.g, "N_more", 4), blocks = pleat_build_axis(v.g, "n_blocks", 2);
  pleat_value rest =
      pleat_build_input(v.g, "rest", PLEAT_F32, PLEAT_INPUT_ITER, 3, (pleat_axis[]){more, v.n_res, v.c_m});
  pleat_value both = pleat_build_concat(v.g, 0, 2, (pleat_value[]){v.m, rest});
  pleat_build_repeat_begin(v.g, "block", 2);
  pleat_value x = pleat_build_carry(v.g, both);
  pleat_value next[1] = {pleat_build_unary(v.g, PLEAT_OP_RELU, x)};
  pleat_value all = pleat_build_emit(v.g, next[0], blocks);
  pleat_build_repeat_end(v.g, 1, next);
  pleat_error err;
  CHECK_OK(pleat_build_status(v.g, &err), &err);
  /* As after folding: one part is gone, and the joined axis is another. */
  v.g->nodes[0].n_in = 1;
  v.g->axes[v.n_seq].size = 2;
  CHECK_OK(pleat_graph_infer_all(v.g, &err), &err);
  CHECK_INT(pleat_graph_dim(v.g, x, 0), 2);
  CHECK_INT(pleat_graph_dim(v.g, next[0], 0), 2);
  CHECK_INT(pleat_graph_dim(v.g, all, 0), 2);
  CHECK_INT(pleat_graph_dim(v.g, all, 1), 2);
  pleat_graph_destroy(v.g);
}

static void test_errors(void) {
  values v = make();
  CHECK_INT(pleat_build_linear(v.g, v.z, v.W, PLEAT_NO_VALUE), PLEAT_NO_VALUE);
  check_error(&v,
              "linear in evoformer/test: axis c_z of pair[N_res=7, N_res=7, c_z=8] does not match axis c_m of "
              "W[c_m=12, c_z=8]");
  v = make();
  pleat_build_binary(v.g, PLEAT_OP_ADD, v.m, v.z);
  check_error(&v,
              "add in evoformer/test: axis N_seq of msa[N_seq=5, N_res=7, c_m=12] does not match axis N_res of "
              "pair[N_res=7, N_res=7, c_z=8]");
  v = make();
  CHECK_INT(PLEAT_BUILD(v.g, MUL, "sic,sic->sic", v.m, v.mask), PLEAT_NO_VALUE);
  check_error(&v, "mul in evoformer/test: operand 1 is mask[N_seq=5, N_res=7] but is spelled \"sic\"");
  v = make();
  pleat_build_slice(v.g, v.m, 0, 3, v.n_seq);
  check_error(&v, "slice in evoformer/test: rows 3..8 of axis N_seq which has 5");
  v = make();
  CHECK_INT(pleat_build_axis(v.g, "N_res", 9), 0);
  check_error(&v, "axis N_res is both 7 and 9 long");
  v = make();
  pleat_build_axis(v.g, "N_less", -1);
  check_error(&v, "axis N_less would have -1 elements");
}

/* The first error stays, and later calls do nothing. */
static void test_first_error_stays(void) {
  values v = make();
  pleat_build_binary(v.g, PLEAT_OP_ADD, v.m, v.z);
  uint32_t n_nodes = v.g->n_nodes;
  CHECK_INT(pleat_build_linear(v.g, v.m, v.W, PLEAT_NO_VALUE), PLEAT_NO_VALUE);
  CHECK_INT(pleat_build_concat(v.g, 0, 1, &v.m), PLEAT_NO_VALUE);
  CHECK_INT(pleat_build_carry(v.g, v.m), PLEAT_NO_VALUE);
  pleat_build_output(v.g, "out", v.m);
  CHECK_INT(v.g->n_nodes, n_nodes);
  CHECK_INT(v.g->n_outputs, 0);
  check_error(&v,
              "add in evoformer/test: axis N_seq of msa[N_seq=5, N_res=7, c_m=12] does not match axis N_res of "
              "pair[N_res=7, N_res=7, c_z=8]");
}

int main(void) {
  test_shapes();
  test_regions_follow();
  test_errors();
  test_first_error_stays();
  return check_report();
}
