/* Every allocation fails once: whatever is done ends with NOMEM, or does without, and gives back what it took.
 * The linker sends the library's calls of malloc and its relatives here (--wrap, cmake/tests.cmake).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "check.h"
#include "io/a3m.h"
#include "io/fasta.h"
#include "io/hhr.h"
#include "io/hmmsearch.h"
#include "io/m8.h"
#include "io/stockholm.h"
#include "pipeline/msas.h"
#include "pleat/io.h"
#include "pleat/pleat.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void __real_free(void *p);
void *__real_pleat_os_pages_alloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
char *__wrap_strdup(const char *text);
void __wrap_free(void *p);
void *__wrap_pleat_os_pages_alloc(size_t n);

/* Addresses that were given out and not yet given back, by open addressing; NULL = never used, `gone` = given back. */
enum { N_LIVE = 1 << 18 };
static void *live[N_LIVE];
static char gone;
static int64_t n_live, n_calls, fail_at;
static bool is_watching, has_failed;

static size_t slot_of(const void *p) { return (size_t)((uintptr_t)p / 16 * 0x9E3779B97F4A7C15u >> 20) % N_LIVE; }

static void *remember(void *p) {
  if (!is_watching || !p) return p;
  size_t i = slot_of(p);
  while (live[i] && live[i] != &gone) i = (i + 1) % N_LIVE;
  live[i] = p;
  n_live++;
  return p;
}

static void forget(const void *p) {
  if (!is_watching || !p) return;
  for (size_t i = slot_of(p), n = 0; live[i] && n < N_LIVE; i = (i + 1) % N_LIVE, n++)
    if (live[i] == p) {
      live[i] = &gone;
      n_live--;
      return;
    }
}

static bool fails(void) {
  if (!is_watching || n_calls++ != fail_at) return false;
  return has_failed = true;
}

void *__wrap_malloc(size_t n) { return fails() ? NULL : remember(__real_malloc(n)); }
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : remember(__real_calloc(n, size)); }
void *__wrap_aligned_alloc(size_t align, size_t n) { return fails() ? NULL : remember(__real_aligned_alloc(align, n)); }
void *__wrap_pleat_os_pages_alloc(size_t n) { return fails() ? NULL : __real_pleat_os_pages_alloc(n); }

void *__wrap_realloc(void *p, size_t n) {
  if (fails()) return NULL;
  forget(p);
  return remember(__real_realloc(p, n));
}

