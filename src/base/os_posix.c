/* Files, mappings, pages and time: what Linux and macOS share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/grow.h"
#include "base/os.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

/* Status IO for an errno: "cannot VERB 'PATH': REASON". */
static pleat_status fail_errno(pleat_error *err, const char *verb, const char *path, int errnum) {
  char text[128];
  return pleat_fail(err, PLEAT_IO, "cannot %s '%s': %s", verb, path, pleat_errno_text(errnum, text, sizeof text));
}

/* Files that are read whole. */

pleat_status pleat_file_map_open(const char *path, pleat_file_map *out_map, pleat_error *err) {
  *out_map = (pleat_file_map){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(err, "open", path, errno);
  struct stat info;
  if (fstat(fd, &info)) {
    int errnum = errno;
    close(fd);
    return fail_errno(err, "read", path, errnum);
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    PLEAT_FAIL(err, PLEAT_IO, "cannot map '%s': expected a regular file, found a %s", path,
               S_ISDIR(info.st_mode) ? "directory" : "pipe or device");
  }
  if (info.st_size == 0) { /* mmap refuses a length of 0 */
    close(fd);
    out_map->data = (const uint8_t *)"";
    return PLEAT_OK;
  }
  void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  int errnum = errno;
  close(fd);
  if (data == MAP_FAILED) return fail_errno(err, "map", path, errnum);
  *out_map = (pleat_file_map){data, (size_t)info.st_size};
  return PLEAT_OK;
}

void pleat_file_map_close(pleat_file_map *map) {
  if (map->n) munmap((void *)(uintptr_t)map->data, map->n);
  *map = (pleat_file_map){0};
}

/* Reads to the end, with one byte beyond n_max as proof that the file is too long. */
static pleat_status read_all(int fd, const char *path, size_t n_max, size_t n_expected, char **out_text, size_t *out_n,
                             pleat_error *err) {
  size_t n = 0, capacity = n_expected < n_max ? n_expected + 1 : n_max + 1;
  char *text = malloc(capacity + 1);
  while (text) {
    ssize_t n_read = read(fd, text + n, capacity - n);
    if (n_read < 0 && errno == EINTR) continue;
    if (n_read < 0) {
      int errnum = errno;
      free(text);
      return fail_errno(err, "read", path, errnum);
    }
    n += (size_t)n_read;
    if (n > n_max) {
      free(text);
      PLEAT_FAIL(err, PLEAT_INPUT, "'%s' is longer than %zu bytes, the most that is accepted here", path, n_max);
    }
    if (n_read == 0) {
      text[n] = '\0';
      *out_text = text;
      *out_n = n;
      return PLEAT_OK;
    }
    if (n < capacity) continue;
    capacity = capacity < n_max / 2 ? capacity * 2 : n_max + 1;
    char *grown = realloc(text, capacity + 1);
    if (!grown) free(text);
    text = grown;
  }
  PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to read '%s' (%zu bytes wanted)", path, capacity);
}

pleat_status pleat_file_read(const char *path, size_t n_max, char **out_text, size_t *out_n, pleat_error *err) {
  *out_text = NULL;
  *out_n = 0;
  if (n_max > SIZE_MAX / 2) n_max = SIZE_MAX / 2;
  bool is_stdin = strcmp(path, "-") == 0;
  int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(err, "open", path, errno);
  size_t n_expected = 64 * 1024;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) n_expected = (size_t)info.st_size;
  pleat_status status = read_all(fd, is_stdin ? "standard input" : path, n_max, n_expected, out_text, out_n, err);
  if (!is_stdin) close(fd);
  return status;
}

/* Files that are read piece by piece. */

struct pleat_in_file {
  char *path;
  int fd;
};

pleat_status pleat_in_file_open(const char *path, pleat_in_file **out_file, pleat_error *err) {
  *out_file = NULL;
  bool is_stdin = strcmp(path, "-") == 0;
  pleat_in_file *file = calloc(1, sizeof *file);
  if (file) file->path = strdup(is_stdin ? "standard input" : path);
  if (!file || !file->path) {
    free(file);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to open '%s'", path);
  }
  file->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (file->fd < 0) {
    pleat_status status = fail_errno(err, "open", path, errno);
    pleat_in_file_close(file);
    return status;
  }
  *out_file = file;
  return PLEAT_OK;
}

