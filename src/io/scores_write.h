/* Confidence files: ColabFold's scores and PAE JSON, AlphaFold's confidence and PAE JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_SCORES_WRITE_H
#define PLEAT_IO_SCORES_WRITE_H

#include "base/buf.h"

/* All functions append JSON without a final newline. A number that is not finite or outside its range is never
 * written: INVALID, naming the residue, and `buf` holds what it held before the call. Errors: INVALID, NOMEM. */

typedef struct pleat_scores {
  int64_t n_res;
  const double *plddt;  /* [n_res], 0..100 */
  const float *opt_pae; /* [n_res, n_res] angstrom, row = aligned residue; NULL for models without the head */
  double ptm;           /* NAN: leave out */
  double iptm;          /* NAN: leave out */
} pleat_scores;

/* ColabFold's *_scores_*.json: {"plddt":[],"max_pae":,"pae":[[]],"ptm":,"iptm":}, two decimals, no blanks (as orjson
 * writes it). */
PLEAT_CHECKED pleat_status pleat_scores_write(const pleat_scores *scores, pleat_buf *buf, pleat_error *err);

/* The same in pieces, for a matrix that is never held as a whole: begin, then one row for every residue in order, then
 * end. scores->opt_pae is not read; max_pae is the largest element of all rows. The caller may write out and clear
 * `buf` between the calls. Only for models with the head. */
PLEAT_CHECKED pleat_status pleat_scores_begin(const pleat_scores *scores, double max_pae, pleat_buf *buf,
                                              pleat_error *err);
PLEAT_CHECKED pleat_status pleat_scores_add_row(const pleat_scores *scores, int64_t i, const float *row, pleat_buf *buf,
                                                pleat_error *err);
PLEAT_CHECKED pleat_status pleat_scores_end(const pleat_scores *scores, pleat_buf *buf, pleat_error *err);

/* ColabFold's *_predicted_aligned_error_v1.json: two decimals and the largest element, with json.dumps' blanks. */
PLEAT_CHECKED pleat_status pleat_scores_write_pae_v1(int64_t n_res, const float *pae, pleat_buf *buf, pleat_error *err);

/* AlphaFold's pae_<model>.json: one decimal; max_pae is what the bins can express (pleat_pae_max). */
PLEAT_CHECKED pleat_status pleat_scores_write_pae(int64_t n_res, const float *pae, double max_pae, pleat_buf *buf,
                                                  pleat_error *err);

/* AlphaFold's confidence_<model>.json: residue numbers from 1, pLDDT and its category: D below 50, L below 70, M below
 * 90, else H. */
PLEAT_CHECKED pleat_status pleat_scores_write_confidence(int64_t n_res, const double *plddt, pleat_buf *buf,
                                                         pleat_error *err);

#endif
