/* Readers of template hits by hand: HHsearch, hmmsearch, MMseqs2; and files that must be refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bad_input.h"
#include "base/buf.h"
#include "io/hhr.h"
#include "io/hmmsearch.h"
#include "io/m8.h"

/* "index name aligned_cols query hit indices|indices". */
static void check_hit(const pleat_template_hits *hits, size_t i, const char *want) {
  pleat_buf got = {0};
  if (!CHECK(i < hits->n_hits)) return;
  const pleat_template_hit *hit = &hits->hits[i];
  pleat_buf_printf(&got, "%lld %s %lld %s %s ", (long long)hit->index, hit->name, (long long)hit->aligned_cols,
                   hit->query, hit->hit_sequence);
  for (int64_t c = 0; c < hit->n_cols; c++) pleat_buf_printf(&got, "%s%d", c ? "," : "", (int)hit->indices_query[c]);
  for (int64_t c = 0; c < hit->n_cols; c++) pleat_buf_printf(&got, "%s%d", c ? "," : "|", (int)hit->indices_hit[c]);
  CHECK_STR(got.data, want);
  pleat_buf_fini(&got);
}

#define SUMMARY                                                                                               \
  "Probab=99.5  E-value=3.8e-67  Score=43.5  Aligned_cols=4  Identities=75%  Similarity=1.5  Sum_probs=3.1  " \
  "Template_Neff=5\n"

static const char hhr[] =
    "Query 1\n No Hit Prob\n  1 1ABC_A\n\nNo 1\n>1ABC_A enzyme; 1.5A \n" SUMMARY
    "\nQ ss_pred             CCC\nQ query             3 MK-T    5 (9)\nQ Consensus         3 mk~t    5 (9)\n"
    "T Consensus        11 mkat   14 (20)\nT 1ABC_A           11 MKAT   14 (20)\n"
    "Q query             6 A    6 (9)\nT 1ABC_A           15 - (20)\n\nNo 2\n>2DEF_B\n" SUMMARY;

static void test_hhr(void) {
  pleat_template_hits hits;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_hhr_parse(hhr, sizeof hhr - 1, "test.hhr", &hits, &err), &err)) return;
  CHECK_INT(hits.n_hits, 2);
  check_hit(&hits, 0, "1 1ABC_A enzyme; 1.5A  4 MK-TA MKAT- 2,3,-1,4,5|10,11,12,13,-1");
  check_hit(&hits, 1, "2 2DEF_B 4   ");
  CHECK_NEAR(hits.hits[0].sum_probs, 3.1, 0);
  pleat_template_hits_fini(&hits);
  CHECK_OK(pleat_hhr_parse("", 0, "test.hhr", &hits, &err), &err);
  CHECK_INT(hits.n_hits, 0);
  pleat_template_hits_fini(&hits);
}

static const char sto[] =
    "# STOCKHOLM 1.0\n#=GS 1abc_A/2-5  DE [subseq from] mol:protein length:9  thing\n"
    "#=GS 2dna_B/1-3  DE [subseq from] mol:na length:3\n#=GS 3x_yz_1/7-8 DE mol:protein length:12\n\n"
    "1abc_A/2-5  MKt.A\n2dna_B/1-3  MK..-\n3x_yz_1/7-8 -K..A\n#=GC RF     xx..x\n//\n";

static void test_hmmsearch(void) {
  pleat_template_hits hits;
  pleat_error err = {0};
  if (CHECK_OK(pleat_hmmsearch_parse(sto, sizeof sto - 1, "test.sto", "MRA", &hits, &err), &err)) {
    CHECK_INT(hits.n_hits, 2);
    check_hit(&hits, 0, "1 1abc_A 3 MRA MKTA 0,1,2|1,2,4");
    check_hit(&hits, 1, "3 3x_yz_1 2 MRA -KA 0,1,2|-1,6,7");
    CHECK(isnan(hits.hits[0].sum_probs));
    pleat_template_hits_fini(&hits);
  }
  static const char nothing[] = "# STOCKHOLM 1.0\n//\n";
  CHECK_OK(pleat_hmmsearch_parse(nothing, sizeof nothing - 1, "test.sto", "MRA", &hits, &err), &err);
  CHECK_INT(hits.n_hits, 0);
  CHECK_INT(pleat_hmmsearch_parse(sto, sizeof sto - 1, "test.sto", "MRAA", &hits, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "hit 1, '1abc_A', has 3 columns, but the query has 4 residues") != NULL);
  CHECK_INT(hits.n_hits, 0);
}

