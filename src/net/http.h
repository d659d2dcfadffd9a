/* Requests over HTTP: one at a time on a connection that is kept open.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_HTTP_H
#define PLEAT_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

typedef struct pleat_http pleat_http;

/* Zero-initialise, then set what differs. */
typedef struct pleat_http_options {
  const char *opt_proxy;    /* NULL: as the environment says (http_proxy, https_proxy, no_proxy) */
  double connect_timeout_s; /* 0: 20 s */
  double stall_timeout_s;   /* nothing came for so long: 0 = 60 s */
} pleat_http_options;

/* For one thread at a time. The first one is opened and the last one closed while no other thread uses any. Errors:
 * UNSUPPORTED (built without libcurl), NOMEM. */
PLEAT_CHECKED pleat_status pleat_http_open(const pleat_http_options *options, pleat_http **out_http, pleat_error *err);
void pleat_http_close(pleat_http *http); /* NULL is allowed */

enum { PLEAT_HTTP_MAX_VALUE = 256, PLEAT_HTTP_MAX_TEXT = 240 };

/* What a server said before the body. */
typedef struct pleat_http_reply {
  int code;             /* 200, ...; after redirections */
  double retry_after_s; /* 0: not said */
  int64_t length;       /* of the body as announced; -1: not said */
  int64_t first, total; /* of a part (206): its first byte, and bytes of the whole; -1: not said */
  char content_type[PLEAT_HTTP_MAX_VALUE];
  char etag[PLEAT_HTTP_MAX_VALUE];
  char last_modified[PLEAT_HTTP_MAX_VALUE];
  char text[PLEAT_HTTP_MAX_TEXT]; /* beginning of the body of a refusal, printable, for messages */
} pleat_http_reply;

typedef struct pleat_http_request {
  const char *url;                      /* http or https */
  const char *opt_form;                 /* posted: a=b&c=d, encoded already */
  const char *opt_range, *opt_if_range; /* "0-99"; an ETag or a date */
  /* Called once before the body, of replies 2xx; a failure ends the request and is returned. */
  pleat_status (*opt_on_begin)(void *arg, const pleat_http_reply *reply, pleat_error *err);
  /* The body of replies 2xx, in pieces as they come; a failure ends the request and is returned. */
  pleat_status (*opt_on_body)(void *arg, const char *bytes, size_t n, pleat_error *err);
  bool (*opt_poll)(void *arg); /* asked now and then; false ends the request (CANCELLED) */
  void *arg;                   /* for all three */
} pleat_http_request;

/* OK says that a whole reply has come, whatever its code. Errors: NETWORK (out of reach, broken off, shorter than
 * announced), CANCELLED, INVALID (no URL), what a function returned. */
PLEAT_CHECKED pleat_status pleat_http_run(pleat_http *http, const pleat_http_request *request,
                                          pleat_http_reply *out_reply, pleat_error *err);

/* Is it worth trying again? */
static inline bool pleat_http_is_transient(int code) { return code == 408 || code == 429 || code >= 500; }

#endif
