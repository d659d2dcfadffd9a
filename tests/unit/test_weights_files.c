/* Weights in .npz and .safetensors: values, ranges, refusals with their words, conversion.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/os.h"
#include "base/threads.h"
#include "folder.h"
#include "tensor/half.h"
#include "test_zip_builder.h"
#include "weights/weights.h"

static char dir[512];

static int64_t count_elements(const pleat_weights *weights, size_t i) {
  pleat_weight_info info;
  int64_t n = 1;
  pleat_weights_get(weights, i, &info);
  for (int k = 0; k < info.rank; k++) n *= info.shape[k];
  return n;
}

static void check_open_fails(const char *spec, const void *data, size_t n, pleat_status status, const char *expected,
                             int line) {
  pleat_weights *weights;
  pleat_error err = {0};
  uint8_t *copy = malloc(n + 1); /* of exactly n bytes behind the first, so that asan sees any read beyond */
  memcpy(copy + 1, data, n);
  if (!CHECK_INT(pleat_weights_open_bytes(spec, copy + 1, n, &weights, &err), status)) {
    fprintf(stderr, "case of line %d\n", line);
  }
  zb_check_message(&err, expected, __FILE__, line);
  pleat_weights_close(weights);
  free(copy);
}
#define CHECK_OPEN_FAILS(data, n, expected) check_open_fails("x", data, n, PLEAT_WEIGHTS, expected, __LINE__)

/* The files that numpy wrote hold values of the synthetic spec. */
static void test_npz(const char *path) {
  enum { N_MAX = 4000 };
  pleat_weights *weights, *synth;
  pleat_error err;
  float got[N_MAX], want[N_MAX];
  if (!CHECK_OK(pleat_weights_open(path, &weights, &err), &err)) return;
  if (!CHECK_OK(pleat_weights_open("synth:tests/data/weights/synth.json", &synth, &err), &err)) return;
  CHECK_INT(pleat_weights_count(weights), 5);
  CHECK(!pleat_weights_is_synthetic(weights));
  for (size_t i = 0; i < pleat_weights_count(weights); i++) {
    pleat_weight_info info;
    pleat_weights_get(weights, i, &info);
    CHECK_INT(pleat_weights_find(weights, info.name), i);
    bool is_half = strcmp(info.name, "net/half//weights") == 0, is_wide = strcmp(info.name, "net/wide//weights") == 0;
    const char *name = is_half || is_wide ? "net/linear//weights" : info.name;
    int64_t k = pleat_weights_find(synth, name), n = count_elements(weights, i);
    if (!CHECK(k >= 0 && n <= N_MAX)) continue;
    CHECK_STR(pleat_dtype_text(info.dtype), is_half ? "f16" : is_wide ? "f64" : "f32");
    CHECK_OK(pleat_weights_read(synth, (size_t)k, 0, n, want, &err), &err);
    CHECK_OK(pleat_weights_read(weights, i, 0, n, got, &err), &err);
    for (int64_t e = 0; e < n; e++) {
      if (is_half) want[e] = pleat_f32_from_f16(pleat_f16_from_f32(want[e]));
      if (!CHECK(pleat_bits_from_f32(got[e]) == pleat_bits_from_f32(want[e]))) break;
    }
    for (int64_t first = 0; first < n; first += 5) {
      int64_t n_part = n - first < 7 ? n - first : 7;
      CHECK_OK(pleat_weights_read(weights, i, first, n_part, got, &err), &err);
      CHECK(memcmp(got, want + first, (size_t)n_part * sizeof *got) == 0);
    }
  }
  pleat_weights_close(weights);
  pleat_weights_close(synth);
}

static void test_dtypes(void) {
  static const char *const names[] = {"a//f32", "a//f16", "a//bf16", "a//f64"};
  pleat_weights *weights;
  pleat_error err;
  float values[6];
  if (!CHECK_OK(pleat_weights_open("tests/data/weights/dtypes.safetensors", &weights, &err), &err)) return;
  CHECK_INT(pleat_weights_count(weights), 4);
  for (size_t i = 0; i < 4; i++) {
    pleat_weight_info info;
    CHECK_INT(pleat_weights_find(weights, names[i]), i);
    pleat_weights_get(weights, i, &info);
    CHECK_STR(pleat_dtype_text(info.dtype), names[i] + 3);
    CHECK(info.rank == 2 && info.shape[0] == 2 && info.shape[1] == 3);
    CHECK_OK(pleat_weights_read(weights, i, 0, 6, values, &err), &err);
    for (int k = 0; k < 6; k++) CHECK_NEAR(values[k], k * 0.5 - 2, 0);
    CHECK_OK(pleat_weights_read(weights, i, 5, 1, values, &err), &err);
    CHECK_NEAR(values[0], 0.5, 0);
  }
  pleat_weights_close(weights);
}

