/* The programs that search: where they come from, which version is there, and how their command lines are put together.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_SEARCH_PROGRAMS_H
#define PLEAT_SEARCH_PROGRAMS_H

#include "pleat/search.h"

/* A program that was found. */
typedef struct pleat_found_program {
  char *path; /* NULL: not looked for */
  char version[64];
} pleat_found_program;

/* Finds it (by name on PATH, or at opt_path) and asks for its version. Errors: PROGRAM: missing, with the package that
 * has it; NOMEM. */
PLEAT_CHECKED pleat_status pleat_program_probe(pleat_program program, const char *opt_path,
                                               pleat_found_program *out_found, pleat_error *err);

/* A command line made of words where "%x" stands for values['x']. A word whose value is NULL is left out, together with
 * an option ("-...") in front of it. NULL-terminated; NULL when memory is exhausted. Released by free. */
enum { PLEAT_N_WORD_VALUES = 128 };
char **pleat_words_expand(const char *program, const char *const *words, const char *const *values);

#endif
