/* Small networks for the tests of graph, passes and plans: every part of the published models, few blocks and channels.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_PLAN_NETWORK_H
#define PLEAT_TESTS_PLAN_NETWORK_H

#include "backend/backend.h"
#include "check.h"
#include "model/model.h"
#include "plan/build_plan.h"

/* Channels so small that whole networks can be followed element by element; all different, so that buffers of equal
 * size are equal on purpose. */
static inline pleat_sizes network_small_sizes(const pleat_variant *variant) {
  pleat_sizes s = pleat_sizes_published(variant);
  s.n_evoformer = 3, s.n_extra = 2, s.n_template = 2, s.n_fold = 3;
  s.c_m = 10, s.c_z = 6, s.c_s = 11, s.c_e = 7, s.c_t = 5;
  s.h_msa = 2, s.c_msa_head = 3, s.h_pair = 2, s.c_pair_head = 4, s.h_extra = 3, s.c_extra_head = 2;
  s.h_tpair = 2, s.c_tpair_head = 2, s.h_tpoint = 2, s.c_tpoint_head = 3;
  s.c_opm = 3, s.c_tri = 5, s.c_ttri = 4;
  s.c_msa_trans = 20, s.c_extra_trans = 14, s.c_pair_trans = 12, s.c_tpair_trans = 8;
  s.h_ipa = 2, s.c_ipa = 3, s.n_qk_points = 2, s.n_v_points = 3, s.n_scalar_v = 4, s.c_sidechain = 9;
  return s;
}

typedef struct network_case {
  const char *variant;
  int64_t n_res, n_clust, n_extra, n_templ, num_ensemble, n_slices;
  bool is_unfused, is_unhoisted, is_moving; /* is_moving: templates differ between iterations */
  bool want_all;                            /* all heads and representations */
  double dropout;
  bool has_heads_in_loop;
  uint64_t budget_bytes;
  pleat_dtype storage;
} network_case;

static inline bool network_supports_all(void *ctx, const pleat_graph *graph, const pleat_node *node) {
  (void)ctx;
  return pleat_backend_cpu.supports(NULL, graph, node);
}

static inline pleat_plan_options network_options(const network_case *c) {
  return (pleat_plan_options){.supports = network_supports_all,
                              .is_unfused = c->is_unfused,
                              .is_unhoisted = c->is_unhoisted,
                              .storage = c->storage,
                              .num_recycle = 3,
                              .num_ensemble = c->num_ensemble,
                              .has_heads_in_loop = c->has_heads_in_loop,
                              .budget_bytes = c->budget_bytes,
                              .n_slices = c->n_slices,
                              .flops_per_s = 1e11,
                              .bytes_per_s = 1e10,
                              .seconds_per_launch = 2e-6};
}

/* The graph of a case before any pass; NULL after a failed check. */
static inline pleat_graph *network_graph(const network_case *c) {
  const pleat_variant *variant = pleat_variant_find(c->variant);
  if (!CHECK(variant != NULL)) return NULL;
  pleat_sizes sizes = network_small_sizes(variant);
  pleat_model_request request = {.n_res = c->n_res,
                                 .n_clust = c->n_clust,
                                 .n_extra = c->n_extra,
                                 .n_templ = c->n_templ,
                                 .n_templ_rows = c->n_templ,
                                 .num_ensemble = c->num_ensemble,
                                 .is_template_static = !c->is_moving,
                                 .want_logits = c->want_all,
                                 .want_representations = c->want_all,
                                 .dropout = c->dropout};
  pleat_graph *graph = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_build_model(variant, &sizes, &request, &graph, &err), &err);
  return graph;
}

static inline pleat_plan *network_plan(const network_case *c) {
  pleat_graph *graph = network_graph(c);
  pleat_plan_options options = network_options(c);
  pleat_plan *plan = NULL;
  pleat_error err = {0};
  if (graph) CHECK_OK(pleat_plan_build(graph, &options, &plan, &err), &err);
  return plan;
}

#endif
