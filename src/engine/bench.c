/* A network of a given shape, timed sub-layer by sub-layer and compared with what this machine could do.
 *
 * What runs is what a fold runs: features of a random alignment, a session, whole predictions. Peaks are measured in
 * between, because other programs may use the machine as well: the best probe counts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/bench.h"

#include <stdlib.h>

#include "base/fail.h"
#include "base/os.h"
#include "base/rng.h"
#include "io/fasta.h"

enum { N_SAMPLED = PLEAT_BENCH_N_ROWS + 2, AT_TOTAL = PLEAT_BENCH_N_ROWS, AT_STRUCTURE, N_PROBES = 3 };
static const double WARM_UP_MS = 10e3; /* predictions that take longer are not run once more */

typedef struct bench {
  pleat_bench_result result;
  pleat_predict_options options;
  pleat_arrays *features;
  pleat_session *session;
  const pleat_plan *plan;
  pleat_launch_times times;
  uint8_t *rows;   /* [n_launches]: each one's pleat_bench_row */
  double *samples; /* [N_SAMPLED, n_repeats] milliseconds */
} bench;

/* ---- Features ---- */

static const char amino_acids[] = "ACDEFGHIKLMNPQRSTVWY";
enum { N_LETTERS = sizeof amino_acids - 1 };

/* Columns that can count so many rows in digits of base 20. */
static int64_t counting_columns(int64_t n_rows) {
  int64_t n = 0;
  for (int64_t rest = n_rows - 1; rest > 0; rest /= N_LETTERS) n++;
  return n;
}

/* A random alignment. Rows count up in the first columns, because equal rows would be dropped. */
static void write_alignment(int64_t n_res, int64_t n_rows, pleat_buf *out) {
  pleat_rng rng = pleat_rng_init(0, 0);
  int64_t n_counting = counting_columns(n_rows);
  for (int64_t r = 0; r < n_rows; r++) {
    pleat_buf_printf(out, ">%lld\n", (long long)r);
    int64_t count = r;
    for (int64_t c = 0; c < n_res; c++) {
      int64_t letter = c < n_counting ? count % N_LETTERS : (int64_t)pleat_rng_below(&rng, N_LETTERS);
      pleat_buf_append(out, &amino_acids[letter], 1);
      count /= N_LETTERS;
    }
    pleat_buf_puts(out, "\n");
  }
}

static pleat_status check_query(const pleat_model *model, const pleat_bench_query *query, pleat_error *err) {
  long long N = query->n_res, S = query->n_seq, E = query->n_extra;
  enum { MAX_ROWS = 1000000, MAX_REPEATS = 1000 };
  if (N < 1 || N > PLEAT_MAX_RESIDUES || S < 1 || S > MAX_ROWS || E < 0 || E > MAX_ROWS)
    PLEAT_FAIL(err, PLEAT_INVALID,
               "shape %lld,%lld,%lld: expected 1 to %d residues, 1 to %d alignment rows and 0 to %d extra ones", N, S,
               E, PLEAT_MAX_RESIDUES, MAX_ROWS, MAX_ROWS);
  if (counting_columns(S + E) > N)
    PLEAT_FAIL(err, PLEAT_INVALID, "shape %lld,%lld,%lld: there are not so many different rows of %lld residues", N, S,
               E, N);
  if (query->num_recycle < 0 || query->n_repeats < 0 || query->n_repeats > MAX_REPEATS)
    PLEAT_FAIL(err, PLEAT_INVALID,
               "%lld recycles and %lld repetitions: expected at least 0, and at most %d repetitions",
               (long long)query->num_recycle, (long long)query->n_repeats, MAX_REPEATS);
  if (model->backend == &pleat_backend_null)
    PLEAT_FAIL(err, PLEAT_INVALID, "backend \"null\" runs nothing that could be measured; use cpu or ref");
  return PLEAT_OK;
}

