/* Multimer features from AlphaFold's own searches: repeated rows dropped, UniProt hits paired by species.
 * Source: alphafold/data/{pipeline_multimer,feature_processing,msa_pairing}.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/map.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"

typedef struct hit_rows {
  pleat_feat_row *items;
} hit_rows;

/* The chains while their rows are found; arrays have n_entities items. */
typedef struct species_complex {
  const pleat_feat_chain *given;
  pleat_multimer_chain *chains;
  size_t n_chains;
  size_t n_entities;
  size_t *first_chain;
  pleat_pairing_entity *hits;
  hit_rows *hit_rows; /* owned */
  pleat_error *err;
} species_complex;

static pleat_status no_memory(const species_complex *s) {
  return pleat_fail(s->err, PLEAT_NOMEM, "no memory for the alignments of %zu chains", s->n_chains);
}

static pleat_status complex_init(species_complex *s) {
  s->first_chain = calloc(s->n_chains, sizeof *s->first_chain);
  s->hits = calloc(s->n_chains, sizeof *s->hits);
  s->hit_rows = calloc(s->n_chains, sizeof *s->hit_rows);
  if (!s->first_chain || !s->hits || !s->hit_rows) return no_memory(s);
  for (size_t c = 0; c < s->n_chains; c++) {
    if (s->chains[c].sym_id == 1) s->first_chain[s->n_entities++] = c;
    s->hits[s->chains[c].entity_id - 1].n_copies++;
  }
  return PLEAT_OK;
}

static void complex_fini(species_complex *s) {
  for (size_t e = 0; s->hit_rows && e < s->n_entities; e++) free(s->hit_rows[e].items);
  free(s->first_chain);
  free(s->hits);
  free(s->hit_rows);
}

/* The chain's own sequence is the row where there is no alignment. */
static pleat_status single_row(const species_complex *s, const pleat_multimer_chain *chain, pleat_feat_row **out_rows,
                               int64_t *out_n) {
  *out_rows = calloc(1, sizeof **out_rows);
  if (!*out_rows) return no_memory(s);
  (*out_rows)->letters = chain->sequence;
  *out_n = 1;
  return PLEAT_OK;
}

static pleat_status set_unpaired(const species_complex *s, size_t c) {
  const pleat_feat_chain *given = &s->given[c];
  pleat_multimer_chain *chain = &s->chains[c];
  chain->is_owner = true;
  for (size_t k = 0; k < given->n_msas; k++) {
    PLEAT_TRY(pleat_multimer_check_msa(&given->opt_msas[k], chain, c, "unpaired", s->err));
  }
  if (given->n_msas == 0) {
    PLEAT_TRY(single_row(s, chain, &chain->unpaired, &chain->n_unpaired));
  } else {
    PLEAT_TRY(pleat_feat_rows_unique(given->opt_msas, given->n_msas, chain->n_res, &chain->unpaired, &chain->n_unpaired,
                                     s->err));
  }
  return pleat_multimer_set_deletion_mean(chain, s->err);
}

static pleat_status set_hits(species_complex *s, size_t e) {
  size_t c = s->first_chain[e];
  const pleat_multimer_chain *chain = &s->chains[c];
  const pleat_msa *hits = s->given[c].opt_hits;
  pleat_pairing_entity *entity = &s->hits[e];
  if (hits) {
    PLEAT_TRY(pleat_multimer_check_msa(hits, chain, c, "UniProt", s->err));
    PLEAT_TRY(pleat_feat_rows_unique(hits, 1, chain->n_res, &s->hit_rows[e].items, &entity->n_rows, s->err));
  } else {
    PLEAT_TRY(single_row(s, chain, &s->hit_rows[e].items, &entity->n_rows));
  }
  entity->rows = s->hit_rows[e].items;
  entity->n_cols = chain->n_res;
  return PLEAT_OK;
}

static void put_ids(const char *letters, int64_t n, char *ids) {
  for (int64_t i = 0; i < n; i++) ids[i] = (char)pleat_hhblits_from_letter(letters ? letters[i] : '-');
}

