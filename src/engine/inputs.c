/* Features to network inputs; see inputs.h.
 *
 * 1 finding and checking arrays, 2 what masks leave, 3 templates, 4 drawing
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "engine/template_inputs.h"
#include "feat/feat.h"
#include "io/fasta.h"
#include "tensor/numbers.h"

/* Axes of an input, by what gives their size. */
enum { AX_RES = -1, AX_CLUST = -2, AX_EXTRA = -3, AX_TARGET = -4, AX_MSA_FEAT = -5, AX_EXTRA_FEAT = -6 };
enum { FOR_ALL, FOR_MONOMER, FOR_MULTIMER };

typedef struct input_spec {
  const char *name;
  uint8_t dtype, who, rank;
  bool is_drawn; /* differs between recycles; made by MSA sampling for raw multimer features */
  int axis[3];
} input_spec;

static const input_spec specs[] = {
    {"aatype", PLEAT_I32, FOR_ALL, 1, false, {AX_RES}},
    {"seq_mask", PLEAT_F32, FOR_ALL, 1, false, {AX_RES}},
    {"residue_index", PLEAT_I32, FOR_ALL, 1, false, {AX_RES}},
    {"residx_atom37_to_atom14", PLEAT_I32, FOR_ALL, 2, false, {AX_RES, 37}},
    {"atom37_atom_exists", PLEAT_F32, FOR_ALL, 2, false, {AX_RES, 37}},
    {"asym_id", PLEAT_I32, FOR_MULTIMER, 1, false, {AX_RES}},
    {"entity_id", PLEAT_I32, FOR_MULTIMER, 1, false, {AX_RES}},
    {"sym_id", PLEAT_I32, FOR_MULTIMER, 1, false, {AX_RES}},
    {"target_feat", PLEAT_F32, FOR_ALL, 2, true, {AX_RES, AX_TARGET}},
    {"msa_feat", PLEAT_F32, FOR_ALL, 3, true, {AX_CLUST, AX_RES, AX_MSA_FEAT}},
    {"msa_mask", PLEAT_F32, FOR_ALL, 2, true, {AX_CLUST, AX_RES}},
    {"extra_msa_mask", PLEAT_F32, FOR_ALL, 2, true, {AX_EXTRA, AX_RES}},
    {"extra_msa_feat", PLEAT_F32, FOR_MULTIMER, 3, true, {AX_EXTRA, AX_RES, AX_EXTRA_FEAT}},
    {"extra_msa", PLEAT_I32, FOR_MONOMER, 2, true, {AX_EXTRA, AX_RES}},
    {"extra_has_deletion", PLEAT_F32, FOR_MONOMER, 2, true, {AX_EXTRA, AX_RES}},
    {"extra_deletion_value", PLEAT_F32, FOR_MONOMER, 2, true, {AX_EXTRA, AX_RES}},
};
enum { N_SPECS = (int)(sizeof specs / sizeof *specs) };

struct pleat_inputs {
  const pleat_variant *variant;
  const pleat_sizes *sizes;
  const pleat_arrays *features; /* the caller's */
  pleat_arrays *derived;        /* what the caller's lack; looked up first */
  pleat_predict_options options;
  pleat_feat_options draw_options; /* raw multimer features */
  int64_t num_recycle, num_ensemble;
  bool is_raw, has_iterations, is_static;
  int64_t n_res, n_clust, n_extra; /* as given */
  int64_t clust_kept, extra_kept;  /* after skipping */
  pleat_template_inputs_state templates;
  float *atom37_exists, *seq_mask;
  int32_t *asym_id;
};

/* ---- 1 finding and checking arrays ---- */

static bool applies(const pleat_inputs *in, const input_spec *spec) {
  return spec->who == FOR_ALL || (spec->who == FOR_MULTIMER) == in->variant->is_multimer;
}

static const pleat_array *find(const pleat_inputs *in, const char *name) {
  const pleat_array *array = in->derived ? pleat_arrays_find(in->derived, name) : NULL;
  return array ? array : pleat_arrays_find(in->features, name);
}

static int64_t axis_size(const pleat_inputs *in, int axis) {
  switch (axis) {
    case AX_RES: return in->n_res;
    case AX_CLUST: return in->n_clust;
    case AX_EXTRA: return in->n_extra;
    case AX_TARGET: return in->sizes->c_target;
    case AX_MSA_FEAT: return in->sizes->c_msa_feat;
    case AX_EXTRA_FEAT: return in->sizes->c_extra_feat;
    default: return axis;
  }
}

