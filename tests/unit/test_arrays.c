/* SPDX-License-Identifier: Apache-2.0 */
#include "pleat/arrays.h"

#include "check.h"

static pleat_error err;

static void test_dtypes(void) {
  CHECK_INT(pleat_dtype_size(PLEAT_F32), 4);
  CHECK_INT(pleat_dtype_size(PLEAT_BF16), 2);
  CHECK_INT(pleat_dtype_size(PLEAT_BYTES), 0);
  CHECK_INT(pleat_dtype_size((pleat_dtype)99), 0);
  CHECK_STR(pleat_dtype_text(PLEAT_I64), "i64");
  CHECK_STR(pleat_dtype_text((pleat_dtype)-1), "unknown");
}

static void test_add_and_find(void) {
  pleat_arrays *set = NULL;
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  const float values[6] = {1, 2, 3, 4, 5, 6};
  void *data = NULL;
  CHECK_OK(pleat_arrays_add(set, "msa", PLEAT_F32, 2, (int64_t[]){2, 3}, values, &data, &err), &err);
  CHECK(data && data != values && memcmp(data, values, sizeof values) == 0);
  CHECK_OK(pleat_arrays_add(set, "scalar", PLEAT_I32, 0, NULL, &(int32_t){42}, NULL, &err), &err);
  CHECK_OK(pleat_arrays_add(set, "zeros", PLEAT_F64, 1, (int64_t[]){5}, NULL, NULL, &err), &err);
  CHECK_OK(pleat_arrays_add(set, "empty", PLEAT_U8, 2, (int64_t[]){0, INT64_MAX}, NULL, &data, &err), &err);
  CHECK(data != NULL);
  CHECK_OK(pleat_arrays_add_bytes(set, "names", 4, 1, (int64_t[]){2}, "1UBQ6KWC", NULL, &err), &err);
  CHECK_INT(pleat_arrays_count(set), 5);

  const pleat_array *msa = pleat_arrays_find(set, "msa");
  if (CHECK(msa != NULL)) {
    CHECK_STR(msa->name, "msa");
    CHECK_INT(msa->rank, 2);
    CHECK_INT(msa->shape[1], 3);
    CHECK_INT(pleat_array_elements(msa), 6);
  }
  CHECK_INT(pleat_array_elements(pleat_arrays_find(set, "scalar")), 1);
  CHECK_INT(pleat_array_elements(pleat_arrays_find(set, "empty")), 0);
  const double *zeros = pleat_arrays_find(set, "zeros")->data;
  for (int i = 0; i < 5; i++) CHECK(zeros[i] == 0);
  const pleat_array *names = pleat_arrays_find(set, "names");
  CHECK_INT(names->item_size, 4);
  CHECK_INT(names->dtype, PLEAT_BYTES);
  CHECK(memcmp(names->data, "1UBQ6KWC", 8) == 0);
  CHECK(pleat_arrays_find(set, "ms") == NULL);
  CHECK_STR(pleat_arrays_get(set, 1)->name, "scalar");
  pleat_arrays_destroy(set);
  pleat_arrays_destroy(NULL);
}

/* The new content may come from the array that it replaces. */
static void test_replace(void) {
  pleat_arrays *set = NULL;
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  const int32_t values[4] = {1, 2, 3, 4};
  CHECK_OK(pleat_arrays_add(set, "a", PLEAT_I32, 1, (int64_t[]){4}, values, NULL, &err), &err);
  CHECK_OK(pleat_arrays_add(set, "b", PLEAT_I32, 1, (int64_t[]){4}, values, NULL, &err), &err);
  const pleat_array *a = pleat_arrays_find(set, "a");
  CHECK_OK(pleat_arrays_add(set, a->name, PLEAT_I32, 1, (int64_t[]){3}, (int32_t *)a->data + 1, NULL, &err), &err);
  CHECK_INT(pleat_arrays_count(set), 2);
  a = pleat_arrays_get(set, 0);
  CHECK_STR(a->name, "a");
  CHECK_INT(a->shape[0], 3);
  CHECK(memcmp(a->data, values + 1, 12) == 0);
  pleat_arrays_destroy(set);
}

static void test_remove(void) {
  enum { N = 200 };
  pleat_arrays *set = NULL;
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  char name[16];
  for (int32_t i = 0; i < N; i++) {
    snprintf(name, sizeof name, "a%d", i);
    CHECK_OK(pleat_arrays_add(set, name, PLEAT_I32, 0, NULL, &i, NULL, &err), &err);
  }
  for (int32_t i = 0; i < N; i += 3) {
    snprintf(name, sizeof name, "a%d", i);
    pleat_arrays_remove(set, pleat_arrays_find(set, name)->name);
  }
  pleat_arrays_remove(set, "absent");
  int32_t n = 0;
  for (int32_t i = 0; i < N; i++) {
    snprintf(name, sizeof name, "a%d", i);
    const pleat_array *array = pleat_arrays_find(set, name);
    CHECK((array == NULL) == (i % 3 == 0));
    if (!array) continue;
    CHECK_INT(*(const int32_t *)array->data, i);
    CHECK(pleat_arrays_get(set, (size_t)n++) == array);
  }
  CHECK_INT(pleat_arrays_count(set), n);
  pleat_arrays_destroy(set);
}

static void test_refused(void) {
  pleat_arrays *set = NULL;
  if (!CHECK_OK(pleat_arrays_create(&set, &err), &err)) return;
  CHECK_INT(pleat_arrays_add(set, "x", PLEAT_F32, 7, (int64_t[7]){1}, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_STR(err.message, "array 'x': rank 7, expected 0 to 6");
  CHECK_INT(pleat_arrays_add(set, "x", PLEAT_F32, -1, NULL, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_INT(pleat_arrays_add(set, "x", PLEAT_F32, 2, (int64_t[]){3, -1}, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_STR(err.message, "array 'x': axis 1 has the negative size -1");
  CHECK_INT(pleat_arrays_add(set, "x", PLEAT_F32, 2, (int64_t[]){INT64_MAX, 9}, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_INT(pleat_arrays_add(set, "x", PLEAT_BYTES, 1, (int64_t[]){1}, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_INT(pleat_arrays_add_bytes(set, "x", SIZE_MAX, 0, NULL, NULL, NULL, &err), PLEAT_INVALID);
  CHECK_INT(pleat_arrays_count(set), 0);
  pleat_arrays_destroy(set);
}

int main(void) {
  test_dtypes();
  test_add_and_find();
  test_replace();
  test_remove();
  test_refused();
  return check_report();
}
