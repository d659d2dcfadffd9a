/* The self-test's built-in set: sub-layers and two small folds on made-up inputs, with fingerprints of what the ref
 * backend makes of them (selftest_expected.inc; `pleat selftest --backend ref --fingerprints` prints a new table).
 *
 * 1 random inputs, 2 sub-layers, 3 folds with templates, 4 expected fingerprints
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "fingerprint.h"
#include "selftest_cases.h"
#include "selftest_specs.h"

/* ---- 1 random inputs ---- */

/* Uniform in [-1, 1), 24 bits: exact in float32 everywhere. */
static float uniform(uint64_t *counter) { return (float)(int32_t)(cli_random_bits((*counter)++) >> 40) * 0x1p-23f - 1; }

static char *spec_of(const char *json) {
  static const char prefix[] = "synth:";
  char *spec = malloc(sizeof prefix + strlen(json));
  if (spec) sprintf(spec, "%s%s", prefix, json);
  return spec;
}

static pleat_status init_case(selftest_case *item, const char *name, selftest_kind kind, const char *opt_model,
                              const char *json, pleat_error *err) {
  *item = (selftest_case){.name = strdup(name),
                          .kind = kind,
                          .model = opt_model ? strdup(opt_model) : NULL,
                          .weights = spec_of(json),
                          .num_recycle = 1,
                          .num_ensemble = 1,
                          .msa_mask_fraction = -1,
                          .early_stop_tolerance = -1,
                          .is_fingerprint = true};
  if (!item->name || !item->weights || (opt_model && !item->model))
    return cli_error(err, PLEAT_NOMEM, "no memory for the self-test");
  return pleat_arrays_create(&item->arrays, err);
}

/* ---- 2 sub-layers: sizes that differ, so that swapped axes show; the last residue is masked ---- */

enum { N_RES = 13, N_SEQ = 5, C_M = 256, C_E = 64, C_Z = 128 };
enum { MSA = 1, EXTRA_MSA, MSA_MASK, PAIR, PAIR_MASK };

static const struct {
  const char *tag;
  uint8_t in[3];
} sublayers[] = {
    {"msa_row_attention", {MSA, MSA_MASK, PAIR}},
    {"msa_column_attention", {MSA, MSA_MASK}},
    {"msa_column_global_attention", {EXTRA_MSA, MSA_MASK}},
    {"msa_transition", {MSA, MSA_MASK}},
    {"outer_product_mean", {MSA, MSA_MASK}},
    {"triangle_multiplication_outgoing", {PAIR, PAIR_MASK}},
    {"triangle_multiplication_incoming", {PAIR, PAIR_MASK}},
    {"triangle_multiplication_fused_outgoing", {PAIR, PAIR_MASK}},
    {"triangle_multiplication_fused_incoming", {PAIR, PAIR_MASK}},
    {"triangle_attention_starting", {PAIR, PAIR_MASK}},
    {"triangle_attention_ending", {PAIR, PAIR_MASK}},
    {"pair_transition", {PAIR, PAIR_MASK}},
};
enum { N_SUBLAYERS = (int)(sizeof sublayers / sizeof *sublayers) };

/* Residue i of row s: every row but the first has gaps. */
static float mask_at(bool is_pair, int64_t s, int64_t i) {
  if (i == N_RES - 1) return 0;
  if (is_pair) return s != N_RES - 1;
  return s == 0 || (s + i) % 4 != 0;
}

static pleat_status add_operand(pleat_arrays *set, const char *tag, int slot, uint8_t what, uint64_t *counter,
                                pleat_error *err) {
  bool is_pair = what == PAIR || what == PAIR_MASK, is_mask = what == MSA_MASK || what == PAIR_MASK;
  int64_t channels = what == EXTRA_MSA ? C_E : is_pair ? C_Z : C_M;
  const int64_t shape[] = {is_pair ? N_RES : N_SEQ, N_RES, channels};
  char name[96];
  void *data;
  snprintf(name, sizeof name, "%s/in%d", tag, slot);
  pleat_status status = pleat_arrays_add(set, name, PLEAT_F32, is_mask ? 2 : 3, shape, NULL, &data, err);
  if (status) return status;
  float *x = data;
  for (int64_t s = 0; s < shape[0]; s++)
    for (int64_t i = 0; i < N_RES; i++)
      for (int64_t c = 0; c < (is_mask ? 1 : channels); c++)
        *x++ = is_mask ? mask_at(is_pair, s, i) : 1.7320508f * uniform(counter); /* variance 1 */
  return PLEAT_OK;
}

