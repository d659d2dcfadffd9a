/* A3M reader and the split of complexes on small texts; the place and message of everything refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/a3m.h"

#include "bad_input.h"
#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "io/fasta.h"

static bool parse(const char *text, size_t n, pleat_a3m *a3m) {
  pleat_error err = {0};
  return CHECK_OK(pleat_a3m_parse(text, n, "in.a3m", a3m, &err), &err);
}

/* rows: "DESCRIPTION LETTERS DELETIONS" each, deletions as one digit per column. */
static void check_msa(const pleat_msa *msa, const char *const (*rows)[3], int64_t n_rows) {
  if (!CHECK_INT(msa->n_rows, n_rows)) return;
  for (int64_t r = 0; r < n_rows; r++) {
    char letters[64] = "";
    char deletions[64] = "";
    if (!CHECK(msa->n_cols < 64)) return;
    memcpy(letters, msa->letters + r * msa->n_cols, (size_t)msa->n_cols);
    for (int64_t c = 0; c < msa->n_cols; c++) deletions[c] = (char)('0' + msa->deletions[r * msa->n_cols + c]);
    CHECK_STR(msa->descriptions[r], rows[r][0]);
    CHECK_STR(letters, rows[r][1]);
    CHECK_STR(deletions, rows[r][2]);
  }
}

#define CHECK_MSA(msa, ...)                                           \
  do {                                                                \
    static const char *const rows_[][3] = {__VA_ARGS__};              \
    check_msa((msa), rows_, (int64_t)(sizeof rows_ / sizeof *rows_)); \
  } while (0)

static void test_accepted(void) {
  static const char text[] =
      "\xEF\xBB\xBF# a comment\n\n>query some text\r\nMKTAYIAK\r\nQRQ\r\n\r\n"
      ">  leading blanks  \n-KtaTAYIAKQR-\n>\nmkMKTAYIAKQRQqq\n# another\n>s3\n  MKTA--AK  \n  Q R\tQ.\n"
      "  >gaps\n-----------\n>odd letters\nBJOUXZbjouzxBJOUX\n>last\nMKT--IaaaAKQRQ";
  pleat_a3m a3m;
  if (!parse(text, sizeof text - 1, &a3m)) return;
  CHECK_INT(a3m.n_chains, 0);
  CHECK_MSA(&a3m.msa, {"query some text", "MKTAYIAKQRQ", "00000000000"},
            {"  leading blanks", "-KTAYIAKQR-", "00200000000"}, {"", "MKTAYIAKQRQ", "20000000000"},
            {"s3", "MKTA--AKQRQ", "00000000000"}, {"gaps", "-----------", "00000000000"},
            {"odd letters", "BJOUXZBJOUX", "00000060000"}, {"last", "MKT--IAKQRQ", "00000030000"});
  pleat_a3m_fini(&a3m);
}

/* The server's replies: a NUL ends each alignment; ColabFold also meets it in the middle of a line. */
static void test_nul(void) {
  static const char reply[] = ">101\nMKTA\n>h1\nMK-A\n\0>102\nMKTA\n>h2\0\nM--A\n\0";
  pleat_a3m a3m;
  if (!parse(reply, sizeof reply - 1, &a3m)) return;
  CHECK_MSA(&a3m.msa, {"101", "MKTA", "0000"}, {"h1", "MK-A", "0000"}, {"102", "MKTA", "0000"}, {"h2", "M--A", "0000"});
  pleat_a3m_fini(&a3m);
}

static void split(const char *text, size_t n, pleat_msa **unpaired, pleat_msa **paired, size_t *n_chains) {
  pleat_a3m a3m;
  pleat_error err = {0};
  *n_chains = 0;
  *unpaired = *paired = NULL;
  if (!parse(text, n, &a3m)) return;
  CHECK_OK(pleat_a3m_split(&a3m, unpaired, paired, n_chains, &err), &err);
  pleat_a3m_fini(&a3m);
}

static void split_fini(pleat_msa *unpaired, pleat_msa *paired, size_t n_chains) {
  for (size_t k = 0; k < n_chains; k++) {
    pleat_msa_fini(&unpaired[k]);
    if (paired) pleat_msa_fini(&paired[k]);
  }
  free(unpaired);
  free(paired);
}

