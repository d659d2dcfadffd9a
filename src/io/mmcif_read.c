/* mmCIF reader. What is accepted and refused: mmcif_read.h.
 * Source: CIF 1.1 syntax (IUCr), PDBx/mmCIF dictionary 5 (_atom_site).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_read.h"

#include <string.h>

#include "base/fail.h"

typedef enum token_kind { TOKEN_END, TOKEN_TAG, TOKEN_LOOP, TOKEN_BLOCK, TOKEN_VALUE } token_kind;

typedef struct token {
  token_kind kind;
  pleat_text_span text; /* without quotes */
  bool is_quoted;
  int64_t line;
} token;

/* The columns that are read; the second name of each stands in for the first where that is missing or has no value. */
typedef enum column {
  COL_GROUP,
  COL_ATOM,
  COL_RESIDUE,
  COL_CHAIN,
  COL_NUMBER,
  COL_INSERTION,
  COL_X,
  COL_Y,
  COL_Z,
  COL_OCCUPANCY,
  COL_MODEL,
  N_COLUMNS
} column;
static const struct {
  const char *name, *opt_other;
  bool is_needed;
} columns[N_COLUMNS] = {
    [COL_GROUP] = {"group_PDB", NULL, false},
    [COL_ATOM] = {"label_atom_id", "auth_atom_id", true},
    [COL_RESIDUE] = {"label_comp_id", "auth_comp_id", true},
    [COL_CHAIN] = {"label_asym_id", "auth_asym_id", false},
    [COL_NUMBER] = {"label_seq_id", "auth_seq_id", true},
    [COL_INSERTION] = {"pdbx_PDB_ins_code", NULL, false},
    [COL_X] = {"Cartn_x", NULL, true},
    [COL_Y] = {"Cartn_y", NULL, true},
    [COL_Z] = {"Cartn_z", NULL, true},
    [COL_OCCUPANCY] = {"occupancy", NULL, false},
    [COL_MODEL] = {"pdbx_PDB_model_num", NULL, false},
};

typedef struct cif_reader {
  const char *path, *begin, *next, *end;
  int64_t line; /* of `next` */
  token now;
  int32_t place[N_COLUMNS][2]; /* column of the loop under its name and its other, -1 = not there */
  int32_t n_loop_columns;
  pleat_text_span model, insertion; /* of the first row; of the last one */
  pleat_atom_residues *residues;
  pleat_error *err;
} cif_reader;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Does the span begin with the word, in any case? */
static bool begins(pleat_text_span span, const char *word) {
  size_t n = 0;
  while (word[n] && n < span.n && (span.text[n] | 0x20) == (word[n] | 0x20)) n++;
  return !word[n];
}

static void skip_blanks(cif_reader *r) {
  while (r->next < r->end && (is_blank(*r->next) || *r->next == '#')) {
    if (*r->next == '#') {
      const char *newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
      r->next = newline ? newline : r->end;
      continue;
    }
    if (*r->next++ == '\n') r->line++;
  }
}

/* ";" in the first column to ";" in the first column of a later line. */
static pleat_status read_block(cif_reader *r) {
  const char *begin = ++r->next;
  for (;;) {
    const char *newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
    if (!newline)
      return pleat_fail_at(r->err, PLEAT_INPUT, r->path, r->now.line, 1,
                           "a text block without end: expected a line that begins with ';'");
    r->line++;
    r->next = newline + 1;
    if (r->next < r->end && *r->next == ';') break;
  }
  r->now.text = (pleat_text_span){begin, (size_t)(r->next - begin)};
  r->next++;
  return PLEAT_OK;
}

/* A quote ends where a blank follows it. */
static pleat_status read_quoted(cif_reader *r, char quote) {
  const char *begin = ++r->next;
  for (; r->next < r->end && *r->next != '\n'; r->next++) {
    if (*r->next != quote || (r->next + 1 < r->end && !is_blank(r->next[1]))) continue;
    r->now.text = (pleat_text_span){begin, (size_t)(r->next - begin)};
    r->next++;
    return PLEAT_OK;
  }
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, r->now.line, 0,
                       "a quoted value without end: expected a closing %c on the same line", quote);
}