/* Number of iterations that an array is cut into. */
static int64_t n_iterations(const pleat_inputs *in) { return (in->num_recycle + 1) * in->num_ensemble; }

/* An array where it comes from: what was drawn, if anything was, or the features. */
static const pleat_array *source_of(const pleat_inputs *in, const pleat_arrays *opt_drawn, const char *name) {
  return opt_drawn ? pleat_arrays_find(opt_drawn, name) : find(in, name);
}

static pleat_status check_spec(const pleat_inputs *in, const input_spec *spec, const pleat_array *array, bool is_sliced,
                               pleat_error *err) {
  int64_t expected[1 + PLEAT_MAX_RANK], n_lead = in->has_iterations && is_sliced;
  int64_t needed = n_iterations(in);
  for (int d = 0; d < spec->rank; d++) expected[n_lead + d] = axis_size(in, spec->axis[d]);
  if (n_lead) expected[0] = needed;
  int rank = spec->rank + (int)n_lead;
  char want[PLEAT_SHAPE_TEXT], got[PLEAT_SHAPE_TEXT];
  if (!array)
    PLEAT_FAIL(err, PLEAT_SHAPE, "the features lack the array \"%s\" of shape %s", spec->name,
               pleat_shape_text(rank, expected, want, sizeof want));
  bool fits = array->rank == rank && pleat_array_is_numeric(array);
  for (int d = (int)n_lead; d < rank && fits; d++) fits = array->shape[d] == expected[d];
  if (!fits)
    PLEAT_FAIL(err, PLEAT_SHAPE, "array \"%s\" has shape %s, expected %s", spec->name,
               pleat_shape_text(array->rank, array->shape, got, sizeof got),
               pleat_shape_text(rank, expected, want, sizeof want));
  if (n_lead && array->shape[0] < needed)
    PLEAT_FAIL(err, PLEAT_SHAPE,
               "array \"%s\" holds %lld iterations, but %lld recycles and %lld ensemble members need %lld", spec->name,
               (long long)array->shape[0], (long long)in->num_recycle, (long long)in->num_ensemble, (long long)needed);
  return PLEAT_OK;
}

/* n numbers from element `first`, as dtype (F32 or I32). */
static void copy_numbers(const pleat_array *array, int64_t first, int64_t n, pleat_dtype dtype, void *dst) {
  if (dtype == PLEAT_I32)
    pleat_array_read_i32(array, first, n, dst);
  else
    pleat_array_read_f32(array, first, n, dst);
}

static pleat_status check_all(pleat_inputs *in, const pleat_arrays *drawn, pleat_error *err) {
  for (int i = 0; i < N_SPECS; i++) {
    if (!applies(in, &specs[i])) continue;
    bool is_sampled = drawn && specs[i].is_drawn;
    const pleat_array *array = source_of(in, is_sampled ? drawn : NULL, specs[i].name);
    PLEAT_TRY(check_spec(in, &specs[i], array, !is_sampled, err));
  }
  const pleat_array *aatype = find(in, "aatype");
  for (int64_t i = 0; i < pleat_array_elements(aatype); i++) {
    double x = pleat_array_number(aatype, i);
    if (!(x >= 0 && x <= 20))
      PLEAT_FAIL(err, PLEAT_INPUT, "array \"aatype\" holds %g at position %lld, expected residue types 0 to 20", x,
                 (long long)i);
  }
  return PLEAT_OK;
}

/* Are the residue and template features the same in every iteration? */
static bool find_static(const pleat_inputs *in) {
  if (!in->has_iterations) return true;
  static const char *const templates[] = {
      "template_aatype",      "template_all_atom_positions", "template_all_atom_masks", "template_all_atom_mask",
      "template_pseudo_beta", "template_pseudo_beta_mask",   "template_mask",           "target_feat"};
  int n_templates = (int)(sizeof templates / sizeof *templates);
  for (int i = 0; i < N_SPECS + n_templates; i++) {
    if (i < N_SPECS && (specs[i].is_drawn || !applies(in, &specs[i]))) continue;
    const pleat_array *array = find(in, i < N_SPECS ? specs[i].name : templates[i - N_SPECS]);
    if (!array || array->rank < 1 || array->shape[0] < n_iterations(in)) continue;
    size_t bytes = (size_t)(pleat_array_elements(array) / array->shape[0]) * array->item_size;
    for (int64_t k = 1; k < n_iterations(in); k++)
      if (memcmp(array->data, (const char *)array->data + (size_t)k * bytes, bytes)) return false;
  }
  return true;
}

