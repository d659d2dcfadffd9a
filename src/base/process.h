/* Runs another program: without a shell, with a time limit, and with nothing left behind.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BASE_PROCESS_H
#define PLEAT_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "pleat/status.h"

/* The program gets default signals and a process group of its own, which ends with it: whatever it started and left
 * behind is killed, except what moved to another group. Only a kill -9 of this process leaves it running. */
typedef struct pleat_process {
  const char *const *argv;    /* NULL-terminated; argv[0] is the path of the program (pleat_program_find) */
  const char *opt_stdin_text; /* what it reads on standard input; NULL: nothing */
  const char *opt_stdin_path; /* or a file */
  /* Where standard output goes: to a file, which appears under its name once the program has succeeded, or to a
   * function, in pieces as they come; its failure ends the program and is returned. Neither: kept as errors are. */
  const char *opt_stdout_path;
  pleat_status (*opt_on_stdout)(void *arg, const char *bytes, size_t n, pleat_error *err);
  /* Asked about every 50 ms; false ends the program (CANCELLED). */
  bool (*opt_poll)(void *arg);
  void *arg;           /* for both */
  double time_limit_s; /* 0: none */
} pleat_process;

enum { PLEAT_PROCESS_TAIL = 4096 };

typedef struct pleat_process_result {
  int exit_code; /* -1 when it was ended by a signal or never started */
  int signum;    /* that signal; 0: none */
  bool is_timed_out;
  double time_ms;
  char tail[PLEAT_PROCESS_TAIL + 1]; /* the last of what it wrote to standard error (and output, as said above) */
} pleat_process_result;

/* Runs it and waits for its end; many threads may do so at once. out_result is filled in any case.
 * Errors: PROGRAM: cannot be started, exit code not 0, ended by a signal, over the time limit; the message has the end of
 * its tail and its command line. CANCELLED; IO; NOMEM; what opt_on_stdout returned. */
PLEAT_CHECKED pleat_status pleat_process_run(const pleat_process *process, pleat_process_result *out_result,
                                             pleat_error *err);

/* Path of a program, malloc'd: `name` itself where it holds a '/', otherwise looked for on PATH.
 * Errors: PROGRAM: not there or not executable; NOMEM. */
PLEAT_CHECKED pleat_status pleat_program_find(const char *name, char **out_path, pleat_error *err);

/* A command line as one can paste it into a shell, cut to n_text. */
void pleat_process_quote(const char *const *argv, char *text, size_t n_text);

#endif
