/* Multimer features before sampling: by hand on two short chains, and against ColabFold's features of real complexes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/os.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"
#include "reference.h"

/* An alignment of literal rows. */
typedef struct literal {
  pleat_msa msa;
  char letters[256];
  int32_t deletions[256];
} literal;

static const pleat_msa *align(literal *dst, int64_t n_rows, const char *const *rows) {
  memset(dst, 0, sizeof *dst);
  dst->msa = (pleat_msa){n_rows, (int64_t)strlen(rows[0]), dst->letters, dst->deletions, NULL};
  for (int64_t r = 0; r < n_rows; r++) {
    memcpy(dst->letters + r * dst->msa.n_cols, rows[r], (size_t)dst->msa.n_cols);
  }
  return &dst->msa;
}

static pleat_feat_chain chain_of(const char *sequence, const pleat_msa *opt_msas, size_t n_msas,
                                 const pleat_msa *opt_paired) {
  return (pleat_feat_chain){.sequence = sequence, .opt_msas = opt_msas, .n_msas = n_msas, .opt_paired = opt_paired};
}

static int32_t int_at(const pleat_arrays *set, const char *name, int64_t i) {
  const pleat_array *array = pleat_arrays_find(set, name);
  if (!CHECK(array != NULL && array->dtype == PLEAT_I32)) return -1;
  return ((const int32_t *)array->data)[i];
}

static float f32_at(const pleat_arrays *set, const char *name, int64_t i) {
  const pleat_array *array = pleat_arrays_find(set, name);
  if (!CHECK(array != NULL && array->dtype == PLEAT_F32)) return -1.0f;
  return ((const float *)array->data)[i];
}

/* A row of ids, spelt as letters or digits. */
static void check_ids(const pleat_arrays *set, const char *name, int64_t first, const char *want) {
  for (int64_t i = 0; want[i]; i++) {
    int32_t id = int_at(set, name, first + i);
    char got = want[i] >= '0' && want[i] <= '9' ? (char)('0' + id) : pleat_restype_letters[id];
    if (!CHECK_INT(got, want[i])) fprintf(stderr, "  %s, element %lld\n", name, (long long)(first + i));
  }
}

static void check_mask(const pleat_arrays *set, const char *name, int64_t first, const char *want) {
  for (int64_t i = 0; want[i]; i++) CHECK_INT(f32_at(set, name, first + i), want[i] - '0');
}

typedef struct small_complex {
  literal unpaired_a, unpaired_b, paired_a, paired_b;
  pleat_feat_chain a, b;
} small_complex;

static void make_small(small_complex *c) {
  const pleat_msa *ua = align(&c->unpaired_a, 2, (const char *[]){"ACD", "A-D"});
  const pleat_msa *ub = align(&c->unpaired_b, 2, (const char *[]){"GW", "GG"});
  const pleat_msa *pa = align(&c->paired_a, 3, (const char *[]){"ACD", "ACE", "---"});
  const pleat_msa *pb = align(&c->paired_b, 3, (const char *[]){"GW", "GG", "GA"});
  c->unpaired_a.deletions[5] = 4;
  c->paired_b.deletions[3] = 7;
  c->a = chain_of("ACD", ua, 1, pa);
  c->b = chain_of("GW", ub, 1, pb);
}

