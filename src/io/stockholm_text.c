/* Stockholm texts on their way to the template search: fewer rows, fewer columns, a3m.
 * Source: alphafold/data/parsers.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"
#include "io/stockholm_priv.h"

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the text of this alignment");
}

static pleat_status finish(const pleat_buf *out, const char *path, pleat_error *err) {
  return out->is_failed ? no_memory(path, err) : PLEAT_OK;
}

static bool starts_with(const pleat_lines *lines, const char *prefix) {
  size_t n = strlen(prefix);
  return lines->n >= n && memcmp(lines->line, prefix, n) == 0;
}

static bool is_blank_line(const pleat_lines *lines) {
  for (size_t i = 0; i < lines->n; i++) {
    if (!pleat_is_blank(lines->line[i])) return false;
  }
  return true;
}

static bool is_row(const pleat_lines *lines) {
  return !starts_with(lines, "#") && !starts_with(lines, "//") && !is_blank_line(lines);
}

/* The published code ends a row's name at the first space, also where tabs stand. */
static size_t name_length(const pleat_lines *lines) {
  const char *space = lines->n ? memchr(lines->line, ' ', lines->n) : NULL;
  return space ? (size_t)(space - lines->line) : lines->n;
}

/* The words behind "#=GS": a row's name, a feature, and the rest of the line. */
typedef struct gs_line {
  const char *name, *feature, *value;
  size_t n_name, n_feature, n_value;
} gs_line;

static pleat_status read_gs(const pleat_lines *lines, gs_line *gs, pleat_error *err) {
  const char *at = lines->line, *end = at + lines->n;
  size_t n;
  pleat_next_field(&at, end, &n);
  gs->name = pleat_next_field(&at, end, &gs->n_name);
  gs->feature = pleat_next_field(&at, end, &gs->n_feature);
  while (at < end && pleat_is_blank(*at)) at++;
  gs->value = at;
  gs->n_value = (size_t)(end - at);
  if (gs->n_feature) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_INPUT, lines->path, lines->number, 0,
                       "expected \"#=GS name feature text\", found '%.*s'", (int)(lines->n < 60 ? lines->n : 60),
                       lines->line);
}

static pleat_status is_kept(const pleat_lines *lines, const pleat_map *names, bool *out_is_kept, pleat_error *err) {
  *out_is_kept = true;
  if (is_blank_line(lines) || starts_with(lines, "# STOCKHOLM") || starts_with(lines, "#=GC RF")) return PLEAT_OK;
  const char *at = lines->line;
  size_t n;
  const char *word = pleat_next_field(&at, at + lines->n, &n);
  const char *end = lines->line + lines->n;
  while (at < end && pleat_is_blank(*at)) at++;
  if (n == 2 && memcmp(word, "//", 2) == 0 && at == end) return PLEAT_OK;
  if (starts_with(lines, "#=GS")) {
    gs_line gs;
    PLEAT_TRY(read_gs(lines, &gs, err));
    *out_is_kept = pleat_map_find(names, gs.name, gs.n_name) != PLEAT_MAP_NONE;
  } else if (starts_with(lines, "#")) {
    *out_is_kept = false;
  } else {
    *out_is_kept = pleat_map_find(names, lines->line, name_length(lines)) != PLEAT_MAP_NONE;
  }
  return PLEAT_OK;
}

/* Copies the lines that stay. A last line without end keeps having none, unless all are to be ended. */
static pleat_status filter(pleat_lines *lines, const pleat_map *names, bool is_always_ended, pleat_buf *out,
                           pleat_error *err) {
  bool is_line = true, is_wanted = false;
  while (true) {
    PLEAT_TRY(pleat_lines_next(lines, &is_line, err));
    if (!is_line) return finish(out, lines->path, err);
    PLEAT_TRY(is_kept(lines, names, &is_wanted, err));
    if (!is_wanted) continue;
    pleat_buf_append(out, lines->line, lines->n);
    if (lines->is_ended || is_always_ended) pleat_buf_append(out, "\n", 1);
  }
}

/* ---- Fewer rows ---- */

