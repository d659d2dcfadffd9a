/* The reference backend: runs plans launch by launch in scalar C with float64 accumulation. The oracle, never fast.
 *
 * It claims primitives only, so that a whole network on it is an independent check of fusion; its fused functions
 * serve tests/ops as the oracle for other backends' kernels.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/host_arena.h"
#include "backend/ref/ref_priv.h"
#include "base/fail.h"
#include "base/os.h"

static pleat_ref_fn *const functions[PLEAT_N_OPS] = {
    [PLEAT_OP_LINEAR] = pleat_ref_linear,
    [PLEAT_OP_CONTRACT] = pleat_ref_contraction,
    [PLEAT_OP_LAYER_NORM] = pleat_ref_layer_norm,
    [PLEAT_OP_SOFTMAX] = pleat_ref_softmax,
    [PLEAT_OP_SUM] = pleat_ref_sum,
    [PLEAT_OP_ADD] = pleat_ref_binary,
    [PLEAT_OP_SUB] = pleat_ref_binary,
    [PLEAT_OP_MUL] = pleat_ref_binary,
    [PLEAT_OP_DIV] = pleat_ref_binary,
    [PLEAT_OP_RELU] = pleat_ref_unary,
    [PLEAT_OP_SIGMOID] = pleat_ref_unary,
    [PLEAT_OP_SOFTPLUS] = pleat_ref_unary,
    [PLEAT_OP_AFFINE] = pleat_ref_unary,
    [PLEAT_OP_GREATER_ZERO] = pleat_ref_unary,
    [PLEAT_OP_MASK_FILL] = pleat_ref_mask_fill,
    [PLEAT_OP_FILL] = pleat_ref_fill,
    [PLEAT_OP_DROPOUT_MASK] = pleat_ref_dropout_mask,
    [PLEAT_OP_PERMUTE] = pleat_ref_permute,
    [PLEAT_OP_SLICE] = pleat_ref_slice,
    [PLEAT_OP_CONCAT] = pleat_ref_concat,
    [PLEAT_OP_LOOKUP] = pleat_ref_lookup,
    [PLEAT_OP_PSEUDO_BETA] = pleat_ref_pseudo_beta,
    [PLEAT_OP_DIST_BIN] = pleat_ref_dist_bin,
    [PLEAT_OP_REL_INDEX] = pleat_ref_rel_index,
    [PLEAT_OP_EQUAL_PAIR] = pleat_ref_equal_pair,
    [PLEAT_OP_FRAME_INIT] = pleat_ref_frame_init,
    [PLEAT_OP_QUAT_UPDATE] = pleat_ref_quat_update,
    [PLEAT_OP_QUAT_FRAME] = pleat_ref_quat_frame,
    [PLEAT_OP_FRAME_COMPOSE] = pleat_ref_frame_compose,
    [PLEAT_OP_FRAME_APPLY] = pleat_ref_frame_apply,
    [PLEAT_OP_FRAME_INVERT] = pleat_ref_frame_invert,
    [PLEAT_OP_FRAME_DIRECTION] = pleat_ref_frame_direction,
    [PLEAT_OP_POINT_LOGITS] = pleat_ref_point_logits,
    [PLEAT_OP_POINT_NORM] = pleat_ref_point_norm,
    [PLEAT_OP_L2_NORMALIZE] = pleat_ref_l2_normalize,
    [PLEAT_OP_TORSION_ATOMS] = pleat_ref_torsion_atoms,
    [PLEAT_OP_GATHER_ATOMS] = pleat_ref_gather_atoms,
    [PLEAT_OP_FUSED_LINEAR] = pleat_ref_fused_linear,
    [PLEAT_OP_ATTENTION] = pleat_ref_attention,
    [PLEAT_OP_TRANSITION] = pleat_ref_transition,
    [PLEAT_OP_OUTER_PRODUCT] = pleat_ref_outer_product,
    [PLEAT_OP_LOOKUP_ADD] = pleat_ref_lookup_add,
};

/* A parameter in memory: n_blocks blocks of K N float32 values. */
typedef struct weight {
  struct weight *next;
  char *name;
  pleat_plan_weight key; /* key.name is unused: names of plans do not outlive them */
  float *values;
} weight;

typedef struct model {
  pleat_weight_reader reader;
  pthread_mutex_t lock; /* guards the list: programs may be created by several threads */
  weight *weights;
  uint64_t n_bytes;
} model;

