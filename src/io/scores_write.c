/* Confidence files: ColabFold's scores and PAE JSON, AlphaFold's confidence and PAE JSON.
 * Source: colabfold/batch.py predict_structure; alphafold/common/confidence.py confidence_json, pae_json.
 * Arrays are rounded as numpy does it (scaled, halves to even), single numbers of AlphaFold's confidence file as
 * Python's round does it (exact binary value): the two differ for some doubles, and both are kept.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/scores_write.h"

#include <math.h>

#include "base/fail.h"
#include "io/writer.h"

static void put(pleat_buf *buf, double value, int n_decimals) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_trimmed(value, n_decimals, text);
  pleat_buf_append(buf, text, (size_t)n);
}

/* value must come from pleat_writer_around: then it is the double nearest to a short decimal, which is what its repr
 * shows. */
static void put_rounded(pleat_buf *buf, double value, int n_decimals) {
  put(buf, pleat_writer_around(value, n_decimals), n_decimals);
}

static void put_shortest(pleat_buf *buf, double value) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_shortest(value, text);
  pleat_buf_append(buf, text, (size_t)n);
}

/* With a file, whatever has gathered leaves for it now and then; what is left leaves in the end. */
enum { FLUSH_BYTES = 64 * 1024 };

static pleat_status flush(pleat_out_file *opt_file, size_t n_least, pleat_buf *buf, pleat_error *err) {
  if (!opt_file || buf->n < n_least || buf->is_failed) return PLEAT_OK;
  PLEAT_TRY(pleat_out_file_write(opt_file, buf->data, buf->n, err));
  pleat_buf_clear(buf);
  return PLEAT_OK;
}

static pleat_status finish(pleat_status status, const char *what, size_t n_before, pleat_out_file *opt_file,
                           pleat_buf *buf, pleat_error *err) {
  PLEAT_TRY(pleat_writer_finish(status, what, n_before, buf, err));
  return flush(opt_file, 1, buf, err);
}

static pleat_status check_plddt(int64_t n_res, const double *plddt, pleat_error *err) {
  for (int64_t i = 0; i < n_res; i++) {
    if (!(plddt[i] >= 0 && plddt[i] <= 100))
      PLEAT_FAIL(err, PLEAT_INVALID, "pLDDT of residue %lld is %g, expected 0 to 100", (long long)i + 1, plddt[i]);
  }
  return PLEAT_OK;
}

static pleat_status check_pae_row(int64_t n_res, int64_t i, const float *row, pleat_error *err) {
  for (int64_t j = 0; j < n_res; j++) {
    if (!(row[j] >= 0 && row[j] < 1e6f))
      PLEAT_FAIL(err, PLEAT_INVALID, "predicted aligned error of residues %lld and %lld is %g, expected angstrom >= 0",
                 (long long)i + 1, (long long)j + 1, row[j]);
  }
  return PLEAT_OK;
}

static pleat_status check_max_pae(double max_pae, pleat_error *err) {
  if (!(max_pae >= 0 && isfinite(max_pae)))
    PLEAT_FAIL(err, PLEAT_INVALID, "the largest predicted aligned error is %g, expected angstrom >= 0", max_pae);
  return PLEAT_OK;
}

/* A row that passed check_pae_row. These are most of the bytes of a prediction, and their rounded values are whole
 * numbers of hundredths: no printf. */
static void put_pae_row(int64_t n_res, const float *row, int n_decimals, const char *separator, pleat_buf *buf) {
  uint32_t scale = n_decimals == 1 ? 10 : 100;
  pleat_buf_puts(buf, "[");
  for (int64_t j = 0; j < n_res; j++) {
    uint32_t scaled = (uint32_t)nearbyint((double)row[j] * scale);
    uint32_t whole = scaled / scale, rest = scaled % scale;
    char text[16];
    char *p = text + sizeof text;
    if (n_decimals == 2 && rest % 10) *--p = (char)('0' + rest % 10);
    *--p = (char)('0' + (n_decimals == 2 ? rest / 10 : rest));
    *--p = '.';
    do {
      *--p = (char)('0' + whole % 10);
      whole /= 10;
    } while (whole);
    if (j > 0) pleat_buf_puts(buf, separator);
    pleat_buf_append(buf, p, (size_t)(text + sizeof text - p));
  }
  pleat_buf_puts(buf, "]");
}

