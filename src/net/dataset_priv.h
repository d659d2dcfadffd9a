/* A dataset on this machine: what is there, and building it from its archives.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_DATASET_PRIV_H
#define PLEAT_NET_DATASET_PRIV_H

#include <jansson.h>

#include "net/catalog.h"

enum { PLEAT_DATASET_PATH = 2048 };
#define PLEAT_DATASET_WORK ".pleat-download" /* below the data folder: what is half done, and records of what is done */

/* The record of a dataset, or NULL: {"archives": [{url, size, etag, sha256}], "files": [{path, size, sha256}]}. */
json_t *pleat_dataset_record(const char *dir, const char *name);

/* Fetches and unpacks everything into `staging`; *out_record is what will be recorded. *out_is_changed: a file on the
 * server changed meanwhile, begin anew. */
PLEAT_CHECKED pleat_status pleat_dataset_build(const pleat_catalog_entry *entry, const char *dir, const char *staging,
                                               const pleat_download_options *options, json_t *record,
                                               bool *out_is_changed, pleat_error *err);

#endif
