/* A3M reader against parse_a3m, and the split against ColabFold, on real alignments of the reference data.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "io/a3m.h"
#include "reference.h"

static void compare_bytes(const char *what, const pleat_array *want, const char *got, int64_t n) {
  if (!CHECK(want != NULL) || !CHECK_INT(pleat_array_elements(want), n)) return;
  if (!CHECK(memcmp(want->data, got, (size_t)n) == 0)) fprintf(stderr, "  %s\n", what);
}

static void test_parse(const char *input, const char *reference) {
  pleat_a3m a3m = reference_a3m(input);
  pleat_arrays *want = reference_npz(reference);
  const pleat_msa *msa = &a3m.msa;
  int64_t n = msa->n_rows * msa->n_cols;
  const pleat_array *descriptions = want ? pleat_arrays_find(want, "parse_a3m.descriptions") : NULL;
  if (CHECK(descriptions != NULL) && CHECK_INT(msa->n_rows, descriptions->shape[0])) {
    compare_bytes(input, pleat_arrays_find(want, "parse_a3m.sequences"), msa->letters, n);
    pleat_array deletions = {.dtype = PLEAT_I32, .rank = 1, .shape = {n}, .data = msa->deletions};
    reference_compare(input, &deletions, pleat_arrays_find(want, "parse_a3m.deletion_matrix"), 0);
    for (int64_t r = 0; r < msa->n_rows; r++) {
      const char *text = (const char *)descriptions->data + (size_t)r * descriptions->item_size;
      char wanted[1024] = "";
      memcpy(wanted, text, descriptions->item_size);
      CHECK_STR(msa->descriptions[r], wanted);
    }
  }
  pleat_arrays_destroy(want);
  pleat_a3m_fini(&a3m);
}

/* edge_plain.a3m without the row that has no sequence, which the published reader lets through and we refuse. */
static void test_parse_edges(void) {
  static const char dropped[] = ">s4 empty row follows\n";
  size_t n = 0;
  char *text = reference_text("features/A_parsers/edge_plain.a3m", &n);
  char *at = text ? strstr(text, dropped) : NULL;
  pleat_a3m a3m = {0};
  pleat_error err = {0};
  if (CHECK(at != NULL)) {
    CHECK_INT(pleat_a3m_parse(text, n, "edge_plain.a3m", &a3m, &err), PLEAT_INPUT);
    CHECK_INT(err.line, 12);
    memmove(at, at + sizeof dropped - 1, n - (size_t)(at - text) - (sizeof dropped - 1));
    n -= sizeof dropped - 1;
    CHECK_OK(pleat_a3m_parse(text, n, "edge_plain.a3m", &a3m, &err), &err);
  }
  pleat_arrays *want = reference_npz("features/A_parsers/edge_plain.a3m.npz");
  int64_t n_letters = a3m.msa.n_rows * a3m.msa.n_cols;
  if (want) {
    compare_bytes("edge_plain", pleat_arrays_find(want, "parse_a3m.seq_concat"), a3m.msa.letters, n_letters);
    pleat_array deletions = {.dtype = PLEAT_I32, .rank = 1, .shape = {n_letters}, .data = a3m.msa.deletions};
    reference_compare("edge_plain", &deletions, pleat_arrays_find(want, "parse_a3m.del_concat"), 0);
  }
  pleat_arrays_destroy(want);
  pleat_a3m_fini(&a3m);
  free(text);
}

/* DEVIATION: Python ends a line at a vertical tab too, so that the rest of a header becomes residues of its row, which no
 * longer fits the others. Here it stays in the header. */
static void test_parse_vertical_tab(void) {
  pleat_a3m a3m = reference_a3m("features/A_parsers/edge_vt.a3m");
  if (CHECK_INT(a3m.msa.n_rows, 3) && CHECK_INT(a3m.msa.n_cols, 4)) {
    CHECK(memcmp(a3m.msa.letters, "MKTAMKTAM-TA", 12) == 0);
    CHECK_STR(a3m.msa.descriptions[1], "desc with \v vertical tab");
  }
  pleat_a3m_fini(&a3m);
}

/* Next line of *text without its end; NULL behind the last. */
static const char *next_line(const char **text, size_t *n_line) {
  const char *line = *text;
  if (*line == '\0') return NULL;
  *n_line = strcspn(line, "\n");
  *text = line + *n_line + (line[*n_line] == '\n');
  return line;
}

static void put_gaps(pleat_buf *buf, int n) {
  for (int i = 0; i < n; i++) pleat_buf_puts(buf, "-");
}

/* The file that ColabFold writes for the two chains, from the server's replies. */
static void build_complex(pleat_buf *buf, const char *const paired[2], const char *const unpaired[2]) {
  enum { LENGTH_0 = 93, LENGTH_1 = 87 };
  const char *rest[2] = {paired[0], paired[1]};
  size_t n[2];
  pleat_buf_puts(buf, "#93,87\t1,1\n");
  for (const char *line = next_line(&rest[0], &n[0]); line; line = next_line(&rest[0], &n[0])) {
    const char *other = next_line(&rest[1], &n[1]);
    if (!CHECK(other != NULL)) return;
    bool is_header = line[0] == '>';
    pleat_buf_append(buf, line, n[0]);
    pleat_buf_append(buf, "\t", is_header);
    pleat_buf_append(buf, other + is_header, n[1] - is_header);
    pleat_buf_puts(buf, "\n");
  }
  for (int k = 0; k < 2; k++) {
    const char *at = unpaired[k];
    for (const char *line = next_line(&at, &n[0]); line; line = next_line(&at, &n[0])) {
      bool is_header = line[0] == '>';
      if (k == 1 && !is_header) put_gaps(buf, LENGTH_0);
      pleat_buf_append(buf, line, n[0]);
      if (k == 0 && !is_header) put_gaps(buf, LENGTH_1);
      pleat_buf_puts(buf, "\n");
    }
  }
  if (buf->n) buf->n--; /* no newline at the end */
}

