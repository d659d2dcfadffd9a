/* Results of single passes: each is the result of a prediction with that many recycles, byte by byte, and looking at
 * them changes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prop.h"

enum { N_RECYCLE = 2 };

static const prop_shape monomer = {
    .n_res = 10, .n_clust = 4, .n_extra = 5, .n_templ = 2, .n_iterations = 8, .templ_masked = 1};
static const prop_shape multimer = {
    .n_res = 9, .n_clust = 4, .n_extra = 5, .n_templ = 2, .res_masked = 1, .is_multimer = true};

typedef struct passes {
  const pleat_arrays *want[N_RECYCLE + 1]; /* predictions with 0, 1, ... recycles */
  int64_t n_done, stop_at, n_reports;      /* stop_at < 0: never */
  double mean_plddt;
} passes;

static bool on_pass(void *ctx, int64_t recycle, const pleat_arrays *result) {
  passes *p = ctx;
  if (!CHECK_INT(recycle, p->n_done) || !CHECK(recycle <= N_RECYCLE)) return false;
  static const char *const names[] = {"structure_module/final_atom_positions",
                                      "structure_module/final_atom_mask",
                                      "predicted_lddt/logits",
                                      "confidence/plddt",
                                      "confidence/predicted_aligned_error",
                                      "confidence/ptm"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) CHECK(pleat_arrays_find(result, names[i]) != NULL);
  /* Copies that grow with the square of the length only once. */
  CHECK((pleat_arrays_find(result, "representations/pair") != NULL) == (recycle == N_RECYCLE));
  for (size_t i = 0; i < pleat_arrays_count(result); i++) {
    const pleat_array *got = pleat_arrays_get(result, i), *want = NULL;
    if (p->want[recycle]) want = pleat_arrays_find(p->want[recycle], got->name);
    if (CHECK(is_same_shape(got, want)))
      CHECK(!memcmp(got->data, want->data, (size_t)pleat_array_elements(got) * got->item_size));
  }
  const pleat_array *plddt = pleat_arrays_find(result, "confidence/plddt");
  p->mean_plddt = 0;
  for (int64_t i = 0; plddt && i < plddt->shape[0]; i++)
    p->mean_plddt += pleat_array_number(plddt, i) / (double)plddt->shape[0];
  return p->n_done++ != p->stop_at;
}

static bool on_progress(void *ctx, const pleat_pass *pass) {
  passes *p = ctx;
  CHECK_INT(pass->recycle, p->n_reports++);
  CHECK_INT(pass->num_recycle, N_RECYCLE);
  CHECK_NEAR(pass->mean_plddt, p->mean_plddt, 1e-4);
  return true;
}

static void test_passes(const char *name, const char *weights, const prop_shape *shape, int64_t num_ensemble) {
  pleat_model *model = prop_model(name, weights, "cpu", 0);
  if (!model) return;
  pleat_arrays *features = prop_features(shape, 61), *first[N_RECYCLE + 1];
  passes p = {.stop_at = -1};
  pleat_predict_options o = prop_options();
  o.num_ensemble = num_ensemble;
  for (int i = 0; i <= N_RECYCLE; i++) {
    o.num_recycle = i;
    p.want[i] = first[i] = prop_predict(model, features, &o);
  }
  pleat_session *session = NULL, *plain = NULL;
  pleat_arrays *out = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_session_create(model, features, &o, &plain, &err), &err);
  o.opt_pass_result = on_pass;
  o.opt_progress = on_progress;
  o.pass_result_ctx = o.progress_ctx = &p;
  if (CHECK_OK(pleat_session_create(model, features, &o, &session, &err), &err)) {
    CHECK_OK(pleat_session_predict(session, features, &o, &out, &err), &err);
    CHECK_INT(p.n_done, N_RECYCLE + 1);
    CHECK_INT(p.n_reports, N_RECYCLE + 1);
    prop_compare(out, first[N_RECYCLE], 0, "a prediction whose passes were looked at");
    for (int64_t k = 0; k <= N_RECYCLE; k++) {
      pleat_arrays *none = NULL;
      p.n_done = p.n_reports = 0;
      p.stop_at = k;
      CHECK_INT(pleat_session_predict(session, features, &o, &none, &err), PLEAT_CANCELLED);
      CHECK_INT(p.n_done, k + 1);
      CHECK(!none);
    }
  }
  if (plain) {
    pleat_arrays *none = NULL;
    CHECK_INT(pleat_session_predict(plain, features, &o, &none, &err), PLEAT_INVALID);
    CHECK(!none && strstr(err.message, "nor opt_pass_result was given") != NULL);
  }
  pleat_arrays_destroy(out);
  pleat_session_destroy(plain);
  pleat_session_destroy(session);
  for (int i = 0; i <= N_RECYCLE; i++) pleat_arrays_destroy(first[i]);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
}

int main(void) {
  test_passes(PROP_MONOMER, &monomer, 1);
  test_passes(PROP_MONOMER, &monomer, 2);
  test_passes(PROP_MULTIMER, &multimer, 1);
  return check_report();
}