char *__wrap_strdup(const char *text) {
  char *copy = __wrap_malloc(strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

void __wrap_free(void *p) {
  forget(p);
  __real_free(p);
}

/* Things to do; each gives back all that it took and returns the first failure. */

typedef pleat_status scenario_fn(pleat_error *err);

static const char alignment[] =
    "#5,3\t2,1\n>q\t101\t102\nMKVAWGGH\n>p\t1\nMRVAW-GH\n>101\nMKVAW---\n>u\nMkKVA----\n>102\n-----GGH\n>v\n-----GAH\n";

static pleat_status parse_a3m(pleat_error *err) {
  pleat_a3m a3m;
  pleat_msa *unpaired = NULL, *paired = NULL;
  size_t n = 0;
  pleat_status status = pleat_a3m_parse(alignment, sizeof alignment - 1, "test.a3m", &a3m, err);
  if (status) return status;
  status = pleat_a3m_split(&a3m, &unpaired, &paired, &n, err);
  for (size_t k = 0; k < n; k++) {
    if (unpaired) pleat_msa_fini(&unpaired[k]);
    if (paired) pleat_msa_fini(&paired[k]);
  }
  free(unpaired);
  free(paired);
  pleat_a3m_fini(&a3m);
  return status;
}

static pleat_status read_a3m(pleat_error *err) {
  pleat_a3m a3m;
  pleat_status status = pleat_a3m_read("tests/data/feat/tiny.a3m", PLEAT_ALL_ROWS, &a3m, err);
  if (!status) pleat_a3m_fini(&a3m);
  return status;
}

static pleat_status read_stockholm(pleat_error *err) {
  static const char path[] = "tests/fuzz/corpus/stockholm/chunks.sto";
  pleat_msa msa;
  pleat_status status = pleat_stockholm_read(path, PLEAT_ALL_ROWS, &msa, err);
  if (!status) pleat_msa_fini(&msa);
  return status;
}

static pleat_status edit_stockholm(pleat_error *err) {
  pleat_buf cut = {0}, unique = {0}, narrow = {0}, a3m = {0};
  pleat_status status = pleat_stockholm_truncate_file("tests/fuzz/corpus/stockholm/chunks.sto", 3, &cut, err);
  if (!status) status = pleat_stockholm_deduplicate(cut.data, cut.n, "test.sto", &unique, err);
  if (!status) status = pleat_stockholm_remove_empty_columns(unique.data, unique.n, "test.sto", &narrow, err);
  if (!status) status = pleat_stockholm_to_a3m(narrow.data, narrow.n, "test.sto", 2, false, &a3m, err);
  pleat_buf_fini(&cut);
  pleat_buf_fini(&unique);
  pleat_buf_fini(&narrow);
  pleat_buf_fini(&a3m);
  return status;
}

static const char hhr[] =
    "No 1\n>1ABC_A\nProbab=99.5  E-value=3.8e-67  Score=43.5  Aligned_cols=4  Identities=75%  Similarity=1.5  "
    "Sum_probs=3.1  Template_Neff=5\nQ query             3 MK-T    5 (9)\nT 1ABC_A           11 MKAT   14 (20)\n";
static const char hmmsearch[] = "#=GS 1abc_A/2-4 DE mol:protein length:9\n1abc_A/2-4 MkRA\n3abc_B/2-4 M.RA\n";
static const char m8[] = "101 1abc_A 0.5 5 1 2 1 3 10 12 1e-20 80 1M1I1D1M\n";

static pleat_status read_template_hits(pleat_error *err) {
  pleat_template_hits hits;
  pleat_status status = pleat_hhr_parse(hhr, sizeof hhr - 1, "test.hhr", &hits, err);
  if (status) return status;
  pleat_template_hits_fini(&hits);
  status = pleat_hmmsearch_parse(hmmsearch, sizeof hmmsearch - 1, "test.sto", "MRA", &hits, err);
  if (status) return status;
  pleat_template_hits_fini(&hits);
  status = pleat_m8_parse(m8, sizeof m8 - 1, "test.m8", NULL, "MRA", &hits, err);
  if (!status) pleat_template_hits_fini(&hits);
  return status;
}

static pleat_status read_searches(pleat_error *err) {
  pleat_target_msas msas;
  pleat_arrays *raw = NULL;
  PLEAT_TRY(pleat_target_msas_read("tests/data/msas", "MKVAW:GGH:MKVAW", &pleat_msas_published_limits, &msas, err));
  pleat_status status = pleat_feat_multimer_species(msas.chains, msas.n_chains, &raw, err);
  pleat_arrays_destroy(raw);
  pleat_target_msas_fini(&msas);
  return status;
}

static pleat_status parse_fasta(pleat_error *err) {
  static const char text[] = ">a one\nMKV\nAW\n>b\nGGH*\n>c\nMK\n>d\nM\n>e\nMKVA\n";
  pleat_fasta fasta;
  pleat_status status = pleat_fasta_parse(text, sizeof text - 1, "test.fasta", &fasta, err);
  if (!status) pleat_fasta_fini(&fasta);
  return status;
}

/* All formats, and records of each that cannot be folded. */
static pleat_status read_targets(pleat_error *err) {
  static const char *const paths[] = {"tests/bad/fasta", "tests/bad/a3m", "tests/fuzz/corpus/table/quoted.csv",
                                      "tests/fuzz/corpus/table/tabs.tsv", "tests/fuzz/corpus/af3_json/server.json"};
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < 5 && !status; i++) {
    pleat_targets *targets = NULL;
    status = pleat_targets_read(paths[i], &targets, err);
    pleat_targets_destroy(targets);
  }
  return status;
}

static pleat_status read_positions(pleat_error *err) {
  pleat_arrays *positions = NULL;
  pleat_status status = pleat_positions_read("tests/data/bio/small.pdb", "AS:AS:X", &positions, err);
  pleat_arrays_destroy(positions);
  return status;
}

static pleat_status stream_targets(pleat_error *err) {
  static const char *const paths[] = {"tests/bad/fasta/star_then_line.fasta", "tests/data/feat/jobs.csv"};
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < 2 && !status; i++) {
    pleat_target_stream *stream = NULL;
    const pleat_target *target = NULL;
    status = pleat_target_stream_open(paths[i], &stream, err);
    do
      if (!status) status = pleat_target_stream_next(stream, &target, err);
    while (!status && target);
    pleat_target_stream_close(stream);
  }
  return status;
}

