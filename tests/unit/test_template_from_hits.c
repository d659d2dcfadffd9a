/* Hits by hand: rules of other searches, hits that cannot be used, and structures that are no entries of the PDB.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/os.h"
#include "bio/residue.h"
#include "folder.h"
#include "template/structure_entry.h"
#include "template/template_from_hits.h"

enum { N = 12, N_ATOMS = PLEAT_N_ATOM37 };

static char chain_name[] = "A", chain_sequence[] = "MKTAYIAKQRQI", entry_id[] = "1abc", entry_date[] = "2020-05-14";

/* Five atoms in every residue but the last; CA of residue i at x = 3.8 i. */
typedef struct made_entry {
  pleat_mmcif_entry entry;
  pleat_mmcif_chain chain;
  float positions[N * N_ATOMS * 3], mask[N * N_ATOMS];
  pleat_status status; /* what loading gives */
} made_entry;

static void entry_make(made_entry *made) {
  *made = (made_entry){.status = PLEAT_OK};
  made->chain = (pleat_mmcif_chain){.author_id = chain_name,
                                    .n_res = N,
                                    .sequence = chain_sequence,
                                    .positions = made->positions,
                                    .mask = made->mask};
  for (int i = 0; i < N - 1; i++) {
    for (int a = 0; a < 5; a++) {
      made->mask[i * N_ATOMS + a] = 1;
      made->positions[(i * N_ATOMS + a) * 3] = 3.8f * (float)i;
    }
  }
  made->entry = (pleat_mmcif_entry){.id = entry_id, .release_date = entry_date, .chains = &made->chain, .n_chains = 1};
}

static pleat_status load(void *arg, const char *id, const pleat_mmcif_entry **out_entry, pleat_error *err) {
  made_entry *made = arg;
  *out_entry = &made->entry;
  if (made->status && err) snprintf(err->message, sizeof err->message, "cannot load %s", id);
  return made->status;
}

static pleat_status align_never(void *arg, const char *a, const char *b, pleat_aligned_pair *out, pleat_error *err) {
  (void)arg, (void)a, (void)b, (void)out;
  if (err) snprintf(err->message, sizeof err->message, "no aligner");
  return PLEAT_PROGRAM;
}

static void keep_report(void *arg, const pleat_template_hit *hit, const pleat_hit_report *report) {
  (void)hit;
  *(pleat_hit_report *)arg = *report;
}

/* One hit, whose rows have a column for each letter; `first` is where the hit's chain begins to be lined up. */
static pleat_status run(made_entry *made, const pleat_template_rules *opt_rules, const char *name,
                        const char *query_row, const char *hit_row, int32_t first, pleat_templates *out,
                        pleat_hit_report *report) {
  enum { MAX = 32 };
  char a[MAX], b[MAX], name_text[MAX];
  int32_t indices_query[MAX], indices_hit[MAX], next = 0;
  snprintf(a, MAX, "%s", query_row);
  snprintf(b, MAX, "%s", hit_row);
  snprintf(name_text, MAX, "%s", name);
  for (int i = 0; a[i]; i++) indices_query[i] = a[i] == '-' ? -1 : next++;
  for (int i = 0; b[i]; i++) indices_hit[i] = b[i] == '-' ? -1 : first++;
  pleat_template_hit hit = {.index = 1,
                            .name = name_text,
                            .aligned_cols = (int64_t)strlen(a),
                            .sum_probs = NAN,
                            .n_cols = (int64_t)strlen(a),
                            .query = a,
                            .hit_sequence = b,
                            .indices_query = indices_query,
                            .indices_hit = indices_hit};
  pleat_template_hits hits = {.hits = &hit, .n_hits = 1};
  pleat_template_rules rules = opt_rules ? *opt_rules : (pleat_template_rules){.hit = {.max_day = 20210101}};
  char query[MAX];
  size_t n = 0;
  for (const char *p = query_row; *p; p++) {
    if (*p != '-') query[n++] = *p;
  }
  query[n] = '\0';
  rules.max_templates = 4;
  rules.load = load;
  rules.load_arg = made;
  rules.align = align_never;
  rules.opt_on_report = keep_report;
  rules.report_arg = report;
  *report = (pleat_hit_report){.outcome = PLEAT_HIT_ERROR};
  return pleat_templates_from_hits(&hits, query, &rules, out, NULL);
}

static void check_outcome(made_entry *made, const pleat_template_rules *opt_rules, const char *name,
                          const char *query_row, const char *hit_row, pleat_hit_outcome want, const char *want_text) {
  pleat_templates templates;
  pleat_hit_report report;
  CHECK_INT(run(made, opt_rules, name, query_row, hit_row, 0, &templates, &report), PLEAT_OK);
  CHECK_INT(report.outcome, want);
  CHECK_INT(templates.n_items, want == PLEAT_HIT_USED);
  if (!CHECK(strstr(report.text, want_text) != NULL)) fprintf(stderr, "  \"%s\"\n", report.text);
  pleat_templates_fini(&templates);
}

