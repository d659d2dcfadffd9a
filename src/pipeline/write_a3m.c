/* A target's alignment as one a3m file.
 * Source: colabfold/input.py msa_to_str, colabfold/batch.py normalize_a3m (sokrypton/ColabFold).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "pipeline/targets_priv.h"

/* A distinct chain of a complex and how often it occurs. */
typedef struct chain {
  const char *sequence;
  size_t n;
  int64_t n_copies;
} chain;

static size_t find_distinct(const char *sequence, chain *chains) {
  size_t n_chains = 0;
  for (const char *p = sequence; *p;) {
    size_t n = strcspn(p, ":"), k = 0;
    while (k < n_chains && (chains[k].n != n || memcmp(chains[k].sequence, p, n))) k++;
    if (k == n_chains) chains[n_chains++] = (chain){.sequence = p, .n = n};
    chains[k].n_copies++;
    p += n + (p[n] == ':');
  }
  return n_chains;
}

static void put_header(const chain *chains, size_t n_chains, pleat_buf *out) {
  for (size_t k = 0; k < n_chains; k++) pleat_buf_printf(out, "%c%zu", k ? ',' : '#', chains[k].n);
  for (size_t k = 0; k < n_chains; k++) {
    pleat_buf_printf(out, "%c%lld", k ? ',' : '\t', (long long)chains[k].n_copies);
  }
  pleat_buf_puts(out, "\n");
}

static void put_gaps(size_t n, pleat_buf *out) {
  while (n-- > 0) pleat_buf_puts(out, "-");
}

static void put_chains(const chain *chains, size_t n_chains, pleat_buf *out) {
  enum { FIRST_QUERY = 101 };
  size_t n_total = 0, n_before = 0;
  for (size_t k = 0; k < n_chains; k++) n_total += chains[k].n;
  for (size_t k = 0; k < n_chains; k++) {
    pleat_buf_printf(out, ">%zu\n", FIRST_QUERY + k);
    put_gaps(n_before, out);
    pleat_buf_append(out, chains[k].sequence, chains[k].n);
    n_before += chains[k].n;
    put_gaps(n_total - n_before, out);
    pleat_buf_puts(out, "\n");
  }
}

/* Rows with their sequence in one line, without blanks and comments; alignments that NUL bytes separate are one. */
static void put_rows(const char *text, size_t n, pleat_buf *out) {
  const char *end = text + n;
  bool is_in_sequence = false;
  if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  while (text < end) {
    const char *line = text, *line_end = text;
    while (line_end < end && *line_end != '\n' && *line_end != '\0') line_end++;
    text = line_end < end ? line_end + 1 : end;
    while (line < line_end && strchr(" \t\r", *line)) line++;
    while (line_end > line && strchr(" \t\r", line_end[-1])) line_end--;
    if (line == line_end || *line == '#') continue;
    bool is_header = *line == '>';
    if (is_header && is_in_sequence) pleat_buf_puts(out, "\n");
    is_in_sequence = !is_header;
    for (const char *p = line; p < line_end; p++) {
      if (is_header || !strchr(" \t\r", *p)) pleat_buf_append(out, p, 1);
    }
    if (is_header) pleat_buf_puts(out, "\n");
  }
  if (is_in_sequence) pleat_buf_puts(out, "\n");
}

/* The alignment's own header names its chains in its own order. */
static bool put_own_header(const char *text, size_t n, pleat_buf *out) {
  const char *end = memchr(text, '\n', n);
  size_t n_line = end ? (size_t)(end - text) : n;
  while (n_line > 0 && text[n_line - 1] == '\r') n_line--;
  if (n_line < 2 || text[0] != '#' || !memchr(text, '\t', n_line)) return false;
  if (strspn(text + 1, "0123456789,\t") < n_line - 1) return false;
  pleat_buf_append(out, text, n_line);
  pleat_buf_puts(out, "\n");
  return true;
}

pleat_status pleat_write_a3m(const char *path, const pleat_target *target, pleat_error *err) {
  size_t n_chains = 1;
  for (const char *p = target->sequence; *p; p++) n_chains += *p == ':';
  pleat_target_text text;
  PLEAT_TRY(pleat_target_text_read(target, &text, err));
  const char *rows = text.opt_text;
  pleat_buf buf = {0};
  chain *chains = calloc(n_chains, sizeof *chains);
  if (chains) {
    n_chains = find_distinct(target->sequence, chains);
    if (!rows || !put_own_header(rows, text.n, &buf)) put_header(chains, n_chains, &buf);
    if (rows) {
      put_rows(rows, text.n, &buf);
    } else {
      put_chains(chains, n_chains, &buf);
    }
  }
  pleat_status status = PLEAT_OK;
  if (!chains || buf.is_failed) status = pleat_fail(err, PLEAT_NOMEM, "no memory to write '%s'", path);
  if (!status) status = pleat_file_write(path, buf.data, buf.n, err);
  pleat_buf_fini(&buf);
  free(chains);
  pleat_target_text_fini(&text);
  return status;
}
