/* Template arrays of the network; see template_inputs.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/template_inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "feat/feat_template.h"
#include "tensor/numbers.h"

enum { ATOM37 = 37, POS = 37 * 3, FRAME = 12 };

static int64_t offset_of(const pleat_template_inputs_state *s, int64_t slice, int64_t t) {
  return ((s->source.has_iterations ? slice : 0) * s->n_given + t) * s->source.n_res;
}

/* The multimer sees one empty template when there is none: what its data pipeline fills up with. */
static int64_t implied_templates(const pleat_template_source *source) { return source->is_multimer ? 1 : 0; }

static bool is_missing(const pleat_template_inputs_state *s) { return !s->source.aatype; }

static pleat_status check(const pleat_array *array, const char *name, int rank, int64_t n_slices, int64_t n_templ,
                          int64_t n_res, bool has_iterations, pleat_error *err) {
  int lead = has_iterations;
  bool fits = array && pleat_array_is_numeric(array) && array->rank == rank + lead && array->shape[lead] == n_templ &&
              (rank < 2 || array->shape[lead + 1] == n_res) && (!lead || array->shape[0] >= n_slices) &&
              (rank < 3 || array->shape[lead + 2] == ATOM37 || array->shape[lead + 2] == 3) &&
              (rank < 4 || array->shape[lead + 3] == 3);
  if (fits) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_SHAPE, "array \"%s\" is missing or misshapen: expected %s%lld templates of %lld residues", name,
             lead ? "iterations of " : "", (long long)n_templ, (long long)n_res);
}

static pleat_status check_source(pleat_template_inputs_state *s, pleat_error *err) {
  const pleat_template_source *a = &s->source;
  int lead = a->has_iterations;
  if (a->aatype->rank != 2 + lead)
    PLEAT_FAIL(err, PLEAT_SHAPE, "array \"template_aatype\" has %d axes, expected %d", a->aatype->rank, 2 + lead);
  s->n_given = a->aatype->shape[lead];
  int64_t n = s->n_given, k = a->n_slices, N = a->n_res;
  PLEAT_TRY(check(a->aatype, "template_aatype", 2, k, n, N, lead, err));
  PLEAT_TRY(check(a->positions, "template_all_atom_positions", 4, k, n, N, lead, err));
  PLEAT_TRY(
      check(a->mask, a->is_multimer ? "template_all_atom_mask" : "template_all_atom_masks", 3, k, n, N, lead, err));
  PLEAT_TRY(check(a->pseudo_beta, "template_pseudo_beta", 3, k, n, N, lead, err));
  PLEAT_TRY(check(a->pseudo_beta_mask, "template_pseudo_beta_mask", 2, k, n, N, lead, err));
  if (!a->is_multimer) PLEAT_TRY(check(a->given, "template_mask", 1, k, n, N, lead, err));
  for (int64_t i = 0; i < pleat_array_elements(a->aatype); i++) {
    double type = pleat_array_number(a->aatype, i);
    if (!(type >= 0 && type <= PLEAT_RESTYPE_GAP))
      PLEAT_FAIL(err, PLEAT_INPUT, "array \"template_aatype\" holds %g at element %lld, expected types 0 to %d", type,
                 (long long)i, PLEAT_RESTYPE_GAP);
  }
  return PLEAT_OK;
}

/* Torsion row of one template: feat [N_res, c], mask [N_res]. */
static void torsion_row(const pleat_template_inputs_state *s, int64_t slice, int64_t t, float *feat, float *row_mask) {
  const pleat_template_source *a = &s->source;
  int64_t base = offset_of(s, slice, t);
  float pos[2][POS], mask[2][ATOM37];
  for (int64_t i = 0; i < a->n_res; i++) {
    int now = (int)(i & 1);
    pleat_array_read_f32(a->positions, (base + i) * POS, POS, pos[now]);
    pleat_array_read_f32(a->mask, (base + i) * ATOM37, ATOM37, mask[now]);
    int32_t aatype = (int32_t)pleat_array_number(a->aatype, base + i);
    if (a->is_multimer)
      pleat_template_chis(aatype, pos[now], mask[now], feat + i * PLEAT_TEMPLATE_1D_MULTIMER, &row_mask[i]);
    else
      pleat_template_torsions(aatype, pos[now], mask[now], i ? pos[!now] : NULL, i ? mask[!now] : NULL,
                              feat + i * PLEAT_TEMPLATE_1D_MONOMER, &row_mask[i]);
  }
}

