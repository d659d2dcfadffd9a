/* Tests of targets: names, inputs told apart, sequences of a3m files.
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
  check_refused(write_input("gap.fasta", ">a\nM-V\n", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  check_refused(write_input("empty", "", path, sizeof path), PLEAT_INPUT);
  unlink(path);
  pleat_targets_destroy(NULL);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_names();
  test_long_name();
  test_a3m();
  test_refused();
  rmdir(folder);
  return check_report();
}