typedef struct program {
  const pleat_plan *plan;
  uint8_t *arena;
  double *scratch;
  const weight **weights; /* one per plan weight; owned by the model */
} program;

static pleat_status ref_open(const pleat_backend_options *options, void **out_be, pleat_error *err) {
  (void)options;
  *out_be = malloc(1);
  if (!*out_be) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the ref backend");
  return PLEAT_OK;
}

static void ref_close(void *be) { free(be); }

/* Rates are of the order seen on desktop processors: an estimate only has to say "slow". */
static void ref_caps(void *be, pleat_backend_caps *out_caps) {
  (void)be;
  *out_caps = (pleat_backend_caps){
      .device = "scalar C, float64 accumulation, 1 thread", .flops_per_s = 1e9, .bytes_per_s = 4e9};
}

static bool ref_supports(void *be, const pleat_graph *graph, const pleat_node *node) {
  (void)be, (void)graph;
  return !pleat_ops[node->op].is_fused;
}

static uint64_t ref_scratch_bytes(void *be, const pleat_launch *launch) {
  (void)be;
  return (uint64_t)pleat_ref_scratch(launch) * sizeof(double);
}

static pleat_status ref_model_create(void *be, const pleat_weight_reader *reader, void **out_model, pleat_error *err) {
  (void)be;
  *out_model = NULL;
  model *m = calloc(1, sizeof *m);
  if (!m) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a model of the ref backend");
  if (pthread_mutex_init(&m->lock, NULL)) {
    free(m);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no resources for a lock of the ref backend");
  }
  m->reader = *reader;
  *out_model = m;
  return PLEAT_OK;
}

static void weight_destroy(weight *w) {
  if (!w) return;
  free(w->values);
  free(w->name);
  free(w);
}

static void ref_model_destroy(void *be, void *model_arg) {
  (void)be;
  model *m = model_arg;
  if (!m) return;
  for (weight *w = m->weights, *next; w; w = next) {
    next = w->next;
    weight_destroy(w);
  }
  pthread_mutex_destroy(&m->lock);
  free(m);
}

static uint64_t ref_model_bytes(void *be, void *model_arg) {
  (void)be;
  model *m = model_arg;
  pthread_mutex_lock(&m->lock);
  uint64_t n_bytes = m->n_bytes;
  pthread_mutex_unlock(&m->lock);
  return n_bytes;
}

static bool is_same_weight(const weight *w, const pleat_plan_weight *want) {
  const pleat_plan_weight *key = &w->key;
  return key->first_element == want->first_element && key->n_blocks == want->n_blocks &&
         key->block_elements == want->block_elements && key->dtype == want->dtype &&
         key->K * key->N == want->K * want->N && strcmp(w->name, want->name) == 0;
}

/* Reads every block of a parameter; values that the plan stores as bf16 are rounded to bf16. */
static pleat_status weight_read(const model *m, const pleat_plan_weight *want, weight **out_weight, pleat_error *err) {
  int64_t n = want->K * want->N;
  weight *w = calloc(1, sizeof *w);
  size_t n_name = strlen(want->name) + 1;
  if (w) {
    w->name = malloc(n_name);
    if ((uint64_t)want->n_blocks * (uint64_t)n < SIZE_MAX / sizeof(float))
      w->values = calloc((size_t)(want->n_blocks * n) + 1, sizeof(float));
  }
  if (!w || !w->name || !w->values) {
    weight_destroy(w);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %s: %lld float32 values", want->name, (long long)(want->n_blocks * n));
  }
  memcpy(w->name, want->name, n_name);
  w->key = *want;
  for (int64_t block = 0; block < want->n_blocks; block++) {
    int64_t first = want->first_element + block * want->block_elements;
    pleat_status status = m->reader.read(m->reader.ctx, want->name, first, n, w->values + block * n, err);
    if (status) {
      weight_destroy(w);
      return status;
    }
  }
  for (int64_t i = 0; want->dtype == PLEAT_BF16 && i < want->n_blocks * n; i++)
    w->values[i] = pleat_f32_from_bf16(pleat_bf16_from_f32(w->values[i]));
  *out_weight = w;
  return PLEAT_OK;
}

