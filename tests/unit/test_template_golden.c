/* Templates against alphafold/data/templates.py: the rules for hits, hit by hit and whole searches, and their features in
 * a chain and in complexes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "feat/feat_priv.h"
#include "feat/feat_templates.h"
#include "io/hhr.h"
#include "io/hmmsearch.h"
#include "reference.h"
#include "template/entry_cache.h"
#include "template/template_from_hits.h"

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

/* ---- Rules ---- */

static const char *verdict_name(pleat_hit_verdict verdict) {
  static const char *const names[] = {"ok", "DateError", "AlignRatioError", "DuplicateError", "LengthError"};
  return names[verdict];
}

static void test_rules(void) {
  static const char dates[] = "1abc:2020-05-14\n1abd:2020-05-15\n";
  pleat_pdb_lists lists = {0};
  pleat_error err = {0};
  char path[] = "/tmp/pleat-dates-XXXXXX";
  int64_t n = 0;
  int fd = mkstemp(path);
  if (!CHECK(fd >= 0)) return;
  CHECK_OK(pleat_file_write(path, dates, sizeof dates - 1, &err), &err);
  CHECK_OK(pleat_pdb_lists_read_dates(&lists, path, &err), &err);
  remove(path);
  const pleat_hit_rules rules = {.max_day = 20200514, .opt_lists = &lists};
  char *text = reference_text("features/C_templates/prefilter_unit.jsonl", NULL);
  for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"), n++) {
    json_t *want = json_loads(line, 0, NULL);
    char hit_sequence[256];
    snprintf(hit_sequence, sizeof hit_sequence, "%s", text_of(want, "hit_sequence"));
    const pleat_template_hit hit = {.aligned_cols = json_integer_value(json_object_get(want, "aligned_cols")),
                                    .hit_sequence = hit_sequence};
    char *sequence = pleat_hit_sequence(&hit);
    pleat_hit_verdict got =
        pleat_hit_check(&hit, sequence, text_of(want, "pdb_code"), text_of(want, "query_sequence"), &rules);
    if (!CHECK_STR(verdict_name(got), text_of(want, "result"))) fprintf(stderr, "  %s\n", line);
    free(sequence);
    json_decref(want);
  }
  CHECK_INT(n, 162);
  free(text);
  pleat_pdb_lists_fini(&lists);
}

/* ---- One search ---- */

typedef struct search {
  pleat_kalign kalign;
  pleat_mmcif_source *source;
  pleat_entry_cache cache;
  pleat_template_rules rules;
  /* What per_hit.jsonl says, line by line, and what became of the hits. */
  char *lines;
  char *at;
  const pleat_templates *made;
  int64_t n_reports, n_warnings, n_errors;
} search;

static void search_init(search *s, int32_t max_day) {
  *s = (search){.n_reports = 0};
  char path[1024];
  pleat_error err = {0};
  CHECK_OK(pleat_mmcif_source_open(reference_path("features/mmcif", path), &s->source, &err), &err);
  s->cache.source = s->source;
  s->rules = (pleat_template_rules){.hit = {.max_day = max_day},
                                    .max_templates = PLEAT_MAX_TEMPLATE_HITS,
                                    .load = pleat_entry_cache_load,
                                    .load_arg = &s->cache,
                                    .align = pleat_kalign_align,
                                    .align_arg = &s->kalign,
                                    .report_arg = s};
}

static void search_fini(search *s) {
  pleat_entry_cache_fini(&s->cache);
  pleat_mmcif_source_close(s->source);
  free(s->lines);
}

static json_t *next_line(search *s) {
  char *line = s->at;
  size_t n = line ? strcspn(line, "\n") : 0;
  if (n == 0) return NULL;
  s->at = line[n] ? line + n + 1 : line + n;
  return json_loadb(line, n, 0, NULL);
}

static void compare_mapping(const pleat_template_hit *hit, const json_t *want) {
  enum { N_QUERY = 154 };
  static const char query[] =
      "MVLSEFEWQLVLHVWAKYEADVAGHGQDIDIRLLKSHPETLEKFDRFKHLKEEAEMKASETLKKAGVTVLTALGAILSKKGHHEAELKTLAQSHATKHKIPQKYLEFISEAI"
      "II"
      "VLHSRHPGNFGADFQGAMNKALELFRTDIAAKYKELGYQG";
  int32_t mapping[N_QUERY], wanted[N_QUERY];
  const json_t *from = json_object_get(want, "mapping_query"), *to = json_object_get(want, "mapping_hit");
  if (!from) return;
  for (int i = 0; i < N_QUERY; i++) wanted[i] = -1;
  for (size_t i = 0; i < json_array_size(from); i++) {
    wanted[json_integer_value(json_array_get(from, i))] = (int32_t)json_integer_value(json_array_get(to, i));
  }
  CHECK_OK(pleat_hit_map(hit, query, mapping, NULL), NULL);
  CHECK(memcmp(mapping, wanted, sizeof wanted) == 0);
}

