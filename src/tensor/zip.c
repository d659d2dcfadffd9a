/* Zip reader: directory, safety checks, stored and deflated members. The writer is zip_write.c.
 * Source: PKWARE APPNOTE.TXT 6.3.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/zip.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/fail.h"
#include "base/map.h"
#include "tensor/le.h"
#include "tensor/zip_priv.h"

enum {
  /* Deflate reaches 1032:1 (258 bytes from 2 bits); more is a lie that would make us reserve memory for nothing. */
  MAX_RATIO = 1100,
  MAX_PIECE = 1 << 30, /* zlib counts in 32 bits */
  FLAG_ENCRYPTED = 1 << 0,
  FLAG_DESCRIPTOR = 1 << 3,
  FLAG_STRONG_ENCRYPTION = 1 << 6,
  FLAG_MASKED_DIRECTORY = 1 << 13,
  METHOD_DEFLATE = 8
};

/* Where the central directory lies, proven to be inside the file. */
typedef struct directory {
  uint64_t offset;
  uint64_t size;
  uint64_t n_entries;
} directory;

typedef struct extent {
  uint64_t begin;
  uint64_t end;
  const char *name;
} extent;

static pleat_status fail_memory(const pleat_zip *zip, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, zip->path, 0, 0, "no memory for the directory of the archive");
}

const char *pleat_zip_name_problem(const char *name, size_t n_name) {
  if (n_name == 0) return "is empty";
  if (name[0] == '/') return "is an absolute path";
  if (n_name >= 2 && name[1] == ':') return "starts with a drive letter";
  size_t begin = 0;
  for (size_t i = 0; i <= n_name; i++) {
    if (i == n_name || name[i] == '/') {
      if (i - begin == 2 && name[begin] == '.' && name[begin + 1] == '.') return "leaves its folder through \"..\"";
      begin = i + 1;
    } else if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F) {
      return "holds a control character";
    } else if (name[i] == '\\') {
      return "holds a backslash";
    }
  }
  return NULL;
}

/* Replaces the 16- and 32-bit fields of the end record by those of the zip64 end record before it. */
static pleat_status read_zip64_end(const pleat_zip *zip, uint64_t end_at, directory *dir, uint64_t *limit,
                                   pleat_error *err) {
  const uint8_t *locator = zip->data + end_at - ZIP_LOCATOR_SIZE;
  uint64_t at = pleat_le_load64(locator + 8);
  if (pleat_le_load32(locator + 4) != 0 || pleat_le_load32(locator + 16) > 1) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0, "expected a zip archive in one part, found several");
  }
  if (end_at < ZIP_LOCATOR_SIZE + ZIP_END64_SIZE || at > end_at - ZIP_LOCATOR_SIZE - ZIP_END64_SIZE ||
      pleat_le_load32(zip->data + at) != ZIP_END64_SIGNATURE) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "expected a zip64 end record at offset %llu, found none: the file is damaged",
                         (unsigned long long)at);
  }
  const uint8_t *end = zip->data + at;
  dir->n_entries = pleat_le_load64(end + 32);
  dir->size = pleat_le_load64(end + 40);
  dir->offset = pleat_le_load64(end + 48);
  if (pleat_le_load32(end + 16) != 0 || pleat_le_load32(end + 20) != 0 || pleat_le_load64(end + 24) != dir->n_entries) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0, "expected a zip archive in one part, found several");
  }
  *limit = at;
  return PLEAT_OK;
}

/* The end record is the last one whose comment reaches exactly to the end of the file. */
static bool find_end(const pleat_zip *zip, uint64_t *out_at) {
  if (zip->n < ZIP_END_SIZE) return false;
  size_t last = zip->n - ZIP_END_SIZE;
  size_t first = last > UINT16_MAX ? last - UINT16_MAX : 0;
  for (size_t at = last + 1; at-- > first;) {
    const uint8_t *p = zip->data + at;
    if (pleat_le_load32(p) == ZIP_END_SIGNATURE && pleat_le_load16(p + 20) == last - at) {
      *out_at = at;
      return true;
    }
  }
  return false;
}

