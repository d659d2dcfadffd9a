/* Measured memory against the plan: the maximum resident size of a process less its parameters is within 10 % of what the
 * plan said before anything ran. Each size runs in a process of its own, so that no earlier peak hides it.
 *
 * The network is the tiny one: blocks run one after the other in the same places, so 2 of them need what 48 need.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "prop.h"

typedef struct measurement {
  double planned, measured; /* bytes: all but the parameters; resident peak less what they hold */
} measurement;

/* Parameters packed and everything loaded: what is resident then is not the plan's. */
static uint64_t resident_with_parameters(const pleat_model *model, bool is_multimer) {
  prop_shape small = {
      .n_res = 2, .n_clust = 2, .n_extra = 1, .n_templ = 1, .n_iterations = 1, .is_multimer = is_multimer};
  pleat_arrays *features = prop_features(&small, 1);
  pleat_predict_options o = prop_options();
  o.want_logits = o.want_representations = false;
  pleat_arrays_destroy(prop_predict(model, features, &o));
  pleat_arrays_destroy(features);
  return pleat_os_resident_now();
}

static measurement measure(const char *name, const char *weights, const prop_shape *shape) {
  measurement m = {0};
  pleat_model *model = prop_model(name, weights, "cpu", 2);
  if (!model) return m;
  uint64_t before = resident_with_parameters(model, shape->is_multimer);
  pleat_arrays *features = prop_features(shape, 2), *out = NULL;
  pleat_predict_options o = prop_options();
  o.want_logits = o.want_representations = false;
  pleat_session *session = NULL;
  pleat_error err;
  if (CHECK_OK(pleat_session_create(model, features, &o, &session, &err), &err)) {
    pleat_estimate estimate;
    pleat_session_estimate(session, &estimate);
    CHECK_OK(pleat_session_predict(session, features, &o, &out, &err), &err);
    m.planned = (double)(estimate.total_bytes - estimate.weight_bytes);
    m.measured = (double)pleat_os_resident_peak() - (double)before;
  }
  pleat_arrays_destroy(out);
  pleat_session_destroy(session);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
  return m;
}

static void check_in_child(const char *name, const char *weights, int64_t n_res, bool is_multimer) {
  int ends[2];
  if (!CHECK(pipe(ends) == 0)) return;
  long n_failed = check_n_failed;
  fflush(NULL);
  pid_t child = fork();
  if (!child) {
    prop_shape shape = {.n_res = n_res,
                        .n_clust = 124,
                        .n_extra = 256,
                        .n_templ = 4,
                        .n_iterations = !is_multimer,
                        .is_multimer = is_multimer};
    measurement m = measure(name, weights, &shape);
    ssize_t n = write(ends[1], &m, sizeof m);
    _exit(n == (ssize_t)sizeof m && check_n_failed == n_failed ? 0 : 1);
  }
  close(ends[1]);
  measurement m = {0};
  int status = 1;
  CHECK(read(ends[0], &m, sizeof m) == (ssize_t)sizeof m);
  close(ends[0]);
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  printf("%-20s N_res %4d: planned %8.1f MB, measured %8.1f MB, %+5.1f %%\n", name, (int)n_res, m.planned * 1e-6,
         m.measured * 1e-6, 100 * (m.measured / m.planned - 1));
  CHECK_NEAR(m.measured / m.planned, 1, 0.1);
}

/* With arguments MODEL WEIGHTS N_RES...: measures that model (bench/memory.md). */
int main(int argc, char **argv) {
  if (check_is_watched()) return check_skip("sanitizers and emulators take memory of their own");
  if (!pleat_os_resident_now() || !pleat_os_resident_peak()) return check_skip("resident size is not known here");
  if (argc > 3) {
    for (int i = 3; i < argc; i++) check_in_child(argv[1], argv[2], atoi(argv[i]), strstr(argv[1], "multimer") != NULL);
    return check_report();
  }
  static const int64_t sizes[] = {58, 256, 384};
  for (int k = 0; k < 3; k++) {
    check_in_child(PROP_MONOMER, sizes[k], false);
    if (k < 1) check_in_child(PROP_MULTIMER, sizes[k], true);
  }
  return check_report();
}