/* The texts of ColabFold's own round trips (shared/features/F_colabfold/serialization.json). */
static void test_split_hetero(void) {
  static const char text[] =
      "#8,4\t2,1\n>101\t102\nAAAAAAAACCCC\n>UP1\tUP2\nVVaVVAAAAGGGG\n>101\nAAAAAAAA----\n>UP1\nAACCcccVVAA----\n"
      ">102\n--------CCCC\n>UP1\n--------CCCC\n>UP2\n--------CaCaCC";
  pleat_msa *unpaired, *paired;
  size_t n;
  split(text, sizeof text - 1, &unpaired, &paired, &n);
  if (!CHECK_INT(n, 2) || !CHECK(paired != NULL)) return;
  CHECK_MSA(&unpaired[0], {"101", "AAAAAAAA", "00000000"}, {"UP1", "AACCVVAA", "00003000"});
  CHECK_MSA(&unpaired[1], {"102", "CCCC", "0000"}, {"UP1", "CCCC", "0000"}, {"UP2", "CCCC", "0110"});
  CHECK_MSA(&paired[0], {"101", "AAAAAAAA", "00000000"}, {"UP1", "VVVVAAAA", "00100000"});
  CHECK_MSA(&paired[1], {"102", "CCCC", "0000"}, {"UP2", "GGGG", "0000"});
  split_fini(unpaired, paired, n);
}

static void test_split_homo(void) {
  static const char text[] = "#8\t2\n>101\nAAAAAAAA\n>101\nAAAAAAAA\n>UP1\nAACCCCAA";
  pleat_msa *unpaired, *paired;
  size_t n;
  split(text, sizeof text - 1, &unpaired, &paired, &n);
  if (!CHECK_INT(n, 1) || !CHECK(paired != NULL)) return;
  CHECK_MSA(&unpaired[0], {"101", "AAAAAAAA", "00000000"}, {"UP1", "AACCCCAA", "00000000"});
  CHECK_MSA(&paired[0], {"101", "AAAAAAAA", "00000000"});
  split_fini(unpaired, paired, n);
}

/* A protein alone: repeated rows and rows of gaps go, and nothing is paired. */
static void test_split_single(void) {
  static const char text[] =
      "#8\t1\n>101\nAAAAAAAA\n>UP1\nAACcCCCAAc\n>UP1\nAACcCCCAAc\n>none\n--------\n>UP2\nAACcCCCAA";
  pleat_msa *unpaired, *paired;
  size_t n;
  split(text, sizeof text - 1, &unpaired, &paired, &n);
  if (!CHECK_INT(n, 1)) return;
  CHECK(paired == NULL);
  CHECK_MSA(&unpaired[0], {"101", "AAAAAAAA", "00000000"}, {"UP1", "AACCCCAA", "00010000"},
            {"UP2", "AACCCCAA", "00010000"});
  split_fini(unpaired, paired, n);
}

static void test_split_plain(void) {
  static const char text[] = ">q\nMKTA\n>h\nMK-A\n>h\nMK-A\n>none\n----\n";
  pleat_msa *unpaired, *paired;
  size_t n;
  split(text, sizeof text - 1, &unpaired, &paired, &n);
  if (!CHECK_INT(n, 1)) return;
  CHECK(paired == NULL);
  CHECK_MSA(&unpaired[0], {"q", "MKTA", "0000"}, {"h", "MK-A", "0000"}, {"h", "MK-A", "0000"},
            {"none", "----", "0000"});
  split_fini(unpaired, paired, n);
}

/* Without unpaired query rows the query is put in front; insertions on the border belong to the next chain; a paired
 * description with too few parts leaves the others empty. */
static void test_split_border(void) {
  static const char text[] = "#4,3\t1,1\n>101\t102\nACDEGHI\n>x\nAcC-EkkG-I\n>z\nAC-E---\n>w\n----GkHI\n>w\n----GkHI\n";
  pleat_msa *unpaired, *paired;
  size_t n;
  split(text, sizeof text - 1, &unpaired, &paired, &n);
  if (!CHECK_INT(n, 2) || !CHECK(paired != NULL)) return;
  CHECK_MSA(&unpaired[0], {"101", "ACDE", "0000"}, {"z", "AC-E", "0000"});
  CHECK_MSA(&unpaired[1], {"w", "GHI", "010"});
  CHECK_MSA(&paired[0], {"101", "ACDE", "0000"}, {"x", "AC-E", "0100"});
  CHECK_MSA(&paired[1], {"102", "GHI", "000"}, {"", "G-I", "200"});
  split_fini(unpaired, paired, n);
}