static void test_grouped(void) {
  small_complex c;
  make_small(&c);
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  if (!CHECK_OK(pleat_feat_multimer_raw((pleat_feat_chain[]){c.a, c.a, c.b}, 3, &raw, &err), &err)) return;
  check_ids(raw, "aatype", 0, "ACDACDGW");
  check_ids(raw, "asym_id", 0, "11122233");
  check_ids(raw, "sym_id", 0, "11122211");
  check_ids(raw, "entity_id", 0, "11111122");
  check_ids(raw, "entity_mask", 0, "11111111");
  check_ids(raw, "residue_index", 0, "01201201");
  static const char *const rows[] = {"ACDACDGW", "ACEACEGG", "------GA", "ACDACD--",
                                     "A-DA-D--", "------GW", "------GG"};
  static const char *const bert[] = {"11111111", "11111111", "11111111", "11111100",
                                     "11111100", "00000011", "00000011"};
  const pleat_array *msa = pleat_arrays_find(raw, "msa");
  CHECK_INT(msa->shape[0], 7);
  CHECK_INT(msa->shape[1], 8);
  for (int64_t r = 0; r < 7; r++) {
    check_ids(raw, "msa", r * 8, rows[r]);
    check_mask(raw, "bert_mask", r * 8, bert[r]);
    check_mask(raw, "msa_mask", r * 8, "11111111");
    for (int64_t i = 0; i < 8; i++) {
      float want = r == 4 && (i == 2 || i == 5) ? 4.0f : r == 1 && i == 7 ? 7.0f : 0.0f;
      CHECK_INT(f32_at(raw, "deletion_matrix", r * 8 + i), want);
    }
  }
  check_mask(raw, "cluster_bias_mask", 0, "1000000");
  check_mask(raw, "deletion_mean", 0, "00200200"); /* unpaired rows only: 4 / 2 */
  check_mask(raw, "seq_mask", 0, "11111111");
  CHECK_INT(int_at(raw, "num_alignments", 0), 7);
  CHECK_INT(int_at(raw, "seq_length", 0), 8);
  CHECK_INT(int_at(raw, "assembly_num_chains", 0), 3);
  pleat_arrays_destroy(raw);
}

/* The copies of a chain stay where the user wrote them. */
static void test_input_order(void) {
  small_complex c;
  make_small(&c);
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  if (!CHECK_OK(pleat_feat_multimer_raw((pleat_feat_chain[]){c.a, c.b, c.a}, 3, &raw, &err), &err)) return;
  check_ids(raw, "asym_id", 0, "11122333");
  check_ids(raw, "sym_id", 0, "11111222");
  check_ids(raw, "entity_id", 0, "11122111");
  check_ids(raw, "msa", 0, "ACDGWACD");
  check_ids(raw, "msa", 4 * 8, "A-D--A-D");
  check_ids(raw, "msa", 6 * 8, "---GG---");
  check_mask(raw, "bert_mask", 4 * 8, "11100111");
  pleat_arrays_destroy(raw);
}

/* Identical chains: only the dense unpaired rows. Several alignments: the query is there once. */
static void test_homomer(void) {
  small_complex c;
  make_small(&c);
  literal second;
  pleat_msa both[2] = {c.unpaired_a.msa, *align(&second, 2, (const char *[]){"ACD", "AAD"})};
  pleat_feat_chain chain = chain_of("ACD", both, 2, &c.paired_a.msa);
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  if (!CHECK_OK(pleat_feat_multimer_raw((pleat_feat_chain[]){chain, chain}, 2, &raw, &err), &err)) return;
  CHECK_INT(pleat_arrays_find(raw, "msa")->shape[0], 3);
  check_ids(raw, "msa", 0, "ACDACDA-DA-DAADAAD");
  check_mask(raw, "bert_mask", 0, "111111111111111111");
  check_mask(raw, "cluster_bias_mask", 0, "100");
  CHECK_NEAR(f32_at(raw, "deletion_mean", 2), 4.0 / 3.0, 1e-6);
  pleat_arrays_destroy(raw);
}

/* No alignments at all, unusual letters, and padding. */
static void test_single_sequences(void) {
  pleat_feat_chain chains[2] = {chain_of("BUZ", NULL, 0, NULL), chain_of("OJW", NULL, 0, NULL)};
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  if (!CHECK_OK(pleat_feat_multimer_assemble(chains, 2, 5, &raw, &err), &err)) return;
  check_ids(raw, "aatype", 0, "XXXXXW");
  CHECK_INT(pleat_arrays_find(raw, "msa")->shape[0], 5);
  check_ids(raw, "msa", 0, "DCEXXWDCE------XXW000000000000");
  check_mask(raw, "msa_mask", 0, "111111111111111111000000000000");
  check_mask(raw, "bert_mask", 0, "111111111000000111000000000000");
  check_mask(raw, "cluster_bias_mask", 0, "10000");
  CHECK_INT(int_at(raw, "num_alignments", 0), 3);
  pleat_arrays_destroy(raw);
}