static void compare_report(void *arg, const pleat_template_hit *hit, const pleat_hit_report *report) {
  search *s = arg;
  json_t *want = next_line(s);
  if (!CHECK(want != NULL)) return;
  s->n_reports++;
  CHECK_INT(hit->index, json_integer_value(json_object_get(want, "index")));
  const char *entry = text_of(want, "replaced_by");
  CHECK_STR(report->entry, *entry ? entry : text_of(want, "pdb_code"));
  CHECK_STR(report->chain, text_of(want, "chain"));
  const char *prefilter = text_of(want, "prefilter");
  if (strcmp(prefilter, "obsolete") != 0 && strcmp(report->entry, "9fut") != 0) {
    CHECK_STR(verdict_name(report->verdict), prefilter);
  }
  if (strcmp(report->entry, "9fut") == 0) CHECK_INT(report->verdict, PLEAT_HIT_LATE); /* as the entry itself says */
  bool has_warning = json_is_string(json_object_get(want, "warning"));
  bool has_error = json_is_string(json_object_get(want, "error"));
  bool has_features = json_is_true(json_object_get(want, "has_features"));
  pleat_hit_outcome outcome = has_features  ? PLEAT_HIT_USED
                              : has_error   ? PLEAT_HIT_ERROR
                              : has_warning ? PLEAT_HIT_WARNING
                                            : PLEAT_HIT_PASSED;
  CHECK_INT(report->outcome, outcome);
  CHECK_INT(report->is_realigned && has_features, has_warning && has_features);
  CHECK_INT(report->text[0] != '\0', !has_features || has_warning);
  compare_mapping(hit, want);
  json_decref(want);
}

/* The lines of per_hit.jsonl that gave templates, against these. */
static void compare_templates(const char *lines, const pleat_templates *templates) {
  search s = {.at = (char *)(uintptr_t)lines};
  size_t t = 0;
  for (json_t *want = next_line(&s); want; want = next_line(&s)) {
    if (json_is_true(json_object_get(want, "has_features")) && CHECK(t < templates->n_items)) {
      const pleat_template *got = &templates->items[t++];
      double n_atoms = 0;
      for (size_t i = 0; i < strlen(got->sequence) * 37; i++) n_atoms += got->mask[i];
      CHECK_STR(got->name, text_of(want, "domain_name"));
      CHECK_STR(got->sequence, text_of(want, "template_sequence"));
      CHECK(got->sum_probs == json_number_value(json_object_get(want, "sum_probs")));
      CHECK_INT(n_atoms, json_integer_value(json_object_get(want, "n_atoms")));
    }
    json_decref(want);
  }
  CHECK_INT(t, templates->n_items);
}

static void compare_texts(const pleat_arrays *got_set, const pleat_arrays *want_set, const char *name) {
  const pleat_array *got = pleat_arrays_find(got_set, name), *want = pleat_arrays_find(want_set, name);
  if (!CHECK(got && want) || !CHECK_INT(got->shape[0], want->shape[0])) return;
  for (int64_t t = 0; t < want->shape[0]; t++) {
    char a[512] = {0}, b[512] = {0};
    memcpy(a, (const char *)got->data + (size_t)t * got->item_size, got->item_size < 511 ? got->item_size : 511);
    memcpy(b, (const char *)want->data + (size_t)t * want->item_size, want->item_size < 511 ? want->item_size : 511);
    CHECK_STR(a, b);
  }
}

/* What the network gets: the first four of them. */
static void compare_processed(const pleat_arrays *raw) {
  static const char *const names[] = {
      "template_aatype",    "template_all_atom_masks", "template_all_atom_positions", "template_mask",
      "template_sum_probs", "template_pseudo_beta",    "template_pseudo_beta_mask"};
  const pleat_feat_options options = {.max_msa_clusters = 60, .max_extra_msa = 128, .num_ensemble = 1};
  pleat_arrays *got = NULL, *want = reference_npz("features/D_monomer_processed/globin/model_1_ptm_60_128.npz");
  pleat_error err = {0};
  if (want && CHECK_OK(pleat_feat_monomer(raw, &options, &got, &err), &err)) {
    for (int k = 0; k < 7; k++) reference_compare_named(got, want, names[k], 0);
  }
  pleat_arrays_destroy(got);
  pleat_arrays_destroy(want);
}

