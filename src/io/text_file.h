/* Whole text files, plain or compressed by gzip.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_TEXT_FILE_H
#define PLEAT_IO_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* Do the bytes begin as gzip does? */
bool pleat_gzip_is(const void *bytes, size_t n);
/* Unpacks all members of a gzip file of at most n_max bytes in the end into malloc'd memory with a NUL behind. `path` is
 * only for messages. Errors: INPUT (damaged, cut, bytes behind the end, longer than n_max), NOMEM. Freed by free(). */
PLEAT_CHECKED pleat_status pleat_gzip_unpack(const void *bytes, size_t n, const char *path, size_t n_max,
                                             char **out_text, size_t *out_n, pleat_error *err);
/* Reads a file as pleat_file_read and, where its first bytes say gzip, unpacks it. Errors: of both. */
PLEAT_CHECKED pleat_status pleat_text_file_read(const char *path, size_t n_max, char **out_text, size_t *out_n,
                                                pleat_error *err);

#endif
