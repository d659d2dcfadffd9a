/* .npy headers and .npz archives: types, refusals with their words, round trips.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tensor/npy.h"
#include "tensor/npz.h"

#include <unistd.h>

#include "base/os.h"
#include "folder.h"
#include "test_zip_builder.h"

static char dir[512];

/* Puts one .npy into an archive and reads it; the members' name is "x". Releases npy. */
static pleat_status read_one(pleat_buf *npy, const char *name, bool is_deflated, pleat_arrays **out_set,
                             pleat_error *err) {
  zb_archive zip;
  zb_build(&zip, &(zb_member){.name = name, .data = npy->data, .n = npy->n, .is_deflated = is_deflated}, 1);
  pleat_status status = pleat_arrays_parse_npz((uint8_t *)zip.bytes.data, zip.bytes.n, "x.npz", out_set, err);
  pleat_buf_fini(&zip.bytes);
  pleat_buf_fini(npy);
  return status;
}

static void check_type(const char *descr, const void *data, size_t n, pleat_dtype dtype, size_t item_size,
                       const void *expected) {
  for (int is_deflated = 0; is_deflated < 2; is_deflated++) {
    pleat_arrays *set;
    pleat_error err;
    pleat_buf npy = zb_npy(descr, data, 2, n);
    if (!CHECK_OK(read_one(&npy, "x.npy", is_deflated, &set, &err), &err)) continue;
    const pleat_array *array = pleat_arrays_find(set, "x");
    if (CHECK(array != NULL)) {
      CHECK_STR(pleat_dtype_text(array->dtype), pleat_dtype_text(dtype));
      CHECK_INT(array->item_size, item_size);
      CHECK_INT(array->rank, 1);
      CHECK_INT(array->shape[0], 2);
      CHECK(memcmp(array->data, expected, 2 * item_size) == 0);
    }
    pleat_arrays_destroy(set);
  }
}

static void test_types(void) {
  const float f4[] = {1.5f, -2};
  const double f8[] = {1.5, -2};
  const uint16_t f2[] = {0x3E00, 0xC000}, u2[] = {7, 65535};
  const int8_t i1[] = {7, -128};
  const int16_t i2[] = {7, -32768};
  const int32_t i4[] = {7, INT32_MIN}, i4_of_i1[] = {7, -128}, i4_of_i2[] = {7, -32768}, i4_of_u2[] = {7, 65535};
  const int64_t i8[] = {7, INT64_MIN}, i8_of_u4[] = {7, UINT32_MAX}, i8_of_u8[] = {7, INT64_MAX};
  const uint8_t u1[] = {7, 255}, b1[] = {0, 255}, u1_of_b1[] = {0, 1};
  const uint32_t u4[] = {7, UINT32_MAX};
  const uint64_t u8[] = {7, INT64_MAX};
  check_type("<f2", f2, 4, PLEAT_F16, 2, f2);
  check_type("<f4", f4, 8, PLEAT_F32, 4, f4);
  check_type("<f8", f8, 16, PLEAT_F64, 8, f8);
  check_type("|i1", i1, 2, PLEAT_I32, 4, i4_of_i1);
  check_type("<i2", i2, 4, PLEAT_I32, 4, i4_of_i2);
  check_type("<i4", i4, 8, PLEAT_I32, 4, i4);
  check_type("<i8", i8, 16, PLEAT_I64, 8, i8);
  check_type("|u1", u1, 2, PLEAT_U8, 1, u1);
  check_type("<u2", u2, 4, PLEAT_I32, 4, i4_of_u2);
  check_type("<u4", u4, 8, PLEAT_I64, 8, i8_of_u4);
  check_type("<u8", u8, 16, PLEAT_I64, 8, i8_of_u8);
  check_type("|b1", b1, 2, PLEAT_U8, 1, u1_of_b1);
  check_type("|S3", "abcd\0", 6, PLEAT_BYTES, 3, "abcd\0");
}

static void check_header(const char *header, size_t n, const char *expected, int line) {
  static const uint8_t zeros[64];
  pleat_arrays *set;
  pleat_error err = {0};
  pleat_buf npy = zb_npy_text(header, zeros, n);
  pleat_status status = read_one(&npy, "x.npy", false, &set, &err);
  if (status != (expected ? PLEAT_INPUT : PLEAT_OK)) fprintf(stderr, "case of line %d: %s\n", line, err.message);
  CHECK_INT(status, expected ? PLEAT_INPUT : PLEAT_OK);
  if (!status) pleat_arrays_destroy(set);
  if (status && expected) zb_check_message(&err, expected, __FILE__, line);
  if (status && expected) zb_check_message(&err, "array x.npy: ", __FILE__, line);
}
#define CHECK_HEADER(header, n, expected) check_header(header, n, expected, __LINE__)
#define TAIL(shape)                       ", 'fortran_order': False, 'shape': " shape ", }\n"

