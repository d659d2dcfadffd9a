/* Single sub-layers as graphs of their own, named as in shared/golden/sublayers.npz.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "model/block.h"
#include "model/model.h"

typedef struct sublayer {
  pleat_builder b;
  const pleat_arrays *inputs;
  pleat_shape_fn *shape_of;
  void *ctx;
  pleat_status status;
  pleat_error *err;
} sublayer;

/* Declares "inN[/NAME]" with the shape of the given array; axis names are the caller's. */
static pleat_value input(sublayer *s, const char *name, int rank, const char *const *axes) {
  const pleat_array *array = pleat_arrays_find(s->inputs, name);
  if (!array || array->rank != rank) {
    if (!s->status)
      s->status = pleat_fail(s->err, PLEAT_SHAPE, "the sub-layer needs an array \"%s\" of %d axes, %s", name, rank,
                             array ? "found another rank" : "which is missing");
    return PLEAT_NO_VALUE;
  }
  pleat_axis ids[PLEAT_MAX_RANK];
  for (int d = 0; d < rank; d++) ids[d] = pleat_build_axis(s->b.g, axes[d], array->shape[d]);
  return pleat_build_input(s->b.g, name, array->dtype, PLEAT_INPUT_STATIC, rank, ids);
}
#define INPUT(s, name, ...) \
  input((s), (name), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

/* Size of axis d of a parameter below the tag; the default when there is no such parameter. */
static int64_t size_of(sublayer *s, const char *name, int d, int64_t otherwise) {
  char full[512];
  int64_t shape[PLEAT_MAX_RANK];
  snprintf(full, sizeof full, "%s/%s", s->b.prefix, name);
  int rank = s->shape_of(s->ctx, full, shape);
  return rank > d ? shape[d] : otherwise;
}

static void output(sublayer *s, pleat_value value) { pleat_build_output(s->b.g, "out", value); }

static void msa_row_attention(sublayer *s) {
  pleat_value m = INPUT(s, "in0", "N_seq", "N_res", "c_m"), mask = INPUT(s, "in1", "N_seq", "N_res");
  pleat_value z = INPUT(s, "in2", "N_res", "N_res", "c_z");
  const char *q = "msa_row_attention_with_pair_bias/attention//query_w";
  output(s, pleat_build_msa_row_attention(&s->b, "msa_row_attention_with_pair_bias", m, mask, z, size_of(s, q, 1, 8),
                                          size_of(s, q, 2, 32)));
}

static void msa_column_attention(sublayer *s) {
  pleat_value m = INPUT(s, "in0", "N_seq", "N_res", "c_m"), mask = INPUT(s, "in1", "N_seq", "N_res");
  s->b.sizes.h_msa = size_of(s, "msa_column_attention/attention//query_w", 1, 8);
  s->b.sizes.c_msa_head = size_of(s, "msa_column_attention/attention//query_w", 2, 32);
  output(s, pleat_build_msa_column_attention(&s->b, "msa_column_attention", m, mask));
}

static void msa_column_global_attention(sublayer *s) {
  pleat_value e = INPUT(s, "in0", "N_seq", "N_res", "c_e"), mask = INPUT(s, "in1", "N_seq", "N_res");
  s->b.sizes.h_extra = size_of(s, "msa_column_global_attention/attention//query_w", 1, 8);
  s->b.sizes.c_extra_head = size_of(s, "msa_column_global_attention/attention//query_w", 2, 8);
  output(s, pleat_build_msa_column_global_attention(&s->b, "msa_column_global_attention", e, mask));
}

static void transition(sublayer *s) {
  pleat_value x = INPUT(s, "in0", "rows", "columns", "c");
  output(s, pleat_build_transition(&s->b, "transition_block", x,
                                   size_of(s, "transition_block/transition1//weights", 1, 1024)));
}

static void outer_product_mean(sublayer *s) {
  pleat_value m = INPUT(s, "in0", "N_seq", "N_res", "c_m"), mask = INPUT(s, "in1", "N_seq", "N_res");
  s->b.sizes.c_opm = size_of(s, "outer_product_mean//output_w", 0, 32);
  s->b.sizes.c_z = size_of(s, "outer_product_mean//output_w", 2, 128);
  output(s, pleat_build_outer_product_mean(&s->b, "outer_product_mean", m, mask,
                                           pleat_build_outer_product_norm(&s->b, mask)));
}

static void triangle_multiplication(sublayer *s, bool is_outgoing, bool is_fused) {
  pleat_value z = INPUT(s, "in0", "N_res", "N_res", "c_z"), mask = INPUT(s, "in1", "N_res", "N_res");
  int64_t c_hidden = size_of(s, "triangle_multiplication/output_projection//weights", 0, 128);
  output(s, pleat_build_triangle_multiplication(&s->b, "triangle_multiplication", z, mask, is_outgoing, is_fused,
                                                c_hidden));
}
static void outgoing(sublayer *s) { triangle_multiplication(s, true, false); }
static void incoming(sublayer *s) { triangle_multiplication(s, false, false); }
static void fused_outgoing(sublayer *s) { triangle_multiplication(s, true, true); }
static void fused_incoming(sublayer *s) { triangle_multiplication(s, false, true); }

static void triangle_attention(sublayer *s, bool is_starting) {
  pleat_value z = INPUT(s, "in0", "N_res", "N_res", "c_z"), mask = INPUT(s, "in1", "N_res", "N_res");
  const char *q = "triangle_attention/attention//query_w";
  output(s, pleat_build_triangle_attention(&s->b, "triangle_attention", z, mask, is_starting, size_of(s, q, 1, 4),
                                           size_of(s, q, 2, 32)));
}
static void starting(sublayer *s) { triangle_attention(s, true); }
static void ending(sublayer *s) { triangle_attention(s, false); }

static void template_embedding(sublayer *s) {
  pleat_value z = INPUT(s, "in0", "N_res", "N_res", "c_z"), mask = INPUT(s, "in2", "N_res", "N_res");
  pleat_template_inputs in = {.aatype = INPUT(s, "in1/template_aatype", "N_templ", "N_res"),
                              .pseudo_beta = INPUT(s, "in1/template_pseudo_beta", "N_templ", "N_res", "xyz"),
                              .pseudo_beta_mask = INPUT(s, "in1/template_pseudo_beta_mask", "N_templ", "N_res"),
                              .frames = PLEAT_NO_VALUE,
                              .frame_mask = INPUT(s, "in1/template_frame_mask", "N_templ", "N_res"),
                              .mask = INPUT(s, "in1/template_mask", "N_templ"),
                              .weight = PLEAT_NO_VALUE};
  s->b.sizes.c_t = size_of(s, "template_embedding/single_template_embedding/output_layer_norm//scale", 0, 64);
  output(s, pleat_build_template_embedding(&s->b, z, &in, mask));
}

static void structure_module(sublayer *s) {
  pleat_structure_inputs in = {.single = INPUT(s, "in0", "N_res", "c_s"),
                               .pair = INPUT(s, "in1", "N_res", "N_res", "c_z"),
                               .aatype = INPUT(s, "in2/aatype", "N_res"),
                               .seq_mask = INPUT(s, "in2/seq_mask", "N_res"),
                               .atom37_index = INPUT(s, "in2/residx_atom37_to_atom14", "N_res", "n_atom37"),
                               .atom37_exists = INPUT(s, "in2/atom37_atom_exists", "N_res", "n_atom37")};
  bool is_multimer = s->b.variant->is_multimer;
  pleat_structure_outputs out;
  pleat_build_structure_module(&s->b, "structure_module", &in, !is_multimer, &out);
  pleat_build_output(s->b.g, "out/final_atom_positions", out.atom37);
  pleat_build_output(s->b.g, is_multimer ? "out/act" : "out/representations/structure_module", out.act);
  if (is_multimer) return;
  pleat_build_output(s->b.g, "out/final_affines", out.affines);
  pleat_build_output(s->b.g, "out/final_atom14_positions", out.atom14);
  pleat_build_output(s->b.g, "out/sidechains/angles_sin_cos", out.angles);
  pleat_build_output(s->b.g, "out/sidechains/unnormalized_angles_sin_cos", out.raw_angles);
}

static const struct {
  const char *tag, *variant;
  void (*build)(sublayer *s);
} sublayers[] = {
    {"msa_row_attention", "model_1", msa_row_attention},
    {"msa_column_attention", "model_1", msa_column_attention},
    {"msa_column_global_attention", "model_1", msa_column_global_attention},
    {"msa_transition", "model_1", transition},
    {"outer_product_mean", "model_1", outer_product_mean},
    {"triangle_multiplication_outgoing", "model_1", outgoing},
    {"triangle_multiplication_incoming", "model_1", incoming},
    {"triangle_multiplication_fused_outgoing", "model_1_multimer_v3", fused_outgoing},
    {"triangle_multiplication_fused_incoming", "model_1_multimer_v3", fused_incoming},
    {"triangle_attention_starting", "model_1", starting},
    {"triangle_attention_ending", "model_1", ending},
    {"pair_transition", "model_1", transition},
    {"template_embedding", "model_1", template_embedding},
    {"structure_module", "model_1", structure_module},
    {"structure_module_multimer", "model_1_multimer_v3", structure_module},
};

pleat_status pleat_build_sublayer(const char *tag, const pleat_arrays *inputs, pleat_shape_fn *shape_of, void *ctx,
                                  pleat_graph **out_graph, pleat_error *err) {
  *out_graph = NULL;
  size_t i = 0, n = sizeof sublayers / sizeof *sublayers;
  while (i < n && strcmp(sublayers[i].tag, tag)) i++;
  if (i == n) PLEAT_FAIL(err, PLEAT_INVALID, "no sub-layer is called \"%s\"", tag);
  sublayer s = {.inputs = inputs, .shape_of = shape_of, .ctx = ctx, .err = err};
  s.b.variant = pleat_variant_find(sublayers[i].variant);
  s.b.sizes = pleat_sizes_published(s.b.variant);
  PLEAT_TRY(pleat_graph_create(&s.b.g, err));
  pleat_build_stage(s.b.g, PLEAT_STAGE_LAST);
  pleat_enter(&s.b, tag);
  sublayers[i].build(&s);
  if (!s.status) s.status = pleat_build_status(s.b.g, err);
  if (!s.status) s.status = pleat_graph_verify(s.b.g, err);
  if (s.status)
    pleat_graph_destroy(s.b.g);
  else
    *out_graph = s.b.g;
  return s.status;
}
