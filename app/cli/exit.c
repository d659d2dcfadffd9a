/* Exit codes and error messages of the program.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "exit.h"

#include <stdarg.h>
#include <stdio.h>

#include "progress.h"

static cli_exit exit_of(pleat_status status) {
  switch (status) {
    case PLEAT_OK: return CLI_EXIT_OK;
    case PLEAT_INVALID: return CLI_EXIT_USAGE;
    case PLEAT_INPUT: return CLI_EXIT_INPUT;
    case PLEAT_WEIGHTS: return CLI_EXIT_WEIGHTS;
    case PLEAT_SHAPE: return CLI_EXIT_INPUT;
    case PLEAT_NOMEM: return CLI_EXIT_MEMORY;
    case PLEAT_IO: return CLI_EXIT_IO;
    case PLEAT_UNSUPPORTED: return CLI_EXIT_DEVICE;
    case PLEAT_DEVICE: return CLI_EXIT_DEVICE;
    case PLEAT_CANCELLED: return CLI_EXIT_INTERRUPTED;
    case PLEAT_MISMATCH: return CLI_EXIT_CHECK;
    case PLEAT_INTERNAL: return CLI_EXIT_INTERNAL;
  }
  return CLI_EXIT_INTERNAL;
}

void cli_exit_print_codes(void) {
#define X(name, value, text) printf("  %3d  %s\n", value, text);
  CLI_EXIT_MAP(X)
#undef X
}

cli_exit cli_fail(pleat_status status, const pleat_error *err) {
  cli_progress_clear_line();
  fputs("pleat: ", stderr);
  if (err->file[0]) {
    fprintf(stderr, "%s:", err->file);
    if (err->line > 0) fprintf(stderr, "%lld:", (long long)err->line);
    if (err->line > 0 && err->column > 0) fprintf(stderr, "%lld:", (long long)err->column);
    fputc(' ', stderr);
  }
  fprintf(stderr, "%s\n", err->message[0] ? err->message : pleat_status_text(status));
  return exit_of(status);
}

cli_exit cli_fail_usage(const char *opt_command, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fputs("pleat: ", stderr);
  vfprintf(stderr, fmt, args);
  va_end(args);
  fprintf(stderr, "\nTry 'pleat %s%s--help'.\n", opt_command ? opt_command : "", opt_command ? " " : "");
  return CLI_EXIT_USAGE;
}