static pleat_status find_directory(pleat_zip *zip, directory *dir, pleat_error *err) {
  uint64_t end_at;
  if (!find_end(zip, &end_at)) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "expected a zip archive with its end record, found none in %llu bytes: the file is truncated "
                         "or no archive; fetch it again",
                         (unsigned long long)zip->n);
  }
  const uint8_t *end = zip->data + end_at;
  zip->comment = (const char *)end + ZIP_END_SIZE;
  zip->n_comment = pleat_le_load16(end + 20);
  dir->n_entries = pleat_le_load16(end + 10);
  dir->size = pleat_le_load32(end + 12);
  dir->offset = pleat_le_load32(end + 16);
  uint64_t limit = end_at;
  if (end_at >= ZIP_LOCATOR_SIZE && pleat_le_load32(end - ZIP_LOCATOR_SIZE) == ZIP_LOCATOR_SIGNATURE) {
    PLEAT_TRY(read_zip64_end(zip, end_at, dir, &limit, err));
  } else if (pleat_le_load16(end + 4) != 0 || pleat_le_load16(end + 6) != 0 ||
             pleat_le_load16(end + 8) != dir->n_entries) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0, "expected a zip archive in one part, found several");
  }
  if (dir->offset > limit || dir->size != limit - dir->offset || dir->n_entries > dir->size / ZIP_CENTRAL_SIZE) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "expected a central directory of %llu members in %llu bytes at offset %llu, found %llu bytes "
                         "before its end record: the file is truncated or damaged; fetch it again",
                         (unsigned long long)dir->n_entries, (unsigned long long)dir->size,
                         (unsigned long long)dir->offset, (unsigned long long)limit);
  }
  return PLEAT_OK;
}

/* Takes the 64-bit values, in this order, of the fields that hold their all-ones mark. false: malformed. */
static bool read_zip64_extra(const uint8_t *extra, size_t n_extra, uint64_t **fields, int n_fields) {
  while (n_extra >= 4) {
    size_t n = pleat_le_load16(extra + 2);
    bool is_zip64 = pleat_le_load16(extra) == ZIP64_EXTRA_ID;
    extra += 4;
    n_extra -= 4;
    if (n > n_extra) return false;
    for (int i = 0; is_zip64 && i < n_fields; i++) {
      if (*fields[i] != UINT32_MAX) continue;
      if (n < 8) return false;
      *fields[i] = pleat_le_load64(extra);
      extra += 8;
      n_extra -= 8;
      n -= 8;
    }
    if (is_zip64) return true;
    extra += n;
    n_extra -= n;
  }
  return true;
}

/* The local header repeats what the directory says; where they differ, two programs would see two archives. */
static pleat_status read_local(const pleat_zip *zip, uint64_t at, uint64_t limit, const uint8_t *central,
                               pleat_zip_member *member, pleat_error *err) {
  size_t n_name = strlen(member->name);
  const uint8_t *local = at <= limit && limit - at >= ZIP_LOCAL_SIZE + n_name ? zip->data + at : NULL;
  if (!local || pleat_le_load32(local) != ZIP_LOCAL_SIGNATURE || pleat_le_load16(local + 26) != n_name ||
      memcmp(local + ZIP_LOCAL_SIZE, member->name, n_name) != 0) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected its local header at offset %llu, found other bytes: the file is "
                         "damaged; fetch it again",
                         member->name, (unsigned long long)at);
  }
  uint16_t flags = pleat_le_load16(local + 6);
  bool is_same = flags == pleat_le_load16(central + 8) && memcmp(local + 8, central + 10, 2) == 0;
  if (!(flags & FLAG_DESCRIPTOR)) {
    uint32_t packed_size = pleat_le_load32(local + 18), size = pleat_le_load32(local + 22);
    is_same = is_same && pleat_le_load32(local + 14) == member->crc32 &&
              (packed_size == UINT32_MAX || packed_size == member->packed_size) &&
              (size == UINT32_MAX || size == member->size);
  }
  if (!is_same) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected equal local and central headers, found a difference: the file is "
                         "damaged; fetch it again",
                         member->name);
  }
  member->offset = at + ZIP_LOCAL_SIZE + n_name + pleat_le_load16(local + 28);
  if (member->offset > limit || member->packed_size > limit - member->offset) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected %llu bytes at offset %llu, found the end of the archive: the file is "
                         "truncated; fetch it again",
                         member->name, (unsigned long long)member->packed_size, (unsigned long long)member->offset);
  }
  return PLEAT_OK;
}

