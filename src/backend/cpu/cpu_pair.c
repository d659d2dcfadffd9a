/* Residue pairs and gathers: PSEUDO_BETA, DIST_BIN, REL_INDEX, GATHER_ATOMS.
 *
 * DIST_BIN decides as the published float32 code does, so each product and sum here is a statement of its own: nothing
 * may be contracted to a fused multiply-add.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "backend/cpu/cpu_priv.h"
#include "bio/residue.h" /* const tables without dependencies: the one include from bio that backends have */
#include "tensor/linspace.h"

typedef struct each {
  pleat_cpu_walk walk;
  pleat_cpu_each_fn *fn;
  const void *job;
} each;

static void each_task(void *arg, int thread, int64_t begin, int64_t end) {
  each e = *(const each *)arg;
  (void)thread;
  pleat_cpu_walk_seek(&e.walk, begin);
  for (int64_t i = begin; i < end; i++, pleat_cpu_walk_next(&e.walk)) e.fn(e.job, e.walk.at);
}

void pleat_cpu_each(const pleat_cpu_call *call, const pleat_cpu_axes *axes, const pleat_cpu_tensor *const *tensors,
                    int n, pleat_cpu_each_fn *fn, const void *job) {
  enum { GRAIN = 256 };
  each e = {.fn = fn, .job = job};
  pleat_cpu_walk_init(&e.walk, axes, tensors, n);
  pleat_threads_run(call->pool, pleat_cpu_walk_count(&e.walk), GRAIN, each_task, &e);
}

/* The letter of x that the result lacks. */
static char missing_letter(const pleat_cpu_call *call, const pleat_cpu_tensor *x) {
  for (int d = 0; d < x->rank; d++)
    if (!pleat_cpu_has(&call->out, x->letters[d])) return x->letters[d];
  return 0;
}

typedef struct pick {
  const pleat_cpu_call *call;
  int64_t stride, n;
} pick;

/* ---- PSEUDO_BETA: inputs positions, aatype ----------------------------------------------------------------------- */

static void pseudo_beta_one(const void *arg, const int64_t *at) {
  const pick *job = arg;
  bool is_glycine = pleat_cpu_load(&job->call->in[1], at[2]) == PLEAT_RESTYPE_G;
  int64_t atom = is_glycine ? PLEAT_ATOM_CA : PLEAT_ATOM_CB;
  pleat_cpu_store(&job->call->out, at[0], pleat_cpu_load(&job->call->in[0], at[1] + atom * job->stride));
}

static void run_pick(const pleat_cpu_call *call, int n_tensors, pleat_cpu_each_fn *fn) {
  const pleat_cpu_tensor *tensors[4] = {&call->out, &call->in[0], &call->in[1], &call->in[2]};
  char atom = missing_letter(call, &call->in[0]);
  pick job = {call, pleat_cpu_stride(&call->in[0], atom), pleat_cpu_size(&call->in[0], atom)};
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  pleat_cpu_each(call, &axes, tensors, n_tensors, fn, &job);
}

void pleat_cpu_pseudo_beta(const pleat_cpu_call *call) { run_pick(call, 3, pseudo_beta_one); }

/* ---- GATHER_ATOMS: inputs atom14, index, exists. An index outside is clamped, as the published gather does. ------- */

static void gather_one(const void *arg, const int64_t *at) {
  const pick *job = arg;
  float wanted = pleat_cpu_load(&job->call->in[1], at[2]);
  int64_t picked = !(wanted >= 0) ? 0 : wanted > (float)(job->n - 1) ? job->n - 1 : (int64_t)wanted;
  float value = pleat_cpu_load(&job->call->in[0], at[1] + picked * job->stride);
  pleat_cpu_store(&job->call->out, at[0], value * pleat_cpu_load(&job->call->in[2], at[3]));
}

void pleat_cpu_gather_atoms(const pleat_cpu_call *call) { run_pick(call, 4, gather_one); }

/* ---- DIST_BIN: modules.py dgram_from_positions --------------------------------------------------------------------- */

typedef struct dist_bin {
  const pleat_cpu_call *call;
  const float *lower; /* n + 1 squared edges */
  int64_t step_a, step_b;
} dist_bin;

static void dist_bin_one(const void *arg, const int64_t *at) {
  const dist_bin *job = arg;
  float square[3];
  for (int c = 0; c < 3; c++) {
    float d = pleat_cpu_load(&job->call->in[0], at[1] + c * job->step_a) -
              pleat_cpu_load(&job->call->in[1], at[2] + c * job->step_b);
    square[c] = d * d;
  }
  float dist2 = square[0] + square[1];
  dist2 = dist2 + square[2];
  float bin = -1;
  for (int32_t i = 0; i < job->call->node->attr.n; i++)
    if (dist2 > job->lower[i] && dist2 < job->lower[i + 1]) bin = (float)i;
  pleat_cpu_store(&job->call->out, at[0], bin);
}

pleat_cpu_scratch pleat_cpu_dist_bin_layout(const pleat_cpu_call *call) {
  return (pleat_cpu_scratch){((size_t)call->node->attr.n + 1) * sizeof(float), 0};
}

void pleat_cpu_dist_bin(const pleat_cpu_call *call) {
  const pleat_attr *attr = &call->node->attr;
  const pleat_cpu_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  float *lower = (float *)(void *)call->shared;
  for (int32_t i = 0; i < attr->n; i++) {
    float edge = pleat_linspace(attr->a, attr->b, attr->n, i);
    lower[i] = edge * edge;
  }
  lower[attr->n] = 1e8f;
  dist_bin job = {call, lower, tensors[1]->stride[tensors[1]->rank - 1], tensors[2]->stride[tensors[2]->rank - 1]};
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  pleat_cpu_each(call, &axes, tensors, 3, dist_bin_one, &job);
}

/* ---- REL_INDEX: inputs pos_i, pos_j, group_i-, group_j- --------------------------------------------------------- */

static void rel_index_one(const void *arg, const int64_t *at) {
  const pleat_cpu_call *call = arg;
  const pleat_cpu_tensor *in = call->in;
  float n = (float)call->node->attr.n;
  float offset = pleat_cpu_load(&in[0], at[1]) - pleat_cpu_load(&in[1], at[2]) + n;
  offset = offset < 0 ? 0 : offset > 2 * n ? 2 * n : offset;
  bool has_groups = in[2].is_present && in[3].is_present;
  if (has_groups && pleat_cpu_load(&in[2], at[3]) != pleat_cpu_load(&in[3], at[4])) offset = 2 * n + 1;
  pleat_cpu_store(&call->out, at[0], offset);
}

void pleat_cpu_rel_index(const pleat_cpu_call *call) {
  const pleat_cpu_tensor *tensors[5] = {&call->out, &call->in[0], &call->in[1], &call->in[2], &call->in[3]};
  pleat_cpu_axes axes = {0};
  pleat_cpu_axes_add_except(&axes, &call->out, NULL, 0);
  pleat_cpu_each(call, &axes, tensors, 5, rel_index_one, call);
}
