/* The table of colabfold_batch's own options: what is honoured, what has no meaning here, what is refused and why.
 * Source: names, values and defaults of colabfold/batch.py main (sokrypton/ColabFold v1.6.2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "option_table.h"

static const char *const model_types[] = {"auto",
                                          "alphafold2",
                                          "alphafold2_ptm",
                                          "alphafold2_multimer_v1",
                                          "alphafold2_multimer_v2",
                                          "alphafold2_multimer_v3",
                                          "deepfold_v1",
                                          NULL};
static const char *const msa_modes[] = {"mmseqs2_uniref_env", "mmseqs2_uniref_env_envpair", "mmseqs2_uniref",
                                        "single_sequence", NULL};

#define FIELD(name) offsetof(cli_args, name)
#define ROW(id)     [CLI_OPT_CF_##id - CLI_OPT_CF_FIRST]
/* An option without effect here, and one that is refused unless its value is the harmless one: the name, the name of
 * its value, the reason. Flags have no value. */
#define NOTED(name, value, reason) \
  { name, 0, KIND_TEXT, value, 0, false, 0, 0, reason, NULL, FATE_NOTED, NULL }
#define NOTED_FLAG(name, reason) \
  { name, 0, KIND_FLAG, NULL, 0, false, 0, 0, reason, NULL, FATE_NOTED, NULL }
#define REFUSED(name, value, harmless, reason) \
  { name, 0, KIND_TEXT, value, 0, false, 0, 0, reason, NULL, FATE_REFUSED, harmless }
#define REFUSED_FLAG(name, reason) \
  { name, 0, KIND_FLAG, NULL, 0, false, 0, 0, reason, NULL, FATE_REFUSED, NULL }

static const char no_relaxation[] = "there is no relaxation: the network's own structures are written";
static const char no_jax[] = "it is about compilation by JAX: plans take milliseconds and nothing is compiled";