static pleat_status check_member(const pleat_zip *zip, const uint8_t *central, const pleat_zip_member *member,
                                 pleat_error *err) {
  uint16_t flags = pleat_le_load16(central + 8);
  uint16_t method = pleat_le_load16(central + 10);
  if (flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_DIRECTORY)) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected plain data, found encryption: write the archive without a password",
                         member->name);
  }
  if (method != 0 && method != METHOD_DEFLATE) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected compression 0 (stored) or 8 (deflate), found %d: write the archive "
                         "with numpy.savez or numpy.savez_compressed",
                         member->name, method);
  }
  if (member->is_stored && member->size != member->packed_size) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected a stored member of %llu bytes, found %llu: the file is damaged",
                         member->name, (unsigned long long)member->size, (unsigned long long)member->packed_size);
  }
  if (member->size / MAX_RATIO > member->packed_size) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected at most %d bytes per packed byte, found %llu from %llu: a zip bomb "
                         "or a damaged file",
                         member->name, MAX_RATIO, (unsigned long long)member->size,
                         (unsigned long long)member->packed_size);
  }
  return PLEAT_OK;
}

/* One entry of the central directory. *out_n: its bytes. out_member->offset is that of its local header. */
static pleat_status read_entry(pleat_zip *zip, const uint8_t *central, uint64_t n_left, uint64_t *out_n,
                               pleat_zip_member *out_member, pleat_error *err) {
  size_t n_name = 0, n_extra = 0;
  bool is_inside = n_left >= ZIP_CENTRAL_SIZE && pleat_le_load32(central) == ZIP_CENTRAL_SIGNATURE;
  if (is_inside) {
    n_name = pleat_le_load16(central + 28);
    n_extra = pleat_le_load16(central + 30);
    *out_n = (uint64_t)ZIP_CENTRAL_SIZE + n_name + n_extra + pleat_le_load16(central + 32);
    is_inside = *out_n <= n_left;
  }
  if (!is_inside) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "expected member %llu in the central directory, found other bytes: the file is damaged; "
                         "fetch it again",
                         (unsigned long long)zip->n_members + 1);
  }
  const char *name = (const char *)central + ZIP_CENTRAL_SIZE;
  const char *problem = pleat_zip_name_problem(name, n_name);
  if (problem) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0, "member name \"%.*s\" %s: refused as unsafe",
                         n_name > 300 ? 300 : (int)n_name, name, problem);
  }
  *out_member = (pleat_zip_member){.name = pleat_arena_strndup(&zip->arena, name, n_name),
                                   .size = pleat_le_load32(central + 24),
                                   .packed_size = pleat_le_load32(central + 20),
                                   .offset = pleat_le_load32(central + 42),
                                   .central = (uint64_t)(central - zip->data),
                                   .crc32 = pleat_le_load32(central + 16),
                                   .is_stored = pleat_le_load16(central + 10) == 0};
  if (!out_member->name) return fail_memory(zip, err);
  uint64_t *fields[] = {&out_member->size, &out_member->packed_size, &out_member->offset};
  if (!read_zip64_extra(central + ZIP_CENTRAL_SIZE + n_name, n_extra, fields, 3)) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "member %.300s: expected well-formed extra fields, found a cut one: the file is damaged",
                         out_member->name);
  }
  if (pleat_le_load16(central + 34) != 0) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0, "expected a zip archive in one part, found several");
  }
  return check_member(zip, central, out_member, err);
}

pleat_status pleat_zip_locate(const pleat_zip *zip, const pleat_zip_member *member, pleat_zip_member *out_member,
                              pleat_error *err) {
  *out_member = *member;
  return read_local(zip, member->offset, zip->directory_offset, zip->data + member->central, out_member, err);
}

static int compare_extents(const void *a, const void *b) {
  const extent *x = a, *y = b;
  return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Overlapping members are how quadratic zip bombs are made. */
static pleat_status check_overlap(const pleat_zip *zip, extent *extents, size_t n, pleat_error *err) {
  qsort(extents, n, sizeof *extents, compare_extents);
  for (size_t i = 1; i < n; i++) {
    if (extents[i].begin < extents[i - 1].end) {
      return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                           "members %.200s and %.200s: expected separate bytes, found an overlap: a zip bomb or a "
                           "damaged file",
                           extents[i - 1].name, extents[i].name);
    }
  }
  return PLEAT_OK;
}