/* Names that outlive the lines they came from. */
typedef struct name_set {
  pleat_map map;
  char **names;
  uint32_t n, capacity;
} name_set;

static void names_fini(name_set *set) {
  for (uint32_t i = 0; i < set->n; i++) free(set->names[i]);
  free(set->names);
  pleat_map_fini(&set->map);
}

static bool names_add(name_set *set, const char *name, size_t n) {
  if (pleat_map_find(&set->map, name, n) != PLEAT_MAP_NONE) return true;
  if (!pleat_grow(&set->names, set->n, &set->capacity, sizeof *set->names)) return false;
  char *copy = pleat_copy(name, n);
  if (!copy) return false;
  set->names[set->n] = copy;
  return pleat_map_insert(&set->map, copy, n, set->n++, NULL);
}

static pleat_status first_names(pleat_lines *lines, int64_t max_rows, name_set *set, pleat_error *err) {
  bool is_line = true;
  while (set->n < max_rows) {
    PLEAT_TRY(pleat_lines_next(lines, &is_line, err));
    if (!is_line) return PLEAT_OK;
    if (is_row(lines) && !names_add(set, lines->line, name_length(lines))) return no_memory(lines->path, err);
  }
  return PLEAT_OK;
}

pleat_status pleat_stockholm_truncate(const char *text, size_t n, const char *path, int64_t max_rows, pleat_buf *out,
                                      pleat_error *err) {
  name_set set = {0};
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_FILE);
  pleat_status status = first_names(&lines, max_rows, &set, err);
  lines = pleat_lines_of(text, n, path, PLEAT_LINES_FILE);
  if (!status) status = filter(&lines, &set.map, false, out, err);
  names_fini(&set);
  return status;
}

pleat_status pleat_stockholm_truncate_file(const char *path, int64_t max_rows, pleat_buf *out, pleat_error *err) {
  name_set set = {0};
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  pleat_status status = first_names(&lines, max_rows, &set, err);
  pleat_lines_close(&lines);
  if (!status) status = pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err);
  if (!status) status = filter(&lines, &set.map, false, out, err);
  pleat_lines_close(&lines);
  names_fini(&set);
  return status;
}

/* Letters in the columns of the query. */
static size_t masked_letters(const pleat_sto_row *query, const pleat_sto_row *row, char *dst) {
  size_t n = query->n < row->n ? query->n : row->n, n_dst = 0;
  for (size_t c = 0; c < n; c++) {
    if (query->letters[c] != '-') dst[n_dst++] = row->letters[c];
  }
  return n_dst;
}

/* `letters` has room for all rows, because the map borrows what it compares. */
static bool distinct_names(const pleat_sto_reader *reader, char *letters, pleat_map *names) {
  pleat_map seen = {0};
  bool is_ok = true;
  for (uint32_t i = 0; i < reader->n_rows && is_ok; i++) {
    const pleat_sto_row *row = &reader->rows[i];
    size_t n = masked_letters(&reader->rows[0], row, letters);
    uint32_t existing = PLEAT_MAP_NONE;
    is_ok = pleat_map_insert(&seen, letters, n, i, &existing);
    letters += n;
    if (is_ok && existing == PLEAT_MAP_NONE) is_ok = pleat_map_insert(names, row->name, row->n_name, i, NULL);
  }
  pleat_map_fini(&seen);
  return is_ok;
}

pleat_status pleat_stockholm_deduplicate(const char *text, size_t n, const char *path, pleat_buf *out,
                                         pleat_error *err) {
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  pleat_sto_reader reader = {.lines = &lines, .max_rows = PLEAT_ALL_ROWS, .err = err};
  pleat_map names = {0};
  pleat_status status = pleat_sto_gather(&reader);
  char *letters = status ? NULL : malloc(n); /* all of them stand in the text */
  if (!status && (!letters || !distinct_names(&reader, letters, &names))) status = no_memory(path, err);
  lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  if (!status) status = filter(&lines, &names, true, out, err);
  free(letters);
  pleat_map_fini(&names);
  pleat_sto_fini(&reader);
  return status;
}

