/* Release dates and obsolete entries; see pdb_lists.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/pdb_lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "io/lines.h"

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the list of PDB entries");
}

/* ---- Days ---- */

static bool read_number(const char **at, const char *end, int max_digits, int32_t *out) {
  const char *start = *at;
  for (*out = 0; *at < end && *at - start < max_digits && **at >= '0' && **at <= '9'; (*at)++) {
    *out = 10 * *out + (**at - '0');
  }
  return *at > start;
}

bool pleat_date_parse(const char *text, size_t n, int32_t *out_day) {
  static const int32_t days_of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const char *at = text, *end = text + n;
  int32_t year, month, day;
  if (!read_number(&at, end, 4, &year) || at - text != 4 || at == end || *at++ != '-') return false;
  if (!read_number(&at, end, 2, &month) || at == end || *at++ != '-') return false;
  if (!read_number(&at, end, 2, &day) || at != end) return false;
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > days_of[month - 1] + (month == 2 && is_leap)) return false;
  *out_day = 10000 * year + 100 * month + day;
  return true;
}

/* ---- Files ---- */

static void strip(const char **text, size_t *n) {
  while (*n && pleat_is_blank(**text)) (*text)++, (*n)--;
  while (*n && pleat_is_blank((*text)[*n - 1])) (*n)--;
}

static const char *copy_id(pleat_pdb_lists *lists, const char *id, size_t n) {
  char *copy = pleat_arena_strndup(&lists->texts, id, n);
  for (size_t i = 0; copy && i < n; i++) {
    if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] - 'A' + 'a');
  }
  return copy;
}

/* The note of an entry, a new one if need be; of several lines about an entry the last counts. NULL: no memory. */
static pleat_pdb_note *note_of(pleat_pdb_lists *lists, const char *id, size_t n) {
  const char *key = copy_id(lists, id, n);
  uint32_t existing = PLEAT_MAP_NONE;
  if (!key || !pleat_grow(&lists->notes, lists->n_notes, &lists->capacity, sizeof *lists->notes)) return NULL;
  if (!pleat_map_insert(&lists->index, key, n, lists->n_notes, &existing)) return NULL;
  if (existing != PLEAT_MAP_NONE) return &lists->notes[existing];
  lists->notes[lists->n_notes] = (pleat_pdb_note){0};
  return &lists->notes[lists->n_notes++];
}

static pleat_status refuse(const pleat_lines *lines, const char *wanted, pleat_error *err) {
  int n_shown = (int)(lines->n < 80 ? lines->n : 80);
  return pleat_fail_at(err, PLEAT_INPUT, lines->path, lines->number, 0, "expected %s, found \"%.*s\"", wanted, n_shown,
                       lines->line);
}

static pleat_status read_date(pleat_pdb_lists *lists, const pleat_lines *lines, pleat_error *err) {
  const char *id = lines->line;
  size_t n = lines->n;
  strip(&id, &n);
  if (n == 0) return PLEAT_OK;
  const char *colon = memchr(id, ':', n), *date = colon ? colon + 1 : id;
  size_t n_id = colon ? (size_t)(colon - id) : 0, n_date = colon ? n - n_id - 1 : 0;
  strip(&id, &n_id);
  strip(&date, &n_date);
  int32_t day = PLEAT_NO_DATE;
  if (n_id == 0 || !pleat_date_parse(date, n_date, &day)) {
    return refuse(lines, "an entry and its release date as \"1abc:1998-04-08\"", err);
  }
  pleat_pdb_note *note = note_of(lists, id, n_id);
  if (!note) return no_memory(lines->path, err);
  note->day = day;
  return PLEAT_OK;
}

/* "OBSLTE    26-SEP-06 2H33     2JM5 2OWI": the day, the entry, and what replaces it. */
static pleat_status read_obsolete(pleat_pdb_lists *lists, const pleat_lines *lines, pleat_error *err) {
  enum { TAG, DAY, FROM, TO, N_FIELDS };
  const char *at = lines->line, *end = at + lines->n, *field[N_FIELDS];
  size_t n[N_FIELDS];
  for (int i = 0; i < N_FIELDS; i++) field[i] = pleat_next_field(&at, end, &n[i]);
  if (n[TAG] != 6 || memcmp(field[TAG], "OBSLTE", 6) != 0) return PLEAT_OK;
  if (n[FROM] == 0) return refuse(lines, "\"OBSLTE    31-JUL-94 116L     216L\"", err);
  pleat_pdb_note *note = note_of(lists, field[FROM], n[FROM]);
  if (!note) return no_memory(lines->path, err);
  note->is_obsolete = true;
  note->opt_successor = NULL;
  if (n[TO] == 0) return PLEAT_OK;
  note->opt_successor = copy_id(lists, field[TO], n[TO]);
  return note->opt_successor ? PLEAT_OK : no_memory(lines->path, err);
}

typedef pleat_status read_line_fn(pleat_pdb_lists *lists, const pleat_lines *lines, pleat_error *err);

static pleat_status read_file(pleat_pdb_lists *lists, const char *path, read_line_fn *read_line, pleat_error *err) {
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  bool is_line = true;
  pleat_status status = PLEAT_OK;
  while (!status) {
    status = pleat_lines_next(&lines, &is_line, err);
    if (status || !is_line) break;
    status = read_line(lists, &lines, err);
  }
  pleat_lines_close(&lines);
  return status;
}

pleat_status pleat_pdb_lists_read_dates(pleat_pdb_lists *lists, const char *path, pleat_error *err) {
  return read_file(lists, path, read_date, err);
}

pleat_status pleat_pdb_lists_read_obsolete(pleat_pdb_lists *lists, const char *path, pleat_error *err) {
  return read_file(lists, path, read_obsolete, err);
}

void pleat_pdb_lists_fini(pleat_pdb_lists *lists) {
  pleat_map_fini(&lists->index);
  free(lists->notes);
  pleat_arena_fini(&lists->texts);
  *lists = (pleat_pdb_lists){0};
}

pleat_pdb_note pleat_pdb_lists_find(const pleat_pdb_lists *lists, const char *entry) {
  uint32_t i = pleat_map_find(&lists->index, entry, strlen(entry));
  return i == PLEAT_MAP_NONE ? (pleat_pdb_note){0} : lists->notes[i];
}
