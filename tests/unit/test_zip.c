/* Zip archives: what is read, what is refused and with which words, and the writer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/zip.h"

#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "test_zip_builder.h"

static const char text[] = "forty-two bytes of text, and then some more";
static const zb_member two[] = {{.name = "a.txt", .data = text, .n = sizeof text},
                                {.name = "b/c.txt", .data = text, .n = 20, .is_deflated = true}};

/* Parses a copy of exactly n bytes, so that asan sees any read beyond, and reads every member. */
static pleat_status read_all(const void *bytes, size_t n, size_t *out_members, pleat_error *err) {
  pleat_zip zip;
  uint8_t *copy = malloc(n + 1);
  memcpy(copy, bytes, n);
  memmove(copy + 1, copy, n);
  pleat_status status = pleat_zip_parse(copy + 1, n, "x.zip", PLEAT_INPUT, &zip, err);
  *out_members = zip.n_members;
  for (size_t i = 0; i < zip.n_members && !status; i++) {
    size_t size = (size_t)zip.members[i].size;
    uint8_t *dst = malloc(size + 1);
    status = pleat_zip_read(&zip, &zip.members[i], NULL, 0, dst, size, err);
    free(dst);
  }
  pleat_zip_fini(&zip);
  free(copy);
  return status;
}

static void check_refused(zb_archive *zip, const char *expected, int line) {
  pleat_error err = {0};
  size_t n_members;
  pleat_status status = read_all(zip->bytes.data, zip->bytes.n, &n_members, &err);
  if (status != PLEAT_INPUT) fprintf(stderr, "case of line %d: ", line);
  CHECK_INT(status, PLEAT_INPUT);
  zb_check_message(&err, expected, __FILE__, line);
  CHECK_STR(err.file, "x.zip");
  pleat_buf_fini(&zip->bytes);
}
#define CHECK_REFUSED(zip, expected) check_refused((zip), (expected), __LINE__)

static void test_read(void) {
  zb_member members[] = {{.name = "stored", .data = text, .n = sizeof text},
                         {.name = "folder/"},
                         {.name = "folder//deflated", .data = text, .n = sizeof text, .is_deflated = true},
                         {.name = "described", .data = text, .n = 9, .is_deflated = true, .has_descriptor = true},
                         {.name = "empty"}};
  for (int is_zip64 = 0; is_zip64 < 2; is_zip64++) {
    zb_archive archive;
    pleat_zip zip;
    pleat_error err;
    for (int i = 0; i < 5; i++) members[i].is_zip64 = is_zip64 && !members[i].has_descriptor;
    zb_build(&archive, members, 5);
    if (!CHECK_OK(pleat_zip_parse((uint8_t *)archive.bytes.data, archive.bytes.n, "x", PLEAT_INPUT, &zip, &err), &err))
      return;
    CHECK_INT(zip.n_members, 4);
    CHECK_STR(zip.members[1].name, "folder//deflated");
    char head[sizeof text] = "", body[sizeof text] = "";
    for (int i = 0; i < 2; i++) {
      CHECK_INT(zip.members[i].size, sizeof text);
      CHECK_OK(pleat_zip_peek(&zip, &zip.members[i], head, 9, &err), &err);
      CHECK(memcmp(head, "forty-two", 9) == 0);
      CHECK_OK(pleat_zip_read(&zip, &zip.members[i], head, 9, body, sizeof text - 9, &err), &err);
      CHECK_STR(body, text + 9);
    }
    CHECK_OK(pleat_zip_check_stored(&zip, &zip.members[0], &err), &err);
    CHECK_OK(pleat_zip_read(&zip, &zip.members[2], body, 9, NULL, 0, &err), &err);
    CHECK_OK(pleat_zip_read(&zip, &zip.members[3], NULL, 0, NULL, 0, &err), &err);
    pleat_zip_fini(&zip);
    pleat_buf_fini(&archive.bytes);
  }
}

