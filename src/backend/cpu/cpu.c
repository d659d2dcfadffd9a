/* The CPU backend: SIMD kernels chosen when it is opened, all cores, results that do not depend on the number of threads.
 *
 * A launch becomes a call (operands with addresses) and runs through one table indexed by operation. Parameters are
 * packed once per model (cpu_model.h); all scratch memory is taken when a program is created.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/cpu_model.h"
#include "backend/cpu/cpu_rates.h"
#include "backend/host_arena.h"
#include "base/fail.h"
#include "base/os.h"

static const pleat_cpu_op ops[PLEAT_N_OPS] = {
    [PLEAT_OP_LINEAR] = {pleat_cpu_linear_layout, pleat_cpu_linear},
    [PLEAT_OP_CONTRACT] = {pleat_cpu_contract_layout, pleat_cpu_contract},
    [PLEAT_OP_LAYER_NORM] = {pleat_cpu_rows_layout, pleat_cpu_rows},
    [PLEAT_OP_SOFTMAX] = {pleat_cpu_rows_layout, pleat_cpu_rows},
    [PLEAT_OP_SUM] = {NULL, pleat_cpu_sum},
    [PLEAT_OP_ADD] = {NULL, pleat_cpu_map},
    [PLEAT_OP_SUB] = {NULL, pleat_cpu_map},
    [PLEAT_OP_MUL] = {NULL, pleat_cpu_map},
    [PLEAT_OP_DIV] = {NULL, pleat_cpu_map},
    [PLEAT_OP_RELU] = {NULL, pleat_cpu_map},
    [PLEAT_OP_SIGMOID] = {NULL, pleat_cpu_map},
    [PLEAT_OP_SOFTPLUS] = {NULL, pleat_cpu_map},
    [PLEAT_OP_AFFINE] = {NULL, pleat_cpu_map},
    [PLEAT_OP_GREATER_ZERO] = {NULL, pleat_cpu_map},
    [PLEAT_OP_MASK_FILL] = {NULL, pleat_cpu_map},
    [PLEAT_OP_FILL] = {NULL, pleat_cpu_map},
    [PLEAT_OP_DROPOUT_MASK] = {NULL, pleat_cpu_dropout_mask},
    [PLEAT_OP_PERMUTE] = {NULL, pleat_cpu_permute},
    [PLEAT_OP_SLICE] = {NULL, pleat_cpu_slice},
    [PLEAT_OP_CONCAT] = {NULL, pleat_cpu_concat},
    [PLEAT_OP_LOOKUP] = {pleat_cpu_lookup_layout, pleat_cpu_lookup},
    [PLEAT_OP_PSEUDO_BETA] = {NULL, pleat_cpu_pseudo_beta},
    [PLEAT_OP_DIST_BIN] = {pleat_cpu_dist_bin_layout, pleat_cpu_dist_bin},
    [PLEAT_OP_REL_INDEX] = {NULL, pleat_cpu_rel_index},
    [PLEAT_OP_EQUAL_PAIR] = {NULL, pleat_cpu_map},
    [PLEAT_OP_FRAME_INIT] = {NULL, pleat_cpu_frame_init},
    [PLEAT_OP_QUAT_UPDATE] = {NULL, pleat_cpu_quat_update},
    [PLEAT_OP_QUAT_FRAME] = {NULL, pleat_cpu_quat_frame},
    [PLEAT_OP_FRAME_COMPOSE] = {NULL, pleat_cpu_frame_compose},
    [PLEAT_OP_FRAME_APPLY] = {NULL, pleat_cpu_frame_apply},
    [PLEAT_OP_FRAME_INVERT] = {NULL, pleat_cpu_frame_apply},
    [PLEAT_OP_FRAME_DIRECTION] = {NULL, pleat_cpu_frame_direction},
    [PLEAT_OP_POINT_LOGITS] = {pleat_cpu_point_logits_layout, pleat_cpu_point_logits},
    [PLEAT_OP_POINT_NORM] = {NULL, pleat_cpu_point_norm},
    [PLEAT_OP_L2_NORMALIZE] = {pleat_cpu_rows_layout, pleat_cpu_rows},
    [PLEAT_OP_TORSION_ATOMS] = {NULL, pleat_cpu_torsion_atoms},
    [PLEAT_OP_GATHER_ATOMS] = {NULL, pleat_cpu_gather_atoms},
    [PLEAT_OP_FUSED_LINEAR] = {pleat_cpu_linear_layout, pleat_cpu_linear},
    [PLEAT_OP_ATTENTION] = {pleat_cpu_attention_layout, pleat_cpu_attention},
    [PLEAT_OP_TRANSITION] = {pleat_cpu_transition_layout, pleat_cpu_transition},
    [PLEAT_OP_OUTER_PRODUCT] = {pleat_cpu_outer_layout, pleat_cpu_outer},
    [PLEAT_OP_LOOKUP_ADD] = {pleat_cpu_lookup_layout, pleat_cpu_lookup},
};

typedef struct backend {
  pleat_cpu_kernels kern;
  pleat_threads *pool;
  pthread_mutex_t lock;      /* guards rates */
  pthread_mutex_t pool_lock; /* held by whoever uses the pool: sessions of one model may run at the same time */
  pleat_cpu_rates rates;
  bool is_measured;
  char device[128];
  char levels[64];
} backend;

