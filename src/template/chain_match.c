/* Which chain of an entry a hit is about; see chain_match.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/chain_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

static const double min_identity = 0.9;

const pleat_mmcif_chain *pleat_chain_find(const pleat_mmcif_entry *entry, const char *name) {
  for (size_t c = 0; c < entry->n_chains; c++) {
    if (strcmp(entry->chains[c].author_id, name) == 0) return &entry->chains[c];
  }
  return NULL;
}

static bool fits_at(const char *chain, const char *sequence) {
  for (; *sequence; chain++, sequence++) {
    if (*chain == '\0' || (*chain != *sequence && *chain != 'X' && *sequence != 'X')) return false;
  }
  return true;
}

static const char *find_fuzzy(const char *chain, const char *sequence) {
  for (; *chain; chain++) {
    if (fits_at(chain, sequence)) return chain;
  }
  return NULL;
}

static const char *find_exact(const char *chain, const char *sequence) { return strstr(chain, sequence); }

const pleat_mmcif_chain *pleat_chain_match(const pleat_mmcif_entry *entry, const char *name, const char *sequence,
                                           int64_t *out_first) {
  static const char *(*const finders[])(const char *, const char *) = {find_exact, find_fuzzy};
  const pleat_mmcif_chain *named = pleat_chain_find(entry, name);
  const char *found = named ? find_exact(named->sequence, sequence) : NULL;
  *out_first = found ? found - named->sequence : 0;
  if (found) return named;
  for (int f = 0; f < 2; f++) {
    for (size_t c = 0; c < entry->n_chains; c++) {
      found = finders[f](entry->chains[c].sequence, sequence);
      if (!found) continue;
      *out_first = found - entry->chains[c].sequence;
      return &entry->chains[c];
    }
  }
  return NULL;
}

/* of_old[k]: the residue of b that residue k of a lies on, -1 for none; returns how many of them are equal. */
static int64_t map_pair(const pleat_aligned_pair *pair, int32_t *of_old) {
  int64_t n_same = 0;
  int32_t i = 0, k = 0;
  for (const char *a = pair->a, *b = pair->b; *a; a++, b++) {
    bool has_a = *a != '-', has_b = *b != '-';
    if (has_a) of_old[i] = has_b ? k : -1;
    n_same += has_a && has_b && *a == *b;
    i += has_a;
    k += has_b;
  }
  return n_same;
}

static pleat_status use_pair(const pleat_aligned_pair *pair, const char *sequence, const pleat_mmcif_entry *entry,
                             const pleat_mmcif_chain *chain, int32_t *mapping, int64_t n_query, pleat_error *err) {
  int64_t n_sequence = (int64_t)strlen(sequence);
  int32_t *of_old = calloc((size_t)n_sequence + 1, sizeof *of_old);
  if (!of_old) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to line up a template");
  int64_t n_same = map_pair(pair, of_old), n_shorter = n_sequence < chain->n_res ? n_sequence : chain->n_res;
  bool is_near = (double)n_same / (double)n_shorter >= min_identity;
  for (int64_t i = 0; is_near && i < n_query; i++) {
    if (mapping[i] < 0) continue;
    int32_t k = mapping[i] < n_sequence ? of_old[mapping[i]] : -1;
    mapping[i] = k < 0 ? (int32_t)chain->n_res - 1 : k; /* Python's index -1 */
  }
  free(of_old);
  if (is_near) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INPUT,
             "the hit's sequence and chain %s of %s have %lld of %lld residues in common: expected at least 90 %%. The "
             "search's database knows another version of this entry; it is left out",
             chain->author_id, entry->id, (long long)n_same, (long long)n_shorter);
}

pleat_status pleat_chain_realign(const pleat_mmcif_entry *entry, const char *name, const char *sequence,
                                 pleat_align_fn *align, void *arg, int32_t *mapping, int64_t n_query,
                                 const pleat_mmcif_chain **out_chain, pleat_error *err) {
  const pleat_mmcif_chain *chain = pleat_chain_find(entry, name);
  if (!chain && entry->n_chains == 1) chain = &entry->chains[0];
  *out_chain = chain;
  if (!chain) {
    PLEAT_FAIL(err, PLEAT_INPUT, "%s has no protein chain %s, and %zu others", entry->id, name, entry->n_chains);
  }
  pleat_aligned_pair pair = {0};
  PLEAT_TRY(align(arg, sequence, chain->sequence, &pair, err));
  pleat_status status = use_pair(&pair, sequence, entry, chain, mapping, n_query, err);
  pleat_aligned_pair_fini(&pair);
  return status;
}