static void test_halves(void) {
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    float f16 = pleat_f32_from_f16((uint16_t)bits), bf16 = pleat_f32_from_bf16((uint16_t)bits);
    if (!isnan(f16) && !CHECK_INT(pleat_f16_from_f32(f16), bits)) return;
    if (!isnan(bf16) && !CHECK_INT(pleat_bf16_from_f32(bf16), bits)) return;
    if (isnan(f16)) CHECK(isnan(pleat_f32_from_f16(pleat_f16_from_f32(f16))));
    if (isnan(bf16)) CHECK(isnan(pleat_f32_from_bf16(pleat_bf16_from_f32(bf16))));
  }
  CHECK_NEAR(pleat_f32_from_f16(0x0001), 0x1p-24, 0);
  CHECK_NEAR(pleat_f32_from_f16(0x3555), 0x1.554p-2, 0);
  CHECK_INT(pleat_f16_from_f32(65519.996f), 0x7BFF);
  CHECK_INT(pleat_f16_from_f32(65520), 0x7C00);
  CHECK_INT(pleat_f16_from_f32(0x1p-25f), 0); /* ties go to even */
  CHECK_INT(pleat_f16_from_f32(0x1.8p-24f), 2);
  CHECK_INT(pleat_f16_from_f32(0x1.002p0f), 0x3C00);
  CHECK_INT(pleat_f16_from_f32(0x1.006p0f), 0x3C02);
  CHECK_INT(pleat_bf16_from_f32(0x1.01p0f), 0x3F80);
  CHECK_INT(pleat_bf16_from_f32(0x1.03p0f), 0x3F82);
  CHECK_INT(pleat_bf16_from_f32(pleat_f32_from_bits(0x7F800001)) & 0x7FFF, 0x7FC0);
}

static void check_bad_value(const char *spec, const pleat_buf *file, const char *expected, int line) {
  pleat_weights *weights;
  pleat_error err = {0};
  float values[3];
  if (!CHECK_OK(pleat_weights_open_bytes(spec, (uint8_t *)file->data, file->n, &weights, &err), &err)) return;
  CHECK_INT(pleat_weights_read(weights, 0, 1, 2, values, &err), PLEAT_WEIGHTS);
  zb_check_message(&err, expected, __FILE__, line);
  CHECK_INT(pleat_weights_read(weights, 0, 0, 3, values, &err), PLEAT_WEIGHTS);
  zb_check_message(&err, expected, __FILE__, line);
  CHECK_STR(err.file, spec);
  CHECK_OK(pleat_weights_read(weights, 0, 0, 2, values, &err), &err);
  char path[600];
  snprintf(path, sizeof path, "%s/bad.npz", dir);
  CHECK_INT(pleat_weights_convert(weights, path, PLEAT_F32, &err), PLEAT_WEIGHTS);
  CHECK(!pleat_path_exists(path));
  pleat_weights_close(weights);
}

static void test_bad_values(void) {
  const float nan_value[] = {1, 2, NAN};
  const double too_wide[] = {1, 2, 1e300};
  zb_archive zip;
  pleat_buf npy = zb_npy("<f4", nan_value, 3, sizeof nan_value);
  for (int is_deflated = 0; is_deflated < 2; is_deflated++) {
    zb_build(&zip, &(zb_member){.name = "a//b.npy", .data = npy.data, .n = npy.n, .is_deflated = is_deflated}, 1);
    check_bad_value("nan.npz", &zip.bytes, "tensor a//b: expected finite values, found NaN at flat index 2", __LINE__);
    pleat_buf_fini(&zip.bytes);
  }
  pleat_buf_fini(&npy);
  npy = zb_npy("<f8", too_wide, 3, sizeof too_wide);
  zb_build(&zip, &(zb_member){.name = "a//b.npy", .data = npy.data, .n = npy.n}, 1);
  check_bad_value("wide.npz", &zip.bytes, "tensor a//b: expected finite values, found infinity at flat index 2",
                  __LINE__);
  pleat_buf_fini(&zip.bytes);
  pleat_buf_fini(&npy);
}