static pleat_status read_npz(pleat_error *err) {
  static const char *const paths[] = {"tests/data/weights/stored.npz", "tests/data/weights/deflated.npz"};
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < 2 && !status; i++) {
    pleat_arrays *set = NULL;
    status = pleat_arrays_read_npz(paths[i], &set, err);
    if (!status) pleat_arrays_destroy(set);
  }
  return status;
}

static pleat_status list_weights(pleat_error *err) {
  static const char *const specs[] = {"tests/data/weights/deflated.npz", "tests/data/weights/dtypes.safetensors"};
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < 2 && !status; i++) {
    char *text = NULL;
    status = pleat_weights_list_text(specs[i], &text, err);
    if (!status) pleat_text_free(text);
  }
  return status;
}

/* Models and features that the scenarios below share. */
static pleat_model *monomer, *multimer;
static pleat_arrays *monomer_features, *multimer_features;
static const pleat_predict_options options = {.num_recycle = 1, .msa_mask_fraction = -1, .n_chunks = 2};

static const char monomer_weights[] = "synth:tests/data/tiny_monomer.weights.json";
static const char multimer_weights[] = "synth:tests/data/tiny_multimer_v3.weights.json";

static pleat_status open_model(pleat_error *err) {
  pleat_model *model = NULL;
  pleat_model_options model_options = {.name = "model_1_ptm", .opt_backend = "null"};
  pleat_status status = pleat_model_open(monomer_weights, &model_options, &model, err);
  if (!status) pleat_model_close(model);
  return status;
}

static pleat_status make_features(pleat_error *err) {
  pleat_arrays *features = NULL;
  pleat_status status = pleat_features_from_sequence("MKVAW", monomer, &options, &features, err);
  if (status) return status;
  pleat_arrays_destroy(features);
  status = pleat_features_from_a3m(alignment, sizeof alignment - 1, NULL, multimer, &options, &features, err);
  if (!status) pleat_arrays_destroy(features);
  return status;
}

static pleat_status predict_on(const pleat_model *model, const pleat_arrays *features, pleat_error *err) {
  pleat_session *session = NULL;
  pleat_arrays *prediction = NULL;
  pleat_status status = pleat_session_create(model, features, &options, &session, err);
  if (status) return status;
  status = pleat_session_predict(session, features, &options, &prediction, err);
  if (!status) pleat_arrays_destroy(prediction);
  pleat_session_destroy(session);
  return status;
}

static pleat_status plan_monomer(pleat_error *err) { return predict_on(monomer, monomer_features, err); }
static pleat_status plan_multimer(pleat_error *err) { return predict_on(multimer, multimer_features, err); }

/* With a model of its own, which keeps the parameters that a session has packed. */
static pleat_status predict_ref(pleat_error *err) {
  pleat_model *model = NULL;
  pleat_model_options model_options = {.name = "model_1_ptm", .opt_backend = "ref", .n_threads = 1};
  pleat_status status = pleat_model_open(monomer_weights, &model_options, &model, err);
  if (!status) status = predict_on(model, monomer_features, err);
  pleat_model_close(model);
  return status;
}

static pleat_status run_sublayer(const char *backend, pleat_error *err) {
  pleat_arrays *inputs = NULL, *outputs = NULL;
  pleat_model_options model_options = {.opt_backend = backend, .n_threads = 1};
  pleat_status status = pleat_arrays_create(&inputs, err);
  if (!status) status = pleat_arrays_add(inputs, "in0", PLEAT_F32, 3, (const int64_t[]){3, 3, 128}, NULL, NULL, err);
  if (!status) status = pleat_arrays_add(inputs, "in1", PLEAT_F32, 2, (const int64_t[]){3, 3}, NULL, NULL, err);
  if (!status)
    status = pleat_sublayer_run("triangle_attention_starting", "synth:app/cli/data/selftest_sublayers.weights.json",
                                &model_options, inputs, &outputs, err);
  if (!status) pleat_arrays_destroy(outputs);
  pleat_arrays_destroy(inputs);
  return status;
}
static pleat_status sublayer_ref(pleat_error *err) { return run_sublayer("ref", err); }
static pleat_status sublayer_cpu(pleat_error *err) { return run_sublayer("cpu", err); }