static void test_headers(void) {
  CHECK_HEADER("{\"shape\": (2, 3), \"descr\": \"<f4\", \"fortran_order\": False}", 24, NULL);
  CHECK_HEADER("{'descr': '<f4', 'fortran_order': True, 'shape': (5,)}", 20, NULL);
  CHECK_HEADER("{'descr': '<f4'" TAIL("(2L, 3L)"), 24, NULL);
  CHECK_HEADER("{'descr': '<f4'" TAIL("()"), 4, NULL);
  CHECK_HEADER("{'descr': '<f4'" TAIL("(0, 3)"), 0, NULL);
  CHECK_HEADER("{'descr': '<f4'" TAIL("(1, 1, 1, 1, 1, 2)"), 8, NULL);

  CHECK_HEADER("{'descr': '<f4', 'fortran_order': True, 'shape': (5, 1)}", 20, "expected C order, found Fortran order");
  CHECK_HEADER("{'descr': '>f4'" TAIL("(2,)"), 8, "found \">f4\" (big-endian");
  CHECK_HEADER("{'descr': '|O'" TAIL("(2,)"), 8, "found \"|O\" (a pickled object, which is never loaded)");
  CHECK_HEADER("{'descr': '<U5'" TAIL("(2,)"), 40, "found \"<U5\" (unicode text");
  CHECK_HEADER("{'descr': '|V2'" TAIL("(2,)"), 4, "found \"|V2\" (an opaque or structured type");
  CHECK_HEADER("{'descr': [('a', '<f4')]" TAIL("(2,)"), 8, "expected plain numbers, found a structured type");
  CHECK_HEADER("{'descr': '<c8'" TAIL("(2,)"), 16, "found \"<c8\" (unknown)");
  CHECK_HEADER("{'descr': '<f16'" TAIL("(2,)"), 32, "found \"<f16\" (unknown)");
  CHECK_HEADER("{'descr': '|f4'" TAIL("(2,)"), 8, "found \"|f4\" (unknown)");
  CHECK_HEADER("{'descr': '|S0'" TAIL("(2,)"), 0, "found \"|S0\" (unknown)");
  CHECK_HEADER("{'descr': ''" TAIL("(2,)"), 0, "found \"\" (unknown)");
  CHECK_HEADER("{'descr': '<f4', 'descr': '<f4'" TAIL("(2,)"), 8, "once each in the .npy header, found \"descr\"");
  CHECK_HEADER("{'descr': '<f4', 'evil': 1" TAIL("(2,)"), 8, "once each in the .npy header, found \"evil\"");
  CHECK_HEADER("{'descr': '<f4', 'shape': (2,)}", 8, "found no fortran_order");
  CHECK_HEADER("{'descr': '<f4', 'fortran_order': 1, 'shape': (2,)}", 8, "expected True or False");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(2)"), 8, "expected a comma in a shape of one axis");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(-2,)"), 8, "expected a shape such as (3, 4) in the .npy header, found \"-2,)");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(,)"), 8, "expected a shape such as (3, 4)");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(2 2)"), 8, "expected a shape such as (3, 4)");
  CHECK_HEADER("{'descr': '<f4'" TAIL("[2]"), 8, "expected a shape such as (3, 4)");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(99999999999999999999,)"), 8, "expected a shape such as (3, 4)");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(1,1,1,1,1,1,1)"), 4, "expected at most 6 axes, found more");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(4611686018427387904, 4)"), 8, "less than 2^63 bytes, found more");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(0, 4611686018427387904)"), 0, "less than 2^63 bytes, found more");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(3,)"), 8, "expected 12 bytes of data for its shape and type, found 8");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(1,)"), 8, "expected 4 bytes of data for its shape and type, found 8");
  CHECK_HEADER("{'descr': '<f4'" TAIL("(2,)") "x", 8, "expected nothing behind the dict");
  CHECK_HEADER("{'descr': '<f4'", 8, "expected ',' or '}'");
  CHECK_HEADER("{'descr", 8, "expected a quoted key and ':'");
  CHECK_HEADER("['descr']", 8, "expected a dict");
  CHECK_HEADER("", 0, "expected a dict");
}

