/* pleat_manifest.json: how each file of a folder of alignments came to be.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_MANIFEST_H
#define PLEAT_SEARCH_MANIFEST_H

#include "search/search_priv.h"

#define PLEAT_MANIFEST "pleat_manifest.json"

typedef struct pleat_manifest {
  void *root; /* json_t */
  char *path;
} pleat_manifest;

/* Reads FOLDER's manifest, or begins one where there is none, or is_new. One of another sequence is an error; a
 * folder of many targets has no sequence (NULL). Errors: INPUT, IO, NOMEM. Released with pleat_manifest_fini. */
PLEAT_CHECKED pleat_status pleat_manifest_open(const char *folder, const char *name, const char *opt_sequence, size_t n,
                                               bool is_new, pleat_manifest *out_manifest, pleat_error *err);
void pleat_manifest_fini(pleat_manifest *manifest);

typedef enum pleat_manifest_match {
  PLEAT_MANIFEST_UNKNOWN, /* the file has no entry */
  PLEAT_MANIFEST_SAME,
  PLEAT_MANIFEST_CHANGED /* somebody wrote to it since */
} pleat_manifest_match;
PLEAT_CHECKED pleat_status pleat_manifest_compare(const pleat_manifest *manifest, const char *file,
                                                  pleat_manifest_match *out_match, pleat_error *err);

/* What made a file. */
typedef struct pleat_manifest_entry {
  const char *file;
  const char *version;  /* of the program */
  const char *commands; /* one a line */
  const pleat_db_report *dbs[4];
  int n_dbs;
  int64_t n_hits;
  double time_ms;
} pleat_manifest_entry;
/* Adds or replaces the entry of a file that is complete, and writes the manifest. Errors: IO, NOMEM. */
PLEAT_CHECKED pleat_status pleat_manifest_add(pleat_manifest *manifest, const pleat_manifest_entry *entry,
                                              pleat_error *err);

#endif
