/* Filling of error records, texts of statuses and of errno.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pleat_status_text(pleat_status status) {
  switch (status) {
#define X(name, value, text) \
  case PLEAT_##name: return text;
    PLEAT_STATUS_MAP(X)
#undef X
  }
  return "unknown status";
}

/* Both texts are formatted aside, because the arguments may point into err (a caller that adds context). */
void pleat_error_set(pleat_error *err, pleat_status status, const char *file, int64_t line, int64_t column,
                     const char *fmt, ...) {
  if (!err) return;
  char message[sizeof err->message];
  char file_copy[sizeof err->file];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  snprintf(file_copy, sizeof file_copy, "%s", file ? file : "");
  memcpy(err->message, message, sizeof message);
  memcpy(err->file, file_copy, sizeof file_copy);
  err->status = status;
  err->line = line;
  err->column = column;
}

/* strerror_r returns int by POSIX and char * by glibc; the two are told apart by type. */
static const char *text_of_code(int code, const char *buf) { return code == 0 ? buf : "unknown system error"; }

static const char *text_of_pointer(char *text, const char *buf) {
  (void)buf;
  return text;
}

const char *pleat_errno_text(int errnum, char *buf, int n_buf) {
  buf[0] = '\0';
  return _Generic(strerror_r(errnum, buf, (size_t)n_buf), int: text_of_code, char *: text_of_pointer)(
      strerror_r(errnum, buf, (size_t)n_buf), buf);
}
