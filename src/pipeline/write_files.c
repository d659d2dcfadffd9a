/* One prediction as PDB, mmCIF and ColabFold's scores: checks the arrays, then hands them to the writers of src/io.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "io/mmcif_write.h"
#include "io/pdb_write.h"
#include "io/scores_write.h"
#include "pipeline/pipeline_priv.h"
#include "pleat/io.h"

enum { MAX_REMARKS = 4 };

static const char synthetic_remark[] = "SYNTHETIC WEIGHTS: random parameters, this is no prediction";

/* A writer calls a structure it cannot represent INVALID or UNSUPPORTED; to the caller of io.h it is the input. */
static pleat_status as_input(pleat_status status, pleat_error *err) {
  if (status != PLEAT_INVALID && status != PLEAT_UNSUPPORTED) return status;
  if (err) err->status = PLEAT_INPUT;
  return PLEAT_INPUT;
}

static size_t make_remarks(const pleat_result_info *info, const char *head, const char *remarks[MAX_REMARKS]) {
  size_t n = 0;
  if (info->is_synthetic) remarks[n++] = synthetic_remark;
  remarks[n++] = head;
  if (info->opt_remark) remarks[n++] = info->opt_remark;
  return n;
}

pleat_status pleat_write_pdb(const char *path, const char *sequence, const pleat_arrays *prediction,
                             const pleat_result_info *info, pleat_error *err) {
  pleat_owned_structure structure = {0};
  pleat_buf head = {0}, buf = {0};
  const char *remarks[MAX_REMARKS];
  pleat_status status = pleat_owned_structure_fill(sequence, prediction, &structure, err);
  if (status) goto done;
  pleat_buf_printf(&head, "%s: predicted by pleat %s with %s", info->name, pleat_version(), info->model);
  if (head.is_failed) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to write '%s'", path);
    goto done;
  }
  size_t n_remarks = make_remarks(info, head.data, remarks);
  status = as_input(pleat_pdb_write(&structure.view, remarks, n_remarks, &buf, err), err);
  if (!status) status = pleat_file_write(path, buf.data, buf.n, err);
done:
  pleat_buf_fini(&buf);
  pleat_buf_fini(&head);
  pleat_owned_structure_fini(&structure);
  return status;
}

pleat_status pleat_write_mmcif(const char *path, const char *sequence, const pleat_arrays *prediction,
                               const pleat_result_info *info, pleat_error *err) {
  pleat_owned_structure structure = {0};
  pleat_buf head = {0}, title = {0}, buf = {0};
  const char *remarks[MAX_REMARKS];
  pleat_status status = pleat_owned_structure_fill(sequence, prediction, &structure, err);
  if (status) goto done;
  pleat_buf_printf(&head, "predicted by pleat %s with %s", pleat_version(), info->model);
  pleat_buf_printf(&title, "%s%s, model %s", info->is_synthetic ? "NO PREDICTION (synthetic weights): " : "",
                   info->name, info->model);
  if (head.is_failed || title.is_failed) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory to write '%s'", path);
    goto done;
  }
  pleat_mmcif_info mmcif = {.entry_id = info->name,
                            .title = title.data,
                            .model_name = info->model,
                            .software_version = pleat_version(),
                            .remarks = remarks,
                            .n_remarks = make_remarks(info, head.data, remarks),
                            .has_msa = info->has_msa,
                            .ptm = pleat_prediction_score(prediction, "confidence/ptm"),
                            .iptm = pleat_prediction_score(prediction, "confidence/iptm")};
  status = as_input(pleat_mmcif_write(&structure.view, &mmcif, &buf, err), err);
  if (!status) status = pleat_file_write(path, buf.data, buf.n, err);
done:
  pleat_buf_fini(&buf);
  pleat_buf_fini(&title);
  pleat_buf_fini(&head);
  pleat_owned_structure_fini(&structure);
  return status;
}

static const char pae_name[] = "confidence/predicted_aligned_error";

/* What a file of confidences shows. */
typedef struct json_source {
  pleat_scores scores; /* opt_pae: also for the files of aligned errors alone */
  double max_pae;      /* of the bins */
  double *plddt;       /* storage of scores.plddt */
  pleat_scores_chains chains;
  double *per_chain, *pairs; /* storage of chains: [n_chains], [2, n_chains, n_chains] */
} json_source;

typedef enum json_kind { JSON_SCORES, JSON_PAE_V1, JSON_AF2_CONFIDENCE, JSON_AF2_PAE } json_kind;

static int64_t residues_of(const pleat_arrays *prediction) {
  const pleat_array *plddt = pleat_arrays_find(prediction, "confidence/plddt");
  return plddt && plddt->rank == 1 ? plddt->shape[0] : 0;
}