static void test_widest(void) {
  enum { N = PLEAT_MAX_RESIDUES };
  char *text = malloc(N + 16);
  if (!CHECK(text != NULL)) return;
  memset(text, 'A', N + 16);
  memcpy(text, ">a\n", 3);
  pleat_a3m a3m;
  pleat_error err = {0};
  if (parse(text, 3 + N, &a3m)) {
    CHECK_INT(a3m.msa.n_cols, N);
    pleat_a3m_fini(&a3m);
  }
  CHECK_INT(pleat_a3m_parse(text, 3 + N + 1, "in.a3m", &a3m, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 2);
  CHECK(strstr(err.message, "more than 65536 columns") != NULL);
  free(text);
}

static const bad_file bad_files[] = {
    {"empty", 0, 0, "the file is empty"},
    {"only_comment", 0, 0, "the file is empty"},
    {"text_before_header", 1, 1, "text before the first '>'"},
    {"short_row", 3, 0, "row 2 has 3 columns (upper case and '-'), expected 4"},
    {"long_row", 3, 0, "row 2 has 6 columns (upper case and '-'), expected 4"},
    {"gap_in_query", 2, 3, "gap in the first row"},
    {"insertion_in_query", 2, 3, "lower case 't' in the first row"},
    {"empty_row", 3, 0, "row 2 is empty"},
    {"empty_query", 1, 0, "row 1 is empty"},
    {"insertions_only", 3, 0, "row 2 is empty"},
    {"digit", 4, 3, "'1' in row 2"},
    {"star", 5, 4, "'*' in row 2"},
    {"control_byte", 4, 3, "byte 0x01 in row 2"},
    {"dot_for_gap", 3, 0, "row 2 has 3 columns"},
    {"header_counts_differ", 1, 1, "header '#4,3\t1' of a complex"},
    {"header_number_missing", 1, 1, "header '#4,\t1,1' of a complex"},
    {"header_zero", 1, 1, "header '#4,0\t1,1' of a complex"},
    {"header_overflow", 1, 1, "header '#4,99999999999999999999\t1,1' of a complex"},
    {"header_sum", 1, 0, "the chain lengths in the header add up to 8, but the first row has 7 columns"},
    {"header_too_many_copies", 1, 1, "the complex has more than 65536 residues"},
    {"nul_other_width", 5, 0, "row 3 has 3 columns"},
};

static pleat_status parse_bad(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_a3m a3m;
  pleat_status status = pleat_a3m_parse(text, n, path, &a3m, err);
  CHECK(a3m.msa.letters == NULL);
  return status;
}

/* A small file that names many short rows below a wide first one must not ask for rows x columns bytes. */
static void test_hostile_room(void) {
  enum { N_COLS = 60000, N_ROWS = 60000 };
  size_t n = N_COLS + 3 + 3 * (size_t)N_ROWS;
  char *text = malloc(n);
  if (!CHECK(text != NULL)) return;
  memset(text, 'A', n);
  memcpy(text, ">a\n", 3);
  for (size_t i = 0; i < N_ROWS; i++) memcpy(text + 3 + N_COLS + 3 * i, "\n>\n", 3);
  pleat_a3m a3m;
  pleat_error err = {0};
  CHECK_INT(pleat_a3m_parse(text, n, "in.a3m", &a3m, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "row 2 is empty") != NULL);
  free(text);
}

/* A file gives what its text gives; a limit ends reading, and what stands behind it is not even looked at. */
static void test_read(void) {
  static const char text[] = ">q\nMKVA\n>a\nM--A\n\n>b\nMkkKVA\n>c\nM1VA\n";
  char folder[256], path[512];
  pleat_a3m a3m;
  pleat_error err = {0};
  if (!folder_make(folder, sizeof folder)) return;
  snprintf(path, sizeof path, "%s/in.a3m", folder);
  CHECK_OK(pleat_file_write(path, text, sizeof text - 1, &err), &err);
  CHECK_INT(pleat_a3m_read(path, PLEAT_ALL_ROWS, &a3m, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 9);
  CHECK_STR(err.file, path);
  for (int64_t n = 1; n <= 3; n++) {
    if (!CHECK_OK(pleat_a3m_read(path, n, &a3m, &err), &err)) continue;
    CHECK_INT(a3m.msa.n_rows, n);
    CHECK_INT(a3m.msa.n_cols, 4);
    CHECK(memcmp(a3m.msa.letters, "MKVAM--AMKVA", (size_t)n * 4) == 0);
    CHECK_STR(a3m.msa.descriptions[n - 1], ((const char *[]){"q", "a", "b"})[n - 1]);
    if (n == 3) CHECK_INT(a3m.msa.deletions[9], 2);
    pleat_a3m_fini(&a3m);
  }
  CHECK_INT(unlink(path), 0);
  CHECK_INT(pleat_a3m_read(path, 1, &a3m, &err), PLEAT_IO);
  CHECK_INT(rmdir(folder), 0);
}

int main(void) {
  test_accepted();
  test_nul();
  test_split_hetero();
  test_split_homo();
  test_split_single();
  test_split_plain();
  test_split_border();
  test_widest();
  check_bad_files("a3m", bad_files, sizeof bad_files / sizeof *bad_files, parse_bad);
  test_hostile_room();
  test_read();
  return check_report();
}
