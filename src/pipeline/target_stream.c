/* Targets record by record: cuts a file into records and lets the readers of whole files read each.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/fasta.h"
#include "pipeline/targets_priv.h"

enum { PIECE_BYTES = 1 << 16, MAX_RECORD_BYTES = 1 << 20 };

/* Where a byte of a table stands: a quote counts only at the start of a cell, and as RFC 4180 says inside one. */
typedef enum cell_state { CELL_START, CELL_PLAIN, CELL_QUOTED, CELL_QUOTE } cell_state;

struct pleat_target_stream {
  char *path; /* for messages */
  pleat_in_file *file;
  pleat_part_format format;
  char *piece; /* the bytes [next, n) of it are still to be taken */
  size_t next, n;
  uint64_t n_taken, n_all; /* bytes; n_all 0 = unknown */
  int64_t line;            /* of the next byte */
  pleat_buf header;        /* of a table */
  pleat_buf record;
  int64_t record_line;
  bool is_cut; /* the record is longer than what is kept of it */
  bool is_end, has_read_any;
  pleat_targets targets; /* the one that was handed out */
};

static pleat_status no_memory(const pleat_target_stream *s, pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory for the targets of '%s'", s->path);
}

/* Makes sure that a byte is there, unless the file has ended. */
static pleat_status fill(pleat_target_stream *s, pleat_error *err) {
  if (s->next < s->n || s->is_end) return PLEAT_OK;
  s->next = 0;
  PLEAT_TRY(pleat_in_file_read(s->file, s->piece, PIECE_BYTES, &s->n, err));
  s->is_end = s->n == 0;
  return PLEAT_OK;
}

/* Where the rest of this line ends within the piece: behind its '\n', if that is there. */
static size_t end_in_piece(const pleat_target_stream *s, bool *out_is_line_end) {
  const char *newline = memchr(s->piece + s->next, '\n', s->n - s->next);
  *out_is_line_end = newline != NULL;
  return newline ? (size_t)(newline - s->piece) + 1 : s->n;
}

/* Takes bytes up to `end` of the piece; what is beyond the limit is not kept. */
static void take(pleat_target_stream *s, size_t end) {
  size_t n = end - s->next, n_free = MAX_RECORD_BYTES - s->record.n;
  if (n > n_free) s->is_cut = true;
  pleat_buf_append(&s->record, s->piece + s->next, n < n_free ? n : n_free);
  s->n_taken += n;
  s->next = end;
}

/* The header line and all lines up to the next one; at the start of the file also what is in front. */
static pleat_status take_fasta_record(pleat_target_stream *s, pleat_error *err) {
  bool is_line_start = true, has_header = false;
  for (;;) {
    PLEAT_TRY(fill(s, err));
    if (s->is_end) return PLEAT_OK;
    if (is_line_start && s->piece[s->next] == '>') {
      if (has_header) return PLEAT_OK;
      has_header = true;
    }
    size_t n_before = s->record.n, end = end_in_piece(s, &is_line_start);
    take(s, end);
    /* A byte order mark stands in front of the first header. */
    if (n_before == 0 && s->record.n >= 4 && memcmp(s->record.data, "\xEF\xBB\xBF>", 4) == 0) has_header = true;
    s->line += is_line_start;
  }
}

static cell_state next_state(cell_state state, char c, char separator) {
  switch (state) {
    case CELL_START:
      if (c == '"') return CELL_QUOTED;
      break;
    case CELL_QUOTED: return c == '"' ? CELL_QUOTE : CELL_QUOTED;
    case CELL_QUOTE:
      if (c == '"') return CELL_QUOTED;
      break;
    case CELL_PLAIN: break;
  }
  return c == separator ? CELL_START : CELL_PLAIN;
}

/* A row, which goes on behind a line end inside quotes. */
static pleat_status take_row(pleat_target_stream *s, pleat_error *err) {
  char separator = s->format == PLEAT_PART_CSV ? ',' : '\t';
  cell_state state = CELL_START;
  for (;;) {
    bool is_line_end;
    PLEAT_TRY(fill(s, err));
    if (s->is_end) return PLEAT_OK;
    size_t end = end_in_piece(s, &is_line_end);
    for (size_t i = s->next; i < end; i++) state = next_state(state, s->piece[i], separator);
    take(s, end);
    s->line += is_line_end;
    if (s->is_cut && state == CELL_QUOTED) {
      return pleat_fail_at(err, PLEAT_INPUT, s->path, s->record_line, 0,
                           "the row that begins here does not end within %d bytes: is a closing '\"' missing?",
                           MAX_RECORD_BYTES);
    }
    if (is_line_end && state != CELL_QUOTED) return PLEAT_OK;
  }
}

static bool is_blank(const pleat_buf *record) {
  for (size_t i = 0; i < record->n; i++) {
    if (!strchr(" \t\r\n", record->data[i]) || !record->data[i]) return false;
  }
  return true;
}

/* The next record into s->record; an empty one at the end. */
static pleat_status take_record(pleat_target_stream *s, pleat_error *err) {
  do {
    pleat_buf_clear(&s->record);
    s->is_cut = false;
    s->record_line = s->line;
    PLEAT_TRY(s->format == PLEAT_PART_FASTA ? take_fasta_record(s, err) : take_row(s, err));
    if (s->record.is_failed) return no_memory(s, err);
  } while (s->format != PLEAT_PART_FASTA && !s->is_end && is_blank(&s->record));
  return PLEAT_OK;
}

