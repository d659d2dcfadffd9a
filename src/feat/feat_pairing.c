/* Rows of different chains that come from the same species belong together.
 * Source: alphafold/data/msa_pairing.py (pair_sequences, reorder_paired_rows; google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "bio/residue.h"
#include "feat/feat_multimer_priv.h"
#include "io/species.h"

enum { MAX_ROWS_OF_SPECIES = 600 }; /* more are paralogues without end: the species is left out */

/* A row that names a species. */
typedef struct species_row {
  char species[PLEAT_SPECIES_TEXT];
  uint32_t entity;
  int32_t row;
  int32_t n_equal; /* columns that agree with the query */
} species_row;

/* A line of the result on its way: its rows stand at `first`. */
typedef struct pair {
  int64_t n_chains; /* that have a row */
  int64_t product;  /* of the row numbers */
  uint32_t first;
  uint32_t number; /* in the order of making */
} pair;

typedef struct pairing {
  const pleat_pairing_entity *entities;
  size_t n_entities;
  species_row *rows;
  uint32_t n_rows, rows_capacity;
  pair *pairs;
  uint32_t n_pairs, pairs_capacity;
  int32_t *members; /* [n_pairs, n_entities] */
  uint32_t n_members, members_capacity;
  pleat_error *err;
} pairing;

static pleat_status no_memory(const pairing *p) {
  return pleat_fail(p->err, PLEAT_NOMEM, "no memory to pair %u alignment rows", p->n_rows);
}

static int32_t count_equal(const pleat_pairing_entity *entity, int64_t r) {
  int32_t n_equal = 0;
  const char *query = entity->rows[0].letters, *letters = entity->rows[r].letters;
  for (int64_t i = 0; i < entity->n_cols; i++) {
    n_equal += query[i] == letters[i] || pleat_hhblits_from_letter(query[i]) == pleat_hhblits_from_letter(letters[i]);
  }
  return n_equal;
}

static pleat_status collect_rows(pairing *p) {
  for (size_t e = 0; e < p->n_entities; e++) {
    const pleat_pairing_entity *entity = &p->entities[e];
    for (int64_t r = 0; r < entity->n_rows; r++) {
      species_row row = {.entity = (uint32_t)e, .row = (int32_t)r};
      const char *description = entity->rows[r].opt_description;
      if (!description || pleat_species_find(description, row.species) == 0) continue;
      if (!pleat_grow(&p->rows, p->n_rows, &p->rows_capacity, sizeof *p->rows)) return no_memory(p);
      row.n_equal = count_equal(entity, r);
      p->rows[p->n_rows++] = row;
    }
  }
  return PLEAT_OK;
}