static int64_t row_width(const pleat_template_inputs_state *s) {
  return s->source.is_multimer ? PLEAT_TEMPLATE_1D_MULTIMER : PLEAT_TEMPLATE_1D_MONOMER;
}

static bool is_equal(const pleat_template_inputs_state *s, int64_t slice, int64_t a, int64_t b) {
  const pleat_array *arrays[] = {s->source.aatype, s->source.positions, s->source.mask};
  static const int64_t width[] = {1, POS, ATOM37};
  for (int k = 0; k < 3; k++) {
    size_t bytes = (size_t)(s->source.n_res * width[k]) * arrays[k]->item_size;
    const char *data = arrays[k]->data;
    size_t item = (size_t)width[k] * arrays[k]->item_size;
    if (memcmp(data + (size_t)offset_of(s, slice, a) * item, data + (size_t)offset_of(s, slice, b) * item, bytes))
      return false;
  }
  return true;
}

/* Which templates of a slice are computed, and with what weight. */
static int64_t choose_templates(const pleat_template_inputs_state *s, int64_t slice, pleat_template_slice *out) {
  int64_t n = 0;
  float share = 1.0f / (float)s->n_given;
  for (int64_t t = 0; t < s->n_given; t++) {
    int64_t same = -1;
    if (!is_missing(s) && !s->source.keep_padding) {
      if (!s->source.is_multimer) {
        if (pleat_array_number(s->source.given, (s->source.has_iterations ? slice : 0) * s->n_given + t) == 0) continue;
      } else {
        for (int64_t k = 0; k < n && same < 0; k++)
          if (is_equal(s, slice, out->kept[k], t)) same = k;
      }
    }
    if (same >= 0) {
      out->weight[same] += share;
      continue;
    }
    out->kept[n] = t;
    out->weight[n++] = share;
  }
  return n;
}

static int64_t choose_torsion_rows(const pleat_template_inputs_state *s, int64_t slice, float *feat, float *mask,
                                   pleat_template_slice *out) {
  int64_t n = 0;
  for (int64_t t = 0; t < s->n_given && !is_missing(s); t++) {
    torsion_row(s, slice, t, feat, mask);
    bool counts = s->source.keep_padding;
    for (int64_t i = 0; i < s->source.n_res && !counts; i++) counts = mask[i] != 0;
    if (counts) out->rows[n++] = t;
  }
  return n;
}

pleat_status pleat_template_inputs_init(pleat_template_inputs_state *s, const pleat_template_source *source,
                                        pleat_error *err) {
  *s = (pleat_template_inputs_state){.source = *source};
  bool is_absent = !source->aatype || !pleat_array_elements(source->aatype);
  if (is_absent) {
    s->source.aatype = NULL;
    s->source.n_slices = 1;
    s->n_given = implied_templates(source);
  } else {
    PLEAT_TRY(check_source(s, err));
  }
  size_t n = (size_t)s->n_given + 1, N = (size_t)source->n_res;
  float *feat = malloc((N * PLEAT_TEMPLATE_1D_MONOMER + 1) * sizeof *feat), *mask = malloc((N + 1) * sizeof *mask);
  s->slices = calloc((size_t)s->source.n_slices, sizeof *s->slices);
  pleat_status status = PLEAT_OK;
  if (!feat || !mask || !s->slices) status = pleat_fail(err, PLEAT_NOMEM, "no memory for templates");
  for (int64_t k = 0; k < s->source.n_slices && !status; k++) {
    pleat_template_slice *slice = &s->slices[k];
    slice->kept = malloc(n * sizeof *slice->kept);
    slice->weight = calloc(n, sizeof *slice->weight);
    slice->rows = malloc(n * sizeof *slice->rows);
    if (!slice->kept || !slice->weight || !slice->rows) {
      status = pleat_fail(err, PLEAT_NOMEM, "no memory for templates");
      break;
    }
    for (size_t t = 0; t < n; t++) slice->kept[t] = slice->rows[t] = -1;
    int64_t n_kept = choose_templates(s, k, slice), n_rows = choose_torsion_rows(s, k, feat, mask, slice);
    if (n_kept > s->n_kept) s->n_kept = n_kept;
    if (n_rows > s->n_rows_kept) s->n_rows_kept = n_rows;
  }
  free(feat);
  free(mask);
  return status;
}

