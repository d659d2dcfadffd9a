/* Any structure file as an entry; see structure_entry.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/structure_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/mmcif_read.h"
#include "io/pdb_read.h"
#include "io/text_file.h"

static const size_t max_structure_bytes = (size_t)1 << 31;

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the chains of this structure");
}

/* "a/b/model.1.cif.gz" -> "model.1". */
static char *name_of(const char *path) {
  static const char *const suffixes[] = {".gz", ".cif", ".mmcif", ".pdb", ".ent"};
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t n = strlen(name);
  for (size_t s = 0; s < sizeof suffixes / sizeof *suffixes; s++) {
    size_t n_suffix = strlen(suffixes[s]);
    if (n > n_suffix && memcmp(name + n - n_suffix, suffixes[s], n_suffix) == 0) n -= n_suffix;
  }
  return pleat_copy(name, n);
}

/* The residues from `first` on that are of its chain: a chain that is interrupted by another is two. */
static uint32_t end_of_chain(const pleat_atom_residues *residues, uint32_t first) {
  uint32_t end = first + 1;
  while (end < residues->n && strcmp(residues->items[end].chain, residues->items[first].chain) == 0) end++;
  return end;
}

static bool fill_chain(const pleat_atom_residue *residues, size_t n, pleat_mmcif_chain *chain) {
  *chain = (pleat_mmcif_chain){.author_id = pleat_copy(residues[0].chain, strlen(residues[0].chain)),
                               .n_res = (int64_t)n,
                               .sequence = calloc(n + 1, 1),
                               .auth_num = calloc(n, sizeof *chain->auth_num),
                               .insertion = malloc(n + 1),
                               .is_missing = calloc(n, 1),
                               .is_hetero = calloc(n, 1),
                               .positions = calloc(n, PLEAT_N_ATOM37 * 3 * sizeof *chain->positions),
                               .mask = calloc(n, PLEAT_N_ATOM37 * sizeof *chain->mask)};
  if (!chain->author_id || !chain->sequence || !chain->auth_num || !chain->insertion || !chain->is_missing ||
      !chain->is_hetero || !chain->positions || !chain->mask) {
    return false;
  }
  memset(chain->insertion, ' ', n);
  chain->insertion[n] = '\0';
  for (size_t i = 0; i < n; i++) {
    chain->sequence[i] = pleat_restype_letters[residues[i].aatype];
    chain->auth_num[i] = (int32_t)i + 1;
    memcpy(chain->positions + i * PLEAT_N_ATOM37 * 3, residues[i].positions, sizeof residues[i].positions);
    for (int a = 0; a < PLEAT_N_ATOM37; a++) chain->mask[i * PLEAT_N_ATOM37 + (size_t)a] = residues[i].has_atom[a];
  }
  return true;
}

static pleat_status fill_entry(const pleat_atom_residues *residues, const char *path, pleat_mmcif_entry *entry,
                               pleat_error *err) {
  size_t n_chains = 0;
  for (uint32_t i = 0; i < residues->n; i = end_of_chain(residues, i)) n_chains++;
  *entry = (pleat_mmcif_entry){.id = name_of(path),
                               .release_date = pleat_copy("", 0),
                               .method = pleat_copy("", 0),
                               .chains = calloc(n_chains + 1, sizeof *entry->chains)};
  if (!entry->id || !entry->release_date || !entry->method || !entry->chains) return no_memory(path, err);
  for (uint32_t i = 0; i < residues->n;) {
    uint32_t end = end_of_chain(residues, i);
    if (!fill_chain(&residues->items[i], end - i, &entry->chains[entry->n_chains++])) return no_memory(path, err);
    i = end;
  }
  return PLEAT_OK;
}

typedef pleat_status read_atoms_fn(const char *text, size_t n, const char *path, pleat_atom_residues *out_residues,
                                   pleat_error *err);

static pleat_status read_atoms(const char *text, size_t n, const char *path, read_atoms_fn *read,
                               pleat_mmcif_entry *out_entry, pleat_error *err) {
  pleat_atom_residues residues = {0};
  PLEAT_TRY(read(text, n, path, &residues, err));
  pleat_status status = fill_entry(&residues, path, out_entry, err);
  pleat_atom_residues_fini(&residues);
  if (status) pleat_mmcif_entry_fini(out_entry);
  return status;
}

static pleat_status read_mmcif(const char *text, size_t n, const char *path, pleat_mmcif_entry *out_entry,
                               pleat_error *err) {
  pleat_error why = {0};
  pleat_status status = pleat_mmcif_read_entry(text, n, path, out_entry, &why);
  if (status == PLEAT_INPUT) return read_atoms(text, n, path, pleat_mmcif_read, out_entry, err);
  if (status) {
    if (err) *err = why;
    return status;
  }
  free(out_entry->id);
  out_entry->id = name_of(path); /* files are told apart by their names, whatever is in them */
  if (out_entry->id) return PLEAT_OK;
  pleat_mmcif_entry_fini(out_entry);
  return no_memory(path, err);
}

pleat_status pleat_structure_read(const char *path, pleat_mmcif_entry *out_entry, pleat_error *err) {
  char *text = NULL;
  size_t n = 0;
  *out_entry = (pleat_mmcif_entry){0};
  PLEAT_TRY(pleat_text_file_read(path, max_structure_bytes, &text, &n, err));
  pleat_status status = pleat_mmcif_is(text, n) ? read_mmcif(text, n, path, out_entry, err)
                                                : read_atoms(text, n, path, pleat_pdb_read, out_entry, err);
  free(text);
  return status;
}
