/* Alignments of a complex's chains as one a3m file.
 * Source: colabfold/input.py msa_to_str, pair_sequences, pad_sequences (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/join_a3m.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* The next line that is not empty; NUL separates what comes from several databases. NULL at the end. */
static const char *next_line(const char **at, const char *end, size_t *out_n) {
  while (*at < end) {
    const char *line = *at, *stop = line;
    while (stop < end && *stop != '\n' && *stop != '\0') stop++;
    *at = stop < end ? stop + 1 : end;
    while (stop > line && stop[-1] == '\r') stop--;
    if (stop == line) continue;
    *out_n = (size_t)(stop - line);
    return line;
  }
  return NULL;
}

static void put_gaps(size_t n, pleat_buf *out) {
  while (n-- > 0) pleat_buf_append(out, "-", 1);
}

static void put_header(const pleat_chain_msas *chains, size_t n_chains, pleat_buf *out) {
  for (size_t k = 0; k < n_chains; k++) pleat_buf_printf(out, "%c%zu", k ? ',' : '#', chains[k].n);
  for (size_t k = 0; k < n_chains; k++) {
    pleat_buf_printf(out, "%c%lld", k ? ',' : '\t', (long long)chains[k].n_copies);
  }
  pleat_buf_puts(out, "\n");
}

static pleat_status put_paired(const pleat_chain_msas *chains, size_t n_chains, const char **ats, pleat_buf *out,
                               pleat_error *err) {
  for (size_t k = 0; k < n_chains; k++) ats[k] = chains[k].opt_paired;
  for (;;) {
    size_t n_ended = 0;
    bool is_header = false;
    for (size_t k = 0; k < n_chains; k++) {
      size_t n;
      const char *line = next_line(&ats[k], chains[k].opt_paired + chains[k].n_paired, &n);
      if (!line) {
        n_ended++;
        continue;
      }
      bool is_this_header = line[0] == '>';
      if (k > 0 && (n_ended > 0 || is_this_header != is_header)) n_ended = n_chains + 1;
      is_header = is_this_header;
      bool is_joined = is_header && k > 0; /* by a tab instead of its '>' */
      if (is_joined) pleat_buf_puts(out, "\t");
      pleat_buf_append(out, line + is_joined, n - is_joined);
    }
    if (n_ended == n_chains) return PLEAT_OK;
    if (n_ended > 0) PLEAT_FAIL(err, PLEAT_INPUT, "the paired alignments of the chains differ in their number of rows");
    pleat_buf_puts(out, "\n");
  }
}

static void put_unpaired(const pleat_chain_msas *chain, size_t n_before, size_t n_behind, pleat_buf *out) {
  const char *at = chain->unpaired, *line;
  size_t n;
  while ((line = next_line(&at, chain->unpaired + chain->n_unpaired, &n))) {
    bool is_header = line[0] == '>';
    if (!is_header) put_gaps(n_before, out);
    pleat_buf_append(out, line, n);
    if (!is_header) put_gaps(n_behind, out);
    pleat_buf_puts(out, "\n");
  }
}

pleat_status pleat_join_a3m(const pleat_chain_msas *chains, size_t n_chains, pleat_buf *out, pleat_error *err) {
  const char **ats = malloc(n_chains * sizeof *ats);
  if (!ats) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an alignment");
  put_header(chains, n_chains, out);
  bool has_paired = true;
  size_t n_before = 0, n_behind = 0;
  for (size_t k = 0; k < n_chains; k++) {
    has_paired &= chains[k].opt_paired != NULL;
    n_behind += chains[k].n;
  }
  pleat_status status = has_paired ? put_paired(chains, n_chains, ats, out, err) : PLEAT_OK;
  free(ats);
  for (size_t k = 0; k < n_chains && !status; k++) {
    n_behind -= chains[k].n;
    put_unpaired(&chains[k], n_before, n_behind, out);
    n_before += chains[k].n;
  }
  if (!status && out->is_failed) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for an alignment");
  return status;
}
