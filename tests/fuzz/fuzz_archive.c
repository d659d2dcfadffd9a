/* Archives from elsewhere, any bytes: no member may leave its folder or be longer than allowed. The first byte says how
 * the rest is handed over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "net/unpack.h"

enum { MAX_BYTES = 1 << 20, PIECE = 512 };

typedef struct unpacked {
  const uint8_t *next, *end;
  size_t piece;
  uint64_t n_bytes;
  int is_open, is_first_refused;
} unpacked;

static pleat_status read_piece(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err) {
  unpacked *u = arg;
  (void)err;
  size_t n_left = (size_t)(u->end - u->next);
  *out_bytes = u->next;
  *out_n = n_left < u->piece ? n_left : u->piece;
  u->next += *out_n;
  return PLEAT_OK;
}

static pleat_status begin_member(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err) {
  unpacked *u = arg;
  (void)size;
  (void)err;
  fuzz_require(!u->is_open && path && path[0] != '\0' && path[0] != '/' && pleat_unpack_is_safe(path));
  for (const char *at = path; at; at = strchr(at, '/')) {
    at += *at == '/';
    fuzz_require(strncmp(at, "..", 2) != 0 || (at[2] != '\0' && at[2] != '/'));
  }
  *out_is_wanted = !u->is_first_refused;
  u->is_open = *out_is_wanted;
  u->is_first_refused = 0;
  return PLEAT_OK;
}

static pleat_status take_bytes(void *arg, const void *bytes, size_t n, pleat_error *err) {
  unpacked *u = arg;
  (void)err;
  u->n_bytes += n;
  fuzz_require(u->n_bytes <= MAX_BYTES && (n == 0 || bytes));
  return PLEAT_OK;
}

static pleat_status end_member(void *arg, pleat_error *err) {
  (void)err;
  fuzz_require(((unpacked *)arg)->is_open);
  ((unpacked *)arg)->is_open = 0;
  return PLEAT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  unpacked u = {.next = data + 1, .end = data + size, .piece = data[0] & 1 ? PIECE : size};
  u.is_first_refused = (data[0] & 2) != 0;
  const pleat_unpack unpack = {.name = "fuzz.tar.gz",
                               .is_plain = (data[0] & 4) != 0,
                               .read = read_piece,
                               .opt_on_member = begin_member,
                               .on_bytes = take_bytes,
                               .opt_on_member_end = end_member,
                               .arg = &u,
                               .max_bytes = MAX_BYTES};
  pleat_error err = {0};
  if (pleat_unpack_run(&unpack, &err))
    fuzz_require(err.message[0] != '\0');
  else
    fuzz_require(!u.is_open);
  return 0;
}