static pleat_status dump_graph(pleat_error *err) {
  pleat_graph_query query = {.model = "model_3", .opt_backend = "null", .n_res = 8, .n_seq = 4, .n_extra = 4};
  char *text = NULL;
  pleat_status status = pleat_graph_text(&query, &text, NULL, NULL, err);
  if (!status) pleat_text_free(text);
  return status;
}

static pleat_status bench(pleat_error *err) {
  pleat_model *model = NULL;
  char *text = NULL;
  const pleat_bench_query query = {.n_res = 3, .n_seq = 2, .n_extra = 1};
  const pleat_model_options model_options = {.name = "model_1_ptm", .n_threads = 1};
  pleat_status status = pleat_model_open(monomer_weights, &model_options, &model, err);
  if (!status) status = pleat_bench_text(model, &query, &text, err);
  pleat_text_free(text);
  pleat_model_close(model);
  return status;
}

static pleat_status make_weights(pleat_error *err) {
  pleat_model *model = NULL;
  const pleat_model_options model_options = {.name = "model_3", .opt_backend = "null"};
  pleat_status status = pleat_model_open("synth:", &model_options, &model, err);
  pleat_model_close(model);
  return status;
}

/* Lets every step-th allocation fail, one in a run. */
static void run(const char *name, scenario_fn *scenario, int64_t step) {
  int64_t n_runs = 0, n_failed = 0;
  for (fail_at = 0;; fail_at += step, n_runs++) {
    pleat_error err = {0};
    n_calls = n_live = 0;
    has_failed = false;
    memset(live, 0, sizeof live);
    is_watching = true;
    pleat_status status = scenario(&err);
    is_watching = false;
    if (!CHECK_INT(n_live, 0) || !CHECK(status == PLEAT_OK || status == PLEAT_NOMEM))
      fprintf(stderr, "  %s, allocation %lld: %s: %s\n", name, (long long)fail_at, pleat_status_text(status),
              err.message);
    n_failed += status != PLEAT_OK;
    if (has_failed) continue;
    CHECK_OK(status, &err);
    break;
  }
  CHECK(n_runs > 0 && n_failed > 0);
  printf("%-16s %6lld allocations, %lld runs, %lld refused\n", name, (long long)n_calls, (long long)n_runs,
         (long long)n_failed);
}

static void prepare(void) {
  pleat_error err = {0};
  pleat_model_options plans = {.name = "model_1_ptm", .opt_backend = "null"};
  CHECK_OK(pleat_model_open(monomer_weights, &plans, &monomer, &err), &err);
  plans.name = "model_1_multimer_v3";
  CHECK_OK(pleat_model_open(multimer_weights, &plans, &multimer, &err), &err);
  CHECK_OK(pleat_features_from_sequence("MKV", monomer, &options, &monomer_features, &err), &err);
  CHECK_OK(pleat_features_from_a3m(alignment, sizeof alignment - 1, NULL, multimer, &options, &multimer_features, &err),
           &err);
}

int main(void) {
  run("a3m", parse_a3m, 1);
  run("a3m file", read_a3m, 1);
  run("stockholm", read_stockholm, 1);
  run("stockholm texts", edit_stockholm, 1);
  run("template hits", read_template_hits, 1);
  run("searches", read_searches, 1);
  run("fasta", parse_fasta, 1);
  run("targets", read_targets, 1);
  run("target stream", stream_targets, 1);
  run("npz", read_npz, 1);
  run("positions", read_positions, 1);
  run("weights", list_weights, 1);
  prepare();
  if (check_n_failed) return check_report();
  run("model", open_model, 1);
  run("features", make_features, 1);
  run("graph", dump_graph, 1);
  run("monomer plan", plan_monomer, 1);
  run("multimer plan", plan_multimer, 1);
  run("sub-layer, ref", sublayer_ref, 1);
  run("sub-layer, cpu", sublayer_cpu, 1);
  run("fold on ref", predict_ref, 150);
  run("bench", bench, 150);
  run("own names", make_weights, 3);
  pleat_arrays_destroy(monomer_features);
  pleat_arrays_destroy(multimer_features);
  pleat_model_close(monomer);
  pleat_model_close(multimer);
  return check_report();
}
