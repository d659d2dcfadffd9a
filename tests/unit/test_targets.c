/* Tests of targets: names, inputs told apart, sequences of a3m files, what is wrong with single ones.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "pleat/io.h"

static char folder[256];

static const char *write_input(const char *name, const char *text, char *path, size_t n_path) {
  pleat_error err;
  snprintf(path, n_path, "%s/%s", folder, name);
  CHECK_OK(pleat_file_write(path, text, strlen(text), &err), &err);
  return path;
}

static pleat_targets *read_input(const char *name, const char *text) {
  char path[512];
  pleat_targets *targets = NULL;
  pleat_error err;
  CHECK_OK(pleat_targets_read(write_input(name, text, path, sizeof path), &targets, &err), &err);
  unlink(path);
  return targets;
}

static void check_target(const pleat_targets *targets, size_t i, const char *name, const char *sequence) {
  const pleat_target *target = targets ? pleat_targets_get(targets, i) : NULL;
  CHECK_STR(target ? target->name : NULL, name);
  CHECK_STR(target ? target->sequence : NULL, sequence);
}

static void test_names(void) {
  pleat_targets *targets = read_input("in.fasta",
                                      ">abc_1.2-x\nMK\n>a b/c|d:e\nMKV\n>\xc3\xa9\xe2\x88\x9ax\nMK:VA\n>../x\nM\n"
                                      ">a b/c|d:e\nMKVL\n> a b/c|d:e\nM\n>a_b_c_d_e_2\nMM\n>\nMMM\n");
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 8);
  check_target(targets, 0, "abc_1.2-x", "MK");
  check_target(targets, 1, "a_b_c_d_e", "MKV");
  check_target(targets, 2, "__x", "MK:VA"); /* one '_' per character, not per byte */
  check_target(targets, 3, ".._x", "M");
  check_target(targets, 4, "a_b_c_d_e_2", "MKVL");
  check_target(targets, 5, "a_b_c_d_e_3", "M");
  check_target(targets, 6, "a_b_c_d_e_2_2", "MM");
  check_target(targets, 7, "in", "MMM");
  CHECK(targets && pleat_targets_get(targets, 8) == NULL);
  CHECK(targets && strstr(pleat_targets_warnings(targets), "its files are called 'a_b_c_d_e_2'\n") != NULL);
  pleat_targets_destroy(targets);
}

static void test_long_name(void) {
  char text[1100];
  snprintf(text, sizeof text, ">%0500d\nMK\n>%0501d\nMKV\n", 7, 7);
  pleat_targets *targets = read_input("in.fa", text);
  CHECK_INT(targets ? strlen(pleat_targets_get(targets, 0)->name) : 0, 120);
  CHECK(targets && strcmp(pleat_targets_get(targets, 0)->name, pleat_targets_get(targets, 1)->name) != 0);
  pleat_targets_destroy(targets);
}

static void test_a3m(void) {
  const char *plain = ">q\nMKV\n>r\nM-aV\n";
  pleat_targets *targets = read_input("my job.a3m", plain);
  check_target(targets, 0, "my_job", "MKV");
  CHECK(targets && pleat_targets_get(targets, 0)->n_a3m == strlen(plain));
  CHECK_STR(targets ? pleat_targets_get(targets, 0)->opt_a3m : NULL, plain);
  pleat_targets_destroy(targets);

  /* ColabFold's header: distinct chains with their numbers of copies. */
  targets = read_input("complex.a3m", "#3,2\t2,1\n>101\t102\nMKVAC\n>101\nMKV--\n");
  check_target(targets, 0, "complex", "MKV:MKV:AC");
  pleat_targets_destroy(targets);

  /* Without a suffix the content decides. */
  targets = read_input("noname", plain);
  CHECK(targets && pleat_targets_get(targets, 0)->opt_a3m != NULL);
  pleat_targets_destroy(targets);
  targets = read_input("one.chain", "#3\t1\n>101\nMKV\n");
  check_target(targets, 0, "one", "MKV");
  pleat_targets_destroy(targets);
  targets = read_input("records", ">a-b\nMKV\n>c\nMKV:AA\n");
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 2);
  check_target(targets, 1, "c", "MKV:AA");
  pleat_targets_destroy(targets);
}