/* ---- Fewer columns ---- */

/* A line of the chunk being read. */
typedef struct chunk_line {
  const char *text;
  size_t n;
  size_t first; /* of the letters behind a row's name */
  int64_t number;
  bool is_row; /* or "#=GC RF" */
} chunk_line;

typedef struct chunk {
  chunk_line *lines;
  uint32_t n_lines, capacity;
  const char *path;
  pleat_buf *out;
  bool is_begun; /* a line has been written */
  pleat_error *err;
} chunk;

/* The published code splits a row at its last space. */
static size_t letters_of(const pleat_lines *lines) {
  size_t at = lines->n;
  while (at > 0 && lines->line[at - 1] != ' ') at--;
  return at;
}

static void put_line(chunk *c, const char *text, size_t n) {
  if (c->is_begun) pleat_buf_append(c->out, "\n", 1);
  c->is_begun = true;
  pleat_buf_append(c->out, text, n);
}

/* Is there a letter in column j of any row? Like the published code, looks at no row behind the first that has one. */
static pleat_status find_letter(const chunk *c, size_t j, bool *out_has, pleat_error *err) {
  *out_has = false;
  for (uint32_t i = 0; i < c->n_lines && !*out_has; i++) {
    const chunk_line *line = &c->lines[i];
    if (!line->is_row || line->text[0] == '#') continue;
    if (j >= line->n - line->first) {
      return pleat_fail_at(err, PLEAT_INPUT, c->path, line->number, 0,
                           "a row that is shorter than the '#=GC RF' line of its chunk: the alignment is damaged");
    }
    *out_has = line->text[line->first + j] != '-';
  }
  return PLEAT_OK;
}

static void put_masked(chunk *c, const chunk_line *line, const bool *mask, size_t n_mask) {
  size_t first = line->first, n = line->n - first < n_mask ? line->n - first : n_mask;
  put_line(c, line->text, first ? first - 1 : 0);
  pleat_buf_append(c->out, " ", 1);
  for (size_t j = 0; j < n; j++) {
    if (mask[j]) pleat_buf_append(c->out, line->text + first + j, 1);
  }
}

/* The last line is "#=GC RF". */
static pleat_status put_chunk(chunk *c) {
  const chunk_line *reference = &c->lines[c->n_lines - 1];
  size_t n_mask = reference->n - reference->first;
  bool is_any = false, *mask = calloc(n_mask + 1, sizeof *mask);
  if (!mask) return no_memory(c->path, c->err);
  pleat_status status = PLEAT_OK;
  for (size_t j = 0; j < n_mask && !status; j++) {
    status = find_letter(c, j, &mask[j], c->err);
    is_any |= mask[j];
  }
  for (uint32_t i = 0; i < c->n_lines && !status; i++) {
    const chunk_line *line = &c->lines[i];
    if (!line->is_row) {
      put_line(c, line->text, line->n);
    } else if (is_any) {
      put_masked(c, line, mask, n_mask);
    } else {
      put_line(c, "", 0);
    }
  }
  free(mask);
  c->n_lines = 0;
  return status;
}

static pleat_status put_rest(chunk *c) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    if (c->lines[i].is_row) {
      return pleat_fail_at(c->err, PLEAT_INPUT, c->path, c->lines[i].number, 0,
                           "a row without a '#=GC RF' line behind it: expected one below every chunk, as HMMER writes");
    }
    put_line(c, c->lines[i].text, c->lines[i].n);
  }
  return PLEAT_OK;
}

pleat_status pleat_stockholm_remove_empty_columns(const char *text, size_t n, const char *path, pleat_buf *out,
                                                  pleat_error *err) {
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  chunk c = {.path = path, .out = out, .err = err};
  pleat_status status = PLEAT_OK;
  bool is_line = true;
  while (true) {
    status = pleat_lines_next(&lines, &is_line, err);
    if (status || !is_line) break;
    bool is_reference = starts_with(&lines, "#=GC RF");
    if (!pleat_grow(&c.lines, c.n_lines, &c.capacity, sizeof *c.lines)) {
      status = no_memory(path, err);
      break;
    }
    c.lines[c.n_lines++] =
        (chunk_line){lines.line, lines.n, letters_of(&lines), lines.number, is_reference || is_row(&lines)};
    if (is_reference) status = put_chunk(&c);
    if (status) break;
  }
  if (!status) status = put_rest(&c);
  if (!status) status = finish(out, path, err);
  free(c.lines);
  return status;
}