static void test_refused_npz(void) {
  const float values[] = {1, 2, 3};
  zb_archive zip;
  pleat_weights *weights;
  pleat_error err;
  float got[3];
  pleat_buf npy = zb_npy("<f4", values, 3, sizeof values);
  zb_member good = {.name = "a//b.npy", .data = npy.data, .n = npy.n};
  zb_build(&zip, &good, 1);
  zip.bytes.data[zip.data_at[0] + npy.n - 1] ^= 1;
  CHECK_OK(pleat_weights_open_bytes("x", (uint8_t *)zip.bytes.data, zip.bytes.n, &weights, &err), &err);
  CHECK_INT(pleat_weights_read(weights, 0, 0, 3, got, &err), PLEAT_WEIGHTS);
  CHECK_MESSAGE(&err, "member a//b.npy: expected CRC-32 ");
  pleat_weights_close(weights);
  pleat_buf_fini(&zip.bytes);
  zb_build(&zip, &(zb_member){.name = "a//b", .data = npy.data, .n = npy.n}, 1);
  CHECK_OPEN_FAILS(zip.bytes.data, zip.bytes.n, "member a//b: expected a name that ends in .npy");
  pleat_buf_fini(&zip.bytes);
  zb_build(&zip, &(zb_member){.name = "../b.npy", .data = npy.data, .n = npy.n}, 1);
  CHECK_OPEN_FAILS(zip.bytes.data, zip.bytes.n, "member name \"../b.npy\" leaves its folder");
  pleat_buf_fini(&zip.bytes);
  zb_build(&zip, NULL, 0);
  CHECK_OPEN_FAILS(zip.bytes.data, zip.bytes.n, "expected tensors, found none");
  pleat_buf_fini(&zip.bytes);
  pleat_buf_fini(&npy);
  npy = zb_npy("<i4", values, 3, sizeof values);
  zb_build(&zip, &(zb_member){.name = "a//b.npy", .data = npy.data, .n = npy.n}, 1);
  CHECK_OPEN_FAILS(zip.bytes.data, zip.bytes.n, "tensor a//b.npy: expected f2, f4 or f8, found type i4");
  pleat_buf_fini(&zip.bytes);
  pleat_buf_fini(&npy);
  CHECK_OPEN_FAILS("", 0, "expected .npz or .safetensors weights, found 0 bytes of another format");
  CHECK_OPEN_FAILS("PK\3\4", 4, "expected a zip archive with its end record, found none in 4 bytes");
  CHECK_OPEN_FAILS("\x80\2}q\1(X", 7, "expected .npz or .safetensors weights, found 7 bytes of another format");
  CHECK_INT(pleat_weights_open("/no/such/file.npz", &weights, &err), PLEAT_IO);
}

static pleat_buf make_safetensors(const char *header, size_t n_values) {
  static const uint8_t values[64];
  pleat_buf buf = {0};
  zb_put(&buf, strlen(header), 8);
  pleat_buf_puts(&buf, header);
  pleat_buf_append(&buf, values, n_values);
  return buf;
}

static void test_refused_safetensors(void) {
#define ENTRY(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
  static const struct {
    const char *header;
    size_t n_values;
    const char *expected;
  } cases[] = {
      {"{}", 0, "expected tensors, found none"},
      {"{\"__metadata__\":{}}", 0, "expected tensors, found none"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,8]"), 8, "expected JSON with unique keys, found an error"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,8]") ",\"a\":" ENTRY("F32", "[2]", "[0,8]") "}", 8, "duplicate object key"},
      {"{\"a\":1}", 8, "tensor a: expected dtype F32, BF16, F16 or F64, found none"},
      {"{\"a\":" ENTRY("I32", "[2]", "[0,8]") "}", 8, "tensor a: expected dtype F32, BF16, F16 or F64, found I32"},
      {"{\"a\":" ENTRY("F32", "[-2]", "[0,8]") "}", 8, "expected an integer of at least 0 as axis 0 of the shape"},
      {"{\"a\":" ENTRY("F32", "2", "[0,8]") "}", 8, "tensor a: expected a shape of at most 6 integers"},
      {"{\"a\":" ENTRY("F32", "[99999999999]", "[0,8]") "}", 8, "expected at most 10000000000 elements"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0]") "}", 8, "tensor a: expected data_offsets [begin, end], found another"},
      {"{\"a\":" ENTRY("F32", "[2]", "[8,0]") "}", 8, "tensor a: expected data_offsets [begin, end], found another"},
      {"{\"a\":" ENTRY("F32", "[2]", "[-8,0]") "}", 8, "tensor a: expected data_offsets [begin, end], found another"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,12]") "}", 12, "tensor a: expected 8 bytes for its shape and dtype, found 12"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,8]") "}", 7,
       "tensor a: expected its end inside the 7 bytes of values, found 8"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,8]") "}", 9, "expected 8 bytes of values as the header says, found 9"},
      {"{\"a\":" ENTRY("F32", "[2]", "[1,9]") "}", 9,
       "tensor a: expected its values at offset 0, found them at 1 (a hole)"},
      {"{\"a\":" ENTRY("F32", "[2]", "[0,8]") ",\"b\":" ENTRY("F32", "[1]", "[4,8]") "}", 8,
       "tensor b: expected its values at offset 8, found them at 4 (an overlap)"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8,
       "tensor a: expected the keys dtype, shape and data_offsets, found 4 keys"},
  };
