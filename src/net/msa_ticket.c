/* Tickets of an MSA server: a search is handed in, asked about until it is done, and fetched.
 * Source: the ticket API of MMseqs2-App as colabfold/colabfold.py run_mmseqs2 uses it (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/map.h"
#include "base/os.h"
#include "base/store.h"
#include "net/msa_priv.h"

/* States that a server names. */
typedef enum ticket_state {
  STATE_UNKNOWN,
  STATE_RATELIMIT,
  STATE_PENDING,
  STATE_RUNNING,
  STATE_COMPLETE,
  STATE_ERROR,
  STATE_MAINTENANCE,
  N_STATES
} ticket_state;
static const char *const state_names[N_STATES] = {"UNKNOWN",  "RATELIMIT", "PENDING",    "RUNNING",
                                                  "COMPLETE", "ERROR",     "MAINTENANCE"};

enum { MAX_ID = 128, MAX_UNKNOWN = 5, MAX_REFUSED = 40, MAX_NONSENSE = 4 };

typedef struct ticket {
  char id[MAX_ID];
  ticket_state state;
  char key[20]; /* of what was handed in */
} ticket;

static void path_of(const pleat_msa_job *job, char path[PLEAT_MSA_MAX_PATH + 32]) {
  snprintf(path, PLEAT_MSA_MAX_PATH + 32, "%s/ticket.json", job->folder);
}

static const char *host_of(const pleat_msa_job *job) {
  return job->server->opt_host_url ? job->server->opt_host_url : PLEAT_MSA_DEFAULT_HOST;
}

/* Ids become part of addresses: only what needs no encoding there. */
static bool is_id(const char *id) {
  static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-";
  size_t n = strlen(id);
  return n > 0 && n < MAX_ID && strspn(id, safe) == n;
}

/* The chains as FASTA records from >101 on, encoded as a form. */
static void put_form(const pleat_msa_job *job, pleat_buf *form) {
  pleat_buf_puts(form, "q=");
  for (size_t k = 0; k < job->chains->n; k++) {
    pleat_buf_printf(form, "%%3E%zu%%0A", PLEAT_MSA_FIRST_QUERY + k);
    for (size_t i = 0; i < job->chains->lengths[k]; i++) {
      unsigned char c = (unsigned char)job->chains->sequences[k][i];
      bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      pleat_buf_printf(form, is_letter ? "%c" : "%%%02X", c);
    }
    pleat_buf_puts(form, "%0A");
  }
  pleat_buf_printf(form, "&mode=%s", job->mode);
}

/* Reads {"id": ..., "status": ...}; false when the text is none of that, or lacks the id that a state needs. */
static bool parse_reply(const char *text, size_t n, ticket *t) {
  json_error_t json_err;
  json_t *root = json_loadb(text, n, 0, &json_err);
  const char *state = json_string_value(json_object_get(root, "status"));
  const char *id = json_string_value(json_object_get(root, "id"));
  int i = 0;
  while (i < N_STATES && (!state || strcmp(state, state_names[i]))) i++;
  bool is_waiting = i == STATE_PENDING || i == STATE_RUNNING || i == STATE_COMPLETE;
  bool is_ok = i < N_STATES && (id ? is_id(id) : !is_waiting || t->id[0]);
  if (is_ok) t->state = (ticket_state)i;
  if (is_ok && id) snprintf(t->id, sizeof t->id, "%s", id);
  json_decref(root);
  return is_ok;
}

/* Asks, also again when something in between answers with a page instead of JSON. */
static pleat_status ask_state(pleat_msa_job *job, const char *url, const char *opt_form, ticket *t, pleat_error *err) {
  pleat_buf text = {0};
  pleat_status status = PLEAT_OK;
  for (int i = 0; !status; i++) {
    status = pleat_msa_ask(job, url, opt_form, &text, err);
    if (status || parse_reply(text.data ? text.data : "", text.n, t)) break;
    if (i + 1 == MAX_NONSENSE) {
      status = pleat_fail(err, PLEAT_NETWORK,
                          "'%s' is no MSA server or broken: expected JSON with a known \"status\", found '%.80s'", url,
                          text.n ? text.data : "");
    } else {
      status = pleat_msa_wait(job, i, 0, err);
    }
  }
  pleat_buf_fini(&text);
  return status;
}

static pleat_status submit(pleat_msa_job *job, const char *form, ticket *t, pleat_error *err) {
  char url[PLEAT_MSA_MAX_PATH];
  snprintf(url, sizeof url, "%s/ticket/%s", host_of(job), job->is_pair ? "pair" : "msa");
  t->id[0] = '\0';
  return ask_state(job, url, form, t, err);
}

static pleat_status ask_again(pleat_msa_job *job, ticket *t, pleat_error *err) {
  char url[PLEAT_MSA_MAX_PATH];
  snprintf(url, sizeof url, "%s/ticket/%s", host_of(job), t->id);
  return ask_state(job, url, NULL, t, err);
}

