/* Entries found by their ids: in folders, divided or not, packed or not, and in an archive of some thousands.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "base/os.h"
#include "check.h"
#include "folder.h"
#include "io/mmcif_source.h"
#include "io/text_file.h"
#include "mmcif_small.h"
#include "pleat/structures.h"
#include "tensor/zip.h"

static char folder[1024];

static const char *path_of(const char *name, char path[2048]) {
  snprintf(path, 2048, "%s/%s", folder, name);
  return path;
}

static void make_folder(const char *name) {
  char path[2048];
  pleat_error err = {0};
  CHECK_OK(pleat_folder_make(path_of(name, path), &err), &err);
}

/* Not by pleat_file_write: that waits for the disk, thousands of times. */
static void write_plain(const char *name, const char *text) {
  char path[2048];
  FILE *file = fopen(path_of(name, path), "wb");
  if (!CHECK(file != NULL)) return;
  CHECK(fputs(text, file) >= 0);
  CHECK_INT(fclose(file), 0);
}

/* One gzip member at the end of the file. */
static void append_gzip(const char *name, const char *text) {
  char path[2048];
  gzFile file = gzopen(path_of(name, path), "ab");
  if (!CHECK(file != NULL)) return;
  CHECK_INT(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
  CHECK_INT(gzclose(file), Z_OK);
}

static void check_text(const pleat_mmcif_source *source, const char *id, const char *want) {
  char *text = NULL;
  size_t n = 0;
  pleat_error err = {0};
  CHECK(pleat_mmcif_source_has(source, id));
  if (CHECK_OK(pleat_mmcif_source_read(source, id, &text, &n, &err), &err)) {
    CHECK_INT(n, strlen(want));
    CHECK_STR(text, want);
  }
  free(text);
}

static void check_fails(const pleat_mmcif_source *source, const char *id, pleat_status want, const char *message) {
  char *text = (char *)"";
  size_t n = 1;
  pleat_error err = {0};
  CHECK_INT(pleat_mmcif_source_read(source, id, &text, &n, &err), want);
  CHECK(text == NULL && n == 0);
  if (!CHECK(strstr(err.message, message) != NULL)) fprintf(stderr, "  %s: %s\n", id, err.message);
}

static pleat_mmcif_source *open_source(const char *name) {
  char path[2048];
  pleat_mmcif_source *source = NULL;
  pleat_error err = {0};
  CHECK_OK(pleat_mmcif_source_open(path_of(name, path), &source, &err), &err);
  return source;
}

/* ---- Packed text ---- */

enum { N_LONG = 300000 };

static void test_gzip(void) {
  char path[2048], *text = NULL, *got = NULL, *bytes = NULL;
  size_t n = 0, n_bytes = 0;
  pleat_error err = {0};
  text = malloc(N_LONG + 1);
  if (!CHECK(text != NULL)) return;
  for (int i = 0; i < N_LONG; i++) text[i] = (char)('a' + i * 7 % 26 + (i % 1000 == 0));
  text[N_LONG] = '\0';
  append_gzip("long.gz", text);
  append_gzip("long.gz", "second"); /* the length at the end is that of this member alone */
  path_of("long.gz", path);
  if (CHECK_OK(pleat_text_file_read(path, N_LONG + 6, &got, &n, &err), &err)) {
    CHECK_INT(n, N_LONG + 6);
    CHECK(memcmp(got, text, N_LONG) == 0 && strcmp(got + N_LONG, "second") == 0);
  }
  free(got);
  CHECK_INT(pleat_text_file_read(path, N_LONG + 5, &got, &n, &err), PLEAT_INPUT);
  CHECK(!got && strstr(err.message, "longer than 300005 bytes") != NULL);
  CHECK_OK(pleat_file_read(path, SIZE_MAX, &bytes, &n_bytes, &err), &err);
  for (size_t k = 2; k < n_bytes; k += k < 40 ? 1 : 997) { /* cut anywhere but between the members */
    pleat_status status = pleat_gzip_unpack(bytes, k, "cut", SIZE_MAX, &got, &n, &err);
    if (!CHECK(status == PLEAT_INPUT || (status == PLEAT_OK && n == N_LONG))) fprintf(stderr, "  cut at %zu\n", k);
    free(got);
  }
  bytes[n_bytes / 2] ^= 0x55;
  CHECK_INT(pleat_gzip_unpack(bytes, n_bytes, "damaged", SIZE_MAX, &got, &n, &err), PLEAT_INPUT);
  bytes[n_bytes / 2] ^= 0x55;
  bytes[n_bytes] = 'x'; /* in place of the NUL behind them */
  CHECK_INT(pleat_gzip_unpack(bytes, n_bytes + 1, "longer", SIZE_MAX, &got, &n, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "other bytes behind its end") != NULL);
  free(bytes);
  free(text);
}

/* ---- Folders ---- */

static void test_folder(void) {
  make_folder("db");
  make_folder("db/ab");
  make_folder("db/23");
  write_plain("db/1aaa.cif", "plain");
  append_gzip("db/1bbb.cif.gz", "packed");
  write_plain("db/ab/1abc.cif", "divided");
  append_gzip("db/ab/2abc.cif.gz", "divided and packed");
  append_gzip("db/23/pdb_00001234.cif.gz", "long id");
  write_plain("db/OWN.cif", "own");
  write_plain("db/1aaa.pdb", "no entry");
  pleat_mmcif_source *source = open_source("db");
  if (!source) return;
  check_text(source, "1aaa", "plain");
  check_text(source, "1AAA", "plain");
  check_text(source, "1bbb", "packed");
  check_text(source, "1abc", "divided");
  check_text(source, "2abc", "divided and packed");
  check_text(source, "pdb_00001234", "long id");
  check_text(source, "OWN", "own");
  check_fails(source, "9zzz", PLEAT_IO, "neither 9zzz.cif nor 9zzz.cif.gz");
  check_fails(source, "../db/1aaa", PLEAT_INVALID, "no id of an entry");
  check_fails(source, "", PLEAT_INVALID, "no id of an entry");
  CHECK(!pleat_mmcif_source_has(source, "9zzz") && !pleat_mmcif_source_has(source, "ab/1abc"));
  pleat_mmcif_source_close(source);
}

/* ---- Archives ---- */

static bool stop_at_third(void *arg, const char *name, const pleat_structures_packed *so_far) {
  (void)arg;
  (void)name;
  return so_far->n_entries < 2;
}

static void test_pack(void) {
  char from[2048], to[2048];
  pleat_structures_packed packed;
  pleat_error err = {0};
  append_gzip("db/1aaa.cif.gz", "the second in the order of names");
  CHECK_OK(pleat_structures_pack(path_of("db", from), path_of("db.zip", to), NULL, &packed, &err), &err);
  CHECK_INT(packed.n_entries, 6);
  CHECK_INT(packed.n_others, 2);
  pleat_mmcif_source *source = open_source("db.zip");
  if (source) {
    check_text(source, "1aaa", "plain");
    check_text(source, "1bbb", "packed");
    check_text(source, "1abc", "divided");
    check_text(source, "2ABC", "divided and packed");
    check_text(source, "own", "own");
    check_fails(source, "9zzz", PLEAT_IO, "no entry 9zzz among its 6");
    check_fails(source, "db/1aaa", PLEAT_INVALID, "no id of an entry");
  }
  pleat_mmcif_source_close(source);
  const pleat_structures_pack_options options = {.opt_on_entry = stop_at_third};
  CHECK_INT(pleat_structures_pack(from, path_of("stopped.zip", to), &options, &packed, &err), PLEAT_CANCELLED);
  CHECK(!pleat_path_exists(to));
  write_plain("db/3bad.cif.gz", "not packed");
  CHECK_INT(pleat_structures_pack(from, to, NULL, NULL, &err), PLEAT_INPUT);
  CHECK(!pleat_path_exists(to) && strstr(err.message, "as its name says") != NULL);
  CHECK_INT(pleat_structures_pack(path_of("db/ab/none", from), to, NULL, NULL, &err), PLEAT_IO);
  make_folder("empty");
  CHECK_INT(pleat_structures_pack(path_of("empty", from), to, NULL, NULL, &err), PLEAT_INPUT);
  CHECK(!pleat_path_exists(to));
}

static void test_bad_archives(void) {
  static const char *const names[][2] = {{"1abc.cif", "x/1ABC.cif.gz"}, {"readme", "notes/other"}};
  static const char *const messages[] = {"has the entry 1abc twice", "has no entries"};
  char path[2048];
  path_of("bad.zip", path);
  for (int k = 0; k < 2; k++) {
    pleat_zip_writer *writer = NULL;
    pleat_mmcif_source *source = NULL;
    pleat_error err = {0};
    if (!CHECK_OK(pleat_zip_writer_open(path, &writer, &err), &err)) return;
    for (int i = 0; i < 2; i++) CHECK_OK(pleat_zip_writer_add(writer, names[k][i], NULL, 0, "x", 1, &err), &err);
    CHECK_OK(pleat_zip_writer_close(writer, NULL, true, &err), &err);
    CHECK_INT(pleat_mmcif_source_open(path, &source, &err), PLEAT_INPUT);
    CHECK(!source && strstr(err.message, messages[k]) != NULL);
  }
}

/* Bytes in the file that are damaged are only seen by who reads that entry. */
static void test_damage(void) {
  char path[2048], *bytes = NULL;
  size_t n = 0;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_file_read(path_of("db.zip", path), SIZE_MAX, &bytes, &n, &err), &err)) return;
  bytes[6] ^= 0x40; /* the flags in the local header of the first member */
  CHECK_OK(pleat_file_write(path, bytes, n, &err), &err);
  free(bytes);
  pleat_mmcif_source *source = open_source("db.zip");
  if (source) {
    check_text(source, "2abc", "divided and packed");
    check_fails(source, "1aaa", PLEAT_INPUT, "equal local and central headers");
  }
  pleat_mmcif_source_close(source);
}