static bool is_same_row(const pleat_msa *a, int64_t r, const pleat_msa *b, int64_t s) {
  size_t n = (size_t)a->n_cols;
  return memcmp(a->letters + (size_t)r * n, b->letters + (size_t)s * n, n) == 0 &&
         memcmp(a->deletions + (size_t)r * n, b->deletions + (size_t)s * n, n * sizeof *a->deletions) == 0;
}

/* Every row of `part` stands in the reply, in the same order; the reply has further (repeated) rows. */
static void check_rows_of_reply(const pleat_msa *part, const char *reply) {
  pleat_a3m whole = reference_a3m(reply);
  int64_t s = 0;
  if (CHECK_INT(part->n_cols, whole.msa.n_cols)) {
    for (int64_t r = 0; r < part->n_rows; r++) {
      while (s < whole.msa.n_rows && !is_same_row(part, r, &whole.msa, s)) s++;
      if (!CHECK(s < whole.msa.n_rows)) break;
      s++;
    }
  }
  pleat_a3m_fini(&whole);
}

/* Row counts: case.json of F_colabfold/3G5O_A_3G5O_B, msa_to_str and unserialize. */
static void test_split_complex(void) {
  static const char *const names[4] = {"paired_0.a3m", "paired_1.a3m", "unpaired_0.a3m", "unpaired_1.a3m"};
  static const int64_t n_unpaired[2] = {7526, 8910};
  char *texts[4] = {NULL};
  char paths[4][128];
  pleat_buf buf = {0};
  pleat_error err = {0};
  bool is_read = true;
  for (int i = 0; i < 4; i++) {
    size_t n = 0;
    snprintf(paths[i], sizeof paths[i], "features/F_colabfold/3G5O_A_3G5O_B/%s", names[i]);
    texts[i] = reference_text(paths[i], &n);
    is_read = is_read && texts[i];
  }
  if (is_read) {
    build_complex(&buf, (const char *const[]){texts[0], texts[1]}, (const char *const[]){texts[2], texts[3]});
    CHECK_INT(buf.n, 3891091);
    pleat_a3m a3m;
    pleat_msa *unpaired = NULL, *paired = NULL;
    size_t n_chains = 0;
    if (CHECK_OK(pleat_a3m_parse(buf.data, buf.n, "3G5O", &a3m, &err), &err)) {
      CHECK_INT(a3m.n_chains, 2);
      CHECK_OK(pleat_a3m_split(&a3m, &unpaired, &paired, &n_chains, &err), &err);
    }
    for (size_t k = 0; k < n_chains; k++) {
      CHECK_INT(unpaired[k].n_rows, n_unpaired[k]);
      CHECK_INT(paired[k].n_rows, 15);
      check_rows_of_reply(&unpaired[k], paths[2 + k]);
      check_rows_of_reply(&paired[k], paths[k]);
      pleat_msa_fini(&unpaired[k]);
      pleat_msa_fini(&paired[k]);
    }
    free(unpaired);
    free(paired);
    pleat_a3m_fini(&a3m);
  }
  pleat_buf_fini(&buf);
  for (int i = 0; i < 4; i++) free(texts[i]);
}

/* Copies and paired rows only: ColabFold keeps 0 unpaired rows there, and puts the query in where it reads them. */
static void test_split_paired_only(void) {
  pleat_a3m a3m = reference_a3m("features/F_colabfold/3G5O_AAB_paired_only/3G5O_AAB_paired_only.a3m");
  pleat_msa *unpaired = NULL, *paired = NULL;
  pleat_error err = {0};
  size_t n_chains = 0;
  if (!CHECK_INT(a3m.n_chains, 2)) return;
  CHECK_INT(a3m.cardinalities[0], 2);
  CHECK_INT(a3m.cardinalities[1], 1);
  CHECK_OK(pleat_a3m_split(&a3m, &unpaired, &paired, &n_chains, &err), &err);
  for (size_t k = 0; k < n_chains; k++) {
    CHECK_INT(paired[k].n_rows, 15);
    CHECK_INT(unpaired[k].n_rows, 1);
    CHECK_INT(unpaired[k].n_cols, a3m.chain_lengths[k]);
    pleat_msa_fini(&unpaired[k]);
    pleat_msa_fini(&paired[k]);
  }
  free(unpaired);
  free(paired);
  pleat_a3m_fini(&a3m);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  test_parse("features/msas/2q2k_A/bfd_uniref_hits.a3m", "features/A_parsers/2q2k_A_bfd.a3m.npz");
  test_parse("features/msas/3u8v_A/bfd_uniref_hits.a3m", "features/A_parsers/3u8v_A_bfd.a3m.npz");
  test_parse("features/msas/6KWC_1/bfd_uniref_hits.a3m", "features/A_parsers/6KWC_1_bfd.a3m.npz");
  test_parse("features/A_parsers/7wux_1_pairing.a3m", "features/A_parsers/7wux_1_pairing.a3m.npz");
  test_parse_edges();
  test_parse_vertical_tab();
  test_split_complex();
  test_split_paired_only();
  return check_report();
}