/* The ticket of an earlier run for the same chains; id "" when there is none. */
static void load_ticket(const pleat_msa_job *job, ticket *t) {
  char path[PLEAT_MSA_MAX_PATH + 32];
  json_error_t json_err;
  path_of(job, path);
  json_t *root = json_load_file(path, 0, &json_err);
  const char *id = json_string_value(json_object_get(root, "id"));
  const char *key = json_string_value(json_object_get(root, "key"));
  if (id && key && is_id(id) && strcmp(key, t->key) == 0) snprintf(t->id, sizeof t->id, "%s", id);
  json_decref(root);
}

static pleat_status save_ticket(const pleat_msa_job *job, const ticket *t, pleat_error *err) {
  char path[PLEAT_MSA_MAX_PATH + 32];
  pleat_buf text = {0};
  path_of(job, path);
  pleat_buf_printf(&text, "{\"id\": \"%s\", \"key\": \"%s\", \"mode\": \"%s\"}\n", t->id, t->key, job->mode);
  pleat_status status = text.is_failed ? pleat_fail(err, PLEAT_NOMEM, "no memory for '%s'", path)
                                       : pleat_file_write(path, text.data, text.n, err);
  pleat_buf_fini(&text);
  return status;
}

static void forget_ticket(const pleat_msa_job *job, ticket *t) {
  char path[PLEAT_MSA_MAX_PATH + 32];
  path_of(job, path);
  pleat_path_remove(path);
  t->id[0] = '\0';
}

static void tell(const pleat_msa_job *job, ticket_state state, int *last) {
  if (job->server->opt_tell && *last != (int)state) job->server->opt_tell(job->server->ctx, state_names[state]);
  *last = (int)state;
}

static pleat_status fail_state(pleat_msa_job *job, ticket *t, pleat_error *err) {
  if (t->state == STATE_MAINTENANCE) {
    PLEAT_FAIL(err, PLEAT_NETWORK, "the MSA server %s is under maintenance: try again in some minutes", host_of(job));
  }
  forget_ticket(job, t);
  PLEAT_FAIL(err, PLEAT_INPUT,
             "the MSA server %s reports an error for these sequences: check that they are proteins; if they are, try "
             "again in an hour",
             host_of(job));
}

/* Until the server has an answer. Handed in again when it refuses or does not know the ticket. */
static pleat_status wait_until_complete(pleat_msa_job *job, const char *form, ticket *t, pleat_error *err) {
  int n_refused = 0, n_unknown = 0, last = -1;
  bool is_new = !t->id[0];
  for (;;) {
    PLEAT_TRY(is_new ? submit(job, form, t, err) : ask_again(job, t, err));
    tell(job, t->state, &last);
    bool has_ticket = t->id[0] != '\0';
    if (t->state == STATE_ERROR || t->state == STATE_MAINTENANCE) return fail_state(job, t, err);
    if (is_new && has_ticket && t->state != STATE_RATELIMIT) PLEAT_TRY(save_ticket(job, t, err));
    if (t->state == STATE_COMPLETE && has_ticket) return PLEAT_OK;
    n_unknown = t->state == STATE_UNKNOWN ? n_unknown + 1 : 0;
    bool is_refused = !has_ticket || t->state == STATE_RATELIMIT || n_unknown > MAX_UNKNOWN;
    if (is_refused && ++n_refused > MAX_REFUSED) {
      PLEAT_FAIL(err, PLEAT_NETWORK, "the MSA server %s took no search after %d tries (%s): try again later",
                 host_of(job), MAX_REFUSED, state_names[t->state]);
    }
    if (n_unknown > MAX_UNKNOWN) {
      forget_ticket(job, t);
      n_unknown = 0;
    }
    is_new = is_refused && (is_new || !t->id[0]);
    PLEAT_TRY(pleat_msa_wait(job, is_refused ? n_refused - 1 : 0, 0, err));
  }
}

pleat_status pleat_msa_run_ticket(pleat_msa_job *job, const char *archive_path, pleat_error *err) {
  pleat_buf form = {0}, key_text = {0};
  ticket t = {0};
  char url[PLEAT_MSA_MAX_PATH];
  put_form(job, &form);
  pleat_buf_printf(&key_text, "%s\n%s", host_of(job), form.data ? form.data : "");
  pleat_status status = PLEAT_OK;
  if (form.is_failed || key_text.is_failed) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for a request of %zu bytes", form.n);
  } else {
    snprintf(t.key, sizeof t.key, "%016llx", (unsigned long long)pleat_hash64(key_text.data, key_text.n));
    load_ticket(job, &t);
    status = wait_until_complete(job, form.data, &t, err);
  }
  if (!status) {
    snprintf(url, sizeof url, "%s/result/download/%s", host_of(job), t.id);
    status = pleat_msa_fetch(job, url, archive_path, err);
  }
  pleat_buf_fini(&form);
  pleat_buf_fini(&key_text);
  return status;
}
