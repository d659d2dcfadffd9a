/* Confidences against the published code, from its own logits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bio/confidence.h"

#include "reference.h"

typedef struct names {
  const char *path, *plddt_logits, *pae_logits, *breaks, *asym_id, *plddt, *pae, *ptm, *iptm;
} names;

#define GOLDEN(file, asym, iptm_name)                                                                                 \
  {                                                                                                                   \
    "golden/" file ".npz", "out/predicted_lddt/logits", "out/predicted_aligned_error/logits",                         \
        "out/predicted_aligned_error/breaks", asym, "out/confidence/plddt", "out/confidence/predicted_aligned_error", \
        "out/confidence/ptm", iptm_name                                                                               \
  }

static const names cases[] = {
    {"features/G_outputs/confidence_from_logits.npz", "plddt_logits", "pae_logits", "pae_breaks", "asym_id", "plddt",
     "predicted_aligned_error", "ptm", "iptm"},
    GOLDEN("tiny_monomer", NULL, NULL),
    GOLDEN("full_model_1_ptm", NULL, NULL),
    GOLDEN("tiny_multimer_v2", "in/asym_id", "out/confidence/iptm"),
    GOLDEN("tiny_multimer_v3", "in/asym_id", "out/confidence/iptm"),
    GOLDEN("full_model_1_multimer_v3", "in/asym_id", "out/confidence/iptm"),
};

static void check_plddt(const names *n, const pleat_arrays *set) {
  const pleat_array *logits = pleat_arrays_find(set, n->plddt_logits), *want = pleat_arrays_find(set, n->plddt);
  if (!CHECK(logits && want && logits->dtype == PLEAT_F32 && logits->rank == 2)) return;
  int64_t N_res = logits->shape[0];
  double *plddt = malloc((size_t)N_res * sizeof *plddt);
  if (CHECK(plddt != NULL)) {
    pleat_confidence_plddt(logits->data, N_res, (int)logits->shape[1], plddt);
    for (int64_t i = 0; i < N_res; i++) CHECK_NEAR(plddt[i], pleat_array_number(want, i), 2e-5);
  }
  free(plddt);
}

static void check_rows(const names *n, const pleat_arrays *set, const pleat_pae *pae, const float *logits, float *row,
                       pleat_pae_tm *rows) {
  const pleat_array *want = pleat_arrays_find(set, n->pae), *ptm = pleat_arrays_find(set, n->ptm);
  if (!CHECK(want && ptm && row && rows)) return;
  for (int64_t i = 0; i < pae->N_res; i++) {
    pleat_pae_row(pae, i, logits + i * pae->N_res * pae->n_bins, row, &rows[i]);
    for (int64_t j = 0; j < pae->N_res; j++) CHECK_NEAR(row[j], pleat_array_number(want, i * pae->N_res + j), 1e-5);
  }
  pleat_pae_tm best = pleat_pae_best(pae, rows);
  CHECK_NEAR(best.ptm, pleat_array_number(ptm, 0), 1e-6);
  const pleat_array *iptm = n->iptm ? pleat_arrays_find(set, n->iptm) : NULL;
  if (n->iptm && CHECK(iptm != NULL)) CHECK_NEAR(best.iptm, pleat_array_number(iptm, 0), 1e-6);
}

static void check_case(const names *n, const pleat_arrays *set) {
  check_plddt(n, set);
  const pleat_array *logits = pleat_arrays_find(set, n->pae_logits), *breaks = pleat_arrays_find(set, n->breaks);
  if (!CHECK(logits && breaks && logits->rank == 3 && breaks->dtype == PLEAT_F32)) return;
  int64_t N_res = logits->shape[0];
  int32_t *asym_id = NULL;
  float *row = malloc((size_t)N_res * sizeof *row);
  pleat_pae_tm *rows = malloc((size_t)N_res * sizeof *rows);
  const pleat_array *asym = n->asym_id ? pleat_arrays_find(set, n->asym_id) : NULL;
  if (asym) asym_id = malloc((size_t)N_res * sizeof *asym_id);
  for (int64_t i = 0; asym_id && i < N_res; i++) asym_id[i] = (int32_t)pleat_array_number(asym, i);
  pleat_pae pae;
  pleat_error err = {0};
  if (CHECK_OK(pleat_pae_init(N_res, (int)logits->shape[2], breaks->data, NULL, asym_id, &pae, &err), &err))
    check_rows(n, set, &pae, logits->data, row, rows);
  free(asym_id);
  free(rows);
  free(row);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data");
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    pleat_arrays *set = reference_npz(cases[k].path);
    if (set) check_case(&cases[k], set);
    pleat_arrays_destroy(set);
  }
  return check_report();
}
