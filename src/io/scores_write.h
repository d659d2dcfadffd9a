/* Confidence files: ColabFold's scores and PAE JSON, AlphaFold's confidence and PAE JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_SCORES_WRITE_H
#define PLEAT_IO_SCORES_WRITE_H

#include "base/buf.h"
#include "base/os.h"

/* All functions append JSON without a final newline to `buf`, or, given a file, write it there through `buf`, which is then
 * empty in the end and never holds more than some rows of a matrix. A number that is not finite or outside its range is
 * never written: INVALID, naming the residue; without a file `buf` then holds what it held before the call, and with one
 * the caller abandons the file. Errors: INVALID, NOMEM, IO (file). */

/* Of chains and their pairs (bio/confidence_chains.h). */
typedef struct pleat_scores_chains {
  int64_t n_chains;
  const double *per_chain_ptm;                     /* [n_chains] */
  const double *pairwise_iptm, *pairwise_actifptm; /* [n_chains, n_chains] symmetric */
  double actifptm;
} pleat_scores_chains;

typedef struct pleat_scores {
  int64_t n_res;
  const double *plddt;  /* [n_res], 0..100 */
  const float *opt_pae; /* [n_res, n_res] angstrom, row = aligned residue; NULL for models without the head */
  double ptm;           /* NAN: leave out */
  double iptm;          /* NAN: leave out */
  const pleat_scores_chains *opt_chains;
} pleat_scores;

/* ColabFold's *_scores_*.json: {"plddt":[],"max_pae":,"pae":[[]],"ptm":,"iptm":}, two decimals, no blanks (as orjson
 * writes it). With opt_chains, behind pae: {"pairwise_actifptm":{"A-B":},"pairwise_iptm":{},"per_chain_ptm":{"A":},
 * "actifptm":}, three decimals. DEVIATION: chains beyond Z are AA, BA, ...; ColabFold starts again at A, so that later chains
 * replace earlier ones. */
PLEAT_CHECKED pleat_status pleat_scores_write(const pleat_scores *scores, pleat_out_file *opt_file, pleat_buf *buf,
                                              pleat_error *err);

/* ColabFold's *_predicted_aligned_error_v1.json: two decimals and the largest element, with json.dumps' blanks. */
PLEAT_CHECKED pleat_status pleat_scores_write_pae_v1(int64_t n_res, const float *pae, pleat_out_file *opt_file,
                                                     pleat_buf *buf, pleat_error *err);

/* AlphaFold's pae_<model>.json: one decimal; max_pae is what the bins can express (pleat_pae_max). */
PLEAT_CHECKED pleat_status pleat_scores_write_pae(int64_t n_res, const float *pae, double max_pae,
                                                  pleat_out_file *opt_file, pleat_buf *buf, pleat_error *err);

/* AlphaFold's confidence_<model>.json: residue numbers from 1, pLDDT and its category: D below 50, L below 70, M below
 * 90, else H. */
PLEAT_CHECKED pleat_status pleat_scores_write_confidence(int64_t n_res, const double *plddt, pleat_out_file *opt_file,
                                                         pleat_buf *buf, pleat_error *err);

#endif
