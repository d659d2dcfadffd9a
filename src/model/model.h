/* The whole network as a graph, and single sub-layers for the self-test.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_MODEL_H
#define PLEAT_MODEL_H

#include "graph/ir.h"
#include "model/config.h"

/* Shapes and wishes for one network. Row counts are those of the input features. */
typedef struct pleat_model_request {
  int64_t n_res, n_clust, n_extra;
  int64_t n_templ;      /* templates of the pair stack */
  int64_t n_templ_rows; /* rows that their torsion angles add to the MSA */
  int64_t num_ensemble;
  bool is_template_static; /* template and residue features are the same in every iteration */
  bool want_logits;        /* every head; otherwise those that confidences need */
  bool want_distogram;     /* this head, whatever want_logits says */
  bool want_representations;
  double dropout; /* factor on the published dropout rates; 0: none */
} pleat_model_request;

/* Alg. 2. Inputs carry the published feature names (templates: feat/feat_template.h). Errors: SHAPE, NOMEM. */
PLEAT_CHECKED pleat_status pleat_build_model(const pleat_variant *variant, const pleat_sizes *sizes,
                                             const pleat_model_request *request, pleat_graph **out_graph,
                                             pleat_error *err);

/* The sub-layer that the tag of shared/golden names. Inputs "in0", "in1", "in2/aatype", ... have the shapes of the
 * given arrays; outputs are "out" or "out/NAME". Errors: INVALID (unknown tag), SHAPE, NOMEM. */
PLEAT_CHECKED pleat_status pleat_build_sublayer(const char *tag, const pleat_arrays *inputs, pleat_shape_fn *shape_of,
                                                void *ctx, pleat_graph **out_graph, pleat_error *err);

#endif
