/* Sequence databases: where they lie, what they consist of, who provides them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_DATABASES_H
#define PLEAT_SEARCH_DATABASES_H

#include "pleat/search.h"

typedef enum pleat_db_kind {
  PLEAT_DB_FASTA,
  PLEAT_DB_HHSUITE, /* six files PATH_{a3m,hhm,cs219}.ff{data,index} */
  PLEAT_DB_MMSEQS,  /* PATH, PATH.index, PATH.dbtype, and more */
  PLEAT_DB_FOLDER,  /* of mmCIF files */
  PLEAT_DB_TEXT
} pleat_db_kind;

typedef struct pleat_db_row {
  const char *name;
  const char *flag; /* that says where it is */
  pleat_db_kind kind;
  const char *folder;          /* below the databases' folder; "" = right there */
  const char *prefix, *suffix; /* of its name */
  const char *opt_release;     /* what may stand between, in digits; an example */
  const char *fetch;           /* the command that does, with the databases' folder behind it */
  const char *size;            /* to fetch, and on disk */
} pleat_db_row;

extern const pleat_db_row pleat_db_rows[PLEAT_N_DBS];

/* Looks at the database at report->path. */
PLEAT_CHECKED pleat_status pleat_db_inspect(pleat_db db, pleat_db_report *report, pleat_error *err);
/* Looks for it below `dir`; the newest release counts. */
PLEAT_CHECKED pleat_status pleat_db_locate(pleat_db db, const char *dir, pleat_db_report *out_report, pleat_error *err);
/* A report that is not COMPLETE as an error for people. Status INPUT. */
pleat_status pleat_db_fail(const pleat_db_report *report, const char *opt_dir, pleat_error *err);

#endif