/* Sizes of the axes from the arrays that define them. */
static pleat_status find_sizes(pleat_inputs *in, const pleat_arrays *drawn, pleat_error *err) {
  const pleat_array *aatype = find(in, "aatype");
  if (!aatype || aatype->rank < 1 || aatype->rank > 2)
    PLEAT_FAIL(err, PLEAT_SHAPE, "the features lack the array \"aatype\" of shape [N_res] or [iterations, N_res]");
  in->has_iterations = aatype->rank == 2;
  in->n_res = aatype->shape[aatype->rank - 1];
  const pleat_array *msa = source_of(in, drawn, "msa_mask");
  const pleat_array *extra = source_of(in, drawn, "extra_msa_mask");
  if (!msa || msa->rank < 2)
    PLEAT_FAIL(err, PLEAT_SHAPE, "the features lack the array \"msa_mask\" [.., N_clust, N_res]");
  if (!extra || extra->rank < 2)
    PLEAT_FAIL(err, PLEAT_SHAPE, "the features lack the array \"extra_msa_mask\" [.., N_extra, N_res]");
  in->n_clust = msa->shape[msa->rank - 2];
  in->n_extra = extra->shape[extra->rank - 2];
  if (in->n_res < 1 || in->n_res > PLEAT_MAX_RESIDUES)
    PLEAT_FAIL(err, PLEAT_INPUT, "the features are of %lld residues, expected 1 to %d", (long long)in->n_res,
               PLEAT_MAX_RESIDUES);
  if (in->n_clust < 1) PLEAT_FAIL(err, PLEAT_SHAPE, "array \"msa_mask\" has no row, expected the target's at least");
  return PLEAT_OK;
}

/* ---- 2 what masks leave ---- */

static bool row_counts(const float *mask, int64_t row, int64_t n_res) {
  for (int64_t i = 0; i < n_res; i++)
    if (mask[row * n_res + i] != 0) return true;
  return false;
}

/* Largest number of unmasked rows in any iteration; the first row always counts when `keeps_first`. */
static pleat_status count_rows(const pleat_inputs *in, const pleat_arrays *drawn, const char *name, int64_t n_rows,
                               bool keeps_first, int64_t *out_n, pleat_error *err) {
  const pleat_array *array = source_of(in, drawn, name);
  float *mask = calloc((size_t)(n_rows * in->n_res + 1), sizeof *mask);
  if (!mask) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to count %lld alignment rows", (long long)n_rows);
  int64_t n_draws = drawn || !in->has_iterations ? 1 : n_iterations(in);
  *out_n = keeps_first;
  for (int64_t k = 0; k < n_draws; k++) {
    copy_numbers(array, k * n_rows * in->n_res, n_rows * in->n_res, PLEAT_F32, mask);
    int64_t n = 0;
    for (int64_t r = 0; r < n_rows; r++) n += (keeps_first && !r) || row_counts(mask, r, in->n_res);
    if (n > *out_n) *out_n = n;
  }
  free(mask);
  return PLEAT_OK;
}

static pleat_status count_kept(pleat_inputs *in, const pleat_arrays *drawn, pleat_error *err) {
  in->clust_kept = in->n_clust;
  in->extra_kept = in->n_extra;
  if (in->options.keep_padding) return PLEAT_OK;
  PLEAT_TRY(count_rows(in, drawn, "extra_msa_mask", in->n_extra, false, &in->extra_kept, err));
  /* Cluster rows show in the logits of the masked-MSA head, which has a row for each. */
  if (in->options.want_logits) return PLEAT_OK;
  return count_rows(in, drawn, "msa_mask", in->n_clust, true, &in->clust_kept, err);
}

/* ---- 3 templates: template_inputs.c ---- */

static pleat_status find_templates(pleat_inputs *in, pleat_error *err) {
  if (!in->variant->has_templates) return PLEAT_OK;
  pleat_template_source source = {.n_res = in->n_res,
                                  .is_multimer = in->variant->is_multimer,
                                  .keep_padding = in->options.keep_padding,
                                  .n_slices = in->has_iterations && !in->is_static ? n_iterations(in) : 1,
                                  .has_iterations = in->has_iterations};
  source.aatype = find(in, "template_aatype");
  source.positions = find(in, "template_all_atom_positions");
  source.mask = find(in, in->variant->is_multimer ? "template_all_atom_mask" : "template_all_atom_masks");
  source.pseudo_beta = find(in, "template_pseudo_beta");
  source.pseudo_beta_mask = find(in, "template_pseudo_beta_mask");
  if (!source.is_multimer) source.given = find(in, "template_mask");
  return pleat_template_inputs_init(&in->templates, &source, err);
}

