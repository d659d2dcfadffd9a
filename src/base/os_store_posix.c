/* Files that are filled in any order, and waiting: what Linux and macOS share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/os.h"
#include "base/store.h"

struct pleat_store {
  char *path;
  int fd;
};

static pleat_status fail_errno(pleat_error *err, const char *verb, const char *path, int errnum) {
  char text[128];
  return pleat_fail(err, PLEAT_IO, "cannot %s '%s': %s", verb, path, pleat_errno_text(errnum, text, sizeof text));
}

pleat_status pleat_store_open(const char *path, pleat_store **out_store, pleat_error *err) {
  *out_store = NULL;
  pleat_store *store = calloc(1, sizeof *store);
  if (store) store->path = strdup(path);
  if (!store || !store->path) {
    free(store);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to open '%s'", path);
  }
  store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (store->fd < 0) {
    pleat_status status = fail_errno(err, "write", path, errno);
    free(store->path);
    free(store);
    return status;
  }
  *out_store = store;
  return PLEAT_OK;
}

void pleat_store_close(pleat_store *store) {
  if (!store) return;
  close(store->fd);
  free(store->path);
  free(store);
}

pleat_status pleat_store_write(pleat_store *store, uint64_t offset, const void *bytes, size_t n, pleat_error *err) {
  const char *from = bytes;
  while (n > 0) {
    ssize_t n_written = pwrite(store->fd, from, n < SSIZE_MAX ? n : SSIZE_MAX, (off_t)offset);
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written <= 0) return fail_errno(err, "write", store->path, n_written < 0 ? errno : ENOSPC);
    from += n_written;
    offset += (uint64_t)n_written;
    n -= (size_t)n_written;
  }
  return PLEAT_OK;
}

pleat_status pleat_store_read(pleat_store *store, uint64_t offset, void *bytes, size_t n, pleat_error *err) {
  char *to = bytes;
  while (n > 0) {
    ssize_t n_read = pread(store->fd, to, n < SSIZE_MAX ? n : SSIZE_MAX, (off_t)offset);
    if (n_read < 0 && errno == EINTR) continue;
    if (n_read < 0) return fail_errno(err, "read", store->path, errno);
    if (n_read == 0) {
      PLEAT_FAIL(err, PLEAT_IO, "'%s' became shorter while it was read: %llu bytes are missing", store->path,
                 (unsigned long long)n);
    }
    to += n_read;
    offset += (uint64_t)n_read;
    n -= (size_t)n_read;
  }
  return PLEAT_OK;
}

uint64_t pleat_store_size(const pleat_store *store) {
  struct stat info;
  return fstat(store->fd, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

pleat_status pleat_store_resize(pleat_store *store, uint64_t n_bytes, pleat_error *err) {
  return ftruncate(store->fd, (off_t)n_bytes) ? fail_errno(err, "resize", store->path, errno) : PLEAT_OK;
}

pleat_status pleat_store_sync(pleat_store *store, pleat_error *err) {
  if (fsync(store->fd) == 0 || errno == EINVAL || errno == ENOTSUP) return PLEAT_OK;
  return fail_errno(err, "write", store->path, errno);
}

bool pleat_store_lock(pleat_store *store) {
  /* File systems without locks do not say that somebody else has one. */
  return flock(store->fd, LOCK_EX | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR);
}

pleat_status pleat_path_rename(const char *from, const char *to, pleat_error *err) {
  return rename(from, to) ? fail_errno(err, "write", to, errno) : PLEAT_OK;
}

bool pleat_os_wait(double seconds, bool (*opt_poll)(void *arg), void *arg) {
  double end_ms = pleat_os_time_ms() + seconds * 1e3;
  for (;;) {
    if (opt_poll && !opt_poll(arg)) return false;
    double left_ms = end_ms - pleat_os_time_ms();
    if (!(left_ms > 0)) return true;
    if (left_ms > 50) left_ms = 50;
    const struct timespec slice = {.tv_nsec = (long)(left_ms * 1e6)};
    nanosleep(&slice, NULL);
  }
}
