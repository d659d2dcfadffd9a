/* Parser and writer of .npy headers. The header is a Python dict literal; only the three keys numpy writes, with plain
 * values, are understood, and nothing is evaluated.
 * Source: numpy/lib/format.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/npy.h"

#include <string.h>

#include "base/fail.h"
#include "tensor/le.h"

enum { MAX_DESCR = 32 };

/* The literal being read; every step checks at < n. */
typedef struct cursor {
  const char *text;
  size_t n;
  size_t at;
} cursor;

typedef struct header {
  char descr[MAX_DESCR];
  bool is_fortran;
  bool has_descr, has_order, has_shape;
} header;

static void skip_blanks(cursor *c) {
  while (c->at < c->n && (c->text[c->at] == ' ' || c->text[c->at] == '\n' || c->text[c->at] == '\t')) c->at++;
}

/* Takes one character when it comes next, after blanks. */
static bool take(cursor *c, char letter) {
  skip_blanks(c);
  if (c->at >= c->n || c->text[c->at] != letter) return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  size_t n = strlen(word);
  skip_blanks(c);
  if (c->n - c->at < n || memcmp(c->text + c->at, word, n) != 0) return false;
  c->at += n;
  return true;
}

/* A quoted string without escapes of less than n_dst bytes. */
static bool take_string(cursor *c, char *dst, size_t n_dst) {
  char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : '\0';
  size_t n = 0;
  if (quote == '\0') return false;
  for (; c->at < c->n && c->text[c->at] != quote; c->at++) {
    if (n + 1 >= n_dst || c->text[c->at] == '\\') return false;
    dst[n++] = c->text[c->at];
  }
  dst[n] = '\0';
  return take(c, quote);
}

static bool take_integer(cursor *c, int64_t *out_value) {
  size_t begin;
  int64_t value = 0;
  skip_blanks(c);
  begin = c->at;
  for (; c->at < c->n && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++) {
    int digit = c->text[c->at] - '0';
    if (value > (INT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  bool has_digits = c->at > begin;
  if (has_digits && c->at < c->n && c->text[c->at] == 'L') c->at++; /* written by Python 2 */
  *out_value = value;
  return has_digits;
}

static pleat_status fail_header(const pleat_npy_source *source, const cursor *c, const char *expected,
                                pleat_error *err) {
  int n_shown = c->n - c->at > 40 ? 40 : (int)(c->n - c->at);
  return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                       "array %.300s: expected %s in the .npy header, found \"%.*s\"", source->name, expected, n_shown,
                       c->text + c->at);
}

/* "()", "(3,)", "(3, 4)" with an optional comma at the end. */
static pleat_status parse_shape(cursor *c, const pleat_npy_source *source, pleat_npy *npy, pleat_error *err) {
  npy->rank = 0;
  if (!take(c, '(')) return fail_header(source, c, "a shape such as (3, 4)", err);
  bool has_comma = true;
  while (!take(c, ')')) {
    int64_t size;
    if (npy->rank == PLEAT_MAX_RANK) {
      return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                           "array %.300s: expected at most %d axes, found more", source->name, PLEAT_MAX_RANK);
    }
    if (!has_comma || !take_integer(c, &size)) return fail_header(source, c, "a shape such as (3, 4)", err);
    npy->shape[npy->rank++] = size;
    has_comma = take(c, ',');
  }
  /* "(3)" is a number to Python, not a tuple. */
  if (npy->rank == 1 && !has_comma) return fail_header(source, c, "a comma in a shape of one axis", err);
  return PLEAT_OK;
}

static pleat_status parse_entry(cursor *c, const pleat_npy_source *source, header *head, pleat_npy *npy,
                                pleat_error *err) {
  char key[16];
  if (!take_string(c, key, sizeof key) || !take(c, ':')) return fail_header(source, c, "a quoted key and ':'", err);
  if (strcmp(key, "descr") == 0 && !head->has_descr) {
    head->has_descr = true;
    skip_blanks(c);
    if (c->at < c->n && c->text[c->at] == '[') {
      return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                           "array %.300s: expected plain numbers, found a structured type: save each field as an array",
                           source->name);
    }
    return take_string(c, head->descr, sizeof head->descr) ? PLEAT_OK : fail_header(source, c, "a type name", err);
  }
  if (strcmp(key, "fortran_order") == 0 && !head->has_order) {
    head->has_order = true;
    head->is_fortran = take_word(c, "True");
    return head->is_fortran || take_word(c, "False") ? PLEAT_OK : fail_header(source, c, "True or False", err);
  }
  if (strcmp(key, "shape") == 0 && !head->has_shape) {
    head->has_shape = true;
    return parse_shape(c, source, npy, err);
  }
  return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                       "array %.300s: expected the keys descr, fortran_order and shape once each in the .npy header, "
                       "found \"%s\"",
                       source->name, key);
}

static pleat_status parse_dict(cursor *c, const pleat_npy_source *source, header *head, pleat_npy *npy,
                               pleat_error *err) {
  if (!take(c, '{')) return fail_header(source, c, "a dict", err);
  bool has_comma = true;
  while (!take(c, '}')) {
    if (!has_comma) return fail_header(source, c, "',' or '}'", err);
    PLEAT_TRY(parse_entry(c, source, head, npy, err));
    has_comma = take(c, ',');
  }
  skip_blanks(c);
  if (c->at != c->n) return fail_header(source, c, "nothing behind the dict", err);
  if (!head->has_descr || !head->has_order || !head->has_shape) {
    return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                         "array %.300s: expected descr, fortran_order and shape in the .npy header, found no %s",
                         source->name,
                         !head->has_descr   ? "descr"
                         : !head->has_order ? "fortran_order"
                                            : "shape");
  }
  return PLEAT_OK;
}

