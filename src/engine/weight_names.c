/* Parameters by name: shapes, column slices, and the comparison of a file with a network.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/map.h"
#include "engine/engine_priv.h"
#include "model/model.h"
#include "tensor/numbers.h"

int pleat_weights_shape_of(void *ctx, const char *name, int64_t shape[PLEAT_MAX_RANK]) {
  const pleat_weights *weights = ctx;
  int64_t i = pleat_weights_find(weights, name);
  if (i < 0) return -1;
  pleat_weight_info info;
  pleat_weights_get(weights, (size_t)i, &info);
  memcpy(shape, info.shape, sizeof info.shape);
  return info.rank;
}

/* "name[:,a:b]" into name, a and b; false when there is no such ending. */
static bool parse_columns(const char *text, char *name, size_t n_name, int64_t *out_first, int64_t *out_last) {
  const char *bracket = strstr(text, "[:,");
  long long first, last;
  if (!bracket || (size_t)(bracket - text) >= n_name || sscanf(bracket, "[:,%lld:%lld]", &first, &last) != 2)
    return false;
  memcpy(name, text, (size_t)(bracket - text));
  name[bracket - text] = 0;
  *out_first = first;
  *out_last = last;
  return true;
}

/* Elements of the columns of a tensor, counted in the sliced tensor: row by row. */
static pleat_status read_columns(const pleat_weights *weights, const char *name, int64_t first_col, int64_t last_col,
                                 int64_t first, int64_t n, float *dst, pleat_error *err) {
  int64_t at = pleat_weights_find(weights, name), width = last_col - first_col;
  if (at < 0) PLEAT_FAIL(err, PLEAT_WEIGHTS, "the weights lack the tensor %s", name);
  pleat_weight_info info;
  pleat_weights_get(weights, (size_t)at, &info);
  int64_t columns = info.shape[info.rank - 1];
  if (first_col < 0 || last_col > columns || width < 1)
    PLEAT_FAIL(err, PLEAT_WEIGHTS, "tensor %s has %lld columns, expected at least %lld", name, (long long)columns,
               (long long)last_col);
  while (n > 0) {
    int64_t row = first / width, column = first % width, count = width - column < n ? width - column : n;
    PLEAT_TRY(pleat_weights_read(weights, (size_t)at, row * columns + first_col + column, count, dst, err));
    first += count;
    dst += count;
    n -= count;
  }
  return PLEAT_OK;
}

static pleat_status read_weight(void *ctx, const char *name, int64_t first, int64_t n, float *dst, pleat_error *err) {
  const pleat_weights *weights = ctx;
  char base[320];
  int64_t first_col, last_col;
  if (parse_columns(name, base, sizeof base, &first_col, &last_col))
    return read_columns(weights, base, first_col, last_col, first, n, dst, err);
  int64_t i = pleat_weights_find(weights, name);
  if (i < 0) PLEAT_FAIL(err, PLEAT_WEIGHTS, "the weights lack the tensor %s", name);
  return pleat_weights_read(weights, (size_t)i, first, n, dst, err);
}

pleat_weight_reader pleat_weights_reader(pleat_weights *weights) {
  return (pleat_weight_reader){.ctx = weights, .read = read_weight};
}

/* Is one shape a refinement of the other? Then the running products of one are among those of the other. */
static bool is_same_layout(const int64_t *a, int n_a, const int64_t *b, int n_b) {
  int i = 0, j = 0;
  int64_t x = 1, y = 1;
  bool a_splits = false, b_splits = false;
  while (i < n_a || j < n_b) {
    if (x == y) {
      x *= i < n_a ? a[i++] : 1;
      y *= j < n_b ? b[j++] : 1;
    } else if (x < y && i < n_a) {
      x *= a[i++];
      a_splits = true;
    } else if (y < x && j < n_b) {
      y *= b[j++];
      b_splits = true;
    } else {
      return false;
    }
  }
  return x == y && !(a_splits && b_splits);
}

/* Stored shape that a parameter of the graph implies: blocks in front, whole rows and columns. */
static int implied_shape(const pleat_graph *graph, pleat_value v, int64_t n_blocks, int64_t shape[8]) {
  const pleat_value_info *info = &graph->values[v];
  int n = 0;
  if (info->is_stacked) shape[n++] = n_blocks;
  int first = n;
  for (int d = 0; d < info->rank; d++) shape[n++] = pleat_graph_dim(graph, v, d);
  if (info->stored_rows) { /* our axes but the last are one stored axis */
    int64_t columns = info->rank > 1 ? shape[n - 1] : 0;
    n = first;
    shape[n++] = info->stored_rows;
    if (columns) shape[n++] = columns;
  }
  if (info->stored_cols) shape[n - 1] = info->stored_cols;
  return n;
}

static int64_t blocks_of(const pleat_graph *graph, pleat_value v) {
  for (uint32_t i = 0; i < graph->n_nodes; i++)
    for (int k = 0; k < graph->nodes[i].n_in; k++)
      if (graph->nodes[i].in[k] == v && graph->nodes[i].region != PLEAT_NO_REGION)
        return graph->regions[graph->nodes[i].region].count;
  return 1;
}

/* Name of the stored tensor that a parameter is, or is columns of. */
static const char *stored_name(const pleat_graph *graph, pleat_value v, char *buf, size_t n_buf) {
  int64_t first, last;
  const char *name = graph->values[v].name;
  return parse_columns(name, buf, n_buf, &first, &last) ? buf : name;
}

