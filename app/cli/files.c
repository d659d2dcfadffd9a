/* Folders and small text files of the program.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pleat_status cli_error(pleat_error *err, pleat_status status, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  *err = (pleat_error){.status = status};
  vsnprintf(err->message, sizeof err->message, fmt, args);
  va_end(args);
  return status;
}

void cli_error_set_place(pleat_error *err, const char *place) {
  if (!err->file[0]) snprintf(err->file, sizeof err->file, "%.*s", (int)sizeof err->file - 1, place);
}

pleat_status cli_folder_create(const char *path, bool *out_is_new, pleat_error *err) {
  *out_is_new = false;
  char *prefix = strdup(path);
  if (!prefix) return cli_error(err, PLEAT_NOMEM, "no memory for the path '%s'", path);
  for (char *p = prefix; *p; p++) {
    if (p[0] == '/' || (p[1] != '/' && p[1] != '\0')) continue;
    char next = p[1];
    p[1] = '\0';
    if (mkdir(prefix, 0777) == 0) *out_is_new = true;
    p[1] = next;
  }
  free(prefix);
  struct stat info;
  if (stat(path, &info)) {
    return cli_error(err, PLEAT_IO, "cannot make the folder '%s': %s", path, strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) {
    return cli_error(err, PLEAT_IO, "cannot write into '%s': expected a folder, found a file", path);
  }
  if (access(path, W_OK | X_OK)) {
    return cli_error(err, PLEAT_IO, "cannot write into the folder '%s': %s", path, strerror(errno));
  }
  return PLEAT_OK;
}

typedef int visit_fn(const char *file, const char *name, const char *to);

/* Calls visit for every file in a folder, which takes it away, until one gives an errno. Which entries are read while
 * others go is open: it is read again until nothing is left. */
static int take_files(const char *path, visit_fn *visit, const char *to) {
  DIR *dir = opendir(path);
  if (!dir) return errno;
  int errnum = 0;
  for (bool is_empty = false; !is_empty && !errnum; rewinddir(dir)) {
    const struct dirent *entry;
    is_empty = true;
    while (!errnum && (entry = readdir(dir)) != NULL) {
      char file[4096];
      if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
      is_empty = false;
      int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
      errnum = n < 0 || (size_t)n >= sizeof file ? ENAMETOOLONG : visit(file, entry->d_name, to);
    }
  }
  closedir(dir);
  return errnum;
}

static int remove_file(const char *file, const char *name, const char *to) {
  (void)name;
  (void)to;
  return unlink(file) ? errno : 0;
}

static int move_file(const char *file, const char *name, const char *to) {
  char target[4096];
  int n = snprintf(target, sizeof target, "%s/%s", to, name);
  if (n < 0 || (size_t)n >= sizeof target) return ENAMETOOLONG;
  return rename(file, target) ? errno : 0;
}

void cli_folder_remove(const char *path) {
  take_files(path, remove_file, NULL);
  rmdir(path);
}

pleat_status cli_folder_make_empty(const char *path, pleat_error *err) {
  if (mkdir(path, 0777) == 0) return PLEAT_OK;
  int errnum = errno;
  if (errnum == EEXIST) errnum = take_files(path, remove_file, NULL);
  return errnum ? cli_error(err, PLEAT_IO, "cannot make the folder '%s': %s", path, strerror(errnum)) : PLEAT_OK;
}

pleat_status cli_folder_publish(const char *from, const char *to, pleat_error *err) {
  int errnum = take_files(from, move_file, to);
  if (!errnum && rmdir(from)) errnum = errno;
  if (!errnum) return PLEAT_OK;
  return cli_error(err, PLEAT_IO, "cannot move results from '%s' to '%s': %s", from, to, strerror(errnum));
}

static int write_and_sync(const char *path, const char *text, size_t n) {
  FILE *file = fopen(path, "wb");
  if (!file) return errno;
  errno = 0;
  bool is_ok = fwrite(text, 1, n, file) == n && fflush(file) == 0 && fsync(fileno(file)) == 0;
  int errnum = is_ok ? 0 : errno ? errno : EIO;
  if (fclose(file) && !errnum) errnum = errno;
  return errnum;
}

pleat_status cli_file_write(const char *path, const char *text, size_t n, pleat_error *err) {
  size_t n_max = strlen(path) + 32;
  char *temporary = malloc(n_max);
  if (!temporary) return cli_error(err, PLEAT_NOMEM, "no memory for the path '%s'", path);
  snprintf(temporary, n_max, "%s.tmp-%ld", path, (long)getpid());
  int errnum = write_and_sync(temporary, text, n);
  if (!errnum && rename(temporary, path)) errnum = errno;
  if (errnum) unlink(temporary);
  free(temporary);
  return errnum ? cli_error(err, PLEAT_IO, "cannot write '%s': %s", path, strerror(errnum)) : PLEAT_OK;
}