static void test_names(void) {
  static const struct {
    const char *name, *expected;
  } cases[] = {{"../a", "leaves its folder through \"..\""}, {"a/../b", "\"..\""}, {"a/..", "\"..\""},
               {"/etc/passwd", "is an absolute path"},       {"C:evil", "drive"},  {"a\\b", "holds a backslash"},
               {"a\nb", "holds a control character"},        {"", "is empty"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    zb_archive zip;
    zb_build(&zip, &(zb_member){.name = cases[i].name, .data = text, .n = 3}, 1);
    CHECK_REFUSED(&zip, cases[i].expected);
  }
  CHECK(pleat_zip_name_problem("a..b/..c//.d", 12) == NULL);
}

static void test_refused_members(void) {
  zb_archive zip;
  zb_build(&zip, (zb_member[]){two[0], two[0]}, 2);
  CHECK_REFUSED(&zip, "member a.txt: expected once, found twice");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[0] + 8, 1, 2);
  CHECK_REFUSED(&zip, "member a.txt: expected plain data, found encryption");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[1] + 10, 93, 2);
  CHECK_REFUSED(&zip, "member b/c.txt: expected compression 0 (stored) or 8 (deflate), found 93");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[0] + 24, 7, 4);
  CHECK_REFUSED(&zip, "member a.txt: expected a stored member of 7 bytes, found 44");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[1] + 24, 100000000, 4);
  CHECK_REFUSED(&zip, "member b/c.txt: expected at most 1100 bytes per packed byte, found 100000000 from 22");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.local_at[1], 0, 4);
  CHECK_REFUSED(&zip, "member b/c.txt: expected its local header at offset 79");
  zb_build(&zip, two, 2);
  zip.bytes.data[zip.local_at[1] + 30] = 'x';
  CHECK_REFUSED(&zip, "member b/c.txt: expected its local header at offset 79");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.local_at[1] + 14, 0, 4);
  CHECK_REFUSED(&zip, "member b/c.txt: expected equal local and central headers, found a difference");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.local_at[1] + 28, 60000, 2);
  CHECK_REFUSED(&zip, "member b/c.txt: expected 22 bytes at offset 60116, found the end of the archive");
  zb_build(&zip, two, 2);
  zip.bytes.data[zip.data_at[0] + 5] ^= 1;
  CHECK_REFUSED(&zip, "member a.txt: expected CRC-32 ");
  zb_build(&zip, two, 2);
  zip.bytes.data[zip.data_at[1]] = 7; /* a block type that does not exist */
  CHECK_REFUSED(&zip, "member b/c.txt: expected 20 bytes of deflated data, found a broken stream after 0");
  for (uint32_t size = 19; size <= 21; size += 2) {
    zb_build(&zip, two, 2);
    zb_set(&zip, zip.central_at[1] + 24, size, 4);
    zb_set(&zip, zip.local_at[1] + 22, size, 4);
    CHECK_REFUSED(&zip, size == 19 ? "expected 19 bytes of deflated data, found another end after 20"
                                   : "expected 21 bytes of deflated data, found another end after 20");
  }
}

static void test_overlap(void) {
  zb_archive zip;
  zb_member inner = {.name = "b/c.txt", .data = text, .n = 20};
  zb_build(&zip, (zb_member[]){inner, inner}, 2);
  pleat_buf whole = zip.bytes;
  /* The first member's bytes hold the header and the data of the second. */
  zb_member outer = {.name = "a.txt", .data = whole.data, .n = zip.central_at[0]};
  zb_build(&zip, (zb_member[]){outer, inner}, 2);
  zb_set(&zip, zip.central_at[1] + 42, zip.data_at[0], 4);
  CHECK_REFUSED(&zip, "members a.txt and b/c.txt: expected separate bytes, found an overlap");
  pleat_buf_fini(&whole);
}

