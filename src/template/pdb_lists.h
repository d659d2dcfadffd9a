/* What is known of the PDB's entries without reading them: when they were released, and which are obsolete.
 * Source: alphafold/data/templates.py, _parse_release_dates, _parse_obsolete (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TEMPLATE_PDB_LISTS_H
#define PLEAT_TEMPLATE_PDB_LISTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "pleat/status.h"

/* Days are numbers whose digits are YYYYMMDD: 20210930. */
enum { PLEAT_NO_DATE = 0 };

typedef struct pleat_pdb_note {
  int32_t day; /* PLEAT_NO_DATE: not in the list of dates */
  bool is_obsolete;
  const char *opt_successor; /* of an obsolete entry; NULL: removed without one */
} pleat_pdb_note;

/* Zero-initialise before use; released with pleat_pdb_lists_fini. Entries are in lower case. */
typedef struct pleat_pdb_lists {
  pleat_map index; /* entry -> number of its note */
  pleat_pdb_note *notes;
  uint32_t n_notes, capacity;
  pleat_arena texts;
} pleat_pdb_lists;

/* "YYYY-MM-DD" (month and day may have one digit) to a day; false: something else. */
bool pleat_date_parse(const char *text, size_t n, int32_t *out_day);

/* A file with lines "1abc:1998-04-08"; blank ones are skipped. Errors: IO, INPUT (with the line), NOMEM. */
PLEAT_CHECKED pleat_status pleat_pdb_lists_read_dates(pleat_pdb_lists *lists, const char *path, pleat_error *err);
/* The PDB's obsolete.dat. Lines that do not start with "OBSLTE" are skipped; of several successors the first counts.
 * Errors: IO, INPUT (with the line), NOMEM. */
PLEAT_CHECKED pleat_status pleat_pdb_lists_read_obsolete(pleat_pdb_lists *lists, const char *path, pleat_error *err);
void pleat_pdb_lists_fini(pleat_pdb_lists *lists);

/* All zeros when the entry is in neither list. */
pleat_pdb_note pleat_pdb_lists_find(const pleat_pdb_lists *lists, const char *entry);

#endif
