/* Synthetic weights against values of their definition (tests/data/weights/make.py), and refused specs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "test_zip_builder.h"
#include "weights/weights.h"

static const char spec[] = "synth:tests/data/weights/synth.json";

static void test_expected(void) {
  pleat_weights *weights;
  pleat_error err;
  int n_lines = 0;
  char name[256];
  long long index;
  unsigned bits;
  if (!CHECK_OK(pleat_weights_open(spec, &weights, &err), &err)) return;
  CHECK(pleat_weights_is_synthetic(weights));
  CHECK_STR(pleat_weights_source(weights), spec);
  CHECK_INT(pleat_weights_count(weights), 24);
  FILE *file = fopen("tests/data/weights/synth_expected.tsv", "r");
  while (file && fscanf(file, "%255[^\t]\t%lld\t%x\n", name, &index, &bits) == 3) {
    float value;
    uint32_t found;
    int64_t i = pleat_weights_find(weights, name);
    if (!CHECK(i >= 0)) continue;
    CHECK_OK(pleat_weights_read(weights, (size_t)i, index, 1, &value, &err), &err);
    memcpy(&found, &value, sizeof found);
    if (!CHECK_INT(found, bits)) fprintf(stderr, "at %s %lld\n", name, index);
    n_lines++;
  }
  if (CHECK(file != NULL)) fclose(file);
  CHECK_INT(n_lines, 135); /* six of each tensor, fewer where it is smaller */
  pleat_weights_close(weights);
}

/* A range is the same as that part of the whole. */
static void test_ranges(void) {
  enum { N = 4000 };
  float whole[N], part[N];
  pleat_weights *weights;
  pleat_error err;
  if (!CHECK_OK(pleat_weights_open(spec, &weights, &err), &err)) return;
  size_t i = (size_t)pleat_weights_find(weights, "net/long//weights");
  CHECK_OK(pleat_weights_read(weights, i, 0, N, whole, &err), &err);
  for (int first = 0; first < N; first += 331) {
    int n = first * 7 % (N - first);
    CHECK_OK(pleat_weights_read(weights, i, first, n, part, &err), &err);
    CHECK(memcmp(part, whole + first, (size_t)n * sizeof *part) == 0);
  }
  CHECK_OK(pleat_weights_read(weights, i, N, 0, part, &err), &err);
  CHECK_INT(pleat_weights_read(weights, i, N, 1, part, &err), PLEAT_INVALID);
  CHECK_MESSAGE(&err, "tensor net/long//weights: expected a range inside its 4000 elements, found 1 from 4000");
  CHECK_INT(pleat_weights_read(weights, i, -1, 1, part, &err), PLEAT_INVALID);
  CHECK_INT(pleat_weights_read(weights, i, 1, INT64_MAX, part, &err), PLEAT_INVALID);
  CHECK_INT(pleat_weights_read(weights, 24, 0, 1, part, &err), PLEAT_INVALID);
  CHECK_INT(pleat_weights_find(weights, "net/long"), -1);
  pleat_weights_close(weights);
}

static void test_refused(void) {
  static const struct {
    const char *text, *expected;
  } cases[] = {
      {"", "expected JSON with unique keys, found an error"},
      {"[1]", "expected a JSON object"},
      {"{\"seed\": 0, \"tensors\": {}} x", "expected JSON with unique keys, found an error: end of file expected"},
      {"{\"seed\": 0, \"tensors\": {\"a//b\": [1], \"a//b\": [1]}}", "duplicate object key"},
      {"{\"tensors\": {}}", "expected {\"seed\": integer, \"tensors\": {name: shape, ...}}, found no integer seed"},
      {"{\"seed\": 1.0, \"tensors\": {}}", "found no integer seed"},
      {"{\"seed\": 1, \"tensors\": []}", "found no object tensors"},
      {"{\"seed\": 1, \"tensors\": {}, \"x\": 1}", "found more keys"},
      {"{\"seed\": 1, \"tensors\": {}}", "expected tensors, found none"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": 3}}", "tensor a//scale: expected a shape of at most 6 integers"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [1,1,1,1,1,1,1]}}", "expected a shape of at most 6 integers"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [2, 0]}}",
       "expected an integer of at least 1 as axis 1 of the shape"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [2.0]}}", "as axis 0 of the shape, found another value"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [100000, 100001]}}", "at most 10000000000 elements in all tensors"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [9223372036854775807, 9223372036854775807]}}", "at most 10000000000"},
      {"{\"seed\": 1, \"tensors\": {\"a//scale\": [6000000000], \"b//scale\": [6000000000]}}",
       "tensor b//scale: expected at most 10000000000 elements in all tensors together, found more"},
      {"{\"seed\": 1, \"tensors\": {\"scale\": [2]}}", "tensor scale: expected a name like scope//leaf, found no '/'"},
      {"{\"seed\": 1, \"tensors\": {\"a//w\": []}}", "tensor a//w: expected a matrix of at least 1 axes, found 0"},
      {"{\"seed\": 1, \"tensors\": {\"extra_msa_stack//w\": [4]}}", "expected a matrix of at least 2 axes, found 1"},
      {"{\"seed\": 1, \"tensors\": {\"a//weights\": [4], \"a//bias\": [5]}}",
       "tensor a//weights: expected a matrix at least as large as its bias a//bias"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    pleat_weights *weights;
    pleat_error err = {0};
    size_t n = strlen(cases[i].text);
    CHECK_INT(pleat_weights_open_bytes("synth:x.json", (const uint8_t *)cases[i].text, n, &weights, &err),
              PLEAT_WEIGHTS);
    CHECK(weights == NULL);
    CHECK_MESSAGE(&err, cases[i].expected);
    CHECK_STR(err.file, "x.json");
  }
}

static void test_places(void) {
  pleat_weights *weights;
  pleat_error err;
  static const char text[] = "{\n\"seed\": 1,\n\"tensors\": ?}";
  CHECK_INT(pleat_weights_open_bytes("synth:x.json", (const uint8_t *)text, sizeof text - 1, &weights, &err),
            PLEAT_WEIGHTS);
  CHECK_INT(err.line, 3);
  CHECK_INT(pleat_weights_open("synth:/no/such/file.json", &weights, &err), PLEAT_IO);
  CHECK_INT(pleat_weights_open("tests/data/weights/synth.json", &weights, &err), PLEAT_WEIGHTS);
  CHECK_MESSAGE(&err, "found JSON: write synth:tests/data/weights/synth.json to use it");
}

/* A spec given as text is the same as in a file, and what messages call it is not the text. */
static void test_inline(void) {
  pleat_weights *weights;
  pleat_error err;
  float value = 0;
  char text[] = "synth:{\"seed\": 0, \"tensors\": {\"a//scale\": [3]}}";
  if (!CHECK_OK(pleat_weights_open(text, &weights, &err), &err)) return;
  memset(text, 'x', sizeof text - 1);
  CHECK_STR(pleat_weights_source(weights), "synth:(given as text)");
  CHECK(pleat_weights_is_synthetic(weights));
  CHECK_OK(pleat_weights_read(weights, 0, 0, 1, &value, &err), &err);
  CHECK_NEAR((double)value, 1, 0.1);
  pleat_weights_close(weights);
  CHECK_INT(pleat_weights_open("synth:{\"seed\": 0}", &weights, &err), PLEAT_WEIGHTS);
  CHECK_STR(err.file, "(given as text)");
}

int main(void) {
  test_inline();
  test_expected();
  test_ranges();
  test_refused();
  test_places();
  return check_report();
}
