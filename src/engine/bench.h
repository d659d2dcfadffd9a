/* What a benchmark measured, and how it is told.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BENCH_H
#define PLEAT_BENCH_H

#include "base/buf.h"
#include "engine/bench_cost.h"
#include "engine/engine_priv.h"

/* A sub-layer, or everything, in one prediction. */
typedef struct pleat_bench_line {
  int64_t n_calls, n_launches; /* n_launches 0: this network and shape have no such sub-layer */
  double ms;                   /* median */
  double flops;                /* as the plan counts them */
  double roofline_ms;          /* 0: not known */
} pleat_bench_line;

typedef struct pleat_bench_result {
  const pleat_model *model;
  const pleat_bench_query *query;
  int64_t n_repeats;
  bool is_warm; /* a prediction ran before the measured ones */
  bool has_peaks;
  pleat_backend_caps peaks; /* the best of all probes; without them, only the device */
  pleat_estimate estimate;
  pleat_bench_line lines[PLEAT_BENCH_N_ROWS], total; /* total: of the launches */
  double structure_ms;                               /* median, from features to confidences */
} pleat_bench_result;

void pleat_bench_write_text(const pleat_bench_result *result, pleat_buf *out);
void pleat_bench_write_json(const pleat_bench_result *result, pleat_buf *out);

#endif