static pleat_status put_pae(int64_t n_res, const float *pae, int n_decimals, const char *separator,
                            pleat_out_file *opt_file, pleat_buf *buf, pleat_error *err) {
  pleat_buf_puts(buf, "[");
  for (int64_t i = 0; i < n_res; i++) {
    PLEAT_TRY(check_pae_row(n_res, i, pae + i * n_res, err));
    if (i > 0) pleat_buf_puts(buf, separator);
    put_pae_row(n_res, pae + i * n_res, n_decimals, separator, buf);
    PLEAT_TRY(flush(opt_file, FLUSH_BYTES, buf, err));
  }
  pleat_buf_puts(buf, "]");
  return PLEAT_OK;
}

/* NaN compares false and is caught by the checks of the rows. */
static double largest(int64_t n_res, const float *pae) {
  float max = 0;
  for (int64_t k = 0; k < n_res * n_res; k++) max = pae[k] > max ? pae[k] : max;
  return max;
}

static pleat_status check_chains(const pleat_scores_chains *chains, pleat_error *err) {
  int64_t n = chains->n_chains;
  PLEAT_TRY(pleat_writer_check_tm(chains->actifptm, "actifpTM", err));
  for (int64_t k = 0; k < n; k++) PLEAT_TRY(pleat_writer_check_tm(chains->per_chain_ptm[k], "a chain's pTM", err));
  for (int64_t k = 0; k < n * n; k++) {
    PLEAT_TRY(pleat_writer_check_tm(chains->pairwise_iptm[k], "ipTM of two chains", err));
    PLEAT_TRY(pleat_writer_check_tm(chains->pairwise_actifptm[k], "actifpTM of two chains", err));
  }
  return PLEAT_OK;
}

/* Three decimals as Python's round gives them. */
static void put_pairs(const char *key, int64_t n, const double *scores, pleat_buf *buf) {
  char a[PLEAT_WRITER_CHAIN], b[PLEAT_WRITER_CHAIN];
  pleat_buf_printf(buf, ",\"%s\":{", key);
  for (int64_t i = 0; i < n; i++) {
    pleat_writer_chain_name(i, a);
    for (int64_t j = i + 1; j < n; j++) {
      pleat_writer_chain_name(j, b);
      pleat_buf_printf(buf, "%s\"%s-%s\":", i + j > 1 ? "," : "", a, b);
      put(buf, scores[i * n + j], 3);
    }
  }
  pleat_buf_puts(buf, "}");
}

static void put_chains(const pleat_scores_chains *chains, pleat_buf *buf) {
  char name[PLEAT_WRITER_CHAIN];
  int64_t n = chains->n_chains;
  put_pairs("pairwise_actifptm", n, chains->pairwise_actifptm, buf);
  put_pairs("pairwise_iptm", n, chains->pairwise_iptm, buf);
  pleat_buf_puts(buf, ",\"per_chain_ptm\":{");
  for (int64_t k = 0; k < n; k++) {
    pleat_writer_chain_name(k, name);
    pleat_buf_printf(buf, "%s\"%s\":", k ? "," : "", name);
    put(buf, chains->per_chain_ptm[k], 3);
  }
  pleat_buf_puts(buf, "},\"actifptm\":");
  put(buf, chains->actifptm, 3);
}

