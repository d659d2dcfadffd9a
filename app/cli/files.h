/* Folders and small text files of the program; results and arrays are written by the library.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_FILES_H
#define PLEAT_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* Fills err and returns status, for failures that the program itself finds. */
pleat_status cli_error(pleat_error *err, pleat_status status, const char *fmt, ...) PLEAT_PRINTF(3, 4);
/* Names what failed (a file, a target) in front of the message, unless a place is there already. */
void cli_error_set_place(pleat_error *err, const char *place);

/* Makes a folder with its parents and checks that files can be made in it. *out_is_new: it was not there. */
PLEAT_CHECKED pleat_status cli_folder_create(const char *path, bool *out_is_new, pleat_error *err);

/* An empty folder of its own: what an interrupted run left in it is removed. */
PLEAT_CHECKED pleat_status cli_folder_make_empty(const char *path, pleat_error *err);
/* Moves the files of one folder into another of the same file system, each at once, and removes the empty folder. */
PLEAT_CHECKED pleat_status cli_folder_publish(const char *from, const char *to, pleat_error *err);
/* Removes a folder and the files in it; no effect when there is none. */
void cli_folder_remove(const char *path);

/* Atomic: the file is complete or absent. */
PLEAT_CHECKED pleat_status cli_file_write(const char *path, const char *text, size_t n, pleat_error *err);

#endif
