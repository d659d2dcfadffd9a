/* Growable byte buffer with a sticky failure flag.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and the NUL behind them. */
static bool reserve(pleat_buf *buf, size_t n) {
  if (buf->is_failed) return false;
  if (n >= SIZE_MAX / 4 - buf->n) {
    buf->is_failed = true;
    return false;
  }
  size_t n_needed = buf->n + n + 1;
  if (n_needed <= buf->capacity) return true;
  size_t capacity = buf->capacity ? buf->capacity * 2 : 64;
  if (capacity < n_needed) capacity = n_needed;
  char *data = realloc(buf->data, capacity);
  if (!data) {
    buf->is_failed = true;
    return false;
  }
  buf->data = data;
  buf->capacity = capacity;
  return true;
}

void pleat_buf_append(pleat_buf *buf, const void *bytes, size_t n) {
  if (!reserve(buf, n)) return;
  if (n) memcpy(buf->data + buf->n, bytes, n);
  buf->n += n;
  buf->data[buf->n] = '\0';
}

void pleat_buf_puts(pleat_buf *buf, const char *text) { pleat_buf_append(buf, text, strlen(text)); }

void pleat_buf_printf(pleat_buf *buf, const char *fmt, ...) {
  if (!reserve(buf, 0)) return;
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(buf->data + buf->n, buf->capacity - buf->n, fmt, args);
  va_end(args);
  if (n < 0) {
    buf->is_failed = true;
  } else if ((size_t)n < buf->capacity - buf->n) {
    buf->n += (size_t)n;
    return;
  } else if (reserve(buf, (size_t)n)) {
    va_start(args, fmt);
    vsnprintf(buf->data + buf->n, buf->capacity - buf->n, fmt, args);
    va_end(args);
    buf->n += (size_t)n;
    return;
  }
  buf->data[buf->n] = '\0';
}

void pleat_buf_clear(pleat_buf *buf) {
  buf->n = 0;
  buf->is_failed = false;
  if (buf->data) buf->data[0] = '\0';
}

void pleat_buf_fini(pleat_buf *buf) {
  free(buf->data);
  *buf = (pleat_buf){0};
}

char *pleat_copy(const void *bytes, size_t n) {
  char *copy = malloc(n + 1);
  if (!copy) return NULL;
  if (n) memcpy(copy, bytes, n);
  copy[n] = '\0';
  return copy;
}
