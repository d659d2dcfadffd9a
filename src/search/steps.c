/* The searches of AlphaFold's data pipeline: the table.
 * Source: alphafold/data/tools/{jackhmmer,hhblits,hhsearch,hmmbuild,hmmsearch}.py, alphafold/data/pipeline.py,
 * pipeline_multimer.py, run_alphafold.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/steps.h"

static const char *const jackhmmer_words[] = {
    "-o",     "/dev/null", "-A", "%o",     "--noali", "--F1", "0.0005", "--F2", "5e-05", "--F3", "5e-07",
    "--incE", "0.0001",    "-E", "0.0001", "--cpu",   "%c",   "-N",     "1",    "%q",    "%d",   NULL};
static const char *const hhblits_words[] = {"-i",
                                            "%q",
                                            "-cpu",
                                            "%c",
                                            "-oa3m",
                                            "%o",
                                            "-o",
                                            "/dev/null",
                                            "-n",
                                            "3",
                                            "-e",
                                            "0.001",
                                            "-maxseq",
                                            "1000000",
                                            "-realign_max",
                                            "100000",
                                            "-maxfilt",
                                            "100000",
                                            "-min_prefilter_hits",
                                            "1000",
                                            "-d",
                                            "%d",
                                            "-d",
                                            "%e",
                                            NULL};
static const char *const hhsearch_words[] = {"-i",   "%q", "-o", "%o", "-maxseq", "1000000",
                                             "-cpu", "%c", "-d", "%d", NULL};
static const char *const hmmsearch_words[] = {"--noali", "--cpu",  "%c",  "--F1", "0.1", "--F2",   "0.1", "--F3",
                                              "0.1",     "--incE", "100", "-E",   "100", "--domE", "100", "--incdomE",
                                              "100",     "-A",     "%o",  "%h",   "%d",  NULL};
const char *const pleat_hmmbuild_words[] = {"--hand", "--amino", "%h", "%q", NULL};

const pleat_step pleat_steps[PLEAT_N_STEPS] = {
    [PLEAT_STEP_UNIREF90] = {"uniref90_hits.sto",
                             PLEAT_STEP_STO,
                             PLEAT_PROGRAM_JACKHMMER,
                             1,
                             {PLEAT_DB_UNIREF90},
                             10000,
                             jackhmmer_words,
                             false},
    [PLEAT_STEP_BFD] = {"bfd_uniref_hits.a3m",
                        PLEAT_STEP_A3M,
                        PLEAT_PROGRAM_HHBLITS,
                        2,
                        {PLEAT_DB_BFD, PLEAT_DB_UNIREF30},
                        0,
                        hhblits_words,
                        false},
    [PLEAT_STEP_SMALL_BFD] = {"small_bfd_hits.sto",
                              PLEAT_STEP_STO,
                              PLEAT_PROGRAM_JACKHMMER,
                              1,
                              {PLEAT_DB_SMALL_BFD},
                              0,
                              jackhmmer_words,
                              false},
    [PLEAT_STEP_MGNIFY] =
        {"mgnify_hits.sto", PLEAT_STEP_STO, PLEAT_PROGRAM_JACKHMMER, 1, {PLEAT_DB_MGNIFY}, 501, jackhmmer_words, false},
    /* AlphaFold writes all rows and reads the first 50,000. */
    [PLEAT_STEP_UNIPROT] = {"uniprot_hits.sto",
                            PLEAT_STEP_STO,
                            PLEAT_PROGRAM_JACKHMMER,
                            1,
                            {PLEAT_DB_UNIPROT},
                            50000,
                            jackhmmer_words,
                            false},
    [PLEAT_STEP_PDB70] =
        {"pdb_hits.hhr", PLEAT_STEP_HHR, PLEAT_PROGRAM_HHSEARCH, 1, {PLEAT_DB_PDB70}, 0, hhsearch_words, true},
    [PLEAT_STEP_PDB_SEQRES] = {"pdb_hits.sto",
                               PLEAT_STEP_PDB_STO,
                               PLEAT_PROGRAM_HMMSEARCH,
                               1,
                               {PLEAT_DB_PDB_SEQRES},
                               0,
                               hmmsearch_words,
                               true},
};

bool pleat_step_is_wanted(pleat_step_id id, const pleat_search_options *options, bool is_multimer, bool has_distinct) {
  switch (id) {
    case PLEAT_STEP_UNIREF90:
    case PLEAT_STEP_MGNIFY: return true;
    case PLEAT_STEP_BFD: return !options->is_reduced;
    case PLEAT_STEP_SMALL_BFD: return options->is_reduced;
    case PLEAT_STEP_UNIPROT: return is_multimer && has_distinct; /* pairs rows of different chains */
    case PLEAT_STEP_PDB70: return !options->no_templates && !is_multimer;
    case PLEAT_STEP_PDB_SEQRES: return !options->no_templates && is_multimer;
    case PLEAT_N_STEPS: break;
  }
  return false;
}

void pleat_search_add_alphafold_needs(const pleat_search_options *options, const pleat_target *target,
                                      pleat_search_needs *needs) {
  pleat_chain chains[PLEAT_MAX_CHAINS];
  size_t n_chains = pleat_search_chains(target->sequence, chains);
  bool is_multimer = pleat_search_is_multimer(options, target);
  for (int i = 0; i < PLEAT_N_STEPS; i++) {
    const pleat_step *step = &pleat_steps[i];
    if (!pleat_step_is_wanted((pleat_step_id)i, options, is_multimer, pleat_search_has_distinct(chains, n_chains)))
      continue;
    needs->programs[step->program] = true;
    if (step->program == PLEAT_PROGRAM_HMMSEARCH) needs->programs[PLEAT_PROGRAM_HMMBUILD] = true;
    for (int k = 0; k < step->n_dbs; k++) needs->dbs[step->dbs[k]] = true;
  }
}
