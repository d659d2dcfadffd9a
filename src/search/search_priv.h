/* What one search has found and shares between its steps.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_SEARCH_PRIV_H
#define PLEAT_SEARCH_SEARCH_PRIV_H

#include <pthread.h>

#include "base/buf.h"
#include "base/process.h"
#include "search/databases.h"
#include "search/programs.h"

struct pleat_search {
  pleat_search_options options;
  int n_cpus;
  pleat_found_program programs[PLEAT_N_PROGRAMS];
  pleat_db_report dbs[PLEAT_N_DBS];          /* path "" = not used */
  bool has_prefilter_mode, has_pairing_mode; /* of this MMseqs2 */
  pleat_buf text;
  pthread_mutex_t event_lock;
};

/* What a kind of search needs. Filled by the tables of steps. */
typedef struct pleat_search_needs {
  bool programs[PLEAT_N_PROGRAMS];
  bool dbs[PLEAT_N_DBS];
} pleat_search_needs;

/* "A:B" has several chains; distinct ones are those searched. */
bool pleat_search_is_multimer(const pleat_search_options *options, const pleat_target *target);
void pleat_search_add_alphafold_needs(const pleat_search_options *options, const pleat_target *target,
                                      pleat_search_needs *needs);
void pleat_search_add_colabfold_needs(const pleat_search_options *options, const pleat_target *target,
                                      pleat_search_needs *needs);

void pleat_search_tell(pleat_search *search, const pleat_search_event *event);
/* Runs a command made of words (see pleat_words_expand), under the search's time limit and cancellation; adds a line to
 * `commands`. */
PLEAT_CHECKED pleat_status pleat_search_command(pleat_search *search, pleat_program program, const char *const *words,
                                                const char *const *values, pleat_buf *commands, pleat_error *err);

/* The chains of "AAA:BBB:AAA". */
typedef struct pleat_chain {
  const char *sequence; /* borrowed, not terminated */
  size_t n;
  size_t first; /* number of the first chain with this sequence */
} pleat_chain;
enum { PLEAT_MAX_CHAINS = 62 };
/* Number of chains; 0 when there are more than PLEAT_MAX_CHAINS. */
size_t pleat_search_chains(const char *sequence, pleat_chain chains[PLEAT_MAX_CHAINS]);
bool pleat_search_has_distinct(const pleat_chain *chains, size_t n_chains);

#endif