static void test_refused_directory(void) {
  zb_archive zip;
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.end_at + 4, 1, 2);
  CHECK_REFUSED(&zip, "expected a zip archive in one part, found several");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[0] + 34, 1, 2);
  CHECK_REFUSED(&zip, "expected a zip archive in one part, found several");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.end_at + 8, 9999 << 16 | 9999, 4);
  CHECK_REFUSED(&zip, "expected a central directory of 9999 members in 104 bytes at offset 138");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.end_at + 16, 139, 4);
  CHECK_REFUSED(&zip, "expected a central directory of 2 members in 104 bytes at offset 139, found 242");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.end_at + 8, 1 << 16 | 1, 4);
  CHECK_REFUSED(&zip, "expected 1 members in the central directory, found 53 bytes behind them");
  zb_build(&zip, two, 2);
  zb_set(&zip, zip.central_at[1], 0, 4);
  CHECK_REFUSED(&zip, "expected member 2 in the central directory, found other bytes");
  zb_member big = two[0];
  big.is_zip64 = true;
  zb_build(&zip, &big, 1);
  zb_set(&zip, zip.end_at - 12, 3, 8);
  CHECK_REFUSED(&zip, "expected a zip64 end record at offset 3, found none");
  zb_build(&zip, &big, 1);
  zb_set(&zip, zip.end_at - 4, 2, 4);
  CHECK_REFUSED(&zip, "expected a zip archive in one part, found several");
  zb_build(&zip, &big, 1);
  zb_set(&zip, zip.central_at[0] + 46 + 5 + 2, 4, 2);
  CHECK_REFUSED(&zip, "member a.txt: expected well-formed extra fields, found a cut one");
}

/* Cut anywhere, an archive is refused; with any byte changed, reading stays inside it. */
static void test_damage(void) {
  zb_member members[] = {two[0], two[1]};
  for (int is_zip64 = 0; is_zip64 < 2; is_zip64++) {
    zb_archive zip;
    pleat_error err;
    size_t n_members;
    members[0].is_zip64 = members[1].is_zip64 = is_zip64;
    zb_build(&zip, members, 2);
    CHECK_OK(read_all(zip.bytes.data, zip.bytes.n, &n_members, &err), &err);
    for (size_t n = 0; n < zip.bytes.n; n++) {
      CHECK_INT(read_all(zip.bytes.data, n, &n_members, &err), PLEAT_INPUT);
      CHECK_MESSAGE(&err, "expected ");
    }
    for (size_t i = 0; i < zip.bytes.n; i++) {
      char before = zip.bytes.data[i];
      for (int k = 0; k < 8; k++) {
        zip.bytes.data[i] = (char)(before ^ 1 << k);
        pleat_status status = read_all(zip.bytes.data, zip.bytes.n, &n_members, &err);
        CHECK(status == PLEAT_OK || status == PLEAT_INPUT);
      }
      zip.bytes.data[i] = before;
    }
    pleat_buf_fini(&zip.bytes);
  }
}