/* Scores of chains, where the prediction has them. */
static pleat_status fill_chains(const pleat_arrays *prediction, json_source *source, pleat_error *err) {
  const pleat_array *per_chain = pleat_arrays_find(prediction, "confidence/per_chain_ptm"), *iptm, *actifptm;
  if (!per_chain) return PLEAT_OK;
  int64_t n = pleat_array_elements(per_chain);
  const int64_t shape[] = {n, n};
  PLEAT_TRY(pleat_prediction_find(prediction, "confidence/per_chain_ptm", 1, shape, &per_chain, err));
  PLEAT_TRY(pleat_prediction_find(prediction, "confidence/pairwise_iptm", 2, shape, &iptm, err));
  PLEAT_TRY(pleat_prediction_find(prediction, "confidence/pairwise_actifptm", 2, shape, &actifptm, err));
  source->per_chain = malloc(((size_t)n + 1) * sizeof *source->per_chain);
  source->pairs = malloc(((size_t)(n * n) + 1) * 2 * sizeof *source->pairs);
  if (!source->per_chain || !source->pairs)
    PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the scores of %lld chains", (long long)n);
  for (int64_t k = 0; k < n; k++) source->per_chain[k] = pleat_array_number(per_chain, k);
  for (int64_t k = 0; k < n * n; k++) {
    source->pairs[k] = pleat_array_number(iptm, k);
    source->pairs[n * n + k] = pleat_array_number(actifptm, k);
  }
  source->chains = (pleat_scores_chains){.n_chains = n,
                                         .per_chain_ptm = source->per_chain,
                                         .pairwise_iptm = source->pairs,
                                         .pairwise_actifptm = source->pairs + n * n,
                                         .actifptm = pleat_prediction_score(prediction, "confidence/actifptm")};
  source->scores.opt_chains = &source->chains;
  return PLEAT_OK;
}

static pleat_status source_fill(const pleat_arrays *prediction, json_source *source, pleat_error *err) {
  const pleat_array *plddt;
  pleat_scores *scores = &source->scores;
  int64_t n_res = residues_of(prediction);
  const int64_t shape[] = {n_res, n_res};
  PLEAT_TRY(pleat_prediction_find(prediction, "confidence/plddt", 1, shape, &plddt, err));
  scores->n_res = n_res;
  scores->ptm = pleat_prediction_score(prediction, "confidence/ptm");
  scores->iptm = pleat_prediction_score(prediction, "confidence/iptm");
  source->max_pae = pleat_prediction_score(prediction, "confidence/max_predicted_aligned_error");
  if (pleat_arrays_find(prediction, pae_name)) {
    PLEAT_TRY(pleat_prediction_find_f32(prediction, pae_name, 2, shape, &scores->opt_pae, err));
  }
  source->plddt = malloc(((size_t)n_res + 1) * sizeof *source->plddt);
  if (!source->plddt) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for the confidences of %lld residues", (long long)n_res);
  for (int64_t i = 0; i < n_res; i++) source->plddt[i] = pleat_array_number(plddt, i);
  scores->plddt = source->plddt;
  return fill_chains(prediction, source, err);
}

static pleat_status put_json(json_kind kind, const json_source *source, pleat_out_file *file, pleat_buf *buf,
                             pleat_error *err) {
  const pleat_scores *scores = &source->scores;
  switch (kind) {
    case JSON_PAE_V1: return pleat_scores_write_pae_v1(scores->n_res, scores->opt_pae, file, buf, err);
    case JSON_AF2_PAE: return pleat_scores_write_pae(scores->n_res, scores->opt_pae, source->max_pae, file, buf, err);
    case JSON_AF2_CONFIDENCE: return pleat_scores_write_confidence(scores->n_res, scores->plddt, file, buf, err);
    default: return pleat_scores_write(scores, file, buf, err);
  }
}

/* The file stays only when all went well. */
static pleat_status write_json(json_kind kind, const char *path, const pleat_arrays *prediction, pleat_error *err) {
  json_source source = {0};
  pleat_out_file *file = NULL;
  pleat_buf buf = {0};
  pleat_status status = source_fill(prediction, &source, err);
  bool has_matrix_only = kind == JSON_PAE_V1 || kind == JSON_AF2_PAE;
  if (!status && has_matrix_only && !source.scores.opt_pae) {
    status = pleat_fail(err, PLEAT_INPUT, "the prediction lacks the array '%s'", pae_name);
  }
  if (!status) status = pleat_out_file_open(path, &file, err);
  if (!status) status = as_input(put_json(kind, &source, file, &buf, err), err);
  pleat_status closed = pleat_out_file_close(file, status == PLEAT_OK, status ? NULL : err);
  pleat_buf_fini(&buf);
  free(source.plddt);
  free(source.per_chain);
  free(source.pairs);
  return status ? status : closed;
}

pleat_status pleat_write_scores(const char *path, const pleat_arrays *prediction, pleat_error *err) {
  return write_json(JSON_SCORES, path, prediction, err);
}

pleat_status pleat_write_pae(const char *path, const pleat_arrays *prediction, pleat_error *err) {
  return write_json(JSON_PAE_V1, path, prediction, err);
}

pleat_status pleat_write_af2_confidence(const char *path, const pleat_arrays *prediction, pleat_error *err) {
  return write_json(JSON_AF2_CONFIDENCE, path, prediction, err);
}

pleat_status pleat_write_af2_pae(const char *path, const pleat_arrays *prediction, pleat_error *err) {
  return write_json(JSON_AF2_PAE, path, prediction, err);
}
