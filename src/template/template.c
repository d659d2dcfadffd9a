/* Atoms of a chain on the residues of the query; see template.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"

enum { ATOMS = PLEAT_N_ATOM37, COORDINATES = PLEAT_N_ATOM37 * 3, MIN_ATOMS = 5 };

void pleat_template_fini(pleat_template *template_) {
  free(template_->name);
  free(template_->sequence);
  free(template_->positions);
  free(template_->mask);
  *template_ = (pleat_template){0};
}

pleat_status pleat_templates_add(pleat_templates *templates, pleat_template *template_, pleat_error *err) {
  pleat_template *grown = realloc(templates->items, (templates->n_items + 1) * sizeof *grown);
  if (!grown) {
    pleat_template_fini(template_);
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu templates", templates->n_items + 1);
  }
  templates->items = grown;
  templates->items[templates->n_items++] = *template_;
  *template_ = (pleat_template){0};
  return PLEAT_OK;
}

void pleat_templates_fini(pleat_templates *templates) {
  for (size_t t = 0; t < templates->n_items; t++) pleat_template_fini(&templates->items[t]);
  free(templates->items);
  *templates = (pleat_templates){0};
}

static pleat_status create(const pleat_template_place *place, const char *entry_id, pleat_template *made,
                           pleat_error *err) {
  size_t n = (size_t)place->n_res, n_name = strlen(entry_id) + strlen(place->chain->author_id) + 2;
  *made = (pleat_template){.name = malloc(n_name),
                           .sequence = malloc(n + 1),
                           .positions = calloc(n + 1, COORDINATES * sizeof *made->positions),
                           .mask = calloc(n + 1, ATOMS * sizeof *made->mask)};
  if (!made->name || !made->sequence || !made->positions || !made->mask) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a template on %lld residues", (long long)place->n_res);
  }
  snprintf(made->name, n_name, "%s_%s", entry_id, place->chain->author_id);
  memset(made->sequence, '-', n);
  made->sequence[n] = '\0';
  return PLEAT_OK;
}

static pleat_status copy_atoms(const pleat_template_place *place, pleat_template *made, pleat_error *err) {
  const pleat_mmcif_chain *chain = place->chain;
  double n_atoms = 0;
  int64_t lowest = INT64_MAX, highest = -1;
  for (int64_t i = 0; i < place->n_res; i++) {
    if (place->mapping[i] < 0) continue;
    int64_t k = place->first + place->mapping[i];
    if (k >= chain->n_res)
      PLEAT_FAIL(err, PLEAT_INTERNAL, "residue %lld of chain %s does not exist", (long long)k + 1, chain->author_id);
    made->sequence[i] = place->letters[place->mapping[i]];
    memcpy(made->positions + i * COORDINATES, chain->positions + k * COORDINATES, COORDINATES * sizeof(float));
    memcpy(made->mask + i * ATOMS, chain->mask + k * ATOMS, ATOMS * sizeof(float));
    for (int a = 0; a < ATOMS; a++) n_atoms += made->mask[i * ATOMS + a];
    if (k < lowest) lowest = k;
    if (k > highest) highest = k;
  }
  if (n_atoms >= MIN_ATOMS) return PLEAT_OK;
  if (highest < 0) PLEAT_FAIL(err, PLEAT_INPUT, "no residue of %s lies on the query", made->name);
  PLEAT_FAIL(err, PLEAT_INPUT, "the model has no atoms where %s, residues %lld to %lld, lies on the query", made->name,
             (long long)lowest + 1, (long long)highest + 1);
}

pleat_status pleat_template_place_atoms(const pleat_template_place *place, const char *entry_id,
                                        pleat_template *out_template, pleat_error *err) {
  pleat_status status = create(place, entry_id, out_template, err);
  if (!status) status = copy_atoms(place, out_template, err);
  if (status) pleat_template_fini(out_template);
  return status;
}

/* mapping[i]: the letter of b that letter i of a lies on, -1 for none. */
static void map_pair(const pleat_aligned_pair *pair, int32_t *mapping) {
  int32_t k = 0;
  for (const char *a = pair->a, *b = pair->b; *a; a++, b++) {
    if (*a != '-') *mapping++ = *b != '-' ? k : -1;
    k += *b != '-';
  }
}

pleat_status pleat_template_from_chain(const pleat_mmcif_chain *chain, const char *entry_id, const char *query,
                                       pleat_align_fn *align, void *arg, pleat_template *out_template,
                                       pleat_error *err) {
  *out_template = (pleat_template){0};
  PLEAT_TRY(pleat_mmcif_check_chain(chain, PLEAT_TEMPLATE_CA_DISTANCE, err));
  pleat_aligned_pair pair = {0};
  PLEAT_TRY(align(arg, query, chain->sequence, &pair, err));
  size_t n = strlen(query);
  int32_t *mapping = calloc(n + 1, sizeof *mapping);
  pleat_status status = PLEAT_OK;
  if (!mapping) status = pleat_fail(err, PLEAT_NOMEM, "no memory for a template on %zu residues", n);
  if (!status) {
    map_pair(&pair, mapping);
    const pleat_template_place place = {
        .chain = chain, .letters = chain->sequence, .mapping = mapping, .n_res = (int64_t)n};
    status = pleat_template_place_atoms(&place, entry_id, out_template, err);
  }
  free(mapping);
  pleat_aligned_pair_fini(&pair);
  return status;
}
