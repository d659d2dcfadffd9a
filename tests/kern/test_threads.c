/* The cpu backend's results do not depend on the number of threads, bit for bit; and shapes larger than its blocks of
 * rows, keys, sequences and hidden units agree with the reference. At every instruction set of this machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"

#include "backend/cpu/kern/kern.h"
#include "ops/ops_harness.h"

typedef struct shape {
  pleat_op op;
  const char *spec, *places, *sizes;
  pleat_attr attr;
} shape;

static const shape shapes[] = {
    {PLEAT_OP_LINEAR, "ijk,kn,n->ijn", "An Mn Pn", "i11j41k67n130", {.n = 0}},
    {PLEAT_OP_LINEAR, "ijk,kn->nij", "An Mn", "i23j47k32n9", {.n = 0}},
    {PLEAT_OP_CONTRACT, "ikc,jkc->ijc", "An An", "i53j71k65c40", {.n = 0}},
    {PLEAT_OP_CONTRACT, "kjc,kic->ijc", "An An", "i53j71k65c40", {.n = 0}},
    {PLEAT_OP_CONTRACT, "sic,sjd->ijcd", "An An", "s20i7j9c32d32", {.n = 0}},
    {PLEAT_OP_CONTRACT, "ik,jk->ij", "An An", "i150j170k200", {.n = 0}},
    {PLEAT_OP_CONTRACT, "sic,si->ic", "An Am", "s200i20c64", {.n = 0}},
    {PLEAT_OP_CONTRACT, "sqhc,skhc->shqk", "An An", "s6h4q50k60c32", {.n = 0}},
    {PLEAT_OP_LAYER_NORM, "ijc,c,c->ijc", "An Pp Pn", "i50j30c128", {.a = 1e-5f}},
    {PLEAT_OP_SOFTMAX, "hqk->hqk", "Al", "h8q60k300", {.letter = 'k'}},
    {PLEAT_OP_SUM, "sij->ij", "An", "s100i30j40", {.n = 0}},
    {PLEAT_OP_SUM, "ijs->ij", "An", "s600i30j40", {.n = 0}},
    {PLEAT_OP_MUL, "ijc,ij->ijc", "An Am", "i100j90c40", {.n = 0}},
    {PLEAT_OP_ADD, "ijc,jic->ijc", "An An", "i80j80c40", {.n = 0}},
    {PLEAT_OP_PERMUTE, "ijc->cij", "An", "i90j70c130", {.n = 0}},
    {PLEAT_OP_POINT_LOGITS, "ihpx,jhpx,h->hij", "An An Pp", "i60j70h12p4x3", {.n = 0}},
    {PLEAT_OP_FUSED_LINEAR,
     "ijc,c,c,cd,d,cd,d,ijd,ij,ijd->ijd",
     "An Pp Pn Mn Pn Mn Pn An Am An",
     "i20j31c130d70",
     {.a = 1e-5f}},
    {PLEAT_OP_FUSED_LINEAR, "ijc,c,c,ch,,,,,,->hij", "An Pp Pn Mn - - - - - -", "i30j41c64h8", {.a = 1e-5f}},
    {PLEAT_OP_TRANSITION, "ijc,c,c,ch,h,hd,d,ijd->ijd", "An Pp Pn Mn Pn Mn Pn An", "i17j23c64h600d64", {.a = 1e-5f}},
    {PLEAT_OP_ATTENTION, "sihc,sjhc,sjhd,hij,sj,sihd->sihd", "An An An An Am An", "s3i101j600h4c32d32", {.a = 0.18f}},
    {PLEAT_OP_ATTENTION, "ihc,sic,sid,,si,->ihd", "An An An - Am -", "i40h8s700c8d8", {.a = 0.35f}},
    {PLEAT_OP_ATTENTION, "ijhc,tijhc,tijhd,,t,->ijhd", "An An An - Am -", "t4i30j31h4c16d16", {.a = 0.25f}},
    {PLEAT_OP_ATTENTION, "ihc,jhc,jhd,hij,ij,->ihd", "An An An An Am -", "i70j300h2c40d40", {.a = 0.15f}},
    {PLEAT_OP_OUTER_PRODUCT, "sic,sjd,cdz,z,ij,ijz->ijz", "An An Mn Pn Ap An", "s1100i6j15c8d8z40", {.n = 0}},
    {PLEAT_OP_OUTER_PRODUCT, "sic,sjd,cdz,z,ij,ijz->ijz", "An An Mn Pn Ap An", "s3i9j110c16d32z40", {.n = 0}},
    {PLEAT_OP_LOOKUP_ADD, "rc,ij,ij,ijc->ijc", "Pn Ai Am An", "r20i70j80c40", {.n = 0}},
};

static void try_level(ops_case *c, const shape *s, const double *want, double *one, double *many) {
  int64_t n = ops_elements(&c->out);
  pleat_error err = {0};
  c->n_threads = 1;
  CHECK_OK(ops_case_run(c, &pleat_backend_cpu, one, &err), &err);
  double error = ops_error(one, want, n);
  if (!CHECK(error <= pleat_ops[s->op].tolerance))
    fprintf(stderr, "  %s: %s %s %s: error %g\n", c->opt_cpu_mask, pleat_ops[s->op].text, s->spec, s->sizes, error);
  for (c->n_threads = 2; c->n_threads <= 3; c->n_threads++) {
    CHECK_OK(ops_case_run(c, &pleat_backend_cpu, many, &err), &err);
    if (!CHECK(memcmp(one, many, (size_t)n * sizeof *one) == 0))
      fprintf(stderr, "  %s: %s %s: %d threads differ from one\n", c->opt_cpu_mask, pleat_ops[s->op].text, s->spec,
              c->n_threads);
  }
}

static void try_shape(const shape *s, uint64_t seed) {
  ops_case c;
  pleat_error err = {0};
  ops_case_init(&c, s->op, s->spec, s->places, s->sizes, s->attr, seed);
  ops_case_draw(&c);
  int64_t n = ops_elements(&c.out);
  double *want = calloc((size_t)n + 1, sizeof *want), *one = calloc((size_t)n + 1, sizeof *one);
  double *many = calloc((size_t)n + 1, sizeof *many);
  if (!want || !one || !many) abort();
  CHECK_OK(ops_case_run(&c, &pleat_backend_ref, want, &err), &err);
  for (int i = 0; i <= pleat_cpu_level_highest(); i++) {
    c.opt_cpu_mask = pleat_cpu_level_name(i);
    try_level(&c, s, want, one, many);
  }
  free(want);
  free(one);
  free(many);
  ops_case_fini(&c);
}

int main(void) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) try_shape(&shapes[i], 100 + i);
  return check_report();
}