/* By species, then chain; the rows of both from the most similar to the query on, equal ones as they stand. */
static int compare_rows(const void *a, const void *b) {
  const species_row *x = a, *y = b;
  int order = strcmp(x->species, y->species);
  if (order) return order;
  if (x->entity != y->entity) return x->entity < y->entity ? -1 : 1;
  if (x->n_equal != y->n_equal) return x->n_equal > y->n_equal ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Of the rows of all chains, -1 included; wraps around as numpy does. */
static int64_t product_of(const pairing *p, const int32_t *members) {
  uint64_t product = 1;
  for (size_t e = 0; e < p->n_entities; e++) {
    for (int64_t copy = 0; copy < p->entities[e].n_copies; copy++) product *= (uint64_t)(int64_t)members[e];
  }
  int64_t value;
  memcpy(&value, &product, sizeof value);
  return value < 0 && value != INT64_MIN ? -value : value;
}

/* Row k of every entity's part [begin[e], end[e]) of the sorted rows. */
static pleat_status add_pair(pairing *p, const uint32_t *begin, const uint32_t *end, uint32_t k, int64_t n_chains) {
  uint32_t first = p->n_members;
  for (size_t e = 0; e < p->n_entities; e++) {
    if (!pleat_grow(&p->members, p->n_members, &p->members_capacity, sizeof *p->members)) return no_memory(p);
    p->members[p->n_members++] = begin[e] == end[e] ? -1 : p->rows[begin[e] + k].row;
  }
  if (!pleat_grow(&p->pairs, p->n_pairs, &p->pairs_capacity, sizeof *p->pairs)) return no_memory(p);
  p->pairs[p->n_pairs] = (pair){n_chains, product_of(p, p->members + first), first, p->n_pairs};
  p->n_pairs++;
  return PLEAT_OK;
}

/* The rows [i, i_end) are of one species. `parts` is scratch for 2 n_entities numbers. */
static pleat_status pair_species(pairing *p, uint32_t i, uint32_t i_end, uint32_t *parts) {
  uint32_t *begin = parts, *end = parts + p->n_entities, n_taken = MAX_ROWS_OF_SPECIES;
  int64_t n_chains = 0;
  for (size_t e = 0; e < p->n_entities; e++) {
    begin[e] = i;
    while (i < i_end && p->rows[i].entity == e) i++;
    end[e] = i;
    uint32_t n = end[e] - begin[e];
    if (n > MAX_ROWS_OF_SPECIES) return PLEAT_OK;
    if (n == 0) continue;
    n_chains += p->entities[e].n_copies;
    if (n < n_taken) n_taken = n;
  }
  if (n_chains < 2) return PLEAT_OK;
  for (uint32_t k = 0; k < n_taken; k++) PLEAT_TRY(add_pair(p, begin, end, k, n_chains));
  return PLEAT_OK;
}

static pleat_status pair_all(pairing *p) {
  uint32_t *parts = calloc(2 * p->n_entities, sizeof *parts);
  if (!parts) return no_memory(p);
  pleat_status status = PLEAT_OK;
  for (uint32_t i = 0, end; i < p->n_rows && !status; i = end) {
    for (end = i + 1; end < p->n_rows && strcmp(p->rows[i].species, p->rows[end].species) == 0;) end++;
    status = pair_species(p, i, end, parts);
  }
  free(parts);
  return status;
}

/* Pairs of most chains first; among them those of the best hits. */
static int compare_pairs(const void *a, const void *b) {
  const pair *x = a, *y = b;
  if (x->n_chains != y->n_chains) return x->n_chains > y->n_chains ? -1 : 1;
  if (x->product != y->product) return x->product < y->product ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

/* The queries stand among the pairs of all chains, where their product puts them. */
static pleat_status add_queries(pairing *p) {
  int64_t n_chains = 0;
  for (size_t e = 0; e < p->n_entities; e++) {
    n_chains += p->entities[e].n_copies;
    if (!pleat_grow(&p->members, p->n_members, &p->members_capacity, sizeof *p->members)) return no_memory(p);
    p->members[p->n_members++] = 0;
  }
  if (!pleat_grow(&p->pairs, p->n_pairs, &p->pairs_capacity, sizeof *p->pairs)) return no_memory(p);
  p->pairs[p->n_pairs++] = (pair){.n_chains = n_chains};
  return PLEAT_OK;
}

pleat_status pleat_pair_species(const pleat_pairing_entity *entities, size_t n_entities, int32_t **out_rows,
                                int64_t *out_n, pleat_error *err) {
  *out_rows = NULL;
  *out_n = 0;
  pairing p = {.entities = entities, .n_entities = n_entities, .err = err};
  pleat_status status = collect_rows(&p);
  if (p.n_rows) qsort(p.rows, p.n_rows, sizeof *p.rows, compare_rows);
  if (!status) status = add_queries(&p);
  if (!status) status = pair_all(&p);
  if (!status) {
    qsort(p.pairs, p.n_pairs, sizeof *p.pairs, compare_pairs);
    *out_rows = malloc((size_t)p.n_members * sizeof **out_rows);
    if (!*out_rows) status = no_memory(&p);
  }
  for (uint32_t k = 0; k < p.n_pairs && !status; k++) {
    memcpy(*out_rows + (size_t)k * n_entities, p.members + p.pairs[k].first, n_entities * sizeof **out_rows);
  }
  if (!status) *out_n = p.n_pairs;
  free(p.rows);
  free(p.pairs);
  free(p.members);
  return status;
}
