/* A benchmark's result as a table for people and as JSON for programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "engine/bench.h"

/* a / b, or -1 where there is nothing to divide. */
static double ratio(double a, double b) { return a > 0 && b > 0 ? a / b : -1; }

static double gflops(const pleat_bench_line *line) { return ratio(line->flops * 1e-6, line->ms); }

/* Is a sub-layer part of what ran, or of the cost model? */
static bool is_shown(const pleat_bench_line *line) { return line->n_launches > 0 || line->roofline_ms > 0; }

static const char *storage_name(const pleat_bench_result *r) { return pleat_dtype_text(r->model->storage); }

/* ---- Table ---- */

/* A number in a column of the given width; "-" for what is not known. */
static void put_column(pleat_buf *out, double value, int width, int decimals) {
  if (value < 0)
    pleat_buf_printf(out, " %*s", width, "-");
  else
    pleat_buf_printf(out, " %*.*f", width, decimals, value);
}

static void put_line(pleat_buf *out, const char *name, const pleat_bench_line *line, double total_ms) {
  char calls[24] = "";
  if (line->n_calls) snprintf(calls, sizeof calls, "%lld", (long long)line->n_calls);
  pleat_buf_printf(out, "%-22s %6s %8lld %11.3f", name, calls, (long long)line->n_launches, line->ms);
  put_column(out, 100 * ratio(line->ms, total_ms), 6, 1);
  put_column(out, gflops(line), 9, 1);
  put_column(out, line->roofline_ms > 0 ? line->roofline_ms : -1, 12, 3);
  double achieved = ratio(line->roofline_ms, line->ms);
  put_column(out, achieved < 0 ? -1 : 100 * achieved, 9, 1);
  pleat_buf_puts(out, "\n");
}

static void put_rate(pleat_buf *out, double per_s, const char *unit) {
  if (per_s > 0)
    pleat_buf_printf(out, "%.1f %s", per_s * 1e-9, unit);
  else
    pleat_buf_printf(out, "- %s", unit);
}

static void put_setting(const pleat_bench_result *r, pleat_buf *out) {
  const pleat_bench_query *query = r->query;
  bool is_synthetic = pleat_model_is_synthetic(r->model);
  pleat_buf_printf(out, "%s, %s, backend %s: %s\n", pleat_model_name(r->model), storage_name(r),
                   r->model->backend->name, r->peaks.device);
  pleat_buf_printf(out, "shape %lld,%lld,%lld: residues, alignment rows, extra rows; %lld recycles%s\n",
                   (long long)query->n_res, (long long)query->n_seq, (long long)query->n_extra,
                   (long long)query->num_recycle, is_synthetic ? "; synthetic weights" : "");
  pleat_buf_puts(out, "peaks: ");
  put_rate(out, r->peaks.flops_per_s, "GFLOP/s f32, ");
  put_rate(out, r->peaks.bf16_flops_per_s, "GFLOP/s bf16, ");
  put_rate(out, r->peaks.bytes_per_s, "GB/s copied\n\n");
}

void pleat_bench_write_text(const pleat_bench_result *r, pleat_buf *out) {
  const double mb = 1e-6;
  put_setting(r, out);
  pleat_buf_printf(out, "%-22s %6s %8s %11s %6s %9s %12s %9s\n", "sub-layer", "calls", "launches", "ms", "% time",
                   "GFLOP/s", "roofline ms", "% reached");
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++)
    if (is_shown(&r->lines[row]))
      put_line(out, pleat_bench_row_name((pleat_bench_row)row), &r->lines[row], r->total.ms);
  put_line(out, "total", &r->total, r->total.ms);
  pleat_buf_printf(out, "\nstructure: %.3f s, median of %lld%s", r->structure_ms * 1e-3, (long long)r->n_repeats,
                   r->is_warm ? " after a warm-up" : "");
  double achieved = ratio(r->total.roofline_ms, r->structure_ms);
  if (achieved > 0)
    pleat_buf_printf(out, "; %.1f %% of the fused roofline of %.3f s", 100 * achieved, r->total.roofline_ms * 1e-3);
  pleat_buf_printf(out,
                   "\nmemory: %.1f MB activations + %.1f MB scratch + %.1f MB weights + %.1f MB features and results = "
                   "%.1f MB\n",
                   (double)r->estimate.arena_bytes * mb, (double)r->estimate.scratch_bytes * mb,
                   (double)r->estimate.weight_bytes * mb, (double)r->estimate.host_bytes * mb,
                   (double)r->estimate.total_bytes * mb);
}

/* ---- JSON ---- */

