/* Rows of CIF categories; see cif.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/cif.h"

static bool is_of(const pleat_cif_reader *r, const pleat_cif_category *category) {
  return r->now.kind == PLEAT_CIF_TAG && pleat_span_begins(r->now.text, category->prefix);
}

/* What a value is for its category: column c as 2 * c, as stand-in 2 * c + 1; -1 when it is not wanted. */
static int find_place(const pleat_cif_category *category, pleat_text_span tag) {
  size_t n_prefix = strlen(category->prefix);
  pleat_text_span name = {tag.text + n_prefix, tag.n - n_prefix};
  for (int c = 0; c < category->n_columns; c++) {
    const pleat_cif_column *column = &category->columns[c];
    if (pleat_span_is(name, column->name)) return 2 * c;
    if (column->opt_other && pleat_span_is(name, column->opt_other)) return 2 * c + 1;
  }
  return -1;
}

static pleat_status check_columns(const pleat_cif_reader *r, const pleat_cif_category *category, const bool *is_there,
                                  int64_t line) {
  for (int c = 0; c < category->n_columns; c++) {
    if (!category->columns[c].is_needed || is_there[c]) continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0, "the loop of %s lacks the column %s%s", category->noun,
                         category->prefix, category->columns[c].name);
  }
  return PLEAT_OK;
}

static void take(pleat_cif_token *cells, int place, const pleat_cif_token *value) {
  pleat_cif_token *cell = &cells[place / 2];
  bool is_other = place % 2;
  if (pleat_cif_has_value(value) ? !is_other || !pleat_cif_has_value(cell) : cell->kind == PLEAT_CIF_END)
    *cell = *value;
}

/* Rows up to the next token that is no value. */
static pleat_status read_rows(pleat_cif_reader *r, const pleat_cif_category *category, const int16_t *places,
                              int n_places, void *arg) {
  pleat_cif_token cells[PLEAT_CIF_COLUMNS];
  for (int at = 0; r->now.kind == PLEAT_CIF_VALUE; at = at + 1 == n_places ? 0 : at + 1) {
    if (at == 0) memset(cells, 0, (size_t)category->n_columns * sizeof *cells);
    if (places[at] >= 0) take(cells, places[at], &r->now);
    int64_t line = r->now.line;
    bool is_last = at + 1 == n_places;
    if (is_last) PLEAT_TRY(category->row(arg, cells));
    PLEAT_TRY(pleat_cif_next(r));
    if (r->now.kind == PLEAT_CIF_VALUE || is_last) continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0,
                         "the loop of %s ends within a row: expected %d values, found %d", category->noun, n_places,
                         at + 1);
  }
  return PLEAT_OK;
}

pleat_status pleat_cif_read_loop(pleat_cif_reader *r, const pleat_cif_category *category, int64_t line, void *arg) {
  int16_t places[PLEAT_CIF_COLUMNS] = {0};
  bool is_there[PLEAT_CIF_COLUMNS] = {false};
  int n_places = 0;
  PLEAT_ASSERT(category->n_columns <= PLEAT_CIF_COLUMNS);
  while (is_of(r, category)) {
    if (n_places == PLEAT_CIF_COLUMNS)
      return pleat_fail_at(r->err, PLEAT_INPUT, r->path, r->now.line, 0,
                           "the loop of %s has more than %d columns, the most that pleat reads", category->noun,
                           PLEAT_CIF_COLUMNS);
    places[n_places] = (int16_t)find_place(category, r->now.text);
    if (places[n_places] >= 0) is_there[places[n_places] / 2] = true;
    n_places++;
    PLEAT_TRY(pleat_cif_next(r));
  }
  PLEAT_TRY(check_columns(r, category, is_there, line));
  return read_rows(r, category, places, n_places, arg);
}

/* ---- Whole blocks ---- */

/* Single items of a category, and whether it came. */
typedef struct found {
  pleat_cif_token *cells;
  bool has_items, has_loop;
  int64_t line;
} found;

static pleat_status fail_twice(const pleat_cif_reader *r, const pleat_cif_category *category, int64_t line) {
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0, "the category %s* comes a second time", category->prefix);
}

