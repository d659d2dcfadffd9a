/* From a sequence or an alignment to features for a model.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "engine/engine_priv.h"
#include "engine/features.h"
#include "feat/feat.h"
#include "io/a3m.h"

/* is_searched: the alignments are AlphaFold's own, with UniProt hits to pair. */
static pleat_status make_features(const pleat_feat_chain *chains, size_t n_chains, bool is_searched,
                                  const pleat_features_wish *wish, pleat_arrays **out, pleat_error *err) {
  const pleat_predict_options *options = wish->opt_options ? wish->opt_options : &pleat_default_options;
  if (wish->variant->is_multimer) {
    return is_searched ? pleat_feat_multimer_species(chains, n_chains, out, err)
                       : pleat_feat_multimer_raw(chains, n_chains, out, err);
  }
  if (n_chains > 1)
    PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
               "%s folds one chain, the target has %zu; use a multimer model such as "
               "model_1_multimer_v3",
               wish->variant->name, n_chains);
  pleat_arrays *raw;
  PLEAT_TRY(pleat_feat_monomer_raw(&chains[0], &raw, err));
  if (wish->is_raw) {
    *out = raw;
    return PLEAT_OK;
  }
  pleat_feat_options feat_options = pleat_draw_options(wish->variant, options);
  pleat_status status = pleat_feat_monomer(raw, &feat_options, out, err);
  pleat_arrays_destroy(raw);
  return status;
}

pleat_status pleat_features_of_searches(const pleat_feat_chain *chains, size_t n_chains,
                                        const pleat_features_wish *wish, pleat_arrays **out_features,
                                        pleat_error *err) {
  *out_features = NULL;
  return make_features(chains, n_chains, true, wish, out_features, err);
}

const pleat_variant *pleat_model_variant(const pleat_model *model) { return model ? model->variant : NULL; }

pleat_status pleat_features_of_sequence(const char *sequence, const pleat_features_wish *wish,
                                        pleat_arrays **out_features, pleat_error *err) {
  *out_features = NULL;
  if (!sequence || !*sequence) PLEAT_FAIL(err, PLEAT_INPUT, "the sequence is empty");
  size_t n_chains = 1;
  for (const char *p = sequence; *p; p++) n_chains += *p == ':';
  char *copy = malloc(strlen(sequence) + 1);
  pleat_feat_chain *chains = calloc(n_chains, sizeof *chains);
  pleat_status status = PLEAT_OK;
  if (!copy || !chains) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for %zu chains", n_chains);
  } else {
    strcpy(copy, sequence);
    char *p = copy;
    for (size_t k = 0; k < n_chains; k++) {
      chains[k].sequence = p;
      p += strcspn(p, ":");
      *p++ = 0;
    }
    status = make_features(chains, n_chains, false, wish, out_features, err);
  }
  free(chains);
  free(copy);
  return status;
}

/* The query's letters of an alignment. */
static char *query_of(const pleat_msa *msa) {
  char *text = malloc((size_t)msa->n_cols + 1);
  if (!text) return NULL;
  memcpy(text, msa->letters, (size_t)msa->n_cols);
  text[msa->n_cols] = 0;
  return text;
}

/* Chains of the complex: each distinct alignment as often as its cardinality says. */
static pleat_status chains_of(const pleat_a3m *a3m, const pleat_msa *unpaired, const pleat_msa *opt_paired, size_t n,
                              pleat_feat_chain **out_chains, size_t *out_n, char **queries, pleat_error *err) {
  size_t total = 0, at = 0;
  for (size_t k = 0; k < n; k++) total += a3m->n_chains ? (size_t)a3m->cardinalities[k] : 1;
  pleat_feat_chain *chains = calloc(total ? total : 1, sizeof *chains);
  if (!chains) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu chains", total);
  for (size_t k = 0; k < n; k++) {
    queries[k] = query_of(&unpaired[k]);
    if (!queries[k]) {
      free(chains);
      PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu chains", total);
    }
    size_t copies = a3m->n_chains ? (size_t)a3m->cardinalities[k] : 1;
    for (size_t c = 0; c < copies; c++)
      chains[at++] = (pleat_feat_chain){.sequence = queries[k],
                                        .opt_msas = &unpaired[k],
                                        .n_msas = 1,
                                        .opt_paired = opt_paired ? &opt_paired[k] : NULL};
  }
  *out_chains = chains;
  *out_n = total;
  return PLEAT_OK;
}

pleat_status pleat_features_of_a3m(const char *text, size_t n, const char *opt_path, const pleat_features_wish *wish,
                                   pleat_arrays **out_features, pleat_error *err) {
  *out_features = NULL;
  pleat_a3m a3m;
  PLEAT_TRY(pleat_a3m_parse(text, n, opt_path ? opt_path : "alignment", &a3m, err));
  pleat_msa *unpaired = NULL, *paired = NULL;
  size_t n_split = 0, n_chains = 0;
  pleat_feat_chain *chains = NULL;
  char **queries = NULL;
  pleat_status status = pleat_a3m_split(&a3m, &unpaired, &paired, &n_split, err);
  if (!status) {
    queries = calloc(n_split + 1, sizeof *queries);
    if (!queries) status = pleat_fail(err, PLEAT_NOMEM, "no memory for %zu chains", n_split);
  }
  if (!status) status = chains_of(&a3m, unpaired, paired, n_split, &chains, &n_chains, queries, err);
  if (!status) status = make_features(chains, n_chains, false, wish, out_features, err);
  for (size_t k = 0; k < n_split; k++) {
    if (queries) free(queries[k]);
    if (unpaired) pleat_msa_fini(&unpaired[k]);
    if (paired) pleat_msa_fini(&paired[k]);
  }
  free(queries);
  free(chains);
  free(unpaired);
  free(paired);
  pleat_a3m_fini(&a3m);
  return status;
}

pleat_status pleat_features_from_sequence(const char *sequence, const pleat_model *model,
                                          const pleat_predict_options *opt_options, pleat_arrays **out_features,
                                          pleat_error *err) {
  const pleat_features_wish wish = {.variant = model->variant, .opt_options = opt_options};
  return pleat_features_of_sequence(sequence, &wish, out_features, err);
}

pleat_status pleat_features_from_a3m(const char *text, size_t n, const char *opt_path, const pleat_model *model,
                                     const pleat_predict_options *opt_options, pleat_arrays **out_features,
                                     pleat_error *err) {
  const pleat_features_wish wish = {.variant = model->variant, .opt_options = opt_options};
  return pleat_features_of_a3m(text, n, opt_path, &wish, out_features, err);
}
