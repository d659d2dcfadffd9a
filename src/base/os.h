/* Everything that differs between operating systems: files, memory, cores, time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_OS_H
#define PLEAT_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* A whole file, mapped read-only. */
typedef struct pleat_file_map {
  const uint8_t *data;
  size_t n;
} pleat_file_map;

PLEAT_CHECKED pleat_status pleat_file_map_open(const char *path, pleat_file_map *out_map, pleat_error *err);
void pleat_file_map_close(pleat_file_map *map);

/* Reads a file (or standard input for "-") of at most n_max bytes into malloc'd memory with a NUL behind it; also
 * works on pipes. Errors: IO, INPUT (longer than n_max), NOMEM. Freed by free(). */
PLEAT_CHECKED pleat_status pleat_file_read(const char *path, size_t n_max, char **out_text, size_t *out_n,
                                           pleat_error *err);

/* An input file (or standard input for "-") that is read piece by piece. Errors: IO, NOMEM. */
typedef struct pleat_in_file pleat_in_file;
PLEAT_CHECKED pleat_status pleat_in_file_open(const char *path, pleat_in_file **out_file, pleat_error *err);
/* At most n_max bytes; 0 at the end. */
PLEAT_CHECKED pleat_status pleat_in_file_read(pleat_in_file *file, void *bytes, size_t n_max, size_t *out_n,
                                              pleat_error *err);
uint64_t pleat_in_file_size(const pleat_in_file *file); /* 0 = unknown: a pipe */
void pleat_in_file_close(pleat_in_file *file);          /* NULL is allowed */

/* An output file that appears under its name only when complete: written to a temporary name in the same directory,
 * flushed, renamed. close with is_ok = false removes it. Errors (also a full disk): IO, with path and reason. */
typedef struct pleat_out_file pleat_out_file;
PLEAT_CHECKED pleat_status pleat_out_file_open(const char *path, pleat_out_file **out_file, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_out_file_write(pleat_out_file *file, const void *bytes, size_t n, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_out_file_close(pleat_out_file *file, bool is_ok, pleat_error *err);
/* All three in one. */
PLEAT_CHECKED pleat_status pleat_file_write(const char *path, const void *bytes, size_t n, pleat_error *err);

bool pleat_path_exists(const char *path);
bool pleat_path_is_dir(const char *path);
bool pleat_path_is_file(const char *path); /* a regular one, or a link to one */

/* What is known of a file or folder without reading it. */
typedef struct pleat_path_info {
  uint64_t size_bytes;
  int64_t changed_s; /* since 1970 */
  bool is_dir;
} pleat_path_info;
/* false: nothing there. */
bool pleat_path_stat(const char *path, pleat_path_info *out_info);

/* Makes a folder with its parents; one that is there is fine. Errors: IO, NOMEM. */
PLEAT_CHECKED pleat_status pleat_folder_make(const char *path, pleat_error *err);
/* Removes a file, or a folder with all that is in it; links are removed, not followed. No effect when there is none. */
void pleat_path_remove(const char *path);

/* Names in a directory without "." and "..", in the order of their bytes. Errors: IO, NOMEM. Released with
 * pleat_dir_list_fini. */
typedef struct pleat_dir_names {
  char **items;
  size_t n_items;
} pleat_dir_names;
PLEAT_CHECKED pleat_status pleat_dir_list(const char *path, pleat_dir_names *out_names, pleat_error *err);
void pleat_dir_list_fini(pleat_dir_names *names);

int pleat_os_cores(void);                 /* usable by this process: affinity, cgroup */
uint64_t pleat_os_memory_total(void);     /* bytes, cgroup limit included */
uint64_t pleat_os_memory_available(void); /* bytes that can be taken without swapping; 0 = unknown */
uint64_t pleat_os_resident_peak(void);    /* bytes, this process's maximum so far; 0 = unknown */
uint64_t pleat_os_resident_now(void);     /* bytes; 0 = unknown */
double pleat_os_time_ms(void);            /* monotonic */

#if defined(__x86_64__)
/* Asks the system to let this process use AMX tiles, whose state is large: Linux wants to be asked. */
bool pleat_os_allow_amx(void);
#endif

#if defined(__aarch64__)
/* Instructions that an arm64 processor may have; only the system can tell. */
enum { PLEAT_OS_ARM_ASIMD = 1, PLEAT_OS_ARM_BF16 = 2 };
uint32_t pleat_os_arm_features(void);
#endif

/* Page-aligned zeroed memory straight from the system, given back at once on free; NULL when refused. */
void *pleat_os_pages_alloc(size_t n_bytes);
void pleat_os_pages_free(void *pages, size_t n_bytes);
/* A hint: this memory, of malloc or pages_alloc, will be written all over; large pages spare most of the faults. Small
 * memory is left alone. */
void pleat_os_pages_want_large(void *data, size_t n_bytes);
/* The pages wholly inside a part of a pleat_file_map may leave this process's memory; touched again, they come back from
 * the file. For mapped files only. */
void pleat_os_pages_forget(const void *data, size_t n_bytes);

#endif