/* ---- 4 drawing ---- */

static pleat_status sample(const pleat_inputs *in, int64_t recycle, int64_t member, pleat_arrays **out,
                           pleat_error *err) {
  return pleat_feat_multimer_sample(in->features, &in->draw_options, recycle * in->num_ensemble + member, out, err);
}

/* Rows of the mask that are kept, unmasked ones first; `order` has n_rows entries, the first n_kept are used. */
static void choose_rows(const float *mask, int64_t n_rows, int64_t n_res, bool keeps_first, int64_t *order) {
  int64_t n = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int64_t r = 0; r < n_rows; r++) {
      bool counts = (keeps_first && !r) || row_counts(mask, r, n_res);
      if (counts == (pass == 0)) order[n++] = r;
    }
}

typedef struct row_choice {
  int64_t *clust, *extra; /* NULL = all rows in order */
} row_choice;

static pleat_status choose(const pleat_inputs *in, const pleat_array *array, int64_t first, int64_t n_rows,
                           int64_t kept, bool keeps_first, int64_t **out_order, pleat_error *err) {
  *out_order = NULL;
  if (kept == n_rows) return PLEAT_OK;
  float *mask = calloc((size_t)(n_rows * in->n_res + 1), sizeof *mask);
  *out_order = malloc((size_t)(n_rows + 1) * sizeof **out_order);
  pleat_status status = PLEAT_OK;
  if (!mask || !*out_order) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to choose among %lld alignment rows", (long long)n_rows);
  } else {
    copy_numbers(array, first, n_rows * in->n_res, PLEAT_F32, mask);
    choose_rows(mask, n_rows, in->n_res, keeps_first, *out_order);
  }
  free(mask);
  return status;
}

static pleat_status draw_one(const pleat_inputs *in, const input_spec *spec, const pleat_array *array, int64_t slice,
                             const row_choice *rows, pleat_arrays *out, pleat_error *err) {
  int64_t shape[PLEAT_MAX_RANK], n_row = 1, n_rows = axis_size(in, spec->axis[0]);
  for (int d = 0; d < spec->rank; d++) shape[d] = axis_size(in, spec->axis[d]);
  for (int d = 1; d < spec->rank; d++) n_row *= shape[d];
  const int64_t *order = spec->axis[0] == AX_CLUST ? rows->clust : spec->axis[0] == AX_EXTRA ? rows->extra : NULL;
  if (spec->axis[0] == AX_CLUST) shape[0] = in->clust_kept;
  if (spec->axis[0] == AX_EXTRA) shape[0] = in->extra_kept;
  void *data;
  PLEAT_TRY(pleat_arrays_add(out, spec->name, (pleat_dtype)spec->dtype, spec->rank, shape, NULL, &data, err));
  int64_t base = slice * n_rows * n_row;
  if (!order) {
    copy_numbers(array, base, n_rows * n_row, (pleat_dtype)spec->dtype, data);
    return PLEAT_OK;
  }
  size_t bytes = (size_t)n_row * pleat_dtype_size((pleat_dtype)spec->dtype);
  for (int64_t r = 0; r < shape[0]; r++)
    copy_numbers(array, base + order[r] * n_row, n_row, (pleat_dtype)spec->dtype, (char *)data + (size_t)r * bytes);
  return PLEAT_OK;
}

/* What the dropout masks of a pass are drawn from (graph/dropout.h). */
static pleat_status add_dropout_key(const pleat_inputs *in, int64_t recycle, int64_t member, pleat_arrays *out,
                                    pleat_error *err) {
  uint64_t seed = in->options.seed;
  const int32_t key[4] = {(int32_t)(uint32_t)seed, (int32_t)(uint32_t)(seed >> 32), (int32_t)recycle, (int32_t)member};
  const int64_t shape[] = {4};
  if (in->options.dropout <= 0) return PLEAT_OK;
  return pleat_arrays_add(out, "dropout_key", PLEAT_I32, 1, shape, key, NULL, err);
}

