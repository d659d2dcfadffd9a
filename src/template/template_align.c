/* Kalign as another program; see template_align.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/template_align.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/process.h"

enum { N_ROWS = 2 };
static const double time_limit_s = 600;

/* What the program writes, and whom to ask whether to go on. */
typedef struct kalign_run {
  const pleat_kalign *kalign;
  pleat_buf out;
} kalign_run;

void pleat_aligned_pair_fini(pleat_aligned_pair *pair) {
  free(pair->a);
  free(pair->b);
  *pair = (pleat_aligned_pair){0};
}

static pleat_status no_memory(pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory to line up two sequences");
}

static pleat_status find_program(const pleat_kalign *kalign, char **out_path, pleat_error *err) {
  const char *name = kalign->opt_program ? kalign->opt_program : "kalign";
  pleat_error why = {0};
  pleat_status status = pleat_program_find(name, out_path, &why);
  if (status == PLEAT_PROGRAM) {
    return pleat_fail(err, PLEAT_PROGRAM,
                      "Kalign, which lines up templates with the query, cannot be run: %s. Install it "
                      "(Debian and Ubuntu: package kalign; conda: bioconda::kalign3)",
                      why.message);
  }
  if (status && err) *err = why;
  return status;
}

pleat_status pleat_kalign_check(const pleat_kalign *kalign, pleat_error *err) {
  char *path = NULL;
  pleat_status status = find_program(kalign, &path, err);
  free(path);
  return status;
}

static pleat_status keep_output(void *arg, const char *bytes, size_t n, pleat_error *err) {
  kalign_run *run = arg;
  pleat_buf_append(&run->out, bytes, n);
  return run->out.is_failed ? no_memory(err) : PLEAT_OK;
}

static bool poll_caller(void *arg) {
  const kalign_run *run = arg;
  return !run->kalign->opt_poll || run->kalign->opt_poll(run->kalign->poll_arg);
}

/* The letters of the next FASTA record from *at, which moves behind it; a heading of the program before the first record
 * is skipped. NULL: no memory. */
static char *next_record(const char **at, const char *end) {
  while (*at < end && **at != '>') {
    const char *line_end = memchr(*at, '\n', (size_t)(end - *at));
    *at = line_end ? line_end + 1 : end;
  }
  char *row = malloc((size_t)(end - *at) + 1);
  size_t n = 0;
  bool is_header = true;
  for (; row && *at < end && (is_header || **at != '>'); (*at)++) {
    if (!is_header && ((**at >= 'A' && **at <= 'Z') || **at == '-')) row[n++] = **at;
    if (**at == '\n') is_header = false;
  }
  if (row) row[n] = '\0';
  return row;
}

static bool is_row_of(const char *row, const char *sequence) {
  for (; *row; row++) {
    if (*row != '-' && *row != *sequence++) return false;
  }
  return *sequence == '\0';
}

static pleat_status parse_output(const pleat_buf *out, const char *a, const char *b, pleat_aligned_pair *pair,
                                 pleat_error *err) {
  const char *at = out->data, *end = out->data + out->n;
  if (out->n > 0) {
    pair->a = next_record(&at, end);
    pair->b = next_record(&at, end);
    if (!pair->a || !pair->b) return no_memory(err);
    if (strlen(pair->a) == strlen(pair->b) && is_row_of(pair->a, a) && is_row_of(pair->b, b)) return PLEAT_OK;
  }
  int n_shown = (int)(out->n < 200 ? out->n : 200);
  return pleat_fail(err, PLEAT_PROGRAM,
                    "Kalign gave no alignment of the two sequences: expected two FASTA records of equal length, found "
                    "\"%.*s\"; try another version of Kalign",
                    n_shown, out->n ? out->data : "");
}

static pleat_status run_kalign(const pleat_kalign *kalign, const char *path, const char *a, const char *b,
                               pleat_aligned_pair *pair, pleat_error *err) {
  kalign_run run = {.kalign = kalign};
  pleat_buf fasta = {0};
  pleat_buf_printf(&fasta, ">sequence 1\n%s\n>sequence 2\n%s\n", a, b);
  const char *const argv[] = {path, "-format", "fasta", NULL};
  const pleat_process process = {.argv = argv,
                                 .opt_stdin_text = fasta.data,
                                 .opt_on_stdout = keep_output,
                                 .opt_poll = poll_caller,
                                 .arg = &run,
                                 .time_limit_s = time_limit_s};
  pleat_process_result result;
  pleat_status status = fasta.is_failed ? no_memory(err) : pleat_process_run(&process, &result, err);
  if (!status) status = parse_output(&run.out, a, b, pair, err);
  if (status) pleat_aligned_pair_fini(pair);
  pleat_buf_fini(&run.out);
  pleat_buf_fini(&fasta);
  return status;
}

pleat_status pleat_kalign_align(void *arg, const char *a, const char *b, pleat_aligned_pair *out_pair,
                                pleat_error *err) {
  const pleat_kalign *kalign = arg;
  const char *const sequences[N_ROWS] = {a, b};
  *out_pair = (pleat_aligned_pair){0};
  for (int i = 0; i < N_ROWS; i++) {
    if (strlen(sequences[i]) >= PLEAT_KALIGN_MIN_RESIDUES) continue;
    PLEAT_FAIL(err, PLEAT_INPUT, "Kalign needs at least %d residues, \"%s\" has %zu", PLEAT_KALIGN_MIN_RESIDUES,
               sequences[i], strlen(sequences[i]));
  }
  char *path = NULL;
  PLEAT_TRY(find_program(kalign, &path, err));
  pleat_status status = run_kalign(kalign, path, a, b, out_pair, err);
  free(path);
  return status;
}
