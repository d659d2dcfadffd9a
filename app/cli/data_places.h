/* Where parameters and databases usually lie on this machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_DATA_PLACES_H
#define PLEAT_CLI_DATA_PLACES_H

#include "models.h"

enum { CLI_MAX_PLACES = 8 };

/* Folders to look in, the likeliest first; only opt_data when that is given. Returns their number, at least 1. */
int cli_data_places(const char *opt_data, char out_places[CLI_MAX_PLACES][CLI_MAX_PATH]);
/* Where `pleat download` puts what it fetches: $PLEAT_DATA, or pleat's folder in the user's cache. */
void cli_data_default(char out_place[CLI_MAX_PATH]);

#endif