static pleat_msa make_tall(int64_t n_rows, char query, char other, int64_t gap_every) {
  pleat_msa msa = {n_rows, 1, calloc((size_t)n_rows, 1), calloc((size_t)n_rows, sizeof(int32_t)), NULL};
  if (!CHECK(msa.letters && msa.deletions)) abort();
  for (int64_t r = 0; r < n_rows; r++) msa.letters[r] = r == 0 ? query : r % gap_every == 0 ? '-' : other;
  return msa;
}

/* 1500 paired rows are cut to 1024; chain B is a gap in every second one and gets the room for unpaired rows. */
static void test_crop(void) {
  pleat_msa unpaired_a = make_tall(3000, 'A', 'C', 3000), paired_a = make_tall(1500, 'A', 'D', 1500);
  pleat_msa unpaired_b = make_tall(3000, 'G', 'W', 3000), paired_b = make_tall(1500, 'G', 'V', 2);
  pleat_feat_chain chains[2] = {chain_of("A", &unpaired_a, 1, &paired_a), chain_of("G", &unpaired_b, 1, &paired_b)};
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  if (CHECK_OK(pleat_feat_multimer_raw(chains, 2, &raw, &err), &err)) {
    /* Row 0 shows B although 0 is even: 513 of the 1024. */
    CHECK_INT(pleat_arrays_find(raw, "msa")->shape[0], 1024 + (2048 - 1024) + (2048 - 513));
    check_ids(raw, "msa", 2 * 1023, "DV");
    check_ids(raw, "msa", 2 * 1024, "A-");
    check_ids(raw, "msa", 2 * 2048, "-G-W");
  }
  pleat_arrays_destroy(raw);
  for (int i = 0; i < 4; i++) {
    pleat_msa *msa = (pleat_msa *[]){&unpaired_a, &paired_a, &unpaired_b, &paired_b}[i];
    free(msa->letters);
    free(msa->deletions);
  }
}

static void check_refused(pleat_feat_chain first, pleat_feat_chain second, const char *want) {
  pleat_error err = {0};
  pleat_arrays *raw = NULL;
  CHECK_INT(pleat_feat_multimer_raw((pleat_feat_chain[]){first, second}, 2, &raw, &err), PLEAT_INPUT);
  CHECK(raw == NULL);
  if (!CHECK(strstr(err.message, want) != NULL)) fprintf(stderr, "  got: %s\n", err.message);
}

static void test_refused(void) {
  small_complex c;
  make_small(&c);
  literal other;
  pleat_feat_chain b = c.b;
  b.opt_msas = align(&other, 1, (const char *[]){"GWW"});
  check_refused(c.a, b, "unpaired alignment of chain 2: expected rows of 2 columns");
  b.opt_msas = align(&other, 1, (const char *[]){"GA"});
  check_refused(c.a, b, "found 'A' instead of 'W' at residue 2");
  b = c.b;
  b.opt_paired = NULL;
  check_refused(c.a, b, "found 3 for chain 1 and 1 for chain 2");
  pleat_feat_chain a = c.a;
  a.n_msas = 0;
  check_refused(c.a, a, "chains 1 and 2 have the same sequence but alignments of 2 and 1 rows");
  check_refused(c.a, chain_of("", NULL, 0, NULL), "chain 2 is empty");
  check_refused(c.a, chain_of("Ag", NULL, 0, NULL), "chain 2, residue 2: expected a letter A-Z");
  pleat_arrays *raw = NULL;
  CHECK_INT(pleat_feat_multimer_raw(NULL, 0, &raw, NULL), PLEAT_INVALID);
}

static void check_colabfold(const pleat_feat_chain *chains, size_t n_chains, int64_t max_seq, const char *path) {
  static const char *const names[] = {
      "msa",      "deletion_matrix", "msa_mask",       "bert_mask",  "cluster_bias_mask",
      "aatype",   "residue_index",   "asym_id",        "sym_id",     "entity_id",
      "seq_mask", "entity_mask",     "num_alignments", "seq_length", "assembly_num_chains"};
  printf("%s\n", path);
  pleat_error err = {0};
  pleat_arrays *raw = NULL, *want = reference_npz(path);
  if (want && CHECK_OK(pleat_feat_multimer_assemble(chains, n_chains, max_seq + 4, &raw, &err), &err)) {
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) reference_compare_named(raw, want, names[k], 0.0);
    reference_compare_named(raw, want, "deletion_mean", 1e-6);
  }
  pleat_arrays_destroy(raw);
  pleat_arrays_destroy(want);
}