/* The two forms of a plan's weight; NULL when no launch needs it. */
typedef struct weight_forms {
  const pleat_cpu_weight *plain, *packed;
} weight_forms;

typedef struct program {
  const pleat_plan *plan;
  uint8_t *arena;
  uint8_t *scratch;
  size_t scratch_bytes;     /* of the launch that needs most */
  pleat_cpu_scratch *parts; /* of each launch, with the group that it leads */
  uint8_t *group;           /* launches that run together from here: 1 or more */
  weight_forms *weights;
} program;

/* ---- Backend ----------------------------------------------------------------------------------------------------- */

static void cpu_close(void *be) {
  backend *b = be;
  if (!b) return;
  pleat_threads_destroy(b->pool);
  pthread_mutex_destroy(&b->lock);
  pthread_mutex_destroy(&b->pool_lock);
  free(b);
}

/* Names of the instruction sets [0, n), "generic, avx2". */
static void levels_text(int n, char *dst, size_t n_dst) {
  size_t at = 0;
  dst[0] = '\0';
  for (int i = 0; i < n && pleat_cpu_level_name(i) && at < n_dst; i++)
    at += (size_t)snprintf(dst + at, n_dst - at, "%s%s", i ? ", " : "", pleat_cpu_level_name(i));
}

static pleat_status pick_kernels(const char *opt_mask, pleat_cpu_kernels *out, pleat_error *err) {
  const char *mask = opt_mask ? opt_mask : getenv("PLEAT_CPU_MASK");
  if (pleat_cpu_kernels_pick(mask, out)) return PLEAT_OK;
  char known[64];
  levels_text(INT_MAX, known, sizeof known);
  PLEAT_FAIL(err, PLEAT_INVALID, "%s \"%s\" names no instruction set of this architecture; expected one of %s",
             opt_mask ? "the cpu mask" : "PLEAT_CPU_MASK", mask, known);
}

static pleat_status cpu_open(const pleat_backend_options *options, void **out_be, pleat_error *err) {
  *out_be = NULL;
  pleat_cpu_kernels kern;
  PLEAT_TRY(pick_kernels(options->opt_cpu_mask, &kern, err));
  backend *b = calloc(1, sizeof *b);
  if (!b) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the cpu backend");
  b->kern = kern;
  bool has_lock = !pthread_mutex_init(&b->lock, NULL);
  if (!has_lock || pthread_mutex_init(&b->pool_lock, NULL)) {
    if (has_lock) pthread_mutex_destroy(&b->lock);
    free(b);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no resources for a lock of the cpu backend");
  }
  pleat_status status = pleat_threads_create(options->n_threads, &b->pool, err);
  if (status) {
    cpu_close(b);
    return status;
  }
  char brand[64];
  int n_threads = pleat_threads_count(b->pool);
  pleat_cpu_brand(brand, sizeof brand);
  snprintf(b->device, sizeof b->device, "%s, %s, %d thread%s", brand, kern.name, n_threads, n_threads > 1 ? "s" : "");
  levels_text(pleat_cpu_level_highest() + 1, b->levels, sizeof b->levels);
  *out_be = b;
  return PLEAT_OK;
}

/* Copies for estimates fill a few caches, which is quick; those for benchmarks the memory. */
enum { COPY_QUICK = 1 << 21, COPY_MEMORY = 1 << 24 };

