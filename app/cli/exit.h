/* Exit codes of the program, and how failures are told.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_EXIT_H
#define PLEAT_CLI_EXIT_H

#include <stddef.h>

#include "pleat/status.h"

/* One list holds code and meaning; `pleat help` prints it. */
#define CLI_EXIT_MAP(X)                                         \
  X(OK, 0, "success")                                           \
  X(CHECK, 1, "a check failed (selftest)")                      \
  X(USAGE, 2, "wrong command, option or argument")              \
  X(INPUT, 3, "bad input: sequence, alignment or features")     \
  X(WEIGHTS, 4, "weights missing, damaged or of another model") \
  X(MEMORY, 5, "does not fit into memory")                      \
  X(IO, 6, "cannot read or write a file")                       \
  X(DEVICE, 7, "device failed, or not supported by this build") \
  X(INTERNAL, 8, "internal error: please report")               \
  X(PARTIAL, 9, "some targets failed, the others are done")     \
  X(PROGRAM, 10, "another program is missing or failed")        \
  X(NETWORK, 11, "the network or a server failed: try again")   \
  X(INTERRUPTED, 130, "interrupted (Ctrl-C, SIGTERM)")

typedef enum cli_exit {
#define X(name, value, text) CLI_EXIT_##name = value,
  CLI_EXIT_MAP(X)
#undef X
} cli_exit;

void cli_exit_print_codes(void);
cli_exit cli_exit_of(pleat_status status);
enum { CLI_MAX_ERROR_TEXT = 1664 }; /* file, line, column and message of an error */
/* "FILE:LINE:COLUMN: message", as far as they are known. */
void cli_error_format(const pleat_error *err, char *out, size_t n_out);

/* Prints "pleat: FILE:LINE:COLUMN: message" to standard error and returns the code to exit with. */
cli_exit cli_fail(pleat_status status, const pleat_error *err);
/* The same for a wrong command line; adds where to find help. opt_command: NULL for the program itself. */
cli_exit cli_fail_usage(const char *opt_command, const char *fmt, ...) PLEAT_PRINTF(2, 3);

#endif