static void compare_arrays(const pleat_templates *templates, const char *query, const char *npz) {
  pleat_feat_chain chain = {.sequence = query};
  pleat_arrays *raw = NULL, *want = reference_npz(npz);
  pleat_error err = {0};
  if (!CHECK_OK(pleat_feat_monomer_raw(&chain, &raw, &err), &err) || !want) return;
  CHECK_OK(pleat_feat_monomer_raw_templates(templates, (int64_t)strlen(query), raw, &err), &err);
  static const char *const numbers[] = {"template_aatype", "template_all_atom_masks", "template_all_atom_positions",
                                        "template_sum_probs"};
  for (int k = 0; k < 4; k++) reference_compare_named(raw, want, numbers[k], 0);
  compare_texts(raw, want, "template_domain_names");
  compare_texts(raw, want, "template_sequence");
  pleat_arrays_destroy(want);
  compare_processed(raw);
  pleat_arrays_destroy(raw);
}

#define GLOBIN "features/C_templates/globin/"

static void test_globin(const char *query) {
  char path[1024];
  size_t n = 0;
  pleat_error err = {0};
  pleat_template_hits hits = {0};
  pleat_pdb_lists lists = {0};
  char *text = reference_text(GLOBIN "pdb_hits.hhr", &n);
  if (!text || !CHECK_OK(pleat_hhr_parse(text, n, "pdb_hits.hhr", &hits, &err), &err)) return;
  CHECK_OK(pleat_pdb_lists_read_dates(&lists, reference_path(GLOBIN "release_dates.txt", path), &err), &err);
  CHECK_OK(pleat_pdb_lists_read_obsolete(&lists, reference_path(GLOBIN "obsolete.dat", path), &err), &err);
  for (int max = 4; max <= 20; max += 16) {
    search s;
    pleat_templates templates = {0};
    search_init(&s, 20240101);
    s.rules.hit.opt_lists = &lists;
    s.rules.max_templates = max;
    s.rules.opt_on_report = compare_report;
    s.lines = s.at = reference_text(GLOBIN "per_hit.jsonl", NULL);
    if (CHECK_OK(pleat_templates_from_hits(&hits, query, &s.rules, &templates, &err), &err)) {
      CHECK_INT(s.n_reports, max == 4 ? 12 : 19);
      CHECK_INT(templates.n_items, max == 4 ? 4 : 7);
      if (max == 20) compare_templates(s.lines, &templates);
      compare_arrays(&templates, query, max == 4 ? GLOBIN "templates_max4.npz" : GLOBIN "templates_max20.npz");
    }
    pleat_templates_fini(&templates);
    search_fini(&s);
  }
  pleat_pdb_lists_fini(&lists);
  pleat_template_hits_fini(&hits);
  free(text);
}

/* ---- Complexes ---- */

enum { MAX_CHAINS = 3 };

typedef struct complex_case {
  const char *name;
  size_t n_chains;
  const char *sequences[MAX_CHAINS]; /* in the published order of the columns: copies together */
  const char *hits[MAX_CHAINS];
} complex_case;

static const char seq_2q2k[] = "MGSSHHHHHHSSGLVPGSHMDKKETKHLLKIKKEDYPQIFDFLENVPRGTKTAHIREALRRYIEEIGENP";
static const char seq_4zey[] = "GMEGPLNLAHQQSRRADRLLAAGKYEEAISCHKKAAAYLSEAMKLTQSEQAHLSLELQRDSHMKQLLLIQERWKRAQREERLKA";
static const char seq_1hf9[] = "ALKKHHENEISHHAKEIERLQKEIERHKQSIKKLKQSEDDD";

static const complex_case complexes[] = {
    {"homodimer_2q2k", 2, {seq_2q2k, seq_2q2k}, {"pdb_hits_A.sto", "pdb_hits_A.sto"}},
    {"hetero_4zey_1hf9", 2, {seq_4zey, seq_1hf9}, {"pdb_hits_A.sto", "pdb_hits_B.sto"}},
    {"heterotrimer_ABA_1hf9_4zey_1hf9",
     3,
     {seq_1hf9, seq_1hf9, seq_4zey},
     {"pdb_hits_A.sto", "pdb_hits_A.sto", "pdb_hits_B.sto"}},
};

