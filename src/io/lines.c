/* Lines of texts and files; see lines.h. A file is read in pieces into one buffer, which grows only for a line that is
 * longer than it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/lines.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/text_file.h"

enum { PACKED_BYTES = 1 << 16, SCAN_BLOCK = 32 };

struct pleat_line_source {
  pleat_in_file *file;
  char *buffer;
  size_t capacity;
  bool is_at_end;
  uint64_t n_read;
  /* Of a gzip file. */
  bool is_packed, is_member_open;
  z_stream inflater;
  unsigned char packed[PACKED_BYTES];
};

/* Is there a byte below 32 besides '\n' and '\t'? Blocks of constant size let the compiler look at whole vectors. */
static bool has_control(const char *text, size_t n) {
  uint8_t found = 0, lanes[SCAN_BLOCK] = {0};
  size_t i = 0;
  for (; i + SCAN_BLOCK <= n; i += SCAN_BLOCK) {
    for (int k = 0; k < SCAN_BLOCK; k++) {
      uint8_t c = (uint8_t)text[i + k];
      lanes[k] |= (uint8_t)((c < 32) & (c != '\n') & (c != '\t'));
    }
  }
  for (; i < n; i++) found |= (uint8_t)text[i] < 32 && text[i] != '\n' && text[i] != '\t';
  for (int k = 0; k < SCAN_BLOCK; k++) found |= lanes[k];
  return found;
}

static bool is_end(uint32_t ends, char c) { return (unsigned char)c < 32 && (ends >> (unsigned char)c & 1); }

static void skip_mark(pleat_lines *lines) {
  if (lines->end - lines->next >= 3 && memcmp(lines->next, "\xEF\xBB\xBF", 3) == 0) lines->next += 3;
}

pleat_lines pleat_lines_of(const char *text, size_t n, const char *path, uint32_t ends) {
  if (n == 0) text = ""; /* which may have been NULL */
  pleat_lines lines = {
      .path = path, .next = text, .end = text + n, .ends = ends, .is_counted = true, .has_rare = has_control(text, n)};
  skip_mark(&lines);
  return lines;
}

static pleat_status fail_packed(const pleat_lines *lines, const char *why, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_INPUT, lines->path, 0, 0,
                       "the gzip data are damaged (%s): expected a whole .gz file; get it again", why);
}

/* Up to n_room unpacked bytes; none at the end of the file. A file may have several members. */
static pleat_status read_packed(pleat_lines *lines, char *dst, size_t n_room, size_t *out_n, pleat_error *err) {
  pleat_line_source *source = lines->source;
  z_stream *inflater = &source->inflater;
  *out_n = 0;
  while (*out_n == 0) {
    if (inflater->avail_in == 0) {
      size_t n = 0;
      PLEAT_TRY(pleat_in_file_read(source->file, source->packed, PACKED_BYTES, &n, err));
      if (n == 0) return source->is_member_open ? fail_packed(lines, "they end too early", err) : PLEAT_OK;
      inflater->next_in = source->packed;
      inflater->avail_in = (uInt)n;
    }
    source->is_member_open = true;
    inflater->next_out = (unsigned char *)dst;
    inflater->avail_out = (uInt)n_room;
    int code = inflate(inflater, Z_NO_FLUSH);
    *out_n = n_room - inflater->avail_out;
    if (code == Z_MEM_ERROR) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to unpack '%s'", lines->path);
    if (code == Z_STREAM_END) {
      source->is_member_open = false;
      code = inflateReset(inflater);
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
      return fail_packed(lines, inflater->msg ? inflater->msg : "unknown format", err);
    }
  }
  return PLEAT_OK;
}

/* Reads more behind what is left in the buffer. */
static pleat_status refill(pleat_lines *lines, pleat_error *err) {
  pleat_line_source *source = lines->source;
  size_t n_left = (size_t)(lines->end - lines->next);
  if (n_left) memmove(source->buffer, lines->next, n_left);
  if (n_left > source->capacity / 2) {
    if (source->capacity / 2 >= PLEAT_LINE_BYTES) {
      return pleat_fail_at(err, PLEAT_INPUT, lines->path, lines->number + lines->is_counted, 0,
                           "a line of more than %d bytes: expected a text file with lines", PLEAT_LINE_BYTES);
    }
    char *grown = realloc(source->buffer, source->capacity * 2);
    if (!grown) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a line of '%s'", lines->path);
    source->buffer = grown;
    source->capacity *= 2;
  }
  lines->next = source->buffer;
  lines->end = source->buffer + n_left;
  size_t n = 0, n_room = source->capacity - n_left;
  PLEAT_TRY(source->is_packed ? read_packed(lines, source->buffer + n_left, n_room, &n, err)
                              : pleat_in_file_read(source->file, source->buffer + n_left, n_room, &n, err));
  source->is_at_end = n == 0;
  source->n_read += n;
  lines->has_rare = (n_left && lines->has_rare) || has_control(lines->end, n);
  lines->end += n;
  return PLEAT_OK;
}