static pleat_status make_features(bench *b, pleat_error *err) {
  const pleat_bench_query *query = b->result.query;
  b->options = (pleat_predict_options){.num_recycle = query->num_recycle,
                                       .max_msa = query->n_seq,
                                       .max_extra_msa = query->n_extra,
                                       .msa_mask_fraction = -1,
                                       .early_stop_tolerance = -1};
  pleat_buf text = {0};
  write_alignment(query->n_res, query->n_seq + query->n_extra, &text);
  pleat_status status = PLEAT_OK;
  if (text.is_failed) status = pleat_fail(err, PLEAT_NOMEM, "no memory for an alignment to measure with");
  if (!status)
    status = pleat_features_from_a3m(text.data, text.n, "bench", b->result.model, &b->options, &b->features, err);
  pleat_buf_fini(&text);
  return status;
}

/* ---- Measuring ---- */

static double max(double a, double b) { return a > b ? a : b; }

static void probe(bench *b) {
  const pleat_model *model = b->result.model;
  pleat_backend_caps *peaks = &b->result.peaks;
  b->result.has_peaks = model->backend->measure != NULL;
  for (int i = 0; i < N_PROBES && b->result.has_peaks; i++) {
    pleat_backend_caps caps;
    model->backend->measure(model->be, &caps);
    peaks->flops_per_s = max(peaks->flops_per_s, caps.flops_per_s);
    peaks->bytes_per_s = max(peaks->bytes_per_s, caps.bytes_per_s);
    peaks->bf16_flops_per_s = max(peaks->bf16_flops_per_s, caps.bf16_flops_per_s);
  }
}

static pleat_status prepare(bench *b, pleat_error *err) {
  PLEAT_TRY(make_features(b, err));
  PLEAT_TRY(pleat_session_create(b->result.model, b->features, &b->options, &b->session, err));
  pleat_session_estimate(b->session, &b->result.estimate);
  b->plan = pleat_session_plan(b->session);
  size_t n = b->plan->n_launches;
  b->times.ms = calloc(n + 1, sizeof *b->times.ms);
  b->times.n_runs = calloc(n + 1, sizeof *b->times.n_runs);
  b->rows = malloc(n + 1);
  b->samples = malloc(N_SAMPLED * (size_t)b->result.n_repeats * sizeof *b->samples);
  if (!b->times.ms || !b->times.n_runs || !b->rows || !b->samples)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the times of %zu launches", n);
  pleat_bench_row row = PLEAT_BENCH_EMBED;
  for (size_t i = 0; i < n; i++) b->rows[i] = (uint8_t)(row = pleat_bench_row_of(b->plan->launches[i].node, row));
  b->times.opt_label = b->rows;
  return PLEAT_OK;
}

static pleat_status predict(bench *b, pleat_launch_times *opt_times, double *out_ms, pleat_error *err) {
  pleat_arrays *prediction = NULL;
  double start = pleat_os_time_ms();
  PLEAT_TRY(pleat_session_predict_timed(b->session, b->features, &b->options, opt_times, &prediction, err));
  *out_ms = pleat_os_time_ms() - start;
  pleat_arrays_destroy(prediction);
  return PLEAT_OK;
}

/* Times of one prediction, by sub-layer. */
static pleat_status take_sample(bench *b, int64_t repeat, pleat_error *err) {
  double sums[N_SAMPLED] = {0};
  for (uint32_t i = 0; i < b->plan->n_launches; i++) {
    b->times.ms[i] = 0;
    b->times.n_runs[i] = 0;
  }
  PLEAT_TRY(predict(b, &b->times, &sums[AT_STRUCTURE], err));
  for (uint32_t i = 0; i < b->plan->n_launches; i++) {
    sums[b->rows[i]] += b->times.ms[i];
    sums[AT_TOTAL] += b->times.ms[i];
  }
  for (int k = 0; k < N_SAMPLED; k++) b->samples[k * b->result.n_repeats + repeat] = sums[k];
  return PLEAT_OK;
}