static void test_outcomes(void) {
  static made_entry made;
  entry_make(&made);
  check_outcome(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_USED, "");
  check_outcome(&made, NULL, "1abc_A", "MKTAYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_PASSED, "95 %");
  check_outcome(&made, NULL, "nothing", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_ERROR, "template hit 1 is called");
  check_outcome(&made, NULL, "1abc_B", "MKTWYIAKQRQI", "MWTAYIAKQRQI", PLEAT_HIT_WARNING, "no protein chain B");
  check_outcome(&made, &(pleat_template_rules){.hit = {.max_day = 20200513}}, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI",
                PLEAT_HIT_PASSED, "2020-05-14");
  check_outcome(&made, &(pleat_template_rules){.hit = {.max_day = 20200514, .is_date_only = true}}, "1abc_A",
                "MKTAYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_USED, "");
  made.entry.release_date = chain_name;
  check_outcome(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_WARNING, "does not say when");
  entry_make(&made);
  made.status = PLEAT_IO;
  check_outcome(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_WARNING, "cannot load 1abc");
  entry_make(&made);
  memset(made.mask, 0, sizeof made.mask);
  made.mask[0] = made.mask[1] = made.mask[2] = made.mask[3] = 1; /* one atom fewer than an alanine has */
  check_outcome(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_WARNING, "no atoms where 1abc_A");
  made.mask[4] = 1;
  check_outcome(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MKTAYIAKQRQI", PLEAT_HIT_USED, "");
  /* What is not about one hit ends the search. */
  pleat_templates templates;
  pleat_hit_report report;
  entry_make(&made);
  CHECK_INT(run(&made, NULL, "1abc_A", "MKTWYIAKQRQI", "MWWAYIAKQRQI", 0, &templates, &report), PLEAT_PROGRAM);
  CHECK_INT(templates.n_items, 0);
}

/* MMseqs2: letters of the hit are unknown. */
static void test_by_number(void) {
  static made_entry made;
  const pleat_template_rules rules = {.hit = {.max_day = 20210101, .is_date_only = true}, .is_by_number = true};
  pleat_templates templates;
  pleat_hit_report report;
  entry_make(&made);
  CHECK_INT(run(&made, &rules, "1abc_A", "WWTAY-AKQ", "--XXXXXXX", 2, &templates, &report), PLEAT_OK);
  if (CHECK_INT(templates.n_items, 1)) {
    CHECK_STR(templates.items[0].sequence, "--TAYAKQ");
    CHECK_STR(templates.items[0].name, "1abc_A");
    CHECK_NEAR(templates.items[0].positions[(5 * N_ATOMS + PLEAT_ATOM_CA) * 3], 6 * 3.8, 1e-5); /* I is skipped */
    CHECK(templates.items[0].mask[1 * N_ATOMS + PLEAT_ATOM_CA] == 0);
    CHECK(templates.items[0].sum_probs == 0);
  }
  pleat_templates_fini(&templates);
  CHECK_INT(run(&made, &rules, "1abc_A", "AKQRQI", "XXXXXX", 7, &templates, &report), PLEAT_OK);
  CHECK_INT(report.outcome, PLEAT_HIT_ERROR);
  CHECK(strstr(report.text, "residue 13 of chain A, which has 12") != NULL);
  CHECK_INT(run(&made, &rules, "1abc_B", "AKQRQI", "XXXXXX", 6, &templates, &report), PLEAT_OK);
  CHECK_INT(report.outcome, PLEAT_HIT_ERROR);
}

static const char pdb[] =
    "ATOM      1  N   MET A   1      11.000   0.000   0.000  1.00  0.00           N\n"
    "ATOM      2  CA  MET A   1      12.000   0.000   0.000  1.00  0.00           C\n"
    "ATOM      3  CA  LYS A   3      13.000   0.000   0.000  1.00  0.00           C\n"
    "TER\n"
    "ATOM      4  CA  TRP B   1      14.000   0.000   0.000  1.00  0.00           C\n";

static void test_structure(void) {
  char dir[512], path[600];
  pleat_mmcif_entry entry;
  pleat_error err = {0};
  if (!folder_make(dir, sizeof dir)) return;
  snprintf(path, sizeof path, "%s/my.model.pdb", dir);
  CHECK_OK(pleat_file_write(path, pdb, sizeof pdb - 1, &err), &err);
  if (CHECK_OK(pleat_structure_read(path, &entry, &err), &err)) {
    CHECK_STR(entry.id, "my.model");
    CHECK_STR(entry.release_date, "");
    if (CHECK_INT(entry.n_chains, 2)) {
      CHECK_STR(entry.chains[0].author_id, "A");
      CHECK_STR(entry.chains[0].sequence, "MK");
      CHECK_STR(entry.chains[1].author_id, "B");
      CHECK_STR(entry.chains[1].sequence, "W");
      CHECK_NEAR(entry.chains[0].positions[(N_ATOMS + PLEAT_ATOM_CA) * 3], 13, 0);
      CHECK(entry.chains[0].mask[PLEAT_ATOM_N] == 1 && entry.chains[0].mask[N_ATOMS + PLEAT_ATOM_N] == 0);
    }
    pleat_mmcif_entry_fini(&entry);
  }
  CHECK_OK(pleat_file_write(path, "no structure\n", 13, &err), &err);
  CHECK_INT(pleat_structure_read(path, &entry, &err), PLEAT_INPUT);
  CHECK(err.message[0] && entry.n_chains == 0);
  unlink(path);
  CHECK_INT(pleat_structure_read(path, &entry, &err), PLEAT_IO);
  rmdir(dir);
}

int main(void) {
  test_outcomes();
  test_by_number();
  test_structure();
  return check_report();
}