static pleat_status build_sublayers(selftest_case *item, pleat_error *err) {
  pleat_status status = init_case(item, "sublayers", SELFTEST_SUBLAYERS, NULL, selftest_spec_sublayers, err);
  uint64_t counter = 0;
  for (int i = 0; i < N_SUBLAYERS && !status; i++)
    for (int k = 0; k < 3 && sublayers[i].in[k] && !status; k++)
      status = add_operand(item->arrays, sublayers[i].tag, k, sublayers[i].in[k], &counter, err);
  return status;
}

/* ---- 3 folds with templates ---- */

enum { N_TEMPL = 2, N_ATOM37 = 37, CA = 1 };

static const char chain_a3m[] =
    ">query\nMKVLAAGGSSPPLLEEKKMWFYTH\n"
    ">r1\nMKVLSAGGSTPPLLDEKKMWYYTH\n"
    ">r2\nMRVLAAG-SSPPLIEEKRMWFFTH\n"
    ">r3\nMKILAAGGaaSSPALLEQKKMWFYSH\n"
    ">r4\n---LAAGGSSPPLVEEKKLWF---\n"
    ">r5\nMKVMAAGNSSPPLLEdeEKKMWLYTN\n"
    ">r6\nMKVLAVGGSAPPLLEEK-MWFYTH\n"
    ">r7\nLKVLAAGGSSPDLLEERKMFFYT-\n";

/* Chain A twice, chain B once; two rows paired. */
static const char complex_a3m[] =
    "#12,9\t2,1\n"
    ">101\t102\nMKVLAAGGSSPPLLEEKKMWF\n"
    ">p1\tq1\nMKVLSAGGSTPPLLDEKKMWY\n"
    ">p2\tq2\nMRVLAAG-SSPPLIEEKRMWF\n"
    ">101\nMKVLAAGGSSPP---------\n"
    ">u1\nMKILAAGGaaSSPA---------\n"
    ">u2\n-KVMAAGNSSPP---------\n"
    ">102\n------------LLEEKKMWF\n"
    ">v1\n------------LVEEKKLW-\n"
    ">v2\n------------MLEdEKRMWF\n";

/* A chain of residues on a random walk. Residue 0 has N at the origin and CA at (1, 0, 0): its torsions to a residue
 * that does not exist are then exactly 0 instead of rounding noise (doc/numerics.md), which differs between compilers.
 */
static void place_template(int64_t n_res, uint64_t *counter, int32_t *aatype, float *pos, float *mask) {
  float at[3] = {0, 0, 0};
  for (int64_t i = 0; i < n_res; i++) {
    aatype[i] = (int32_t)(cli_random_bits((*counter)++) % 20);
    for (int64_t a = 0; a < N_ATOM37; a++) {
      mask[i * N_ATOM37 + a] = 1;
      for (int c = 0; c < 3; c++) pos[(i * N_ATOM37 + a) * 3 + c] = at[c] + 2 * uniform(counter);
    }
    for (int c = 0; c < 3; c++) at[c] += 3.8f * uniform(counter);
  }
  memset(pos, 0, 6 * sizeof *pos);
  pos[3 * CA] = 1;
}

/* The same templates in each of n_slices iterations; 0 = arrays without that axis (raw multimer features). */
static pleat_status add_templates(pleat_arrays *features, int64_t n_res, int64_t n_slices, pleat_error *err) {
  int64_t shape[5] = {n_slices, N_TEMPL, n_res, N_ATOM37, 3};
  const int64_t *from = n_slices ? shape : shape + 1;
  int lead = n_slices > 0;
  void *aatype, *pos, *mask, *given = NULL;
  const char *mask_name = lead ? "in/template_all_atom_masks" : "in/template_all_atom_mask";
  pleat_status status = pleat_arrays_add(features, "in/template_aatype", PLEAT_I32, 2 + lead, from, NULL, &aatype, err);
  if (!status)
    status = pleat_arrays_add(features, "in/template_all_atom_positions", PLEAT_F32, 4 + lead, from, NULL, &pos, err);
  if (!status) status = pleat_arrays_add(features, mask_name, PLEAT_F32, 3 + lead, from, NULL, &mask, err);
  if (!status && lead) status = pleat_arrays_add(features, "in/template_mask", PLEAT_F32, 2, from, NULL, &given, err);
  if (status) return status;
  for (int64_t i = 0; given && i < n_slices * N_TEMPL; i++) ((float *)given)[i] = 1;
  for (int64_t slice = 0; slice < (lead ? n_slices : 1); slice++) {
    uint64_t counter = 1000000;
    for (int64_t t = slice * N_TEMPL; t < (slice + 1) * N_TEMPL; t++)
      place_template(n_res, &counter, (int32_t *)aatype + t * n_res, (float *)pos + t * n_res * N_ATOM37 * 3,
                     (float *)mask + t * n_res * N_ATOM37);
  }
  return PLEAT_OK;
}

