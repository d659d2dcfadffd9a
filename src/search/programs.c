/* The programs that search: finding them, and their command lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/process.h"

typedef struct program_row {
  const char *name;
  const char *version_word; /* what makes it tell its version */
  const char *before;       /* the version stands behind this; NULL = it is all that is printed */
  const char *suite;
  const char *packages;
} program_row;

#define HMMER   "HMMER", "Debian, Ubuntu, Fedora and Homebrew: hmmer; Arch: hmmer of the AUR; bioconda: hmmer"
#define HHSUITE "HH-suite", "Debian and Ubuntu: hhsuite; Homebrew: brewsci/bio/hh-suite; bioconda: hhsuite"
#define MMSEQS  "MMseqs2", "Debian and Ubuntu: mmseqs2; Homebrew: mmseqs2; bioconda: mmseqs2"
static const program_row rows[PLEAT_N_PROGRAMS] = {
    [PLEAT_PROGRAM_JACKHMMER] = {"jackhmmer", "-h", "# HMMER ", HMMER},
    [PLEAT_PROGRAM_HHBLITS] = {"hhblits", "-h", "HHblits ", HHSUITE},
    [PLEAT_PROGRAM_HHSEARCH] = {"hhsearch", "-h", "HHsearch ", HHSUITE},
    [PLEAT_PROGRAM_HMMBUILD] = {"hmmbuild", "-h", "# HMMER ", HMMER},
    [PLEAT_PROGRAM_HMMSEARCH] = {"hmmsearch", "-h", "# HMMER ", HMMER},
    [PLEAT_PROGRAM_MMSEQS] = {"mmseqs", "version", NULL, MMSEQS},
};

const char *pleat_program_name(pleat_program program) { return rows[program].name; }

static pleat_status fail_missing(const program_row *row, const char *opt_path, pleat_error *err) {
  PLEAT_FAIL(err, PLEAT_PROGRAM,
             "the program %s of %s was not found %s%s; packages: %s; or say where it is by --%s-binary-path", row->name,
             row->suite, opt_path ? "at " : "on PATH", opt_path ? opt_path : "", row->packages, row->name);
}

static pleat_status collect(void *arg, const char *bytes, size_t n, pleat_error *err) {
  (void)err;
  pleat_buf *buf = arg;
  enum { FIRST_BYTES = 4096 };
  if (buf->n < FIRST_BYTES) pleat_buf_append(buf, bytes, n);
  return PLEAT_OK;
}

/* "3.3.2 (Nov 2020)": to the end of the line, or to a ':' or ';' there. */
static void take_version(const program_row *row, const char *text, pleat_found_program *found) {
  const char *at = row->before ? strstr(text, row->before) : text;
  if (!at) return;
  if (row->before) at += strlen(row->before);
  size_t n = strcspn(at, "\r\n;:");
  snprintf(found->version, sizeof found->version, "%.*s", (int)(n < 63 ? n : 63), at);
}

pleat_status pleat_program_probe(pleat_program program, const char *opt_path, pleat_found_program *out_found,
                                 pleat_error *err) {
  const program_row *row = &rows[program];
  *out_found = (pleat_found_program){0};
  pleat_status status = pleat_program_find(opt_path ? opt_path : row->name, &out_found->path, err);
  if (status) return status == PLEAT_PROGRAM ? fail_missing(row, opt_path, err) : status;
  const char *argv[] = {out_found->path, row->version_word, NULL};
  pleat_buf text = {0};
  pleat_process_result result;
  pleat_process process = {.argv = argv, .opt_on_stdout = collect, .arg = &text, .time_limit_s = 30};
  /* Some end with a failure after telling how they are used; what counts is what they print. */
  pleat_status ran = pleat_process_run(&process, &result, err);
  take_version(row, text.data ? text.data : "", out_found);
  if (!out_found->version[0]) take_version(row, result.tail, out_found);
  pleat_buf_fini(&text);
  if (ran && !out_found->version[0]) {
    free(out_found->path);
    out_found->path = NULL;
    return ran;
  }
  return PLEAT_OK;
}

/* Command lines. */

/* Has everything that the word wants put in a value? */
static bool has_values(const char *word, const char *const *values) {
  for (const char *at = strchr(word, '%'); at; at = strchr(at + 2, '%')) {
    if (!values[(unsigned char)at[1] % PLEAT_N_WORD_VALUES]) return false;
  }
  return true;
}

/* Appends the word with its values and a NUL. */
static void expand_word(const char *word, const char *const *values, pleat_buf *out) {
  for (const char *at = word; *at; at++) {
    if (*at != '%')
      pleat_buf_append(out, at, 1);
    else
      pleat_buf_puts(out, values[(unsigned char)*++at % PLEAT_N_WORD_VALUES]);
  }
  pleat_buf_append(out, "", 1);
}

char **pleat_words_expand(const char *program, const char *const *words, const char *const *values) {
  pleat_buf text = {0};
  size_t n_words = 1;
  pleat_buf_append(&text, program, strlen(program) + 1);
  for (size_t i = 0; words[i]; i++) {
    bool is_lonely = words[i][0] == '-' && words[i + 1] && !has_values(words[i + 1], values);
    if (is_lonely || !has_values(words[i], values)) continue;
    expand_word(words[i], values, &text);
    n_words++;
  }
  char **argv = text.is_failed ? NULL : malloc((n_words + 1) * sizeof *argv + text.n);
  if (argv) {
    char *word = (char *)(argv + n_words + 1);
    memcpy(word, text.data, text.n);
    for (size_t i = 0; i < n_words; i++, word += strlen(word) + 1) argv[i] = word;
    argv[n_words] = NULL;
  }
  pleat_buf_fini(&text);
  return argv;
}