/* opt_extents: room for all entries; members are then located and must not overlap. */
static pleat_status read_directory(pleat_zip *zip, const directory *dir, extent *opt_extents, pleat_map *names,
                                   pleat_error *err) {
  const uint8_t *central = zip->data + dir->offset;
  uint64_t n_left = dir->size, n_bytes = 0;
  for (uint64_t i = 0; i < dir->n_entries; i++) {
    pleat_zip_member *member = &zip->members[zip->n_members];
    PLEAT_TRY(read_entry(zip, central, n_left, &n_bytes, member, err));
    if (opt_extents) {
      uint64_t begin = member->offset;
      pleat_zip_member header = *member;
      PLEAT_TRY(pleat_zip_locate(zip, &header, member, err));
      opt_extents[i] = (extent){begin, member->offset + member->packed_size, member->name};
    }
    central += n_bytes;
    n_left -= n_bytes;
    size_t n_name = strlen(member->name);
    uint32_t existing;
    if (!pleat_map_insert(names, member->name, n_name, (uint32_t)zip->n_members, &existing)) {
      return fail_memory(zip, err);
    }
    if (existing != PLEAT_MAP_NONE) {
      return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                           "member %.300s: expected once, found twice: refused, as readers would disagree on its value",
                           member->name);
    }
    bool is_folder = member->name[n_name - 1] == '/' && member->size == 0;
    if (!is_folder) zip->n_members++;
  }
  if (n_left != 0) {
    return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                         "expected %llu members in the central directory, found %llu bytes behind them: the file is "
                         "damaged",
                         (unsigned long long)dir->n_entries, (unsigned long long)n_left);
  }
  return opt_extents ? check_overlap(zip, opt_extents, (size_t)dir->n_entries, err) : PLEAT_OK;
}

static pleat_status parse(const uint8_t *data, size_t n, const char *path, pleat_status bad_status, bool has_extents,
                          pleat_zip *out_zip, pleat_error *err) {
  *out_zip = (pleat_zip){.data = data, .n = n, .path = path, .bad_status = bad_status};
  directory dir = {0};
  PLEAT_TRY(find_directory(out_zip, &dir, err));
  out_zip->directory_offset = dir.offset;
  /* Both products are safe: n_entries is at most n / 46, and memory for the directory at most thrice the file. */
  size_t n_entries = (size_t)dir.n_entries;
  if (n_entries >= PLEAT_MAP_NONE) {
    return pleat_fail_at(err, bad_status, path, 0, 0, "expected fewer than 2^32 members, found %zu", n_entries);
  }
  out_zip->members = pleat_arena_alloc(&out_zip->arena, (n_entries + 1) * sizeof *out_zip->members);
  extent *extents = has_extents ? malloc((n_entries + 1) * sizeof *extents) : NULL;
  pleat_map names = {0};
  pleat_status status = out_zip->members && (extents || !has_extents)
                            ? read_directory(out_zip, &dir, extents, &names, err)
                            : fail_memory(out_zip, err);
  pleat_map_fini(&names);
  free(extents);
  return status;
}

pleat_status pleat_zip_parse(const uint8_t *data, size_t n, const char *path, pleat_status bad_status,
                             pleat_zip *out_zip, pleat_error *err) {
  return parse(data, n, path, bad_status, true, out_zip, err);
}

pleat_status pleat_zip_parse_directory(const uint8_t *data, size_t n, const char *path, pleat_status bad_status,
                                       pleat_zip *out_zip, pleat_error *err) {
  return parse(data, n, path, bad_status, false, out_zip, err);
}

void pleat_zip_fini(pleat_zip *zip) {
  pleat_arena_fini(&zip->arena);
  *zip = (pleat_zip){0};
}

/* A deflate stream whose packed bytes are fed to zlib in pieces that its 32-bit counters hold. */
typedef struct inflater {
  z_stream stream;
  const uint8_t *src;
  uint64_t n_src;
} inflater;

/* Inflates up to n bytes; returns how many came. *out_code: zlib's last answer. */
static uint64_t inflate_piece(inflater *inf, uint8_t *dst, uint64_t n, int *out_code) {
  uint64_t n_done = 0;
  int code = Z_OK;
  while (n_done < n && code == Z_OK) {
    if (inf->stream.avail_in == 0) {
      uInt n_feed = inf->n_src > MAX_PIECE ? MAX_PIECE : (uInt)inf->n_src;
      inf->stream.next_in = inf->src;
      inf->stream.avail_in = n_feed;
      inf->src += n_feed;
      inf->n_src -= n_feed;
    }
    uInt n_room = n - n_done > MAX_PIECE ? MAX_PIECE : (uInt)(n - n_done);
    inf->stream.next_out = dst + n_done;
    inf->stream.avail_out = n_room;
    code = inflate(&inf->stream, Z_NO_FLUSH);
    n_done += n_room - inf->stream.avail_out;
  }
  *out_code = code;
  return n_done;
}

