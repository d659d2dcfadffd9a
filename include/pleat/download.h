/* Published parameters and databases, fetched into a folder that is laid out as AlphaFold's scripts leave it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_DOWNLOAD_H
#define PLEAT_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Something that can be fetched. Sizes are those that its publisher states; what has no release of its own grows. */
typedef struct pleat_dataset {
  const char *name; /* "params", "uniref90", ... */
  const char *about;
  double download_gb, unpacked_gb; /* 10^9 bytes */
} pleat_dataset;

/* A named choice of datasets. */
typedef struct pleat_dataset_preset {
  const char *name;            /* "monomer-reduced", ... */
  const char *const *datasets; /* names, NULL-terminated */
} pleat_dataset_preset;

/* By number from 0; NULL behind the last. */
PLEAT_API const pleat_dataset *pleat_dataset_get(size_t i);
PLEAT_API const pleat_dataset_preset *pleat_dataset_presets(size_t *out_n);

/* Zero-initialise, then set what differs. */
typedef struct pleat_download_options {
  const char *opt_proxy;       /* NULL: as the environment says */
  const char *opt_mirror;      /* "FROM=TO": addresses that begin with FROM begin with TO instead */
  int n_connections;           /* 0: 4 */
  double wait_s;               /* before another try, doubled with each: 0 = 2 s */
  bool (*opt_poll)(void *ctx); /* false gives up (CANCELLED); what came stays and is not fetched again */
  /* Bytes of one file that are there, and of the whole; now and then. */
  void (*opt_progress)(void *ctx, const char *file, uint64_t n_done, uint64_t n_total);
  void *ctx;
} pleat_download_options;

/* Is all of it in `dir`, whoever fetched it? What pleat fetched must have its recorded size, and with is_thorough its
 * recorded SHA-256. Errors: MISMATCH names the file that differs; INVALID (no such dataset), IO, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_dataset_check(const char *name, const char *dir, bool is_thorough,
                                                         bool *out_is_there, pleat_error *err);

/* Fetches a dataset, in parts over several connections, and unpacks it as it comes. Killed at any moment, it goes on where
 * it stopped when called again. Files appear under their names when all of the dataset has come and is whole; the SHA-256
 * of the archive and of each file are recorded in DIR/.pleat-download, and compared should the same file be fetched again.
 * No effect when it is there. Errors: NETWORK, MISMATCH (another file than recorded), INPUT (no such archive, or damaged),
 * IO (also: another process fetches it), CANCELLED, UNSUPPORTED (built without libcurl, libarchive), INVALID, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_dataset_fetch(const char *name, const char *dir,
                                                         const pleat_download_options *options, pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