static void test_refused_members(void) {
  pleat_arrays *set;
  pleat_error err;
  const uint64_t large[] = {1, UINT64_MAX};
  pleat_buf npy = zb_npy("<u8", large, 2, 16);
  CHECK_INT(read_one(&npy, "x.npy", false, &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "array x.npy: expected values below 2^63, found a larger one at element 1");
  CHECK(set == NULL);
  npy = zb_npy("<u8", large, 2, 16);
  CHECK_INT(read_one(&npy, "x.txt", false, &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "member x.txt: expected a name that ends in .npy");
  npy = zb_npy("<u8", large, 2, 16);
  npy.data[6] = 4;
  CHECK_INT(read_one(&npy, "x.npy", true, &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "array x.npy: expected a .npy header of version 1.0, 2.0 or 3.0");
  npy = zb_npy("<u8", large, 2, 16);
  pleat_le_store((uint8_t *)npy.data + 8, 40000, 2);
  CHECK_INT(read_one(&npy, "x.npy", false, &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "expected a .npy header of at most 4096 bytes inside the member of 144 bytes, found 40000");
  npy = zb_npy("<u8", large, 2, 16);
  npy.data[6] = 2; /* the length has 32 bits now, whose upper half is text */
  CHECK_INT(read_one(&npy, "x.npy", false, &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "expected a .npy header of at most 4096 bytes inside the member of 144 bytes");
  npy = (pleat_buf){0};
  pleat_buf_puts(&npy, "nonsense");
  CHECK_INT(read_one(&npy, "x.npy", false, &set, &err), PLEAT_INPUT);
  CHECK_INT(pleat_arrays_read_npz("/no/such/file.npz", &set, &err), PLEAT_IO);
  CHECK_INT(pleat_arrays_parse_npz((const uint8_t *)"", 0, "x.npz", &set, &err), PLEAT_INPUT);
  CHECK_MESSAGE(&err, "expected a zip archive with its end record, found none in 0 bytes");
}

static void test_version_2(void) {
  static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}\n";
  const float value = 3;
  pleat_arrays *set;
  pleat_error err;
  pleat_buf npy = {0};
  pleat_buf_append(&npy, "\x93NUMPY\2\0", 8);
  zb_put(&npy, sizeof header - 1, 4);
  pleat_buf_puts(&npy, header);
  pleat_buf_append(&npy, &value, sizeof value);
  if (!CHECK_OK(read_one(&npy, "dir/a.b.npy", true, &set, &err), &err)) return;
  const pleat_array *array = pleat_arrays_find(set, "dir/a.b");
  if (CHECK(array != NULL)) CHECK_NEAR(*(const float *)array->data, 3, 0);
  pleat_arrays_destroy(set);
}

/* Every dtype, rank and emptiness; halves come back as f32. */
static void test_round_trip(void) {
  char path[600];
  pleat_arrays *set, *back;
  pleat_error err;
  snprintf(path, sizeof path, "%s/round.npz", dir);
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  const int64_t shape[6] = {2, 1, 3, 1, 1, 1}, empty[2] = {0, 3};
  const uint16_t halves[6] = {0x3C00, 0xC000, 0, 0x3C00, 0x3C00, 0x3C00};
  for (int dtype = 0; dtype < PLEAT_N_DTYPES; dtype++) {
    char name[64], data[48];
    for (int i = 0; i < 48; i++) data[i] = (char)(i * 5 + dtype);
    bool is_half = dtype == PLEAT_F16 || dtype == PLEAT_BF16;
    for (int rank = 0; rank <= 6; rank++) {
      snprintf(name, sizeof name, "out/%d.%d", dtype, rank);
      pleat_status status = dtype == PLEAT_BYTES ? pleat_arrays_add_bytes(set, name, 5, rank, shape, data, NULL, &err)
                                                 : pleat_arrays_add(set, name, (pleat_dtype)dtype, rank, shape,
                                                                    is_half ? (const void *)halves : data, NULL, &err);
      CHECK_OK(status, &err);
    }
  }
  CHECK_OK(pleat_arrays_add(set, "empty", PLEAT_F32, 2, empty, NULL, NULL, &err), &err);
  CHECK_OK(pleat_arrays_write_npz(path, set, &err), &err);
  if (!CHECK_OK(pleat_arrays_read_npz(path, &back, &err), &err)) return;
  CHECK_INT(pleat_arrays_count(back), pleat_arrays_count(set));
  for (size_t i = 0; i < pleat_arrays_count(set); i++) {
    const pleat_array *want = pleat_arrays_get(set, i), *got = pleat_arrays_get(back, i);
    bool is_half = want->dtype == PLEAT_F16 || want->dtype == PLEAT_BF16;
    CHECK_STR(got->name, want->name);
    CHECK_INT(got->dtype, is_half ? PLEAT_F32 : want->dtype);
    CHECK_INT(got->rank, want->rank);
    CHECK(memcmp(got->shape, want->shape, sizeof got->shape) == 0);
    size_t n = (size_t)pleat_array_elements(want) * want->item_size;
    if (!is_half) CHECK(memcmp(got->data, want->data, n) == 0);
  }
  const float *f16 = pleat_arrays_find(back, "out/2.1")->data, *bf16 = pleat_arrays_find(back, "out/1.1")->data;
  CHECK_NEAR(f16[0], 1, 0);
  CHECK_NEAR(f16[1], -2, 0);
  CHECK_NEAR(bf16[0], 0.0078125, 0); /* the same bits as bfloat16 */
  CHECK_NEAR(bf16[1], -2, 0);
  pleat_arrays_destroy(back);
  CHECK_OK(pleat_arrays_add(set, "../evil", PLEAT_F32, 0, NULL, NULL, NULL, &err), &err);
  CHECK_INT(pleat_arrays_write_npz(path, set, &err), PLEAT_INVALID);
  CHECK_MESSAGE(&err, "member name \"../evil.npy\" leaves its folder");
  CHECK_OK(pleat_arrays_read_npz(path, &back, &err), &err); /* the old file is still there */
  pleat_arrays_destroy(back);
  pleat_arrays_destroy(set);
  CHECK_INT(unlink(path), 0);
}

/* Written by numpy: stored and deflated members hold the same. */
static void test_numpy(void) {
  pleat_arrays *stored, *deflated;
  pleat_error err;
  if (!CHECK_OK(pleat_arrays_read_npz("tests/data/weights/stored.npz", &stored, &err), &err)) return;
  if (!CHECK_OK(pleat_arrays_read_npz("tests/data/weights/deflated.npz", &deflated, &err), &err)) return;
  CHECK_INT(pleat_arrays_count(stored), 5);
  CHECK_INT(pleat_arrays_count(deflated), 5);
  for (size_t i = 0; i < pleat_arrays_count(stored); i++) {
    const pleat_array *a = pleat_arrays_get(stored, i), *b = pleat_arrays_find(deflated, a->name);
    if (!CHECK(b != NULL)) continue;
    CHECK_INT(a->dtype, b->dtype);
    CHECK(memcmp(a->shape, b->shape, sizeof a->shape) == 0);
    CHECK(memcmp(a->data, b->data, (size_t)pleat_array_elements(a) * a->item_size) == 0);
  }
  pleat_arrays_destroy(stored);
  pleat_arrays_destroy(deflated);
}

/* One array as .npy: header and bytes of the member of a .npz. */
static void test_single(void) {
  const float values[] = {1, 2, 3, 4, 5, 6};
  const int64_t shape[] = {3, 2};
  char path[600], *text = NULL;
  size_t n = 0;
  pleat_arrays *set;
  pleat_error err;
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  CHECK_OK(pleat_arrays_add(set, "x", PLEAT_F32, 2, shape, values, NULL, &err), &err);
  snprintf(path, sizeof path, "%s/x.npy", dir);
  CHECK_OK(pleat_array_write_npy(path, pleat_arrays_find(set, "x"), &err), &err);
  if (CHECK_OK(pleat_file_read(path, 1 << 20, &text, &n, &err), &err)) {
    const pleat_npy_source source = {PLEAT_INPUT, path, "x"};
    pleat_npy npy = {0};
    CHECK_OK(pleat_npy_parse((const uint8_t *)text, n, n, &source, &npy, &err), &err);
    CHECK(npy.kind == 'f' && npy.rank == 2 && npy.shape[0] == 3 && npy.shape[1] == 2);
    CHECK(n == npy.n_header + sizeof values && !memcmp(text + npy.n_header, values, sizeof values));
  }
  free(text);
  CHECK_INT(unlink(path), 0);
  CHECK_INT(pleat_array_write_npy("/nonexistent/x.npy", pleat_arrays_find(set, "x"), &err), PLEAT_IO);
  pleat_arrays_destroy(set);
}

int main(void) {
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_types();
  test_headers();
  test_refused_members();
  test_version_2();
  test_round_trip();
  test_numpy();
  test_single();
  CHECK(rmdir(dir) == 0);
  return check_report();
}