#undef ENTRY
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    pleat_buf file = make_safetensors(cases[i].header, cases[i].n_values);
    CHECK_OPEN_FAILS(file.data, file.n, cases[i].expected);
    pleat_buf_fini(&file);
  }
  pleat_buf file = make_safetensors("{\"a\":1}", 0);
  pleat_le_store((uint8_t *)file.data, 8, 8);
  CHECK_OPEN_FAILS(file.data, file.n, "expected a .safetensors header of 8 bytes, found 7 bytes behind its length");
  pleat_le_store((uint8_t *)file.data, UINT64_MAX, 8);
  CHECK_OPEN_FAILS(file.data, file.n, "expected a .safetensors header of 18446744073709551615 bytes");
  pleat_buf_fini(&file);
}

/* Cut anywhere, every file is refused. */
static void test_truncated(void) {
  static const char *const paths[] = {"tests/data/weights/dtypes.safetensors", "tests/data/weights/deflated.npz"};
  for (size_t p = 0; p < 2; p++) {
    pleat_file_map file;
    pleat_error err;
    if (!CHECK_OK(pleat_file_map_open(paths[p], &file, &err), &err)) continue;
    for (size_t n = 0; n < file.n; n += p == 0 ? 1 : 37) CHECK_OPEN_FAILS(file.data, n, "expected ");
    pleat_file_map_close(&file);
  }
}

static void check_same_file(const char *a, const char *b) {
  pleat_file_map x, y;
  pleat_error err;
  if (!CHECK_OK(pleat_file_map_open(a, &x, &err), &err) || !CHECK_OK(pleat_file_map_open(b, &y, &err), &err)) return;
  CHECK_INT(x.n, y.n);
  CHECK(x.n == y.n && memcmp(x.data, y.data, x.n) == 0);
  pleat_file_map_close(&x);
  pleat_file_map_close(&y);
}

static void convert(const char *from, const char *to, pleat_dtype dtype, bool is_synthetic) {
  pleat_weights *weights;
  pleat_error err;
  if (!CHECK_OK(pleat_weights_open(from, &weights, &err), &err)) return;
  CHECK_INT(pleat_weights_is_synthetic(weights), is_synthetic);
  CHECK_OK(pleat_weights_convert(weights, to, dtype, &err), &err);
  pleat_weights_close(weights);
}

