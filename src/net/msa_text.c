/* Alignments of chains to the one a3m of a target.
 * Source: colabfold/input.py msa_to_str, pair_sequences and pad_sequences (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "net/msa_priv.h"

/* The next line of a text, without its end; false behind the last. */
static bool next_line(const char **text, const char *end, const char **out_line, size_t *out_n) {
  if (*text == end) return false;
  const char *newline = memchr(*text, '\n', (size_t)(end - *text));
  *out_line = *text;
  *out_n = (size_t)((newline ? newline : end) - *text);
  *text = newline ? newline + 1 : end;
  return true;
}

static size_t count_lines(const pleat_buf *text) {
  size_t n_lines = 0, n;
  const char *at = text->data ? text->data : "", *end = at + text->n, *line;
  while (next_line(&at, end, &line, &n)) n_lines++;
  return n_lines;
}

/* Line by line, the texts of all chains side by side: headers joined by tabs, rows by nothing. */
static void put_paired(const pleat_buf *paired, size_t n_chains, const char **at, pleat_buf *out) {
  for (size_t i = 0, n_lines = count_lines(&paired[0]); i < n_lines; i++) {
    for (size_t k = 0; k < n_chains; k++) {
      const char *line;
      size_t n;
      if (!next_line(&at[k], paired[k].data + paired[k].n, &line, &n)) continue;
      bool is_header = n > 0 && line[0] == '>';
      if (is_header && k > 0) {
        pleat_buf_puts(out, "\t");
        line++;
        n--;
      }
      pleat_buf_append(out, line, n);
    }
    if (i + 1 < n_lines) pleat_buf_puts(out, "\n");
  }
}

static void put_gaps(const pleat_msa_chains *chains, size_t first, size_t end, pleat_buf *out) {
  for (size_t k = first; k < end; k++) {
    for (size_t i = 0; i < chains->lengths[k]; i++) pleat_buf_puts(out, "-");
  }
}

static void put_unpaired(const pleat_msa_chains *chains, const pleat_buf *unpaired, pleat_buf *out) {
  bool is_first = true;
  for (size_t k = 0; k < chains->n; k++) {
    const char *at = unpaired[k].data ? unpaired[k].data : "", *end = at + unpaired[k].n, *line;
    size_t n;
    while (next_line(&at, end, &line, &n)) {
      if (n == 0) continue;
      if (!is_first) pleat_buf_puts(out, "\n");
      is_first = false;
      bool is_header = line[0] == '>';
      if (!is_header) put_gaps(chains, 0, k, out);
      pleat_buf_append(out, line, n);
      if (!is_header) put_gaps(chains, k + 1, chains->n, out);
    }
  }
}

static pleat_status join_paired(const pleat_msa_chains *chains, const pleat_buf *paired, pleat_buf *out,
                                pleat_error *err) {
  size_t n_lines = count_lines(&paired[0]);
  for (size_t k = 1; k < chains->n; k++) {
    if (count_lines(&paired[k]) == n_lines) continue;
    PLEAT_FAIL(err, PLEAT_NETWORK,
               "the server's paired alignments do not fit: %zu lines for chain 1, %zu for chain %zu; expected as many",
               n_lines, count_lines(&paired[k]), k + 1);
  }
  const char **at = calloc(chains->n + 1, sizeof *at);
  if (!at) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for paired alignments");
  for (size_t k = 0; k < chains->n; k++) at[k] = paired[k].data ? paired[k].data : "";
  if (n_lines > 0) put_paired(paired, chains->n, at, out);
  free(at);
  return PLEAT_OK;
}

pleat_status pleat_msa_join(const pleat_msa_chains *chains, const pleat_buf *opt_paired, const pleat_buf *opt_unpaired,
                            pleat_buf *out, pleat_error *err) {
  for (size_t k = 0; k < chains->n; k++) pleat_buf_printf(out, "%c%zu", k ? ',' : '#', chains->lengths[k]);
  for (size_t k = 0; k < chains->n; k++) {
    pleat_buf_printf(out, "%c%lld", k ? ',' : '\t', (long long)chains->n_copies[k]);
  }
  pleat_buf_puts(out, "\n");
  if (opt_paired) PLEAT_TRY(join_paired(chains, opt_paired, out, err));
  if (opt_paired && opt_unpaired) pleat_buf_puts(out, "\n");
  if (opt_unpaired) put_unpaired(chains, opt_unpaired, out);
  if (out->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an alignment of %zu bytes", out->n);
  return PLEAT_OK;
}