/* A wrong record, row or file is a target that says why, and the others are read. */
static void check_wrong(const pleat_targets *targets, size_t i, const char *name, const char *message, int64_t line) {
  const pleat_target *target = targets ? pleat_targets_get(targets, i) : NULL;
  if (!CHECK(target && target->opt_error)) return;
  CHECK_STR(target->name, name);
  CHECK_STR(target->sequence, "");
  CHECK_INT(target->opt_error->line, line);
  if (!CHECK(strstr(target->opt_error->message, message) != NULL))
    fprintf(stderr, "  %s\n", target->opt_error->message);
  pleat_arrays *features = NULL;
  pleat_error err;
  CHECK(pleat_target_features(target, NULL, NULL, &features, &err) == target->opt_error->status);
  CHECK_STR(err.message, target->opt_error->message);
}

static void test_wrong_records(void) {
  pleat_targets *targets = read_input(
      "in.fasta", ">good\nMK\n>digit x\nMK\nM2K\nMK\n>copies\nMKV:2\n>empty\n>rna\nMK:rna|ACGU\n>last\nMKV*\n");
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 6);
  check_target(targets, 0, "good", "MK");
  check_wrong(targets, 1, "digit_x", "'2' in the sequence of record 'digit'", 5);
  check_wrong(targets, 2, "copies", "copies of a chain are written out, 'AAA:AAA' instead of 'AAA:2'", 8);
  check_wrong(targets, 3, "empty", "record 'empty' has no sequence", 9);
  check_wrong(targets, 4, "rna", "AlphaFold 2 folds proteins only", 11);
  check_target(targets, 5, "last", "MKV");
  CHECK(targets && strstr(pleat_targets_warnings(targets), "'*' at the end of record 'last' stripped") != NULL);
  pleat_targets_destroy(targets);
}

static void test_table(void) {
  char a3m[512], text[2048];
  write_input("q.a3m", ">q\nMKV\n>r\nM-V\n", a3m, sizeof a3m);
  snprintf(text, sizeof text,
           "id,sequence,a3mpath,templatepath\na b,mkv,%s,\nother,MKVL,%s,\nnone,MK,%s.none,\n"
           "templ,MK,,x.pdb\nplain,MK:VA,,\n",
           a3m, a3m, a3m);
  pleat_targets *targets = read_input("jobs.csv", text);
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 5);
  check_target(targets, 0, "a_b", "MKV");
  const pleat_target *first = targets ? pleat_targets_get(targets, 0) : NULL;
  CHECK_INT(first ? first->n_rows : 0, 2);
  CHECK_STR(first ? first->opt_a3m_path : NULL, a3m);
  check_wrong(targets, 1, "other", "not the sequence of 'other': expected the same residues", 0);
  check_wrong(targets, 2, "none", "No such file", 0);
  check_wrong(targets, 3, "templ", "names templates", 5);
  check_target(targets, 4, "plain", "MK:VA");
  pleat_targets_destroy(targets);
  unlink(a3m);

  /* Without a suffix, as from standard input. */
  targets = read_input("table", "note\tid\tsequence\nx\tp\tM-K\nx\tq\tMK\n");
  check_wrong(targets, 0, "p", "gap '-'", 2);
  check_target(targets, 1, "q", "MK");
  pleat_targets_destroy(targets);
}

static void test_json(void) {
  pleat_targets *targets = read_input(
      "in.json",
      "[{\"name\": \"x y\", \"sequences\": [{\"protein\": {\"id\": [\"H\", \"L\"], \"sequence\": \"MK\"}}]},"
      " {\"name\": \"r\", \"sequences\": [{\"rna\": {\"id\": \"A\", \"sequence\": \"AC\"}}]},"
      " {\"name\": \"m\", \"sequences\": [{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"unpairedMsa\": "
      "\">q\\nMK\\n>r\\nM-\\n\"}}]},"
      " {\"name\": \"d\", \"sequences\": [{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"unpairedMsa\": "
      "\">q\\nMKV\\n\"}}]}]");
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 4);
  check_target(targets, 0, "x_y", "MK:MK");
  CHECK(targets && strstr(pleat_targets_warnings(targets), "chains H:L of job 'x y' are called A, B") != NULL);
  check_wrong(targets, 1, "r", "has a \"rna\"", 0);
  check_target(targets, 2, "m", "MK");
  CHECK(targets && pleat_targets_get(targets, 2)->opt_a3m && pleat_targets_get(targets, 2)->n_rows == 2);
  check_wrong(targets, 3, "d", "first row of \"unpairedMsa\" is not the sequence", 0);
  pleat_targets_destroy(targets);
}

