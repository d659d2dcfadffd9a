/* AlphaFold's msas/ folders: which files of a chain are read, how far, and in which order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/msas.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "io/stockholm.h"

enum { MAX_PATH = 4096, MAX_MAP_BYTES = 1 << 24 };

/* uniref_max_hits, mgnify_max_hits, max_uniprot_hits; BFD's file is read whole. */
const pleat_msas_limits pleat_msas_published_limits = {
    .uniref90 = 10000, .bfd = PLEAT_ALL_ROWS, .mgnify = 501, .uniprot = 50000};

/* ---- One chain ---- */

/* "folder/name" or "folder/name.gz", whichever exists; false: neither. */
static bool find_file(const char *folder, const char *name, char path[MAX_PATH]) {
  int n = snprintf(path, MAX_PATH, "%s/%s", folder, name);
  if (n < 0 || n >= MAX_PATH - 4) return false;
  if (pleat_path_is_file(path)) return true;
  memcpy(path + n, ".gz", 4);
  return pleat_path_is_file(path);
}

static pleat_status read_stockholm(const char *folder, const char *name, int64_t max_rows, pleat_msa *out_msa,
                                   bool *out_found, pleat_error *err) {
  char path[MAX_PATH];
  *out_found = find_file(folder, name, path);
  return *out_found ? pleat_stockholm_read(path, max_rows, out_msa, err) : PLEAT_OK;
}

static pleat_status read_a3m(const char *folder, const char *name, int64_t max_rows, pleat_msa *out_msa,
                             bool *out_found, pleat_error *err) {
  char path[MAX_PATH];
  pleat_a3m a3m;
  *out_found = find_file(folder, name, path);
  if (!*out_found) return PLEAT_OK;
  PLEAT_TRY(pleat_a3m_read(path, max_rows, &a3m, err));
  *out_msa = a3m.msa;
  a3m.msa = (pleat_msa){0};
  pleat_a3m_fini(&a3m);
  return PLEAT_OK;
}

static pleat_status read_files(const char *folder, const pleat_msas_limits *limits, bool wants_hits,
                               pleat_chain_msas *msas, pleat_error *err) {
  bool is_found = false;
  PLEAT_TRY(read_stockholm(folder, "uniref90_hits.sto", limits->uniref90, &msas->msas[msas->n_msas], &is_found, err));
  msas->n_msas += is_found;
  PLEAT_TRY(read_a3m(folder, "bfd_uniref_hits.a3m", limits->bfd, &msas->msas[msas->n_msas], &is_found, err));
  if (!is_found) {
    PLEAT_TRY(read_stockholm(folder, "small_bfd_hits.sto", limits->bfd, &msas->msas[msas->n_msas], &is_found, err));
  }
  msas->n_msas += is_found;
  PLEAT_TRY(read_stockholm(folder, "mgnify_hits.sto", limits->mgnify, &msas->msas[msas->n_msas], &is_found, err));
  msas->n_msas += is_found;
  if (wants_hits) {
    PLEAT_TRY(read_stockholm(folder, "uniprot_hits.sto", limits->uniprot, &msas->hits, &msas->has_hits, err));
  }
  if (msas->n_msas > 0 || msas->has_hits) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INPUT,
             "no alignment in '%s': expected uniref90_hits.sto, bfd_uniref_hits.a3m or small_bfd_hits.sto, "
             "mgnify_hits.sto, as AlphaFold's searches leave them",
             folder);
}

pleat_status pleat_chain_msas_read(const char *folder, const pleat_msas_limits *limits, bool wants_hits,
                                   pleat_chain_msas *out_msas, pleat_error *err) {
  *out_msas = (pleat_chain_msas){0};
  pleat_status status = read_files(folder, limits, wants_hits, out_msas, err);
  if (status) pleat_chain_msas_fini(out_msas);
  return status;
}

void pleat_chain_msas_fini(pleat_chain_msas *msas) {
  for (int k = 0; k < PLEAT_MAX_CHAIN_MSAS; k++) pleat_msa_fini(&msas->msas[k]);
  pleat_msa_fini(&msas->hits);
  *msas = (pleat_chain_msas){0};
}

bool pleat_chain_msas_exist(const char *folder) {
  static const char *const names[] = {"uniref90_hits.sto", "bfd_uniref_hits.a3m", "small_bfd_hits.sto",
                                      "mgnify_hits.sto"};
  char path[MAX_PATH];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (find_file(folder, names[i], path)) return true;
  }
  return false;
}

/* ---- All chains of a target ---- */

