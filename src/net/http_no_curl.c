/* What stands in for http_curl.c where CMake finds no libcurl: no network.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fail.h"
#include "net/http.h"

pleat_status pleat_http_open(const pleat_http_options *options, pleat_http **out_http, pleat_error *err) {
  (void)options;
  *out_http = NULL;
  PLEAT_FAIL(
      err, PLEAT_UNSUPPORTED,
      "this pleat was built without libcurl and cannot use the network: build it where pkg-config finds libcurl");
}

void pleat_http_close(pleat_http *http) { (void)http; }

pleat_status pleat_http_run(pleat_http *http, const pleat_http_request *request, pleat_http_reply *out_reply,
                            pleat_error *err) {
  (void)http;
  *out_reply = (pleat_http_reply){0};
  PLEAT_FAIL(err, PLEAT_UNSUPPORTED, "cannot fetch '%s': this pleat was built without libcurl", request->url);
}
