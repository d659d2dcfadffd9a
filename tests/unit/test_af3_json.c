/* AlphaFold 3's input JSON: chains, copies, dialects, and what is refused by name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/af3_json.h"

#include "check.h"

static pleat_status parse(const char *text, pleat_af3_jobs *jobs, bool *is_other, pleat_error *err) {
  *err = (pleat_error){0};
  return pleat_af3_parse(text, strlen(text), "in.json", jobs, is_other, err);
}

static void check_job(const pleat_af3_jobs *jobs, size_t i, const char *name, const char *sequence, const char *ids,
                      const char *a3m) {
  if (!CHECK(i < jobs->n_items)) return;
  const pleat_af3_job *job = &jobs->items[i];
  CHECK_STR(job->name, name);
  CHECK_STR(job->sequence, sequence);
  CHECK_STR(job->chain_ids, ids);
  CHECK_STR(job->opt_a3m, a3m);
  if (!CHECK(job->opt_error == NULL)) fprintf(stderr, "  %s\n", job->opt_error->message);
}

static void test_accepted(void) {
  pleat_af3_jobs jobs;
  pleat_error err;
  bool is_other;
  const char *local =
      "{\"name\": \"my job\", \"dialect\": \"alphafold3\", \"version\": 2, \"modelSeeds\": [1, 2],"
      " \"bondedAtomPairs\": null, \"sequences\": ["
      "{\"protein\": {\"id\": [\"A\", \"B\"], \"sequence\": \"mkv\", \"modifications\": [], \"templates\": []}},"
      "{\"protein\": {\"id\": \"H\", \"sequence\": \"AC\", \"unpairedMsa\": \"\", \"pairedMsa\": null}}]}";
  if (!CHECK_OK(parse(local, &jobs, &is_other, &err), &err)) return;
  CHECK_INT(jobs.n_items, 1);
  check_job(&jobs, 0, "my job", "MKV:MKV:AC", "A:B:H", NULL);
  CHECK(jobs.opt_warning && strstr(jobs.opt_warning, "in.json: modelSeeds of job 'my job' are not used"));
  CHECK(!is_other);
  pleat_af3_jobs_fini(&jobs);

  const char *server =
      "[{\"name\": \"s1\", \"modelSeeds\": [], \"dialect\": \"alphafoldserver\", \"version\": 1,"
      "  \"sequences\": [{\"proteinChain\": {\"sequence\": \"MK\", \"count\": 2}}]},"
      " {\"sequences\": [{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"unpairedMsa\": \">q\\nMK\\n\"}}]}]";
  if (!CHECK_OK(parse(server, &jobs, NULL, &err), &err)) return;
  CHECK_INT(jobs.n_items, 2);
  check_job(&jobs, 0, "s1", "MK:MK", ":", NULL);
  check_job(&jobs, 1, "", "MK", "A", ">q\nMK\n");
  CHECK(jobs.opt_warning == NULL);
  pleat_af3_jobs_fini(&jobs);
}

/* Jobs that cannot be folded: the value of "sequences" with what else the job has, and the message. */
static const char *const bad_jobs[][2] = {
    {"[{\"rna\": {\"id\": \"A\", \"sequence\": \"ACGU\"}}]", "has a \"rna\": AlphaFold 2 folds proteins only"},
    {"[{\"dna\": {\"id\": \"A\", \"sequence\": \"ACGT\"}}]", "has a \"dna\""},
    {"[{\"ligand\": {\"id\": \"L\", \"ccdCodes\": [\"ATP\"]}}]", "has a \"ligand\""},
    {"[{\"ion\": {\"ion\": \"MG\", \"count\": 1}}]", "has a \"ion\""},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"modifications\": [{\"ptmType\": \"HY3\"}]}}]",
     "has modified residues (\"modifications\")"},
    {"[{\"proteinChain\": {\"count\": 1, \"sequence\": \"MK\", \"glycans\": [1]}}]", "has glycans"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"templates\": [{}]}}]", "has templates"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"unpairedMsaPath\": \"x.a3m\"}}]", "in another file"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\", \"pairedMsa\": \">q\\nMK\\n\"}}]", "of a complex"},
    {"[{\"protein\": {\"id\": [\"A\", \"B\"], \"sequence\": \"MK\", \"unpairedMsa\": \">q\\nMK\\n\"}}]",
     "of a complex"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"M1\"}}]", "'1' in the sequence of record 'j'"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK:MK\"}}]", "one chain as a string"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"\"}}]", "no sequence"},
    {"[{\"protein\": {\"id\": \"A\"}}]", "expected \"sequence\""},
    {"[{\"protein\": {\"sequence\": \"MK\"}}]", "expected \"id\""},
    {"[{\"protein\": {\"id\": [1], \"sequence\": \"MK\"}}]", "chain ids as strings"},
    {"[{\"proteinChain\": {\"count\": 0, \"sequence\": \"MK\"}}]", "expected \"id\""},
    {"[]", "expected a list \"sequences\""},
    {"[1]", "expected entries"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\"}}], \"userCCD\": \"data_X\"", "a chemical dictionary"},
    {"[{\"protein\": {\"id\": \"A\", \"sequence\": \"MK\"}}], \"bondedAtomPairs\": [[1, 2]]", "has bonds"},
};

static void test_bad_jobs(void) {
  for (size_t i = 0; i < sizeof bad_jobs / sizeof *bad_jobs; i++) {
    char text[512];
    pleat_af3_jobs jobs;
    pleat_error err;
    snprintf(text, sizeof text, "{\"name\": \"j\", \"sequences\": %s}", bad_jobs[i][0]);
    if (!CHECK_OK(parse(text, &jobs, NULL, &err), &err)) continue;
    const pleat_error *error = jobs.items[0].opt_error;
    if (CHECK(error != NULL) && !CHECK(strstr(error->message, bad_jobs[i][1]) != NULL)) {
      fprintf(stderr, "  case %zu: %s\n", i, error->message);
    }
    if (error) CHECK_STR(error->file, "in.json");
    CHECK(jobs.items[0].sequence == NULL);
    pleat_af3_jobs_fini(&jobs);
  }
}

static void test_refused(void) {
  pleat_af3_jobs jobs;
  pleat_error err;
  bool is_other;
  CHECK_INT(parse("{\"name\": 1,\n}", &jobs, &is_other, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 2);
  CHECK(!is_other);
  CHECK(strstr(err.message, "expected JSON") != NULL);
  static const char *const others[] = {"{}", "[]", "3", "{\"plddt\": [1]}", "[[1]]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    bool is_json = CHECK_INT(parse(others[i], &jobs, &is_other, &err), PLEAT_INPUT);
    CHECK(strstr(err.message, i == 2 ? "expected" : "expected an input of AlphaFold 3") != NULL);
    if (is_json && i != 2) CHECK(is_other); /* a bare number is no JSON document to the parser */
  }
}

int main(void) {
  test_accepted();
  test_bad_jobs();
  test_refused();
  return check_report();
}