static pleat_cpu_rates measure_rates(backend *b, int64_t copy_elements) {
  pthread_mutex_lock(&b->pool_lock);
  pleat_cpu_rates rates = pleat_cpu_measure(&b->kern, b->pool, copy_elements);
  pthread_mutex_unlock(&b->pool_lock);
  return rates;
}

static pleat_backend_caps caps_of(const backend *b, const pleat_cpu_rates *rates) {
  return (pleat_backend_caps){.device = b->device,
                              .opt_levels = b->levels,
                              .flops_per_s = rates->flops_per_s,
                              .bytes_per_s = rates->bytes_per_s,
                              .bf16_flops_per_s = rates->bf16_flops_per_s};
}

static void cpu_caps(void *be, pleat_backend_caps *out_caps) {
  backend *b = be;
  pthread_mutex_lock(&b->lock);
  if (!b->is_measured) b->rates = measure_rates(b, COPY_QUICK);
  b->is_measured = true;
  pthread_mutex_unlock(&b->lock);
  *out_caps = caps_of(b, &b->rates);
}

static void cpu_measure(void *be, pleat_backend_caps *out_caps) {
  pleat_cpu_rates rates = measure_rates(be, COPY_MEMORY);
  *out_caps = caps_of(be, &rates);
}

/* The layer and its input share no letter with the result: a batched layer is a contraction. */
static bool is_layer(const pleat_node *node, int x, int W) {
  for (const char *p = node->letters[1 + W]; *p; p++)
    if (strchr(node->letters[1 + x], *p) && strchr(node->letters[0], *p)) return false;
  return true;
}

static bool cpu_supports(void *be, const pleat_graph *graph, const pleat_node *node) {
  (void)be, (void)graph;
  if (node->op == PLEAT_OP_FUSED_LINEAR) return is_layer(node, PLEAT_FL_X, PLEAT_FL_W);
  return ops[node->op].run != NULL;
}

static pleat_cpu_tensor tensor_of(const pleat_launch *launch, int slot) {
  const pleat_operand *x = slot < 0 ? &launch->out : &launch->in[slot];
  pleat_cpu_tensor tensor = {.is_present = x->space != PLEAT_SPACE_NONE,
                             .is_packed = slot >= 0 && pleat_cpu_is_packable(launch, slot),
                             .dtype = x->space == PLEAT_SPACE_WEIGHT ? PLEAT_F32 : x->dtype,
                             .rank = x->rank,
                             .letters = launch->node->letters[1 + slot],
                             .size = x->size,
                             .stride = x->stride};
  if (tensor.is_packed) {
    tensor.packed.is_bf16 = x->dtype == PLEAT_BF16;
    pleat_cpu_matrix_shape(launch, slot, &tensor.packed.K, &tensor.packed.N);
  }
  return tensor;
}

static pleat_cpu_call call_of(const backend *b, const pleat_launch *launch) {
  pleat_cpu_call call = {
      .kern = &b->kern, .pool = b->pool, .n_threads = pleat_threads_count(b->pool), .node = launch->node};
  call.out = tensor_of(launch, -1);
  for (int k = 0; k < launch->node->n_in; k++) call.in[k] = tensor_of(launch, k);
  return call;
}

/* Of n_group launches that run as one, or of one (n_group 0 or 1). */
static pleat_cpu_scratch layout_of(const backend *b, const pleat_launch *launch, int n_group) {
  const pleat_cpu_op *op = &ops[launch->node->op];
  if (!op->layout) return (pleat_cpu_scratch){0};
  pleat_cpu_call calls[PLEAT_CPU_MAX_GROUP] = {call_of(b, launch)};
  for (int i = 1; i < n_group; i++) calls[i] = call_of(b, &launch[i]);
  pleat_cpu_scratch parts = n_group > 1 ? pleat_cpu_linear_group_layout(calls, n_group) : op->layout(calls);
  parts.shared_bytes = (size_t)pleat_cpu_round((int64_t)parts.shared_bytes, PLEAT_CPU_ALIGN);
  parts.thread_bytes = (size_t)pleat_cpu_round((int64_t)parts.thread_bytes, PLEAT_CPU_ALIGN);
  return parts;
}

static uint64_t cpu_scratch_bytes(void *be, const pleat_launch *launch) {
  const backend *b = be;
  pleat_cpu_scratch parts = layout_of(b, launch, 1);
  return parts.shared_bytes + (uint64_t)parts.thread_bytes * (uint64_t)pleat_threads_count(b->pool);
}