enum { N_MANY = 2000 };

/* Thousands of entries that differ; every one is found, and parsed as itself. */
static void test_many(void) {
  char name[64], from[2048], to[2048], id[16];
  pleat_structures_packed packed;
  pleat_error err = {0};
  make_folder("many");
  for (int i = 0; i < N_MANY; i++) {
    snprintf(name, sizeof name, "data_%04X", i);
    char *text = mmcif_small_with("data_1ABC", name);
    snprintf(name, sizeof name, i % 3 ? "many/%04x.cif" : "many/%04x.cif.gz", i);
    if (i % 3)
      write_plain(name, text);
    else
      append_gzip(name, text);
    free(text);
  }
  CHECK_OK(pleat_structures_pack(path_of("many", from), path_of("many.zip", to), NULL, &packed, &err), &err);
  CHECK_INT(packed.n_entries, N_MANY);
  pleat_mmcif_source *source = open_source("many.zip");
  for (int i = 0; source && i < N_MANY; i++) {
    pleat_mmcif_entry entry;
    snprintf(id, sizeof id, "%04x", i * 7 % N_MANY);
    if (CHECK_OK(pleat_mmcif_source_entry(source, id, &entry, &err), &err)) CHECK_STR(entry.id, id);
    pleat_mmcif_entry_fini(&entry);
  }
  pleat_mmcif_source_close(source);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  test_gzip();
  test_folder();
  test_pack();
  test_bad_archives();
  test_damage();
  test_many();
  pleat_path_remove(folder);
  return check_report();
}