pleat_status pleat_in_file_read(pleat_in_file *file, void *bytes, size_t n_max, size_t *out_n, pleat_error *err) {
  ssize_t n;
  do n = read(file->fd, bytes, n_max < SSIZE_MAX ? n_max : SSIZE_MAX);
  while (n < 0 && errno == EINTR);
  *out_n = n < 0 ? 0 : (size_t)n;
  return n < 0 ? fail_errno(err, "read", file->path, errno) : PLEAT_OK;
}

uint64_t pleat_in_file_size(const pleat_in_file *file) {
  struct stat info;
  return fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

void pleat_in_file_close(pleat_in_file *file) {
  if (!file) return;
  if (file->fd > STDIN_FILENO) close(file->fd);
  free(file->path);
  free(file);
}

/* Output files. */

enum { OUT_BUFFER = 64 * 1024 };

struct pleat_out_file {
  char *path;      /* as the caller named it, for messages */
  char *target;    /* where the file appears: path with a symbolic link resolved */
  char *temporary; /* NULL: writes go straight to a pipe or device */
  int fd;
  int errnum; /* first failure; every later call reports it */
  size_t n_buffered;
  unsigned char buffer[OUT_BUFFER];
};

static void out_file_free(pleat_out_file *file) {
  free(file->path);
  free(file->target);
  free(file->temporary);
  free(file);
}

/* Opens ".NAME.tmp-PID-COUNT" beside the target; a rename within a directory is atomic. */
static int open_temporary(pleat_out_file *file) {
  static _Atomic unsigned counter;
  const char *slash = strrchr(file->target, '/');
  const char *name = slash ? slash + 1 : file->target;
  int n_dir = (int)(name - file->target);
  size_t n_max = strlen(file->target) + 48;
  file->temporary = malloc(n_max);
  if (!file->temporary) return ENOMEM;
  for (int i = 0; i < 1000; i++) {
    snprintf(file->temporary, n_max, "%.*s.%s.tmp-%ld-%u", n_dir, file->target, name, (long)getpid(),
             atomic_fetch_add(&counter, 1));
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd >= 0) return 0;
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

/* A rename would replace a device or pipe (/dev/stdout) by a file, and a symbolic link by its content. */
static int open_target(pleat_out_file *file) {
  struct stat info;
  bool is_there = stat(file->path, &info) == 0;
  if (is_there && S_ISDIR(info.st_mode)) return EISDIR;
  if (is_there && !S_ISREG(info.st_mode)) {
    file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    return file->fd < 0 ? errno : 0;
  }
  if (is_there && access(file->path, W_OK)) return errno;
  file->target = is_there ? realpath(file->path, NULL) : strdup(file->path);
  if (!file->target) return errno;
  return open_temporary(file);
}

pleat_status pleat_out_file_open(const char *path, pleat_out_file **out_file, pleat_error *err) {
  *out_file = NULL;
  pleat_out_file *file = calloc(1, sizeof *file);
  if (file) file->path = strdup(path);
  if (!file || !file->path) {
    free(file);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to open '%s'", path);
  }
  file->fd = -1;
  int errnum = open_target(file);
  if (errnum) {
    out_file_free(file);
    return fail_errno(err, "write", path, errnum);
  }
  *out_file = file;
  return PLEAT_OK;
}

static void write_through(pleat_out_file *file, const unsigned char *bytes, size_t n) {
  while (n && !file->errnum) {
    ssize_t n_written = write(file->fd, bytes, n < SSIZE_MAX ? n : SSIZE_MAX);
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written <= 0) {
      file->errnum = n_written < 0 ? errno : ENOSPC;
      return;
    }
    bytes += n_written;
    n -= (size_t)n_written;
  }
}

static void flush_buffer(pleat_out_file *file) {
  write_through(file, file->buffer, file->n_buffered);
  file->n_buffered = 0;
}

pleat_status pleat_out_file_write(pleat_out_file *file, const void *bytes, size_t n, pleat_error *err) {
  if (n > OUT_BUFFER - file->n_buffered) flush_buffer(file);
  if (n > OUT_BUFFER) {
    write_through(file, bytes, n);
  } else if (n) {
    memcpy(file->buffer + file->n_buffered, bytes, n);
    file->n_buffered += n;
  }
  return file->errnum ? fail_errno(err, "write", file->path, file->errnum) : PLEAT_OK;
}

/* Data before name: without the fsync a crash could leave the new name on an empty file. */
static void publish(pleat_out_file *file) {
  flush_buffer(file);
  if (!file->errnum && file->temporary && fsync(file->fd) && errno != EINVAL && errno != ENOTSUP) {
    file->errnum = errno;
  }
  if (close(file->fd) && !file->errnum && errno != EINTR) file->errnum = errno;
  file->fd = -1;
  if (!file->errnum && file->temporary && rename(file->temporary, file->target)) file->errnum = errno;
}

pleat_status pleat_out_file_close(pleat_out_file *file, bool is_ok, pleat_error *err) {
  if (!file) return PLEAT_OK;
  if (is_ok) publish(file);
  if (file->fd >= 0) close(file->fd);
  pleat_status status = PLEAT_OK;
  if (is_ok && file->errnum) status = fail_errno(err, "write", file->path, file->errnum);
  if (file->temporary && (!is_ok || file->errnum)) unlink(file->temporary);
  out_file_free(file);
  return status;
}

pleat_status pleat_file_write(const char *path, const void *bytes, size_t n, pleat_error *err) {
  pleat_out_file *file = NULL;
  PLEAT_TRY(pleat_out_file_open(path, &file, err));
  pleat_status status = pleat_out_file_write(file, bytes, n, err);
  pleat_status close_status = pleat_out_file_close(file, status == PLEAT_OK, err);
  return status ? status : close_status;
}

/* Directories and paths. */

bool pleat_path_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

bool pleat_path_is_dir(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool pleat_path_is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool pleat_path_stat(const char *path, pleat_path_info *out_info) {
  struct stat info;
  *out_info = (pleat_path_info){0};
  if (stat(path, &info)) return false;
  *out_info = (pleat_path_info){(uint64_t)info.st_size, (int64_t)info.st_mtime, S_ISDIR(info.st_mode)};
  return true;
}

/* Folders. */

pleat_status pleat_folder_make(const char *path, pleat_error *err) {
  char *part = strdup(path);
  if (!part) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to make the folder '%s'", path);
  int errnum = 0;
  for (char *slash = part; slash && !errnum;) {
    slash = strchr(slash + 1, '/');
    if (slash) *slash = '\0';
    if (mkdir(part, 0777) && errno != EEXIST) errnum = errno;
    if (slash) *slash = '/';
  }
  free(part);
  if (!errnum && !pleat_path_is_dir(path)) errnum = ENOTDIR;
  return errnum ? fail_errno(err, "make the folder", path, errnum) : PLEAT_OK;
}

static int remove_visited(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info;
  (void)kind;
  (void)place;
  remove(path);
  return 0;
}

void pleat_path_remove(const char *path) {
  enum { OPEN_FOLDERS = 16 };
  nftw(path, remove_visited, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int read_names(DIR *dir, pleat_dir_names *names) {
  uint32_t capacity = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (!entry) return errno;
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (!pleat_grow(&names->items, (uint32_t)names->n_items, &capacity, sizeof *names->items)) return ENOMEM;
    char *name = strdup(entry->d_name);
    if (!name) return ENOMEM;
    names->items[names->n_items++] = name;
  }
}

pleat_status pleat_dir_list(const char *path, pleat_dir_names *out_names, pleat_error *err) {
  *out_names = (pleat_dir_names){0};
  DIR *dir = opendir(path);
  if (!dir) return fail_errno(err, "read the folder", path, errno);
  int errnum = read_names(dir, out_names);
  closedir(dir);
  if (errnum) {
    pleat_dir_list_fini(out_names);
    if (errnum == ENOMEM) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the names in '%s'", path);
    return fail_errno(err, "read the folder", path, errnum);
  }
  if (out_names->n_items) qsort(out_names->items, out_names->n_items, sizeof *out_names->items, compare_names);
  return PLEAT_OK;
}

void pleat_dir_list_fini(pleat_dir_names *names) {
  for (size_t i = 0; i < names->n_items; i++) free(names->items[i]);
  free(names->items);
  *names = (pleat_dir_names){0};
}

/* Memory and time. */

void *pleat_os_pages_alloc(size_t n_bytes) {
  if (n_bytes == 0) n_bytes = 1;
  void *pages = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  pleat_os_pages_want_large(pages, n_bytes);
  return pages;
}

void pleat_os_pages_want_large(void *data, size_t n_bytes) {
#if defined(MADV_HUGEPAGE)
  enum { WORTH_IT = 4 << 20 };
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)data + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)data + n_bytes) / page * page;
  if (n_bytes >= WORTH_IT) madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* a failure changes nothing */
#else
  (void)data, (void)n_bytes;
#endif
}

void pleat_os_pages_free(void *pages, size_t n_bytes) {
  if (pages) munmap(pages, n_bytes ? n_bytes : 1);
}

void pleat_os_pages_forget(const void *data, size_t n_bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)data, end = begin + n_bytes;
  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

double pleat_os_time_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}