/* A member's name, after a comma unless it is the first of its object or line. */
static void put_key(pleat_buf *out, const char *key) {
  char last = out->n ? out->data[out->n - 1] : '{';
  if (last != '{' && last != '\n') pleat_buf_puts(out, ", ");
  pleat_buf_printf(out, "\"%s\": ", key);
}

static void put_string(pleat_buf *out, const char *key, const char *text) {
  put_key(out, key);
  pleat_buf_puts(out, "\"");
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') pleat_buf_puts(out, "\\");
    if ((unsigned char)*text >= ' ') pleat_buf_append(out, text, 1); /* a processor may call itself what it wants */
  }
  pleat_buf_puts(out, "\"");
}

static void put_bool(pleat_buf *out, const char *key, bool value) {
  put_key(out, key);
  pleat_buf_puts(out, value ? "true" : "false");
}

static void put_count(pleat_buf *out, const char *key, uint64_t value) {
  put_key(out, key);
  pleat_buf_printf(out, "%llu", (unsigned long long)value);
}

static void put_number(pleat_buf *out, const char *key, double value) {
  put_key(out, key);
  pleat_buf_printf(out, "%.6g", value);
}

/* The same, null when nothing positive is known. */
static void put_known(pleat_buf *out, const char *key, double value) {
  if (value > 0) {
    put_number(out, key, value);
  } else {
    put_key(out, key);
    pleat_buf_puts(out, "null");
  }
}

static void put_line_members(pleat_buf *out, const pleat_bench_line *line) {
  put_count(out, "launches", (uint64_t)line->n_launches);
  put_number(out, "ms", line->ms);
  put_number(out, "gflop", line->flops * 1e-9);
  put_known(out, "gflop_per_s", gflops(line));
  put_known(out, "roofline_ms", line->roofline_ms);
  put_known(out, "achieved", ratio(line->roofline_ms, line->ms));
}

static void put_json_setting(const pleat_bench_result *r, pleat_buf *out) {
  const pleat_bench_query *query = r->query;
  put_string(out, "version", pleat_version());
  put_string(out, "model", pleat_model_name(r->model));
  put_string(out, "precision", storage_name(r));
  put_string(out, "backend", r->model->backend->name);
  put_string(out, "device", r->peaks.device);
  put_bool(out, "synthetic_weights", pleat_model_is_synthetic(r->model));
  pleat_buf_puts(out, ",\n\"shape\": {");
  put_count(out, "n_res", (uint64_t)query->n_res);
  put_count(out, "n_seq", (uint64_t)query->n_seq);
  put_count(out, "n_extra", (uint64_t)query->n_extra);
  pleat_buf_puts(out, "}");
  put_count(out, "recycles", (uint64_t)query->num_recycle);
  put_count(out, "repeats", (uint64_t)r->n_repeats);
  put_bool(out, "warm_up", r->is_warm);
  pleat_buf_puts(out, ",\n\"peaks\": {");
  put_known(out, "f32_gflop_per_s", r->peaks.flops_per_s * 1e-9);
  put_known(out, "bf16_gflop_per_s", r->peaks.bf16_flops_per_s * 1e-9);
  put_known(out, "copy_gb_per_s", r->peaks.bytes_per_s * 1e-9);
}

void pleat_bench_write_json(const pleat_bench_result *r, pleat_buf *out) {
  pleat_buf_puts(out, "{");
  put_json_setting(r, out);
  pleat_buf_puts(out, "},\n\"sublayers\": [");
  const char *separator = "\n{";
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) {
    if (!is_shown(&r->lines[row])) continue;
    pleat_buf_puts(out, separator);
    separator = "},\n{";
    put_string(out, "name", pleat_bench_row_name((pleat_bench_row)row));
    put_count(out, "calls", (uint64_t)r->lines[row].n_calls);
    put_line_members(out, &r->lines[row]);
  }
  pleat_buf_puts(out, "}],\n\"total\": {");
  put_line_members(out, &r->total);
  pleat_buf_puts(out, "},\n\"structure\": {");
  put_number(out, "seconds", r->structure_ms * 1e-3);
  put_known(out, "roofline_seconds", r->total.roofline_ms * 1e-3);
  put_known(out, "achieved", ratio(r->total.roofline_ms, r->structure_ms));
  pleat_buf_puts(out, "},\n\"memory_bytes\": {");
  put_count(out, "activations", r->estimate.arena_bytes);
  put_count(out, "scratch", r->estimate.scratch_bytes);
  put_count(out, "weights", r->estimate.weight_bytes);
  put_count(out, "features_and_results", r->estimate.host_bytes);
  put_count(out, "total", r->estimate.total_bytes);
  pleat_buf_puts(out, "}}\n");
}
