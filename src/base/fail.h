/* The two error macros of pleat: forward a failure, or create one.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_FAIL_H
#define PLEAT_BASE_FAIL_H

#include <assert.h>
#include <stddef.h>

#include "pleat/status.h"

/* Fills err when it is not NULL. The message: expected, found, what to do. Its arguments may point into err itself. */
void pleat_error_set(pleat_error *err, pleat_status status, const char *file, int64_t line, int64_t column,
                     const char *fmt, ...) PLEAT_PRINTF(6, 7);
static inline pleat_status pleat_error_code(pleat_status status) { return status; }

/* pleat_status pleat_fail(err, status, fmt, ...): fills err and returns status. pleat_fail_at: the same for a place in
 * an input file; line, column from 1, 0 = unknown. Macros, because from behind a function call neither the compiler
 * nor the analyser would see that the result is a failure; `status` is evaluated twice. */
#define pleat_fail(err, status, ...) \
  (pleat_error_set((err), (status), NULL, 0, 0, __VA_ARGS__), pleat_error_code(status))
#define pleat_fail_at(err, status, file, line, column, ...) \
  (pleat_error_set((err), (status), (file), (line), (column), __VA_ARGS__), pleat_error_code(status))

/* Message of errno, thread-safe, for IO failures. */
const char *pleat_errno_text(int errnum, char *buf, int n_buf);

#define PLEAT_TRY(expr)                  \
  do {                                   \
    pleat_status try_status_ = (expr);   \
    if (try_status_) return try_status_; \
  } while (0)

#define PLEAT_FAIL(err, code, ...) return pleat_fail((err), (code), __VA_ARGS__)

/* A broken invariant is our bug. Debug builds stop; release builds trust the checks at the public entry points. */
#define PLEAT_ASSERT(cond) assert(cond)

#endif
