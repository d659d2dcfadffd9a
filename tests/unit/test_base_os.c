/* SPDX-License-Identifier: Apache-2.0 */
#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"

static char dir[256];

static const char *in_dir(const char *name) {
  static char paths[4][512];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", dir, name);
  return path;
}

static int entries(const char *path) {
  DIR *d = opendir(path);
  int n = 0;
  const struct dirent *entry;
  while (d && (entry = readdir(d))) n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
  if (d) closedir(d);
  return n;
}

static void check_content(const char *path, const char *want) {
  pleat_error err;
  char *text = NULL;
  size_t n = 0;
  if (CHECK_OK(pleat_file_read(path, 1 << 20, &text, &n, &err), &err)) {
    CHECK_STR(text, want);
    CHECK_INT(n, strlen(want));
  }
  free(text);
}

static void test_write_and_read(void) {
  pleat_error err;
  const char *path = in_dir("out.txt");
  CHECK_OK(pleat_file_write(path, "first", 5, &err), &err);
  check_content(path, "first");
  CHECK_OK(pleat_file_write(path, "second", 6, &err), &err);
  check_content(path, "second");
  CHECK_OK(pleat_file_write(path, "", 0, &err), &err);
  check_content(path, "");
  CHECK_INT(entries(dir), 1);
  struct stat info;
  CHECK(stat(path, &info) == 0);
  mode_t mask = umask(0);
  umask(mask);
  CHECK_INT(info.st_mode & 0777, 0666 & ~mask);
}

/* Pieces of every size around that of the inner buffer arrive in order. */
static void test_pieces(void) {
  enum { N = 1 << 20 };
  pleat_error err;
  char *text = malloc(N + 1);
  pleat_out_file *file = NULL;
  if (!CHECK(text != NULL) || !CHECK_OK(pleat_out_file_open(in_dir("pieces"), &file, &err), &err)) return;
  for (int i = 0; i < N; i++) text[i] = (char)('a' + i % 23);
  text[N] = '\0';
  size_t n_done = 0;
  for (size_t n = 1; n_done < N; n = n * 3 % 200003) {
    if (n > N - n_done) n = N - n_done;
    CHECK_OK(pleat_out_file_write(file, text + n_done, n, &err), &err);
    n_done += n;
  }
  CHECK(!pleat_path_exists(in_dir("pieces")));
  CHECK_OK(pleat_out_file_close(file, true, &err), &err);
  check_content(in_dir("pieces"), text);
  unlink(in_dir("pieces"));
  free(text);
}

static void test_abandoned(void) {
  pleat_error err;
  CHECK_OK(pleat_file_write(in_dir("kept"), "old", 3, &err), &err);
  pleat_out_file *file = NULL;
  CHECK_OK(pleat_out_file_open(in_dir("kept"), &file, &err), &err);
  CHECK_OK(pleat_out_file_write(file, "new", 3, &err), &err);
  int n_before = entries(dir);
  CHECK_OK(pleat_out_file_close(file, false, &err), &err);
  CHECK_INT(entries(dir), n_before - 1);
  check_content(in_dir("kept"), "old");
  CHECK_OK(pleat_out_file_close(NULL, true, &err), &err);
}

/* A limit on the file size stands for the full disk: write fails half-way, and the old file must survive. */
static void test_full_disk(void) {
  enum { N = 300000, LIMIT = 100000 };
  pleat_error err = {0};
  char *bytes = calloc(N, 1);
  struct rlimit before;
  if (!CHECK(bytes != NULL) || !CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0)) return;
  CHECK_OK(pleat_file_write(in_dir("kept"), "old", 3, &err), &err);
  int n_before = entries(dir);
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){LIMIT, before.rlim_max}) == 0);

  CHECK_INT(pleat_file_write(in_dir("kept"), bytes, N, &err), PLEAT_IO);
  CHECK(strstr(err.message, "kept") && strstr(err.message, "cannot write") && strstr(err.message, "large"));
  CHECK_INT(pleat_file_write(in_dir("fresh"), bytes, N, &err), PLEAT_IO);
  /* A caller that ignores the failed write is told again at the end. */
  pleat_out_file *file = NULL;
  CHECK_OK(pleat_out_file_open(in_dir("fresh"), &file, &err), &err);
  pleat_status status = PLEAT_OK;
  for (int i = 0; i < 30; i++) status = pleat_out_file_write(file, bytes, N / 30, &err);
  CHECK_INT(status, PLEAT_IO);
  CHECK_INT(pleat_out_file_close(file, true, &err), PLEAT_IO);
  /* What still lies in the buffer fails at close. */
  CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, before.rlim_max}) == 0);
  CHECK_INT(pleat_file_write(in_dir("fresh"), bytes, 1000, &err), PLEAT_IO);

  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  CHECK_INT(entries(dir), n_before);
  CHECK(!pleat_path_exists(in_dir("fresh")));
  check_content(in_dir("kept"), "old");
  free(bytes);
}

