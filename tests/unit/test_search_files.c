/* Databases on disk, queries, results that are there already, and command lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/stat.h>

#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "search/databases.h"
#include "search/manifest.h"
#include "search/programs.h"
#include "search/query.h"
#include "search/steps.h"

static char dir[256];

static const char *in_dir(const char *name) {
  static char paths[4][512];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", dir, name);
  return path;
}

static void put(const char *name, const char *text) {
  pleat_error err;
  char folder[512];
  snprintf(folder, sizeof folder, "%s", in_dir(name));
  char *slash = strrchr(folder, '/');
  *slash = '\0';
  CHECK_OK(pleat_folder_make(folder, &err), &err);
  CHECK_OK(pleat_file_write(in_dir(name), text, strlen(text), &err), &err);
}

static void check_text(const char *name, const char *want) {
  pleat_error err;
  char *text = NULL;
  size_t n;
  if (CHECK_OK(pleat_file_read(in_dir(name), 1 << 20, &text, &n, &err), &err)) CHECK_STR(text, want);
  free(text);
}

static void check_words(char **argv, const char *want) {
  char text[256];
  if (!CHECK(argv != NULL)) return;
  pleat_process_quote((const char *const *)argv, text, sizeof text);
  CHECK_STR(text, want);
  free(argv);
}

static void test_words(void) {
  static const char *const words[] = {"-i", "%q", "--cpu", "%c", "-z", "%z", "%b/x_%c", "%z", "-last", NULL};
  const char *values[PLEAT_N_WORD_VALUES] = {['q'] = "a b", ['c'] = "4", ['b'] = "/dir"};
  check_words(pleat_words_expand("prog", words, values), "prog -i 'a b' --cpu 4 /dir/x_4 -last");
  values['z'] = "7";
  check_words(pleat_words_expand("prog", words, values), "prog -i 'a b' --cpu 4 -z 7 /dir/x_4 7 -last");
}

static void put_hhsuite(const char *prefix) {
  static const char *const parts[] = {"_a3m", "_hhm", "_cs219"};
  for (int i = 0; i < 3; i++) {
    char name[300];
    snprintf(name, sizeof name, "%s%s.ffdata", prefix, parts[i]);
    put(name, "0123456789012345678901234567890123456789");
    snprintf(name, sizeof name, "%s%s.ffindex", prefix, parts[i]);
    put(name, "b\t20\t20\na\t0\t20\n");
  }
}

static void check_db(pleat_db db, pleat_db_state state, const char *path, const char *note) {
  pleat_error err;
  pleat_db_report report;
  if (!CHECK_OK(pleat_db_locate(db, dir, &report, &err), &err)) return;
  CHECK_INT(report.state, state);
  CHECK_STR(report.path, path ? in_dir(path) : "");
  if (!CHECK(strstr(report.note, note) != NULL)) fprintf(stderr, "  %s: %s\n", pleat_db_name(db), report.note);
}

static void test_databases(void) {
  check_db(PLEAT_DB_MGNIFY, PLEAT_DB_MISSING, NULL, "");
  /* The newest release, and nothing that only begins like it. */
  put("mgnify/mgy_clusters_2018_12.fa", ">a\nMKV\n");
  put("mgnify/mgy_clusters_2022_05.fa", ">a\nMKV\n");
  put("mgnify/mgy_clusters_old.fa", "");
  check_db(PLEAT_DB_MGNIFY, PLEAT_DB_COMPLETE, "mgnify/mgy_clusters_2022_05.fa", "");
  put("mgnify/mgy_clusters_2022_05.fa", "<html>\n");
  check_db(PLEAT_DB_MGNIFY, PLEAT_DB_DAMAGED, "mgnify/mgy_clusters_2022_05.fa", "does not begin with '>'");
  put("mgnify/mgy_clusters_2022_05.fa", "");
  check_db(PLEAT_DB_MGNIFY, PLEAT_DB_DAMAGED, "mgnify/mgy_clusters_2022_05.fa", "empty");

  put("uniref90/uniref90.fasta", ">a\nMKV\n");
  put("uniref90/uniref90.fasta.aria2", "x");
  check_db(PLEAT_DB_UNIREF90, PLEAT_DB_UNPACKED_PARTLY, "uniref90/uniref90.fasta", "uniref90.fasta.aria2");

  put_hhsuite("pdb70/pdb70");
  check_db(PLEAT_DB_PDB70, PLEAT_DB_COMPLETE, "pdb70/pdb70", "");
  put("pdb70/pdb70_hhm.ffdata", "012345678901234567890123456789012345678");
  check_db(PLEAT_DB_PDB70, PLEAT_DB_DAMAGED, "pdb70/pdb70", "shorter than its index says");
  put_hhsuite("pdb70/pdb70");
  put("pdb70/pdb70_cs219.ffindex", "b\t20\t20\na\t0\t2");
  check_db(PLEAT_DB_PDB70, PLEAT_DB_DAMAGED, "pdb70/pdb70", "ends within a line");
  pleat_path_remove(in_dir("pdb70/pdb70_cs219.ffindex"));
  check_db(PLEAT_DB_PDB70, PLEAT_DB_UNPACKED_PARTLY, "pdb70/pdb70", "pdb70_cs219.ffindex");

  put("uniref30_2302.tar.gz", "x");
  check_db(PLEAT_DB_CF_UNIREF30, PLEAT_DB_UNPACKED_PARTLY, NULL, "uniref30_2302.tar.gz");
  static const char *const parts[] = {"", ".dbtype", ".index", "_h.dbtype", "_seq.dbtype", "_aln.dbtype"};
  for (int i = 0; i < 6; i++) {
    char name[300];
    snprintf(name, sizeof name, "uniref30_2302_db%s", parts[i]);
    put(name, "x");
  }
  check_db(PLEAT_DB_CF_UNIREF30, PLEAT_DB_COMPLETE, "uniref30_2302_db", "without an index");
  put("uniref30_2302_db.idx.dbtype", "x");
  check_db(PLEAT_DB_CF_UNIREF30, PLEAT_DB_COMPLETE, "uniref30_2302_db", "");
  pleat_path_remove(in_dir("uniref30_2302_db_aln.dbtype"));
  check_db(PLEAT_DB_CF_UNIREF30, PLEAT_DB_UNPACKED_PARTLY, "uniref30_2302_db", "uniref30_2302_db_aln.dbtype");
}