static pleat_status model_find(model *m, const pleat_plan_weight *want, const weight **out_weight, pleat_error *err) {
  pleat_status status = PLEAT_OK;
  pthread_mutex_lock(&m->lock);
  weight *w = m->weights;
  while (w && !is_same_weight(w, want)) w = w->next;
  if (!w) {
    status = weight_read(m, want, &w, err);
    if (!status) {
      w->next = m->weights;
      m->weights = w;
      m->n_bytes += (uint64_t)(want->n_blocks * want->K * want->N) * sizeof(float);
    }
  }
  pthread_mutex_unlock(&m->lock);
  *out_weight = w;
  return status;
}

/* The oracle trusts no plan: every element that an operand can reach in any iteration lies in its space. */
static pleat_status check_operand(const pleat_plan *plan, const pleat_launch *launch, const pleat_operand *x,
                                  int64_t count, pleat_error *err) {
  if (x->space == PLEAT_SPACE_NONE) return PLEAT_OK;
  int64_t lowest = 0, highest = 1, item = (int64_t)pleat_dtype_size((pleat_dtype)x->dtype);
  for (int d = 0; d < x->rank; d++) {
    if (x->size[d] <= 0) return PLEAT_OK;
    int64_t reach = (x->size[d] - 1) * x->stride[d];
    if (reach < 0)
      lowest += reach;
    else
      highest += reach;
  }
  int64_t limit;
  if (x->space == PLEAT_SPACE_ARENA) {
    int64_t last = (count - 1) * x->step;
    lowest = x->offset + lowest * item + (last < 0 ? last : 0);
    highest = x->offset + highest * item + (last > 0 ? last : 0);
    limit = (int64_t)plan->arena_bytes;
  } else {
    if (x->weight >= plan->n_weights)
      PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s names weight %u of %u", pleat_ops[launch->node->op].text,
                 launch->node->scope, x->weight, plan->n_weights);
    const pleat_plan_weight *w = &plan->weights[x->weight];
    lowest += x->offset;
    highest += x->offset;
    limit = w->K * w->N;
    if (x->step && count > w->n_blocks) limit = -1;
  }
  if (lowest < 0 || highest > limit)
    PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s reaches [%lld, %lld) of %lld in %lld iterations",
               pleat_ops[launch->node->op].text, launch->node->scope, (long long)lowest, (long long)highest,
               (long long)limit, (long long)count);
  return PLEAT_OK;
}

/* A letter has one size in all operands of a launch, except along the joined dimension of CONCAT. */
static pleat_status check_letters(const pleat_launch *launch, pleat_error *err) {
  const pleat_node *node = launch->node;
  int64_t size[128];
  memset(size, -1, sizeof size);
  for (int i = -1; i < node->n_in; i++) {
    const pleat_operand *x = i < 0 ? &launch->out : &launch->in[i];
    const char *letters = node->letters[i + 1];
    if (x->space == PLEAT_SPACE_NONE) continue;
    if (strlen(letters) != x->rank)
      PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s: operand %d has %d axes but is spelled \"%s\"",
                 pleat_ops[node->op].text, node->scope, i, x->rank, letters);
    for (int d = 0; d < x->rank; d++) {
      int64_t *known = &size[letters[d] & 127];
      if (*known < 0) *known = x->size[d];
      bool is_joined = node->op == PLEAT_OP_CONCAT && d == node->attr.dim;
      if (*known != x->size[d] && !is_joined)
        PLEAT_FAIL(err, PLEAT_INTERNAL, "%s in %s: axis '%c' of operand %d has size %lld, elsewhere %lld",
                   pleat_ops[node->op].text, node->scope, letters[d], i, (long long)x->size[d], (long long)*known);
    }
  }
  return PLEAT_OK;
}

static pleat_status check_segment(const pleat_plan *plan, const pleat_segment *segment, pleat_error *err) {
  for (uint32_t i = segment->first; i < segment->last; i++) {
    const pleat_launch *launch = &plan->launches[i];
    if (launch->node->op == PLEAT_OP_SLICE) continue;
    PLEAT_TRY(check_letters(launch, err));
    PLEAT_TRY(check_operand(plan, launch, &launch->out, segment->count, err));
    for (int k = 0; k < launch->node->n_in; k++)
      PLEAT_TRY(check_operand(plan, launch, &launch->in[k], segment->count, err));
  }
  return PLEAT_OK;
}

static void ref_program_destroy(void *be, void *program_arg) {
  (void)be;
  program *p = program_arg;
  if (!p) return;
  pleat_os_pages_free(p->arena, (size_t)p->plan->arena_bytes);
  free(p->scratch);
  free((void *)p->weights);
  free(p);
}

