/* A made-up complex for the tests of plots: chains of 3 and 2 residues, an alignment of 5 rows, two predictions.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_UNIT_PLOT_JOB_H
#define PLEAT_TESTS_UNIT_PLOT_JOB_H

#include "base/os.h"
#include "check.h"
#include "pleat/plot.h"

static inline float *plot_job_add(pleat_arrays *set, const char *name, int rank, int64_t n, float value) {
  const int64_t shape[] = {n, n};
  float *data = NULL;
  pleat_error err;
  CHECK_OK(pleat_arrays_add(set, name, PLEAT_F32, rank, shape, NULL, (void **)&data, &err), &err);
  for (int64_t i = 0; i < pleat_array_elements(pleat_arrays_find(set, name)); i++) data[i] = value;
  return data;
}

/* pLDDT 60, 70, ... and an aligned error of 0 within and 30 between residues i and j > i. */
static inline pleat_arrays *plot_job_prediction(int64_t n, bool has_pae) {
  pleat_arrays *set = NULL;
  pleat_error err;
  CHECK_OK(pleat_arrays_create(&set, &err), &err);
  float *plddt = plot_job_add(set, "confidence/plddt", 1, n, 0);
  for (int64_t i = 0; i < n; i++) plddt[i] = (float)(60 + 10 * (i % 5));
  if (!has_pae) return set;
  float *pae = plot_job_add(set, "confidence/predicted_aligned_error", 2, n, 0);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i + 1; j < n; j++) pae[i * n + j] = 30;
  }
  plot_job_add(set, "confidence/ptm", 0, 0, 0.5f);
  plot_job_add(set, "confidence/iptm", 0, 0, 0.25f);
  return set;
}

/* In the order of the plot, from the top: both chains (identities 1 and 5/6), A only (1 and 1/3), B only (1/2). */
static const char plot_job_a3m[] = "#3,2\t1,1\n>101\t102\nMKVAC\n>u\t.\nMKVAG\n>a1\nMKV--\n>a2\nM----\n>b1\n---aAG\n";

static const pleat_target plot_job_target = {
    .name = "job", .sequence = "MKV:AC", .opt_a3m = plot_job_a3m, .n_a3m = sizeof plot_job_a3m - 1};

static inline char *plot_job_read(const char *path, size_t *out_n) {
  char *text = NULL;
  pleat_error err;
  CHECK_OK(pleat_file_read(path, 64 << 20, &text, out_n, &err), &err);
  return text;
}

#endif