void pleat_template_inputs_fini(pleat_template_inputs_state *s) {
  for (int64_t k = 0; s->slices && k < s->source.n_slices; k++) {
    free(s->slices[k].kept);
    free(s->slices[k].weight);
    free(s->slices[k].rows);
  }
  free(s->slices);
  s->slices = NULL;
}

typedef struct template_buffers {
  int32_t *aatype;
  float *beta, *beta_mask, *frames, *frame_mask, *mask, *weight, *row_feat, *row_mask;
} template_buffers;

static pleat_status add(pleat_arrays *out, const char *name, pleat_dtype dtype, int rank, int64_t a, int64_t b,
                        int64_t c, void *out_data, pleat_error *err) {
  void *data = NULL;
  PLEAT_TRY(pleat_arrays_add(out, name, dtype, rank, (const int64_t[]){a, b, c}, NULL, &data, err));
  memcpy(out_data, &data, sizeof data);
  return PLEAT_OK;
}

static pleat_status add_all(const pleat_template_inputs_state *s, pleat_arrays *out, template_buffers *b,
                            pleat_error *err) {
  int64_t T = s->n_kept, N = s->source.n_res, R = s->n_rows_kept;
  if (s->source.keep_padding) T = R = s->n_given;
  PLEAT_TRY(add(out, "template_aatype", PLEAT_I32, 2, T, N, 0, &b->aatype, err));
  PLEAT_TRY(add(out, "template_pseudo_beta", PLEAT_F32, 3, T, N, 3, &b->beta, err));
  PLEAT_TRY(add(out, "template_pseudo_beta_mask", PLEAT_F32, 2, T, N, 0, &b->beta_mask, err));
  PLEAT_TRY(add(out, "template_frames", PLEAT_F32, 3, T, N, FRAME, &b->frames, err));
  PLEAT_TRY(add(out, "template_frame_mask", PLEAT_F32, 2, T, N, 0, &b->frame_mask, err));
  PLEAT_TRY(add(out, "template_mask", PLEAT_F32, 1, T, 0, 0, &b->mask, err));
  PLEAT_TRY(add(out, "template_weight", PLEAT_F32, 1, T, 0, 0, &b->weight, err));
  PLEAT_TRY(add(out, "template_angle_feat", PLEAT_F32, 3, R, N, row_width(s), &b->row_feat, err));
  return add(out, "template_angle_mask", PLEAT_F32, 2, R, N, 0, &b->row_mask, err);
}

static void write_pair_template(const pleat_template_inputs_state *s, int64_t slice, int64_t t, int64_t k,
                                const template_buffers *b) {
  const pleat_template_source *a = &s->source;
  int64_t N = a->n_res, from = offset_of(s, slice, t), to = k * N;
  float pos[POS], mask[ATOM37];
  for (int64_t i = 0; i < N; i++) {
    b->aatype[to + i] = (int32_t)pleat_array_number(a->aatype, from + i);
    pleat_array_read_f32(a->pseudo_beta, (from + i) * 3, 3, b->beta + (to + i) * 3);
    pleat_array_read_f32(a->pseudo_beta_mask, from + i, 1, &b->beta_mask[to + i]);
    pleat_array_read_f32(a->positions, (from + i) * POS, POS, pos);
    pleat_array_read_f32(a->mask, (from + i) * ATOM37, ATOM37, mask);
    b->frame_mask[to + i] = pleat_template_frame(pos, mask, b->frames + (to + i) * FRAME);
  }
  b->mask[k] = a->given ? (float)pleat_array_number(a->given, (a->has_iterations ? slice : 0) * s->n_given + t) : 1;
}

pleat_status pleat_template_inputs_write(const pleat_template_inputs_state *s, int64_t slice, pleat_arrays *out,
                                         pleat_error *err) {
  template_buffers b;
  PLEAT_TRY(add_all(s, out, &b, err));
  const pleat_template_slice *chosen = &s->slices[slice];
  int64_t N = s->source.n_res;
  for (int64_t k = 0; k < s->n_kept; k++) {
    if (chosen->kept[k] < 0) continue;
    b.weight[k] = chosen->weight[k];
    if (!is_missing(s)) write_pair_template(s, slice, chosen->kept[k], k, &b);
  }
  for (int64_t k = 0; k < s->n_rows_kept; k++)
    if (chosen->rows[k] >= 0)
      torsion_row(s, slice, chosen->rows[k], b.row_feat + k * N * row_width(s), b.row_mask + k * N);
  return PLEAT_OK;
}
