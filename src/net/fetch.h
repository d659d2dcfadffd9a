/* One large file: fetched in parts over several connections into a file of ours, while it can be read from its beginning.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_FETCH_H
#define PLEAT_NET_FETCH_H

#include "pleat/download.h"

typedef struct pleat_fetch pleat_fetch;

/* `urls`: mirrors, the first that answers is taken; NULL ends them. What came goes to `path`, and what is known of it to
 * `path`.journal, so that the next call goes on. opt_whole: somebody else's copy; taken, and no
 * longer there, when it is as long as the server says. Errors: NETWORK, IO (another process has the file), NOMEM, UNSUPPORTED,
 * CANCELLED. */
PLEAT_CHECKED pleat_status pleat_fetch_open(const char *const *urls, const char *path, const char *opt_whole,
                                            const pleat_download_options *options, pleat_fetch **out_fetch,
                                            pleat_error *err);
/* Stops; what came stays. NULL is allowed. */
void pleat_fetch_close(pleat_fetch *fetch);
uint64_t pleat_fetch_size(const pleat_fetch *fetch);
const char *pleat_fetch_url(const pleat_fetch *fetch); /* that is taken */
/* At most n_max bytes from `offset` on, as soon as there are any; 0 at the end. For one thread. Errors: MISMATCH: the file
 * changed on the server and has to be begun anew; NETWORK, IO, CANCELLED, NOMEM. */
PLEAT_CHECKED pleat_status pleat_fetch_read(pleat_fetch *fetch, uint64_t offset, void *bytes, size_t n_max,
                                            size_t *out_n, pleat_error *err);
/* Removes what came of a file. */
void pleat_fetch_forget(const char *path);

#endif