static pleat_status match_one(const pleat_weights *weights, const pleat_graph *graph, pleat_value v,
                              const char *model_name, bool *is_used, pleat_error *err) {
  char base[320], want[PLEAT_SHAPE_TEXT], got[PLEAT_SHAPE_TEXT];
  const char *name = stored_name(graph, v, base, sizeof base);
  int64_t expected[8], at = pleat_weights_find(weights, name);
  int rank = implied_shape(graph, v, blocks_of(graph, v), expected);
  if (at < 0)
    PLEAT_FAIL(err, PLEAT_WEIGHTS, "%s: the tensor %s of %s is missing (expected shape %s)",
               pleat_weights_source(weights), name, model_name, pleat_shape_text(rank, expected, want, sizeof want));
  is_used[at] = true;
  pleat_weight_info info;
  pleat_weights_get(weights, (size_t)at, &info);
  if (!is_same_layout(expected, rank, info.shape, info.rank))
    PLEAT_FAIL(err, PLEAT_WEIGHTS, "%s: tensor %s has shape %s, expected %s for %s", pleat_weights_source(weights),
               name, pleat_shape_text(info.rank, info.shape, got, sizeof got),
               pleat_shape_text(rank, expected, want, sizeof want), model_name);
  return PLEAT_OK;
}

pleat_status pleat_weights_match(const pleat_weights *weights, const pleat_graph *graph, const char *model_name,
                                 bool refuse_extra, pleat_error *err) {
  size_t n = pleat_weights_count(weights);
  bool *is_used = calloc(n + 1, sizeof *is_used);
  if (!is_used) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to compare %zu tensors", n);
  pleat_status status = PLEAT_OK;
  for (pleat_value v = 0; v < graph->n_values && !status; v++)
    if (graph->values[v].kind == PLEAT_VALUE_WEIGHT) status = match_one(weights, graph, v, model_name, is_used, err);
  for (size_t i = 0; i < n && !status && refuse_extra; i++) {
    if (is_used[i]) continue;
    pleat_weight_info info;
    pleat_weights_get(weights, i, &info);
    status = pleat_fail(err, PLEAT_WEIGHTS, "%s: tensor %s is not part of %s; is this the file of another model?",
                        pleat_weights_source(weights), info.name, model_name);
  }
  free(is_used);
  return status;
}

/* The smallest network: it has every parameter. */
static pleat_status build_smallest(const pleat_variant *variant, const pleat_sizes *sizes, pleat_graph **out_graph,
                                   pleat_error *err) {
  pleat_model_request request = {.n_res = 2,
                                 .n_clust = 2,
                                 .n_extra = 1,
                                 .n_templ = 1,
                                 .n_templ_rows = 1,
                                 .num_ensemble = 1,
                                 .is_template_static = true,
                                 .want_logits = true};
  return pleat_build_model(variant, sizes, &request, out_graph, err);
}

pleat_status pleat_weights_match_variant(const pleat_weights *weights, const pleat_variant *variant,
                                         const pleat_sizes *sizes, pleat_error *err) {
  pleat_graph *graph;
  PLEAT_TRY(build_smallest(variant, sizes, &graph, err));
  pleat_status status = pleat_weights_match(weights, graph, variant->name, true, err);
  pleat_graph_destroy(graph);
  return status;
}

/* The spec of synthetic weights that a graph's parameters amount to; several may be parts of one stored tensor. */
static void write_spec(const pleat_graph *graph, pleat_map *seen, pleat_buf *out) {
  pleat_buf_puts(out, "{\"seed\": 0, \"tensors\": {");
  uint32_t n = 0;
  for (pleat_value v = 0; v < graph->n_values; v++) {
    if (graph->values[v].kind != PLEAT_VALUE_WEIGHT) continue;
    char base[320], text[PLEAT_SHAPE_TEXT];
    const char *name = stored_name(graph, v, base, sizeof base);
    uint32_t existing = PLEAT_MAP_NONE;
    /* The whole name of a graph's value outlives the map, the copy in `base` does not. */
    out->is_failed |= !pleat_map_insert(seen, graph->values[v].name, strlen(name), v, &existing);
    if (existing != PLEAT_MAP_NONE) continue;
    int64_t shape[8];
    int rank = implied_shape(graph, v, blocks_of(graph, v), shape);
    pleat_shape_text(rank, shape, text, sizeof text);
    pleat_buf_printf(out, "%s\"%s\": %s", n++ ? ", " : "", name, text);
  }
  pleat_buf_puts(out, "}}");
}

pleat_status pleat_weights_open_own(const pleat_variant *variant, pleat_weights **out_weights, pleat_error *err) {
  *out_weights = NULL;
  pleat_sizes sizes = pleat_sizes_published(variant);
  pleat_graph *graph;
  PLEAT_TRY(build_smallest(variant, &sizes, &graph, err));
  pleat_buf spec = {0};
  pleat_map seen = {0};
  write_spec(graph, &seen, &spec);
  pleat_status status = PLEAT_OK;
  if (spec.is_failed) status = pleat_fail(err, PLEAT_NOMEM, "no memory for the names of %s", variant->name);
  /* The text is only read while it is parsed. */
  if (!status)
    status = pleat_weights_open_bytes("synth:(published names and shapes)", (const uint8_t *)spec.data, spec.n,
                                      out_weights, err);
  pleat_map_fini(&seen);
  pleat_buf_fini(&spec);
  pleat_graph_destroy(graph);
  return status;
}
