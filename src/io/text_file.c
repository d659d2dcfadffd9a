/* Text files that may be compressed; see text_file.h.
 * Source: RFC 1952 (gzip).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/text_file.h"

#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/fail.h"
#include "base/os.h"
#include "tensor/le.h"

enum {
  WINDOW_GZIP = 15 + 16, /* the largest window, gzip's frame */
  MAX_RATIO = 1100,      /* deflate reaches 1032:1 */
  MIN_ROOM = 4096,
  MAX_PIECE = 1 << 30 /* zlib counts in 32 bits */
};

bool pleat_gzip_is(const void *bytes, size_t n) {
  const uint8_t *p = bytes;
  return n >= 2 && p[0] == 0x1F && p[1] == 0x8B;
}

typedef struct unpacker {
  z_stream stream;
  const uint8_t *src;
  size_t n_src; /* not yet given to zlib */
  const char *path;
  char *text;
  size_t n, room, n_max; /* room: bytes of text besides the NUL */
  pleat_error *err;
} unpacker;

static pleat_status fail(const unpacker *u, const char *found) {
  return pleat_fail_at(u->err, PLEAT_INPUT, u->path, 0, 0,
                       "expected a file compressed by gzip, found %s: fetch it again", found);
}

/* The last four bytes say how long the last member is, modulo 2^32; nearly always that is the file. */
static size_t first_room(const unpacker *u) {
  size_t room = u->n_src >= 4 ? pleat_le_load32(u->src + u->n_src - 4) : 0;
  if (room / MAX_RATIO > u->n_src) room = 0;
  if (room < MIN_ROOM) room = MIN_ROOM;
  return room < u->n_max ? room : u->n_max;
}

static pleat_status grow(unpacker *u) {
  if (u->room == u->n_max)
    return pleat_fail_at(u->err, PLEAT_INPUT, u->path, 0, 0,
                         "unpacked, the file is longer than %zu bytes, the most "
                         "that is read",
                         u->n_max);
  u->room = u->room > u->n_max / 2 ? u->n_max : u->room * 2;
  char *text = realloc(u->text, u->room + 1);
  if (!text) return pleat_fail_at(u->err, PLEAT_NOMEM, u->path, 0, 0, "no memory to unpack this file");
  u->text = text;
  return PLEAT_OK;
}

static void feed(unpacker *u) {
  if (u->stream.avail_in) return;
  u->stream.next_in = u->src;
  u->stream.avail_in = u->n_src > MAX_PIECE ? MAX_PIECE : (uInt)u->n_src;
  u->src += u->stream.avail_in;
  u->n_src -= u->stream.avail_in;
}

/* One member. At the end of the room, one byte more tells whether the member ends there too. */
static pleat_status unpack_member(unpacker *u) {
  for (;;) {
    feed(u);
    size_t n_left = u->room - u->n;
    uInt n_piece = n_left > MAX_PIECE ? MAX_PIECE : (uInt)n_left;
    char extra;
    bool is_full = n_piece == 0;
    u->stream.next_out = (Bytef *)(is_full ? &extra : u->text + u->n);
    u->stream.avail_out = is_full ? 1 : n_piece;
    int code = inflate(&u->stream, Z_NO_FLUSH);
    size_t n_new = (is_full ? 1 : n_piece) - u->stream.avail_out;
    if (is_full && n_new) {
      PLEAT_TRY(grow(u));
      u->text[u->n] = extra;
    }
    u->n += n_new;
    if (code == Z_STREAM_END) return PLEAT_OK;
    if (code == Z_MEM_ERROR) return pleat_fail_at(u->err, PLEAT_NOMEM, u->path, 0, 0, "no memory to unpack this file");
    if (code == Z_BUF_ERROR) return fail(u, "one that is cut off");
    if (code != Z_OK) return fail(u, "damaged bytes");
  }
}

static pleat_status unpack_all(unpacker *u) {
  do {
    PLEAT_TRY(unpack_member(u));
    feed(u);
    if (u->stream.avail_in && u->stream.next_in[0] != 0x1F) return fail(u, "other bytes behind its end");
    if (inflateReset(&u->stream) != Z_OK) return fail(u, "damaged bytes");
  } while (u->stream.avail_in);
  u->text[u->n] = '\0';
  return PLEAT_OK;
}

pleat_status pleat_gzip_unpack(const void *bytes, size_t n, const char *path, size_t n_max, char **out_text,
                               size_t *out_n, pleat_error *err) {
  *out_text = NULL;
  *out_n = 0;
  if (n_max > SIZE_MAX / 2) n_max = SIZE_MAX / 2;
  unpacker u = {.src = bytes, .n_src = n, .path = path, .n_max = n_max, .err = err};
  u.room = first_room(&u);
  u.text = malloc(u.room + 1);
  if (!u.text || inflateInit2(&u.stream, WINDOW_GZIP) != Z_OK) {
    free(u.text);
    return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory to unpack this file");
  }
  pleat_status status = unpack_all(&u);
  inflateEnd(&u.stream);
  if (status) {
    free(u.text);
    return status;
  }
  *out_text = u.text;
  *out_n = u.n;
  return PLEAT_OK;
}

pleat_status pleat_text_file_read(const char *path, size_t n_max, char **out_text, size_t *out_n, pleat_error *err) {
  char *bytes = NULL;
  size_t n = 0;
  PLEAT_TRY(pleat_file_read(path, n_max, &bytes, &n, err));
  if (!pleat_gzip_is(bytes, n)) {
    *out_text = bytes;
    *out_n = n;
    return PLEAT_OK;
  }
  pleat_status status = pleat_gzip_unpack(bytes, n, path, n_max, out_text, out_n, err);
  free(bytes);
  return status;
}