static pleat_status copy_features(const pleat_arrays *features, pleat_arrays *set, pleat_error *err) {
  for (size_t i = 0; i < pleat_arrays_count(features); i++) {
    const pleat_array *array = pleat_arrays_get(features, i);
    char name[128];
    if (array->dtype == PLEAT_BYTES || strncmp(array->name, "template_", 9) == 0) continue;
    snprintf(name, sizeof name, "in/%s", array->name);
    pleat_status status = pleat_arrays_add(set, name, array->dtype, array->rank, array->shape, array->data, NULL, err);
    if (status) return status;
  }
  return PLEAT_OK;
}

static pleat_status build_fold(selftest_case *item, const char *name, selftest_kind kind, const char *model_name,
                               const char *json, const char *a3m, pleat_error *err) {
  pleat_status status = init_case(item, name, kind, model_name, json, err);
  item->num_msa = 5;
  item->num_extra_msa = 4;
  pleat_predict_options options = {.num_recycle = item->num_recycle,
                                   .max_msa = item->num_msa,
                                   .max_extra_msa = item->num_extra_msa,
                                   .msa_mask_fraction = item->msa_mask_fraction};
  pleat_model_options model_options = {.name = model_name, .opt_backend = "null"};
  pleat_model *model = NULL;
  pleat_arrays *features = NULL;
  if (!status) status = pleat_model_open(item->weights, &model_options, &model, err);
  if (!status) status = pleat_features_from_a3m(a3m, strlen(a3m), "built in", model, &options, &features, err);
  if (!status) status = copy_features(features, item->arrays, err);
  if (!status) {
    const pleat_array *aatype = pleat_arrays_find(features, "aatype");
    bool has_slices = aatype->rank == 2;
    status = add_templates(item->arrays, aatype->shape[aatype->rank - 1], has_slices ? aatype->shape[0] : 0, err);
  }
  pleat_arrays_destroy(features);
  pleat_model_close(model);
  return status;
}

/* ---- 4 expected fingerprints ---- */

static const struct {
  const char *name; /* case/array */
  double numbers[CLI_FINGERPRINT];
} expected[] = {
#include "selftest_expected.inc"
};

static pleat_status add_expected(selftest_case *item, pleat_error *err) {
  static const int64_t shape[] = {CLI_FINGERPRINT};
  size_t n_name = strlen(item->name);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const char *name = expected[i].name;
    if (strncmp(name, item->name, n_name) != 0 || name[n_name] != '/') continue;
    pleat_status status =
        pleat_arrays_add(item->arrays, name + n_name + 1, PLEAT_F64, 1, shape, expected[i].numbers, NULL, err);
    if (status) return status;
  }
  return PLEAT_OK;
}

pleat_status selftest_cases_builtin(selftest_cases *out_cases, pleat_error *err) {
  enum { N_CASES = 3 };
  *out_cases = (selftest_cases){.items = calloc(N_CASES, sizeof *out_cases->items)};
  selftest_case *items = out_cases->items;
  if (!items) return cli_error(err, PLEAT_NOMEM, "no memory for the self-test");
  out_cases->n_items = N_CASES;
  pleat_status status = build_sublayers(&items[0], err);
  if (!status)
    status =
        build_fold(&items[1], "fold_monomer", SELFTEST_MONOMER, "model_1_ptm", selftest_spec_monomer, chain_a3m, err);
  if (!status)
    status = build_fold(&items[2], "fold_multimer", SELFTEST_MULTIMER, "model_1_multimer_v3", selftest_spec_multimer,
                        complex_a3m, err);
  /* The multimer's template stack makes 7e-5 of a rounding error of 6e-7 on synthetic weights (doc/numerics.md): no
   * recycle, whose distance bins would jump, and room for that. */
  items[2].num_recycle = 0;
  items[2].is_full = true;
  for (int i = 0; i < N_CASES && !status; i++) status = add_expected(&items[i], err);
  return status;
}
