/* What is decided about template hits without structures: lists of the PDB, rules, mapping, chains, Kalign.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "template/chain_match.h"
#include "template/hit_check.h"

/* ---- Lists ---- */

typedef pleat_status read_list_fn(pleat_pdb_lists *lists, const char *path, pleat_error *err);

static pleat_status read_text(pleat_pdb_lists *lists, read_list_fn *read, const char *text, pleat_error *err) {
  char dir[512], path[600];
  if (!folder_make(dir, sizeof dir)) return PLEAT_IO;
  snprintf(path, sizeof path, "%s/list.txt", dir);
  CHECK_OK(pleat_file_write(path, text, strlen(text), NULL), NULL);
  pleat_status status = read(lists, path, err);
  unlink(path);
  rmdir(dir);
  return status;
}

static void test_days(void) {
  static const struct {
    const char *text;
    int32_t day; /* 0: refused */
  } cases[] = {
      {"1998-04-08", 19980408}, {"2020-02-29", 20200229}, {"2000-2-9", 20000209}, {"2021-02-29", 0}, {"1900-02-29", 0},
      {"2000-02-29", 20000229}, {"2021-13-01", 0},        {"2021-00-10", 0},      {"2021-04-31", 0}, {"2021-04-00", 0},
      {"21-04-01", 0},          {"2021-04", 0},           {"2021-04-01 ", 0},     {"", 0},           {"02021-4-1", 0},
      {"2021/04/01", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int32_t day = 0;
    bool is_day = pleat_date_parse(cases[i].text, strlen(cases[i].text), &day);
    if (!CHECK_INT(is_day ? day : 0, cases[i].day)) fprintf(stderr, "  \"%s\"\n", cases[i].text);
  }
}

static void test_lists(void) {
  pleat_pdb_lists lists = {0};
  pleat_error err = {0};
  CHECK_OK(
      read_text(&lists, pleat_pdb_lists_read_dates, "102m:1998-04-08\n\n 1GZX : 2002-07-08\r\n102m:1999-01-02", &err),
      &err);
  CHECK_OK(read_text(&lists, pleat_pdb_lists_read_obsolete,
                     " LIST OF OBSOLETE COORDINATE ENTRIES AND SUCCESSORS\n"
                     "OBSLTE    31-JUL-94 1MBX     102M\nOBSLTE    06-NOV-19 2OBS\n"
                     "OBSLTE    26-SEP-06 2H33     2JM5 2OWI\n",
                     &err),
           &err);
  CHECK_INT(pleat_pdb_lists_find(&lists, "102m").day, 19990102);
  CHECK_INT(pleat_pdb_lists_find(&lists, "1gzx").day, 20020708);
  CHECK_INT(pleat_pdb_lists_find(&lists, "1abc").day, PLEAT_NO_DATE);
  CHECK(!pleat_pdb_lists_find(&lists, "102m").is_obsolete);
  CHECK_STR(pleat_pdb_lists_find(&lists, "1mbx").opt_successor, "102m");
  CHECK_STR(pleat_pdb_lists_find(&lists, "2h33").opt_successor, "2jm5");
  CHECK(pleat_pdb_lists_find(&lists, "2obs").is_obsolete && !pleat_pdb_lists_find(&lists, "2obs").opt_successor);
  static const struct {
    read_list_fn *read;
    const char *text;
    int64_t line;
  } bad[] = {{pleat_pdb_lists_read_dates, "102m:1998-04-08\n102m 1998-04-08\n", 2},
             {pleat_pdb_lists_read_dates, "102m:1998-04-08T\n", 1},
             {pleat_pdb_lists_read_dates, "\n\n:1998-04-08\n", 3},
             {pleat_pdb_lists_read_obsolete, " LIST\nOBSLTE    31-JUL-94\n", 2}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK_INT(read_text(&lists, bad[i].read, bad[i].text, &err), PLEAT_INPUT);
    CHECK_INT(err.line, bad[i].line);
    CHECK(strstr(err.message, "expected") != NULL);
  }
  CHECK_INT(pleat_pdb_lists_read_dates(&lists, "tests/no-such-file", &err), PLEAT_IO);
  pleat_pdb_lists_fini(&lists);
}

/* ---- Hits ---- */

static void test_place(void) {
  static const struct {
    const char *name, *entry, *chain; /* entry NULL: refused */
  } cases[] = {{"2Q2K_A mol:protein", "2q2k", "A"},
               {"1abc_AA1", "1abc", "AA1"},
               {"102M_A.2 x", "102m", "A.2"},
               {"1ABC_.", "1abc", "."},
               {"1ABC", NULL, NULL},
               {"1ABC_", NULL, NULL},
               {"ABC_A", NULL, NULL},
               {"", NULL, NULL},
               {"1abcd_A", NULL, NULL},
               {"pdb 1abc_A", NULL, NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char entry[PLEAT_HIT_ENTRY_TEXT], chain[PLEAT_HIT_CHAIN_TEXT], name[64];
    pleat_error err = {0};
    snprintf(name, sizeof name, "%s", cases[i].name);
    const pleat_template_hit hit = {.index = 7, .name = name};
    pleat_status status = pleat_hit_place(&hit, entry, chain, &err);
    CHECK_INT(status, cases[i].entry ? PLEAT_OK : PLEAT_INPUT);
    if (!status) CHECK_STR(entry, cases[i].entry);
    if (!status) CHECK_STR(chain, cases[i].chain);
    if (status) CHECK(strstr(err.message, "template hit 7") != NULL);
  }
}

/* query and hit row by row; the mapping of the whole query as digits, '.' for none. */
static void check_map(const char *query, const char *row, const char *hit_row, int32_t first_query, int32_t first_hit,
                      const char *want) {
  enum { MAX = 32 };
  int32_t indices_query[MAX], indices_hit[MAX], mapping[MAX];
  char a[MAX], b[MAX], got[MAX] = {0};
  pleat_error err = {0};
  snprintf(a, MAX, "%s", row);
  snprintf(b, MAX, "%s", hit_row);
  for (size_t i = 0; a[i]; i++) indices_query[i] = a[i] == '-' ? -1 : first_query++;
  for (size_t i = 0; b[i]; i++) indices_hit[i] = b[i] == '-' ? -1 : first_hit++;
  const pleat_template_hit hit = {.name = a,
                                  .n_cols = (int64_t)strlen(a),
                                  .query = a,
                                  .hit_sequence = b,
                                  .indices_query = indices_query,
                                  .indices_hit = indices_hit};
  pleat_status status = pleat_hit_map(&hit, query, mapping, &err);
  CHECK_INT(status, want ? PLEAT_OK : PLEAT_INPUT);
  if (status) {
    CHECK(strstr(err.message, "no part of the query") != NULL);
    return;
  }
  for (size_t i = 0; i < strlen(query); i++) got[i] = mapping[i] < 0 ? '.' : (char)('0' + mapping[i]);
  CHECK_STR(got, want);
}

static void test_map(void) {
  check_map("ACDEFG", "CDEF", "CDEF", 1, 40, ".0123.");
  check_map("ACDEFG", "CD-EF", "CDWEF", 1, 40, ".0134.");
  check_map("ACDEFG", "CDEF", "C--F", 1, 40, ".0..1.");
  check_map("ACDEFG", "C-DEF", "-W-EF", 1, 40, "...12."); /* a hit that begins with a gap */
  check_map("ACDEFG", "CDEF", "CDEF", 3, 0, ".0123.");    /* where the search counts from does not matter */
  check_map("ACDEFG", "AADE", "CDEF", 0, 0, NULL);
  check_map("ACDEFG", "", "", 0, 0, "......");
}

/* ---- Chains ---- */

static void check_match(const char *name, const char *sequence, const char *want_chain, int64_t want_first) {
  static char names[][3] = {"B", "A", "x"}, sequences[][16] = {"MKTAYIAKQR", "GGMKTAYIAK", "MKTXYIVKQRQ"};
  pleat_mmcif_chain chains[3] = {{0}};
  for (int c = 0; c < 3; c++) {
    chains[c].author_id = names[c];
    chains[c].sequence = sequences[c];
    chains[c].n_res = (int64_t)strlen(sequences[c]);
  }
  const pleat_mmcif_entry entry = {.chains = chains, .n_chains = 3};
  int64_t first = -1;
  const pleat_mmcif_chain *chain = pleat_chain_match(&entry, name, sequence, &first);
  CHECK_STR(chain ? chain->author_id : NULL, want_chain);
  if (chain) CHECK_INT(first, want_first);
}

static void test_match(void) {
  check_match("A", "MKTAYI", "A", 2);
  check_match("B", "MKTAYI", "B", 0);
  check_match("C", "MKTAYI", "B", 0);    /* the first that has it */
  check_match("B", "GMKT", "A", 1);      /* another chain, exactly */
  check_match("B", "MKTXYIVKQ", "x", 0); /* 'X' like any letter */
  check_match("B", "KTWYIV", "x", 1);    /* 'X' of the chain fits anything */
  check_match("A", "XXMXTA", "A", 0);    /* 'X' of the hit too */
  check_match("A", "TAYIAKX", "B", 2);   /* but must lie on a residue */
  check_match("A", "WWWWW", NULL, 0);
}

/* ---- Lining up ---- */

static pleat_status align_given(void *arg, const char *a, const char *b, pleat_aligned_pair *out, pleat_error *err) {
  const char *const *rows = arg;
  (void)a, (void)b, (void)err;
  out->a = strdup(rows[0]);
  out->b = strdup(rows[1]);
  return PLEAT_OK;
}

static void test_realign(void) {
  static char sequence[] = "MKTAYIAKQRQISFVKSHFS", name[] = "A", id[] = "1abc";
  pleat_mmcif_chain chain = {.author_id = name, .sequence = sequence, .n_res = 20};
  const pleat_mmcif_entry entry = {.id = id, .chains = &chain, .n_chains = 1};
  const pleat_mmcif_chain *found = NULL;
  pleat_error err = {0};
  /* Residues 2, 3 of the hit are not in the chain, residue 0 of the chain is not in the hit. */
  const char *rows[] = {"-KTWWAYIAKQRQISFVKSHFS", "MKT--AYIAKQRQISFVKSHFS"};
  int32_t mapping[] = {-1, 0, 1, 2, 3, 4, -1, 19};
  CHECK_OK(pleat_chain_realign(&entry, "Z", "KTWWAYIAKQRQISFVKSHFS", align_given, rows, mapping, 8, &found, &err),
           &err);
  static const int32_t want[] = {-1, 1, 2, 19, 19, 3, -1, 18};
  for (int i = 0; i < 8; i++) CHECK_INT(mapping[i], want[i]);
  CHECK(found == &chain);
  /* 18 equal of 20 will do, 17 will not. */
  const char *near[] = {"WWTAYIAKQRQISFVKSHFS", sequence}, *far[] = {"WWWAYIAKQRQISFVKSHFS", sequence};
  CHECK_OK(pleat_chain_realign(&entry, "A", near[0], align_given, near, mapping, 8, &found, &err), &err);
  CHECK_INT(pleat_chain_realign(&entry, "A", far[0], align_given, far, mapping, 8, &found, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "17 of 20") != NULL);
}

static void test_kalign(void) {
  pleat_kalign kalign = {.opt_program = "no-such-kalign"};
  pleat_aligned_pair pair = {0};
  pleat_error err = {0};
  CHECK_INT(pleat_kalign_check(&kalign, &err), PLEAT_PROGRAM);
  CHECK(strstr(err.message, "package kalign") != NULL);
  CHECK_INT(pleat_kalign_align(&kalign, "MKTAYIAK", "MKTAYIAK", &pair, &err), PLEAT_PROGRAM);
  CHECK_INT(pleat_kalign_align(&kalign, "MKTAYIAK", "MKTAY", &pair, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "at least 6") != NULL);
  kalign.opt_program = "true"; /* says nothing */
  CHECK_INT(pleat_kalign_align(&kalign, "MKTAYIAK", "MKTAYIA", &pair, &err), PLEAT_PROGRAM);
  CHECK(strstr(err.message, "no alignment") != NULL);
  kalign.opt_program = NULL;
  if (pleat_kalign_check(&kalign, &err)) {
    printf("no Kalign here\n");
    return;
  }
  if (CHECK_OK(pleat_kalign_align(&kalign, "MKTAYIAKQRQISFVKSHFS", "AYIAKQRQISFVKSHFSGG", &pair, &err), &err)) {
    CHECK_STR(pair.a, "MKTAYIAKQRQISFVKSHFS--");
    CHECK_STR(pair.b, "---AYIAKQRQISFVKSHFSGG");
  }
  pleat_aligned_pair_fini(&pair);
}

int main(void) {
  test_days();
  test_lists();
  test_place();
  test_map();
  test_match();
  test_realign();
  test_kalign();
  return check_report();
}