static pleat_status draw_into(pleat_inputs *in, int64_t recycle, int64_t member, const pleat_arrays *drawn,
                              pleat_arrays *out, pleat_error *err) {
  int64_t slice = in->has_iterations ? recycle * in->num_ensemble + member : 0, drawn_slice = drawn ? 0 : slice;
  const pleat_array *msa = source_of(in, drawn, "msa_mask");
  const pleat_array *extra = source_of(in, drawn, "extra_msa_mask");
  row_choice rows = {NULL, NULL};
  pleat_status status =
      choose(in, msa, drawn_slice * in->n_clust * in->n_res, in->n_clust, in->clust_kept, true, &rows.clust, err);
  if (!status)
    status =
        choose(in, extra, drawn_slice * in->n_extra * in->n_res, in->n_extra, in->extra_kept, false, &rows.extra, err);
  for (int i = 0; i < N_SPECS && !status; i++) {
    if (!applies(in, &specs[i])) continue;
    bool is_sampled = drawn && specs[i].is_drawn;
    const pleat_array *array = source_of(in, is_sampled ? drawn : NULL, specs[i].name);
    status = draw_one(in, &specs[i], array, is_sampled ? 0 : slice, &rows, out, err);
  }
  free(rows.clust);
  free(rows.extra);
  if (!status && in->variant->has_templates)
    status = pleat_template_inputs_write(&in->templates, in->is_static ? 0 : slice, out, err);
  return status ? status : add_dropout_key(in, recycle, member, out, err);
}

pleat_status pleat_inputs_draw(pleat_inputs *in, int64_t recycle, int64_t member, pleat_arrays **inout_arrays,
                               pleat_error *err) {
  pleat_arrays *drawn = NULL, *out = NULL;
  pleat_status status = in->is_raw ? sample(in, recycle, member, &drawn, err) : PLEAT_OK;
  if (!status) status = pleat_arrays_create(&out, err);
  if (!status) status = draw_into(in, recycle, member, drawn, out, err);
  pleat_arrays_destroy(drawn);
  if (status) {
    pleat_arrays_destroy(out);
    return status;
  }
  pleat_arrays_destroy(*inout_arrays);
  *inout_arrays = out;
  return PLEAT_OK;
}

/* Copies what tables are derived from, and derives. */
static pleat_status derive(pleat_inputs *in, pleat_error *err) {
  static const char *const sources[] = {"aatype",
                                        "template_aatype",
                                        "template_all_atom_positions",
                                        "template_all_atom_masks",
                                        "template_all_atom_mask",
                                        "template_pseudo_beta",
                                        "template_pseudo_beta_mask",
                                        "residx_atom37_to_atom14",
                                        "residx_atom14_to_atom37",
                                        "atom14_atom_exists",
                                        "atom37_atom_exists"};
  pleat_arrays *set = NULL;
  PLEAT_TRY(pleat_arrays_create(&set, err));
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < sizeof sources / sizeof *sources && !status; i++) {
    const pleat_array *array = pleat_arrays_find(in->features, sources[i]);
    bool is_template = !strncmp(sources[i], "template_", 9);
    if (!array || (is_template && (!in->variant->has_templates || !pleat_array_elements(array)))) continue;
    status = pleat_arrays_add(set, sources[i], array->dtype, array->rank, array->shape, array->data, NULL, err);
  }
  if (!status) status = pleat_feat_derive(set, err);
  if (status)
    pleat_arrays_destroy(set);
  else
    in->derived = set;
  return status;
}

static pleat_status copy_result_tables(pleat_inputs *in, pleat_error *err) {
  size_t n = (size_t)in->n_res;
  in->atom37_exists = malloc((n * 37 + 1) * sizeof(float));
  in->seq_mask = malloc((n + 1) * sizeof(float));
  if (in->variant->is_multimer) in->asym_id = malloc((n + 1) * sizeof(int32_t));
  if (!in->atom37_exists || !in->seq_mask || (in->variant->is_multimer && !in->asym_id))
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %lld residues", (long long)in->n_res);
  copy_numbers(find(in, "atom37_atom_exists"), 0, in->n_res * 37, PLEAT_F32, in->atom37_exists);
  copy_numbers(find(in, "seq_mask"), 0, in->n_res, PLEAT_F32, in->seq_mask);
  if (in->asym_id) copy_numbers(find(in, "asym_id"), 0, in->n_res, PLEAT_I32, in->asym_id);
  return PLEAT_OK;
}

int64_t pleat_recycles_of(const pleat_variant *variant, const pleat_predict_options *options) {
  return options->num_recycle < 0 ? variant->num_recycle : options->num_recycle;
}

