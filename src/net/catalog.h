/* What can be downloaded: addresses, forms and places.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_NET_CATALOG_H
#define PLEAT_NET_CATALOG_H

#include "pleat/download.h"

/* What becomes of a file. */
typedef enum pleat_catalog_form {
  PLEAT_FORM_TAR,   /* also .tar.gz: its members */
  PLEAT_FORM_GZIP,  /* the file in it */
  PLEAT_FORM_PLAIN, /* as it is */
  PLEAT_FORM_SEQRES /* of a FASTA file with a line per sequence, the proteins */
} pleat_catalog_form;

enum { PLEAT_CATALOG_FILES = 5, PLEAT_CATALOG_MIRRORS = 3 };

typedef struct pleat_catalog_entry {
  pleat_dataset dataset;
  const char *folder; /* below the data folder */
  const char
      *opt_output; /* the file that it becomes; several files become one, in their order. NULL: of a tar, or as named */
  pleat_catalog_form form;
  const char *urls[PLEAT_CATALOG_FILES][PLEAT_CATALOG_MIRRORS]; /* of each file, the first that answers */
  const char *proof;      /* there only when somebody else's script has fetched and unpacked all */
  const char *markers[2]; /* of ColabFold, empty files in the folder */
} pleat_catalog_entry;

const pleat_catalog_entry *pleat_catalog_find(const char *name); /* NULL: none */
const char *pleat_catalog_base(const char *url);                 /* behind the last '/' */

#endif
