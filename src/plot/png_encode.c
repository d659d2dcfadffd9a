/* A small PNG writer for images inside SVG files.
 * Source: PNG specification (ISO/IEC 15948), sections 5 and 9.2.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/fail.h"
#include "plot/canvas_priv.h"

static void store32(uint8_t *dst, uint32_t value) {
  for (int i = 0; i < 4; i++) dst[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_chunk(pleat_buf *buf, const char type[4], const uint8_t *data, size_t n) {
  uint8_t word[4];
  store32(word, (uint32_t)n);
  pleat_buf_append(buf, word, sizeof word);
  pleat_buf_append(buf, type, 4);
  if (n > 0) pleat_buf_append(buf, data, n);
  uLong crc = crc32(0, (const Bytef *)type, 4);
  if (n > 0) crc = crc32_z(crc, data, n);
  store32(word, (uint32_t)crc);
  pleat_buf_append(buf, word, sizeof word);
}

pleat_status pleat_png_encode(int64_t n_cols, int64_t n_rows, const uint8_t *pixels, pleat_buf *buf, pleat_error *err) {
  enum { FILTER_UP = 2 };
  static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  PLEAT_ASSERT(n_cols > 0 && n_rows > 0 && n_cols <= 1 << 14 && n_rows <= 1 << 14);
  size_t n_line = (size_t)n_cols * 3, n_raw = (n_line + 1) * (size_t)n_rows;
  uLong n_packed = compressBound((uLong)n_raw);
  uint8_t *raw = malloc(n_raw), *packed = malloc(n_packed);
  bool is_ok = raw && packed;
  /* Each line as the difference from the one above: neighbours are alike. */
  for (int64_t i = 0; is_ok && i < n_rows; i++) {
    uint8_t *line = raw + (size_t)i * (n_line + 1);
    const uint8_t *now = pixels + (size_t)i * n_line;
    line[0] = FILTER_UP;
    for (size_t k = 0; k < n_line; k++) line[1 + k] = (uint8_t)(now[k] - (i > 0 ? now[k - n_line] : 0));
  }
  is_ok = is_ok && compress2(packed, &n_packed, raw, (uLong)n_raw, 6) == Z_OK;
  if (is_ok) {
    uint8_t header[13] = {0};
    store32(header, (uint32_t)n_cols);
    store32(header + 4, (uint32_t)n_rows);
    header[8] = 8; /* bits */
    header[9] = 2; /* RGB */
    pleat_buf_append(buf, signature, sizeof signature);
    put_chunk(buf, "IHDR", header, sizeof header);
    put_chunk(buf, "IDAT", packed, n_packed);
    put_chunk(buf, "IEND", NULL, 0);
    is_ok = !buf->is_failed;
  }
  free(packed);
  free(raw);
  if (!is_ok)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an image of %lld x %lld", (long long)n_cols, (long long)n_rows);
  return PLEAT_OK;
}