static pleat_status split_sequence(const char *sequence, pleat_target_msas *out, pleat_error *err) {
  out->n_chains = 1;
  for (const char *p = sequence; *p; p++) out->n_chains += *p == ':';
  out->sequences = malloc(strlen(sequence) + 1);
  out->chains = calloc(out->n_chains, sizeof *out->chains);
  out->msas = calloc(out->n_chains, sizeof *out->msas);
  if (!out->sequences || !out->chains || !out->msas) {
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu chains", out->n_chains);
  }
  memcpy(out->sequences, sequence, strlen(sequence) + 1);
  char *at = out->sequences;
  for (size_t c = 0; c < out->n_chains; c++) {
    out->chains[c].sequence = at;
    at += strcspn(at, ":");
    *at++ = '\0';
  }
  return PLEAT_OK;
}

/* {"A": {"description": ..., "sequence": ...}, ...}; NULL when there is no such file. */
static pleat_status read_map(const char *folder, json_t **out_map, pleat_error *err) {
  char path[MAX_PATH], *text = NULL;
  size_t n = 0;
  *out_map = NULL;
  int n_path = snprintf(path, MAX_PATH, "%s/chain_id_map.json", folder);
  if (n_path < 0 || n_path >= MAX_PATH || !pleat_path_is_file(path)) return PLEAT_OK;
  PLEAT_TRY(pleat_file_read(path, MAX_MAP_BYTES, &text, &n, err));
  json_error_t wrong;
  *out_map = json_loadb(text, n, JSON_REJECT_DUPLICATES, &wrong);
  free(text);
  if (!*out_map) return pleat_fail_at(err, PLEAT_INPUT, path, wrong.line, wrong.column, "no JSON: %s", wrong.text);
  if (json_is_object(*out_map)) return PLEAT_OK;
  json_decref(*out_map);
  *out_map = NULL;
  return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                       "expected an object of chains, {\"A\": {\"description\": ..., \"sequence\": ...}, ...}");
}

/* The name of the first chain of this sequence: only its folder has alignments. */
static pleat_status find_chain(const char *folder, json_t *map, const char *sequence, size_t index, const char **out_id,
                               pleat_error *err) {
  const char *id;
  json_t *chain;
  json_object_foreach(map, id, chain) {
    const char *other = json_string_value(json_object_get(chain, "sequence"));
    if (!other || strcmp(other, sequence) != 0) continue;
    /* Members come in the order of the file, which AlphaFold sorts by name. */
    *out_id = id;
    return PLEAT_OK;
  }
  PLEAT_FAIL(err, PLEAT_INPUT,
             "chain %zu of the target is not in '%s/chain_id_map.json': expected the alignments of this target",
             index + 1, folder);
}

static pleat_status read_chain(const char *folder, json_t *opt_map, size_t c, const pleat_msas_limits *limits,
                               pleat_target_msas *out, pleat_error *err) {
  char path[MAX_PATH], letter[2] = {(char)('A' + c % 26), '\0'};
  const char *id = letter;
  bool is_complex = out->n_chains > 1;
  pleat_feat_chain *chain = &out->chains[c];
  for (size_t d = 0; d < c; d++) {
    if (strcmp(chain->sequence, out->chains[d].sequence) != 0) continue;
    *chain = out->chains[d];
    return PLEAT_OK;
  }
  if (opt_map) PLEAT_TRY(find_chain(folder, opt_map, chain->sequence, c, &id, err));
  int n =
      is_complex || opt_map ? snprintf(path, MAX_PATH, "%s/%s", folder, id) : snprintf(path, MAX_PATH, "%s", folder);
  if (n < 0 || n >= MAX_PATH) PLEAT_FAIL(err, PLEAT_INPUT, "the path '%.200s...' is too long", folder);
  PLEAT_TRY(pleat_chain_msas_read(path, limits, is_complex, &out->msas[c], err));
  chain->opt_msas = out->msas[c].msas;
  chain->n_msas = out->msas[c].n_msas;
  if (out->msas[c].has_hits) chain->opt_hits = &out->msas[c].hits;
  return PLEAT_OK;
}

pleat_status pleat_target_msas_read(const char *folder, const char *sequence, const pleat_msas_limits *limits,
                                    pleat_target_msas *out_msas, pleat_error *err) {
  *out_msas = (pleat_target_msas){0};
  json_t *map = NULL;
  pleat_status status = split_sequence(sequence, out_msas, err);
  if (!status) status = read_map(folder, &map, err);
  for (size_t c = 0; c < out_msas->n_chains && !status; c++) {
    status = read_chain(folder, map, c, limits, out_msas, err);
  }
  json_decref(map);
  if (status) pleat_target_msas_fini(out_msas);
  return status;
}

void pleat_target_msas_fini(pleat_target_msas *msas) {
  for (size_t c = 0; msas->msas && c < msas->n_chains; c++) pleat_chain_msas_fini(&msas->msas[c]);
  free(msas->msas);
  free(msas->chains);
  free(msas->sequences);
  *msas = (pleat_target_msas){0};
}