/* ---- a3m ---- */

/* "#=GS name DE text" by name; texts are borrowed. */
typedef struct gs_text {
  const char *value;
  size_t n;
} gs_text;

typedef struct description_list {
  pleat_map map;
  gs_text *items;
  uint32_t n, capacity;
} description_list;

/* Stops, as published, when there are as many descriptions as rows. */
static pleat_status read_descriptions(pleat_lines *lines, const pleat_sto_reader *reader, bool is_full,
                                      description_list *list, pleat_error *err) {
  bool is_line = true;
  while (list->n != reader->n_rows) {
    PLEAT_TRY(pleat_lines_next(lines, &is_line, err));
    if (!is_line) return PLEAT_OK;
    gs_line gs;
    if (!starts_with(lines, "#=GS")) continue;
    PLEAT_TRY(read_gs(lines, &gs, err));
    if (gs.n_feature != 2 || memcmp(gs.feature, "DE", 2) != 0) continue;
    if (is_full && pleat_map_find(&reader->names, gs.name, gs.n_name) == PLEAT_MAP_NONE) continue;
    uint32_t existing = PLEAT_MAP_NONE;
    if (!pleat_grow(&list->items, list->n, &list->capacity, sizeof *list->items) ||
        !pleat_map_insert(&list->map, gs.name, gs.n_name, list->n, &existing)) {
      return no_memory(lines->path, err);
    }
    list->items[existing == PLEAT_MAP_NONE ? list->n++ : existing] = (gs_text){gs.value, gs.n_value};
  }
  return PLEAT_OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Dots are left out first, and the columns are counted without them, as published. */
static void put_a3m_row(const pleat_sto_row *query, const pleat_sto_row *row, bool has_query_gaps, pleat_buf *out) {
  size_t column = 0;
  for (size_t i = 0; i < row->n && (has_query_gaps || column < query->n); i++) {
    char c = row->letters[i];
    if (c == '.') continue;
    bool is_insertion = !has_query_gaps && query->letters[column] == '-';
    column++;
    if (is_insertion && c == '-') continue;
    if (is_insertion) c = lower(c);
    pleat_buf_append(out, &c, 1);
  }
  pleat_buf_append(out, "\n", 1);
}

pleat_status pleat_stockholm_to_a3m(const char *text, size_t n, const char *path, int64_t max_rows, bool has_query_gaps,
                                    pleat_buf *out, pleat_error *err) {
  pleat_lines lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  pleat_sto_reader reader = {.lines = &lines, .max_rows = max_rows, .has_blanks = true, .err = err};
  description_list list = {0};
  pleat_status status = pleat_sto_gather(&reader);
  lines = pleat_lines_of(text, n, path, PLEAT_LINES_SPLIT);
  if (!status) status = read_descriptions(&lines, &reader, reader.n_before >= max_rows, &list, err);
  for (uint32_t i = 0; i < reader.n_rows && !status; i++) {
    const pleat_sto_row *row = &reader.rows[i];
    uint32_t found = pleat_map_find(&list.map, row->name, row->n_name);
    pleat_buf_puts(out, ">");
    pleat_buf_append(out, row->name, row->n_name);
    pleat_buf_puts(out, " ");
    if (found != PLEAT_MAP_NONE && list.items) pleat_buf_append(out, list.items[found].value, list.items[found].n);
    pleat_buf_puts(out, "\n");
    put_a3m_row(&reader.rows[0], row, has_query_gaps, out);
  }
  if (!status) status = finish(out, path, err);
  pleat_map_fini(&list.map);
  free(list.items);
  pleat_sto_fini(&reader);
  return status;
}