pleat_feat_options pleat_draw_options(const pleat_variant *variant, const pleat_predict_options *options) {
  return (pleat_feat_options){
      .max_msa_clusters = options->max_msa > 0 ? options->max_msa : variant->max_msa_clusters,
      .max_extra_msa = options->max_extra_msa > 0 ? options->max_extra_msa : variant->max_extra_msa,
      .num_recycle = pleat_recycles_of(variant, options),
      .num_ensemble = options->num_ensemble > 1 ? options->num_ensemble : 1,
      .msa_mask_fraction = options->msa_mask_fraction < 0 ? 0.15 : options->msa_mask_fraction,
      .is_identity_order = options->is_identity_order,
      .is_unclustered = options->is_unclustered,
      .seed = options->seed};
}

static pleat_status init(pleat_inputs *in, pleat_error *err) {
  in->is_raw = in->variant->is_multimer && !pleat_arrays_find(in->features, "msa_feat");
  in->draw_options = pleat_draw_options(in->variant, &in->options);
  if (!(in->options.dropout >= 0 && in->options.dropout <= 1))
    PLEAT_FAIL(err, PLEAT_INVALID, "the factor on the dropout rates is %g, expected 0 to 1", in->options.dropout);
  PLEAT_TRY(derive(in, err));
  pleat_arrays *drawn = NULL;
  if (in->is_raw) PLEAT_TRY(sample(in, 0, 0, &drawn, err));
  pleat_status status = find_sizes(in, drawn, err);
  if (!status) status = check_all(in, drawn, err);
  if (!status) {
    in->is_static = find_static(in);
    status = count_kept(in, drawn, err);
  }
  pleat_arrays_destroy(drawn);
  if (!status) status = find_templates(in, err);
  if (!status) status = copy_result_tables(in, err);
  return status;
}

pleat_status pleat_inputs_create(const pleat_variant *variant, const pleat_sizes *sizes, const pleat_arrays *features,
                                 const pleat_predict_options *options, int64_t num_recycle, pleat_inputs **out_inputs,
                                 pleat_error *err) {
  *out_inputs = NULL;
  pleat_inputs *in = calloc(1, sizeof *in);
  if (!in) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for inputs");
  in->variant = variant;
  in->sizes = sizes;
  in->features = features;
  in->options = *options;
  in->num_recycle = num_recycle;
  in->num_ensemble = options->num_ensemble > 1 ? options->num_ensemble : 1;
  pleat_status status = init(in, err);
  if (status)
    pleat_inputs_destroy(in);
  else
    *out_inputs = in;
  return status;
}

void pleat_inputs_destroy(pleat_inputs *in) {
  if (!in) return;
  pleat_template_inputs_fini(&in->templates);
  pleat_arrays_destroy(in->derived);
  free(in->atom37_exists);
  free(in->seq_mask);
  free(in->asym_id);
  free(in);
}

void pleat_inputs_request(const pleat_inputs *in, pleat_model_request *out) {
  *out = (pleat_model_request){.n_res = in->n_res,
                               .n_clust = in->n_clust,
                               .n_extra = in->n_extra,
                               .n_templ = in->templates.n_given,
                               .n_templ_rows = in->templates.n_given,
                               .num_ensemble = in->num_ensemble,
                               .is_template_static = in->is_static,
                               .want_logits = in->options.want_logits,
                               .want_distogram = in->options.want_chain_scores && in->variant->has_pae,
                               .want_representations = in->options.want_representations,
                               .dropout = in->options.dropout};
}

void pleat_inputs_skip(const pleat_inputs *in, pleat_skip_sizes *out) {
  out->n = 0;
  if (in->options.keep_padding) return;
  out->item[out->n++] = (pleat_axis_size){"N_extra", in->extra_kept};
  out->item[out->n++] = (pleat_axis_size){"N_clust", in->clust_kept};
  out->item[out->n++] = (pleat_axis_size){"N_clust_rest", in->clust_kept - 1};
  if (!in->variant->has_templates) return;
  out->item[out->n++] = (pleat_axis_size){"N_templ", in->templates.n_kept};
  out->item[out->n++] = (pleat_axis_size){"N_templ_row", in->templates.n_rows_kept};
}

int64_t pleat_inputs_n_res(const pleat_inputs *in) { return in->n_res; }
const float *pleat_inputs_atom37_exists(const pleat_inputs *in) { return in->atom37_exists; }
const float *pleat_inputs_seq_mask(const pleat_inputs *in) { return in->seq_mask; }
const int32_t *pleat_inputs_asym_id(const pleat_inputs *in) { return in->asym_id; }