static void read_word(cif_reader *r) {
  const char *begin = r->next;
  while (r->next < r->end && !is_blank(*r->next)) r->next++;
  pleat_text_span word = {begin, (size_t)(r->next - begin)};
  r->now.text = word;
  if (word.text[0] == '_')
    r->now.kind = TOKEN_TAG;
  else if (begins(word, "loop_"))
    r->now.kind = TOKEN_LOOP;
  else if (begins(word, "data_") || begins(word, "save_") || begins(word, "global_") || begins(word, "stop_"))
    r->now.kind = TOKEN_BLOCK;
}

static pleat_status next_token(cif_reader *r) {
  skip_blanks(r);
  r->now = (token){.kind = TOKEN_END, .line = r->line};
  if (r->next == r->end) return PLEAT_OK;
  r->now.kind = TOKEN_VALUE;
  char c = *r->next;
  bool is_line_start = r->next == r->begin || r->next[-1] == '\n';
  r->now.is_quoted = true;
  if (c == ';' && is_line_start) return read_block(r);
  if (c == '\'' || c == '"') return read_quoted(r, c);
  r->now.is_quoted = false;
  read_word(r);
  return PLEAT_OK;
}

/* ---- The loop of atoms ---- */

/* A tag of the loop becomes a column. */
static void take_tag(cif_reader *r) {
  int32_t at = r->n_loop_columns++;
  pleat_text_span name = {r->now.text.text + strlen("_atom_site."), r->now.text.n - strlen("_atom_site.")};
  for (int c = 0; c < N_COLUMNS; c++) {
    if (pleat_span_is(name, columns[c].name)) r->place[c][0] = at;
    if (columns[c].opt_other && pleat_span_is(name, columns[c].opt_other)) r->place[c][1] = at;
  }
}

static pleat_status check_columns(const cif_reader *r, int64_t line) {
  for (int c = 0; c < N_COLUMNS; c++) {
    if (!columns[c].is_needed || r->place[c][0] >= 0 || r->place[c][1] >= 0) continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0, "the loop of atoms lacks the column _atom_site.%s",
                         columns[c].name);
  }
  return PLEAT_OK;
}

/* '.' and '?' say that there is no value. */
static bool has_value(const token *t) {
  return t->kind == TOKEN_VALUE && (t->is_quoted || !(pleat_span_is(t->text, ".") || pleat_span_is(t->text, "?")));
}

static pleat_status read_position(const cif_reader *r, const token *cells, pleat_atom_record *record) {
  char shown[PLEAT_SPAN_SHOWN];
  for (int d = 0; d < 3; d++) {
    const token *cell = &cells[COL_X + d];
    if (!pleat_span_number(cell->text, &record->position[d]))
      return pleat_fail_at(r->err, PLEAT_INPUT, r->path, cell->line, 0,
                           "'%s' is no number: expected the atom's %c coordinate", pleat_span_show(cell->text, shown),
                           "xyz"[d]);
  }
  const token *occupancy = &cells[COL_OCCUPANCY];
  if (has_value(occupancy) && !pleat_span_number(occupancy->text, &record->occupancy))
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, occupancy->line, 0,
                         "'%s' is no number: expected the atom's occupancy", pleat_span_show(occupancy->text, shown));
  return PLEAT_OK;
}