static void count_report(void *arg, const pleat_template_hit *hit, const pleat_hit_report *report) {
  search *s = arg;
  (void)hit;
  s->n_reports++;
  s->n_warnings += report->outcome == PLEAT_HIT_WARNING || report->is_realigned;
  s->n_errors += report->outcome == PLEAT_HIT_ERROR;
}

/* Whose names case.json gives, with the number of hits and of what went wrong. */
static void compare_used(const search *s, const pleat_templates *templates, const json_t *want) {
  const json_t *used = json_object_get(want, "used");
  bool is_empty = strcmp(json_string_value(json_array_get(used, 0)), "") == 0; /* an empty template in place of none */
  CHECK_INT(templates->n_items, is_empty ? 0 : json_array_size(used));
  for (size_t t = 0; t < templates->n_items; t++) {
    CHECK_STR(templates->items[t].name, json_string_value(json_array_get(used, t)));
  }
  CHECK_INT(s->n_reports, json_array_size(json_object_get(want, "hits")));
  CHECK_INT(s->n_warnings, json_array_size(json_object_get(want, "warnings")));
  CHECK_INT(s->n_errors, json_array_size(json_object_get(want, "errors")));
}

static bool find_templates(const complex_case *c, size_t k, const json_t *want, pleat_templates *templates) {
  char name[256];
  size_t n = 0;
  pleat_error err = {0};
  pleat_template_hits hits = {0};
  search s;
  search_init(&s, 20210930);
  s.rules.is_distinct = true;
  s.rules.opt_on_report = count_report;
  snprintf(name, sizeof name, "features/E_multimer/%s/%s", c->name, c->hits[k]);
  char *text = reference_text(name, &n);
  bool is_ok = text && CHECK_OK(pleat_hmmsearch_parse(text, n, name, c->sequences[k], &hits, &err), &err) &&
               CHECK_OK(pleat_templates_from_hits(&hits, c->sequences[k], &s.rules, templates, &err), &err);
  if (is_ok) compare_used(&s, templates, want);
  search_fini(&s);
  pleat_template_hits_fini(&hits);
  free(text);
  return is_ok;
}

static void test_complex(const complex_case *c) {
  char name[256];
  pleat_error err = {0};
  pleat_feat_chain chains[MAX_CHAINS] = {{0}};
  pleat_templates templates[MAX_CHAINS];
  const pleat_templates *all[MAX_CHAINS];
  pleat_arrays *raw = NULL;
  memset(templates, 0, sizeof templates);
  snprintf(name, sizeof name, "features/E_multimer/%s/case.json", c->name);
  char *text = reference_text(name, NULL);
  json_t *want = text ? json_loads(text, 0, NULL) : NULL;
  bool is_ok = CHECK(want != NULL);
  for (size_t k = 0; k < c->n_chains && is_ok; k++) {
    chains[k].sequence = c->sequences[k];
    all[k] = &templates[k];
    const json_t *of_chain = json_object_get(json_object_get(want, "templates"), c->sequences[k]);
    is_ok = find_templates(c, k, of_chain, &templates[k]);
  }
  snprintf(name, sizeof name, "features/E_multimer/%s/features.npz", c->name);
  pleat_arrays *features = reference_npz(name);
  if (is_ok && features && CHECK_OK(pleat_feat_multimer_raw(chains, c->n_chains, &raw, &err), &err)) {
    CHECK_OK(pleat_feat_multimer_raw_templates(all, c->n_chains, raw, &err), &err);
    reference_compare_named(raw, features, "template_aatype", 0);
    reference_compare_named(raw, features, "template_all_atom_mask", 0);
    reference_compare_named(raw, features, "template_all_atom_positions", 0);
  }
  for (size_t k = 0; k < c->n_chains; k++) pleat_templates_fini(&templates[k]);
  pleat_arrays_destroy(raw);
  pleat_arrays_destroy(features);
  json_decref(want);
  free(text);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  test_rules();
  const pleat_kalign kalign = {.opt_program = NULL};
  if (pleat_kalign_check(&kalign, NULL)) return check_n_failed ? check_report() : check_skip("no kalign");
  test_globin(
      "MVLSEFEWQLVLHVWAKYEADVAGHGQDIDIRLLKSHPETLEKFDRFKHLKEEAEMKASETLKKAGVTVLTALGAILSKKGHHEAELKTLAQSHATKHKIPQKYLEFISEAI"
      "II"
      "VLHSRHPGNFGADFQGAMNKALELFRTDIAAKYKELGYQG");
  for (size_t i = 0; i < sizeof complexes / sizeof *complexes; i++) test_complex(&complexes[i]);
  return check_report();
}
