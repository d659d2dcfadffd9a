/* The two error macros of pleat: forward a failure, or create one.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_FAIL_H
#define PLEAT_BASE_FAIL_H

#include <assert.h>

#include "pleat/status.h"

/* Fills err (when not NULL) and returns status. The message: expected, found, what to do. */
pleat_status pleat_fail(pleat_error *err, pleat_status status, const char *fmt, ...) PLEAT_PRINTF(3, 4);
/* The same for a place in an input file. line, column from 1, 0 = unknown. */
pleat_status pleat_fail_at(pleat_error *err, pleat_status status, const char *file, int64_t line, int64_t column,
                           const char *fmt, ...) PLEAT_PRINTF(6, 7);
/* Message of errno, thread-safe, for IO failures. */
const char *pleat_errno_text(int errnum, char *buf, int n_buf);

#define PLEAT_TRY(expr)                    \
  do {                                     \
    pleat_status try_status_ = (expr);     \
    if (try_status_) return try_status_;   \
  } while (0)

/* Returns the code itself, so that the compiler sees that the function failed (uninitialised-use warnings). */
#define PLEAT_FAIL(err, code, ...) return ((void)pleat_fail((err), (code), __VA_ARGS__), (code))

/* A broken invariant is our bug. Debug builds stop; release builds trust the checks at the public entry points. */
#define PLEAT_ASSERT(cond) assert(cond)

#endif