static void test_clean_fasta(void) {
  pleat_error err;
  int64_t n_odd;
  char first[160];
  put("good.txt", ">1abc_A mol:protein\nMKVxu*\n\n>0 (1-2)\nAC DE\n");
  CHECK_OK(pleat_query_clean_fasta(in_dir("good.txt"), in_dir("clean.txt"), &n_odd, first, &err), &err);
  CHECK_INT(n_odd, 0);
  CHECK(!pleat_path_exists(in_dir("clean.txt")));
  put("odd.txt", ">a\nMKV\n>b\nMK\nM0V\n1\n>c\nACDE\n>d\n-AC\n>e\nMKV");
  CHECK_OK(pleat_query_clean_fasta(in_dir("odd.txt"), in_dir("clean.txt"), &n_odd, first, &err), &err);
  CHECK_INT(n_odd, 2);
  CHECK_STR(first, "'0' in line 5");
  check_text("clean.txt", ">a\nMKV\n>c\nACDE\n>e\nMKV\n");
}

static const char sto[] =
    "# STOCKHOLM 1.0\n#=GF ID one\n\n#=GS a/1-3 DE [subseq from] x\n\none   MK-V\na/1-3 MKAV\nb/1-3 MK-V\nc/1-3 -K-V\n"
    "#=GC RF xx.x\n//\n";

static void test_queries(void) {
  pleat_error err;
  CHECK_OK(pleat_query_write_fasta(in_dir("q.fasta"), "one", "MKVAA", 3, &err), &err);
  check_text("q.fasta", ">one\nMKV\n");
  put("hits.sto", sto);
  CHECK_OK(pleat_query_write_template(in_dir("q.a3m"), in_dir("hits.sto"), 10, true, &err), &err);
  check_text("q.a3m", ">one \nMKV\n>c/1-3 \n-KV\n"); /* a and b repeat the query's columns */
  CHECK_OK(pleat_query_write_template(in_dir("q.sto"), in_dir("hits.sto"), 3, false, &err), &err);
  int64_t n;
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_UNIREF90, in_dir("q.sto"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 0); /* the first three rows are one */
  CHECK_OK(pleat_query_write_truncated(in_dir("two.sto"), in_dir("hits.sto"), 2, &err), &err);
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_MGNIFY, in_dir("two.sto"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 1);
}