static const pleat_cif_category *find_category(const pleat_cif_reader *r, const pleat_cif_category *categories, int n,
                                               int *out_index) {
  for (*out_index = 0; *out_index < n; ++*out_index)
    if (is_of(r, &categories[*out_index])) return &categories[*out_index];
  return NULL;
}

/* A tag with its value. */
static pleat_status read_item(pleat_cif_reader *r, const pleat_cif_category *opt_category, found *item) {
  pleat_cif_token tag = r->now;
  PLEAT_TRY(pleat_cif_next(r));
  if (!opt_category) return PLEAT_OK;
  if (r->now.kind != PLEAT_CIF_VALUE) {
    char shown[PLEAT_SPAN_SHOWN];
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, tag.line, 0, "%s has no value",
                         pleat_span_show(tag.text, shown));
  }
  int place = find_place(opt_category, tag.text);
  if (place >= 0) take(item->cells, place, &r->now);
  if (!item->has_items) item->line = tag.line;
  item->has_items = true;
  return pleat_cif_next(r);
}

static pleat_status read_any_loop(pleat_cif_reader *r, const pleat_cif_category *categories, int n, found *founds,
                                  void *arg) {
  int64_t line = r->now.line;
  int c;
  PLEAT_TRY(pleat_cif_next(r));
  const pleat_cif_category *category = find_category(r, categories, n, &c);
  if (!category) { /* its tags would be taken for items otherwise */
    while (r->now.kind == PLEAT_CIF_TAG) PLEAT_TRY(pleat_cif_next(r));
    return PLEAT_OK;
  }
  if (founds[c].has_loop) return fail_twice(r, category, line);
  founds[c].has_loop = true;
  return pleat_cif_read_loop(r, category, line, arg);
}

static pleat_status give_items(const pleat_cif_reader *r, const pleat_cif_category *category, const found *item,
                               void *arg) {
  if (!item->has_items) return PLEAT_OK;
  if (item->has_loop) return fail_twice(r, category, item->line);
  bool is_there[PLEAT_CIF_COLUMNS] = {false};
  for (int c = 0; c < category->n_columns; c++) is_there[c] = item->cells[c].kind != PLEAT_CIF_END;
  PLEAT_TRY(check_columns(r, category, is_there, item->line));
  return category->row(arg, item->cells);
}

static pleat_status read_block(pleat_cif_reader *r, const pleat_cif_category *categories, int n, found *founds,
                               void *arg) {
  bool is_inside = false;
  while (r->now.kind != PLEAT_CIF_END && !(is_inside && r->now.kind == PLEAT_CIF_DATA)) {
    is_inside |= r->now.kind == PLEAT_CIF_DATA;
    if (r->now.kind == PLEAT_CIF_LOOP) {
      PLEAT_TRY(read_any_loop(r, categories, n, founds, arg));
    } else if (r->now.kind == PLEAT_CIF_TAG) {
      int c;
      const pleat_cif_category *category = find_category(r, categories, n, &c);
      PLEAT_TRY(read_item(r, category, category ? &founds[c] : NULL));
    } else {
      PLEAT_TRY(pleat_cif_next(r));
    }
  }
  for (int c = 0; c < n; c++) PLEAT_TRY(give_items(r, &categories[c], &founds[c], arg));
  return PLEAT_OK;
}

pleat_status pleat_cif_read_block(pleat_cif_reader *r, const pleat_cif_category *categories, int n, void *arg) {
  int n_cells = 0;
  for (int c = 0; c < n; c++) n_cells += categories[c].n_columns;
  pleat_cif_token *cells = calloc((size_t)n_cells + 1, sizeof *cells);
  found *founds = calloc((size_t)n + 1, sizeof *founds);
  pleat_status status = PLEAT_OK;
  if (!cells || !founds) status = pleat_fail_at(r->err, PLEAT_NOMEM, r->path, 0, 0, "no memory to read this file");
  for (int c = 0, at = 0; !status && c < n; at += categories[c++].n_columns) founds[c].cells = cells + at;
  if (!status) status = read_block(r, categories, n, founds, arg);
  free(cells);
  free(founds);
  return status;
}
