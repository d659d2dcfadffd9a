/* Parts of the text that is read; see span.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/span.h"

#include <float.h>
#include <string.h>

bool pleat_span_is(pleat_text_span span, const char *text) {
  return span.n == strlen(text) && memcmp(span.text, text, span.n) == 0;
}

bool pleat_span_is_same(pleat_text_span a, pleat_text_span b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.text, b.text, a.n) == 0);
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

bool pleat_span_begins(pleat_text_span span, const char *word) {
  size_t n = 0;
  while (word[n] && n < span.n && lower(span.text[n]) == lower(word[n])) n++;
  return !word[n];
}

const char *pleat_span_show(pleat_text_span span, char out[PLEAT_SPAN_SHOWN]) {
  size_t n = span.n < PLEAT_SPAN_SHOWN - 1 ? span.n : PLEAT_SPAN_SHOWN - 1;
  for (size_t i = 0; i < n; i++) out[i] = span.text[i] >= ' ' && span.text[i] <= '~' ? span.text[i] : '?';
  out[n] = '\0';
  return out;
}

/* Digits from *i on; `*mantissa` takes as many as are exact, the others only move the point. */
static int read_digits(pleat_text_span span, size_t *i, double *mantissa, int *n_dropped) {
  int n = 0;
  for (; *i < span.n && span.text[*i] >= '0' && span.text[*i] <= '9'; (*i)++, n++) {
    if (*mantissa < 1e14)
      *mantissa = *mantissa * 10 + (span.text[*i] - '0');
    else
      ++*n_dropped;
  }
  return n;
}

static bool read_sign(pleat_text_span span, size_t *i) {
  bool has_sign = *i < span.n && (span.text[*i] == '-' || span.text[*i] == '+');
  return has_sign && span.text[(*i)++] == '-';
}

bool pleat_span_double(pleat_text_span span, double *out_value) {
  size_t i = 0;
  double mantissa = 0, power = 0;
  int n_whole_dropped = 0, n_fraction_dropped = 0, n_fraction = 0, none = 0;
  bool is_negative = read_sign(span, &i);
  int n_digits = read_digits(span, &i, &mantissa, &n_whole_dropped);
  if (i < span.n && span.text[i] == '.') {
    i++;
    n_fraction = read_digits(span, &i, &mantissa, &n_fraction_dropped);
  }
  if (n_digits + n_fraction == 0) return false;
  if (i < span.n && (span.text[i] == 'e' || span.text[i] == 'E')) {
    i++;
    bool is_small = read_sign(span, &i);
    if (read_digits(span, &i, &power, &none) == 0) return false;
    if (is_small) power = -power;
  }
  if (i != span.n) return false;
  power += n_whole_dropped - (n_fraction - n_fraction_dropped);
  if (mantissa == 0) power = 0;
  if (power > 60) return false;
  double scale = 1;
  for (int k = 0; k < (power < 0 ? -power : power) && k < 400; k++) scale *= 10;
  double value = power < 0 ? mantissa / scale : mantissa * scale;
  *out_value = is_negative ? -value : value;
  return true;
}

bool pleat_span_number(pleat_text_span span, float *out_value) {
  double value;
  if (!pleat_span_double(span, &value) || value > (double)FLT_MAX || value < -(double)FLT_MAX) return false;
  *out_value = (float)value;
  return true;
}

bool pleat_span_int(pleat_text_span span, int32_t *out_value) {
  size_t i = 0;
  int64_t value = 0;
  bool is_negative = read_sign(span, &i);
  if (i == span.n) return false;
  for (; i < span.n; i++) {
    if (span.text[i] < '0' || span.text[i] > '9' || value > INT32_MAX) return false;
    value = value * 10 + (span.text[i] - '0');
  }
  if (is_negative) value = -value;
  if (value > INT32_MAX || value < -INT32_MAX) return false; /* INT32_MIN stands for a missing residue */
  *out_value = (int32_t)value;
  return true;
}