/* ColabFold's rules: names in order, the first record of each file under the file's name, other files left out. */
static void test_folder(void) {
  static const char *const files[][2] = {{"b.fasta", ">x\nMK\n>y\nMKV\n"},
                                         {"a.a3m", ">q\nMKV\n>r\nM-V\n"},
                                         {"c.fa", ">x\nM2\n"},
                                         {"d.FAA", ">x\nMK:MK\n"},
                                         {"e.csv", "id,sequence\nf,MKA\n"},
                                         {"notes.txt", "MK"},
                                         {"scores.json", "{\"plddt\": []}"},
                                         {".hidden.fasta", ">h\nMK\n"},
                                         {"g.fasta", "MK\n>x\nMK\n"},
                                         {"h.pdb", "ATOM\n"}};
  enum { N_FILES = sizeof files / sizeof *files };
  char path[512];
  for (int i = 0; i < N_FILES; i++) write_input(files[i][0], files[i][1], path, sizeof path);
  pleat_targets *targets = NULL;
  pleat_error err;
  CHECK_OK(pleat_targets_read(folder, &targets, &err), &err);
  CHECK_INT(targets ? pleat_targets_count(targets) : 0, 7);
  check_target(targets, 0, "a", "MKV");
  const pleat_target *first = targets ? pleat_targets_get(targets, 0) : NULL;
  CHECK(first && !first->opt_a3m && first->n_rows == 2 && strstr(first->opt_a3m_path, "/a.a3m"));
  check_target(targets, 1, "b", "MK");
  check_wrong(targets, 2, "c", "'2' in the sequence", 2);
  check_target(targets, 3, "d", "MK:MK");
  check_target(targets, 4, "f", "MKA");
  check_wrong(targets, 5, "g", "text before the first '>'", 1);
  check_wrong(targets, 6, "h", "a structure as input cannot be read yet", 0);
  const char *warnings = targets ? pleat_targets_warnings(targets) : "";
  CHECK(strstr(warnings, "b.fasta: only the first of 2 records is folded") != NULL);
  CHECK(strstr(warnings, "notes.txt: left out, not a FASTA") != NULL);
  CHECK(strstr(warnings, "scores.json: left out, JSON but no input of AlphaFold 3") != NULL);
  CHECK(strstr(warnings, "hidden") == NULL);
  pleat_targets_destroy(targets);
  for (int i = 0; i < N_FILES; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
    unlink(path);
  }
}

static void check_refused(const char *path, pleat_status want) {
  pleat_targets *targets = NULL;
  pleat_error err;
  CHECK_INT(pleat_targets_read(path, &targets, &err), want);
  CHECK(targets == NULL);
  CHECK(pleat_targets_read(path, &targets, NULL) == want);
}

static void test_refused(void) {
  char path[512];
  check_refused(folder, PLEAT_INPUT);
  check_refused("/nonexistent/x.fasta", PLEAT_IO);
  check_refused(write_input("text.fasta", "MK\n>a\nM-V\n", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  check_refused(write_input("empty", "", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  check_refused(write_input("x.csv", "name,seq\n", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  check_refused(write_input("x.json", "{\"a\": 1}", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  check_refused(write_input("x.pdb", "ATOM\n", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  pleat_targets_destroy(NULL);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_names();
  test_long_name();
  test_a3m();
  test_wrong_records();
  test_table();
  test_json();
  test_folder();
  test_refused();
  rmdir(folder);
  return check_report();
}
