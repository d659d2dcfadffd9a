/* pLDDT, predicted aligned error, pTM and ipTM from the logits of the confidence heads.
 * Source: AF2 supplement 1.9.6, 1.9.7; AF2-Multimer eq. 2; alphafold/common/confidence.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_CONFIDENCE_H
#define PLEAT_BIO_CONFIDENCE_H

#include <stdbool.h>

#include "pleat/status.h"

enum { PLEAT_MAX_PAE_BINS = 64 };

/* logits [N_res, n_bins] of the predicted-lDDT head; out_plddt [N_res], 0..100. */
void pleat_confidence_plddt(const float *logits, int64_t N_res, int n_bins, double *out_plddt);

/* How to read the aligned-error logits of one complex; made once, then shared by any number of threads. */
typedef struct pleat_pae {
  int64_t N_res;
  int n_bins;
  double centers_ang[PLEAT_MAX_PAE_BINS];
  double tm_of_bin[PLEAT_MAX_PAE_BINS]; /* 1 / (1 + (d / d0)^2) */
  const float *opt_weights;
  const int32_t *opt_asym_id;
} pleat_pae;

/* The score of one row: the expected TM term of the complex when residue i is aligned. */
typedef struct pleat_pae_tm {
  double ptm;
  double iptm; /* over residues of other chains only; 0 without asym_id */
} pleat_pae_tm;

/* breaks [n_bins - 1]: inner bin edges in angstrom. opt_weights [N_res] in [0, 1]: weight of each residue in pTM and
 * ipTM (1 when NULL; 0 leaves out padding). opt_asym_id [N_res]: chain of each residue. Both are borrowed for as long
 * as *out_pae is used. Errors: INVALID (fewer than 3 or more than 64 bins, breaks that do not rise, N_res < 1). */
PLEAT_CHECKED pleat_status pleat_pae_init(int64_t N_res, int n_bins, const float *breaks, const float *opt_weights,
                                          const int32_t *opt_asym_id, pleat_pae *out_pae, pleat_error *err);
/* The largest error that the bins can express (31.75 for the published models): what AlphaFold writes as
 * max_predicted_aligned_error. */
double pleat_pae_max(const pleat_pae *pae);

/* Row i of the matrix: logits [N_res, n_bins] of the pairs (i, j) -> opt_out_row [N_res] angstrom and the row's TM
 * terms. Rows are independent of each other: any order, any thread. */
void pleat_pae_row(const pleat_pae *pae, int64_t i, const float *logits, float *opt_out_row, pleat_pae_tm *out_tm);

/* pTM and ipTM of the complex: of the row that scores best, NaN if any row's term is NaN. rows [N_res]. */
pleat_pae_tm pleat_pae_best(const pleat_pae *pae, const pleat_pae_tm *rows);

/* What models are ranked by: mean pLDDT (0..100) of a monomer, 0.8 ipTM + 0.2 pTM of a complex in a multimer model. */
double pleat_confidence_mean(const double *plddt, int64_t N_res);
double pleat_confidence_multimer(double ptm, double iptm);

#endif
