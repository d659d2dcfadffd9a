/* Protein chains of an entry, from its rows: polymers and their chains, the author's names of these, positions.
 * Source: alphafold/data/mmcif_parsing.py parse, _get_protein_chains; templates.py _get_atom_positions,
 * _check_residue_distances (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "bio/residue.h"
#include "io/mmcif_entry_priv.h"

enum {
  NONE = PLEAT_MAP_NONE,
  /* Positions of all chains take 600 bytes per residue; the largest entries of the PDB have half as many. */
  MAX_RESIDUES = 1 << 20
};

/* Its monomers are members[first .. first + n) of the builder. */
typedef struct polymer {
  uint32_t first, n;
  int32_t start; /* smallest number of a monomer */
  bool is_protein;
} polymer;

/* A protein chain by its own name. */
typedef struct label_chain {
  pleat_text_span label, author; /* author.text: NULL while no atom is known */
  uint32_t polymer;
} label_chain;

typedef struct author_chain {
  pleat_text_span name;
  uint32_t polymer;
  uint32_t *sites; /* of every residue; NONE = missing */
} author_chain;

typedef struct builder {
  const mmcif_rows *rows;
  pleat_arena arena;
  pleat_map entities, label_map, author_map;
  polymer *polymers;
  const uint32_t *members; /* rows of monomers by polymer, else in the order of the file */
  label_chain *labels;
  author_chain *authors;
  uint32_t n_polymers, n_labels, n_authors;
} builder;

static pleat_status fail_memory(const builder *b) {
  return pleat_fail_at(b->rows->err, PLEAT_NOMEM, b->rows->path, 0, 0, "no memory for the chains of this entry");
}

static pleat_status fail_name(const builder *b, int64_t line, const char *format, pleat_text_span name) {
  char shown[PLEAT_SPAN_SHOWN];
  return pleat_fail_at(b->rows->err, PLEAT_INPUT, b->rows->path, line, 0, format, pleat_span_show(name, shown));
}

/* ---- Polymers and their chains ---- */

/* Items 0 .. n - 1 by their groups (NONE: left out), else in order; group g begins at out_first[g]. NULL: no memory. */
static uint32_t *sort_groups(builder *b, const uint32_t *groups, uint32_t n, uint32_t n_groups, uint32_t *out_first) {
  uint32_t *sorted = pleat_arena_alloc(&b->arena, ((size_t)n + 1) * sizeof *sorted);
  if (!sorted) return NULL;
  memset(out_first, 0, ((size_t)n_groups + 1) * sizeof *out_first);
  for (uint32_t i = 0; i < n; i++)
    if (groups[i] != NONE) out_first[groups[i] + 1]++;
  for (uint32_t g = 0; g < n_groups; g++) out_first[g + 1] += out_first[g];
  for (uint32_t i = 0; i < n; i++)
    if (groups[i] != NONE) sorted[out_first[groups[i]]++] = i;
  for (uint32_t g = n_groups; g > 0; g--) out_first[g] = out_first[g - 1];
  out_first[0] = 0;
  return sorted;
}

static pleat_status find_polymers(builder *b) {
  const mmcif_rows *rows = b->rows;
  uint32_t *groups = pleat_arena_alloc(&b->arena, ((size_t)rows->n_poly + 1) * sizeof *groups);
  uint32_t *first = pleat_arena_alloc(&b->arena, ((size_t)rows->n_poly + 1) * sizeof *first);
  b->polymers = pleat_arena_alloc(&b->arena, ((size_t)rows->n_poly + 1) * sizeof *b->polymers);
  if (!groups || !first || !b->polymers) return fail_memory(b);
  for (uint32_t i = 0; i < rows->n_poly; i++) {
    pleat_text_span entity = rows->poly[i].entity;
    if (!pleat_map_insert(&b->entities, entity.text, entity.n, b->n_polymers, &groups[i])) return fail_memory(b);
    if (groups[i] == NONE) groups[i] = b->n_polymers++;
  }
  b->members = sort_groups(b, groups, rows->n_poly, b->n_polymers, first);
  if (!b->members) return fail_memory(b);
  for (uint32_t p = 0; p < b->n_polymers; p++) b->polymers[p] = (polymer){first[p], first[p + 1] - first[p], 0, false};
  return PLEAT_OK;
}

/* Proteins are polymers with a monomer whose type says peptide. */
static pleat_status judge_polymer(const builder *b, polymer *p) {
  for (uint32_t i = 0; i < p->n; i++) {
    const mmcif_poly_row *row = &b->rows->poly[b->members[p->first + i]];
    uint32_t comp = pleat_map_find(&b->rows->comps, row->monomer.text, row->monomer.n);
    if (comp == NONE) return fail_name(b, row->line, "the monomer '%s' is missing in _chem_comp", row->monomer);
    p->is_protein |= b->rows->is_peptide[comp];
    if (i == 0 || row->number < p->start) p->start = row->number;
  }
  return PLEAT_OK;
}

