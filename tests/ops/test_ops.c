/* Every operation on every backend, the cpu at every instruction set of this machine, against the reference: random
 * shapes, layouts, storage types, in-place results and special values. One line per operation and backend: shapes tried, largest observed / allowed error; at the end the
 * support matrix. PLEAT_TEST_BACKENDS=ref,avx2 chooses backends and instruction sets; an argument chooses operations by text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"

#include "backend/cpu/kern/kern.h"
#include "ops/ops_cases.h"
#include "ops/ops_harness.h"

enum { N_TRIES = 8, MAX_CANDIDATES = 8 };

/* A backend, or one instruction set of it. */
typedef struct candidate {
  const char *name;
  const pleat_backend_vtbl *vtbl;
  const char *opt_cpu_mask;
} candidate;

/* What became of an operation on a backend. */
typedef struct outcome {
  int n_tried, n_unsupported, n_failed;
  double error, allowed; /* of the worst ratio */
} outcome;

static bool is_product(pleat_op op) {
  return op == PLEAT_OP_LINEAR || op == PLEAT_OP_FUSED_LINEAR || op == PLEAT_OP_CONTRACT || op == PLEAT_OP_ATTENTION ||
         op == PLEAT_OP_TRANSITION || op == PLEAT_OP_OUTER_PRODUCT;
}

/* A bf16 result may be rounded to the neighbour when both computed values lie beside the middle between two: half an
 * ulp more, which is 2^-8 relative at most; denormal numbers may become zero. A product with an operand stored as bf16
 * may round its other operands to bf16 as well: another 2^-8. */
static double allowed_error(const ops_case *c) {
  double tolerance = pleat_ops[c->op].tolerance;
  if (c->out.dtype == PLEAT_BF16) tolerance += tolerance > 0 ? 0x1p-8 : 0x1p-126;
  bool is_half = false;
  for (int i = 0; i < c->n_in; i++) is_half |= c->in[i].dtype == PLEAT_BF16;
  return is_half && is_product(c->op) ? tolerance + 0x1p-8 : tolerance;
}

static bool is_float_content(char content) { return content && strchr("nlpcN", content); }

/* Variant `attempt` of a shape: layouts, storage types, stacked parameters, in-place results. In the last all operands
 * that may be bf16 are. */
static void vary(ops_case *c, const ops_shape *shape, int attempt) {
  pleat_rng rng = pleat_rng_init(c->seed, 3);
  bool is_mixed = (shape->flags & OPS_BF16) && attempt % 2;
  for (int i = 0; i < c->n_in; i++) {
    ops_operand *x = &c->in[i];
    bool may_permute = (shape->flags & OPS_ANY_ORDER) && attempt % 3 == 2;
    if (x->place == OPS_ARENA) x->layout = attempt % 3 ? may_permute ? OPS_PERMUTED : OPS_PADDED : OPS_DENSE;
    bool may_be_half = is_mixed && x->place != OPS_PLAIN && is_float_content(x->content);
    bool is_half = may_be_half && (pleat_rng_below(&rng, 2) || attempt == N_TRIES - 1);
    if (is_half) x->dtype = PLEAT_BF16;
  }
  c->out.layout = attempt % 3 ? OPS_PADDED : OPS_DENSE;
  if (is_mixed && pleat_rng_below(&rng, 2)) c->out.dtype = PLEAT_BF16;
  if ((c->op == PLEAT_OP_PERMUTE || c->op == PLEAT_OP_CONCAT) && c->in[0].dtype == PLEAT_I32) c->out.dtype = PLEAT_I32;
  c->is_stacked = attempt % 4 == 3;
  if (shape->alias < 0 || attempt < 4) return;
  c->in[shape->alias].dtype = c->out.dtype;
  c->in[shape->alias].layout = OPS_DENSE;
  c->alias = shape->alias;
}

