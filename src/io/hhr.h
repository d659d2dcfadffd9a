/* Template hits as HHsearch writes them (.hhr).
 * Source: alphafold/data/parsers.py, parse_hhr (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_HHR_H
#define PLEAT_IO_HHR_H

#include "io/template_hit.h"
#include "pleat/status.h"

/* Reads the paragraphs below the table, each from its line "No N" on; a file without hits gives none. Refuses with file
 * and line: a paragraph without name or summary, numbers that cannot be read, sequence lines of another form, a query
 * line whose letters are not as many as its borders say, and blocks of query and hit that differ in width.
 * Errors: INPUT, NOMEM. Released with pleat_template_hits_fini. */
PLEAT_CHECKED pleat_status pleat_hhr_parse(const char *text, size_t n, const char *path, pleat_template_hits *out_hits,
                                           pleat_error *err);

#endif
