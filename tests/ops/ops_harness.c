/* One operation on one backend; see ops_harness.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ops_harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/half.h"

enum {
  GUARD_BYTES = 256, /* between operands; also more than STEP_BYTES, so that every iteration is in the arena */
  STEP_BYTES = 128,  /* of a stacked result */
  N_BLOCKS = 3,
  BLOCK = 1,         /* the iteration that runs */
  LEAD_ELEMENTS = 5, /* parameters start in the middle of their tensor */
  GUARD_BYTE = 0xFF  /* NaN as a float of any size, an index outside as an integer */
};

static void *must_alloc(size_t n) {
  void *p = calloc(n ? n : 1, 1);
  if (!p) {
    fprintf(stderr, "ops_harness: no memory for %zu bytes\n", n);
    exit(2);
  }
  return p;
}

int64_t ops_elements(const ops_operand *x) {
  int64_t n = 1;
  for (int d = 0; d < x->rank; d++) n *= x->size[d];
  return n;
}

/* ---- Cases ------------------------------------------------------------------------------------------------------ */

static void parse_sizes(const char *text, uint64_t seed, int64_t *size) {
  pleat_rng rng = pleat_rng_init(seed, 1);
  for (int i = 0; i < 128; i++) size[i] = 1 + (int64_t)pleat_rng_below(&rng, 20);
  while (*text) {
    char letter = *text++;
    char *end;
    size[letter & 127] = strtoll(text, &end, 10);
    text = end;
    while (*text == ' ') text++;
  }
}

static void init_operand(ops_operand *x, const char *letters, size_t n, const int64_t *size) {
  memcpy(x->letters, letters, n);
  x->letters[n] = 0;
  x->rank = (int)n;
  for (size_t d = 0; d < n; d++) x->size[d] = size[letters[d] & 127];
}

/* Contents that are integers. */
static bool is_integer(char content) { return content && strchr("tigbe", content); }

/* The joined axis has a size of its own in every part. */
static void join_sizes(ops_case *c) {
  int dim = c->attr.dim;
  pleat_rng rng = pleat_rng_init(c->seed, 2);
  c->out.size[dim] = 0;
  for (int i = 0; i < c->n_in; i++) {
    c->in[i].size[dim] = (int64_t)pleat_rng_below(&rng, 7);
    c->out.size[dim] += c->in[i].size[dim];
  }
}

void ops_case_init(ops_case *c, pleat_op op, const char *spec, const char *places, const char *sizes, pleat_attr attr,
                   uint64_t seed) {
  int64_t size[128];
  *c = (ops_case){.op = op, .attr = attr, .alias = -1, .seed = seed};
  parse_sizes(sizes, seed, size);
  const char *arrow = strstr(spec, "->");
  if (!arrow || strlen(arrow + 2) > PLEAT_MAX_RANK) {
    fprintf(stderr, "ops_harness: cannot read the spec \"%s\"\n", spec);
    exit(2);
  }
  for (const char *p = spec; *places; c->n_in++) {
    ops_operand *x = &c->in[c->n_in];
    size_t n = strcspn(p, ",-");
    init_operand(x, p, n, size);
    x->place = *places++;
    if (x->place != OPS_ABSENT) x->content = *places++;
    x->dtype = is_integer(x->content) ? PLEAT_I32 : PLEAT_F32;
    while (*places == ' ') places++;
    p += n;
    if (*p == ',') p++;
  }
  init_operand(&c->out, arrow + 2, strlen(arrow + 2), size);
  c->out.place = OPS_ARENA;
  c->out.dtype = op == PLEAT_OP_DIST_BIN || op == PLEAT_OP_REL_INDEX ? PLEAT_I32 : PLEAT_F32;
  if (op == PLEAT_OP_CONCAT) join_sizes(c);
  for (int i = 0; i < c->n_in; i++)
    if (c->in[i].place != OPS_ABSENT) c->in[i].values = must_alloc((size_t)ops_elements(&c->in[i]) * sizeof(double));
}

void ops_case_fini(ops_case *c) {
  for (int i = 0; i < c->n_in; i++) free(c->in[i].values);
}

static double uniform(pleat_rng *rng, double low, double high) { return low + (high - low) * pleat_rng_uniform(rng); }

