/* What the self-test runs: cases of a reference folder, or built in.
 * Source: shared/golden/README.md (manifest.json).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SELFTEST_CASES_H
#define PLEAT_CLI_SELFTEST_CASES_H

#include "pleat/pleat.h"

typedef enum selftest_kind { SELFTEST_SUBLAYERS, SELFTEST_MONOMER, SELFTEST_MULTIMER } selftest_kind;

typedef struct selftest_case {
  char *name;
  selftest_kind kind;
  char *model;          /* NULL for sub-layers */
  char *weights;        /* "synth:..." or a path */
  char *arrays_path;    /* read when the case runs, unless `arrays` is there already */
  pleat_arrays *arrays; /* in/NAME and out/NAME; TAG/in..., TAG/out... for sub-layers */
  int64_t num_recycle, num_ensemble, num_msa, num_extra_msa;
  bool is_identity_order;
  double msa_mask_fraction, early_stop_tolerance;
  bool is_fingerprint; /* the out/ arrays are fingerprints (fingerprint.h) */
  bool is_full;        /* all published blocks, or as sensitive: wider allowances than a shortened network */
} selftest_case;

typedef struct selftest_cases {
  selftest_case *items;
  size_t n_items;
} selftest_cases;

/* Reads folder/manifest.json. Errors: IO, INPUT, NOMEM. Released with selftest_cases_fini, also on failure. */
PLEAT_CHECKED pleat_status selftest_cases_read(const char *folder, selftest_cases *out_cases, pleat_error *err);
/* A small set that needs no files, with fingerprints (selftest_builtin.c). Errors: NOMEM. Released like the others. */
PLEAT_CHECKED pleat_status selftest_cases_builtin(selftest_cases *out_cases, pleat_error *err);
void selftest_cases_fini(selftest_cases *cases);

#endif
