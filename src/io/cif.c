/* CIF tokens; see cif.h. The rows of categories are in cif_rows.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/cif.h"

#include <string.h>

#include "base/fail.h"

/* Everything up to the blank is one: no other control character has a meaning in CIF. */
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void skip_blanks(pleat_cif_reader *r) {
  while (r->next < r->end && (is_blank(*r->next) || *r->next == '#')) {
    if (*r->next == '#') {
      const char *newline = memchr(r->next, '\n', (size_t)(r->end - r->next));
      r->next = newline ? newline : r->end;
      continue;
    }
    if (*r->next++ == '\n') r->line++;
  }
}

/* ";" in the first column to ";" in the first column of a later line, whose newline belongs to the delimiter. */
static pleat_status read_block(pleat_cif_reader *r) {
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
  const char *end = r->next - 1;
  if (end > begin && end[-1] == '\r') end--;
  r->now.text = (pleat_text_span){begin, (size_t)(end - begin)};
  r->next++;
  return PLEAT_OK;
}

/* A quote ends where a blank follows it. */
static pleat_status read_quoted(pleat_cif_reader *r, char quote) {
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

static const struct {
  const char *word;
  pleat_cif_kind kind;
} keywords[] = {{"loop_", PLEAT_CIF_LOOP},
                {"data_", PLEAT_CIF_DATA},
                {"save_", PLEAT_CIF_OTHER},
                {"global_", PLEAT_CIF_OTHER},
                {"stop_", PLEAT_CIF_OTHER}};

static void read_word(pleat_cif_reader *r) {
  const char *begin = r->next, *p = begin;
  while (p < r->end && !is_blank(*p)) p++;
  r->next = p;
  r->now.text = (pleat_text_span){begin, (size_t)(p - begin)};
  if (*begin == '_') r->now.kind = PLEAT_CIF_TAG;
  if (r->now.text.n < strlen("loop_") || !strchr("ldsgLDSG", *begin)) return; /* nearly all */
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (pleat_span_begins(r->now.text, keywords[i].word)) r->now.kind = keywords[i].kind;
}

pleat_status pleat_cif_next(pleat_cif_reader *r) {
  skip_blanks(r);
  r->now = (pleat_cif_token){.kind = PLEAT_CIF_END, .line = r->line};
  if (r->next == r->end) return PLEAT_OK;
  r->now.kind = PLEAT_CIF_VALUE;
  char c = *r->next;
  bool is_line_start = r->next == r->begin || r->next[-1] == '\n';
  r->now.is_quoted = true;
  if (c == ';' && is_line_start) return read_block(r);
  if (c == '\'' || c == '"') return read_quoted(r, c);
  r->now.is_quoted = false;
  read_word(r);
  return PLEAT_OK;
}

bool pleat_cif_has_value(const pleat_cif_token *t) {
  if (t->kind != PLEAT_CIF_VALUE) return false;
  return t->is_quoted || t->text.n != 1 || (t->text.text[0] != '.' && t->text.text[0] != '?');
}

pleat_status pleat_cif_open(const char *text, size_t n, const char *path, pleat_cif_reader *out_reader,
                            pleat_error *err) {
  *out_reader = (pleat_cif_reader){.path = path, .begin = text, .next = text, .end = text + n, .line = 1, .err = err};
  const char *nul = n ? memchr(text, '\0', n) : NULL;
  if (nul) {
    int64_t line = 1;
    for (const char *p = text; p < nul; p++) line += *p == '\n';
    return pleat_fail_at(err, PLEAT_INPUT, path, line, 0, "NUL byte: expected an mmCIF text file, found binary data");
  }
  return pleat_cif_next(out_reader);
}

bool pleat_cif_is(const char *text, size_t n) {
  pleat_cif_reader r = {.begin = text, .next = text, .end = text + n, .line = 1};
  skip_blanks(&r);
  return pleat_span_begins((pleat_text_span){r.next, (size_t)(r.end - r.next)}, "data_");
}