static pleat_status cpu_model_create(void *be, const pleat_weight_reader *reader, void **out_model, pleat_error *err) {
  pleat_cpu_model *model;
  backend *b = be;
  pleat_cpu_pool pool = {b->pool, &b->pool_lock};
  *out_model = NULL;
  PLEAT_TRY(pleat_cpu_model_create(&b->kern, &pool, reader, &model, err));
  *out_model = model;
  return PLEAT_OK;
}

static void cpu_model_destroy(void *be, void *model) {
  (void)be;
  pleat_cpu_model_destroy(model);
}

static uint64_t cpu_model_bytes(void *be, void *model) {
  (void)be;
  return pleat_cpu_model_bytes(model);
}

/* ---- Program ----------------------------------------------------------------------------------------------------- */

static void cpu_program_destroy(void *be, void *program_arg) {
  (void)be;
  program *p = program_arg;
  if (!p) return;
  pleat_os_pages_free(p->arena, (size_t)p->plan->arena_bytes + PLEAT_CPU_ALIGN);
  if (p->scratch) pleat_cpu_scratch_clear(p->scratch, p->scratch_bytes);
  pleat_os_pages_free(p->scratch, p->scratch_bytes);
  free(p->weights);
  free(p->parts);
  free(p->group);
  free(p);
}

/* Reads or finds the form of a weight that one operand needs. */
static pleat_status bind_weight(program *p, pleat_cpu_model *model, const pleat_launch *launch, int slot,
                                pleat_error *err) {
  const pleat_operand *x = &launch->in[slot];
  if (x->space != PLEAT_SPACE_WEIGHT) return PLEAT_OK;
  if (x->weight >= p->plan->n_weights)
    PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s names weight %u of %u", pleat_ops[launch->node->op].text,
               launch->node->scope, x->weight, p->plan->n_weights);
  pleat_plan_weight want = p->plan->weights[x->weight];
  weight_forms *forms = &p->weights[x->weight];
  if (!pleat_cpu_is_packable(launch, slot))
    return forms->plain ? PLEAT_OK : pleat_cpu_model_find(model, &want, false, &forms->plain, err);
  int64_t n = want.K * want.N;
  pleat_cpu_matrix_shape(launch, slot, &want.K, &want.N);
  if (want.K * want.N != n || (forms->packed && forms->packed->key.K != want.K))
    PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s sees weight %s as %lld x %lld", pleat_ops[launch->node->op].text,
               launch->node->scope, want.name, (long long)want.K, (long long)want.N);
  return forms->packed ? PLEAT_OK : pleat_cpu_model_find(model, &want, true, &forms->packed, err);
}

static pleat_status program_fill(const backend *b, program *p, pleat_cpu_model *model, pleat_error *err) {
  const pleat_plan *plan = p->plan;
  size_t n_threads = (size_t)pleat_threads_count(b->pool);
  p->weights = calloc((size_t)plan->n_weights + 1, sizeof *p->weights);
  p->parts = calloc((size_t)plan->n_launches + 1, sizeof *p->parts);
  p->group = calloc((size_t)plan->n_launches + 1, sizeof *p->group);
  if (!p->weights || !p->parts || !p->group) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a program of the cpu backend");
  p->scratch_bytes = PLEAT_CPU_ALIGN;
  for (uint32_t i = 0; i < plan->n_segments; i++) {
    const pleat_segment *segment = &plan->segments[i];
    for (uint32_t k = segment->first; k < segment->last; k += p->group[k])
      p->group[k] = (uint8_t)pleat_cpu_group(&plan->launches[k], segment->last - k);
  }
  for (uint32_t i = 0; i < plan->n_launches; i++) {
    const pleat_launch *launch = &plan->launches[i];
    p->parts[i] = layout_of(b, launch, p->group[i]);
    size_t n_bytes = p->parts[i].shared_bytes + p->parts[i].thread_bytes * n_threads;
    if (n_bytes > p->scratch_bytes) p->scratch_bytes = n_bytes;
    for (int k = 0; k < launch->node->n_in; k++) PLEAT_TRY(bind_weight(p, model, launch, k, err));
  }
  p->scratch = pleat_os_pages_alloc(p->scratch_bytes);
  p->arena = pleat_os_pages_alloc((size_t)plan->arena_bytes + PLEAT_CPU_ALIGN);
  if (!p->arena || !p->scratch)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %llu bytes of activations and %llu of scratch; %llu are free",
               (unsigned long long)plan->arena_bytes, (unsigned long long)p->scratch_bytes,
               (unsigned long long)pleat_os_memory_available());
  return PLEAT_OK;
}

