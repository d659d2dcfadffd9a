/* Template hits against alphafold/data/parsers.py: HHsearch's and hmmsearch's real files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "io/hhr.h"
#include "io/hmmsearch.h"
#include "reference.h"

static void compare_text(const char *what, const char *got, json_t *want) {
  if (!CHECK_STR(got, json_string_value(want))) fprintf(stderr, "  %s\n", what);
}

static void compare_indices(const int32_t *got, int64_t n, const json_t *want) {
  int64_t n_off = 0;
  if (!CHECK_INT(n, (int64_t)json_array_size(want))) return;
  for (int64_t i = 0; i < n; i++) n_off += got[i] != json_integer_value(json_array_get(want, (size_t)i));
  CHECK_INT(n_off, 0);
}

static void compare_hit(const pleat_template_hit *hit, json_t *want) {
  CHECK_INT(hit->index, json_integer_value(json_object_get(want, "index")));
  CHECK_INT(hit->aligned_cols, json_integer_value(json_object_get(want, "aligned_cols")));
  json_t *sum_probs = json_object_get(want, "sum_probs");
  if (json_is_null(sum_probs)) CHECK(isnan(hit->sum_probs));
  if (!json_is_null(sum_probs)) CHECK(hit->sum_probs == json_number_value(sum_probs));
  compare_text("name", hit->name, json_object_get(want, "name"));
  compare_text("query", hit->query, json_object_get(want, "query"));
  compare_text("hit_sequence", hit->hit_sequence, json_object_get(want, "hit_sequence"));
  compare_indices(hit->indices_query, hit->n_cols, json_object_get(want, "indices_query"));
  compare_indices(hit->indices_hit, hit->n_cols, json_object_get(want, "indices_hit"));
}

/* A line of JSON per hit, of the first 300. */
static void compare_lines(const pleat_template_hits *hits, const char *path, size_t n_want) {
  size_t i = 0;
  char *text = reference_text(path, NULL);
  for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"), i++) {
    json_t *want = json_loads(line, 0, NULL);
    if (CHECK(want != NULL) && CHECK(i < hits->n_hits)) compare_hit(&hits->hits[i], want);
    json_decref(want);
  }
  CHECK_INT(i, n_want);
  free(text);
}

static int64_t at(const pleat_arrays *set, const char *name, size_t i) {
  const pleat_array *array = pleat_arrays_find(set, name);
  return CHECK(array != NULL) ? (int64_t)pleat_array_number(array, (int64_t)i) : -3;
}

static void test_hhr(void) {
  size_t n = 0;
  char *text = reference_text("features/A_parsers/6KWC_1.hhr", &n);
  pleat_template_hits hits = {0};
  pleat_error err = {0};
  if (text) CHECK_OK(pleat_hhr_parse(text, n, "6KWC_1.hhr", &hits, &err), &err);
  CHECK_INT(hits.n_hits, 60);
  compare_lines(&hits, "features/A_parsers/6KWC_1.hhr.hits.jsonl", 60);
  pleat_template_hits_fini(&hits);
  free(text);
}

static void test_hhr_globin(void) {
  size_t n = 0;
  char *text = reference_text("features/C_templates/globin/pdb_hits.hhr", &n);
  pleat_template_hits hits = {0};
  pleat_error err = {0};
  if (text) CHECK_OK(pleat_hhr_parse(text, n, "pdb_hits.hhr", &hits, &err), &err);
  CHECK(hits.n_hits > 10);
  pleat_template_hits_fini(&hits);
  free(text);
}

static void test_hmmsearch(void) {
  static const char query[] =
      "SGHTAHVDEAVKHAEEAVAHGKEGHTDQLLEHAKESLTHAKAASEAGGNTHVGHGIKHLEDAIKHGEEGHVGVATKHAQEAIEHLRASEHKSH";
  size_t n = 0;
  char *text = reference_text("features/msas/3u8v_A/pdb_hmmsearch.sto", &n);
  pleat_template_hits hits = {0};
  pleat_error err = {0};
  if (text) CHECK_OK(pleat_hmmsearch_parse(text, n, "pdb_hmmsearch.sto", query, &hits, &err), &err);
  pleat_arrays *want = reference_npz("features/A_parsers/3u8v_A_pdb_hmmsearch.sto.npz");
  const pleat_array *names = want ? pleat_arrays_find(want, "hits.name") : NULL;
  if (CHECK(names != NULL) && CHECK_INT(hits.n_hits, names->shape[0])) {
    for (size_t i = 0; i < hits.n_hits; i++) {
      const pleat_template_hit *hit = &hits.hits[i];
      const char *name = (const char *)names->data + i * names->item_size;
      int32_t first = -1, last = -1;
      for (int64_t c = 0; c < hit->n_cols; c++) {
        if (hit->indices_hit[c] < 0) continue;
        if (first < 0) first = hit->indices_hit[c];
        last = hit->indices_hit[c];
      }
      CHECK(strncmp(hit->name, name, names->item_size) == 0);
      CHECK_INT(hit->index, at(want, "hits.index", i));
      CHECK_INT(hit->aligned_cols, at(want, "hits.aligned_cols", i));
      CHECK_INT(first, at(want, "hits.first_hit_index", i));
      CHECK_INT(last, at(want, "hits.last_hit_index", i));
      CHECK_INT(strlen(hit->hit_sequence), at(want, "hits.seq_len", i));
    }
  }
  compare_lines(&hits, "features/A_parsers/3u8v_A_pdb_hmmsearch.sto.hits.jsonl", 300);
  pleat_arrays_destroy(want);
  pleat_template_hits_fini(&hits);
  free(text);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  test_hhr();
  test_hhr_globin();
  test_hmmsearch();
  return check_report();
}
