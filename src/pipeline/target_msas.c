/* Which alignments belong to which target, where they lie in a folder of their own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "pipeline/msas.h"
#include "pipeline/targets_priv.h"

enum { MAX_PATH = 4096 };

/* Alignments of one chain, or a folder of chains. */
static bool is_msas_folder(const char *path, bool is_complex) {
  char chain[MAX_PATH];
  int n = snprintf(chain, sizeof chain, "%s/chain_id_map.json", path);
  if (n < 0 || n >= MAX_PATH) return false;
  if (pleat_path_is_file(chain)) return true;
  if (!is_complex) return pleat_chain_msas_exist(path);
  snprintf(chain, sizeof chain, "%s/A", path);
  return pleat_chain_msas_exist(chain);
}

/* The path of what belongs to the target; *out_is_a3m: a file of that format. false: there is nothing. */
static bool find_msas(const pleat_target *target, const char *path, char out_path[MAX_PATH], bool *out_is_a3m) {
  bool is_complex = strchr(target->sequence, ':') != NULL;
  *out_is_a3m = true;
  if (pleat_path_is_file(path)) return snprintf(out_path, MAX_PATH, "%s", path) < MAX_PATH;
  if (snprintf(out_path, MAX_PATH, "%s/%s.a3m", path, target->name) < MAX_PATH && pleat_path_is_file(out_path)) {
    return true;
  }
  *out_is_a3m = false;
  if (snprintf(out_path, MAX_PATH, "%s/%s/msas", path, target->name) >= MAX_PATH) return false;
  if (is_msas_folder(out_path, is_complex)) return true;
  snprintf(out_path, MAX_PATH, "%s/%s", path, target->name);
  if (is_msas_folder(out_path, is_complex)) return true;
  snprintf(out_path, MAX_PATH, "%s/msas", path);
  if (is_msas_folder(out_path, is_complex)) return true;
  snprintf(out_path, MAX_PATH, "%s", path);
  return is_msas_folder(out_path, is_complex);
}

/* Reads what was found once, so that what is wrong in it is known before anything is computed. */
static pleat_status count_rows(const pleat_target *target, const char *path, bool is_a3m, int64_t *out_n_rows,
                               pleat_error *err) {
  *out_n_rows = 0;
  if (is_a3m) return pleat_targets_scan_a3m(path, target->name, target->sequence, out_n_rows, err);
  pleat_target_msas msas;
  PLEAT_TRY(pleat_target_msas_read(path, target->sequence, &pleat_msas_published_limits, &msas, err));
  pleat_status status = PLEAT_OK;
  for (size_t c = 0; c < msas.n_chains && !status; c++) {
    const pleat_feat_chain *chain = &msas.chains[c];
    for (size_t k = 0; k < chain->n_msas && !status; k++) {
      size_t n_res = strlen(chain->sequence);
      const pleat_msa *msa = &chain->opt_msas[k];
      if ((size_t)msa->n_cols != n_res || memcmp(msa->letters, chain->sequence, n_res) != 0) {
        status =
            pleat_fail(err, PLEAT_INPUT,
                       "'%s': the first row of alignment %zu of chain %zu is not the sequence of '%.100s': expected "
                       "the searches of this target",
                       path, k + 1, c + 1, target->name);
      }
    }
    for (size_t k = 0; k < msas.msas[c].n_msas; k++) *out_n_rows += msas.msas[c].msas[k].n_rows;
  }
  pleat_target_msas_fini(&msas);
  return status;
}

static pleat_status set_wrong(pleat_target *target, const pleat_error *wrong, pleat_error *err) {
  pleat_error *copy = malloc(sizeof *copy);
  if (!copy) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the targets");
  *copy = *wrong;
  target->opt_error = copy;
  return PLEAT_OK;
}

static pleat_status attach(pleat_target *target, const char *path, pleat_error *err) {
  char found[MAX_PATH];
  bool is_a3m = false;
  pleat_error wrong = {0};
  int64_t n_rows = 0;
  if (!find_msas(target, path, found, &is_a3m)) {
    (void)pleat_fail(&wrong, PLEAT_INPUT,
                     "no alignment for '%.100s' in '%s': expected %.100s.a3m, or AlphaFold's searches "
                     "(uniref90_hits.sto ...; A/, B/ ... of complexes) in it, in msas/, in %.100s/ or in %.100s/msas/",
                     target->name, path, target->name, target->name, target->name);
    return set_wrong(target, &wrong, err);
  }
  pleat_status status = count_rows(target, found, is_a3m, &n_rows, &wrong);
  if (status == PLEAT_NOMEM && err) *err = wrong;
  if (status == PLEAT_NOMEM) return status;
  if (status) return set_wrong(target, &wrong, err);
  char *copy = pleat_copy(found, strlen(found));
  if (!copy) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the targets");
  *(is_a3m ? &target->opt_a3m_path : &target->opt_msas_path) = copy;
  target->n_rows = n_rows;
  return PLEAT_OK;
}

pleat_status pleat_targets_find_msas(pleat_targets *targets, const char *path, pleat_error *err) {
  if (!pleat_path_exists(path)) {
    PLEAT_FAIL(err, PLEAT_IO, "there is no '%s': expected a folder of alignments, or an .a3m file", path);
  }
  for (uint32_t i = 0; i < targets->n_items; i++) {
    pleat_target *target = &targets->items[i];
    if (target->opt_error || target->opt_a3m || target->opt_a3m_path) continue;
    PLEAT_TRY(attach(target, path, err));
  }
  return PLEAT_OK;
}
