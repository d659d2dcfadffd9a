/* Arena, buffer and map.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "check.h"

static void test_arena(void) {
  pleat_arena arena = {0};
  enum { N = 3000 };
  unsigned char *blocks[N];
  size_t sizes[N];
  for (int i = 0; i < N; i++) {
    sizes[i] = (size_t)(i * 37 % 501) + (i % 1000 == 999 ? 100000 : 0);
    blocks[i] = pleat_arena_alloc(&arena, sizes[i]);
    CHECK(blocks[i] != NULL);
    if (!blocks[i]) return;
    CHECK_INT((uintptr_t)blocks[i] % 16, 0);
    for (size_t k = 0; k < sizes[i]; k++) CHECK(blocks[i][k] == 0);
    memset(blocks[i], i & 0xff, sizes[i]);
  }
  for (int i = 0; i < N; i++) {
    for (size_t k = 0; k < sizes[i]; k++) CHECK(blocks[i][k] == (i & 0xff));
  }
  CHECK(arena.used_bytes >= 3 * 100000);
  CHECK_STR(pleat_arena_strdup(&arena, "Trp-cage"), "Trp-cage");
  CHECK_STR(pleat_arena_strndup(&arena, "Trp-cage", 3), "Trp");
  CHECK_STR(pleat_arena_strndup(&arena, "", 0), "");
  CHECK(pleat_arena_alloc(&arena, SIZE_MAX) == NULL);
  CHECK(pleat_arena_alloc(&arena, SIZE_MAX - 8) == NULL);
  CHECK(pleat_arena_strndup(&arena, "", SIZE_MAX) == NULL);
  pleat_arena_fini(&arena);
  CHECK_INT(arena.used_bytes, 0);
  CHECK(pleat_arena_alloc(&arena, 1) != NULL);
  pleat_arena_fini(&arena);
}

static void test_buf(void) {
  pleat_buf buf = {0};
  pleat_buf_puts(&buf, "N_res");
  pleat_buf_printf(&buf, " = %d", 58);
  CHECK_STR(buf.data, "N_res = 58");
  pleat_buf_append(&buf, "\0x", 2);
  CHECK_INT(buf.n, 12);
  CHECK_INT(buf.data[12], 0);

  pleat_buf_clear(&buf);
  CHECK_INT(buf.n, 0);
  CHECK_STR(buf.data, "");
  char wide[5001];
  for (int i = 0; i < 1000; i++) pleat_buf_printf(&buf, "%5d", i);
  CHECK_INT(buf.n, 5000);
  for (int i = 0; i < 1000; i++) snprintf(wide + i * 5, sizeof wide - (size_t)i * 5, "%5d", i);
  CHECK_STR(buf.data, wide);
  pleat_buf_printf(&buf, "%s", wide);
  CHECK_INT(buf.n, 10000);
  CHECK_STR(buf.data + 5000, wide);
  CHECK(!buf.is_failed);

  size_t n = buf.n;
  pleat_buf_append(&buf, "", SIZE_MAX - 1);
  CHECK(buf.is_failed);
  pleat_buf_puts(&buf, "after a failure nothing is added");
  pleat_buf_printf(&buf, "%d", 1);
  CHECK_INT(buf.n, n);
  pleat_buf_fini(&buf);
  CHECK(buf.data == NULL && !buf.is_failed);
}

static void test_map_large(void) {
  enum { N = 100000, WIDTH = 12 };
  char(*keys)[WIDTH] = malloc((size_t)N * sizeof *keys);
  if (!CHECK(keys != NULL)) return;
  pleat_map map = {0};
  CHECK_INT(pleat_map_find(&map, "k", 1), PLEAT_MAP_NONE);
  for (int i = 0; i < N; i++) {
    int n = snprintf(keys[i], WIDTH, "key%d", i);
    uint32_t existing = 0;
    CHECK(pleat_map_insert(&map, keys[i], (size_t)n, (uint32_t)i, &existing));
    CHECK_INT(existing, PLEAT_MAP_NONE);
  }
  CHECK_INT(map.n_used, N);
  for (int i = 0; i < N; i++) CHECK_INT(pleat_map_find(&map, keys[i], strlen(keys[i])), i);
  CHECK_INT(pleat_map_find(&map, "key100000", 9), PLEAT_MAP_NONE);
  CHECK_INT(pleat_map_find(&map, "key1", 3), PLEAT_MAP_NONE);
  pleat_map_clear(&map);
  CHECK_INT(map.n_used, 0);
  CHECK_INT(pleat_map_find(&map, keys[5], strlen(keys[5])), PLEAT_MAP_NONE);
  pleat_map_fini(&map);
  free(keys);
}

static void test_map_keys(void) {
  pleat_map map = {0};
  uint32_t existing = 0;
  CHECK(pleat_map_insert(&map, "a\0b", 3, 1, NULL));
  CHECK(pleat_map_insert(&map, "a\0c", 3, 2, NULL));
  CHECK(pleat_map_insert(&map, "", 0, 3, NULL));
  CHECK(pleat_map_insert(&map, "a\0b", 3, 9, &existing));
  CHECK_INT(existing, 1);
  CHECK_INT(pleat_map_find(&map, "a\0b", 3), 1);
  CHECK_INT(pleat_map_find(&map, "a\0c", 3), 2);
  CHECK_INT(pleat_map_find(&map, "", 0), 3);
  CHECK_INT(pleat_map_find(&map, "a", 1), PLEAT_MAP_NONE);
  CHECK_INT(map.n_used, 3);
  pleat_map_fini(&map);
}

/* Published test vectors of FNV-1a, 64 bits. */
static void test_hash(void) {
  CHECK(pleat_hash64("", 0) == UINT64_C(0xcbf29ce484222325));
  CHECK(pleat_hash64("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
  CHECK(pleat_hash64("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void) {
  test_arena();
  test_buf();
  test_map_large();
  test_map_keys();
  test_hash();
  return check_report();
}