static pleat_status fail_inflate(const pleat_zip *zip, const pleat_zip_member *member, int code, uint64_t n_found,
                                 pleat_error *err) {
  if (code == Z_MEM_ERROR) {
    return pleat_fail_at(err, PLEAT_NOMEM, zip->path, 0, 0, "member %.300s: no memory to inflate it", member->name);
  }
  return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                       "member %.300s: expected %llu bytes of deflated data, found %s after %llu: the file is damaged; "
                       "fetch it again",
                       member->name, (unsigned long long)member->size,
                       code == Z_DATA_ERROR ? "a broken stream" : "another end", (unsigned long long)n_found);
}

/* Inflates to head, then body. is_whole: they are all of the member, so the stream must end there. */
static pleat_status inflate_member(const pleat_zip *zip, const pleat_zip_member *member, void *head, size_t n_head,
                                   void *body, size_t n_body, bool is_whole, pleat_error *err) {
  inflater inf = {.src = zip->data + member->offset, .n_src = member->packed_size};
  int code = inflateInit2(&inf.stream, -MAX_WBITS);
  if (code != Z_OK) return fail_inflate(zip, member, Z_MEM_ERROR, 0, err);
  uint64_t n_done = inflate_piece(&inf, head, n_head, &code);
  if (n_done == n_head && n_body > 0 && code == Z_OK) n_done += inflate_piece(&inf, body, n_body, &code);
  bool is_good = n_done == (uint64_t)n_head + n_body;
  if (is_good && is_whole) {
    uint8_t extra;
    if (code == Z_OK) n_done += inflate_piece(&inf, &extra, 1, &code);
    is_good = code == Z_STREAM_END && n_done == member->size && inf.n_src == 0 && inf.stream.avail_in == 0;
  }
  inflateEnd(&inf.stream);
  return is_good ? PLEAT_OK : fail_inflate(zip, member, code, n_done, err);
}

static pleat_status check_crc(const pleat_zip *zip, const pleat_zip_member *member, uint32_t crc, pleat_error *err) {
  if (crc == member->crc32) return PLEAT_OK;
  return pleat_fail_at(err, zip->bad_status, zip->path, 0, 0,
                       "member %.300s: expected CRC-32 %08x, found %08x: the file is damaged; fetch it again",
                       member->name, (unsigned)member->crc32, (unsigned)crc);
}

pleat_status pleat_zip_peek(const pleat_zip *zip, const pleat_zip_member *member, void *dst, size_t n,
                            pleat_error *err) {
  PLEAT_ASSERT(n <= member->size);
  if (!member->is_stored) return inflate_member(zip, member, dst, n, NULL, 0, false, err);
  if (n > 0) memcpy(dst, zip->data + member->offset, n);
  return PLEAT_OK;
}

pleat_status pleat_zip_read(const pleat_zip *zip, const pleat_zip_member *member, void *head, size_t n_head, void *body,
                            size_t n_body, pleat_error *err) {
  PLEAT_ASSERT((uint64_t)n_head + n_body == member->size);
  if (member->is_stored) {
    const uint8_t *src = zip->data + member->offset;
    if (n_head > 0) memcpy(head, src, n_head);
    if (n_body > 0) memcpy(body, src + n_head, n_body);
  } else {
    PLEAT_TRY(inflate_member(zip, member, head, n_head, body, n_body, true, err));
  }
  uLong crc = n_head > 0 ? crc32_z(0, head, n_head) : 0;
  if (n_body > 0) crc = crc32_z(crc, body, n_body);
  return check_crc(zip, member, (uint32_t)crc, err);
}

pleat_status pleat_zip_check_stored(const pleat_zip *zip, const pleat_zip_member *member, pleat_error *err) {
  PLEAT_ASSERT(member->is_stored);
  return check_crc(zip, member, (uint32_t)crc32_z(0, zip->data + member->offset, (z_size_t)member->size), err);
}
