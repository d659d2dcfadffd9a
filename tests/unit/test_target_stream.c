/* Targets record by record: the same ones, with the same messages, as when the file is read whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "pleat/io.h"

static char folder[256];

static void check_same_error(const pleat_error *got, const pleat_error *want) {
  if (!CHECK((got != NULL) == (want != NULL)) || !want) return;
  CHECK_INT(got->status, want->status);
  CHECK_STR(got->message, want->message);
  CHECK_STR(got->file, want->file);
  CHECK_INT(got->line, want->line);
  CHECK_INT(got->column, want->column);
}

/* Names may differ where the list made them unique. */
static void check_same_target(const pleat_target *got, const pleat_target *want) {
  if (!CHECK(got != NULL)) return;
  CHECK(strncmp(got->name, want->name, strlen(got->name)) == 0);
  CHECK_STR(got->sequence, want->sequence);
  CHECK_STR(got->source, want->source);
  check_same_error(got->opt_error, want->opt_error);
}

static const char *write_input(const char *name, const char *text, size_t n, char path[512]) {
  pleat_error err;
  snprintf(path, 512, "%s/%s", folder, name);
  CHECK_OK(pleat_file_write(path, text, n, &err), &err);
  return path;
}

/* Reads a file both ways. A message about the whole file comes from both, the stream's perhaps after some targets. */
static void check_same(const char *name, const char *text, size_t n) {
  char path[512];
  pleat_error err = {0}, list_err = {0};
  pleat_targets *targets = NULL;
  pleat_target_stream *stream = NULL;
  const pleat_target *target = NULL;
  pleat_buf warnings = {0};
  size_t i = 0;
  write_input(name, text, n, path);
  pleat_status list_status = pleat_targets_read(path, &targets, &list_err);
  if (!CHECK_OK(pleat_target_stream_open(path, &stream, &err), &err)) return;
  pleat_status status;
  for (;; i++) {
    status = pleat_target_stream_next(stream, &target, &err);
    if (status || !target) break;
    pleat_buf_puts(&warnings, pleat_target_stream_warnings(stream));
    const pleat_target *want = targets ? pleat_targets_get(targets, i) : NULL;
    if (!list_status && CHECK(want != NULL)) check_same_target(target, want);
  }
  CHECK_INT(status, list_status);
  if (!list_status) CHECK_INT(i, pleat_targets_count(targets));
  if (!list_status)
    CHECK(strncmp(warnings.data ? warnings.data : "", pleat_targets_warnings(targets), warnings.n) == 0);
  if (!list_status) CHECK_NEAR(pleat_target_stream_fraction(stream), 1, 0);
  if (list_status && status) check_same_error(&err, &list_err);
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err); /* and stays there */
  CHECK(target == NULL);
  pleat_buf_fini(&warnings);
  pleat_target_stream_close(stream);
  pleat_targets_destroy(targets);
  unlink(path);
}

static void check_text(const char *name, const char *text) { check_same(name, text, strlen(text)); }

static void test_fasta(void) {
  check_text("one.fasta", ">a\nMKV\n");
  check_text("end.fa", ">a\nMKV\n>b desc|x\nAAA:\nCC");
  check_text("blank.fasta", "\n\n>a\n\nMK\nVL\n\n>b\nM\n\n\n");
  check_text("mark.fasta", "\xEF\xBB\xBF>a\r\nMK\r\n>b\r\nM*\r\n");
  check_text("wrong.fasta", ">a\nMK1V\nMK\n>b\n>c\nMK\n>d\nM:\n>e\nM*\n>f\nMK\n>\n");
  check_text("front.fasta", "MKV\n>a\nMKV\n");
  check_text("empty.fasta", "");
  check_text("blanks.fasta", "\n \n");
  check_text("content", ">a\nMK\n>b\nMKV\n");
  check_same("nul.fasta", ">a\nM\0K\n", 7);
}

static void test_tables(void) {
  check_text("one.csv", "id,sequence\na,MKV\n");
  check_text("end.csv", "id,sequence\r\na,MKV\r\nb,MK:VL");
  check_text("blank.csv", "\n\nid,sequence\n\na,MKV\n\n\nb,MK\n\n");
  check_text("mark.tsv", "\xEF\xBB\xBFname\tsequence\tid\nx\tMKV\ta\n");
  check_text("quotes.csv", "id,sequence\n\"a\n,b\",MKV\n\"c\"\"\",\"MK\nVL\"\nd,M\"K\ne,MKV\n");
  check_text("wrong.csv", "id,sequence\na\n,MK\nb,\nc,MK1\nd,MKV,x\ne,MKV\n");
  check_text("header.csv", "id,sequence\n");
  check_text("columns.csv", "id,seq\na,MKV\n");
  check_text("twice.csv", "id,id,sequence\na,b,MKV\n");
  check_text("empty.csv", "");
  check_text("open.csv", "\"id,sequence\na,MKV\n");
  check_text("content", "id\tsequence\na\tMKV\n");
}