static pleat_status put_scores(const pleat_scores *scores, pleat_out_file *opt_file, pleat_buf *buf, pleat_error *err) {
  PLEAT_TRY(check_plddt(scores->n_res, scores->plddt, err));
  PLEAT_TRY(pleat_writer_check_tm(scores->ptm, "pTM", err));
  PLEAT_TRY(pleat_writer_check_tm(scores->iptm, "ipTM", err));
  if (scores->opt_chains) PLEAT_TRY(check_chains(scores->opt_chains, err));
  pleat_buf_puts(buf, "{\"plddt\":[");
  for (int64_t i = 0; i < scores->n_res; i++) {
    if (i > 0) pleat_buf_puts(buf, ",");
    put_rounded(buf, scores->plddt[i], 2);
  }
  pleat_buf_puts(buf, "]");
  if (scores->opt_pae) {
    double max_pae = largest(scores->n_res, scores->opt_pae);
    PLEAT_TRY(check_max_pae(max_pae, err));
    pleat_buf_puts(buf, ",\"max_pae\":");
    put_shortest(buf, max_pae);
    pleat_buf_puts(buf, ",\"pae\":");
    PLEAT_TRY(put_pae(scores->n_res, scores->opt_pae, 2, ",", opt_file, buf, err));
  }
  if (scores->opt_chains) put_chains(scores->opt_chains, buf);
  if (!isnan(scores->ptm)) {
    pleat_buf_puts(buf, ",\"ptm\":");
    put_rounded(buf, scores->ptm, 2);
  }
  if (!isnan(scores->iptm)) {
    pleat_buf_puts(buf, ",\"iptm\":");
    put_rounded(buf, scores->iptm, 2);
  }
  pleat_buf_puts(buf, "}");
  return PLEAT_OK;
}

pleat_status pleat_scores_write(const pleat_scores *scores, pleat_out_file *opt_file, pleat_buf *buf,
                                pleat_error *err) {
  size_t n_before = buf->n;
  return finish(put_scores(scores, opt_file, buf, err), "the scores", n_before, opt_file, buf, err);
}

pleat_status pleat_scores_write_pae_v1(int64_t n_res, const float *pae, pleat_out_file *opt_file, pleat_buf *buf,
                                       pleat_error *err) {
  size_t n_before = buf->n;
  pleat_buf_puts(buf, "{\"predicted_aligned_error\": ");
  pleat_status status = put_pae(n_res, pae, 2, ", ", opt_file, buf, err);
  if (!status) {
    pleat_buf_puts(buf, ", \"max_predicted_aligned_error\": ");
    put_shortest(buf, largest(n_res, pae));
    pleat_buf_puts(buf, "}");
  }
  return finish(status, "the aligned errors", n_before, opt_file, buf, err);
}

pleat_status pleat_scores_write_pae(int64_t n_res, const float *pae, double max_pae, pleat_out_file *opt_file,
                                    pleat_buf *buf, pleat_error *err) {
  PLEAT_TRY(check_max_pae(max_pae, err));
  size_t n_before = buf->n;
  pleat_buf_puts(buf, "[{\"predicted_aligned_error\":");
  pleat_status status = put_pae(n_res, pae, 1, ",", opt_file, buf, err);
  if (!status) {
    pleat_buf_puts(buf, ",\"max_predicted_aligned_error\":");
    put_shortest(buf, max_pae);
    pleat_buf_puts(buf, "}]");
  }
  return finish(status, "the aligned errors", n_before, opt_file, buf, err);
}

static char category(double plddt) { return plddt < 50 ? 'D' : plddt < 70 ? 'L' : plddt < 90 ? 'M' : 'H'; }

pleat_status pleat_scores_write_confidence(int64_t n_res, const double *plddt, pleat_out_file *opt_file, pleat_buf *buf,
                                           pleat_error *err) {
  PLEAT_TRY(check_plddt(n_res, plddt, err));
  size_t n_before = buf->n;
  pleat_buf_puts(buf, "{\"residueNumber\":[");
  for (int64_t i = 0; i < n_res; i++) pleat_buf_printf(buf, i ? ",%lld" : "%lld", (long long)i + 1);
  pleat_buf_puts(buf, "],\"confidenceScore\":[");
  for (int64_t i = 0; i < n_res; i++) {
    if (i > 0) pleat_buf_puts(buf, ",");
    put(buf, plddt[i], 2);
  }
  pleat_buf_puts(buf, "],\"confidenceCategory\":[");
  for (int64_t i = 0; i < n_res; i++) pleat_buf_printf(buf, i ? ",\"%c\"" : "\"%c\"", category(plddt[i]));
  pleat_buf_puts(buf, "]}");
  return finish(PLEAT_OK, "the confidences", n_before, opt_file, buf, err);
}