static void test_folder_list(void) {
  char list_dir[256], path[300];
  pleat_dir_names names;
  pleat_error err;
  if (!folder_make(list_dir, sizeof list_dir)) return;
  CHECK_OK(pleat_dir_list(list_dir, &names, &err), &err);
  CHECK_INT(names.n_items, 0);
  pleat_dir_list_fini(&names);
  static const char *const files[] = {"b", "a.x", ".c", "B"}, *const sorted[] = {".c", "B", "a.x", "b"};
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s", list_dir, files[i]);
    CHECK_OK(pleat_file_write(path, "x", 1, &err), &err);
  }
  CHECK(pleat_path_is_file(path) && !pleat_path_is_file(list_dir));
  CHECK_OK(pleat_dir_list(list_dir, &names, &err), &err);
  CHECK_INT(names.n_items, 4);
  for (size_t i = 0; i < names.n_items && i < 4; i++) {
    CHECK_STR(names.items[i], sorted[i]);
    snprintf(path, sizeof path, "%s/%s", list_dir, names.items[i]);
    unlink(path);
  }
  pleat_dir_list_fini(&names);
  rmdir(list_dir);
  CHECK_INT(pleat_dir_list(list_dir, &names, &err), PLEAT_IO);
  CHECK_INT(names.n_items, 0);
}

static void test_special_targets(void) {
  pleat_error err = {0};
  CHECK_OK(pleat_file_write("/dev/null", "x", 1, &err), &err);
  struct stat info;
  CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
  if (pleat_path_exists("/dev/full")) {
    CHECK_INT(pleat_file_write("/dev/full", "x", 1, &err), PLEAT_IO);
    CHECK_STR(err.message, "cannot write '/dev/full': No space left on device");
  }
  CHECK_OK(pleat_file_write(in_dir("target"), "old", 3, &err), &err);
  CHECK(symlink("target", in_dir("link")) == 0);
  CHECK_OK(pleat_file_write(in_dir("link"), "new", 3, &err), &err);
  CHECK(lstat(in_dir("link"), &info) == 0 && S_ISLNK(info.st_mode));
  check_content(in_dir("target"), "new");
  unlink(in_dir("link"));
  unlink(in_dir("target"));

  CHECK_INT(pleat_file_write(dir, "x", 1, &err), PLEAT_IO);
  CHECK(strstr(err.message, "directory") != NULL);
  CHECK_INT(pleat_file_write(in_dir("absent/out"), "x", 1, &err), PLEAT_IO);
  CHECK(strstr(err.message, "absent/out': No such file or directory") != NULL);
  CHECK_INT(pleat_file_write("", "x", 1, &err), PLEAT_IO);
}

static void test_read_limits(void) {
  pleat_error err = {0};
  char *text = NULL;
  size_t n = 0;
  CHECK_OK(pleat_file_write(in_dir("ten"), "0123456789", 10, &err), &err);
  CHECK_OK(pleat_file_read(in_dir("ten"), 10, &text, &n, &err), &err);
  CHECK_INT(n, 10);
  CHECK_INT(text[10], 0);
  free(text);
  CHECK_INT(pleat_file_read(in_dir("ten"), 9, &text, &n, &err), PLEAT_INPUT);
  CHECK(text == NULL && strstr(err.message, "longer than 9 bytes") != NULL);
  CHECK_INT(pleat_file_read(in_dir("none"), 9, &text, &n, &err), PLEAT_IO);
  CHECK(strstr(err.message, "none': No such file or directory") != NULL);
  CHECK_INT(pleat_file_read(dir, 9, &text, &n, &err), PLEAT_IO);
  unlink(in_dir("ten"));

  /* A pipe has no size to go by. */
  int ends[2];
  if (!CHECK(pipe(ends) == 0)) return;
  char name[64], bytes[40000];
  memset(bytes, 'p', sizeof bytes);
  CHECK_INT(write(ends[1], bytes, sizeof bytes), sizeof bytes);
  close(ends[1]);
  snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
  if (CHECK_OK(pleat_file_read(name, 1 << 20, &text, &n, &err), &err)) CHECK_INT(n, sizeof bytes);
  free(text);
  close(ends[0]);
}

