/* What can be said of a hit without its structure; see hit_check.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/hit_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { ENTRY_LENGTH = PLEAT_HIT_ENTRY_TEXT - 1, MIN_RESIDUES = 10 };
static const double max_subsequence_ratio = 0.95, min_align_ratio = 0.1;

static bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

pleat_status pleat_hit_place(const pleat_template_hit *hit, char entry[PLEAT_HIT_ENTRY_TEXT],
                             char chain[PLEAT_HIT_CHAIN_TEXT], pleat_error *err) {
  const char *name = hit->name;
  size_t n = 0;
  while (n < ENTRY_LENGTH && is_alphanumeric(name[n])) n++;
  if (n == ENTRY_LENGTH && name[n] == '_') {
    const char *from = name + n + 1;
    size_t n_chain = 0;
    while (is_alphanumeric(from[n_chain]) || from[n_chain] == '.') n_chain++;
    if (n_chain > 0 && n_chain < PLEAT_HIT_CHAIN_TEXT) {
      for (size_t i = 0; i < n; i++)
        entry[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
      entry[n] = '\0';
      memcpy(chain, from, n_chain);
      chain[n_chain] = '\0';
      return PLEAT_OK;
    }
  }
  PLEAT_FAIL(err, PLEAT_INPUT,
             "template hit %lld is called \"%.60s\": expected an entry of the PDB and a chain, \"1ABC_A\"",
             (long long)hit->index, name);
}

const char *pleat_hit_verdict_text(pleat_hit_verdict verdict) {
  static const char *const texts[] = {
#define X(name, text) text,
      PLEAT_HIT_VERDICT_MAP(X)
#undef X
  };
  return texts[verdict];
}

pleat_hit_verdict pleat_hit_check(const pleat_template_hit *hit, const char *sequence, const char *entry,
                                  const char *query, const pleat_hit_rules *rules) {
  double n_query = (double)strlen(query), n = (double)strlen(sequence);
  if (rules->opt_lists && pleat_pdb_lists_find(rules->opt_lists, entry).day > rules->max_day) return PLEAT_HIT_LATE;
  if (rules->is_date_only) return PLEAT_HIT_GOOD;
  if ((double)hit->aligned_cols / n_query <= min_align_ratio) return PLEAT_HIT_NARROW;
  if (n / n_query > max_subsequence_ratio && strstr(query, sequence)) return PLEAT_HIT_DUPLICATE;
  return n < MIN_RESIDUES ? PLEAT_HIT_SHORT : PLEAT_HIT_GOOD;
}

static char *without_gaps(const char *letters) {
  char *text = malloc(strlen(letters) + 1);
  size_t n = 0;
  for (; text && *letters; letters++) {
    if (*letters != '-') text[n++] = *letters;
  }
  if (text) text[n] = '\0';
  return text;
}

char *pleat_hit_sequence(const pleat_template_hit *hit) { return without_gaps(hit->hit_sequence); }

/* The smallest index of a letter; INT32_MAX: there is none. */
static int32_t first_index(const int32_t *indices, int64_t n) {
  int32_t first = INT32_MAX;
  for (int64_t i = 0; i < n; i++) {
    if (indices[i] >= 0 && indices[i] < first) first = indices[i];
  }
  return first;
}

pleat_status pleat_hit_map(const pleat_template_hit *hit, const char *query, int32_t *mapping, pleat_error *err) {
  size_t n_query = strlen(query), n_hit = 0;
  for (const char *p = hit->hit_sequence; *p; p++) n_hit += *p != '-';
  for (size_t i = 0; i < n_query; i++) mapping[i] = -1;
  char *part = without_gaps(hit->query);
  if (!part) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a template hit");
  const char *found = strstr(query, part);
  free(part);
  /* DEVIATION: the published code goes on from position -1. */
  if (!found) {
    PLEAT_FAIL(err, PLEAT_INPUT,
               "template hit %lld, \"%.40s\", is lined up with a sequence that is no part of the query: "
               "expected hits of this query",
               (long long)hit->index, hit->name);
  }
  int32_t first_query = first_index(hit->indices_query, hit->n_cols);
  int32_t first_hit = first_index(hit->indices_hit, hit->n_cols);
  for (int64_t c = 0; c < hit->n_cols; c++) {
    if (hit->indices_query[c] < 0 || hit->indices_hit[c] < 0) continue;
    size_t i = (size_t)(found - query) + (size_t)(hit->indices_query[c] - first_query);
    size_t k = (size_t)(hit->indices_hit[c] - first_hit);
    if (i < n_query && k < n_hit) mapping[i] = (int32_t)k;
  }
  return PLEAT_OK;
}
