/* Stockholm: alignments as HMMER (jackhmmer, hmmsearch) writes them, and what AlphaFold does to such texts.
 * Source: alphafold/data/parsers.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_STOCKHOLM_H
#define PLEAT_IO_STOCKHOLM_H

#include "base/buf.h"
#include "io/msa.h"

/* The first max_rows rows of an alignment (PLEAT_ALL_ROWS: all), as parse_stockholm reads them: the first row is the
 * query, columns where it has '-' are dropped and counted as deletions of the rows that have letters there; chunks of a
 * row are joined; descriptions are the names with their "/start-end". Markup ('#', "//"), blank lines and all kinds of
 * line ends are accepted. Refuses with file and line: a line that is not "name sequence", rows of different length,
 * anything but A-Z and '-' in a column of the query, no rows, more than 2^16 columns of the query.
 * Errors: INPUT, NOMEM. Released with pleat_msa_fini. */
PLEAT_CHECKED pleat_status pleat_stockholm_parse(const char *text, size_t n, const char *path, int64_t max_rows,
                                                 pleat_msa *out_msa, pleat_error *err);
/* The same of a file, plain or packed by gzip, whose size does not matter: memory is that of the rows kept. Errors also:
 * IO. */
PLEAT_CHECKED pleat_status pleat_stockholm_read(const char *path, int64_t max_rows, pleat_msa *out_msa,
                                                pleat_error *err);

/* Texts, letter by letter as AlphaFold makes them for the template search. `path` is only for messages; what is written
 * is appended to `out`. Errors: INPUT with file and line (where the published code stops with an exception), NOMEM. */

/* truncate_stockholm_msa: the lines of the first max_rows (at least 1) rows, their #=GS lines and "#=GC RF". */
PLEAT_CHECKED pleat_status pleat_stockholm_truncate(const char *text, size_t n, const char *path, int64_t max_rows,
                                                    pleat_buf *out, pleat_error *err);
/* The same of a file, which is read twice: no pipe. Errors also: IO. */
PLEAT_CHECKED pleat_status pleat_stockholm_truncate_file(const char *path, int64_t max_rows, pleat_buf *out,
                                                         pleat_error *err);
/* deduplicate_stockholm_msa: without rows that repeat an earlier one in the columns of the query. */
PLEAT_CHECKED pleat_status pleat_stockholm_deduplicate(const char *text, size_t n, const char *path, pleat_buf *out,
                                                       pleat_error *err);
/* remove_empty_columns_from_stockholm_msa: without columns that are '-' in every row of their chunk, which "#=GC RF"
 * ends. DEVIATION: rows behind the last "#=GC RF" are refused; the published code drops or refuses them. */
PLEAT_CHECKED pleat_status pleat_stockholm_remove_empty_columns(const char *text, size_t n, const char *path,
                                                                pleat_buf *out, pleat_error *err);
/* convert_stockholm_to_a3m: max_rows rows, PLEAT_ALL_ROWS for all; has_query_gaps keeps the columns where the first row
 * has gaps (remove_first_row_gaps=False). */
PLEAT_CHECKED pleat_status pleat_stockholm_to_a3m(const char *text, size_t n, const char *path, int64_t max_rows,
                                                  bool has_query_gaps, pleat_buf *out, pleat_error *err);

#endif