/* Whether the file is packed shows in its first bytes, which a pipe may give one by one. */
static pleat_status begin(pleat_lines *lines, pleat_error *err) {
  pleat_line_source *source = lines->source;
  while (!source->is_at_end && lines->end - lines->next < 3) PLEAT_TRY(refill(lines, err));
  size_t n = (size_t)(lines->end - lines->next);
  if (pleat_gzip_is(lines->next, n)) {
    enum { GZIP_WINDOW = 15 + 16 };
    if (inflateInit2(&source->inflater, GZIP_WINDOW) != Z_OK) {
      PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to unpack '%s'", lines->path);
    }
    source->is_packed = true;
    source->is_at_end = false;
    /* The first piece fits: it was read with at most this room. */
    memcpy(source->packed, lines->next, n);
    source->inflater.next_in = source->packed;
    source->inflater.avail_in = (uInt)n;
    lines->end = lines->next;
    PLEAT_TRY(refill(lines, err));
    while (!source->is_at_end && lines->end - lines->next < 3) PLEAT_TRY(refill(lines, err));
  }
  skip_mark(lines);
  return PLEAT_OK;
}

pleat_status pleat_lines_open(const char *path, uint32_t ends, pleat_lines *out_lines, pleat_error *err) {
  *out_lines = (pleat_lines){.path = path, .ends = ends, .is_counted = true};
  pleat_line_source *source = calloc(1, sizeof *source);
  out_lines->source = source;
  if (source) source->buffer = malloc(PACKED_BYTES);
  if (!source || !source->buffer) {
    pleat_lines_close(out_lines);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to read '%s'", path);
  }
  source->capacity = PACKED_BYTES;
  out_lines->next = out_lines->end = source->buffer;
  pleat_status status = pleat_in_file_open(path, &source->file, err);
  if (!status) status = begin(out_lines, err);
  if (status) pleat_lines_close(out_lines);
  return status;
}

void pleat_lines_close(pleat_lines *lines) {
  if (lines->source) {
    if (lines->source->is_packed) inflateEnd(&lines->source->inflater);
    pleat_in_file_close(lines->source->file);
    free(lines->source->buffer);
    free(lines->source);
  }
  *lines = (pleat_lines){0};
}

bool pleat_lines_place(const pleat_lines *lines, uint64_t *out_n_done, uint64_t *out_n_left) {
  uint64_t n_waiting = (uint64_t)(lines->end - lines->next);
  if (!lines->source) {
    *out_n_done = (uint64_t)(lines->next - lines->begin);
    *out_n_left = n_waiting;
    return true;
  }
  uint64_t n_file = pleat_in_file_size(lines->source->file), n_read = lines->source->n_read;
  *out_n_done = n_read - n_waiting;
  *out_n_left = n_file > *out_n_done ? n_file - *out_n_done : 0;
  return n_file > 0 && !lines->source->is_packed;
}

/* The first end at or behind `from`, or NULL. */
static const char *find_end(const pleat_lines *lines, const char *from) {
  if (from == lines->end) return NULL;
  if (!lines->has_rare) return memchr(from, '\n', (size_t)(lines->end - from));
  for (; from < lines->end; from++) {
    if (is_end(lines->ends, *from)) return from;
  }
  return NULL;
}

pleat_status pleat_lines_next(pleat_lines *lines, bool *out_is_line, pleat_error *err) {
  *out_is_line = false;
  size_t n_searched = 0;
  const char *at;
  /* A '\r' at the end of what was read may be half of an end. */
  while (at = find_end(lines, lines->next + n_searched),
         lines->source && !lines->source->is_at_end && (!at || (*at == '\r' && at + 1 == lines->end))) {
    n_searched = (size_t)((at ? at : lines->end) - lines->next);
    PLEAT_TRY(refill(lines, err));
  }
  if (lines->next == lines->end) return PLEAT_OK;
  lines->number += lines->is_counted;
  lines->is_ended = at != NULL;
  lines->line = lines->next;
  lines->n = (size_t)((at ? at : lines->end) - lines->next);
  lines->next = at ? at + 1 : lines->end;
  lines->is_counted = at && (*at == '\n' || *at == '\r');
  if (at && *at == '\r' && lines->next < lines->end && *lines->next == '\n') lines->next++;
  *out_is_line = true;
  return PLEAT_OK;
}