static pleat_status measure(bench *b, pleat_error *err) {
  double ignored;
  probe(b);
  b->result.is_warm = b->result.estimate.milliseconds < WARM_UP_MS;
  if (b->result.is_warm) PLEAT_TRY(predict(b, NULL, &ignored, err));
  for (int64_t k = 0; k < b->result.n_repeats; k++) {
    PLEAT_TRY(take_sample(b, k, err));
    probe(b);
  }
  return PLEAT_OK;
}

/* ---- Results ---- */

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts the samples. */
static double median(double *samples, int64_t n) {
  qsort(samples, (size_t)n, sizeof *samples, compare_doubles);
  return (samples[(n - 1) / 2] + samples[n / 2]) / 2;
}

static void add_rooflines(pleat_bench_result *result) {
  const pleat_bench_query *query = result->query;
  bool is_bf16 = result->model->storage == PLEAT_BF16;
  double f32 = result->peaks.flops_per_s, bf16 = result->peaks.bf16_flops_per_s;
  const pleat_bench_work work = {.sizes = &result->model->sizes,
                                 .n_res = query->n_res,
                                 .n_seq = query->n_seq,
                                 .n_extra = query->n_extra,
                                 .n_passes = query->num_recycle + 1};
  const pleat_bench_machine machine = {.flops_per_s = is_bf16 && bf16 > 0 ? bf16 : f32,
                                       .f32_flops_per_s = f32,
                                       .bytes_per_s = result->peaks.bytes_per_s,
                                       .item_bytes = is_bf16 ? 2 : 4};
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) {
    result->lines[row].roofline_ms = pleat_bench_roofline_ms((pleat_bench_row)row, &work, &machine);
    result->total.roofline_ms += result->lines[row].roofline_ms;
  }
}

static void sum_up(bench *b) {
  pleat_bench_result *result = &b->result;
  int64_t n = result->n_repeats;
  for (uint32_t i = 0; i < b->plan->n_launches; i++) {
    pleat_bench_line *line = &result->lines[b->rows[i]];
    int64_t n_runs = b->times.n_runs[i];
    double flops = (double)n_runs * b->plan->launches[i].flops;
    /* Each launch runs once in a call; some only in the first. */
    if (n_runs > line->n_calls) line->n_calls = n_runs;
    line->n_launches += n_runs;
    line->flops += flops;
    result->total.n_launches += n_runs;
    result->total.flops += flops;
  }
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) result->lines[row].ms = median(b->samples + row * n, n);
  result->total.ms = median(b->samples + AT_TOTAL * n, n);
  result->structure_ms = median(b->samples + AT_STRUCTURE * n, n);
  if (result->has_peaks) add_rooflines(result);
}

static pleat_status run(bench *b, pleat_error *err) {
  PLEAT_TRY(check_query(b->result.model, b->result.query, err));
  PLEAT_TRY(prepare(b, err));
  PLEAT_TRY(measure(b, err));
  sum_up(b);
  return PLEAT_OK;
}

pleat_status pleat_bench_text(const pleat_model *model, const pleat_bench_query *query, char **out_text,
                              pleat_error *err) {
  *out_text = NULL;
  bench b = {.result = {.model = model, .query = query, .n_repeats = query->n_repeats > 0 ? query->n_repeats : 1}};
  model->backend->caps(model->be, &b.result.peaks);
  b.result.peaks.flops_per_s = b.result.peaks.bytes_per_s = b.result.peaks.bf16_flops_per_s = 0;
  pleat_status status = run(&b, err);
  pleat_buf text = {0};
  if (!status) (query->is_json ? pleat_bench_write_json : pleat_bench_write_text)(&b.result, &text);
  pleat_session_destroy(b.session);
  pleat_arrays_destroy(b.features);
  free(b.times.ms);
  free(b.times.n_runs);
  free(b.rows);
  free(b.samples);
  return status ? status : pleat_text_give(&text, out_text, err);
}
