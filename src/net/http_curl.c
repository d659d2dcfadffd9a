/* Requests over HTTP by libcurl.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "net/http.h"

struct pleat_http {
  CURL *curl;
  char message[CURL_ERROR_SIZE];
};

/* One request while it runs. */
typedef struct exchange {
  CURL *curl;
  const pleat_http_request *request;
  pleat_http_reply *reply;
  pleat_error *err;
  pleat_status status; /* of a function of the caller's */
  bool has_begun;
} exchange;

static size_t on_header(char *line, size_t size, size_t n, void *arg);
static size_t on_body(char *bytes, size_t size, size_t n, void *arg);
static int on_progress(void *arg, curl_off_t n, curl_off_t n_now, curl_off_t up, curl_off_t up_now);

static CURLcode set_options(CURL *curl, const pleat_http_options *options, char *message) {
  CURLcode code = CURLE_OK;
  double connect_s = options->connect_timeout_s > 0 ? options->connect_timeout_s : 20;
  double stall_s = options->stall_timeout_s > 0 ? options->stall_timeout_s : 60;
#define SET(option, value)                                                        \
  do {                                                                            \
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_##option, value); \
  } while (0)
  SET(ERRORBUFFER, message);
  SET(NOSIGNAL, 1L);
  SET(USERAGENT, "pleat/" PLEAT_VERSION " libcurl/" LIBCURL_VERSION);
  SET(CONNECTTIMEOUT_MS, (long)(connect_s * 1e3));
  SET(LOW_SPEED_LIMIT, 1L);
  SET(LOW_SPEED_TIME, stall_s < 1 ? 1L : (long)stall_s);
  SET(FOLLOWLOCATION, 1L);
  SET(MAXREDIRS, 5L);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(PROTOCOLS_STR, "http,https");
  SET(REDIR_PROTOCOLS_STR, "http,https");
#else
  SET(PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  SET(REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  SET(HEADERFUNCTION, on_header);
  SET(WRITEFUNCTION, on_body);
  SET(XFERINFOFUNCTION, on_progress);
  SET(NOPROGRESS, 0L);
  if (options->opt_proxy) SET(PROXY, options->opt_proxy);
#undef SET
  return code;
}

pleat_status pleat_http_open(const pleat_http_options *options, pleat_http **out_http, pleat_error *err) {
  *out_http = NULL;
  if (curl_global_init(CURL_GLOBAL_DEFAULT)) PLEAT_FAIL(err, PLEAT_NETWORK, "libcurl cannot be initialised");
  pleat_http *http = calloc(1, sizeof *http);
  if (http) http->curl = curl_easy_init();
  if (!http || !http->curl) {
    free(http);
    curl_global_cleanup();
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a connection");
  }
  CURLcode code = set_options(http->curl, options, http->message);
  if (code == CURLE_OK) {
    *out_http = http;
    return PLEAT_OK;
  }
  pleat_http_close(http);
  PLEAT_FAIL(err, PLEAT_NETWORK, "libcurl does not take an option that is needed: %s", curl_easy_strerror(code));
}

void pleat_http_close(pleat_http *http) {
  if (!http) return;
  curl_easy_cleanup(http->curl);
  free(http);
  curl_global_cleanup();
}

/* The value of a header line "NAME: value" without blanks around it; false when it is another header. */
static bool take_header(const char *line, size_t n, const char *name, char value[PLEAT_HTTP_MAX_VALUE]) {
  size_t n_name = strlen(name);
  if (n <= n_name || line[n_name] != ':' || strncasecmp(line, name, n_name)) return false;
  line += n_name + 1;
  n -= n_name + 1;
  while (n > 0 && strchr(" \t", *line)) line++, n--;
  while (n > 0 && strchr(" \t\r\n", line[n - 1])) n--;
  if (n >= PLEAT_HTTP_MAX_VALUE) n = 0; /* too long to be of use: as if it had not been said */
  memcpy(value, line, n);
  value[n] = '\0';
  return true;
}

static void clear_reply(pleat_http_reply *reply) {
  *reply = (pleat_http_reply){.length = -1, .first = -1, .total = -1};
}

static size_t on_header(char *line, size_t size, size_t n, void *arg) {
  exchange *ex = arg;
  char value[PLEAT_HTTP_MAX_VALUE];
  n *= size;
  if (n > 5 && memcmp(line, "HTTP/", 5) == 0) clear_reply(ex->reply); /* also after a redirection */
  if (take_header(line, n, "Content-Type", ex->reply->content_type)) return n;
  if (take_header(line, n, "ETag", ex->reply->etag)) return n;
  if (take_header(line, n, "Last-Modified", ex->reply->last_modified)) return n;
  if (take_header(line, n, "Content-Range", value)) {
    long long first = -1, last = -1, total = -1;
    if (sscanf(value, "bytes %lld-%lld/%lld", &first, &last, &total) == 3 && first >= 0 && total > last) {
      ex->reply->first = first;
      ex->reply->total = total;
    }
  }
  return n;
}

static void fill_reply(exchange *ex) {
  long code = 0;
  curl_off_t length = -1, retry_after = 0;
  curl_easy_getinfo(ex->curl, CURLINFO_RESPONSE_CODE, &code);
  curl_easy_getinfo(ex->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(ex->curl, CURLINFO_RETRY_AFTER, &retry_after);
  ex->reply->code = (int)code;
  ex->reply->length = length;
  ex->reply->retry_after_s = (double)retry_after;
}

static pleat_status begin(exchange *ex) {
  ex->has_begun = true;
  fill_reply(ex);
  if (ex->reply->code < 200 || ex->reply->code > 299 || !ex->request->opt_on_begin) return PLEAT_OK;
  return ex->request->opt_on_begin(ex->request->arg, ex->reply, ex->err);
}

static void keep_text(pleat_http_reply *reply, const char *bytes, size_t n) {
  size_t n_text = strlen(reply->text);
  for (size_t i = 0; i < n && n_text + 1 < sizeof reply->text; i++) {
    unsigned char c = (unsigned char)bytes[i];
    reply->text[n_text++] = c >= ' ' && c < 0x7f ? (char)c : ' ';
  }
  reply->text[n_text] = '\0';
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg) {
  exchange *ex = arg;
  n *= size;
  if (!ex->has_begun) ex->status = begin(ex);
  if (ex->status) return 0;
  if (ex->reply->code < 200 || ex->reply->code > 299) {
    keep_text(ex->reply, bytes, n);
  } else if (ex->request->opt_on_body) {
    ex->status = ex->request->opt_on_body(ex->request->arg, bytes, n, ex->err);
  }
  return ex->status ? 0 : n;
}

static int on_progress(void *arg, curl_off_t n, curl_off_t n_now, curl_off_t up, curl_off_t up_now) {
  exchange *ex = arg;
  (void)n, (void)n_now, (void)up, (void)up_now;
  return ex->request->opt_poll && !ex->request->opt_poll(ex->request->arg);
}

static CURLcode set_request(CURL *curl, exchange *ex, struct curl_slist **headers) {
  const pleat_http_request *request = ex->request;
  CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, request->url);
  if (!code) code = curl_easy_setopt(curl, CURLOPT_HEADERDATA, ex);
  if (!code) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, ex);
  if (!code) code = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, ex);
  if (!code) code = curl_easy_setopt(curl, CURLOPT_RANGE, request->opt_range);
  if (!code) code = curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  if (!code && request->opt_form) code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->opt_form);
  if (!code && request->opt_form) {
    code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->opt_form));
  }
  if (!code && request->opt_if_range) {
    char line[PLEAT_HTTP_MAX_VALUE + 16];
    snprintf(line, sizeof line, "If-Range: %s", request->opt_if_range);
    *headers = curl_slist_append(NULL, line);
    if (!*headers) code = CURLE_OUT_OF_MEMORY;
  }
  if (!code) code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
  return code;
}

