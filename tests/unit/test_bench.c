/* pleat_bench_text and what it stands on: the cost model, the sub-layers of launches, times of launches.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "check.h"
#include "engine/bench_cost.h"
#include "engine/engine_priv.h"

static pleat_sizes published(void) { return pleat_sizes_published(pleat_variant_find("model_3_ptm")); }

/* ---- The cost model ---- */

/* The rates of its machines "zen5" and "zen5-bf16". */
static const pleat_bench_machine zen5 = {485e9, 485e9, 67e9, 4}, zen5_bf16 = {950e9, 485e9, 67e9, 2};

static double total_seconds(const pleat_bench_work *work, const pleat_bench_machine *machine) {
  double ms = 0;
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) ms += pleat_bench_roofline_ms((pleat_bench_row)row, work, machine);
  return ms * 1e-3;
}

/* In shared/tools; the tool itself prints the first digits as "fused": af2_cost.py --machine zen5 --n 100 --nseq 1
 * --nextra 0 --recycles 0.
 *   python3 -c 'import af2_cost as c; m = c.MACHINES["zen5"]; print("%.10g" %
 *   c.run_time(c.model(100, 1, 0, b=m[5]), m, "bf", 1))' */
static void test_totals(void) {
  static const struct {
    int64_t n_res, n_seq, n_extra, n_passes;
    double zen5, zen5_bf16; /* seconds */
  } cases[] = {{100, 1, 0, 1, 1.304971802, 0.6854958942},     {100, 1, 0, 4, 5.217595403, 2.74073604},
               {128, 512, 1024, 1, 25.315062, 13.32907762},   {128, 512, 1024, 4, 101.2565313, 53.31428603},
               {384, 512, 1024, 1, 116.6623394, 61.75782765}, {384, 512, 1024, 4, 466.6167259, 247.0135083}};
  const pleat_sizes sizes = published();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const pleat_bench_work work = {&sizes, cases[i].n_res, cases[i].n_seq, cases[i].n_extra, cases[i].n_passes};
    CHECK_NEAR(total_seconds(&work, &zen5), cases[i].zen5, 1e-8 * cases[i].zen5);
    CHECK_NEAR(total_seconds(&work, &zen5_bf16), cases[i].zen5_bf16, 1e-8 * cases[i].zen5_bf16);
  }
}

/* c.rtime(r, m, "bf")[0] * c.reps(r, 1) * 1e3 for r in c.model(128, 512, 1024, b=4), as above. */
static void test_rows(void) {
  static const struct {
    const char *name;
    double ms;
  } expected[PLEAT_BENCH_N_ROWS] = {{"embed+recycle", 4.384561089},         {"templates", 0},
                                    {"extra row attn", 103.7552318},        {"extra col global attn", 22.04987661},
                                    {"extra msa transition", 70.84482138},  {"extra outer product", 327.6572989},
                                    {"extra tri-mult out", 32.03237529},    {"extra tri-mult in", 32.03237529},
                                    {"extra tri-attn start", 32.86258804},  {"extra tri-attn end", 32.86258804},
                                    {"extra pair transition", 35.42241069}, {"msa row attn", 5273.255048},
                                    {"msa col attn", 8215.785379},          {"msa transition", 6801.102852},
                                    {"outer product", 2337.879105},         {"tri-mult out", 384.3885035},
                                    {"tri-mult in", 384.3885035},           {"tri-attn start", 394.3510565},
                                    {"tri-attn end", 394.3510565},          {"pair transition", 425.0689283},
                                    {"structure module", 9.348541493},      {"heads (last pass)", 1.238900652}};
  const pleat_sizes sizes = published();
  const pleat_bench_work work = {&sizes, 128, 512, 1024, 1};
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) {
    CHECK_STR(pleat_bench_row_name((pleat_bench_row)row), expected[row].name);
    CHECK_NEAR(pleat_bench_roofline_ms((pleat_bench_row)row, &work, &zen5), expected[row].ms, 1e-8 * expected[row].ms);
  }
}

/* ---- Sub-layers of launches ---- */