/* Chains in the order of polymers, then of _struct_asym. */
static pleat_status find_labels(builder *b) {
  const mmcif_rows *rows = b->rows;
  uint32_t *groups = pleat_arena_alloc(&b->arena, ((size_t)rows->n_asym + 1) * sizeof *groups);
  uint32_t *first = pleat_arena_alloc(&b->arena, ((size_t)b->n_polymers + 1) * sizeof *first);
  b->labels = pleat_arena_alloc(&b->arena, ((size_t)rows->n_asym + 1) * sizeof *b->labels);
  if (!groups || !first || !b->labels) return fail_memory(b);
  for (uint32_t i = 0; i < rows->n_asym; i++)
    groups[i] = pleat_map_find(&b->entities, rows->asym[i].entity.text, rows->asym[i].entity.n);
  const uint32_t *sorted = sort_groups(b, groups, rows->n_asym, b->n_polymers, first);
  if (!sorted) return fail_memory(b);
  for (uint32_t p = 0; p < b->n_polymers; p++) {
    PLEAT_TRY(judge_polymer(b, &b->polymers[p]));
    for (uint32_t i = first[p]; b->polymers[p].is_protein && i < first[p + 1]; i++) {
      pleat_text_span label = rows->asym[sorted[i]].label;
      uint32_t at;
      if (!pleat_map_insert(&b->label_map, label.text, label.n, b->n_labels, &at)) return fail_memory(b);
      if (at == NONE) at = b->n_labels++;
      b->labels[at] = (label_chain){.label = label, .polymer = p};
    }
  }
  if (b->n_labels) return PLEAT_OK;
  return pleat_fail_at(rows->err, PLEAT_INPUT, rows->path, 0, 0, "the file has no protein chain");
}

/* ---- Author's names ---- */

static label_chain *find_label(const builder *b, pleat_text_span label) {
  uint32_t at = pleat_map_find(&b->label_map, label.text, label.n);
  return at == NONE ? NULL : &b->labels[at];
}

/* Where chains of several names have one author's name, the last sequence counts. */
static pleat_status find_authors(builder *b) {
  uint64_t n_residues = 0;
  b->authors = pleat_arena_alloc(&b->arena, ((size_t)b->n_labels + 1) * sizeof *b->authors);
  if (!b->authors) return fail_memory(b);
  const label_chain *labels = b->labels;
  PLEAT_ASSERT(labels); /* by find_labels */
  for (uint32_t i = 0; i < b->rows->n_sites; i++) {
    label_chain *label = find_label(b, b->rows->sites[i].label);
    if (label) label->author = b->rows->sites[i].place.chain;
  }
  for (uint32_t i = 0; i < b->n_labels; i++) {
    const label_chain *label = &labels[i];
    uint32_t at;
    if (!label->author.text) return fail_name(b, 0, "the protein chain '%s' has no atoms in model 1", label->label);
    if (!pleat_map_insert(&b->author_map, label->author.text, label->author.n, b->n_authors, &at))
      return fail_memory(b);
    if (at == NONE) at = b->n_authors++;
    b->authors[at].name = label->author;
    b->authors[at].polymer = label->polymer;
  }
  for (uint32_t a = 0; a < b->n_authors; a++) n_residues += b->polymers[b->authors[a].polymer].n;
  if (n_residues > MAX_RESIDUES)
    return pleat_fail_at(b->rows->err, PLEAT_INPUT, b->rows->path, 0, 0,
                         "the entry has %llu residues of proteins, expected at most %d", (unsigned long long)n_residues,
                         MAX_RESIDUES);
  return PLEAT_OK;
}

/* ---- Residues ---- */

/* The last site of a residue counts. */
static pleat_status place_sites(builder *b) {
  for (uint32_t a = 0; a < b->n_authors; a++) {
    uint32_t n = b->polymers[b->authors[a].polymer].n;
    b->authors[a].sites = pleat_arena_alloc(&b->arena, ((size_t)n + 1) * sizeof(uint32_t));
    if (!b->authors[a].sites) return fail_memory(b);
    for (uint32_t i = 0; i < n; i++) b->authors[a].sites[i] = NONE;
  }
  for (uint32_t i = 0; i < b->rows->n_sites; i++) {
    const mmcif_site *site = &b->rows->sites[i];
    const label_chain *label = find_label(b, site->label);
    int32_t number;
    if (!label) continue;
    if (!pleat_span_int(site->label_number, &number))
      return fail_name(b, site->line, "'%s' is no number: expected the number of the residue (label_seq_id)",
                       site->label_number);
    uint32_t at = pleat_map_find(&b->author_map, site->place.chain.text, site->place.chain.n);
    int64_t residue = (int64_t)number - b->polymers[label->polymer].start;
    if (at == NONE || residue < 0 || residue >= b->polymers[b->authors[at].polymer].n) continue;
    b->authors[at].sites[residue] = i;
  }
  return PLEAT_OK;
}