/* "<f4": byte order, kind, bytes per element. */
static pleat_status parse_descr(const char *descr, const pleat_npy_source *source, pleat_npy *npy, pleat_error *err) {
  const char *reason = "unknown";
  char order = descr[0], kind = order ? descr[1] : '\0';
  cursor c = {.text = descr, .n = strlen(descr), .at = 2};
  int64_t size = 0;
  bool has_size = c.n > 2 && take_integer(&c, &size) && c.at == c.n;
  if (kind == 'O') {
    reason = "a pickled object, which is never loaded";
  } else if (kind == 'U') {
    reason = "unicode text: save it as bytes (astype('S'))";
  } else if (order == '>') {
    reason = "big-endian: save it with the byte order '<'";
  } else if (kind == 'V') {
    reason = "an opaque or structured type: save it as float32";
  } else if (has_size && (order == '<' || order == '|')) {
    bool is_number = ((kind == 'i' || kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8)) ||
                     (kind == 'f' && (size == 2 || size == 4 || size == 8));
    bool is_single_byte = (kind == 'b' && size == 1) || (kind == 'S' && size >= 1 && size <= INT32_MAX);
    if ((is_number && (order == '<' || size == 1)) || is_single_byte) {
      npy->kind = kind;
      npy->item_size = (size_t)size;
      return PLEAT_OK;
    }
  }
  return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                       "array %.300s: expected a little-endian type of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 S<n>, "
                       "found \"%s\" (%s)",
                       source->name, descr, reason);
}

/* Sets n_elements and compares with the bytes present. */
static pleat_status check_length(const pleat_npy_source *source, uint64_t n_total, pleat_npy *npy, pleat_error *err) {
  uint64_t n_elements = 1, n_bytes = npy->item_size;
  for (int i = 0; i < npy->rank; i++) {
    /* An axis of size 0 must not hide an overflow of the others: strides are computed from them later. */
    uint64_t size = (uint64_t)npy->shape[i];
    if (size > 0 && n_bytes > (uint64_t)INT64_MAX / size) {
      return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                           "array %.300s: expected a shape of less than 2^63 bytes, found more", source->name);
    }
    n_bytes *= size > 0 ? size : 1;
    n_elements *= size;
  }
  npy->n_elements = (int64_t)n_elements;
  if (n_elements == 0) n_bytes = 0;
  if (n_bytes != n_total - npy->n_header) {
    return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                         "array %.300s: expected %llu bytes of data for its shape and type, found %llu: the file is "
                         "damaged",
                         source->name, (unsigned long long)n_bytes, (unsigned long long)(n_total - npy->n_header));
  }
  return PLEAT_OK;
}

pleat_status pleat_npy_parse(const uint8_t *head, size_t n_head, uint64_t n_total, const pleat_npy_source *source,
                             pleat_npy *out_npy, pleat_error *err) {
  static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  PLEAT_ASSERT(n_head <= n_total && (n_head == n_total || n_head >= PLEAT_NPY_MAX_HEADER));
  *out_npy = (pleat_npy){0};
  if (n_head < 10 || memcmp(head, magic, sizeof magic) != 0 || head[7] != 0 || head[6] < 1 || head[6] > 3) {
    return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                         "array %.300s: expected a .npy header of version 1.0, 2.0 or 3.0, found other bytes",
                         source->name);
  }
  size_t n_fixed = head[6] == 1 ? 10 : 12;
  uint32_t n_text = head[6] == 1 ? pleat_le_load16(head + 8) : n_head >= n_fixed ? pleat_le_load32(head + 8) : 0;
  if (n_head < n_fixed || n_text > PLEAT_NPY_MAX_HEADER - n_fixed || n_text > n_head - n_fixed) {
    return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                         "array %.300s: expected a .npy header of at most %d bytes inside the member of %llu bytes, "
                         "found %u: the file is truncated or damaged",
                         source->name, PLEAT_NPY_MAX_HEADER, (unsigned long long)n_total, (unsigned)n_text);
  }
  cursor c = {.text = (const char *)head + n_fixed, .n = n_text};
  header dict = {0};
  out_npy->n_header = n_fixed + n_text;
  PLEAT_TRY(parse_dict(&c, source, &dict, out_npy, err));
  PLEAT_TRY(parse_descr(dict.descr, source, out_npy, err));
  if (dict.is_fortran && out_npy->rank > 1) {
    return pleat_fail_at(err, source->bad_status, source->path, 0, 0,
                         "array %.300s: expected C order, found Fortran order: save numpy.ascontiguousarray(x)",
                         source->name);
  }
  return check_length(source, n_total, out_npy, err);
}

void pleat_npy_write_header(pleat_buf *buf, const char *descr, int rank, const int64_t *shape) {
  static const uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0};
  size_t begin = buf->n;
  pleat_buf_append(buf, start, sizeof start);
  pleat_buf_printf(buf, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (int i = 0; i < rank; i++) pleat_buf_printf(buf, i > 0 ? ", %lld" : "%lld", (long long)shape[i]);
  pleat_buf_puts(buf, rank == 1 ? ",), }" : "), }");
  while ((buf->n - begin + 1) % 64 != 0 && !buf->is_failed) pleat_buf_puts(buf, " "); /* numpy aligns the data to 64 */
  pleat_buf_puts(buf, "\n");
  if (buf->is_failed) return;
  pleat_le_store((uint8_t *)buf->data + begin + 8, buf->n - begin - sizeof start, 2);
}