static pleat_plan *plan_of(const char *name, int64_t N, int64_t S, int64_t E, bool is_unfused) {
  pleat_error err;
  const pleat_variant *variant = pleat_variant_find(name);
  const pleat_sizes sizes = pleat_sizes_published(variant);
  const pleat_model_request request = {.n_res = N,
                                       .n_clust = S,
                                       .n_extra = E,
                                       .num_ensemble = 1,
                                       .n_templ = variant->is_multimer,
                                       .is_template_static = true};
  pleat_plan_options options = pleat_plan_options_for(&pleat_backend_null, NULL, PLEAT_F32);
  options.is_unfused = is_unfused;
  pleat_graph *graph = NULL;
  pleat_plan *plan = NULL;
  if (!CHECK_OK(pleat_build_model(variant, &sizes, &request, &graph, &err), &err)) return NULL;
  CHECK_OK(pleat_plan_build(graph, &options, &plan, &err), &err);
  return plan;
}

/* FLOPs of a prediction by sub-layer, as the plan counts them. Launches of a stack belong to the stack's sub-layers. */
static void sum_flops(const pleat_plan *plan, double flops[PLEAT_BENCH_N_ROWS]) {
  memset(flops, 0, PLEAT_BENCH_N_ROWS * sizeof *flops);
  pleat_bench_row row = PLEAT_BENCH_EMBED;
  for (uint32_t s = 0; s < plan->n_segments; s++) {
    const pleat_segment *segment = &plan->segments[s];
    for (uint32_t i = segment->first; i < segment->last; i++) {
      row = pleat_bench_row_of(plan->launches[i].node, row);
      bool is_extra = row >= PLEAT_BENCH_EXTRA_ROW && row <= PLEAT_BENCH_EXTRA_PAIR;
      bool is_main = row >= PLEAT_BENCH_MSA_ROW && row <= PLEAT_BENCH_PAIR;
      if (segment->count > 1) CHECK_INT(is_extra, !strcmp(segment->name, "extra_msa_stack"));
      if (segment->count > 1) CHECK_INT(is_main, !strcmp(segment->name, "evoformer"));
      if (segment->count == 1) CHECK(!is_main);
      flops[row] += (double)segment->count * plan->launches[i].flops;
    }
  }
}

/* The plan and the cost model agree on the work of each sub-layer, up to what is no contraction. */
static void test_attribution(const char *name, bool is_unfused) {
  pleat_plan *plan = plan_of(name, 40, 50, 60, is_unfused);
  if (!plan) return;
  double flops[PLEAT_BENCH_N_ROWS];
  sum_flops(plan, flops);
  const pleat_sizes sizes = published();
  const pleat_bench_work work = {&sizes, 40, 50, 60, 1};
  const pleat_bench_machine only_flops = {1, 1e30, 1e30, 4};
  for (int row = PLEAT_BENCH_EXTRA_ROW; row <= PLEAT_BENCH_PAIR; row++) {
    double expected = pleat_bench_roofline_ms((pleat_bench_row)row, &work, &only_flops) * 1e-3;
    if (!CHECK_NEAR(flops[row] / expected, 1, is_unfused ? 0.06 : 0.03))
      fprintf(stderr, "  %s, %s\n", name, pleat_bench_row_name((pleat_bench_row)row));
  }
  bool is_multimer = pleat_variant_find(name)->is_multimer;
  CHECK_INT(flops[PLEAT_BENCH_TEMPLATES] > 0, is_multimer);
  if (!is_multimer) {
    double expected = pleat_bench_roofline_ms(PLEAT_BENCH_STRUCTURE, &work, &only_flops) * 1e-3;
    CHECK_NEAR(flops[PLEAT_BENCH_STRUCTURE] / expected, 1, 0.15);
  }
  CHECK(flops[PLEAT_BENCH_EMBED] > 0 && flops[PLEAT_BENCH_HEADS] > 0);
  pleat_plan_destroy(plan);
}

/* ---- The whole ---- */

static pleat_model *open_tiny(const char *backend) {
  pleat_model *model = NULL;
  pleat_error err;
  const pleat_model_options options = {.name = "model_1_ptm", .opt_backend = backend, .n_threads = 1};
  CHECK_OK(pleat_model_open("synth:tests/data/tiny_monomer.weights.json", &options, &model, &err), &err);
  return model;
}

