/* Alignments from an MSA server, such as ColabFold's (the ticket API of MMseqs2). Sequences leave this machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_MSA_H
#define PLEAT_MSA_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLEAT_MSA_DEFAULT_HOST "https://api.colabfold.com"

/* Which alignments of a complex: of each chain for itself, of rows that belong to one organism, or both. */
typedef enum pleat_msa_pairing { PLEAT_MSA_UNPAIRED_PAIRED, PLEAT_MSA_UNPAIRED, PLEAT_MSA_PAIRED } pleat_msa_pairing;

/* Zero-initialise, then set what differs. */
typedef struct pleat_msa_server {
  const char *opt_host_url;  /* NULL: PLEAT_MSA_DEFAULT_HOST */
  const char *opt_proxy;     /* NULL: as the environment says (https_proxy, no_proxy) */
  bool has_env;              /* search environmental sequences too */
  bool has_env_pairs;        /* pair them too */
  bool is_unfiltered;        /* all rows, however alike */
  bool is_complete_pairing;  /* paired rows have a part for every chain; otherwise for at least two */
  bool want_templates;       /* also fetch the structures that the search found, up to 20 per chain */
  pleat_msa_pairing pairing; /* of complexes */
  double wait_s;             /* between two questions, up to twice as long at random: 0 = 5 s */
  /* Asked now and then; false gives up (CANCELLED). What was handed in stays with the server and is fetched next time. */
  bool (*opt_poll)(void *ctx);
  /* Told when the server says something else than before: "PENDING", "RUNNING", ... */
  void (*opt_tell)(void *ctx, const char *state);
  void *ctx;
} pleat_msa_server;

/* Searches the distinct chains of `sequence` (joined by ':') and gives the alignment as ColabFold writes it, in
 * *out_a3m, freed by pleat_text_free. One request at a time; a server that is busy is asked again, more and more rarely.
 * `prefix` is a path: PREFIX_env/, PREFIX_pairgreedy/ and so on receive the ticket, then the server's reply out.tar.gz, as
 * ColabFold names them (with templates, also templates_101/, ...). What is there is not asked for again, so that a killed
 * run goes on.
 * Errors: NETWORK (out of reach, busy for too long, under maintenance, nonsense), INPUT (the server cannot search these
 * sequences), CANCELLED, IO, UNSUPPORTED (built without libcurl or libarchive), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_msa_search(const char *sequence, const char *prefix,
                                                      const pleat_msa_server *server, char **out_a3m, size_t *out_n,
                                                      pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
