/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fail.h"

#include <errno.h>

#include "check.h"

static pleat_status forward(pleat_status status) {
  PLEAT_TRY(status);
  return PLEAT_OK;
}

static pleat_status fail_with_number(int number, pleat_error *err) {
  PLEAT_FAIL(err, PLEAT_INPUT, "expected 1, found %d", number);
}

static void test_status_texts(void) {
#define X(name, value, text)      \
  CHECK_INT(PLEAT_##name, value); \
  CHECK_STR(pleat_status_text(PLEAT_##name), text);
  PLEAT_STATUS_MAP(X)
#undef X
  CHECK_STR(pleat_status_text((pleat_status)-1000), "unknown status");
}

static void test_records(void) {
  pleat_error err = {0};
  CHECK_INT(fail_with_number(7, &err), PLEAT_INPUT);
  CHECK_INT(err.status, PLEAT_INPUT);
  CHECK_STR(err.message, "expected 1, found 7");
  CHECK_STR(err.file, "");
  CHECK_INT(fail_with_number(7, NULL), PLEAT_INPUT);

  CHECK_INT(pleat_fail_at(&err, PLEAT_IO, "a.fasta", 3, 9, "bad '%c'", 'x'), PLEAT_IO);
  CHECK_STR(err.file, "a.fasta");
  CHECK_INT(err.line, 3);
  CHECK_INT(err.column, 9);
  CHECK_INT(pleat_fail_at(&err, PLEAT_IO, NULL, 0, 0, "x"), PLEAT_IO);
  CHECK_STR(err.file, "");

  CHECK_INT(forward(PLEAT_NOMEM), PLEAT_NOMEM);
  CHECK_INT(forward(PLEAT_OK), PLEAT_OK);
}

/* A caller adds context to a message in place: the record is both source and destination. */
static void test_context_in_place(void) {
  pleat_error err = {0};
  pleat_fail_at(&err, PLEAT_INPUT, "f", 1, 2, "inner");
  pleat_fail_at(&err, PLEAT_INPUT, err.file, err.line, err.column, "outer: %s", err.message);
  CHECK_STR(err.message, "outer: inner");
  CHECK_STR(err.file, "f");
}

static void test_long_texts(void) {
  char text[3000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  pleat_error err;
  pleat_fail_at(&err, PLEAT_INPUT, text, 1, 1, "%s", text);
  CHECK_INT(strlen(err.message), sizeof err.message - 1);
  CHECK_INT(strlen(err.file), sizeof err.file - 1);
}

static void test_errno_text(void) {
  char buf[64];
  CHECK_STR(pleat_errno_text(ENOENT, buf, sizeof buf), "No such file or directory");
  CHECK(strlen(pleat_errno_text(99999, buf, sizeof buf)) > 0);
}

int main(void) {
  test_status_texts();
  test_records();
  test_context_in_place();
  test_long_texts();
  test_errno_text();
  return check_report();
}