pleat_status pleat_http_run(pleat_http *http, const pleat_http_request *request, pleat_http_reply *out_reply,
                            pleat_error *err) {
  exchange ex = {.curl = http->curl, .request = request, .reply = out_reply, .err = err};
  struct curl_slist *headers = NULL;
  clear_reply(out_reply);
  http->message[0] = '\0';
  CURLcode code = set_request(http->curl, &ex, &headers);
  if (!code) code = curl_easy_perform(http->curl);
  curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(headers);
  if (code == CURLE_OK && !ex.has_begun) ex.status = begin(&ex); /* no body */
  if (ex.status) return ex.status;
  fill_reply(&ex);
  const char *reason = http->message[0] ? http->message : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK: return PLEAT_OK;
    case CURLE_ABORTED_BY_CALLBACK: PLEAT_FAIL(err, PLEAT_CANCELLED, "interrupted while fetching '%s'", request->url);
    case CURLE_OUT_OF_MEMORY: PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to fetch '%s'", request->url);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      PLEAT_FAIL(err, PLEAT_INVALID, "expected an address that begins with http:// or https://, found '%s' (%s)",
                 request->url, reason);
    default: PLEAT_FAIL(err, PLEAT_NETWORK, "cannot fetch '%s': %s", request->url, reason);
  }
}