static void test_map(void) {
  pleat_error err = {0};
  pleat_file_map map;
  CHECK_OK(pleat_file_write(in_dir("mapped"), "weights", 7, &err), &err);
  if (CHECK_OK(pleat_file_map_open(in_dir("mapped"), &map, &err), &err)) {
    CHECK_INT(map.n, 7);
    CHECK(memcmp(map.data, "weights", 7) == 0);
  }
  pleat_file_map_close(&map);
  pleat_file_map_close(&map);
  CHECK_OK(pleat_file_write(in_dir("mapped"), "", 0, &err), &err);
  CHECK_OK(pleat_file_map_open(in_dir("mapped"), &map, &err), &err);
  CHECK(map.n == 0 && map.data != NULL);
  pleat_file_map_close(&map);
  unlink(in_dir("mapped"));
  CHECK_INT(pleat_file_map_open(in_dir("mapped"), &map, &err), PLEAT_IO);
  CHECK_INT(pleat_file_map_open(dir, &map, &err), PLEAT_IO);
  CHECK(strstr(err.message, "found a directory") != NULL);
}

static void test_paths(void) {
  pleat_error err = {0};
  CHECK(pleat_path_is_dir(dir) && pleat_path_exists(dir));
  CHECK_OK(pleat_file_write(in_dir("file"), "", 0, &err), &err);
  CHECK(pleat_path_exists(in_dir("file")) && !pleat_path_is_dir(in_dir("file")));
  unlink(in_dir("file"));
  CHECK(!pleat_path_exists(in_dir("file")));
}

static void test_folders(void) {
  pleat_error err;
  pleat_path_info info;
  const char *deep = in_dir("a/b/c"), *top = in_dir("a");
  CHECK_OK(pleat_folder_make(deep, &err), &err);
  CHECK_OK(pleat_folder_make(deep, &err), &err);
  CHECK(pleat_path_stat(deep, &info) && info.is_dir);
  char file[600];
  snprintf(file, sizeof file, "%s/file", deep);
  CHECK_OK(pleat_file_write(file, "text", 4, &err), &err);
  CHECK(pleat_path_stat(file, &info) && !info.is_dir);
  CHECK_INT(info.size_bytes, 4);
  CHECK(info.changed_s > 1600000000);
  CHECK_INT(pleat_folder_make(file, &err), PLEAT_IO);
  CHECK(strstr(err.message, file) != NULL);

  /* A link goes, what it names stays. */
  const char *kept = in_dir("kept_by_link");
  CHECK_OK(pleat_folder_make(kept, &err), &err);
  snprintf(file, sizeof file, "%s/link", deep);
  CHECK_INT(symlink(kept, file), 0);
  pleat_path_remove(top);
  CHECK(!pleat_path_exists(top));
  CHECK(pleat_path_is_dir(kept));
  pleat_path_remove(kept);
  CHECK(!pleat_path_stat(kept, &info));
  pleat_path_remove(kept);
}

static void test_system(void) {
  CHECK(pleat_os_cores() >= 1);
  uint64_t total = pleat_os_memory_total();
  CHECK(total > 64 << 20);
  CHECK(pleat_os_memory_available() > 0 && pleat_os_memory_available() <= total);
  double begin = pleat_os_time_ms();
  CHECK(pleat_os_time_ms() >= begin);

  enum { N = 64 << 20 };
  uint64_t before = pleat_os_resident_now();
  unsigned char *pages = pleat_os_pages_alloc(N);
  if (!CHECK(pages != NULL)) return;
  CHECK_INT((uintptr_t)pages % 4096, 0);
  CHECK(pages[0] == 0 && pages[N - 1] == 0);
  memset(pages, 1, N);
  CHECK(pleat_os_resident_now() > before + N / 2);
  pleat_os_pages_free(pages, N);
  CHECK(pleat_os_resident_now() < before + N / 2);
  CHECK(pleat_os_resident_peak() > before + N / 2);
  CHECK(pleat_os_pages_alloc(SIZE_MAX / 2) == NULL);
  pleat_os_pages_free(NULL, 0);
}

int main(void) {
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_write_and_read();
  test_pieces();
  test_abandoned();
  test_full_disk();
  test_folder_list();
  test_special_targets();
  test_read_limits();
  test_map();
  test_paths();
  test_folders();
  test_system();
  unlink(in_dir("out.txt"));
  unlink(in_dir("kept"));
  CHECK_INT(rmdir(dir), 0);
  return check_report();
}
