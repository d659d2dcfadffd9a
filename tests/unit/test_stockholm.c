/* Stockholm reader and texts by hand: chunks, limits, line ends, and files that must be refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bad_input.h"
#include "folder.h"
#include "io/stockholm.h"

/* Rows as "name letters deletions|...". */
static void check_rows(const char *text, int64_t max_rows, const char *want) {
  pleat_msa msa;
  pleat_error err = {0};
  pleat_buf got = {0};
  if (!CHECK_OK(pleat_stockholm_parse(text, strlen(text), "test.sto", max_rows, &msa, &err), &err)) return;
  for (int64_t r = 0; r < msa.n_rows; r++) {
    pleat_buf_printf(&got, "%s%s %.*s ", r ? "|" : "", msa.descriptions[r], (int)msa.n_cols,
                     msa.letters + r * msa.n_cols);
    for (int64_t c = 0; c < msa.n_cols; c++) pleat_buf_printf(&got, "%d", msa.deletions[r * msa.n_cols + c]);
  }
  CHECK_STR(got.data, want);
  pleat_buf_fini(&got);
  pleat_msa_fini(&msa);
}

static const char chunks[] =
    "# STOCKHOLM 1.0\n\n#=GS a DE text\nq  --MK-T\na  acM-gT\nb  -.-K--\n#=GR a PP 999999\n\n"
    "q  AC--\na  A-gg\nb  -CDD\n//\n";

static void test_rows(void) {
  check_rows("q AC", PLEAT_ALL_ROWS, "q AC 00");
  check_rows(chunks, PLEAT_ALL_ROWS, "q MKTAC 00000|a M-TA- 20100|b -K--C 10000");
  check_rows(chunks, 2, "q MKTAC 00000|a M-TA- 20100");
  check_rows(chunks, 1, "q MKTAC 00000");
  /* Another order in a later chunk; any blanks; a row of the second chunk alone is too short. */
  check_rows("  q\tMK\n\ta \tM-\x1f\n\na CC\nq AC\n", PLEAT_ALL_ROWS, "q MKAC 0000|a M-CC 0000");
  check_rows("q MK\ra MC\r\n//\vb MD", PLEAT_ALL_ROWS, "q MK 00|a MC 00|b MD 00");
}

/* Many rows over many chunks: the streamed file is the text, whole or cut. */
static void make_large(pleat_buf *buf, int n_rows, int n_chunks) {
  for (int k = 0; k < n_chunks; k++) {
    for (int r = 0; r < n_rows; r++) {
      pleat_buf_printf(buf, "row%d/1-%d  ", r, r + 1);
      for (int c = 0; c < 60; c++) {
        int at = (r * 31 + c * 7 + k * 3) % 23;
        pleat_buf_append(buf, r == 0 && c % 5 ? "M" : r == 0 ? "-" : at < 20 ? &"ACDEFGHIKLMNPQRSTVWY"[at] : "-", 1);
      }
      pleat_buf_puts(buf, "\n");
    }
    pleat_buf_puts(buf, "#=GC RF xxx\n\n");
  }
  pleat_buf_puts(buf, "//\n");
}

static void check_file(const char *path, const pleat_buf *text, int64_t max_rows, int64_t want_rows) {
  pleat_msa of_text, of_file;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_stockholm_parse(text->data, text->n, "text", max_rows, &of_text, &err), &err)) return;
  if (CHECK_OK(pleat_stockholm_read(path, max_rows, &of_file, &err), &err)) {
    size_t n = (size_t)(of_text.n_rows * of_text.n_cols);
    CHECK_INT(of_text.n_rows, want_rows);
    CHECK_INT(of_text.n_cols, 48 * 8);
    if (CHECK_INT(of_file.n_rows, want_rows) && CHECK_INT(of_file.n_cols, of_text.n_cols)) {
      CHECK(memcmp(of_text.letters, of_file.letters, n) == 0);
      CHECK(memcmp(of_text.deletions, of_file.deletions, n * sizeof *of_text.deletions) == 0);
      CHECK_STR(of_file.descriptions[want_rows - 1], of_text.descriptions[want_rows - 1]);
    }
    pleat_msa_fini(&of_file);
  }
  pleat_msa_fini(&of_text);
}

static void test_files(const char *folder) {
  char path[512];
  pleat_buf text = {0}, cut = {0}, of_file = {0};
  pleat_error err = {0};
  snprintf(path, sizeof path, "%s/large.sto", folder);
  make_large(&text, 1000, 8);
  CHECK_OK(pleat_file_write(path, text.data, text.n, &err), &err);
  check_file(path, &text, PLEAT_ALL_ROWS, 1000);
  check_file(path, &text, 17, 17);
  CHECK_OK(pleat_stockholm_truncate(text.data, text.n, path, 10, &cut, &err), &err);
  CHECK_OK(pleat_stockholm_truncate_file(path, 10, &of_file, &err), &err);
  CHECK_STR(of_file.data, cut.data);
  CHECK(cut.n > 8 * 10 * 60 && cut.n < 8 * 11 * 80);
  pleat_msa msa;
  CHECK_INT(pleat_stockholm_read("no/such.sto", 1, &msa, &err), PLEAT_IO);
  CHECK_INT(unlink(path), 0);
  pleat_buf_fini(&text);
  pleat_buf_fini(&cut);
  pleat_buf_fini(&of_file);
}