/* A quote that spoils the whole table for a reader of lists costs one row here. */
static void test_quotes(void) {
  static const char text[] = "id,sequence\na,\"MK\"V\nb,MKV\n";
  char path[512];
  pleat_error err = {0};
  pleat_target_stream *stream = NULL;
  const pleat_target *target = NULL;
  write_input("quotes.csv", text, sizeof text - 1, path);
  if (!CHECK_OK(pleat_target_stream_open(path, &stream, &err), &err)) return;
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  if (CHECK(target && target->opt_error)) {
    CHECK_INT(target->opt_error->line, 2);
    CHECK_INT(target->opt_error->column, 7);
    CHECK_STR(target->name, "quotes");
  }
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK_STR(target ? target->sequence : NULL, "MKV");
  pleat_target_stream_close(stream);
  unlink(path);
}

/* Records of all lengths, so that pieces of the file end everywhere. */
static void test_long(void) {
  pleat_buf fasta = {0}, csv = {0};
  pleat_buf_puts(&csv, "sequence,id\n");
  for (int i = 0; i < 3000; i++) {
    pleat_buf_printf(&fasta, ">design_%d\n", i);
    pleat_buf_printf(&csv, i % 3 ? "" : "\"");
    for (int k = 0; k < i % 61 + 1; k++) {
      pleat_buf_printf(&fasta, k % 20 == 19 ? "%c\n" : "%c", "ARNDC1EGHI"[(i * 7 + k) % (i % 5 ? 5 : 10)]);
      pleat_buf_printf(&csv, "%c", "ARNDC1EGHI"[(i * 7 + k) % (i % 5 ? 5 : 10)]);
    }
    pleat_buf_printf(&fasta, "\n");
    pleat_buf_printf(&csv, i % 3 ? ",%d\n" : "\",\"design %d\"\n", i);
  }
  if (CHECK(!fasta.is_failed && !csv.is_failed && fasta.n > 120000 && csv.n > 120000)) {
    check_same("long.fasta", fasta.data, fasta.n);
    check_same("long.csv", csv.data, csv.n);
  }
  pleat_buf_fini(&fasta);
  pleat_buf_fini(&csv);
}

/* Two targets around one that is longer than what is kept of a record. */
static void test_too_long(bool has_residues) {
  char path[512];
  pleat_buf text = {0};
  pleat_error err = {0};
  pleat_target_stream *stream = NULL;
  const pleat_target *target = NULL;
  pleat_buf_puts(&text, ">a\nMK\n>b\nMK\n");
  for (int i = 0; i < 3 << 20; i++) pleat_buf_append(&text, has_residues && i % 60 ? "A" : "\n", 1);
  pleat_buf_puts(&text, "\n>c\nMKV\n");
  write_input("long.fasta", text.data, text.n, path);
  pleat_buf_fini(&text);
  if (!CHECK_OK(pleat_target_stream_open(path, &stream, &err), &err)) return;
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK_STR(target ? target->sequence : NULL, "MK");
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK_STR(target ? target->name : NULL, "b");
  const char *message = has_residues ? "has more than 65536 residues" : "the record has more than 1048576 bytes";
  CHECK(target && target->opt_error && strstr(target->opt_error->message, message) != NULL);
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK_STR(target ? target->name : NULL, "c");
  CHECK_STR(target ? target->sequence : NULL, "MKV");
  pleat_target_stream_close(stream);
  unlink(path);
}

/* A quote without its end would swallow the rest of the file. */
static void test_open_quote(void) {
  char path[512];
  pleat_buf text = {0};
  pleat_error err = {0};
  pleat_target_stream *stream = NULL;
  const pleat_target *target = NULL;
  pleat_buf_puts(&text, "id,sequence\na,MK\n\"b,MK\n");
  for (int i = 0; i < 300000; i++) pleat_buf_puts(&text, "c,MKVL\n");
  write_input("open.csv", text.data, text.n, path);
  pleat_buf_fini(&text);
  if (!CHECK_OK(pleat_target_stream_open(path, &stream, &err), &err)) return;
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK(target != NULL);
  CHECK_INT(pleat_target_stream_next(stream, &target, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 3);
  CHECK(strstr(err.message, "is a closing '\"' missing?") != NULL);
  CHECK_OK(pleat_target_stream_next(stream, &target, &err), &err);
  CHECK(target == NULL);
  pleat_target_stream_close(stream);
  unlink(path);
}

static void test_refused(void) {
  char path[512];
  pleat_error err = {0};
  pleat_target_stream *stream = NULL;
  CHECK_INT(pleat_target_stream_open(folder, &stream, &err), PLEAT_INPUT);
  CHECK(stream == NULL && strstr(err.message, "is a directory") != NULL);
  CHECK_INT(pleat_target_stream_open("no/such.fasta", &stream, &err), PLEAT_IO);
  write_input("x.a3m", ">a\nMKV\n", 7, path);
  CHECK_INT(pleat_target_stream_open(path, &stream, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "is not read record by record") != NULL);
  unlink(path);
  pleat_target_stream_close(NULL);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_fasta();
  test_tables();
  test_quotes();
  test_long();
  test_too_long(true);
  test_too_long(false);
  test_open_quote();
  test_refused();
  rmdir(folder);
  return check_report();
}
