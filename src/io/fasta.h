/* FASTA reader: one or many records; ':' joins the chains of a complex.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_FASTA_H
#define PLEAT_IO_FASTA_H

#include <stddef.h>

#include "base/buf.h"
#include "pleat/status.h"

enum { PLEAT_MAX_RESIDUES = 1 << 16 };

/* A record: `name` is the header up to the first blank, `description` the whole header without '>'. `sequence` is
 * upper case, only letters A-Z and ':' between chains; NULL when opt_error says what is wrong with the record. */
typedef struct pleat_fasta_record {
  char *name;
  char *description;
  char *sequence;
  int64_t line; /* of the header */
  pleat_error *opt_error;
} pleat_fasta_record;

typedef struct pleat_fasta {
  pleat_fasta_record *records;
  size_t n_records;
  char *opt_warning; /* NULL or what was changed silently otherwise (a '*' stripped), one line each */
} pleat_fasta;

/* Accepts: LF/CRLF, wrapped and blank lines, lower case (made upper), one '*' at the very end of a record (stripped,
 * with a warning), a UTF-8 byte order mark. Refuses with file, line and column: empty input, text before the first
 * '>', an empty sequence or chain, digits, '*' inside, '-' and '.' (alignments belong in an a3m), any other
 * character, NUL bytes, more than PLEAT_MAX_RESIDUES in a record. `path` is only for messages.
 * Errors: INPUT, NOMEM. Released with pleat_fasta_fini. */
PLEAT_CHECKED pleat_status pleat_fasta_parse(const char *text, size_t n, const char *path, pleat_fasta *out_fasta,
                                             pleat_error *err);
/* The same, but a wrong record keeps its error and the others are read: only a file that is no FASTA at all fails.
 * first_line: number of the text's first line, for messages; above 1 in a part of a file. */
PLEAT_CHECKED pleat_status pleat_fasta_parse_each(const char *text, size_t n, const char *path, int64_t first_line,
                                                  pleat_fasta *out_fasta, pleat_error *err);
void pleat_fasta_fini(pleat_fasta *fasta);

/* Where a sequence of another format stands, for messages: `name` is its record's; line and column of its first byte
 * from 1, 0 = unknown. */
typedef struct pleat_sequence_place {
  const char *path, *name;
  int64_t line, column;
} pleat_sequence_place;

/* One sequence by the rules of FASTA. *out_sequence is freed by free(). Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_sequence_parse(const char *text, size_t n, const pleat_sequence_place *place,
                                                pleat_buf *warnings, char **out_sequence, pleat_error *err);

#endif