/* A small file that names many short rows below a wide first one must not ask for rows x columns numbers. */
static void test_hostile_room(void) {
  pleat_buf text = {0};
  pleat_msa msa;
  pleat_error err = {0};
  pleat_buf_puts(&text, "q ");
  for (int i = 0; i < 60000; i++) pleat_buf_puts(&text, "A");
  for (int i = 0; i < 60000; i++) pleat_buf_printf(&text, "\n%d A", i);
  uint64_t before = pleat_os_resident_peak();
  CHECK_INT(pleat_stockholm_parse(text.data, text.n, "test.sto", PLEAT_ALL_ROWS, &msa, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 2);
  CHECK(pleat_os_resident_peak() - before < 200 << 20);
  pleat_buf_fini(&text);
}

static const bad_file bad_files[] = {
    {"empty", 0, 0, "the file has no rows"},
    {"only_markup", 0, 0, "the file has no rows"},
    {"one_word", 3, 0, "a line with one word"},
    {"three_words", 4, 0, "a line with more than two words"},
    {"short_row", 3, 0, "row 'a' has 3 columns, expected 4 as in the first row"},
    {"missing_chunk", 3, 0, "row 'a' has 2 columns, expected 4"},
    {"gaps_only", 2, 0, "the first row, 'q', has 0 residues"},
    {"lower_case", 3, 0, "row 'a' has 'k' at residue 2"},
    {"dot", 3, 0, "row 'a' has '.' at residue 1"},
    {"nul", 3, 0, "a NUL byte in a name"},
    {"binary", 2, 0, "row 'q' has byte 0x01 at residue 2"},
};

static pleat_status parse_bad(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_msa msa;
  pleat_status status = pleat_stockholm_parse(text, n, path, PLEAT_ALL_ROWS, &msa, err);
  CHECK(msa.letters == NULL && msa.descriptions == NULL);
  return status;
}

typedef pleat_status edit_fn(const char *text, size_t n, pleat_buf *out, pleat_error *err);

static pleat_status truncate_3(const char *text, size_t n, pleat_buf *out, pleat_error *err) {
  return pleat_stockholm_truncate(text, n, "t", 3, out, err);
}
static pleat_status deduplicate(const char *text, size_t n, pleat_buf *out, pleat_error *err) {
  return pleat_stockholm_deduplicate(text, n, "t", out, err);
}
static pleat_status remove_columns(const char *text, size_t n, pleat_buf *out, pleat_error *err) {
  return pleat_stockholm_remove_empty_columns(text, n, "t", out, err);
}
static pleat_status to_a3m(const char *text, size_t n, pleat_buf *out, pleat_error *err) {
  return pleat_stockholm_to_a3m(text, n, "t", PLEAT_ALL_ROWS, false, out, err);
}

/* Where the published code stops with an exception. */
static void test_refused_texts(void) {
  static const struct {
    edit_fn *edit;
    const char *text;
    int64_t line;
    const char *message;
  } cases[] = {
      {truncate_3, "q A\n#=GS q\n", 2, "expected \"#=GS name feature text\""},
      {deduplicate, "# STOCKHOLM 1.0\n", 0, "the file has no rows"},
      {deduplicate, "q A B\n", 1, "more than two words"},
      {remove_columns, "q  A-\na  -\n#=GC RF xx\n", 2, "shorter than the '#=GC RF'"},
      {remove_columns, "q A-\n#=GC RF xx\n\na AA\n//\n", 4, "without a '#=GC RF' line"},
      {to_a3m, "q\n", 1, "one word"},
      {to_a3m, "q A\n#=GS q\n", 2, "#=GS name"},
      {to_a3m, "\n", 0, "no rows"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pleat_buf out = {0};
    pleat_error err = {0};
    pleat_status status = cases[i].edit(cases[i].text, strlen(cases[i].text), &out, &err);
    CHECK_INT(status, PLEAT_INPUT);
    CHECK_INT(err.line, cases[i].line);
    if (!CHECK(strstr(err.message, cases[i].message) != NULL)) fprintf(stderr, "  %s\n", err.message);
    pleat_buf_fini(&out);
  }
}

int main(void) {
  char folder[256];
  test_rows();
  check_bad_files("sto", bad_files, sizeof bad_files / sizeof *bad_files, parse_bad);
  test_refused_texts();
  test_hostile_room();
  if (folder_make(folder, sizeof folder)) {
    test_files(folder);
    CHECK_INT(rmdir(folder), 0);
  }
  return check_report();
}
