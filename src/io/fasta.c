/* FASTA reader. What is accepted and refused: fasta.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/fasta.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"

typedef struct fasta_parser {
  const char *path;
  pleat_fasta *fasta;
  size_t capacity;
  pleat_buf sequence; /* of the record being read */
  pleat_buf warning;
  int64_t n_residues;
  /* Place of a '*' that is allowed only if nothing follows; line 0 = none. */
  int64_t star_line;
  int64_t star_column;
  int64_t colon_line; /* place of the last ':' */
  int64_t colon_column;
  int64_t first_line;   /* of the text; 0 = 1 */
  int64_t first_column; /* of the text's first byte, less 1: in a table, a sequence stands inside a line */
  bool is_tolerant;     /* a bad record keeps its error, and the next one is read */
  bool is_skipping;     /* the current record is bad */
  bool is_fatal;        /* the last error concerns the whole file */
  pleat_error found;    /* where errors go while reading tolerantly */
  pleat_error *err;
} fasta_parser;

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static pleat_status no_memory(fasta_parser *p) {
  return pleat_fail_at(p->err, PLEAT_NOMEM, p->path, 0, 0, "no memory for the sequences of this file");
}

static pleat_status begin_record(fasta_parser *p, const char *text, size_t n, int64_t line) {
  pleat_fasta *fasta = p->fasta;
  if (fasta->n_records == p->capacity) {
    size_t capacity = p->capacity ? 2 * p->capacity : 4;
    pleat_fasta_record *records = realloc(fasta->records, capacity * sizeof *records);
    if (records == NULL) return no_memory(p);
    fasta->records = records;
    p->capacity = capacity;
  }
  /* A name stands directly behind '>' or after blanks ("> name"). */
  size_t i_name = 0;
  while (i_name < n && is_blank(text[i_name])) i_name++;
  size_t n_name = 0;
  while (i_name + n_name < n && !is_blank(text[i_name + n_name])) n_name++;
  pleat_fasta_record *record = &fasta->records[fasta->n_records++];
  *record = (pleat_fasta_record){.line = line};
  record->name = pleat_copy(text + i_name, n_name);
  record->description = pleat_copy(text, n);
  if (!record->name || !record->description) return no_memory(p);
  pleat_buf_clear(&p->sequence);
  p->n_residues = 0;
  p->star_line = 0;
  p->is_skipping = false;
  return PLEAT_OK;
}

static pleat_status refuse_empty_chain(fasta_parser *p, int64_t line, int64_t column) {
  return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                       "record '%s' has an empty chain: expected residues on both sides of ':'",
                       p->fasta->records[p->fasta->n_records - 1].name);
}

/* Checks what can be known only now that the record is complete, and hands the sequence over. No record: no effect. */
static pleat_status end_record(fasta_parser *p) {
  if (p->fasta->n_records == 0) return PLEAT_OK;
  pleat_fasta_record *record = &p->fasta->records[p->fasta->n_records - 1];
  if (p->sequence.is_failed) return no_memory(p);
  if (p->sequence.n == 0) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, record->line, 0,
                         "record '%s' has no sequence: expected residues after its header line", record->name);
  }
  if (p->sequence.data[p->sequence.n - 1] == ':') return refuse_empty_chain(p, p->colon_line, p->colon_column);
  if (p->star_line) {
    pleat_buf_printf(&p->warning, "%s:%lld:%lld: '*' at the end of record '%s' stripped\n", p->path,
                     (long long)p->star_line, (long long)p->star_column, record->name);
  }
  record->sequence = pleat_copy(p->sequence.data, p->sequence.n);
  return record->sequence ? PLEAT_OK : no_memory(p);
}

static pleat_status refuse_character(fasta_parser *p, char c, int64_t line, int64_t column) {
  const char *name = p->fasta->records[p->fasta->n_records - 1].name;
  unsigned char byte = (unsigned char)c;
  if (c >= '0' && c <= '9' && p->sequence.n > 0 && p->sequence.data[p->sequence.n - 1] == ':') {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "'%c' behind ':' in the sequence of record '%s': copies of a chain are written out, 'AAA:AAA' "
                         "instead of 'AAA:2'",
                         c, name);
  }
  if (c == '|') {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "'|' in the sequence of record '%s': AlphaFold 2 folds proteins only; leave DNA, RNA and "
                         "ligands ('dna|...', 'smiles|...') out",
                         name);
  }
  if (c == '-' || c == '.') {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "gap '%c' in the sequence of record '%s': expected residues only; an alignment belongs in "
                         "an .a3m file",
                         c, name);
  }
  if (byte < 0x20 || byte > 0x7e) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                         "byte 0x%02x in the sequence of record '%s': expected one-letter residue codes A-Z (plain "
                         "text) and ':' between chains",
                         byte, name);
  }
  return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                       "'%c' in the sequence of record '%s': expected one-letter residue codes A-Z and ':' between "
                       "chains",
                       c, name);
}