const option cli_colabfold_options[CLI_N_OPTS - CLI_OPT_CF_FIRST] = {
    ROW(DATA) = {.name = "data",
                 .kind = KIND_TEXT,
                 .value = "DIR",
                 .offset = FIELD(data),
                 .help = "folder with params/params_<model>.npz (default: as of pleat fold)"},
    ROW(RANDOM_SEED) = {.name = "random-seed",
                        .kind = KIND_INTEGER,
                        .value = "K",
                        .offset = FIELD(seed),
                        .max = 9e15,
                        .help = "first seed (default 0)"},
    ROW(NUM_MODELS) = {.name = "num-models",
                       .kind = KIND_INTEGER,
                       .value = "N",
                       .offset = FIELD(num_models),
                       .min = 1,
                       .max = 5,
                       .help = "how many networks to run (default 5)"},
    ROW(MODEL_TYPE) = {.name = "model-type",
                       .kind = KIND_CHOICE,
                       .value = "T",
                       .offset = FIELD(model_type),
                       .help = "family of networks (default auto: alphafold2_ptm, or alphafold2_multimer_v3 when any "
                               "target is a complex)",
                       .choices = model_types},
    ROW(MODEL_ORDER) = {.name = "model-order",
                        .kind = KIND_TEXT,
                        .value = "I,J,...",
                        .offset = FIELD(model_order),
                        .help = "networks to choose from, the lowest numbers first (default 1,2,3,4,5)"},
    ROW(TOLERANCE) = {.name = "recycle-early-stop-tolerance",
                      .kind = KIND_REAL,
                      .value = "T",
                      .offset = FIELD(recycle_tolerance),
                      .max = 1000,
                      .help = "stop recycling when distances change less, in angstrom (default: 0.5 for multimers, "
                              "never for others); one more pass follows, as in AlphaFold"},
    ROW(MAX_SEQ) = {.name = "max-seq",
                    .kind = KIND_INTEGER,
                    .value = "A",
                    .offset = FIELD(max_seq),
                    .min = 1,
                    .max = 1e6,
                    .help = "clustered rows of the alignment (default 512; multimer v3 508, v1 and v2 252)"},
    ROW(MAX_EXTRA_SEQ) = {.name = "max-extra-seq",
                          .kind = KIND_INTEGER,
                          .value = "B",
                          .offset = FIELD(max_extra_seq),
                          .min = 1,
                          .max = 1e6,
                          .help = "extra rows of the alignment (default 5120; multimer v3 2048, v1 and v2 1152)"},
    ROW(MSA_MODE) = {.name = "msa-mode",
                     .kind = KIND_CHOICE,
                     .value = "M",
                     .offset = FIELD(msa_mode),
                     .help = "where targets without an alignment get one (default mmseqs2_uniref_env: sequences are "
                             "sent to the MSA server of --host-url); an a3m is used in any mode",
                     .choices = msa_modes},
    ROW(DEBUG_LOGGING) = {.name = "debug-logging",
                          .kind = KIND_FLAG,
                          .offset = FIELD(is_debug),
                          .help = "tell more, as --log-level debug of pleat fold"},
    ROW(CUSTOM_TEMPLATE_PATH) = {.name = "custom-template-path",
                                 .kind = KIND_TEXT,
                                 .value = "DIR",
                                 .offset = FIELD(template_folder),
                                 .help = "with --templates: take them from the .cif and .pdb files of this folder"},
    ROW(CUSTOM_TEMPLATE_CACHE_PATH) = NOTED("custom-template-cache-path", "DIR", "it needs --templates"),
    ROW(PDB_HIT_FILE) = NOTED("pdb-hit-file", "FILE", "it needs --templates, in ColabFold as well"),
    ROW(LOCAL_PDB_PATH) = NOTED("local-pdb-path", "DIR", "it needs --templates, in ColabFold as well"),
    ROW(MAX_TEMPLATE_DATE) = {.name = "max-template-date",
                              .kind = KIND_TEXT,
                              .value = "YYYY-MM-DD",
                              .offset = FIELD(max_template_date),
                              .help = "with --templates: leave out entries released later"},
    ROW(MAX_TEMPLATE_HITS) = NOTED("max-template-hits", "N", "it needs --templates"),
    ROW(RELAX_MAX_ITERATIONS) = NOTED("relax-max-iterations", "N", no_relaxation),
    ROW(RELAX_TOLERANCE) = NOTED("relax-tolerance", "T", no_relaxation),
    ROW(RELAX_STIFFNESS) = NOTED("relax-stiffness", "S", no_relaxation),
    ROW(RELAX_OUTER) = NOTED("relax-max-outer-iterations", "N", no_relaxation),
    ROW(USE_GPU_RELAX) = NOTED_FLAG("use-gpu-relax", no_relaxation),
    ROW(DISABLE_UNIFIED_MEMORY) = NOTED_FLAG("disable-unified-memory", "memory is planned before a fold starts"),
    ROW(RECOMPILE_PADDING) = NOTED("recompile-padding", "N", no_jax),
    ROW(USE_PALLAS) = NOTED_FLAG("use-pallas", no_jax),
    ROW(COMPILE_MODE) = NOTED("compile-mode", "M", no_jax),
    ROW(TEMPLATES) = {.name = "templates",
                      .kind = KIND_FLAG,
                      .offset = FIELD(wants_templates),
                      .help = "use templates: those of --custom-template-path"},
    ROW(AMBER) = REFUSED_FLAG("amber", no_relaxation),
    ROW(NUM_RELAX) = REFUSED("num-relax", "N", "0", no_relaxation),
    ROW(SAVE_ALL) = REFUSED_FLAG("save-all", "Python pickles are never written; 'pleat run --out' has every array"),
    ROW(AF3_JSON) = REFUSED_FLAG("af3-json", "inputs of AlphaFold 3 are read, not written"),
};
#undef REFUSED_FLAG
#undef REFUSED
#undef NOTED_FLAG
#undef NOTED
#undef ROW
#undef FIELD
