/* A part of the text that is read, and what readers ask of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_SPAN_H
#define PLEAT_IO_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pleat_text_span {
  const char *text;
  size_t n;
} pleat_text_span;

enum { PLEAT_SPAN_SHOWN = 24 };
/* For messages: the span with other bytes than printable ASCII as '?', cut to what fits. Returns `out`. */
const char *pleat_span_show(pleat_text_span span, char out[PLEAT_SPAN_SHOWN]);
bool pleat_span_is(pleat_text_span span, const char *text);
bool pleat_span_is_same(pleat_text_span a, pleat_text_span b);
/* Does the span begin with the word, in any case of its ASCII letters? */
bool pleat_span_begins(pleat_text_span span, const char *word);
/* A decimal number, "-12.345" or "1.5e2": the whole span and nothing else; independent of the locale. false: not one, or
 * larger than its type. */
bool pleat_span_number(pleat_text_span span, float *out_value);
bool pleat_span_double(pleat_text_span span, double *out_value);
/* A decimal integer with or without a sign. false: not one, or beyond 32 bits. */
bool pleat_span_int(pleat_text_span span, int32_t *out_value);

#endif