/* More than 65534 members need the zip64 end record. */
static void test_write(const char *dir) {
  enum { N_MANY = 65540 };
  char path[600], name[32];
  pleat_zip_writer *writer;
  pleat_file_map file;
  pleat_zip zip;
  pleat_error err;
  snprintf(path, sizeof path, "%s/many.zip", dir);
  for (int n = 0; n <= N_MANY; n += N_MANY / 2) {
    if (!CHECK_OK(pleat_zip_writer_open(path, &writer, &err), &err)) return;
    for (int i = 0; i < n; i++) {
      snprintf(name, sizeof name, "a/%d", i);
      if (!CHECK_OK(pleat_zip_writer_add(writer, name, name, 2, name + 2, strlen(name) - 2, &err), &err)) break;
    }
    CHECK_INT(pleat_zip_writer_add(writer, "../b", text, 1, NULL, 0, &err), PLEAT_INVALID);
    CHECK_MESSAGE(&err, "member name \"../b\" leaves its folder");
    CHECK_OK(pleat_zip_writer_close(writer, "a comment", true, &err), &err);
    CHECK_OK(pleat_file_map_open(path, &file, &err), &err);
    CHECK_OK(pleat_zip_parse(file.data, file.n, path, PLEAT_INPUT, &zip, &err), &err);
    CHECK_INT(zip.n_members, n);
    CHECK(zip.n_comment == 9 && memcmp(zip.comment, "a comment", 9) == 0);
    for (int i = 0; i < n; i += n - 1) {
      snprintf(name, sizeof name, "a/%d", i);
      CHECK_STR(zip.members[i].name, name);
      char body[32] = "";
      CHECK_OK(pleat_zip_read(&zip, &zip.members[i], NULL, 0, body, (size_t)zip.members[i].size, &err), &err);
      CHECK_STR(body, name);
    }
    pleat_zip_fini(&zip);
    pleat_file_map_close(&file);
  }
  unlink(path);
  if (!CHECK_OK(pleat_zip_writer_open(path, &writer, &err), &err)) return;
  CHECK_OK(pleat_zip_writer_close(writer, NULL, false, &err), &err);
  CHECK(!pleat_path_exists(path));
  CHECK_INT(pleat_zip_writer_open("/no/such/folder/x.zip", &writer, &err), PLEAT_IO);
}

/* Bytes that pack well, that do not, and none; read back by our reader, which compares checksum and sizes. */
static void test_write_deflated(const char *dir) {
  enum { N = 300000 };
  char path[600];
  pleat_zip_writer *writer;
  pleat_file_map file;
  pleat_zip zip;
  pleat_error err;
  uint8_t *even = calloc(1, N), *noise = malloc(N), *back = malloc(N);
  uint32_t state = 1;
  for (int i = 0; i < N; i++) noise[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
  const struct {
    const char *name;
    const uint8_t *bytes;
    size_t n;
  } members[] = {{"even", even, N}, {"noise", noise, N}, {"empty", even, 0}};
  snprintf(path, sizeof path, "%s/deflated.zip", dir);
  if (!CHECK_OK(pleat_zip_writer_open(path, &writer, &err), &err)) return;
  for (int i = 0; i < 3; i++) {
    CHECK_OK(pleat_zip_writer_add_deflated(writer, members[i].name, members[i].bytes, members[i].n, &err), &err);
  }
  CHECK_OK(pleat_zip_writer_add(writer, "stored", noise, 10, NULL, 0, &err), &err);
  CHECK_INT(pleat_zip_writer_add_deflated(writer, "/x", noise, 10, &err), PLEAT_INVALID);
  CHECK_OK(pleat_zip_writer_close(writer, NULL, true, &err), &err);
  CHECK_OK(pleat_file_map_open(path, &file, &err), &err);
  CHECK_OK(pleat_zip_parse(file.data, file.n, path, PLEAT_INPUT, &zip, &err), &err);
  CHECK_INT(zip.n_members, 4);
  for (size_t i = 0; i < 3 && i < zip.n_members; i++) {
    CHECK_STR(zip.members[i].name, members[i].name);
    CHECK(!zip.members[i].is_stored);
    if (!CHECK_INT(zip.members[i].size, members[i].n)) continue;
    CHECK_OK(pleat_zip_read(&zip, &zip.members[i], NULL, 0, back, members[i].n, &err), &err);
    CHECK(memcmp(back, members[i].bytes, members[i].n) == 0);
  }
  CHECK(zip.members[0].packed_size < N / 100);
  CHECK(zip.members[1].packed_size >= N);
  pleat_zip_fini(&zip);
  pleat_file_map_close(&file);
  unlink(path);
  free(back);
  free(noise);
  free(even);
}

int main(void) {
  char dir[512];
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_read();
  test_names();
  test_refused_members();
  test_overlap();
  test_refused_directory();
  test_damage();
  test_write(dir);
  test_write_deflated(dir);
  CHECK(rmdir(dir) == 0);
  return check_report();
}
