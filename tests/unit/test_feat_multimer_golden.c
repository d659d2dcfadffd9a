/* Multimer features of AlphaFold's own searches, from its folders: the published pipeline_multimer.py on real complexes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "feat/feat_multimer_priv.h"
#include "io/fasta.h"
#include "pipeline/msas.h"
#include "reference.h"

enum { MAX_CHAINS = 3, MIN_ROWS = 512 };

typedef struct complex_case {
  const char *name;
  size_t n_chains;
  const char *chains[MAX_CHAINS]; /* in the order of the input */
  int order[MAX_CHAINS];          /* the published order of the columns: copies together */
} complex_case;

static const complex_case cases[] = {
    {"homodimer_2q2k", 2, {"2q2k_A", "2q2k_A"}, {0, 1}},
    {"hetero_4zey_1hf9", 2, {"4zey_A", "1hf9_A"}, {0, 1}},
    {"heterotrimer_ABA_1hf9_4zey_1hf9", 3, {"1hf9_A", "4zey_A", "1hf9_A"}, {0, 2, 1}},
};

/* Column of ours for every column of the published features. */
static void map_columns(const complex_case *c, const pleat_feat_chain *chains, int64_t *columns) {
  int64_t n = 0;
  for (size_t k = 0; k < c->n_chains; k++) {
    int64_t first = 0;
    for (int d = 0; d < c->order[k]; d++) first += (int64_t)strlen(chains[d].sequence);
    for (size_t i = 0; i < strlen(chains[c->order[k]].sequence); i++) columns[n++] = first + (int64_t)i;
  }
}

static void compare_columns(const char *name, const pleat_arrays *got_set, const pleat_arrays *want_set,
                            const int64_t *columns, double tol) {
  const pleat_array *got = pleat_arrays_find(got_set, name), *want = pleat_arrays_find(want_set, name);
  if (!CHECK(got && want) || !CHECK_INT(pleat_array_elements(got), pleat_array_elements(want))) {
    fprintf(stderr, "  array %s\n", name);
    return;
  }
  int64_t width = want->rank ? want->shape[want->rank - 1] : 1, n_off = 0;
  for (int64_t i = 0; i < pleat_array_elements(want); i++) {
    int64_t at = want->rank ? i / width * width + columns[i % width] : i;
    n_off += !(fabs(pleat_array_number(got, at) - pleat_array_number(want, i)) <= tol);
  }
  if (!CHECK_INT(n_off, 0)) fprintf(stderr, "  array %s\n", name);
}

/* Asymmetric units are numbered in the order of the columns there, in that of the input here. */
static void compare_asym(const complex_case *c, const pleat_arrays *got, const pleat_arrays *want,
                         const int64_t *columns) {
  const pleat_array *ours = pleat_arrays_find(got, "asym_id"), *theirs = pleat_arrays_find(want, "asym_id");
  int64_t n_off = 0;
  for (int64_t i = 0; i < pleat_array_elements(theirs); i++) {
    int k = (int)pleat_array_number(theirs, i) - 1;
    n_off += pleat_array_number(ours, columns[i]) != c->order[k] + 1;
  }
  CHECK_INT(n_off, 0);
}

static void compare(const complex_case *c, const pleat_feat_chain *chains, const pleat_arrays *want) {
  static const char *const columns_names[] = {"msa",    "deletion_matrix", "msa_mask",  "bert_mask",   "aatype",
                                              "sym_id", "residue_index",   "entity_id", "entity_mask", "seq_mask"};
  static const char *const counts[] = {"num_alignments", "seq_length", "assembly_num_chains"};
  pleat_error err = {0};
  pleat_arrays *got = NULL;
  int64_t columns[1024];
  if (!CHECK_OK(pleat_feat_multimer_pair(chains, c->n_chains, MIN_ROWS, &got, &err), &err)) return;
  map_columns(c, chains, columns);
  for (size_t k = 0; k < sizeof columns_names / sizeof *columns_names; k++) {
    compare_columns(columns_names[k], got, want, columns, 0);
  }
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) reference_compare_named(got, want, counts[k], 0);
  compare_columns("deletion_mean", got, want, columns, 1e-6);
  reference_compare_named(got, want, "cluster_bias_mask", 0);
  compare_asym(c, got, want, columns);
  pleat_arrays_destroy(got);
}