static pleat_status program_fill(program *p, model *m, pleat_error *err) {
  const pleat_plan *plan = p->plan;
  int64_t n_scratch = 1;
  for (uint32_t i = 0; i < plan->n_segments; i++) PLEAT_TRY(check_segment(plan, &plan->segments[i], err));
  for (uint32_t i = 0; i < plan->n_launches; i++) {
    int64_t n = pleat_ref_scratch(&plan->launches[i]);
    if (n > n_scratch) n_scratch = n;
  }
  p->arena = pleat_os_pages_alloc((size_t)plan->arena_bytes);
  if ((uint64_t)n_scratch < SIZE_MAX / sizeof(double)) p->scratch = malloc((size_t)n_scratch * sizeof(double));
  p->weights = calloc((size_t)plan->n_weights + 1, sizeof(void *));
  if (!p->arena || !p->scratch || !p->weights)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %llu bytes of activations; %llu are free",
               (unsigned long long)plan->arena_bytes, (unsigned long long)pleat_os_memory_available());
  for (uint32_t i = 0; i < plan->n_weights; i++) PLEAT_TRY(model_find(m, &plan->weights[i], &p->weights[i], err));
  return PLEAT_OK;
}

static pleat_status ref_program_create(void *be, void *model_arg, const pleat_plan *plan, void **out_program,
                                       pleat_error *err) {
  *out_program = NULL;
  program *p = calloc(1, sizeof *p);
  if (!p) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a program of the ref backend");
  p->plan = plan;
  pleat_status status = program_fill(p, model_arg, err);
  if (status) {
    ref_program_destroy(be, p);
    return status;
  }
  *out_program = p;
  return PLEAT_OK;
}

static pleat_status ref_write(void *be, void *program_arg, const pleat_operand *dst, const void *src,
                              pleat_error *err) {
  (void)be;
  program *p = program_arg;
  return pleat_host_arena_write(p->plan, p->arena, dst, src, err);
}

static pleat_status ref_read(void *be, void *program_arg, const pleat_operand *src, void *dst, pleat_error *err) {
  (void)be;
  program *p = program_arg;
  return pleat_host_arena_read(p->plan, p->arena, src, dst, err);
}

/* The tensor of an operand in one iteration; weights are float32 in memory whatever the plan calls them. */
static pleat_ref_tensor resolve(const program *p, const pleat_operand *x, const char *letters, int64_t iteration) {
  pleat_ref_tensor t = {.dtype = x->dtype, .rank = x->rank};
  if (x->space == PLEAT_SPACE_NONE) return t;
  if (x->space == PLEAT_SPACE_ARENA) {
    t.data = p->arena + x->offset + iteration * x->step;
  } else {
    const weight *w = p->weights[x->weight];
    int64_t first = x->offset + iteration * x->step * w->key.K * w->key.N;
    t.data = (uint8_t *)(w->values + first);
    t.dtype = PLEAT_F32;
  }
  memcpy(t.letters, letters, sizeof t.letters);
  memcpy(t.size, x->size, sizeof t.size);
  memcpy(t.stride, x->stride, sizeof t.stride);
  return t;
}

static pleat_status ref_run(void *be, void *program_arg, uint32_t first, uint32_t last, int64_t iteration,
                            pleat_error *err) {
  (void)be, (void)err;
  program *p = program_arg;
  for (uint32_t i = first; i < last; i++) {
    const pleat_launch *launch = &p->plan->launches[i];
    const pleat_node *node = launch->node;
    pleat_ref_call call = {.node = node, .scratch = p->scratch};
    call.out = resolve(p, &launch->out, node->letters[0], iteration);
    for (int k = 0; k < node->n_in; k++) call.in[k] = resolve(p, &launch->in[k], node->letters[1 + k], iteration);
    functions[node->op](&call);
  }
  return PLEAT_OK;
}

const pleat_backend_vtbl pleat_backend_ref = {
    .name = "ref",
    .open = ref_open,
    .close = ref_close,
    .caps = ref_caps,
    .supports = ref_supports,
    .scratch_bytes = ref_scratch_bytes,
    .model_create = ref_model_create,
    .model_destroy = ref_model_destroy,
    .model_bytes = ref_model_bytes,
    .program_create = ref_program_create,
    .program_destroy = ref_program_destroy,
    .write = ref_write,
    .read = ref_read,
    .run = ref_run,
};
