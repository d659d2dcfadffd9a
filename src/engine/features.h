/* Features for a network by its hyper-parameters alone: no weights are read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_ENGINE_FEATURES_H
#define PLEAT_ENGINE_FEATURES_H

#include <stdbool.h>

#include "feat/feat.h"
#include "model/config.h"
#include "pleat/pleat.h"

/* What is wanted. is_raw: of monomers, before rows are drawn and clustered; features of multimers are always raw. */
typedef struct pleat_features_wish {
  const pleat_variant *variant;
  const pleat_predict_options *opt_options;
  bool is_raw;
} pleat_features_wish;

/* As pleat_features_from_sequence and _a3m, and from chains with the alignments of AlphaFold's own searches. */
PLEAT_CHECKED pleat_status pleat_features_of_sequence(const char *sequence, const pleat_features_wish *wish,
                                                      pleat_arrays **out_features, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_features_of_a3m(const char *text, size_t n, const char *opt_path,
                                                 const pleat_features_wish *wish, pleat_arrays **out_features,
                                                 pleat_error *err);
PLEAT_CHECKED pleat_status pleat_features_of_searches(const pleat_feat_chain *chains, size_t n_chains,
                                                      const pleat_features_wish *wish, pleat_arrays **out_features,
                                                      pleat_error *err);
const pleat_variant *pleat_model_variant(const pleat_model *model); /* NULL of NULL: a wrong target needs none */

#endif
