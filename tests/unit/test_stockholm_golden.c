/* Stockholm alignments and texts against alphafold/data/parsers.py, on real and on hand-made files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "io/stockholm.h"
#include "reference.h"

static void compare_text(const char *what, const pleat_buf *got, const pleat_arrays *want) {
  const pleat_array *array = pleat_arrays_find(want, what);
  if (!CHECK(array != NULL)) return;
  bool is_ok = CHECK_INT(got->n, pleat_array_elements(array));
  is_ok = is_ok && CHECK(got->n == 0 || memcmp(got->data, array->data, got->n) == 0);
  if (!is_ok) fprintf(stderr, "  %s\n", what);
}

static void compare_msa(const char *input, int64_t max_rows, const pleat_arrays *want) {
  pleat_msa msa;
  pleat_error err = {0};
  char path[1024];
  if (!CHECK_OK(pleat_stockholm_read(reference_path(input, path), max_rows, &msa, &err), &err)) return;
  const pleat_array *sequences = pleat_arrays_find(want, "parse_stockholm.sequences");
  const pleat_array *deletions = pleat_arrays_find(want, "parse_stockholm.deletion_matrix");
  const pleat_array *names = pleat_arrays_find(want, "parse_stockholm.descriptions");
  if (CHECK(sequences && deletions && names)) {
    int64_t n_rows = sequences->shape[0] < max_rows ? sequences->shape[0] : max_rows, n_off = 0;
    CHECK_INT(msa.n_rows, n_rows);
    if (CHECK_INT(msa.n_cols, sequences->shape[1])) {
      CHECK(memcmp(msa.letters, sequences->data, (size_t)(n_rows * msa.n_cols)) == 0);
      for (int64_t i = 0; i < n_rows * msa.n_cols; i++) n_off += msa.deletions[i] != pleat_array_number(deletions, i);
    }
    for (int64_t r = 0; r < n_rows; r++) {
      const char *name = (const char *)names->data + (size_t)r * names->item_size;
      n_off += strncmp(msa.descriptions[r], name, names->item_size) != 0;
    }
    CHECK_INT(n_off, 0);
  }
  pleat_msa_fini(&msa);
}

static void compare_a3m(const char *what, const pleat_buf *text, int64_t max_rows, bool has_query_gaps,
                        const pleat_arrays *want) {
  pleat_buf out = {0};
  pleat_error err = {0};
  CHECK_OK(pleat_stockholm_to_a3m(text->data, text->n, what, max_rows, has_query_gaps, &out, &err), &err);
  compare_text(what, &out, want);
  pleat_buf_fini(&out);
}

static void compare_texts(const char *input, const pleat_arrays *want) {
  static const int limits[] = {1, 3, 10, 501, 10000};
  pleat_buf text = {0}, out = {0}, unique = {0};
  pleat_error err = {0};
  char path[1024], what[32];
  text.data = reference_text(input, &text.n);
  if (!text.data) return;
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    snprintf(what, sizeof what, "truncate_%d", limits[i]);
    CHECK_OK(pleat_stockholm_truncate_file(reference_path(input, path), limits[i], &out, &err), &err);
    compare_text(what, &out, want);
    pleat_buf_clear(&out);
    CHECK_OK(pleat_stockholm_truncate(text.data, text.n, input, limits[i], &out, &err), &err);
    compare_text(what, &out, want);
    pleat_buf_clear(&out);
  }
  CHECK_OK(pleat_stockholm_deduplicate(text.data, text.n, input, &unique, &err), &err);
  compare_text("deduplicate", &unique, want);
  CHECK_OK(pleat_stockholm_remove_empty_columns(text.data, text.n, input, &out, &err), &err);
  compare_text("remove_empty_columns", &out, want);
  pleat_buf_clear(&out);
  CHECK_OK(pleat_stockholm_remove_empty_columns(unique.data, unique.n, input, &out, &err), &err);
  compare_text("deduplicate_then_remove_empty", &out, want);
  compare_a3m("template_query_a3m", &out, PLEAT_ALL_ROWS, false, want);
  compare_a3m("to_a3m", &text, PLEAT_ALL_ROWS, false, want);
  compare_a3m("to_a3m_max5", &text, 5, false, want);
  compare_a3m("to_a3m_keepgaps", &text, PLEAT_ALL_ROWS, true, want);
  pleat_buf_fini(&unique);
  pleat_buf_fini(&out);
  free(text.data);
}

static void test_file(const char *input, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "features/A_parsers/%s.sto.npz", name);
  long n_failed = check_n_failed;
  pleat_arrays *want = reference_npz(path);
  if (want) {
    compare_msa(input, PLEAT_ALL_ROWS, want);
    compare_msa(input, 3, want);
    compare_texts(input, want);
  }
  if (check_n_failed != n_failed) fprintf(stderr, "  file %s\n", input);
  pleat_arrays_destroy(want);
}

/* Hits of a profile: the first row is no query, and the published reader takes its dots for columns. */
static void test_hmmsearch(void) {
  static const char input[] = "features/msas/3u8v_A/pdb_hmmsearch.sto";
  pleat_msa msa;
  pleat_error err = {0};
  char path[1024];
  CHECK_INT(pleat_stockholm_read(reference_path(input, path), PLEAT_ALL_ROWS, &msa, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "is for the template search") != NULL);
  pleat_arrays *want = reference_npz("features/A_parsers/3u8v_A_pdb_hmmsearch.sto.npz");
  if (want) compare_texts(input, want);
  pleat_arrays_destroy(want);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  test_file("features/msas/2q2k_A/uniref90_hits.sto", "2q2k_A_uniref90");
  test_file("features/msas/2q2k_A/mgnify_hits.sto", "2q2k_A_mgnify");
  test_file("features/msas/2q2k_A/uniprot_hits.sto", "2q2k_A_uniprot");
  test_file("features/msas/3u8v_A/uniref90_hits.sto", "3u8v_A_uniref90");
  test_file("features/msas/3u8v_A/uniprot_hits.sto", "3u8v_A_uniprot");
  test_file("features/msas/6KWC_1/mgnify_hits.sto", "6KWC_1_mgnify");
  test_file("features/A_parsers/edge_small.sto", "edge_small");
  test_file("features/A_parsers/edge_tab.sto", "edge_tab");
  test_hmmsearch();
  return check_report();
}
