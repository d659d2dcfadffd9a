/* Sub-layers as a table: scopes of their nodes and what the cost model knows of them.
 * Source: the fused rows of shared/tools/af2_cost.py with its time model 'add'; unit/bench compares the totals.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/bench_cost.h"

#include <string.h>

typedef enum cost_kind {
  NO_MODEL,
  EMBED,
  ROW_ATTENTION,
  COLUMN_ATTENTION,
  GLOBAL_COLUMN,
  TRANSITION,
  OUTER_PRODUCT,
  TRIANGLE_PRODUCT,
  TRIANGLE_ATTENTION,
  STRUCTURE,
  HEADS
} cost_kind;

/* What a sub-layer works on: [N_res, N_res], [N_seq, N_res] or [N_extra, N_res]. */
typedef enum stream { PAIR, MSA, EXTRA } stream;

typedef struct row_spec {
  const char *name, *scope;
  uint8_t kind, stream;
  bool is_extra_stack;
  uint16_t c;       /* channels of the stream */
  uint16_t n_heads; /* attention */
  uint16_t hidden;  /* channels of a head, of a transition's hidden layer, of the outer product's factors */
} row_spec;

#define EXTRA_STACK "evoformer/extra_msa_stack"
#define MAIN_STACK  "evoformer/evoformer_iteration"

/* clang-format off */
static const row_spec specs[PLEAT_BENCH_N_ROWS] = {
    [PLEAT_BENCH_EMBED] = {"embed+recycle", "", EMBED, 0, false, 0, 0, 0},
    [PLEAT_BENCH_TEMPLATES] = {"templates", "evoformer/template_embedding", NO_MODEL, 0, false, 0, 0, 0},
    [PLEAT_BENCH_EXTRA_ROW] = {"extra row attn", EXTRA_STACK "/msa_row_attention_with_pair_bias", ROW_ATTENTION, EXTRA, true, 64, 8, 8},
    [PLEAT_BENCH_EXTRA_COLUMN] = {"extra col global attn", EXTRA_STACK "/msa_column_global_attention", GLOBAL_COLUMN, EXTRA, true, 64, 8, 8},
    [PLEAT_BENCH_EXTRA_TRANSITION] = {"extra msa transition", EXTRA_STACK "/msa_transition", TRANSITION, EXTRA, true, 64, 0, 256},
    [PLEAT_BENCH_EXTRA_OUTER] = {"extra outer product", EXTRA_STACK "/outer_product_mean", OUTER_PRODUCT, EXTRA, true, 64, 0, 32},
    [PLEAT_BENCH_EXTRA_TRI_OUT] = {"extra tri-mult out", EXTRA_STACK "/triangle_multiplication_outgoing", TRIANGLE_PRODUCT, PAIR, true, 128, 0, 0},
    [PLEAT_BENCH_EXTRA_TRI_IN] = {"extra tri-mult in", EXTRA_STACK "/triangle_multiplication_incoming", TRIANGLE_PRODUCT, PAIR, true, 128, 0, 0},
    [PLEAT_BENCH_EXTRA_TRI_START] = {"extra tri-attn start", EXTRA_STACK "/triangle_attention_starting_node", TRIANGLE_ATTENTION, PAIR, true, 128, 4, 32},
    [PLEAT_BENCH_EXTRA_TRI_END] = {"extra tri-attn end", EXTRA_STACK "/triangle_attention_ending_node", TRIANGLE_ATTENTION, PAIR, true, 128, 4, 32},
    [PLEAT_BENCH_EXTRA_PAIR] = {"extra pair transition", EXTRA_STACK "/pair_transition", TRANSITION, PAIR, true, 128, 0, 512},
    [PLEAT_BENCH_MSA_ROW] = {"msa row attn", MAIN_STACK "/msa_row_attention_with_pair_bias", ROW_ATTENTION, MSA, false, 256, 8, 32},
    [PLEAT_BENCH_MSA_COLUMN] = {"msa col attn", MAIN_STACK "/msa_column_attention", COLUMN_ATTENTION, MSA, false, 256, 8, 32},
    [PLEAT_BENCH_MSA_TRANSITION] = {"msa transition", MAIN_STACK "/msa_transition", TRANSITION, MSA, false, 256, 0, 1024},
    [PLEAT_BENCH_OUTER] = {"outer product", MAIN_STACK "/outer_product_mean", OUTER_PRODUCT, MSA, false, 256, 0, 32},
    [PLEAT_BENCH_TRI_OUT] = {"tri-mult out", MAIN_STACK "/triangle_multiplication_outgoing", TRIANGLE_PRODUCT, PAIR, false, 128, 0, 0},
    [PLEAT_BENCH_TRI_IN] = {"tri-mult in", MAIN_STACK "/triangle_multiplication_incoming", TRIANGLE_PRODUCT, PAIR, false, 128, 0, 0},
    [PLEAT_BENCH_TRI_START] = {"tri-attn start", MAIN_STACK "/triangle_attention_starting_node", TRIANGLE_ATTENTION, PAIR, false, 128, 4, 32},
    [PLEAT_BENCH_TRI_END] = {"tri-attn end", MAIN_STACK "/triangle_attention_ending_node", TRIANGLE_ATTENTION, PAIR, false, 128, 4, 32},
    [PLEAT_BENCH_PAIR] = {"pair transition", MAIN_STACK "/pair_transition", TRANSITION, PAIR, false, 128, 0, 512},
    [PLEAT_BENCH_STRUCTURE] = {"structure module", "structure_module", STRUCTURE, 0, false, 0, 0, 0},
    [PLEAT_BENCH_HEADS] = {"heads (last pass)", "", HEADS, 0, false, 0, 0, 0},
};
/* clang-format on */

