/* Files that are filled in any order and outlive the process, and waiting: what downloads need of the system.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_STORE_H
#define PLEAT_BASE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* A file that is read and written at any place, by several threads at once. It is made when missing and keeps what is in
 * it. Errors: IO, NOMEM. */
typedef struct pleat_store pleat_store;
PLEAT_CHECKED pleat_status pleat_store_open(const char *path, pleat_store **out_store, pleat_error *err);
void pleat_store_close(pleat_store *store); /* NULL is allowed */
PLEAT_CHECKED pleat_status pleat_store_write(pleat_store *store, uint64_t offset, const void *bytes, size_t n,
                                             pleat_error *err);
/* Exactly n bytes. Errors: IO, also when the file ends before. */
PLEAT_CHECKED pleat_status pleat_store_read(pleat_store *store, uint64_t offset, void *bytes, size_t n,
                                            pleat_error *err);
uint64_t pleat_store_size(const pleat_store *store);
PLEAT_CHECKED pleat_status pleat_store_resize(pleat_store *store, uint64_t n_bytes, pleat_error *err);
PLEAT_CHECKED pleat_status pleat_store_sync(pleat_store *store, pleat_error *err); /* what was written is on the disk */
/* Takes the file for this process alone, until it is closed; false: another process has it. */
bool pleat_store_lock(pleat_store *store);

/* Appears under another name, at once. Errors: IO. */
PLEAT_CHECKED pleat_status pleat_path_rename(const char *from, const char *to, pleat_error *err);
/* Sleeps; asks opt_poll every 50 ms and returns false as soon as that says so. */
bool pleat_os_wait(double seconds, bool (*opt_poll)(void *arg), void *arg);

#endif
