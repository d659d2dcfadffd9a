/* What the text writers share: numbers and roll-back.
 * printf rounds correctly but takes the decimal point from the locale (it may even have several bytes), so the point
 * is put in here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/writer.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

int pleat_writer_fixed(double value, int n_decimals, char *out) {
  PLEAT_ASSERT(isfinite(value) && n_decimals >= 0 && n_decimals <= 17);
  char text[PLEAT_WRITER_NUMBER];
  snprintf(text, sizeof text, "%.*f", n_decimals, value);
  int n = 0;
  const char *p = text;
  if (*p == '-') out[n++] = *p++;
  while (is_digit(*p)) out[n++] = *p++;
  if (n_decimals > 0) out[n++] = '.';
  while (*p && !is_digit(*p)) p++;
  while (is_digit(*p)) out[n++] = *p++;
  out[n] = 0;
  return n;
}

int pleat_writer_trimmed(double value, int n_decimals, char *out) {
  PLEAT_ASSERT(n_decimals >= 1);
  int n = pleat_writer_fixed(value, n_decimals, out);
  while (out[n - 1] == '0' && out[n - 2] != '.') n--;
  out[n] = 0;
  return n;
}

/* Puts n_digits decimal digits d1.d2d3... * 10^exponent where Python's repr would. */
static int lay_out(bool is_negative, const char *digits, int n_digits, int exponent, char *out) {
  int n = 0;
  if (is_negative) out[n++] = '-';
  if (exponent < -4 || exponent >= 16) {
    out[n++] = digits[0];
    if (n_digits > 1) out[n++] = '.';
    for (int d = 1; d < n_digits; d++) out[n++] = digits[d];
    return n + snprintf(out + n, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
  }
  if (exponent < 0) {
    n += snprintf(out + n, 8, "0.%.*s", -exponent - 1, "000");
    for (int d = 0; d < n_digits; d++) out[n++] = digits[d];
  } else {
    for (int d = 0; d < n_digits || d <= exponent + 1; d++) {
      if (d == exponent + 1) out[n++] = '.';
      out[n++] = d < n_digits ? digits[d] : '0';
    }
  }
  out[n] = 0;
  return n;
}

int pleat_writer_shortest(double value, char *out) {
  PLEAT_ASSERT(isfinite(value));
  char text[48];
  for (int n_significant = 1; n_significant <= 17; n_significant++) {
    snprintf(text, sizeof text, "%.*e", n_significant - 1, value);
    if (strtod(text, NULL) == value) break;
  }
  char digits[20] = {0};
  int n_digits = 0;
  const char *p = text;
  for (; *p && *p != 'e'; p++) {
    if (is_digit(*p)) digits[n_digits++] = *p;
  }
  int exponent = *p == 'e' ? (int)strtol(p + 1, NULL, 10) : 0;
  return lay_out(signbit(value), digits, n_digits, exponent, out);
}

double pleat_writer_around(double value, int n_decimals) {
  double scale = pow(10, n_decimals);
  return nearbyint(value * scale) / scale;
}

void pleat_writer_chain_name(int64_t index, char out[PLEAT_WRITER_CHAIN]) {
  int n = 0;
  for (int64_t rest = index; rest >= 0 && n < PLEAT_WRITER_CHAIN - 1; rest = rest / 26 - 1) {
    out[n++] = (char)('A' + rest % 26);
  }
  out[n] = 0;
}

pleat_status pleat_writer_check_tm(double tm, const char *name, pleat_error *err) {
  if (!isnan(tm) && !(tm >= 0 && tm <= 1)) PLEAT_FAIL(err, PLEAT_INVALID, "%s is %g, expected 0 to 1", name, tm);
  return PLEAT_OK;
}

pleat_status pleat_writer_finish(pleat_status status, const char *what, size_t n_before, pleat_buf *buf,
                                 pleat_error *err) {
  if (!status && buf->is_failed)
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for the text of %s: %zu bytes were written so far", what, buf->n);
  if (status && buf->data && n_before <= buf->n) {
    buf->n = n_before;
    buf->data[n_before] = 0;
  }
  return status;
}
