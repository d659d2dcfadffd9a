/* Lines of texts and files: every kind of line end, numbers, long lines, pieces of a file, gzip.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "base/buf.h"
#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "io/lines.h"

/* Lines joined by '|', each with its number: "1:a|2:b". */
static void check_lines(pleat_lines *lines, const char *want) {
  pleat_buf got = {0};
  pleat_error err = {0};
  bool is_line = true;
  while (CHECK_OK(pleat_lines_next(lines, &is_line, &err), &err) && is_line) {
    pleat_buf_printf(&got, "%s%lld:%.*s", got.n ? "|" : "", (long long)lines->number, (int)lines->n, lines->line);
  }
  CHECK_STR(got.data ? got.data : "", want);
  pleat_buf_fini(&got);
}

static void check_text(const char *text, size_t n, uint32_t ends, const char *want) {
  pleat_lines lines = pleat_lines_of(text, n, "text", ends);
  check_lines(&lines, want);
}
#define CHECK_TEXT(text, ends, want) check_text(text, sizeof(text) - 1, ends, want)

static void test_ends(void) {
  CHECK_TEXT("", PLEAT_LINES_SPLIT, "");
  CHECK_TEXT("a", PLEAT_LINES_SPLIT, "1:a");
  CHECK_TEXT("a\n", PLEAT_LINES_SPLIT, "1:a");
  CHECK_TEXT("\na\n\nb", PLEAT_LINES_SPLIT, "1:|2:a|3:|4:b");
  CHECK_TEXT("a\r\nb\rc\n\rd", PLEAT_LINES_SPLIT, "1:a|2:b|3:c|4:|5:d");
  CHECK_TEXT(
      "a\vb\fc\x1c\x1d\x1e"
      "d\ne",
      PLEAT_LINES_SPLIT, "1:a|1:b|1:c|1:|1:|1:d|2:e");
  CHECK_TEXT("a\vb\r\nc", PLEAT_LINES_FILE, "1:a\vb|2:c");
  CHECK_TEXT("a\0b\r\nc", PLEAT_LINES_NUL, "1:a|1:b\r|2:c");
  CHECK_TEXT(
      "\xEF\xBB\xBF"
      "a\tb",
      PLEAT_LINES_FILE, "1:a\tb");
}

static void write_file(const char *path, const void *bytes, size_t n) {
  pleat_error err = {0};
  CHECK_OK(pleat_file_write(path, bytes, n, &err), &err);
}

/* Line k has k % 7000 letters: no piece of the file ends with a line, and a "\r\n" straddles some of them. */
static void make_text(pleat_buf *buf, int64_t n_lines) {
  for (int64_t k = 0; k < n_lines; k++) {
    for (int64_t i = 0; i < k % 7000; i++) pleat_buf_append(buf, &"ACDEFGHIKL"[(i + k) % 10], 1);
    pleat_buf_puts(buf, k % 3 ? "\r\n" : "\n");
  }
}

static void compare_file(const char *path, const pleat_buf *text) {
  pleat_lines of_text = pleat_lines_of(text->data, text->n, "text", PLEAT_LINES_FILE), of_file;
  pleat_error err = {0};
  int64_t n_off = 0, n_lines = 0;
  if (!CHECK_OK(pleat_lines_open(path, PLEAT_LINES_FILE, &of_file, &err), &err)) return;
  for (bool is_line = true, is_file_line = true; is_line; n_lines++) {
    if (!CHECK_OK(pleat_lines_next(&of_text, &is_line, &err), &err)) break;
    if (!CHECK_OK(pleat_lines_next(&of_file, &is_file_line, &err), &err)) break;
    n_off += is_line != is_file_line || of_text.n != of_file.n || of_text.number != of_file.number ||
             of_text.is_ended != of_file.is_ended || (of_text.n && memcmp(of_text.line, of_file.line, of_text.n) != 0);
  }
  CHECK_INT(n_off, 0);
  CHECK(n_lines > 1);
  pleat_lines_close(&of_file);
}

static void write_packed(const char *path, const pleat_buf *text) {
  gzFile file = gzopen(path, "wb1");
  if (!CHECK(file != NULL)) return;
  CHECK_INT(gzwrite(file, text->data, (unsigned)text->n), (int64_t)text->n);
  CHECK_INT(gzclose(file), Z_OK);
}

static void test_files(const char *folder) {
  char path[1024];
  pleat_buf text = {0};
  make_text(&text, 2000);
  snprintf(path, sizeof path, "%s/lines.txt", folder);
  write_file(path, text.data, text.n);
  compare_file(path, &text);
  write_packed(path, &text);
  compare_file(path, &text);
  /* A line longer than what is read at once, at the end and without an end; two members of a gzip file. */
  for (int i = 0; i < 200000; i++) pleat_buf_append(&text, "W", 1);
  write_file(path, text.data, text.n);
  compare_file(path, &text);
  write_packed(path, &text);
  char *bytes = NULL;
  size_t n = 0;
  pleat_error err = {0};
  CHECK_OK(pleat_file_read(path, (size_t)1 << 30, &bytes, &n, &err), &err);
  pleat_buf twice = {0}, packed = {0};
  for (int i = 0; i < 2; i++) {
    pleat_buf_append(&twice, text.data, text.n);
    pleat_buf_append(&packed, bytes, n);
  }
  write_file(path, packed.data, packed.n);
  compare_file(path, &twice);
  /* Cut off, and damaged. */
  pleat_lines lines;
  write_file(path, bytes, n - 20);
  bool is_line = true;
  pleat_status status = PLEAT_OK;
  if (CHECK_OK(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, &err), &err)) {
    while (!status && is_line) status = pleat_lines_next(&lines, &is_line, &err);
    CHECK_INT(status, PLEAT_INPUT);
    CHECK(strstr(err.message, "they end too early") != NULL);
    pleat_lines_close(&lines);
  }
  write_file(path, "\x1f\x8bnothing", 9);
  CHECK_INT(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "the gzip data are damaged") != NULL);
  free(bytes);
  pleat_buf_fini(&packed);
  pleat_buf_fini(&twice);
  pleat_buf_fini(&text);
  write_file(path, "", 0);
  if (CHECK_OK(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, &err), &err)) check_lines(&lines, "");
  pleat_lines_close(&lines);
  CHECK_INT(unlink(path), 0);
  CHECK_INT(pleat_lines_open("no/such/file", PLEAT_LINES_FILE, &lines, &err), PLEAT_IO);
}

int main(void) {
  char folder[256];
  test_ends();
  if (folder_make(folder, sizeof folder)) {
    test_files(folder);
    CHECK_INT(rmdir(folder), 0);
  }
  return check_report();
}