static const char m8[] =
    "101\t1abc_A\t0.5\t5\t1\t2\t2\t5\t10\t13\t1e-20\t80\t2M1I1D1M\n102\t9zzz_Z\t1\t1\t0\t0\t1\t1\t1\t1\t0\t1\t1M\n\n"
    "101\t2def_B\t1.0\t2\t0\t0\t1\t2\t7\t8\t2E-5\t40\t2M\n";

static void test_m8(void) {
  pleat_template_hits hits;
  pleat_error err = {0};
  if (CHECK_OK(pleat_m8_parse(m8, sizeof m8 - 1, "pdb70.m8", "101", "MKTAY", &hits, &err), &err)) {
    CHECK_INT(hits.n_hits, 2);
    check_hit(&hits, 0, "1 1abc_A 3 KTA-Y XX-XX 1,2,3,-1,4|9,10,-1,11,12");
    check_hit(&hits, 1, "2 2def_B 2 MK XX 0,1|6,7");
    CHECK(isnan(hits.hits[0].sum_probs));
    pleat_template_hits_fini(&hits);
  }
  if (CHECK_OK(pleat_m8_parse(m8, sizeof m8 - 1, "pdb70.m8", NULL, "MKTAY", &hits, &err), &err)) {
    CHECK_INT(hits.n_hits, 3);
    pleat_template_hits_fini(&hits);
  }
}

static const bad_file bad_hhr[] = {
    {"no_number", 3, 0, "expected \"No N\""},
    {"no_name", 4, 0, "expected \">\" and the name of a hit"},
    {"no_summary", 5, 0, "expected the hit's summary"},
    {"summary_word", 5, 0, "expected the hit's summary"},
    {"ends_early", 3, 0, "a hit that ends too early"},
    {"no_position", 7, 0, "expected a line of a sequence"},
    {"lower_case", 7, 0, "expected a line of a sequence"},
    {"wrong_length", 7, 0, "expected as many letters as the positions"},
    {"other_width", 8, 0, "expected as many columns as in the query's line above"},
    {"no_template", 3, 0, "a hit with 4 columns of the query and 0 of the template"},
};

static pleat_status parse_hhr(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_template_hits hits;
  pleat_status status = pleat_hhr_parse(text, n, path, &hits, err);
  CHECK(hits.n_hits == 0 && hits.hits == NULL);
  return status;
}

static const bad_file bad_m8[] = {
    {"twelve_columns", 1, 0, "expected 13 columns"},
    {"position_zero", 2, 0, "expected a position, a whole number from 1, found '0'"},
    {"position_word", 1, 0, "expected a position, a whole number from 1, found '2x'"},
    {"beyond_query", 1, 0, "expected a position within the query, found '6'"},
    {"other_cigar", 1, 0, "expected a cigar of M, I and D that covers the positions, found '1M1S'"},
    {"short_cigar", 1, 0, "found '3M'"},
    {"long_cigar", 1, 0, "found '4000000000M'"},
};

static pleat_status parse_m8(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_template_hits hits;
  pleat_status status = pleat_m8_parse(text, n, path, NULL, "MKTAY", &hits, err);
  CHECK(hits.n_hits == 0 && hits.hits == NULL);
  return status;
}

/* Alignments of sequences that are not those of pdb_seqres.txt, or not of this query. */
static void test_bad_hmmsearch(void) {
  static const char *const names[] = {"1abc/2-5", "1ABC_A/2-5", "1abc_A", "1abc_A/x-5", "1abc_A/0-5", "1abc_A/2"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char text[256];
    pleat_template_hits hits;
    pleat_error err = {0};
    snprintf(text, sizeof text, "#=GS %s DE mol:protein length:9\n%s MKA\n", names[i], names[i]);
    if (!CHECK_INT(pleat_hmmsearch_parse(text, strlen(text), "t", "MRA", &hits, &err), PLEAT_INPUT)) {
      fprintf(stderr, "  %s\n", names[i]);
    }
    CHECK(strstr(err.message, "expected \"1abc_A/2-90 [subseq from] mol:protein") != NULL);
    CHECK_INT(hits.n_hits, 0);
  }
  static const char digit[] = "#=GS 1abc_A/2-5 DE mol:protein length:9\n1abc_A/2-5 M1A\n";
  pleat_template_hits hits;
  pleat_error err = {0};
  CHECK_INT(pleat_hmmsearch_parse(digit, sizeof digit - 1, "t", "MRA", &hits, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "has '1' in its sequence") != NULL);
}

int main(void) {
  test_hhr();
  test_hmmsearch();
  test_m8();
  check_bad_files("hhr", bad_hhr, sizeof bad_hhr / sizeof *bad_hhr, parse_hhr);
  check_bad_files("m8", bad_m8, sizeof bad_m8 / sizeof *bad_m8, parse_m8);
  test_bad_hmmsearch();
  return check_report();
}