static void test_convert(void) {
  static const char *const sources[] = {"tests/data/weights/deflated.npz", "synth:tests/data/weights/synth.json"};
  char a[600], b[600], c[600];
  snprintf(a, sizeof a, "%s/a.npz", dir);
  snprintf(b, sizeof b, "%s/b.safetensors", dir);
  snprintf(c, sizeof c, "%s/c.npz", dir);
  for (size_t i = 0; i < 2; i++) {
    bool is_synthetic = i == 1;
    convert(sources[i], a, PLEAT_F32, is_synthetic);
    convert(a, b, PLEAT_F32, is_synthetic);
    convert(b, c, PLEAT_F32, is_synthetic);
    check_same_file(a, c);
  }
  for (int dtype = PLEAT_BF16; dtype <= PLEAT_F16; dtype++) {
    pleat_weights *half, *whole;
    pleat_error err;
    convert(a, b, (pleat_dtype)dtype, true);
    if (!CHECK_OK(pleat_weights_open(b, &half, &err), &err)) return;
    if (!CHECK_OK(pleat_weights_open(a, &whole, &err), &err)) return;
    for (size_t i = 0; i < pleat_weights_count(whole); i++) {
      enum { N_MAX = 4000 };
      float got[N_MAX], want[N_MAX];
      int64_t n = count_elements(whole, i);
      CHECK_OK(pleat_weights_read(half, i, 0, n, got, &err), &err);
      CHECK_OK(pleat_weights_read(whole, i, 0, n, want, &err), &err);
      for (int64_t k = 0; k < n; k++)
        CHECK_NEAR(got[k], want[k], dtype == PLEAT_F16 ? fabs(want[k]) * 0x1p-11 + 0x1p-25 : fabs(want[k]) * 0x1p-8);
    }
    CHECK_INT(pleat_weights_convert(whole, c, (pleat_dtype)dtype, &err), PLEAT_UNSUPPORTED);
    CHECK_MESSAGE(&err, "expected f32 for a .npz, found ");
    CHECK_INT(pleat_weights_convert(whole, "x.txt", PLEAT_F32, &err), PLEAT_UNSUPPORTED);
    CHECK_INT(pleat_weights_convert(whole, b, PLEAT_I32, &err), PLEAT_UNSUPPORTED);
    CHECK_INT(pleat_weights_convert(whole, "/no/such/folder/x.npz", PLEAT_F32, &err), PLEAT_IO);
    pleat_weights_close(half);
    pleat_weights_close(whole);
  }
  unlink(a);
  unlink(b);
  unlink(c);
}

/* f16 holds no 70000. */
static void test_convert_overflow(void) {
  const float values[] = {1, 70000};
  zb_archive zip;
  char path[600];
  pleat_weights *weights;
  pleat_error err;
  snprintf(path, sizeof path, "%s/big.safetensors", dir);
  pleat_buf npy = zb_npy("<f4", values, 2, sizeof values);
  zb_build(&zip, &(zb_member){.name = "a//b.npy", .data = npy.data, .n = npy.n}, 1);
  if (CHECK_OK(pleat_weights_open_bytes("x", (uint8_t *)zip.bytes.data, zip.bytes.n, &weights, &err), &err)) {
    CHECK_INT(pleat_weights_convert(weights, path, PLEAT_F16, &err), PLEAT_WEIGHTS);
    CHECK_MESSAGE(&err, "tensor a//b: expected values that fit f16, found 70000 at flat index 1: convert to f32");
    CHECK(!pleat_path_exists(path));
    CHECK_OK(pleat_weights_convert(weights, path, PLEAT_BF16, &err), &err);
    unlink(path);
  }
  pleat_weights_close(weights);
  pleat_buf_fini(&zip.bytes);
  pleat_buf_fini(&npy);
}

typedef struct reader {
  const pleat_weights *weights;
  float sums[64];
} reader;

/* Item i reads tensor i % count in pieces; all readers of a tensor must see the same values. */
static void read_pieces(void *arg, int thread, int64_t begin, int64_t end) {
  reader *r = arg;
  (void)thread;
  for (int64_t item = begin; item < end; item++) {
    size_t i = (size_t)item % pleat_weights_count(r->weights);
    int64_t n = count_elements(r->weights, i);
    float values[16], sum = 0;
    for (int64_t first = 0; first < n; first += 16) {
      int64_t n_part = n - first < 16 ? n - first : 16;
      if (pleat_weights_read(r->weights, i, first, n_part, values, NULL) != PLEAT_OK) sum = NAN;
      for (int64_t k = 0; k < n_part; k++) sum += values[k];
    }
    r->sums[item] = sum;
  }
}

static void test_threads(void) {
  pleat_weights *weights;
  pleat_threads *pool;
  pleat_error err;
  static reader one, many;
  if (!CHECK_OK(pleat_weights_open("tests/data/weights/deflated.npz", &weights, &err), &err)) return;
  if (!CHECK_OK(pleat_threads_create(4, &pool, &err), &err)) return;
  one.weights = many.weights = weights;
  read_pieces(&one, 0, 0, 20);
  pleat_threads_run(pool, 20, 1, read_pieces, &many);
  for (int i = 0; i < 20; i++) CHECK_NEAR(many.sums[i], one.sums[i], 0);
  pleat_threads_destroy(pool);
  pleat_weights_close(weights);
}

int main(void) {
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_npz("tests/data/weights/stored.npz");
  test_npz("tests/data/weights/deflated.npz");
  test_dtypes();
  test_halves();
  test_bad_values();
  test_refused_npz();
  test_refused_safetensors();
  test_truncated();
  test_convert();
  test_convert_overflow();
  test_threads();
  CHECK(rmdir(dir) == 0);
  return check_report();
}
