/* Exit codes and error messages of the program.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "exit.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "progress.h"

cli_exit cli_exit_of(pleat_status status) {
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
    case PLEAT_PROGRAM: return CLI_EXIT_PROGRAM;
    case PLEAT_NETWORK: return CLI_EXIT_NETWORK;
    case PLEAT_INTERNAL: return CLI_EXIT_INTERNAL;
  }
  return CLI_EXIT_INTERNAL;
}

void cli_exit_print_codes(void) {
#define X(name, value, text) printf("  %3d  %s\n", value, text);
  CLI_EXIT_MAP(X)
#undef X
}

void cli_error_format(const pleat_error *err, char *out, size_t n_out) {
  size_t n = 0;
  out[0] = '\0';
  if (err->file[0]) n += (size_t)snprintf(out, n_out, "%s:", err->file);
  if (err->file[0] && err->line > 0) n += (size_t)snprintf(out + n, n_out - n, "%lld:", (long long)err->line);
  if (err->file[0] && err->line > 0 && err->column > 0) {
    n += (size_t)snprintf(out + n, n_out - n, "%lld:", (long long)err->column);
  }
  snprintf(out + n, n_out - n, "%s%s", n ? " " : "", err->message[0] ? err->message : pleat_status_text(err->status));
}

cli_exit cli_fail(pleat_status status, const pleat_error *err) {
  char text[CLI_MAX_ERROR_TEXT];
  cli_error_format(err, text, sizeof text);
  cli_log_error("%s", text);
  return cli_exit_of(status);
}

cli_exit cli_fail_usage(const char *opt_command, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fputs("pleat: ", stderr);
  vfprintf(stderr, fmt, args);
  va_end(args);
  bool is_program = opt_command && strcmp(opt_command, CLI_COLABFOLD) == 0;
  fprintf(stderr, "\nTry '%s%s%s--help'.\n", is_program ? "" : "pleat ", opt_command ? opt_command : "",
          opt_command ? " " : "");
  return CLI_EXIT_USAGE;
}
