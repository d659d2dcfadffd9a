/* Where parameters and databases usually lie on this machine.
 * Source: ColabFold's place is that of appdirs.user_cache_dir (colabfold/download.py, sokrypton/ColabFold).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data_places.h"

#include <stdio.h>
#include <stdlib.h>

/* A variable of the environment and what follows it. */
static const struct {
  const char *variable, *rest;
} usual[] = {{"PLEAT_DATA", ""},
             {"XDG_CACHE_HOME", "/pleat"},
             {"HOME", "/.cache/pleat"},
             {"XDG_CACHE_HOME", "/colabfold"},
             {"HOME", "/.cache/colabfold"},
             {"HOME", "/Library/Caches/colabfold"},
             {"ALPHAFOLD_DATA_DIR", ""}};

int cli_data_places(const char *opt_data, char out_places[CLI_MAX_PLACES][CLI_MAX_PATH]) {
  int n = 0;
  if (opt_data) {
    snprintf(out_places[0], CLI_MAX_PATH, "%s", opt_data);
    return 1;
  }
  for (size_t i = 0; i < sizeof usual / sizeof *usual && n < CLI_MAX_PLACES; i++) {
    const char *root = getenv(usual[i].variable);
    if (root && root[0]) snprintf(out_places[n++], CLI_MAX_PATH, "%s%s", root, usual[i].rest);
  }
  if (n == 0) snprintf(out_places[n++], CLI_MAX_PATH, "pleat-data");
  return n;
}

void cli_data_default(char out_place[CLI_MAX_PATH]) {
  char places[CLI_MAX_PLACES][CLI_MAX_PATH];
  cli_data_places(NULL, places);
  snprintf(out_place, CLI_MAX_PATH, "%s", places[0]);
}