/* The rows that were paired, before anything is made of them. */
static void compare_pairs(const complex_case *c, const pleat_feat_chain *chains) {
  char path[256];
  snprintf(path, sizeof path, "features/E_multimer/%s/stages.npz", c->name);
  pleat_arrays *stages = reference_npz(path);
  const pleat_array *want = stages ? pleat_arrays_find(stages, "paired_rows") : NULL;
  pleat_pairing_entity entities[MAX_CHAINS] = {{0}};
  pleat_feat_row *rows[MAX_CHAINS] = {NULL};
  int entity_of[MAX_CHAINS];
  size_t n_entities = 0;
  pleat_error err = {0};
  if (!CHECK(want != NULL)) return;
  for (size_t k = 0; k < c->n_chains; k++) {
    entity_of[k] = -1;
    for (size_t d = 0; d < k; d++) {
      if (strcmp(chains[k].sequence, chains[d].sequence) == 0) entity_of[k] = entity_of[d];
    }
    if (entity_of[k] < 0) {
      pleat_pairing_entity *entity = &entities[n_entities];
      entity->n_cols = (int64_t)strlen(chains[k].sequence);
      CHECK_OK(pleat_feat_rows_unique(chains[k].opt_hits, 1, entity->n_cols, &rows[n_entities], &entity->n_rows, &err),
               &err);
      entity->rows = rows[n_entities];
      entity_of[k] = (int)n_entities++;
    }
    entities[entity_of[k]].n_copies++;
  }
  int32_t *got = NULL;
  int64_t n = 0, n_off = 0;
  CHECK_OK(pleat_pair_species(entities, n_entities, &got, &n, &err), &err);
  if (CHECK_INT(n, want->shape[0])) {
    for (int64_t i = 0; i < n * (int64_t)c->n_chains; i++) {
      int64_t k = i % (int64_t)c->n_chains, r = i / (int64_t)c->n_chains;
      n_off += got[r * (int64_t)n_entities + entity_of[c->order[k]]] != pleat_array_number(want, i);
    }
    CHECK_INT(n_off, 0);
  }
  free(got);
  for (size_t e = 0; e < n_entities; e++) free(rows[e]);
  pleat_arrays_destroy(stages);
}

static void test_case(const complex_case *c) {
  char path[256], full[1024];
  pleat_error err = {0};
  pleat_chain_msas msas[MAX_CHAINS];
  pleat_feat_chain chains[MAX_CHAINS] = {{0}};
  pleat_fasta fasta = {0};
  size_t n = 0;
  memset(msas, 0, sizeof msas);
  snprintf(path, sizeof path, "features/E_multimer/%s/input.fasta", c->name);
  char *text = reference_text(path, &n);
  snprintf(path, sizeof path, "features/E_multimer/%s/features.npz", c->name);
  pleat_arrays *want = reference_npz(path);
  long n_failed = check_n_failed;
  bool is_ok = text && want && CHECK_OK(pleat_fasta_parse(text, n, path, &fasta, &err), &err) &&
               CHECK_INT(fasta.n_records, c->n_chains);
  for (size_t k = 0; k < c->n_chains && is_ok; k++) {
    snprintf(path, sizeof path, "features/msas/%s", c->chains[k]);
    is_ok = CHECK_OK(
        pleat_chain_msas_read(reference_path(path, full), &pleat_msas_published_limits, true, &msas[k], &err), &err);
    chains[k] = (pleat_feat_chain){.sequence = fasta.records[k].sequence,
                                   .opt_msas = msas[k].msas,
                                   .n_msas = msas[k].n_msas,
                                   .opt_hits = msas[k].has_hits ? &msas[k].hits : NULL};
  }
  if (is_ok && strcmp(chains[0].sequence, chains[1].sequence) != 0) compare_pairs(c, chains);
  if (is_ok) compare(c, chains, want);
  if (check_n_failed != n_failed) fprintf(stderr, "  case %s\n", c->name);
  for (size_t k = 0; k < c->n_chains; k++) pleat_chain_msas_fini(&msas[k]);
  pleat_arrays_destroy(want);
  pleat_fasta_fini(&fasta);
  free(text);
}

int main(void) {
  if (!reference_exists("features/README.md")) return check_skip("no reference data (PLEAT_SHARED)");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) test_case(&cases[i]);
  return check_report();
}
