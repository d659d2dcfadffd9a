/* The steps of a search by an MSA server.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_MSA_PRIV_H
#define PLEAT_NET_MSA_PRIV_H

#include "base/buf.h"
#include "base/rng.h"
#include "net/http.h"
#include "pleat/msa.h"

enum { PLEAT_MSA_FIRST_QUERY = 101, PLEAT_MSA_MAX_PATH = 2048, PLEAT_MSA_MAX_STATE = 32 };

/* The distinct chains of a target, in the order of their first occurrence. */
typedef struct pleat_msa_chains {
  const char **sequences; /* into the target's own text, not ended by NUL */
  size_t *lengths;
  int64_t *n_copies;
  size_t n;
} pleat_msa_chains;

/* One search: which endpoint, in which folder. */
typedef struct pleat_msa_job {
  const pleat_msa_server *server;
  const pleat_msa_chains *chains;
  pleat_http *http;
  pleat_rng rng; /* of waiting times */
  bool is_pair;
  char mode[32];
  char folder[PLEAT_MSA_MAX_PATH];
} pleat_msa_job;

/* What a reply holds, one text per chain. Released with pleat_msa_reply_fini. */
typedef struct pleat_msa_reply {
  pleat_buf *a3m; /* [chains] */
  size_t n_chains;
  pleat_buf templates; /* pdb70.m8 */
} pleat_msa_reply;

/* A GET or POST that is tried again while that may help; text replies of at most max_bytes. Errors: NETWORK, CANCELLED,
 * NOMEM. */
PLEAT_CHECKED pleat_status pleat_msa_ask(pleat_msa_job *job, const char *url, const char *opt_form, pleat_buf *out_text,
                                         pleat_error *err);
/* The same for an archive that becomes a file. */
PLEAT_CHECKED pleat_status pleat_msa_fetch(pleat_msa_job *job, const char *url, const char *path, pleat_error *err);
/* Waits for about `wait_s` times two to the power n_before, at most 2^4 and a minute, or as long as the server wants. */
PLEAT_CHECKED pleat_status pleat_msa_wait(pleat_msa_job *job, int n_before, double retry_after_s, pleat_error *err);

/* Hands the chains in, or finds the ticket of an earlier run, and waits until out.tar.gz is in the job's folder. */
PLEAT_CHECKED pleat_status pleat_msa_run_ticket(pleat_msa_job *job, const char *archive_path, pleat_error *err);

/* Reads the archive at `path`. Errors: INPUT when it is not the answer to these chains. */
PLEAT_CHECKED pleat_status pleat_msa_reply_read(const char *path, const pleat_msa_chains *chains, bool is_pair,
                                                pleat_msa_reply *out_reply, pleat_error *err);
void pleat_msa_reply_fini(pleat_msa_reply *reply);
/* Adds what stands in one file of a reply to the chains' texts. */
PLEAT_CHECKED pleat_status pleat_msa_reply_split(const char *name, const char *text, size_t n, pleat_msa_reply *reply,
                                                 pleat_error *err);

/* Fetches the structures of `m8`, up to 20 of each chain, into templates_101/ and so on. */
PLEAT_CHECKED pleat_status pleat_msa_fetch_templates(pleat_msa_job *job, const pleat_buf *m8, pleat_error *err);

/* The one text of a target; either of the two may be NULL. Errors: INPUT: paired rows of different numbers. NOMEM. */
PLEAT_CHECKED pleat_status pleat_msa_join(const pleat_msa_chains *chains, const pleat_buf *opt_paired,
                                          const pleat_buf *opt_unpaired, pleat_buf *out, pleat_error *err);

#endif