/* Drops unpaired rows whose residues (not letters: B is D) are those of a paired row. */
static pleat_status drop_paired(const species_complex *s, pleat_multimer_chain *chain) {
  size_t n_res = (size_t)chain->n_res;
  pleat_map seen = {0};
  char *ids = malloc(((size_t)chain->n_paired + 1) * n_res), *own = ids;
  bool is_ok = ids != NULL;
  for (int64_t r = 0; r < chain->n_paired && is_ok; r++, own += n_res) {
    put_ids(chain->paired[r].letters, chain->n_res, own);
    is_ok = pleat_map_insert(&seen, own, n_res, 0, NULL);
  }
  int64_t n_kept = 0;
  for (int64_t r = 0; r < chain->n_unpaired && is_ok; r++) {
    put_ids(chain->unpaired[r].letters, chain->n_res, own);
    if (pleat_map_find(&seen, own, n_res) == PLEAT_MAP_NONE) chain->unpaired[n_kept++] = chain->unpaired[r];
  }
  chain->n_unpaired = n_kept;
  pleat_map_fini(&seen);
  free(ids);
  return is_ok ? PLEAT_OK : no_memory(s);
}

static pleat_status set_paired(const species_complex *s, size_t e, const int32_t *rows, int64_t n_rows) {
  pleat_multimer_chain *chain = &s->chains[s->first_chain[e]];
  chain->paired = calloc((size_t)n_rows, sizeof *chain->paired);
  if (!chain->paired) return no_memory(s);
  chain->n_paired = n_rows;
  for (int64_t k = 0; k < n_rows; k++) {
    int32_t row = rows[(size_t)k * s->n_entities + e];
    if (row >= 0) chain->paired[k] = s->hit_rows[e].items[row];
  }
  return drop_paired(s, chain);
}

static pleat_status pair_rows(species_complex *s) {
  int32_t *rows = NULL;
  int64_t n_rows = 0;
  for (size_t e = 0; e < s->n_entities; e++) PLEAT_TRY(set_hits(s, e));
  PLEAT_TRY(pleat_pair_species(s->hits, s->n_entities, &rows, &n_rows, s->err));
  pleat_status status = PLEAT_OK;
  for (size_t e = 0; e < s->n_entities && !status; e++) status = set_paired(s, e, rows, n_rows);
  free(rows);
  return status;
}

static void share_with_copies(const species_complex *s) {
  for (size_t c = 0; c < s->n_chains; c++) {
    pleat_multimer_chain *copy = &s->chains[c];
    const pleat_multimer_chain *first = &s->chains[s->first_chain[copy->entity_id - 1]];
    copy->unpaired = first->unpaired;
    copy->n_unpaired = first->n_unpaired;
    copy->paired = first->paired;
    copy->n_paired = first->n_paired;
    copy->deletion_mean = first->deletion_mean;
  }
}

pleat_status pleat_feat_multimer_pair(const pleat_feat_chain *chains, size_t n_chains, int64_t min_rows,
                                      pleat_arrays **out_raw, pleat_error *err) {
  *out_raw = NULL;
  species_complex s = {.given = chains, .n_chains = n_chains, .err = err};
  pleat_status status = pleat_multimer_chains_create(chains, n_chains, &s.chains, err);
  if (!status) status = complex_init(&s);
  for (size_t e = 0; e < s.n_entities && !status; e++) status = set_unpaired(&s, s.first_chain[e]);
  if (!status && s.n_entities > 1) status = pair_rows(&s);
  if (!status) {
    share_with_copies(&s);
    status = pleat_multimer_merge(s.chains, n_chains, min_rows, out_raw, err);
  }
  complex_fini(&s);
  pleat_multimer_chains_free(s.chains, n_chains);
  return status;
}

pleat_status pleat_feat_multimer_species(const pleat_feat_chain *chains, size_t n_chains, pleat_arrays **out_raw,
                                         pleat_error *err) {
  return pleat_feat_multimer_pair(chains, n_chains, 0, out_raw, err);
}
