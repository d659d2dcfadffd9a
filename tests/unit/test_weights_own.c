/* "synth:": weights made up under a network's own names and shapes. They are those of the full specs of the reference
 * data, which list the names and shapes of the published archives.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "check.h"
#include "engine/engine_priv.h"

enum { N_COMPARED = 300 }; /* values at both ends of a tensor: all of them follow from name, seed and distribution */

static int64_t elements(const pleat_weight_info *info) {
  int64_t n = 1;
  for (int d = 0; d < info->rank; d++) n *= info->shape[d];
  return n;
}

static void compare_tensor(const pleat_weights *own, size_t i, const pleat_weights *full) {
  pleat_weight_info a, b;
  pleat_error err;
  pleat_weights_get(own, i, &a);
  int64_t at = pleat_weights_find(full, a.name);
  if (!CHECK(at >= 0)) {
    fprintf(stderr, "  %s\n", a.name);
    return;
  }
  pleat_weights_get(full, (size_t)at, &b);
  int64_t n = elements(&a), n_part = n < N_COMPARED ? n : N_COMPARED;
  float x[2][N_COMPARED];
  if (!CHECK_INT(n, elements(&b))) fprintf(stderr, "  %s\n", a.name);
  if (n != elements(&b)) return;
  for (int64_t first = 0; first <= n - n_part; first += n - n_part ? n - n_part : 1) {
    CHECK_OK(pleat_weights_read(own, i, first, n_part, x[0], &err), &err);
    CHECK_OK(pleat_weights_read(full, (size_t)at, first, n_part, x[1], &err), &err);
    if (!CHECK(!memcmp(x[0], x[1], (size_t)n_part * sizeof(float)))) fprintf(stderr, "  %s\n", a.name);
  }
}

static void test_same_as_full(const char *model, const char *file) {
  char spec[1024];
  pleat_weights *own = NULL, *full = NULL;
  pleat_error err;
  snprintf(spec, sizeof spec, "synth:%s/golden/%s.weights.json", check_shared_dir(), file);
  if (CHECK_OK(pleat_weights_open_own(pleat_variant_find(model), &own, &err), &err) &&
      CHECK_OK(pleat_weights_open(spec, &full, &err), &err)) {
    CHECK_INT(pleat_weights_count(own), pleat_weights_count(full));
    for (size_t i = 0; i < pleat_weights_count(own); i++) compare_tensor(own, i, full);
  }
  pleat_weights_close(own);
  pleat_weights_close(full);
}

/* Every network opens with them, which compares names and shapes with the variant's. */
static void test_every_network(void) {
  for (const char *const *name = pleat_model_names(); *name; name++) {
    pleat_model *model = NULL;
    pleat_error err;
    const pleat_model_options options = {.name = *name, .opt_backend = "null"};
    if (!CHECK_OK(pleat_model_open("synth:", &options, &model, &err), &err)) continue;
    CHECK(pleat_model_is_synthetic(model));
    const pleat_sizes sizes = pleat_sizes_published(model->variant);
    CHECK(!memcmp(&model->sizes, &sizes, sizeof sizes));
    pleat_model_close(model);
  }
}

/* Where no network is given, there are no names. */
static void test_without_network(void) {
  char *text = NULL;
  pleat_error err;
  CHECK_INT(pleat_weights_list_text("synth:", &text, &err), PLEAT_WEIGHTS);
  CHECK(strstr(err.message, "name a spec, synth:SPEC.json") != NULL);
}

int main(void) {
  char path[1024];
  test_every_network();
  test_without_network();
  snprintf(path, sizeof path, "%s/golden/manifest.json", check_shared_dir());
  if (pleat_path_exists(path)) {
    test_same_as_full("model_3", "full_model_3");
    test_same_as_full("model_1_ptm", "full_model_1_ptm");
    test_same_as_full("model_1_multimer_v3", "full_model_1_multimer_v3");
  }
  return check_report();
}
