/* Scores of chains in whole predictions: what they must equal, and that asking for them changes nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prop.h"

static double value(const pleat_arrays *set, const char *name, int64_t i) {
  const pleat_array *array = pleat_arrays_find(set, name);
  return CHECK(array && i < pleat_array_elements(array)) ? pleat_array_number(array, i) : NAN;
}

static void check_network(const char *name, const char *weights, const prop_shape *shape) {
  static const char *const added[] = {"confidence/per_chain_ptm", "confidence/pairwise_iptm",
                                      "confidence/pairwise_actifptm", "confidence/actifptm"};
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 21);
  pleat_predict_options o = prop_options();
  o.want_logits = false;
  pleat_arrays *plain = prop_predict(model, features, &o);
  o.want_chain_scores = true;
  pleat_arrays *scored = prop_predict(model, features, &o);
  o.is_contact_binary = true;
  pleat_arrays *binary = prop_predict(model, features, &o);
  int64_t n_chains = shape->is_multimer ? 2 : 1;
  const pleat_array *per_chain = pleat_arrays_find(scored, added[0]);
  if (CHECK(per_chain && binary && plain)) {
    CHECK_INT(pleat_array_elements(per_chain), n_chains);
    if (shape->is_multimer) {
      /* Of two chains the pair is the complex; so are its contacts, of any kind. */
      CHECK_NEAR(value(scored, added[1], 1), value(scored, "confidence/iptm", 0), 1e-6);
      CHECK_NEAR(value(scored, added[1], 1), value(scored, added[1], 2), 0);
      CHECK_NEAR(value(scored, added[2], 1), value(scored, added[3], 0), 1e-6);
      CHECK_NEAR(value(binary, added[2], 1), value(binary, added[3], 0), 1e-6);
      CHECK(value(scored, added[3], 0) > 0);
    } else {
      CHECK_NEAR(value(scored, added[0], 0), value(scored, "confidence/ptm", 0), 1e-6);
      CHECK_NEAR(value(scored, added[3], 0), 0, 0);
    }
    for (int k = 0; k < 4; k++) pleat_arrays_remove(scored, added[k]);
    prop_compare(scored, plain, 0, name);
  }
  pleat_arrays_destroy(binary);
  pleat_arrays_destroy(scored);
  pleat_arrays_destroy(plain);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

int main(void) {
  const prop_shape monomer = {.n_res = 9, .n_clust = 4, .n_extra = 3, .n_templ = 4, .n_iterations = 1};
  const prop_shape multimer = {.n_res = 10, .n_clust = 4, .n_extra = 3, .n_templ = 4, .is_multimer = true};
  check_network(PROP_MONOMER, &monomer);
  check_network(PROP_MULTIMER, &multimer);
  return check_report();
}
