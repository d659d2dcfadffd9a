/* Tiny test harness: a failed check prints both values with their place and is counted; check_report ends main.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_CHECK_H
#define PLEAT_TESTS_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pleat/status.h"

enum { CHECK_SKIPPED = 77, CHECK_MAX_PRINTED = 50 };

static long check_n_done;
static long check_n_failed;

/* Counts a check; true when its failure should still be printed. */
static inline bool check_note(bool is_ok, const char *file, int line) {
  check_n_done++;
  if (is_ok) return false;
  check_n_failed++;
  if (check_n_failed > CHECK_MAX_PRINTED) return false;
  fprintf(stderr, "%s:%d: ", file, line);
  return true;
}

static inline bool check_true(bool is_ok, const char *text, const char *file, int line) {
  if (check_note(is_ok, file, line)) fprintf(stderr, "not true: %s\n", text);
  return is_ok;
}

static inline bool check_int(int64_t got, int64_t want, const char *text, const char *file, int line) {
  if (check_note(got == want, file, line)) {
    fprintf(stderr, "%s is %lld, expected %lld\n", text, (long long)got, (long long)want);
  }
  return got == want;
}

static inline bool check_str(const char *got, const char *want, const char *text, const char *file, int line) {
  bool is_ok = got && want ? strcmp(got, want) == 0 : got == want;
  if (check_note(is_ok, file, line)) {
    fprintf(stderr, "%s is\n  \"%s\", expected\n  \"%s\"\n", text, got ? got : "(null)", want ? want : "(null)");
  }
  return is_ok;
}

/* NaN is near nothing, and infinities only equal themselves. */
static inline bool check_near(double got, double want, double tol, const char *text, const char *file, int line) {
  bool is_ok = got == want || fabs(got - want) <= tol;
  if (check_note(is_ok, file, line)) {
    fprintf(stderr, "%s is %.17g, expected %.17g within %g (off by %g)\n", text, got, want, tol, got - want);
  }
  return is_ok;
}

static inline bool check_ok(pleat_status status, const pleat_error *opt_err, const char *text, const char *file,
                            int line) {
  if (check_note(status == PLEAT_OK, file, line)) {
    fprintf(stderr, "%s failed: %s", text, pleat_status_text(status));
    if (opt_err) {
      fprintf(stderr, ": %s [%s:%lld:%lld]", opt_err->message, opt_err->file, (long long)opt_err->line,
              (long long)opt_err->column);
    }
    fputc('\n', stderr);
  }
  return status == PLEAT_OK;
}

/* Each is an expression that is true when the check held. CHECK_INT takes anything that fits int64_t. */
#define CHECK(cond)                check_true(!!(cond), #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want)       check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want)       check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_NEAR(got, want, tol) check_near((double)(got), (double)(want), (double)(tol), #got, __FILE__, __LINE__)
#define CHECK_OK(status_expr, err) check_ok((status_expr), (err), #status_expr, __FILE__, __LINE__)

/* Directory of the reference data. A test that needs it and finds none returns check_skip("why"). */
static inline const char *check_shared_dir(void) {
  const char *dir = getenv("PLEAT_SHARED");
  return dir && dir[0] ? dir : "../shared";
}

/* Sanitizers and emulators take time and memory of their own. */
static inline bool check_is_watched(void) {
  const char *sanitizers = getenv("PLEAT_SANITIZED"), *emulator = getenv("PLEAT_EMULATOR");
  return (sanitizers && sanitizers[0]) || (emulator && emulator[0]);
}

static inline int check_skip(const char *reason) {
  printf("skipped: %s\n", reason);
  return CHECK_SKIPPED;
}

static inline int check_report(void) {
  if (check_n_failed > CHECK_MAX_PRINTED) fprintf(stderr, "... only the first %d are shown\n", CHECK_MAX_PRINTED);
  printf("%ld checks, %ld failed\n", check_n_done, check_n_failed);
  return check_n_failed ? 1 : 0;
}

#endif