const char *pleat_bench_row_name(pleat_bench_row row) { return specs[row].name; }

/* Is the scope this one, or inside it? */
static bool is_inside(const char *scope, const char *outer) {
  size_t n = strlen(outer);
  return n && !strncmp(scope, outer, n) && (!scope[n] || scope[n] == '/');
}

pleat_bench_row pleat_bench_row_of(const pleat_node *node, pleat_bench_row previous) {
  if (node->stage == PLEAT_STAGE_LAST) return PLEAT_BENCH_HEADS;
  if (node->stage == PLEAT_STAGE_FOLD) return PLEAT_BENCH_STRUCTURE;
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++)
    if (is_inside(node->scope, specs[row].scope)) return (pleat_bench_row)row;
  /* The planner's copies, and residuals that no kernel adds, have no sub-layer's name. */
  bool is_nameless =
      !strcmp(node->scope, "copy") || !strcmp(node->scope, EXTRA_STACK) || !strcmp(node->scope, MAIN_STACK);
  return is_nameless ? previous : PLEAT_BENCH_EMBED;
}

/* ---- The cost model ---------------------------------------------------------------------------------------------- */

enum { C_Z = 128, MAX_KERNELS = 3 };

typedef struct kernel {
  double flops; /* 2 per multiply-add of a contraction; other arithmetic is not counted */
  double exps;  /* of softmax and sigmoid */
  double bytes; /* activations and weights */
} kernel;

/* Gated attention over n_rows sequences of the given length: [bias], projections, attention with the output layer.
 * Of one key the softmax is 1, so that queries and keys are never used. */
static int attention(const row_spec *s, double n_rows, double length, double N, double item, kernel *k) {
  double c = s->c, width = s->n_heads * s->hidden, tokens = n_rows * length;
  bool is_one_key = s->kind == COLUMN_ATTENTION && length == 1;
  double n_proj = is_one_key ? 2 : 4, logits = is_one_key ? 0 : n_rows * s->n_heads * length * length;
  double x = tokens * c * item, q = tokens * width * item, pair = N * N * C_Z * item, bias = N * N * s->n_heads * item;
  double bias_flops = 2 * N * N * C_Z * s->n_heads;
  int n = 0;
  if (s->kind == ROW_ATTENTION) k[n++] = (kernel){bias_flops, 0, pair + bias};
  kernel *projections = &k[n++], *core = &k[n++];
  *projections = (kernel){2 * tokens * c * width * n_proj, 0, x + n_proj * q + n_proj * c * width * item};
  *core = (kernel){4 * logits * s->hidden + 2 * tokens * width * c, logits + tokens * width,
                   n_proj * q + 2 * x + c * width * item};
  if (s->kind != COLUMN_ATTENTION) core->bytes += bias;
  if (s->kind == TRIANGLE_ATTENTION) { /* the bias is of the same tensor */
    projections->flops += bias_flops;
    projections->bytes += bias;
  }
  return n;
}

/* Alg. 19 over E rows: keys, values and the averaged query; weights, gate and output layer. */
static int global_column(const row_spec *s, double E, double N, double item, kernel *k) {
  double c = s->c, d = s->hidden, H = s->n_heads, x = E * N * c * item, kv = E * N * d * item;
  k[0] = (kernel){4 * E * N * c * d + 2 * N * c * c, 0, x + 2 * kv + (2 * c * d + c * c) * item};
  k[1] = (kernel){4 * N * H * E * d + 4 * E * N * c * c, N * H * E + E * N * c, 2 * x + 2 * kv + 2 * c * c * item};
  return 2;
}

static int transition(const row_spec *s, double tokens, double item, kernel *k) {
  double c = s->c, hidden = s->hidden;
  k[0] = (kernel){4 * tokens * c * hidden, 0, 2 * tokens * c * item + 2 * c * hidden * item};
  return 1;
}

