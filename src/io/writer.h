/* What the text writers share: numbers that look the same in every locale, checks, roll-back on failure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_WRITER_H
#define PLEAT_IO_WRITER_H

#include "base/buf.h"

enum { PLEAT_WRITER_NUMBER = 352 }; /* room for any double with up to 17 decimals */

/* Each writes a finite value as NUL-terminated text into out[PLEAT_WRITER_NUMBER] and returns the length. */

/* Fixed decimals (0 to 17), rounded correctly from the exact binary value (ties to even), like C and Python. */
int pleat_writer_fixed(double value, int n_decimals, char *out);
/* The same without trailing zeros but with at least one decimal: Python's repr(round(value, n_decimals)). */
int pleat_writer_trimmed(double value, int n_decimals, char *out);
/* The shortest text that reads back as the same double, laid out as Python's repr does. */
int pleat_writer_shortest(double value, char *out);

/* numpy.around(value, n_decimals): scales, rounds to even, scales back. Differs from a correct rounding for some
 * doubles, and is what ColabFold and AlphaFold apply to whole arrays. */
double pleat_writer_around(double value, int n_decimals);

/* Chain names as AlphaFold writes them into mmCIF: A..Z, AA, BA, ..: spreadsheet columns with the letters in reverse. */
enum { PLEAT_WRITER_CHAIN = 8 };
void pleat_writer_chain_name(int64_t index, char out[PLEAT_WRITER_CHAIN]);

/* A TM score, or NAN for none. Errors: INVALID. */
PLEAT_CHECKED pleat_status pleat_writer_check_tm(double tm, const char *name, pleat_error *err);

/* Ends a writer: turns exhausted memory into NOMEM (`what` is being written), and on any failure cuts buf back to the
 * n_before bytes it held. Returns the final status. */
PLEAT_CHECKED pleat_status pleat_writer_finish(pleat_status status, const char *what, size_t n_before, pleat_buf *buf,
                                               pleat_error *err);

#endif
