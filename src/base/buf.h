/* Growable byte buffer, also used as a string builder.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_BUF_H
#define PLEAT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* Zero-initialise before use. data[n] is always NUL once anything was added. Appends to a failed buffer do nothing,
 * so that a writer checks is_failed once at the end. */
typedef struct pleat_buf {
  char *data;
  size_t n;
  size_t capacity;
  bool is_failed; /* memory was exhausted */
} pleat_buf;

void pleat_buf_append(pleat_buf *buf, const void *bytes, size_t n);
void pleat_buf_puts(pleat_buf *buf, const char *text);
void pleat_buf_printf(pleat_buf *buf, const char *fmt, ...) PLEAT_PRINTF(2, 3);
void pleat_buf_clear(pleat_buf *buf); /* keeps the memory */
void pleat_buf_fini(pleat_buf *buf);

/* A malloc'd copy of n bytes with a NUL behind; NULL when memory is exhausted. */
char *pleat_copy(const void *bytes, size_t n);

#endif