/* Projections; the product of S rows and its layer, in the cheaper order. */
static int outer_product(const row_spec *s, double S, double N, double item, kernel *k) {
  double c = s->hidden, x = S * N * s->c * item, p = S * N * c * item, z = N * N * C_Z * item;
  double outer = 2 * N * N * c * c * S + 2 * N * N * c * c * C_Z;
  double weights_first = 2 * S * N * c * c * C_Z + 2 * N * N * S * c * C_Z;
  k[0] = (kernel){2 * S * N * s->c * 2 * c, 0, x + 2 * p + 2 * s->c * c * item};
  k[1] = (kernel){outer < weights_first ? outer : weights_first, 0, 2 * p + 2 * z + c * c * C_Z * item};
  return 2;
}

/* Gated projections; the product of each channel; gated output layer. */
static int triangle_product(const row_spec *s, double N, double item, kernel *k) {
  double c = s->c, z = N * N * c * item, exps = N * N * c;
  k[0] = (kernel){8 * N * N * c * c, 2 * exps, 3 * z + 4 * c * c * item};
  k[1] = (kernel){2 * N * N * N * c, 0, 3 * z};
  k[2] = (kernel){4 * N * N * c * c, exps, 3 * z + 2 * c * c * item};
  return 3;
}

/* Layers of the features (MSA 49 -> 256, extra rows 25 -> 64, distances 15 -> 128), which are read and written. */
static int embed(double S, double E, double N, double item, kernel *k) {
  k[0] = (kernel){2 * S * N * 49 * 256 + 2 * E * N * 25 * 64 + 2 * N * N * 15 * C_Z, 0,
                  (S * N * (49 + 256) + E * N * (25 + 64) + N * N * 3 * C_Z) * item};
  return 1;
}

/* One layer of Alg. 20: scalars and points of query, key and value (1152 channels); logits and averages of 12 heads;
 * output, transition, update and side chains. The bias of the pair is projected once for 8 layers. */
static int structure(double N, double item, kernel *k) {
  double attention_flops = 2 * 12 * N * N * (16 + 18 + 16 + 24 + C_Z) + 2 * N * N * C_Z * 12 / 8;
  double side_chain = 2 * 384 * 128 + 4 * 128 * 128 + 128 * 14;
  double layers = 384 * 1152 + 2112 * 384 + 3 * 384 * 384 + 384 * 6 + side_chain;
  k[0] = (kernel){2 * N * layers + attention_flops, 12 * N * N, N * N * C_Z * item + N * N * 12 * 4};
  return 1;
}

/* All heads that the published network has. */
static int heads(double N, double item, kernel *k) {
  double single = 384 * 128 + 128 * 128 + 128 * 50 + 384 * 37;
  k[0] = (kernel){2 * N * N * C_Z * 64 * 2 + 2 * N * single, N * N * C_Z, 2 * N * N * C_Z * item};
  return 1;
}

/* The kernels of one call. */
static int kernels_of(const row_spec *s, const pleat_bench_work *work, double item, kernel k[MAX_KERNELS]) {
  double N = (double)work->n_res, S = (double)work->n_seq, E = (double)work->n_extra;
  double rows = s->stream == EXTRA ? E : s->stream == MSA ? S : N;
  if (s->is_extra_stack && s->stream == EXTRA && !work->n_extra) return 0;
  switch ((cost_kind)s->kind) {
    case NO_MODEL: return 0;
    case EMBED: return embed(S, E, N, item, k);
    case ROW_ATTENTION:
    case TRIANGLE_ATTENTION: return attention(s, rows, N, N, item, k);
    case COLUMN_ATTENTION: return attention(s, N, rows, N, item, k);
    case GLOBAL_COLUMN: return global_column(s, rows, N, item, k);
    case TRANSITION: return transition(s, rows * N, item, k);
    case OUTER_PRODUCT: return outer_product(s, rows, N, item, k);
    case TRIANGLE_PRODUCT: return triangle_product(s, N, item, k);
    case STRUCTURE: return structure(N, item, k);
    case HEADS: return heads(N, item, k);
  }
  return 0;
}

/* Calls in one prediction. */
static double calls_of(const row_spec *s, const pleat_bench_work *work) {
  double passes = (double)work->n_passes;
  switch ((cost_kind)s->kind) {
    case EMBED: return passes;
    case HEADS: return 1;
    case STRUCTURE: return passes * (double)work->sizes->n_fold;
    default: return passes * (double)(s->is_extra_stack ? work->sizes->n_extra : work->sizes->n_evoformer);
  }
}

double pleat_bench_roofline_ms(pleat_bench_row row, const pleat_bench_work *work, const pleat_bench_machine *machine) {
  enum { FLOPS_PER_EXP = 20 }; /* a polynomial of about ten multiply-adds */
  kernel kernels[MAX_KERNELS];
  int n = kernels_of(&specs[row], work, machine->item_bytes, kernels);
  double seconds = 0;
  for (int i = 0; i < n; i++) {
    const kernel *k = &kernels[i];
    double compute = k->flops / machine->flops_per_s + FLOPS_PER_EXP * k->exps / machine->f32_flops_per_s;
    double move = k->bytes / machine->bytes_per_s;
    seconds += compute > move ? compute : move;
  }
  return seconds * calls_of(&specs[row], work) * 1e3;
}