static pleat_status add_row(cif_reader *r, const token *cells) {
  pleat_text_span model = cells[COL_MODEL].text, insertion = cells[COL_INSERTION].text;
  if (!r->model.text) r->model = model;
  if (r->model.n != model.n || (model.n && memcmp(r->model.text, model.text, model.n))) return PLEAT_OK;
  pleat_atom_record record = {.chain = cells[COL_CHAIN].text,
                              .number = cells[COL_NUMBER].text,
                              .residue = cells[COL_RESIDUE].text,
                              .atom = cells[COL_ATOM].text,
                              .is_hetero = pleat_span_is(cells[COL_GROUP].text, "HETATM"),
                              .occupancy = 1,
                              .line = cells[COL_X].line};
  PLEAT_TRY(read_position(r, cells, &record));
  if (r->insertion.n != insertion.n || (insertion.n && memcmp(r->insertion.text, insertion.text, insertion.n)))
    r->residues->is_closed = true;
  r->insertion = insertion;
  return pleat_atom_residues_add(r->residues, &record, r->path, r->err);
}

/* Rows up to the next token that is no value. */
static pleat_status read_rows(cif_reader *r) {
  token cells[N_COLUMNS] = {{0}};
  for (int32_t at = 0; r->now.kind == TOKEN_VALUE; at = (at + 1) % r->n_loop_columns) {
    if (at == 0) memset(cells, 0, sizeof cells);
    for (int c = 0; c < N_COLUMNS; c++) {
      if (r->place[c][0] == at && (has_value(&r->now) || !has_value(&cells[c]))) cells[c] = r->now;
      if (r->place[c][1] == at && !has_value(&cells[c])) cells[c] = r->now;
    }
    int64_t line = r->now.line;
    if (at + 1 == r->n_loop_columns) PLEAT_TRY(add_row(r, cells));
    PLEAT_TRY(next_token(r));
    if (r->now.kind == TOKEN_VALUE || at + 1 == r->n_loop_columns) continue;
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0,
                         "the loop of atoms ends within a row: expected %d values, found %d", (int)r->n_loop_columns,
                         (int)at + 1);
  }
  return PLEAT_OK;
}

static pleat_status read_loop(cif_reader *r) {
  int64_t line = r->now.line;
  PLEAT_TRY(next_token(r));
  if (r->now.kind != TOKEN_TAG || !begins(r->now.text, "_atom_site.")) return PLEAT_OK;
  memset(r->place, -1, sizeof r->place);
  r->n_loop_columns = 0;
  while (r->now.kind == TOKEN_TAG && begins(r->now.text, "_atom_site.")) {
    take_tag(r);
    PLEAT_TRY(next_token(r));
  }
  PLEAT_TRY(check_columns(r, line));
  return read_rows(r);
}

static pleat_status read_file(cif_reader *r) {
  const char *nul = memchr(r->next, '\0', (size_t)(r->end - r->next));
  if (nul) {
    int64_t line = 1;
    for (const char *p = r->next; p < nul; p++) line += *p == '\n';
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, line, 0,
                         "NUL byte: expected an mmCIF text file, found binary data");
  }
  PLEAT_TRY(next_token(r));
  while (r->now.kind != TOKEN_END && !r->residues->n) {
    if (r->now.kind == TOKEN_LOOP)
      PLEAT_TRY(read_loop(r));
    else
      PLEAT_TRY(next_token(r));
  }
  if (r->residues->n) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                       "the file has no atom of a protein: expected an _atom_site loop with ATOM rows");
}

bool pleat_mmcif_is(const char *text, size_t n) {
  cif_reader r = {.begin = text, .next = text, .end = text + n, .line = 1};
  skip_blanks(&r);
  return begins((pleat_text_span){r.next, (size_t)(r.end - r.next)}, "data_");
}

pleat_status pleat_mmcif_read(const char *text, size_t n, const char *path, pleat_atom_residues *out_residues,
                              pleat_error *err) {
  *out_residues = (pleat_atom_residues){0};
  cif_reader r = {
      .path = path, .begin = text, .next = text, .end = text + n, .line = 1, .residues = out_residues, .err = err};
  pleat_status status = read_file(&r);
  if (status) pleat_atom_residues_fini(out_residues);
  return status;
}