static json_t *bench_json(const pleat_model *model, pleat_bench_query query) {
  char *text = NULL;
  pleat_error err;
  json_error_t error;
  query.is_json = true;
  if (!CHECK_OK(pleat_bench_text(model, &query, &text, &err), &err)) return NULL;
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!CHECK(json != NULL)) fprintf(stderr, "  %s\n%s", error.text, text);
  pleat_text_free(text);
  return json;
}

static json_t *sublayer(const json_t *json, const char *name) {
  size_t i;
  json_t *item;
  json_array_foreach(json_object_get(json, "sublayers"), i, item) {
    if (!strcmp(json_string_value(json_object_get(item, "name")), name)) return item;
  }
  return NULL;
}

static int64_t integer(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return CHECK(json_is_integer(value)) ? json_integer_value(value) : -1;
}

static double number(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return CHECK(json_is_number(value)) ? json_number_value(value) : -1;
}

/* Calls of a network of 2 Evoformer blocks, 1 extra one and 8 layers in the structure module, in 2 passes. */
static void test_json(const pleat_model *model) {
  json_t *json =
      bench_json(model, (pleat_bench_query){.n_res = 9, .n_seq = 3, .n_extra = 2, .num_recycle = 1, .n_repeats = 2});
  CHECK_INT(integer(sublayer(json, "embed+recycle"), "calls"), 2);
  CHECK_INT(integer(sublayer(json, "msa row attn"), "calls"), 4);
  CHECK_INT(integer(sublayer(json, "extra row attn"), "calls"), 2);
  CHECK_INT(integer(sublayer(json, "structure module"), "calls"), 16);
  CHECK_INT(integer(sublayer(json, "heads (last pass)"), "calls"), 1);
  CHECK(!sublayer(json, "templates"));
  const json_t *total = json_object_get(json, "total"), *structure = json_object_get(json, "structure");
  int64_t n_launches = 0;
  double ms = 0, roofline_ms = 0;
  for (int row = 0; row < PLEAT_BENCH_N_ROWS; row++) {
    const json_t *line = sublayer(json, pleat_bench_row_name((pleat_bench_row)row));
    if (!line) continue;
    n_launches += integer(line, "launches");
    ms += number(line, "ms");
    roofline_ms += number(line, "roofline_ms");
    CHECK(number(line, "ms") > 0 && number(line, "gflop_per_s") > 0 && number(line, "achieved") > 0);
  }
  CHECK_INT(integer(total, "launches"), n_launches);
  CHECK(number(total, "ms") > 0.5 * ms && number(total, "ms") < 2 * ms); /* medians each */
  CHECK_NEAR(number(total, "roofline_ms"), roofline_ms, 1e-4 * roofline_ms);
  CHECK(number(structure, "seconds") * 1e3 >= number(total, "ms") * 0.999);
  CHECK_NEAR(number(structure, "achieved"), number(structure, "roofline_seconds") / number(structure, "seconds"), 1e-4);
  CHECK(number(json_object_get(json, "peaks"), "f32_gflop_per_s") > 0.1);
  CHECK(integer(json_object_get(json, "memory_bytes"), "total") > 1000000);
  CHECK_INT(integer(json, "repeats"), 2);
  json_decref(json);
}

/* Without peaks there is no roofline, and without extra rows only what they leave behind. */
static void test_unknown(void) {
  pleat_model *model = open_tiny("ref");
  if (!model) return;
  json_t *json = bench_json(model, (pleat_bench_query){.n_res = 3, .n_seq = 1});
  CHECK(json_is_null(json_object_get(json_object_get(json, "peaks"), "f32_gflop_per_s")));
  CHECK(json_is_null(json_object_get(json_object_get(json, "total"), "achieved")));
  CHECK(json_is_null(json_object_get(sublayer(json, "pair transition"), "roofline_ms")));
  CHECK(number(sublayer(json, "pair transition"), "ms") > 0);
  CHECK(sublayer(json, "extra outer product") && !sublayer(json, "extra row attn"));
  json_decref(json);
  pleat_model_close(model);
}