static pleat_status cpu_program_create(void *be, void *model, const pleat_plan *plan, void **out_program,
                                       pleat_error *err) {
  *out_program = NULL;
  program *p = calloc(1, sizeof *p);
  if (!p) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a program of the cpu backend");
  p->plan = plan;
  pleat_status status = program_fill(be, p, model, err);
  if (status) {
    cpu_program_destroy(be, p);
    return status;
  }
  *out_program = p;
  return PLEAT_OK;
}

static pleat_status cpu_write(void *be, void *program_arg, const pleat_operand *dst, const void *src,
                              pleat_error *err) {
  (void)be;
  program *p = program_arg;
  return pleat_host_arena_write(p->plan, p->arena, dst, src, err);
}

static pleat_status cpu_read(void *be, void *program_arg, const pleat_operand *src, void *dst, pleat_error *err) {
  (void)be;
  program *p = program_arg;
  return pleat_host_arena_read(p->plan, p->arena, src, dst, err);
}

/* Gives an operand its address in one iteration. */
static void resolve(const program *p, const pleat_operand *x, int64_t iteration, pleat_cpu_tensor *tensor) {
  if (x->space == PLEAT_SPACE_NONE) return;
  if (x->space == PLEAT_SPACE_ARENA) {
    tensor->data = p->arena + x->offset + iteration * x->step;
    return;
  }
  const weight_forms *forms = &p->weights[x->weight];
  const pleat_cpu_weight *weight = tensor->is_packed ? forms->packed : forms->plain;
  uint8_t *data = weight->data + (size_t)(iteration * x->step) * weight->block_bytes;
  if (tensor->is_packed) {
    tensor->packed = (pleat_cpu_packed){weight->key.K, weight->key.N, weight->key.dtype == PLEAT_BF16, data};
  } else {
    tensor->data = data + (size_t)x->offset * sizeof(float);
  }
}

/* Launch i + k of the group that i leads, with its addresses in one iteration. */
static void bind_call(const backend *b, const program *p, uint32_t i, uint32_t k, int64_t iteration,
                      pleat_cpu_call *call) {
  const pleat_launch *launch = &p->plan->launches[i + k];
  *call = call_of(b, launch);
  resolve(p, &launch->out, iteration, &call->out);
  for (int slot = 0; slot < launch->node->n_in; slot++) resolve(p, &launch->in[slot], iteration, &call->in[slot]);
  call->shared = p->scratch;
  call->thread = p->scratch + p->parts[i].shared_bytes;
  call->thread_bytes = p->parts[i].thread_bytes;
}

static pleat_status cpu_run(void *be, void *program_arg, uint32_t first, uint32_t last, int64_t iteration,
                            pleat_error *err) {
  (void)err;
  backend *b = be;
  const program *p = program_arg;
  pthread_mutex_lock(&b->pool_lock);
  for (uint32_t i = first, n = 1; i < last; i += n) {
    const pleat_launch *launch = &p->plan->launches[i];
    pleat_cpu_call calls[PLEAT_CPU_MAX_GROUP];
    n = p->group[i] > last - i ? last - i : p->group[i] > 1 ? p->group[i] : 1;
    for (uint32_t k = 0; k < n; k++) bind_call(b, p, i, k, iteration, &calls[k]);
    pleat_cpu_scratch_clear(p->scratch, p->scratch_bytes);
    if (n > 1) {
      pleat_cpu_linear_group(calls, (int)n);
    } else {
      ops[launch->node->op].run(calls);
    }
  }
  pthread_mutex_unlock(&b->pool_lock);
  return PLEAT_OK;
}

const pleat_backend_vtbl pleat_backend_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .caps = cpu_caps,
    .measure = cpu_measure,
    .supports = cpu_supports,
    .scratch_bytes = cpu_scratch_bytes,
    .model_create = cpu_model_create,
    .model_destroy = cpu_model_destroy,
    .model_bytes = cpu_model_bytes,
    .program_create = cpu_program_create,
    .program_destroy = cpu_program_destroy,
    .write = cpu_write,
    .read = cpu_read,
    .run = cpu_run,
};