static void try_case(const ops_case *c, const candidate *who, outcome *result, const char *spec) {
  int64_t n = ops_elements(&c->out);
  double *want = calloc((size_t)n + 1, sizeof *want), *got = calloc((size_t)n + 1, sizeof *got);
  pleat_error err = {0};
  if (!CHECK(want && got)) exit(2);
  result->n_tried++;
  if (CHECK_OK(ops_case_run(c, &pleat_backend_ref, want, &err), &err)) {
    pleat_status status = ops_case_run(c, who->vtbl, got, &err);
    if (status == PLEAT_UNSUPPORTED) {
      result->n_unsupported++;
    } else {
      double allowed = allowed_error(c), error = status ? INFINITY : ops_error(got, want, n);
      bool is_ok = CHECK(error <= allowed);
      if (!is_ok)
        fprintf(stderr, "  %s on %s: %s, seed %llu: error %.3g, allowed %.3g%s%s\n", pleat_ops[c->op].text, who->name,
                spec, (unsigned long long)c->seed, error, allowed, status ? ": " : "", status ? err.message : "");
      result->n_failed += !is_ok;
      if (error * (result->allowed > 0 ? result->allowed : 1) >= result->error * allowed) {
        result->error = error;
        result->allowed = allowed;
      }
    }
  }
  free(want);
  free(got);
}

static outcome try_op(pleat_op op, const candidate *who) {
  outcome result = {0};
  for (size_t s = 0; s < ops_n_shapes; s++) {
    const ops_shape *shape = &ops_shapes[s];
    if (shape->op != op) continue;
    for (int attempt = 0; attempt < N_TRIES; attempt++) {
      ops_case c;
      ops_case_init(&c, op, shape->spec, shape->places, shape->sizes, shape->attr, 1000 * s + (uint64_t)attempt);
      c.opt_cpu_mask = who->opt_cpu_mask;
      vary(&c, shape, attempt);
      ops_case_draw(&c);
      try_case(&c, who, &result, shape->spec);
      ops_case_fini(&c);
    }
  }
  if (result.n_tried == 0) {
    if (op == PLEAT_OP_SLICE) return result; /* a view: nothing to run */
    fprintf(stderr, "no shapes for %s\n", pleat_ops[op].text);
    CHECK(result.n_tried > 0);
  }
  if (result.n_unsupported == result.n_tried) return result;
  printf("%-10s %-16s %3d shapes, observed/allowed %.2e / %.2e%s\n", who->name, pleat_ops[op].text, result.n_tried,
         result.error, result.allowed, result.n_failed ? "  FAILED" : "");
  return result;
}

/* True when the comma-separated list in the environment is empty or names the backend. */
static bool is_chosen(const char *name) {
  const char *list = getenv("PLEAT_TEST_BACKENDS");
  size_t n = strlen(name);
  if (!list || !list[0]) return true;
  for (const char *p = list; (p = strstr(p, name)); p += n)
    if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ',')) return true;
  return false;
}

static const char *text_of(const outcome *o, pleat_op op) {
  if (op == PLEAT_OP_SLICE) return "view";
  if (o->n_tried == 0) return "-";
  if (o->n_failed) return "FAILED";
  return o->n_unsupported ? "no" : "yes";
}

static int list_candidates(candidate *out) {
  int n = 0;
  if (is_chosen("ref")) out[n++] = (candidate){"ref", &pleat_backend_ref, NULL};
  for (int i = 0; i <= pleat_cpu_level_highest() && n < MAX_CANDIDATES; i++) {
    const char *level = pleat_cpu_level_name(i);
    if (is_chosen("cpu") || is_chosen(level)) out[n++] = (candidate){level, &pleat_backend_cpu, level};
  }
  return n;
}

int main(int argc, char **argv) {
  static outcome results[PLEAT_N_OPS][MAX_CANDIDATES];
  candidate candidates[MAX_CANDIDATES];
  int n = list_candidates(candidates);
  for (int b = 0; b < n; b++) {
    for (int op = 0; op < PLEAT_N_OPS; op++) {
      if (argc > 1 && strcmp(argv[1], pleat_ops[op].text) != 0) continue;
      results[op][b] = try_op((pleat_op)op, &candidates[b]);
    }
  }
  printf("\n%-16s", "support");
  for (int b = 0; b < n; b++) printf(" %-10s", candidates[b].name);
  for (int op = 0; op < PLEAT_N_OPS; op++) {
    printf("\n%-16s", pleat_ops[op].text);
    for (int b = 0; b < n; b++) printf(" %-10s", text_of(&results[op][b], (pleat_op)op));
  }
  printf("\n\n");
  return check_report();
}