/* Handing launches over one at a time changes nothing. */
static void test_times(const pleat_model *model) {
  const pleat_predict_options options = {.num_recycle = 1, .msa_mask_fraction = -1};
  pleat_arrays *features = NULL, *results[2] = {NULL, NULL};
  pleat_session *session = NULL;
  pleat_error err;
  if (CHECK_OK(pleat_features_from_sequence("MKVAWGGHIL", model, &options, &features, &err), &err) &&
      CHECK_OK(pleat_session_create(model, features, &options, &session, &err), &err)) {
    const pleat_plan *plan = pleat_session_plan(session);
    pleat_launch_times times = {.ms = calloc(plan->n_launches, sizeof(double)),
                                .n_runs = calloc(plan->n_launches, sizeof(uint32_t))};
    CHECK_OK(pleat_session_predict(session, features, &options, &results[0], &err), &err);
    CHECK_OK(pleat_session_predict_timed(session, features, &options, &times, &results[1], &err), &err);
    double n_runs = 0;
    for (uint32_t i = 0; i < plan->n_launches; i++) {
      CHECK(times.n_runs[i] > 0 && times.ms[i] >= 0);
      n_runs += times.n_runs[i];
    }
    CHECK_NEAR(n_runs, plan->n_runs, 0);
    for (size_t i = 0; results[0] && results[1] && i < pleat_arrays_count(results[0]); i++) {
      const pleat_array *a = pleat_arrays_get(results[0], i), *b = pleat_arrays_find(results[1], a->name);
      CHECK(b && !memcmp(a->data, b->data, (size_t)pleat_array_elements(a) * a->item_size));
    }
    free(times.ms);
    free(times.n_runs);
  }
  for (int k = 0; k < 2; k++) pleat_arrays_destroy(results[k]);
  pleat_session_destroy(session);
  pleat_arrays_destroy(features);
}

static void refuse(const pleat_model *model, pleat_bench_query query, const char *message) {
  char *text = NULL;
  pleat_error err;
  CHECK_INT(pleat_bench_text(model, &query, &text, &err), PLEAT_INVALID);
  CHECK(!text);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
}

static void test_refusals(const pleat_model *model) {
  refuse(model, (pleat_bench_query){.n_seq = 1}, "shape 0,1,0: expected 1 to");
  refuse(model, (pleat_bench_query){.n_res = 5}, "shape 5,0,0: expected 1 to");
  refuse(model, (pleat_bench_query){.n_res = 5, .n_seq = 1, .n_extra = -1}, "shape 5,1,-1: expected 1 to");
  refuse(model, (pleat_bench_query){.n_res = 1 << 30, .n_seq = 1}, "shape 1073741824,1,0: expected 1 to");
  refuse(model, (pleat_bench_query){.n_res = 1, .n_seq = 20, .n_extra = 1}, "not so many different rows of 1 residues");
  refuse(model, (pleat_bench_query){.n_res = 5, .n_seq = 1, .num_recycle = -1}, "-1 recycles");
  refuse(model, (pleat_bench_query){.n_res = 5, .n_seq = 1, .n_repeats = 1001}, "at most 1000 repetitions");
  pleat_model *null = open_tiny("null");
  if (null) refuse(null, (pleat_bench_query){.n_res = 5, .n_seq = 1}, "runs nothing that could be measured");
  pleat_model_close(null);
}

/* As many rows as one residue allows, and none is dropped as a copy of another: the transitions of 8 and 12 rows in 2
 * blocks and 1. */
static void test_all_rows(const pleat_model *model) {
  json_t *json = bench_json(model, (pleat_bench_query){.n_res = 1, .n_seq = 8, .n_extra = 12});
  CHECK_NEAR(number(sublayer(json, "msa transition"), "gflop"), 2 * 4e-9 * 8 * 256 * 1024, 1e-6);
  CHECK_NEAR(number(sublayer(json, "extra msa transition"), "gflop"), 4e-9 * 12 * 64 * 256, 1e-6);
  json_decref(json);
}

int main(void) {
  test_totals();
  test_rows();
  static const char *const names[] = {"model_1", "model_3_ptm", "model_2_multimer", "model_1_multimer_v3"};
  for (int i = 0; i < 8; i++) test_attribution(names[i / 2], i % 2);
  pleat_model *model = open_tiny("cpu");
  if (model) {
    test_json(model);
    test_times(model);
    test_refusals(model);
    test_all_rows(model);
  }
  pleat_model_close(model);
  test_unknown();
  return check_report();
}