/* A rotation from a random quaternion, row-major; and the quaternion. */
static void draw_rotation(pleat_rng *rng, double *q, double *R) {
  double norm = 0;
  for (int i = 0; i < 4; i++) q[i] = uniform(rng, -1, 1);
  for (int i = 0; i < 4; i++) norm += q[i] * q[i];
  for (int i = 0; i < 4; i++) q[i] /= sqrt(norm);
  double w = q[0], x = q[1], y = q[2], z = q[3];
  const double rows[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                          2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                          2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  memcpy(R, rows, sizeof rows);
}

static double draw_special(pleat_rng *rng) {
  static const double specials[] = {INFINITY, -INFINITY, NAN, 0.0, -0.0, 1e-40, 50};
  return specials[pleat_rng_below(rng, sizeof specials / sizeof *specials)];
}

static double draw_number(char content, pleat_rng *rng, int64_t n_rows) {
  switch (content) {
    case 'm': return (double)pleat_rng_below(rng, 2); /* mask */
    case 'p': return uniform(rng, 0.5, 1.5);          /* positive */
    case 'l': return uniform(rng, -60, 60);           /* logits */
    case 'c': return uniform(rng, -20, 20);           /* coordinates */
    case 'z': return 0;
    case 'N': return pleat_rng_below(rng, 29) ? uniform(rng, -2, 2) : draw_special(rng);
    case 't': return (double)pleat_rng_below(rng, 21);                       /* residue type */
    case 'b': return (double)pleat_rng_below(rng, 14);                       /* atom of a residue */
    case 'e': return (double)pleat_rng_below(rng, 3);                        /* chain */
    case 'i': return (double)pleat_rng_below(rng, 90);                       /* residue number */
    case 'g': return (double)pleat_rng_below(rng, (uint64_t)n_rows + 3) - 2; /* row of a table, or outside */
    default: return uniform(rng, -2, 2);                                     /* 'n' */
  }
}

/* Rows of the last axis: 'f' frames, 'q' affines, 'a' sine and cosine. */
static bool draw_row(char content, pleat_rng *rng, double *row) {
  double q[4], R[9], angle;
  switch (content) {
    case 'f':
      draw_rotation(rng, q, row);
      for (int i = 9; i < 12; i++) row[i] = uniform(rng, -3, 3);
      return true;
    case 'q':
      draw_rotation(rng, row, R);
      for (int i = 4; i < 7; i++) row[i] = uniform(rng, -3, 3);
      return true;
    case 'a':
      angle = uniform(rng, -4, 4);
      row[0] = sin(angle);
      row[1] = cos(angle);
      return true;
    default: return false;
  }
}

static double round_to(uint8_t dtype, double value) {
  if (dtype == PLEAT_BF16) return pleat_f32_from_bf16(pleat_bf16_from_f32((float)value));
  return dtype == PLEAT_F32 ? (float)value : value;
}

void ops_case_draw(ops_case *c) {
  for (int i = 0; i < c->n_in; i++) {
    ops_operand *x = &c->in[i];
    pleat_rng rng = pleat_rng_init(c->seed, 10 + (uint64_t)i);
    int64_t n = ops_elements(x), width = x->rank ? x->size[x->rank - 1] : 1;
    if (!x->values) continue;
    for (int64_t at = 0; at < n; at += width) {
      if (draw_row(x->content, &rng, x->values + at)) continue;
      for (int64_t k = 0; k < width; k++)
        x->values[at + k] = draw_number(x->content, &rng, c->in[0].rank ? c->in[0].size[0] : 1);
    }
    for (int64_t at = 0; at < n; at++) x->values[at] = round_to(x->dtype, x->values[at]);
  }
}

/* ---- One launch ------------------------------------------------------------------------------------------------- */

typedef struct bench {
  const ops_case *c;
  pleat_axis_info axes[(1 + PLEAT_MAX_IN) * PLEAT_MAX_RANK];
  pleat_value_info values[1 + PLEAT_MAX_IN];
  char names[PLEAT_MAX_IN][16];
  pleat_node node;
  pleat_graph graph;
  pleat_launch launch;
  pleat_segment segment;
  pleat_plan_weight weights[PLEAT_MAX_IN];
  pleat_plan plan;
  uint8_t *image; /* the arena before the run */
  uint8_t *after; /* and after */
} bench;

static void add_value(bench *b, const ops_operand *x, uint32_t id, uint8_t kind) {
  pleat_value_info *info = &b->values[id];
  *info = (pleat_value_info){.name = "", .kind = kind, .dtype = x->dtype, .rank = (uint8_t)x->rank};
  for (int d = 0; d < x->rank; d++) {
    static const char name[2] = "x";
    info->axis[d] = (pleat_axis)b->graph.n_axes;
    b->axes[b->graph.n_axes++] = (pleat_axis_info){.name = name, .size = x->size[d]};
  }
}

static void build_graph(bench *b) {
  const ops_case *c = b->c;
  b->graph = (pleat_graph){.axes = b->axes,
                           .values = b->values,
                           .nodes = &b->node,
                           .n_nodes = 1,
                           .n_values = 1 + (uint32_t)c->n_in,
                           .open_region = PLEAT_NO_REGION};
  b->node = (pleat_node){.op = (uint8_t)c->op,
                         .n_in = (uint8_t)c->n_in,
                         .stage = PLEAT_STAGE_TRUNK,
                         .region = PLEAT_NO_REGION,
                         .out = 0,
                         .attr = c->attr,
                         .scope = "tests/ops"};
  memcpy(b->node.letters[0], c->out.letters, sizeof c->out.letters);
  add_value(b, &c->out, 0, PLEAT_VALUE_NODE);
  for (int i = 0; i < c->n_in; i++) {
    const ops_operand *x = &c->in[i];
    bool is_weight = x->place == OPS_PLAIN || x->place == OPS_MATRIX;
    b->node.in[i] = x->place == OPS_ABSENT ? PLEAT_NO_VALUE : 1 + (uint32_t)i;
    memcpy(b->node.letters[1 + i], x->letters, sizeof x->letters);
    add_value(b, x, 1 + (uint32_t)i, is_weight ? PLEAT_VALUE_WEIGHT : PLEAT_VALUE_INPUT);
    snprintf(b->names[i], sizeof b->names[i], "w%d", i);
    b->values[1 + i].name = b->names[i];
    b->values[1 + i].is_stacked = is_weight && c->is_stacked;
  }
}

/* Strides of a layout; returns the elements of the whole array and the position of the view's first element. */
static int64_t lay_out(const ops_operand *x, pleat_operand *dst, int64_t *out_first) {
  int64_t n = 1;
  *out_first = 0;
  for (int k = 0; k < x->rank; k++) {
    int d = x->layout == OPS_PERMUTED ? k : x->rank - 1 - k;
    int64_t before = x->layout == OPS_DENSE ? 0 : 1 + d % 2, behind = x->layout == OPS_DENSE ? 0 : 2;
    dst->size[d] = x->size[d];
    dst->stride[d] = n;
    *out_first += before * n;
    n *= before + x->size[d] + behind;
  }
  return n;
}

static pleat_operand arena_operand(bench *b, const ops_operand *x) {
  pleat_operand dst = {.space = PLEAT_SPACE_ARENA, .dtype = x->dtype, .rank = (uint8_t)x->rank};
  int64_t first, item = (int64_t)pleat_dtype_size((pleat_dtype)x->dtype), n = lay_out(x, &dst, &first);
  dst.offset = (int64_t)b->plan.arena_bytes + GUARD_BYTES + first * item;
  b->plan.arena_bytes += (uint64_t)(GUARD_BYTES + (n * item + 63) / 64 * 64);
  return dst;
}

/* MATRIX: [K, N] where K is made of the leading axes that the result lacks. */
static pleat_operand weight_operand(bench *b, const ops_operand *x, int input) {
  pleat_operand dst = {.space = PLEAT_SPACE_WEIGHT,
                       .dtype = x->dtype,
                       .rank = (uint8_t)x->rank,
                       .weight = b->plan.n_weights,
                       .step = b->c->is_stacked};
  int64_t first, n = lay_out(x, &dst, &first), K = 1;
  bool is_matrix = x->place == OPS_MATRIX;
  /* The second matrix of a transition gives letters of the result back that its x has as well. */
  int n_outer = b->c->op == PLEAT_OP_TRANSITION ? 1 : 0;
  for (int d = 0; is_matrix && d < x->rank; d++) {
    bool is_outer = n_outer ? d >= n_outer : strchr(b->c->out.letters, x->letters[d]) != NULL;
    if (is_outer) break;
    K *= x->size[d];
  }
  b->weights[b->plan.n_weights++] = (pleat_plan_weight){.name = b->names[input],
                                                        .K = K,
                                                        .N = K ? n / K : 0,
                                                        .first_element = LEAD_ELEMENTS,
                                                        .n_blocks = b->c->is_stacked ? N_BLOCKS : 1,
                                                        .block_elements = LEAD_ELEMENTS + n + 3,
                                                        .dtype = x->dtype};
  return dst;
}

static void build_plan(bench *b) {
  const ops_case *c = b->c;
  b->plan = (pleat_plan){.graph = &b->graph,
                         .launches = &b->launch,
                         .segments = &b->segment,
                         .weights = b->weights,
                         .n_launches = 1,
                         .n_segments = 1};
  b->launch = (pleat_launch){.node = &b->node};
  b->segment = (pleat_segment){
      .stage = PLEAT_STAGE_TRUNK, .first = 0, .last = 1, .count = c->is_stacked ? N_BLOCKS : 1, .name = "tests/ops"};
  for (int i = 0; i < c->n_in; i++) {
    const ops_operand *x = &c->in[i];
    if (x->place == OPS_ABSENT) continue;
    b->launch.in[i] = x->place == OPS_ARENA ? arena_operand(b, x) : weight_operand(b, x, i);
  }
  b->launch.out = c->alias >= 0 ? b->launch.in[c->alias] : arena_operand(b, &c->out);
  if (c->is_stacked && c->alias < 0) {
    b->launch.out.step = STEP_BYTES;
    b->launch.out.offset -= BLOCK * STEP_BYTES;
  }
  b->plan.arena_bytes += GUARD_BYTES;
}

static void put(uint8_t *bytes, uint8_t dtype, double value) {
  float as_float = (float)value;
  int32_t as_int = 0;
  uint16_t as_half;
  switch (dtype) {
    case PLEAT_F32: memcpy(bytes, &as_float, 4); break;
    case PLEAT_I32:
      as_int = (int32_t)value;
      memcpy(bytes, &as_int, 4);
      break;
    case PLEAT_BF16:
      as_half = pleat_bf16_from_f32(as_float);
      memcpy(bytes, &as_half, 2);
      break;
    default: *bytes = (uint8_t)value; break;
  }
}

static double get(const uint8_t *bytes, uint8_t dtype) {
  float as_float;
  int32_t as_int;
  uint16_t as_half;
  switch (dtype) {
    case PLEAT_F32: memcpy(&as_float, bytes, 4); return as_float;
    case PLEAT_I32: memcpy(&as_int, bytes, 4); return as_int;
    case PLEAT_BF16: memcpy(&as_half, bytes, 2); return pleat_f32_from_bf16(as_half);
    default: return *bytes;
  }
}

/* Calls for every element of a view, in row-major order of its letters: writes from values, or reads into them and
 * marks the bytes as expected to change. */
static void visit(const pleat_operand *x, uint8_t *bytes, double *values, bool is_read, uint8_t *opt_unmark) {
  int64_t index[PLEAT_MAX_RANK] = {0}, n = 1;
  size_t item = pleat_dtype_size((pleat_dtype)x->dtype);
  for (int d = 0; d < x->rank; d++) n *= x->size[d];
  for (int64_t i = 0; i < n; i++) {
    int64_t at = x->offset;
    for (int d = 0; d < x->rank; d++) at += index[d] * x->stride[d] * (int64_t)item;
    if (is_read)
      values[i] = get(bytes + at, x->dtype);
    else
      put(bytes + at, x->dtype, values[i]);
    if (opt_unmark) memcpy(opt_unmark + at, bytes + at, item);
    for (int d = x->rank - 1; d >= 0 && ++index[d] == x->size[d]; d--) index[d] = 0;
  }
}

/* Values of the block that runs; everything around it is a number that no result could hide. */
static pleat_status read_weight(void *ctx, const char *name, int64_t first, int64_t n, float *dst, pleat_error *err) {
  const bench *b = ctx;
  int input = atoi(name + 1);
  int64_t n_values = ops_elements(&b->c->in[input]), block_elements = LEAD_ELEMENTS + n_values + 3;
  int64_t block = b->c->is_stacked ? BLOCK : 0;
  (void)err;
  for (int64_t i = 0; i < n; i++) {
    int64_t at = first + i - block * block_elements - LEAD_ELEMENTS;
    dst[i] = at >= 0 && at < n_values ? (float)b->c->in[input].values[at] : 1e30f;
  }
  return PLEAT_OK;
}

static pleat_status run_program(bench *b, const pleat_backend_vtbl *vtbl, void *be, void *program, pleat_error *err) {
  pleat_operand whole = {
      .space = PLEAT_SPACE_ARENA, .dtype = PLEAT_U8, .rank = 1, .size = {(int64_t)b->plan.arena_bytes}, .stride = {1}};
  PLEAT_TRY(vtbl->write(be, program, &whole, b->image, err));
  PLEAT_TRY(vtbl->run(be, program, 0, 1, b->c->is_stacked ? BLOCK : 0, err));
  return vtbl->read(be, program, &whole, b->after, err);
}

static pleat_status run_bench(bench *b, const pleat_backend_vtbl *vtbl, pleat_error *err) {
  pleat_backend_options options = {.n_threads = b->c->n_threads, .opt_cpu_mask = b->c->opt_cpu_mask};
  pleat_weight_reader reader = {.ctx = b, .read = read_weight};
  void *be = NULL, *model = NULL, *program = NULL;
  pleat_status status = vtbl->open(&options, &be, err);
  if (status) return status;
  bool is_oracle = vtbl == &pleat_backend_ref;
  if (!is_oracle && !vtbl->supports(be, &b->graph, &b->node)) {
    status = pleat_fail(err, PLEAT_UNSUPPORTED, "%s refuses %s", vtbl->name, pleat_ops[b->c->op].text);
    goto done;
  }
  status = vtbl->model_create(be, &reader, &model, err);
  if (status) goto done;
  status = vtbl->program_create(be, model, &b->plan, &program, err);
  if (status) goto done;
  status = run_program(b, vtbl, be, program, err);
done:
  if (program) vtbl->program_destroy(be, program);
  if (model) vtbl->model_destroy(be, model);
  vtbl->close(be);
  return status;
}

pleat_status ops_case_run(const ops_case *c, const pleat_backend_vtbl *vtbl, double *out, pleat_error *err) {
  bench *b = must_alloc(sizeof *b);
  b->c = c;
  build_graph(b);
  build_plan(b);
  size_t n = (size_t)b->plan.arena_bytes;
  b->image = must_alloc(n);
  b->after = must_alloc(n);
  memset(b->image, GUARD_BYTE, n);
  for (int i = 0; i < c->n_in; i++)
    if (c->in[i].place == OPS_ARENA) visit(&b->launch.in[i], b->image, c->in[i].values, false, NULL);
  pleat_status status = run_bench(b, vtbl, err);
  if (!status) {
    pleat_operand written = b->launch.out;
    written.offset += c->is_stacked ? BLOCK * written.step : 0;
    visit(&written, b->after, out, true, b->image);
    for (size_t i = 0; i < n && !status; i++)
      if (b->after[i] != b->image[i])
        status = pleat_fail(err, PLEAT_MISMATCH, "%s wrote byte %zu of the arena, outside its result at %lld",
                            pleat_ops[c->op].text, i, (long long)written.offset);
  }
  free(b->image);
  free(b->after);
  free(b);
  return status;
}

double ops_error(const double *got, const double *want, int64_t n) {
  double off = 0, norm = 0;
  for (int64_t i = 0; i < n; i++) {
    if (isfinite(want[i]) && isfinite(got[i])) {
      off += (got[i] - want[i]) * (got[i] - want[i]);
      norm += want[i] * want[i];
    } else if (!(isnan(want[i]) && isnan(got[i])) && got[i] != want[i]) {
      return INFINITY;
    }
  }
  return norm > 0 ? sqrt(off / norm) : sqrt(off);
}