static void test_colabfold(void) {
  static const char *const paths[4] = {
      "features/F_colabfold/3G5O_A_3G5O_B/unpaired_0.a3m", "features/F_colabfold/3G5O_A_3G5O_B/unpaired_1.a3m",
      "features/F_colabfold/3G5O_A_3G5O_B/paired_0.a3m", "features/F_colabfold/3G5O_A_3G5O_B/paired_1.a3m"};
  pleat_a3m files[4] = {0};
  char *sequences[2] = {NULL, NULL};
  bool is_ok = true;
  for (int i = 0; i < 4 && is_ok; i++) {
    files[i] = reference_a3m(paths[i]);
    is_ok = files[i].msa.n_rows > 0;
  }
  for (int k = 0; k < 2 && is_ok; k++) {
    size_t n = (size_t)files[k].msa.n_cols;
    sequences[k] = calloc(n + 1, 1);
    is_ok = CHECK(sequences[k] != NULL);
    if (is_ok) memcpy(sequences[k], files[k].msa.letters, n);
  }
  if (is_ok) {
    pleat_feat_chain a = chain_of(sequences[0], &files[0].msa, 1, &files[2].msa);
    pleat_feat_chain b = chain_of(sequences[1], &files[1].msa, 1, &files[3].msa);
    check_colabfold((pleat_feat_chain[]){a, b}, 2, 252,
                    "features/F_colabfold/3G5O_A_3G5O_B/features_alphafold2_multimer_v1.npz");
    a.n_msas = b.n_msas = 0;
    check_colabfold((pleat_feat_chain[]){a, a, b}, 3, 508,
                    "features/F_colabfold/3G5O_AAB_paired_only/features_alphafold2_multimer_v3.npz");
  }
  for (int i = 0; i < 4; i++) pleat_a3m_fini(&files[i]);
  for (int k = 0; k < 2; k++) free(sequences[k]);
}

/* The same complex from the file that ColabFold writes. */
static void test_colabfold_file(void) {
  pleat_a3m a3m = reference_a3m("features/F_colabfold/3G5O_AAB_paired_only/3G5O_AAB_paired_only.a3m");
  if (!a3m.msa.n_rows) return;
  pleat_error err = {0};
  pleat_msa *unpaired = NULL, *paired = NULL;
  size_t n = 0;
  if (CHECK_OK(pleat_a3m_split(&a3m, &unpaired, &paired, &n, &err), &err) && CHECK_INT(n, 2) && CHECK(paired)) {
    char sequences[2][128] = {{0}};
    for (int k = 0; k < 2; k++) memcpy(sequences[k], unpaired[k].letters, (size_t)unpaired[k].n_cols);
    pleat_feat_chain a = chain_of(sequences[0], &unpaired[0], 1, &paired[0]);
    pleat_feat_chain b = chain_of(sequences[1], &unpaired[1], 1, &paired[1]);
    check_colabfold((pleat_feat_chain[]){a, a, b}, 3, 508,
                    "features/F_colabfold/3G5O_AAB_paired_only/features_alphafold2_multimer_v3.npz");
  }
  for (size_t k = 0; k < n; k++) {
    if (unpaired) pleat_msa_fini(&unpaired[k]);
    if (paired) pleat_msa_fini(&paired[k]);
  }
  free(unpaired);
  free(paired);
  pleat_a3m_fini(&a3m);
}

int main(void) {
  test_grouped();
  test_input_order();
  test_homomer();
  test_single_sequences();
  test_crop();
  test_refused();
  if (reference_exists("features/F_colabfold/3G5O_A_3G5O_B/case.json")) {
    test_colabfold();
    test_colabfold_file();
  } else {
    printf("note: no reference data in %s: ColabFold's complexes not compared\n", check_shared_dir());
  }
  return check_report();
}