static bool alloc_chain(pleat_mmcif_chain *chain, size_t n) {
  chain->n_res = (int64_t)n;
  chain->sequence = calloc(n + 1, 1);
  chain->auth_num = calloc(n, sizeof *chain->auth_num);
  chain->insertion = calloc(n, 1);
  chain->is_missing = calloc(n, 1);
  chain->is_hetero = calloc(n, 1);
  chain->positions = calloc(n, sizeof(float) * PLEAT_N_ATOM37 * 3);
  chain->mask = calloc(n, sizeof(float) * PLEAT_N_ATOM37);
  return chain->sequence && chain->auth_num && chain->insertion && chain->is_missing && chain->is_hetero &&
         chain->positions && chain->mask;
}

static pleat_status fill_residue(const builder *b, uint32_t site_index, pleat_mmcif_chain *chain, int64_t i) {
  chain->insertion[i] = ' ';
  chain->auth_num[i] = INT32_MIN;
  chain->is_missing[i] = site_index == NONE;
  if (site_index == NONE) return PLEAT_OK;
  const mmcif_site *site = &b->rows->sites[site_index];
  const pleat_mmcif_monomer *monomer = pleat_mmcif_model_find(&b->rows->model, &site->place);
  /* DEVIATION: the published reader refuses this chain alone, once a template needs it. */
  if (!monomer)
    return fail_name(b, site->line, "a residue of chain '%s' is in model 1, which is not the first model",
                     site->place.chain);
  chain->auth_num[i] = site->place.number;
  if (site->place.insertion.n) chain->insertion[i] = site->place.insertion.text[0];
  chain->is_hetero[i] = site->place.hetero != ' ';
  pleat_mmcif_monomer_atom37(&b->rows->model, monomer, (float(*)[3]) & chain->positions[i * PLEAT_N_ATOM37 * 3],
                             &chain->mask[i * PLEAT_N_ATOM37]);
  return PLEAT_OK;
}

static pleat_status fill_chain(const builder *b, const author_chain *author, pleat_mmcif_chain *chain) {
  const polymer *p = &b->polymers[author->polymer];
  chain->author_id = calloc(author->name.n + 1, 1);
  if (!chain->author_id || !alloc_chain(chain, p->n)) return fail_memory(b);
  memcpy(chain->author_id, author->name.text, author->name.n);
  for (uint32_t i = 0; i < p->n; i++) {
    pleat_text_span monomer = b->rows->poly[b->members[p->first + i]].monomer;
    chain->sequence[i] = pleat_monomer_letter(monomer.text, monomer.n);
    PLEAT_TRY(fill_residue(b, author->sites[i], chain, i));
  }
  return PLEAT_OK;
}

static pleat_status build(builder *b, pleat_mmcif_entry *entry) {
  PLEAT_TRY(find_polymers(b));
  PLEAT_TRY(find_labels(b));
  PLEAT_TRY(find_authors(b));
  PLEAT_TRY(place_sites(b));
  entry->chains = calloc(b->n_authors, sizeof *entry->chains);
  if (!entry->chains) return fail_memory(b);
  entry->n_chains = b->n_authors;
  for (uint32_t a = 0; a < b->n_authors; a++) PLEAT_TRY(fill_chain(b, &b->authors[a], &entry->chains[a]));
  return PLEAT_OK;
}

pleat_status pleat_mmcif_build_chains(const mmcif_rows *rows, pleat_mmcif_entry *entry) {
  builder b = {.rows = rows};
  pleat_status status = build(&b, entry);
  pleat_map_fini(&b.entities);
  pleat_map_fini(&b.label_map);
  pleat_map_fini(&b.author_map);
  pleat_arena_fini(&b.arena);
  return status;
}

pleat_status pleat_mmcif_check_chain(const pleat_mmcif_chain *chain, double max_distance, pleat_error *err) {
  const float *before = NULL;
  for (int64_t i = 0; i < chain->n_res; i++) {
    const float *now = &chain->positions[(i * PLEAT_N_ATOM37 + PLEAT_ATOM_CA) * 3];
    if (!chain->mask[i * PLEAT_N_ATOM37 + PLEAT_ATOM_CA]) now = NULL;
    if (before && now) {
      double sum = 0;
      for (int d = 0; d < 3; d++) sum += ((double)now[d] - before[d]) * ((double)now[d] - before[d]);
      if (sqrt(sum) > max_distance)
        PLEAT_FAIL(err, PLEAT_INPUT,
                   "chain '%.20s': the C-alpha atoms of residues %lld and %lld are %f angstrom apart, expected at most "
                   "%f: the chain is broken",
                   chain->author_id, (long long)i, (long long)i + 1, sqrt(sum), max_distance);
    }
    before = now;
  }
  return PLEAT_OK;
}
