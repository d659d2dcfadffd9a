/* Rows paired by species, by hand: order, limits, copies, chains without a partner.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "feat/feat_multimer_priv.h"
#include "pipeline/msas.h"

enum { MAX_ROWS = 1300 };

typedef struct hits {
  pleat_feat_row rows[MAX_ROWS];
  char names[MAX_ROWS][32];
  int64_t n;
} hits;

/* A row of four residues; species "" for none. */
static void add(hits *h, const char *letters, const char *species) {
  snprintf(h->names[h->n], sizeof h->names[0], "sp|P0C2L1|A_%s/1-4", species);
  h->rows[h->n] = (pleat_feat_row){.letters = letters, .opt_description = h->names[h->n]};
  h->n++;
}

static void check_pairs(const hits *a, int64_t n_a, const hits *b, int64_t n_b, const char *want) {
  const pleat_pairing_entity entities[2] = {{a->rows, a->n, 4, n_a}, {b->rows, b->n, 4, n_b}};
  int32_t *rows = NULL;
  int64_t n = 0;
  pleat_error err = {0};
  char got[4096] = "";
  if (!CHECK_OK(pleat_pair_species(entities, 2, &rows, &n, &err), &err)) return;
  for (int64_t k = 0; k < n; k++) {
    size_t at = strlen(got);
    if (at + 32 < sizeof got) snprintf(got + at, 32, "%s%d,%d", k ? " " : "", rows[2 * k], rows[2 * k + 1]);
  }
  CHECK_STR(got, want);
  free(rows);
}

static void test_species(void) {
  static hits a, b;
  add(&a, "MKVA", ""), add(&b, "GGHW", "");
  add(&a, "MKAA", "HUMAN"); /* 1: three of four */
  add(&a, "MAAA", "HUMAN"); /* 2: two */
  add(&a, "MKVC", "HUMAN"); /* 3: three */
  add(&a, "MKVD", "YEAST"); /* 4 */
  add(&a, "MKVE", "MOUSE"); /* 5: alone */
  add(&b, "CCCC", "YEAST"); /* 1 */
  add(&b, "GCCC", "HUMAN"); /* 2: one */
  add(&b, "GGCC", "HUMAN"); /* 3: two */
  /* The most similar first, equal ones in their order; pairs by the product of row numbers. */
  check_pairs(&a, 1, &b, 1, "0,0 1,3 4,1 3,2");
  /* Two copies count as two chains: species of theirs are paired without the other entity too, behind the others. */
  check_pairs(&a, 2, &b, 1, "0,0 1,3 4,1 3,2 5,-1");
  check_pairs(&a, 1, &b, 2, "0,0 4,1 1,3 3,2"); /* products 0, 4, 9, 12 */
}

static void test_many(void) {
  static hits a, b;
  add(&a, "MKVA", ""), add(&b, "GGHW", "");
  add(&b, "GGHA", "HUMAN");
  for (int i = 0; i < 600; i++) add(&a, "MKVC", "HUMAN");
  check_pairs(&a, 1, &b, 1, "0,0 1,1");
  add(&a, "MKVC", "HUMAN");
  check_pairs(&a, 1, &b, 1, "0,0");
}

/* From files to features: rows that a pair repeats are dropped from the chain's own. */
static void test_features(void) {
  pleat_target_msas msas;
  pleat_arrays *raw = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_target_msas_read("tests/data/msas", "MKVAW:GGH:MKVAW", &pleat_msas_published_limits, &msas, &err),
                &err)) {
    return;
  }
  CHECK_INT(msas.n_chains, 3);
  CHECK_INT(msas.chains[0].n_msas, 2);
  CHECK(msas.chains[2].opt_msas == msas.chains[0].opt_msas);
  if (CHECK_OK(pleat_feat_multimer_species(msas.chains, msas.n_chains, &raw, &err), &err)) {
    /* Pairs: the queries, HUMAN of all three chains, YEAST of the two copies. Own rows: MK-AW and MKVAF of A, whose
     * query and MRVAW are paired; GAH of B. */
    const pleat_array *msa = pleat_arrays_find(raw, "msa");
    CHECK_INT(msa->shape[1], 13);
    CHECK_INT(msa->shape[0], 3 + 2 + 1);
  }
  pleat_arrays_destroy(raw);
  pleat_target_msas_fini(&msas);
}

int main(void) {
  test_species();
  test_many();
  test_features();
  return check_report();
}