static pleat_status add_sequence_line(fasta_parser *p, const char *text, size_t n, int64_t line) {
  size_t i = 0;
  while (i < n && is_blank(text[i])) i++;
  for (; i < n; i++) {
    char c = text[i];
    int64_t column = p->first_column + (int64_t)i + 1;
    if (p->star_line) {
      return pleat_fail_at(p->err, PLEAT_INPUT, p->path, p->star_line, p->star_column,
                           "'*' inside the sequence of record '%s': it is allowed only at the very end; remove it or "
                           "split the record",
                           p->fasta->records[p->fasta->n_records - 1].name);
    }
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if (c >= 'A' && c <= 'Z') {
      if (++p->n_residues > PLEAT_MAX_RESIDUES) {
        return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, column,
                             "record '%s' has more than %d residues, the most that pleat reads: split it into domains",
                             p->fasta->records[p->fasta->n_records - 1].name, PLEAT_MAX_RESIDUES);
      }
    } else if (c == ':') {
      if (p->sequence.n == 0 || p->sequence.data[p->sequence.n - 1] == ':') return refuse_empty_chain(p, line, column);
      p->colon_line = line;
      p->colon_column = column;
    } else if (c == '*') {
      p->star_line = line;
      p->star_column = column;
      continue;
    } else {
      return refuse_character(p, c, line, column);
    }
    pleat_buf_append(&p->sequence, &c, 1);
  }
  return PLEAT_OK;
}

/* What went wrong last stays with its record, when the reader asked for that. */
static pleat_status keep_error(fasta_parser *p, pleat_status status) {
  if (status != PLEAT_INPUT || !p->is_tolerant || p->is_fatal || p->fasta->n_records == 0) return status;
  pleat_error *error = malloc(sizeof *error);
  if (!error) return no_memory(p);
  *error = p->found;
  p->fasta->records[p->fasta->n_records - 1].opt_error = error;
  p->is_skipping = true;
  return PLEAT_OK;
}

static pleat_status finish_record(fasta_parser *p) { return p->is_skipping ? PLEAT_OK : keep_error(p, end_record(p)); }

static pleat_status add_line(fasta_parser *p, const char *text, size_t n, int64_t line) {
  const char *nul = memchr(text, '\0', n);
  if (nul) {
    p->is_fatal = true;
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, nul - text + 1,
                         "NUL byte: expected a FASTA text file, found binary or concatenated data");
  }
  while (n > 0 && (is_blank(text[n - 1]) || text[n - 1] == '\r')) n--;
  if (n == 0) return PLEAT_OK;
  if (text[0] == '>') {
    PLEAT_TRY(finish_record(p));
    return begin_record(p, text + 1, n - 1, line);
  }
  if (p->fasta->n_records == 0) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, line, 1,
                         "text before the first '>': expected a header line such as \">my_protein\"; add one above "
                         "the sequence");
  }
  return p->is_skipping ? PLEAT_OK : keep_error(p, add_sequence_line(p, text, n, line));
}

static pleat_status parse_lines(fasta_parser *p, const char *text, size_t n) {
  const char *end = text + n;
  if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  for (int64_t line = p->first_line ? p->first_line : 1; text < end; line++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *line_end = newline ? newline : end;
    PLEAT_TRY(add_line(p, text, (size_t)(line_end - text), line));
    text = newline ? newline + 1 : end;
  }
  if (p->fasta->n_records == 0) {
    return pleat_fail_at(p->err, PLEAT_INPUT, p->path, 0, 0,
                         "the file is empty: expected FASTA, a line \">name\" and the sequence below it");
  }
  return finish_record(p);
}

static pleat_status parse(fasta_parser *p, const char *text, size_t n, pleat_fasta *out_fasta) {
  *out_fasta = (pleat_fasta){0};
  p->fasta = out_fasta;
  pleat_status status = parse_lines(p, text, n);
  if (!status && p->warning.is_failed) status = no_memory(p);
  if (!status) {
    out_fasta->opt_warning = p->warning.data;
    p->warning.data = NULL;
  } else {
    pleat_fasta_fini(out_fasta);
  }
  pleat_buf_fini(&p->sequence);
  pleat_buf_fini(&p->warning);
  return status;
}

pleat_status pleat_fasta_parse(const char *text, size_t n, const char *path, pleat_fasta *out_fasta, pleat_error *err) {
  fasta_parser p = {.path = path ? path : "", .err = err};
  return parse(&p, text, n, out_fasta);
}

pleat_status pleat_fasta_parse_each(const char *text, size_t n, const char *path, int64_t first_line,
                                    pleat_fasta *out_fasta, pleat_error *err) {
  fasta_parser p = {.path = path ? path : "", .first_line = first_line, .is_tolerant = true};
  p.err = &p.found;
  pleat_status status = parse(&p, text, n, out_fasta);
  if (status && err) *err = p.found;
  return status;
}

pleat_status pleat_sequence_parse(const char *text, size_t n, const pleat_sequence_place *place, pleat_buf *warnings,
                                  char **out_sequence, pleat_error *err) {
  pleat_fasta_record record = {.name = (char *)(uintptr_t)place->name, .line = place->line};
  pleat_fasta fasta = {.records = &record, .n_records = 1};
  fasta_parser p = {
      .path = place->path, .fasta = &fasta, .first_column = place->column > 0 ? place->column - 1 : 0, .err = err};
  while (n > 0 && is_blank(text[n - 1])) n--;
  pleat_status status = add_sequence_line(&p, text, n, place->line);
  if (!status) status = end_record(&p);
  if (!status && p.warning.is_failed) status = no_memory(&p);
  if (!status && p.warning.n) pleat_buf_puts(warnings, p.warning.data);
  *out_sequence = record.sequence;
  if (status) {
    free(record.sequence);
    *out_sequence = NULL;
  }
  pleat_buf_fini(&p.sequence);
  pleat_buf_fini(&p.warning);
  return status;
}

void pleat_fasta_fini(pleat_fasta *fasta) {
  for (size_t i = 0; i < fasta->n_records; i++) {
    free(fasta->records[i].name);
    free(fasta->records[i].description);
    free(fasta->records[i].sequence);
    free(fasta->records[i].opt_error);
  }
  free(fasta->records);
  free(fasta->opt_warning);
  *fasta = (pleat_fasta){0};
}