static pleat_status read_header(pleat_target_stream *s, pleat_error *err) {
  PLEAT_TRY(take_record(s, err));
  pleat_buf_append(&s->header, s->record.data, s->record.n);
  return s->header.is_failed ? no_memory(s, err) : PLEAT_OK;
}

/* What is too long is no protein that could be folded, whatever the reader made of its beginning. */
static pleat_status refuse_cut(pleat_target_stream *s, pleat_error *err) {
  pleat_target *target = s->targets.n_items ? &s->targets.items[0] : NULL;
  pleat_error *error = target && !target->opt_error ? malloc(sizeof *error) : NULL;
  if (!target || target->opt_error) return PLEAT_OK;
  if (!error) return no_memory(s, err);
  pleat_error_set(error, PLEAT_INPUT, s->path, s->record_line, 0,
                  "the record has more than %d bytes: expected at most %d residues", MAX_RECORD_BYTES,
                  PLEAT_MAX_RESIDUES);
  target->opt_error = error;
  return PLEAT_OK;
}

/* A row whose cells cannot be told apart is one wrong target, if the reader got past the header. */
static pleat_status keep_wrong_row(pleat_target_stream *s, const pleat_error *wrong, pleat_error *err) {
  const pleat_new_target target = {.path = s->path, .opt_error = wrong};
  if (wrong->status == PLEAT_INPUT && wrong->line >= s->record_line)
    return pleat_targets_add(&s->targets, &target, err);
  if (err) *err = *wrong;
  return wrong->status;
}

static pleat_status read_record(pleat_target_stream *s, pleat_error *err) {
  const bool is_table = s->format != PLEAT_PART_FASTA;
  if (is_table && !s->header.data) PLEAT_TRY(read_header(s, err));
  PLEAT_TRY(take_record(s, err));
  if (s->has_read_any && is_blank(&s->record)) return PLEAT_OK; /* the end */
  const pleat_input_part part = {.format = s->format,
                                 .path = s->path,
                                 .text = s->record.data ? s->record.data : "",
                                 .n = s->record.n,
                                 .first_line = s->record_line,
                                 .opt_header = is_table ? s->header.data : NULL,
                                 .n_header = s->header.n};
  pleat_error wrong = {0};
  pleat_status status = pleat_targets_read_part(&s->targets, &part, &wrong);
  if (status && is_table && !is_blank(&s->record)) {
    status = keep_wrong_row(s, &wrong, err);
  } else if (status && err) {
    *err = wrong;
  }
  if (!status && s->is_cut) status = refuse_cut(s, err);
  if (!status && s->targets.warnings.is_failed) status = no_memory(s, err);
  s->has_read_any |= !status;
  return status;
}

pleat_status pleat_target_stream_next(pleat_target_stream *stream, const pleat_target **out_target, pleat_error *err) {
  *out_target = NULL;
  pleat_targets_clear(&stream->targets);
  if (stream->is_end && stream->has_read_any) return PLEAT_OK;
  pleat_status status = read_record(stream, err);
  if (status) {
    stream->is_end = stream->has_read_any = true;
    return status;
  }
  if (stream->targets.n_items) *out_target = &stream->targets.items[0];
  return PLEAT_OK;
}

static pleat_status begin(pleat_target_stream *s, const char *path, pleat_error *err) {
  bool is_stdin = strcmp(path, "-") == 0;
  s->path = malloc(strlen(path) + sizeof "stdin");
  s->piece = malloc(PIECE_BYTES);
  if (!s->path || !s->piece) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the targets of '%s'", path);
  strcpy(s->path, is_stdin ? "stdin" : path);
  if (!is_stdin && pleat_path_is_dir(path)) {
    PLEAT_FAIL(err, PLEAT_INPUT, "'%s' is a directory: expected one FASTA, CSV or TSV file", path);
  }
  PLEAT_TRY(pleat_in_file_open(path, &s->file, err));
  s->n_all = pleat_in_file_size(s->file);
  PLEAT_TRY(fill(s, err));
  s->format = pleat_part_format_of(s->path, s->piece, s->n);
  if (s->format == PLEAT_PART_NONE) {
    PLEAT_FAIL(err, PLEAT_INPUT,
               "'%s' is not read record by record: expected FASTA, or a table (.csv, .tsv) with the columns id and "
               "sequence",
               path);
  }
  return PLEAT_OK;
}

pleat_status pleat_target_stream_open(const char *path, pleat_target_stream **out_stream, pleat_error *err) {
  *out_stream = NULL;
  pleat_target_stream *stream = calloc(1, sizeof *stream);
  if (!stream) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the targets of '%s'", path);
  stream->line = 1;
  pleat_status status = begin(stream, path, err);
  if (status)
    pleat_target_stream_close(stream);
  else
    *out_stream = stream;
  return status;
}

void pleat_target_stream_close(pleat_target_stream *stream) {
  if (!stream) return;
  pleat_in_file_close(stream->file);
  pleat_targets_clear(&stream->targets);
  free(stream->targets.items);
  pleat_buf_fini(&stream->targets.warnings);
  pleat_buf_fini(&stream->header);
  pleat_buf_fini(&stream->record);
  free(stream->piece);
  free(stream->path);
  free(stream);
}

const char *pleat_target_stream_warnings(const pleat_target_stream *stream) {
  return stream->targets.warnings.data ? stream->targets.warnings.data : "";
}

double pleat_target_stream_fraction(const pleat_target_stream *stream) {
  return stream->n_all ? (double)stream->n_taken / (double)stream->n_all : -1;
}
