/* The table of options that concern the network: MSA servers, downloads and where data lies.
 * Source: names and values of the server's options as in colabfold/batch.py main (sokrypton/ColabFold v1.6.2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "option_table.h"

static const char *const msa_modes[] = {"mmseqs2_uniref_env", "mmseqs2_uniref_env_envpair", "mmseqs2_uniref",
                                        "single_sequence", NULL};
static const char *const pair_modes[] = {"unpaired", "paired", "unpaired_paired", NULL};
static const char *const pair_strategies[] = {"complete", "greedy", NULL};

#define FIELD(name) offsetof(cli_args, name)
#define ROW(id)     [CLI_OPT_##id - CLI_OPT_NET_FIRST]
const option cli_network_options[CLI_OPT_CF_FIRST - CLI_OPT_NET_FIRST] = {
    ROW(MSA_MODE) = {.name = "msa-mode",
                     .kind = KIND_CHOICE,
                     .value = "M",
                     .offset = FIELD(msa_mode),
                     .help =
                         "where targets without an alignment get one (default single_sequence: nowhere); all others "
                         "send sequences to an MSA server",
                     .choices = msa_modes},
    ROW(PAIR_MODE) = {.name = "pair-mode",
                      .kind = KIND_CHOICE,
                      .value = "M",
                      .offset = FIELD(pair_mode),
                      .help = "which alignments of a complex are asked for (default unpaired_paired)",
                      .choices = pair_modes},
    ROW(PAIR_STRATEGY) = {.name = "pair-strategy",
                          .kind = KIND_CHOICE,
                          .value = "S",
                          .offset = FIELD(pair_strategy),
                          .help = "which rows are paired: those with a part for every chain, or for at least two "
                                  "(default greedy)",
                          .choices = pair_strategies},
    ROW(HOST_URL) = {.name = "host-url",
                     .kind = KIND_TEXT,
                     .value = "URL",
                     .offset = FIELD(host_url),
                     .help = "the MSA server (default " PLEAT_MSA_DEFAULT_HOST ", for a few thousand searches a day)"},
    ROW(MSA_WAIT) = {.name = "msa-wait",
                     .kind = KIND_REAL,
                     .value = "S",
                     .offset = FIELD(msa_wait_s),
                     .min = 0.001,
                     .max = 600,
                     .help =
                         "seconds between two questions to the MSA server, up to twice as long at random (default 5; "
                         "less only for a server of your own)"},
    ROW(MSA_ONLY) = {.name = "msa-only",
                     .kind = KIND_FLAG,
                     .offset = FIELD(is_msa_only),
                     .help = "write the alignments and fold nothing; a later run of the same folder uses them"},
    ROW(PROXY) = {.name = "proxy",
                  .kind = KIND_TEXT,
                  .value = "URL",
                  .offset = FIELD(proxy),
                  .help = "proxy for the network (default: what https_proxy, http_proxy and no_proxy say)"},
    ROW(DATA) = {.name = "data",
                 .kind = KIND_TEXT,
                 .value = "DIR",
                 .offset = FIELD(data),
                 .help = "folder that 'pleat download' filled, where the parameters are without --weights (default: "
                         "$PLEAT_DATA, pleat's or ColabFold's folder in the user's cache, $ALPHAFOLD_DATA_DIR)"},
    ROW(DIR) = {.name = "dir",
                .kind = KIND_TEXT,
                .value = "DIR",
                .offset = FIELD(dir),
                .help = "folder to fill (default: $PLEAT_DATA, or pleat's folder in the user's cache)"},
    ROW(DRY_RUN) = {.name = "dry-run",
                    .kind = KIND_FLAG,
                    .offset = FIELD(is_dry_run),
                    .help = "only say what would be fetched, and how much it is"},
    ROW(CHECK) = {.name = "check",
                  .kind = KIND_FLAG,
                  .offset = FIELD(is_thorough),
                  .help = "fetch nothing; compare all files with their recorded SHA-256"},
    ROW(CONNECTIONS) = {.name = "connections",
                        .kind = KIND_INTEGER,
                        .value = "N",
                        .offset = FIELD(connections),
                        .min = 1,
                        .max = 16,
                        .help = "parts of a file that are fetched at once (default 4)"},
    ROW(MIRROR) = {.name = "mirror",
                   .kind = KIND_TEXT,
                   .value = "FROM=TO",
                   .offset = FIELD(mirror),
                   .help = "fetch from addresses that begin with TO where the table's begin with FROM"},
    ROW(RETRY_WAIT) = {.name = "retry-wait",
                       .kind = KIND_REAL,
                       .value = "S",
                       .offset = FIELD(retry_wait_s),
                       .min = 0.001,
                       .max = 600,
                       .help = "seconds before a failed request is tried again, doubled each time (default 2)"},
    ROW(FORCE) = {.name = "force",
                  .kind = KIND_FLAG,
                  .offset = FIELD(is_forced),
                  .help = "begin although the disk seems too small"},
};
#undef ROW
#undef FIELD