static void check_refused(pleat_step_id id, const char *name, const char *query, const char *message) {
  pleat_error err;
  int64_t n;
  CHECK_INT(pleat_step_inspect(id, in_dir(name), query, strlen(query), &n, &err), PLEAT_INPUT);
  CHECK_STR(err.file, in_dir(name));
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s\n", err.message);
}

static void test_results(void) {
  pleat_error err;
  int64_t n;
  put("hits.sto", sto);
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_UNIREF90, in_dir("hits.sto"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 3);
  check_refused(PLEAT_STEP_UNIREF90, "hits.sto", "MKA", "of another sequence");
  check_refused(PLEAT_STEP_UNIREF90, "hits.sto", "MKVA", "of another sequence");
  put("no.sto", "# STOCKHOLM 1.0\n//\n");
  check_refused(PLEAT_STEP_UNIREF90, "no.sto", "MKV", "found no row");
  put("hits.a3m", ">one\nMKV\n>a\nM-Va\n");
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_BFD, in_dir("hits.a3m"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 1);
  check_refused(PLEAT_STEP_BFD, "hits.a3m", "MKD", "of another sequence");
  put("empty.sto", "");
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_PDB_SEQRES, in_dir("empty.sto"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 0);
  put("hits.hhr",
      "Query         one\nMatch_columns 3\nNo_of_seqs    1\n\n No Hit                             Prob\n  1 1ABC_A\n  "
      "2 2ABC_B\n\n"
      "No 1\n>1ABC_A\n");
  CHECK_OK(pleat_step_inspect(PLEAT_STEP_PDB70, in_dir("hits.hhr"), "MKV", 3, &n, &err), &err);
  CHECK_INT(n, 2);
  check_refused(PLEAT_STEP_PDB70, "hits.hhr", "MKVA", "of a query with 3 residues, expected 4");
  put("no.hhr", "Query one\n");
  check_refused(PLEAT_STEP_PDB70, "no.hhr", "MKV", "no table of hits");
}

static void test_manifest(void) {
  pleat_error err;
  pleat_manifest manifest;
  pleat_manifest_match match;
  put("m/hits.sto", sto);
  CHECK_OK(pleat_manifest_open(in_dir("m"), "one", "MKVXX", 3, false, &manifest, &err), &err);
  CHECK_OK(pleat_manifest_compare(&manifest, "hits.sto", &match, &err), &err);
  CHECK_INT(match, PLEAT_MANIFEST_UNKNOWN);
  const pleat_db_report db = {.db = PLEAT_DB_MGNIFY, .path = "/db/mgy.fa", .size_bytes = 7};
  const pleat_manifest_entry entry = {
      .file = "hits.sto", .version = "1.2", .commands = "a b\nc\n", .dbs = {&db}, .n_dbs = 1, .n_hits = 3};
  CHECK_OK(pleat_manifest_add(&manifest, &entry, &err), &err);
  pleat_manifest_fini(&manifest);

  CHECK_OK(pleat_manifest_open(in_dir("m"), "one", "MKV", 3, false, &manifest, &err), &err);
  CHECK_OK(pleat_manifest_compare(&manifest, "hits.sto", &match, &err), &err);
  CHECK_INT(match, PLEAT_MANIFEST_SAME);
  put("m/hits.sto", ">");
  CHECK_OK(pleat_manifest_compare(&manifest, "hits.sto", &match, &err), &err);
  CHECK_INT(match, PLEAT_MANIFEST_CHANGED);
  pleat_manifest_fini(&manifest);
  CHECK_INT(pleat_manifest_open(in_dir("m"), "two", "MKA", 3, false, &manifest, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "another sequence than 'two'") != NULL);
  pleat_manifest_fini(&manifest);
  /* Begun anew when asked, or when the file is not one. */
  CHECK_OK(pleat_manifest_open(in_dir("m"), "two", "MKA", 3, true, &manifest, &err), &err);
  pleat_manifest_fini(&manifest);
  put("m/pleat_manifest.json", "{\"files\": ");
  CHECK_OK(pleat_manifest_open(in_dir("m"), "two", "MKA", 3, false, &manifest, &err), &err);
  CHECK_OK(pleat_manifest_compare(&manifest, "hits.sto", &match, &err), &err);
  CHECK_INT(match, PLEAT_MANIFEST_UNKNOWN);
  pleat_manifest_fini(&manifest);
}

int main(void) {
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_words();
  test_databases();
  test_clean_fasta();
  test_queries();
  test_results();
  test_manifest();
  pleat_path_remove(dir);
  return check_report();
}
